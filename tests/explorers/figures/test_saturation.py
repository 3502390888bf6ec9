"""The fourth answer's figure against a plain run of `train`, and its words against numbers."""

import itertools
import re
from dataclasses import replace
from types import SimpleNamespace

import by_hand
import numpy as np
import pytest
from page import assert_presentable
from told import assert_says, assert_told, inside, rows, shown, stages, stops_of

from explorers import Saturation, TailOff
from explorers.figures.saturation import EPOCHS, describe, series, tabulate

STOPS = stops_of(Saturation)
# m does not divide n_train.
SMALL = {"eta": 0.1, "lmbda": 5.0, "m": 30, "n_train": 100, "hidden": 7}
SENTENCE = (
    "At first # % of the hidden neurons are saturated. Is the data gradient negligible then? By "
    "the ledger … (decay has # %), by the single step … (decay has # %). The size of z is #; "
    "w·√⟨|x|²⟩ with the bias gives #, # % off, and √N_w·w would give #. After # … z is #, and "
    "random signs would make it #, # times that."
)


@pytest.fixture(scope="module")
def figure():
    return Saturation(**SMALL)


def test_it_is_the_tail_off_looked_at_with_other_eyes(figure):
    both = TailOff(**SMALL).result
    for name in ("sizes", "everywhere", "ledgers", "accuracy"):
        assert getattr(figure.result, name)["old"] == getattr(both, name)["old"]
    assert Saturation.progress(both) == TailOff.progress(both)
    assert set(STOPS) == {"eta", "lmbda", "m", "n_train", "hidden", "fan_in"}
    assert set(Saturation.controls) < set(TailOff.controls)


def test_all_that_is_followed_is_that_of_one_call_of_train(figure):
    net, images, run = by_hand.plain("old", epochs=3, **SMALL)
    found = series(figure.result)
    for epoch, record in enumerate(itertools.chain([None], run)):
        z, size = images.x @ net.weights[0].T + net.biases[0], by_hand.rms(net.weights[0])
        a = 1 / (1 + np.exp(-z))
        wanted = {
            "saturated": np.mean(a * (1 - a) < 0.02), "z": by_hand.rms(z),
            "random": np.sqrt(size**2 * np.mean(np.linalg.norm(images.x, axis=1) ** 2) + 1),
            "answer": size * np.sqrt(7 * (784 + 10)),
        }  # fmt: skip
        assert {name: found[name][epoch] for name in wanted} == pytest.approx(wanted)
        if record is not None:  # the shares are of an epoch, not after it
            one = record.ledger.layers[0]
            assert found["ledger"][epoch - 1] == one.decay_share
            assert found["step"][epoch - 1] == one.decay_step / (one.decay_step + one.data_step)
    assert {name: len(values) for name, values in found.items()} == {
        "ledger": EPOCHS, "step": EPOCHS, **dict.fromkeys(wanted, EPOCHS + 1)
    }  # fmt: skip


def check_sentence(result):
    sentence, s = describe(result), series(result)
    assert_presentable(sentence, tabulate(result))
    z, random = s["z"], s["random"]
    off = max(z[0], random[0]) / min(z[0], random[0]) - 1
    by_ledger, by_step = ("yes" if s[ruler][0] > 0.9 else "no" for ruler in ("ledger", "step"))
    assert_says(
        sentence, SENTENCE, s["saturated"][0], by_ledger, s["ledger"][0], by_step, s["step"][0],
        z[0], random[0], off, s["answer"][0], result.epochs,
        "epoch" if result.epochs == 1 else "epochs", z[-1], random[-1], random[-1] / z[-1],
    )  # fmt: skip
    assert off < 1


ENDS = [
    {"eta": eta, "lmbda": lmbda, "m": m, "hidden": hidden, "fan_in": fan_in, "n_train": 100}
    for eta, lmbda, m, (hidden, fan_in) in itertools.product(
        (STOPS["eta"][0], STOPS["eta"][-1]),
        (STOPS["lmbda"][0], STOPS["lmbda"][1], 99.0, STOPS["lmbda"][-1]),
        (STOPS["m"][0], STOPS["m"][-1]),
        ((STOPS["hidden"][0], "784"), (STOPS["hidden"][-1], "49")),
    )
    if eta * lmbda < 200
]


