"""Weigh an argument step by step: a reader marks each step, and only then sees what we say of it.

One may also ask for a verdict without marking. The browser's half is in steps.js.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from reprlib import repr as brief
from typing import Any

import traitlets as t

from exercises.prediction import Result
from exercises.widget import HERE, Told, module

# A verdict is told by a sign and a word, never by a colour alone.
SIGNS = {"valid": "✓", "gap": "◐", "wrong": "✗"}
MARKS = tuple(SIGNS)


@dataclass(frozen=True)
class Step:
    """One step of an argument, what we say of it, and why: a text, or a function that computes one.

    `says` restates the step in a sentence. `verdict` is one of MARKS: *valid*; *gap*, where it is
    true but does not follow, or only under a condition that is not said; *wrong*.
    """

    says: str
    verdict: str
    why: Result

    def __post_init__(self) -> None:
        if self.verdict not in MARKS:
            raise ValueError(f"A verdict is {_one_of(MARKS)}, got {self.verdict!r}.")

    def reason(self) -> str:
        """Return why, computed now if it has to be."""
        return self.why() if callable(self.why) else self.why


class Steps(Told):
    """The steps of an argument, each to be marked. Lists have an entry for each step."""

    _esm = module("steps.js")
    _css = "\n".join((HERE / name).read_text("utf-8") for name in ("prediction.css", "steps.css"))

    question = t.Unicode().tag(sync=True)
    steps: t.List[str] = t.List().tag(sync=True)
    marks: t.List[str] = t.List().tag(sync=True)  # the reader's; "" for none
    verdicts: t.List[str] = t.List().tag(sync=True)  # ours; "" until it is shown
    reasons: t.List[str] = t.List().tag(sync=True)
    message = t.Unicode().tag(sync=True)
    at = t.Int(-1).tag(sync=True)  # the step that the message is about; -1: none of them

    def __init__(self, question: str, steps: Sequence[Step]) -> None:
        none = [""] * len(steps)
        super().__init__(
            question=question, steps=[step.says for step in steps],
            marks=none, verdicts=none, reasons=none,
        )  # fmt: skip
        self._steps = tuple(steps)
        self.on_msg(self._hear)

    def mark(self, number: int, mark: str) -> None:
        """Mark step `number`, counted from 1, and show the verdict.

        Raises ValueError for no such step, no such mark, or a verdict that is shown already.
        """
        index = self._index(number)
        if not isinstance(mark, str) or mark not in MARKS:
            raise ValueError(f"Choose {_one_of(MARKS)} first.")
        if self.verdicts[index]:
            raise ValueError(
                "The verdict stands there already. Run the cell again to start afresh."
            )
        self._show(index, mark)

    def show(self, number: int) -> None:
        """Show the verdict on step `number`, counted from 1, without marking it."""
        index = self._index(number)
        if not self.verdicts[index]:
            self._show(index, "")

    def solution(self) -> list[tuple[str, str, str]]:
        """Return (step, verdict, why) of all steps, for a page of solutions. Nothing is shown."""
        return [(step.says, step.verdict, step.reason()) for step in self._steps]

    def stored(self) -> dict[str, Any]:
        """Return all that a page without Python has to know to ask and to answer."""
        steps, verdicts, reasons = map(list, zip(*self.solution()))
        return {
            "question": self.question,
            "steps": steps,
            "verdicts": verdicts,
            "reasons": reasons,
        }

    def _index(self, number: Any) -> int:
        if not _is_whole(number) or not 1 <= number <= len(self.steps):
            raise ValueError(f"There are steps 1 to {len(self.steps)}; no step {brief(number)}.")
        return number - 1

    def _show(self, index: int, mark: str) -> None:
        step = self._steps[index]
        reason = step.reason()  # may fail: then nothing has been shown
        with self.hold_sync():
            self.marks = _with(self.marks, index, mark)
            self.reasons = _with(self.reasons, index, reason)
            self.verdicts = _with(self.verdicts, index, step.verdict)

    def _hear(self, _: object, content: Any, buffers: object) -> None:
        self.message, self.at = "", -1
        try:
            match content:
                case {"kind": "mark", "step": number, "mark": mark}:
                    self._about(number)
                    self.mark(number, mark)
                case {"kind": "show", "step": number}:
                    self._about(number)
                    self.show(number)
                case _:
                    raise ValueError(
                        "A page can mark a step or ask for its verdict; not what it sent: "
                        f"{brief(content)}."
                    )
        except ValueError as error:  # not a mark, or not any more
            self.message = str(error)
        except Exception as error:
            self.message = f"The verdict could not be computed: {error}"
            raise

    def _about(self, number: Any) -> None:
        self.at = self._index(number)

    def __repr__(self) -> str:
        numbered = (f"  {number}. {says}" for number, says in enumerate(self.steps, 1))
        return "\n".join([self.question, *numbered])


def _with(values: Sequence[str], index: int, value: str) -> list[str]:
    return [value if i == index else one for i, one in enumerate(values)]


def _is_whole(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)


def _one_of(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
