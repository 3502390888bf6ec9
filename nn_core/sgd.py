"""Stochastic gradient descent with L2 regularization: the step, and training as an iterator."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from itertools import combinations
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nn_core import checks
from nn_core.engine import Engine
from nn_core.ledger import Bookkeeper, Ledger
from nn_core.network import Network, Seed
from nn_core.setting import Setting
from nn_core.threads import one_blas_thread

Rows = tuple[np.ndarray, np.ndarray]  # checked (x, y), a row for each image


class DivergenceError(ArithmeticError):
    """Training left the finite numbers, or would be bound to.

    The network is back in its last finite state, the one after `epoch` epochs of this call.
    """

    def __init__(self, message: str, epoch: int) -> None:
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


def sgd_step(
    net: Network, x: ArrayLike, y: ArrayLike, *, eta: float, lmbda: float, n_train: int
) -> None:
    """Move `net`, in place, by one step of equation (93) on the mini-batch (x, y).

    Each weight loses the part eta*lmbda/n_train of itself and moves against the gradient, averaged
    over the images in *this* mini-batch, which may be a last, smaller one. Biases do not decay.
    """
    _check_trainable(net)
    nabla_w, nabla_b = net.backprop(x, y)  # which checks x and y
    m = np.shape(x)[0]
    setting = Setting(eta, lmbda, m, checks.whole("n_train", n_train, at_least=m))
    rate = setting.eta / m
    for w, dw in zip(net.weights, nabla_w):
        w *= 1 - setting.shrink
        w -= rate * dw
    for b, db in zip(net.biases, nabla_b):
        b -= rate * db


def train(
    net: Network,
    x: ArrayLike,
    y: ArrayLike,
    *,
    epochs: int,
    m: int,
    eta: float,
    lmbda: float,
    seed: Seed = None,
    validation: tuple[ArrayLike, ArrayLike] | None = None,
    ledger: bool = False,
    evaluate: bool = True,
) -> Iterator[EpochRecord]:
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
    _check_trainable(net)
    x, y = net._checked_rows(x, y)
    epochs = checks.whole("epochs", epochs, at_least=0)
    setting = Setting(eta, lmbda, m, n_train=len(x))
    ledger = checks.one_of("ledger", ledger, (True, False))
    evaluate = checks.one_of("evaluate", evaluate, (True, False))
    if validation is not None:
        validation = _checked_validation(net, validation)
    _refuse_growing_decay(setting)
    net._check_penalty(setting.lmbda, setting.n_train)
    rng = checks.generator(seed)
    engine = Engine(net, setting.m, watched=ledger)
    return _epochs(net, engine, (x, y), setting, epochs, rng, validation, ledger, evaluate)


def _epochs(
    net: Network,
    engine: Engine,
    images: Rows,
    setting: Setting,
    epochs: int,
    rng: np.random.Generator,
    validation: Rows | None,
    ledger: bool,
    evaluate: bool,
) -> Iterator[EpochRecord]:
    (x, y), (eta, lmbda, m, n_train), shrink = images, astuple(setting), setting.shrink
    silent = np.logical_not(x.any(axis=0)) if ledger else None
    for epoch in range(1, epochs + 1):
        started = perf_counter()
        before = net.copy()
        # What overflows is reported below, in words.
        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
            bookkeeper = None
            if silent is not None:
                bookkeeper = Bookkeeper(net, silent, n_train, m, eta, shrink)
            engine.run(x, y, rng.permutation(n_train), eta, shrink, bookkeeper)
            books = bookkeeper.close() if bookkeeper else None
            cost, accuracy = net._measured(x, y, lmbda, n_train) if evaluate else (None, None)
            seen = net._measured(*validation, lmbda, n_train) if validation else (None, None)
            weight_rms = tuple(net.weight_rms())
        if not (net._is_finite() and np.isfinite([cost or 0.0, *weight_rms]).all()):
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
            steps=epoch * setting.steps_per_epoch,
            seconds=perf_counter() - started,
            cost=cost,
            accuracy=accuracy,
            validation_cost=seen[0],
            validation_accuracy=seen[1],
            weight_rms=weight_rms,
            ledger=books,
        )


def _check_trainable(net: Network) -> None:
    """Raise TypeError or ValueError for what a step can't move in place, array by array."""
    if not isinstance(net, Network):
        raise TypeError(
            f"net must be a Network such as Network([784, 30, 10]), got {checks.shown(net)}."
        )
    net._check_parameters()
    net._check_finite()
    arrays = {f"net.weights[{i}]": w for i, w in enumerate(net.weights)}
    arrays |= {f"net.biases[{i}]": b for i, b in enumerate(net.biases)}
    for name, array in arrays.items():
        if not array.flags.writeable:
            raise ValueError(f"{name} must be writeable to be trained in place: give it a copy().")
    for (name, one), (other_name, other) in combinations(arrays.items(), 2):
        if np.shares_memory(one, other):
            raise ValueError(
                f"{name} and {other_name} must be arrays of their own, but share their numbers, "
                "so that a step of one would move the other: give one of them a copy()."
            )


def _checked_validation(net: Network, validation: Any) -> Rows:
    try:
        x, y = validation
    except (TypeError, ValueError):
        given = checks.shown(validation)
        raise TypeError(f"validation must be a pair (x, y), got {given}.") from None
    try:
        return net._checked_rows(x, y)
    except (ValueError, TypeError) as why:
        raise type(why)(f"validation: {why}") from None


def _refuse_growing_decay(setting: Setting) -> None:
    shrink = setting.shrink
    if shrink >= 2:
        raise DivergenceError(
            "Training would diverge: eta*lmbda/n_train = "
            f"{setting.eta:g}*{setting.lmbda:g}/{setting.n_train} = "
            f"{shrink:.12g} must be below 2. At each step decay multiplies every weight by "
            f"{1 - shrink:.12g}, which "
            + ("flips its sign and never shrinks it. " if shrink == 2 else "makes it grow. ")
            + "Lower lmbda or eta, or use more training images.",
            0,
        )
