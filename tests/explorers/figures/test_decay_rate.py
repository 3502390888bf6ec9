"""Claim 2's figure against its closed forms and a training loop written out by hand."""

import math
import re

import by_hand
import numpy as np
import pytest
from page import assert_presentable
from told import assert_says, assert_told, column, row, rows, shown, stages

from explorers import DecayRate
from explorers.figures import decay_rate
from explorers.figures.decay_rate import describe
from nn_core import load_mnist, theory

SMALL = {"eta": 0.5, "lmbda": 20.0, "m": 30, "n_train": 100}  # 4 steps: m does not divide n_train
FACTOR, LIMIT = 0.9**4, math.exp(-10 / 30)  # of SMALL; for all else they are tested with `theory`
ERROR = FACTOR / LIMIT - 1
# The borders between the regimes, and floats that come to their end.
EDGES = {
    "gentle in a step, but not in an epoch": {"eta": 10.0, "lmbda": 0.9, "m": 1},
    "abrupt": {"eta": 1.0, "lmbda": 50.0, "m": 50},
    "all at once": {"eta": 1.0, "lmbda": 100.0, "m": 10},
    "flipping": {"eta": 1.0, "lmbda": 180.0, "m": 100},
    "for ever": {"eta": 1.0, "lmbda": 200.0, "m": 30},
    "0.5^3000 is no float": {"eta": 10.0, "lmbda": 5.0, "m": 1},
    "more than all floats": {"eta": 10.0, "lmbda": 1000.0, "m": 1},
    # 25 steps in each of 30 epochs, down to 10^-323.2
    "the last float": {"eta": 1.0, "lmbda": 100 * (1 - 10 ** (-323.2 / 750)), "m": 4},
}


@pytest.fixture(scope="module")
def figure():
    return DecayRate(n_train=100)


@pytest.fixture(scope="module")
def small():
    return DecayRate(**SMALL)


def first(**state):
    return stages(DecayRate, 0, **state)[0]


def test_the_measurement_is_that_of_a_loop_by_hand(small):
    black, run = load_mnist(100).always_black, by_hand.trained("old", epochs=2, **SMALL)
    sizes = np.array([(by_hand.rms(w1[:, black]), by_hand.rms(w1)) for (w1, *_), _ in run])
    control, layer = (sizes / sizes[0]).T
    np.testing.assert_allclose(small.result.control[:3], control, rtol=1e-12)
    np.testing.assert_allclose(small.result.layer[:3], layer, rtol=1e-9)
    assert small.result.n_black == black.sum() > 100


def test_the_control_group_follows_the_exact_factor(small):
    np.testing.assert_allclose(small.result.control, FACTOR ** np.arange(31), rtol=1e-12)
    assert small.result.control_deviation < 1e-12


def test_the_first_result_is_quick_and_the_rest_is_one_an_epoch():
    results = stages(DecayRate, 100, **SMALL)
    assert [len(r.layer) for r in results] == [len(r.control) for r in results]
    assert [len(result.layer) for result in results] == list(range(1, 32))


