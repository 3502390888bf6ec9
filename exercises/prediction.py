"""Predict, then see: a reader commits to a guess, and only then the result appears beside it.

One may also ask for the result without guessing. A prediction is a widget of its own, with the
browser's half in prediction.js.
"""

import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets as t

HERE = Path(__file__).parent
EXPLORERS = HERE.parent / "explorers"

Result = str | Callable[[], str]


class Prediction(anywidget.AnyWidget):
    """Base of `Choice` and `Guess`. `result` is a text, or a function that computes one."""

    _esm = "\n".join(
        path.read_text("utf-8") for path in (EXPLORERS / "page.js", HERE / "prediction.js")
    )
    _css = HERE / "prediction.css"

    question = t.Unicode().tag(sync=True)
    options: t.List[str] = t.List().tag(sync=True)  # empty: a number is asked for
    unit = t.Unicode().tag(sync=True)
    guess = t.Unicode().tag(sync=True)  # what was committed to, as text
    outcome = t.Unicode().tag(sync=True)  # what the reader sees afterwards; empty until then
    message = t.Unicode().tag(sync=True)

    def __init__(self, question: str, result: Result, **traits: Any) -> None:
        super().__init__(question=question, **traits)
        self._result = result
        self.on_msg(self._hear)

    def commit(self, guess: Any) -> None:
        """Commit to a guess and show the result beside it; raises ValueError for no guess."""
        if self.outcome:
            raise ValueError("The result stands there already. Run the cell again to start afresh.")
        self.guess = self._checked(guess)
        self.outcome = self._compared(self._measured())

    def show(self) -> None:
        """Show the result without guessing."""
        self.outcome = self._told(self._measured())

    def _checked(self, guess: Any) -> str:
        raise NotImplementedError

    def _compared(self, measured: str) -> str:
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
        except ValueError as error:  # not a guess, or not any more
            self.message = str(error)
        except Exception as error:
            self.message = f"The result could not be computed: {error}"
            raise

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        return {**data, "text/plain": repr(self)}, metadata

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

    def _checked(self, guess: Any) -> str:
        if guess not in self.options:
            raise ValueError("Choose one of the answers first.")
        return guess

    def _compared(self, measured: str) -> str:
        if self.guess == self._right:
            return f"You said “{self.guess}”, and so it is. {measured}"
        return f"You said “{self.guess}”. It comes out otherwise: {measured}"


class Guess(Prediction):
    """A guessed number. `value` returns the measured one, `result` the words about it."""

    def __init__(
        self,
        question: str,
        result: Result,
        *,
        value: float | Callable[[], float],
        unit: str = "",
    ) -> None:
        super().__init__(question, result, unit=unit)
        self._value = value

    def _checked(self, guess: Any) -> str:
        text = str(guess).strip().removesuffix("%").strip()
        if re.fullmatch(r"\d{1,3}(,\d{3})+", text):
            text = text.replace(",", "")  # 50,000
        try:
            number = float(text.replace(",", "."))  # 0,5 is welcome too
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise ValueError(f"A number is asked for, such as 0.5; got {guess!r}.")
        return _in_full(number)

    def _told(self, measured: str) -> str:
        return f"It is {self._right()}. {measured}"

    def _compared(self, measured: str) -> str:
        return f"You said {self._with_unit(self.guess)}; it is {self._right()}. {measured}"

    def _right(self) -> str:
        value = self._value() if callable(self._value) else self._value
        return self._with_unit(_in_full(value, 3))

    def _with_unit(self, number: str) -> str:
        return f"{number} {self.unit}" if self.unit else number


def _in_full(number: float, precision: int = 12) -> str:
    return np.format_float_positional(number, precision, fractional=False, trim="-")
