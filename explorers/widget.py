"""The one way to make an interactive figure: state -> compute -> draw, in a widget.

A figure is a subclass of `Explorer` that says what can be moved (`controls`), what follows from it
(`compute`, numbers only), how it looks (`Picture`, artists only) and what it means (`sentence`,
`numbers`). Everything a browser needs is in this file and in widget.js beside it; a figure's own
file knows neither.
"""

import asyncio
import base64
import csv
import io
import sys
from pathlib import Path
from time import perf_counter

import anywidget
import traitlets as t

from explorers.formats import full

# Until this many seconds after a slider moved, results are waited for before anything is drawn;
# after it, what there is appears and the rest follows, at most every REDRAW seconds.
PATIENCE, REDRAW = 0.03, 0.1
PROJECTOR_SCALE = 1.3


class Handle:
    """One control of one explorer, as code sees it: `explorer.eta.value = 0.5`."""

    def __init__(self, explorer, control):
        self._explorer, self.control = explorer, control

    @property
    def value(self):
        return self._explorer.state[self.control.name]

    @value.setter
    def value(self, value):
        self._explorer.set(**{self.control.name: value})

    def __repr__(self):
        return f"{self.control.name} = {full(self.value)}"


class Explorer(anywidget.AnyWidget):
    """An interactive figure. Subclasses set what stands here and nothing else.

    Set from Python, a value takes effect at once: when the line returns, all is computed and
    `explorer.sentence` says what is seen. Moved in a browser, quick results appear at once and slow
    ones as they come; a newer move drops what an older one has not finished.
    """

    name = ""  # first word of the preset string and of saved files
    title = ""
    controls = ()  # of Control, in reading order
    Picture = None  # Picture(scale) has a `canvas` and draw(result)

    @staticmethod
    def compute(**state):
        """Yield results, each more complete than the one before; the first one quickly."""
        raise NotImplementedError

    @staticmethod
    def describe(result):
        """Return the finding in plain words, every number in it computed."""
        raise NotImplementedError

    @staticmethod
    def tabulate(result):
        """Return the numbers behind the finding, as pairs (what it is, value as text)."""
        raise NotImplementedError

    @staticmethod
    def columns(result):
        """Return the data behind the curves, {column name: values}, for the CSV file."""
        raise NotImplementedError

    _esm = Path(__file__).parent / "widget.js"
    _css = Path(__file__).parent / "widget.css"

    _spec = t.Dict().tag(sync=True)  # what never changes: title, controls, labels of their stops
    _positions = t.Dict().tag(sync=True)  # control -> index of the stop nearest to its value
    _texts = t.Dict().tag(sync=True)  # control -> its value as text
    _still = t.Unicode().tag(sync=True)
    _moving = t.Unicode().tag(sync=True)
    _table = t.List().tag(sync=True)
    _answered = t.Int().tag(sync=True)  # the newest wish from the browser that this state answers
    _busy = t.Bool().tag(sync=True)
    sentence = t.Unicode().tag(sync=True)
    message = t.Unicode().tag(sync=True)
    preset = t.Unicode().tag(sync=True)
    projector = t.Bool().tag(sync=True)

    def __init__(self, **state):
        super().__init__()
        self._spec = {
            "name": self.name,
            "title": self.title,
            "controls": [
                {
                    "name": control.name,
                    "symbol": control.symbol,
                    "meaning": control.meaning,
                    "choice": control.is_choice,
                    "stops": [full(stop) for stop in control.stops],
                }
                for control in self.controls
            ],
        }
        for control in self.controls:
            setattr(self, control.name, Handle(self, control))
        self.state = {control.name: control.default for control in self.controls}
        self._result, self._results, self._worker = None, None, None
        self._build_picture()
        self.on_msg(self._hear)
        self.set(**state)

    # What code can do with it.

    def set(self, **values):
        """Set controls by name and compute everything before returning."""
        with self._reported():
            self._start(values)
            for result in self._results:
                self._result = result
            self._show(busy=False)

    def reset(self):
        """Put every control back to where it stood at first."""
        self.set(**{control.name: control.default for control in self.controls})

    def apply(self, preset):
        """Set the controls from a preset string, such as another figure shows."""
        self.set(**self._parsed(preset))

    @property
    def numbers(self):
        """The numbers under the figure, {what it is: value as text}."""
        return dict(self._table)

    def csv(self):
        """Return the data behind the curves as CSV text; shorter columns end in empty cells."""
        columns = self.columns(self._result)
        length = max(len(values) for values in columns.values())
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for i in range(length):
            writer.writerow([v[i] if i < len(v) else "" for v in columns.values()])
        return file.getvalue()

    # state -> compute -> draw

    def _start(self, values):
        """Take new values and begin to compute; what an older state had not finished is dropped."""
        by_name = {control.name: control for control in self.controls}
        for name in values:
            if name not in by_name:
                raise ValueError(f"There is no {name!r} here; there are {', '.join(by_name)}.")
        self.state |= {name: by_name[name].checked(value) for name, value in values.items()}
        self._results = iter(self.compute(**self.state))

    def _show(self, *, busy):
        """Draw the newest result and send all of it in one message."""
        self._picture.draw(self._result)
        still = self._picture.canvas.still_svg() if self._still_is_old() else self._still
        with self.hold_sync():
            self._still, self._moving = still, self._picture.canvas.moving_svg()
            self._busy, self.message = busy, ""
            self.sentence = self.describe(self._result)
            self._table = [list(row) for row in self.tabulate(self._result)]
            self._positions = {c.name: c.nearest(self.state[c.name]) for c in self.controls}
            self._texts = {name: full(value) for name, value in self.state.items()}
            self.preset = " ".join(
                [self.name, *(f"{k}={_plain(v)}" for k, v in self.state.items())]
            )

    def _still_is_old(self):
        frame = self._picture.canvas.frame_now()
        old, self._frame = self._frame != frame, frame
        return old

    def _build_picture(self):
        self._picture = self.Picture(PROJECTOR_SCALE if self.projector else 1.0)
        self._frame = None

    # What a browser can ask for.

    def _hear(self, _, content, buffers):
        with self._reported():
            match content:
                case {"kind": "move", "values": values, "wish": wish}:
                    self._move(values, wish)
                case {"kind": "preset", "text": text, "wish": wish}:
                    self._begin(self._parsed(text), wish)
                case {"kind": "reset", "wish": wish}:
                    self._begin({c.name: c.default for c in self.controls}, wish)
                case {"kind": "projector", "on": on}:
                    self.projector = on
                    self._build_picture()
                    self._show(busy=self._busy)
                case {"kind": "csv"}:
                    self.send({"kind": "csv", "text": self.csv()})

    def _move(self, positions, wish):
        stops = {control.name: control.stops for control in self.controls}
        self._begin({name: stops[name][index] for name, index in positions.items()}, wish)

    def _begin(self, values, wish):
        """Start on a wish from the browser: show what is quick, leave the rest to the worker."""
        self._answered = wish
        self._start(values)
        deadline, unfinished = perf_counter() + PATIENCE, False
        for result in self._results:
            self._result = result
            if unfinished := perf_counter() > deadline:
                break
        self._show(busy=unfinished)
        if unfinished and (self._worker is None or self._worker.done()):
            self._worker = asyncio.get_running_loop().create_task(self._work())
            self._worker.add_done_callback(self._worker_ended)

    async def _work(self):
        """Finish the newest results, in a thread, so that sliders stay alive meanwhile."""
        while self._busy:
            results, shown = self._results, perf_counter()
            while results is self._results and self._busy:
                result = await _in_thread(next, results, None)
                if results is not self._results:
                    break
                finished = result is None
                self._result = self._result if finished else result
                if finished or perf_counter() - shown > REDRAW:
                    self._show(busy=not finished)
                    shown = perf_counter()

    def _worker_ended(self, worker):
        """Say in the message line what went wrong: an exception in a task is otherwise silent."""
        if not worker.cancelled() and worker.exception() is not None:
            with self._reported():
                raise worker.exception()

    def _reported(self):
        return _Reported(self)

    def _parsed(self, preset):
        """Return the values in a preset string, or say in a ValueError what is wrong with it."""
        name, *pairs = preset.split() or [""]
        if name != self.name:
            raise ValueError(f"A preset for this figure starts with {self.name!r}, not {name!r}.")
        if bad := [pair for pair in pairs if "=" not in pair]:
            raise ValueError(f"In the preset, {bad[0]!r} should read name=value.")
        return dict(pair.split("=", 1) for pair in pairs)

    # What a notebook shows: the widget, and for readers without a kernel the figure of record.

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        record = base64.b64encode(self._picture.canvas.png()).decode()
        data = {**data, "text/plain": f"{self.title}\n{self.sentence}", "image/png": record}
        return data, {**metadata, "image/png": {"alt": f"{self.title}. {self.sentence}"}}

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.state.items())})"


class _Reported:
    """A context in which an error also shows in the figure's message line, in plain words."""

    def __init__(self, explorer):
        self._explorer = explorer

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, Exception):
            with self._explorer.hold_sync():
                self._explorer.message = str(error) or kind.__name__
                self._explorer._busy = False
        return False


async def _in_thread(function, *args):
    if sys.platform == "emscripten":  # the browser edition has no threads
        await asyncio.sleep(0)
        return function(*args)
    return await asyncio.to_thread(function, *args)


def _plain(value):
    """Return a value as a preset holds it: no spaces, no thousands separators, nothing rounded."""
    return value if isinstance(value, str) else full(value).replace(",", "")
