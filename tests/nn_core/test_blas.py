"""BLAS's products change arrays in place, and their stand-ins do the same without SciPy."""

import sys

import numpy as np
import pytest

from nn_core import Network, blas, one_hot, train

DTYPES = [np.dtype(np.float64), np.dtype(np.float32)]


@pytest.fixture
def without_scipy(monkeypatch):
    monkeypatch.setitem(
        sys.modules, "scipy.linalg.blas", None
    )  # what an absent module is to import
    blas.products.cache_clear()
    yield
    blas.products.cache_clear()


def both(dtype):
    blas.products.cache_clear()
    return [blas.products(dtype), blas.STAND_INS]


def fortran(rng, shape, dtype):
    return np.asfortranarray(rng.normal(size=shape).astype(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("flags", [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize("beta", [0.0, 1.0, 0.9])
def test_gemm_adds_a_product_in_place(dtype, flags, beta):
    for gemm, *_ in both(dtype):
        rng = np.random.default_rng(0)
        a = fortran(rng, (5, 4) if flags[0] else (4, 5), dtype)
        b = fortran(rng, (3, 5) if flags[1] else (5, 3), dtype)
        c = fortran(rng, (4, 3), dtype)
        double = [array.astype(float) for array in (a, b, c)]
        right = -0.3 * np.einsum(
            ("ki" if flags[0] else "ik") + "," + ("jk" if flags[1] else "kj"), *double[:2]
        ) + beta * double[2]  # fmt: skip
        changed = gemm(-0.3, a, b, beta, c, *flags, 1)
        assert np.shares_memory(changed, c)
        np.testing.assert_allclose(c, right, rtol=1e-12 if dtype == np.float64 else 1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_gemm_makes_a_matrix_where_none_is_given(dtype):
    a = fortran(np.random.default_rng(2), (5, 4), dtype)
    for gemm, *_ in both(dtype):
        inner = gemm(0.5, a, a, 0.0, None, 1)
        right = 0.5 * np.einsum("ki,kj->ij", a.astype(float), a.astype(float))
        np.testing.assert_allclose(inner, right, rtol=1e-12 if dtype == np.float64 else 1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("beta", [0.0, 1.0, 0.9])
def test_gemv_adds_a_product_in_place(dtype, beta):
    for _, gemv, _ in both(dtype):
        rng = np.random.default_rng(1)
        a, x, y = fortran(rng, (4, 5), dtype), fortran(rng, 5, dtype), fortran(rng, 4, dtype)
        right = 0.7 * (a.astype(float) * x).sum(axis=1) + beta * y.astype(float)
        changed = gemv(0.7, a, x, beta, y, 0, 1, 0, 1, 0, 1)
        assert np.shares_memory(changed, y)
        np.testing.assert_allclose(y, right, rtol=1e-12 if dtype == np.float64 else 1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_ger_adds_a_row_or_column_to_each_and_leaves_it_as_it_was(dtype):
    """With alpha = -1 and ones that is a subtraction, to the last bit."""
    for _, _, ger in both(dtype):
        rng = np.random.default_rng(3)
        a, x, ones = fortran(rng, (4, 3), dtype), fortran(rng, 4, dtype), np.ones(3, dtype)
        right, before = a - x[:, None], x.copy()
        changed = ger(-1.0, x, ones, 1, 1, a, 1, 1, 1)
        assert np.shares_memory(changed, a)
        assert (a == right).all() and (x == before).all() and (ones == 1).all()
        right = a.astype(float) + 0.3 * np.outer(x, [1, 2, 3])
        ger(0.3, x, np.array([1, 2, 3], dtype), 1, 1, a, 1, 1, 1)
        np.testing.assert_allclose(a, right, rtol=1e-12 if dtype == np.float64 else 1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_with_beta_0_the_old_values_are_not_read(dtype):
    for gemm, gemv, _ in both(dtype):
        a, c = np.ones((2, 2), dtype, order="F"), np.full((2, 2), np.nan, dtype, order="F")
        y = np.full(2, np.nan, dtype)
        gemm(1.0, a, a, 0.0, c, 0, 0, 1)
        gemv(1.0, a, np.ones(2, dtype), 0.0, y, 0, 1, 0, 1, 0, 1)
        assert (c == 2).all() and (y == 2).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "spoil",
    [np.ascontiguousarray, lambda c: c[::2], lambda c: c.astype(">f8"), lambda c: c.astype("f2")],
    ids=["C order", "strided", "byte order", "dtype"],
)
def test_what_scipy_would_copy_is_known_beforehand(dtype, spoil):
    """The promise of `changes_in_place`, held against what SciPy does."""
    (gemm, *_), _ = both(dtype)
    for change, kept in ((np.asfortranarray, True), (spoil, False)):
        c = change(np.zeros((4, 3), dtype, order="F"))
        assert blas.changes_in_place(c, dtype) == kept
        ones = np.ones((len(c), 2), dtype, order="F"), np.ones((2, 3), dtype, order="F")
        gemm(1.0, *ones, 1.0, c, 0, 0, 1)
        assert (c == 2).all() == kept


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_array_that_can_not_be_changed_is_not_written_to(dtype):
    c = np.zeros((4, 3), dtype, order="F")
    c.flags.writeable = False
    assert not blas.changes_in_place(c, dtype)


@pytest.mark.parametrize(
    "spoil",
    [np.asfortranarray, lambda w: w.astype(np.float32), lambda w: np.hstack([w, w])[:, ::2]],
)
def test_weights_that_can_not_be_trained_in_place_are_refused(spoil):
    net, x, y = problem()
    net.weights[0] = spoil(net.weights[0])
    with pytest.raises(ValueError, match="ascontiguousarray"):
        next(train(net, x, y, epochs=1, m=5, eta=0.5, lmbda=3.0))


def problem():
    rng = np.random.default_rng(2)
    x = rng.integers(0, 256, (23, 6), dtype=np.uint8)
    return Network([6, 4, 3], seed=rng), x, one_hot(rng.integers(0, 3, 23), 3)


def test_without_scipy_training_gives_the_same_numbers(without_scipy):
    net, x, y = problem()
    twin = net.copy()
    run = {"epochs": 3, "m": 5, "eta": 0.5, "lmbda": 3.0, "seed": 1, "ledger": True}
    slow = list(train(net, x, y, **run))
    assert blas.products(net.dtype) is blas.STAND_INS
    blas.products.cache_clear()
    sys.modules.pop("scipy.linalg.blas")  # it is there again
    fast = list(train(twin, x, y, **run))
    assert blas.products(net.dtype) is not blas.STAND_INS
    for one, other in zip(net.weights + net.biases, twin.weights + twin.biases, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    for one, other in zip(slow, fast, strict=True):
        assert one.ledger.layers[0].kick == pytest.approx(other.ledger.layers[0].kick, rel=1e-10)