@pytest.mark.parametrize("state", ENDS, ids=lambda state: "-".join(map(str, state.values())))
def test_the_sentence_says_the_numbers_at_the_ends_of_the_sliders(state):
    before, *trained = stages(Saturation, 2, **state)
    assert describe(before) == "Nothing is trained yet. Press Play, or Step for a single epoch."
    for result in trained:
        check_sentence(result)


LONG = [SMALL] + [
    {"n_train": 100, "hidden": 5} | wild
    for wild in ({"lmbda": 500.0}, {"eta": 2.0, "m": 1}, {"eta": 2.0, "lmbda": 0.0})
]


@pytest.mark.parametrize("state", LONG, ids=str)
def test_the_sentence_at_the_end_of_a_long_run(state):
    figure = Saturation(**state)
    assert figure.result.epochs == EPOCHS
    check_sentence(figure.result)
    if state in LONG[:2]:  # nothing leaves the picture, also where decay is strong
        s, picture = series(figure.result), shown(figure)
        assert inside(picture.shares, [*s["saturated"], *s["ledger"], *s["step"]])
        assert inside(picture.z_size, [*s["z"], *s["random"], *s["answer"]])


@pytest.mark.parametrize("share, word", [(0.5, "no"), (0.89, "no"), (0.91, "yes"), (1.0, "yes")])
def test_negligible_is_what_leaves_decay_nine_tenths(figure, share, word):
    ledger = SimpleNamespace(decay_share=share, step_share=share)
    result = replace(figure.result, ledgers={"old": (ledger,) * EPOCHS})
    wanted = [..., word, share, word, share]
    assert_says(describe(result), SENTENCE, *wanted, *[...] * 9)


def test_what_the_notebook_concludes_is_so():
    """Two thirds saturated; negligible by the ledger and not by the step; z within 10 %."""
    s = series(stages(Saturation, 1)[-1])
    assert s["saturated"][0] == pytest.approx(2 / 3, abs=0.03)
    assert s["ledger"][0] > 0.9 and s["step"][0] < 0.5
    assert s["random"][0] == pytest.approx(s["z"][0], rel=0.1)
    assert s["answer"][0] > 10 * s["z"][0]


def test_the_table_says_the_numbers(figure):
    s, wanted = series(figure.result), {}
    for epoch in (0, 10, 20, 30, 60, 120):
        for what, name in [("saturated", "saturated"), ("z, measured", "z"),
                           ("z, random signs", "random")]:  # fmt: skip
            wanted[f"after epoch {epoch}: {what}"] = s[name][epoch]
        for ruler in ("ledger", "step") if epoch else ():
            wanted[f"epoch {epoch}: decay's share, {ruler}"] = s[ruler][epoch - 1]
    assert figure.numbers.keys() == wanted.keys()
    assert_told(figure, wanted)


def test_the_table_has_no_epochs_that_are_not_trained():
    results = stages(Saturation, 10, n_train=100, hidden=5, m=100)
    for epochs, wanted in [(0, {0}), (9, {0}), (10, {0, 10})]:
        names = [what for what, _ in tabulate(results[epochs])]
        assert {int(re.search(r"epoch (\d+):", what)[1]) for what in names} == wanted


def test_curves_and_file_show_the_numbers_where_they_belong(figure):
    picture, file = shown(figure), rows(figure)
    for name, values in series(figure.result).items():
        start = 1 if name in ("ledger", "step") else 0  # the first epoch's share stands at epoch 1
        in_file = [(int(line["epoch"]), float(line[name])) for line in file if line[name]]
        assert in_file == list(zip(*picture.lines[name].get_data()))
        assert in_file == list(zip(range(start, EPOCHS + 1), values, strict=True))
