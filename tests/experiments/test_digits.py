"""The second set of images: its runs are what training gives, and bear out what the text says."""

import math
import sys
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from exercises import tail_off
from experiments import cliff, scaling
from experiments import linear_limit as linear_limit_runs
from experiments.digits import (
    LAMBDAS,
    Run,
    all_runs,
    critical_lambda,
    crossing,
    crossings,
    decay_share,
    factor_per_epoch,
    forecast_crossing,
    hidden_size,
    load,
    load_images,
    longer_than_on_mnist,
    main,
    mean_hidden_size,
    over_seeds,
    quick_runs,
    settled_length,
    straight_length,
    table_of_claims,
    table_of_forecasts,
    table_of_scales,
)
from nn_core import Network, linear_limit, load_mnist, sgd_step, train

STEP = 1 - 0.1 * 5 / 1000
OLD = {
    images: [Run(images=images, seed=seed) for seed in range(3)] for images in ("MNIST", "digits")
}


@pytest.fixture(scope="module")
def stored():
    return load()


# The images.


def test_the_images_are_those_of_scikit_learn_in_their_order():
    (x, y), (others, their_y) = load_images("digits")
    raw = load_digits()
    assert x.shape == (1000, 64) and others.shape == (797, 64) and y.shape == (1000, 10)
    np.testing.assert_array_equal(np.vstack([x, others]) * 16, raw.images.reshape(1797, 64))
    np.testing.assert_array_equal(np.vstack([y, their_y]).argmax(axis=1), raw.target)
    assert x.min() == 0 and x.max() == 1 and set(np.unique(raw.images)) == set(range(17))


def test_those_of_mnist_are_the_first_thousand():
    (x, y), (others, _) = load_images("MNIST")
    np.testing.assert_array_equal(x, load_mnist(1000).train.x)
    np.testing.assert_array_equal(y.argmax(axis=1), load_mnist(1000).train.labels)
    assert len(others) == len(load_mnist(1).validation)


def test_three_pixels_are_always_black_a_corner_and_both_ends_of_the_fifth_row(stored):
    raw = load_digits().images[:1000]
    where = {
        (row, column) for row in range(8) for column in range(8) if not raw[:, row, column].any()
    }
    assert where == {(0, 0), (4, 0), (4, 7)}
    for run in OLD["digits"]:
        assert {divmod(pixel, 8) for pixel in stored[run]["always_black"]} == where
    black = np.flatnonzero(load_mnist(1000).always_black)
    np.testing.assert_array_equal(stored[Run(images="MNIST")]["always_black"], black)


# The stored runs.


def test_all_runs_are_stored_whole(stored):
    assert set(stored) == set(all_runs()) and len(stored) == 48
    for run, found in stored.items():
        assert found["message"].shape == found["weights"].shape == (run.epochs, 2)
        assert found["control"].shape == (run.epochs + 1,)
        assert run.epochs >= 6 * 10 / (0.1 * run.lmbda)  # six decay times


@pytest.mark.parametrize("run", [Run(), Run(init="new", lmbda=20.0, seed=2), Run(images="MNIST")])
def test_what_is_stored_is_what_training_gives(stored, run):
    """The first three epochs, step by step: the message is what the data steps have added."""
    (x, y), _ = load_images(run.images)
    shuffling, seed = np.random.default_rng(run.seed).spawn(2)
    net = Network([x.shape[1], 30, 10], init=run.init, seed=seed)
    start = [w.copy() for w in net.weights]
    step, added = 1 - 0.1 * run.lmbda / 1000, [np.zeros_like(w) for w in start]
    np.testing.assert_allclose(stored[run]["start"], [np.linalg.norm(w) for w in start])
    ledger = np.zeros((3, 2))
    for epoch in range(3):
        order = shuffling.permutation(1000)
        for first in range(0, 1000, 10):
            rows = order[first : first + 10]
            gradients, _ = net.backprop(x[rows], y[rows])
            for layer, (w, G) in enumerate(zip(net.weights, gradients)):
                g = 0.1 / 10 * G
                added[layer] = step * added[layer] - g
                if epoch == 0:
                    ledger[:, layer] += [(step**2 - 1) * np.vdot(w, w), -2 * step * np.vdot(w, g),
                                         np.vdot(g, g)]  # fmt: skip
            sgd_step(net, x[rows], y[rows], eta=0.1, lmbda=run.lmbda, n_train=1000)
        lengths = [[np.linalg.norm(w) for w in arrays] for arrays in (added, net.weights)]
        for name, length in zip(("message", "weights"), lengths, strict=True):
            np.testing.assert_allclose(stored[run][name][epoch], length, rtol=1e-6)
    for name, terms in zip(("decay", "pull", "kick"), ledger, strict=True):
        np.testing.assert_allclose(stored[run][name], terms, rtol=1e-6)


