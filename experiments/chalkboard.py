"""What the chalkboard's formula is compared with: settled networks, over width and over lambda.

    python -m experiments.chalkboard                all runs, half a minute on two cores
    python -m experiments.chalkboard --quick --out FILE    a small version, for a test

They are those of the chalkboard's figure where it opens, and those of its width sweep at the
strongest decay: so it shows them at once. What a slider asks for beyond them is trained live.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache

import numpy as np

from experiments import runs, store, sweep
from nn_core import Network, load_mnist

FILE = store.RESULTS / "chalkboard.npz"
WIDTHS = (10, 30, 90)
LAMBDAS = (2.0, 5.0, 10.0, 20.0, 50.0)


@dataclass(frozen=True)
class Run(sweep.Named):
    """A network [784, hidden, 10] with the new initialization, trained until it has settled."""

    hidden: int = 30
    lmbda: float = 5.0
    n_train: int = runs.N_TRAIN

    @property
    def epochs(self) -> int:
        """Six decay times, within reason."""
        return int(np.clip(6 * runs.M / (runs.ETA * self.lmbda), 40, 300))

    @property
    def work(self) -> int:
        return self.epochs * self.n_train * (20 + self.hidden)


@dataclass(frozen=True)
class Measured:
    """A network at its tail-off. Sizes are the rms over *all* its weights, as the chalkboard's."""

    hidden: int
    lmbda: float
    n_train: int
    n_weights: int
    size: float
    cost: float

    @property
    def penalty(self) -> float:
        return self.lmbda / (2 * self.n_train) * self.n_weights * self.size**2

    @property
    def share(self) -> float:
        """The penalty's share of the cost. The chalkboard takes it to be all of it."""
        return self.penalty / self.cost

    @property
    def chalkboard(self) -> float:
        """What the chalkboard gives for the size, with the cost as measured."""
        return (2 * self.n_train * self.cost / self.lmbda / self.n_weights) ** 0.5


def settling(hidden: int, lmbda: float, n_train: int) -> Iterator[Measured | None]:
    """Train the new initialization until it has settled, and yield what is measured there.

    Before that, yield None after each epoch, so that a page without threads stays alive.
    """
    epochs = Run(hidden, lmbda, n_train).epochs
    for net in runs.settling("new", hidden, lmbda, n_train, epochs):
        yield net and _measured(net, lmbda, n_train)


def _measured(net: Network, lmbda: float, n_train: int) -> Measured:
    images = load_mnist(n_train).train
    size = (net.squared_size() / net.n_weights) ** 0.5
    cost, _ = net.evaluate(images.pixels, images.y, lmbda)
    return Measured(net.sizes[1], lmbda, n_train, net.n_weights, size, cost)


def stored_or_settling(hidden: int, lmbda: float, n_train: int) -> Iterator[Measured | None]:
    """Yield what `settling` yields, at once if the run is stored."""
    if one := load().get(Run(hidden, lmbda, n_train)):
        yield one
    else:
        yield from settling(hidden, lmbda, n_train)


def all_runs() -> list[Run]:
    strengths = (Run().lmbda, LAMBDAS[-1])
    by_width = [Run(hidden=hidden, lmbda=lmbda) for lmbda in strengths for hidden in WIDTHS]
    return list(dict.fromkeys(by_width + [Run(lmbda=lmbda) for lmbda in LAMBDAS]))


def quick_runs() -> list[Run]:
    return [Run(hidden=hidden, lmbda=50.0, n_train=100) for hidden in (5, 10)]


def compute(run: Run) -> dict[str, np.ndarray]:
    """Train, and return `size`, `cost` (with its penalty) and `n_weights`, one number each."""
    *_, one = settling(**asdict(run))
    assert one is not None  # the last one is what has been measured
    return {name: np.array(getattr(one, name)) for name in ("size", "cost", "n_weights")}


@cache
def load(path=FILE) -> dict[Run, Measured]:
    """Return the stored results. Raises FileNotFoundError with what to do if there are none."""
    return {
        run: Measured(
            **asdict(run),
            n_weights=int(found["n_weights"]),
            size=float(found["size"]),
            cost=float(found["cost"]),
        )
        for run, found in store.by_run(Run, path, "experiments.chalkboard").items()
    }


def main(arguments=None):
    runs = {"all_runs": all_runs, "quick_runs": quick_runs, "quick": "two small runs"}
    sweep.main(arguments, about=__doc__, file=FILE, compute=compute, **runs)


if __name__ == "__main__":
    main()
