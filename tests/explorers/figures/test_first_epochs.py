"""Claim 1's figure against a plain run of `train`, and its three rulers against the ledgers."""

import csv
import io
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
from layout import drawn, laid_out
from matplotlib.backends.backend_agg import FigureCanvasAgg
from playing import assert_presentable, hear, in_browser, move, stages, step, until

from explorers import FirstEpochs
from explorers.canvas import WIDTHS
from explorers.figures import first_epochs
from explorers.figures.first_epochs import EPOCHS, LAYERS, RULERS, SEED, compute
from explorers.formats import percent
from explorers.ledger_panel import TOPS
from nn_core import DivergenceError, Network, load_mnist, train

SMALL = {"m": 30, "n_train": 100, "hidden": 7}  # 4 steps an epoch: m does not divide n_train
STOPS = {control.name: control.stops for control in FirstEpochs.controls}
FAST = {"n_train": 100, "hidden": 5}


@pytest.fixture
def figure():
    return FirstEpochs(**SMALL)


def by_hand(*, eta=0.1, lmbda=5.0, m, n_train, hidden, init="large", epochs=EPOCHS):
    """Return the records of one call of `train`; or eta and lmbda are functions of the epoch."""
    images = load_mnist(n_train).train
    net = Network([784, hidden, 10], init=init, seed=SEED)
    rng = np.random.default_rng(SEED + 1)
    if not callable(eta):
        return list(train(net, images.x, images.y, epochs=epochs, m=m, eta=eta, lmbda=lmbda,
                          seed=rng, ledger=True))  # fmt: skip
    return [
        next(train(net, images.x, images.y, epochs=1, m=m, eta=eta(epoch), lmbda=lmbda(epoch),
                   seed=rng, ledger=True))
        for epoch in range(1, epochs + 1)
    ]  # fmt: skip


def shares_by_hand(record, layer):
    """Decay's share by each ruler, written out."""
    one = record.ledger.layers[layer]
    return [
        abs(one.decay) / (abs(one.decay) + abs(one.pull) + abs(one.kick)),
        one.decay_step / (one.decay_step + one.data_step),
        one.decay_displacement / (one.decay_displacement + one.data_displacement),
    ]


@pytest.mark.parametrize("init, inits_name", [("old", "large"), ("new", "scaled")])
def test_the_ledgers_are_those_of_one_call_of_train(init, inits_name):
    figure, records = FirstEpochs(**SMALL, init=init), by_hand(**SMALL, init=inits_name)
    assert figure.result.ledgers == tuple(record.ledger for record in records)
    assert figure.result.accuracy == tuple(record.accuracy for record in records)
    assert figure.result.settings == ((0.1, 5.0),) * EPOCHS


def test_the_three_rulers_are_recomputed_from_the_ledgers(figure):
    for number, layer in enumerate(LAYERS):
        wanted = np.array([shares_by_hand(record, number) for record in by_hand(**SMALL)])
        found = np.array([figure.result.shares(layer, ruler) for ruler in RULERS]).T
        np.testing.assert_allclose(found, wanted, rtol=1e-14)


def test_the_first_epoch_below_one_half_is_the_first():
    figure = FirstEpochs(**FAST, lmbda=100.0)  # lost in the middle of the run
    for layer in LAYERS:
        for number, ruler in enumerate(RULERS):
            records = by_hand(**FAST, m=10, lmbda=100.0)
            shares = [shares_by_hand(record, LAYERS.index(layer))[number] for record in records]
            below = [epoch for epoch, share in enumerate(shares, 1) if share < 0.5]
            assert figure.result.lost(layer, ruler) == (below[0] if below else None)
    assert 1 < figure.result.lost("hidden", "ledger of squared size") <= EPOCHS


def test_the_sentence_says_the_shares_of_the_shown_layer(figure):
    for number, layer in enumerate(LAYERS):
        figure.layer.value = layer
        (first, *_) = by_hand(**SMALL, epochs=1)
        assert figure.sentence.startswith(f"{layer.capitalize()} layer, old initialization.")
        for share, ruler in zip(shares_by_hand(first, number), RULERS):
            assert f"{percent(share, 3)} by the {ruler}" in figure.sentence
        one = first.ledger.layers[number]
        left = one.data_displacement / one.data_path
        assert f"{percent(left)} of the data steps' path" in figure.sentence
        assert f"{percent(1 - left)} cancels" in figure.sentence


