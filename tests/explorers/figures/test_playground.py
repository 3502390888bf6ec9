"""The playground: its run against `train`, what is kept, its presets, and its ways to fail."""

import asyncio
import csv
import io
import re
from types import SimpleNamespace

import numpy as np
import pytest
from layout import drawn

from explorers import Playground
from explorers.controls import ANEW
from explorers.figures.playground import (
    LOOK_FOR,
    N_VALIDATION,
    PRESETS,
    RIGHT,
    PlaygroundResult,
    compute,
    describe,
    presets_table,
)
from nn_core import CrossEntropyCost, DivergenceError, Network, QuadraticCost, load_mnist, train

QUICK = {"n_train": 100, "epochs": 10}
STOPS = {control.name: control.stops for control in Playground.controls}
UGLY = re.compile(r"\b(inf|nan|None|1 epochs|0 epochs)\b|not a number|e[-+]\d\d")


@pytest.fixture(scope="module")
def figure():
    return Playground(**QUICK)


def back(figure, **values):
    """Set the quick defaults but `values`, with nothing kept."""
    figure.forget()
    figure.set(**figure._defaults() | QUICK | values)


def hear(figure, **content):
    figure._hear(figure, content, [])


@pytest.mark.parametrize(
    "values, sizes, cost, init, pool",
    [
        ({}, [784, 30, 10], CrossEntropyCost, "large", 1),
        ({"hidden": 12, "init": "new", "cost": "quadratic", "fan_in": "49", "seed": 7},
         [49, 12, 10], QuadraticCost, "scaled", 4),
        ({"second": "10", "fan_in": "196", "m": 7, "lmbda": 0.5},
         [196, 30, 10, 10], CrossEntropyCost, "large", 2),
    ],
)  # fmt: skip
def test_the_run_is_that_of_train(figure, values, sizes, cost, init, pool):
    back(figure, **values)
    result, state = figure.result, figure.state
    data, seed = load_mnist(100, pool=pool), state["seed"]
    x, y = data.train.pixels, data.train.y
    seen = data.validation.pixels[:N_VALIDATION], data.validation.y[:N_VALIDATION]
    net = Network(sizes, cost=cost, init=init, seed=seed)
    records = train(net, x, y, epochs=10, m=state["m"], eta=0.1, lmbda=state["lmbda"],
                    seed=seed + 1, validation=seen, ledger=True)  # fmt: skip
    for k, record in enumerate(records, 1):
        assert result.weight_rms[k] == record.weight_rms
        assert result.accuracy[k] == (record.accuracy, record.validation_accuracy)
        training, validation, penalty = result.costs[k]
        assert training + penalty == pytest.approx(record.cost)
        assert validation + penalty == pytest.approx(record.validation_cost)
        assert result.ledgers[k - 1] == record.ledger
    assert (result.trained, result.sizes, result.n_weights) == (10, tuple(sizes), net.n_weights)
    training, _, penalty = result.costs[-1]
    assert training == pytest.approx(net.total_cost(x, y))
    assert penalty == pytest.approx(net.total_cost(x, y, state["lmbda"]) - training)


def test_what_is_known_before_training(figure):
    net, data = Network([784, 30, 10], seed=3), load_mnist(100)
    state = figure._defaults() | QUICK
    anew = {name: state[name] for name in figure._that_act(ANEW)}
    result = next(compute(current=SimpleNamespace(eta=0.1, lmbda=5.0), **anew))
    assert result.weight_rms == (tuple(net.weight_rms()),)
    assert result.accuracy[0][0] == net.accuracy(data.train.pixels, data.train.y)
    view = {"right": "accuracy", "layer": "output", "kept": None}
    assert describe(result, **view).startswith("Nothing is trained yet.")


def test_the_sentence_says_what_the_run_was(figure, number_in):
    back(figure, layer="output")
    result, size = figure.result, figure.result.rms("output")
    said = [number_in(text) for text in re.findall(r"\d[\d,]*(?:\.\d+)?(?: %)?", figure.sentence)]
    for value in (*result.accuracy[-1], size[0], size[-1], size[-1] * result.n_weights**0.5,
                  result.shares("output")[0], 10, 100):  # fmt: skip
        assert any(number == pytest.approx(value, rel=0.01) for number in said), value


