"""The result file: all or nothing, no pickle, and it says what is in it."""

import errno
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from experiments import store
from nn_core import Network, files, load_mnist, train

RUNS = {
    "b-1": ({"eta": 0.1, "init": "old"}, {"cost": np.array([2.0, 1.0]), "rms": np.ones((2, 3))}),
    "a-2": ({"eta": 0.2, "init": "new"}, {"cost": np.array([3.0])}),
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
    assert about["runs"]["a-2"] == {
        "parameters": {"eta": 0.2, "init": "new"}, "columns": ["cost"]
    }  # fmt: skip


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


def told(path, about, **arrays):
    """Put other words, as JSON, and other arrays into a result file."""
    with np.load(path) as file:
        kept = {key: file[key] for key in file.files}
    arrays = {key.replace("__", "/"): array for key, array in arrays.items()}
    with open(path, "wb") as file:
        np.savez(file, **{**kept, "about": json.dumps(about), **arrays})


A = {"parameters": {"eta": 0.2}, "columns": ["cost"]}
B = {"parameters": {"eta": 0.1}, "columns": ["cost", "rms"]}
RIGHT = {"format": store.FORMAT, "runs": {"a-2": A, "b-1": B}}


def runs(**changed):
    return {**RIGHT, "runs": {**RIGHT["runs"], **changed}}


@pytest.mark.parametrize(
    "about, arrays, words",
    [
        ([], {}, ""),
        ("words", {}, ""),
        ({"format": store.FORMAT}, {}, "runs"),
        ({**RIGHT, "runs": ["a-2", "b-1"]}, {}, ""),
        ({**RIGHT, "runs": {"a-2": A}}, {}, "b-1/cost belongs to no run"),
        (runs(**{"a-2": 5}), {}, ""),
        (runs(**{"a-2": {}}), {}, "run a-2 is without parameters"),
        (runs(**{"a-2": {"parameters": [1]}}), {}, "run a-2 is without parameters"),
        (runs(**{"a-2": {**A, "columns": ["cost", "slope"]}}), {}, r"run a-2 lacks \['slope'\]"),
        (runs(c={"parameters": {}}), {}, "run c lacks all arrays"),
        (RIGHT, {"stray": np.ones(3)}, "array stray belongs to no run"),
        (RIGHT, {"a-2__cost": np.array([3.0, np.nan])}, "run a-2 is damaged: cost holds nan"),
        (RIGHT, {"a-2__cost": np.array([np.inf])}, "run a-2 is damaged: cost holds nan or inf"),
        (RIGHT, {"a-2__cost": np.array(["three"])}, ""),
    ],
)
def test_a_file_that_is_wrong_inside_is_refused_by_name(path, about, arrays, words):
    told(path, RIGHT)
    assert set(store.read(path)) == set(RUNS)
    told(path, about, **arrays)
    with pytest.raises(ValueError, match=rf"{path.name} is no result file: .*{words}.*begins anew"):
        store.read(path)


def test_whatever_has_happened_to_the_bytes_the_file_is_named(path):
    whole, rng, refused = path.read_bytes(), np.random.default_rng(0), []
    for _ in range(400):
        i, j = sorted(rng.integers(len(whole), size=2))
        other = (whole[:i] + whole[j:], whole[:i] + rng.bytes(j - i) + whole[j:])[rng.integers(2)]
        path.write_bytes(other)
        try:
            assert_same(store.read(path), RUNS)  # a bit of a date, which nobody reads
        except ValueError as why:
            refused.append(str(why))
    assert len(refused) > 350
    assert all(message.startswith(f"{path} is no result file: ") for message in refused)


@dataclass(frozen=True)
class Known:
    eta: float
    init: str = "new"


def test_a_run_with_a_parameter_that_is_not_known_is_named(path):
    assert set(store.by_run(Known, path, "a.program")) == {Known(0.1, "old"), Known(0.2)}
    for parameters in ({"eta": 0.1, "speed": 3}, {"init": "old"}):
        told(path, runs(**{"a-2": {**A, "parameters": parameters}}))
        with pytest.raises(ValueError, match=rf"{path.name} holds a run a-2 which.*(speed|eta)"):
            store.by_run(Known, path, "a.program")


@pytest.mark.parametrize("call", [store.read, store.check_writable, partial(store.add, runs=RUNS),
                                  partial(store.write, runs=RUNS)])  # fmt: skip
@pytest.mark.parametrize("value", [True, 1, None, "", b"results.npz"])
def test_only_a_path_is_taken_for_one(call, value):
    with pytest.raises((TypeError, ValueError), match=r"^path must be a path such as"):
        call(value)


def test_on_windows_a_file_that_is_being_read_is_replaced_a_moment_later(path, monkeypatch):
    real, waits = os.replace, []

    def held(*names):
        if len(waits) < 2:
            raise PermissionError("another process reads it")
        real(*names)

    monkeypatch.setattr(os, "replace", held)
    monkeypatch.setattr(files, "time", SimpleNamespace(sleep=waits.append))
    with pytest.raises(PermissionError):
        store.write(path, {"c": RUNS["a-2"]})
    assert not waits
    monkeypatch.setattr(files, "sys", SimpleNamespace(platform="win32"))
    store.write(path, {"c": RUNS["a-2"]})
    assert_same(store.read(path), {"c": RUNS["a-2"]})
    assert len(waits) == 2


def test_a_file_from_before_columns_were_named_is_read(path):
    told(path, runs(**{"a-2": {"parameters": {"eta": 0.2}}, "b-1": {"parameters": {"eta": 0.1}}}))
    assert set(store.read(path)) == set(RUNS)


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


@pytest.mark.parametrize(
    "name, columns",
    [("a/b", RUNS["a-2"][1]), ("c", {}), ("c", {"cost": np.array([np.nan])})],
)
def test_what_could_not_be_read_again_is_not_written(path, name, columns):
    before = path.read_bytes()
    for put in (store.write, store.add):
        with pytest.raises(ValueError, match=name):
            put(path, {name: ({"eta": 0.3}, columns)})
    assert path.read_bytes() == before and os.listdir(path.parent) == ["results.npz"]


NAMES = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=1,
                max_size=8).filter(lambda name: "/" not in name)  # fmt: skip
