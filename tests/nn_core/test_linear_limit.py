"""The convex problem against a closed form, its conditions, its own factors, a trained network."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from nn_core import Network, linear_limit, one_hot, train
from nn_core.linear_limit import _missed, critical_kappa, solve

OUTPUTS = 3


def images(n_train=60, inputs=6, seed=0):
    """Return inputs that say something about their class, and targets."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(OUTPUTS, size=n_train)
    centres = rng.random((OUTPUTS, inputs))
    return centres[labels] + 0.3 * rng.standard_normal((n_train, inputs)), one_hot(labels, OUTPUTS)


@pytest.mark.parametrize("kappa", [0.01, 0.05, 0.1])
def test_for_single_numbers_it_is_a_closed_form(kappa):
    """Images +1 and -1, targets 1 and 0: the slope sigma(-A) equals 4 kappa."""
    found = solve([[1.0], [-1.0]], [[1.0], [0.0]], kappa, tolerance=1e-9)
    assert found.A[0, 0] == pytest.approx(math.log((1 - 4 * kappa) / (4 * kappa)), rel=1e-7)
    assert found.b[0] == pytest.approx(0, abs=1e-7)
    assert found.cost == pytest.approx(-math.log(1 - 4 * kappa), rel=1e-7)
    assert found.squared_size == pytest.approx(4 * found.A[0, 0], rel=1e-12)


def test_it_gives_up_at_a_quarter_of_the_covariance():
    assert critical_kappa([[1.0], [-1.0]], [[1.0], [0.0]]) == pytest.approx(0.5 / 4)
    x, y = images()
    critical = critical_kappa(x, y)
    assert not solve(x, y, 1.001 * critical).A.any()
    below = solve(x, y, 0.99 * critical, tolerance=1e-6)
    assert np.linalg.matrix_rank(below.A, tol=1e-9) == 1 and below.nuclear_norm > 1e-3


@pytest.mark.parametrize("share", [0.02, 0.1, 0.4])
def test_the_conditions_of_a_minimum_hold(share):
    """The gradient, by differences, has the singular values 4 kappa where A has any, else less."""
    x, y = images()
    kappa = share * critical_kappa(x, y)
    found = solve(x, y, kappa, tolerance=1e-7)

    def cost(A, b):
        z = x @ A.T + b
        return float(np.mean(np.sum(np.logaddexp(0, z) - y * z, axis=1)))

    assert found.cost == pytest.approx(cost(found.A, found.b), rel=1e-12)
    steps = 1e-5 * np.eye(found.A.size).reshape(-1, *found.A.shape)
    slopes = [(cost(found.A + d, found.b) - cost(found.A - d, found.b)) / 2e-5 for d in steps]
    gradient = np.reshape(slopes, found.A.shape) / (4 * kappa)
    u, values, vt = np.linalg.svd(found.A, full_matrices=False)
    on = values > 1e-6
    assert on.sum() >= 1
    np.testing.assert_allclose(-u[:, on].T @ gradient @ vt[on].T, np.eye(on.sum()), atol=2e-4)
    assert np.linalg.svd(gradient, compute_uv=False)[0] < 1 + 2e-4


@pytest.mark.parametrize("hidden", [3, 7])
def test_the_factors_themselves_end_at_the_same_sums_of_squares(hidden):
    """L-BFGS on W1 and W2 of a linear network, from a random start: no convexity used."""
    x, y = images()
    kappa = 0.1 * critical_kappa(x, y)
    shapes = (hidden, x.shape[1]), (OUTPUTS, hidden)
    cut = shapes[0][0] * shapes[0][1]

    def parts(v):
        return v[:cut].reshape(shapes[0]), v[cut:-OUTPUTS].reshape(shapes[1]), v[-OUTPUTS:]

    def loss(v):
        w1, w2, b = parts(v)
        z = x @ (w2 @ w1 / 4).T + b
        error = (1 / (1 + np.exp(-z)) - y) / len(x)
        slope = error.T @ x / 4
        value = np.sum(np.logaddexp(0, z) - y * z) / len(x) + kappa / 2 * (
            v[:-OUTPUTS] @ v[:-OUTPUTS]
        )
        return value, np.concatenate([(w2.T @ slope + kappa * w1).ravel(),
                                      (slope @ w1.T + kappa * w2).ravel(),
                                      error.sum(axis=0)])  # fmt: skip

    start = np.random.default_rng(1).standard_normal(cut + OUTPUTS * hidden + OUTPUTS)
    options = {"maxiter": 20_000, "maxfun": 40_000, "ftol": 1e-15, "gtol": 1e-9}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    w1, w2, _ = parts(found.x)
    wanted = solve(x, y, kappa, tolerance=1e-7)
    assert np.sum(w1**2) == pytest.approx(wanted.squared_size, rel=1e-4)
    assert np.sum(w2**2) == pytest.approx(wanted.squared_size, rel=1e-4)
    np.testing.assert_allclose(w2 @ w1 / 4, wanted.A, atol=1e-3)
    assert wanted.rms(hidden) == pytest.approx(
        [np.sqrt(np.mean(w**2)) for w in (w1, w2)], rel=1e-4
    )  # fmt: skip


