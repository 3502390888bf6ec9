"""The network of the book: sigmoid neurons, layer after layer, a mini-batch at a time."""

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from nn_core import checks, files
from nn_core.blas import product
from nn_core.cost import COSTS, Cost, CrossEntropyCost, sigmoid, sigmoid_prime

Seed = int | np.random.Generator | None
INITS = ("old", "new")
IMAGES_AT_ONCE = 1000  # evaluating all 50,000 images at once would take 300 MB for the pixels


def as_input(x: np.ndarray, dtype: DTypeLike) -> np.ndarray:
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
    init : "old" or "new"
        The book's old initialization, weights from N(0, 1), or its new one, from
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

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        cost: Cost = CrossEntropyCost,
        init: str = "old",
        seed: Seed = None,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self.sizes = _checked_sizes(sizes)  # a tuple: the arrays below are made for it
        self.cost: Cost = checks.one_of("cost", cost, COSTS.values())
        self.init: str = checks.one_of("init", init, INITS)
        self.dtype = _checked_dtype(dtype)
        rng = checks.generator(seed)
        self.weights: list[np.ndarray] = []
        self.biases: list[np.ndarray] = []
        for fan_in, fan_out in zip(self.sizes, self.sizes[1:]):
            scale = 1.0 if init == "old" else 1 / math.sqrt(fan_in)
            with checks.memory_for("sizes", list(self.sizes)):
                w, b = rng.standard_normal((fan_out, fan_in)), rng.standard_normal(fan_out)
                self.weights.append((scale * w).astype(self.dtype))
                self.biases.append(b.astype(self.dtype))

    @property
    def n_weights(self) -> int:
        """The number of weights in the whole network (biases not counted): the book's second n."""
        return sum(w.size for w in self.weights)

    def weight_rms(self) -> list[float]:
        """Return the size of the weights, layer by layer: the root of the mean square."""
        return [float(np.sqrt(np.mean(np.square(w, dtype=np.float64)))) for w in self.weights]

    def weighted_inputs(self, x: ArrayLike) -> list[np.ndarray]:
        """Return z = w a + b of each layer after the input, arrays of shape (batch, fan_out)."""
        return self._forward(self._checked_x(x))[0]

    def feedforward(self, x: ArrayLike) -> np.ndarray:
        """Return the output activations, shape (batch, sizes[-1]), for inputs (batch, sizes[0]).

        Inputs of dtype uint8 are grey levels k and stand for k/256.
        """
        return self._forward(self._checked_x(x))[1][-1]

    def backprop(self, x: ArrayLike, y: ArrayLike) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return (nabla_w, nabla_b), the gradient *summed* over the mini-batch: (BP1) to (BP4).

        `x` has the shape (batch, sizes[0]), `y` (batch, sizes[-1]); the two lists have the shapes
        of `weights` and `biases`. The L2 term is not in it: the step adds it as weight decay.
        """
        self._check_parameters()
        x, y = self._checked_rows(x, y)
        errors, activations = self._backward(as_input(x, self.dtype), y)
        nabla_w = [product(error.T, fed) for error, fed in zip(errors, activations)]
        nabla_b = [error.sum(axis=0) for error in errors]
        return nabla_w, nabla_b

    def total_cost(
        self, x: ArrayLike, y: ArrayLike, lmbda: float = 0.0, n_train: int | None = None
    ) -> float:
        """Return the cost averaged over `x`, plus (lmbda / 2 n_train) sum w^2: equation (87).

        `n_train` is the number of training images in the L2 term; left out, it is len(x), which
        is right when `x` is the training data.
        """
        return self.evaluate(x, y, lmbda, n_train)[0]

    def accuracy(self, x: ArrayLike, y: ArrayLike) -> float:
        """Return the share of examples, 0 to 1, whose largest output is at the target's place."""
        return self.evaluate(x, y)[1]

    def evaluate(
        self, x: ArrayLike, y: ArrayLike, lmbda: float = 0.0, n_train: int | None = None
    ) -> tuple[float, float]:
        """Return (total_cost, accuracy) from a single pass through the images.

        The largest output is found among the weighted inputs: where saturated activations round to
        the same number, these still differ. Raises ValueError where the cost is no finite number.
        """
        self._check_parameters()
        self._check_finite()
        x, y = self._checked_rows(x, y)
        lmbda = checks.number("lmbda", lmbda, at_least=0)
        n_train = len(x) if n_train is None else checks.whole("n_train", n_train)
        self._check_penalty(lmbda, n_train)
        return self._measured(x, y, lmbda, n_train)

    def _measured(
        self, x: np.ndarray, y: np.ndarray, lmbda: float, n_train: int
    ) -> tuple[float, float]:
        """Return what `evaluate` does, of checked arguments; the cost may be infinite or nan."""
        cost, right = 0.0, 0
        for start in range(0, len(x), IMAGES_AT_ONCE):
            batch, targets = x[start : start + IMAGES_AT_ONCE], y[start : start + IMAGES_AT_ONCE]
            z = self._forward(as_input(batch, self.dtype))[0][-1]
            cost += float(self.cost.per_example(z, targets).sum(dtype=np.float64))
            right += int((z.argmax(axis=1) == targets.argmax(axis=1)).sum())
        return cost / len(x) + self._penalty(lmbda, n_train), right / len(x)

    def _penalty(self, lmbda: float, n_train: int) -> float:
        return lmbda / 2 / n_train * self.squared_size() if lmbda else 0.0

    def squared_size(self) -> float:
        """Return the sum of the squares of all weights, as it stands in the L2 term."""
        return sum(float(np.square(w, dtype=np.float64).sum()) for w in self.weights)

    def copy(self) -> "Network":
        """Return a network of its own with the same weights and biases."""
        twin = object.__new__(Network)
        twin.sizes, twin.cost, twin.init, twin.dtype = self.sizes, self.cost, self.init, self.dtype
        twin.weights = [w.copy() for w in self.weights]
        twin.biases = [b.copy() for b in self.biases]
        return twin

    def save(self, path: files.Name) -> None:
        """Write the network to `path`, an .npz file of plain arrays (nothing pickled).

        All or nothing: a full disk or Ctrl+C leaves the file that stood there before.
        """
        path = checks.path("path", path)
        self._check_parameters()
        self._check_finite()  # `load` would refuse it
        stored: dict[str, Any] = {
            "sizes": self.sizes,
            "cost": self.cost.__name__,
            "init": self.init,
        }
        stored |= {f"weights_{i}": w for i, w in enumerate(self.weights)}
        stored |= {f"biases_{i}": b for i, b in enumerate(self.biases)}
        with files.replacing(path) as file:
            np.savez(file, **stored)

    @classmethod
    def load(cls, path: files.Name) -> "Network":
        """Return the network that `save` wrote to `path`; raises ValueError for any other file.

        It takes no more memory than the file is long, whatever the file says of itself.
        """
        path = checks.path("path", path)
        net = object.__new__(cls)
        with open(path, "rb") as file:  # no such file, or not ours to read: Python says it well
            try:
                stored = files.read_arrays(file)
                net.sizes = _checked_sizes(stored.pop("sizes").tolist())
                net.cost = COSTS[str(stored.pop("cost"))]
                net.init = checks.one_of("init", str(stored.pop("init")), INITS)
                net.dtype = _checked_dtype(stored["weights_0"].dtype)
                layers = range(len(net.sizes) - 1)
                net.weights = [stored.pop(f"weights_{i}") for i in layers]
                net.biases = [stored.pop(f"biases_{i}") for i in layers]
                net._check_parameters()
            except Exception as why:
                said = f"{why} is missing or unknown" if isinstance(why, KeyError) else why
                wrong = f"{path} is not a network that Network.save wrote: {said}"
                raise ValueError(wrong) from why
        if stored:
            raise ValueError(f"{path} is damaged: it holds arrays that do not belong there.")
        if not net._is_finite():
            raise ValueError(f"{path} is damaged: an array holds nan or infinity.")
        return net

    def __repr__(self) -> str:
        sizes = ", ".join(map(str, self.sizes))
        rms = ", ".join(f"{size:.3g}" for size in self.weight_rms())
        return (
            f"Network([{sizes}], cost={self.cost.__name__}, init={self.init!r}, "
            f"dtype={self.dtype.name}): {self.n_weights:,} weights of rms {rms} (layer by layer)"
        )

    # The unchecked inside, on float arrays: what training calls for every mini-batch.

    def _forward(self, x: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return (weighted inputs, activations); the activations start with `x` itself."""
        zs, activations = [], [x]
        for w, b in zip(self.weights, self.biases):
            zs.append(product(activations[-1], w.T) + b)
            activations.append(sigmoid(zs[-1]))
        return zs, activations

    def _backward(self, x: np.ndarray, y: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return (errors, activations), layer by layer: dC/dz, and what each layer was fed."""
        _, activations = self._forward(x)
        errors = [self.cost.delta(activations[-1], y)]
        for w, activation in zip(self.weights[:0:-1], activations[-2:0:-1]):
            errors.insert(0, product(errors[0], w) * sigmoid_prime(activation))
        return errors, activations[:-1]

    def _is_finite(self) -> bool:
        return all(np.isfinite(array).all() for array in self.weights + self.biases)

    def _check_finite(self) -> None:
        if not self._is_finite():
            raise ValueError("net must have finite weights and biases, but holds nan or infinity.")

    def _check_penalty(self, lmbda: float, n_train: int) -> None:
        with np.errstate(over="ignore"):
            squares, penalty = self.squared_size(), self._penalty(lmbda, n_train)
        if not math.isfinite(penalty):
            raise ValueError(
                "lmbda must leave the L2 term, (lmbda / 2 n_train) sum w^2, a finite number; got "
                f"lmbda = {lmbda:g} with n_train = {n_train:g} and sum w^2 = {squares:g}."
            )

    def _check_parameters(self) -> None:
        """Raise ValueError if `weights` and `biases` are not, or no longer, made for `sizes`."""
        shapes = [(fan_out, fan_in) for fan_in, fan_out in zip(self.sizes, self.sizes[1:])]
        for name, arrays in (("weights", self.weights), ("biases", self.biases)):
            listed = isinstance(arrays, (list, tuple))
            if not listed or len(arrays) != len(shapes):
                given = len(arrays) if listed else checks.shown(arrays)
                raise ValueError(
                    f"net.{name} must hold {len(shapes)} arrays, one for each layer after the "
                    f"input of sizes {list(self.sizes)}; got {given}."
                )
            for i, (array, shape) in enumerate(zip(arrays, shapes)):
                wanted = shape if name == "weights" else shape[:1]
                fits = type(array) is np.ndarray and array.shape == wanted
                if not fits or array.dtype != self.dtype:
                    raise ValueError(
                        f"net.{name}[{i}] must be an array of shape {wanted} and {self.dtype}, as "
                        f"the network's sizes and dtype ask; got {_kind(array)}. For other sizes "
                        "make a new Network; numpy.ascontiguousarray changes the dtype."
                    )

    def _checked_x(self, x: ArrayLike) -> np.ndarray:
        self._check_parameters()
        return as_input(self._checked_levels(x), self.dtype)

    def _checked_levels(self, x: ArrayLike) -> np.ndarray:
        """Return inputs as they may be used: floats that fit our dtype, or uint8 grey levels."""
        x = checks.levels("x", x, self.sizes[0])
        if x.dtype.itemsize > self.dtype.itemsize and np.abs(x).max() > np.finfo(self.dtype).max:
            raise ValueError(f"x must be finite as {self.dtype}, got {np.abs(x).max():g}.")
        return x

    def _checked_y(self, y: ArrayLike, length: int) -> np.ndarray:
        return checks.targets("y", y, self.sizes[-1], length).astype(self.dtype, copy=False)

    def _checked_rows(self, x: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Return checked inputs (still uint8, if they were) and targets of equal length."""
        x = self._checked_levels(x)
        return x, self._checked_y(y, len(x))


def _checked_sizes(sizes: Any) -> tuple[int, ...]:
    wrong = TypeError(f"sizes must be a list such as [784, 30, 10], got {checks.shown(sizes)}.")
    if isinstance(sizes, (Mapping, AbstractSet)):  # a set has no order, a dict two numbers each
        raise wrong
    try:
        sizes = list(sizes)
    except TypeError:
        raise wrong from None
    if len(sizes) < 2:
        raise ValueError(
            f"sizes must name at least two layers, input and output, got {sizes!r}. "
            "The book's example is [784, 30, 10]."
        )
    return tuple(checks.whole(f"sizes[{i}]", size) for i, size in enumerate(sizes))


def _kind(array: object) -> str:
    if not isinstance(array, np.ndarray):
        return checks.shown(array)
    return f"{type(array).__name__} of shape {array.shape} and {array.dtype}"


def _checked_dtype(dtype: Any) -> np.dtype:
    try:
        chosen = np.dtype(dtype)
    except TypeError:
        chosen = None
    if chosen is None or chosen not in (np.dtype(np.float64), np.dtype(np.float32)):
        raise ValueError(f"dtype must be float64 or float32, got {checks.shown(dtype)}.")
    return chosen
