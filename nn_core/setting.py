"""What an epoch of training is set to, and the numbers that follow from it."""

import math
from dataclasses import dataclass

from nn_core import checks


@dataclass(frozen=True)
class Setting:
    """The four numbers of equation (93), checked, and what they say about decay.

    Parameters
    ----------
    eta : the learning rate, above 0
    lmbda : the regularization parameter, 0 or above
    m : the mini-batch size, from 1 to n_train
    n_train : the number of training images, at least 1

    Raises TypeError or ValueError, naming the parameter, for what can't be used.
    """

    eta: float
    lmbda: float
    m: int
    n_train: int

    def __post_init__(self) -> None:
        n_train = checks.whole("n_train", self.n_train)
        checked = {
            "eta": checks.number("eta", self.eta, above=0),
            "lmbda": checks.number("lmbda", self.lmbda, at_least=0),
            "m": checks.whole(
                "m", self.m, at_most=n_train, most_is=f"n_train = {checks.shown(n_train)} images",
                how="Take a smaller m or more images.",
            ),
            "n_train": n_train,
        }  # fmt: skip
        if not math.isfinite(checked["eta"] * checked["lmbda"]):
            raise ValueError(
                "eta*lmbda must be finite, got "
                f"{checks.shown(self.eta)}*{checks.shown(self.lmbda)}. Take smaller ones."
            )
        for name, value in checked.items():
            object.__setattr__(self, name, value)  # frozen only from here on

    @property
    def shrink(self) -> float:
        """eta*lmbda/n_train, the part of itself that a weight loses in one step."""
        return self.eta * self.lmbda / self.n_train

    @property
    def steps_per_epoch(self) -> int:
        """ceil(n_train/m): a last, smaller mini-batch is a step like any other."""
        return -(-self.n_train // self.m)

    @property
    def factor_per_epoch(self) -> float:
        """(1 - shrink)**steps_per_epoch, what decay multiplies a weight by in an epoch, exactly.

        Negative when weights flip sign an odd number of times; infinite when it exceeds every
        float.
        """
        part, steps = self.shrink, self.steps_per_epoch
        if part < 1:  # keeps the digits of a small part, which 1 - part would round off
            return math.exp(steps * math.log1p(-part))
        try:
            return (1 - part) ** steps
        except OverflowError:
            return math.inf if steps % 2 == 0 else -math.inf

    @property
    def decay_time(self) -> float:
        """The epochs in which decay alone takes a weight to 1/e: close to m/(eta*lmbda).

        Infinite without decay (lmbda = 0), or at shrink 2, where sizes stay; 0 at shrink 1, where
        the first step takes all; negative beyond 2, where they grow.
        """
        part = self.shrink
        if part in (0, 2):
            return math.inf
        if part == 1:
            return 0.0
        log_factor = math.log1p(-part) if part < 1 else math.log(part - 1)
        return -1 / (self.steps_per_epoch * log_factor)
