"""The one way to make an interactive figure: state -> compute -> draw, in a widget.

A figure is a subclass of `Explorer` that says what can be moved (`controls`), what follows from it
(`compute`, numbers only), how it looks (`Picture`, artists only) and what it means (`describe`,
`tabulate`). Everything a browser needs is in this file and in widget.js beside it; a figure's own
file knows neither.
"""

import asyncio
import base64
import csv
import io
import sys
from pathlib import Path
from threading import Lock, RLock
from time import perf_counter
from types import SimpleNamespace

import anywidget
import numpy as np
import traitlets as t

from explorers.controls import ANEW, NEXT_EPOCH, VIEW
from explorers.formats import full
from nn_core.threads import one_blas_thread

IN_BROWSER = sys.platform == "emscripten"  # Python itself: no threads there, and slower
REDRAW = 0.1  # seconds between two drawings of a run that is under way
PROJECTOR_SCALE = 1.3

# Messages from a browser may come in another thread than the one in which cells run, and the first
# ones in that one still. Whoever changes what figures show holds this. It is one for all figures,
# because Matplotlib is not made for several threads. Nobody computes for long while holding it.
CHANGING = RLock()


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


class _Run:
    """The results of one `compute`, pulled one at a time, from whichever thread."""

    def __init__(self, results):
        self._results, self._lock = iter(results), Lock()
        self.result, self.finished = None, False

    def pull(self):
        """Take the next result, if there is one; otherwise the run is finished."""
        with self._lock, one_blas_thread():
            try:
                result = next(self._results, None)
            except BaseException:
                self.finished = True
                raise
            if result is None:
                self.finished = True
            else:
                self.result = result


