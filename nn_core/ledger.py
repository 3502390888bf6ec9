"""Who moved the weights: the ledger of squared size, and two other rulers for the same epoch.

A step takes the weights w of a layer to  s w - g,  with s = 1 - eta*lmbda/n_train and the data
step g = (eta/m) G, where G is the gradient summed over the mini-batch. The squared size changes
exactly by

    ||s w - g||^2 - ||w||^2  =  -(1 - s^2) ||w||^2   -2 s <w, g>   + ||g||^2
                                      decay             pull          kick

*Decay* is what weight decay takes. *Pull* is what the data do along w: negative where they shrink
the weights too. *Kick* is what they add sideways: never negative, whatever their direction.

The T steps of an epoch together carry the weights from w(0) to

    w(T)  =  s^T w(0)  -  sum over t of s^(T-1-t) g(t),

which splits the epoch's way in two, exactly: what decay alone would have done, and what the data
steps have added, each of them faded by the decay that came after it.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from nn_core.blas import gemm_and_gemv


@dataclass(frozen=True)
class LayerLedger:
    """One layer's accounts for one epoch. Sizes are sums of squares; lengths are not squared."""

    size_before: float
    size_after: float
    decay: float  # the three terms, summed over the epoch's steps
    pull: float
    kick: float
    decay_step: float  # mean length of a single step, (1 - s) ||w||
    data_step: float  # ... and ||g||
    decay_displacement: float  # how far decay alone would carry the weights, (1 - s^T) ||w(0)||
    data_displacement: float  # how far the data steps together carry them, ||w(T) - s^T w(0)||
    data_path: float  # how far they would, all in one direction: the sum of |s|^(T-1-t) ||g(t)||
    steps: int

    @property
    def change(self):
        """The change of squared size that decay, pull and kick have to add up to."""
        return self.size_after - self.size_before

    @property
    def closing_error(self):
        """By how much they miss it, relative to the larger of the two sizes.

        Below 1e-9 in float64, unless the size was far larger in the middle of the epoch than at
        both of its ends.
        """
        missed = abs(self.decay + self.pull + self.kick - self.change)
        larger = max(self.size_before, self.size_after)
        return missed / larger if larger else 0.0

    @property
    def decay_share(self):
        """|decay| as a share of |decay| + |pull| + |kick|: 1 if nothing but decay happens."""
        parts = abs(self.decay), abs(self.pull), abs(self.kick)
        return abs(self.decay) / sum(parts) if sum(parts) else 0.0

    @property
    def cancellation(self):
        """What is left of the data steps when the epoch ends: 0 if they cancel, 1 if they align.

        It is their displacement as a share of their path.
        """
        return self.data_displacement / self.data_path if self.data_path else 0.0


@dataclass(frozen=True)
class Ledger:
    """The accounts of one epoch.

    `slope` is the mean of sigma'(z) over the hidden neurons and the epoch's images: at most 0.25,
    and near 0 while neurons are saturated; None without a hidden layer. `control_rms` is the size
    of the weights from inputs that are 0 in all training images, after the epoch; None if there is
    no such input.
    """

    layers: tuple[LayerLedger, ...]
    slope: float | None
    control_rms: float | None


