"""What an interactive figure is: state -> result -> picture, sentence, table. No browser in here.

A figure is a subclass of `Figure` that gives the parts named in `CONTRACT`. It is checked and put
into `FIGURES` when its class is made. All that is shown anywhere is drawn from one: in a notebook
(widget.py), in a script, in a test.
"""

import csv
import difflib
import inspect
import io
import re
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from itertools import zip_longest
from threading import RLock
from types import MappingProxyType, SimpleNamespace
from typing import Any, ClassVar, Protocol

from explorers.canvas import WIDTHS, Canvas
from explorers.controls import ANEW, NEXT_EPOCH, VIEW, Control
from explorers.formats import full, plain, short
from explorers.run import Phase, Run

# What a figure has to provide, and what it is. Words and rows are for readers: no nan, no ∞, no
# unrounded number. Columns hold finite numbers, or "" where there is none. In a picture, what has
# another meaning differs by more than its colour.
CONTRACT = {
    "name": "the first word of its preset string and of saved files",
    "title": "what is seen, in a line",
    "controls": "what can be moved, of Control, in reading order",
    "Picture": "Picture(width) has a `canvas` and draw(result, **view)",
    "compute": "compute(**state) yields results, the first one quickly, each more complete",
    "describe": "describe(result, **view) returns the finding in words, each number computed",
    "tabulate": "tabulate(result, **view) returns the numbers behind it: (what, value as text)",
    "columns": "columns(result, **view) returns the data behind the curves: {name: values}",
}
# ... and besides if one of its controls acts in the NEXT_EPOCH: then it has Play, Pause and Step.
OF_A_PLAYED_ONE = {"progress": "progress(result) returns (epochs done, epochs in all)"}
# What it may have besides.
AT_WILL = {"stored": "stored(**state) returns the last result of a run that is stored, or None"}

PARTS = frozenset(CONTRACT | OF_A_PLAYED_ONE | AT_WILL)

FIGURES: "dict[str, type[Figure]]" = {}  # name -> class; see explorers.all_figures

# JupyterLab's first messages are heard in the thread in which cells run, the later ones in another.
# So whoever changes what figures show holds this. It is one for all figures, because Matplotlib is
# not made for several threads. Nobody computes for long while holding it.
CHANGING = RLock()


class Drawn(Protocol):
    """What a figure's Picture has, made once for a width: artists to be updated in place."""

    canvas: Canvas
    draw: Callable[..., None]  # draw(result, **view)

    def __init__(self, width: int) -> None: ...


class Handle:
    """One control of one figure, as code sees it: `figure.eta.value = 0.5`."""

    def __init__(self, figure: "Figure", control: Control):
        self._figure, self.control = figure, control

    @property
    def value(self) -> Any:
        return self._figure.state[self.control.name]

    @value.setter
    def value(self, value: Any) -> None:
        self._figure.set(**{self.control.name: value})

    def __repr__(self) -> str:
        return f"{self.control.name} = {full(self.value)}"


