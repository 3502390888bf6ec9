"""The stored sweep's figure: each sentence against the file itself, each picture too."""

import csv
import io
import json
import re
from dataclasses import asdict, replace

import numpy as np
import pytest
from layout import assert_readable, assert_ticks, drawn, laid_out
from playing import assert_presentable
from scipy import stats

from experiments import scaling, scaling_fit, store
from experiments.scaling_fit import BASE_LENGTH
from explorers import ScalingLaws
from explorers.canvas import WIDTHS
from explorers.figures.scaling_laws import CHANGES, Picture, describe, log_ticks, power_law

# What is changed, as parameters of the stored runs: (what runs have to have, what is on the axis).
BASE = {"hidden": 30, "n_train": 5000, "lmbda": 5.0, "eta": 0.1, "m": 10, "pool": 1,
        "brightness": 1.0}  # fmt: skip
SIDES = {1: 784, 2: 196, 4: 49}
RESTORED = {1: 1.0, 2: 2.1632, 4: 5.0418}
EXPECTED = {
    "hidden width": (lambda p: only("hidden", p), lambda p, c: 794 * p["hidden"]),
    "λ": (lambda p: only("lmbda", p), lambda p, c: p["lmbda"]),
    "λ, 50,000 images": (
        lambda p: p["n_train"] == 50_000 and only("lmbda", p, n_train=50_000),
        lambda p, c: p["lmbda"],
    ),
    "n_train, λ/n_train fixed": (
        lambda p: p["lmbda"] == p["n_train"] / 1000 and only("n_train", p, lmbda=p["lmbda"]),
        lambda p, c: p["n_train"],
    ),
    "fan_in, by pooling": (lambda p: only("pool", p), lambda p, c: SIDES[p["pool"]]),
    "fan_in, ⟨|x|²⟩ fixed": (
        lambda p: only("pool", p, brightness=RESTORED[p["pool"]]),
        lambda p, c: SIDES[p["pool"]],
    ),
    "brightness": (lambda p: only("brightness", p), lambda p, c: float(c["mean_squared_length"])),
    "η": (lambda p: only("eta", p), lambda p, c: p["eta"]),
    "m": (lambda p: only("m", p), lambda p, c: p["m"]),
}
NUMBER = r"[−-]?\d[\d,]*(?:\.\d+)?(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?"
SENTENCE = re.compile(
    rf"Over (\S+) from ({NUMBER}) to ({NUMBER}) the settled size goes from ({NUMBER}) to ({NUMBER})"
    rf"\. On logarithmic axes the straight line that fits best has the slope ({NUMBER}) ± "
    rf"({NUMBER}), against (0|−0\.5) for (.+); between the first two points the slope is "
    rf"({NUMBER}), between the last two ({NUMBER})\. Old and new settle within ({NUMBER} %) of "
    r"each other\.(.*)"
)


def only(name, parameters, **besides):
    """Whether nothing but `name` differs from the base run, and what stands in `besides`."""
    wanted = BASE | besides
    return all(value == wanted[k] for k, value in parameters.items() if k in wanted and k != name)


@pytest.fixture(scope="module")
def figure():
    return ScalingLaws(scaling.load())


@pytest.fixture(scope="module")
def raw():
    """The file's runs, as (parameters, columns), without what the explorer makes of them."""
    return list(store.read(scaling.FILE).values())


def chosen(raw, changed):
    """Return arrays (x, size, whether of the old initialization) of a choice, from the file."""
    belongs, x = EXPECTED[changed]
    rows = [
        (x(p, c), (c["squared_size"][0] / SIDES[p["pool"]] / p["hidden"]) ** 0.5,
         p["init"] == "large", p["seed"])
        for p, c in raw if belongs(p)
    ]  # fmt: skip
    assert len(rows) == len(set(rows))
    return map(np.array, list(zip(*rows))[:3])


def all_points(figure):
    """Return (x, y) of each grey mark, from the top corner and the right one of its diamond."""
    top, right, *_ = np.moveaxis(drawn(figure).all.get_path().vertices.reshape(-1, 5, 2), 1, 0)
    return list(zip(top[:, 0], right[:, 1]))


def test_every_choice_is_tested():
    assert list(EXPECTED) == list(CHANGES) == list(ScalingLaws.controls[0].stops)


