"""Print the notebooks: handout.html and handout.pdf, and the solutions in files of their own.

    python -m classroom.handout            into dist/handout
    python -m classroom.handout FOLDER

Each HTML file holds all that it shows, pictures as data and formulas as MathML, and asks no network
for anything. Exercises, hints and solutions come from `exercises`, findings and pictures from the
executed notebooks; nothing is written here a second time.
"""

import ast
import html
import importlib
import pkgutil
import re
import sys
from pathlib import Path
from urllib.parse import quote, unquote

import nbformat
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from playwright.sync_api import Error, sync_playwright
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

import exercises
from classroom.chromium import launch
from classroom.notebooks import ROOT, paths
from exercises.exercise import Exercise
from exercises.steps import MARKS, SIGNS

STYLE = Path(__file__).with_suffix(".css")
TITLE = "First epochs"
WIDE = 84  # characters; a printed table wider than that becomes one that the page can fold


# Text: Markdown with formulas.

_FORMULA = re.compile(
    r"(?P<code>`+)[\s\S]*?(?P=code)|\$\$(?P<block>[\s\S]+?)\$\$|\$(?P<line>[^$]+)\$"
)
_MARK = re.compile("\ue000(\\d+)\ue001")  # private characters, which Markdown leaves alone


def formula(tex, is_block):
    """Return a formula as MathML."""
    tex = tex.strip().replace("{,}", r"\text{,}")  # 50{,}000
    tex = re.sub(r"(\\[Bb]igg?[])])\^", r"{\1}^", tex)  # or it would be small under its exponent
    mathml = convert(tex, display="block" if is_block else "inline")
    # Bars and slashes would stand as wide apart as a relation.
    mathml = re.sub(
        r"<mo( [^>]*)?>(&#x0002F;|\||&#x0007C;)", r'<mo\1 lspace="0" rspace="0">\2', mathml
    )
    return mathml if is_block else f'<span class="formula">{mathml}</span>'


def render(markdown, notebook=""):
    """Return Markdown as HTML. Headings and links get the two digits of `notebook` as a prefix."""
    formulas = []

    def take_out(match):
        if match["code"]:
            return match[0]
        formulas.append(formula(match["block"] or match["line"], bool(match["block"])))
        return f"\ue000{len(formulas) - 1}\ue001"

    # Formulas first, as notebooks have it: a | or _ in one is no Markdown.
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = reader.parse(_FORMULA.sub(take_out, markdown))
    for token, after in zip(tokens, [*tokens[1:], None]):
        if token.type == "heading_open":
            token.attrSet("id", f"{notebook}-{after.content.replace(' ', '-')}")
        if token.type.startswith("heading"):
            token.tag = f"h{int(token.tag[1]) + 1}"  # h1 is the title of the whole
        for inner in token.children or []:
            if inner.type == "link_open":
                inner.attrSet("href", _address(inner.attrGet("href"), notebook))
    page = reader.renderer.render(tokens, reader.options, {})
    page = re.sub(r'<a href="">(.*?)</a>', r"\1", page)
    return _MARK.sub(lambda match: formulas[int(match[1])], page)


def _address(href, notebook):
    """Return where a link of a notebook leads in here; nowhere ("") if to a file beside it."""
    if re.match(r"https?:", href):
        return href
    file, _, heading = unquote(href).partition("#")
    sets_a_figure = re.match("[a-z0-9-]+:", heading)  # which moves on a screen alone
    if sets_a_figure or not re.fullmatch(r"(\d\d_\w+\.ipynb)?", file):
        return ""
    return "#" + quote(f"{file[:2] or notebook}-{heading}" if heading else file[:2])


def code(text):
    return highlight(text.strip(), PythonLexer(), HtmlFormatter(cssclass="code"))


def words(text):
    """Return a sentence of `exercises` as HTML: in it only `names in code` are marked."""
    return re.sub("`(.+?)`", r"<code>\1</code>", html.escape(text))


def printed(text):
    """Return what a cell has printed as HTML, so that wide lines can be folded well."""
    lines = [line for line in text.splitlines() if line.strip()]
    if max(map(len, lines)) <= WIDE:
        return f"<pre>{html.escape(text)}</pre>"
    columns = [list(re.finditer(r"\S+(?: \S+)*", line)) for line in lines]
    starts = {tuple(column.start() for column in row) for row in columns}
    if len(lines) == 1 or len(starts) > 1 or len(columns[0]) == 1:
        return "".join(f'<p class="printed">{html.escape(line)}</p>' for line in lines)
    head, *body = ([html.escape(column[0]) for column in row] for row in columns)
    heads = "".join(f'<th scope="col">{entry}</th>' for entry in head)
    rows = "".join(f"<tr>{''.join(f'<td>{entry}</td>' for entry in row)}</tr>" for row in body)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


