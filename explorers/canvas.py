"""A prebuilt Matplotlib figure in two layers: what stands still, and what moves with the sliders.

Ticks and labels are most of the cost of drawing. They change rarely, so each panel is a pair of
axes in the same place: `still` has the frame, ticks and titles, `moving` the curves. Each layer is
rendered to an SVG of its own, and the page lays one on the other.

Nothing here has a place by hand. A picture says which panels there are; their places come from the
words in and around them, which are measured once (`Canvas.lay_out`). A unit is one of SVG's, and a
pixel on a page that has the picture's width for it.
"""

import io
from itertools import pairwise

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.transforms import Affine2D

from explorers import fingerprint
from explorers.pixels import Pixels
from explorers.style import FONT, GREY, INK, LABEL, LINE, SMALL, TEXT, TITLE, width_of, wrapped

WIDTHS = (300, 400, 540, 720)  # that a picture can be laid out for
SLIDE, SLIDE_HEIGHT = 610, 246  # of a picture that fills a slide, at twice its size on 1280 x 720
HEIGHT = {300: 130, 400: 150, 540: 170, 720: 190, SLIDE: 40}  # of the axes of a panel, at least
SIDE_BY_SIDE = 500  # from this width on panels stand so
EDGE, AIR, GAP = 4, 8, 26  # around all, between words and axes, between panels side by side
MOST_TICKS = 9  # numbers at a y-axis, one above the other
TICK = 7  # a tick and the air to its number
BESIDE, APART = 5, 14  # in a key: from a sample to its words, and from these to the next sample
STILLS = 32  # still layers that are kept, of some 20 KB each: readers go back to where they were

_SVG = {"svg.fonttype": "none", "svg.hashsalt": "first-epochs", "font.family": FONT}


def widest(texts, size=SMALL):
    return max((width_of(text, size) for text in texts), default=0)


def spread(places, gap):
    """Return places that are at least `gap` apart, each moved as little as that allows."""
    order = np.argsort(places)
    groups = []  # of (mean of the places less their gaps, how many)
    for i, place in enumerate(np.asarray(places, float)[order]):
        mean, count = place - gap * i, 1
        while groups and groups[-1][0] > mean:
            other, more = groups.pop()
            mean, count = (mean * count + other * more) / (count + more), count + more
        groups.append((mean, count))
    moved = np.empty(len(order))
    moved[order] = np.repeat(*zip(*groups)) + gap * np.arange(len(order))
    return moved


def uneven(scale):
    """Return what is to be said of an axis with this scale, unless its steps are even."""
    return "" if scale == "linear" else f" ({scale}\N{NO-BREAK SPACE}scale)"


