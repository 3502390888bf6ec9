"""Where weights give up: the stored runs on both sides, and one small network of the kind."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.cliff import (
    IMAGES,
    SHARES,
    all_runs,
    compute,
    load,
    main,
    mean,
    measured,
    quick_runs,
    table_of_cliffs,
)
from nn_core import load_mnist


@pytest.fixture(scope="module")
def stored():
    return load()


def test_the_forecast_is_the_covariances_largest_singular_value():
    (run, _), images = quick_runs(), load_mnist(200).train
    x, y = images.x - images.x.mean(axis=0), images.y - images.y.mean(axis=0)
    largest = np.linalg.svd(y.T @ x / 200, compute_uv=False)[0]
    assert compute(run)["critical"] == pytest.approx(200 * largest / 4, rel=1e-4)


def test_all_runs_are_stored(stored):
    assert set(stored) == set(all_runs())


@pytest.mark.parametrize("n_train", IMAGES)
def test_it_is_a_cliff_and_it_stands_where_it_is_forecast(stored, n_train):
    """From 0.8 to 1.25 of the forecast the size falls to a fifth, from 0.5 on answers to chance."""
    sizes = [mean(stored, n_train, share, "hidden_rms") for share in SHARES]
    right = [mean(stored, n_train, share, "accuracy") for share in SHARES]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < sizes[1] / 5
    assert right[0] > 0.4 and right[-2] < 0.15


@pytest.mark.parametrize("n_train", IMAGES)
def test_straight_neurons_give_up_later_than_those_with_biases(stored, n_train):
    """By the mean slope at a bias, as a share of 1/4, to within a twentieth."""
    slope = mean(stored, n_train, 0.8, "mean_slope")
    forecast = mean(stored, n_train, 0.8, "critical")
    assert measured(stored, n_train) / forecast == pytest.approx(4 * slope, rel=0.05)


def test_a_size_that_falls_like_a_root_is_measured_where_it_ends():
    run = quick_runs()[0]
    stored = {
        replace(run, share=share): {"hidden_rms": (0.9 - share) ** 0.5, "critical": 100.0}
        for share in (0.5, 0.8)
    }
    assert measured(stored, run.n_train) == pytest.approx(90)


def test_the_table_has_forecast_measured_and_ratio(stored):
    table = table_of_cliffs(stored)
    assert [row[0] for row in table.rows] == [f"{n:,}" for n in IMAGES]
    for row in table.rows:
        n_train = int(row[0].replace(",", ""))
        forecast, found, ratio = map(float, row[1:4])
        assert forecast == pytest.approx(mean(stored, n_train, 0.5, "critical"), abs=0.5)
        assert found == pytest.approx(measured(stored, n_train), abs=0.5)
        assert ratio == pytest.approx(forecast / found, rel=0.015)
        below, beyond = (float(right.rstrip("%")) for right in row[4:])
        assert below > 40 and beyond < 15
    assert table.note.startswith("at 80%")


def test_the_command_line_stores_a_small_version(tmp_path):
    main(["--quick", "--workers", "1", "--out", str(tmp_path / "quick.npz")])
    assert set(load(tmp_path / "quick.npz")) == set(quick_runs())
