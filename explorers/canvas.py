"""A prebuilt Matplotlib figure in two layers: what stands still, and what moves with the sliders.

Ticks and labels are most of the cost of drawing. They change rarely, so each panel is a pair of
axes in the same place: `still` has the frame, ticks and titles, `moving` the curves. Each layer is
rendered to an SVG of its own, and the page lays one on the other.
"""

import io
from dataclasses import dataclass, field

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's colours, which stay apart in the common kinds of colour blindness. `TEXT` has
# them darkened to a contrast of at least 4.5:1 on white, for words in the colour of their curve.
INK, GREY = "#1a1a1a", "#5f6368"
BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY = "#E69F00", "#56B4E9"
TEXT = {
    BLUE: "#0072B2",
    VERMILLION: "#B84F00",
    GREEN: "#007A59",
    PURPLE: "#A8457C",
    ORANGE: "#8F6300",
    SKY: "#1F77A8",
    INK: INK,
    GREY: GREY,
}

WIDTHS = (300, 400, 540, 720)  # that a picture can be laid out for
STILLS = 32  # that a figure keeps, of some 20 KB each: one turns back to where one has been

_SVG = {"svg.fonttype": "none", "svg.hashsalt": "first-epochs", "font.family": "DejaVu Sans"}


def with_room_for_key(low, high):
    """Return the limits of a logarithmic axis: its key of three rows stands above `high`."""
    share = 0.205
    return low, high ** (1 / (1 - share)) * low ** (-share / (1 - share))


@dataclass
class Panel:
    """A pair of axes in one place."""

    still: Axes
    moving: Axes
    _key: list = field(default_factory=list)  # the words of the key, as artists
    _ticks: dict = field(default_factory=dict)  # axis -> its ticks

    def frame(self, *, xlim=None, ylim=None, xticks=None, yticks=None):
        """Set limits on both axes, and ticks ({value: text}) on the still one."""
        if xticks is not None:
            self._ticks["x"] = tuple(xticks.items())
            self.still.set_xticks(list(xticks), list(xticks.values()))
        if yticks is not None:
            self._ticks["y"] = tuple(yticks.items())
            self.still.set_yticks(list(yticks), list(yticks.values()))
        for axes in (self.still, self.moving):  # after the ticks, which would widen the limits
            if xlim is not None:
                axes.set_xlim(xlim)
            if ylim is not None:
                axes.set_ylim(ylim)

    def frame_now(self):
        """Return what of the still axes can change."""
        words = [
            (text.get_text(), text.get_position(), text.get_color()) for text in self.still.texts
        ]
        titles = self.still.get_title(loc="left"), self.still.get_xlabel()
        limits = self.still.get_xlim(), self.still.get_ylim()
        return (*limits, *titles, *sorted(self._ticks.items()), *words)

    def key(self, rows, *, left, top, size):
        """Write what is what beside the curves: rows of (mark, text, colour), from the top."""
        for number, (mark, text, colour) in enumerate(rows):
            y = top - 0.0059 * size * number
            for x, word, align in [(left, mark, "right"), (left + 0.025, text, "left")]:
                self._key.append(
                    self.still.text(x, y, word, color=TEXT[colour], fontsize=size, ha=align,
                                    va="top", transform=self.still.transAxes)
                )  # fmt: skip

    def clear_key(self):
        """Take the key away, for another one."""
        while self._key:
            self._key.pop().remove()


class Marks:
    """Vertical lines, each with a note: sliders that were moved in mid-run. The newest four show.

    Each note has a height of its own, from `foot` up, a share of the axes' height, and its line
    ends there: so none covers another, and one sees what belongs together.
    """

    def __init__(self, axes, canvas, *, foot):
        self.axes, heights = axes, [foot + 0.05 * i for i in range(4)]
        style = {"color": INK, "lw": 1, "ls": "--", "visible": False}
        self.lines = [axes.axvline(0, ymax=height + 0.03, **style) for height in heights]
        self.notes = [
            axes.text(0, height, "", fontsize=10, color=INK,
                      bbox={"fc": "white", "lw": 0, "pad": 0},
                      transform=axes.get_xaxis_transform())
            for height in heights
        ]  # fmt: skip

    def draw(self, marks):
        """Show `marks`, pairs (place on the x-axis, note)."""
        low, high = self.axes.get_xlim()
        shown = [*marks[-len(self.lines) :], *[(low, "")] * len(self.lines)]
        for line, note, (x, words) in zip(self.lines, self.notes, shown):
            line.set_visible(bool(words))
            line.set_xdata([x, x])
            late = x > (low + high) / 2  # no room to its right
            shift = 0.01 * (high - low)
            note.set(text=words, ha="right" if late else "left", x=x - shift if late else x + shift)


class Canvas:
    """The figure, laid out for a page that has `width` pixels for it: text has its size in pixels.

    Draw into `panel(...).moving` with artists made once and updated in place. After a change to a
    `still` axes (limits, ticks, titles, words), the next `still_svg` has it.
    """

    def __init__(self, width, height=300):
        self.width = width
        self.figure = Figure(figsize=(width / 72, height / 72))  # 72 units to the inch
        self.panels = []
        self._stills = {}  # frame_now() -> SVG

    def lay_out(self):
        """Give every panel its place. Once, when all is built and nothing is drawn yet."""

    def panel(self, rect, *, title, xlabel, ylabel="", xscale="linear", yscale="linear", **frame):
        """Add a panel at `rect` (left, bottom, width, height as shares of the figure)."""
        still, moving = self.figure.add_axes(rect), self.figure.add_axes(rect)
        for axes in (still, moving):
            axes.set(xscale=xscale, yscale=yscale)
            axes.minorticks_off()
        still.spines[["top", "right"]].set_visible(False)
        still.spines[["left", "bottom"]].set_color(GREY)
        still.tick_params(labelsize=11, color=GREY, labelcolor=INK)
        still.set_title(title, loc="left", fontsize=13, color=INK, pad=10)
        still.set_xlabel(xlabel, fontsize=12, color=INK)
        still.set_ylabel(ylabel, fontsize=12, color=INK)
        moving.set_axis_off()
        panel = Panel(still, moving)
        panel.frame(**frame)
        self.panels.append(panel)
        return panel

    def frame_now(self):
        """Return what the still layer depends on: while this is equal, its SVG is still good."""
        return tuple(panel.frame_now() for panel in self.panels)

    def still_svg(self):
        frame = self.frame_now()
        if frame not in self._stills:
            if len(self._stills) == STILLS:
                del self._stills[next(iter(self._stills))]
            self._stills[frame] = self._render("svg", still=True, moving=False).decode()
        return self._stills[frame]

    def moving_svg(self):
        return self._render("svg", still=False, moving=True).decode()

    def png(self, dpi=100):
        """Return the whole figure as PNG: the figure of record."""
        return self._render("png", still=True, moving=True, dpi=dpi)

    def _render(self, kind, *, still, moving, dpi=72):
        for panel in self.panels:
            panel.still.set_visible(still)
            panel.moving.set_visible(moving)
        self.figure.patch.set_visible(still)
        with mpl.rc_context(_SVG), io.BytesIO() as file:
            metadata = {"Date": None} if kind == "svg" else {"Software": None}
            self.figure.savefig(file, format=kind, dpi=dpi, metadata=metadata)
            return file.getvalue()
