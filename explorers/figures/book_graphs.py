"""The examples graphed in the book's section, from stored runs: mean and band over the seeds."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np

from experiments import book_figures, memory
from experiments.conditions import decay_shares
from experiments.tables import Table
from explorers.canvas import Canvas
from explorers.controls import VIEW, Control
from explorers.figure import Figure
from explorers.formats import percent, rounded, ticks
from explorers.inits import INITS, curves, rows
from explorers.style import GREEN, GREY

FORECAST = "hidden weight size"  # of which memory and message say the future
ENDS = ((FORECAST, "old"), (FORECAST, "new"), ("share of decay, hidden", "old"))
SHORT, LONG = 30, 150  # epochs: the book's, and on to where the weights settle


@dataclass(frozen=True)
class Quantity:
    """One thing to plot: how to read it from a run's table, its axis, and how to write it."""

    read: Callable
    ylim: tuple
    yticks: tuple
    write: Callable = rounded  # (value, digits)


_SHARES = {"ylim": (0, 1.03), "yticks": (0, 0.25, 0.5, 0.75, 1), "write": percent}
QUANTITIES = {
    "validation accuracy": Quantity(
        lambda t: t["validation_accuracy"], (0.85, 0.99), (0.86, 0.9, 0.94, 0.98), percent
    ),
    FORECAST: Quantity(lambda t: t["weight_rms"][:, 0], (0, 1), (0, 0.25, 0.5, 0.75, 1)),
    "output weight size": Quantity(
        lambda t: t["weight_rms"][:, 1], (0, 2.5), (0, 0.5, 1, 1.5, 2, 2.5)
    ),
    "share of decay, hidden": Quantity(lambda t: decay_shares(t, 0), **_SHARES),
    "share of decay, output": Quantity(lambda t: decay_shares(t, 1), **_SHARES),
    "cost on the training images": Quantity(lambda t: t["cost"], (0, 5), (0, 1, 2, 3, 4, 5)),
}


@dataclass(frozen=True)
class BookGraphsResult:
    """The runs of one hidden width: {init: [table of each seed]}."""

    hidden: int
    runs: dict

    def curves(self, quantity, init):
        """Return (mean, lowest, highest) over the seeds for the first 30 epochs."""
        read = QUANTITIES[quantity].read
        values = np.array([read(table)[:SHORT] for table in self.runs[init]])
        return values.mean(axis=0), values.min(axis=0), values.max(axis=0)

    def spread(self, quantity, init, epoch):
        """Return (mean, standard deviation) over the seeds after an epoch."""
        read = QUANTITIES[quantity].read
        values = [read(table)[epoch - 1] for table in self.runs[init]]
        return np.mean(values), np.std(values, ddof=1)

    def forecast(self, init):
        """Return the hidden weight size of the long run from epoch 30 on, by the message then.

        It is sqrt(memory^2 + D^2): nothing that came later is in it. Index 0 is epoch 30.
        """
        (run,) = (run for run in _messages() if run == _first_seed(self.hidden, init))
        lengths = memory.forecast(run, _messages()[run], LONG)[SHORT - 1 :]
        return lengths / math.sqrt(784 * self.hidden)

    def long(self, quantity, init):
        """Return the curve of the seed that was trained for longer."""
        longest = max(self.runs[init], key=lambda table: len(table["cost"]))
        return QUANTITIES[quantity].read(longest)


_stored, _messages = cache(book_figures.load), cache(memory.load)


def _first_seed(hidden, init):
    return memory.Run(hidden=hidden, init=init, n_train=50_000, epochs=SHORT)


def compute(*, hidden):
    width = int(hidden)
    yield BookGraphsResult(width, {init: _stored()[width, init] for init in INITS})


def describe(result, *, shows):
    write = QUANTITIES[shows].write
    words = []
    for init in INITS:
        ends = [
            f"{write(mean, 4)} ± {write(deviation, 2)} after epoch {epoch}"
            for epoch in (1, SHORT)
            for mean, deviation in [result.spread(shows, init, epoch)]
        ]
        long = result.long(shows, init)
        words.append(
            f"{init.capitalize()} initialization {' and '.join(ends)}; "
            f"one seed went on: {write(long[-1], 4)} after epoch {len(long)}."
        )
        if shows == FORECAST:
            forecast, off = _forecast(result, init)
            words.append(
                f"Its message at epoch {SHORT} forecasts {forecast}, "
                f"and is off by {off} at most on the way."
            )
    seeds = len(result.runs["old"])
    about = f"[784, {result.hidden}, 10], {shows}, mean and standard deviation of {seeds} seeds."
    return " ".join([about, *words])


def _forecast(result, init):
    """Return as text where the message at epoch 30 forecasts the long run to end, and the most
    that it is off on the way."""
    forecast, long = result.forecast(init), result.long(FORECAST, init)
    off = np.abs(forecast / long[SHORT - 1 :] - 1).max()
    return rounded(forecast[-1], 4), percent(off)