# What the notebooks ask.


def all_exercises():
    """Return {name: Exercise} of all modules of `exercises`."""
    modules = [
        importlib.import_module(f"exercises.{module.name}")
        for module in pkgutil.iter_modules(exercises.__path__)
    ]
    return {
        name: thing
        for module in modules
        for name, thing in vars(module).items()
        if isinstance(thing, Exercise)
    }


EXERCISES = all_exercises()


def asked(cell):
    """Return the name of the exercise that a cell checks, or None."""
    found = re.search(r"(\w+)\.check\(", cell.source) if cell.cell_type == "code" else None
    return found and found[1]


def is_prediction(cell):
    return cell.cell_type == "code" and ".predict_" in cell.source


def is_argument(cell):
    """Does the cell show an argument whose steps are to be marked?"""
    return cell.cell_type == "code" and ".weigh_" in cell.source


def is_for_instructors(cell):
    return "instructor" in cell.metadata.get("tags", [])


def evaluate(source, names):
    """Run a cell with `names` as its variables, and return the value of its last line."""
    *lines, last = ast.parse(source).body
    exec(compile(ast.Module(lines, []), "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


class Notebook:
    """One notebook, and the pieces of HTML that it gives to the two files."""

    def __init__(self, path):
        self.cells = nbformat.read(path, as_version=4).cells
        self.number = path.name[:2]
        self.title = re.match("# (.*)", self.cells[0].source)[1]
        self.exercises = [asked(cell) for cell in self.cells if asked(cell)]
        self._figures = 0
        self._caption = None  # the finding under the last figure, not to be printed twice

    # For students.

    def handout(self):
        pieces = [self._piece(cell) for cell in self.cells if not is_for_instructors(cell)]
        return f'<section class="chapter" id="{self.number}">{"".join(pieces)}</section>'

    def _piece(self, cell):
        if cell.cell_type == "markdown":
            # An exercise brings its question along.
            return render(re.sub(r"^\*\*Exercise.*", "", cell.source, flags=re.M), self.number)
        if asked(cell):
            return self._exercise(cell)
        if is_prediction(cell):
            return self._prediction(cell)
        if is_argument(cell):
            return self._argument(cell)
        # Code that only moves sliders and prints tells a reader on paper nothing.
        shown = code(cell.source) if re.search("^def ", cell.source, re.MULTILINE) else ""
        return shown + "".join(self._output(output) for output in cell.outputs)

    def _output(self, output):
        if output.output_type == "stream":
            lines = [line for line in output.text.splitlines() if self._is_news(line)]
            return printed("\n".join(lines)) if any(lines) else ""
        if "text/markdown" in output.data:
            return render(output.data["text/markdown"], self.number)
        if "image/png" in output.data:
            return self._figure(output)
        if "text/html" in output.data:
            return output.data["text/html"]
        return printed(output.data["text/plain"])

    def _is_news(self, line):
        """Is it no caption over again, and not the state of a figure, which only code can use?"""
        return line != self._caption and not re.match(r"[A-Z]\w+\(\w+=", line)

    def _figure(self, output):
        title, said = output.data["text/plain"], output.metadata["image/png"]["alt"]
        self._caption = said.removeprefix(f"{title}. ")
        self._figures += 1
        alt = html.escape(said)
        picture = "".join(output.data["image/png"].split())
        return (
            f'<figure><img src="data:image/png;base64,{picture}" alt="{alt}">'
            f"<figcaption><b>Figure {self.number}.{self._figures}. {html.escape(title)}.</b> "
            f"{html.escape(self._caption)}</figcaption></figure>"
        )

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
        lines = [
            line
            for line in cell.source.splitlines()
            if ".check(" not in line and not line.startswith("from exercises")
        ]
        return (
            f'<div class="exercise" id="exercise-{name}"><p><b>{self._heading(name)}.</b> '
            f"{words(EXERCISES[name].question)} "
            f'<a href="#hints-{name}">Hints</a> are at the end.</p>'
            f'{code(chr(10).join(lines))}<div class="room"></div></div>'
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
            pieces.append(f"<h3>For the instructor</h3>{render(text, self.number)}")
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
