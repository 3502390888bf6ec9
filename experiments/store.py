"""A result file: finished runs, each with its parameters, in one .npz without pickle.

The file is written anew after each finished run, under another name first, so that an interruption
at any moment leaves the last complete one. A run that is in it is never computed again. Several
processes may add to one file: they take turns, and whoever reads it meanwhile finds it whole.
"""

import errno
import json
import math
import os
import platform
import sys
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields
from importlib.metadata import version
from pathlib import Path

import numpy as np

from nn_core import checks, files
from nn_core.ledger import LayerLedger, Ledger
from nn_core.sgd import EpochRecord

FORMAT = 1
RESULTS = Path(__file__).parent / "results"


def read(path):
    """Return the finished runs in `path`, {name: (parameters, {column: array})}; {} if no file.

    Raises ValueError, naming the file, if `write` has not written it so.
    """
    try:
        stream = open(checks.path("path", path), "rb")  # noqa: SIM115 (it is closed below)
    except FileNotFoundError:
        return {}
    with stream:
        try:
            with np.load(stream, allow_pickle=False) as file:
                arrays = {key: file[key] for key in file.files}
            about = json.loads(str(arrays.pop("about")))
            found = about["format"]
            if found == FORMAT:
                return _runs(about["runs"], arrays)
        except Exception as why:
            raise ValueError(
                f"{path} is no result file: {why}. Move it away, and the experiment begins anew."
            ) from why
    raise ValueError(
        f"{path} has format {found}, this program reads {FORMAT}: run the experiment anew."
    )


def _runs(described, arrays):
    for name, run in described.items():
        if not isinstance(run.get("parameters"), dict):
            raise ValueError(f"its run {name} is without parameters")
    runs = {name: (run["parameters"], {}) for name, run in described.items()}
    for key, array in arrays.items():
        name, _, column = key.partition("/")
        if name not in runs:
            raise ValueError(f"its array {key} belongs to no run")
        runs[name][1][column] = array
    for name, (_, columns) in runs.items():
        lacking = set(described[name].get("columns", ())) - set(columns)
        if lacking or not columns:
            raise ValueError(f"its run {name} lacks {sorted(lacking) or 'all arrays'}")
        _check_run(name, columns)
    return runs


def _check_run(name, columns):
    if "/" in name or not columns:
        raise ValueError(f"a run needs columns, and a name without a slash; got {name!r}")
    try:
        check_finite(columns)
    except ValueError as why:
        raise ValueError(f"its run {name} is damaged: {why}") from None


def check_finite(columns):
    """Raise ValueError, naming the column, for results {column: array} with nan or infinity."""
    for column, array in columns.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{column} holds nan or infinity")


def stored(path, program):
    """Return the finished runs in `path`, as `read` does.

    Raises FileNotFoundError with what to do if there are none; `program` writes them.
    """
    runs = read(path)
    if not runs:
        raise FileNotFoundError(
            f"{path} is missing. `git checkout` brings it back; "
            f"`python -m {program}` computes it anew."
        )
    return runs


def by_run(kind, path, program):
    """Return the finished runs in `path`, {run: {column: array}}, each run one of the class `kind`.

    Raises FileNotFoundError as `stored` does, and ValueError if a run is none of that class.
    """
    found = {}
    for name, (parameters, columns) in stored(path, program).items():
        try:
            found[kind(**parameters)] = columns
        except TypeError as why:
            raise ValueError(
                f"{path} holds a run {name} which this program does not know: {why}. "
                f"`python -m {program}` computes it anew, with the file moved away."
            ) from why
    return found


def check_writable(path):
    """Raise OSError, saying what to do, if no result file can be written to `path`.

    All that `add` needs is tried, but for taking the place of the file itself.
    """
    try:
        path = _place_for(path)
        trial = path.with_name(f"{path.name}.trial.unfinished")  # which `add` clears away
        with _alone(path), files.replacing(trial) as file:
            file.write(b"PK")
        trial.unlink()
    except OSError as why:
        raise OSError(
            f"{path} can't be written, and what would be computed had no place: {why}. "
            "Name another file by --out, or make its folder writable."
        ) from why


