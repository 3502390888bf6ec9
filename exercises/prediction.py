"""Predict, then see: a reader commits to a guess, and only then the result appears beside it.

One may also ask for the result without guessing. A prediction is a widget of its own, with the
browser's half in prediction.js, which remembers a guess for when the page is opened again. Figures
that give the result away stay covered until then.
"""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
import traitlets as t

from exercises.widget import HERE, Told, module

# reading/stored.js has the same two.
_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")

Result = str | Callable[[], str]


class Coverable(Protocol):
    """A figure, as far as a prediction has to know one."""

    covers: tuple

    def show(self) -> None: ...


Figure = TypeVar("Figure", bound=Coverable)


class Prediction(Told):
    """Base of `Choice` and `Guess`. `result` is a text, or a function that computes one."""

    _esm = module("prediction.js")
    _css = HERE / "prediction.css"

    _newest: ClassVar[dict[str, "Prediction"]] = {}  # of each question

    question = t.Unicode().tag(sync=True)
    options: t.List[str] = t.List().tag(sync=True)  # empty: a number is asked for
    unit = t.Unicode().tag(sync=True)
    guess = t.Unicode().tag(sync=True)  # what was committed to, as text
    outcome = t.Unicode().tag(sync=True)  # what the reader sees afterwards; empty until then
    verdict = t.Enum(["", "right", "wrong"], "").tag(sync=True)  # on the guess
    message = t.Unicode().tag(sync=True)

    def __init__(self, question: str, result: Result, **traits: Any) -> None:
        super().__init__(question=question, **traits)
        self._result = result
        asked_before = self._newest.get(question)
        self._covered: list[Coverable] = asked_before._covered if asked_before else []
        self._newest[question] = self
        self.on_msg(self._hear)

    @property
    def is_open(self) -> bool:
        """Whether the result of this question is still to be seen, here or where it is asked again.

        A reader who runs the cell once more answers the newest one.
        """
        return not self._newest[self.question].outcome

    def covers(self, figure: Figure) -> Figure:
        """Return the figure, which is covered until this question has been answered."""
        figure.covers = (*figure.covers, self)
        self._covered.append(figure)
        return figure

    def commit(self, guess: Any) -> None:
        """Commit to a guess and show the result beside it; raises ValueError for no guess."""
        if self.outcome:
            raise ValueError("The result stands there already. Press “Guess again” first.")
        self.guess = self._checked(guess)
        outcome = self._compared(self._measured())
        with self.hold_sync():
            self.outcome, self.verdict = outcome, "right" if self._is_right() else "wrong"
        self._show_figures()

    def show(self) -> None:
        """Show the result without guessing."""
        self.outcome = self._told(self._measured())
        self._show_figures()

    def again(self) -> None:
        """Forget the guess, and cover the result."""
        with self.hold_sync():
            self.guess = self.outcome = self.verdict = self.message = ""
        self._show_figures()

    def stored(self) -> dict[str, Any]:
        """Return all that a page without Python has to know to ask and to answer. Nothing is shown.

        `measured` are the words about the result.
        """
        return {
            "question": self.question,
            "options": self.options,
            "unit": self.unit,
            "measured": self._measured(),
        }

    def _show_figures(self) -> None:
        for figure in self._covered:
            figure.show()

    def _checked(self, guess: Any) -> str:
        raise NotImplementedError

    def _compared(self, measured: str) -> str:
        raise NotImplementedError

    def _is_right(self) -> bool:
        raise NotImplementedError

    def _told(self, measured: str) -> str:
        return measured

    def _measured(self) -> str:
        return self._result() if callable(self._result) else self._result

    def _hear(self, _: object, content: dict, buffers: object) -> None:
        self.message = ""
        try:
            match content:
                case {"kind": "commit", "guess": guess}:
                    self.commit(guess)
                case {"kind": "show"}:
                    self.show()
                case {"kind": "again"}:
                    self.again()
        except ValueError as error:  # not a guess, or not any more
            self.message = str(error)
        except Exception as error:
            self.message = f"The result could not be computed: {error}"
            raise

    def __repr__(self) -> str:
        return "\n".join([self.question, *(f"  ( ) {option}" for option in self.options)])


class Choice(Prediction):
    """A guess among options. `right` is the option that the result bears out."""

    def __init__(
        self, question: str, options: Sequence[str], result: Result, *, right: str
    ) -> None:
        if right not in options:
            raise ValueError(f"right must be one of the options, got {right!r}.")
        super().__init__(question, result, options=list(options))
        self._right = right

    def stored(self) -> dict[str, Any]:
        """Return the same, and which option is `right`."""
        return super().stored() | {"right": self._right}

    def _checked(self, guess: Any) -> str:
        if guess not in self.options:
            raise ValueError("Choose one of the answers first.")
        return guess

    def _compared(self, measured: str) -> str:
        return f"You said “{self.guess}”. {measured}"

    def _is_right(self) -> bool:
        return self.guess == self._right


class Guess(Prediction):
    """A guessed number. `value` returns the measured one, `result` the words about it.

    A guess is right if it is no further off than `close`, in the unit of the value.
    """

    def __init__(
        self,
        question: str,
        result: Result,
        *,
        value: float | Callable[[], float],
        close: float,
        unit: str = "",
    ) -> None:
        super().__init__(question, result, unit=unit)
        self._value, self._close = value, close

    def stored(self) -> dict[str, Any]:
        """Return the same, the measured `value`, and how far off is `close` enough."""
        return super().stored() | {"value": self._right(), "close": self._close}

    def _checked(self, guess: Any) -> str:
        return in_full(typed_number(guess))

    def _told(self, measured: str) -> str:
        return f"It is {self._in_words()}. {measured}"

    def _compared(self, measured: str) -> str:
        close = f"({self._with_unit(in_full(self._close))} off is close enough)"
        return (
            f"You said {self._with_unit(self.guess)} {close}; it is {self._in_words()}. {measured}"
        )

    def _is_right(self) -> bool:
        return abs(float(self.guess) - self._right()) <= self._close

    def _right(self) -> float:
        return self._value() if callable(self._value) else self._value

    def _in_words(self) -> str:
        return self._with_unit(in_full(self._right(), 3))

    def _with_unit(self, number: str) -> str:
        return f"{number} {self.unit}" if self.unit else number


def typed_number(guess: Any) -> float:
    """Return the number that a reader has typed; raises ValueError if it is none."""
    text = str(guess).strip().removesuffix("%").strip()
    # As in 50,000; and 0,5 is welcome too.
    text = text.replace(",", "" if _GROUPED.fullmatch(text) else ".")
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(number):
        raise ValueError(f"A number is asked for, such as 0.5; got “{guess}”.")
    return number


def in_full(number: float, precision: int = 12) -> str:
    """Return a number as text, without an exponent."""
    return np.format_float_positional(number, precision, fractional=False, trim="-")
