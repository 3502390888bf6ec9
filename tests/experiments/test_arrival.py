"""When old and new weights meet: the forecast, from nothing measured, against the stored runs."""

from dataclasses import replace

import numpy as np
import pytest

from experiments import book_figures, linear_limit
from experiments.arrival import (
    BOOK,
    Run,
    all_runs,
    compute,
    forecast,
    load,
    main,
    measured,
    met,
    quick_runs,
    series,
    table_of_arrivals,
)
from nn_core import Network, load_mnist, train


@pytest.fixture(scope="module")
def stored():
    return load()


@pytest.fixture(scope="module")
def solved():
    return linear_limit.load()


def test_all_runs_are_stored_and_long_enough(stored, solved):
    assert set(stored) == set(all_runs())
    for run, found in stored.items():
        assert found["weights"].shape == (run.epochs, 2)
        assert run.epochs > forecast(run, solved, 1).epochs


def test_a_run_is_training_and_the_length_of_its_weights():
    run = replace(quick_runs()[0], n_train=100)
    found = compute(run)["weights"]
    images, (shuffling, weights) = load_mnist(100).train, np.random.default_rng(0).spawn(2)
    net = Network([784, 5, 10], init="old", seed=weights)
    for _ in train(net, images.x, images.y, epochs=run.epochs, m=10, eta=1.0, lmbda=10.0,
                   seed=shuffling):  # fmt: skip
        pass
    lengths = [np.sqrt((w**2).sum()) for w in net.weights]
    np.testing.assert_allclose(found[-1], lengths, rtol=1e-9)


def test_the_forecast_is_where_the_curve_is_a_tenth_above_its_end(solved):
    run = Run()
    said = forecast(run, solved, 120)
    assert said.length == pytest.approx(
        2 * float(solved[linear_limit.Run()]["nuclear_norm"]) ** 0.5
    )
    assert np.interp(said.epochs, np.arange(1, 121), said.curve) == pytest.approx(
        1.1 * said.length, rel=1e-3
    )
    assert said.curve[0] < (784 * 30) ** 0.5 and said.curve[-1] == pytest.approx(
        said.length, rel=0.01
    )


def test_they_have_met_when_they_stay_within_a_tenth():
    new = np.ones(5)
    assert met([2.0, 1.05, 1.2, 1.09, 1.0], new) == 4  # at 1.05 they had met, and parted
    assert met([2.0, 1.9, 1.5, 1.3, 1.2], new) is None


def test_the_books_networks_are_those_of_the_graphs():
    old, new = measured({}, BOOK)[Run(hidden=100, n_train=50_000)]
    rms = book_figures.load()[100, "new"][0]["weight_rms"][:, 0]
    np.testing.assert_allclose(new, rms * (784 * 100) ** 0.5)
    assert len(old) == 150


def test_the_epoch_is_forecast_within_a_tenth_on_5000_images_and_fewer(stored, solved):
    for name in series():
        for run, (old, new) in measured(stored, name).items():
            found = met(old, new)
            assert abs(forecast(run, solved, 1).epochs - found) < max(1, found / 10), run


def test_the_table_has_a_row_for_each_setting(stored, solved):
    table = table_of_arrivals(stored, solved, "width", "lambda", BOOK)
    assert len(table.rows) == 3 + 4 + 2 - 1 and "nan" not in str(table)  # each setting once
    setting, epoch, seen, length, off = table.rows[1]
    assert setting == "30 neurons, 5,000 images, λ = 5, η = 0.1, m = 10"
    old, new = measured(stored, "width")[Run()]
    said = forecast(Run(), solved, len(old))
    assert float(epoch) == pytest.approx(said.epochs, abs=0.05) and seen == met(old, new)
    assert float(length) == pytest.approx(said.length / new[-1], abs=6e-3)
    assert off == f"{max(abs(said.curve / old - 1)):.0%}"


def test_the_command_line_stores_a_small_version(tmp_path):
    main(["--quick", "--workers", "1", "--out", str(tmp_path / "quick.npz")])
    assert set(load(tmp_path / "quick.npz")) == set(quick_runs())
