"""The small runs that figures and questions have in common: the book's eta and m, and one seed."""

from collections.abc import Iterator, Sequence

import numpy as np

from nn_core import Network, load_mnist, train

SEED = 3  # of the weights; the shuffling has the next one
ETA, M = 0.1, 10
N_TRAIN, EPOCHS = 1000, 120  # enough for the book's lambda: 120 epochs are six decay times

_settled: dict[tuple, Network] = {}


def settling(
    init: str = "new",
    hidden: int = 30,
    lmbda: float = 5.0,
    n_train: int = N_TRAIN,
    epochs: int = EPOCHS,
) -> Iterator[Network | None]:
    """Train [784, hidden, 10] until it has settled, once for all who ask, and yield it in the end.

    Before that, yield None after each epoch, so that a page without threads stays alive.
    """
    key = init, hidden, lmbda, n_train, epochs
    if key not in _settled:
        images = load_mnist(n_train).train
        net = Network([784, hidden, 10], init=init, seed=SEED)
        run = train(net, images.pixels, images.y, epochs=epochs, m=M, eta=ETA, lmbda=lmbda,
                    seed=SEED + 1, evaluate=False)  # fmt: skip
        for _ in run:
            yield None
        _settled[key] = net
    yield _settled[key]


def settled(**setting) -> Network:
    """Return the network of `settling` without stopping on the way."""
    *_, net = settling(**setting)
    assert net is not None  # the last one is the network
    return net


def from_here_on(one: Sequence[float], other: Sequence[float], within: float) -> int | None:
    """Return the first index from which on two series differ by less than a factor, or None.

    `within` is the factor, such as 1.1; a series that comes near and leaves again is not there yet.
    """
    a, b = np.asarray(one), np.asarray(other)
    apart = np.flatnonzero(np.maximum(a / b, b / a) > within)
    first = int(apart[-1]) + 1 if len(apart) else 0
    return first if first < len(a) else None
