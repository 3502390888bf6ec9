"""The playground: its run against `train`, what is kept, its presets, and its ways to fail."""

import numpy as np
import pytest
from page import Page, assert_presentable
from told import assert_says, assert_told, column, inside, key, row, rows, shown

from experiments.histories import N_VALIDATION
from explorers import Playground
from explorers.figures.playground import presets
from explorers.figures.playground.picture import RIGHT
from explorers.figures.playground.training import LAYERS, PlaygroundResult
from explorers.run import Phase
from nn_core import CrossEntropyCost, DivergenceError, Network, QuadraticCost, load_mnist, train

QUICK = {"n_train": 100, "epochs": 10}


@pytest.fixture(scope="module")
def figure():
    return Playground(**QUICK)


def back(figure, **values):
    """Set the quick defaults but `values`, with nothing kept."""
    figure.forget()
    figure.set(**figure.defaults() | QUICK | values)


def test_what_its_notebook_shows_is_stored_and_nothing_else_is(monkeypatch):
    shown = [{}, {"lmbda": 0.0, "epochs": 20}, {"lmbda": 1000.0, "epochs": 20},
             {"second": "30", "n_train": 200, "epochs": 120}, {"lmbda": 200.0},
             {"eta": 50.0, "lmbda": 0.01}, {"n_train": 100, "epochs": 120},
             {"n_train": 100, "epochs": 120, "lmbda": 0.5, "init": "new"},
             {"n_train": 200, "epochs": 120, "init": "old"},
             {"n_train": 200, "epochs": 120, "init": "new"}]  # fmt: skip
    monkeypatch.setattr(Playground, "computing", lambda state: pytest.fail(f"computed {state}"))
    for values in shown:
        figure = Playground(**values)
        state, result = figure.state, figure.result
        assert result.settings == ((state["eta"], state["lmbda"]),) * state["epochs"]
        assert (result.init, result.n_train) == (state["init"], state["n_train"])
    others = [{"cost": "quadratic"}, {"seed": 4}, {"fan_in": "49"}, {"hidden": 5}, {"m": 11}]
    assert [stored(other) for other in others] == [None] * 5
    monkeypatch.setattr("explorers.figures.playground.training.AT_HAND", N_VALIDATION - 1)
    assert stored({}) is None


def stored(values):
    return Playground.stored(**Playground.without_view(Playground.defaults() | values))


@pytest.mark.parametrize(
    "values, sizes, cost, init, pool",
    [
        # Not the seed of the opening run: that one is stored, from a machine whose last digits may
        # differ. tests/explorers/test_every_figure.py compares the two.
        ({"seed": 4}, [784, 30, 10], CrossEntropyCost, "old", 1),
        ({"hidden": 12, "init": "new", "cost": "quadratic", "fan_in": "49", "seed": 7},
         [49, 12, 10], QuadraticCost, "new", 4),
        ({"second": "10", "fan_in": "196", "m": 7, "lmbda": 0.5, "epochs": 37},
         [196, 30, 10, 10], CrossEntropyCost, "old", 2),
    ],
)  # fmt: skip
def test_the_run_is_that_of_train(figure, values, sizes, cost, init, pool):
    back(figure, **values)
    result, state = figure.result, figure.state
    data, seed = load_mnist(100, pool=pool), state["seed"]
    x, y = data.train.pixels, data.train.y
    seen = data.validation.pixels[:N_VALIDATION], data.validation.y[:N_VALIDATION]
    net = Network(sizes, cost=cost, init=init, seed=seed)
    assert result.weight_rms[0] == tuple(net.weight_rms())
    assert result.accuracy[0][0] == net.accuracy(x, y)
    records = train(net, x, y, epochs=state["epochs"], m=state["m"], eta=0.1, lmbda=state["lmbda"],
                    seed=seed + 1, validation=seen, ledger=True)  # fmt: skip
    for k, record in enumerate(records, 1):
        assert result.weight_rms[k] == record.weight_rms
        assert result.accuracy[k] == (record.accuracy, record.validation_accuracy)
        training, validation, penalty = result.costs[k]
        assert training + penalty == pytest.approx(record.cost)
        assert validation + penalty == pytest.approx(record.validation_cost)
        assert result.ledgers[k - 1] == record.ledger
    assert (k, result.trained) == (state["epochs"],) * 2
    assert (result.sizes, result.n_weights) == (tuple(sizes), net.n_weights)
    assert training == pytest.approx(net.total_cost(x, y))
    assert penalty == pytest.approx(net.total_cost(x, y, state["lmbda"]) - training)


def test_the_first_epoch_below_one_half():
    class Half(PlaygroundResult):
        def shares(self, layer):
            return {"a": [0.4], "b": [0.9, 0.5, 0.49], "c": [0.9, 0.5]}[layer]

    result = Half((784, 30, 10), "old", "quadratic", 100, 1, 10, (), (), ())
    assert [result.lost(layer) for layer in "abc"] == [1, 3, None]


