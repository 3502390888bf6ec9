"""The closed forms of the exercise: what weight decay alone does to a weight, and from when on.

A weight without gradient is multiplied by `1 - eta*lmbda/n_train` at each step, equation (93).
Nearly everything here follows from that. Throughout, "shrink" is eta*lmbda/n_train, the part of
itself that a weight loses in one step. All functions take plain numbers and return floats; the same
numbers together are a `Setting`.

The last two functions are about claim 1, and only estimates: how large lmbda has to be for decay to
dominate the first epoch, by what is known before it.
"""

import math
from collections.abc import Callable
from enum import Enum

from nn_core import checks
from nn_core.setting import Setting


class Regime(Enum):
    """What decay does at each step, by the size of shrink = eta*lmbda/n_train."""

    GENTLE = "decay is gentle: each step takes a small part"
    ABRUPT = "decay is abrupt: a few steps take nearly everything"
    FLIPPING = "each step overshoots zero: weights flip sign while they shrink"
    GROWING = "each step overshoots by more than the weight itself: decay makes weights grow"


GENTLE_BELOW = 0.1


def shrink(eta: float, lmbda: float, n_train: int) -> float:
    """Return eta*lmbda/n_train, the part of itself that a weight loses in one step."""
    return Setting(eta, lmbda, 1, n_train).shrink  # whatever m is


def regime(eta: float, lmbda: float, n_train: int) -> Regime:
    """Return the `Regime`: gentle below 0.1, abrupt to 1, flipping to 2, growing from 2 on.

    At exactly 2 weights flip sign for ever without shrinking; that counts as growing, because
    nothing decays any more. The border at 0.1 is a convention (there the limit is off by 5 % of
    the exponent); 1 and 2 are exact. Gentle steps alone do not make the exponential a good limit:
    see `limit_error_leading`.
    """
    part = shrink(eta, lmbda, n_train)
    if part < GENTLE_BELOW:
        return Regime.GENTLE
    if part <= 1:
        return Regime.ABRUPT
    return Regime.FLIPPING if part < 2 else Regime.GROWING


def steps_per_epoch(n_train: int, m: int) -> int:
    """Return ceil(n_train/m): a last, smaller mini-batch is a step like any other."""
    return Setting(1.0, 0.0, m, n_train).steps_per_epoch  # whatever eta and lmbda are


def step_factor(eta: float, lmbda: float, n_train: int) -> float:
    """Return 1 - eta*lmbda/n_train, which decay multiplies a weight by at each step."""
    return 1 - shrink(eta, lmbda, n_train)


def epoch_factor(eta: float, lmbda: float, n_train: int, m: int) -> float:
    """Return (1 - eta*lmbda/n_train)**ceil(n_train/m), the exact factor of one epoch.

    Negative when weights flip sign an odd number of times; infinite when it exceeds every float.
    """
    return Setting(eta, lmbda, m, n_train).factor_per_epoch


def exponential_limit(eta: float, lmbda: float, m: int) -> float:
    """Return exp(-eta*lmbda/m), the book's factor of one epoch, the limit for large n_train."""
    m = checks.whole("m", m)
    return math.exp(-Setting(eta, lmbda, m, n_train=m).shrink)  # eta*lmbda/m


def limit_error(eta: float, lmbda: float, n_train: int, m: int) -> float:
    """Return epoch_factor / exponential_limit - 1: how far the exact factor is from its limit.

    Exact to rounding also where both factors agree to many digits. Below shrink 1 it is never
    positive: weights shrink faster than the limit says.
    """
    setting = Setting(eta, lmbda, m, n_train)
    part, steps = setting.shrink, setting.steps_per_epoch
    if part < 1:
        return math.expm1(-_missing(setting) * part + steps * _log1p_beyond(part))
    if part == 1:
        return -1.0
    size = _capped(math.exp, steps * math.log(part - 1) + setting.eta * setting.lmbda / setting.m)
    return (size if steps % 2 == 0 else -size) - 1


