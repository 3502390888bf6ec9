"""The threshold of claim 1: that it is one, and how far the estimates are from it."""

from dataclasses import replace

import numpy as np
import pytest

from exercises import first_epochs
from experiments import book_figures, conditions, memory
from experiments.threshold import (
    Run,
    all_runs,
    along,
    compute,
    estimates,
    load,
    main,
    quick_runs,
    search,
    settings,
    step_cosines,
    table_of_angles,
    table_of_thresholds,
)
from nn_core import Network, load_mnist, sgd_step, train

TINY = Run(hidden=4, n_train=200, eta=0.5, m=30)


@pytest.fixture(scope="module")
def tiny():
    return compute(TINY)


@pytest.fixture(scope="module")
def stored():
    return load()


def by_hand(run, lmbda):
    """Train step by step for an epoch: decay, pull and kick of the hidden layer, and its message.

    The message as the sum of the data steps, each faded by the decay that came after it.
    """
    shuffling, weights = np.random.default_rng(run.seed).spawn(2)
    net = Network([784, run.hidden, 10], init="old", seed=weights)
    images, order = load_mnist(run.n_train).train, shuffling.permutation(run.n_train)
    start, left = net.weights[0].copy(), 1 - run.eta * lmbda / run.n_train
    decay = pull = kick = 0.0
    message = np.zeros_like(start)
    for first in range(0, run.n_train, run.m):
        batch, before = order[first : first + run.m], net.weights[0].copy()
        sgd_step(net, images.x[batch], images.y[batch], eta=run.eta, lmbda=lmbda,
                 n_train=run.n_train)  # fmt: skip
        step = net.weights[0] - left * before
        message = left * message + step
        decay += (left**2 - 1) * np.vdot(before, before)
        pull += 2 * left * np.vdot(before, step)
        kick += np.vdot(step, step)
    return start, decay, pull, kick, message


def test_at_the_threshold_decay_has_half_of_the_ledger(tiny):
    start, decay, pull, kick, message = by_hand(TINY, float(tiny["threshold"]))
    assert abs(decay) / (abs(decay) + abs(pull) + abs(kick)) == pytest.approx(0.5, abs=0.001)
    assert (tiny["pull"], tiny["kick"]) == pytest.approx((pull, kick), rel=0.01)
    assert tiny["start"] == pytest.approx(np.linalg.norm(start))
    assert tiny["message"] == pytest.approx(np.linalg.norm(message), rel=0.01)
    cosine = np.vdot(start, message) / np.linalg.norm(start) / np.linalg.norm(message)
    assert tiny["cosine"] == pytest.approx(cosine, abs=1e-3)
    assert tiny["message"] < tiny["data_path"]


def test_where_the_pull_alone_is_what_decay_takes(tiny):
    ((_, one),) = settings({TINY: tiny}).items()
    _, decay, pull, _, _ = by_hand(TINY, one["of pull"])
    assert -decay == pytest.approx(abs(pull), rel=0.01)


def test_the_search_comes_to_the_same_from_anywhere(tiny):
    for lmbda in (1e-4, 0.1, 3.0):
        assert search(TINY, lmbda)[0] == pytest.approx(tiny["threshold"], rel=0.01)


def test_single_steps_and_cost_are_those_of_the_untrained_network(tiny):
    _, weights = np.random.default_rng(TINY.seed).spawn(2)
    net, images = Network([784, 4, 10], init="old", seed=weights), load_mnist(200).train
    assert tiny["cost"] == pytest.approx(net.total_cost(images.x, images.y))
    found = step_cosines(TINY)
    assert len(found) == 7 and tiny["step_cosine"] == pytest.approx(np.sqrt(np.mean(found**2)))
    for number in (0, 6):
        batch, moved = slice(30 * number, 30 * number + 30), net.copy()
        sgd_step(moved, images.x[batch], images.y[batch], eta=0.5, lmbda=0.0, n_train=200)
        step, w = moved.weights[0] - net.weights[0], net.weights[0]
        cosine = np.vdot(step, w) / np.linalg.norm(step) / np.linalg.norm(w)
        assert found[number] == pytest.approx(cosine, rel=1e-6)


def test_images_along_the_weights_that_they_move_are_short():
    """In closed form: <w, x> = z - b, of variance |x|^2; and where sigma'(z)^2 weighs an even z,
    <z^2> = 4 (pi^2 - 6)/12, as sigma'(z) = 1/(4 cosh(z/2)^2), to which b adds 1."""
    length = np.sqrt(np.mean(np.square(load_mnist(1000).train.x).sum(axis=1)))
    found = np.mean([along(Run(seed=seed)) for seed in range(20)], axis=0)
    assert found[0] == pytest.approx(length, rel=0.05)
    assert found[1] == pytest.approx(((np.pi**2 - 6) / 3 + 1) ** 0.5, rel=0.05)


def test_the_estimates_by_hand():
    """Message 3 or, from a cost of 2 in a time of 0.1 * 500, 10; weights as long as there are."""
    run = Run(hidden=30, n_train=5000, eta=0.1, m=10)
    by_message, by_cost = estimates(run, 2.0, 3.0, 23_520**0.5)
    assert (by_message, by_cost) == pytest.approx((100 * 3 / 23_520, 100 * 10 / 23_520))


# The stored runs.