@pytest.mark.parametrize(
    "state, words",
    [
        ({}, "decay dominates in all 30 epochs so far."),
        ({"lmbda": 0.0}, "decay does not dominate even the first epoch."),
        ({"lmbda": 100.0}, r"decay dominates until epoch (\d+), and no more in epoch (\d+)."),
    ],
)
def test_until_when_decay_dominates(state, words):
    figure = FirstEpochs(**FAST, **state)
    until_then = re.search(words, figure.sentence)
    assert until_then, figure.sentence
    if until_then.groups():
        last, lost = map(int, until_then.groups())
        shares = figure.result.shares("hidden", "ledger of squared size")
        assert lost == last + 1 and min(shares[:last]) >= 0.5 > shares[last]


def test_the_table_has_the_first_epoch(figure, number_in):
    (record, *_) = by_hand(**SMALL)
    one = record.ledger.layers[0]
    for word, value in {
        "ηλ/n_train": 0.5 / 100, "first epoch: decay,": one.decay / one.size_before,
        "first epoch: pull": one.pull / one.size_before,
        "first epoch: kick": one.kick / one.size_before,
        "first epoch: change": one.change / one.size_before,
        "first epoch: mean length of a decay step": one.decay_step,
        "first epoch: mean length of a data step": one.data_step,
        "first epoch: displacement by decay": one.decay_displacement,
        "first epoch: displacement by data": one.data_displacement,
        "first epoch: mean of σ′(z)": record.ledger.slope,
        "epochs trained": EPOCHS,
        "accuracy": figure.result.accuracy[-1],
    }.items():  # fmt: skip
        (text,) = [text for what, text in figure.numbers.items() if what.startswith(word)]
        assert number_in(text) == pytest.approx(value, rel=6e-3), word


def test_without_decay_its_share_is_zero_by_every_ruler():
    figure = FirstEpochs(**FAST, lmbda=0.0)
    for layer in LAYERS:
        for ruler in RULERS:
            assert figure.result.shares(layer, ruler) == [0.0] * EPOCHS
    assert_presentable(figure.sentence, figure.numbers)


ENDS = [{name: stops[end]} for name, stops in STOPS.items() for end in (0, -1)]
ENDS += [
    {"m": 100, "n_train": 100},
    {"m": 1, "lmbda": 100.0},
    {"eta": 2.0, "lmbda": 50.0, "m": 1},
    {"eta": 0.01, "lmbda": 0.0, "m": 100},
    {"eta": 2.0, "lmbda": 100.0, "n_train": 110},
]


@pytest.mark.parametrize("end", ENDS, ids=str)
def test_sentence_table_and_picture_at_the_ends_of_the_sliders(end):
    """Two epochs of each: presentable at every stage, and nothing leaves the picture."""
    picture = laid_out(FirstEpochs.Picture)
    for epoch, result in enumerate(stages(FirstEpochs, 2, **FAST | {"layer": "hidden"} | end)):
        for layer in LAYERS:
            sentence = FirstEpochs.describe(result, layer=layer)
            assert_presentable(sentence, FirstEpochs.tabulate(result, layer=layer))
            assert ("dominates in all" in sentence) <= (epoch > 1)
            picture.draw(result, layer=layer)
            low, high = picture.ledger.moving.get_ylim()
            for one in result.layer(layer):
                assert low <= one.change / one.size_before <= high
                assert low <= one.decay / one.size_before


@pytest.mark.parametrize(
    "state",
    [{"eta": 2.0, "lmbda": 50.0, "m": 1}, {"eta": 2.0, "lmbda": 99.0, "m": 1, "init": "new"}],
)
def test_the_stack_of_a_wild_run_stays_in_the_picture(state):
    figure = FirstEpochs(**FAST, **state)
    low, high = drawn(figure).ledger.moving.get_ylim()
    for one in figure.result.layer("hidden"):
        parts = np.array([one.decay, one.pull, one.kick]) / one.size_before
        assert low <= parts[parts < 0].sum() and parts[parts > 0].sum() <= high
    assert_presentable(figure.sentence, figure.numbers)


