"""The forecasts: which problems they are, and that the stored ones are what the core finds."""

import numpy as np
import pytest

from experiments import arrival, scaling, scaling_fit
from experiments.linear_limit import (
    FILE,
    Run,
    all_runs,
    compute,
    load,
    main,
    of,
    quick_runs,
    table_of_brightness,
    table_of_misses,
    table_of_sizes,
    table_of_sums,
)
from experiments.scaling_fit import measured
from nn_core import linear_limit, load_mnist


@pytest.fixture(scope="module")
def stored():
    return scaling.load()


def test_there_is_a_problem_for_each_setting_with_full_images():
    wanted = {of(run) for run in scaling.all_runs() if run.pool == 1}
    wanted |= {Run(run.n_train, run.lmbda) for run in arrival.settings()}
    assert {run for run in wanted if run.lmbda / run.n_train >= 1e-4} == set(all_runs())
    assert set(all_runs()) == set(load())


def test_the_stored_solutions_hold_their_conditions():
    for run, found in load().items():
        assert found["optimality"] < 0.01, run
        assert 0 <= found["rank"] <= 10 and found["nuclear_norm"] >= 0


def test_a_small_one_is_what_the_core_finds():
    run = quick_runs()[0]
    found, images = compute(run), load_mnist(200).train
    exact = linear_limit.solve(images.x, images.y, 10.0 / 200, tolerance=1e-6)
    assert found["nuclear_norm"] == pytest.approx(exact.nuclear_norm, rel=0.01)
    brighter = compute(Run(n_train=200, lmbda=20.0, brightness=2.0))
    # Inputs times c and A over c are the same problem, with lambda over c.
    assert brighter["nuclear_norm"] == pytest.approx(exact.nuclear_norm / 2, rel=0.02)


def test_forecasts_are_near_where_decay_is_not_weak(stored):
    """Within a fifth from lambda = 5 to 100, on 5,000 images, for 30 neurons and all weights."""
    for lmbda in (5.0, 10.0, 20.0, 50.0, 100.0):
        run = scaling.Run(lmbda=lmbda)
        forecast = (8 * load()[of(run)]["nuclear_norm"]) ** 0.5
        assert forecast / measured(stored, run).sum() ** 0.5 == pytest.approx(1, abs=0.2), lmbda


def test_the_tables_say_forecast_measured_and_their_ratio(stored):
    table = table_of_sizes(load(), stored, "the book's networks")
    hidden, n_train, lmbda, forecast, found, *ratios = table.rows[-1]
    assert (hidden, n_train, lmbda) == (100, "50,000", "5")
    squared = 4 * float(load()[Run(n_train=50_000)]["nuclear_norm"])
    squares = measured(stored, scaling.Run(hidden=100, n_train=50_000))
    assert float(forecast) == pytest.approx((squared / 78_400) ** 0.5, abs=6e-5)
    assert float(found) == pytest.approx((squares[0] / 78_400) ** 0.5, abs=6e-5)
    for ratio, square in zip(ratios, squares, strict=True):
        assert float(ratio) == pytest.approx((squared / square) ** 0.5, abs=6e-3)


def test_the_sum_of_squares_is_forecast_too_small_by_a_third_at_every_width(stored):
    table = table_of_sums(load(), stored, "width")
    assert [row[0] for row in table.rows] == [8, 16, 30, 64, 128, 256, 512]
    forecast = 8 * float(load()[Run()]["nuclear_norm"])
    for hidden, said, found, ratio in table.rows:
        total = measured(stored, scaling.Run(hidden=hidden)).sum()
        assert (said, found) == (f"{forecast:.0f}", f"{total:.0f}")
        assert float(ratio) == pytest.approx(forecast / total, abs=6e-3)
        assert 1.3 < total / forecast < 1.5


def test_several_series_share_a_table_and_each_setting_is_in_it_once(stored):
    names = "width", "lambda"
    alone = [table_of_sizes(load(), stored, name).rows for name in names]
    both = table_of_sizes(load(), stored, *names).rows
    assert both == list(dict.fromkeys([*alone[0], *alone[1]])) and len(both) == 7 + 9 - 1


def test_brightness_is_forecast_from_other_lambdas(stored):
    """Inputs over 2 are lambda times 2, which was measured, and weights times sqrt(2)."""
    half = table_of_brightness(stored).rows[1]
    brightness, forecast, found, ratio, _ = half
    assert brightness == "0.5"
    size = (2 * measured(stored, scaling.Run(lmbda=10.0))[0] / (784 * 30)) ** 0.5
    assert float(forecast) == pytest.approx(size, abs=6e-5)
    dim = [c["squared_size"][0] for run, c in stored.items() if run.brightness == 0.5]
    assert float(found) == pytest.approx((np.mean(dim) / (784 * 30)) ** 0.5, abs=6e-5)
    assert float(ratio) == pytest.approx(float(forecast) / float(found), abs=6e-3)


def test_what_forecast_and_formula_miss_is_over_the_same_runs(stored):
    points = [scaling_fit.settled(run, columns) for run, columns in stored.items()]
    formula = scaling_fit.collapse(points)
    table = table_of_misses(load(), points, formula)
    (_, of_forecast, worst), (_, _, worst_fitted) = table.rows
    chosen = [point for point in points if point.run.pool == 1 and of(point.run) in load()]
    ratios = [(4 * float(load()[of(point.run)]["nuclear_norm"])) ** 0.5 / point.norm
              for point in chosen]  # fmt: skip
    assert of_forecast == f"{np.sqrt(np.mean(np.log(ratios) ** 2)):.0%}"
    assert worst == f"{max(abs(ratio - 1) for ratio in ratios):.0%}"
    most = max(abs(formula.norm(point) / point.norm - 1) for point in chosen)
    assert worst_fitted == f"{most:.0%}"
    assert table.note.startswith(f"over {len(chosen)} runs of {len(points)}: ")


def test_the_command_line_stores_a_small_version(tmp_path):
    main(["--quick", "--workers", "1", "--out", str(tmp_path / "quick.npz")])
    assert set(load(tmp_path / "quick.npz")) == set(quick_runs())
    assert FILE.exists()
