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
from classroom.homework.checks import Part, Trial, as_test, trials
from classroom.notebooks import ROOT, paths
from reading.prose import EXERCISES, asked, to_fill_in

HERE = Path(__file__).parent
OUT = ROOT / "dist" / "homework"
PROGRAMS = ROOT / ".homework-venv" / "bin"
FITS = "Right for this input. The hidden checks have other ones, and give the marks."
IS_A_NUMBER = "A number, and no slip known here. It may still be wrong: the hidden check says."


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


_NEEDED, _KNOWN = (
    {"name", "points", "asks", "answer"},
    {"shown", "hidden", "slips", "hints", "close"},
)


def from_text(text):
    """Return a question that is written out in the assignment, as YAML.

    Raises ValueError if something in it is missing, or unknown, or does not run.
    """
    given = yaml.safe_load(text)
    if not isinstance(given, dict):
        raise ValueError(f"A question is lines such as “points: 2”, and not: {text}")
    if missing := _NEEDED - given.keys():
        raise ValueError(f"A question lacks {', '.join(sorted(missing))}: {text}")
    if unknown := given.keys() - _NEEDED - _KNOWN:
        raise ValueError(f"A question has no {', '.join(sorted(unknown))}: {text}")
    name, names = given["name"], {}
    try:
        exec(given["answer"], names)
        if name not in names:
            raise ValueError(f"it defines no {name}")
        start, shown, hidden = _own(name, names, given)
    except Exception as error:
        raise ValueError(f"The answer to {name} does not run: {error}.") from error
    hints = tuple(given.get("hints", ()))
    return Question(
        name, given["points"], given["asks"], start, given["answer"].strip(), hints, shown, hidden
    )


def _own(name, names, given):
    """Return (what students begin with, the shown trials, the hidden ones). A slip is Python."""
    answer, slips = names[name], given.get("slips", {}).items()

    def known(scope):
        return tuple((float(eval(slip, names, scope)), hint) for slip, hint in slips)

    if not callable(answer):
        rows = [Part(right, known({}), given.get("close", 1e-3)) for right in (None, answer)]
        return f"{name} = ...", *([Trial(None, (one,))] for one in rows)
    parameters = list(inspect.signature(answer).parameters)

    def trial(inputs):
        slips_here = known(dict(zip(parameters, inputs)))
        return Trial(
            tuple(inputs),
            (Part(float(answer(*inputs)), slips_here, given.get("close", 1e-9)),),
        )

    rows = [[trial(inputs) for inputs in given.get(kind, ())] for kind in ("shown", "hidden")]
    if not all(rows):
        raise ValueError("a function needs inputs, “shown” and “hidden”")
    return f"def {name}({', '.join(parameters)}):\n    return ...", *rows


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
    introduction, *found = found
    imports = new_code_cell("import math\n\nimport numpy as np")
    cells = [_config(title(text)), new_markdown_cell(introduction), imports]
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
    praise = IS_A_NUMBER if question.shown[0].arguments is None else FITS
    checks = [
        (question.shown, {"points": 0, "success_message": praise}),
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


def program(name):
    """Return the path of a program that goes with Otter. Raises ValueError if it is missing."""
    if not (path := PROGRAMS / name).exists():
        raise ValueError(f"There is no {path}. `make homework` sets it up.")
    return path


def build(source, out):
    """Write an assignment into the folder `out`: student, solutions, and the grader's zip.

    Raises ValueError for a text that makes none.
    """
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / f"{source.stem}.ipynb"
        nbformat.write(master(source.read_text("utf-8")), file)
        subprocess.run([program("otter"), "assign", file, scratch], check=True, cwd=scratch)
        out.mkdir(parents=True, exist_ok=True)
        for kind, folder in (("student", "student"), ("autograder", "solutions")):
            (out / folder).mkdir(exist_ok=True)
            shutil.copy(Path(scratch) / kind / file.name, out / folder)
        (grader,) = Path(scratch).glob("autograder/*-autograder_*.zip")
        shutil.copy(grader, out / f"{source.stem}-autograder.zip")


def main():
    given = [Path(one).resolve() for one in sys.argv[1:]]
    source, out = [*given, *[HERE / "first_epochs.md", OUT][len(given) :]]
    try:
        build(source, out)
    except ValueError as error:
        sys.exit(f"{source.name}: {error}")
    print(f"For students: {out / 'student' / source.stem}.ipynb")
    print(f"For you: {out / 'solutions'}")
    print(f"For Gradescope, and for make grade: {out / source.stem}-autograder.zip")


if __name__ == "__main__":
    main()
