"""Training without a figure: by a plain call of `train`, and written out image by image."""

import numpy as np

from experiments.runs import SEED
from nn_core import Network, load_mnist, train


def plain(init, *, hidden, n_train, pool=1, epochs, moved=None, **setting):
    """Return (network, images, run): one call of `train` with the ledger, as the figures train.

    Or one call an epoch, if settings are `moved` on the way, {epoch: those that are new in it}.
    """
    images, rng = load_mnist(n_train, pool=pool).train, np.random.default_rng(SEED + 1)
    net = Network([images.x.shape[1], hidden, 10], init=init, seed=SEED)
    setting = {"eta": 0.1, "lmbda": 5.0, "m": 10, "seed": rng, "ledger": True} | setting

    def stepwise(setting):
        for epoch in range(1, epochs + 1):
            setting = setting | moved.get(epoch, {})
            yield from train(net, images.x, images.y, epochs=1, **setting)

    if moved is not None:
        return net, images, stepwise(setting)
    return net, images, train(net, images.x, images.y, epochs=epochs, **setting)


def trained(init, *, hidden=30, n_train, epochs, eta, lmbda, m):
    """Train [784, hidden, 10] image by image, each weight by equation (93).

    Yield (w1, w2, b1, b2) before training and after each epoch, each with the steps of that epoch:
    (w1 before the step, what the data take from it).
    """
    images, net = load_mnist(n_train).train, Network([784, hidden, 10], init=init, seed=SEED)
    x, y = images.pixels / 256, images.y
    (w1, w2), (b1, b2) = net.weights, net.biases
    left, rng = 1 - eta * lmbda / len(x), np.random.default_rng(SEED + 1)
    yield (w1, w2, b1, b2), []
    for _ in range(epochs):
        order, steps = rng.permutation(len(x)), []
        for start in range(0, len(x), m):
            batch = order[start : start + m]
            sums = [0, 0, 0, 0]
            for i in batch:
                a1 = 1 / (1 + np.exp(-(w1 @ x[i] + b1)))
                error = 1 / (1 + np.exp(-(w2 @ a1 + b2))) - y[i]  # cross-entropy, equation (68)
                back = (w2.T @ error) * a1 * (1 - a1)
                parts = np.outer(back, x[i]), np.outer(error, a1), back, error
                sums = [total + part for total, part in zip(sums, parts)]
            g1, g2, c1, c2 = (eta / len(batch) * total for total in sums)
            steps.append((w1, g1))
            w1, w2, b1, b2 = left * w1 - g1, left * w2 - g2, b1 - c1, b2 - c2
        yield (w1, w2, b1, b2), steps


def rms(values):
    return np.sqrt(np.mean(np.square(values)))
