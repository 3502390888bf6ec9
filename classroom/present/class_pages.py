"""The pages of a class: the notebooks without code and exercises, in letters for the back row.

They are pages of the reading edition. So their figures stand there and move, among stored settings,
before a Python has heard of them; then it takes them over (`served_python.js`).
"""

import ast
import html
import re
from pathlib import Path

from nbformat import NotebookNode

from classroom.notebooks import paths
from classroom.present.vote import Question
from reading import live, pages, prose

HERE = Path(__file__).parent
STATIC = HERE / "static"
LEFT_OUT = ("How the notebooks run", "Check yourself")  # sections about running code of one's own
VOTES = (
    '<link rel="stylesheet" href="static/vote.css">'
    '<script type="module" src="static/vote.js"></script>'
)


class ClassPage(pages.Page):
    """A notebook's page in a class: what makes sense on a wall, or where nobody can run code."""

    def __init__(self, path):
        super().__init__(path)
        self.cells = [*_for_a_class(self.cells)]
        self.lab = ""

    def computed(self, cell, above):
        """Return what a cell shows, unless the figure above it says so anyway."""
        return "" if above and _repeats(cell, above) else "".join(map(self.output, cell.outputs))

    def presets(self):
        """Return the state of each of its figures, as a preset string."""
        outputs = [output for cell in self.cells for output in cell.get("outputs", [])]
        about = [output.metadata.get("image/png") for output in outputs if "metadata" in output]
        return [one["preset"] for one in about if one]

    def questions(self):
        """Return what a class can vote on, once `body` has found it."""
        return [_question(self.heading, prediction) for prediction in self.predictions]


def class_pages(chosen=()):
    """Return the pages of the chosen notebooks, or of all, in reading order."""
    return [ClassPage(path) for path in paths(chosen)]


def write(folder, found):
    """Write the pages `found` into `folder`, with all that they bring along."""
    has_votes = any(map(prose.is_prediction, (cell for page in found for cell in page.cells)))
    pages.write(
        folder,
        found,
        first_page=_first_page(found, has_votes),
        styles=f"{pages.style()}\n{(HERE / 'wall.css').read_text(encoding='utf-8')}",
        script=live.script(STATIC / "served_python.js", projector=True),
        head=VOTES if has_votes else "",
    )


def _first_page(found, has_votes):
    links = "".join(
        f'<li><a href="{page.file}"><span class="wall-number">{page.number}</span>'
        f"{html.escape(page.title)}</a></li>"
        for page in found
    )
    vote = '<section id="class-vote" class="vote" aria-label="Class vote"></section>'
    main = f'{vote if has_votes else ""}<h1>{pages.TITLE}</h1><ol class="wall-list">{links}</ol>'
    return pages.document(pages.TITLE, main, head=VOTES if has_votes else "")


def _for_a_class(cells):
    left_out = False
    for cell in cells:
        if cell.cell_type == "markdown":
            kept = []
            for part in re.split("^(?=## )", cell.source, flags=re.MULTILINE):
                if part.startswith("## "):
                    left_out = part.splitlines()[0].removeprefix("## ") in LEFT_OUT
                kept += [] if left_out else [part]
            cell = NotebookNode(cell, source="".join(kept))
        elif left_out:
            continue
        if cell.source and not prose.is_for_instructors(cell):
            yield cell


def _repeats(cell, above):
    """Return whether a cell prints only what the figure above it says anyway.

    That is a cell that reads sentence and numbers of that figure, and nothing else of anything.
    """
    figure, nodes = above.source.splitlines()[-1], list(ast.walk(ast.parse(cell.source)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    made = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    used = {node.id for node in names} - made
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return used == {"print", figure} and read <= {"sentence", "numbers", "items"}


SHARED = ("options", "unit", "right", "value", "close")  # names that both have


def _question(notebook, prediction):
    stored = prediction.stored()
    known = {name: stored[name] for name in SHARED if name in stored}
    known["options"] = tuple(known["options"])
    return Question(notebook, stored["question"], prediction.outcome, **known)