def test_a_run_ends_as_training_does(stored):
    run = Run(hidden=8, init="new")
    (x, y), (others, their_y) = load_images("digits")
    shuffling, seed = np.random.default_rng(0).spawn(2)
    net = Network([64, 8, 10], init="new", seed=seed)
    for _ in train(net, x, y, epochs=120, m=10, eta=0.1, lmbda=5.0, seed=shuffling):
        pass
    found = stored[run]
    np.testing.assert_allclose(
        found["weights"][-1], [np.linalg.norm(w) for w in net.weights], rtol=1e-6
    )
    for name, a, b in (("accuracy", x, y), ("accuracy_on_others", others, their_y)):
        right = (net.feedforward(a).argmax(axis=1) == b.argmax(axis=1)).mean()
        assert found[name] == pytest.approx(right, abs=0.0021)
    assert found["mean_squared_length"] == pytest.approx((x**2).sum() / 1000)


def test_nothing_but_the_images_differs_from_the_network_of_the_notebook(stored):
    """The MNIST runs here and those that the figure stores have other seeds, and the same size."""
    assert mean_hidden_size(stored, "MNIST") == pytest.approx(tail_off.settled("old"), rel=0.01)


# What carries over.


def test_claim_1_decay_has_nearly_all_of_the_first_epochs_ledger(stored):
    shares = {images: [decay_share(stored[run]) for run in runs] for images, runs in OLD.items()}
    assert min(shares["MNIST"]) > 0.995 > max(shares["digits"]) >= min(shares["digits"]) > 0.95
    # Decay has a twelfth to take from, and the data do no more than on MNIST.
    by_decay, by_data = (
        {images: np.mean([sum(abs(stored[run][name][0]) for name in names) for run in runs])
         for images, runs in OLD.items()} for names in (["decay"], ["pull", "kick"])
    )  # fmt: skip
    assert by_decay["MNIST"] / by_decay["digits"] == pytest.approx(784 / 64, rel=0.05)
    assert by_data["digits"] < by_data["MNIST"]
    found = {"decay": np.array([-6.0, 1]), "pull": np.array([-1.5, 1]), "kick": np.array([0.5, 1])}
    assert decay_share(found) == pytest.approx(6 / 8)


def test_claim_2_the_factor_is_that_of_the_steps_on_both(stored):
    for run in (run for runs in OLD.values() for run in runs):
        found = stored[run]
        assert factor_per_epoch(found) == pytest.approx(STEP**100, rel=1e-12)
        assert factor_per_epoch(found) == pytest.approx(math.exp(-0.05), rel=2e-5)
        np.testing.assert_allclose(
            found["control"][1:] / found["control"][:-1], STEP**100, rtol=1e-12
        )


def test_claim_3_the_length_carries_over_and_the_size_does_not(stored):
    lengths = {
        images: np.mean([stored[run]["weights"][-1, 0] for run in runs])
        for images, runs in OLD.items()
    }
    assert lengths["digits"] / lengths["MNIST"] == pytest.approx(1.17, abs=0.01)
    sizes = [mean_hidden_size(stored, images) for images in ("digits", "MNIST")]
    assert sizes[0] / sizes[1] == pytest.approx(4.1, abs=0.05)
    by_light = [size * stored[Run(images=images)]["mean_squared_length"] ** 0.5
                for size, images in zip(sizes, ("digits", "MNIST"))]  # fmt: skip
    assert by_light[0] / by_light[1] > 1.7


def test_that_it_is_longer_is_forecast(stored):
    lengths = {images: np.mean([stored[run]["weights"][-1, 0] for run in runs])
               for images, runs in OLD.items()}  # fmt: skip
    straight = {images: linear_limit.solve(*load_images(images)[0], 0.005) for images in OLD}
    wanted = [(straight["digits"].nuclear_norm / straight["MNIST"].nuclear_norm) ** 0.5 - 1,
              lengths["digits"] / lengths["MNIST"] - 1]  # fmt: skip
    forecast, measured = longer_than_on_mnist(stored)
    np.testing.assert_allclose([forecast, measured], wanted, rtol=1e-3)
    assert forecast == pytest.approx(measured, abs=0.02)