@pytest.mark.parametrize("right", RIGHT)
@pytest.mark.parametrize("layer", STOPS["layer"])
@pytest.mark.parametrize("second", ["none", "10"])
def test_all_views_of_a_run_and_a_kept_one_are_drawn_in_plain_words(figure, right, layer, second):
    back(figure, second=second)
    figure.keep()
    figure.set(second="none", init="new", right=right, layer=layer)
    for text in (figure.sentence, *figure.numbers.values()):
        assert not UGLY.search(text), text
    assert ("There is no second hidden layer" in figure.sentence) == (layer == "second hidden")
    shown = figure.result.present(layer)
    np.testing.assert_array_equal(drawn(figure).size.get_ydata(), figure.result.rms(shown))


def test_views_show_their_numbers(figure):
    back(figure)
    figure.keep()
    figure.set(init="new", right="accuracy")
    picture, kept = drawn(figure), figure._kept[0]
    for i in range(2):
        assert list(picture.now[i].get_ydata()) == [pair[i] for pair in figure.result.accuracy]
        assert list(picture.kept[i].get_ydata()) == [pair[i] for pair in kept.accuracy]
    figure.set(right="cost")
    for i in range(3):
        assert list(picture.now[i].get_ydata()) == [costs[i] for costs in figure.result.costs]
    figure.set(right="decay share", layer="output")
    assert list(picture.now[1].get_ydata()) == figure.result.shares("output")
    assert list(picture.kept[0].get_ydata()) == kept.shares("output")
    assert list(picture.kept[1].get_ydata()) == []
    figure.set(right="ledger", layer="first hidden")
    one = figure.result.ledger("first hidden")[0]
    assert -picture.stack.areas["decay"].get_data().values[0] == pytest.approx(
        -one.decay / one.size_before
    )
    assert picture.stack.change.get_ydata()[0] == one.change / one.size_before
    assert not any(len(line.get_ydata()) for line in picture.now + picture.kept)


def test_no_curve_of_sizes_leaves_the_picture(figure):
    for values in ({}, {"lmbda": 1000.0}, {"eta": 20.0, "lmbda": 0.0}, {"init": "new"}):
        back(figure, **values)
        low, high = drawn(figure).sizes.moving.get_ylim()
        sizes = [*figure.result.rms("first hidden"), figure.result.scale]
        assert low < min(sizes) and 1.5 * max(sizes) < high, values


def test_now_and_kept_differ_without_colour(figure):
    picture = drawn(figure)
    assert {line.get_linestyle() for line in picture.now} == {"-"}
    broken = [line.get_linestyle() for line in picture.kept]
    assert len(set(broken)) == 3 and "-" not in broken
    assert len({line.get_marker() for line in picture.now}) == 3
    assert picture.size.get_linestyle() == "-" != picture.kept_size.get_linestyle()


def key(panel):
    return [text.get_text() for text in panel.still.texts]


def test_keep_and_forget(figure):
    back(figure, init="new")
    alone, preset = figure.sentence, figure.preset
    figure.keep()
    assert "with the same settings" in figure.sentence
    figure.set(init="old", eta=0.2)
    assert "Kept for comparison, with eta = 0.1, init = new: " in figure.sentence
    assert figure.sentence.endswith(f"Its preset: {preset}")
    assert figure.numbers["kept: preset"] == preset
    assert "kept" in key(drawn(figure).sizes)
    kept = drawn(figure).kept_size.get_ydata()
    figure.set(hidden=5)
    figure.apply(figure.preset)
    np.testing.assert_array_equal(drawn(figure).kept_size.get_ydata(), kept)  # it stays
    figure.forget()
    figure.forget()  # with nothing kept it does nothing
    assert "Kept" not in figure.sentence and "kept" not in key(drawn(figure).sizes)
    back(figure, init="new")
    assert figure.sentence == alone


