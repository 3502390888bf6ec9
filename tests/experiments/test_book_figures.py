"""The runs behind the book's graphs: reproducible, resumable, and just what `train` says."""

import json
import os
from dataclasses import asdict, replace

import numpy as np
import pytest

from experiments import book_figures, store, sweep
from experiments.book_figures import FILE, Run, all_runs, load, main, quick_runs
from nn_core import Network, load_mnist, train

TINY = [Run(hidden, "old", seed, epochs=2, n_train=50) for hidden in (4, 5) for seed in (0, 1)]


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    path = tmp_path_factory.mktemp("results") / "quick.npz"
    main(["--quick", "--out", str(path), "--workers", "2"])
    return path


class Counting:
    """Computes here, in order, and notes each run that is begun. Breaks at `breaks_at`."""

    def __init__(self):
        self.begun, self.breaks_at = [], None

    def __call__(self, run):
        self.begun.append(run)
        if len(self.begun) - 1 == self.breaks_at:
            raise KeyboardInterrupt
        return book_figures.compute(run)


@pytest.fixture
def here():
    return Counting()


def missing(runs, path):
    return sweep.missing(runs, store.read(path))


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
    assert set(tables) == {(30, "old"), (30, "new")}
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
    main(["--quick", "--out", str(path), "--workers", "1"])
    assert_same(store.read(path), store.read(quick))


def test_two_seeds_are_two_runs(quick):
    for tables in load(quick).values():
        one, other = tables
        assert not np.array_equal(one["weight_rms"], other["weight_rms"])


def test_what_is_finished_is_not_computed_again(here, tmp_path):
    path = tmp_path / "results.npz"
    sweep.run_all(TINY, here, path)
    assert len(here.begun) == len(TINY)
    here.begun.clear()
    before = path.read_bytes()
    sweep.run_all(TINY, here, path)
    assert here.begun == [] and path.read_bytes() == before
    more = Run(6, "old", 0, epochs=1, n_train=50)
    sweep.run_all([*TINY, more], here, path)
    assert here.begun == [more] and len(store.read(path)) == len(TINY) + 1


def test_the_command_goes_on_where_it_was(quick):
    before = quick.stat()
    main(["--quick", "--out", str(quick), "--workers", "1"])
    assert quick.stat().st_mtime_ns == before.st_mtime_ns  # all is there, and nothing is written


def test_the_longest_runs_come_first(here, tmp_path):
    sweep.run_all(TINY, here, tmp_path / "results.npz")
    work = [run.epochs * run.hidden for run in here.begun]
    assert work == sorted(work, reverse=True) and len(set(work)) > 1


def test_an_interrupted_call_keeps_what_was_finished(here, tmp_path):
    path, whole = tmp_path / "results.npz", tmp_path / "whole.npz"
    here.breaks_at = 2
    with pytest.raises(KeyboardInterrupt):
        sweep.run_all(TINY, here, path)
    assert len(here.begun) == 3  # none is begun any more
    finished = here.begun[:2]
    assert set(store.read(path)) == {run.name for run in finished}
    here.breaks_at = None
    here.begun.clear()
    sweep.run_all(TINY, here, path)
    assert set(here.begun) == set(TINY) - set(finished)
    sweep.run_all(TINY, here, whole)
    assert_same(store.read(path), store.read(whole))


def test_a_run_that_fails_is_named_with_its_reason(tmp_path):
    path = tmp_path / "results.npz"
    wrong = Run(4, "huge", 0, epochs=1, n_train=50)
    with pytest.raises(RuntimeError, match=r"The run 4-huge-0 failed.*init must be one of"):
        sweep.run_all([wrong], book_figures.compute, path)
    assert not path.exists()


@pytest.mark.parametrize("change", [{"epochs": 3}, {"n_train": 60}, {"eta": 0.2}, {"lmbda": 4.0},
                                    {"m": 5}])  # fmt: skip
def test_a_run_with_other_parameters_is_another_run(here, tmp_path, change):
    path = tmp_path / "results.npz"
    sweep.run_all(TINY[:2], here, path)
    other = replace(TINY[0], **change)
    assert missing([other, TINY[1]], path) == [other]
    sweep.run_all([other, TINY[1]], here, path)
    assert store.read(path)[other.name][0] == asdict(other)


def test_a_file_of_another_format_is_refused_before_anything_is_computed(
    here, tmp_path, monkeypatch
):
    path = tmp_path / "results.npz"
    sweep.run_all(TINY[:1], here, path)
    before = path.read_bytes()
    here.begun.clear()
    monkeypatch.setattr(store, "FORMAT", 99)
    with pytest.raises(ValueError, match="format"):
        sweep.run_all(TINY, here, path)
    assert here.begun == [] and path.read_bytes() == before


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
    run = Run(30, "old", 0, epochs=150)
    record, (_, kept) = next(book_figures.records(run)), store.read(FILE)[run.name]
    np.testing.assert_allclose(kept["weight_rms"][0], record.weight_rms, rtol=1e-9)
    np.testing.assert_allclose(kept["decay"][0], [one.decay for one in record.ledger.layers])
    assert kept["validation_accuracy"][0] == pytest.approx(record.validation_accuracy, abs=1e-3)
