"""The runs of memory and message: what they report, and that dimming is what it says."""

import math
from dataclasses import replace

import numpy as np
import pytest

from experiments.memory import (
    KEEPS,
    Dimmer,
    Run,
    added_up,
    all_runs,
    compute,
    load,
    main,
    quick_runs,
    series,
    table_of_crossings,
    table_of_limits,
)
from nn_core import Network, load_mnist, sgd_step, train

TINY = Run(hidden=4, n_train=200, lmbda=10.0, eta=0.5, m=30, epochs=3)


def test_the_message_added_up_is_what_the_memory_lacks_of_the_weights():
    """The weights those of plain steps; four steps, the last with 10 images."""
    start, message, weights = added_up(eta=0.1, lmbda=5.0, m=30, n_train=100)
    net, images = Network([784, 30, 10], init="old", seed=0), load_mnist(100).train
    np.testing.assert_array_equal(start[:23_520], net.weights[0].ravel())
    for batch in (slice(0, 30), slice(30, 60), slice(60, 90), slice(90, 100)):
        sgd_step(net, images.x[batch], images.y[batch], eta=0.1, lmbda=5.0, n_train=100)
    np.testing.assert_array_equal(weights[-300:], net.weights[1].ravel())
    np.testing.assert_allclose(0.995**4 * start + message, weights, rtol=0, atol=1e-13)


@pytest.fixture(scope="module")
def tiny():
    return compute(TINY)


@pytest.fixture(scope="module")
def trained():
    """Return TINY's network and its weights at the start, trained in one plain call."""
    shuffling, weights = np.random.default_rng(TINY.seed).spawn(2)
    net = Network([784, 4, 10], init="old", seed=weights)
    start = [w.copy() for w in net.weights]
    images = load_mnist(200).train
    list(train(net, images.x, images.y, epochs=3, m=30, eta=0.5, lmbda=10.0, seed=shuffling))
    return net, start


def test_lengths_and_angle_are_those_of_the_weights(tiny, trained):
    net, start = trained
    left = (1 - 0.5 * 10 / 200) ** 21  # 7 steps an epoch
    assert tiny["kept"][-1] == pytest.approx(left, rel=1e-12)
    for layer, (old, now) in enumerate(zip(start, net.weights, strict=True)):
        message = now - left * old
        lengths = [math.sqrt((w**2).sum()) for w in (old, left * old, message, now)]
        told = [tiny["start"][layer], *(tiny[name][-1, layer]
                                        for name in ("memory", "message", "weights"))]  # fmt: skip
        assert told == pytest.approx(lengths, rel=1e-10)
        cosine = left * (old * message).sum() / (lengths[1] * lengths[2])
        assert tiny["cosine"][-1, layer] == pytest.approx(cosine, rel=1e-8)


def test_dimmed_networks_are_those_with_less_memory(tiny, trained):
    net, start = trained
    images, left = load_mnist(200).validation, tiny["kept"][-1]
    for number, keep in enumerate(KEEPS):
        dim = net.copy()
        for layer, name in enumerate(("dimmed_hidden", "dimmed_both")):
            dim.weights[layer] -= (1 - keep) * left * start[layer]  # first one, then the other too
            right = dim.accuracy(images.pixels, images.y)
            assert tiny[name][-1, number] == pytest.approx(right, abs=2e-4)


def test_with_all_of_its_memory_a_network_is_itself(tiny):
    np.testing.assert_array_equal(tiny["dimmed_hidden"][:, -1], tiny["dimmed_both"][:, -1])
    assert KEEPS[-1] == 1


def test_a_dimmer_counts_what_is_right():
    """One input of 1, two hidden neurons, two classes: without its memory the output flips."""
    start = [np.array([[5.0], [-5.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])]
    dimmer = Dimmer(start, np.ones((4, 1)), np.array([0, 0, 0, 1]))
    messages = [np.array([[-1.0], [1.0]]), np.zeros((2, 2))]
    biases = [np.zeros(2), np.zeros(2)]
    found = dimmer.accuracies(0.5, messages, biases, (0.0, 1.0), both=False)
    assert found.tolist() == [0.25, 0.75]


def test_each_series_changes_one_thing():
    for name, field in [("lambda", "lmbda"), ("width", "hidden"), ("eta", "eta")]:
        for run in series()[name]:
            same = {field: getattr(run, field), "init": run.init, "seed": run.seed}
            assert run == replace(Run(), **same)
    book = {(run.hidden, run.init, run.seed) for run in series()["the book's networks"]}
    assert book == {(h, i, s) for h in (30, 100) for i in ("old", "new") for s in range(5)}
    assert len({run.name for run in all_runs()}) == len(all_runs())


def test_all_runs_are_stored_and_hold_together():
    stored = load()
    assert set(all_runs()) <= set(stored)
    for run, found in stored.items():
        assert len(found["kept"]) == run.epochs
        memory, message, weights = (found[name] for name in ("memory", "message", "weights"))
        np.testing.assert_allclose(memory, found["kept"][:, None] * found["start"], rtol=1e-9)
        cosines = memory**2 + message**2 + 2 * found["cosine"] * memory * message
        np.testing.assert_allclose(weights**2, cosines, rtol=1e-9)
        left = (1 - run.eta * run.lmbda / run.n_train) ** math.ceil(run.n_train / run.m)
        np.testing.assert_allclose(found["kept"], left ** np.arange(1, run.epochs + 1), rtol=1e-9)


def test_crossings_are_shown_once_for_each_run_that_gets_so_far():
    stored = load()
    rows = table_of_crossings(stored, "lambda", "width").rows
    assert [(row[0], float(row[1])) for row in rows] == [
        (30, 5), (30, 15), (30, 50), (8, 5), (100, 5)  # the others have not crossed in 60 epochs
    ]  # fmt: skip
    for hidden, lmbda, *said in rows:
        run = Run(hidden=hidden, lmbda=float(lmbda))
        assert said == shown(run, stored[run], 0)[:3]


def test_the_limits_are_those_of_one_network():
    stored, table = load(), table_of_limits(load())
    assert [row[:2] for row in table.rows] == [
        ("hidden", "old"), ("hidden", "new"), ("output", "old"), ("output", "new")
    ]  # fmt: skip
    for row, (layer, init) in zip(table.rows, [(0, "old"), (0, "new"), (1, "old"),
                                               (1, "new")]):  # fmt: skip
        assert list(row[2:]) == shown(Run(init=init), stored[Run(init=init)], layer)


def shown(run, found, layer):
    """What is to be said of a run: from its lengths, without `crossing`."""
    memory, message, weights = (found[of][:, layer] for of in ("memory", "message", "weights"))
    epochs = math.log(found["start"][layer] / message[-1]) / (run.eta * run.lmbda / run.m)
    curve = np.hypot(memory, message[-1]) / weights
    return [f"{epochs:.1f}" if epochs > 0 else "at once",
            1 + int(np.argmax(memory <= message)), f"{max(abs(curve - 1)):.0%}",
            f"{found['cosine'][-1, layer]:+.2f}"]  # fmt: skip


def test_the_command_line_stores_a_small_version(tmp_path):
    main(["--quick", "--workers", "1", "--out", str(tmp_path / "quick.npz")])
    assert set(load(tmp_path / "quick.npz")) == set(quick_runs())


def test_without_results_it_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"python -m experiments\.memory"):
        load(tmp_path / "none.npz")