def table_of_ends():
    """Return what the graphs show of both networks' weights: means over the seeds after the first
    epoch and after the book's last, and where the one seed ends that went on."""
    rows = []
    for hidden, (shows, init) in product((30, 100), ENDS):
        (result,) = compute(hidden=hidden)
        write = QUANTITIES[shows].write
        means = (result.spread(shows, init, epoch)[0] for epoch in (1, SHORT))
        ends = [write(value, 4) for value in (*means, result.long(shows, init)[-1])]
        rows.append([hidden, shows, init, *ends])
    header = ["neurons", "graph", "start", "epoch 1", f"epoch {SHORT}", f"epoch {LONG}"]
    return Table(header, rows, words=["graph", "start"], fold="Guessed? What came out")


def table_of_forecasts():
    """Return what the message at epoch 30 forecasts of the old weights, and what came."""
    rows = []
    for hidden in (30, 100):
        (result,) = compute(hidden=hidden)
        forecast, off = _forecast(result, "old")
        rows.append([hidden, forecast, rounded(result.long(FORECAST, "old")[-1], 4), off])
    header = ["neurons", f"epoch {LONG},\nforecast", f"epoch {LONG},\nmeasured",
              "off at most\non the way"]  # fmt: skip
    return Table(header, rows)


def tabulate(result, *, shows):
    write = QUANTITIES[shows].write
    rows = []
    for init in INITS:
        mean, low, high = (values[[0, 4, 9, 19, 29]] for values in result.curves(shows, init))
        for epoch, *triple in zip((1, 5, 10, 20, 30), mean, low, high):
            m, lowest, highest = (write(value, 4) for value in triple)
            rows.append((f"{init}, epoch {epoch}: mean (range)", f"{m} ({lowest} to {highest})"))
        long = result.long(shows, init)
        rows += [(f"{init}, epoch {e}, one seed", write(long[e - 1], 4)) for e in (60, 100, LONG)]
    return rows


def columns(result):
    table = {"epoch": range(1, SHORT + 1)}
    for quantity in QUANTITIES:
        for init in INITS:
            for part, values in zip(("mean", "lowest", "highest"), result.curves(quantity, init)):
                table[f"{quantity}, {init}, {part}"] = values
    return table


def _title(shows):
    return f"{shows.capitalize()}: mean and band"


class Picture:
    """Left: the book's 30 epochs, mean and band. Right: one seed, on to where it settles."""

    def __init__(self, width):
        self.canvas = c = Canvas(width)
        numbers = {v for quantity in QUANTITIES.values() for v in quantity.yticks}
        reserve = list(ticks(numbers).values())
        self.short = c.panel(
            _title(max(QUANTITIES, key=len)), "epoch", reserve=reserve, xlim=(0.5, SHORT + 0.5),
            xticks=ticks((1, 10, 20, 30)),
        )  # fmt: skip
        self.long = c.panel(
            f"The same of one seed, to epoch {LONG}", "epoch", reserve=reserve, xlim=(0, LONG + 1),
            xticks=ticks((1, 50, 100, 150)),
        )  # fmt: skip
        self.long.still.axvline(SHORT, color=GREY, lw=1, ls=":")
        self.curves, self.tails = curves(self.short), curves(self.long)
        self.forecasts = {init: self.long.curve(":", GREEN, lw=2.4, zorder=3) for init in INITS}
        self.short.key(*rows(self.curves))
        self.with_forecast = *rows(self.tails), (self.forecasts["old"], "√(memory² + D²)")
        self.long.may_have(*self.with_forecast)
        self.bands = {
            init: self.short.moving.stairs(
                np.zeros(SHORT), np.arange(SHORT + 1) + 0.5, baseline=0, fill=True,
                color=curve.get_color(), alpha=0.22, lw=0,
            )
            for init, curve in self.curves.items()
        }  # fmt: skip

    def draw(self, result, *, shows):
        quantity = QUANTITIES[shows]
        self.short.retitle(_title(shows))
        for panel in (self.short, self.long):
            panel.frame(ylim=quantity.ylim, yticks=ticks(quantity.yticks))
        for init, curve in self.curves.items():
            mean, low, high = result.curves(shows, init)
            curve.set_data(np.arange(1, SHORT + 1), mean)
            self.bands[init].set_data(values=high, baseline=low)
            long = result.long(shows, init)
            self.tails[init].set_data(np.arange(1, len(long) + 1), long)
            self.forecasts[init].set_visible(shows == FORECAST)
            self.forecasts[init].set_data(np.arange(SHORT, LONG + 1), result.forecast(init))
        self.long.key(*(self.with_forecast if shows == FORECAST else rows(self.tails)))


class BookGraphs(Figure, parts=globals()):
    """The book's runs, as `experiments/book_figures.py` has stored them."""

    name = "book-graphs"
    title = "The examples graphed in the book's section, five seeds each"
    controls = (
        Control("hidden", "hidden", "neurons", ("30", "100"), "30"),
        Control("shows", "shows", "what is plotted", tuple(QUANTITIES), "validation accuracy", VIEW,
                own_help="What is plotted over the epochs."),
    )  # fmt: skip
    presets = (
        ("the size of the weights", "shows=hidden_weight_size"),
        ("100 neurons: who moves them", "hidden=100 shows=share_of_decay,_hidden"),
    )