def test_in_an_epoch_of_one_step_nothing_can_cancel():
    figure = FirstEpochs(**FAST, m=100)
    assert "an epoch is a single step" in figure.sentence and "cancels" not in figure.sentence
    figure.set(m=99)
    assert "cancels" in figure.sentence and "an epoch is" not in figure.sentence


def test_growing_decay_is_refused_in_words():
    figure = FirstEpochs(**FAST)
    with pytest.raises(DivergenceError):
        figure.set(eta=2.0, lmbda=100.0)
    assert "must be below 2" in figure.message and figure.sentence.startswith("Nothing is trained")
    assert figure.preset.startswith("first-epochs eta=2 lmbda=100 ")
    figure.set(lmbda=99.0)
    assert figure.message == "" and len(figure.result.ledgers) == EPOCHS


# Playing it.


def test_moved_in_mid_run_eta_and_lambda_act_from_the_next_epoch_on():
    async def scenario():
        figure = FirstEpochs(**SMALL)
        hear(figure, kind="restart")
        for _ in range(2):
            await step(figure)
        move(figure, lmbda=20.0)
        assert len(figure.result.ledgers) == 2 and figure.result.changes == ()  # not yet
        await step(figure)
        move(figure, eta=0.2, lmbda=0.0)
        await step(figure)
        assert figure.result.changes == ((2, "λ → 20"), (3, "η → 0.2, λ → 0"))
        records = by_hand(**SMALL, epochs=4, eta=lambda epoch: 0.2 if epoch == 4 else 0.1,
                          lmbda=lambda epoch: {3: 20.0, 4: 0.0}.get(epoch, 5.0))  # fmt: skip
        assert figure.result.ledgers == tuple(record.ledger for record in records)
        marks = drawn(figure).marks
        seen = [(line.get_xdata()[0], note.get_text())
                for line, note in zip(marks.lines, marks.notes) if line.get_visible()]  # fmt: skip
        assert seen == [(2.5, "λ → 20"), (3.5, "η → 0.2, λ → 0")]
        assert "λ → 20 from epoch 3 on; η → 0.2, λ → 0 from epoch 4 on" in figure.sentence
        assert_presentable(figure.sentence, figure.numbers)
        assert len(figure.result.settings) == 4 and "λ → 20" in figure._moving

    assert in_browser(scenario) == []


def test_a_slider_moved_and_put_back_before_the_next_epoch_is_no_change():
    async def scenario():
        figure = FirstEpochs(**SMALL)
        hear(figure, kind="restart")
        await step(figure)
        move(figure, lmbda=20.0)
        move(figure, lmbda=5.0)
        await step(figure)
        assert figure.result.changes == ()
        assert not any(line.get_visible() for line in drawn(figure).marks.lines)

    assert in_browser(scenario) == []


def test_of_many_changes_the_newest_are_marked_and_none_hangs_over_from_an_older_run():
    picture, view = laid_out(FirstEpochs.Picture), {"layer": "hidden"}
    current = SimpleNamespace(eta=0.1, lmbda=1.0)
    results = []
    for each in compute(current=current, init="old", **FAST, m=50):
        results.append(each)
        current.lmbda += 1
    result = results[-1]
    picture.draw(result, **view)
    assert len(result.changes) == EPOCHS - 1
    assert [note.get_text() for note in picture.marks.notes] == [
        words for _, words in result.changes[-4:]
    ]
    width = picture.ledger.moving.get_xlim()[1]
    assert all(note.get_position()[0] <= width for note in picture.marks.notes)
    heights = [note.get_position()[1] for note in picture.marks.notes]
    assert max(np.diff(heights)) < -0.04  # none covers another
    picture.draw(FirstEpochs(**FAST).result, **view)
    assert not any(line.get_visible() for line in picture.marks.lines)
    assert not any(note.get_text() for note in picture.marks.notes)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_ledgers_axis_has_its_numbers_whole_at_any_height(width):
    picture = laid_out(first_epochs.Picture, width)
    canvas = FigureCanvasAgg(picture.canvas.figure)
    for top in TOPS:
        picture.stack.draw([], also=[top])
        canvas.draw()
        below, zero, above = picture.ledger.still.get_yticklabels()
        assert (below.get_text(), zero.get_text()) == (f"−{above.get_text()}", "0")
        assert below.get_window_extent(canvas.get_renderer()).x0 >= 0


