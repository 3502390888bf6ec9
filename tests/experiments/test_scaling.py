"""The scaling sweep: when a run has settled, what it reports, and what each series changes."""

import math
import os
from dataclasses import asdict, fields, replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from experiments import scaling
from experiments.scaling import DRIFT, Run, all_runs, has_settled, load, main, quick_runs
from nn_core import Network, load_mnist, train

TINY = Run(hidden=4, n_train=200, lmbda=10.0, eta=0.5, pool=4)
DECAY_TIME = 2.0  # epochs: half a window is 4


# When a run has settled.


def ledgers(changes, taken=1.0):
    """Ledgers of a hidden layer whose size changes so, and loses `taken` to decay, each epoch.

    The size of the output layer explodes, which doesn't matter.
    """
    sizes = np.cumsum([100.0, *changes])
    exploding = SimpleNamespace(size_before=1.0, size_after=1e6, decay=-1e-6)
    return [
        SimpleNamespace(
            layers=(SimpleNamespace(size_before=old, size_after=new, decay=-taken), exploding)
        )
        for old, new in pairwise(sizes)
    ]


REST = [0.0] * 4
DRIFTING = [2 * DRIFT] * 4


@pytest.mark.parametrize(
    "changes, settled",
    [
        (REST + REST, True),
        ([0.9 * DRIFT] * 8, True),
        ([-0.9 * DRIFT] * 8, True),
        ([1.1 * DRIFT] * 8, False),
        ([-1.1 * DRIFT] * 8, False),
        ([5.0, -5.0, 3.0, -3.0] * 2, True),  # to and fro within a half
        (REST + DRIFTING, False),
        (DRIFTING + REST, False),  # the later half alone is at rest
        (DRIFTING + [-change for change in DRIFTING], False),  # a turning point in the middle
        (DRIFTING * 10 + REST + REST, True),  # only the last window counts
        (REST + REST + DRIFTING * 2, False),
        ((REST + REST)[:-1], False),  # too short
        ([], False),
    ],
)
def test_a_run_has_settled_when_both_halves_of_its_last_window_are_at_rest(changes, settled):
    assert has_settled(ledgers(changes), DECAY_TIME) is settled


@pytest.mark.parametrize("decay_time, half", [(0.1, 4), (2.0, 4), (2.1, 5), (10.0, 20)])
def test_half_a_window_is_two_decay_times_in_whole_epochs(decay_time, half):
    at_rest = ledgers([0.0] * 2 * half)
    assert has_settled(at_rest, decay_time) and not has_settled(at_rest[1:], decay_time)
    assert scaling.half_window(decay_time) == half


def test_a_change_is_compared_with_what_decay_took():
    changes = [DRIFT] * 8
    assert has_settled(ledgers(changes, taken=1.01), DECAY_TIME)
    assert not has_settled(ledgers(changes, taken=0.99), DECAY_TIME)


# What a run reports.


