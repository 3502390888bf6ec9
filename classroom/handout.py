"""Print the notebooks: handout.html and handout.pdf, and the solutions in files of their own.

    python -m classroom.handout            into dist/handout
    python -m classroom.handout FOLDER

Each HTML file holds all that it shows, pictures as data and formulas as MathML, and asks no network
for anything. Exercises, hints and solutions come from `exercises`, findings and pictures from the
executed notebooks; nothing is written here a second time.
"""

import html
import re
import sys
from pathlib import Path
from urllib.parse import quote, unquote

from playwright.sync_api import Error, sync_playwright
from pygments.formatters import HtmlFormatter

from classroom.chromium import launch
from classroom.notebooks import ROOT, paths
from exercises.steps import MARKS, SIGNS
from reading import prose
from reading.prose import (
    EXERCISES,
    asked,
    code,
    defines,
    evaluate,
    image,
    is_argument,
    is_for_instructors,
    is_prediction,
    to_fill_in,
    words,
)

STYLE = Path(__file__).with_suffix(".css")
TITLE = "First epochs"


# Text.


def render(markdown, notebook=""):
    """Return Markdown as HTML. Headings and links get the two digits of `notebook` as a prefix."""
    return prose.render(
        markdown,
        anchor=lambda heading: f"{notebook}-{prose.as_anchor(heading)}",
        address=lambda href: _address(href, notebook),
        lower=1,  # h1 is the title of the whole
    )


def _preset(link):
    words, name, settings = link.groups()
    return f"{words}: `{' '.join([name, *settings.split('&')])}`"


def _address(href, notebook):
    """Return where a link of a notebook leads in here; nowhere ("") if to a file beside it."""
    if re.match(r"https?:", href):
        return href
    file, _, heading = unquote(href).partition("#")
    sets_a_figure = re.match("[a-z0-9-]+:", heading)  # which moves on a screen alone
    if sets_a_figure or not re.fullmatch(r"(\d\d_\w+\.ipynb)?", file):
        return ""
    return "#" + quote(f"{file[:2] or notebook}-{heading}" if heading else file[:2])


class Notebook(prose.Notebook):
    """One notebook, and the pieces of HTML that it gives to the two files."""

    _figures = 0  # so far

    def text(self, markdown):
        return render(markdown, self.number)

    def figure(self, title, finding, output):
        self._figures += 1
        return (
            f"<figure><img {image(output)}>"
            f"<figcaption><b>Figure {self.number}.{self._figures}. {html.escape(title)}.</b> "
            f"{html.escape(finding)}</figcaption></figure>"
        )

    # For students.

    def handout(self):
        pieces = [self._piece(cell) for cell in self.cells if not is_for_instructors(cell)]
        return f'<section class="chapter" id="{self.number}">{"".join(pieces)}</section>'

    def _piece(self, cell):
        if cell.cell_type == "markdown":
            # An exercise brings its question along.
            return self.text(re.sub(r"^\*\*Exercise.*", "", cell.source, flags=re.M))
        if asked(cell):
            return self._exercise(cell)
        if is_prediction(cell):
            return self._prediction(cell)
        if is_argument(cell):
            return self._argument(cell)
        shown = code(cell.source) if defines(cell) else ""
        return shown + "".join(map(self.output, cell.outputs))

    def _prediction(self, cell):
        question, *options = cell.outputs[0].data["text/plain"].split("\n")
        answers = [f"<li>{html.escape(option.strip(' ()'))}</li>" for option in options]
        answer = f"<ul>{''.join(answers)}</ul>" if answers else "<p>My guess: <i></i></p>"
        return f'<div class="predict"><p>{words(question)}</p>{answer}</div>'

    def _argument(self, cell):
        question, *steps = cell.outputs[0].data["text/plain"].split("\n")
        marks = "".join(f"<li>{mark}</li>" for mark in MARKS)
        items = (
            f"<li>{html.escape(step.partition('. ')[2])}<ul>{marks}</ul></li>" for step in steps
        )
        return (
            f'<div class="predict argument"><p>{words(question)}</p><ol>{"".join(items)}</ol></div>'
        )

    def _exercise(self, cell):
        name = asked(cell)
        return (
            f'<div class="exercise" id="exercise-{name}"><p><b>{self._heading(name)}.</b> '
            f"{words(EXERCISES[name].question)} "
            f'<a href="#hints-{name}">Hints</a> are at the end.</p>'
            f'{code(to_fill_in(cell))}<div class="room"></div></div>'
        )

    def _heading(self, name):
        return f"Exercise {self.number}.{self.exercises.index(name) + 1}"

    def hints(self):
        """Return the hints for all exercises, the gentlest first."""
        pieces = []
        for name in self.exercises:
            hints = "".join(f"<li>{words(hint)}</li>" for hint in EXERCISES[name].hints)
            pieces.append(
                f'<h3 id="hints-{name}"><a href="#exercise-{name}">{self._heading(name)}</a></h3>'
                f"<ol>{hints}</ol>"
            )
        return "".join(pieces)

    # For instructors.

    def solutions(self):
        pieces = [f"<h2>{self.title}</h2>", *self._outcomes(), *self._weighed(), *self._solved()]
        for cell in filter(is_for_instructors, self.cells):
            text = re.sub(r"</?details>|<summary>.*?</summary>", "", cell.source)
            # On paper a link that sets a figure is the preset, to be typed.
            text = re.sub(r"\[([^]]+)\]\(#([a-z-]+):(\S+)\)", _preset, text)
            pieces.append(f"<h3>For the instructor</h3>{self.text(text)}")
        return f'<section id="{self.number}">{"".join(pieces)}</section>'

    def _evaluated(self, is_one):
        """Return what the cells of a kind show, run one after the other."""
        names = {}
        return [evaluate(cell.source, names) for cell in self.cells if is_one(cell)]

    def _outcomes(self):
        predictions = self._evaluated(is_prediction)
        if predictions:
            yield "<h3>Predictions, and what is measured</h3>"
        for prediction in predictions:
            prediction.show()
            yield f"<p>{words(prediction.question)}<br>"
            yield f"<b>{words(prediction.outcome)}</b></p>"

    def _weighed(self):
        arguments = self._evaluated(is_argument)
        if arguments:
            yield "<h3>Arguments, and what we say of their steps</h3>"
        for argument in arguments:
            items = (
                f"<li>{html.escape(says)}<br><b>{SIGNS[verdict]} {verdict}.</b> "
                f"{html.escape(why)}</li>"
                for says, verdict, why in argument.solution()
            )
            yield f"<p>{words(argument.question)}</p><ol>{''.join(items)}</ol>"

    def _solved(self):
        for name in self.exercises:
            exercise = EXERCISES[name]
            yield (
                f'<div class="exercise" id="exercise-{name}"><h3>{self._heading(name)}</h3>'
                f"<p>{words(exercise.question)}</p>{code(exercise.solution)}</div>"
            )


