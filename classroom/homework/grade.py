"""Grade what students have handed in: a line for each, and marks for Canvas and for Moodle.

    python -m classroom.homework.grade AUTOGRADER.zip SUBMISSIONS [FOLDER]

SUBMISSIONS is a zip as Canvas or Moodle have it (“Download submissions”), or a folder: of
notebooks, or of the zips that a notebook's last cell makes. The marks go into FOLDER, or else
beside the autograder. What is checked is what Otter would check on Gradescope, by the same file.
"""

import csv
import inspect
import io
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from classroom.homework.answers import Answers, Ended, Limits, Raised, namespaces
from exercises.exercise import OPEN

LARGEST = 5 << 20  # bytes of a notebook
_OTTER = "from otter.test_files import test_case\n"


# The checks, from the file that Otter has made.


@dataclass(frozen=True)
class Check:
    """A hidden check of the question `name`: `test` takes what students call `variable`."""

    name: str
    points: float
    variable: str
    test: Callable


@dataclass(frozen=True)
class Grader:
    """An assignment's checks, in the order of the questions."""

    title: str
    checks: list[Check]

    @property
    def points(self):
        return sum(check.points for check in self.checks)


def load(path):
    """Return the Grader in an autograder's zip."""
    with zipfile.ZipFile(path) as archive:
        title = json.loads(archive.read("otter_config.json"))["assignment_name"]
        files = {
            int(found[1]): name
            for name in archive.namelist()
            if (found := re.fullmatch(r"tests/q(\d+)\.py", name))
        }
        checks = [check for _, name in sorted(files.items())
                  for check in _checks(archive.read(name).decode())]  # fmt: skip
    return Grader(title, checks)


def _checks(source):
    """Yield the hidden checks of one of Otter's test files."""
    found = []

    def test_case(*, points, hidden, **_):
        return lambda test: found.append((points, hidden, test))

    names = {"test_case": test_case}
    exec(compile(source.replace(_OTTER, ""), "check", "exec"), names)
    for points, hidden, test in found:
        if hidden:
            (variable,) = inspect.signature(test).parameters
            yield Check(names["name"], points, variable, test)


# What was handed in.


@dataclass(frozen=True)
class Student:
    """Whoever has handed something in, as far as a file's name tells."""

    name: str
    canvas: str = ""  # user id
    moodle: str = ""  # participant


def student(path):
    """Return who has handed in a file with this path, in a download of Canvas or Moodle."""
    for part in PurePosixPath(path).parts:
        if found := re.match(r"(.+)_(\d+)_assignsubmission_", part):
            return Student(_harmless(found[1]), moodle=found[2])
        if found := re.match(r"([^_]+)(?:_LATE)?_(\d+)_\d+_", part):
            return Student(_harmless(found[1]), canvas=found[2])
    return Student(_harmless(re.sub(r"\.\w+$", "", path)))


def _harmless(name):
    """Return a name that neither a terminal nor a spreadsheet takes for a command."""
    return "".join(filter(str.isprintable, name)).lstrip("=+-@ ")


def handed_in(path):
    """Yield (file name, bytes) of all that is in a folder or zip, notebooks above all.

    Bytes are None for what is too large or cannot be read. Raises BadZipFile if `path` is no zip.
    """
    if not path.is_dir():
        yield from _members(path, "")
        return
    for file in sorted(path.rglob("*")):
        name = file.relative_to(path).as_posix()
        if file.is_file() and not _is_left_behind(name):
            data = file.read_bytes() if file.stat().st_size <= 10 * LARGEST else None
            yield from _opened(name, data)


def _is_left_behind(name):
    """Is it what Jupyter or macOS leave in folders?"""
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def _opened(name, data):
    if name.endswith(".zip") and data is not None:
        yield from _members(io.BytesIO(data), name)
    else:
        yield name, data if data is not None and len(data) <= LARGEST else None


def _members(file, within):
    """Yield the files in a zip. In one that a student has handed in, only the notebooks count."""
    try:
        with zipfile.ZipFile(file) as archive:
            for one in sorted(archive.infolist(), key=lambda info: info.filename):
                name = one.filename
                if one.is_dir() or _is_left_behind(name):
                    continue
                if not within:
                    data = archive.read(one) if one.file_size <= 10 * LARGEST else None
                    yield from _opened(name, data)
                elif name.endswith(".ipynb"):
                    yield within, archive.read(one) if one.file_size <= LARGEST else None
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError, EOFError):
        if not within:
            raise
        yield within, None


