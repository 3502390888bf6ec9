"""An exercise: its question, its hints, a solution, and a check of answers."""

import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn

import numpy as np

from exercises.card import Card

OPEN = "Your turn."  # begins the verdict on no answer
SECONDS = 2.0  # an answer that computes for longer is stopped


class Wrong(Exception):
    """An answer that is not right yet. Its message says what is wrong, never what is right.

    One that `refuse` raises has the `slips` that it knows, and the tolerances of the comparison.
    """

    slips: Sequence[tuple[float, str]] = ()
    rel_tol = abs_tol = 0.0


class Unanswered(Wrong):
    """Nothing has been filled in yet. Its message says what is missing."""


class TooSlow(BaseException):
    """An answer that ran longer than it may. No `except Exception` in the answer can swallow it."""


@dataclass(frozen=True)
class Exercise:
    """`judge(answer)` returns words of praise, or raises `Wrong` with what to look at."""

    question: str
    hints: tuple[str, ...]
    solution: str
    judge: Callable[[Any], str]

    def check(self, answer: Any) -> Card:
        """Return a card that says whether `answer` is right, and what to look at if it is not.

        It never fails. Hints and a solution are a click away on it.
        """
        verdict = self.verdict(answer)
        return Card(
            verdict,
            self.hints,
            self.solution,
            is_right=verdict.startswith("Right."),
            is_open=verdict.startswith(OPEN),
        )

    def verdict(self, answer: Any) -> str:
        """Return what `check` says."""
        try:
            return f"Right. {self.judge(answer)}"
        except Unanswered as unanswered:
            return f"{OPEN} {unanswered}"
        except Wrong as wrong:
            return f"Not yet. {wrong}"
        except TooSlow:
            return f"Not yet. Your answer ran for over {SECONDS:g} seconds: is a loop endless?"
        except (Exception, SystemExit) as error:
            if "for ^" in str(error):
                return "Not yet. In Python a power is written **, not ^."
            return f"Not yet. Your answer stopped with {type(error).__name__}: {error}"

    def __repr__(self) -> str:
        return self.question


def ask(function: Callable, *arguments: Any) -> Any:
    """Call a reader's function, but not for longer than SECONDS."""
    with _time_limit(SECONDS):
        return function(*arguments)


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise TooSlow in Python code that runs for longer than `seconds`."""
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        yield from _stopped_by_alarm(seconds)
    else:  # Windows, and Python in the browser
        yield from _stopped_by_trace(seconds)


def _stopped_by_alarm(seconds: float) -> Iterator[None]:
    def ring(*_: object) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)  # rings again if it was swallowed
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _stopped_by_trace(seconds: float) -> Iterator[None]:
    end, before = time.monotonic() + seconds, sys.gettrace()

    def look(frame: FrameType, event: str, argument: Any) -> Any:
        if time.monotonic() > end:
            raise TooSlow
        return look

    sys.settrace(look)
    try:
        yield
    finally:
        sys.settrace(before)


_SEED: ContextVar[int | None] = ContextVar("seed", default=None)


def draws() -> np.random.Generator:
    """Return what a judge draws its inputs from: other ones each time, but for `seeded`."""
    return np.random.default_rng(_SEED.get())


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let all judges draw the same inputs each time, as homework has to."""
    token = _SEED.set(seed)
    try:
        yield
    finally:
        _SEED.reset(token)


def refuse(
    value: float,
    slips: Sequence[tuple[float, str]],
    otherwise: str,
    *,
    rel_tol: float,
    abs_tol: float = 0.0,
) -> NoReturn:
    """Raise `Wrong` with the words of the first slip that `value` is close to, else `otherwise`.

    `slips` are pairs (the number that a plausible mistake gives, what to look at).
    """
    near = (words for slip, words in slips
            if math.isclose(value, slip, rel_tol=rel_tol, abs_tol=abs_tol))  # fmt: skip
    wrong = Wrong(next(near, otherwise))
    wrong.slips, wrong.rel_tol, wrong.abs_tol = slips, rel_tol, abs_tol
    raise wrong


def as_number(value: Any, meaning: str) -> float:
    """Return `value` as a float, or say in a `Wrong` what a number of this meaning looks like."""
    if value is None or value is ...:
        raise Unanswered(f"{meaning[0].upper()}{meaning[1:]} is missing.")
    if isinstance(value, str):
        raise Wrong(f"{meaning.capitalize()} should be a number, without quotes: {value!r}.")
    try:
        return float(value)
    except (TypeError, ValueError):
        raise Wrong(f"{meaning.capitalize()} should be a number, but is {shown(value)}.") from None


def shown(value: object) -> str:
    """Return what a reader handed in, for a message: in full if it is short, else its kind."""
    text, kind = repr(value), type(value).__name__
    return f"of type {kind}" if "\n" in text or len(text) > 80 else f"{text} ({kind})"
