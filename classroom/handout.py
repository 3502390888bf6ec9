"""Write the handout: a student's and a teacher's sheet a notebook, formulas, and the word list.

    python -m classroom.handout            PDFs for A4 and Letter into dist/handout
    python -m classroom.handout FOLDER

A sheet is a text in `sheets`: front, back, and what is for the teacher alone, parted by lines of
three dashes. A line in braces stands for what is written elsewhere, such as {exercises}: claims,
questions, solutions and pictures come from the notebooks, times from the lesson plan. So nothing
is written a second time, and what is new in a notebook comes onto its sheet by itself.
"""

import html
import re
import sys
import tempfile
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from unicodedata import normalize

from playwright.sync_api import Error

from classroom import chromium, paper
from classroom.notebooks import NOTEBOOKS, ROOT, paths
from exercises.prediction import Guess
from exercises.steps import MARKS, SIGNS
from reading import prose
from reading.prose import (
    EXERCISES,
    asked,
    code,
    evaluate,
    is_argument,
    is_for_instructors,
)

SHEETS = Path(__file__).parent / "sheets"


# Text.


def render(markdown):
    """Return Markdown as HTML. Paper has no links."""
    return prose.render(markdown, prose.as_anchor, lambda href: "", lower=1)


def words(text):
    """Return a sentence of `exercises` as HTML, with its plain formulas as one reads them."""
    call = r"(?<!`)\b[a-z_.]+\((?:\w+, )+\w+\)"  # entry(w, G)
    pieces = re.split("(`.+?`)", re.sub(call, r"`\g<0>`", text))
    return "".join(
        prose.words(one) if one.startswith("`") else _with_formulas(one) for one in pieces
    )


_READ = {  # what is typed: how one reads it
    r"\beta\b": "η",
    r"\blmbda\b": "λ",
    r"\bfan_in\b": "n_in",
    r"sqrt\((\d+)\)": r"√\1",
    r"(?<=[\wηλ])\*(?=[\wηλ])": "·",
    r"(?<=[ (=])-(?=[ (\dηλa-z])": "−",
    r"\^\((.+?)\)": r"<sup>\1</sup>",
    r"(?<![A-Za-z_])([A-Za-zσ])_([a-z]+)\b": r"\1<sub>\2</sub>",
    "[⁰-⁹⁻¹²³ᵗᵏˣ]+": lambda found: f"<sup>{normalize('NFKC', found[0])}</sup>",
    "[₀-₉ₓᵢₖ]+": lambda found: f"<sub>{normalize('NFKC', found[0])}</sub>",
    r"(?<![\w<'’&])([b-zB-HJ-Z]|[α-ω]+[b-z]?)(?=[\s²·,.;:()=|‖/?′−+<”]|$)": r"<i>\1</i>",
    r"\ba(?= =|<sup>)": "<i>a</i>",
    r"\d/√[^\s,.;:?]+": r'<span class="unbroken">\g<0></span>',
}


def _with_formulas(text):
    text = html.escape(text, quote=False)
    for typed, read in _READ.items():
        text = re.sub(typed, read, text)
    return text


def field(text):
    """Return a line on which something is to be written."""
    return f'{text} <span class="line"></span>'


# What a notebook gives to its sheets.


@dataclass(frozen=True)
class Task:
    """An exercise as it stands in a notebook; `name` is that of its Exercise, if it has a check."""

    heading: str
    stars: str
    text: str
    name: str = ""
    given: str = ""  # what the notebook prints for it

    @property
    def question(self):
        if not self.name:
            return render(self.text)
        given = f" Given: {html.escape(self.given)}." if self.given else ""
        return f"<p>{words(EXERCISES[self.name].question)}{given}</p>"

    @property
    def needs_data(self):
        """Whether it cannot be answered on paper, since that takes images or stored runs."""
        imported = re.search("^from (nn_core|exercises)", self._solution, re.MULTILINE)
        return imported is not None and not self.given

    @property
    def _solution(self):
        return EXERCISES[self.name].solution if self.name else ""

    def titled(self):
        where = " <i>At the computer.</i>" if self.needs_data else ""
        title = f'<b>{self.heading}</b> <span class="stars">{self.stars}</span>{where} '
        return self.question.replace("<p>", f"<p>{title}", 1)

    def solved(self):
        """Return (what the solution answers, if that is no function, what the check says of it)."""
        names = {}
        exec(self._solution, names)
        answer = list(names.values())[-1]
        said = EXERCISES[self.name].verdict(answer).removeprefix("Right. ")
        return "" if callable(answer) else shown(answer), said