def by_student(files):
    """Return {student: their notebook's bytes}; of several notebooks, the last by name."""
    found = {}
    for name, data in files:
        if name.endswith((".ipynb", ".zip")) or student(name) not in found:
            found[student(name)] = data
    return found


def cells(data, title):
    """Return the code of a notebook's cells. Raises ValueError if it is none of this assignment."""
    try:
        notebook = json.loads(data)
        sources = [one["source"] for one in notebook["cells"] if one["cell_type"] == "code"]
        sources = ["".join(one) for one in sources]
        name = notebook["metadata"].get("otter", {}).get("assignment_name", title)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ValueError("This is no notebook, or one that is too large or broken.") from None
    if name != title:
        raise ValueError(f"This is a notebook of another assignment: {str(name)[:60]}.")
    return sources


# Marks.


@dataclass
class Mark:
    """What a student gets: points by question, and what to say, for the student and the grader."""

    student: Student
    points: dict[str, float]
    says: dict[str, str] = field(default_factory=dict)  # on a question that is not right
    notes: list[str] = field(default_factory=list)

    @property
    def total(self):
        return sum(self.points.values())

    def line(self):
        """Return all that is to be said in one line."""
        missing = [name for name, words in self.says.items() if words.startswith(OPEN)]
        said = [f"{name}: {words}" for name, words in self.says.items() if name not in missing]
        if missing:
            said.insert(0, f"Not answered: {', '.join(missing)}.")
        return " ".join(" ".join([*self.notes, *said]).split()) or "All right."


def grade(data, grader, who=Student(""), limits=Limits()):  # noqa: B008 - they are frozen
    """Return the Mark of a notebook. Whatever is wrong with it, it gets one."""
    mark = Mark(who, {check.name: 0 for check in grader.checks})
    try:
        sources = cells(data, grader.title)
    except ValueError as error:
        mark.notes.append(str(error))
        return mark
    with Answers(sources, limits) as answers:
        for check in grader.checks:
            try:
                check.test(answers.get(check.variable))
                mark.points[check.name] = check.points
            except AssertionError as wrong:
                mark.says[check.name] = str(wrong)
            except Raised as raised:
                mark.says[check.name] = f"It stopped with {raised}"
            except Ended as ended:
                mark.says[check.name] = f"{ended}".capitalize()
            except Exception as error:  # nobody's answer may stop the others' grading
                mark.says[check.name] = f"It could not be checked: {type(error).__name__}."
    mark.notes += answers.notes
    return mark


def write(marks, grader, folder):
    """Write marks.csv, and canvas.csv and moodle.csv if the names came from there; return them."""
    questions = [check.name for check in grader.checks]
    tables = {
        "marks.csv": [
            ["Student", "Points", *questions, "Remarks"],
            *([mark.student.name, mark.total, *mark.points.values(), mark.line()]
              for mark in marks),
        ],
        "canvas.csv": [
            ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", grader.title],
            ["    Points Possible", "", "", "", "", grader.points],
            *([mark.student.name, mark.student.canvas, "", "", "", mark.total]
              for mark in marks if mark.student.canvas),
        ],
        "moodle.csv": [
            ["Identifier", "Full name", "Grade", "Last modified (grade)", "Feedback comments"],
            *([f"Participant {mark.student.moodle}", mark.student.name, mark.total, "-",
               mark.line()] for mark in marks if mark.student.moodle),
        ],
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, rows in tables.items():
        if len(rows) > (2 if name == "canvas.csv" else 1):
            with (folder / name).open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(rows)
            written.append(folder / name)
    return written


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    autograder, submissions, *folder = map(Path, sys.argv[1:])
    for path in (autograder, submissions):
        if not path.exists():
            sys.exit(f"There is no {path}.")
    if not namespaces():
        print("No network namespace here: Python alone keeps an answer off the network.")
    grader, marks = load(autograder), []
    try:
        found = by_student(handed_in(submissions))
    except zipfile.BadZipFile:
        sys.exit(f"{submissions} is neither a folder nor a zip that can be read.")
    for who, data in found.items():
        marks.append(grade(data, grader, who))
        print(f"{who.name:24.24} {marks[-1].total:g} of {grader.points:g}. {marks[-1].line()}")
    if not marks:
        sys.exit(f"Nothing was handed in, as far as {submissions} tells.")
    for path in write(marks, grader, folder[0] if folder else autograder.parent / "marks"):
        print(path)


if __name__ == "__main__":
    main()
