"""Claim 1's figure against a plain run of `train`, and its three rulers against the ledgers."""

import re

import by_hand
import numpy as np
import pytest
from page import assert_presentable
from told import assert_told, column, laid_out, marks, shown, stages

from explorers import FirstEpochs
from explorers.figures.first_epochs import EPOCHS, LAYERS, RULERS, describe
from explorers.formats import percent

SMALL = {"m": 30, "n_train": 100, "hidden": 7}  # 4 steps an epoch: m does not divide n_train
FAST = {"n_train": 100, "hidden": 5}
LOST = {**FAST, "m": 10, "lmbda": 100.0}  # decay loses the hidden layer in the middle of the run
LEDGER = "ledger of the sum of squares"


@pytest.fixture(scope="module")
def small():
    return FirstEpochs(**SMALL)


def records(init="old", epochs=EPOCHS, **setting):
    return list(by_hand.plain(init, epochs=epochs, **setting)[2])


def shares_by_hand(record, layer):
    """Decay's share by each ruler, written out."""
    one = record.ledger.layers[layer]
    return [
        abs(one.decay) / (abs(one.decay) + abs(one.pull) + abs(one.kick)),
        one.decay_step / (one.decay_step + one.data_step),
        one.decay_displacement / (one.decay_displacement + one.data_displacement),
    ]


@pytest.mark.parametrize("init", ["old", "new"])
def test_the_ledgers_are_those_of_one_call_of_train(init):
    figure, wanted = FirstEpochs(**SMALL, init=init), records(init, **SMALL)
    assert figure.result.ledgers == tuple(record.ledger for record in wanted)
    assert figure.result.accuracy == tuple(record.accuracy for record in wanted)
    assert figure.result.settings == ((0.1, 5.0),) * EPOCHS


@pytest.mark.parametrize("state", [SMALL, LOST], ids=str)
def test_the_three_rulers_are_recomputed_from_the_ledgers(state):
    result = FirstEpochs(**state).result
    for number, layer in enumerate(LAYERS):
        wanted = [shares_by_hand(record, number) for record in records(**state)]
        for ruler, shares in zip(RULERS, np.transpose(wanted)):
            np.testing.assert_allclose(result.shares(layer, ruler), shares, rtol=1e-14)
            below = [epoch for epoch, share in enumerate(shares, 1) if share < 0.5]
            assert result.lost(layer, ruler) == (below[0] if below else None)
    assert (1 < (result.lost("hidden", LEDGER) or 0) <= EPOCHS) == (state is LOST)


def test_without_decay_its_share_is_zero_by_every_ruler():
    figure = FirstEpochs(**FAST, lmbda=0.0)
    for layer in LAYERS:
        for ruler in RULERS:
            assert figure.result.shares(layer, ruler) == [0.0] * EPOCHS
    assert "Decay has less than half of the ledger even in the first epoch." in figure.sentence
    assert_presentable(figure.sentence, figure.table)


# Words and numbers.


@pytest.mark.parametrize("number, layer", [(0, "hidden"), (1, "output")])
def test_sentence_and_picture_show_the_layer_that_is_chosen(small, number, layer):
    small.layer.value = layer
    assert small.sentence.startswith(f"{layer.capitalize()} layer, old initialization.")
    (first,) = records(**SMALL, epochs=1)
    for share, ruler in zip(shares_by_hand(first, number), RULERS):
        assert f"{percent(share, 3)} by the {ruler}" in small.sentence
        told = small.numbers[f"first epoch: decay's share by the {ruler}"]
        assert told == percent(share, 3)
    one = first.ledger.layers[number]
    left = one.data_displacement / one.data_path
    assert f"{percent(left)} of the data steps' path" in small.sentence
    assert f"{percent(1 - left)} cancels" in small.sentence

    picture, ledgers = shown(small), [ledger.layers[number] for ledger in small.result.ledgers]
    for ruler, line in picture.lines.items():
        np.testing.assert_array_equal(line.get_ydata(), small.result.shares(layer, ruler))
        assert list(line.get_xdata()) == list(range(1, EPOCHS + 1))
    np.testing.assert_allclose(
        picture.stack.change.get_ydata(), [one.change / one.size_before for one in ledgers]
    )


def test_until_when_decay_has_half_of_the_ledger():
    figure = FirstEpochs(**LOST)
    said = re.search(
        r"half of the ledger until epoch (\d+), and less in epoch (\d+)\.", figure.sentence
    )
    last, lost = map(int, said.groups())
    shares = figure.result.shares("hidden", LEDGER)
    assert lost == last + 1 and min(shares[:last]) >= 0.5 > shares[last]
    for epoch, result in enumerate(stages(FirstEpochs, 3, **FAST)):
        so_far = "the first epoch." if epoch == 1 else f"all {epoch} epochs so far."
        words = (
            f"Decay has at least half of the ledger in {so_far}" if epoch else "Nothing is trained"
        )
        assert words in describe(result, layer="hidden")


def test_the_table_has_the_first_epoch(small):
    small.layer.value = "hidden"
    first, *_, last = records(**SMALL)
    one = first.ledger.layers[0]
    assert_told(small, {
        "ηλ/n_train": 0.5 / 100, "first epoch: decay,": one.decay / one.size_before,
        "first epoch: pull": one.pull / one.size_before,
        "first epoch: kick": one.kick / one.size_before,
        "first epoch: change": one.change / one.size_before,
        "first epoch: mean length of a decay step": one.decay_step,
        "first epoch: mean length of a data step": one.data_step,
        "first epoch: displacement by decay": one.decay_displacement,
        "first epoch: displacement by data": one.data_displacement,
        "first epoch: mean of σ′(z)": first.ledger.slope,
        "epochs trained": EPOCHS,
        "accuracy": last.accuracy,
    })  # fmt: skip


def test_the_file_holds_both_layers(small):
    ledgers = [record.ledger for record in records(**SMALL)]
    assert column(small, "epoch") == list(range(1, EPOCHS + 1))
    for number, layer in enumerate(LAYERS):
        for field in ("decay", "pull", "kick", "decay_step", "data_step",
                      "decay_displacement", "data_displacement"):  # fmt: skip
            wanted = [getattr(ledger.layers[number], field) for ledger in ledgers]
            assert column(small, f"{layer}_{field}") == wanted


# Special cases.


@pytest.mark.parametrize(
    "state",
    [{"eta": 2.0, "lmbda": 50.0, "m": 1}, {"eta": 2.0, "lmbda": 99.0, "m": 1, "init": "new"}],
)
def test_a_wild_run_to_its_end(state):
    figure = FirstEpochs(**FAST, **state)
    assert_presentable(figure.sentence, figure.table)


def test_in_an_epoch_of_one_step_nothing_can_cancel():
    figure = FirstEpochs(**FAST, m=100)
    assert "an epoch is a single step" in figure.sentence and "cancels" not in figure.sentence
    figure.set(m=99)
    assert "cancels" in figure.sentence and "an epoch is" not in figure.sentence


def test_moved_in_mid_run_eta_and_lambda_act_from_the_next_epoch_on():
    moved = {3: {"lmbda": 20.0}, 4: {"eta": 0.2, "lmbda": 0.0}}
    result, picture = stages(FirstEpochs, 4, moved, **SMALL)[-1], laid_out(FirstEpochs)
    wanted = records(**SMALL, epochs=4, moved=moved)
    assert result.ledgers == tuple(record.ledger for record in wanted)
    picture.draw(result, layer="hidden")
    assert marks(picture) == [(2.5, "λ → 20"), (3.5, "η → 0.2, λ → 0")]
