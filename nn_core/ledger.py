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

import numpy as np


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
    """Keeps the ledger of one epoch while an `Engine` runs it.

    <w, g> needs no gradient: it is the sum over the mini-batch of error times w a, both of which
    the step has computed anyway. Squared sizes are carried forward from term to term, and compared
    with the weights only at the end: that is what makes the closing of the books a test.
    """

    def __init__(self, net, silent, shrink, m):
        self.net, self.silent, self.m = net, silent, m
        self.shrink = 1 - float(net.dtype.type(1 - shrink))  # of the s that steps multiply by
        self.before = [w.copy() for w in net.weights]
        self.accounts = [_Account(_squared(w)) for w in net.weights]
        self.kicks = [[] for _ in net.weights]
        self.slope_sum, self.neurons_seen = 0.0, 0

    def end_step(self, data_steps):
        for kicks, step in zip(self.kicks, data_steps):
            kicks.append(float(np.vdot(step, step)) if step.dtype == np.float64 else _squared(step))

    def end_block(self, engine, images):
        starts = np.arange(0, images, self.m)
        for layer, (account, kicks) in enumerate(zip(self.accounts, self.kicks)):
            errors, products = engine.errors[layer][:images], engine.products[layer][:images]
            along = np.einsum("ij,ij->i", errors, products, dtype=np.float64)
            account.enter(np.add.reduceat(along, starts).tolist(), kicks, self.shrink)
            kicks.clear()
        for slopes in engine.slopes:
            self.slope_sum += float(slopes[:images].sum(dtype=np.float64))
            self.neurons_seen += slopes[:images].size

    def close(self):
        """Return the ledger of the epoch that has just ended."""
        layers = tuple(
            self._closed(*books) for books in zip(self.accounts, self.net.weights, self.before)
        )
        slope = self.slope_sum / self.neurons_seen if self.neurons_seen else None
        control = None
        if self.silent.any():
            group = self.net.weights[0][:, self.silent]
            control = math.sqrt(_squared(group) / group.size)
        return Ledger(layers, slope, control)

    def _closed(self, account, after, before):
        size, left = _squared(before), (1 - self.shrink) ** account.steps
        way = math.sqrt(_squared(after - left * before))
        return LayerLedger(
            size_before=size,
            size_after=_squared(after),
            decay=account.decay,
            pull=account.pull,
            kick=account.kick,
            decay_step=account.decay_lengths / account.steps,
            data_step=account.data_lengths / account.steps,
            decay_displacement=(1 - left) * math.sqrt(size),
            data_displacement=min(way, account.data_path),  # longer than its path: rounding
            data_path=account.data_path,
            steps=account.steps,
        )


class _Account:
    """The running sums of one layer."""

    def __init__(self, size):
        self.size = size
        self.decay = self.pull = self.kick = 0.0
        self.decay_lengths = self.data_lengths = self.data_path = 0.0
        self.steps = 0

    def enter(self, along, kicks, shrink):
        """Enter the steps of a block: <w, g> and ||g||^2 of each."""
        for w_dot_g, kick in zip(along, kicks):
            length = math.sqrt(kick)
            decay = -shrink * (2 - shrink) * self.size  # 1 - s^2, without cancellation
            pull = -2 * (1 - shrink) * w_dot_g
            self.decay_lengths += shrink * math.sqrt(max(self.size, 0.0))
            self.data_lengths += length
            self.data_path = abs(1 - shrink) * self.data_path + length
            self.decay += decay
            self.pull += pull
            self.kick += kick
            self.size += decay + pull + kick
        self.steps += len(along)


def _squared(array):
    return float(np.square(array, dtype=np.float64).sum())
