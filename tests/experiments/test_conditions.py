"""The book's conditions: each number recomputed from the file, each verdict turned once."""

import json
import math
import re
from copy import deepcopy
from decimal import Decimal, getcontext

import numpy as np
import pytest

from experiments import conditions
from experiments.book_figures import FILE, load

SEEDS = range(5)
N_WEIGHTS = {30: 23_820, 100: 79_400}
LAYERS = {"hidden": 0, "output": 1}


@pytest.fixture(scope="module")
def raw():
    """All arrays of the file, by run/column, read with NumPy and nothing else."""
    with np.load(FILE) as file:
        return {key: file[key] for key in file.files}


@pytest.fixture(scope="module")
def stored():
    return load()


@pytest.fixture(scope="module")
def rows(stored):
    return conditions.table(stored)


def row(rows, claim, where):
    (one,) = [one for one in rows if one.claim == claim and one.where == where]
    return one


def number(text):
    return float(re.match(r"-?[\d.]+(e[-+]\d+)?", text)[0])


def percentage(text):
    return number(text) / 100


def test_the_file_holds_what_the_table_is_about(raw):
    runs = json.loads(str(raw["about"]))["runs"]
    assert len(runs) == 20
    for name, run in runs.items():
        parameters = run["parameters"]
        hidden, init, seed = name.split("-")
        assert parameters == {"hidden": int(hidden), "init": init, "seed": int(seed),
                              "epochs": 150 if seed == "0" else 30, **conditions.BOOK}  # fmt: skip
        assert len(raw[f"{name}/cost"]) == parameters["epochs"]


@pytest.mark.parametrize("hidden", [30, 100])
@pytest.mark.parametrize("layer", LAYERS)
def test_claim_1_is_recomputed(raw, rows, hidden, layer):
    where, place = f"[784, {hidden}, 10] {layer}", LAYERS[layer]

    def of(seed, name, epoch):
        return float(raw[f"{hidden}-large-{seed}/{name}"][epoch, place])

    def share(seed, epoch):
        decay, pull, kick = (abs(of(seed, name, epoch)) for name in ("decay", "pull", "kick"))
        return decay / (decay + pull + kick)

    means = [sum(share(seed, epoch) for seed in SEEDS) / 5 for epoch in range(30)]
    one = row(rows, "1 first epoch is decay's", where)
    assert percentage(one.measured) == pytest.approx(means[0], abs=6e-4)
    assert one.holds is (means[0] > 0.9)
    one = row(rows, "1 all 30 epochs are", where)
    assert percentage(one.measured) == pytest.approx(min(means), abs=6e-4)
    assert one.holds is (min(means) > 0.5)
    for claim, ruler in [("1 by single steps", "step"), ("1 by displacement", "displacement")]:
        pairs = [(of(s, f"decay_{ruler}", 0), of(s, f"data_{ruler}", 0)) for s in SEEDS]
        each = [decay / (decay + data) for decay, data in pairs]
        one = row(rows, claim, where)
        assert percentage(one.measured) == pytest.approx(sum(each) / 5, abs=6e-4)
        assert one.holds is (sum(each) / 5 > 0.5)
    least = 5 * sum((abs(of(s, "pull", 0)) + abs(of(s, "kick", 0))) / abs(of(s, "decay", 0))
                    for s in SEEDS) / 5  # fmt: skip
    one = row(rows, "1 λ not too small", where)
    said, times = re.search(r"above ([\d.]+),", one.needs)[1], number(one.measured[4:])
    assert float(said) == pytest.approx(least, abs=0.006)
    assert times == pytest.approx(5 / least, rel=0.06) and one.holds is (least < 5)


@pytest.mark.parametrize("hidden", [30, 100])
def test_claim_2_is_recomputed(raw, rows, hidden):
    getcontext().prec = 40
    factor = (1 - Decimal("0.5") / 50_000) ** 5000
    error = factor / (Decimal("-0.05").exp()) - 1
    network = f"[784, {hidden}, 10]"
    one = row(rows, "2 limit exp(−ηλ/m)", network)
    assert number(one.measured.removeprefix("off by ")) == pytest.approx(-float(error), rel=0.03)
    assert one.holds is True
    one = row(rows, "2 ηλ ≪ n_train", network)
    assert number(one.measured) == 0.5 / 50_000 and one.holds is True
    control = raw[f"{hidden}-large-0/control_rms"]
    wanted = [control[0] * float(factor**k) for k in range(150)]
    off = max(abs(a / b - 1) for a, b in zip(control, wanted))
    one = row(rows, "2 control group", f"{network} hidden")
    assert off < 1e-10 and one.measured == "off by less than 1e-10" and one.holds is True
    assert "for 150 epochs" in one.needs
    each = [raw[f"{hidden}-large-{seed}/weight_rms"][0, 0]
            / math.sqrt(raw[f"{hidden}-large-{seed}/size_before"][0, 0] / (784 * hidden))
            for seed in SEEDS]  # fmt: skip
    one = row(rows, "2 whole layer, epoch 1", f"{network} hidden")
    assert number(one.measured) == pytest.approx(np.mean(each), abs=6e-5)
    assert number(one.needs.removeprefix("factor ")) == pytest.approx(float(factor), abs=6e-5)
    assert one.holds is bool(abs(np.mean(each) / float(factor) - 1) < 0.01)


