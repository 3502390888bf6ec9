"""The runs behind the book's graphs: reproducible, resumable, and just what `train` says."""

import json
import os
from concurrent.futures import Future
from dataclasses import asdict, replace

import numpy as np
import pytest

from experiments import book_figures, store
from experiments.book_figures import FILE, Run, all_runs, load, main, missing, quick_runs, run_all
from nn_core import Network, load_mnist, train

TINY = [Run(hidden, "large", seed, epochs=2, n_train=50) for hidden in (4, 5) for seed in (0, 1)]


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """`run_all` sets variables for the processes it starts; put them back."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    path = tmp_path_factory.mktemp("results") / "quick.npz"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENBLAS_NUM_THREADS", "1")
        patch.setenv("OMP_NUM_THREADS", "1")
        main(["--quick", "--out", str(path), "--workers", "2"])
    return path


class Here:
    """Stands in for the processes: computes here, in order, and counts. Breaks at `breaks_at`."""

    submitted, breaks_at, cancelled = [], None, False

    def __init__(self, workers, mp_context):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def submit(self, function, run):
        future = Future()
        if len(self.submitted) == self.breaks_at:
            future.set_exception(KeyboardInterrupt())
        else:
            future.set_result(function(run))
        self.submitted.append(run)
        return future

    def shutdown(self, wait, cancel_futures):
        type(self).cancelled = cancel_futures


@pytest.fixture
def here(monkeypatch):
    monkeypatch.setattr(Here, "submitted", [])
    monkeypatch.setattr(Here, "cancelled", False)
    monkeypatch.setattr(book_figures, "ProcessPoolExecutor", Here)
    monkeypatch.setattr(book_figures, "as_completed", iter)  # in order
    return Here


def by_hand(run):
    """Train as the parameters say, with nothing of `experiments`."""
    mnist = load_mnist(run.n_train)
    shuffling, weights = np.random.default_rng(run.seed).spawn(2)
    net = Network([784, run.hidden, 10], init=run.init, seed=weights)
    validation = mnist.validation.pixels, mnist.validation.y
    return list(train(net, mnist.train.pixels, mnist.train.y, epochs=run.epochs, m=10, eta=0.1,
                      lmbda=5.0, seed=shuffling, validation=validation, ledger=True))  # fmt: skip


def assert_same(one, other):
    assert set(one) == set(other)
    for name in one:
        assert one[name][0] == other[name][0] and set(one[name][1]) == set(other[name][1])
        for column, values in one[name][1].items():
            np.testing.assert_array_equal(values, other[name][1][column])


def test_quick_mode_writes_all_its_runs(quick):
    tables = load(quick)
    assert set(tables) == {(30, "large"), (30, "scaled")}
    assert all(len(seeds) == 2 for seeds in tables.values())
    assert missing(quick_runs(), quick) == []
    assert os.listdir(quick.parent) == ["quick.npz"]


def test_the_columns_are_those_of_a_direct_train(quick):
    kept = store.read(quick)
    for run in quick_runs():
        parameters, columns = kept[run.name]
        assert parameters == asdict(run)
        records = by_hand(run)
        for name in ("cost", "accuracy", "validation_cost", "validation_accuracy", "weight_rms"):
            wanted = [getattr(record, name) for record in records]
            np.testing.assert_allclose(columns[name], wanted, rtol=1e-9)
        ledgers = [record.ledger for record in records]
        np.testing.assert_allclose(columns["slope"], [ledger.slope for ledger in ledgers])
        np.testing.assert_allclose(columns["control_rms"], [one.control_rms for one in ledgers])
        for name in ("decay", "pull", "kick", "decay_step", "data_step", "decay_displacement",
                     "data_displacement", "data_path", "size_before", "size_after"):  # fmt: skip
            wanted = [[getattr(layer, name) for layer in one.layers] for one in ledgers]
            np.testing.assert_allclose(columns[name], wanted, rtol=1e-8)
            assert columns[name].shape == (run.epochs, 2)


def test_one_worker_and_two_find_the_same(quick, tmp_path):
    path = tmp_path / "one.npz"
    run_all(quick_runs(), path, workers=1)
    assert_same(store.read(path), store.read(quick))


def test_two_seeds_are_two_runs(quick):
    for tables in load(quick).values():
        one, other = tables
        assert not np.array_equal(one["weight_rms"], other["weight_rms"])


def test_what_is_finished_is_not_computed_again(here, tmp_path):
    path = tmp_path / "results.npz"
    run_all(TINY, path, workers=2)
    assert len(here.submitted) == len(TINY)
    here.submitted.clear()
    before = path.read_bytes()
    run_all(TINY, path, workers=2)
    assert here.submitted == [] and path.read_bytes() == before
    more = Run(6, "large", 0, epochs=1, n_train=50)
    run_all([*TINY, more], path, workers=2)
    assert here.submitted == [more] and len(store.read(path)) == len(TINY) + 1


def test_the_longest_runs_come_first(here, tmp_path):
    run_all(TINY, tmp_path / "results.npz", workers=2)
    work = [run.epochs * run.hidden for run in here.submitted]
    assert work == sorted(work, reverse=True)


def test_an_interrupted_call_keeps_what_was_finished(here, tmp_path, monkeypatch):
    path, whole = tmp_path / "results.npz", tmp_path / "whole.npz"
    monkeypatch.setattr(here, "breaks_at", 2)
    with pytest.raises(KeyboardInterrupt):
        run_all(TINY, path, workers=2)
    assert here.cancelled  # none is begun any more
    finished = here.submitted[:2]
    assert set(store.read(path)) == {run.name for run in finished}
    monkeypatch.setattr(here, "breaks_at", None)
    here.submitted.clear()
    run_all(TINY, path, workers=2)
    assert set(here.submitted) == set(TINY) - set(finished)
    run_all(TINY, whole, workers=2)
    assert_same(store.read(path), store.read(whole))


def test_a_run_that_fails_in_its_process_is_told(tmp_path):
    path = tmp_path / "results.npz"
    with pytest.raises(ValueError, match="init must be one of"):
        run_all([Run(4, "huge", 0, epochs=1, n_train=50)], path, workers=1)
    assert not path.exists()


@pytest.mark.parametrize("change", [{"epochs": 3}, {"n_train": 60}, {"eta": 0.2}, {"lmbda": 4.0},
                                    {"m": 5}])  # fmt: skip
def test_a_run_with_other_parameters_is_another_run(here, tmp_path, change):
    path = tmp_path / "results.npz"
    run_all(TINY[:2], path, workers=1)
    other = replace(TINY[0], **change)
    assert missing([other, TINY[1]], path) == [other]
    run_all([other, TINY[1]], path, workers=1)
    assert store.read(path)[other.name][0] == asdict(other)


def test_a_file_of_another_format_is_refused_before_anything_is_computed(
    here, tmp_path, monkeypatch
):
    path = tmp_path / "results.npz"
    run_all(TINY[:1], path, workers=1)
    before = path.read_bytes()
    here.submitted.clear()
    monkeypatch.setattr(store, "FORMAT", 99)
    with pytest.raises(ValueError, match="format"):
        run_all(TINY, path, workers=1)
    assert here.submitted == [] and path.read_bytes() == before


def test_without_results_one_is_told_how_to_come_by_them(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"git checkout.*python -m experiments.book_figures"
    ):
        load(tmp_path / "none.npz")


# The stored results.


def test_the_stored_results_are_complete_and_of_the_books_parameters():
    assert missing(all_runs(), FILE) == []
    assert len(store.read(FILE)) == 20
    for tables in load().values():
        assert sorted(len(table["cost"]) for table in tables) == [30, 30, 30, 30, 150]
    for run in all_runs():
        assert (run.n_train, run.eta, run.lmbda, run.m) == (50_000, 0.1, 5.0, 10)
    with np.load(FILE, allow_pickle=False) as file:
        assert {"numpy", "python"} <= set(json.loads(str(file["about"]))["written by"])
    assert FILE.stat().st_size < 1_000_000


def test_the_stored_ledgers_close():
    for _, columns in store.read(FILE).values():
        before, after = columns["size_before"], columns["size_after"]
        missed = columns["decay"] + columns["pull"] + columns["kick"] - (after - before)
        assert (np.abs(missed) < 1e-9 * np.maximum(before, after)).all()
        assert np.array_equal(before[1:], after[:-1])


def test_the_first_stored_epoch_is_what_these_parameters_give():
    run = Run(30, "large", 0, epochs=150)
    record, (_, kept) = next(book_figures.records(run)), store.read(FILE)[run.name]
    np.testing.assert_allclose(kept["weight_rms"][0], record.weight_rms, rtol=1e-9)
    np.testing.assert_allclose(kept["decay"][0], [one.decay for one in record.ledger.layers])
    assert kept["validation_accuracy"][0] == pytest.approx(record.validation_accuracy, abs=1e-3)