class Panel:
    """A pair of axes in one place, with a title and a key above them.

    The title says what stands at the y-axis. It and `xlabel` end with the scale, if that is not
    even: not as they are given, but as they are written.

    `share` is its height in those of a panel that stands alone, or `aspect` that in its width;
    `reserve` are numbers that may come to stand at its y-axis. After `Canvas.lay_out` it has x, y,
    width and height, those of its axes.
    """

    def __init__(self, canvas, title, xlabel, *, xscale="linear", yscale="linear", share=1,
                 aspect=None, reserve=(), **frame):  # fmt: skip
        self.still, self.moving = (canvas.figure.add_axes([0, 0, 1, 1]) for _ in range(2))
        self.units, self.reserve = canvas.units, reserve
        self.share, self.aspect = share, aspect
        self.width = None  # until it has a place
        self.names = []  # that stand to the right of the axes
        self._title, self._label, self._frame = title, xlabel, {}
        self._rows, self._keys, self._key = [], [], []
        for axes in (self.still, self.moving):
            axes.set(xscale=xscale, yscale=yscale)
            axes.minorticks_off()
        self.moving.set_axis_off()
        self.still.spines[["top", "right"]].set_visible(False)
        self.still.spines[["left", "bottom"]].set_color(GREY)
        self.still.tick_params(labelsize=SMALL, length=TICK / 2, pad=TICK / 2, color=GREY,
                               labelcolor=INK)  # fmt: skip
        self.frame(**frame)

    def curve(self, style, colour, **more):
        """Add a curve that moves, without points yet."""
        return self.moving.plot([], [], style, **{"color": colour, "lw": 2, **more})[0]

    def image(self, colours):
        """Add an image that moves and fills the panel, blank yet, in `colours` from -1 to 1."""
        self.still.set_axis_off()
        self.frame(xticks={}, yticks={})
        self.moving.set(xlim=(0, 1), ylim=(0, 1))
        return self.moving.add_image(Pixels(self.moving, colours, (-1, 1)))

    def frame(self, *, yscale=None, xlim=None, ylim=None, xticks=None, yticks=None):
        """Set limits, and ticks ({value: text}). Those that would touch are left out."""
        asked = {"xlim": xlim, "ylim": ylim, "xticks": xticks, "yticks": yticks}
        changed = {name: value for name, value in asked.items() if value is not None}
        if yscale is not None and yscale != self.still.get_yscale():
            for axes in (self.still, self.moving):
                axes.set_yscale(yscale)
                axes.minorticks_off()
            self._frame = {name: v for name, v in self._frame.items() if name[0] == "x"}
            self._write()
        if all(self._frame.get(name) == value for name, value in changed.items()):
            return
        self._frame |= changed
        for axis in "xy":
            self._set_axis(axis)

    def _set_axis(self, name):
        limits, ticks = (self._frame.get(name + what) for what in ("lim", "ticks"))
        if ticks is not None:
            shown = self._that_fit(name, limits, ticks)
            getattr(self.still, f"set_{name}ticks")(list(shown), list(shown.values()))
        if limits is not None:
            for axes in (self.still, self.moving):  # after the ticks, which would widen the limits
                axes.set(**{f"{name}lim": limits})

    def _that_fit(self, name, limits, ticks):
        """Return the ticks within the limits, or every second or third: few, and none touch."""
        if self.width is None or limits is None:
            return ticks
        inside = [tick for tick in sorted(ticks.items()) if limits[0] <= tick[0] <= limits[1]]
        places = self._places(name, limits, [value for value, _ in inside])
        sizes, least = np.full(len(inside), SMALL * LINE), 1 + len(inside) // (1 + MOST_TICKS)
        if name == "x":
            sizes, least = np.array([width_of(text, SMALL) + AIR for _, text in inside]), 1
        for step in range(least, 1 + len(inside)):
            gaps, needed = np.diff(places[::step]), (sizes[::step][1:] + sizes[::step][:-1]) / 2
            if (gaps >= needed).all():
                return dict(inside[::step])
        return dict(inside)

    def _places(self, name, limits, values):
        """Return how far along an axis the values are, in units."""
        scaled = getattr(self.still, f"{name}axis").get_transform().transform
        low, *at, high = scaled(np.array([limits[0], *values, limits[1]], float))
        length = self.width if name == "x" else self.height
        return length * (np.array(at) - low) / (high - low)

    def heights_of(self, values):
        """Return how high on the paper the values are, in units."""
        return self.y + self._places("y", self.moving.get_ylim(), values)

    def at(self, x, y):
        """Return where a point is on the paper, in units."""
        (right,) = self._places("x", self.moving.get_xlim(), [x])
        (up,) = self.heights_of([y])
        return self.x + right, up

    def over_the_right(self):
        """Return the place of words over the axes, in line with the key, that end at the right."""
        return self.x + self.width, self.y + self.height + AIR + SMALL * (LINE - 1)

    def retitle(self, title):
        """Change the title, to one that with its scale is not longer than the first."""
        if title != self._title:
            self._title = title
            self._write()

    def relabel(self, xlabel):
        """Change what stands below the x-axis, to words that are not longer than the first."""
        if xlabel != self._label:
            self._label = xlabel
            self._write()

    def key(self, *rows):
        """Say what is what, above the axes: rows (artist, words), as many in a line as fit."""
        if list(rows) != self._rows:
            self._rows = list(rows)
            self._write()

    def may_have(self, *rows):
        """Keep room for another key than the first."""
        self._keys.append(rows)

    # What `Canvas.lay_out` asks, and tells.

    def left_of_axes(self):
        texts = [*self._frame.get("yticks", {}).values(), *self.reserve]
        return TICK + widest(texts) if any(texts) else 0

    def right_of_axes(self):
        """Return the room for names, or for half of the last number."""
        half = widest(self._frame.get("xticks", {}).values()) / 2
        return max(half, AIR + widest(self.names) if self.names else 0)

    def above_axes(self):
        titles = 1 + self._whole_title().count("\n")
        rows = max(len(self._lines(rows)) for rows in (self._rows, *self._keys))
        return TITLE * LINE * titles + SMALL * LINE * rows + AIR

    def least_height(self, paper_width, width):
        """Return how high its axes are at least, if they are so wide on so wide a paper."""
        return self.aspect * width if self.aspect else HEIGHT[paper_width] * self.share

    def below_axes(self, width):
        """Return the room for the numbers and the words below the axes, if they are so wide."""
        if not self.still.axison:
            return 0
        label = self._whole_label(width)
        return TICK + SMALL * LINE + (LABEL * LINE * (1 + label.count("\n")) if label else 0)

    def place(self, left, top, box, paper):
        """Take a place: left and top of all of it; the box (x, y, width, height) of the axes."""
        self._left, self._top = left, top
        self.x, self.y, self.width, self.height = box
        for axes in (self.still, self.moving):
            axes.set_position([side / paper[i % 2] for i, side in enumerate(box)])
        self._write()
        for axis in "xy":
            self._set_axis(axis)

    def _whole_title(self):
        return wrapped(self._title + uneven(self.still.get_yscale()), TITLE, self.room)

    def _whole_label(self, width):
        return wrapped(self._label + uneven(self.still.get_xscale()), LABEL, width)

    def _write(self):
        """Write the words around the axes, once they have a place."""
        if self.width is not None:
            label = self._whole_label(self.width)
            self.still.set_xlabel(label, fontsize=LABEL, color=INK, linespacing=LINE)
            self._write_title()
            self._write_key()

    def _write_title(self):
        title = self._whole_title()
        foot = self._top - TITLE * (1 + LINE * title.count("\n"))  # of its last line
        x, y = (self._left - self.x) / self.width, (foot - self.y) / self.height
        self.still.set_title(title, loc="left", x=x, y=y, pad=0, fontsize=TITLE, color=INK,
                             linespacing=LINE)  # fmt: skip

    def _lines(self, rows):
        """Return rows of a key as lines, each of (how far right, artist, words)."""
        lines, right = [], np.inf
        for artist, words in rows:
            wide = _sample_width(artist) + BESIDE + width_of(words, SMALL)
            if right + wide > self.room:
                lines.append([])
                right = 0
            lines[-1].append((right, artist, words))
            right += wide + APART
        return lines

    def _write_key(self):
        while self._key:
            self._key.pop().remove()
        titles = 1 + self.still.get_title(loc="left").count("\n")
        y = self._top - TITLE * LINE * titles - SMALL
        for line in self._lines(self._rows):
            for right, artist, words in line:
                x = self._left + right
                self._key += [
                    self.still.add_artist(_sample(artist, x, y + 0.36 * SMALL, self.units)),
                    self.still.text(x + _sample_width(artist) + BESIDE, y, words, fontsize=SMALL,
                                    color=_INKS.get(_colour(artist), INK), transform=self.units,
                                    zorder=9),
                ]  # fmt: skip
            y -= SMALL * LINE


