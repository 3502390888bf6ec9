"""Where weights settle, from a convex problem in which no width occurs.

Near z = 0 the sigmoid is a straight line, sigma(z) = 1/2 + z/4 + ..., so a network with one hidden
layer of nearly linear neurons computes

    z  =  W2 (W1 x)/4 + a bias  =  A x + b,     A = W2 W1 / 4.

Of all weights that make the same A, regularization prefers those with the least sum of squares.
For single numbers, w a = 4A, that is the inequality of the two means: (w^2 + a^2)/2 >= |w a|, equal
where w^2 = a^2 = 4|A|. For matrices the least (||W1||^2 + ||W2||^2)/2 is the sum of the singular
values of W2 W1, reached where ||W1|| = ||W2|| (Srebro, Rennie and Jaakkola, *Maximum-Margin Matrix
Factorization*, 2004), if the hidden layer is at least as wide as A has singular values. So, with
kappa = lmbda/n_train, the network at rest minimizes

    mean cross-entropy of A x + b   +   4 kappa ||A||_*,

a convex problem, in which the number of hidden neurons does not occur. Its solution says how large
the weights are: ||W1||^2 = ||W2||^2 = 4 ||A||_*, whatever the width. Assumed are linear neurons, a
network at the minimum, and no noise of mini-batches.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from nn_core import checks
from nn_core.cost import CrossEntropyCost, sigmoid
from nn_core.network import as_input
from nn_core.threads import one_blas_thread

MOST_STEPS, CHECKED_EVERY = 20_000, 20


@dataclass(frozen=True)
class Solution:
    """The minimum for one kappa.

    `A` has the shape (outputs, inputs), `b` (outputs,). `optimality` is how far the conditions of
    a minimum are missed, as a share of 4 kappa: there the gradient of the cost in A has singular
    values of at most 4 kappa, and exactly that, with A's own directions, where A is not 0.
    """

    A: np.ndarray
    b: np.ndarray
    cost: float  # mean cross-entropy, without the penalty
    optimality: float

    @property
    def nuclear_norm(self) -> float:
        """||A||_*, the sum of the singular values of A."""
        return float(np.linalg.svd(self.A, compute_uv=False).sum())

    @property
    def squared_size(self) -> float:
        """||W1||^2, which is ||W2||^2: four times the nuclear norm."""
        return 4 * self.nuclear_norm

    def rms(self, hidden: int) -> tuple[float, float]:
        """Return the size of hidden and output weights of a network with so many neurons."""
        hidden = checks.whole("hidden", hidden)
        outputs, inputs = self.A.shape
        each = self.squared_size / hidden
        return (each / inputs) ** 0.5, (each / outputs) ** 0.5


def solve(
    x: ArrayLike,
    y: ArrayLike,
    kappa: float,
    *,
    start: Solution | None = None,
    tolerance: float = 1e-3,
) -> Solution:
    """Minimize  mean cross-entropy of A x + b  +  4 kappa ||A||_*.

    Parameters
    ----------
    x, y : inputs of shape (n_train, inputs) and targets of shape (n_train, outputs)
    kappa : lmbda/n_train, above 0
    start : a solution to begin from, such as that for a kappa nearby
    tolerance : of `Solution.optimality`, above 0

    Inputs of dtype uint8 are grey levels k and stand for k/256, as for a `Network`. With x in
    float32 it takes half the time, and can't do better than a tolerance of about 0.001.

    By proximal gradient with Nesterov's acceleration (Beck and Teboulle 2009), restarted where it
    overshoots (O'Donoghue and Candes 2015): a step along the gradient, then 4 kappa times the step
    is taken off each singular value.

    Raises TypeError or ValueError for what can't be used, RuntimeError if it does not arrive.
    """
    inputs, targets = _tables(x, y)
    weight = 4 * checks.number("kappa", kappa, above=0)
    tolerance = checks.number("tolerance", tolerance, above=0)
    _check_start(start, (targets.shape[1], inputs.shape[1]))
    with one_blas_thread():  # ten outputs are too few to be worth dividing
        return _descend(inputs, targets, weight, start, tolerance)


def _descend(
    inputs: np.ndarray,
    targets: np.ndarray,
    weight: float,
    start: Solution | None,
    tolerance: float,
) -> Solution:
    """Return what `solve` does; `weight` is 4 kappa, and `inputs` are changed."""
    mean = inputs.mean(axis=0)
    inputs -= mean  # which changes only b, and makes the steps longer
    # A step of 1/L: the slope of sigma is at most 1/4.
    step = 4 / max(float(np.linalg.eigvalsh(inputs.T @ inputs / len(inputs))[-1]), 1.0)
    A = np.zeros((targets.shape[1], inputs.shape[1])) if start is None else start.A
    b = _logit(targets.mean(axis=0)) if start is None else start.b + start.A @ mean
    A_ahead, b_ahead, momentum, missed = A, b, 1.0, np.inf
    for count in range(1, MOST_STEPS + 1):
        grad_A, grad_b = _gradient(inputs, targets, A_ahead, b_ahead)
        A_new, b_new = _shrunk(A_ahead - step * grad_A, step * weight), b_ahead - step * grad_b
        along = np.vdot(A_ahead - A_new, A_new - A) + (b_ahead - b_new) @ (b_new - b)
        later = 1.0 if along > 0 else (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        push = 0.0 if along > 0 else (momentum - 1) / later
        A_ahead, b_ahead = A_new + push * (A_new - A), b_new + push * (b_new - b)
        A, b, momentum = A_new, b_new, later
        if count % CHECKED_EVERY == 0:
            missed = _missed(*_gradient(inputs, targets, A, b), A, weight)
            if missed < tolerance:
                cost = CrossEntropyCost.per_example(inputs @ A.T + b, targets).mean()
                return Solution(A, b - A @ mean, float(cost), missed)
    raise RuntimeError(
        f"After {MOST_STEPS:,} steps the conditions of a minimum are missed by {missed:.1g} of "
        f"4 kappa; asked was {tolerance:g}. Take a larger tolerance, or a larger kappa."
    )


def critical_kappa(x: ArrayLike, y: ArrayLike) -> float:
    """Return the kappa = lmbda/n_train from which on A = 0 is the minimum: weights give up.

    At A = 0 the best bias answers each image with the mean target, so the gradient in A is minus
    the covariance of targets and inputs, and A = 0 is the minimum exactly if no singular value of
    that exceeds 4 kappa.
    """
    inputs, targets = _tables(x, y)
    means = np.outer(targets.mean(axis=0), inputs.mean(axis=0))
    covariance = targets.T @ inputs / len(inputs) - means
    return float(np.linalg.svd(covariance, compute_uv=False)[0]) / 4


def _tables(x: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return copies of x and y as floats, single ones if x has them, or say what is wrong."""
    dtype = np.float32 if getattr(x, "dtype", None) == np.float32 else np.float64
    inputs = as_input(checks.levels("x", x, None), dtype)
    return np.array(inputs), np.array(checks.targets("y", y, None, len(inputs)), dtype)


def _check_start(start: object, shape: tuple[int, int]) -> None:
    if start is not None and not isinstance(start, Solution):
        raise TypeError(f"start must be a Solution or None, got {checks.shown(start)}.")
    if start is not None and start.A.shape != shape:
        raise ValueError(f"start must have an A of shape {shape}, got {start.A.shape}.")


def _gradient(
    x: np.ndarray, y: np.ndarray, A: np.ndarray, b: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    error = sigmoid(x @ A.T.astype(x.dtype) + b.astype(x.dtype)) - y
    return error.T @ x / len(x), error.mean(axis=0)


def _shrunk(A: np.ndarray, by: float) -> np.ndarray:
    """Return A with `by` taken off each singular value, down to 0."""
    u, values, vt = np.linalg.svd(A, full_matrices=False)
    return (u * np.maximum(values - by, 0)) @ vt


def _missed(grad_A: np.ndarray, grad_b: np.ndarray, A: np.ndarray, weight: float) -> float:
    """Return by how much the conditions of a minimum are missed, as a share of `weight`.

    With A = U S V^T they are: -grad_A = weight (U V^T + R), where R is at right angles to U and V
    and has singular values of at most 1; and grad_b = 0.
    """
    u, values, vt = np.linalg.svd(A, full_matrices=False)
    on = values > 1e-9 * max(values[0], 1e-300)
    u, vt = u[:, on], vt[on]
    rest = -grad_A / weight - u @ vt
    inside = u @ (u.T @ rest) + (rest - u @ (u.T @ rest)) @ vt.T @ vt
    beyond = np.linalg.svd(rest - inside, compute_uv=False)[0] - 1
    return float(max(np.linalg.norm(inside, 2), beyond, np.linalg.norm(grad_b) / weight, 0))


def _logit(share: np.ndarray) -> np.ndarray:
    share = np.clip(share, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(share / (1 - share)))