class Bookkeeper:
    """Keeps the ledger of one epoch from what an `Engine` leaves behind, block by block.

    <w, g> needs no gradient: it is the sum over the mini-batch of error times w a, both of which
    the step has computed anyway. Nor does ||g||^2 where mini-batches are small (see
    `_squared_gradients`). Squared sizes are carried forward from term to term, and compared with
    the weights only at the end: that is what makes the closing of the books a test.
    """

    def __init__(self, net, silent, shrink, m):
        self.net, self.silent, self.m = net, silent, m
        self.shrink = 1 - float(net.dtype.type(1 - shrink))  # of the s that steps multiply by
        self.before = [w.copy() for w in net.weights]
        self.size = np.array([_squared(w) for w in net.weights])  # of each layer, as it stands
        # Running sums, one for each layer.
        self.decay, self.pull, self.kick, self.decay_lengths, self.data_lengths, self.data_path = (
            np.zeros(len(net.weights)) for _ in range(6)
        )
        self.steps, self.slope_sum, self.neurons_seen = 0, 0.0, 0

    def enter(self, layers, scales, eta):
        """Enter a block's steps; what each `engine.Layer` was fed stands there over its scale."""
        images = len(layers[0].fed)
        starts = np.arange(0, images, self.m)
        rates = np.full(len(starts), eta / self.m)
        rates[-1] = eta / (images - starts[-1])  # the last mini-batch may be smaller
        along = np.array([_along(layer, starts) for layer in layers])
        squares = np.array([_squared_gradients(layer.error, layer.fed, self.m) for layer in layers])
        self._enter_steps(rates * along, np.square(rates * np.array(scales)[:, None]) * squares)
        for layer in layers[:-1]:
            self.slope_sum += float(layer.slope.sum(dtype=np.float64))
            self.neurons_seen += layer.slope.size

    def _enter_steps(self, w_dot_g, kicks):
        """Enter <w, g> and ||g||^2 of each layer and step, arrays of shape (layers, steps)."""
        lost = self.shrink * (2 - self.shrink)  # 1 - s^2, without cancellation
        pulls, lengths = -2 * (1 - self.shrink) * w_dot_g, np.sqrt(kicks)
        gains = pulls + kicks
        powers, carry = _carrying(1 - lost, kicks.shape[1])
        sizes = self.size[:, None] * powers + gains @ carry  # before each step
        self.size = (1 - lost) * sizes[:, -1] + gains[:, -1]
        self.decay -= lost * sizes.sum(axis=1)
        self.pull += pulls.sum(axis=1)
        self.kick += kicks.sum(axis=1)
        self.decay_lengths += self.shrink * np.sqrt(np.maximum(sizes, 0)).sum(axis=1)
        self.data_lengths += lengths.sum(axis=1)
        fading, _ = _carrying(abs(1 - self.shrink), kicks.shape[1])
        self.data_path *= fading[-1] * abs(1 - self.shrink)
        self.data_path += lengths @ fading[::-1]
        self.steps += kicks.shape[1]

    def close(self):
        """Return the ledger of the epoch that has just ended."""
        layers = tuple(self._closed(number) for number in range(len(self.net.weights)))
        slope = self.slope_sum / self.neurons_seen if self.neurons_seen else None
        control = None
        if self.silent.any():
            group = self.net.weights[0][:, self.silent]
            control = math.sqrt(_squared(group) / group.size)
        return Ledger(layers, slope, control)

    def _closed(self, number):
        before, after = self.before[number], self.net.weights[number]
        size, left = _squared(before), (1 - self.shrink) ** self.steps
        way, path = math.sqrt(_squared(after - left * before)), float(self.data_path[number])
        return LayerLedger(
            size_before=size,
            size_after=_squared(after),
            decay=float(self.decay[number]),
            pull=float(self.pull[number]),
            kick=float(self.kick[number]),
            decay_step=float(self.decay_lengths[number]) / self.steps,
            data_step=float(self.data_lengths[number]) / self.steps,
            decay_displacement=(1 - left) * math.sqrt(size),
            data_displacement=min(way, path),  # longer than its path: rounding
            data_path=path,
            steps=self.steps,
        )


@lru_cache(maxsize=8)
def _carrying(factor, steps):
    """Return how a quantity is carried over steps that multiply it by `factor` and add to it.

    Before step t it is powers[t] times its start, plus carry[j, t] times what step j has added.
    """
    later = np.arange(steps) - np.arange(steps)[:, None] - 1
    return factor ** np.arange(steps), np.where(later >= 0, factor ** np.maximum(later, 0), 0.0)


def _along(layer, starts):
    """Return <w, G> of each mini-batch: the sum of error times w a. (The product is -w a.)"""
    each = np.einsum("ij,ij->i", layer.error, layer.product, dtype=np.float64)
    return -np.add.reduceat(each, starts)


def _squared(array):
    return float(np.square(array, dtype=np.float64).sum())


def _squared_gradients(errors, fed, m):
    """Return ||G||^2 of each mini-batch, where G is the sum over its images of error times input.

    That is the sum over pairs of images of <error, error'> <input, input'>, which costs less than
    G itself unless a mini-batch has more images than the layer has neurons, roughly.
    """
    (images, fan_out), fan_in = errors.shape, fed.shape[1]
    by_pairs = m * (fan_out + fan_in) < fan_out * fan_in
    squares = []
    for first, last in ((0, images // m * m), (images // m * m, images)):
        if first == last:
            continue
        batches = (-1, min(m, last - first))
        e = errors[first:last].reshape(*batches, fan_out)
        a = fed[first:last].reshape(*batches, fan_in)
        e_flipped = e.transpose(0, 2, 1)
        factors = (e @ e_flipped, _inner_products(a)) if by_pairs else [e_flipped @ a] * 2
        squares.append(np.einsum("bij,bij->b", *factors, dtype=np.float64))
    return np.maximum(np.concatenate(squares), 0)  # pairs that cancel can leave less, by rounding


def _inner_products(batches):
    """Return the inner products between the rows of each batch, shape (batches, m, m).

    Not `batches @ batches.transpose(0, 2, 1)`: NumPy sees the symmetry and calls BLAS's syrk, which
    takes twice as long for few and long rows.
    """
    gemm, _ = gemm_and_gemv(batches.dtype)
    inner = np.empty((len(batches), batches.shape[1], batches.shape[1]), batches.dtype)
    for rows, into in zip(batches, inner):
        gemm(1.0, rows.T, rows.T, 0.0, into.T, 1, 0, 1)
    return inner