_INKS = {to_hex(shade): ink for colour, ink in TEXT.items() for shade in (colour, ink)}


def _colour(artist):
    if isinstance(artist, Line2D):
        return to_hex(artist.get_color())
    return to_hex(artist.get_facecolor() if artist.get_fill() else artist.get_edgecolor())


def _sample_width(artist):
    if not isinstance(artist, Line2D):
        return 14
    if artist.get_linestyle() == "None":
        return artist.get_markersize()
    return 24 if artist.get_marker() == "None" else 30


def _sample(artist, x, y, units):
    """Return a short piece of what the artist draws, for a key."""
    wide = _sample_width(artist)
    if isinstance(artist, Line2D):
        sample = Line2D([x, x + wide / 2, x + wide], [y, y, y], markevery=[1])
    else:
        sample = Rectangle((x, y - 4.5), wide, 9)
    sample.update_from(artist)
    if isinstance(sample, Line2D):
        sample.set_solid_capstyle("butt")  # to begin where the words above it begin
    sample.set(transform=units, visible=True, clip_on=False, zorder=9)
    return sample


class Levels:
    """Dotted horizontal lines, each with its name to the right of the axes."""

    def __init__(self, panel, *names, colour=GREY):
        self.panel, axes = panel, panel.moving
        panel.names += names
        self.lines = [axes.axhline(1, color=colour, lw=1.2, ls=":") for _ in names]
        self.names = [
            axes.text(0, 0, name, color=TEXT[colour], fontsize=SMALL, va="center",
                      transform=panel.units)
            for name in names
        ]  # fmt: skip

    def draw(self, *values):
        """Show these values. Names of values that lie close together step aside."""
        heights = spread(self.panel.heights_of(values), SMALL * LINE)
        for line, name, value, height in zip(self.lines, self.names, values, heights):
            line.set_ydata([value, value])
            name.set_position((self.panel.x + self.panel.width + AIR, height))