def add(path, runs):
    """Add `runs` to those in `path`, in the place of those with the same names, all or nothing.

    Nothing is lost if other processes add theirs at the same time.
    """
    path = _place_for(path)
    with _alone(path):
        for left in path.parent.glob(f"{path.name}.*.unfinished"):  # by a process that was killed
            left.unlink()
        write(path, read(path) | runs)


def _place_for(path):
    """Return `path` without links, since a link is to stay one, with a folder for it."""
    path = Path(checks.path("path", path)).resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def _alone(path):
    """Wait until no other process adds to `path`, and keep the others waiting meanwhile.

    The lock lies on an open file beside it, so that a process that dies lets go of it.
    """
    name = path.with_name(f"{path.name}.lock")
    while True:
        with open(name, "ab") as file:
            _lock(file)
            if not _is_still_there(file, name):  # who had the lock before has removed it
                continue
            try:
                yield
            finally:
                with suppress(OSError):  # Windows removes no open file
                    name.unlink()
            return


def _lock(file):
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)
        return
    import msvcrt

    while True:
        try:
            return msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        except OSError as why:
            if why.errno != errno.EDEADLK:  # which says that ten seconds were not enough
                raise


def _is_still_there(file, name):
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(name))
    except FileNotFoundError:
        return False


def write(path, runs):
    """Write `runs` to `path`, in the order of their names, all or nothing.

    What stands there is replaced, whoever has written it: `add` keeps it. Raises ValueError for
    runs that `read` would refuse, and with them the whole file.
    """
    path = _place_for(path)
    ordered = sorted(runs.items())
    for name, (_, table) in ordered:
        _check_run(name, table)
    about = {
        "format": FORMAT,
        "written by": versions(),
        "runs": {
            name: {"parameters": parameters, "columns": sorted(table)}
            for name, (parameters, table) in ordered
        },
    }
    arrays = {
        f"{name}/{key}": array for name, (_, table) in ordered for key, array in table.items()
    }
    with files.replacing(path) as file:
        np.savez_compressed(file, about=json.dumps(about), **arrays)


def versions():
    """Return what the numbers were computed with."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        **{package: version(package) for package in ("first-epochs", "numpy")},
    }


def table(records):
    """Return the records of a training run with ledger as arrays, a row an epoch.

    Columns of single numbers have the shape (epochs,), those of layers (epochs, layers).
    """
    columns = {
        name: np.array([getattr(record, name) for record in records])
        for name in ("cost", "accuracy", "validation_cost", "validation_accuracy", "weight_rms")
    }
    columns["slope"] = np.array([record.ledger.slope for record in records])
    columns["control_rms"] = np.array([record.ledger.control_rms for record in records])
    layers = [[asdict(layer) for layer in record.ledger.layers] for record in records]
    for name in layers[0][0]:
        columns[name] = np.array([[layer[name] for layer in epoch] for epoch in layers])
    return columns


def records(columns):
    """Return the records of which `table` has made these columns; their seconds are not kept."""
    epochs, layers = columns["weight_rms"].shape
    books = [
        tuple(
            LayerLedger(**{f.name: columns[f.name][k, layer].item() for f in fields(LayerLedger)})
            for layer in range(layers)
        )
        for k in range(epochs)
    ]
    measured = ("cost", "accuracy", "validation_cost", "validation_accuracy")
    return [
        EpochRecord(
            epoch=k + 1,
            steps=sum(book[0].steps for book in books[: k + 1]),
            seconds=math.nan,
            weight_rms=tuple(columns["weight_rms"][k].tolist()),
            ledger=Ledger(book, columns["slope"][k].item(), columns["control_rms"][k].item()),
            **{name: columns[name][k].item() for name in measured},
        )
        for k, book in enumerate(books)
    ]
