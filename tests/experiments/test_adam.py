"""The runs with Adam and AdamW: that the steps are the papers', and where they lead."""

import math
from dataclasses import replace

import numpy as np
import pytest

from experiments import linear_limit, scaling
from experiments.adam import (
    MOST_EPOCHS,
    Adam,
    Run,
    all_runs,
    at_rest,
    compute,
    epoch,
    load,
    main,
    quick_runs,
    series,
    sizes,
    squared_sizes,
    table_beside_sgd,
    table_of_random_walk,
)
from nn_core import Network, load_mnist

# The step.


def by_the_papers(w, gradients, eta, kappa, decoupled):
    """One weight, as algorithm 1 of Kingma and Ba has it, or 2 of Loshchilov and Hutter."""
    first = second = 0.0
    for t, g in enumerate(gradients, start=1):
        if not decoupled:
            g = g + kappa * w
        first = 0.9 * first + 0.1 * g
        second = 0.999 * second + 0.001 * g * g
        first_hat, second_hat = first / (1 - 0.9**t), second / (1 - 0.999**t)
        step = eta * first_hat / (math.sqrt(second_hat) + 1e-8)
        w = w - step - (eta * kappa * w if decoupled else 0)
    return w


@pytest.mark.parametrize("decoupled", [True, False])
def test_the_steps_are_those_of_the_papers(decoupled):
    rng = np.random.default_rng(1)
    arrays = [rng.standard_normal((3, 2)), rng.standard_normal(4)]
    start = [array.copy() for array in arrays]
    gradients = [[scale * rng.standard_normal(array.shape) for array in arrays]
                 for scale in np.geomspace(1e-3, 10, 50)]  # fmt: skip
    optimizer = Adam(arrays, (0.3, 0), 0.02, decoupled=decoupled)
    for some in gradients:
        optimizer.step(some)
    for number, kappa in enumerate((0.3, 0.0)):
        for place, w in np.ndenumerate(start[number]):
            seen = [some[number][place] for some in gradients]
            wanted = by_the_papers(w, seen, 0.02, kappa, decoupled)
            assert arrays[number][place] == pytest.approx(wanted, rel=1e-11)


def test_the_first_two_steps_by_hand():
    """Gradients 1 and -1: a whole step down, then 1/19 of one up, since -0.01/0.19 = -1/19."""
    w = np.array([2.0])
    optimizer = Adam([w], (0,), 0.1, decoupled=False)
    optimizer.step([np.array([1.0])])
    assert w[0] == pytest.approx(1.9, abs=1e-8)
    optimizer.step([np.array([-1.0])])
    assert w[0] == pytest.approx(1.9 + 0.1 / 19, abs=1e-8)


@pytest.mark.parametrize("decoupled, kept", [(True, 2.0 * 0.95**3), (False, 2.0 - 3 * 0.1)])
def test_without_gradients_only_decay_acts(decoupled, kept):
    """AdamW takes a part of the weight; L2 in the gradient is a gradient, and takes eta a step."""
    w = np.array([2.0])
    optimizer = Adam([w], (0.5,), 0.1, decoupled=decoupled)
    for _ in range(3):
        optimizer.step([np.array([0.0])])
    assert w[0] == pytest.approx(kept, rel=1e-3)


def test_an_epoch_steps_along_the_gradients_of_the_core():
    run, images = Run("adamw", hidden=5, n_train=30, lmbda=9.0, m=15), load_mnist(30).train
    net = Network([784, 5, 10], init="new", seed=2)
    twin = net.copy()
    ours = Adam(net.weights + net.biases, [0.3, 0.3, 0, 0], 0.01, decoupled=True)
    theirs = Adam(twin.weights + twin.biases, [0.3, 0.3, 0, 0], 0.01, decoupled=True)
    epoch(run, ours, images.x, images.y, np.arange(30))
    for rows in (slice(15), slice(15, 30)):
        nabla_w, nabla_b = twin.backprop(images.x[rows], images.y[rows])
        theirs.step([nabla / 15 for nabla in nabla_w + nabla_b])
    for one, other in zip(net.weights + net.biases, twin.weights + twin.biases, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-9)