# Words and views.


def test_sentence_and_table_say_what_the_run_was(figure):
    back(figure, layer="output")
    result, size = figure.result, figure.result.rms("output")
    training, validation = result.accuracy[-1]
    assert_says(
        figure.sentence,
        "[784, 30, 10], old initialization, cross-entropy cost, 10 epochs on 100 images: # % of "
        "the validation images are right, # % of the training images. Weights of the output layer: "
        "from # to #, which is # × 1/√N_w. Decay's share of the ledger: # % in the first epoch, "
        "and never below one half.",
        validation, training, size[0], size[-1], size[-1] * result.n_weights**0.5,
        result.shares("output")[0],
    )  # fmt: skip
    assert_told(figure, {
        "accuracy, validation": validation, "accuracy, training": training,
        "cost without L2 term, training": result.costs[-1][0],
        "cost without L2 term, validation": result.costs[-1][1],
        "L2 term": result.costs[-1][2], "1/√N_w": 23_820**-0.5,
        "weight size at the start, output": size[0], "weight size, output": size[-1],
        "weight size, first hidden": result.rms("first hidden")[-1],
        "decay's share, first epoch, output": result.shares("output")[0],
    })  # fmt: skip


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("second", ["none", "10"])
def test_all_views_of_a_run_and_a_kept_one_are_drawn_in_plain_words(figure, layer, second):
    back(figure, second=second)
    figure.keep()
    figure.set(second="none", init="new", layer=layer)
    for right in RIGHT:
        figure.right.value = right
        # It ends with a preset, to be copied, and so without a full stop.
        assert_presentable(f"{figure.sentence}.", figure.table)
        rms = figure.result.rms(figure.result.present(layer))
        assert list(shown(figure).size.get_ydata()) == rms
    assert ("There is no second hidden layer" in figure.sentence) == (layer == "second hidden")


def test_views_show_their_numbers(figure):
    back(figure)
    figure.keep()
    figure.set(init="new", layer="output")
    result, kept = figure.result, figure.view()["kept"].result
    for right, now, before in [
        ("accuracy", [*zip(*result.accuracy)], [*zip(*kept.accuracy)]),
        ("cost", [*zip(*result.costs)], [*zip(*kept.costs)]),
        ("decay share", [tuple(result.shares(layer)) for layer in ("first hidden", "output")],
         [tuple(kept.shares("output"))]),
        ("ledger", [], []),
    ]:  # fmt: skip
        figure.right.value = right
        picture = shown(figure)
        for lines, wanted in [(picture.now, now), (picture.kept, before)]:
            assert [tuple(line.get_ydata()) for line in lines if len(line.get_ydata())] == wanted
    for line, part, run in [(picture.stack.change, "change", result),
                            (picture.kept_decay, "decay", kept)]:  # fmt: skip
        wanted = [getattr(one, part) / one.size_before for one in run.ledger("output")]
        assert list(line.get_ydata()) == wanted


@pytest.mark.parametrize(
    "values", [{}, {"lmbda": 1000.0}, {"eta": 20.0, "lmbda": 0.0}, {"init": "new"}], ids=str
)
def test_no_curve_of_sizes_leaves_the_picture(figure, values):
    back(figure, **values)
    sizes = [*figure.result.rms("first hidden"), figure.result.scale]
    assert inside(shown(figure).sizes, [*sizes, 1.5 * max(sizes)])


def test_now_and_kept_differ_without_colour(figure):
    picture = shown(figure)
    assert [line.get_linestyle() for line in (*picture.now, picture.size)] == ["-"] * 4
    assert len({line.get_marker() for line in picture.now}) == 3
    assert len({"-", *(line.get_linestyle() for line in picture.kept)}) == 4
    assert picture.kept_size.get_linestyle() != "-"


# What is kept.


def test_keep_and_forget(figure):
    back(figure, init="new")
    alone, preset, sizes = figure.sentence, figure.preset, figure.result.rms("first hidden")
    figure.keep()
    assert "with the same settings" in figure.sentence
    figure.set(init="old", eta=0.2)
    assert "Kept for comparison, with eta = 0.1, init = new: " in figure.sentence
    assert figure.sentence.endswith(f"Its preset: {preset}")
    assert figure.numbers["kept: preset"] == preset
    figure.set(hidden=5)
    figure.apply(figure.preset)
    np.testing.assert_array_equal(shown(figure).kept_size.get_ydata(), sizes)  # it stays
    assert "kept" in key(figure.picture().sizes)
    figure.forget()
    figure.forget()  # with nothing kept it does nothing
    assert "Kept" not in figure.sentence and "kept" not in key(shown(figure).sizes)
    back(figure, init="new")
    assert figure.sentence == alone


