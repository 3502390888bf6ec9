"""The examples graphed in the book's section, from stored runs: mean and band over the seeds."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from explorers.canvas import BLUE, GREY, VERMILLION, Canvas
from explorers.controls import VIEW, Control
from explorers.formats import percent, rounded, trimmed
from explorers.widget import Explorer

INITS = {"large": ("old", VERMILLION, "-"), "scaled": ("new", BLUE, "--")}
SHORT, LONG = 30, 150  # epochs: the book's, and on to where the weights settle


def _decay_share(table, layer):
    parts = [np.abs(table[name][:, layer]) for name in ("decay", "pull", "kick")]
    return parts[0] / sum(parts)


@dataclass(frozen=True)
class Quantity:
    """One thing to plot: how to read it from a run's table, its axis, and how to write it."""

    read: Callable
    ylim: tuple
    yticks: tuple
    write: Callable = rounded  # (value, digits)
    key_at: float = 0.97  # where the key has room, as a share of the panel's height


_SHARES = {"ylim": (0, 1.03), "yticks": (0, 0.25, 0.5, 0.75, 1), "write": percent}
QUANTITIES = {
    "validation accuracy": Quantity(
        lambda t: t["validation_accuracy"], (0.85, 0.99), (0.86, 0.9, 0.94, 0.98), percent, 0.2
    ),
    "hidden weight size": Quantity(
        lambda t: t["weight_rms"][:, 0], (0, 1), (0, 0.25, 0.5, 0.75, 1)
    ),
    "output weight size": Quantity(
        lambda t: t["weight_rms"][:, 1], (0, 2.5), (0, 0.5, 1, 1.5, 2, 2.5), key_at=0.2
    ),
    "share of decay, hidden": Quantity(lambda t: _decay_share(t, 0), **_SHARES, key_at=0.3),
    "share of decay, output": Quantity(lambda t: _decay_share(t, 1), **_SHARES),
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

    def long(self, quantity, init):
        """Return the curve of the seed that was trained for longer."""
        longest = max(self.runs[init], key=lambda table: len(table["cost"]))
        return QUANTITIES[quantity].read(longest)


def describe(result, *, shows):
    write = QUANTITIES[shows].write
    words = []
    for init, (name, _, _) in INITS.items():
        ends = [
            f"{write(mean, 4)} ± {write(deviation, 2)} after epoch {epoch}"
            for epoch in (1, SHORT)
            for mean, deviation in [result.spread(shows, init, epoch)]
        ]
        long = result.long(shows, init)
        words.append(
            f"{name.capitalize()} initialization {' and '.join(ends)}; "
            f"one seed went on: {write(long[-1], 4)} after epoch {len(long)}."
        )
    seeds = len(result.runs["large"])
    about = f"[784, {result.hidden}, 10], {shows}, mean and standard deviation of {seeds} seeds."
    return " ".join([about, *words])


def tabulate(result, *, shows):
    write = QUANTITIES[shows].write
    rows = []
    for init, (name, _, _) in INITS.items():
        mean, low, high = (values[[0, 4, 9, 19, 29]] for values in result.curves(shows, init))
        for epoch, *triple in zip((1, 5, 10, 20, 30), mean, low, high):
            m, lowest, highest = (write(value, 4) for value in triple)
            rows.append((f"{name}, epoch {epoch}: mean (range)", f"{m} ({lowest} to {highest})"))
        long = result.long(shows, init)
        rows += [(f"{name}, epoch {e}, one seed", write(long[e - 1], 4)) for e in (60, 100, LONG)]
    return rows


def columns(result):
    table = {"epoch": range(1, SHORT + 1)}
    for quantity in QUANTITIES:
        for init, (name, _, _) in INITS.items():
            for part, values in zip(("mean", "lowest", "highest"), result.curves(quantity, init)):
                table[f"{quantity}, {name}, {part}"] = values
    return table


class Picture:
    """Left: the book's 30 epochs, mean and band. Right: one seed, on to where it settles."""

    def __init__(self, width):
        self.canvas = c = Canvas(width)
        self.short = c.panel(
            [0.07, 0.16, 0.4, 0.72], title="30 epochs: mean and band", xlabel="epoch",
            xlim=(0.5, SHORT + 0.5), xticks={e: str(e) for e in (1, 10, 20, 30)},
        )  # fmt: skip
        self.long = c.panel(
            [0.56, 0.16, 0.36, 0.72], title=f"One seed, on to epoch {LONG}", xlabel="epoch",
            xlim=(0, LONG + 1), xticks={e: str(e) for e in (1, 50, 100, 150)},
        )  # fmt: skip
        self.long.still.axvline(SHORT, color=GREY, lw=1, ls=":")
        self.curves, self.bands, self.tails = {}, {}, {}
        edges = np.arange(SHORT + 1) + 0.5
        for init, (_, colour, style) in INITS.items():
            (self.curves[init],) = self.short.moving.plot([], [], style, color=colour, lw=2)
            self.bands[init] = self.short.moving.stairs(
                np.zeros(SHORT), edges, baseline=0, fill=True, color=colour, alpha=0.22, lw=0
            )
            (self.tails[init],) = self.long.moving.plot([], [], style, color=colour, lw=2)
        self.rows = [
            ("—" if style == "-" else "- -", f"{name} initialization", colour)
            for name, colour, style in INITS.values()
        ]

    def draw(self, result, *, shows):
        quantity = QUANTITIES[shows]
        for panel in (self.short, self.long):
            panel.frame(ylim=quantity.ylim, yticks={v: trimmed(v) for v in quantity.yticks})
        self._place_key(quantity.key_at)
        epochs = np.arange(1, SHORT + 1)
        for init in INITS:
            mean, low, high = result.curves(shows, init)
            self.curves[init].set_data(epochs, mean)
            self.bands[init].set_data(values=high, baseline=low)
            long = result.long(shows, init)
            self.tails[init].set_data(np.arange(1, len(long) + 1), long)

    def _place_key(self, top):
        self.short.clear_key()
        left, size = 1 - 0.5, 11
        self.short.key(self.rows, left=left, top=top, size=size)


class BookGraphs(Explorer):
    """The book's runs. Give it the stored results: BookGraphs(book_figures.load())."""

    name = "book-graphs"
    title = "The examples graphed in the book's section, five seeds each"
    controls = (
        Control("hidden", "hidden", "neurons", ("30", "100"), "30"),
        Control(
            "shows", "shows", "what is plotted", tuple(QUANTITIES), "validation accuracy", VIEW
        ),
    )
    Picture = Picture
    describe = staticmethod(describe)
    tabulate = staticmethod(tabulate)
    columns = staticmethod(columns)

    def __init__(self, stored, **state):
        self._stored = stored
        super().__init__(**state)

    def compute(self, *, hidden):
        width = int(hidden)
        yield BookGraphsResult(width, {init: self._stored[width, init] for init in INITS})
