"""The runs with which figures open: all are stored, and each is what training gives."""

from dataclasses import fields

import numpy as np
import pytest

from experiments import store
from experiments.histories import (
    SAMPLE,
    Neurons,
    Run,
    all_runs,
    compute,
    find,
    load,
    main,
    quick_runs,
)
from nn_core import CrossEntropyCost, Network, load_mnist, train


def test_all_runs_are_stored_whole():
    assert set(load()) == set(all_runs())
    for run, epochs in load().items():
        assert [epoch.record.epoch for epoch in epochs] == list(range(1, run.epochs + 1))
        assert len(epochs[0].record.weight_rms) == len(run.sizes) - 1


@pytest.mark.parametrize("run", all_runs(), ids=lambda run: run.name)
def test_what_is_stored_is_what_training_gives(run):
    images = load_mnist(run.n_train)
    x, y = images.train.pixels, images.train.y
    validation = images.validation.pixels[:2000], images.validation.y[:2000]
    sizes = [784, 30, 30, 10] if run.second else [784, 30, 10]
    net = Network(sizes, cost=CrossEntropyCost, init=run.init, seed=3)
    records = train(net, x, y, epochs=2, m=10, eta=run.eta, lmbda=run.lmbda, seed=4,
                    validation=validation, ledger=True)  # fmt: skip
    for record, (stored, neurons) in zip(records, load()[run]):
        for name in ("cost", "accuracy", "validation_cost", "validation_accuracy", "weight_rms"):
            assert getattr(stored, name) == pytest.approx(getattr(record, name), rel=1e-6)
        assert stored.steps == record.steps
        assert stored.ledger.slope == pytest.approx(record.ledger.slope, rel=1e-6)
        assert stored.ledger.control_rms == pytest.approx(record.ledger.control_rms, rel=1e-6)
        for one, other in zip(stored.ledger.layers, record.ledger.layers, strict=True):
            assert vars(one) == pytest.approx(vars(other), rel=1e-6)
        z = net.weighted_inputs(x[:SAMPLE])[0]
        assert neurons.z_rms == pytest.approx(np.sqrt((z**2).mean()), rel=1e-6)
        assert neurons.z_share.sum() == pytest.approx(1) == neurons.slope_share.sum()


def test_a_run_is_found_with_just_its_settings_or_as_the_beginning_of_a_longer_one():
    whole = load()[Run()]
    assert find(Run()) == whole and find(Run(epochs=60)) == whole[:60]
    assert find(Run(epochs=121)) is None
    for other in (Run(hidden=31), Run(seed=4), Run(lmbda=5.1), Run(second=30), Run(pool=2)):
        assert find(other) is None


def test_the_program_stores_what_load_reads(tmp_path):
    file = tmp_path / "quick.npz"
    main(["--quick", "--out", str(file), "--workers", "1"])
    found = load(file)
    assert set(found) == set(quick_runs()) and set(store.read(file)) == {r.name for r in found}
    for run, epochs in found.items():
        columns = compute(run)
        for field in fields(Neurons):
            np.testing.assert_allclose(
                [getattr(epoch.neurons, field.name) for epoch in epochs], columns[field.name]
            )
        assert [epoch.record.cost for epoch in epochs] == pytest.approx(list(columns["cost"]))


def test_without_its_file_it_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"python -m experiments\.histories"):
        load(tmp_path / "none.npz")
