"""Who moved the weights: the ledger of the sum of squares, and two other rulers for the same epoch.

A step takes the weights w of a layer to  s w - g,  with s = 1 - eta*lmbda/n_train and the data
step g = (eta/m) G, where G is the gradient summed over the mini-batch. The sum of their squares
changes exactly by

    ||s w - g||^2 - ||w||^2  =  -(1 - s^2) ||w||^2   -2 s <w, g>   + ||g||^2
                                      decay             pull          kick

*Decay* is what weight decay takes. *Pull* is what the data do along w: negative where they shrink
the weights too. *Kick* is the square of the data step, whatever its direction: never negative.

The T steps of an epoch together carry the weights from w(0) to

    w(T)  =  s^T w(0)  -  sum over t of s^(T-1-t) g(t),

which splits the epoch's way in two, exactly: what decay alone would have done, and what the data
steps have added, each of them faded by the decay that came after it.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from nn_core import blas
from nn_core.engine import Layer
from nn_core.network import Network

STEPS_AT_ONCE = 100  # carried forward by a matrix of 100 x 100


def share(part: Any, *others: Any) -> Any:
    """Return a part as a share of itself and the others, 0 where all are 0; arrays are welcome.

    All must be sizes: at least 0.
    """
    whole = sum((part, *others))
    return np.divide(part, whole, out=np.zeros_like(whole, dtype=float), where=whole != 0)[()]


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
    def change(self) -> float:
        """The change of the sum of squares that decay, pull and kick have to add up to."""
        return self.size_after - self.size_before

    @property
    def closing_error(self) -> float:
        """By how much they miss it, relative to the larger of the two sizes.

        Below 1e-9 in float64, unless the size was far larger in the middle of the epoch than at
        both of its ends.
        """
        missed = abs(self.decay + self.pull + self.kick - self.change)
        larger = max(self.size_before, self.size_after)
        return missed / larger if larger else 0.0

    @property
    def decay_share(self) -> float:
        """|decay| as a share of |decay| + |pull| + |kick|: 1 if nothing but decay happens."""
        return share(abs(self.decay), abs(self.pull), abs(self.kick))

    @property
    def step_share(self) -> float:
        """Decay's share by another ruler: of the mean lengths of a decay step and a data step."""
        return share(self.decay_step, self.data_step)

    @property
    def displacement_share(self) -> float:
        """... and of how far the epoch's decay and its data carry the weights."""
        return share(self.decay_displacement, self.data_displacement)

    @property
    def cancellation(self) -> float:
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
    the step has computed anyway. Nor does ||g||^2 where mini-batches are small: with E the errors,
    a row for each image, and K the inner products between what the images fed in, ||G||^2 is the
    sum of E times K E. Sums of squares are carried forward from term to term, and compared with the
    weights only at the end: that is what makes the closing of the books a test.

    An epoch of n_train images is many calls of `watch` and `enter`, and one of `close`: what can
    wait is left to that, because in small calls the calling takes longer than the arithmetic.
    """

    def __init__(
        self, net: Network, silent: np.ndarray, n_train: int, m: int, eta: float, shrink: float
    ) -> None:
        self.net, self.silent, self.n_train, self.m, self.eta = net, silent, n_train, m, eta
        self.shrink = 1 - float(net.dtype.type(1 - shrink))  # of the s that steps multiply by
        self.before = [w.copy() for w in net.weights]
        self.gemm = blas.products(net.dtype).gemm
        self.by_pairs = [_is_cheaper_by_pairs(m, *w.shape) for w in net.weights]
        self.inner: list[np.ndarray] = []  # K of the first layer, for each mini-batch of a block
        # -<w, G> and ||G||^2 of each layer and step, as far as they have been entered.
        self.against, self.squares = np.empty((2, len(net.weights), math.ceil(n_train / m)))
        self.steps, self.slope_sum, self.neurons_seen = 0, 0.0, 0
        # What `close` carries from step to step, for each layer.
        self.size = np.array([_squared(w) for w in net.weights])
        self.decay, self.pull, self.kick, self.decay_lengths, self.data_lengths, self.data_path = (
            np.zeros(len(net.weights)) for _ in range(6)
        )

    def watch(self, inputs: np.ndarray) -> None:
        """Take the inner products of a mini-batch's inputs, given as columns, after its step.

        They are what takes longest of all, and at the end of a block it would take longer still:
        the inputs would have left the processor's cache.
        """
        if self.by_pairs[0]:
            self.inner.append(self.gemm(1.0, inputs, inputs, 0.0, None, 1))

    def enter(self, layers: list[Layer], scales: list[float], images: int) -> None:
        """Enter a block's steps; what each `engine.Layer` was fed stands there over its scale.

        Rows after the first `images` fill up the last mini-batch: their errors are 0.
        """
        inner, self.inner = self.inner, []
        steps = slice(self.steps, self.steps + len(layers[0].error) // self.m)
        for number, (layer, scale) in enumerate(zip(layers, scales)):
            e, fed, product = map(self._by_step, (layer.error, layer.fed, layer.product))
            self.against[number, steps] = _products(e, product)  # as the product is -w a
            if not self.by_pairs[number]:
                gradients = e.transpose(0, 2, 1) @ fed
                factors = gradients, gradients
            elif number == 0:
                factors = np.array(inner) @ e, e
            else:
                factors = fed @ fed.transpose(0, 2, 1) @ e, e
            self.squares[number, steps] = scale * scale * _products(*factors)
        for layer in layers[:-1]:
            self.slope_sum += float(layer.slope[:images].sum(dtype=np.float64))
            self.neurons_seen += images * layer.slope.shape[1]
        self.steps = steps.stop

    def _by_step(self, rows: np.ndarray) -> np.ndarray:
        return rows.reshape(-1, self.m, rows.shape[1])

    def _carry(self, w_dot_g: np.ndarray, kicks: np.ndarray) -> None:
        """Carry sizes over steps with these <w, g> and ||g||^2, arrays of shape (layers, steps)."""
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

    def close(self) -> Ledger:
        """Return the ledger of the epoch that has just ended."""
        rates = np.full(self.steps, self.eta / self.m)
        rates[-1] = self.eta / (self.n_train - self.m * (self.steps - 1))  # may be a smaller batch
        squares = np.maximum(self.squares, 0)  # pairs that cancel can leave less, by rounding
        w_dot_g, kicks = -rates * self.against, np.square(rates) * squares
        for first in range(0, self.steps, STEPS_AT_ONCE):
            steps = np.s_[:, first : first + STEPS_AT_ONCE]
            self._carry(w_dot_g[steps], kicks[steps])
        layers = tuple(self._closed(number) for number in range(len(self.net.weights)))
        slope = self.slope_sum / self.neurons_seen if self.neurons_seen else None
        control = None
        if self.silent.any():
            group = self.net.weights[0][:, self.silent]
            control = math.sqrt(_squared(group) / group.size)
        return Ledger(layers, slope, control)

    def _closed(self, number: int) -> LayerLedger:
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
def _carrying(factor: float, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how a quantity is carried over steps that multiply it by `factor` and add to it.

    Before step t it is powers[t] times its start, plus carry[j, t] times what step j has added.
    """
    later = np.arange(steps) - np.arange(steps)[:, None] - 1
    return factor ** np.arange(steps), np.where(later >= 0, factor ** np.maximum(later, 0), 0.0)


def _products(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the inner product of each a[i] with b[i]."""
    return np.einsum("ijk,ijk->i", a, b, dtype=np.float64)


def _squared(array: np.ndarray) -> float:
    return float(np.square(array, dtype=np.float64).sum())


def _is_cheaper_by_pairs(m: int, fan_out: int, fan_in: int) -> bool:
    """Return whether inner products between `m` images cost less than their gradient itself."""
    return m * (fan_out + fan_in) < fan_out * fan_in