class Figure:
    """An interactive figure. Subclasses give the parts of the CONTRACT, and nothing else.

    Those that are functions may stand beside the class: `class MyFigure(Figure, parts=globals())`
    takes them from its file by their names, and the Picture too.

    Set from Python, a value takes effect at once: when the line returns, all is computed and
    `figure.sentence` says what is seen. Whoever shows the figure (`viewers`) is told.

    What a change of a control does is said by its `acts`. Controls that act ANEW are handed to
    `compute`. If some act in the NEXT_EPOCH, `compute` gets them as attributes of `current`, which
    it reads at each epoch. Controls that act on the VIEW are handed to those of `draw`, `describe`,
    `tabulate` and `columns` that name them.

    If a state has a `stored` result, it is shown at once, as if it had just been computed. Reset,
    Play and Step compute in any case.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    controls: ClassVar[tuple[Control, ...]]
    Picture: ClassVar[type[Drawn]]
    compute: ClassVar[Callable[..., Iterator]]
    describe: ClassVar[Callable[..., str]]
    tabulate: ClassVar[Callable[..., list]]
    columns: ClassVar[Callable[..., dict]]
    buttons: ClassVar[tuple[tuple[str, str], ...]] = ()  # (method, text on it), without arguments
    presets: ClassVar[tuple[tuple[str, str], ...]] = ()  # (name, what is not at its default)
    also_viewed: ClassVar[tuple[str, ...]] = ()  # what `view` adds to the controls on the VIEW
    quick: ClassVar[str] = ""  # settings, as in a preset, with which a whole run is short
    is_playable: ClassVar[bool] = False  # set with the class, from its controls
    computes_later: ClassVar[bool] = False  # show the first result, and let the rest come

    _named: ClassVar[dict[str, tuple[str, ...]]]  # part -> what of the view it names

    @staticmethod
    def progress(result: Any) -> tuple[int, int]:
        return 0, 0

    @staticmethod
    def stored(**state: Any) -> Any:
        return None

    def __init_subclass__(
        cls, *, parts: Mapping[str, Any] = MappingProxyType({}), registered: bool = True
    ):
        """Take from `parts`, {name: part}, what the class itself does not have."""
        super().__init_subclass__()
        for name in parts.keys() & PARTS - vars(cls).keys():
            part = parts[name]
            setattr(cls, name, part if name == "Picture" else staticmethod(part))
        _check(cls, parts)
        if registered:
            FIGURES[cls.name] = cls

    def __init__(self, **state: Any):
        for control in self.controls:
            setattr(self, control.name, Handle(self, control))
        self._pictures: dict[int, Drawn] = {}
        self._projector = False
        self.viewers: list = []  # each with show() and say(), for all of it and the message alone
        self.message = ""  # what went wrong, in plain words
        self.covers: tuple = ()  # questions (`question`, `is_open`) to be answered first
        self.state = self.defaults()
        self.run: Run
        if self.computes_later:
            with self.reported():
                self._begin(state)
                self.run.go(Phase.COMPUTING)
        else:
            self.set(**state)

    # What code can do with it.

    def set(self, **values: Any) -> None:
        """Set controls by name and compute everything before returning.

        Controls that act on the VIEW alone leave a run where it is. Raises ValueError, in words
        that also stand in `message`, if a value is not one that its control can have; then all
        stays as it was.
        """
        with self.reported():
            if self._only_the_view(values):
                with CHANGING:
                    self.state |= self._checked(values)
                    self.show()
            else:
                with CHANGING:
                    self._begin(values)
                self.finish()

    def restart(self) -> None:
        """Go back to where nothing is trained yet, and stay there."""
        with CHANGING, self.reported():
            self._begin({}, live=True)
            self.show()

    def step(self) -> None:
        """Train one epoch more, if there is one."""
        with self.reported():
            run = self._answered()
            try:
                run.step()
            finally:  # also after an error: the state is that of this run
                self.show()

    def finish(self) -> None:
        """Compute what is left to compute."""
        with self.reported():
            try:
                self.run.finish()
            finally:
                self.show()

    def reset(self) -> None:
        """Put every control back to where it stood at first."""
        self.set(**self.defaults())

    def apply(self, preset: str) -> None:
        """Set the controls from a preset string, such as another figure shows."""
        with self.reported():
            self.set(**self.parsed(preset))

    @property
    def result(self) -> Any:
        """What `compute` has found so far, for calculations of one's own."""
        return self._answered().result

    @property
    def sentence(self) -> str:
        """The finding in plain words."""
        self._answered()
        return self.part("describe")

    @property
    def table(self) -> list[tuple[str, str]]:
        """The numbers behind the finding, as pairs (what it is, value as text)."""
        self._answered()
        return self.part("tabulate")

    @property
    def numbers(self) -> dict[str, str]:
        """The same as {what it is: value as text}."""
        return dict(self.table)

    @property
    def preset(self) -> str:
        """The whole state as a string: `apply` takes it, here or elsewhere."""
        return self.preset_of(self.state)

    @classmethod
    def preset_of(cls, state: Mapping[str, Any]) -> str:
        return " ".join([cls.name, *(f"{k}={plain(v)}" for k, v in state.items())])

    def csv(self) -> str:
        """Return the data behind the curves as CSV text; shorter columns end in empty cells."""
        self._answered()
        columns = self.part("columns")
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip_longest(*columns.values(), fillvalue=""))
        return file.getvalue()

    def drawn(self, width: int = WIDTHS[-1]) -> Canvas:
        """Return the picture as things stand, laid out for one of the WIDTHS, or a SLIDE."""
        with CHANGING:
            picture = self.picture(width)
            picture.draw(self.run.result, **self._named_by("draw"))
            return picture.canvas

    def picture(self, width: int = WIDTHS[-1]) -> Drawn:
        """Return the Picture of this width, as it was last drawn."""
        if width not in self._pictures:
            self._pictures[width] = picture = self.Picture(width)
            picture.canvas.lay_out()
        return self._pictures[width]

    @property
    def projector(self) -> bool:
        """Whether it is shown with letters for the back row."""
        return self._projector

    @projector.setter
    def projector(self, on: bool) -> None:
        self._projector = bool(on)
        self.show()

    @property
    def is_covered(self) -> bool:
        """Whether a reader is to guess first what it shows."""
        return any(question.is_open for question in self.covers)

    def uncover(self) -> None:
        """Show it, whatever was to be guessed first."""
        self.covers = ()
        self.show()

    def __setattr__(self, name: str, value: Any) -> None:
        is_control = any(control.name == name for control in self.controls)
        if is_control and not isinstance(value, Handle):
            raise AttributeError(f"{name} is a control: write .{name}.value = {value!r}.")
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.state.items())})"

    # What those can do who show it, and see to it that a run which goes on is pulled.

    def view(self) -> dict[str, Any]:
        """Return what `draw`, `describe`, `tabulate` and `columns` can name beside the result.

        These are the controls that act on the VIEW; a figure with more to show adds to them what
        it has in `also_viewed`.
        """
        return {name: self.state[name] for name in self.that_act(VIEW)}

    def part(self, name: str) -> Any:
        """Return what `describe`, `tabulate` or `columns` make of the run as far as it has come."""
        return getattr(self, name)(self.run.result, **self._named_by(name))

    def move(self, values: Mapping[str, Any]) -> None:
        """Take values as from sliders, each as it acts, and leave the computing to who pulls.

        A run that the reader has taken in hand, with Play, Step or Reset, stays there to its end:
        η and λ act from its next epoch, and any other move begins it anew, to go on if it was
        playing and else to wait. All other moves show what comes of them, trained, and so do
        Defaults and presets (`present`), whatever was in hand.
        """
        phase = self.run.phase
        of_the_epoch = self.that_act(NEXT_EPOCH) if phase.is_the_readers else frozenset()
        if set(values) <= self.that_act(VIEW) | of_the_epoch:
            self.state |= self._checked(values)
            vars(self.run.current).update({name: self.state[name] for name in of_the_epoch})
        elif self.is_playable and (phase is Phase.READY or phase.is_the_readers):
            self._begin(values, live=True)
            self.run.go(Phase.PLAYING if phase is Phase.PLAYING else Phase.READY)
        else:
            self._begin(values)
            self.run.go(Phase.COMPUTING)
        self.show()

    def present(self, state: Mapping[str, Any]) -> None:
        """Show a state as the figure shows its first: trained, and no more in anyone's hand."""
        self._begin(state)
        self.run.go(Phase.COMPUTING)
        self.show()

    def go(self, phase: Phase) -> None:
        """Let the run take up a phase. One that is over begins anew if it is to go on."""
        if self.run.phase.is_over and phase in (Phase.PLAYING, Phase.COMPUTING):
            self._begin({}, live=True)
        self.run.go(phase)
        self.show()

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        return {control.name: control.default for control in cls.controls}

    @classmethod
    def state_with(cls, settings: str) -> dict[str, Any]:
        """Return the defaults, but for settings as in a preset: "eta=0.5 lmbda=10"."""
        return cls.defaults() | cls._checked(cls.parsed(f"{cls.name} {settings}"))

    @classmethod
    def quick_state(cls) -> dict[str, Any]:
        """Return the defaults, but for what makes a whole run short."""
        return cls.state_with(cls.quick)

    @classmethod
    def named_presets(cls) -> dict[str, str]:
        """Return {name: preset string of the whole state} of the `presets`."""
        return {name: cls.preset_of(cls.state_with(settings)) for name, settings in cls.presets}

    @classmethod
    def computing(cls, state: Mapping[str, Any]) -> tuple[Iterator, SimpleNamespace]:
        """Return (the results in a state, what they take their next epoch's settings from)."""
        arguments = {name: state[name] for name in cls.that_act(ANEW)}
        current = SimpleNamespace(**{name: state[name] for name in cls.that_act(NEXT_EPOCH)})
        if cls.is_playable:
            arguments["current"] = current
        return cls.compute(**arguments), current

    @classmethod
    def parsed(cls, preset: str) -> dict[str, str]:
        """Return the values in a preset string, or say in a ValueError what is wrong with it."""
        name, *pairs = preset.split() or [""]
        if name != cls.name:
            raise ValueError(
                f"A preset for this figure starts with {cls.name!r}, not {short(name)}."
            )
        if bad := [pair for pair in pairs if "=" not in pair]:
            raise ValueError(f"In the preset, {short(bad[0])} should read name=value.")
        return dict(pair.split("=", 1) for pair in pairs)

    @classmethod
    def control(cls, name: str) -> Control:
        """Return the control of this name, or say in a ValueError which there are."""
        controls = {control.name: control for control in cls.controls}
        if name not in controls:
            known = ", ".join(controls)
            raise ValueError(f"There is no control {short(name)} here; there are {known}.")
        return controls[name]

    @classmethod
    def that_act(cls, when: str) -> frozenset[str]:
        """Return the names of the controls that act ANEW, in the NEXT_EPOCH or on the VIEW."""
        return frozenset(control.name for control in cls.controls if control.acts == when)

    @classmethod
    def without_view(cls, state: Mapping[str, Any]) -> dict[str, Any]:
        """Return what of a state a run hangs on: all but the controls that act on the VIEW."""
        return {name: value for name, value in state.items() if name not in cls.that_act(VIEW)}

    def show(self) -> None:
        """Tell all who show it that it has changed."""
        with CHANGING:
            for viewer in self.viewers:
                viewer.show()

    @contextmanager
    def reported(self) -> Iterator[None]:
        """Make an error that is raised in this context the figure's `message` too."""
        before, self.message = self.message, ""
        try:
            yield
        except Exception as error:
            self.message = str(error) or type(error).__name__
            raise
        finally:
            if self.message or before:  # the same words again too: a page has heard "" meanwhile
                with CHANGING:
                    for viewer in self.viewers:
                        viewer.say()

    # state -> result

    def _answered(self) -> Run:
        """Return the run; one that a change has set off is finished first, for who asks of it."""
        if self.run.phase is Phase.COMPUTING:
            self.finish()
        return self.run

    def _named_by(self, part: str) -> dict[str, Any]:
        view = self.view()
        return {name: view[name] for name in self._named[part]}

    @classmethod
    def _checked(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return `values` as the controls hold them, or say in a ValueError what is wrong."""
        controls = {name: cls.control(name) for name in values}  # complains of a strange name first
        return {name: controls[name].checked(value) for name, value in values.items()}

    def _only_the_view(self, values: Mapping[str, Any]) -> bool:
        return hasattr(self, "run") and bool(values) and set(values) <= self.that_act(VIEW)

    def _begin(self, values: Mapping[str, Any], *, live: bool = False) -> None:
        """Begin a new run. If it has no first result, all stays.

        A run that is to be watched from its beginning is computed `live`, even if it is stored.
        """
        state = self.state | self._checked(values)
        run = None if live else self._stored(state)
        self.run, self.state = run or Run(*self.computing(state), self._is_last), state

    @classmethod
    def _is_last(cls, result: Any) -> bool:
        done, epochs = cls.progress(result)
        return 0 < epochs <= done

    @classmethod
    def _stored(cls, state: Mapping[str, Any]) -> Run | None:
        """Return a run that is over at once, with the stored result of a state, if there is one."""
        result = cls.stored(**cls.without_view(state))
        if result is None:
            return None
        run = Run([result], SimpleNamespace())
        run.finish()
        return run


# The contract, checked.


def _check(cls: type[Figure], parts: Mapping[str, Any]) -> None:
    """Raise a TypeError that names the part which is missing from a figure, or does not fit."""
    for part in CONTRACT:
        _demand(cls, part, parts)
    cls.is_playable = bool(cls.that_act(NEXT_EPOCH))
    if cls.is_playable and cls.progress is Figure.progress:
        raise TypeError(f"{cls.__name__} has no `progress`: {OF_A_PLAYED_ONE['progress']}.")
    if not re.fullmatch(r"[a-z][a-z0-9-]*", cls.name):
        raise TypeError(f"{cls.__name__}.name must be words joined by -, not {cls.name!r}.")
    taken = FIGURES.get(cls.name)
    if taken is not None and taken.__name__ != cls.__name__:
        raise TypeError(f"{cls.__name__}.name is {cls.name!r}, which is {taken.__name__}'s.")
    for control in cls.controls:
        if hasattr(Figure, control.name) or control.name in ("run", "state", "viewers", "message"):
            raise TypeError(f"{cls.__name__}: no control can be called {control.name!r}, "
                            "which is a name that each figure has.")  # fmt: skip
    _check_parameters(cls)
    cls.quick_state()
    for name, settings in cls.presets:
        try:
            cls.state_with(settings)
        except ValueError as error:
            raise TypeError(f"{cls.__name__} has the preset {name!r}: {error}") from error
    if lost := [method for method, _ in cls.buttons if not callable(getattr(cls, method, None))]:
        raise TypeError(f"{cls.__name__} has a button for `{lost[0]}`, but no such method.")


def _demand(cls: type[Figure], part: str, parts: Mapping[str, Any]) -> None:
    if not hasattr(cls, part):
        given = vars(cls) | parts
        own = [name for name in given if not name.startswith("_") and name not in CONTRACT]
        near = difflib.get_close_matches(part, own, n=1)
        meant = f" Is that what {near[0]!r} is meant to be?" if near else ""
        raise TypeError(f"{cls.__name__} has no `{part}`: {CONTRACT[part]}.{meant}")


def _check_parameters(cls: type[Figure]) -> None:
    """Compare what the parts name with what the controls give them."""
    for part in ("compute", "describe", "tabulate", "columns", "progress", "stored"):
        if not isinstance(inspect.getattr_static(cls, part), staticmethod | classmethod):
            raise TypeError(f"{cls.__name__}.{part} must be a staticmethod: it gets no figure.")
    anew = cls.that_act(ANEW) | ({"current"} if cls.is_playable else set())
    named = set(_keywords(cls.compute))
    _complain(cls, "compute", named - anew, anew)
    if missing := anew - named:
        raise TypeError(
            f"{cls.__name__}.compute(*, {', '.join(sorted(anew))}) must name each control that "
            f"acts anew, after a *; it does not name {', '.join(sorted(missing))}."
        )
    view = cls.that_act(VIEW) | set(cls.also_viewed)
    cls._named = {}
    for part in ("draw", "describe", "tabulate", "columns"):
        function = cls.Picture.draw if part == "draw" else getattr(cls, part)
        cls._named[part] = _keywords(function)
        _complain(cls, part, set(cls._named[part]) - view, view)
    if idle := view - {name for names in cls._named.values() for name in names}:
        raise TypeError(
            f"{cls.__name__} has {', '.join(sorted(idle))}, which no part names after a *."
        )


def _complain(cls: type[Figure], part: str, strange: set[str], known: Set[str]) -> None:
    if strange:
        raise TypeError(
            f"{cls.__name__}.{part} names {', '.join(sorted(strange))}; by what its controls act "
            f"on, it gets {', '.join(sorted(known)) or 'none'}."
        )


def _keywords(function: Callable) -> tuple[str, ...]:
    """Return the names that a part asks for, its keyword-only parameters."""
    parameters = inspect.signature(function).parameters.values()
    return tuple(p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY)
