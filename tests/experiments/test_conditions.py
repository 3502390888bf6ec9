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


def row(rows, what, where):
    (one,) = [one for one in rows if (one.what, one.where) == (what, where)]
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


@pytest.mark.parametrize("layer", LAYERS)
def test_claim_1_is_recomputed(raw, rows, layer):
    where, place = f"{layer} layer", LAYERS[layer]

    def of(hidden, seed, name, epoch):
        return float(raw[f"{hidden}-old-{seed}/{name}"][epoch, place])

    def share(hidden, seed, epoch):
        parts = (abs(of(hidden, seed, name, epoch)) for name in ("decay", "pull", "kick"))
        decay, pull, kick = parts
        return decay / (decay + pull + kick)

    means = [[sum(share(hidden, seed, epoch) for seed in SEEDS) / 5 for epoch in range(30)]
             for hidden in N_WEIGHTS]  # fmt: skip
    one = row(rows, "decay has the first epoch", where)
    first = [mean[0] for mean in means]
    assert list(map(percentage, one.measured)) == pytest.approx(first, abs=6e-4)
    assert one.holds is (min(first) > 0.9)
    one = row(rows, "decay has each of 30 epochs", where)
    least = [min(mean) for mean in means]
    said = [percentage(text.removeprefix("at least ")) for text in one.measured]
    assert said == pytest.approx(least, abs=6e-4) and one.holds is (min(least) > 0.5)
    for words, ruler in [("single steps", "step"), ("displacement", "displacement")]:
        wanted = []
        for hidden in N_WEIGHTS:
            pairs = [[of(hidden, s, f"{who}_{ruler}", 0) for who in ("decay", "data")]
                     for s in SEEDS]  # fmt: skip
            wanted.append(sum(decay / (decay + data) for decay, data in pairs) / 5)
        one = row(rows, f"first epoch by {words}", where)
        assert list(map(percentage, one.measured)) == pytest.approx(wanted, abs=6e-4)
        assert one.holds is (min(wanted) > 0.5)
    half = []
    for hidden in N_WEIGHTS:
        parts = [[abs(of(hidden, s, name, 0)) for name in ("decay", "pull", "kick")] for s in SEEDS]
        half.append(5 * sum((pull + kick) / decay for decay, pull, kick in parts) / 5)
    one = row(rows, "λ not too small", where)
    said = [number(text.removeprefix("at λ = ")) for text in one.measured]
    assert said == pytest.approx(half, abs=0.006) and one.holds is (max(half) < 5)


def test_claim_2_is_recomputed(raw, rows):
    getcontext().prec = 40
    factor = (1 - Decimal("0.5") / 50_000) ** 5000
    error = factor / (Decimal("-0.05").exp()) - 1
    one = row(rows, "limit exp(−ηλ/m)", "any weight")
    said = [number(text.removeprefix("off by ")) for text in one.measured]
    assert said == pytest.approx(2 * [-float(error)], rel=0.03) and one.holds is True
    one = row(rows, "ηλ ≪ n_train", "any weight")
    assert list(map(number, one.measured)) == 2 * [0.5 / 50_000] and one.holds is True
    for hidden in N_WEIGHTS:
        control = raw[f"{hidden}-old-0/control_rms"]
        wanted = [control[0] * float(factor**k) for k in range(150)]
        assert max(abs(a / b - 1) for a, b in zip(control, wanted)) < 1e-10
    one = row(rows, "the same in 150 epochs", "control group")
    assert one.measured == ("off by less", "off by less") and one.holds is True
    means = [np.mean([raw[f"{hidden}-old-{seed}/weight_rms"][0, 0]
                      / math.sqrt(raw[f"{hidden}-old-{seed}/size_before"][0, 0] / (784 * hidden))
                      for seed in SEEDS]) for hidden in N_WEIGHTS]  # fmt: skip
    one = row(rows, "size after the first epoch", "hidden layer")
    assert list(map(number, one.measured)) == pytest.approx(means, abs=6e-5)
    assert number(one.needs.removeprefix("factor ")) == pytest.approx(float(factor), abs=6e-5)
    assert one.holds is all(abs(mean / float(factor) - 1) < 0.01 for mean in means)


