"""What stands under an answer that was checked: the verdict, and hints and a solution on request.

The browser's half is card.js. A hint leaves Python only when the reader asks for it, so a notebook
that was run from top to bottom has none of them in it.
"""

from collections.abc import Sequence

import traitlets as t

from exercises.widget import HERE, Told, module


class Card(Told):
    """`verdict` in words, and whether the answer `is_right` or, not given yet, `is_open`."""

    _esm = module("card.js")
    _css = HERE / "prediction.css"

    verdict = t.Unicode().tag(sync=True)
    is_right = t.Bool().tag(sync=True)
    is_open = t.Bool().tag(sync=True)
    count = t.Int().tag(sync=True)  # of the hints that there are
    hints: t.List[str] = t.List().tag(sync=True)  # asked for so far
    solution = t.Unicode().tag(sync=True)  # empty until it is asked for

    def __init__(
        self, verdict: str, hints: Sequence[str], solution: str, *, is_right: bool, is_open: bool
    ) -> None:
        super().__init__(verdict=verdict, is_right=is_right, is_open=is_open, count=len(hints))
        self._hints, self._solution = tuple(hints), solution
        self.on_msg(self._hear)

    def hint(self) -> None:
        """Show one hint more; the first is the gentlest. After the last there is nothing to do."""
        self.hints = list(self._hints[: len(self.hints) + 1])

    def solve(self) -> None:
        """Show a solution."""
        self.solution = self._solution

    def _hear(self, _: object, content: dict, buffers: object) -> None:
        match content:
            case {"kind": "hint"}:
                self.hint()
            case {"kind": "solution"}:
                self.solve()

    def __repr__(self) -> str:
        return self.verdict
