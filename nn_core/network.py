"""The network of the book: sigmoid neurons, layer after layer, a mini-batch at a time."""

import numpy as np

from nn_core import checks
from nn_core.blas import product
from nn_core.cost import COSTS, CrossEntropyCost, sigmoid, sigmoid_prime

INITS = ("large", "scaled")
IMAGES_AT_ONCE = 1000  # evaluating all 50,000 images at once would take 300 MB for the pixels


def as_input(x, dtype):
    """Return inputs as floats. Arrays of uint8 hold grey levels k, which stand for k/256.

    The book's data has pixels k/256 (not k/255). Keeping the levels as uint8 until they are needed
    takes an eighth of the memory.
    """
    if x.dtype == np.uint8:
        return np.multiply(x, 1 / 256, dtype=dtype)
    return x.astype(dtype, copy=False)


class Network:
    """A fully connected network of sigmoid neurons.

    Parameters
    ----------
    sizes : sequence of int
        Neurons in each layer, input first: [784, 30, 10] in the book's example.
    cost : CrossEntropyCost or QuadraticCost
    init : "large" or "scaled"
        "large" is the book's old initialization, weights from N(0, 1); "scaled" its new one, from
        N(0, 1/fan_in). Biases come from N(0, 1) in both. With the same seed both use the same
        draws, so that they differ by the scale and by nothing else.
    seed : int, numpy.random.Generator or None
        Where the draws come from; None draws afresh each time.
    dtype : float64 or float32
        float32 is for play: it rounds 1 - eta*lmbda/n_train, and with it the decay, by up to a
        tenth of a percent at the book's size.

    Attributes
    ----------
    weights : list of arrays, `weights[l][j, k]` from neuron k to neuron j, shape (fan_out, fan_in)
    biases : list of arrays of shape (fan_out,)
    """

    def __init__(self, sizes, *, cost=CrossEntropyCost, init="large", seed=None, dtype=np.float64):
        self.sizes = _checked_sizes(sizes)  # a tuple: the arrays below are made for it
        self.cost = checks.one_of("cost", cost, COSTS.values())
        self.init = checks.one_of("init", init, INITS)
        self.dtype = _checked_dtype(dtype)
        rng = checks.generator(seed)
        self.weights, self.biases = [], []
        for fan_in, fan_out in zip(self.sizes, self.sizes[1:]):
            scale = 1.0 if init == "large" else 1 / np.sqrt(fan_in)
            self.weights.append((scale * rng.standard_normal((fan_out, fan_in))).astype(self.dtype))
            self.biases.append(rng.standard_normal(fan_out).astype(self.dtype))

    @property
    def n_weights(self):
        """The number of weights in the whole network (biases not counted): the book's second n."""
        return sum(w.size for w in self.weights)

    def weight_rms(self):
        """Return the size of the weights, layer by layer: the root of the mean square."""
        return [float(np.sqrt(np.mean(np.square(w, dtype=np.float64)))) for w in self.weights]

    def weighted_inputs(self, x):
        """Return z = w a + b of each layer after the input, arrays of shape (batch, fan_out)."""
        return self._forward(self._checked_x(x))[0]

    def feedforward(self, x):
        """Return the output activations, shape (batch, sizes[-1]), for inputs (batch, sizes[0]).

        Inputs of dtype uint8 are grey levels k and stand for k/256.
        """
        return self._forward(self._checked_x(x))[1][-1]

    def backprop(self, x, y):
        """Return (nabla_w, nabla_b), the gradient *summed* over the mini-batch: (BP1) to (BP4).

        `x` has the shape (batch, sizes[0]), `y` (batch, sizes[-1]); the two lists have the shapes
        of `weights` and `biases`. The L2 term is not in it: the step adds it as weight decay.
        """
        errors, activations = self._backward(self._checked_x(x), self._checked_y(y, len(x)))
        nabla_w = [product(error.T, fed) for error, fed in zip(errors, activations)]
        nabla_b = [error.sum(axis=0) for error in errors]
        return nabla_w, nabla_b

    def total_cost(self, x, y, lmbda=0.0, n_train=None):
        """Return the cost averaged over `x`, plus (lmbda / 2 n_train) sum w^2: equation (87).

        `n_train` is the number of training images in the L2 term; left out, it is len(x), which
        is right when `x` is the training data.
        """
        return self.evaluate(x, y, lmbda, n_train)[0]

    def accuracy(self, x, y):
        """Return the share of examples, 0 to 1, whose largest output is at the target's place."""
        return self.evaluate(x, y)[1]

    def evaluate(self, x, y, lmbda=0.0, n_train=None):
        """Return (total_cost, accuracy) from a single pass through the images.

        The largest output is found among the weighted inputs: where saturated activations round to
        the same number, these still differ.
        """
        x, y = self._checked_rows(x, y)
        lmbda = checks.number("lmbda", lmbda, at_least=0)
        n_train = len(x) if n_train is None else checks.whole("n_train", n_train)
        cost, right = 0.0, 0
        for start in range(0, len(x), IMAGES_AT_ONCE):
            batch, targets = x[start : start + IMAGES_AT_ONCE], y[start : start + IMAGES_AT_ONCE]
            z = self._forward(as_input(batch, self.dtype))[0][-1]
            cost += float(self.cost.per_example(z, targets).sum(dtype=np.float64))
            right += int((z.argmax(axis=1) == targets.argmax(axis=1)).sum())
        penalty = lmbda / (2 * n_train) * self.squared_size()
        return cost / len(x) + penalty, right / len(x)

    def squared_size(self):
        """Return the sum of the squares of all weights, as it stands in the L2 term."""
        return sum(float(np.square(w, dtype=np.float64).sum()) for w in self.weights)

    def copy(self):
        """Return a network of its own with the same weights and biases."""
        twin = object.__new__(Network)
        twin.sizes, twin.cost, twin.init, twin.dtype = self.sizes, self.cost, self.init, self.dtype
        twin.weights = [w.copy() for w in self.weights]
        twin.biases = [b.copy() for b in self.biases]
        return twin

    def save(self, path):
        """Write the network to `path`, an .npz file of plain arrays (nothing pickled)."""
        layers = {f"weights_{i}": w for i, w in enumerate(self.weights)}
        layers |= {f"biases_{i}": b for i, b in enumerate(self.biases)}
        with open(path, "wb") as file:
            np.savez(file, sizes=self.sizes, cost=self.cost.__name__, init=self.init, **layers)

    @classmethod
    def load(cls, path):
        """Return the network that `save` wrote to `path`; raises ValueError for any other file."""
        try:
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
                stored = dict(arrays)
            sizes = [int(size) for size in stored["sizes"]]
            net = cls(sizes, cost=COSTS[str(stored["cost"])], init=str(stored["init"]), seed=0,
                      dtype=stored["weights_0"].dtype)  # fmt: skip
            layers = range(len(net.weights))
            weights = [stored[f"weights_{i}"] for i in layers]
            biases = [stored[f"biases_{i}"] for i in layers]
        except OSError:  # no such file, or not ours to read: Python says it well
            raise
        except Exception as why:
            raise ValueError(f"{path} is not a network that Network.save wrote: {why}.") from why
        if len(stored) != 3 + 2 * len(net.weights):
            raise ValueError(f"{path} is damaged: it holds arrays that do not belong there.")
        for fresh, kept in zip(net.weights + net.biases, weights + biases):
            if fresh.shape != kept.shape or fresh.dtype != kept.dtype:
                raise ValueError(f"{path} is damaged: an array does not fit sizes {sizes}.")
            if not np.isfinite(kept).all():
                raise ValueError(f"{path} is damaged: an array holds nan or infinity.")
        net.weights, net.biases = weights, biases
        return net

    def __repr__(self):
        sizes = ", ".join(map(str, self.sizes))
        rms = ", ".join(f"{size:.3g}" for size in self.weight_rms())
        return (
            f"Network([{sizes}], cost={self.cost.__name__}, init={self.init!r}, "
            f"dtype={self.dtype.name}): {self.n_weights:,} weights of rms {rms} (layer by layer)"
        )

    # The unchecked inside, on float arrays: what training calls for every mini-batch.

    def _forward(self, x):
        """Return (weighted inputs, activations); the activations start with `x` itself."""
        zs, activations = [], [x]
        for w, b in zip(self.weights, self.biases):
            zs.append(product(activations[-1], w.T) + b)
            activations.append(sigmoid(zs[-1]))
        return zs, activations

    def _backward(self, x, y):
        """Return (errors, activations), layer by layer: dC/dz, and what each layer was fed."""
        _, activations = self._forward(x)
        errors = [self.cost.delta(activations[-1], y)]
        for w, activation in zip(self.weights[:0:-1], activations[-2:0:-1]):
            errors.insert(0, product(errors[0], w) * sigmoid_prime(activation))
        return errors, activations[:-1]

    def _checked_x(self, x):
        return as_input(self._checked_levels(x), self.dtype)

    def _checked_levels(self, x):
        """Return inputs as they may be used: floats that fit our dtype, or uint8 grey levels."""
        x = checks.rows("x", x, self.sizes[0], "pixels of one image")
        if x.dtype.kind in "ui" and x.dtype != np.uint8:
            raise TypeError(
                f"x of dtype {x.dtype} could mean grey levels or numbers: give grey levels 0 to "
                "255 as uint8, which stand for k/256, and numbers as floats."
            )
        if x.dtype.itemsize > self.dtype.itemsize and np.abs(x).max() > np.finfo(self.dtype).max:
            raise ValueError(f"x must be finite as {self.dtype}, got {np.abs(x).max():g}.")
        return x

    def _checked_y(self, y, length):
        y = checks.rows("y", y, self.sizes[-1], "targets of one image (see one_hot)")
        if len(y) != length:
            raise ValueError(f"y must have as many rows as x: {length}, got {len(y)}.")
        if y.min() < 0 or y.max() > 1:
            raise ValueError(
                f"y must lie within 0 to 1, got values from {y.min()} to {y.max()}. "
                "Labels become targets by one_hot(labels)."
            )
        return y.astype(self.dtype, copy=False)

    def _checked_rows(self, x, y):
        """Return checked inputs (still uint8, if they were) and targets of equal length."""
        x = self._checked_levels(x)
        return x, self._checked_y(y, len(x))


def _checked_sizes(sizes):
    try:
        sizes = list(sizes)
    except TypeError:
        raise TypeError(f"sizes must be a list such as [784, 30, 10], got {sizes!r}.") from None
    if len(sizes) < 2:
        raise ValueError(
            f"sizes must name at least two layers, input and output, got {sizes!r}. "
            "The book's example is [784, 30, 10]."
        )
    return tuple(checks.whole(f"sizes[{i}]", size) for i, size in enumerate(sizes))


def _checked_dtype(dtype):
    try:
        chosen = np.dtype(dtype)
    except TypeError:
        chosen = None
    if chosen is None or chosen not in (np.dtype(np.float64), np.dtype(np.float32)):
        raise ValueError(f"dtype must be float64 or float32, got {dtype!r}.")
    return chosen
