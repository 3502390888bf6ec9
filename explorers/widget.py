"""A figure in a notebook: traits and messages, and nothing else.

Importing this teaches IPython to show a `Figure` as a widget, with the figure of record beside it
for readers without a kernel.
"""

import base64
from pathlib import Path
from time import perf_counter

import anywidget
import traitlets as t

from explorers import messages
from explorers.canvas import WIDTHS
from explorers.figure import CHANGING, Figure
from explorers.formats import full
from explorers.run import Phase
from explorers.worker import Worker

HERE = Path(__file__).parent
COVERED = "Covered until you have guessed: the question stands above it."


class Explorer(anywidget.AnyWidget):
    """A figure on a page. The page sends wishes and shows what the traits say (widget.js)."""

    first_width = WIDTHS[-2]  # of its picture, until the page asks: what most pages will ask for
    stopwatch = None  # called with (s from a wish to its new picture, s of them spent on drawing)

    _esm = "\n".join((HERE / name).read_text("utf-8") for name in ("page.js", "widget.js"))
    _css = HERE / "widget.css"

    _spec = t.Dict().tag(sync=True)  # what never changes: title, controls, labels of their stops
    _still = t.Unicode().tag(sync=True)
    _moving = t.Unicode().tag(sync=True)
    _shown = t.Dict().tag(sync=True)  # all else: one value, so that its parts belong together

    def __init__(self, figure, width=None):
        super().__init__()
        self.figure = figure
        self._wish, self._width = 0, width or self.first_width
        self._heard = None  # when the wish that is being answered came in
        self._worker = Worker(figure)
        self._spec = spec(figure)
        self.on_msg(self._hear)
        with CHANGING:
            figure.viewers.append(self)
            self.show()
        if figure.run.phase.is_running:
            self._worker.see_to_it()

    def set_state(self, sync_data):
        """Take nothing: a page asks by messages, and what it writes into a trait is not heard."""

    def show(self):
        """Draw the newest result and send all of it in one message."""
        figure, begun = self.figure, perf_counter()
        with CHANGING, self.hold_sync():
            before = self._still, self._moving
            canvas = figure.drawn(self._width)
            covered = figure.is_covered
            self._still = canvas.still_svg(covered)
            self._moving = "" if covered else canvas.moving_svg()
            drawing = perf_counter() - begun
            self._shown = {
                **seen(figure),
                "projector": figure.projector,
                "width": self._width,
                "slow": self._worker.plays_slowly,
                **self._said(),
            }
        if self.stopwatch and self._heard and (self._still, self._moving) != before:
            self.stopwatch(perf_counter() - self._heard, drawing)
            self._heard = None

    def say(self):
        """Send what can be said even where a picture can't be drawn."""
        self._shown = self._shown | self._said()

    def _said(self):
        figure = self.figure
        return {
            "answered": self._wish,  # the newest wish of the page that this state answers
            "phase": figure.run.phase.value,
            "message": figure.message,
        }

    def _hear(self, _, content, buffers):
        # What has changed and which wish that answers: in one message.
        with CHANGING, self.hold_sync(), self.figure.reported():
            self._heard = perf_counter()
            self._wish = max(self._wish, messages.wish(content))
            try:
                self._answer(*messages.read(content, self.figure))
            finally:
                self.say()
        self._worker.see_to_it()

    def _answer(self, kind, what):
        figure = self.figure
        if kind in ("move", "set"):
            figure.move(what)
        elif kind in ("defaults", "preset"):
            figure.present(what or figure.defaults())
        elif kind == "play":
            figure.go(Phase.PLAYING if figure.is_playable else Phase.COMPUTING)
        elif kind == "pause":
            figure.go(Phase.PAUSED)
        elif kind == "step":
            figure.go(Phase.STEPPING)
        elif kind == "restart":
            figure.restart()
        elif kind == "uncover":
            figure.uncover()
        elif kind == "press":
            getattr(figure, what)()
        elif kind == "projector":
            figure.projector = what
        elif kind == "speed":
            self._worker.plays_slowly = what
            self.show()
        elif kind == "width":
            self._width = what
            self.show()
        elif kind == "csv":
            self.send({"kind": "csv", "text": figure.csv()})


def spec(figure):
    """Return what a page has to know of a figure that never changes."""
    return {
        "name": figure.name,
        "title": figure.title,
        "playable": figure.is_playable,
        "widths": list(WIDTHS),
        "presets": [{"name": name, "text": text} for name, text in figure.named_presets().items()],
        "buttons": [{"method": method, "text": text} for method, text in figure.buttons],
        "controls": [
            {
                "name": control.name,
                "symbol": control.symbol,
                "meaning": control.meaning,
                "help": control.help,
                "choice": control.is_choice,
                "stops": [full(stop) for stop in control.stops],
                "group": control.group,
            }
            for control in figure.controls
        ],
    }


def seen(figure):
    """Return what a page shows of a figure's state beside its picture."""
    covered = figure.is_covered
    return {
        "positions": {c.name: c.nearest(figure.state[c.name]) for c in figure.controls},
        "texts": {name: full(value) for name, value in figure.state.items()},
        "covered": covered,
        "sentence": "" if covered else figure.part("describe"),
        "table": [] if covered else [list(row) for row in figure.part("tabulate")],
        "progress": list(figure.progress(figure.run.result)),
        "preset": figure.preset,
    }


def explorer(figure):
    """Return the widget of a figure: one, however often and wherever it is shown."""
    shown = [one for one in figure.viewers if isinstance(one, Explorer) and one.comm is not None]
    return shown[0] if shown else Explorer(figure)


def mimebundle(figure, include=None, exclude=None):
    """Return what a cell shows of a figure: the widget, and its record for who has no kernel."""
    view = explorer(figure)._repr_mimebundle_()
    data, metadata = view if isinstance(view, tuple) else (view or {}, {})
    data = {**data, "text/plain": figure.title}  # the same however far it has been computed
    said = COVERED if figure.is_covered else figure.part("describe")
    png = figure.drawn().png(covered=figure.is_covered)
    data["image/png"] = base64.b64encode(png).decode()
    questions = [one.question for one in figure.covers if one.is_open]
    about = {"alt": f"{figure.title}. {said}", "preset": figure.preset, "covered": questions}
    metadata = {**metadata, "image/png": about}
    return data, metadata


def teach(shell):
    """Let an IPython shell show figures as widgets.

    In a kernel a figure is shown with its first result and computes the rest later: all of it can
    take ten seconds. Code that asks for its results waits for them.
    """
    Figure.computes_later = hasattr(shell, "kernel")
    shell.display_formatter.mimebundle_formatter.for_type(Figure, mimebundle)