def test_the_length_hardly_depends_on_the_width(stored):
    for images, within in (("digits", 1.01), ("MNIST", 1.07)):
        lengths = []
        for hidden in (8, 30, 128):
            runs = [Run(images=images, hidden=hidden, init=init, seed=seed)
                    for init in ("old", "new") for seed in range(3)]  # fmt: skip
            lengths.append(np.mean([settled_length(stored[run]) for run in runs]))
        assert max(lengths) / min(lengths) < within


def test_old_and_new_arrive_at_one_size(stored):
    for run in (run for runs in OLD.values() for run in runs):
        old, new = (stored[one]["weights"][-1] for one in (run, replace(run, init="new")))
        np.testing.assert_allclose(old, new, rtol=0.02)


def test_the_lengths_cross_later_than_forecast_since_the_message_is_not_done(stored):
    for images, late, share in (("MNIST", (1, 2), 0.94), ("digits", (3, 5), 0.84)):
        for run in OLD[images]:
            found, epoch = stored[run], crossing(run, stored[run])
            memory = found["start"][0] * STEP ** (100 * np.arange(1, 121))
            message = found["message"][:, 0]
            shorter = memory <= message
            assert shorter[epoch - 1] and not shorter[: epoch - 1].any()
            forecast = math.log(found["start"][0] / message[-1]) / (-100 * math.log(STEP))
            assert forecast_crossing(run, found) == pytest.approx(forecast)
            assert late[0] < epoch - forecast < late[1]
            assert message[epoch - 1] / message[-1] == pytest.approx(share, abs=0.02)


def test_memory_that_is_never_as_short_does_not_cross():
    found = {"start": np.array([9.0, 1.0]), "message": np.full((120, 2), 1e-3)}
    assert crossing(Run(), found) is None


# The forecast of straight neurons.


def test_straight_neurons_forecast_the_size_where_decay_is_not_strong(stored):
    for lmbda, within in ((1.0, 0.02), (5.0, 0.05), (20.0, 0.11), (40.0, 0.18)):
        for seed in range(3):
            run = Run(lmbda=lmbda, init="new", seed=seed)
            assert stored[run]["straight"] / stored[run]["weights"][-1, 0] == pytest.approx(
                1, abs=within
            )


def test_where_decay_is_strong_the_forecast_errs_as_on_mnist(stored):
    """By a tenth too large at lmbda/n_train = 0.02, on either set."""
    theirs = scaling.Run(lmbda=100.0)
    squared = linear_limit_runs.measured(scaling.load(), theirs)[0]
    forecast = 4 * linear_limit_runs.load()[linear_limit_runs.Run(lmbda=100.0)]["nuclear_norm"]
    runs = [Run(lmbda=20.0, init="new", seed=seed) for seed in range(3)]
    mine = np.mean([stored[run]["straight"] / stored[run]["weights"][-1, 0] for run in runs])
    assert (
        (forecast / squared) ** 0.5 == pytest.approx(mine, abs=0.03) == pytest.approx(1.1, abs=0.03)
    )


def test_the_forecast_is_at_the_minimum_of_its_convex_problem():
    """Its gradient has singular values of at most 4 kappa, and exactly that where it stretches."""
    (x, y), _ = load_images("digits")
    length, kappa = straight_length("digits", 20.0), 20 / 1000
    solution = linear_limit.solve(x, y, kappa)
    assert 2 * solution.nuclear_norm**0.5 == pytest.approx(length)
    miss = 1 / (1 + np.exp(-(x @ solution.A.T + solution.b))) - y
    stretched = np.linalg.svd(miss.T @ x / 1000, compute_uv=False)
    rank = np.linalg.matrix_rank(solution.A, tol=1e-6)
    np.testing.assert_allclose(stretched[:rank], 4 * kappa, rtol=2e-3)
    assert rank > 1 and stretched.max() <= 4 * kappa * 1.002


def test_weights_give_up_between_the_last_two_lambdas(stored):
    x, y = (part - part.mean(axis=0) for part in load_images("digits")[0])
    critical = 1000 * np.linalg.norm(y.T @ x / 1000, 2) / 4
    assert critical_lambda("digits") == pytest.approx(critical)
    assert LAMBDAS[-2] < critical < LAMBDAS[-1]
    for seed in range(3):
        beyond, before = (
            stored[Run(lmbda=lmbda, init="new", seed=seed)] for lmbda in LAMBDAS[:-3:-1]
        )
        assert beyond["straight"] == 0 and settled_length(beyond) < 0.2 * settled_length(before)
        assert beyond["accuracy"] < 0.15
    assert stored[Run(images="MNIST")]["critical"] == pytest.approx(
        cliff.load()[next(run for run in cliff.load() if run.n_train == 1000)]["critical"], rel=1e-6
    )


