"""The stored sweep as its file has it, without what the figures make of it."""

from functools import cache

from experiments import scaling, store

BASE = {"hidden": 30, "n_train": 5000, "lmbda": 5.0, "eta": 0.1, "m": 10, "pool": 1,
        "brightness": 1.0}  # fmt: skip
FAN_IN = {1: 784, 2: 196, 4: 49}  # by the pool


@cache
def every_run():
    """Return (parameters, columns) of every run."""
    return list(store.read(scaling.FILE).values())


def swept(*free, **wanted):
    """Return (parameters, columns) of the runs that are as the base run but for what is wanted.

    Parameters that are `free` have any value.
    """
    fixed = {name: value for name, value in (BASE | wanted).items() if name not in free}
    return [(p, c) for p, c in every_run() if fixed.items() <= p.items()]