def by_hand(run, epochs):
    """Train so many epochs, and return (net, x, y, ledgers, squared sizes after each epoch)."""
    images = load_mnist(run.n_train, pool=run.pool).train
    x = run.brightness * images.pixels / 256
    shuffling, weights = np.random.default_rng(run.seed).spawn(2)
    net = Network([784 // run.pool**2, run.hidden, 10], init=run.init, seed=weights)
    kept, sizes = [], []
    for record in train(net, x, images.y, epochs=epochs, m=run.m, eta=run.eta, lmbda=run.lmbda,
                        seed=shuffling, ledger=True):  # fmt: skip
        kept.append(record.ledger)
        sizes.append([np.square(w).sum() for w in net.weights])
    return net, x, images.y, kept, np.array(sizes)


def halves_of(decay_time):
    return max(4, math.ceil(2 * decay_time))


def first_at_rest(hidden, half):
    """Return the first epoch after which the last two halves have both kept their size."""
    for end in range(2 * half, len(hidden) + 1):
        parts = hidden[end - 2 * half : end - half], hidden[end - half : end]
        drifts = [
            abs(part[-1].size_after - part[0].size_before) / -sum(epoch.decay for epoch in part)
            for part in parts
        ]
        if max(drifts) <= 0.01:
            return end
    return None


@pytest.mark.parametrize(
    "run",
    [
        TINY,
        replace(TINY, hidden=7, init="new", seed=3),
        replace(TINY, brightness=2.0, pool=2, eta=0.2, m=30),  # the last mini-batch has 20
    ],
)
def test_a_run_reports_what_a_loop_of_its_own_finds(run):
    found = scaling.compute(run)
    epochs = int(found["epochs"])
    net, x, y, kept, sizes = by_hand(run, epochs)
    steps_per_epoch = math.ceil(run.n_train / run.m)
    half = halves_of(-1 / (steps_per_epoch * math.log1p(-run.eta * run.lmbda / run.n_train)))

    assert found["settled"] and first_at_rest([one.layers[0] for one in kept], half) == epochs
    assert found["steps"] == epochs * steps_per_epoch
    assert found["steps_seen"] == half * steps_per_epoch
    np.testing.assert_allclose(found["squared_size"], sizes[-half:].mean(axis=0), rtol=1e-9)
    for name in ("decay", "pull", "kick"):
        wanted = np.sum([[getattr(layer, name) for layer in one.layers] for one in kept[-half:]], 0)
        np.testing.assert_allclose(found[name], wanted, rtol=1e-9)
    np.testing.assert_allclose(found["slope"], np.mean([one.slope for one in kept[-half:]]))
    np.testing.assert_allclose([found["cost"], found["accuracy"]], net.evaluate(x, y, run.lmbda))
    np.testing.assert_allclose(found["mean_squared_length"], np.mean([row @ row for row in x]))

    # The books close over the half window, and at rest decay is all that the data give.
    given, taken = found["pull"] + found["kick"], -found["decay"]
    np.testing.assert_allclose(given - taken, sizes[-1] - sizes[-half - 1], atol=1e-7 * taken[0])
    assert given[0] == pytest.approx(taken[0], rel=DRIFT)


def test_a_run_that_does_not_settle_ends_and_says_so(monkeypatch):
    monkeypatch.setattr(scaling, "MOST_DECAY_TIMES", 5)
    found = scaling.compute(TINY)
    assert not found["settled"] and found["epochs"] == math.ceil(5 * TINY.setting.decay_time) + 8
    assert first_at_rest([one.layers[0] for one in by_hand(TINY, int(found["epochs"]))[3]],
                         halves_of(TINY.setting.decay_time)) is None  # fmt: skip


def test_columns_are_arrays_of_the_documented_shapes():
    found = scaling.compute(TINY)
    of_layers = {"squared_size", "decay", "pull", "kick"}
    assert {name for name, value in found.items() if value.shape == (2,)} == of_layers
    assert {name for name, value in found.items() if value.shape == ()} == {
        "epochs", "steps", "settled", "steps_seen", "cost", "accuracy", "slope",
        "mean_squared_length",
    }  # fmt: skip


def mean_squared_length(pool):
    """Of all training images, summed in whole numbers."""
    pixels = load_mnist(pool=pool).train.pixels
    return np.einsum("ij,ij->", pixels, pixels, dtype=np.int64) / 256**2 / 50_000


# The series.

CHANGED = {
    "width": {"hidden"},
    "width, weak decay": {"hidden", "lmbda"},
    "width, strong decay": {"hidden", "lmbda"},
    "lambda": {"lmbda"},
    "lambda, all images": {"lmbda", "n_train"},
    "the book's networks": {"hidden", "n_train"},
    "n_train at fixed lambda/n_train": {"n_train", "lmbda"},
    "fan-in": {"pool"},
    "fan-in at fixed length": {"pool", "brightness"},
    "brightness": {"brightness"},
    "eta": {"eta"},
    "m": {"m"},
}


@pytest.fixture(scope="module")
def series():
    return scaling.series()


def values(runs, *names):
    """The different values that these parameters take together in the runs."""
    return {tuple(getattr(run, name) for name in names) for run in runs}


def test_a_series_changes_what_it_says_and_nothing_else(series):
    assert set(series) == set(CHANGED)
    base = asdict(Run())
    for name, runs in series.items():
        differ = {key for run in runs for key, value in asdict(run).items() if value != base[key]}
        assert differ == CHANGED[name] | {"init", "seed"}, name


def test_each_setting_has_both_initializations_and_three_seeds(series):
    for name, runs in series.items():
        settings = values(runs, *CHANGED[name])
        assert len(settings) > 1
        assert values(runs, *CHANGED[name], "init", "seed") == {
            (*setting, init, seed)
            for setting in settings for init in ("old", "new") for seed in (0, 1, 2)
        }  # fmt: skip
        assert len(runs) == len(set(runs)) == 6 * len(settings)


def test_what_a_series_holds_fixed_is_fixed(series):
    assert values(series["width, weak decay"], "lmbda") == {(1.0,)}
    assert values(series["width, strong decay"], "lmbda") == {(50.0,)}
    assert values(series["lambda, all images"], "n_train") == {(50_000,)}
    assert values(series["the book's networks"], "hidden", "n_train") == {
        (30, 50_000), (100, 50_000)
    }  # fmt: skip
    for run in series["n_train at fixed lambda/n_train"]:
        assert run.lmbda / run.n_train == pytest.approx(Run().lmbda / Run().n_train, rel=1e-12)
    lengths = {pool: mean_squared_length(pool) for pool in (1, 2, 4)}
    for run in series["fan-in at fixed length"]:
        assert run.brightness**2 * lengths[run.pool] == pytest.approx(lengths[1], rel=1e-4)


def test_the_series_reach_as_far_as_they_have_to(series):
    assert {8, 512} <= {hidden for (hidden,) in values(series["width"], "hidden")}
    assert {0.5, 200.0} <= {lmbda for (lmbda,) in values(series["lambda"], "lmbda")}
    assert {run.fan_in for run in series["fan-in"]} == {784, 196, 49}


def test_every_run_is_there_once_and_has_a_name_of_its_own(series):
    runs = all_runs()
    assert set(runs) == {run for those in series.values() for run in those}
    assert len({run.name for run in runs}) == len(runs) == len(set(runs))
    others = 5, 300, 11.0, 0.6, 11, 2, 3.0, "new", 1
    names = {replace(TINY, **{one.name: value}).name for one, value in zip(fields(Run), others)}
    assert len(names | {TINY.name}) == 1 + len(fields(Run))


def test_more_neurons_inputs_images_and_slower_decay_are_more_work():
    def work(**change):
        return replace(Run(), **change).work

    assert work(hidden=512) > work() > work(pool=4)
    assert work(lmbda=1.0) > work() > work(lmbda=50.0)
    assert work(n_train=50_000) > work()  # at the same lambda it decays that much more slowly


# The command line and the file.


def test_the_quick_command_writes_its_runs_and_load_reads_them(tmp_path):
    path = tmp_path / "deeper" / "quick.npz"
    main(["--quick", "--out", str(path), "--workers", "1"])
    assert os.listdir(path.parent) == ["quick.npz"]
    found = load(path)
    assert set(found) == set(quick_runs()) and len(found) == 4
    (run,) = (run for run in found if (run.hidden, run.init) == (16, "new"))
    wanted = scaling.compute(run)
    assert set(found[run]) == set(wanted)
    for column, value in wanted.items():
        np.testing.assert_array_equal(found[run][column], value, strict=True)


def test_without_results_one_is_told_how_to_come_by_them(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"git checkout.*python -m experiments.scaling"):
        load(tmp_path / "none.npz")


@pytest.fixture(scope="module")
def stored():
    return load()


def test_the_stored_results_are_those_of_all_runs(stored):
    assert set(stored) == set(all_runs())


def test_every_stored_run_has_settled_or_says_that_it_has_not(stored):
    for run, columns in stored.items():
        moved = abs((columns["decay"] + columns["pull"] + columns["kick"])[0])
        at_rest = moved <= DRIFT * -columns["decay"][0] * (1 + 1e-6)
        most = math.ceil(60 * run.setting.decay_time) + 8
        assert at_rest if columns["settled"] else columns["epochs"] == most, run.name
        assert columns["epochs"] <= most and np.isfinite(columns["squared_size"]).all()


def test_a_stored_run_computed_again_agrees(stored):
    run = min(stored, key=lambda run: stored[run]["steps"] * run.fan_in * run.hidden)
    again = scaling.compute(run)
    assert set(again) == set(stored[run])
    for column, value in again.items():
        np.testing.assert_allclose(stored[run][column], value, rtol=1e-6)
