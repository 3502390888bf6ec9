"""Write the reading edition: a page a notebook, which a browser opens from disk, without Python.

    python -m reading.pages            into dist/reading
    python -m reading.pages FOLDER

Pages are made from the stored notebooks and from `exercises`: nothing is written here a second
time, and no page asks another host for anything.
"""

import base64
import html
import json
import re
import shutil
import sys
from collections import Counter
from itertools import chain, pairwise
from pathlib import Path
from urllib.parse import quote, unquote

from pygments.formatters import HtmlFormatter

from exercises.steps import MARKS, SIGNS
from reading import live, prose, search, tables
from reading.prose import (
    EXERCISES,
    as_anchor,
    asked,
    code,
    defines,
    evaluate,
    image,
    is_argument,
    is_prediction,
    to_fill_in,
    words,
)

HERE = Path(__file__).parent
ROOT = HERE.parent
TITLE = "First epochs"

# Figures and questions look as they do in a notebook.
STYLES = [
    ROOT / "explorers" / "widget.css",
    ROOT / "exercises" / "prediction.css",
    ROOT / "exercises" / "steps.css",
    HERE / "live.css",
    HERE / "pages.css",
]
# Of the styles that Pygments has, those whose every colour has a contrast of 4.5:1 on our ground.
LIGHT, DARK = "xcode", "monokai"


def lab(name):
    """Return where a notebook can be run: JupyterLite lies in the folder beside the pages."""
    return f"lab/index.html?path={name}.ipynb"


def address(href):
    """Return where a link of a notebook leads in here; nowhere ("") if to a file beside it."""
    if re.match(r"https?:|#[a-z][a-z0-9-]*:.*=", href):  # elsewhere, or it sets a figure
        return href
    file, _, heading = unquote(href).partition("#")
    if not re.fullmatch(r"(\d\d_\w+\.ipynb)?", file):
        return ""
    return file.replace(".ipynb", ".html") + (heading and f"#{quote(heading)}")


def fold(summary, content, kind=""):
    """Return what is seen once one has pressed `summary`."""
    mark = f' class="{kind}"' if kind else ""
    return f"<details{mark}><summary>{html.escape(summary)}</summary>{content}</details>"


def data(stored):
    """Return what a script is to know. In it stands no "<", which could end it."""
    text = json.dumps(stored, ensure_ascii=False).replace("<", r"\u003c")
    return f'<script type="application/json">{text}</script>'


def question(kind, asks, content, stored):
    # A dialog's form outside of a dialog is sent nowhere: Enter in it does not load the page anew.
    return (
        f'<form class="{kind} fx" method="dialog" data-question="{html.escape(asks)}">'
        f"{content}{data(stored)}</form>"
    )


def unbroken(text):
    """Return text as HTML in which no line ends within 1/√n."""
    return html.escape(text).replace("/√", "/&NoBreak;√")


def radios(name, texts):
    return "".join(
        f'<label><input type="radio" name="{name}"> {html.escape(text)}</label>' for text in texts
    )


