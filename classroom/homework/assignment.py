"""Write an assignment: students' notebook, solutions, and what grades it.

    python -m classroom.homework.assignment            from first_epochs.md into dist/homework
    python -m classroom.homework.assignment MY.md FOLDER

The text is Markdown. A line {exercise exact_factor 3} stands for that exercise, for three points,
with its hints, its solution and its checks; README.md says how a question of one's own is written.
Otter makes the rest of it, in a virtual environment of its own (`make homework` sets it up).
"""

import inspect
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nbformat
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from classroom.handout import words
from classroom.homework.checks import Part, Trial, as_test, defined, trials
from classroom.notebooks import ROOT, paths
from reading.prose import EXERCISES, asked, to_fill_in

HERE = Path(__file__).parent
OUT = ROOT / "dist" / "homework"
OTTER = ROOT / ".homework-venv" / "bin" / "python"
PUBLIC = (
    "So far so good. This check knows little; the hidden ones, with other inputs, give the marks."
)


@dataclass(frozen=True)
class Question:
    """A question for `points`. Students define `name`, and begin with the code `start`."""

    name: str
    points: int
    asks: str  # as Markdown
    start: str
    solution: str
    hints: tuple[str, ...]
    shown: list[Trial]
    hidden: list[Trial]


# Questions.


def from_exercise(name, points):
    """Return an exercise of a notebook as a question. Raises ValueError if it can't be one."""
    if name not in EXERCISES:
        raise ValueError(f"No such exercise: {name}. There are {', '.join(sorted(EXERCISES))}.")
    exercise = EXERCISES[name]
    if imported := re.search(r"^from (nn_core|exercises)\b.*", exercise.solution, re.MULTILINE):
        raise ValueError(
            f"The exercise {name} is not for homework: it needs this project (“{imported[0]}”), "
            "and students have NumPy alone."
        )
    start, variable = _start(name)
    solution = _called(variable, exercise.solution)
    asks = words(exercise.question)
    return Question(variable, points, asks, start, solution, exercise.hints, *trials(exercise))


def _start(name):
    """Return (what students begin with, what they define) from the notebook's cell."""
    for path in paths():
        for cell in nbformat.read(path, as_version=4).cells:
            if asked(cell) == name:
                return to_fill_in(cell).strip(), re.search(r"\.check\((\w+)\)", cell.source)[1]
    raise ValueError(f"No notebook asks the exercise {name}.")


def _called(name, solution):
    """Return a solution that ends in defining `name`."""
    last = re.findall(r"^(?:def )?(\w+)(?: = |\()", solution, re.MULTILINE)[-1]
    return re.sub(rf"\b{last}\b", name, solution)


def from_text(text):
    """Return a question that is written out in the assignment, as YAML.

    Raises ValueError if something in it is missing, or unknown, or does not run.
    """
    given = yaml.safe_load(text)
    needed, known = {"name", "points", "asks", "answer"}, {"shown", "hidden", "slips", "hints"}
    if missing := needed - given.keys():
        raise ValueError(f"A question lacks {', '.join(sorted(missing))}: {text}")
    if unknown := given.keys() - needed - known:
        raise ValueError(f"A question has no {', '.join(sorted(unknown))}: {text}")
    name, answer = given["name"], defined(given["answer"])
    slips = given.get("slips", {})
    if callable(answer):
        if not given.get("shown") or not given.get("hidden"):
            raise ValueError(f"The function {name} needs inputs, `shown` and `hidden`.")
        parameters = list(inspect.signature(answer).parameters)
        start = f"def {name}({', '.join(parameters)}):\n    return ..."
        rows = [
            [_own(answer, parameters, one, slips) for one in given[kind]]
            for kind in ("shown", "hidden")
        ]
    else:
        start = f"{name} = ..."
        known = tuple((eval(slip, {}), hint) for slip, hint in slips.items())
        rows = [[Trial(None, (Part(right, known, 1e-3),))] for right in (None, answer)]
    hints = tuple(given.get("hints", ()))
    return Question(
        name, given["points"], given["asks"], start, given["answer"].strip(), hints, *rows
    )


def _own(answer, parameters, arguments, slips):
    """Return the trial of one input. A slip is Python, in the function's parameters."""
    scope = {**answer.__globals__, **dict(zip(parameters, arguments))}
    known = tuple((float(eval(slip, scope)), hint) for slip, hint in slips.items())
    return Trial(tuple(arguments), (Part(float(answer(*arguments)), known, 1e-9),))


