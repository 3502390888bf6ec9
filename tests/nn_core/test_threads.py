"""BLAS gets one thread while training, and its own number back afterwards."""

import builtins
import os
import subprocess
import sys

import numpy as np
import pytest

from nn_core import Network, blas, engine, one_hot, threads, train
from nn_core.threads import one_blas_thread

threadpoolctl = pytest.importorskip("threadpoolctl")


def blas_threads():
    return [pool["num_threads"] for pool in threadpoolctl.threadpool_info()
            if pool["user_api"] == "blas"]  # fmt: skip


@pytest.fixture
def two_threads():
    """Let BLAS have two threads, whatever the environment of the tests says."""
    np.ones((2, 2)) @ np.ones((2, 2))  # BLAS is loaded ...
    blas.products(float)  # ... and SciPy's own
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        if 2 not in blas_threads():
            pytest.skip("this BLAS has a fixed number of threads")
        yield


@pytest.fixture
def without_threadpoolctl(monkeypatch):
    original = builtins.__import__

    def no_threadpoolctl(name, *rest, **more):
        if name.partition(".")[0] == "threadpoolctl":
            raise ImportError(name)
        return original(name, *rest, **more)

    threads._controller.cache_clear()
    monkeypatch.delitem(sys.modules, "threadpoolctl", raising=False)
    monkeypatch.setattr(builtins, "__import__", no_threadpoolctl)
    yield
    threads._controller.cache_clear()


def small():
    rng = np.random.default_rng(1)
    return Network([6, 5, 4], seed=1), rng.random((40, 6)), one_hot(rng.integers(0, 4, 40), 4)


LATE = """
import threadpoolctl
from nn_core.threads import one_blas_thread

with one_blas_thread():
    import scipy.linalg.blas  # a BLAS of its own, with two threads

    with one_blas_thread():
        blas = [one for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"]
        print(*(one["num_threads"] for one in blas))
"""


def test_a_blas_that_comes_in_late_is_held_to_one_thread_too():
    pytest.importorskip("scipy")
    two = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "2")
    said = subprocess.run([sys.executable, "-c", LATE], env=os.environ | two, check=True,
                          capture_output=True, text=True).stdout  # fmt: skip
    assert set(said.split()) == {"1"}


def test_inside_there_is_one_and_afterwards_as_many_as_before(two_threads):
    before = blas_threads()
    with one_blas_thread():
        assert set(blas_threads()) == {1}
        with one_blas_thread():
            assert set(blas_threads()) == {1}
        assert set(blas_threads()) == {1}
    assert blas_threads() == before


def test_an_error_inside_restores_them_too(two_threads):
    before = blas_threads()
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        raise ZeroDivisionError
    assert blas_threads() == before


def test_train_uses_one_and_leaves_the_rest_of_the_program_alone(two_threads, monkeypatch):
    seen, original = [], engine.Engine.run

    def run(self, *arguments):
        seen.append(set(blas_threads()))
        return original(self, *arguments)

    monkeypatch.setattr(engine.Engine, "run", run)
    net, x, y = small()
    before = blas_threads()
    for _ in train(net, x, y, epochs=2, m=7, eta=0.1, lmbda=1.0, seed=1):
        assert blas_threads() == before  # between the epochs, too
    assert seen == [{1}, {1}]


def test_train_that_breaks_restores_them(two_threads, monkeypatch):
    def run(self, *arguments):
        raise MemoryError

    monkeypatch.setattr(engine.Engine, "run", run)
    net, x, y = small()
    before = blas_threads()
    with pytest.raises(MemoryError):
        list(train(net, x, y, epochs=1, m=7, eta=0.1, lmbda=1.0))
    assert blas_threads() == before


def test_without_threadpoolctl_all_works_and_the_numbers_are_the_same(without_threadpoolctl):
    assert threads._controller(0) is None
    with one_blas_thread():
        pass
    net, x, y = small()
    list(train(net, x, y, epochs=2, m=7, eta=0.1, lmbda=1.0, seed=1))
    found = [w.copy() for w in net.weights]
    threads._controller.cache_clear()
    net, x, y = small()
    list(train(net, x, y, epochs=2, m=7, eta=0.1, lmbda=1.0, seed=1))
    for one, other in zip(found, net.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