@pytest.mark.parametrize("eta, kappa", [(0.01, 0.5), (0.002, 1.0)])
def test_in_pure_noise_the_size_is_that_of_a_random_walk(eta, kappa):
    rng, w = np.random.default_rng(0), np.zeros(4000)
    optimizer = Adam([w], (kappa,), eta, decoupled=True)
    for _ in range(int(5 / (eta * kappa))):
        optimizer.step([3.0 * rng.standard_normal(4000)])
    forecast = Run(eta=eta, lmbda=kappa * 5000).random_walk
    assert forecast == pytest.approx(math.sqrt(eta / (2 * kappa)))
    assert np.sqrt(np.mean(w**2)) == pytest.approx(forecast, rel=0.04)


# When a run has settled, and what it reports.


@pytest.mark.parametrize(
    "last, settled",
    [
        ([1.0] * 16, True),
        ([0.8, 1.2] * 8, True),  # to and fro within a quarter
        ([1.0] * 12 + [1.05] * 4, False),
        ([1.0] * 4 + [1.05] * 8 + [1.0] * 4, False),  # a turning point
        ([1.0] * 15, False),
    ],
)
def test_at_rest_compares_quarters(last, settled):
    steady = np.ones(len(last))
    for pair in (zip(last, steady), zip(steady, last)):
        assert at_rest(list(pair), Run()) is settled
    assert at_rest([(9.0, 9.0)] * 30 + list(zip(last, last)), Run()) is settled


def test_a_quarter_is_a_decay_time_of_adamw():
    assert Run(eta=0.001).quarter == 20 and Run(eta=0.001, m=5).quarter == 10
    assert Run(eta=0.1).quarter == 4 and Run("adam").quarter == 10


def test_a_run_reports_what_a_loop_of_its_own_finds():
    run = quick_runs()[0]
    found, images = compute(run), load_mnist(500).train
    shuffling, seed = np.random.default_rng(0).spawn(2)
    net = Network([784, 8, 10], init="new", seed=seed)
    optimizer = Adam(net.weights + net.biases, [0.4, 0.4, 0, 0], 0.01, decoupled=True)
    seen = []
    for _ in range(int(found["epochs"])):
        epoch(run, optimizer, images.x, images.y, shuffling.permutation(500))
        seen.append([w.copy() for w in net.weights])
    hidden, output = (np.array(layer[-4 * run.quarter :]) for layer in zip(*seen))
    lit = images.pixels.max(axis=0) > 0
    size, noise = sizes(run, found)
    for number, weights in enumerate((hidden[:, :, lit], output)):
        assert size[number] == pytest.approx(math.sqrt(np.mean(weights**2)), rel=0.02)
        assert noise[number] == pytest.approx(math.sqrt(weights.var(axis=0).mean()), rel=0.1)
    assert found["settled"] and found["by_pixel"].shape == (784,)
    cost, accuracy = net.evaluate(images.x, images.y)
    assert found["cost"] == pytest.approx(cost, rel=0.05)
    assert found["accuracy"] == pytest.approx(accuracy, abs=0.01)


# The stored runs, and what the text says of them.


@pytest.fixture(scope="module")
def stored():
    return load()


def test_all_runs_are_stored_and_say_whether_they_have_settled(stored):
    assert set(stored) == set(all_runs()) and len({run.name for run in stored}) == len(stored)
    assert all(found["settled"] or found["epochs"] == MOST_EPOCHS for found in stored.values())


def test_weights_from_black_pixels_only_decay_with_adamw(stored):
    """And with L2 in the gradient they are gone: Adam makes a whole step of even that gradient."""
    for run, found in stored.items():
        black = np.logical_not(load_mnist(run.n_train).train.pixels.any(axis=0))
        start = Network([784, run.hidden, 10], init="new",
                        seed=np.random.default_rng(run.seed).spawn(2)[1])  # fmt: skip
        began = np.square(start.weights[0][:, black]).sum(axis=0)
        if run.optimizer == "adamw":
            steps = 500 * (int(found["epochs"]) - np.arange(4 * run.quarter))
            left = np.mean((1 - run.eta * run.kappa) ** (2.0 * steps))
            np.testing.assert_allclose(
                found["by_pixel"][black], left * began, rtol=0.02, atol=1e-30
            )
        else:
            assert found["by_pixel"][black].sum() < 1e-4 * began.sum()


