"""A Dask cluster as the place where a sweep is computed.

Its workers need this project installed, in the same version.
"""

from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

import joblib
from distributed import Client, KilledWorker
from joblib._dask import DaskDistributedBackend


@contextmanager
def on_dask(address):
    """Let `sweep.run_all` use the Dask cluster whose scheduler has this address."""
    with Client(address) as client, joblib.parallel_config(_Backend(client=client)):
        yield


class _Backend(DaskDistributedBackend):
    """joblib's "dask", with what it lacks when workers die.

    It would wait forever for a task that Dask itself has given up, as Dask does when several
    workers have died of it: here it is reported like one whose local process has died. While all
    workers are dead, it asks for new ones with an empty task, and fails if that lands on one that
    is just dying. And while there is but one worker, it would compute in the process that asks.
    """

    def effective_n_jobs(self, n_jobs):
        while True:
            try:
                return max(2, super().effective_n_jobs(n_jobs))
            except KilledWorker:
                pass  # those that follow it are on their way

    def submit(self, func, callback=None):
        future = super().submit(func, callback)
        future.add_done_callback(lambda done: done.exception() and callback(done.exception()))
        return future

    def retrieve_result_callback(self, out):
        if isinstance(out, BaseException):
            raise BrokenProcessPool(str(out)) from out
        return super().retrieve_result_callback(out)
