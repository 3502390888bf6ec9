"""Stochastic gradient descent with L2 regularization: the step, and training as an iterator."""

import math
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from nn_core import checks
from nn_core.engine import Engine
from nn_core.ledger import Bookkeeper, Ledger
from nn_core.threads import one_blas_thread


class DivergenceError(ArithmeticError):
    """Training left the finite numbers, or would be bound to.

    The network is back in its last finite state, the one after `epoch` epochs of this call.
    """

    def __init__(self, message, epoch):
        super().__init__(message)
        self.epoch = epoch


@dataclass(frozen=True)
class EpochRecord:
    """What is known after an epoch. Costs include the L2 term; accuracies run from 0 to 1."""

    epoch: int  # 1 for the first epoch of this call of `train`
    steps: int  # steps done so far in this call
    seconds: float  # that this epoch took, measuring included
    cost: float | None  # on the training images; None if `train` was asked not to evaluate
    accuracy: float | None
    validation_cost: float | None
    validation_accuracy: float | None
    weight_rms: tuple[float, ...]  # layer by layer
    ledger: Ledger | None  # who moved the weights, if `train` was asked to keep it


def sgd_step(net, x, y, *, eta, lmbda, n_train):
    """Move `net`, in place, by one step of equation (93) on the mini-batch (x, y).

    Each weight loses the part eta*lmbda/n_train of itself and moves against the gradient, averaged
    over the images in *this* mini-batch, which may be a last, smaller one. Biases do not decay.
    """
    eta = checks.number("eta", eta, above=0)
    lmbda = checks.number("lmbda", lmbda, at_least=0)
    n_train = checks.whole("n_train", n_train, at_least=len(x))  # no fewer than in a mini-batch
    nabla_w, nabla_b = net.backprop(x, y)
    for w, dw in zip(net.weights, nabla_w):
        w *= 1 - eta * lmbda / n_train
        w -= (eta / len(x)) * dw
    for b, db in zip(net.biases, nabla_b):
        b -= (eta / len(x)) * db


def train(
    net, x, y, *, epochs, m, eta, lmbda, seed=None, validation=None, ledger=False, evaluate=True
):
    """Train `net` in place on (x, y), one epoch each time the returned iterator is asked.

    Parameters
    ----------
    x, y : arrays of shape (n_train, sizes[0]) and (n_train, sizes[-1])
        All of it is used: take x[:n_train] for less. uint8 stands for pixels k/256.
    epochs, m, eta, lmbda : the number of epochs, the mini-batch size (1 to n_train), the learning
        rate (above 0) and the regularization parameter (0 or above)
    seed : int, numpy.random.Generator or None
        Shuffles the images anew in each epoch. The same int gives the same run, bit for bit, on one
        machine. A Generator goes on where it stopped, so that two calls with the same one and e1
        and e2 epochs are the same run as one call with e1 + e2.
    validation : (x, y) or None
        Measured after each epoch, never trained on.
    ledger : bool
        Whether to keep the `Ledger` of each epoch: who moved the weights, decay or data.
    evaluate : bool
        Whether to measure cost and accuracy on the training images after each epoch. It costs about
        a third of an epoch; who follows only the weights can do without.

    Yields
    ------
    EpochRecord, after each epoch. Stop asking, and training stops there.

    Raises
    ------
    TypeError, ValueError : at the call, for an argument that can't be used
    DivergenceError : at the call if eta*lmbda/n_train >= 2; later if weights stop being finite
    """
    x, y = net._checked_rows(x, y)
    n_train = len(x)
    epochs = checks.whole("epochs", epochs, at_least=0)
    m = checks.whole("m", m, at_most=n_train, most_is=f"n_train = {n_train} images were given",
                     how="Take a smaller m or more images.")  # fmt: skip
    eta = checks.number("eta", eta, above=0)
    lmbda = checks.number("lmbda", lmbda, at_least=0)
    ledger = checks.one_of("ledger", ledger, (True, False))
    evaluate = checks.one_of("evaluate", evaluate, (True, False))
    if validation is not None:
        validation = _checked_validation(net, validation)
    _refuse_growing_decay(eta, lmbda, n_train)
    if not _is_finite(net):
        raise ValueError("net must start with finite weights and biases, but has nan or infinity.")
    rng = checks.generator(seed)
    return _epochs(net, x, y, epochs, m, eta, lmbda, rng, validation, ledger, evaluate)


def _epochs(net, x, y, epochs, m, eta, lmbda, rng, validation, ledger, evaluate):
    n_train = len(x)
    shrink = eta * lmbda / n_train
    silent = ~x.any(axis=0) if ledger else None
    engine = Engine(net, m)
    for epoch in range(1, epochs + 1):
        started = perf_counter()
        before = net.copy()
        # What overflows is reported below, in words.
        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
            bookkeeper = Bookkeeper(net, silent, n_train, m, eta, shrink) if ledger else None
            engine.run(x, y, rng.permutation(n_train), eta, shrink, bookkeeper)
            books = bookkeeper.close() if ledger else None
            cost, accuracy = net.evaluate(x, y, lmbda) if evaluate else (None, None)
            seen = (None, None) if validation is None else net.evaluate(*validation, lmbda, n_train)
            weight_rms = tuple(net.weight_rms())
        if not (_is_finite(net) and np.isfinite([cost or 0.0, *weight_rms]).all()):
            for array, kept in zip(net.weights + net.biases, before.weights + before.biases):
                array[...] = kept
            raise DivergenceError(
                f"Training diverged in epoch {epoch}: weights or cost became infinite or nan. "
                f"Decay alone can't do this at eta*lmbda/n_train = {shrink:g} "
                f"(below 2), so the data steps did: with eta = {eta:g} they are too large for "
                "these inputs x. Take a smaller eta. "
                "The network is back in its state before this epoch.",
                epoch - 1,
            )
        yield EpochRecord(
            epoch=epoch,
            steps=epoch * math.ceil(n_train / m),
            seconds=perf_counter() - started,
            cost=cost,
            accuracy=accuracy,
            validation_cost=seen[0],
            validation_accuracy=seen[1],
            weight_rms=weight_rms,
            ledger=books,
        )


def _checked_validation(net, validation):
    try:
        x, y = validation
    except (TypeError, ValueError):
        raise TypeError(f"validation must be a pair (x, y), got {validation!r}.") from None
    try:
        return net._checked_rows(x, y)
    except (ValueError, TypeError) as why:
        raise type(why)(f"validation: {why}") from None


def _refuse_growing_decay(eta, lmbda, n_train):
    shrink = eta * lmbda / n_train
    if shrink >= 2:
        raise DivergenceError(
            f"Training would diverge: eta*lmbda/n_train = {eta:g}*{lmbda:g}/{n_train} = "
            f"{shrink:.12g} must be below 2. At each step decay multiplies every weight by "
            f"{1 - shrink:.12g}, which "
            + ("flips its sign and never shrinks it. " if shrink == 2 else "makes it grow. ")
            + "Lower lmbda or eta, or use more training images.",
            0,
        )


def _is_finite(net):
    return all(np.isfinite(array).all() for array in net.weights + net.biases)