class Marks:
    """Vertical lines, each with a note: sliders that were moved in mid-run. The newest four show.

    Each note has a height of its own, from the top down, and its line ends there: so none covers
    another, and one sees what belongs together.
    """

    def __init__(self, panel):
        self.panel, axes = panel, panel.moving
        self.lines = [axes.axvline(0, color=INK, lw=1, ls="--", visible=False) for _ in range(4)]
        self.notes = [
            axes.text(0, 1, "", fontsize=SMALL, color=INK, va="top", zorder=4,
                      bbox={"fc": "white", "lw": 0, "pad": 0.5},
                      transform=axes.get_xaxis_transform())
            for _ in self.lines
        ]  # fmt: skip

    def draw(self, marks):
        """Show `marks`, pairs (place on the x-axis, note)."""
        low, high = self.panel.moving.get_xlim()
        unit, line = (high - low) / self.panel.width, SMALL * LINE / self.panel.height
        shown = [*marks[-len(self.lines) :], *[(low, "")] * len(self.lines)]
        for i, (artist, note, (x, words)) in enumerate(zip(self.lines, self.notes, shown)):
            artist.set(visible=bool(words), xdata=[x, x], ydata=[0, 1 - i * line])
            wide = unit * (width_of(words, SMALL) + 4)
            left = x + 4 * unit if x + 4 * unit + wide <= high else max(low, x - wide)
            note.set(text=words, x=left, y=1 - i * line)