def shown(answer):
    """Return an answer to four digits."""
    if isinstance(answer, dict):
        return ", ".join(f"{name} = {value:g}" for name, value in answer.items())
    if isinstance(answer, tuple):
        return "(" + ", ".join(map(shown, answer)) + ")"
    return f"{answer:,.0f}" if answer == int(answer) else f"{answer:.4g}"


class Notebook(prose.Notebook):
    """A notebook, and what a sheet can ask of it."""

    def __init__(self, path):
        super().__init__(path)
        self._names = {}

    @cached_property
    def predictions(self):
        return prose.predictions(self.cells, self._names)

    @cached_property
    def arguments(self):
        return [evaluate(cell.source, self._names) for cell in self.cells if is_argument(cell)]

    @cached_property
    def tasks(self):
        found = []
        for cell in self.cells:
            if cell.cell_type == "markdown" and not is_for_instructors(cell):
                # An exercise without a check may begin with a remark in brackets.
                start = r"^\*\*(Exercise \d+) (★+)\.?\*\* *(?:\(.*?\)\. )?(.*)"
                found += [Task(*parts) for parts in re.findall(start, cell.source, re.MULTILINE)]
            elif asked(cell):
                found[-1] = replace(found[-1], name=asked(cell))
            elif found and cell.cell_type == "code" and not found[-1].name:
                printed = " ".join(one.get("text", "").strip() for one in cell.outputs)
                found[-1] = replace(found[-1], given=printed)
        return found

    @property
    def claim(self):
        """The book's words at the beginning, and where they stand."""
        quote = re.search(r"(?:^>.*\n?)+", self.cells[0].source, re.MULTILINE)[0]
        return re.sub(r"\[(.*?)\]\(https?://(.*?)\)", r"\1 (\2)", quote)

    def section(self, heading):
        """Return the text below a heading, up to the next one."""
        text = "\n\n".join(
            cell.source
            for cell in self.cells
            if cell.cell_type == "markdown" and not is_for_instructors(cell)
        )
        return re.search(rf"^## {heading}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)[1]

    def preset_of(self, wish):
        """Return (preset, whether it is covered) of the picture that a sheet wants."""
        name, _, settings = wish.partition(" ")
        for about in self._pictures():
            if about["preset"].split()[0] == name:
                return wish if settings else about["preset"], bool(about["covered"])
        raise ValueError(f"Notebook {self.number} has no figure {name!r}.")

    def _pictures(self):
        for cell in self.cells:
            for output in cell.get("outputs", []):
                if "image/png" in output.get("data", {}):
                    yield output.metadata["image/png"]


# The lines in braces, for students.


def figure(notebook, wish):
    """Return a picture, or its axes alone where it is covered in the notebook."""
    return f"<figure>{paper.picture(*notebook.preset_of(wish))[0]}</figure>"


def predictions(notebook, wish=""):
    """Return the predictions with the names in `wish`, or all, to be ticked or filled in."""
    chosen = wish.split() or notebook.predictions
    return "".join(_to_guess(notebook.predictions[name]) for name in chosen)


def _to_guess(prediction):
    options = "".join(f"<li>{words(option)}</li>" for option in prediction.options)
    answer = f'<ul class="options">{options}</ul>'
    if isinstance(prediction, Guess):
        answer = f'<p>My guess: <span class="line short"></span> {prediction.unit}</p>'
    return f'<div class="question"><p>{words(prediction.question)}</p>{answer}</div>'


def chosen_arguments(notebook, wish):
    """Return the arguments whose titles begin as wished, or all."""
    return [one for one in notebook.arguments if one.question.startswith(wish)]


def arguments(notebook, wish=""):
    marks = "".join(f"<i>{mark}</i>" for mark in MARKS)
    pieces = []
    for argument in chosen_arguments(notebook, wish):
        steps = "".join(
            f'<li>{words(step)} <span class="marks">{marks}</span></li>' for step in argument.steps
        )
        title = argument.question.partition(". ")[0]
        pieces.append(f'<div class="question"><p><b>{words(title)}</b></p><ol>{steps}</ol></div>')
    return f'<div class="columns">{"".join(pieces)}</div>'


def exercises(notebook, wish=""):
    """Return the exercises, each with room by its stars."""
    return "".join(map(_with_room, notebook.tasks))


def exercise(notebook, wish):
    """Return the exercise of this name, of whatever notebook, likewise."""
    return _with_room(everywhere()[wish])


def _with_room(task):
    return (
        f'<div class="exercise" style="--stars: {len(task.stars)}">'
        f"{task.titled()}{paper.ruled()}</div>"
    )


@cache
def everywhere():
    """Return {name: task} of the exercises of all notebooks, each with the notebook's number."""
    found = [(one.number, task) for one in map(Notebook, paths()) for task in one.tasks]
    return {
        task.name: replace(task, heading=f"Notebook {number}, {task.heading}")
        for number, task in found
    }


def claims(notebook, wish=""):
    """Return what the notebook quotes; of several notebooks, by their numbers, the words alone."""
    if not wish:
        return render(notebook.claim)
    others = [Notebook(path) for path in paths(wish.split())]
    return render("\n".join(f"1. {re.search(r'> (.*)', one.claim)[1]}" for one in others))


def section(notebook, wish):
    return render(notebook.section(wish))


def aim(notebook, wish=""):
    return render(f"**Asked:** {notebook.about()[0]}")


def questions(notebook, wish):
    """Return the numbered questions below a heading of the notebook, each with room."""
    found = re.findall(r"^\d+\. (.*)", notebook.section(wish), re.MULTILINE)
    return "".join(
        f'<div class="exercise">{render(f"{number}. {text}")}{paper.ruled()}</div>'
        for number, text in enumerate(found, 1)
    )


def room(notebook, wish):
    """Return lines to write on; `wish` is their part of what the page has left."""
    return f'<div class="exercise" style="--stars: {wish or 1}">{paper.ruled()}</div>'


def box(notebook, wish):
    """Return a box to derive or to draw in, likewise."""
    return f'<div class="room box" style="--stars: {wish or 1}"></div>'


_LINES = (aim, arguments, box, claims, exercise, exercises, figure, predictions, questions, room,
          section)  # fmt: skip
LINES = {line.__name__: line for line in _LINES}


def filled(text, notebook, lines=LINES):
    """Return a part of a sheet as HTML."""
    pieces = []
    for piece in re.split(r"^(\{.+\})\n", text, flags=re.MULTILINE):
        if found := re.fullmatch(r"\{(\w+) ?(.*)\}", piece):
            if found[1] not in lines:
                raise ValueError(
                    f"{piece} is no line of a sheet here; there are {', '.join(lines)}."
                )
            pieces.append(lines[found[1]](notebook, found[2]))
        elif piece.strip():
            pieces.append(render(piece))
    return "".join(pieces)


# The teacher's sheet.


def record(notebook, wish):
    """Return a picture with what is seen in it."""
    drawn, said = paper.picture(notebook.preset_of(wish)[0])
    return f"<figure>{drawn}<figcaption>{words(said)}</figcaption></figure>"


def lesson_plan(number):
    """Yield (lesson, minutes, what) of the rows of the lesson plan that are about a notebook."""
    plan = (NOTEBOOKS / "README.md").read_text("utf-8")
    for lesson, rows in re.findall(r"^## (.* minutes)\n\n((?:\|.*\n)+)", plan, re.MULTILINE):
        for minutes, what, where in re.findall(r"^\| (\d+) \| (.*?) \| (.*?) \|", rows, re.M):
            if where.startswith(number):
                yield lesson, minutes, what


def in_class(notebook):
    """Return times, what to ask, and what students get wrong."""
    rows = "".join(
        f"<li><b>{minutes} of {lesson.lower()}:</b> {render(what)[3:-5]}</li>"
        for lesson, minutes, what in lesson_plan(notebook.number)
    )
    *_, own = filter(is_for_instructors, notebook.cells)
    text = re.sub(r"</?details>|<summary>.*?</summary>|\*Presets for the moment.*", "", own.source,
                  flags=re.DOTALL)  # fmt: skip
    text = text.replace("n_train", r"$n_\text{train}$")
    return (f"<ul>{rows}</ul>" if rows else "") + render(text)


_WHY = re.compile(r"^\{(predict_\w+)\} (.*)\n?", re.MULTILINE)


def whys(notes):
    """Return {prediction: why it is so, as Markdown} of a teacher's sheet."""
    return dict(_WHY.findall(notes))


def measured(notebook, whys):
    """Return each prediction, what was measured, and why."""
    pieces = []
    for name, prediction in notebook.predictions.items():
        prediction.show()
        right = prediction.stored().get("right", "")
        said = f"{right[0].upper()}{right[1:]}. " if right else ""
        pieces.append(
            f"<li>{words(prediction.question)} <b>{words(said)}</b>{words(prediction.outcome)} "
            f"{render(whys[name])[3:-5]}</li>"
        )
    return (
        f"<h3>Predictions, and what was measured</h3><ol>{''.join(pieces)}</ol>" if pieces else ""
    )


def weighed(arguments):
    pieces = []
    for argument in arguments:
        steps = "".join(
            f"<li><b>{SIGNS[verdict]} {verdict}.</b> {words(why)}</li>"
            for _, verdict, why in argument.solution()
        )
        title = argument.question.partition(". ")[0]
        pieces.append(f'<div class="question"><p><b>{words(title)}</b></p><ol>{steps}</ol></div>')
    return f'<h3>The steps</h3><div class="columns">{"".join(pieces)}</div>' if pieces else ""


def solved(tasks):
    """Return exercises with their solutions and hints."""
    pieces = []
    for task in tasks:
        piece = task.titled()
        if task.name:
            answer, said = task.solved()
            result = f"<b>{html.escape(answer)}.</b> " if answer else ""
            hints = " · ".join(words(hint) for hint in EXERCISES[task.name].hints)
            piece += f"{code(EXERCISES[task.name].solution)}<p>{result}{words(said)}</p>"
            piece += f"<p><i>Hints:</i> {hints}</p>"
        pieces.append(f'<div class="question">{piece}</div>')
    return "".join(pieces)


def solutions(notebook):
    pieces = [solved(notebook.tasks)]
    for cell in [*filter(is_for_instructors, notebook.cells)][:-1]:  # of those without a check
        text = re.sub(r"</?details>", "", cell.source)
        pieces.append(render(re.sub(r"<summary>(.*?)</summary>", r"**\1.**", text)))
    return f"<h3>Exercises</h3>{''.join(pieces)}"


def teachers(notebook, front_and_back, notes):
    """Return the teacher's sheet. `notes` has its own text, and why each prediction is so."""
    own = _WHY.sub("", notes)
    wanted = re.findall(r"^\{figure (.*)\}", front_and_back, re.MULTILINE)
    covered = [wish for wish in wanted if notebook.preset_of(wish)[1]]
    return "".join(
        [
            heading(f"{notebook.number} {words(notebook.title)}", TEACHERS),
            in_class(notebook),
            measured(notebook, whys(notes)),
            *(record(notebook, wish) for wish in covered),
            filled(own, notebook, {"figure": record}),
            weighed(notebook.arguments),
            f'<section class="together">{solutions(notebook)}<h3>To take along</h3>',
            f"{section(notebook, 'Take along').partition('<p><em>Next')[0]}</section>",
        ]
    )


# The sheets.

TEACHERS = "teacher’s sheet"


def heading(title, right):
    return f"<header><h1>{title}</h1><span>{right}</span></header>"


def students(title, notebook, *sides):
    first, *others = (filled(side, notebook) for side in sides)
    pages = [heading(title, field("Name")) + first, *others]
    return "".join(f'<div class="page">{page}</div>' for page in pages)


@dataclass(frozen=True)
class Sheet:
    """A sheet, of one kind: student, teacher, formulas or words."""

    name: str  # of its file
    title: str
    source: str  # of the notebook it belongs to
    kind: str
    body: str

    def document(self, size):
        foot = f"{self.title} · {self.source}"
        body = f'<main class="{self.kind}">{self.body}</main>'
        return paper.document(self.title, foot, body, size)


def parts(name):
    """Return the three parts of a sheet's text: front, back, and the teacher's."""
    return (SHEETS / f"{name}.md").read_text("utf-8").split("\n---\n")


def sheets():
    """Yield all sheets."""
    for path in paths():
        notebook, source = Notebook(path), f"notebooks/{path.name}"
        title = f"{notebook.number} {notebook.title}"
        *sides, notes = parts(path.stem)
        body = students(f"{notebook.number} {words(notebook.title)}", notebook, *sides)
        yield Sheet(path.stem, title, source, "student", body)
        body = teachers(notebook, "\n".join(sides), notes)
        yield Sheet(f"{path.stem}_teacher", f"{title}: {TEACHERS}", source, "teacher", body)
    yield from homework()
    path = paths(["00"])[0]
    for name in ("formulas", "words"):
        title, _, text = (SHEETS / f"{name}.md").read_text("utf-8").partition("\n")
        title = title.removeprefix("# ")
        body = f"<header><h1>{title}</h1></header>{filled(text, Notebook(path))}"
        yield Sheet(name, title, f"notebooks/{path.name}", name, body)


def homework():
    """Yield the sheets for after the lesson, whose arguments are those of notebook 05."""
    *sides, notes = parts("homework")
    title, _, front = sides[0].partition("\n")
    title, notebook = title.removeprefix("# "), Notebook(paths(["05"])[0])
    body = students(title, notebook, front, *sides[1:])
    yield Sheet("homework", title, "notebooks", "student", body)
    wished = "\n".join(sides)
    tasks = everywhere()
    marked = re.findall(r"^\{arguments (.*)\}", wished, re.MULTILINE)
    body = (
        heading(title, TEACHERS)
        + filled(notes, notebook, {})
        + weighed([one for wish in marked for one in chosen_arguments(notebook, wish)])
        + "<h3>Exercises</h3>"
        + solved(tasks[name] for name in re.findall(r"^\{exercise (.*)\}", wished, re.MULTILINE))
    )
    yield Sheet("homework_teacher", f"{title}: {TEACHERS}", "notebooks", "teacher", body)


def build(folder, size, made):
    """Write sheets as HTML for this size of paper into `folder`, and return their paths."""
    written = []
    for sheet in made:
        written.append(folder / f"{sheet.name}.html")
        written[-1].write_text(sheet.document(size), encoding="utf-8", newline="\n")
    return written


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist" / "handout"
    made = list(sheets())
    try:
        with chromium.started() as browser:
            for size in paper.HEIGHTS:
                print_all(made, size, folder / size, browser)
                print(f"{len(made)} sheets in {folder / size}")
    except Error as error:
        sys.exit(
            f"Chromium did not print: {error}\n"
            "Install it (`python -m playwright install chromium`), or set CHROMIUM to its path."
        )


def print_all(made, size, folder, browser):
    """Print sheets on this size of paper into `folder`, a PDF each, and return their paths."""
    with tempfile.TemporaryDirectory() as scratch:
        return paper.to_pdf(build(Path(scratch), size, made), size, folder, browser)


if __name__ == "__main__":
    main()
