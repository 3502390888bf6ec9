"""The result file: all or nothing, no pickle, and it says what is in it."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from experiments import store

RUNS = {
    "b-1": ({"eta": 0.1, "init": "large"}, {"cost": np.array([2.0, 1.0]), "rms": np.ones((2, 3))}),
    "a-2": ({"eta": 0.2, "init": "scaled"}, {"cost": np.array([3.0])}),
}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "deeper" / "results.npz"
    store.write(path, RUNS)
    return path


def assert_same(found, wanted):
    assert set(found) == set(wanted)
    for name, (parameters, columns) in wanted.items():
        assert found[name][0] == parameters and set(found[name][1]) == set(columns)
        for column, values in columns.items():
            np.testing.assert_array_equal(found[name][1][column], values)


def test_what_is_written_is_read(path):
    assert_same(store.read(path), RUNS)
    assert list(store.read(path)) == ["a-2", "b-1"]
    assert os.listdir(path.parent) == ["results.npz"]


def test_the_same_runs_in_another_order_give_the_same_arrays(path):
    twin = path.with_name("twin.npz")
    store.write(twin, dict(reversed(RUNS.items())))
    with np.load(path) as one, np.load(twin) as other:
        assert one.files == other.files and str(one["about"]) == str(other["about"])


def test_without_a_file_there_are_no_runs(tmp_path):
    assert store.read(tmp_path / "none.npz") == {}


def test_the_file_says_its_format_its_parameters_and_what_wrote_it(path):
    with np.load(path, allow_pickle=False) as file:
        about = json.loads(str(file["about"]))
    assert about["format"] == store.FORMAT
    assert about["written by"]["numpy"] == np.__version__
    assert set(about["written by"]) == {"python", "machine", "first-epochs", "numpy"}
    assert about["runs"]["a-2"]["parameters"] == {"eta": 0.2, "init": "scaled"}


def test_another_format_is_refused_in_words(path, monkeypatch):
    monkeypatch.setattr(store, "FORMAT", store.FORMAT + 1)
    with pytest.raises(ValueError, match=r"has format 1, this program reads 2.*anew"):
        store.read(path)


def no_archive(path):
    path.write_text("not an archive")


def cut_off(path):
    path.write_bytes(path.read_bytes()[:200])


def empty(path):
    path.write_bytes(b"")


def no_about(path):
    np.savez(path, cost=np.ones(3))


def a_single_array(path):
    with open(path, "wb") as file:
        np.save(file, np.ones(3))


@pytest.mark.parametrize("spoil", [no_archive, cut_off, empty, no_about, a_single_array])
def test_no_other_file_is_taken_for_one(path, spoil):
    spoil(path)
    with pytest.raises(ValueError, match=f"{path.name} is no result file"):
        store.read(path)


class Trap:
    """Pickled, it creates a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_reading_unpickles_nothing(path, tmp_path):
    sprung = tmp_path / "sprung"
    about = json.dumps({"format": store.FORMAT, "runs": {"a": {"parameters": {}}}})
    trap = np.empty(1, dtype=object)
    trap[0] = Trap(sprung)
    with open(path, "wb") as file:
        np.savez(file, about=about, **{"a/cost": trap})
    with pytest.raises(ValueError, match="no result file"):
        store.read(path)
    assert not sprung.exists()


def test_nothing_that_needs_pickle_is_written(path):
    with np.load(path, allow_pickle=False) as file:
        assert all(file[key].dtype != object for key in file.files)


def torn(file, **arrays):
    file.write(b"half of it")
    raise KeyboardInterrupt


def full_disk(*_):
    raise OSError("No space left on device")


@pytest.mark.parametrize(
    "where, what, breaks",
    [(np, "savez_compressed", torn), (os, "fsync", full_disk), (os, "replace", full_disk)],
)
def test_an_interruption_in_the_middle_of_writing_leaves_the_old_file(
    path, monkeypatch, where, what, breaks
):
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(where, what, breaks)
        with pytest.raises((KeyboardInterrupt, OSError)):
            store.write(path, {"c": RUNS["a-2"]})
    assert path.read_bytes() == before
    assert_same(store.read(path), RUNS)
    store.write(path, {"c": RUNS["a-2"]})  # and what was left behind is no hindrance
    assert_same(store.read(path), {"c": RUNS["a-2"]})
    assert os.listdir(path.parent) == ["results.npz"]
