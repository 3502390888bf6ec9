"""The width law, live: point by point, its sentence against fits of its own, and its frame."""

import csv
import io
import re
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from layout import assert_readable, assert_ticks, drawn, laid_out
from playing import assert_presentable
from scipy import stats

from experiments import scaling
from experiments.scaling_fit import Settled
from explorers import WidthLaw
from explorers.figures import width_law
from explorers.figures.width_law import POOLS, WIDTHS, WidthLawResult, compute, describe, tabulate
from explorers.inits import NAMES

SMALL = {"eta": 1.0, "lmbda": 2.0, "m": 5, "n_train": 500, "fan_in": "49"}
STOPS = {control.name: control.stops for control in WidthLaw.controls}
INITS = ("large", "scaled")
NUMBER = r"[−-]?\d[\d,]*(?:\.\d+)?(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?"
SENTENCE = re.compile(
    rf"Over N_w from ({NUMBER}) to ({NUMBER}) the settled size goes from ({NUMBER}) to ({NUMBER})"
    rf"\. On logarithmic axes the straight line that fits best has the slope ({NUMBER}) ± "
    rf"({NUMBER}), against −0\.5 for the book's 1/√N_w; between the first two widths the slope is "
    rf"({NUMBER}), between the last two ({NUMBER})\. As multiples of 1/√N_w the sizes go "
    rf"from ({NUMBER}) to ({NUMBER})\. Old and new settle within ({NUMBER} %) of each other\.(.*)"
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


def made(sizes, gain=0.5, heat=0.03, *, settled=True, accuracy=0.9, fan_in="784"):
    """A complete result with these sizes of the new initialization; the old are 4 % larger."""
    runs = tuple(
        scaling.Run(hidden=hidden, n_train=1000, pool=POOLS[fan_in], init=init)
        for hidden in WIDTHS for init in INITS
    )  # fmt: skip
    pairs = zip(runs, np.repeat(sizes, 2) * ([1.04, 1.0] * 5))
    return WidthLawResult(
        runs,
        tuple(Settled(run, settled, s, gain, heat, 86.8, 0.5, accuracy) for run, s in pairs),
    )


def partial(result, count):
    return replace(result, settled=result.settled[:count])


def test_networks_settle_one_at_a_time_with_breaths_between(monkeypatch, figure):
    monkeypatch.setattr(width_law, "_finished", {})
    trained = []
    one_epoch = scaling.training

    def counted(run):
        for result in one_epoch(run):
            trained.append(run)
            yield result

    monkeypatch.setattr(scaling, "training", counted)
    results = list(compute(**SMALL))
    found = [len(result.settled) for result in results]
    assert found[0] == 0 and found[-1] == 10
    assert set(np.diff(found)) == {0, 1}
    assert len(results) == 1 + len(trained)  # one after each epoch, and one for what it says
    order = [(hidden, init) for hidden in WIDTHS for init in INITS]
    assert [(one.run.hidden, one.run.init) for one in results[-1].settled] == order
    assert results[-1] == figure.result
    assert WidthLaw.progress(results[0]) == (0, 10) and WidthLaw.progress(results[-1]) == (10, 10)

    trained.clear()
    again = list(compute(**SMALL))
    assert not trained and len(again) == 11 and again[-1] == results[-1]


def test_what_settles_is_a_run_of_the_sweep_with_the_sliders_values(figure):
    for one in figure.result.settled[::3]:
        run = scaling.Run(hidden=one.run.hidden, n_train=500, lmbda=2.0, eta=1.0, m=5, pool=4,
                          init=one.run.init)  # fmt: skip
        assert one.run == run
        found = scaling.compute(run)
        assert one.size == pytest.approx((found["squared_size"][0] / (49 * run.hidden)) ** 0.5)
        given = (found["pull"] / (1 - 2.0 / 500) + found["kick"])[0] / 2.0 / found["steps_seen"]
        assert one.gain + one.heat == pytest.approx(given)
        assert one.accuracy == found["accuracy"]


def test_no_law_before_the_last_network_has_settled(figure):
    for count in range(10):
        result = partial(figure.result, count)
        assert result.law is None
        assert describe(result) == f"Settled so far: {count} of 10 networks …"
        assert len(tabulate(result)) == count
    assert figure.result.law is not None


def check_sentence(result, number_in):
    sentence = describe(result)
    assert_presentable(sentence, tabulate(result))
    said = SENTENCE.fullmatch(sentence)
    assert said, sentence
    *numbers, _ = said.groups()
    at = [(one.run.fan_in + 10) * one.run.hidden for one in result.settled]
    sizes = [one.size for one in result.settled]
    law = stats.linregress(np.log(at), np.log(sizes))
    middle = np.reshape(sizes, (5, 2)).mean(axis=1)  # of old and new
    slopes = np.diff(np.log(middle)) / np.log(2)
    ratios = [max(a / b, b / a) for a, b in np.reshape(sizes, (5, 2))]
    for text, wanted in zip(numbers, [
        at[0], at[-1], middle[0], middle[-1], law.slope, law.stderr, slopes[0], slopes[-1],
        middle[0] * at[0] ** 0.5, middle[-1] * at[-1] ** 0.5, max(ratios) - 1,
    ], strict=True):  # fmt: skip
        digits = len(re.sub(r"·.*|\D", "", text).lstrip("0")) if "·" not in text else 2
        assert number_in(text) == pytest.approx(wanted, rel=0.06 if digits > 1 else 0.5), sentence
    return said[12]


def test_the_sentence_says_the_numbers(figure, number_in):
    assert check_sentence(figure.result, number_in) == ""


@pytest.mark.parametrize("fan_in", POOLS)
@pytest.mark.parametrize("sizes, gain, heat", EXTREMES.values(), ids=EXTREMES)
def test_the_sentence_at_all_sizes(sizes, gain, heat, fan_in, number_in):
    assert check_sentence(made(sizes, gain, heat, fan_in=fan_in), number_in) == ""


def test_exact_powers_are_found():
    at = np.array([794.0 * hidden for hidden in WIDTHS])
    law = made(3 * at**-0.5).law
    assert law.exponent == pytest.approx(-0.5)
    assert law.error < 0.01


def test_apart_is_that_of_the_width_where_they_are_furthest():
    result = made((0.1,) * 5)
    assert result.apart == pytest.approx(1.04)
    third = replace(result.settled[5], size=0.125 * 1.04)  # new, and above the old
    settled = (*result.settled[:5], third, *result.settled[6:])
    assert replace(result, settled=settled).apart == pytest.approx(1.25)


def test_who_is_not_at_rest_is_named_once_with_the_initialization(number_in):
    result = made(EXTREMES["emptied"][0])
    rough = (3, 9)
    settled = tuple(
        replace(one, has_settled=i not in rough) for i, one in enumerate(result.settled)
    )
    rest = check_sentence(replace(result, settled=settled), number_in)
    assert rest == (" Not at rest even after 60 decay times: the networks with 16 (new), 128 (new) "
                    "neurons.")  # fmt: skip


@pytest.mark.parametrize("accuracy, gives_up", [(0.11, True), (0.29, True), (0.31, False)])
def test_networks_that_learn_nothing_are_said_to(accuracy, gives_up, number_in):
    rest = check_sentence(made((0.1,) * 4 + (0.05,), accuracy=accuracy), number_in)
    wanted = rf" But the widest network gets only {100 * accuracy:.0f} % of its training images"
    assert rest.startswith(wanted) if gives_up else rest == ""


def test_with_far_too_strong_decay_it_says_so():
    *_, result = compute(eta=1.0, lmbda=200.0, m=50, n_train=500, fan_in="49")
    assert_presentable(describe(result), tabulate(result))
    assert "λ is too large" in describe(result)


# Of each slider but those of the data, which go together: few images of all pixels, many of few.
ENDS = [STOPS[name][:: len(STOPS[name]) - 1] for name in ("eta", "lmbda", "m")]


@pytest.mark.parametrize("eta, lmbda, m", list(product(*ENDS)))
def test_the_ends_of_the_sliders(monkeypatch, eta, lmbda, m):
    """Two epochs of each network: they are not at rest, and the sentence says so."""
    n_train, fan_in = (500, "784") if m == 2 else (2000, "49")
    monkeypatch.setattr(scaling, "FEWEST_EPOCHS", 1)
    monkeypatch.setattr(scaling, "MOST_DECAY_TIMES", 0)
    monkeypatch.setattr(scaling, "has_settled", lambda *_: False)
    monkeypatch.setattr(width_law, "_finished", {})
    picture = laid_out(WidthLaw.Picture, 540)
    for result in compute(eta=eta, lmbda=lmbda, m=m, n_train=n_train, fan_in=fan_in):
        if len(result.settled) in (1, 2):
            picture.draw(result)
    assert {one.run.eta for one in result.settled} == {eta}
    assert {one.run.fan_in for one in result.settled} == {int(fan_in)}
    sentence = describe(result)
    assert_presentable(sentence, tabulate(result))
    assert "0 decay times: the networks with 8 (old), 8 (new), 16 (old)" in sentence
    picture.draw(result)
    assert_readable(picture)
    assert_ticks(picture, most=12)


def test_the_table_has_the_numbers(figure, number_in):
    for (name, value), one in zip(figure.numbers.items(), figure.result.settled, strict=True):
        old = {"large": "old", "scaled": "new"}[one.run.init]
        assert name.startswith(f"{one.run.hidden} neurons, {old}: ")
        wanted = [one.size, one.size * (59 * one.run.hidden) ** 0.5, one.gain, one.heat,
                  one.accuracy]  # fmt: skip
        shown = [number_in(text) for text in value.split(", ")]
        assert shown == pytest.approx(wanted, rel=0.02)


# The picture.


@pytest.mark.parametrize("width", [300, 400, 540, 720])
@pytest.mark.parametrize("sizes, gain, heat", EXTREMES.values(), ids=EXTREMES)
def test_all_is_seen_at_every_stage(sizes, gain, heat, width):
    picture = laid_out(WidthLaw.Picture, width)
    for count in range(11):
        picture.draw(partial(made(sizes, gain, heat), count))
        if count in (0, 1, 2, 10):
            assert_readable(picture)
    assert_ticks(picture, most=12)


def test_points_and_curves_show_the_result(figure):
    picture, result = drawn(figure), figure.result
    for init in INITS:
        of = [one for one in result.settled if one.run.init == init]
        x, y = picture.points[init].get_data()
        assert list(x) == [59 * one.run.hidden for one in of] and list(y) == [s.size for s in of]
    new = [one for one in result.settled if one.run.init == "scaled"]
    for name, wanted in [
        ("gain", [s.gain for s in new]), ("heat", [s.heat for s in new]),
        ("taken", [2.0 / 500 * 49 * s.run.hidden * s.size**2 for s in new]),
    ]:  # fmt: skip
        x, y = picture.parts[name].get_data()
        assert list(x) == [59 * width for width in WIDTHS] and y == pytest.approx(wanted)


def test_what_decay_takes_is_what_gain_and_heat_give(figure):
    """Measured apart from each other: what the right side shows."""
    taken, gain, heat = (drawn(figure).parts[part].get_ydata()
                         for part in ("taken", "gain", "heat"))  # fmt: skip
    assert np.add(gain, heat) == pytest.approx(taken, rel=0.03)
    assert min(heat) > 0.05 * max(taken)


def test_the_dashed_line_has_the_books_slope_and_comes_with_the_last_point(figure):
    picture = laid_out(WidthLaw.Picture)
    picture.draw(partial(figure.result, 9))
    assert len(picture.law.get_xdata()) == 0
    picture.draw(figure.result)
    x, y = map(np.log, picture.law.get_data())
    np.testing.assert_allclose(np.diff(y) / np.diff(x), -0.5)
    points = np.log([(s.n_weights, s.size) for s in figure.result.settled])
    assert np.interp(points[:, 0].mean(), x, y) == pytest.approx(points[:, 1].mean())
    picture.draw(partial(figure.result, 0))
    assert len(picture.law.get_xdata()) == 0


def test_ticks_stand_at_the_networks():
    for fan_in, pool_ends in [("784", ["6,352", "12,704", "25,408", "50,816", "101,632"]),
                              ("49", ["472", "944", "1,888", "3,776", "7,552"])]:  # fmt: skip
        picture = laid_out(WidthLaw.Picture)
        picture.draw(made((0.1,) * 5, fan_in=fan_in))
        for panel in (picture.sizes, picture.balance):
            assert [t.get_text() for t in panel.still.get_xticklabels()] == pool_ends


def test_the_frame_stays_while_points_lie_in_it():
    """A new frame is a new drawing of all that stands still."""
    picture, frames = laid_out(WidthLaw.Picture), []
    for count in range(1, 11):
        picture.draw(partial(made(EXTREMES["as at first"][0]), count))
        frames.append(str(picture.canvas.frame_now()))
    assert len(set(frames)) <= 4


# The widget.


def test_the_csv_holds_the_points(figure):
    table = list(csv.DictReader(io.StringIO(figure.csv())))
    assert list(table[0]) == ["hidden", "init", "n_weights", "size", "gain", "heat", "accuracy"]
    for row, one in zip(table, figure.result.settled, strict=True):
        assert (int(row["hidden"]), row["init"]) == (one.run.hidden, NAMES[one.run.init])
        assert int(row["n_weights"]) == 59 * one.run.hidden
        for name in ("size", "gain", "heat", "accuracy"):
            assert float(row[name]) == getattr(one, name)


def test_alt_text_and_preset(figure):
    _, metadata = figure._repr_mimebundle_()
    assert figure.sentence in metadata["image/png"]["alt"] and figure.message == ""
    assert figure.preset == "width-law eta=1 lmbda=2 m=5 n_train=500 fan_in=49"
    with pytest.raises(ValueError, match="from 2 to 200"):
        figure.set(lmbda=1.0)
    with pytest.raises(ValueError, match="'784', '196', '49'"):
        figure.set(fan_in="100")


def test_sliders_reach_from_end_to_end():
    assert {name: (stops[0], stops[-1]) for name, stops in STOPS.items()} == {
        "eta": (0.05, 1.0), "lmbda": (2.0, 200.0), "m": (2, 50), "n_train": (500, 2000),
        "fan_in": ("784", "49"),
    }  # fmt: skip
