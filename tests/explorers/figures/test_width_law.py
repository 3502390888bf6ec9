"""The width law, live: point by point, its sentence against fits of its own, and its frame."""

from dataclasses import replace

import numpy as np
import pytest
from layout import assert_readable, assert_ticks
from page import assert_presentable
from scipy import stats
from told import LAW, assert_says, laid_out, rows, shown

from experiments import scaling, scaling_fit, width_law
from experiments.width_law import WIDTHS
from explorers import WidthLaw
from explorers.controls import POOLS
from explorers.figures.scaling_laws import power_law
from explorers.figures.width_law import WidthLawResult

SMALL = {"eta": 1.0, "lmbda": 2.0, "m": 5, "n_train": 500, "fan_in": "49"}
INITS = "old", "new"
SENTENCE = (
    f"{LAW} As multiples of 1/√N_w the sizes go from # to #. Old and new settle within # % of each "
    "other.…"
)
# Sizes of the five widths like those met at the ends of the sliders, and what gain and heat are.
EXTREMES = {
    "as at first": ((0.112, 0.085, 0.064, 0.047, 0.034), 0.5, 0.03),
    "few pixels": ((0.654, 0.47, 0.35, 0.26, 0.184), 0.62, 0.24),
    "emptied": ((5.4e-5, 2e-5, 3e-5, 9e-5, 5.5e-5), 1e-4, 3e-6),
    "much heat": ((1.4, 1.1, 0.9, 0.8, 0.79), 0.3, 2.9),
    "steep": ((2.0, 0.3, 0.03, 0.003, 0.0003), 0.4, 0.1),
    "growing": ((0.0003, 0.003, 0.03, 0.3, 2.0), 0.4, 0.1),
}


@pytest.fixture(scope="module")
def figure():
    return WidthLaw(**SMALL)


def made(sizes, gain=0.5, heat=0.03, *, rough=(), accuracy=0.9, fan_in="784"):
    """A complete result with these sizes of the new initialization; the old are 4 % larger."""
    runs = tuple(
        scaling.Run(hidden=hidden, n_train=1000, pool=POOLS[fan_in], init=init)
        for hidden in WIDTHS for init in INITS
    )  # fmt: skip
    of_each = zip(runs, np.repeat(sizes, 2) * ([1.04, 1.0] * 5))
    settled = [
        scaling_fit.Settled(run, i not in rough, size, gain, heat, 86.8, 0.5, accuracy)
        for i, (run, size) in enumerate(of_each)
    ]
    return WidthLawResult(runs, tuple(settled))


def partial(result, count):
    return replace(result, settled=result.settled[:count])


def test_networks_settle_one_at_a_time_with_breaths_between_and_only_once(monkeypatch):
    trained, training = [], scaling.training
    monkeypatch.setattr(
        scaling, "training", lambda run: (trained.append(run) or one for one in training(run))
    )
    state = SMALL | {"lmbda": 20.0}
    results = list(WidthLaw.compute(**state))
    found = [len(result.settled) for result in results]
    assert found[0] == 0 and found[-1] == 10 and set(np.diff(found)) == {0, 1}
    assert len(results) == 1 + len(trained)  # one after each epoch, and one for what it says
    order = [(hidden, init) for hidden in WIDTHS for init in INITS]
    assert [(one.run.hidden, one.run.init) for one in results[-1].settled] == order
    assert WidthLaw.progress(results[0]) == (0, 10) and WidthLaw.progress(results[-1]) == (10, 10)
    trained.clear()
    again = list(WidthLaw.compute(**state))
    assert not trained and len(again) == 11 and again[-1] == results[-1]


@pytest.mark.parametrize("eta", width_law.ETAS)
def test_where_it_opens_nothing_is_trained(monkeypatch, eta):
    monkeypatch.setattr(scaling, "training", lambda run: pytest.fail(f"trained {run}"))
    result = WidthLaw(eta=eta).result
    assert result.is_complete and {one.run.eta for one in result.settled} == {eta}
    for one in result.settled:
        assert one == scaling_fit.settled(one.run, width_law.load()[one.run])


def test_what_settles_is_a_run_of_the_sweep_with_the_sliders_values(figure):
    for one in figure.result.settled[::3]:
        run = scaling.Run(hidden=one.run.hidden, n_train=500, lmbda=2.0, eta=1.0, m=5, pool=4,
                          init=one.run.init)  # fmt: skip
        assert one == scaling_fit.settled(run, scaling.compute(run))


def test_no_law_before_the_last_network_has_settled(figure):
    for count in range(10):
        result = partial(figure.result, count)
        assert not result.is_complete
        assert WidthLaw.describe(result) == f"Settled so far: {count} of 10 networks …"
        assert len(WidthLaw.tabulate(result)) == count
    assert figure.result.is_complete


# Words and numbers.


def check_sentence(result, *, rest=""):
    """The sentence says the numbers, and the rest."""
    sentence = WidthLaw.describe(result)
    assert_presentable(sentence, WidthLaw.tabulate(result))
    at = [(one.run.fan_in + 10) * one.run.hidden for one in result.settled]
    sizes = [one.size for one in result.settled]
    law = stats.linregress(np.log(at), np.log(sizes))
    middle = np.reshape(sizes, (5, 2)).mean(axis=1)  # of old and new
    slopes = np.diff(np.log(middle)) / np.log(2)
    ratios = [max(a / b, b / a) for a, b in np.reshape(sizes, (5, 2))]
    assert_says(
        sentence, SENTENCE, "N_w", at[0], at[-1], middle[0], middle[-1], law.slope,
        -0.5, "the book's 1/√N_w", "widths", slopes[0], slopes[-1], middle[0] * at[0] ** 0.5,
        middle[-1] * at[-1] ** 0.5, max(ratios) - 1, rest,
    )  # fmt: skip


