"""Memory and message: what is left of the start, and what the data have written over it.

A step takes each weight w to  s w - (eta/m) G,  with s = 1 - eta*lmbda/n_train and G the gradient
summed over the mini-batch, equation (93). Put t of these steps one into the other:

    w(t)  =  s^t w(0)  +  d(t),     d(t)  =  -(eta/m) sum over k = 1 ... t of s^(t-k) G(k)
             memory       message

It holds exactly, for each weight, whatever the data do: the memory fades by s in each step, and
the message is the sum of what the data have said, each word of it faded by the steps that came
after. Where eta or lmbda change on the way, s^t is the product of all steps' factors.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from nn_core import checks
from nn_core.setting import Setting


@dataclass(frozen=True)
class Parts:
    """One layer's weights in two parts, arrays of one shape. All lengths are roots of sums of
    squares, over the whole layer.
    """

    memory: np.ndarray
    message: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        return self.memory + self.message

    @property
    def lengths(self) -> tuple[float, float, float]:
        """The lengths of memory, message and weights."""
        return _length(self.memory), _length(self.message), _length(self.weights)

    @property
    def cosine(self) -> float:
        """The cosine of the angle between memory and message: 0 at right angles, and where one of
        them is nothing; negative where the message takes back some of the memory.
        """
        memory, message, _ = self.lengths
        if not (memory and message):
            return 0.0
        return float(np.vdot(self.memory / memory, self.message / message))


def _length(array: np.ndarray) -> float:
    """Return the root of the sum of squares, also where the squares are below the least float."""
    largest = float(np.abs(array).max(initial=0))
    return largest * float(np.linalg.norm(array / largest)) if largest else 0.0


def kept(settings: Iterable[Setting]) -> float:
    """Return how much of the start is left after epochs with these settings, one for each epoch.

    It is the product of their `factor_per_epoch`: s^t where nothing changes. Raises TypeError for
    anything but settings.
    """
    epochs = list(settings) if isinstance(settings, Iterable) else [None]
    if not all(isinstance(setting, Setting) for setting in epochs):
        raise TypeError(f"settings must be a list of Setting, got {checks.shown(settings)}.")
    return prod(setting.factor_per_epoch for setting in epochs)


def parts(
    start: Sequence[np.ndarray], weights: Sequence[np.ndarray], kept: float
) -> tuple[Parts, ...]:
    """Return memory and message of each layer.

    Parameters
    ----------
    start, weights : a network's weights at the start and now, a list of arrays each
    kept : how much of the start is left, from `kept`

    Exact to rounding. In single precision the factor of a step is rounded too, to some 3e-8: after
    t steps the memory is off by up to t times that, and the message by as much.

    Raises TypeError or ValueError if the two lists are not of one network's shapes, or `kept` is
    not finite.
    """
    checks.number("kept", kept)
    for name, arrays in (("start", start), ("weights", weights)):
        listed = isinstance(arrays, Sequence) and not isinstance(arrays, str)
        if not listed or not all(isinstance(array, np.ndarray) for array in arrays):
            raise TypeError(f"{name} must be a list of arrays, got {checks.shown(arrays)}.")
    if [w.shape for w in start] != [w.shape for w in weights]:
        raise ValueError(
            f"start has weights of shapes {[w.shape for w in start]}, and weights of "
            f"{[w.shape for w in weights]}: both must be of one network."
        )
    memories = [kept * np.asarray(w) for w in start]
    return tuple(Parts(old, w - old) for old, w in zip(memories, weights))


def length_forecast(start: float, message: float, kept: float) -> float:
    """Return how long the weights are, if memory and message stand at right angles.

    Parameters
    ----------
    start : the length of the weights at the start, at least 0
    message : the length of the message, at least 0
    kept : how much of the start is left, from `kept`

    It is sqrt((kept * start)^2 + message^2). With a message that has got its final length, this is
    a whole curve of weights over epochs with a single number in it. The memory is down to the
    message after `theory.epochs_to_shrink(start, message, ...)` epochs.
    """
    start = checks.number("start", start, at_least=0)
    return float(np.hypot(checks.number("kept", kept) * start,
                          checks.number("message", message, at_least=0)))  # fmt: skip
