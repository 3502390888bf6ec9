"""The networks with which the figure of the width law opens, each trained until it has settled.

    python -m experiments.width_law                 all runs, a minute on two cores
    python -m experiments.width_law --quick --out FILE    a small version, for a test

They are runs as in the scaling sweep (experiments/scaling.py), but with 1,000 images, so that the
figure can train others while its reader waits.
"""

from functools import cache

from experiments import store, sweep
from experiments.scaling import INITS, Run, compute

FILE = store.RESULTS / "width_law.npz"
WIDTHS = (8, 16, 32, 64, 128)
ETAS = (0.1, 0.5)  # where the figure opens by itself, and in its notebook


def over_widths(**setting) -> list[Run]:
    """Return the runs with this setting, narrowest first, the old initialization before the new."""
    return [Run(hidden=hidden, init=init, **setting) for hidden in WIDTHS for init in INITS]


def all_runs() -> list[Run]:
    return [run for eta in ETAS for run in over_widths(eta=eta, n_train=1000)]


def quick_runs() -> list[Run]:
    return over_widths(eta=1.0, lmbda=20.0, n_train=100, pool=4)[:2]


@cache
def load(path=FILE):
    """Return the stored results, {Run: {column: array}}.

    Raises FileNotFoundError with what to do if there are none.
    """
    return store.by_run(Run, path, "experiments.width_law")


def main(arguments=None):
    runs = {"all_runs": all_runs, "quick_runs": quick_runs, "quick": "two small runs"}
    sweep.main(arguments, about=__doc__, file=FILE, compute=compute, **runs)


if __name__ == "__main__":
    main()