def test_the_layer_is_a_view_and_never_trains(monkeypatch, figure):
    ledgers = figure.result.ledgers
    monkeypatch.setattr(first_epochs, "train", None)  # whoever trains now, fails
    for layer in ("output", "hidden", "output"):
        figure.layer.value = layer
        move(figure, layer=layer)
        assert figure.result.ledgers is ledgers and figure._finished
        assert figure.sentence.startswith(layer.capitalize())
        lines = drawn(figure).lines
        for ruler, line in lines.items():
            np.testing.assert_array_equal(line.get_ydata(), figure.result.shares(layer, ruler))


def test_the_layer_may_change_in_mid_run_without_an_epoch_more(figure):
    figure.restart()
    figure.step()
    figure.layer.value = "output"
    assert len(figure.result.ledgers) == 1 and not figure._finished
    assert figure.sentence.startswith("Output layer")


def test_restart_step_and_finish(figure):
    through = figure.result.ledgers
    figure.restart()
    assert figure.result.ledgers == () and figure.numbers == {"epochs trained": "0"}
    assert figure._progress == [0, EPOCHS] and "Nothing is trained yet" in figure.sentence
    for epoch in range(1, 4):
        figure.step()
        assert figure.result.ledgers == through[:epoch] and figure._progress == [epoch, EPOCHS]
    assert "in all 3 epochs so far" in figure.sentence
    figure.finish()
    assert figure.result.ledgers == through and figure._finished
    figure.step()  # there is none left
    assert figure.result.ledgers == through


def test_play_and_pause_and_what_acts_anew_keeps_it_paused():
    async def scenario():
        figure = FirstEpochs(n_train=1000)
        hear(figure, kind="restart")
        hear(figure, kind="play")
        await until(lambda: figure._progress[0] >= 2)
        hear(figure, kind="pause")
        await until(figure._worker.done)
        epochs = figure._progress[0]
        assert 2 <= epochs < EPOCHS and not figure._running
        move(figure, init="new")
        assert figure._progress == [0, EPOCHS] and not figure._running

    assert in_browser(scenario) == []


# Preset, file, picture, record.


def test_preset_round_trip(figure):
    figure.set(eta=0.25, lmbda=0.3, init="new", layer="output")
    assert figure.preset == (
        "first-epochs eta=0.25 lmbda=0.3 m=30 n_train=100 hidden=7 init=new layer=output"
    )
    twin = FirstEpochs(**FAST)
    twin.apply(figure.preset)
    assert (twin.sentence, twin._moving, twin._still) == (
        figure.sentence, figure._moving, figure._still)  # fmt: skip


def test_the_csv_holds_both_layers(figure):
    table = list(csv.DictReader(io.StringIO(figure.csv())))
    assert [int(line["epoch"]) for line in table] == list(range(1, EPOCHS + 1))
    for record, line in zip(by_hand(**SMALL), table, strict=True):
        for layer, one in zip(LAYERS, record.ledger.layers):
            for field in ("decay", "pull", "kick", "decay_step", "data_step",
                          "decay_displacement", "data_displacement"):  # fmt: skip
                assert float(line[f"{layer}_{field}"]) == getattr(one, field)
    figure.restart()
    assert figure.csv().startswith("epoch,hidden_decay,") and figure.csv().count("\n") == 1


def test_the_stack_shows_the_ledger(figure):
    picture = drawn(figure)
    for name in ("decay", "pull", "kick"):
        values, _, baseline = picture.stack.areas[name].get_data()
        wanted = [getattr(one, name) / one.size_before for one in figure.result.layer("hidden")]
        np.testing.assert_allclose(values - baseline, wanted, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(
        picture.stack.change.get_ydata(),
        [one.change / one.size_before for one in figure.result.layer("hidden")],
    )


def test_the_same_state_gives_the_same_bytes(figure):
    twin = FirstEpochs(**FAST)
    twin.set(**SMALL)
    assert (twin._still, twin._moving) == (figure._still, figure._moving)


def test_what_a_reader_without_kernel_gets(figure):
    data, metadata = figure._repr_mimebundle_()
    assert figure.sentence in metadata["image/png"]["alt"]
    json.dumps([data, metadata])
