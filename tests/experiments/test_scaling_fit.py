"""What is read from the sweep: the balance step by step by hand, and fits against other fits."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, stats

from experiments import scaling, scaling_fit
from experiments.runs import settled as settled_network
from experiments.scaling import DRIFT, Run
from experiments.scaling_fit import (
    BASE_LENGTH,
    Settled,
    apart,
    averaged,
    collapse,
    fit,
    lines,
    local_exponents,
    mean_size,
    measured,
    noise,
    settled,
    table_of_constants,
    table_of_exponents,
    table_of_heat,
    table_of_totals,
)
from nn_core import Network, load_mnist, sgd_step

TINY = Run(hidden=4, n_train=200, lmbda=2.0, eta=0.5, m=5, pool=4)


def made(size=0.1, *, gain=0.2, heat=0.05, length=BASE_LENGTH, **parameters):
    """A run that is said to have settled at this size."""
    return Settled(Run(**parameters), True, size, gain, heat, length, 0.5, 0.9)


# The balance.


@pytest.fixture(scope="module")
def tiny():
    columns = scaling.compute(TINY)
    return columns, settled(TINY, columns)


def cost_when_grown(net, x, y, factor):
    """The data cost of a network whose hidden weights are larger by a factor."""
    grown = net.copy()
    grown.weights[0] *= factor
    return grown.total_cost(x, y)


def steps_by_hand(columns):
    """Train step by step as long as the run did.

    Return, for each step of the half window: ||w||^2 before it; by how much the cost of its
    mini-batch falls when the hidden weights grow, per relative growth; and ||its data step||^2.
    And at last the mean of ||w||^2 over the epochs' ends.
    """
    images = load_mnist(TINY.n_train, pool=TINY.pool).train
    x, y = images.pixels / 256, images.y
    shuffling, weights = np.random.default_rng(TINY.seed).spawn(2)
    net = Network([49, 4, 10], init="old", seed=weights)
    per_epoch = TINY.n_train // TINY.m
    seen = int(columns["steps_seen"]) // per_epoch
    squares, gains, kicks, ends = [], [], [], []
    for epoch in range(int(columns["epochs"])):
        order = shuffling.permutation(TINY.n_train)
        for start in range(0, TINY.n_train, TINY.m):
            batch = order[start : start + TINY.m]
            before, (xb, yb) = net.weights[0].copy(), (x[batch], y[batch])
            if epoch >= columns["epochs"] - seen:
                less, more = (cost_when_grown(net, xb, yb, 1 + e) for e in (-1e-5, 1e-5))
                squares.append(np.sum(before**2))
                gains.append((less - more) / 2e-5)
            sgd_step(net, xb, yb, eta=TINY.eta, lmbda=TINY.lmbda, n_train=TINY.n_train)
            if epoch >= columns["epochs"] - seen:
                left = 1 - TINY.eta * TINY.lmbda / TINY.n_train
                kicks.append(np.sum((net.weights[0] - left * before) ** 2))
        ends.append(np.sum(net.weights[0] ** 2))
    return np.array(squares), np.array(gains), np.array(kicks), np.mean(ends[-seen:])


def test_gain_and_heat_are_those_of_the_single_steps(tiny):
    columns, one = tiny
    _, gains, kicks, squared = steps_by_hand(columns)
    assert len(gains) == columns["steps_seen"] > 50
    assert one.gain == pytest.approx(np.mean(gains), rel=1e-6)  # by differences of the cost
    assert one.heat == pytest.approx(np.mean(kicks) / (2 * TINY.eta), rel=1e-9)
    assert one.norm**2 == pytest.approx(squared, rel=1e-9)
    assert one.gain > 0 and one.heat > 0


def test_at_rest_gain_and_heat_give_what_decay_takes(tiny):
    """To what settled means, and the parts of order eta*lmbda/n_train that the text names."""
    columns, one = tiny
    shrink = TINY.eta * TINY.lmbda / TINY.n_train
    squares, *_ = steps_by_hand(columns)
    taken = one.kappa * np.mean(squares)  # at the steps themselves
    assert taken * (1 - shrink / 2) == pytest.approx((1 - shrink) * one.gain + one.heat, rel=DRIFT)
    assert taken == pytest.approx(one.gain + one.heat, rel=DRIFT + shrink / 2)
    assert one.heat > 2 * (DRIFT + shrink / 2) * taken  # without the heat it would not do


def test_the_balance_of_every_stored_run(tables, stored):
    """Exactly with the ledger's decay; nearly with ||w||^2, which is that of the epochs' ends."""
    for one in stored:
        shrink = one.run.eta * one.run.lmbda / one.run.n_train
        columns = tables[one.run]
        taken = -columns["decay"][0] / (2 * one.run.eta * columns["steps_seen"])
        given = (1 - shrink) * one.gain + one.heat
        assert given == pytest.approx(taken, rel=DRIFT * (1 + 1e-6)), one.run.name
        assert one.kappa * one.norm**2 == pytest.approx(
            one.gain + one.heat, rel=0.014
        )  # eta/m = 0.1


@pytest.fixture(scope="module")
def tables():
    return scaling.load()


@pytest.fixture(scope="module")
def stored(tables):
    return [settled(run, table) for run, table in tables.items()]


def test_what_is_said_of_a_run(tiny):
    columns, one = tiny
    assert one.run is TINY and one.has_settled is True
    assert one.n_weights == Network([49, 4, 10], seed=0).n_weights == 49 * 4 + 4 * 10
    assert one.n_hidden_weights == 49 * 4
    assert one.kappa == 2.0 / 200
    assert one.norm**2 == pytest.approx(columns["squared_size"][0])
    assert one.size == pytest.approx((columns["squared_size"][0] / (49 * 4)) ** 0.5)
    for name in ("mean_squared_length", "cost", "accuracy"):
        assert getattr(one, name) == columns[name]
    assert settled(TINY, columns | {"settled": np.array(False)}).has_settled is False


def test_the_whole_network_has_more_weights_than_its_hidden_layer():
    assert made().n_weights == 23_820 and made().n_hidden_weights == 23_520
    assert made(hidden=512).n_weights == 794 * 512


# Power laws.


def test_an_exact_power_law():
    x = np.array([1.0, 3.0, 10.0, 200.0])
    law = fit(x, 7 * x**-0.5)
    assert (law.exponent, law.factor) == pytest.approx((-0.5, 7))
    assert law(50.0) == pytest.approx(7 / 50**0.5)
    np.testing.assert_allclose(law([4.0, 9.0]), [7 / 2, 7 / 3])


@pytest.mark.parametrize("seed", range(5))
def test_a_scattered_law_against_scipy(seed):
    rng = np.random.default_rng(seed)
    x = np.repeat(10 ** rng.uniform(-3, 3, 6), 3)
    y = 0.3 * x**-0.4 * np.exp(0.1 * rng.standard_normal(18))
    law, wanted = fit(x, y), stats.linregress(np.log(x), np.log(y))
    assert law.exponent == pytest.approx(wanted.slope, rel=1e-9)
    assert law.factor == pytest.approx(np.exp(wanted.intercept), rel=1e-9)


def test_three_points_are_enough_and_two_are_not():
    x, y = [1.0, 2.0, 4.0], [1.0, 0.6, 0.5]
    assert fit(x, y).exponent == pytest.approx(stats.linregress(np.log(x), np.log(y)).slope)
    for too_few in ([1.0, 2.0], [2.0, 2.0, 2.0], [1.0, 2.0, 1.0, 2.0]):
        with pytest.raises(ValueError, match="three different x"):
            fit(too_few, [0.5] * len(too_few))


def test_slopes_from_point_to_point():
    x = [1.0, 4.0, 100.0]
    (first, a), (second, b) = local_exponents(x, [8.0, 4.0, 100.0])
    assert (first, second) == pytest.approx((2, 20))  # geometric means
    assert (a, b) == pytest.approx((-0.5, 1))  # a half over 4; 25 over 25


def test_averages_are_in_order_of_x():
    points = [made(size, hidden=hidden) for hidden, size in
              [(64, 0.2), (8, 1.0), (64, 0.4), (8, 2.0), (8, 6.0), (30, 5.0)]]  # fmt: skip
    xs, means, lowest, highest = averaged(points, lambda point: point.run.hidden)
    assert xs.tolist() == [8, 30, 64]
    assert means.tolist() == pytest.approx([3, 5, 0.3])
    assert lowest.tolist() == [1, 5, 0.2] and highest.tolist() == [6, 5, 0.4]


def test_a_mean_is_over_the_runs_with_just_these_changes():
    points = [made(0.1), made(0.3, seed=1, init="new"), made(5.0, eta=0.2), made(7.0, hidden=8),
              made(11.0, eta=0.2, m=1)]  # fmt: skip
    assert mean_size(points) == pytest.approx(0.2)
    assert mean_size(points, eta=0.2) == 5 and mean_size(points, hidden=8) == 7
    assert mean_size(points, eta=0.2, m=1) == 11


def test_how_far_old_and_new_are_apart_is_that_of_the_worst_setting():
    points = [made(size, init=init, seed=seed, hidden=hidden) for size, init, seed, hidden in [
        (1.0, "old", 0, 8), (2.0, "old", 1, 8), (1.5, "new", 0, 8), (1.5, "new", 1, 8),
        (0.10, "old", 0, 64), (0.125, "new", 0, 64),
        (0.11, "old", 0, 30), (0.10, "new", 0, 30),
    ]]  # fmt: skip
    assert apart(points) == pytest.approx(0.25)  # whichever is the larger
    assert apart(points[:4]) == pytest.approx(0)  # means, not single runs
    assert apart(points[6:]) == pytest.approx(0.1)


# The noise of mini-batches, in the balance and in the size.

RATES = (0.02, 0.05, 0.1, 0.2, 0.5)


def with_noise(field, values, scatter=0.0):
    """Runs whose ||w||^2 is 200 + 1000 eta/m, and more by 9 and less by 9 in two of four series."""
    series = {("old", 0): 1, ("old", 1): -1, ("new", 0): 0, ("new", 1): 0}
    for (init, seed), off in series.items():
        for value in values:
            changed = {field: value, "init": init, "seed": seed}
            run = Run(**changed)
            squared = 200 + 1000 * run.eta / run.m + scatter * off
            yield made((squared / 23_520) ** 0.5, gain=0.3, heat=0.1, **changed)


@pytest.mark.parametrize("field, values", [("eta", RATES), ("m", (1, 5, 10, 50))])
def test_a_squared_size_linear_in_the_noise_has_its_limit(field, values):
    others = [made(9.0, hidden=8), made(9.0, eta=7.0, m=3), made(9.0, eta=0.02, lmbda=1.0)]
    quiet, error, rates = noise([*with_noise(field, values), *others], field)
    assert (quiet, error) == pytest.approx((200, 0), abs=1e-9)
    settings = sorted(Run(**{field: value}).eta / Run(**{field: value}).m for value in values)
    assert [one.rate for one in rates] == settings
    for one in rates:
        assert one.squared_size == pytest.approx(200 + 1000 * one.rate)
        assert one.added == pytest.approx(1000 * one.rate / (200 + 1000 * one.rate))
        assert one.heat_share == pytest.approx(0.25) and one.error == pytest.approx(0, abs=1e-9)


def test_the_limits_error_is_that_of_the_series():
    quiet, error, rates = noise(with_noise("eta", RATES, scatter=9.0))
    assert quiet == pytest.approx(200)
    assert error == pytest.approx(stats.sem([209, 191, 200, 200]))
    shares = [1 - at / (at + 1000 * 0.05) for at in (209, 191, 200, 200)]
    assert rates[-1].added == pytest.approx(np.mean(shares))
    assert rates[-1].error == pytest.approx(stats.sem(shares))


def test_without_rates_or_series_there_is_no_limit():
    alone = [p for p in with_noise("eta", RATES) if (p.run.init, p.run.seed) == ("old", 0)]
    for too_few in ([], with_noise("eta", RATES[:2]), alone):
        with pytest.raises(ValueError, match="two series of 3 rates"):
            noise(too_few)


def test_noise_adds_less_to_the_size_than_heat_has_of_the_balance(stored):
    """What notebook 07 says: at every eta/m a little more than half of it."""
    limits = []
    for field in ("eta", "m"):
        quiet, error, rates = noise(stored, field)
        limits.append(quiet)
        assert error < 0.004 * quiet and len(rates) == 6
        for one in rates:
            assert one.added / one.heat_share == pytest.approx(0.57, abs=0.05), (field, one)
    assert limits[0] == pytest.approx(limits[1], rel=0.002)
    last = noise(stored)[2][-1]
    assert (last.rate, round(last.heat_share, 2), round(last.added, 2)) == (0.1, 0.71, 0.42)
    table = table_of_heat(stored)
    assert table.rows[-1] == ("0.1", "440.1", "70.7%", "42.2% ± 0.44%", "0.60")
    quiet, error, _ = noise(stored)
    assert table.title.endswith(f"3 smallest η/m: {quiet:.1f} ± {error:.1f}")


def test_another_way_to_no_noise_leads_to_the_same(stored):
    """A parabola through all six rates instead of a line through three."""
    for field in ("eta", "m"):
        quiet, error, rates = noise(stored, field)
        other = np.polyfit([r.rate for r in rates], [r.squared_size for r in rates], 2)[2]
        assert other == pytest.approx(quiet, abs=error)


# One formula.

COEFFICIENTS = {"1": 2.8, "ln kappa": -0.3, "(ln kappa)^2": -0.02, "ln width": 0.1,
                "ln length": -0.08, "eta/m": 3.0}  # fmt: skip


def formula(run, length):
    """ln ||w|| by the formula as the text writes it, with these coefficients."""
    ln_kappa = np.log(run.lmbda / run.n_train / 0.001)
    return (2.8 - 0.3 * ln_kappa - 0.02 * ln_kappa**2 + 0.1 * np.log(run.hidden / 30)
            - 0.08 * np.log(length / 86.8) + 3.0 * run.eta / run.m)  # fmt: skip


def sweep_of(scatter):
    """Runs of all kinds that follow the formula, but for a scatter."""
    rng, points = np.random.default_rng(7), []
    for _ in range(60):
        run = Run(hidden=int(rng.integers(8, 512)), n_train=int(rng.integers(500, 50_000)),
                  lmbda=rng.uniform(0.5, 200), eta=rng.uniform(0.02, 1),
                  m=int(rng.integers(1, 50)), pool=int(rng.choice([1, 2, 4])))  # fmt: skip
        length = rng.uniform(5, 1400)
        norm = np.exp(formula(run, length) + scatter * rng.standard_normal())
        size = norm / (run.fan_in * run.hidden) ** 0.5
        points.append(Settled(run, True, size, 0.2, 0.05, length, 0.5, 0.9))
    return points


def test_the_formula_is_found_again():
    points = sweep_of(0.0)
    found = collapse(points)
    assert found.coefficients == pytest.approx(COEFFICIENTS)
    assert found.scatter < 1e-9 and found.worst < 1e-9
    for point in points[:5]:
        assert found.norm(point) == pytest.approx(point.norm)


def test_coefficients_against_another_fit():
    points = sweep_of(0.1)
    runs = [(p.run.lmbda / p.run.n_train / 0.001, p.run.hidden / 30,
             p.mean_squared_length / 86.8, p.run.eta / p.run.m) for p in points]  # fmt: skip
    kappa, width, length, rate = np.array(runs).T
    target = np.log([p.norm for p in points])

    def model(_, one, linear, square, of_width, of_length, of_rate):
        k = np.log(kappa)
        return (one + linear * k + square * k**2 + of_width * np.log(width)
                + of_length * np.log(length) + of_rate * rate)  # fmt: skip

    wanted, _ = optimize.curve_fit(model, None, target, p0=np.zeros(6))
    found = collapse(points)
    assert [*found.coefficients.values()] == pytest.approx(wanted, rel=1e-4)
    missed = target - model(None, *wanted)
    assert found.scatter == pytest.approx(np.sqrt(np.mean(missed**2)), rel=1e-4)
    assert found.worst == pytest.approx(np.abs(missed).max(), rel=1e-4)


def test_reduced_and_curve_stand_at_the_base_runs_width_length_and_rate():
    points = sweep_of(0.1)
    found = collapse(points)
    for point in points[:10]:
        there = Settled(Run(lmbda=point.run.lmbda, n_train=point.run.n_train), True, 1.0, 0, 0,
                        BASE_LENGTH, 0, 0)  # fmt: skip
        assert found.curve(point) == pytest.approx(found.norm(there))
        assert found.reduced(point) / found.curve(point) == pytest.approx(
            point.norm / found.norm(point)
        )


def test_the_unit_of_length_is_that_of_the_base_run():
    pixels = load_mnist(5000).train.pixels.astype(float) / 256
    assert np.mean((pixels**2).sum(axis=1)) == pytest.approx(BASE_LENGTH, rel=1e-3)


def test_what_notebook_07_says_of_the_stored_runs(stored):
    assert len(stored) == 288 and all(point.has_settled for point in stored)
    assert apart(stored) < 0.03
    found = collapse(stored)
    norms = [point.norm for point in stored]
    assert max(norms) / min(norms) > 12 and found.scatter < 0.05 < found.worst < 0.2
    reduced = [(found.reduced(p), found.curve(p)) for p in stored]
    assert np.std(np.log([a / b for a, b in reduced])) == pytest.approx(found.scatter, rel=0.01)


def test_only_the_hidden_layer_counts(tiny):
    columns, one = tiny
    other = {name: value * np.array([1, 7]) for name, value in columns.items() if value.shape}
    assert settled(TINY, columns | other) == one
    assert scaling_fit.HIDDEN == 0 and replace(one, size=1.0).norm == 14


# Settings of the stored sweep.


def test_measured_are_the_means_over_what_has_settled(tables):
    runs = [scaling.Run(hidden=64, init=init, seed=seed)
            for init in ("old", "new") for seed in range(3)]  # fmt: skip
    settled = [tables[run]["squared_size"] for run in runs if tables[run]["settled"]]
    np.testing.assert_allclose(measured(tables, runs[0]), np.mean(settled, axis=0))


def test_a_settled_network_costs_at_its_own_lambda_what_is_stored(tables):
    for line in lines(tables, "lambda"):
        run = scaling.Run(lmbda=line.lmbda)
        assert line.cost(line.lmbda) == pytest.approx(float(measured(tables, run, "cost")))
        assert line.cost(0) == line.without_penalty and line.n_weights == 794 * 30


def test_exponents_are_slopes_over_the_widths(tables):
    (row,) = table_of_exponents(tables, "width").rows
    lmbda, whole, wide, hidden, output = row
    assert lmbda == "5"
    widths = (8, 16, 30, 64, 128, 256, 512)
    squares = np.array([measured(tables, scaling.Run(hidden=h)) for h in widths])
    n_weights = np.outer(widths, (784, 10))
    found = [squares.sum(axis=1) / n_weights.sum(axis=1), *(squares / n_weights).T]
    for said, mean_square in zip((whole, hidden, output), found):
        x, y = np.log(widths) - np.mean(np.log(widths)), np.log(mean_square) / 2
        assert float(said) == pytest.approx(x @ y / (x @ x), abs=6e-3)
    assert -0.52 < float(wide) < -0.47


def test_the_sum_of_squares_is_shown_with_its_power(tables):
    table = table_of_totals(tables, "width")
    hidden, output = measured(tables, scaling.Run(hidden=8))
    numbers = [float(str(number).replace(",", "")) for number in table.rows[0]]
    rms = ((hidden + output) / 6352) ** 0.5
    assert numbers == pytest.approx([8, 6352, hidden, output, hidden + output, rms], rel=1e-3)
    assert [row[0] for row in table.rows] == [8, 16, 30, 64, 128, 256, 512]
    assert table.note.startswith("λ = 5: ") and table.note.endswith("to the power -0.50")


def test_the_constant_is_the_length_of_all_weights_and_follows_lmbda_over_n_train(tables):
    rows = {
        tuple(row[:2]): [float(one) for one in row[2:]] for row in table_of_constants(tables).rows
    }
    assert [row[0] for row in rows.values()] == [1e-4, 1e-4, 1e-3, 1e-3, 5e-3, 1e-2]
    for (n_train, lmbda), (kappa, of_hidden, of_all, balance) in rows.items():
        run = scaling.Run(n_train=int(n_train.replace(",", "")), lmbda=float(lmbda))
        if run.n_train == 1000:
            weights = settled_network().weights
            hidden, output = (float((w**2).sum()) for w in weights)
        else:
            hidden, output = measured(tables, run)
        assert of_hidden == pytest.approx((hidden / 23_520) ** 0.5 * 23_820**0.5, abs=0.06)
        assert of_all == pytest.approx((hidden + output) ** 0.5, abs=0.06)
        assert balance == pytest.approx(kappa * (hidden + output), abs=6e-3)
    constants = [row[2] for row in rows.values()]
    assert constants[0] == pytest.approx(constants[1], rel=0.1)
    assert constants[2] == pytest.approx(constants[3], rel=0.1)