COLUMNS = hnp.arrays(
    st.sampled_from([np.float64, np.float32, np.int64, np.uint8, np.bool_]),
    hnp.array_shapes(min_dims=0, min_side=0, max_side=3),
    elements={"allow_nan": False, "allow_infinity": False},
)
PARAMETERS = st.dictionaries(NAMES, st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
                             | st.none() | st.booleans(), max_size=3)  # fmt: skip


@settings(max_examples=50)
@given(st.dictionaries(
    NAMES, st.tuples(PARAMETERS, st.dictionaries(NAMES, COLUMNS, min_size=1, max_size=3)),
    max_size=4,
))  # fmt: skip
def test_whatever_is_written_is_read_again(runs):
    with tempfile.TemporaryDirectory() as folder:
        store.write(f"{folder}/results.npz", runs)
        found = store.read(f"{folder}/results.npz")
    assert_same(found, runs)
    for name, (_, columns) in runs.items():
        for column, values in columns.items():
            assert found[name][1][column].dtype == values.dtype


# Several processes, one file.


def test_added_runs_join_those_in_the_file_and_replace_their_namesakes(path):
    new = {"c": RUNS["a-2"], "a-2": ({"eta": 0.3}, {"cost": np.array([9.0])})}
    store.add(path, new)
    assert_same(store.read(path), {**RUNS, **new})
    assert os.listdir(path.parent) == ["results.npz"]


def test_what_a_killed_process_has_left_is_no_hindrance_and_is_cleared_away(path):
    for left in ("results.npz.lock", "results.npz.0123abcd.unfinished"):
        path.with_name(left).write_bytes(b"half of it")
    store.add(path, {"c": RUNS["a-2"]})
    assert_same(store.read(path), {**RUNS, "c": RUNS["a-2"]})
    assert os.listdir(path.parent) == ["results.npz"]


ADDS = """
import sys
import numpy as np
from experiments import store
path, name, count = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(count)):
    store.add(path, {f"{name}{number}": ({"number": number}, {"cost": np.full(3000, number)})})
"""


