"""An epoch of `sgd_step`s, many times faster than calling it: the same steps, less waste.

`sgd_step` is the definition, and a test holds this file to it. What makes the difference:

- Decay and step of equation (93) are one call to BLAS, which passes over the weights once.
- Nothing of the size of a weight matrix is allocated inside an epoch, and the views into the
  buffers that each mini-batch works on are made once.
- A step is some twenty calls of half a microsecond each, so that every further one is felt. Even
  a 1 that NumPy need not turn into an array saves a tenth of one.
- Grey levels become floats for a block of some 200 images at a time. One by one costs calls, and a
  larger block would no longer fit into the processor's cache. Their factor 1/256 is left to the
  products, where it costs nothing (and as a power of two rounds nothing).
- The ledger reads what a block's steps left behind in the buffers, a block at a time.
"""

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nn_core import blas
from nn_core.network import Network

if TYPE_CHECKING:
    from nn_core.ledger import Bookkeeper

BLOCK = 200  # images; 200 x 784 floats take 1.25 MB


class Layer(NamedTuple):
    """What one layer leaves behind, a row for each image of a block or mini-batch."""

    fed: np.ndarray  # what it was fed, or, where that is grey levels, 256 times that
    # -w a: exp(-z) is what the sigmoid needs. The ledger wants it; else it becomes the activation.
    product: np.ndarray
    activation: np.ndarray
    slope: np.ndarray  # sigma'(z); unused in the output layer
    error: np.ndarray  # dC/dz

    def rows(self, rows: slice) -> "Layer":
        return Layer(*(array[rows] for array in self))

    def transposed(self) -> "Layer":
        return Layer(*(array.T for array in self))


Batch = list[tuple[Layer, Layer]]  # the layers of one mini-batch, each as it is and transposed


class Engine:
    """Trains `net`, in place, an epoch at a time with mini-batches of `m` images.

    One that is `watched` keeps what a bookkeeper has to see.
    """

    def __init__(self, net: Network, m: int, *, watched: bool = False) -> None:
        self.net, self.m, self.watched = net, m, watched
        self.block = m * max(1, BLOCK // m)
        self.layers: list[Layer] = []
        fed = np.zeros((self.block, net.sizes[0]), net.dtype)
        for size in net.sizes[1:]:
            product, slope, error = (np.zeros((self.block, size), net.dtype) for _ in range(3))
            activation = np.zeros_like(product) if watched else product
            self.layers.append(Layer(fed, product, activation, slope, error))
            fed = activation
        self.batches = [self._batch(first, m) for first in range(0, self.block, m)]
        self.one, self.ones = np.array(1, net.dtype), np.ones(m, net.dtype)
        self.gemm, self.gemv, self.ger = blas.products(net.dtype)
        self.parameters = self._parameters()

    def _batch(self, first: int, size: int) -> Batch:
        layers = [layer.rows(slice(first, first + size)) for layer in self.layers]
        return [(layer, layer.transposed()) for layer in layers]

    def run(
        self,
        x: np.ndarray,
        y: np.ndarray,
        order: np.ndarray,
        eta: float,
        shrink: float,
        bookkeeper: "Bookkeeper | None" = None,
    ) -> None:
        """Step through the images in the given order, indices of x; shrink is eta*lmbda/n_train."""
        self.parameters = self._parameters()  # they may have been replaced since the last epoch
        self.scales = [1.0] * len(self.layers)  # by which to multiply what a layer was fed
        self.scales[0] = 1 / 256 if x.dtype == np.uint8 else 1.0
        taken = np.empty((self.block, x.shape[1]), x.dtype)
        for start in range(0, len(order), self.block):
            chosen = order[start : start + self.block]
            images = len(chosen)
            # In this mode NumPy writes at once to where the rows are to be, without a copy.
            np.take(x, chosen, 0, taken[:images], "clip")
            self.layers[0].fed[:images] = taken[:images]
            targets = y[chosen]
            for batch, first in zip(self.batches, range(0, images, self.m)):
                size, inputs = min(self.m, images - first), batch[0][1].fed
                if size < self.m:
                    batch = self._batch(first, size)
                self._step(batch, targets[first : first + size], eta / size, 1 - shrink)
                if bookkeeper is not None:
                    bookkeeper.watch(inputs)
            if bookkeeper is not None:
                bookkeeper.enter(self._filled(images), self.scales, images)

    def _filled(self, images: int) -> list[Layer]:
        """Return the rows of a block, filled up to whole mini-batches by images without errors."""
        whole = math.ceil(images / self.m) * self.m
        for layer in self.layers:
            layer.error[images:whole] = 0
        return [layer.rows(slice(whole)) for layer in self.layers]

    def _parameters(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the pairs (w transposed, b) that BLAS is to change."""
        self.net._check_parameters()
        pairs = [(w.T, b) for w, b in zip(self.net.weights, self.net.biases)]
        for array in (array for pair in pairs for array in pair):
            if not blas.changes_in_place(array, self.net.dtype):
                raise ValueError(
                    f"net's weights and biases must be writeable C-ordered {self.net.dtype} "
                    "arrays to be trained in place: make them so by numpy.ascontiguousarray."
                )
        return pairs

    def _step(self, batch: Batch, targets: np.ndarray, rate: float, keep: float) -> None:
        ones = self.ones[: len(targets)]
        self._forward(batch, ones)
        self._backward(batch, targets)
        for (_, flipped), (w, b), scale in zip(batch, self.parameters, self.scales):
            self.gemm(-rate * scale, flipped.fed, flipped.error, keep, w, 0, 1, 1)
            self.gemv(-rate, flipped.error, ones, 1.0, b, 0, 1, 0, 1, 0, 1)

    def _forward(self, batch: Batch, ones: np.ndarray) -> None:
        for (layer, flipped), (w, b), scale in zip(batch, self.parameters, self.scales):
            a = layer.activation
            self.gemm(-scale, w, flipped.fed, 0.0, flipped.product, 1, 0, 1)
            if self.watched:
                np.subtract(layer.product, b, a)
            else:  # the same, in a third of the time
                self.ger(-1.0, b, ones, 1, 1, flipped.product, 1, 1, 1)
            np.exp(a, a)
            np.add(a, self.one, a)
            np.divide(self.one, a, a)

    def _backward(self, batch: Batch, targets: np.ndarray) -> None:
        above, above_flipped = batch[-1]
        self.net.cost.delta(above.activation, targets, above.error)
        for (layer, flipped), (w, _) in zip(batch[-2::-1], self.parameters[:0:-1]):
            self.gemm(1.0, w, above_flipped.error, 0.0, flipped.error, 0, 0, 1)
            np.subtract(self.one, layer.activation, layer.slope)
            np.multiply(layer.slope, layer.activation, layer.slope)
            np.multiply(layer.error, layer.slope, layer.error)
            above_flipped = flipped
