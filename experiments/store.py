"""A result file: finished runs, each with its parameters, in one .npz without pickle.

The file is written anew after each finished run, under another name first, so that an interruption
at any moment leaves the last complete one. A run that is in it is never computed again.
"""

import json
import os
import platform
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np

FORMAT = 1
RESULTS = Path(__file__).parent / "results"


def read(path):
    """Return the finished runs in `path`, {name: (parameters, {column: array})}; {} if no file.

    Raises ValueError for a file that `write` has not written.
    """
    if not Path(path).exists():
        return {}
    try:
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        about = json.loads(str(arrays.pop("about")))
        found = about["format"]
    except OSError:  # not ours to read: Python says it well
        raise
    except Exception as why:
        raise ValueError(f"{path} is no result file: {why}") from why
    if found != FORMAT:
        raise ValueError(
            f"{path} has format {found}, this program reads {FORMAT}: run the experiment anew."
        )
    runs = {name: (run["parameters"], {}) for name, run in about["runs"].items()}
    for key, array in arrays.items():
        name, column = key.split("/")
        runs[name][1][column] = array
    return runs


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


def write(path, runs):
    """Write `runs` to `path`, in the order of their names, all or nothing."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    ordered = sorted(runs.items())
    about = {
        "format": FORMAT,
        "written by": versions(),
        "runs": {name: {"parameters": parameters} for name, (parameters, _) in ordered},
    }
    arrays = {
        f"{name}/{key}": array for name, (_, table) in ordered for key, array in table.items()
    }
    unfinished = path.with_suffix(".unfinished")
    with open(unfinished, "wb") as file:
        np.savez_compressed(file, about=json.dumps(about), **arrays)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)


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
