"""The ReLU runs: that the network is the book's but for its neurons, and what balances it."""

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from experiments import linear_limit, relu, scaling
from experiments.relu import (
    Run,
    all_runs,
    at_rest,
    backward,
    compute,
    epoch,
    imbalance,
    load,
    main,
    power,
    quick_runs,
    rest,
    series,
    squared_sizes,
    table_of_balance,
    table_of_totals,
)
from nn_core import Network, load_mnist, train

TINY = Run(hidden=6, n_train=60, lmbda=3.0, m=7)  # the last mini-batch has 4


def layers(activation, hidden=6):
    """Return (weights, biases, x, y) in double precision, with some negative biases."""
    net, images = Network([784, hidden, 10], init="new", seed=4), load_mnist(60).train
    return net.weights, net.biases, images.x, images.y


def gradients(weights, biases, x, y, activation="relu"):
    """Return the gradients of the mean cost: (of W1, of W2), (of b1, of b2)."""
    errors, fed = backward(weights, biases, x, y, activation)
    of_weights = [error.T @ inputs / len(x) for error, inputs in zip(errors, fed)]
    return of_weights, [error.mean(axis=0) for error in errors]


# The network.


def test_with_sigmoid_neurons_it_takes_the_steps_of_the_core():
    run = replace(TINY, activation="sigmoid")
    weights, biases, x, y = layers("sigmoid")
    net = Network([784, 6, 10], init="new", seed=4)
    list(train(net, x, y, epochs=3, m=7, eta=0.1, lmbda=3.0, seed=8))
    shuffling = np.random.default_rng(8)
    for _ in range(3):
        epoch(run, weights, biases, x, y, shuffling.permutation(60))
    for ours, theirs in zip(weights + biases, net.weights + net.biases, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10)


def test_the_relu_gradient_is_the_slope_of_the_cost():
    weights, biases, x, y = layers("relu")

    def cost():
        hidden = np.maximum(x @ weights[0].T + biases[0], 0)
        output = 1 / (1 + np.exp(-(hidden @ weights[1].T + biases[1])))
        return -np.sum(y * np.log(output) + (1 - y) * np.log(1 - output)) / len(x)

    of_weights, of_biases = gradients(weights, biases, x, y)
    lit = int(x.sum(axis=0).argmax())
    places = [[(0, lit), (3, lit)], [(2, 0), (9, 5)], [(1,), (5,)], [(0,), (7,)]]
    for array, slope, some in zip(weights + biases, of_weights + of_biases, places, strict=True):
        for place in some:
            kept, h = array[place], 1e-6
            array[place] = kept + h
            above = cost()
            array[place] = kept - h
            below = cost()
            array[place] = kept
            assert slope[place] == pytest.approx((above - below) / (2 * h), rel=1e-5, abs=1e-8)


def test_a_neuron_computes_the_same_if_it_passes_a_factor_on():
    """So w dC/dw + b dC/db = a dC/da, for any images: what the balance comes from."""
    weights, biases, x, y = layers("relu")
    (of_w, of_a), (of_b, _) = gradients(weights, biases, x[:5], y[:5])
    left = (weights[0] * of_w).sum(axis=1) + biases[0] * of_b
    np.testing.assert_allclose(left, (weights[1] * of_a).sum(axis=0), rtol=1e-10, atol=1e-14)
    assert np.abs(left).max() > 1e-3


def test_a_step_changes_the_balance_as_the_text_says():
    run = replace(TINY, n_train=9, m=9)
    weights, biases, x, y = (
        array[:9] if i > 1 else array for i, array in enumerate(layers("relu"))
    )
    before, b = np.subtract(*squared_sizes(weights)), biases[0].copy()
    _, (of_b, _) = gradients(weights, biases, x, y)
    kicks = epoch(run, weights, biases, x, y, np.arange(9))
    s = 1 - 0.1 * 3 / 9
    after = s**2 * before + 2 * s * 0.1 * b * of_b + 0.1**2 * (kicks[0] - kicks[2])
    np.testing.assert_allclose(np.subtract(*squared_sizes(weights)), after, rtol=1e-9)