def limit_error_leading(eta: float, lmbda: float, n_train: int, m: int) -> float:
    """Return the leading term of `limit_error` for small shrink.

    From ln(1 - s) = -s - s^2/2 - ... with s = eta*lmbda/n_train, the exponent of the exact factor
    is -steps*s - steps*s^2/2. The second term gives -(eta*lmbda)^2 / (2 m n_train) when m divides
    n_train. When it does not, the smaller last mini-batch is a whole step for the decay, which adds
    -(steps - n_train/m)*s.
    """
    setting = Setting(eta, lmbda, m, n_train)
    part = setting.shrink
    return 0.0 - _missing(setting) * part - setting.steps_per_epoch * (part * part) / 2


def epochs_to_shrink(
    w_from: float, w_to: float, *, eta: float, lmbda: float, n_train: int, m: int
) -> float:
    """Return how many epochs decay alone takes from the size `w_from` to `w_to` (a real number).

    It is ln(w_to/w_from) / ln|epoch_factor|, close to (m/(eta*lmbda)) ln(w_from/w_to) for small
    shrink. Negative when decay leads away from `w_to`. Infinite without decay (lmbda = 0), or at
    shrink 2, where sizes stay; 0 at shrink 1, where the first step takes all.
    """
    w_to, w_from = checks.number("w_to", w_to, above=0), checks.number("w_from", w_from, above=0)
    decay_times = math.log(w_from) - math.log(w_to)
    setting = Setting(eta, lmbda, m, n_train)
    return decay_times * setting.decay_time if decay_times else 0.0


def longest_message(cost: float, *, eta: float, m: int, n_train: int) -> float:
    """Return how far the data can carry all weights in an epoch that begins at this cost.

    Parameters
    ----------
    cost : the data's part of the cost at the start, without the L2 term, at least 0
    eta, m, n_train : as in `Setting`; an epoch takes the time t = eta * steps_per_epoch

    It is sqrt(t * cost). Small steps against the full gradient change the cost by -|gradient|^2 in
    a unit of time, and a cost is never negative, so that |gradient|^2 adds up to `cost` at most;
    and no way of that sum is longer than the one at an even speed, sqrt(cost/t). For such steps it
    is a bound, reached where the gradient stays as it is until nothing is left of the cost.
    Mini-batches have noise, which it does not know.
    """
    setting = Setting(eta, 0.0, m, n_train)
    cost = checks.number("cost", cost, at_least=0)
    return math.sqrt(setting.eta) * math.sqrt(setting.steps_per_epoch) * math.sqrt(cost)


def threshold_estimate(
    message: float, start: float, n_weights: int, *, eta: float, m: int
) -> float:
    """Return the lmbda at which decay and data change a layer's sum of squares equally in an epoch,
    if the message points anywhere.

    Parameters
    ----------
    message : how far the data carry the layer's weights in the epoch, at least 0
    start : the length of its weights before, the root of the sum of their squares, above 0
    n_weights : their number N, at least 1
    eta, m : the learning rate and the mini-batch size

    Decay takes 2 (eta*lmbda/m) start^2, to leading order in eta*lmbda/m. A direction drawn at
    random among N has a cosine of 1/sqrt(N) with the weights (root mean square), so the data change
    the sum of squares by 2 * start * message / sqrt(N). Both are equal at
    (m/eta) * message / (start * sqrt(N)). An estimate of the order of magnitude: a message is not
    drawn at random, and its own square is left out.
    """
    eta, m = checks.number("eta", eta, above=0), checks.whole("m", m)
    message = checks.number("message", message, at_least=0)
    start = checks.number("start", start, above=0)
    return message / (start * math.sqrt(checks.whole("n_weights", n_weights))) * m / eta


def _missing(setting: Setting) -> float:
    """Return by how much the last mini-batch is short of a whole one, as a part of m."""
    return -setting.n_train % setting.m / setting.m


def _log1p_beyond(part: float) -> float:
    """Return ln(1 - part) + part, which begins with -part^2/2, without cancellation."""
    if part > 0.1:
        return math.log1p(-part) + part
    return -math.fsum(part**k / k for k in range(2, 18))


def _capped(function: Callable[[float], float], exponent: float) -> float:
    try:
        return function(exponent)
    except OverflowError:
        return math.inf
