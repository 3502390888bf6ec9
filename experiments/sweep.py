"""Many independent runs, on all cores or on a cluster, each kept as soon as it is finished.

joblib does the distributing: local processes by default, and whatever `joblib.parallel_config`
says around the call, a Dask cluster for instance (see `cluster`). A run's numbers depend on its
parameters alone, so that they are the same wherever and in whatever order it is computed.
"""

import argparse
import errno
import os
import time
from concurrent.futures import BrokenExecutor
from dataclasses import asdict

from experiments import store
from nn_core.threads import one_blas_thread

BREAKDOWNS = 3  # in a row without a finished run, after which it can't be an accident
PATIENCE = 10  # s between attempts to save on a full disk
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # the disk, our share of it, or a file


class Named:
    """What a run's dataclass inherits to be named by all of its parameters."""

    @property
    def name(self):
        return "-".join(f"{key}={value}" for key, value in asdict(self).items())


def missing(runs, kept):
    """Return the runs that `kept`, as `store.read` returns it, lacks with just these parameters."""
    return [run for run in runs if kept.get(run.name, (None,))[0] != asdict(run)]


def run_all(runs, compute, path):
    """Compute the missing runs, those with the most work first, and keep each in the file `path`.

    Parameters
    ----------
    runs : frozen dataclasses of numbers and texts, with a unique `name` and an estimate of their
        `work`, in any unit
    compute : a function of one run that returns its results, {column: array}
    path : a result file of `store`, made if there is none

    However it ends (Ctrl+C, a run that fails, kill -9, a full disk), what is finished is kept, and
    the next call goes on with the rest. A worker process that dies takes nothing along but the runs
    in progress, and these are begun again. While the disk is full, finished runs wait in memory.
    What other processes add to the file meanwhile stays there.

    Raises OSError if the file can't be written: before anything is computed, or, if that is so only
    later, as soon as a run is to be kept. Raises RuntimeError if a run fails or its results are not
    finite, naming it, or if workers keep dying.
    """
    from tqdm import tqdm  # only those who run it need it, not those who read its results

    todo = sorted(missing(runs, store.read(path)), key=lambda run: -run.work)
    if todo:
        store.check_writable(path)
    unsaved = {}
    with tqdm(total=len(todo), unit="run") as bar:
        try:
            for run, columns in _results(todo, compute, bar):
                unsaved[run.name] = asdict(run), columns
                _save(path, unsaved, bar)
                bar.update()
        finally:  # also after a run that fails, or Ctrl+C
            while unsaved and not _save(path, unsaved, bar):
                bar.write(
                    f"Free some space where {path} is, and within {PATIENCE} s they are saved. "
                    f"Ctrl+C gives up {', '.join(unsaved)}; all other runs are kept."
                )
                time.sleep(PATIENCE)


def main(arguments, *, about, file, compute, all_runs, quick_runs, quick):
    """Run an experiment from its command line. `quick` says what `--quick` leaves of it."""
    parser = argparse.ArgumentParser(description=about.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--out", default=file, help="the result file (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="local processes")
    parser.add_argument("--dask", metavar="ADDRESS", help="the scheduler of a Dask cluster")
    options = parser.parse_args(arguments)
    with _place(options):
        run_all(quick_runs() if options.quick else all_runs(), compute, options.out)


def _place(options):
    if options.dask:
        from experiments.cluster import on_dask

        return on_dask(options.dask)
    import joblib

    return joblib.parallel_config("loky", n_jobs=options.workers)


def _results(runs, compute, bar):
    """Yield (run, columns) in the order in which they are finished, even if workers die."""
    from joblib import Parallel, delayed

    breakdowns = 0
    while runs:
        finished = set()
        # All at once, so that workers who join later find something to do.
        parallel = Parallel(batch_size=1, pre_dispatch="all", return_as="generator_unordered")
        try:
            for run, columns in parallel(delayed(_named)(compute, run) for run in runs):
                finished.add(run.name)
                yield run, columns
        except BrokenExecutor as why:
            breakdowns = 0 if finished else breakdowns + 1
            if breakdowns == BREAKDOWNS:
                raise RuntimeError(
                    f"Worker processes died {BREAKDOWNS} times before finishing a single run, "
                    "perhaps for lack of memory. Try fewer of them."
                ) from why
            bar.write("A worker process died. The runs in progress begin again.")
        runs = [run for run in runs if run.name not in finished]


def _named(compute, run):
    try:
        with one_blas_thread():  # some BLAS round differently with more
            columns = compute(run)
        store.check_finite(columns)  # which `store.read` would refuse
        return run, columns
    except Exception as why:
        raise RuntimeError(f"The run {run.name} failed: {type(why).__name__}: {why}") from why


def _save(path, unsaved, bar):
    """Add the runs to the file and strike them off `unsaved`; False if the disk is full."""
    try:
        store.add(path, unsaved)
    except OSError as why:
        if why.errno not in FULL:  # nothing that waiting mends
            raise
        bar.write(f"Finished runs could not be saved and wait in memory: {why}")
        return False
    unsaved.clear()
    return True