def tail(raw, hidden):
    return sum(float(raw[f"{hidden}-{init}-0/weight_rms"][149, 0])
               for init in ("old", "new")) / 2  # fmt: skip


def whole(raw, hidden):
    """The size over all weights, from those of the layers, whose numbers of weights are known."""
    squares = sum(float((raw[f"{hidden}-{init}-0/weight_rms"][149] ** 2) @ (784, 10)) * hidden
                  for init in ("old", "new")) / 2  # fmt: skip
    return math.sqrt(squares / N_WEIGHTS[hidden])


def test_claim_3_is_recomputed(raw, rows):
    accuracies = [np.mean([raw[f"{hidden}-old-{s}/validation_accuracy"][29] for s in SEEDS])
                  for hidden in N_WEIGHTS]  # fmt: skip
    one = row(rows, "λ not too large", "whole network")
    assert list(map(percentage, one.measured)) == pytest.approx(accuracies, abs=6e-4)
    assert one.holds is bool(min(accuracies) > 0.9)
    for what, last in [("old and new meet", 150), ("they meet in the book's 30", 30)]:
        one, met = row(rows, what, "hidden layer"), []
        for hidden, text in zip(N_WEIGHTS, one.measured):
            ratios = np.divide(*(raw[f"{hidden}-{init}-0/weight_rms"][:, 0]
                                 for init in ("old", "new")))  # fmt: skip
            assert percentage(text) == pytest.approx(ratios[last - 1] - 1, abs=6e-4) or (
                percentage(text) == pytest.approx(1 / ratios[last - 1] - 1, abs=6e-4)
            )
            met.append(all(1 / 1.1 < ratio < 1.1 for ratio in ratios[last - 1 :]))
        assert one.holds is all(met)


def test_the_sizes_are_recomputed(raw, rows):
    times = {where: [of(raw, hidden) * math.sqrt(n) for hidden, n in N_WEIGHTS.items()]
             for where, of in [("all weights", whole), ("hidden layer", tail)]}  # fmt: skip
    one = row(rows, "size “around” 1/√N_w", "all weights")
    assert one.measured == tuple(f"{round(of)} times that" for of in times["all weights"])
    assert one.holds is all(1 / 3 < of < 3 for of in times["all weights"])
    for where, (few, many) in times.items():
        one = row(rows, "size goes like 1/√N_w", where)
        assert list(map(number, one.measured)) == pytest.approx([few, many], abs=0.06)
        assert one.holds is bool(abs(few / many - 1) < 0.1)


def test_the_table_is_complete_and_in_order(rows):
    assert len(rows) == 2 * 5 + 4 + 6 == len({(r.what, r.where) for r in rows})
    assert [one.claim for one in rows] == sorted(one.claim for one in rows)
    assert all(isinstance(one.holds, bool) and len(one.measured) == 2 for one in rows)


def test_it_is_shown_as_a_table(rows):
    table = conditions.as_table(rows)
    head, _, *lines = str(table).splitlines()
    for cells, line, one in zip(table.rows, lines, rows, strict=True):
        assert cells == (one.what, one.where, one.needs, *one.measured, one.holds)
        assert line.endswith("✓ yes" if one.holds else "✗ no")
        for word, title in [(one.where, "where"), (one.needs, "needs")]:
            assert line.index(word, head.index(title)) == head.index(title)  # nothing sticks out
        assert not re.search(r"\b(nan|inf|None)\b", line)
    assert conditions.as_table(rows, fold="All of them").fold == "All of them"


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


