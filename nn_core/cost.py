"""The two costs of the book, computed so that saturated neurons do no harm.

A cost is a class with two static methods. `per_example` takes the *weighted inputs* `z` of the
output layer rather than its activations: sigma(z) rounds to exactly 1 from z = 37 on, and the
logarithm of 1 - sigma(z) is then lost, while z itself still knows it.
"""

import numpy as np


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-z)) elementwise; very negative `z` give 0 without a warning."""
    with np.errstate(over="ignore"):  # exp(-z) = inf means sigma(z) = 0, which is what we want
        return 1.0 / (1.0 + np.exp(-z))


def sigmoid_prime(activation: np.ndarray) -> np.ndarray:
    """Return the slope of the sigmoid where it takes the value `activation`: a (1 - a)."""
    return activation * (1.0 - activation)


class CrossEntropyCost:
    """The cross-entropy, equation (57) of the book for one neuron and (63) for many."""

    @staticmethod
    def per_example(z: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the cost of each example, shape (batch,), from weighted inputs and targets.

        With -ln sigma(z) = ln(1 + exp(-z)) the cost of one output is
        y ln(1 + exp(-z)) + (1 - y) ln(1 + exp(z)): two terms that are never negative, so nothing
        cancels and nothing overflows.
        """
        return (y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z)).sum(axis=1)

    @staticmethod
    def delta(activation: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Return the output error dC/dz, shape (batch, outputs): equation (66).

        The slope of the sigmoid has cancelled, so a saturated wrong output still learns. `out` is
        an array to write it to, as in NumPy.
        """
        return np.subtract(activation, y, out=out)


class QuadraticCost:
    """The quadratic cost, equation (6) of the book."""

    @staticmethod
    def per_example(z: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the cost of each example, shape (batch,), from weighted inputs and targets."""
        return 0.5 * ((sigmoid(z) - y) ** 2).sum(axis=1)

    @staticmethod
    def delta(activation: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Return the output error dC/dz, shape (batch, outputs): equation (BP1)."""
        return np.multiply(activation - y, sigmoid_prime(activation), out=out)


Cost = type[CrossEntropyCost] | type[QuadraticCost]
COSTS: dict[str, Cost] = {cost.__name__: cost for cost in (CrossEntropyCost, QuadraticCost)}