def test_squared_gradients_are_those_of_the_gradients():
    weights, biases, x, y = layers("relu")
    wanted = np.zeros((3, 6))
    copies = [w.copy() for w in weights], [b.copy() for b in biases]
    for first in range(0, 60, 7):
        rows = slice(first, first + 7)
        (of_w, of_a), (of_b, of_c) = gradients(*copies, x[rows], y[rows])
        wanted += [(of_w**2).sum(axis=1), of_b**2, (of_a**2).sum(axis=0)]
        for array, slope in zip(copies[0] + copies[1], [of_w, of_a, of_b, of_c], strict=True):
            array *= 1 - 0.1 * 3 / 60 if array.ndim == 2 else 1
            array -= 0.1 * slope
    np.testing.assert_allclose(epoch(TINY, weights, biases, x, y, np.arange(60)), wanted, rtol=1e-9)


# When a run has settled, and what it reports.


def test_at_rest_is_the_criterion_of_the_scaling_sweep_for_both_layers():
    run, rng = Run(eta=1.0), np.random.default_rng(0)  # a decay time of 2 epochs
    taken = 500 * (1 - (1 - 1.0 * 5 / 5000) ** 2)

    def ledgers(sizes):
        return [SimpleNamespace(layers=(SimpleNamespace(
                    size_before=old, size_after=new, decay=-taken * new),))
                for old, new in pairwise(sizes)]  # fmt: skip

    verdicts = []
    for drift in np.linspace(0, 0.04, 40):
        sizes = np.cumprod(1 + drift * rng.standard_normal((12, 2)), axis=0)
        decay_time = run.setting.decay_time
        wanted = all(scaling.has_settled(ledgers(layer), decay_time) for layer in sizes.T)
        verdicts.append(at_rest(list(sizes), run))
        assert verdicts[-1] is wanted
    assert {True, False} == set(verdicts) and not at_rest(list(np.ones((8, 2))), run)


def test_a_run_reports_what_the_core_finds_in_double_precision():
    run = quick_runs()[1]
    found, images = compute(run), load_mnist(200).train
    shuffling, seed = np.random.default_rng(0).spawn(2)
    net, sizes = Network([784, 8, 10], init="new", seed=seed), []
    for _ in train(net, images.x, images.y, epochs=int(found["epochs"]), m=10, eta=0.1, lmbda=10.0,
                   seed=shuffling):  # fmt: skip
        sizes.append([(net.weights[0] ** 2).sum(axis=1), (net.weights[1] ** 2).sum(axis=0)])
    half = scaling.half_window(run.setting.decay_time)
    np.testing.assert_allclose(found["squared_size"], np.mean(sizes[-half:], axis=0), rtol=1e-2)
    cost, accuracy = net.evaluate(images.x, images.y)
    assert run.activation == "sigmoid" and found["settled"]
    assert found["cost"] == pytest.approx(cost, rel=1e-3)
    assert found["accuracy"] == pytest.approx(accuracy, abs=0.011)


def test_relu_neurons_begin_without_biases_and_others_with_the_books():
    assert not relu.start(TINY)[1][0].any()
    assert relu.start(replace(TINY, activation="sigmoid"))[1][0].all()


# The stored runs, and what the text says of them.


@pytest.fixture(scope="module")
def stored():
    return load()


def test_all_runs_are_stored_and_have_settled(stored):
    assert set(stored) == set(all_runs()) and len({run.name for run in stored}) == len(stored)
    assert all(found["settled"] for found in stored.values())


def test_each_series_changes_one_thing():
    for name, field in [("width", "hidden"), ("start", "init"), ("sigmoid", "activation")]:
        for run in series()[name]:
            assert run == replace(Run(), **{field: getattr(run, field)}, seed=run.seed)
    assert {run.hidden for run in series()["width"]} >= {8, 30, 512}
    assert {replace(run, m=10) for run in series()["width, less noise"]} <= set(all_runs())


def test_with_sigmoid_neurons_it_rests_where_the_scaling_sweep_does(stored):
    (run,) = series()["sigmoid"]
    theirs = linear_limit.measured(scaling.load(), scaling.Run(hidden=30))
    np.testing.assert_allclose(rest(stored, run).squared, theirs, rtol=0.02)


def test_the_noise_forecasts_the_imbalance(stored):
    """Of the layers within a twentieth or 2, of the middle neuron within 1 %; for ReLU alone.

    It assumes biases at rest. In wide networks they still grow a little, which takes some of it.
    """
    for run in series()["width"] + series()["width, less noise"]:
        one = rest(stored, run)
        assert one.left < 0.01 < one.off, run
        measured = one.squared[0] - one.squared[1]
        assert one.imbalance == pytest.approx(measured, rel=0.05, abs=2), run
    (run,) = series()["sigmoid"]
    one = rest(stored, run)
    assert one.left > 0.2 and one.imbalance > 0 > one.squared[0] - one.squared[1]


