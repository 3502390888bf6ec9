"""One BLAS thread while training: a mini-batch is too small to be worth dividing.

More threads spend their time waiting for each other, and where other programs keep the cores busy
they make training ten times slower.
"""

import sys
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=1)
def _controller(imported: int) -> Any:
    """Return what sets the threads of every BLAS loaded so far, looked up anew after an import.

    SciPy brings a BLAS of its own along, and it may come in when training has begun.
    """
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:  # nn_core works without it too, with as many threads as BLAS likes
        return None
    return ThreadpoolController()


def one_blas_thread() -> AbstractContextManager:
    """Return a context in which BLAS uses one thread, restored afterwards."""
    controller = _controller(len(sys.modules))
    return nullcontext() if controller is None else controller.limit(limits=1, user_api="blas")
