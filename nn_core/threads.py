"""One BLAS thread while training: a mini-batch is too small to be worth dividing.

More threads spend their time waiting for each other, and where other programs keep the cores busy
they make training ten times slower.
"""

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any


@cache
def _controller() -> Any:
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:  # nn_core works without it too, with as many threads as BLAS likes
        return None
    return ThreadpoolController()


def one_blas_thread() -> AbstractContextManager:
    """Return a context in which BLAS uses one thread, restored afterwards."""
    controller = _controller()
    return nullcontext() if controller is None else controller.limit(limits=1, user_api="blas")