def test_imbalance_by_hand():
    found = {"squared_gradient": np.array([[3.0, 0.0], [2.0, 0.0], [1.0, 4.0]])}
    run = Run(eta=0.1, lmbda=500.0)  # s = 0.99
    wanted = 0.01 / (1 - 0.99**2) * np.array([3.0 + 0.99 * 2.0 - 1.0, -4.0])
    np.testing.assert_allclose(imbalance(run, found), wanted)


def test_the_total_hardly_depends_on_the_width(stored):
    """Over the 64-fold width by a quarter, and from 64 neurons on by a twentieth."""
    totals = {run.hidden: rest(stored, run).squared.sum() for run in series()["width"]}
    assert 1.15 < max(totals.values()) / min(totals.values()) < 1.3
    wide = [total for hidden, total in totals.items() if hidden >= 64]
    assert len(wide) == 4 and max(wide) / min(wide) < 1.06
    sizes = [(794 * hidden, (total / (794 * hidden)) ** 0.5) for hidden, total in totals.items()]
    assert power(sizes) == pytest.approx(-0.52, abs=0.01)


def test_the_ratio_comes_to_1_with_the_width_and_with_less_noise(stored):
    ratios = {run.hidden: rest(stored, run).ratio for run in series()["width"]}
    assert list(ratios.values()) == sorted(ratios.values(), reverse=True)
    for run in series()["width, less noise"]:
        assert 1 < rest(stored, run).ratio < ratios[run.hidden]


def test_means_go_over_the_seeds_of_a_setting_alone(stored):
    run = Run(hidden=16)
    both = [stored[replace(run, seed=seed)]["squared_size"] for seed in (0, 1)]
    np.testing.assert_allclose(rest(stored, run).squared, np.sum(both, axis=(0, 2)) / 2)
    middles = [np.median(abs(w / a - 1)[stored[replace(run, seed=seed)]["firing"] > 0])
               for seed, (w, a) in enumerate(both)]  # fmt: skip
    assert rest(stored, run).off == pytest.approx(np.mean(middles))


def test_the_start_is_forgotten(stored):
    old, new = (rest(stored, Run(init=init)).squared for init in ("old", "new"))
    np.testing.assert_allclose(old, new, rtol=0.05)


# The tables, and the command line.


def test_the_tables_hold_the_measured_numbers(stored):
    table = table_of_totals(stored, "width")
    sizes = []
    for hidden, row in zip(
        dict.fromkeys(run.hidden for run in series()["width"]), table.rows, strict=True
    ):
        told = [float(str(cell).replace(",", "")) for cell in row]
        squared, n_weights = rest(stored, Run(hidden=hidden)).squared, 784 * hidden + hidden * 10
        size = (squared.sum() / n_weights) ** 0.5
        assert told == pytest.approx([hidden, n_weights, *squared, squared.sum(), size], abs=0.051)
        sizes.append((n_weights, size))
    exponents = [np.polyfit(*np.log(some).T, 1)[0] for some in (sizes, sizes[2:])]
    assert table.note.endswith("{:.2f}, without the two narrowest {:.2f}".format(*exponents))
    row = table_of_balance(stored, "width, less noise").rows[-1]
    hidden, m, ratio, measured, forecast, off, left = row
    one = rest(stored, series()["width, less noise"][-1])
    assert (hidden, m) == (128, 50)
    assert float(ratio) == pytest.approx(one.squared[0] / one.squared[1], abs=0.0051)
    assert float(measured) == pytest.approx(one.squared[0] - one.squared[1], abs=0.051)
    assert float(forecast) == pytest.approx(one.imbalance, abs=0.051)
    assert [off, left] == [f"{one.off:.1%}", f"{one.left:.1%}"]


def test_the_power_of_a_power_law():
    assert power([(x, 3 * x**-0.5) for x in (10.0, 40.0, 70.0)]) == pytest.approx(-0.5)


def test_the_command_line_stores_a_small_version(tmp_path):
    main(["--quick", "--workers", "1", "--out", str(tmp_path / "quick.npz")])
    assert set(load(tmp_path / "quick.npz")) == set(quick_runs())


def test_without_results_it_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"python -m experiments\.relu"):
        load(tmp_path / "none.npz")