# The tables, and the command line.


def test_the_tables_hold_the_measured_numbers(stored):
    scales, claims = (dict(zip([row[0] for row in table.rows], [row[1:] for row in table.rows]))
                      for table in (table_of_scales(stored), table_of_claims(stored)))  # fmt: skip
    assert list(scales.values())[:3] == [(784, 64), ("23,520", "1,920"), ("23,820", "2,220")]
    light, (settles, asked) = list(scales.values())[3:]
    assert [float(cell) for cell in light] == pytest.approx(
        [(load_images(images)[0][0] ** 2).sum() / 1000 for images in OLD], abs=0.051
    )
    sizes = [hidden_size(run, stored[run]) for run in OLD["MNIST"]]
    assert float(settles) == pytest.approx(np.mean(sizes), abs=6e-5) and asked == "?"

    def mean(tell):
        return [np.mean([tell(run, stored[run]) for run in runs]) for runs in OLD.values()]

    told = [[float(cell.strip("%").replace(",", "")) for cell in row if " to " not in str(cell)]
            for row in claims.values()]  # fmt: skip
    assert told[0] == pytest.approx(
        [100 * share for share in mean(lambda _, it: decay_share(it))], abs=0.051
    )
    assert told[1] == [175, 3] and told[2] == pytest.approx([STEP**100] * 2, abs=6e-6)
    assert told[3] == [56] and list(claims.values())[3][1] == "30 to 31"
    assert told[4] == pytest.approx(mean(forecast_crossing), abs=0.051)
    assert told[5] == pytest.approx(
        mean(lambda run, it: it["message"][crossing(run, it) - 1, 0]), abs=0.051
    )
    assert told[6] == pytest.approx(mean(lambda _, it: it["message"][-1, 0]), abs=0.051)
    multiples = mean(lambda run, it: np.sqrt((it["weights"][-1] ** 2).sum()))
    assert told[7] == pytest.approx(multiples, abs=0.051)
    for row, hidden in ((8, 8), (9, 128)):
        ends = [np.mean([settled_length(stored[replace(run, hidden=hidden)]) for run in runs])
                for runs in OLD.values()]  # fmt: skip
        assert told[row] == pytest.approx(ends, abs=0.051)
    assert told[11] == pytest.approx(
        [100 * s for s in mean(lambda _, it: it["accuracy_on_others"])], abs=0.051
    )


def test_the_table_of_forecasts_has_a_row_for_each_lambda(stored):
    table = table_of_forecasts(stored)
    assert [float(row[0]) for row in table.rows] == list(LAMBDAS)
    runs = [Run(lmbda=5.0, init="new", seed=seed) for seed in range(3)]
    measured = np.mean([stored[run]["weights"][-1, 0] for run in runs]) / 1920**0.5
    straight = float(stored[runs[0]]["straight"]) / 1920**0.5
    told = [float(cell.strip("%")) for cell in table.rows[1]]
    assert told[:2] == [5, 0.005]
    np.testing.assert_allclose(told[2:4], [straight, measured], atol=6e-5)
    assert told[4] == pytest.approx(straight / measured, abs=0.0051)
    assert table.note.endswith(f"λ = {critical_lambda('digits'):.0f} on.")


def test_means_go_over_the_seeds_that_are_there(stored):
    assert over_seeds(stored, Run(), lambda run, _: run.seed) == [0, 1, 2]
    assert crossings(stored, "digits") == [crossing(run, stored[run]) for run in OLD["digits"]]


def test_the_program_stores_what_load_reads(tmp_path):
    main(["--quick", "--workers", "1", "--out", str(tmp_path / "quick.npz")])
    assert set(load(tmp_path / "quick.npz")) == set(quick_runs())


def test_results_are_read_without_scikit_learn(monkeypatch):
    """As in the browser edition, which has none."""
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    load.cache_clear()
    assert table_of_claims(load()).rows and table_of_forecasts(load()).rows


def test_without_its_file_it_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"python -m experiments\.digits"):
        load(tmp_path / "none.npz")