def test_the_law_beside_each_choice_is_that_of_an_argument():
    assert {changed: (change.law, change.of_law) for changed, change in CHANGES.items()} == {
        "hidden width": (-0.5, "the book's 1/√N_w"),
        "λ": (-0.5, "a fixed gain"),
        "λ, 50,000 images": (-0.5, "a fixed gain"),
        "n_train, λ/n_train fixed": (0, "λ/n_train alone"),
        "fan_in, by pooling": (-0.5, "1/√fan_in"),
        "fan_in, ⟨|x|²⟩ fixed": (-0.5, "1/√fan_in"),
        "brightness": (-0.5, "saturation's 1/√⟨|x|²⟩"),  # w ~ 1/|x| is 1/√ of its square
        "η": (0, "no effect"),
        "m": (0, "no effect"),
    }


@pytest.mark.parametrize("changed", EXPECTED)
def test_the_sentence_says_what_is_in_the_file(figure, raw, changed, number_in):
    figure.set(changed=changed, right="as measured")
    said = SENTENCE.fullmatch(figure.sentence)
    assert said, figure.sentence
    assert_presentable(figure.sentence, figure.numbers)
    xlabel, *texts, rest = said.groups()
    of_law = texts.pop(7)
    assert xlabel == CHANGES[changed].xlabel and of_law == CHANGES[changed].of_law and rest == ""

    x, sizes, old = chosen(raw, changed)
    ends = sorted(set(x))
    means = [sizes[x == value].mean() for value in ends]
    law = stats.linregress(np.log(x), np.log(sizes))
    slopes = np.diff(np.log(means)) / np.diff(np.log(ends))
    ratios = [sizes[(x == v) & old].mean() / sizes[(x == v) & ~old].mean() for v in ends]
    for text, wanted in zip(texts, [
        ends[0], ends[-1], means[0], means[-1], law.slope, law.stderr, CHANGES[changed].law,
        slopes[0], slopes[-1], max(max(r, 1 / r) for r in ratios) - 1,
    ], strict=True):  # fmt: skip
        digits = len(re.sub(r"\D", "", text).lstrip("0"))
        off = 0.5 * 10.0 ** (1 - max(digits, 1)) * 1.01
        assert number_in(text) == pytest.approx(wanted, rel=off, abs=1e-12), (text, wanted)


@pytest.mark.parametrize("changed", EXPECTED)
def test_the_table_says_what_is_in_the_file(figure, raw, changed, number_in):
    figure.set(changed=changed, right="as measured")
    x, sizes, _ = chosen(raw, changed)
    values = sorted(set(x))
    for value, (name, text) in zip(values, figure.numbers.items(), strict=True):
        label, _, parts = name.partition(": ")
        assert parts == "size (range), ‖w‖, gain, heat, accuracy"
        assert number_in(label.partition(" = ")[2]) == pytest.approx(value, rel=0.005)
        mean, low, high, *rest = re.fullmatch(
            r"(\S+) \((\S+) to (\S+)\), (\S+), (\S+), (\S+), (.* %)", text
        ).groups()
        there = sizes[x == value]
        assert [number_in(t) for t in (mean, low, high)] == pytest.approx(
            [there.mean(), there.min(), there.max()], rel=0.005
        )
        points = [p for p in figure.result.chosen if CHANGES[changed].x(p) == value]
        assert len(points) == 6
        assert [number_in(t) for t in rest] == pytest.approx(
            [
                np.mean([getattr(p, n) for p in points])
                for n in ("norm", "gain", "heat", "accuracy")
            ],
            rel=0.006,
        )


def test_collapsed_the_sentence_says_how_good_the_formula_is(figure, number_in):
    figure.set(changed="η", right="as measured")
    before = figure.sentence
    figure.set(right="collapsed")
    formula = figure.result.formula
    missed = [np.log(p.norm / formula.norm(p)) for p in figure.result.everything]
    rest = figure.sentence.removeprefix(before)
    said = re.fullmatch(
        r" The formula for all (\d+) runs misses ‖w‖ by (.* %) \(root mean square\)\.", rest
    )
    assert int(said[1]) == len(missed) == 288
    assert number_in(said[2]) == pytest.approx(np.sqrt(np.mean(np.square(missed))), rel=0.02)


