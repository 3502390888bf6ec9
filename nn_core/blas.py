"""BLAS's two products that add up, c <- alpha a b + beta c, in place and in a single pass.

NumPy offers only the bare product, which leaves scaling, decay and addition to further passes over
a weight matrix. SciPy, where it is installed, hands BLAS's own functions through; without it the
stand-ins below give the same numbers to rounding, slower.

Matrices have Fortran's order here, as BLAS wants them: pass the transpose of an ordinary array, and
(a b)^T = b^T a^T. Flags stand last and unnamed, because named ones cost a third of a microsecond a
call. An output of another order or dtype SciPy would silently copy: `changes_in_place` tells.
"""

import sys
from functools import cache

import numpy as np


@cache
def gemm_and_gemv(dtype):
    """Return BLAS's (gemm, gemv) for float64 or float32, or their stand-ins without SciPy.

    gemm(alpha, a, b, beta, c, trans_a, trans_b, 1) : c <- alpha a b + beta c, a or b transposed
    if its flag is 1
    gemv(alpha, a, x, beta, y, 0, 1, 0, 1, 0, 1) : y <- alpha a x + beta y
    Both return c or y itself.
    """
    try:
        from scipy.linalg.blas import get_blas_funcs
    except ImportError:
        return _gemm, _gemv
    return tuple(get_blas_funcs(("gemm", "gemv"), dtype=dtype))


def changes_in_place(array, dtype):
    """Return whether BLAS, computing in `dtype`, would write to `array` and not to a copy of it."""
    return array.dtype == dtype and array.flags.f_contiguous and array.flags.writeable


def _gemm(alpha, a, b, beta, c, trans_a, trans_b, _in_place):
    return _add(alpha, _product(a.T if trans_a else a, b.T if trans_b else b), beta, c)


def _product(a, b):
    # In a browser NumPy has no BLAS, and einsum's loops are the faster ones there.
    return np.einsum("ij,jk->ik", a, b) if sys.platform == "emscripten" else a @ b


def _gemv(alpha, a, x, beta, y, *_strides_and_flags):
    return _add(alpha, a @ x, beta, y)


def _add(alpha, product, beta, c):
    if beta == 0:  # then c is not read, whatever it holds: nan times 0 would stay nan
        return np.multiply(alpha, product, out=c)
    c *= beta
    product *= alpha
    c += product
    return c
