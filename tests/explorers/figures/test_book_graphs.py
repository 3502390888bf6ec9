"""The book's graphs: each number, curve and word against the stored file itself."""

import math

import numpy as np
import pytest
from told import assert_says, assert_told, inside, key, row, rows, shown

from experiments import book_figures, memory, store
from explorers import BookGraphs
from explorers.figures.book_graphs import QUANTITIES, table_of_ends, table_of_forecasts

INITS = "old", "new"


def decay_share(table, layer):
    decay, *data = (np.abs(table[part][:, layer]) for part in ("decay", "pull", "kick"))
    return decay / (decay + sum(data))


# What is plotted, from the columns of the file and the number of hidden neurons.
EXPECTED = {
    "validation accuracy": lambda t, _: t["validation_accuracy"],
    "hidden weight size": lambda t, hidden: (t["size_after"][:, 0] / (784 * hidden)) ** 0.5,
    "output weight size": lambda t, hidden: (t["size_after"][:, 1] / (hidden * 10)) ** 0.5,
    "share of decay, hidden": lambda t, _: decay_share(t, 0),
    "share of decay, output": lambda t, _: decay_share(t, 1),
    "cost on the training images": lambda t, _: t["cost"],
}
EACH = pytest.mark.parametrize("shows", EXPECTED)
BOTH = pytest.mark.parametrize("hidden", ["30", "100"])


@pytest.fixture(scope="module")
def figure():
    return BookGraphs()


@pytest.fixture(scope="module")
def raw():
    return list(store.read(book_figures.FILE).values())


def curves(raw, hidden, init, shows):
    """Return the curves of all five seeds, the long one first, from the file."""
    found = [
        EXPECTED[shows](columns, int(hidden))
        for parameters, columns in raw
        if (str(parameters["hidden"]), parameters["init"]) == (hidden, init)
    ]
    return sorted(found, key=len, reverse=True)


def test_every_quantity_is_tested():
    assert list(EXPECTED) == list(QUANTITIES) == list(BookGraphs.controls[1].stops)


@BOTH
@EACH
def test_sentence_and_table_say_what_is_in_the_file(figure, raw, hidden, shows):
    figure.set(hidden=hidden, shows=shows)
    n = "# %" if "share" in shows or "accuracy" in shows else "#"
    begin = f"[784, {hidden}, 10], {shows}, mean and standard deviation of 5 seeds."
    assert figure.sentence.startswith(begin)
    for init in INITS:
        seeds = curves(raw, hidden, init, shows)
        assert [len(seed) for seed in seeds] == [150, 30, 30, 30, 30]
        values = np.array([seed[:30] for seed in seeds])
        mean, deviation = values.mean(axis=0), ((values - values.mean(axis=0)) ** 2).sum(axis=0)
        deviation = (deviation / 4) ** 0.5
        assert_says(
            figure.sentence,
            f"…{init.capitalize()} initialization {n} ± {n} after epoch 1 and {n} ± {n} after "
            f"epoch 30; one seed went on: {n} after epoch 150.…",
            ..., mean[0], deviation[0], mean[29], deviation[29], seeds[0][-1], ...,
        )  # fmt: skip
        for epoch in (1, 5, 10, 20, 30):
            text, of_all = row(figure, f"{init}, epoch {epoch}: mean (range)"), values[:, epoch - 1]
            assert_says(text, f"{n} ({n} to {n})", of_all.mean(), of_all.min(), of_all.max())
        for epoch in (60, 100, 150):
            assert_told(figure, {f"{init}, epoch {epoch}, one seed": seeds[0][epoch - 1]})


def test_two_tables_say_of_the_ends_what_the_sentences_say(figure):
    rows = table_of_ends().rows
    assert [row[:3] for row in rows] == [
        [hidden, *graph]
        for hidden in (30, 100)
        for graph in [("hidden weight size", "old"), ("hidden weight size", "new"),
                      ("share of decay, hidden", "old")]
    ]  # fmt: skip
    for hidden, shows, name, first, last, long in rows:
        figure.set(hidden=str(hidden), shows=shows)
        assert_says(
            figure.sentence,
            f"…{name.capitalize()} initialization {first} ± … after epoch 1 and {last} ± … after "
            f"epoch 30; one seed went on: {long} after epoch 150.…",
            ..., ..., ..., ...,
        )  # fmt: skip
    for hidden, forecast, measured, off in table_of_forecasts().rows:
        figure.set(hidden=str(hidden), shows="hidden weight size")
        words = f"{measured} after epoch 150. Its message at epoch 30 forecasts {forecast}, and is "
        assert f"{words}off by {off} at most on the way." in figure.sentence


@BOTH
@EACH
def test_picture_and_file_show_them(figure, raw, hidden, shows):
    figure.set(hidden=hidden, shows=shows)
    picture, saved = shown(figure), rows(figure)
    assert [int(line["epoch"]) for line in saved] == list(range(1, 31))
    for init in INITS:
        seeds = curves(raw, hidden, init, shows)
        values = np.array([seed[:30] for seed in seeds])
        high, _, low = picture.bands[init].get_data()
        for part, drawn, wanted in [
            ("mean", picture.curves[init].get_ydata(), values.mean(axis=0)),
            ("lowest", low, values.min(axis=0)), ("highest", high, values.max(axis=0)),
        ]:  # fmt: skip
            np.testing.assert_allclose(drawn, wanted, rtol=1e-9)
            column = [float(line[f"{shows}, {init}, {part}"]) for line in saved]
            np.testing.assert_allclose(column, wanted, rtol=1e-9)
        np.testing.assert_allclose(picture.tails[init].get_ydata(), seeds[0], rtol=1e-9)
        assert list(picture.tails[init].get_xdata()) == list(range(1, 151))
        assert inside(picture.short, [*low, *high]) and inside(picture.long, seeds[0])
    forecast = ["√(memory² + D²)"] if shows == "hidden weight size" else []
    assert [*key(picture.short), *forecast] == key(picture.long) == ["old", "new", *forecast]


@BOTH
@pytest.mark.parametrize("init", INITS)
def test_the_message_of_epoch_30_forecasts_the_rest(figure, raw, hidden, init):
    """sqrt(memory^2 + D^2), with nothing later than epoch 30 in it, beside what came later."""
    figure.set(hidden=hidden, shows="hidden weight size")
    (found,) = [columns for _, (run, columns) in store.read(memory.FILE).items()
                if (str(run["hidden"]), run["init"], run["seed"], run["n_train"])
                == (hidden, init, 0, 50_000)]  # fmt: skip
    assert len(found["message"]) == 30
    kept = (1 - 0.1 * 5 / 50_000) ** (5000 * np.arange(30, 151))
    curve = np.sqrt((kept * found["start"][0]) ** 2 + found["message"][29, 0] ** 2)
    curve /= math.sqrt(784 * int(hidden))
    drawn = shown(figure).forecasts[init]
    np.testing.assert_allclose(drawn.get_ydata(), curve, rtol=1e-9)
    assert list(drawn.get_xdata()) == list(range(30, 151))
    recorded = curves(raw, hidden, init, "hidden weight size")[0][29:]
    off = np.abs(curve / recorded - 1).max()
    assert off < 0.11
    said = figure.sentence.split(" initialization ")[1 + INITS.index(init)]
    words = "…Its message at epoch 30 forecasts #, and is off by # % at most on the way.…"
    assert_says(said, words, ..., curve[-1], off, ...)