def test_what_is_kept_is_said_of_the_layer_that_it_has(figure):
    back(figure)
    figure.keep()
    figure.set(second="10", layer="second hidden")
    assert "kept: first hidden" in key(shown(figure).sizes)
    assert "with second = none" in figure.sentence


async def test_a_run_under_way_goes_on_when_it_is_kept_in_the_browser():
    page = Page(Playground(**QUICK))
    assert [(one["method"], one["text"]) for one in page.spec["buttons"]] == [
        ("keep", "Keep for comparison"), ("forget", "Forget the kept run")]  # fmt: skip
    page.ask("restart")
    page.ask("play")
    wish = page.ask("press", method="keep")
    assert page.answered == wish and "Kept for comparison" in page.sentence
    await page.rest()
    assert page.figure.view()["kept"].result.trained < page.figure.result.trained == 10
    assert "Kept for comparison" in page.sentence
    page.ask("press", method="forget")
    assert "Kept for comparison" not in page.sentence


def test_the_file_holds_both_runs(figure):
    back(figure)
    figure.keep()
    figure.set(epochs=20, second="5")
    table, result, kept = rows(figure), figure.result, figure.view()["kept"].result
    assert column(figure, "epoch") == list(range(21))
    for name, layer in [("first_hidden", "first hidden"), ("second_hidden", "second hidden")]:
        assert column(figure, f"{name}_rms") == result.rms(layer)
        assert table[0][f"{name}_decay"] == table[0][f"{name}_decay_share"] == ""
        assert column(figure, f"{name}_decay_share") == result.shares(layer)
    assert [float(line["kept_output_rms"]) for line in table[:11]] == kept.rms("output")
    assert column(figure, "validation_accuracy") == [v for _, v in result.accuracy]
    assert table[11]["kept_output_rms"] == "" and "kept_second_hidden_rms" not in table[0]
    figure.forget()
    assert "kept_output_rms" not in figure.csv()


# Presets, and what each of them shows.


def test_presets_are_whole_and_in_the_table():
    table = presets.presets_table().data.splitlines()[2:]
    assert len(set(presets.PRESETS.values())) == len(presets.PRESETS) == len(table)
    for (name, preset), line in zip(presets.PRESETS.items(), table, strict=True):
        link = preset.replace(" ", ":", 1).replace(" ", "&")
        assert f"[{name}](#{link})" in line and presets.LOOK_FOR[name] in line
        texts = Playground.parsed(preset)
        state = {one.name: one.checked(texts[one.name]) for one in Playground.controls}
        assert Playground.preset_of(state) == preset


def test_each_preset_shows_what_its_line_says(figure):
    def result(name):
        figure.forget()
        figure.apply(presets.PRESETS[name])
        return figure.result

    r = result("λ too large")
    assert r.accuracy[-1][0] < 0.2 and r.rms("first hidden")[-1] < 0.1 * r.scale
    assert "It has learned next to nothing." in figure.sentence
    r = result("η too large")
    one = r.ledger("first hidden")[0]
    assert one.kick > 5 * abs(one.decay) and r.accuracy[-1][0] < 0.3
    training, validation = result("tiny n_train").accuracy[-1]
    assert training - validation > 0.2
    r = result("two hidden layers")
    assert r.lost("output") < r.lost("second hidden") < r.lost("first hidden")
    assert result("quadratic cost").shares("output")[0] > 0.9
    sizes = result("no decay").rms("first hidden")
    assert sizes[-1] == pytest.approx(sizes[0], rel=0.01)
    assert "Without decay" in figure.sentence


# Ways to fail.


def test_lambda_past_the_edge_is_told_and_no_crash(figure):
    figure.apply(presets.PRESETS["λ past the edge"])
    assert figure.result.trained == 0 and figure.run.phase is Phase.FINISHED
    assert "ηλ/n_train = 2.5" in figure.sentence and "by −1.5" in figure.sentence
    assert row(figure, "epochs trained") == "0" and figure.message == ""
    back(figure)
    assert figure.result.trained == 10 and "stopped" not in figure.sentence


async def test_what_was_computed_before_the_edge_is_kept():
    page = Page(Playground(**QUICK))
    page.ask("restart")
    await page.step()
    page.move(eta=1.0, lmbda=250.0)
    page.ask("play")
    await page.rest()
    assert page.figure.result.trained == 1 and len(page.figure.result.weight_rms) == 2
    assert page.sentence.startswith("Training stopped before epoch 2") and page.is_over
    assert "1 epoch on 100 images" in page.sentence and page.message == ""


def test_weights_that_leave_the_finite_numbers_are_told(monkeypatch):
    def diverges(*_, **__):
        raise DivergenceError("nan", 0)

    monkeypatch.setattr("explorers.figures.playground.training.train", diverges)
    figure = Playground(n_train=100, eta=50.0, lmbda=0.0)
    assert figure.result.trained == 0 and figure.run.phase is Phase.FINISHED
    assert "Training stopped in epoch 1: with η = 50" in figure.sentence