HIDDEN, OUTPUT, ALL = "hidden layer", "output layer", "all weights"
FLIPS = [
    ("decay has the first epoch", HIDDEN, scaled_by(pull=10, kick=10)),
    ("decay has the first epoch", OUTPUT, scaled_by(pull=0.01, kick=0.01)),
    ("decay has each of 30 epochs", HIDDEN, set_to("kick", 1e9, late=True)),
    ("decay has each of 30 epochs", OUTPUT, scaled_by(pull=0.01, kick=0.01)),
    ("first epoch by single steps", HIDDEN, scaled_by(data_step=0.01)),
    ("first epoch by single steps", OUTPUT, scaled_by(data_step=0.001)),
    ("first epoch by displacement", HIDDEN, scaled_by(data_displacement=0.1)),
    ("first epoch by displacement", OUTPUT, scaled_by(data_displacement=0.01)),
    ("λ not too small", HIDDEN, scaled_by(decay=0.01)),
    ("λ not too small", OUTPUT, scaled_by(decay=10)),
    ("the same in 150 epochs", "control group", control_off),
    ("size after the first epoch", HIDDEN, scaled_by(weight_rms=1.02)),
    ("λ not too large", "whole network", scaled_by(validation_accuracy=0.9)),
    ("old and new meet", HIDDEN, set_to("weight_rms", 0.9, layer=0, init="old")),
    ("they meet in the book's 30", HIDDEN, set_to("weight_rms", 0.2, layer=0, late=True)),
    ("size “around” 1/√N_w", ALL, scaled_by(size_after=1 / 50**2)),
]


@pytest.mark.parametrize("what, where, alter", FLIPS, ids=[f"{c} {w}" for c, w, _ in FLIPS])
@pytest.mark.parametrize("networks", [{30, 100}, {30}, {100}], ids=str)
def test_each_verdict_can_turn(stored, rows, what, where, alter, networks):
    """In both networks it turns either way; in one of them it turns to no, since both must hold."""
    altered = deepcopy(stored)
    for run, tables in altered.items():
        for table in tables:
            if run[0] in networks:
                alter(table, run=run)
    before, after = row(rows, what, where), row(conditions.table(altered), what, where)
    changed = [a != b for a, b in zip(before.measured, after.measured)]
    assert changed == [hidden in networks for hidden in (30, 100)]
    assert after.holds is (not before.holds if networks == {30, 100} else False)


@pytest.mark.parametrize("factor", [0.8, 1.2])
def test_the_verdict_on_the_scaling_can_turn(stored, rows, factor):
    altered = deepcopy(stored)
    for init in ("old", "new"):
        for table in altered[30, init]:
            table["weight_rms"] *= factor
            table["size_after"] *= factor**2
    for where in (ALL, HIDDEN):
        assert row(rows, "size goes like 1/√N_w", where).holds
        assert not row(conditions.table(altered), "size goes like 1/√N_w", where).holds


@pytest.mark.parametrize(
    "what, change",
    [
        ("limit exp(−ηλ/m)", {"eta": 0.3}),
        ("ηλ ≪ n_train", {"eta": 100.0, "lmbda": 6.0, "m": 5000}),
    ],
)
def test_the_verdicts_on_the_closed_forms_can_turn(stored, monkeypatch, what, change):
    monkeypatch.setattr(conditions, "BOOK", conditions.BOOK | change)
    assert not row(conditions.table(stored), what, "any weight").holds


def test_only_the_longest_run_speaks_of_the_tail_off(stored, rows):
    altered = deepcopy(stored)
    for tables in altered.values():
        for table in tables:
            if len(table["cost"]) == 30:
                table["weight_rms"][1:] = 77.0
    assert [r for r in conditions.table(altered) if r.claim == 3] == [
        r for r in rows if r.claim == 3
    ]


def test_old_weights_that_come_apart_again_have_not_arrived(stored):
    altered = deepcopy(stored)
    for table in altered[30, "old"]:
        if len(table["cost"]) == 150:
            table["weight_rms"][99, 0] = 1.0  # in epoch 100
    assert conditions.arrival(altered, 30) == 101


def test_weights_that_are_together_from_the_start_arrive_in_epoch_1(stored):
    altered = deepcopy(stored)
    for init in ("old", "new"):
        for table in altered[30, init]:
            table["weight_rms"][:, 0] = 0.2
    assert conditions.arrival(altered, 30) == 1


def test_weights_far_below_the_new_have_not_arrived(stored):
    altered = deepcopy(stored)
    for table in altered[30, "old"]:
        table["weight_rms"][100:, 0] = 0.01
    assert conditions.arrival(altered, 30) is None


def test_weights_that_never_meet_are_said_not_to(stored):
    altered = deepcopy(stored)
    for table in altered[30, "old"]:
        table["weight_rms"][:, 0] = 0.9
    one = row(conditions.table(altered), "old and new meet", HIDDEN)
    assert percentage(one.measured[0]) > 3 and not one.holds
