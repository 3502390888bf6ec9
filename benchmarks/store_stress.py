"""Whether a result file keeps everything that several processes add to it at once.

    python -m benchmarks.store_stress                a minute, two writers, one reader
    python -m benchmarks.store_stress --seconds 10 --writers 4

Each writer adds one run after the other, without a pause, under names that come again, each with
the number of the attempt. The reader reads without a pause: a file that is not whole, or in which a
writer's number has gone back, is an error. In the end the last number of each name must be there.
"""

import argparse
import multiprocessing
import tempfile
from pathlib import Path
from time import monotonic

import numpy as np

from experiments import store

NAMES = 50  # of each writer


def write(path, writer, seconds, done):
    """Add runs for so long; put their number in the queue."""
    number, latest = 0, monotonic() + seconds
    while monotonic() < latest:
        number += 1
        table = {"cost": np.full(1000, number)}
        store.add(path, {f"{writer}-{number % NAMES}": ({"number": number}, table)})
    done.put((writer, number))


def numbers(path):
    """Return {name: number} of the runs in the file, each of them whole."""
    found = {}
    for name, (parameters, columns) in store.read(path).items():
        found[name] = parameters["number"]
        assert (columns["cost"] == found[name]).all(), f"{name} is mixed of two"
    return found


def read(path, processes):
    """Read until the writers have ended; return how often, and how often something was new."""
    reads, changes, before = 0, 0, {}
    while any(process.is_alive() for process in processes):
        now = numbers(path)
        gone_back = [name for name, number in before.items() if now.get(name, 0) < number]
        assert not gone_back, f"lost: {gone_back}"
        reads, changes, before = reads + 1, changes + (now != before), now
    return reads, changes


def stress(path, writers, seconds):
    """Return {writer: runs added}, and what `read` does; AssertionError if something is lost."""
    context = multiprocessing.get_context("spawn")
    done = context.Queue()
    processes = [
        context.Process(target=write, args=(path, writer, seconds, done))
        for writer in range(writers)
    ]
    for process in processes:
        process.start()
    counts = read(path, processes)
    assert [process.exitcode for process in processes] == [0] * writers, "a writer failed"
    added = dict(done.get() for _ in processes)
    last = {
        f"{writer}-{number % NAMES}": number
        for writer, total in added.items()
        for number in range(1, total + 1)
    }
    assert numbers(path) == last, "lost in the end"
    return added, counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--writers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.npz"
        added, (reads, changes) = stress(path, options.writers, options.seconds)
        assert [left.name for left in Path(folder).iterdir()] == [path.name]
    print(
        f"{options.writers} writers added {sum(added.values()):,} runs in {options.seconds:g} s "
        f"({', '.join(f'{count:,}' for count in added.values())}); of {reads:,} reads, "
        f"{changes:,} found something new and none a broken file. Nothing was lost."
    )


if __name__ == "__main__":
    main()