class Page(prose.Notebook):
    """One notebook, and the page that it becomes."""

    def __init__(self, path):
        super().__init__(path)
        self.file = f"{self.name}.html"
        self.heading = f"{self.number} {self.title}"
        self.lab = lab(self.name)  # where its code can be changed; "" for nowhere
        self.predictions = []  # what `body` has found of them, with their outcome shown
        self._figures = Counter()  # how many there have been of each name
        self._names = {}  # what the questions' cells have named

    def text(self, markdown):
        return prose.render(markdown, as_anchor, address)

    def figure(self, title, finding, output):
        about = output.metadata["image/png"]
        name = about["preset"].split()[0]
        self._figures[name] += 1
        number = self._figures[name]
        width, height = _size(output.data["image/png"])
        stays = about["covered"] and name not in tables.names()  # covered, with nothing below
        elsewhere = f' <a href="{self.lab}">Uncover it in the lab.</a>' if stays else ""
        return (
            f'<figure class="rd-figure" id="{name}{f"-{number}" if number > 1 else ""}"'
            f' data-preset="{html.escape(about["preset"])}"'
            f' data-covered="{html.escape(json.dumps(about["covered"], ensure_ascii=False))}">'
            f'<img {image(output)} width="{width}" height="{height}" loading="lazy">'
            f"<figcaption><b>{html.escape(title)}.</b> {unbroken(finding)}{elsewhere}</figcaption>"
            "</figure>"
        )

    def body(self):
        """Return all that the notebook says and asks."""
        pieces, self._is_in_exercise = [], False
        for above, cell in pairwise([None, *self.cells]):
            if cell.cell_type == "markdown":
                pieces.extend(self._prose(cell))
            elif asked(cell):
                pieces.append(self._answer(cell))
            elif is_prediction(cell):
                pieces.append(self._prediction(cell))
            elif is_argument(cell):
                pieces.append(self._argument(cell))
            else:
                pieces.append(self.computed(cell, above))
        return "".join([*pieces, self._end_of_exercise()])

    def _prose(self, cell):
        """Yield the text. An exercise goes from its question to its cell, or the next heading."""
        for part in re.split(r"^(?=\*\*Exercise|#)", cell.source, flags=re.MULTILINE):
            if part.startswith(("#", "**Exercise")):
                yield self._end_of_exercise()
            if found := re.match(r"\*\*(Exercise (\d+))", part):
                self._is_in_exercise = True
                yield f'<section class="rd-exercise" id="exercise-{found[2]}" '
                yield f'aria-label="{found[1]}">'
            yield self.text(part)

    def _end_of_exercise(self):
        end, self._is_in_exercise = "</section>" if self._is_in_exercise else "", False
        return end

    def _answer(self, cell):
        exercise = EXERCISES[asked(cell)]
        hints = (
            fold(f"Hint {number}", f"<p>{words(hint)}</p>", "rd-answer")
            for number, hint in enumerate(exercise.hints, 1)
        )
        return (
            f"{code(to_fill_in(cell))}"
            f'<p><a href="{self.lab}">Try it in the lab</a>, which checks your answer.</p>'
            f"{''.join(hints)}{fold('A solution', code(exercise.solution), 'rd-answer')}"
            f"{self._end_of_exercise()}"
        )

    def _prediction(self, cell):
        prediction = evaluate(cell.source, self._names)
        stored = prediction.stored()
        prediction.show()
        self.predictions.append(prediction)
        number = '<label>Your guess <input type="text" inputmode="decimal" autocomplete="off"> '
        answers = radios("guess", stored["options"]) or f"{number}{stored['unit']}</label>"
        outcome = fold("What was measured", f"<p>{words(prediction.outcome)}</p>", "rd-answer")
        legend = f"<legend>{words(stored['question'])}</legend>"
        content = f"<fieldset>{legend}{answers}</fieldset>{outcome}"
        return question("rd-prediction", stored["question"], content, stored)

    def _argument(self, cell):
        stored = evaluate(cell.source, self._names).stored()
        steps = "".join(
            self._step(number, *step)
            for number, step in enumerate(
                zip(stored["steps"], stored["verdicts"], stored["reasons"]), 1
            )
        )
        content = f'<p class="fx-question">{words(stored["question"])}</p><ol>{steps}</ol>'
        return question("rd-argument fx-steps", stored["question"], content, stored)

    def _step(self, number, says, verdict, why):
        outcome = f"<p><b>{SIGNS[verdict]} {verdict}.</b> {unbroken(why)}</p>"
        return (
            f'<li class="fx-step"><fieldset><legend><span class="fx-number">{number}.</span> '
            f'{unbroken(says)}</legend><div class="fx-marks">{radios(f"step-{number}", MARKS)}'
            f"</div></fieldset>{fold('What we say of it', outcome, 'rd-answer')}</li>"
        )

    def computed(self, cell, above):
        """Return what a cell shows, and its code; `above` is the cell before it, or None.

        A line that only records what the figure above it says is folded away with its code: it is
        there to be compared when the notebook is run.
        """
        shown, source = "".join(map(self.output, cell.outputs)), code(cell.source)
        if defines(cell):
            return source + shown
        if _shows_figure(above) and all(one.output_type == "stream" for one in cell.outputs):
            return fold("Code", source + shown, "rd-code")
        return shown + fold("Code", source, "rd-code")


def _shows_figure(cell):
    outputs = cell.get("outputs", []) if cell else []
    return any("image/png" in output.get("data", {}) for output in outputs)


def _size(png):
    """Return the width and height that stand in a PNG's head, in its pixels."""
    head = base64.b64decode(png[:32])
    return int.from_bytes(head[16:20]), int.from_bytes(head[20:24])


# The files.

_HEADING = re.compile(r'<(h[2-6]) id="([^"]*)">(.*?)</\1>')


def with_links(body):
    """Return a body whose headings are links to themselves, to be copied."""

    def linked(found):
        level, anchor, text = found.groups()
        return f'<{level} id="{anchor}"><a href="#{as_hash(anchor)}">{text}</a></{level}>'

    return _HEADING.sub(linked, body)


def as_hash(anchor):
    """Return an id, as it stands in HTML, for the address of a link."""
    return quote(html.unescape(anchor))


def with_scrolling(body):
    """Return a body in which tables and formulas scroll that are wider than the page."""
    body = body.replace('<div style="overflow-x: auto">', '<div class="rd-scroll">')
    body = re.sub(
        "<table>.*?</table>", r'<div class="rd-scroll">\g<0></div>', body, flags=re.DOTALL
    )
    formula = '<math [^>]*display="block".*?</math>'
    return re.sub(formula, r'<span class="rd-scroll">\g<0></span>', body, flags=re.DOTALL)