def test_no_state_trains_for_longer_than_the_books(figure):
    m, n_train = figure.control("m").stops, figure.control("n_train").stops
    epochs = {(n, k): decay_rate.measured_epochs(n, k) for n in n_train for k in m if k <= n}
    assert epochs[50_000, 10] == epochs[1000, 1] == 30 and min(epochs.values()) == 3
    assert max(-(-n // k) * count for (n, k), count in epochs.items()) <= 30 * 5000


def test_it_says_where_fewer_epochs_are_measured(monkeypatch):
    monkeypatch.setattr(decay_rate, "MOST_STEPS", 70)
    *_, early, last = list(DecayRate.compute(eta=0.1, lmbda=5.0, m=5, n_train=100))
    assert len(last.layer) == len(last.control) == 1 + 3  # 20 steps each
    assert "No more is measured here, as an epoch has 20 steps" in describe(last)
    assert "after 3, where" in describe(last) and "No more" not in describe(early)


def test_the_sentence_says_the_computed_numbers(small):
    result = small.result
    assert_says(
        small.sentence,
        "With ηλ/n_train = #, decay is …. One epoch multiplies a weight without gradient by #; the "
        "limit exp(−ηλ/m) = # is off by # %. (m does not divide n_train: ….) Measured: the control "
        "group (# always-black pixels, # weights) follows the exact factor to # digits; the whole "
        "hidden layer went to # of its size in the first epoch, and stands at # after 30, where "
        "decay alone would leave #.",
        0.1, ..., FACTOR, LIMIT, abs(ERROR), ..., result.n_black, 30 * result.n_black, 12,
        result.layer[1], result.layer[-1], FACTOR**30,
    )  # fmt: skip


def test_the_table_has_the_same_numbers_with_more_digits(small):
    assert_told(small, {
        "ηλ/n_train": 0.1, "steps per epoch": 4, "exact factor": FACTOR, "limit": LIMIT,
        "relative error": ERROR, "... forecast": theory.limit_error_leading(**SMALL),
        "epochs measured": 30, "control group": FACTOR**30, "whole hidden": small.result.layer[-1],
    })  # fmt: skip


@pytest.mark.parametrize("m", [1, 2, 3, 7, 10, 14, 50, 51, 99, 100])
def test_the_sentence_mentions_a_last_smaller_mini_batch_exactly_if_there_is_one(m):
    """There the curve, which is for m dividing n_train, misses the point."""
    words = "m does not divide n_train: the last, smaller mini-batch is a whole step too"
    result = first(eta=0.1, lmbda=5.0, m=m, n_train=100)
    assert (words in describe(result)) == (m not in (1, 2, 10, 50, 100))


# Where decay is no longer gentle.


@pytest.mark.parametrize("name", EDGES)
def test_at_the_edges_all_is_said_in_plain_words(figure, name):
    figure.set(**EDGES[name], n_train=100)
    assert_presentable(figure.sentence, figure.table)
    assert figure.message == ""
    result = figure.result
    refused = "Training is refused here: it would diverge." in figure.sentence
    assert refused == (name in ("for ever", "more than all floats"))
    assert refused != ("Measured" in figure.sentence)
    assert not (refused and "mini-batch" in figure.sentence)
    if name.startswith("gentle"):  # the error is about (eta*lambda)^2 / (2 m n_train)
        assert abs(result.error) > 0.3 and "good limit" not in figure.sentence
    elif name == "all at once":
        assert result.factor == 0 and result.control[1:] == (0.0,) * 30
    elif name == "flipping":
        assert result.factor == pytest.approx(-0.8)
        np.testing.assert_allclose(result.control, 0.8 ** np.arange(31), rtol=1e-12)
    elif name.startswith("0.5"):  # but not 0 either
        assert not re.search(r"leave 0\.(?!\d)", figure.sentence)
    elif name == "the last float":
        assert 0 < abs(result.factor) ** 30 < 2e-323
    elif name.startswith("more"):
        assert "exp(−ηλ/m) (< 10⁻³⁰⁰) is off" in figure.sentence
        assert row(figure, "relative error") == "more than 10³⁰⁰"


def test_without_decay_both_factors_are_one(figure):
    figure.set(eta=10.0, lmbda=0.0, m=1, n_train=100)
    assert "λ = 0" in figure.sentence and "1" in figure.sentence
    assert set(figure.result.control) == {1.0} and figure.result.error == 0
    assert max(figure.result.layer) > 1.3  # the data alone: no curve leaves the picture
    assert shown(figure).sizes.moving.get_ylim()[1] >= max(figure.result.layer)


def test_growing_decay_trains_nothing_and_leaves_cells_empty(figure):
    figure.set(eta=10.0, lmbda=1000.0, m=100, n_train=100)
    assert_presentable(figure.sentence, figure.table)
    assert row(figure, "epochs measured") == "0"
    file = rows(figure)
    assert file[0]["control_group"] == "1.0" and file[1]["control_group"] == ""
    assert float(file[30]["exact_factor"]) == pytest.approx(99.0**30)
    figure.set(m=1)  # beyond all floats
    assert_presentable(figure.sentence, [])
    assert len(rows(figure)) == 31


# The picture and the file.


def test_curves_and_file_show_the_numbers(small):
    picture, result = shown(small), small.result
    for name, curve, wanted in [
        ("control_group", picture.control, result.control),
        ("hidden_layer", picture.layer, result.layer),
        ("exact_factor", picture.exact, FACTOR ** np.arange(31)),
        ("exponential_limit", picture.limit, LIMIT ** np.arange(31)),
    ]:
        np.testing.assert_allclose(curve.get_ydata(), wanted, rtol=1e-9)
        np.testing.assert_allclose(column(small, name), wanted, rtol=1e-9)
        assert list(curve.get_xdata()) == column(small, "epoch") == list(range(31))
    (x,), (y,) = picture.point.get_data()
    assert x == pytest.approx(0.1) and y == pytest.approx(abs(ERROR))


@pytest.mark.parametrize("m", [1, 4, 10, 20, 50])
def test_the_point_lies_on_its_curve(figure, m):
    figure.set(eta=0.1, lmbda=5.0, m=m, n_train=100)
    picture = shown(figure)
    (x,), (y,) = picture.point.get_data()
    xs, ys = picture.curve.get_data()
    seen = np.isfinite(ys) & (ys > 0)
    on_curve = np.exp(np.interp(np.log(x), np.log(xs[seen]), np.log(ys[seen])))
    assert y == pytest.approx(on_curve, rel=0.02)


def test_a_move_of_eta_leaves_all_that_stands_still(figure):
    figure.set(eta=0.1, lmbda=5.0, m=10, n_train=100)
    canvas = figure.drawn()
    still, moving = canvas.still_svg(), canvas.moving_svg()
    figure.set(eta=0.2)
    assert figure.drawn().still_svg() == still and canvas.moving_svg() != moving