def test_the_sentence_says_the_numbers(figure):
    check_sentence(figure.result)


@pytest.mark.parametrize("fan_in", POOLS)
@pytest.mark.parametrize("extreme", EXTREMES.values(), ids=EXTREMES)
def test_the_sentence_at_all_sizes(extreme, fan_in):
    check_sentence(made(*extreme, fan_in=fan_in))


def test_who_is_not_at_rest_is_named_once_with_the_initialization():
    rest = " Not at rest even after 60 decay times: the networks with 16 (new), 128 (new) neurons."
    check_sentence(made(EXTREMES["emptied"][0], rough=(3, 9)), rest=rest)


@pytest.mark.parametrize("accuracy, gives_up", [(0.11, True), (0.29, True), (0.31, False)])
def test_networks_that_learn_nothing_are_said_to(accuracy, gives_up):
    words = (f" But the widest network gets only {100 * accuracy:.0f} % of its training images "
             "right: λ is too large, and there is nothing to hold the weights up.")  # fmt: skip
    result = made((0.1,) * 4 + (0.05,), accuracy=accuracy)
    check_sentence(result, rest=words if gives_up else "")


def test_with_far_too_strong_decay_it_says_so():
    *_, result = WidthLaw.compute(eta=1.0, lmbda=200.0, m=50, n_train=500, fan_in="49")
    assert_presentable(WidthLaw.describe(result), WidthLaw.tabulate(result))
    assert "λ is too large" in WidthLaw.describe(result)


def test_table_and_file_have_the_numbers(figure):
    assert list(rows(figure)[0]) == ["hidden", "init", "n_weights", "size", "gain", "heat",
                                     "accuracy"]  # fmt: skip
    for (name, value), row, one in zip(figure.table, rows(figure), figure.result.settled,
                                       strict=True):  # fmt: skip
        hidden, n_weights, init = one.run.hidden, 59 * one.run.hidden, one.run.init
        assert name.startswith(f"{hidden} neurons, {init}: ")
        wanted = [one.size, one.size * n_weights**0.5, one.gain, one.heat, one.accuracy]
        assert_says(value, "#, #, #, #, # %", *wanted)
        assert (row.pop("init"), row.pop("n_weights")) == (init, str(n_weights))
        assert [float(text) for text in row.values()] == [hidden, one.size, *wanted[2:]]


# The picture.


@pytest.mark.parametrize("extreme", EXTREMES.values(), ids=EXTREMES)
def test_all_is_seen_at_every_stage(extreme):
    picture = laid_out(WidthLaw)
    for count in range(11):
        picture.draw(partial(made(*extreme), count))
        if count in (0, 1, 2, 10):
            assert_readable(picture)
    assert_ticks(picture, most=12)


def test_points_and_curves_show_the_result(figure):
    picture, result = shown(figure), figure.result
    for init in INITS:
        of = [one for one in result.settled if one.run.init == init]
        x, y = picture.points[init].get_data()
        assert list(x) == [59 * one.run.hidden for one in of] and list(y) == [s.size for s in of]
    for name, wanted in [  # `of` are the new ones
        ("gain", [s.gain for s in of]), ("heat", [s.heat for s in of]),
        ("taken", [2.0 / 500 * 49 * s.run.hidden * s.size**2 for s in of]),
    ]:  # fmt: skip
        x, y = picture.parts[name].get_data()
        assert list(x) == [59 * width for width in WIDTHS] and y == pytest.approx(wanted)


def test_the_dashed_line_comes_with_the_last_point(figure):
    picture, result = laid_out(WidthLaw), figure.result
    for count in (9, 10, 0):
        picture.draw(partial(result, count))
        wanted = [(), ()]
        if count == 10:
            wanted = power_law([s.n_weights for s in result.settled],
                               [s.size for s in result.settled], -0.5)  # fmt: skip
        np.testing.assert_array_equal(picture.law.get_data(), wanted)


@pytest.mark.parametrize("fan_in", POOLS)
def test_ticks_stand_at_the_networks(fan_in):
    picture = laid_out(WidthLaw)
    picture.draw(made((0.1,) * 5, fan_in=fan_in))
    for panel in (picture.sizes, picture.balance):
        ticks = [text.get_text() for text in panel.still.get_xticklabels()]
        assert ticks == [f"{(int(fan_in) + 10) * width:,}" for width in WIDTHS]


def test_the_frame_stays_while_points_lie_in_it():
    """A new frame is a new drawing of all that stands still."""
    picture, frames = laid_out(WidthLaw), []
    for count in range(1, 11):
        picture.draw(partial(made(EXTREMES["as at first"][0]), count))
        frames.append(str(picture.canvas.frame_now()))
    assert len(set(frames)) <= 4


@pytest.mark.parametrize("size", [0.0005, 0.0017, 0.0036, 0.05, 1.0])
@pytest.mark.parametrize("count", [1, 2])
def test_the_first_to_settle_has_a_scale_beside_it(size, count):
    picture = WidthLaw.Picture(300)
    picture.canvas.lay_out()
    picture.draw(partial(made([size] * 5), count))
    assert_ticks(picture)