def test_each_series_changes_one_thing():
    adam = Run("adam", lmbda=5.0, eta=0.001)
    for name, base, field in [
        ("AdamW, width", Run(), "hidden"), ("AdamW, eta", Run(), "eta"),
        ("AdamW, lambda", Run(), "lmbda"), ("AdamW, ReLU", Run(), "activation"),
        ("Adam, width", adam, "hidden"), ("Adam, lambda", adam, "lmbda"),
    ]:  # fmt: skip
        for run in series()[name]:
            assert run == replace(base, **{field: getattr(run, field)})


def test_with_l2_in_the_gradient_adam_rests_where_sgd_does(stored):
    of_sgd = scaling.load()
    for run in series()["Adam, width"] + series()["Adam, lambda"]:
        there = linear_limit.measured(of_sgd, scaling.Run(hidden=run.hidden, lmbda=run.lmbda))
        here = squared_sizes(stored[run])
        assert stored[run]["settled"]
        np.testing.assert_allclose(here, there, rtol=0.1)
        assert here.sum() == pytest.approx(there.sum(), rel=0.03)


def test_with_adamw_the_sum_grows_with_the_width(stored):
    narrow, wide = (squared_sizes(stored[Run(hidden=hidden)]).sum() for hidden in (8, 256))
    assert 10 < wide / narrow < 32
    hidden = [sizes(run, stored[run])[0][0] for run in series()["AdamW, width"]]
    assert max(hidden) / min(hidden) < 1.5


def test_adamw_meets_the_random_walk_by_its_mean_weights_not_by_its_noise(stored):
    for run in [*series()["AdamW, width"], *series()["AdamW, lambda"], *series()["AdamW, ReLU"]]:
        size, noise = sizes(run, stored[run])
        assert 0.9 < size[0] / run.random_walk < 1.5, run
        assert 0.3 < noise[0] / run.random_walk < 0.6, run
        assert noise[0] ** 2 < 0.3 * size[0] ** 2, run


def test_with_small_steps_adamw_is_far_from_the_random_walk(stored):
    """The size stays where it is while eta, and with it the forecast's square, grows tenfold."""
    ratios = [sizes(run, stored[run])[0][0] / run.random_walk for run in series()["AdamW, eta"]]
    assert ratios == sorted(ratios, reverse=True) and ratios[0] > 4
    assert ratios[-1] == pytest.approx(1, abs=0.1)
    small, large = (sizes(Run(eta=eta), stored[Run(eta=eta)])[0][0] for eta in (0.001, 0.01))
    assert small == pytest.approx(large, rel=0.05)


def test_the_random_walk_fails_in_the_output_layer_the_more_the_narrower(stored):
    ratios = [sizes(run, stored[run])[0][1] / run.random_walk for run in series()["AdamW, width"]]
    assert ratios == sorted(ratios, reverse=True) and ratios[0] > 8 and ratios[-1] > 1.5


# The tables, and the command line.


def test_the_tables_hold_the_measured_numbers(stored):
    rows = table_of_random_walk(stored, "AdamW, width", "AdamW, ReLU").rows
    assert len(rows) == 4
    run = series()["AdamW, ReLU"][0]
    setting, *told = rows[-1]
    assert setting == "30 relu neurons, η = 0.01, λ/n_train = 0.1"
    (here, there), (noise, _) = sizes(run, stored[run])
    wanted = [math.sqrt(0.01 / 0.2), here, noise, there]
    assert [float(one) for one in told] == pytest.approx(wanted, abs=6e-5)
    of_sgd = scaling.load()
    last = table_beside_sgd(stored, of_sgd, "Adam, lambda").rows[-1]
    there = linear_limit.measured(of_sgd, scaling.Run(lmbda=50.0))
    here = squared_sizes(stored[Run("adam", lmbda=50.0, eta=0.001)])
    pairs = zip([30, *there, there.sum()], [50, *here, here.sum()])
    wanted = [one for pair in pairs for one in pair]
    assert [float(cell) for cell in last] == pytest.approx(wanted, abs=0.051)


def test_the_command_line_stores_a_small_version(tmp_path):
    main(["--quick", "--workers", "1", "--out", str(tmp_path / "quick.npz")])
    assert set(load(tmp_path / "quick.npz")) == set(quick_runs())


def test_without_results_it_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"python -m experiments\.adam"):
        load(tmp_path / "none.npz")