def test_what_is_kept_is_said_of_the_layer_that_it_has(figure):
    back(figure)
    figure.keep()
    figure.set(second="10", layer="second hidden")
    assert "kept: first hidden" in key(drawn(figure).sizes)
    assert "with second = none" in figure.sentence


def test_the_projector_keeps_what_is_kept(figure):
    back(figure)
    figure.keep()
    hear(figure, kind="projector", on=True)
    np.testing.assert_array_equal(
        drawn(figure).kept_size.get_ydata(), figure.result.rms("first hidden")
    )
    hear(figure, kind="projector", on=False)


# The buttons that a figure declares.


def test_a_press_in_the_browser_calls_the_method(figure):
    back(figure)
    spec = figure._spec["buttons"]
    assert [one["method"] for one in spec] == ["keep", "forget"]
    assert all(one["text"] for one in spec)
    hear(figure, kind="press", method="keep", wish=7)
    assert figure._answered >= 7 and "Kept for comparison" in figure.sentence
    hear(figure, kind="press", method="forget", wish=8)
    assert "Kept for comparison" not in figure.sentence


def test_only_declared_methods_can_be_pressed(figure):
    back(figure)
    before = figure.preset
    hear(figure, kind="press", method="reset")
    assert figure.preset == before


def test_a_run_under_way_goes_on_when_it_is_kept():
    async def scenario():
        figure = Playground(**QUICK)
        hear(figure, kind="restart", wish=1)
        hear(figure, kind="play", wish=2)
        hear(figure, kind="press", method="keep", wish=3)
        kept = figure._kept[0].trained
        for _ in range(1000):
            if figure._finished:
                break
            await asyncio.sleep(0.01)
        return figure, kept

    figure, kept = asyncio.run(scenario())
    assert figure.result.trained == 10 and kept < 10
    assert "Kept for comparison" in figure.sentence and not UGLY.search(figure.sentence)


def test_eta_and_lambda_act_from_the_next_epoch_on(figure):
    back(figure)
    figure.restart()
    figure.step()
    figure._current.eta, figure._current.lmbda = 0.2, 1.0
    figure.step()
    assert figure.result.settings == ((0.1, 5.0), (0.2, 1.0))
    assert "Moved on the way: η → 0.2, λ → 1 from epoch 2 on." in figure.sentence
    figure.finish()


# What is saved.


def test_the_csv_holds_both_runs(figure):
    back(figure)
    figure.keep()
    figure.set(epochs=20, second="5")
    table = list(csv.DictReader(io.StringIO(figure.csv())))
    assert [int(line["epoch"]) for line in table] == list(range(21))
    result, kept = figure.result, figure._kept[0]
    for name, layer in [("first_hidden", "first hidden"), ("second_hidden", "second hidden")]:
        assert [float(line[f"{name}_rms"]) for line in table] == result.rms(layer)
        assert table[0][f"{name}_decay"] == ""
        assert [float(line[f"{name}_decay_share"]) for line in table[1:]] == result.shares(layer)
    assert [float(line["kept_output_rms"]) for line in table[:11]] == kept.rms("output")
    assert [float(x["validation_accuracy"]) for x in table] == [v for _, v in result.accuracy]
    assert table[11]["kept_output_rms"] == "" and "kept_second_hidden_rms" not in table[0]
    figure.forget()
    assert "kept_output_rms" not in figure.csv()


# Presets.


def test_presets_are_whole_and_round_trip(monkeypatch):
    monkeypatch.setattr(Playground, "finish", lambda self: self._show(running=False))
    figure = Playground()
    for name, preset in PRESETS.items():
        figure.apply(preset)
        assert figure.preset == preset, name
    assert set(LOOK_FOR) == set(PRESETS) and len(set(PRESETS.values())) == len(PRESETS)


def test_the_table_has_every_preset():
    rows = presets_table().data.splitlines()
    assert len(rows) == len(PRESETS) + 2
    for (name, preset), row in zip(PRESETS.items(), rows[2:]):
        assert name in row and LOOK_FOR[name] in row and f"`{preset}`" in row