def tail(raw, hidden):
    return sum(float(raw[f"{hidden}-{init}-0/weight_rms"][149, 0])
               for init in ("large", "scaled")) / 2  # fmt: skip


def whole(raw, hidden):
    """The size over all weights, from those of the layers, whose numbers of weights are known."""
    squares = sum(float((raw[f"{hidden}-{init}-0/weight_rms"][149] ** 2) @ (784, 10)) * hidden
                  for init in ("large", "scaled")) / 2  # fmt: skip
    return math.sqrt(squares / N_WEIGHTS[hidden])


@pytest.mark.parametrize("hidden", [30, 100])
def test_claim_3_is_recomputed(raw, rows, hidden):
    network = f"[784, {hidden}, 10]"
    accuracy = sum(raw[f"{hidden}-large-{s}/validation_accuracy"][29] for s in SEEDS) / 5
    one = row(rows, "3 λ not too large", network)
    assert percentage(one.measured) == pytest.approx(accuracy, abs=6e-4)
    assert one.holds == (accuracy > 0.9)
    large, scaled = (raw[f"{hidden}-{init}-0/weight_rms"][:, 0] for init in ("large", "scaled"))
    epoch = 151
    while epoch > 1 and large[epoch - 2] / scaled[epoch - 2] <= 1.1:  # of epoch - 1
        epoch -= 1
    one = row(rows, "3 old and new meet", f"{network} hidden")
    said, alone = map(int, re.findall(r"\d+", one.measured))
    per_epoch = 5000 * math.log1p(-0.5 / 50_000)
    assert said == epoch and one.holds is (epoch <= 150)
    assert alone == round(math.log(tail(raw, hidden)) / per_epoch)
    one = row(rows, "3 met in the book's 30", f"{network} hidden")
    assert number(
        one.measured.removeprefix("from epoch ").removesuffix(" on")
    ) == epoch and one.holds is (epoch <= 30)
    assert all(1 / 1.1 < a / b < 1.1 for a, b in zip(large[epoch - 1 :], scaled[epoch - 1 :]))
    one = row(rows, "3 size “around” 1/√N_w", f"{network} hidden")
    size, times = re.fullmatch(r"([\d.]+) = (\d+) times that", one.measured).groups()
    assert float(size) == pytest.approx(tail(raw, hidden), abs=6e-4)
    times_that = tail(raw, hidden) * math.sqrt(N_WEIGHTS[hidden])
    assert int(times) == round(times_that) and one.holds is (1 / 3 < times_that < 3)
    assert number(one.needs) == pytest.approx(N_WEIGHTS[hidden] ** -0.5, abs=6e-5)


@pytest.mark.parametrize("which", ["all weights", "hidden layer"])
def test_the_scaling_is_recomputed(raw, rows, which):
    of, book = {"all weights": whole, "hidden layer": tail}[which], math.sqrt(79_400 / 23_820)
    ratio = of(raw, 30) / of(raw, 100)
    one = row(rows, "3 size scales as 1/√N_w", f"30 to 100, {which}")
    assert number(one.measured) == pytest.approx(ratio, abs=6e-3)
    assert number(one.needs.removeprefix("ratio ")) == pytest.approx(book, abs=6e-3)
    assert one.holds is bool(abs(ratio / book - 1) < 0.1)


def test_the_table_is_complete_and_in_order(rows):
    assert len(rows) == 2 * (2 * 5 + 4 + 4) + 2 and len({(r.claim, r.where) for r in rows}) == 38
    assert [one.claim[0] for one in rows] == sorted(one.claim[0] for one in rows)
    assert all(isinstance(one.holds, bool | np.bool_) for one in rows)


def test_it_is_shown_as_a_table(rows):
    table = conditions.as_table(rows)
    head, _, *lines = str(table).splitlines()
    for cells, line, one in zip(table.rows, lines, rows, strict=True):
        assert cells == (one.claim, one.where, one.needs, one.measured, one.holds)
        assert line.endswith("✓ yes" if one.holds else "✗ no")
        for word, title in [(one.where, "where"), (one.needs, "needs"), (one.measured, "measured")]:
            assert line.index(word, head.index(title)) == head.index(title)  # nothing sticks out
        assert not re.search(r"\b(nan|inf|None)\b", line)


# Each verdict can turn: tables altered so that it must.


def scaled_by(**factors):
    def alter(table, **_):
        for name, factor in factors.items():
            table[name][...] = table[name] * factor

    return alter


def set_to(name, value, *, layer=None, init=None, late=False):
    def alter(table, *, run):
        if init in (None, run[1]):
            part = table[name] if layer is None else table[name][:, layer]
            part[20 if late else 0 :] = value

    return alter


