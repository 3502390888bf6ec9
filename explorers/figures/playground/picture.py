"""The playground's picture: sizes on the left, what one chooses on the right."""

import math

import numpy as np

from explorers.canvas import Canvas, Levels, Marks
from explorers.figures.playground.training import LAYERS, MOST_EPOCHS
from explorers.formats import moves, power, powers
from explorers.ledger_panel import NUMBERS, LedgerStack
from explorers.style import BLUE, GREEN, GREY, INK, VERMILLION


def _accuracies(result, _):
    """Return [(name, first epoch, values), ...]: the curves of one choice for the right panel."""
    training, validation = zip(*result.accuracy)
    return [("training", 0, training), ("validation", 0, validation)]


def _costs(result, _):
    training, validation, penalty = zip(*result.costs)
    return [("training", 0, training), ("validation", 0, validation), ("L2 term", 0, penalty)]


def _shares(result, _):
    return [(name, 1, result.shares(name)) for name in result.layers]


# What can be plotted on the right: its title, and its curves.
RIGHT = {
    "accuracy": ("Accuracy", _accuracies),
    "cost": ("Cost, and its L2 term apart", _costs),
    "decay share": ("Decay's share of the ledger", _shares),
    "ledger": ("Ledger, of the sum of squares", lambda result, layer: []),
}