def contents(body):
    """Return the list of the sections of a body, each a link."""
    entries = "".join(
        f'<li><a href="#{as_hash(anchor)}">{text}</a></li>'
        for level, anchor, text in _HEADING.findall(body)
        if level == "h2"
    )
    return (
        '<nav class="rd-contents" aria-label="Contents"><details><summary>Contents</summary>'
        f"<ol>{entries}</ol></details></nav>"
    )


def neighbours(pages, at, label):
    """Return links to the notebook before and after, to all of them, and to this one's lab."""
    links = ['<a href="index.html">All notebooks</a>']
    if pages[at].lab:
        links.append(f'<a href="{pages[at].lab}">Open in a lab, to change the code</a>')
    if at > 0:
        links.insert(0, f'<a rel="prev" href="{pages[at - 1].file}">{pages[at - 1].heading}</a>')
    if at + 1 < len(pages):
        links.append(f'<a rel="next" href="{pages[at + 1].file}">{pages[at + 1].heading}</a>')
    return f'<nav class="rd-neighbours" aria-label="{label}">{"".join(links)}</nav>'


CREDITS = (
    "<p>Text and code are under the MIT licence. Quotations are from Michael Nielsen, "
    '<a href="http://neuralnetworksanddeeplearning.com"><cite>Neural Networks and Deep Learning'
    "</cite></a>.</p>"
)


def document(title, main, above="", aside="", below="", head=""):
    """Return a whole HTML file."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<title>{html.escape(title)}</title><link rel="icon" href="data:,">'
        f'<link rel="stylesheet" href="style.css">{head}</head>\n<body>'
        '<a class="rd-skip" href="#text">Skip to the text</a>'
        f'<header class="rd-header">{above}</header>\n<div class="rd-columns">{aside}'
        f'<main id="text" tabindex="-1">\n{main}\n</main></div>\n'
        f'<footer class="rd-footer">{below}{CREDITS}</footer>'
        '<script src="contents.js"></script><script src="search.js"></script>'
        '<script src="reading.js"></script></body></html>\n'
    )


ABOUT = """
# First epochs

An exercise in [chapter 3](http://neuralnetworksanddeeplearning.com/chap3.html) of Michael Nielsen's
*Neural Networks and Deep Learning* asks why a network that starts with large weights first does
little but shrink them, how fast, and where that ends. On these pages each of its three claims is
measured on a real network, and shown in figures. Where the measurement contradicts the book, they
say so.

Predict before you read on: a question has its answer in a fold. Exercises have hints and a
solution.
"""
CODE = f"""
## The code

All that is seen here was computed by a small Python program. [Open the lab]({lab("00_start_here")})
to run it in your browser, with nothing to install, and to change whatever you like.
"""


def index(pages):
    """Return the page that leads to all others."""
    items = []
    for page in pages:
        answers, time = page.about()
        link = f'<a href="{page.file}">{page.heading}</a>'
        items.append(f"<li>{link}{page.text(answers)}<p>{html.escape(time)}</p></li>")
    notebooks = f'<h2 id="notebooks">The notebooks</h2><ol class="rd-list">{"".join(items)}</ol>'
    about, after = (prose.render(text, as_anchor, str) for text in (ABOUT, CODE))
    return document(TITLE, about + notebooks + after)


def style():
    """Return the style sheet of all pages."""
    light, dark = (HtmlFormatter(style=name).get_style_defs(".code") for name in (LIGHT, DARK))
    at_night = f"@media screen and (prefers-color-scheme: dark) {{\n{dark}\n}}"
    return "\n".join([light, at_night, *(path.read_text(encoding="utf-8") for path in STYLES)])


def written(page, body, pages, head=""):
    """Return the HTML file of a page, with this body, among all pages."""
    at = pages.index(page)
    return document(
        f"{page.heading} · {TITLE}",
        with_scrolling(with_links(body)),
        above=neighbours(pages, at, "Notebooks"),
        aside=contents(body),
        below=neighbours(pages, at, "Read on"),
        head=head,
    )


def write(folder, pages, *, first_page, styles, script, head=""):
    """Write `pages` into `folder`, with what they bring along; `head` is for the head of each."""
    bodies = {page: page.body() for page in pages}
    files = {page.file: written(page, body, pages, head) for page, body in bodies.items()}
    files |= {"index.html": first_page, "style.css": styles}
    found = (search.sections(page.heading, page.file, body) for page, body in bodies.items())
    files["sections.js"] = search.script([*chain(*found)])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    for name in ("contents.js", "search.js"):
        shutil.copy(HERE / name, folder)
    live.write(folder, script)


def build(folder, paths):
    """Write the reading edition of the notebooks at `paths` into `folder`."""
    pages = [Page(path) for path in paths]
    write(folder, pages, first_page=index(pages), styles=style(), script=live.script())
    shutil.copy(HERE / "python.js", folder)


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist" / "reading"
    build(folder, sorted(ROOT.glob("notebooks/[0-9][0-9]_*.ipynb")))
    print(folder / "index.html")


if __name__ == "__main__":
    main()