def test_processes_that_add_at_the_same_time_lose_nothing_and_a_reader_sees_whole_files(tmp_path):
    path, names, count = tmp_path / "results.npz", "abc", 15
    everything = {f"{name}{number}" for name in names for number in range(count)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ADDS, path, name, str(count)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for name in names
    ]  # fmt: skip
    try:
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        seen, sizes = set(), []
        while any(process.poll() is None for process in processes):
            now = store.read(path)  # raises for a broken file
            assert seen <= set(now) <= everything
            for parameters, columns in now.values():
                np.testing.assert_array_equal(columns["cost"], np.full(3000, parameters["number"]))
            seen = set(now)
            sizes.append(len(seen))
        assert [process.returncode for process in processes] == [0] * len(processes)
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert set(store.read(path)) == everything
    assert len(set(sizes)) > 3  # it was read in the midst of it
    assert os.listdir(tmp_path) == ["results.npz"]


def test_a_second_writer_waits_for_the_first_and_a_reader_for_nobody(path, monkeypatch):
    real, begun, may_go_on = store.write, threading.Event(), threading.Event()

    def slow(path, runs):
        if "first" in runs and "second" not in runs:
            begun.set()
            assert may_go_on.wait(10)
        real(path, runs)

    monkeypatch.setattr(store, "write", slow)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(store.add, path, {"first": RUNS["a-2"]})
        assert begun.wait(10)  # it has read the file, and not yet written it
        second = pool.submit(store.add, path, {"second": RUNS["b-1"]})
        assert not wait([second], timeout=0.2).done
        assert_same(store.read(path), RUNS)
        may_go_on.set()
        first.result(10), second.result(10)
    assert_same(store.read(path), {**RUNS, "first": RUNS["a-2"], "second": RUNS["b-1"]})


def test_a_lock_that_another_has_removed_is_none(tmp_path):
    name = tmp_path / "results.npz.lock"
    with open(name, "ab") as file:
        assert store._is_still_there(file, name) is True
        name.unlink()
        assert store._is_still_there(file, name) is False
        name.touch()  # by the next one
        assert store._is_still_there(file, name) is False


def test_on_windows_it_waits_for_longer_than_the_ten_seconds_of_a_try(path, monkeypatch):
    tries, answers = [], [errno.EDEADLK, errno.EDEADLK, None, errno.EACCES]

    def locking(file, mode, length):
        tries.append((mode, length))
        if code := answers.pop(0):
            raise OSError(code, os.strerror(code))

    windows = SimpleNamespace(locking=locking, LK_LOCK="lock")
    monkeypatch.setitem(sys.modules, "msvcrt", windows)
    monkeypatch.setattr(store, "sys", SimpleNamespace(platform="win32"))
    store.add(path, {"c": RUNS["a-2"]})
    assert tries == [("lock", 1)] * 3
    with pytest.raises(PermissionError):
        store.add(path, {"d": RUNS["a-2"]})
    assert_same(store.read(path), {**RUNS, "c": RUNS["a-2"]})


def test_a_place_where_nothing_can_be_written_is_named(tmp_path):
    store.check_writable(tmp_path / "deeper" / "results.npz")
    assert os.listdir(tmp_path / "deeper") == []
    (tmp_path / "link.npz").symlink_to(tmp_path / "file" / "results.npz")
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"file/results.npz can't be written.*--out"):
        store.check_writable(tmp_path / "file" / "results.npz")
    with pytest.raises(OSError, match=r"link.npz can't be written.*--out"):
        store.check_writable(tmp_path / "link.npz")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_folder_that_is_read_only_is_named(tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(OSError, match=r"results.npz can't be written.*--out"):
        store.check_writable(tmp_path / "results.npz")


def test_records_are_those_that_a_table_was_made_of():
    images = load_mnist(100).train
    net = Network([784, 5, 4, 10], seed=0)
    made = list(train(net, images.pixels, images.y, epochs=2, m=30, eta=0.5, lmbda=1.0, seed=0,
                      validation=(images.pixels[:9], images.y[:9]), ledger=True))  # fmt: skip
    found = store.records(store.table(made))
    assert [replace(one, seconds=0) for one in found] == [replace(one, seconds=0) for one in made]
    assert all(math.isnan(one.seconds) for one in found)
