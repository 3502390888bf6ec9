"""What a question of the homework checks, in numbers: inputs, what is right, likely slips.

Trials are taken from an exercise as it is. Its judge is given the solution's answers, one of them
spoilt, and says in return which slips it knows for that input. So a check that a student can read
has numbers in it, and no formula.
"""

import ast
import inspect
import math
import textwrap
from dataclasses import dataclass, replace

import numpy as np

from classroom.homework.answers import plain
from exercises.exercise import Wrong, seeded

SEED = 2015  # the same trials in each build
HIDDEN = 6  # trials of a function, beside the one that is shown


@dataclass(frozen=True)
class Part:
    """A number to be compared. `right` is None where students are not to know it.

    `slips` are pairs (the number that a plausible mistake gives, what to look at).
    """

    right: float | None
    slips: tuple[tuple[float, str], ...]
    rel_tol: float


@dataclass(frozen=True)
class Trial:
    """An input of a function, and what it returns. An answer that is a number has no input."""

    arguments: tuple | None
    parts: tuple[Part, ...]


def defined(solution):
    """Return what the last statement of a solution defines."""
    names = {}
    exec(solution, names)
    return list(names.values())[-1]


def trials(exercise):
    """Return (the trials that students see, the hidden ones).

    Raises ValueError for an exercise whose judge does not compare numbers.
    """
    answer = defined(exercise.solution)
    try:
        if not callable(answer):
            part = _known(exercise, _spoilt(answer))
            return [Trial(None, (_without(part, answer),))], [
                Trial(None, (replace(part, right=answer),))
            ]
        # From all that the judge tries: it may begin with the easier inputs.
        first, *others = np.linspace(0, _calls(exercise, answer) - 1, 1 + HIDDEN, dtype=int)
        return [_call(exercise, answer, first)], [_call(exercise, answer, n) for n in others]
    except TypeError:
        raise _unfit(exercise) from None


def _unfit(exercise):
    return ValueError(
        f"This exercise is not for homework: its judge does not compare numbers by `refuse`. Take "
        f"another one than “{exercise.question}”"
    )


def _without(part, right):
    """Return a part that students may see: no slip in it is the right number with another sign."""
    slips = [(slip, words) for slip, words in part.slips if not math.isclose(-slip, right)]
    return replace(part, slips=tuple(slips))


def _calls(exercise, solution):
    """Return how often the judge calls an answer that is right."""
    calls = []

    def counted(*arguments):
        calls.append(arguments)
        return solution(*arguments)

    with seeded(SEED):
        exercise.judge(counted)
    return len(calls)


def _call(exercise, solution, count):
    """Return the trial that the judge makes with its call number `count`."""
    probe = _Probe(solution, count, 0)
    known = [_known(exercise, probe)]
    known += [
        _known(exercise, _Probe(solution, count, part)) for part in range(1, len(probe.right))
    ]
    parts = tuple(replace(part, right=right) for part, right in zip(known, probe.right))
    return Trial(tuple(map(plain, probe.arguments)), parts)


class _Probe:
    """Answers as the solution does, but for one number of one call, which it remembers."""

    def __init__(self, solution, count, part):
        self.solution, self.count, self.part = solution, count, part

    def __call__(self, *arguments):
        returned = self.solution(*arguments)
        self.count -= 1
        if self.count != -1:
            return returned
        row = list(returned) if isinstance(returned, tuple) else [returned]
        self.arguments, self.right = arguments, tuple(map(float, row))
        row[self.part] = _spoilt(row[self.part])
        return tuple(row) if isinstance(returned, tuple) else row[0]


def _known(exercise, spoilt):
    """Return what the judge compares a spoilt answer with."""
    with seeded(SEED):
        try:
            exercise.judge(spoilt)
        except Wrong as wrong:
            if wrong.slips:
                slips = tuple((float(slip), words) for slip, words in wrong.slips)
                return Part(None, slips, wrong.rel_tol)
    raise _unfit(exercise)


def _spoilt(number):
    return 1.6180339 * number + 0.5772157


def check(answer, trials, otherwise):
    """Compare an answer with trials, and say in an AssertionError what to look at.

    Its source goes into students' notebooks, so it imports what it needs itself.
    """
    import math

    import numpy as np

    assert answer is not ... and answer is not None, "Your turn. There is no answer yet."
    for arguments, parts in trials:
        values = answer
        if arguments is not None:
            assert callable(answer), "A function is asked for."
            values = answer(*[np.array(a) if isinstance(a, list) else a for a in arguments])
        if len(parts) == 1:
            values = (values,)
        is_row = isinstance(values, tuple) and len(values) == len(parts)
        assert is_row, f"Return {len(parts)} numbers, parted by commas."
        for value, (right, slips, rel_tol) in zip(values, parts):
            assert value is not ... and value is not None, "Your turn. A number is missing."
            try:
                number = float(value)
            except (TypeError, ValueError, OverflowError):
                number = None
            is_number = number is not None and not isinstance(value, str)
            assert is_number, f"A number is asked for, not this: {value!r:.80}"
            if right is not None and math.isclose(number, right, rel_tol=rel_tol, abs_tol=1e-12):
                continue
            for slip, words in slips:
                assert not math.isclose(number, slip, rel_tol=rel_tol, abs_tol=1e-12), words
            assert right is None, otherwise


def as_test(name, trials, otherwise):
    """Return the source of a test of what is called `name`: one function, as Otter takes it."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(check)))
    tree.body[0].body.pop(0)  # its docstring
    rows = [
        (one.arguments, [(part.right, part.slips, part.rel_tol) for part in one.parts])
        for one in trials
    ]
    # Otter shows the line that fails, so the numbers stand on others.
    lines = (
        f"trials = {rows!r}",
        f"otherwise = {otherwise!r}",
        f"check({name}, trials, otherwise)",
    )
    body = "\n".join([ast.unparse(tree), *lines])
    return f"def test_{name}({name}):\n{textwrap.indent(body, '    ')}\n"