class Canvas:
    """The figure, laid out for a page that has `width` pixels for it.

    Draw into `panel(...).moving` with artists made once and updated in place. After a change to a
    `still` axes (limits, ticks, titles, words), the next `still_svg` has it.
    """

    def __init__(self, width):
        self.paper = width, width
        self.figure = Figure(figsize=(width / 72, width / 72), dpi=72)
        self.units = Affine2D().scale(1 / 72) + self.figure.dpi_scale_trans
        self.panels, self._columns = [], []
        self._stills = {}  # frame_now() -> SVG

    @property
    def width(self):
        return self.paper[0]

    def panel(self, title, xlabel="", *, below=False, **more):
        """Add a Panel to the right of the last one, or `below` it."""
        panel = Panel(self, title, xlabel, **more)
        self.panels.append(panel)
        if below:
            self._columns[-1].append(panel)
        else:
            self._columns.append([panel])
        return panel

    def lay_out(self):
        """Give every panel its place. Once, when all is built and nothing is drawn yet."""
        columns = self._columns if self.width >= SIDE_BY_SIDE else [self.panels]
        lefts = [max(panel.left_of_axes() for panel in column) for column in columns]
        rights = [max(panel.right_of_axes() for panel in column) for column in columns]
        taken = 2 * EDGE + GAP * (len(columns) - 1) + sum(lefts) + sum(rights)
        width = (self.width - taken) / len(columns)
        for column, left, right in zip(columns, lefts, rights):
            for panel in column:
                panel.room = left + width + right
        # The first panels of all columns begin at one height, and the last end at one.
        above = max(column[0].above_axes() for column in columns)
        below = max(column[-1].below_axes(width) for column in columns)
        gaps = [
            [p.below_axes(width) + AIR + q.above_axes() for p, q in pairwise(column)]
            for column in columns
        ]
        heights = [
            [panel.least_height(self.width, width) for panel in column] for column in columns
        ]
        inside = max(sum(high) + sum(between) for high, between in zip(heights, gaps))
        if self.width == SLIDE:
            inside = max(inside, SLIDE_HEIGHT - 2 * EDGE - above - below)
        self.paper = self.width, round(2 * EDGE + above + inside + below)
        self.figure.set_size_inches(*(side / 72 for side in self.paper))
        x = EDGE
        for column, left, right, between, high in zip(columns, lefts, rights, gaps, heights):
            given = inside - sum(between) - sum(high)  # to those that can stretch, by their shares
            whole = sum(panel.share for panel in column if not panel.aspect)
            y = self.paper[1] - EDGE - above
            for panel, gap, least in zip(column, [*between, 0], high):
                head = above if panel is column[0] else panel.above_axes()
                height = least if panel.aspect else least + given * panel.share / whole
                panel.place(x, y + head, (x + left, y - height, width, height), self.paper)
                y -= height + gap
            x += left + width + right + GAP

    def frame_now(self):
        """Return what the still layer depends on: while this is equal, its SVG is still good."""
        ours = {self.figure.patch, *(axes for p in self.panels for axes in (p.still, p.moving))}
        others = [artist for artist in self.figure.get_children() if artist not in ours]
        return (
            self.figure.get_facecolor(),
            *map(fingerprint.of, others),
            *(fingerprint.of_axes(panel.still) for panel in self.panels),
        )

    def still_svg(self, covered=False):
        """Return what stands still; covered, without numbers at the axes: a range can tell."""
        if covered:
            return self._svg(still=True, moving=False, numbers=False)
        frame = self.frame_now()
        if frame not in self._stills:
            if len(self._stills) == STILLS:
                del self._stills[next(iter(self._stills))]
            self._stills[frame] = self._svg(still=True, moving=False)
        return self._stills[frame]

    def moving_svg(self):
        return self._svg(still=False, moving=True)

    def _svg(self, **layers):
        return self._render("svg", **layers).decode()

    def png(self, dpi=100, covered=False):
        """Return the figure as PNG, the figure of record: whole, or without what tells."""
        return self._render("png", still=True, moving=not covered, numbers=not covered, dpi=dpi)

    def _render(self, kind, *, still, moving, numbers=True, dpi=72):
        for panel in self.panels:
            panel.still.tick_params(labelbottom=numbers, labelleft=numbers)
            panel.still.set_visible(still)
            panel.moving.set_visible(moving)
        self.figure.patch.set_visible(still)
        with mpl.rc_context(_SVG), io.BytesIO() as file:
            if kind == "svg":
                FigureCanvasSVG(self.figure).print_svg(file, metadata={"Date": None})
            else:
                self.figure.savefig(file, format=kind, dpi=dpi, metadata={"Software": None})
            return file.getvalue()
