"""How much more a sweep gets done with two workers than with one.

    python -m benchmarks.sweep_throughput              about two minutes
    python -m benchmarks.sweep_throughput --pairs 11   more measurements

The same runs with one worker and with two, alternately, each time into a new file. The worker
processes have been started and warmed up before: what is timed is a sweep in full swing. The goal
is 1.8 on an idle machine with two cores.
"""

import argparse
import contextlib
import io
import statistics
import tempfile
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import joblib

from experiments import scaling, sweep

# Small ones of the scaling sweep, many of them, so that the last one alone doesn't count.
RUNS = [scaling.Run(n_train=1000, lmbda=10.0, seed=seed) for seed in range(40)]
WARMING_UP = [replace(run, lmbda=50.0) for run in RUNS[:8]]


def seconds(workers, runs=RUNS):
    """Return how long `workers` processes take for the runs."""
    with (
        tempfile.TemporaryDirectory() as folder,
        joblib.parallel_config("loky", n_jobs=workers),
        contextlib.redirect_stderr(io.StringIO()),  # the progress bar
    ):
        started = perf_counter()
        sweep.run_all(runs, scaling.compute, Path(folder) / "results.npz")
        return perf_counter() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=5, help="measurements (default: %(default)s)")
    pairs = parser.parse_args().pairs
    for workers in (1, 2):
        seconds(workers, WARMING_UP)
    ratios = []
    for number in range(1, pairs + 1):
        one, two = seconds(1), seconds(2)
        ratios.append(one / two)
        print(f"{number}: {one:.1f} s with one worker, {two:.1f} s with two: {ratios[-1]:.2f}")
    print(
        f"Two workers do {statistics.median(ratios):.2f} times as much as one "
        f"(median of {pairs}, {min(ratios):.2f} to {max(ratios):.2f})."
    )


if __name__ == "__main__":
    main()