class Picture:
    """Left: the size of one layer's weights. Right: what was chosen. Broken grey lines: kept."""

    def __init__(self, width):
        self.canvas = c = Canvas(width)
        name = max(LAYERS, key=len)
        self.sizes = c.panel(f"Weight size, {name} layer", "epoch", yscale="log",
                             reserve=[power(-13)])  # fmt: skip
        title = max((title for title, _ in RIGHT.values()), key=len)
        self.right = c.panel(title, "epoch", yscale="log", reserve=NUMBERS,
                             xticks=_ticks(MOST_EPOCHS))  # fmt: skip
        self._build_sizes(name)
        self._build_right()

    def _build_sizes(self, name):
        panel = self.sizes
        # Broken lines lie on top, so that one sees both where they agree.
        self.kept_size = panel.curve("--", GREY, zorder=3)
        self.size = panel.curve("-", VERMILLION, lw=2.5)
        self.end = panel.curve("o", VERMILLION, clip_on=False)
        self.scale = Levels(panel, "1/√N_w", colour=INK)
        self.marks = Marks(panel)
        panel.may_have((self.size, "now"), (self.kept_size, f"kept: {name}"))

    def _build_right(self):
        panel = self.right
        self.half = panel.moving.axhline(0.5, color=GREY, lw=1, ls=":")
        self.zero = panel.moving.axhline(0, color=GREY, lw=1)
        self.stack = LedgerStack(panel, MOST_EPOCHS)
        self.kept_decay = panel.curve("--", INK, lw=1.8, ds="steps-mid")
        self.kept = [panel.curve(style, GREY, zorder=3) for style in ("--", ":", "-.")]
        self.now = [
            panel.curve(style, colour, ms=5, clip_on=False)
            for style, colour in [("-o", VERMILLION), ("-s", BLUE), ("-^", GREEN)]
        ]
        kept = zip(self.kept, ("kept: validation", "validation", "L2 term"))  # longer than it gets
        panel.may_have(*zip(self.now, LAYERS), *kept)

    def draw(self, result, *, right, layer, kept):
        runs = [result] if kept is None else [result, kept.result]
        epochs = max(run.epochs for run in runs)
        self._draw_sizes(runs, layer, epochs)
        is_ledger = right == "ledger"
        for artist in (*self.stack.areas.values(), self.stack.change, self.kept_decay, self.zero):
            artist.set_visible(is_ledger)
        self.half.set_visible(right == "decay share")
        for lines, run in zip([self.now, self.kept], [*runs, None]):
            self._draw_lines(lines, run, right, layer, epochs)
        if is_ledger:
            self._draw_ledger(runs, layer, epochs)
        else:
            self._frame_lines(runs, right, layer, epochs)

    def _draw_sizes(self, runs, layer, epochs):
        for curve, run in zip([self.size, self.kept_size], [*runs, None]):
            values = [] if run is None else run.rms(run.present(layer))
            curve.set_data(np.arange(len(values)), values)
        shown, scale = runs[0].present(layer), runs[0].scale
        self.end.set_data([runs[0].trained], [runs[0].rms(shown)[-1]])
        values = [value for run in runs for value in run.rms(run.present(layer))]
        ylim, yticks = _decades(min(scale, *values), max(1, *values))
        self.sizes.retitle(f"Weight size, {shown} layer")
        self.sizes.frame(xlim=(0, epochs), xticks=_ticks(epochs), ylim=ylim, yticks=yticks)
        self.scale.draw(scale)
        self.marks.draw(moves(runs[0].settings))
        others = [run.present(layer) for run in runs[1:]]
        kept = [(self.kept_size, "kept" if name == shown else f"kept: {name}") for name in others]
        self.sizes.key((self.size, "now"), *kept)

    def _draw_lines(self, lines, run, right, layer, epochs):
        curves = [] if run is None else RIGHT[right][1](run, layer)
        if lines is self.kept and right == "decay share":
            curves = [curve for curve in curves if curve[0] == run.present(layer)]
        every = max(1, epochs // 12)
        for i, line in enumerate(lines):
            start, values = curves[i][1:] if i < len(curves) else (0, ())
            line.set_data(np.arange(start, start + len(values)), values)
            line.set_markevery((i * every // 3, every))  # so that equal curves show all marks

    def _frame_lines(self, runs, right, layer, epochs):
        title, curves_of = RIGHT[right]
        curves = [curves_of(run, layer) for run in runs]
        values = np.concatenate([values for run in curves for _, _, values in run] or [[]])
        if right == "cost":
            positive = values[values > 0]
            scale, (ylim, yticks) = "log", _decades(max(positive.min(), 1e-6), positive.max())
        else:
            low = 0 if right == "decay share" else _lowest(runs)
            scale, ylim = "linear", (low - 0.03 * (1 - low), 1 + 0.03 * (1 - low))
            yticks = {v: f"{100 * v:g} %" for v in (low, (1 + low) / 2, 1)}
        self.right.retitle(title)
        self.right.frame(
            yscale=scale, xlim=(0, epochs), xticks=_ticks(epochs), ylim=ylim, yticks=yticks
        )
        kept = [name for run in curves[1:] for name, *_ in run]
        if kept and right == "decay share":
            kept = [runs[1].present(layer)]
        kept = [f"kept: {name}" if i == 0 else name for i, name in enumerate(kept)]
        now = [name for name, *_ in curves[0]]
        self.right.key(*zip(self.now, now), *zip(self.kept, kept))

    def _draw_ledger(self, runs, layer, epochs):
        ledgers = [run.ledger(run.present(layer)) for run in runs]
        decay = [one.decay / one.size_before for kept in ledgers[1:] for one in kept]
        self.kept_decay.set_data(np.arange(1, len(decay) + 1), decay)
        self.right.retitle(RIGHT["ledger"][0])
        self.right.frame(yscale="linear", xlim=(0.5, epochs + 0.5), xticks=_ticks(epochs))
        self.stack.draw(ledgers[0], also=decay)
        self.right.key(*self.stack.key, *[(self.kept_decay, "kept: decay")] * (len(runs) - 1))


def _ticks(epochs):
    step = next(step for step in (2, 5, 10, 20, 30) if epochs <= 5 * step)
    return {epoch: str(epoch) for epoch in range(0, epochs + 1, step)}


def _decades(low, high):
    """Return limits and ticks of a logarithmic axis that holds `low` to `high`."""
    bottom = math.floor(math.log10(max(low, 1e-12) * 0.9))
    top = max(bottom + 1, math.ceil(math.log10(high) - 0.3))
    return (10.0**bottom, 2 * 10.0**top), powers(range(bottom, top + 1))


def _lowest(runs):
    """Return where the axis of accuracies begins: the first epoch may lie below."""
    least = min((min(pair) for run in runs for pair in run.accuracy[1:]), default=0)
    return max(low for low in (0, 0.5, 0.8, 0.9) if low == 0 or least > low)