def test_runs_that_are_not_at_rest_are_counted(figure):
    figure.set(changed="λ", right="as measured")
    points = figure.result.chosen
    some = tuple(replace(p, has_settled=i % 10 > 0) for i, p in enumerate(points))
    sentence = describe(replace(figure.result, chosen=some), right="as measured")
    assert sentence == f"{figure.sentence} 6 of 54 runs did not settle."


# The picture.


@pytest.mark.parametrize("right", ["as measured", "collapsed"])
@pytest.mark.parametrize("changed", EXPECTED)
def test_all_is_seen(figure, changed, right):
    figure.set(changed=changed, right=right)
    for width in WIDTHS:
        picture = laid_out(Picture, width)
        picture.draw(figure.result, right=right)
        assert_readable(picture)
        assert_ticks(picture)
        for panel in picture.canvas.panels:
            assert panel.still.get_xlim() == panel.moving.get_xlim()
            assert panel.still.get_ylim() == panel.moving.get_ylim()


@pytest.mark.parametrize("changed", EXPECTED)
def test_points_show_the_file(figure, raw, changed):
    figure.set(changed=changed, right="as measured")
    x, sizes, old = chosen(raw, changed)
    for init, mine in [("large", old), ("scaled", ~old)]:
        shown = zip(*drawn(figure).points[init].get_data())
        np.testing.assert_allclose(sorted(shown), sorted(zip(x[mine], sizes[mine])))
    norms = [(p["lmbda"] / p["n_train"], c["squared_size"][0] ** 0.5) for p, c in raw]
    shown = sorted(all_points(figure))
    np.testing.assert_allclose(shown, sorted(norms))
    assert len(shown) == 288
    lit = [pair for line in drawn(figure).lit.values() for pair in zip(*line.get_data())]
    assert len(lit) == len(x) and set(lit) <= set(shown)


def test_every_run_lies_within_the_frame_of_the_collapse(figure):
    for right in ("as measured", "collapsed"):
        figure.set(right=right)
        axes = drawn(figure).collapse.still
        assert axes.get_xlim() == (1e-5, 1e-1) and axes.get_ylim() == (1, 100)
        for x, y in all_points(figure):
            assert 2e-5 < x < 5e-2 and 1.5 < y < 70  # and off its edges


def test_collapsed_points_stand_at_the_formulas_curve(figure):
    figure.set(changed="hidden width", right="collapsed")
    picture, formula = drawn(figure), figure.result.formula
    x, y = np.array(picture.formula.get_data())
    assert list(x) == sorted({p.kappa for p in figure.result.everything})
    ln_k = np.log(x / 0.001)
    one, linear, square, rate = (
        formula.coefficients[term][0] for term in ("1", "ln kappa", "(ln kappa)^2", "eta/m")
    )
    np.testing.assert_allclose(np.log(y), one + linear * ln_k + square * ln_k**2 + rate * 0.01)
    for point, shown in zip(figure.result.everything, all_points(figure)):
        k, rest = point.kappa, formula.norm(point) / point.norm
        assert shown[0] == k and shown[1] * rest == pytest.approx(np.interp(k, x, y))
    figure.set(right="as measured")
    assert len(picture.formula.get_xdata()) == 0


def test_the_collapse_brings_the_points_together(figure):
    """At the base run's lmbda/n_train, where width, length, eta and m were all changed."""
    spreads = []
    for right in ("as measured", "collapsed"):
        figure.set(right=right)
        at = [y for x, y in all_points(figure) if x == pytest.approx(1e-3)]
        spreads.append(np.std(np.log(at)))
    assert len(at) > 100 and spreads[1] < spreads[0] / 2


def test_what_is_not_chosen_is_told_apart_in_words(figure):
    def words(right):
        figure.set(right=right)
        still = drawn(figure).collapse.still
        return still.get_title(loc="left"), [text.get_text() for text in still.texts]

    assert words("as measured") == ("All runs: ‖w‖ = size · √weights", ["◆", "all other runs"])
    title, key = words("collapsed")
    assert "one width" in title and key[2:] == ["—", "the formula"]


