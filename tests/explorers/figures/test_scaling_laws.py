"""The stored sweep's figure: each sentence against the file itself, each picture too."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from swept import FAN_IN, every_run, swept
from told import LAW, assert_says, key, number_in, rows, shown

from explorers import ScalingLaws
from explorers.figures.scaling_laws import (
    CHANGES,
    describe,
    log_ticks,
    power_law,
    table_of_changes,
)

# What is changed, as parameters of the stored runs: (which one, what else is not as in the base
# run, the exponent of the law beside it, and the argument that says so).
RESTORED = {1: 1.0, 2: 2.1632, 4: 5.0418}
EXPECTED = {
    "hidden width": ("hidden", {}, -0.5, "the book's 1/√N_w"),
    "λ": ("lmbda", {}, -0.5, "a fixed gain"),
    "λ, 50,000 images": ("lmbda", {"n_train": 50_000}, -0.5, "a fixed gain"),
    "n_train, λ/n_train fixed": ("n_train", {"lmbda": lambda n: n / 1000}, 0, "λ/n_train alone"),
    "fan_in, by averaging": ("pool", {}, -0.5, "1/√fan_in"),
    "fan_in, ⟨|x|²⟩ fixed": ("pool", {"brightness": RESTORED.get}, -0.5, "1/√fan_in"),
    "brightness": ("brightness", {}, -0.5, "saturation's 1/√⟨|x|²⟩"),  # 1/|x| is 1/√ of its square
    "η": ("eta", {}, 0, "no effect"),
    "m": ("m", {}, 0, "no effect"),
}


BOTH = pytest.mark.parametrize("right", ["as measured", "collapsed"])
EACH = pytest.mark.parametrize("changed", EXPECTED)


@pytest.fixture(scope="module")
def figure():
    return ScalingLaws()


def chosen(changed):
    """Return arrays (x, size, whether of the old initialization) of a choice, from the file."""
    (name, besides, *_), found = EXPECTED[changed], []
    for p, c in swept(name, *besides):
        if all(p[k] == (v(p[name]) if callable(v) else v) for k, v in besides.items()):
            x = {"hidden": 794 * p["hidden"], "pool": FAN_IN[p["pool"]],
                 "brightness": float(c["mean_squared_length"])}.get(name, p[name])  # fmt: skip
            size = (c["squared_size"][0] / FAN_IN[p["pool"]] / p["hidden"]) ** 0.5
            found.append((x, size, p["init"] == "old", p["seed"]))
    assert len(found) == len(set(found))
    return map(np.array, list(zip(*found))[:3])


def all_points(picture):
    """Return (x, y) of each grey mark, from the top corner and the right one of its diamond."""
    top, right, *_ = np.moveaxis(picture.all.get_path().vertices.reshape(-1, 5, 2), 1, 0)
    return list(zip(top[:, 0], right[:, 1]))


def test_every_choice_is_tested():
    assert list(EXPECTED) == list(CHANGES) == list(ScalingLaws.controls[0].stops)


def test_the_laws_are_those_that_the_arguments_say():
    """1/√N_w for widths and, with the length fixed, fan-ins; 0 for what should not matter."""
    exponents = {}
    for changed in EXPECTED:
        x, sizes, _ = chosen(changed)
        exponents[changed] = stats.linregress(np.log(x), np.log(sizes)).slope
    assert abs(exponents["fan_in, ⟨|x|²⟩ fixed"] + 0.5) < 0.025
    assert abs(exponents["hidden width"] + 0.5) < 0.07
    assert -0.1 < exponents["brightness"] < -0.08  # saturation would have −0.5
    assert exponents["fan_in, by averaging"] == pytest.approx(-0.6, abs=0.01)  # both at once
    assert abs(exponents["n_train, λ/n_train fixed"]) < 0.02


# Words and numbers.


@EACH
def test_sentence_and_table_say_what_is_in_the_file(figure, changed):
    figure.set(changed=changed, right="as measured")
    exponent, of_law = EXPECTED[changed][2:]
    x, sizes, old = chosen(changed)
    ends = sorted(set(x))
    means = [sizes[x == value].mean() for value in ends]
    law = stats.linregress(np.log(x), np.log(sizes))
    slopes = np.diff(np.log(means)) / np.diff(np.log(ends))
    ratios = [sizes[(x == v) & old].mean() / sizes[(x == v) & ~old].mean() for v in ends]
    assert_says(
        figure.sentence, f"{LAW} Old and new settle within # % of each other.",
        CHANGES[changed].xlabel, ends[0], ends[-1], means[0], means[-1], law.slope,
        exponent, of_law, "points", slopes[0], slopes[-1], max(max(r, 1 / r) for r in ratios) - 1,
    )  # fmt: skip
    for value, (name, text) in zip(ends, figure.table, strict=True):
        what = "… = #: size (range), ‖w‖, gain, heat, accuracy"
        assert_says(name, what, CHANGES[changed].xlabel, value)
        there = sizes[x == value]
        points = [p for p in figure.result.chosen if CHANGES[changed].x(p) == value]
        assert len(points) == 6
        means = [np.mean([getattr(p, n) for p in points])
                 for n in ("norm", "gain", "heat", "accuracy")]  # fmt: skip
        wanted = there.mean(), there.min(), there.max(), *means
        assert_says(text, "# (# to #), #, #, #, # %", *wanted)


def test_one_table_says_of_all_changes_what_the_sentences_say(figure):
    rows = {row[0]: row[1:] for row in table_of_changes().rows}
    assert list(rows) == list(EXPECTED)
    for changed, (between, sizes, slope, slopes, argument) in rows.items():
        figure.set(changed=changed, right="as measured")
        (low, high), (start, end), (first, last) = (
            cell.split(" = ")[-1].split(" … ") for cell in (between, sizes, slopes)
        )
        law, of_law = argument.split(": ")
        for words in (
            f"from {low} to {high} the hidden layer's settled size goes from {start} to {end}, in "
            "the mean of old and new. ",
            f" has the slope {slope}, against {law} for {of_law}; between the first two points ",
            f" the slope is {first}, between the last two {last}. ",
        ):
            assert words in figure.sentence


@EACH
def test_the_file_that_is_saved_holds_the_chosen_runs(figure, changed):
    figure.set(changed=changed)
    x, sizes, _ = chosen(changed)
    saved, names = rows(figure), ("n_weights", "kappa", "norm", "gain", "heat", "accuracy")
    assert list(saved[0]) == [CHANGES[changed].xlabel, "init", "seed", "size", *names]
    found = [(float(row[CHANGES[changed].xlabel]), float(row["size"])) for row in saved]
    np.testing.assert_allclose(sorted(found), sorted(zip(x, sizes)))
    for row, point in zip(saved, figure.result.chosen, strict=True):
        run = point.run.init, str(point.run.seed)
        assert (row["init"], row["seed"]) == run
        assert all(float(row[name]) == getattr(point, name) for name in names)


def test_collapsed_the_sentence_says_how_good_the_formula_is(figure):
    figure.set(changed="η", right="as measured")
    before = figure.sentence
    figure.set(right="collapsed")
    formula = figure.result.formula
    missed = [np.log(p.norm / formula.norm(p)) for p in figure.result.everything]
    assert_says(
        figure.sentence.removeprefix(before),
        " The formula for all # runs misses ‖w‖ by # % (root mean square).",
        288, np.sqrt(np.mean(np.square(missed))),
    )  # fmt: skip
    assert len(missed) == 288


def test_runs_that_are_not_at_rest_are_counted(figure):
    figure.set(changed="λ", right="as measured")
    points = figure.result.chosen
    some = tuple(replace(p, has_settled=i % 10 > 0) for i, p in enumerate(points))
    sentence = describe(replace(figure.result, chosen=some), right="as measured")
    assert sentence == f"{figure.sentence} 6 of 54 runs did not settle."


# The picture.


@BOTH
@EACH
def test_all_runs_stand_in_one_frame_which_says_what_it_shows(figure, changed, right):
    figure.set(changed=changed, right=right)
    picture = shown(figure)
    assert picture.collapse.still.get_xlim() == (1e-5, 1e-1)
    assert picture.collapse.still.get_ylim() == (2.5, 70)
    for x, y in all_points(picture):
        assert 2e-5 < x < 5e-2 and 3 < y < 60  # off the edges of the frame
    collapsed = right == "collapsed"
    assert key(picture.collapse) == ["all other runs", "the formula"][: 1 + collapsed]
    title = " ".join(picture.collapse.still.get_title(loc="left").split())
    assert title == ("‖w‖ at one width, length and η/m (log scale)" if collapsed
                     else "All runs: ‖w‖ = size · √weights (log scale)")  # fmt: skip


@EACH
def test_points_and_the_dashed_line_show_the_file(figure, changed):
    figure.set(changed=changed, right="as measured")
    picture, (x, sizes, old) = shown(figure), chosen(changed)
    for init, mine in [("old", old), ("new", ~old)]:
        points = zip(*picture.points[init].get_data())
        np.testing.assert_allclose(sorted(points), sorted(zip(x[mine], sizes[mine])))
    norms = [(p["lmbda"] / p["n_train"], c["squared_size"][0] ** 0.5) for p, c in every_run()]
    everything = sorted(all_points(picture))
    np.testing.assert_allclose(everything, sorted(norms))
    assert len(everything) == 288
    assert picture.all.axes is picture.collapse.moving  # a cover hides them: they tell
    lit = [pair for line in picture.lit.values() for pair in zip(*line.get_data())]
    assert len(lit) == len(x) and set(lit) <= set(everything)

    (exponent, of_law), law = EXPECTED[changed][2:], np.log(picture.law.get_data())
    np.testing.assert_allclose(np.diff(law[1]) / np.diff(law[0]), exponent, atol=1e-9)
    middle = np.log(sizes).mean()
    assert np.interp(np.log(x).mean(), *law) == pytest.approx(middle, rel=1e-3)
    slope = "0" if exponent == 0 else "−0.5"
    assert key(picture.sizes)[2:] == [f"slope {slope}: {of_law}"]
    label = " ".join(picture.sizes.still.get_xlabel().split())
    assert label == f"{CHANGES[changed].xlabel} (log scale)"


def test_collapsed_points_stand_at_the_formulas_curve(figure):
    figure.set(changed="hidden width", right="collapsed")
    picture, formula, everything = shown(figure), figure.result.formula, figure.result.everything
    reduced = [(p.kappa, formula.reduced(p)) for p in everything]
    np.testing.assert_allclose(all_points(picture), reduced)
    curve = {p.kappa: formula.curve(p) for p in everything}
    np.testing.assert_allclose(np.transpose(picture.formula.get_data()), sorted(curve.items()))
    figure.set(right="as measured")
    assert len(shown(figure).formula.get_xdata()) == 0


def test_a_steep_law_ends_where_the_points_do():
    x, y = power_law([1.0, 100.0], [1.0, 1.0], 2.0)
    assert 0.7 < min(y) < max(y) < 1.4 and len(x) > 10
    x, y = power_law([1.0, 100.0], [1.0, 10.0], 0.5)
    assert (x[0], x[-1], y[0], y[-1]) == pytest.approx((1, 100, 1, 10))


@pytest.mark.parametrize(
    "low, high, ticks",
    [
        (0.015, 0.3, ["0.02", "0.05", "0.1", "0.2"]),
        (0.5, 30, ["1", "2", "5", "10", "20"]),
        (3e-5, 6e-4, ["5·10⁻⁵", "10⁻⁴", "2·10⁻⁴", "5·10⁻⁴"]),
        (3e-5, 3, ["10⁻⁴", "0.001", "0.01", "0.1", "1"]),
    ],
)
def test_ticks_of_a_logarithmic_axis(low, high, ticks):
    found = log_ticks(low, high)
    assert list(found.values()) == ticks
    for value, text in found.items():
        whole = text if "·" in text else text.replace("10⁻", "1·10⁻")
        assert number_in(whole) == pytest.approx(value)
