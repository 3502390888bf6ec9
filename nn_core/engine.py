"""An epoch of `sgd_step`s, several times faster than calling it: the same steps, less waste.

`sgd_step` is the definition, and a test holds this file to it. What makes the difference:

- Nothing of the size of a weight matrix is allocated inside an epoch: products and sigmoids are
  written into arrays made beforehand. Fresh large arrays are slow to come by.
- Grey levels become floats for a block of some 200 images at a time. One by one costs calls, and a
  larger block would no longer fit into the processor's cache.
- The learning rate is put into the error of the output layer. Backpropagation is linear in it and
  carries it to all layers, so that no gradient has to be scaled: (eta/m) G comes out at once.
- The ledger reads what a block's steps left behind in the buffers, a block at a time.
"""

import numpy as np

BLOCK = 200  # images; 200 x 784 floats take 1.25 MB


class Engine:
    """Trains `net`, in place, an epoch at a time with mini-batches of `m` images."""

    def __init__(self, net, m, bookkeeper=None):
        self.net, self.m, self.bookkeeper = net, m, bookkeeper
        self.block = m * max(1, BLOCK // m)
        self.inputs = np.empty((self.block, net.sizes[0]), net.dtype)
        # For each layer after the input: w a, the activation, and the error times eta/m.
        self.products, self.activations, self.errors = (
            [np.empty((self.block, size), net.dtype) for size in net.sizes[1:]] for _ in range(3)
        )
        self.slopes = [np.empty_like(a) for a in self.activations[:-1]]  # sigma'(z), hidden layers
        self.data_steps = [np.empty_like(w) for w in net.weights]  # (eta/m) G of the newest step

    def run(self, x, y, order, eta, shrink):
        """Step through the images in the given order; shrink is eta*lmbda/n_train."""
        for start in range(0, len(order), self.block):
            chosen = order[start : start + self.block]
            self._load(x[chosen])
            targets = y[chosen]
            for first in range(0, len(chosen), self.m):
                rows = slice(first, min(first + self.m, len(chosen)))
                self._step(rows, targets[rows], eta / (rows.stop - rows.start), 1 - shrink)
            if self.bookkeeper is not None:
                self.bookkeeper.end_block(self, len(chosen))

    def _load(self, levels):
        into = self.inputs[: len(levels)]
        if levels.dtype == np.uint8:
            np.multiply(levels, 1 / 256, out=into, dtype=into.dtype)
        else:
            into[:] = levels

    def _step(self, rows, targets, rate, keep):
        fed = self._forward(rows)
        errors = self._backward(rows, targets, rate)
        for layer, (w, b) in enumerate(zip(self.net.weights, self.net.biases)):
            step = np.matmul(errors[layer].T, fed[layer], out=self.data_steps[layer])
            w *= keep
            w -= step
            b -= errors[layer].sum(axis=0)
        if self.bookkeeper is not None:
            self.bookkeeper.end_step(self.data_steps)

    def _forward(self, rows):
        """Fill the activations of these rows; return what each layer was fed."""
        fed = [self.inputs[rows]]
        for layer, (w, b) in enumerate(zip(self.net.weights, self.net.biases)):
            product = np.matmul(fed[-1], w.T, out=self.products[layer][rows])
            a = np.add(product, b, out=self.activations[layer][rows])
            np.negative(a, out=a)
            np.exp(a, out=a)
            a += 1
            np.reciprocal(a, out=a)
            fed.append(a)
        return fed

    def _backward(self, rows, targets, rate):
        """Fill the errors of these rows, times `rate`; return them, layer by layer."""
        errors = [array[rows] for array in self.errors]
        output = self.net.cost.delta(self.activations[-1][rows], targets)
        np.multiply(output, rate, out=errors[-1])
        for layer in range(len(errors) - 2, -1, -1):
            np.matmul(errors[layer + 1], self.net.weights[layer + 1], out=errors[layer])
            a, slope = self.activations[layer][rows], self.slopes[layer][rows]
            np.subtract(1, a, out=slope)
            slope *= a
            errors[layer] *= slope
        return errors