def preset(figure, name):
    figure.forget()
    figure.apply(PRESETS[name])
    return figure.result


def test_lambda_too_large(figure):
    result = preset(figure, "lambda too large")
    assert result.accuracy[-1][0] < 0.2 and result.rms("first hidden")[-1] < 0.1 * result.scale
    assert "It has learned next to nothing." in figure.sentence


def test_lambda_past_the_edge_is_told_and_no_crash(figure):
    result = preset(figure, "lambda past the edge")
    assert result.trained == 0 and figure._finished and figure.message == ""
    assert "ηλ/n_train = 2.5" in figure.sentence and "by −1.5" in figure.sentence
    assert figure.numbers["epochs trained"] == "0"
    figure.set(**QUICK | {"lmbda": 5.0, "eta": 0.1})
    assert figure.result.trained == 10 and "stopped" not in figure.sentence


def test_what_was_computed_before_the_edge_is_kept(figure):
    back(figure)
    figure.restart()
    figure.step()
    figure._current.eta, figure._current.lmbda = 1.0, 250.0
    figure.finish()
    assert figure.result.trained == 1 and len(figure.result.weight_rms) == 2
    assert figure.sentence.startswith("Training stopped before epoch 2") and figure._finished
    assert "1 epoch on 100 images" in figure.sentence


def test_weights_that_leave_the_finite_numbers_are_told(figure, monkeypatch):
    def diverges(*_, **__):
        raise DivergenceError("nan", 0)

    back(figure)
    monkeypatch.setattr("explorers.figures.playground.train", diverges)
    figure.set(eta=50.0, lmbda=0.0)
    assert "Training stopped in epoch 1: with η = 50" in figure.sentence
    assert figure.result.trained == 0 and figure._finished


def test_eta_too_large(figure):
    result = preset(figure, "eta too large")
    one = result.ledger("first hidden")[0]
    assert one.kick > 5 * abs(one.decay) and result.accuracy[-1][0] < 0.3


def test_tiny_n_train(figure):
    training, validation = preset(figure, "tiny n_train").accuracy[-1]
    assert training - validation > 0.2


def test_two_hidden_layers_lose_decay_from_behind(figure):
    result = preset(figure, "two hidden layers")
    assert result.lost("output") < result.lost("second hidden") < result.lost("first hidden")


def test_quadratic_cost_lets_decay_rule_the_output_layer(figure):
    assert preset(figure, "quadratic cost").shares("output")[0] > 0.9


def test_no_decay(figure):
    sizes = preset(figure, "no decay").rms("first hidden")
    assert sizes[-1] == pytest.approx(sizes[0], rel=0.01)
    assert "Without decay" in figure.sentence


# Ends of the sliders, and settings that no slider has.


@pytest.mark.parametrize("name", ["eta", "lmbda", "m", "hidden", "second", "cost", "seed"])
def test_the_ends_of_the_sliders(figure, name):
    for stop in (STOPS[name][0], STOPS[name][-1]):
        back(figure, **{name: stop})
        for right in RIGHT:
            figure.set(right=right)
            for text in (figure.sentence, *figure.numbers.values()):
                assert not UGLY.search(text), text


def test_any_number_of_epochs(figure):
    for epochs in (11, 37, 119):
        back(figure, epochs=epochs)
        assert figure.result.trained == epochs


def test_the_first_epoch_below_one_half():
    class Half(PlaygroundResult):
        def shares(self, layer):
            return {"a": [0.4], "b": [0.9, 0.5, 0.49], "c": [0.9, 0.5]}[layer]

    result = Half((784, 30, 10), "old", "quadratic", 100, 1, 10, (), (), ())
    assert [result.lost(layer) for layer in "abc"] == [1, 3, None]


def test_what_a_reader_without_kernel_gets(figure):
    back(figure)
    _, metadata = figure._repr_mimebundle_()
    assert figure.sentence in metadata["image/png"]["alt"]