# The notebook that Otter makes all others of.

_PIECES = re.compile(
    r"^\{exercise (?P<name>\w+) (?P<points>\d+)\}$|^```question\n(?P<own>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


def pieces(text):
    """Yield the pieces of an assignment: Markdown as it is, and questions."""
    end = 0
    for found in _PIECES.finditer(text):
        yield text[end : found.start()].strip()
        yield (
            from_text(found["own"])
            if found["own"]
            else from_exercise(found["name"], int(found["points"]))
        )
        end = found.end()
    yield text[end:].strip()


def master(text):
    """Return the notebook with all that students and graders get."""
    found = [piece for piece in pieces(text) if piece]
    questions = [piece for piece in found if isinstance(piece, Question)]
    cells = [_config(title(text))]
    for piece in found:
        if isinstance(piece, Question):
            cells += _cells(piece, questions.index(piece) + 1)
        else:
            cells.append(new_markdown_cell(piece))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return new_notebook(cells=cells, metadata=about)


def title(text):
    return re.match("# (.*)", text)[1]


def _config(name):
    return new_raw_cell(
        "# ASSIGNMENT CONFIG\n"
        + yaml.safe_dump(
            {
                "name": name,
                "requirements": ["numpy"],
                "tests": {"ok_format": False},
                "export_cell": {"pdf": False, "run_tests": False},
                "run_tests": False,  # our own tests do, faster
            }
        )
    )


def _cells(question, number):
    points = f"{question.points} point{'s' if question.points > 1 else ''}"
    text = f"**Question {number}** ({points}). {question.asks}"
    for count, hint in enumerate(question.hints, 1):
        text += f"\n\n<details><summary>Hint {count}</summary>{words(hint)}</details>"
    otherwise = " ".join(["It does not fit.", *question.hints[:1]])
    code = (
        f"# BEGIN SOLUTION NO PROMPT\n{question.solution}\n# END SOLUTION\n"
        f'""" # BEGIN PROMPT\n{question.start}\n""" # END PROMPT'
    )
    checks = [
        (question.shown, {"points": 0, "success_message": PUBLIC}),
        (question.hidden, {"points": question.points, "hidden": True}),
    ]
    return [
        new_raw_cell(f"# BEGIN QUESTION\nname: q{number}\npoints: {question.points}"),
        new_markdown_cell(text),
        new_raw_cell("# BEGIN SOLUTION"),
        new_code_cell(code),
        new_raw_cell("# END SOLUTION"),
        new_raw_cell("# BEGIN TESTS"),
        *(
            new_code_cell(
                f'""" # BEGIN TEST CONFIG\n{yaml.safe_dump(config)}""" # END TEST CONFIG\n'
                + as_test(question.name, rows, otherwise)
            )
            for rows, config in checks
        ),
        new_raw_cell("# END TESTS"),
        new_raw_cell("# END QUESTION"),
    ]


# Files.


def build(source, out):
    """Write an assignment into the folder `out`: student, solutions, and the grader's zip."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / f"{source.stem}.ipynb"
        nbformat.write(master(source.read_text("utf-8")), file)
        subprocess.run([OTTER, "-m", "otter", "assign", file, scratch], check=True, cwd=scratch)
        out.mkdir(parents=True, exist_ok=True)
        for kind, folder in (("student", "student"), ("autograder", "solutions")):
            (out / folder).mkdir(exist_ok=True)
            shutil.copy(Path(scratch) / kind / file.name, out / folder)
        (grader,) = Path(scratch).glob("autograder/*-autograder_*.zip")
        shutil.copy(grader, out / f"{source.stem}-autograder.zip")


def main():
    given = [Path(one).resolve() for one in sys.argv[1:]]
    source, out = [*given, *[HERE / "first_epochs.md", OUT][len(given) :]]
    if not OTTER.exists():
        sys.exit("Otter is missing. `make homework` sets it up.")
    try:
        build(source, out)
    except ValueError as error:
        sys.exit(f"{source.name}: {error}")
    print(f"For students: {out / 'student' / source.stem}.ipynb")
    print(f"For you: {out / 'solutions'}")
    print(f"For Gradescope, and for make grade: {out / source.stem}-autograder.zip")


if __name__ == "__main__":
    main()