# The files.


ABOUT = """
These pages are the notebooks on paper: text, figures and findings as they were computed. Where
the text says *run*, *move* or *press*, open the notebook with the number of the chapter. Predict
before you read on, and write into the boxes. Hints are at the end; solutions are in a file of
their own.
"""
ABOUT_SOLUTIONS = """
What was measured for each prediction, a solution for each exercise (there are others, and the
notebooks check yours), and the notes for instructors.
"""


def page(title, about, notebooks, sections, after=()):
    """Return a whole HTML file: title, contents, a section for each notebook, and what follows."""
    entries = [(notebook.number, f"{notebook.number} {notebook.title}") for notebook in notebooks]
    entries += [(heading, heading) for heading, _ in after]
    contents = "".join(
        f'<li><a href="#{quote(to)}">{html.escape(text)}</a></li>' for to, text in entries
    )
    extra = [
        f'<section class="chapter" id="{heading}"><h2>{heading}</h2>{body}</section>'
        for heading, body in after
    ]
    style = STYLE.read_text(encoding="utf-8") + HtmlFormatter(style="bw").get_style_defs(".code")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{style}</style></head><body><main><h1>{title}</h1>"
        f'{render(about)}<nav aria-label="Contents"><ul>{contents}</ul></nav>'
        f"{''.join(sections)}{''.join(extra)}</main></body></html>\n"
    )


def build(folder):
    """Write handout.html and solutions.html into `folder`, and return their paths."""
    notebooks = [Notebook(path) for path in paths()]
    pages = {
        "handout.html": page(
            f"{TITLE}: handout",
            ABOUT,
            notebooks,
            [notebook.handout() for notebook in notebooks],
            [("Hints", "".join(notebook.hints() for notebook in notebooks))],
        ),
        "solutions.html": page(
            f"{TITLE}: solutions",
            ABOUT_SOLUTIONS,
            notebooks,
            [notebook.solutions() for notebook in notebooks],
        ),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return [folder / name for name in pages]


def to_pdf(paths):
    """Write a PDF beside each HTML file, with an outline and tags for screen readers."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        tab = browser.new_page()
        for path in paths:
            tab.goto(path.resolve().as_uri())
            tab.pdf(
                path=path.with_suffix(".pdf"), prefer_css_page_size=True, tagged=True, outline=True
            )
        browser.close()


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist" / "handout"
    paths = build(folder)
    print(*paths, sep="\n")
    try:
        to_pdf(paths)
    except Error as error:
        sys.exit(
            f"No PDF, since Chromium did not start: {error}\n"
            "Install it (`python -m playwright install chromium`, or set CHROMIUM to its path), or "
            "print the HTML files from any browser."
        )
    print(*(path.with_suffix(".pdf") for path in paths), sep="\n")


if __name__ == "__main__":
    main()