class Explorer(anywidget.AnyWidget):
    """An interactive figure. Subclasses set what stands at the top, and nothing else.

    Set from Python, a value takes effect at once: when the line returns, all is computed and
    `explorer.sentence` says what is seen. Moved in a browser, quick results appear at once and slow
    ones as they come; a newer move drops what an older one has not finished.

    What a change of a control does is said by its `acts`. Controls that act ANEW are handed to
    `compute`. If some act in the NEXT_EPOCH, `compute` gets them as attributes of `current`, which
    it reads at each epoch, and the figure has Play, Pause, Step and Reset. Controls that act on the
    VIEW are handed to `Picture.draw`, `describe` and `tabulate`.
    """

    name = ""  # first word of the preset string and of saved files
    title = ""
    controls = ()  # of Control, in reading order
    buttons = ()  # of (method, text on it): each press calls the method, without arguments
    Picture = None  # Picture(scale) has a `canvas` and draw(result, **view)

    @staticmethod
    def compute(**state):
        """Yield results, each more complete than the one before; the first one quickly."""
        raise NotImplementedError

    @staticmethod
    def describe(result, **view):
        """Return the finding in plain words, every number in it computed."""
        raise NotImplementedError

    @staticmethod
    def tabulate(result, **view):
        """Return the numbers behind the finding, as pairs (what it is, value as text)."""
        raise NotImplementedError

    def view(self):
        """Return what `draw`, `describe` and `tabulate` get beside the result.

        These are the controls that act on the VIEW; a figure with more to show adds to them.
        """
        return {name: self.state[name] for name in self._that_act(VIEW)}

    @staticmethod
    def columns(result):
        """Return the data behind the curves, {column name: values}, for the CSV file."""
        raise NotImplementedError

    @staticmethod
    def progress(result):
        """Return (epochs done, epochs in all); a figure that can be played has to say it."""
        return 0, 0

    _esm = Path(__file__).parent / "widget.js"
    _css = Path(__file__).parent / "widget.css"

    _spec = t.Dict().tag(sync=True)  # what never changes: title, controls, labels of their stops
    _positions = t.Dict().tag(sync=True)  # control -> index of the stop nearest to its value
    _texts = t.Dict().tag(sync=True)  # control -> its value as text
    _still = t.Unicode().tag(sync=True)
    _moving = t.Unicode().tag(sync=True)
    _table = t.List().tag(sync=True)
    _progress = t.List().tag(sync=True)
    _answered = t.Int().tag(sync=True)  # the newest wish from the browser that this state answers
    _running = t.Bool().tag(sync=True)  # there is more to compute, and it is being computed
    _finished = t.Bool().tag(sync=True)  # there is no more to compute
    _sentence = t.Unicode().tag(sync=True)
    message = t.Unicode().tag(sync=True)
    preset = t.Unicode().tag(sync=True)
    projector = t.Bool().tag(sync=True)

    def __init__(self, **state):
        super().__init__()
        for control in self.controls:
            setattr(self, control.name, Handle(self, control))
        self._by_name = {control.name: control for control in self.controls}
        self._playable = bool(self._that_act(NEXT_EPOCH))
        self._spec = {
            "name": self.name,
            "title": self.title,
            "playable": self._playable,
            "buttons": [{"method": method, "text": text} for method, text in self.buttons],
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
        self.state = {control.name: control.default for control in self.controls}
        self._run, self._current, self._worker, self._single = None, None, None, False
        self._played = False  # whether the reader has started the run, with Play or Step
        self._owed = False  # whether code that asks for results has to wait for the rest of the run
        self._build_picture()
        self.on_msg(self._hear)
        if IN_BROWSER:  # the figure first: computing all of it can take ten seconds
            self._begin_and_owe_the_rest(state)
        else:
            self.set(**state)

    # What code can do with it.

    def set(self, **values):
        """Set controls by name and compute everything before returning.

        Controls that act on the VIEW alone leave a run where it is.
        """
        with self._reported():
            with CHANGING:
                is_new = self._take(values)
                if not is_new:
                    self._show(running=self._running)
            if is_new:
                self.finish()

    def restart(self):
        """Go back to where nothing is trained yet, and stay there."""
        with CHANGING, self._reported():
            self._begin_run({})
            self._show(running=False)

    def step(self):
        """Train one epoch more, if there is one."""
        with self._reported():
            self._pay()
            try:
                self._run.pull()
            finally:  # also after an error: the state is that of this run
                self._show(running=False)

    def finish(self):
        """Compute what is left to compute."""
        with self._reported():
            try:
                while not self._run.finished:
                    self._run.pull()
            finally:
                with CHANGING:
                    self._owed = False
                    self._show(running=self._running and not self._run.finished)

    def reset(self):
        """Put every control back to where it stood at first."""
        self.set(**self._defaults())

    def apply(self, preset):
        """Set the controls from a preset string, such as another figure shows."""
        with self._reported():
            self.set(**self._parsed(preset))

    @property
    def result(self):
        """What `compute` has found so far, for calculations of one's own."""
        self._pay()
        return self._run.result

    @property
    def sentence(self):
        """The finding in plain words."""
        self._pay()
        return self._sentence

    @property
    def numbers(self):
        """The numbers under the figure, {what it is: value as text}."""
        self._pay()
        return dict(self._table)

    def csv(self):
        """Return the data behind the curves as CSV text; shorter columns end in empty cells."""
        columns = self.columns(self.result)
        length = max(len(values) for values in columns.values())
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for i in range(length):
            writer.writerow([v[i] if i < len(v) else "" for v in columns.values()])
        return file.getvalue()

    def __setattr__(self, name, value):
        if name in getattr(self, "_by_name", ()) and not isinstance(value, Handle):
            raise AttributeError(f"{name} is a control: write .{name}.value = {value!r}.")
        super().__setattr__(name, value)

    # state -> compute -> draw

    def _that_act(self, when):
        return {control.name for control in self.controls if control.acts == when}

    def _defaults(self):
        return {control.name: control.default for control in self.controls}

    def _checked(self, values):
        """Return `values` as the controls hold them, or say in a ValueError what is wrong."""
        for name in values:
            if name not in self._by_name:
                known = ", ".join(self._by_name)
                raise ValueError(f"There is no control {name!r} here; there are {known}.")
        return {name: self._by_name[name].checked(value) for name, value in values.items()}

    def _take(self, values):
        """Take new values; begin a new run unless they only change the view of the old one.

        Return whether there is a new run.
        """
        if self._run is not None and values and set(values) <= self._that_act(VIEW):
            self.state |= self._checked(values)
            return False
        self._begin_run(values)
        return True

    def _begin_run(self, values):
        """Begin to compute, and drop what an older run has not finished.

        The first result is there when this returns. If there is none, all stays as it was.
        """
        state = self.state | self._checked(values)
        arguments = {name: state[name] for name in self._that_act(ANEW)}
        current = SimpleNamespace(**{name: state[name] for name in self._that_act(NEXT_EPOCH)})
        if self._playable:
            arguments["current"] = current
        run = _Run(self.compute(**arguments))
        run.pull()
        self.state, self._run, self._current = state, run, current
        self._owed = self._played = False

    def _begin_and_owe_the_rest(self, values):
        """Show the first result and let the rest come; code that asks for results waits for it."""
        with self._reported():
            self._begin_run(values)
            self._let_run()
            self._owed = True

    def _pay(self):
        if self._owed:
            self.finish()

    def _show(self, *, running):
        """Draw the newest result and send all of it in one message."""
        with CHANGING, self.hold_sync():
            view, result = self.view(), self._run.result
            self._picture.draw(result, **view)
            canvas = self._picture.canvas
            self._still, self._moving = canvas.still_svg(), canvas.moving_svg()
            self._running, self._finished = running, self._run.finished
            self._progress = list(self.progress(result))
            self._sentence = self.describe(result, **view)
            self._table = [list(row) for row in self.tabulate(result, **view)]
            self._positions = {c.name: c.nearest(self.state[c.name]) for c in self.controls}
            self._texts = {name: full(value) for name, value in self.state.items()}
            self.preset = " ".join(
                [self.name, *(f"{k}={_plain(v)}" for k, v in self.state.items())]
            )

    def _build_picture(self):
        self._picture = self.Picture(540 if self.projector else 720)
        self._picture.canvas.lay_out()

    @t.observe("projector")
    def _enlarge(self, change):
        with CHANGING:
            self._build_picture()
            self._show(running=self._running)

    # What a browser can ask for.

    def _hear(self, _, content, buffers):
        # The answer, and that it is one, in one message.
        with CHANGING, self.hold_sync(), self._reported():
            self._owed = False  # from here on the run is the reader's, to pause or to change
            self._answered = max(self._answered, content.get("wish", 0))
            match content:
                case {"kind": "move", "values": positions}:
                    stops = {name: self._by_name[name].stops for name in positions}
                    self._move({name: stops[name][i] for name, i in positions.items()})
                case {"kind": "preset", "text": text}:
                    self._move(self._parsed(text))
                case {"kind": "defaults"}:
                    self._move(self._defaults())
                case {"kind": "play"}:
                    if self._run.finished:
                        self._begin_run({})
                    self._played = True
                    self._let_run()
                case {"kind": "pause"}:
                    self._show(running=False)
                case {"kind": "step"}:
                    self._played = True
                    self._let_run(single=True)
                case {"kind": "restart"}:
                    self.restart()
                case {"kind": "press", "method": method} if method in dict(self.buttons):
                    getattr(self, method)()
                case {"kind": "projector", "on": on}:
                    self.projector = on
                case {"kind": "csv"}:
                    self.send({"kind": "csv", "text": self.csv()})

    def _move(self, values):
        """Take values from the browser, in the way that each of them acts."""
        unfinished = not self._run.finished
        # In mid-run only if the reader has started the run: one that a drag has started belongs to
        # the place where the drag ends.
        on_the_way = self._that_act(VIEW) | (self._that_act(NEXT_EPOCH) if self._played else set())
        if unfinished and set(values) <= on_the_way:
            self.state |= self._checked(values)
            for name in self._that_act(NEXT_EPOCH):
                setattr(self._current, name, self.state[name])
            self._show(running=self._running)
        elif self._playable and unfinished and not self._running:  # paused, and so it stays
            self._begin_run(values)
            self._show(running=False)
        else:
            self._take(values)
            self._let_run()

    def _let_run(self, *, single=False):
        """Show what there is, and leave the rest to the worker: all of it, or one epoch."""
        self._single = single
        self._show(running=not self._run.finished)
        if self._running and not self._has_worker_here():
            self._worker = asyncio.get_running_loop().create_task(self._work())
            self._worker.add_done_callback(_raise_again)

    def _has_worker_here(self):
        """Return whether a worker is busy in this thread: one in another may be held up there."""
        worker = self._worker
        here = asyncio.get_running_loop()
        return worker is not None and not worker.done() and worker.get_loop() is here

    async def _work(self):
        """Let the figure run until it is paused, finished or broken."""
        try:
            await self._pull_and_show()
        except Exception:
            with CHANGING, self.hold_sync(), self._reported():
                self._running = False
                raise

    async def _pull_and_show(self):
        """Pull results in a thread, so that sliders and buttons stay alive meanwhile."""
        shown, me = perf_counter(), asyncio.current_task()
        while self._running and self._worker is me:
            run = self._run
            try:
                await _in_thread(run.pull)
            except Exception:
                with CHANGING:
                    if run is self._run:
                        self._show(running=False)
                        raise
            with CHANGING:
                if run is not self._run:
                    continue  # a newer move has dropped this run
                # A pause may have come while the epoch was on its way: show what it brought.
                running = self._running and not run.finished and not self._single
                if not running or perf_counter() - shown > REDRAW:
                    self._show(running=running)
                    shown = perf_counter()

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
        with CHANGING:
            record = base64.b64encode(self._picture.canvas.png()).decode()
        data = {**data, "text/plain": f"{self.title}\n{self._sentence}", "image/png": record}
        return data, {**metadata, "image/png": {"alt": f"{self.title}. {self._sentence}"}}

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.state.items())})"


class _Reported:
    """A context in which an error also shows in the figure's message line, in plain words."""

    def __init__(self, explorer):
        self._explorer = explorer

    def __enter__(self):
        with CHANGING:
            self._explorer.message = ""

    def __exit__(self, kind, error, trace):
        explorer = self._explorer
        if isinstance(error, Exception):
            with CHANGING, explorer.hold_sync():
                explorer.message = str(error) or kind.__name__
                # An error in a run has ended it; a refused value leaves it alone.
                explorer._running &= explorer._run is not None and not explorer._run.finished
        return False


def _raise_again(worker):
    """Hand a worker's error to the event loop: in a task it would be silent."""
    if not worker.cancelled() and worker.exception() is not None:
        raise worker.exception()


async def _in_thread(function):
    if IN_BROWSER:
        await asyncio.sleep(0)
        function()
    else:
        await asyncio.to_thread(function)


def _plain(value):
    """Return a value as a preset holds it: no spaces, no thousands separators, nothing rounded."""
    if isinstance(value, str):
        return value.replace(" ", "_")
    return np.format_float_positional(value, trim="-")
