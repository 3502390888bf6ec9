"""The chalkboard's networks: all are stored, and each is what training gives."""

import pytest

from experiments import store
from experiments.chalkboard import (
    LAMBDAS,
    WIDTHS,
    Run,
    all_runs,
    compute,
    load,
    main,
    quick_runs,
    settling,
    stored_or_settling,
)


def test_all_runs_are_stored_and_they_are_those_of_the_figure_where_it_opens():
    assert set(load()) == set(all_runs())
    assert {Run(hidden=hidden) for hidden in WIDTHS} <= set(load())
    assert {Run(lmbda=lmbda) for lmbda in LAMBDAS} <= set(load())


@pytest.mark.parametrize("run", [Run(lmbda=50.0), Run(hidden=10, lmbda=50.0), Run(lmbda=20.0)])
def test_what_is_stored_is_what_training_gives(run):
    *_, one = settling(run.hidden, run.lmbda, run.n_train)
    stored = load()[run]
    assert (stored.hidden, stored.lmbda, stored.n_train) == (run.hidden, run.lmbda, run.n_train)
    assert stored.n_weights == one.n_weights
    assert stored.size == pytest.approx(one.size, rel=1e-6)
    assert stored.cost == pytest.approx(one.cost, rel=1e-6)


def test_what_is_stored_is_there_at_once_and_the_rest_is_trained():
    assert list(stored_or_settling(30, 5.0, 1000)) == [load()[Run()]]
    first, *_, last = stored_or_settling(5, 50.0, 100)
    assert first is None and last.n_weights == 5 * 794


def test_the_program_stores_what_load_reads(tmp_path):
    file = tmp_path / "quick.npz"
    main(["--quick", "--out", str(file), "--workers", "1"])
    found = load(file)
    assert set(found) == set(quick_runs())
    for run, one in found.items():
        assert compute(run)["size"] == pytest.approx(one.size, rel=1e-9)
    assert set(store.read(file)) == {run.name for run in quick_runs()}