def control_off(table, **_):
    table["control_rms"][100:] *= 1 + 1e-9


HIDDEN, OUTPUT = "[784, 30, 10] hidden", "[784, 30, 10] output"
FLIPS = [
    ("1 first epoch is decay's", HIDDEN, scaled_by(pull=10, kick=10)),
    ("1 first epoch is decay's", OUTPUT, scaled_by(pull=0.01, kick=0.01)),
    ("1 all 30 epochs are", HIDDEN, set_to("kick", 1e9, late=True)),
    ("1 all 30 epochs are", OUTPUT, scaled_by(pull=0.01, kick=0.01)),
    ("1 by single steps", HIDDEN, scaled_by(data_step=0.01)),
    ("1 by single steps", OUTPUT, scaled_by(data_step=0.001)),
    ("1 by displacement", HIDDEN, scaled_by(data_displacement=0.1)),
    ("1 by displacement", OUTPUT, scaled_by(data_displacement=0.01)),
    ("1 λ not too small", HIDDEN, scaled_by(decay=0.01)),
    ("1 λ not too small", OUTPUT, scaled_by(decay=10)),
    ("2 control group", HIDDEN, control_off),
    ("2 whole layer, epoch 1", HIDDEN, scaled_by(weight_rms=1.02)),
    ("3 λ not too large", "[784, 30, 10]", scaled_by(validation_accuracy=0.9)),
    ("3 old and new meet", HIDDEN, set_to("weight_rms", 0.9, layer=0, init="large")),
    ("3 met in the book's 30", HIDDEN, set_to("weight_rms", 0.2, layer=0, late=True)),
    ("3 size “around” 1/√N_w", HIDDEN, scaled_by(weight_rms=1 / 33)),
]


@pytest.mark.parametrize("claim, where, alter", FLIPS, ids=[f"{c} {w[15:]}" for c, w, _ in FLIPS])
def test_each_verdict_can_turn(stored, rows, claim, where, alter):
    altered = deepcopy(stored)
    for run, tables in altered.items():
        for table in tables:
            alter(table, run=run)
    before, after = row(rows, claim, where), row(conditions.table(altered), claim, where)
    assert after.holds is not before.holds and after.measured != before.measured


@pytest.mark.parametrize("factor", [0.8, 1.2])
def test_the_verdict_on_the_scaling_can_turn(stored, rows, factor):
    altered = deepcopy(stored)
    for init in ("large", "scaled"):
        for table in altered[30, init]:
            table["weight_rms"] *= factor
            table["size_after"] *= factor**2
    for where in ("30 to 100, all weights", "30 to 100, hidden layer"):
        assert row(rows, "3 size scales as 1/√N_w", where).holds
        assert not row(conditions.table(altered), "3 size scales as 1/√N_w", where).holds


@pytest.mark.parametrize(
    "claim, change",
    [
        ("2 limit exp(−ηλ/m)", {"eta": 0.3}),
        ("2 ηλ ≪ n_train", {"eta": 100.0, "lmbda": 6.0, "m": 5000}),
    ],
)
def test_the_verdicts_on_the_closed_forms_can_turn(stored, monkeypatch, claim, change):
    monkeypatch.setattr(conditions, "BOOK", conditions.BOOK | change)
    assert not row(conditions.table(stored), claim, "[784, 30, 10]").holds


def test_only_the_longest_run_speaks_of_the_tail_off(stored, rows):
    altered = deepcopy(stored)
    for tables in altered.values():
        for table in tables:
            if len(table["cost"]) == 30:
                table["weight_rms"][1:] = 77.0
    assert [r for r in conditions.table(altered) if r.claim[0] == "3"] == [
        r for r in rows if r.claim[0] == "3"
    ]


def test_old_weights_that_come_apart_again_have_not_arrived(stored):
    altered = deepcopy(stored)
    for table in altered[30, "large"]:
        if len(table["cost"]) == 150:
            table["weight_rms"][99, 0] = 1.0  # in epoch 100
    assert conditions.arrival(altered, 30) == 101


def test_weights_that_are_together_from_the_start_arrive_in_epoch_1(stored):
    altered = deepcopy(stored)
    for init in ("large", "scaled"):
        for table in altered[30, init]:
            table["weight_rms"][:, 0] = 0.2
    assert conditions.arrival(altered, 30) == 1


def test_weights_far_below_the_new_have_not_arrived(stored):
    altered = deepcopy(stored)
    for table in altered[30, "large"]:
        table["weight_rms"][100:, 0] = 0.01
    assert conditions.arrival(altered, 30) is None


def test_weights_that_never_meet_are_said_not_to(stored):
    altered = deepcopy(stored)
    for table in altered[30, "large"]:
        table["weight_rms"][:, 0] = 0.9
    one = row(conditions.table(altered), "3 old and new meet", HIDDEN)
    assert one.measured.startswith("not yet") and not one.holds