@pytest.mark.parametrize("changed", EXPECTED)
def test_the_dashed_line_goes_through_the_middle_with_its_slope(figure, changed):
    figure.set(changed=changed)
    change = CHANGES[changed]
    x, y = map(np.log, drawn(figure).law.get_data())
    np.testing.assert_allclose(np.diff(y) / np.diff(x), change.law, atol=1e-9)
    points = np.log([(change.x(p), p.size) for p in figure.result.chosen])
    assert np.interp(points[:, 0].mean(), x, y) == pytest.approx(points[:, 1].mean(), rel=1e-3)
    key = [text.get_text() for text in drawn(figure).sizes.still.texts]
    slope = "0" if change.law == 0 else "−0.5"
    assert key[-1] == f"{change.of_law} (slope {slope})" and len(key) == 3
    assert drawn(figure).sizes.still.get_xlabel() == change.xlabel


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
def test_ticks_of_a_logarithmic_axis(low, high, ticks, number_in):
    found = log_ticks(low, high)
    assert list(found.values()) == ticks
    for value, text in found.items():
        whole = text if "·" in text else text.replace("10⁻", "1·10⁻")
        assert number_in(whole) == pytest.approx(value)


# What the notebook says of it.


def test_the_laws_are_those_that_the_arguments_say(raw):
    """1/√N_w for widths and, with the length fixed, fan-ins; 0 for what should not matter."""
    exponents = {}
    for changed in EXPECTED:
        x, sizes, _ = chosen(raw, changed)
        exponents[changed] = stats.linregress(np.log(x), np.log(sizes)).slope
    assert abs(exponents["fan_in, ⟨|x|²⟩ fixed"] + 0.5) < 0.025
    assert abs(exponents["hidden width"] + 0.5) < 0.07
    assert -0.1 < exponents["brightness"] < -0.08  # saturation would have −0.5
    assert exponents["fan_in, by pooling"] == pytest.approx(-0.6, abs=0.01)  # both at once
    assert abs(exponents["n_train, λ/n_train fixed"]) < 0.02


def test_the_unit_of_the_formula_is_the_base_runs(figure):
    figure.set(changed="η")
    base = [p for p in figure.result.chosen if p.run.eta == 0.1]
    for point in base:
        assert point.mean_squared_length == pytest.approx(BASE_LENGTH, rel=1e-3)
        assert {k: v for k, v in asdict(point.run).items() if k in BASE} == BASE
    again = scaling_fit.collapse(list(figure.result.everything))
    assert figure.result.formula.coefficients == again.coefficients


# The widget.


@pytest.mark.parametrize("changed", EXPECTED)
def test_the_csv_holds_the_chosen_runs(figure, raw, changed):
    figure.set(changed=changed)
    x, sizes, old = chosen(raw, changed)
    rows = list(csv.DictReader(io.StringIO(figure.csv())))
    assert list(rows[0]) == [CHANGES[changed].xlabel, "init", "seed", "size", "n_weights", "kappa",
                             "norm", "gain", "heat", "accuracy"]  # fmt: skip
    found = [(float(row[CHANGES[changed].xlabel]), float(row["size"])) for row in rows]
    np.testing.assert_allclose(sorted(found), sorted(zip(x, sizes)))
    assert [row["init"] for row in rows].count("large") == sum(old)
    assert {row["seed"] for row in rows} == {"0", "1", "2"}
    for row, point in zip(rows, figure.result.chosen):
        for name in ("n_weights", "kappa", "norm", "gain", "heat", "accuracy"):
            assert float(row[name]) == getattr(point, name)


@pytest.mark.parametrize("right", ["as measured", "collapsed"])
@pytest.mark.parametrize("changed", EXPECTED)
def test_a_preset_brings_each_choice_back(figure, changed, right):
    figure.set(changed=changed, right=right)
    preset, sentence = figure.preset, figure.sentence
    assert len(preset.split()) == 3
    figure.reset()
    assert figure.preset == "scaling-laws changed=hidden_width right=as_measured"
    figure.apply(preset)
    assert (figure.changed.value, figure.right.value) == (changed, right)
    assert figure.sentence == sentence and figure.message == ""


def test_alt_text_and_mistakes(figure):
    figure.reset()
    data, metadata = figure._repr_mimebundle_()
    assert figure.sentence in metadata["image/png"]["alt"]
    assert figure.sentence in json.dumps(data, ensure_ascii=False)
    with pytest.raises(ValueError, match="'hidden width', 'λ', "):
        figure.set(changed="width")


def test_a_run_that_is_missing_is_missed():
    stored = scaling.load()
    del stored[scaling.Run(lmbda=200.0)]
    with pytest.raises(KeyError):
        ScalingLaws(stored, changed="λ")