def test_all_runs_are_stored_and_hold_together(stored):
    assert set(all_runs()) <= set(stored)
    for run, found in stored.items():
        assert 0 < found["message"] < found["data_path"], run.name
        # Decay at the threshold is what pull and kick are, to leading order in eta*lmbda/m.
        decay = 2 * run.eta * found["threshold"] / run.m * found["start"] ** 2
        assert decay == pytest.approx(abs(found["pull"]) + found["kick"], rel=0.03), run.name
    assert {run.seed for run in stored} == {0, 1, 2}


def test_it_is_the_threshold_of_notebooks_01_and_04(stored):
    one = first_epochs.first_epoch(5.0)
    exercise = 5.0 * (abs(one.pull) + abs(one.kick)) / abs(one.decay)
    means = {run: found["threshold"] for run, found in settings(stored).items()}
    assert means[Run()] == pytest.approx(exercise, rel=0.3)  # one other seed
    tables = book_figures.load()
    for hidden in (30, 100):
        book = conditions.threshold(tables[hidden, "old"], 0)
        assert means[Run(hidden=hidden, n_train=50_000)] == pytest.approx(book, rel=0.1)


def ratios(stored, estimate):
    return {run: one[estimate] / one["threshold"] for run, one in settings(stored).items()}


def test_by_the_cost_the_order_of_magnitude_is_right_everywhere(stored):
    found = ratios(stored, "by cost")
    assert len(found) == 12 and all(1 / 4 < ratio < 4 for ratio in found.values())
    for run, ratio in found.items():
        assert (ratio > 1) == (run.eta < 0.5), run  # the way it fails


def test_by_the_message_it_is_near_for_few_weights_and_small_steps_alone(stored):
    found = ratios(stored, "by message")
    assert all(ratio < 1.1 for ratio in found.values())
    assert found[Run(eta=0.02)] > 0.9 and found[Run()] > 0.7
    assert found[Run(hidden=100, n_train=50_000, eta=0.5)] < 0.1


def test_what_grows_with_eta_is_the_kicks_share(stored):
    for run, one in settings(stored).items():
        kick = 1 - one["of pull"] / one["threshold"]
        assert (kick > 0.5) == (run.eta == 0.5) and (kick < 0.1) == (run.eta == 0.02), run


def test_the_angles_that_notebook_01_speaks_of(stored):
    for run, one in settings(stored).items():
        random, turned = run.n_weights**-0.5, -one["message"] / (2 * one["start"])
        assert 2.5 * one["step_cosine"] < random, run
        assert one["cosine"] < -2 * random, run
        assert 0.6 < one["cosine"] / turned < 1.7, run


def test_single_steps_lean_to_the_same_side():
    for hidden in (30, 100):
        cosines = np.array([step_cosines(Run(hidden=hidden, seed=seed)) for seed in range(3)])
        assert np.mean(cosines < 0) > 0.9, hidden


def test_the_message_leans_as_much_with_the_books_lambda(stored):
    """The runs of `memory` have other networks of the same kind, and lmbda = 5."""
    other = memory.load()
    for n_train in (5000, 50_000):
        runs = [memory.Run(n_train=n_train, epochs=epochs) for epochs in (30, 60)]
        ((run, found),) = [(run, other[run]) for run in runs if run in other]
        cosine = settings(stored)[Run(n_train=n_train)]["cosine"]
        assert found["cosine"][0, 0] == pytest.approx(cosine, rel=0.1), run


def test_the_tables_show_the_means_over_the_seeds(stored):
    *rows, last = table_of_thresholds(stored).rows
    assert len(rows) == 11
    alike = [replace(Run(100, 50_000, 0.5), seed=seed) for seed in range(3)]
    found = {name: np.mean([stored[run][name] for run in alike]) for name in stored[alike[0]]}
    n_train, hidden, eta, threshold, of_pull, by_cost, by_message = last
    assert (n_train, hidden, eta) == ("50,000", 100, "0.5")
    assert float(threshold) == pytest.approx(found["threshold"], abs=6e-4)
    assert float(of_pull) < float(threshold) / 2  # the kick has most of what the data do
    estimate = np.sqrt(10 * 50_000 * found["cost"] / 0.5) / 78_400
    assert float(by_cost) == pytest.approx(estimate / found["threshold"], abs=0.02)
    length = 10 / 0.5 * found["message"] / found["start"] / 78_400**0.5
    assert float(by_message) == pytest.approx(length / found["threshold"], abs=0.01)
    _, _, _, random, step, cosine, turned = table_of_angles(stored).rows[-1]
    assert float(random) == pytest.approx(78_400**-0.5, abs=6e-5)
    assert float(step) == pytest.approx(found["step_cosine"], abs=6e-5)
    assert float(cosine) == pytest.approx(found["cosine"], abs=6e-5)
    assert float(turned) == pytest.approx(-found["message"] / found["start"] / 2, abs=2e-4)


def test_the_command_line_stores_a_small_version(tmp_path):
    main(["--quick", "--workers", "1", "--out", str(tmp_path / "quick.npz")])
    assert set(load(tmp_path / "quick.npz")) == set(quick_runs())


def test_without_results_it_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"python -m experiments\.threshold"):
        load(tmp_path / "none.npz")


def test_a_run_trains_as_a_plain_call_does(tiny):
    shuffling, weights = np.random.default_rng(TINY.seed).spawn(2)
    net, images = Network([784, 4, 10], init="old", seed=weights), load_mnist(200).train
    record = next(train(net, images.x, images.y, epochs=1, m=30, eta=0.5, seed=shuffling,
                        lmbda=float(tiny["threshold"]), ledger=True))  # fmt: skip
    assert record.ledger.layers[0].decay_share == pytest.approx(0.5, abs=0.001)
