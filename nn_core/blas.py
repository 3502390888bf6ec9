"""BLAS's products that add up, such as c <- alpha a b + beta c, in place and in a single pass.

NumPy offers only the bare product, which leaves scaling, decay and addition to further passes over
a weight matrix. SciPy, where it is installed, hands BLAS's own functions through; without it the
stand-ins below give the same numbers to rounding, slower.

Matrices have Fortran's order here, as BLAS wants them: pass the transpose of an ordinary array, and
(a b)^T = b^T a^T. Flags stand last and unnamed, because named ones cost a third of a microsecond a
call. An output of another order or dtype SciPy would silently copy: `changes_in_place` tells.
"""

import sys
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike


class Products(NamedTuple):
    """BLAS's functions for one dtype.

    gemm(alpha, a, b, beta, c, trans_a, trans_b, 1) : c <- alpha a b + beta c, a or b transposed
    if its flag is 1
    gemv(alpha, a, x, beta, y, 0, 1, 0, 1, 0, 1) : y <- alpha a x + beta y
    ger(alpha, x, y, 1, 1, a, 1, 1, 1) : a <- alpha x y^T + a; x and y stay, whatever the flags say
    All return what they change; gemm takes None for c, and returns a new matrix.
    """

    gemm: Callable
    gemv: Callable
    ger: Callable


@cache
def products(dtype: DTypeLike) -> Products:
    """Return BLAS's functions for float64 or float32, or their stand-ins without SciPy."""
    try:
        from scipy.linalg.blas import get_blas_funcs
    except ImportError:
        return STAND_INS
    return Products(*get_blas_funcs(Products._fields, dtype=dtype))


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a @ b, without NumPy's warning of "invalid value encountered in matmul".

    BLAS raises the flag behind that warning for finite products too, now and then, when it pads a
    small matrix with whatever stands in memory. It says nothing, then; nan in the product does.
    """
    with np.errstate(invalid="ignore"):
        return a @ b


def changes_in_place(array: np.ndarray, dtype: DTypeLike) -> bool:
    """Return whether BLAS, computing in `dtype`, would write to `array` and not to a copy of it."""
    return array.dtype == dtype and array.flags.f_contiguous and array.flags.writeable


def _gemm(
    alpha: float,
    a: np.ndarray,
    b: np.ndarray,
    beta: float,
    c: np.ndarray | None,
    trans_a: int = 0,
    trans_b: int = 0,
    _in_place: int = 0,
) -> np.ndarray:
    a, b = a.T if trans_a else a, b.T if trans_b else b
    # In a browser NumPy has no BLAS, and einsum's loops are the faster ones there.
    ab = np.einsum("ij,jk->ik", a, b) if sys.platform == "emscripten" else product(a, b)
    return np.multiply(alpha, ab, ab) if c is None else _add(alpha, ab, beta, c)


def _gemv(
    alpha: float, a: np.ndarray, x: np.ndarray, beta: float, y: np.ndarray, *_strides_and_flags: int
) -> np.ndarray:
    return _add(alpha, product(a, x), beta, y)


def _ger(
    alpha: float, x: np.ndarray, y: np.ndarray, _x: int, _y: int, a: np.ndarray, *_flags: int
) -> np.ndarray:
    return np.add(a, alpha * np.outer(x, y), out=a)


def _add(alpha: float, ab: np.ndarray, beta: float, c: np.ndarray) -> np.ndarray:
    if beta == 0:  # then c is not read, whatever it holds: nan times 0 would stay nan
        return np.multiply(alpha, ab, out=c)
    c *= beta
    ab *= alpha
    c += ab
    return c


STAND_INS = Products(_gemm, _gemv, _ger)