@pytest.mark.parametrize("hidden, rel", [(6, 0.15), (24, 0.05)])
def test_a_trained_network_settles_there(hidden, rel):
    """With sigmoids and whole batches; the wider it is, the straighter each of them is used."""
    x, y = images()
    kappa = 0.3 * critical_kappa(x, y)
    net = Network([6, hidden, OUTPUTS], init="new", seed=2)
    for biases in net.biases:
        biases[...] = 0
    run = train(net, x, y, epochs=4000, m=len(x), eta=2.0, lmbda=kappa * len(x), seed=0,
                evaluate=False)  # fmt: skip
    *_, _last = run
    wanted = solve(x, y, kappa).squared_size
    assert [np.sum(w**2) for w in net.weights] == pytest.approx([wanted, wanted], rel=rel)


def test_the_size_never_rises_with_kappa_and_a_start_nearby_changes_nothing():
    x, y = images()
    kappas = np.geomspace(0.01, 0.9, 6) * critical_kappa(x, y)
    alone = [solve(x, y, kappa, tolerance=1e-6) for kappa in kappas]
    norms = [found.nuclear_norm for found in alone]
    assert norms == sorted(norms, reverse=True)
    after = solve(x, y, kappas[2], start=alone[1], tolerance=1e-6)
    assert after.nuclear_norm == pytest.approx(norms[2], rel=1e-4)


def test_where_it_does_not_arrive_it_says_so(monkeypatch):
    x, y = images()
    monkeypatch.setattr(linear_limit, "MOST_STEPS", 20)
    with pytest.raises(RuntimeError, match="Take a larger tolerance, or a larger kappa"):
        solve(x, y, 1e-6)


def test_grey_levels_stand_for_256ths_as_for_a_network():
    levels = np.arange(24, dtype=np.uint8).reshape(6, 4) * 10
    y = np.eye(3)[[0, 1, 2, 0, 1, 2]]
    assert critical_kappa(levels, y) == critical_kappa(levels / 256, y)
    before = levels.copy()
    found, wanted = solve(levels, y, 1e-3), solve(levels / 256, y, 1e-3)
    np.testing.assert_array_equal(found.A, wanted.A)
    np.testing.assert_array_equal(levels, before)


@pytest.mark.parametrize("length", [1.0, 1e-12])
def test_a_small_matrix_is_held_to_the_conditions_of_a_minimum_like_a_large_one(length):
    """Where A = length * u v^T, the gradient has to be -weight * u v^T; half of it misses half."""
    u, v, weight = np.array([0.6, 0.8]), np.array([1.0, 2.0, 2.0]) / 3, 0.3
    direction = np.outer(u, v)
    for part in (1, 0.5, -1):
        missed = _missed(-part * weight * direction, np.zeros(2), length * direction, weight)
        assert missed == pytest.approx(1 - part, abs=1e-12)


def test_the_acceleration_is_worth_it(monkeypatch):
    """The plain proximal gradient takes 1,840 steps here."""
    x, y = images()
    monkeypatch.setattr(linear_limit, "MOST_STEPS", 220)
    assert solve(x, y, 0.02 * critical_kappa(x, y), tolerance=1e-6).optimality < 1e-6


def test_it_begins_where_the_minimum_is_if_weights_give_up(monkeypatch):
    x, y = images()
    monkeypatch.setattr(linear_limit, "MOST_STEPS", 1)
    monkeypatch.setattr(linear_limit, "CHECKED_EVERY", 1)
    found = solve(x, y, 2 * critical_kappa(x, y), tolerance=1e-9)
    share = y.mean(axis=0)
    np.testing.assert_allclose(found.b, np.log(share / (1 - share)), rtol=1e-9)


def test_where_all_images_are_of_one_class_the_bias_alone_says_so():
    x, _ = images()
    found = solve(x, np.tile([1.0, 0.0], (len(x), 1)), 0.1)
    assert not found.A.any() and found.cost < 1e-5
    assert found.b[0] == pytest.approx(-found.b[1], rel=1e-9) and 13 < found.b[0] < 15


def test_unasked_it_misses_the_conditions_by_less_than_a_thousandth():
    x, y = images()
    assert solve(x, y, 0.02 * critical_kappa(x, y)).optimality < 1e-3
