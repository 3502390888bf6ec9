"""The runs behind the graphs in the book's section on weight initialization, with their ledgers.

    python -m experiments.book_figures            all runs, about ten minutes on two cores
    python -m experiments.book_figures --quick --out FILE    a small version, for a test

[784, 30, 10] and [784, 100, 10], old and new initialization, eta = 0.1, lmbda = 5.0, m = 10, all
50,000 training images, 30 epochs, five seeds; the first seed goes on to 150 epochs, to show where
the weights end up. Interrupt it whenever you like: finished runs are kept, and the next call goes
on with those that are missing.
"""

import argparse
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass

import numpy as np

from experiments import store
from nn_core import Network, load_mnist, train

FILE = store.RESULTS / "book_figures.npz"


@dataclass(frozen=True)
class Run:
    """The parameters of one training run. The weights and the shuffling have seeds of their own."""

    hidden: int
    init: str
    seed: int
    epochs: int
    n_train: int = 50_000
    eta: float = 0.1
    lmbda: float = 5.0
    m: int = 10

    @property
    def name(self):
        return f"{self.hidden}-{self.init}-{self.seed}"


def all_runs():
    return [
        Run(hidden, init, seed, epochs=150 if seed == 0 else 30)
        for hidden in (30, 100)
        for init in ("large", "scaled")
        for seed in range(5)
    ]


def quick_runs():
    return [
        Run(30, init, seed, epochs=2, n_train=500)
        for init in ("large", "scaled")
        for seed in (0, 1)
    ]


def records(run):
    """Return the iterator of one run's epochs, as `train` yields them."""
    mnist = load_mnist(run.n_train)
    shuffling, weights = np.random.default_rng(run.seed).spawn(2)
    net = Network([784, run.hidden, 10], init=run.init, seed=weights)
    return train(
        net, mnist.train.pixels, mnist.train.y,
        epochs=run.epochs, m=run.m, eta=run.eta, lmbda=run.lmbda, seed=shuffling,
        validation=(mnist.validation.pixels, mnist.validation.y), ledger=True,
    )  # fmt: skip


def compute(run):
    """Return a run's table of results, a row an epoch."""
    return store.table(list(records(run)))


def missing(runs, path):
    """Return the runs that `path` does not hold yet with just these parameters."""
    kept = store.read(path)
    return [run for run in runs if run.name not in kept or kept[run.name][0] != asdict(run)]


def run_all(runs, path, workers):
    """Compute the missing runs, the longest first, and keep each as soon as it is finished."""
    from tqdm import tqdm  # only those who run it need it, not those who read its results

    todo = sorted(missing(runs, path), key=lambda run: -run.epochs * run.hidden)
    # One BLAS thread a process: the matrices are small. It takes effect in processes that start
    # after it, and so they are spawned rather than forked.
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    spawn = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(workers, mp_context=spawn) as pool,
        tqdm(total=sum(run.epochs for run in todo), unit="epoch") as bar,
    ):
        futures = {pool.submit(compute, run): run for run in todo}
        try:
            for future in as_completed(futures):
                run = futures[future]
                store.write(path, store.read(path) | {run.name: (asdict(run), future.result())})
                bar.update(run.epochs)
        except BaseException:  # interrupted, or a run has failed: don't begin what is still to come
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def load(path=FILE):
    """Return the stored results, {(hidden, init): [table of each seed]}.

    Raises FileNotFoundError with what to do if there are none.
    """
    runs = store.read(path)
    if not runs:
        raise FileNotFoundError(
            f"{path} is missing. `git checkout` brings it back; "
            "`python -m experiments.book_figures` computes it anew."
        )
    grouped = {}
    for parameters, columns in runs.values():
        grouped.setdefault((parameters["hidden"], parameters["init"]), []).append(columns)
    return grouped


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="two epochs on 500 images")
    parser.add_argument("--out", default=FILE, help="the result file (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes")
    options = parser.parse_args(arguments)
    run_all(quick_runs() if options.quick else all_runs(), options.out, options.workers)


if __name__ == "__main__":
    main()
