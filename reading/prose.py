"""A stored notebook as HTML: its text, its outputs, and what it asks.

What the pages of the reading edition and the handout on paper have in common. Formulas become
MathML, which all current browsers show by themselves.
"""

import ast
import html
import importlib
import pkgutil
import re

import nbformat
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

import exercises
from exercises.exercise import Exercise

# Text: Markdown with formulas.

_FORMULA = re.compile(
    r"(?P<code>`+)[\s\S]*?(?P=code)|\$\$(?P<block>[\s\S]+?)\$\$|\$(?P<line>[^$]+)\$"
)
_MARK = re.compile("\ue000(\\d+)\ue001")  # private characters, which Markdown leaves alone


def formula(tex, is_block):
    """Return a formula as MathML."""
    tex = tex.strip().replace("{,}", r"\text{,}")  # 50{,}000
    tex = re.sub(r"(\\[Bb]igg?[])])\^", r"{\1}^", tex)  # or it would be small under its exponent
    tex = re.sub(r"\\[lr]Vert\b", r"\\|", tex)  # or the two bars would be of different heights
    mathml = convert(tex, display="block" if is_block else "inline")
    # Bars and slashes would stand as wide apart as a relation.
    mathml = re.sub(
        r"<mo( [^>]*)?>(&#x0002F;|\||&#x0007C;)", r'<mo\1 lspace="0" rspace="0">\2', mathml
    )
    mathml = re.sub(r"<mo>(&#x0?23DF;|\N{BOTTOM CURLY BRACKET})", r'<mo class="brace">\1', mathml)
    if is_block:  # limits stand below and above, as in a paper
        mathml = re.sub(r"<msub>(<mo>min</mo>.*?)</msub>", r"<munder>\1</munder>", mathml)
        limits = r"<msubsup><mo>(&#x02211;</mo>.*?)</msubsup>"
        mathml = re.sub(limits, r'<munderover><mo movablelimits="false">\1</munderover>', mathml)
    return mathml if is_block else f'<span class="formula">{mathml}</span>'


def render(markdown, anchor, address, lower=0):
    """Return Markdown as HTML.

    `anchor(heading)` is the id of a heading, and `lower` how many levels it moves down.
    `address(href)` is where a link leads in this edition; what leads nowhere ("") is no link.
    """
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
            token.attrSet("id", anchor(after.content))
        if token.type.startswith("heading"):
            token.tag = f"h{int(token.tag[1]) + lower}"
        for inner in token.children or []:
            if inner.type == "link_open":
                inner.attrSet("href", address(inner.attrGet("href")))
            elif inner.type == "text":  # no line ends within 1/√n
                inner.content = inner.content.replace("/√", "/\N{WORD JOINER}√")
    page = reader.renderer.render(tokens, reader.options, {})
    page = re.sub(r'<a href="">(.*?)</a>', r"\1", page)
    return _MARK.sub(lambda match: formulas[int(match[1])], page)


def as_anchor(heading):
    """Return a heading as Jupyter has it in the address of a link."""
    return heading.replace(" ", "-")


def code(text):
    return highlight(text.strip(), PythonLexer(), HtmlFormatter(cssclass="code"))


def words(text):
    """Return a sentence of `exercises` as HTML: in it only `names in code` are marked."""
    return re.sub("`(.+?)`", r"<code>\1</code>", html.escape(text))


def printed(text):
    """Return what a cell has printed as HTML: aligned columns as a table, all else as sentences."""
    lines = [line for line in text.splitlines() if line.strip()]
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


def to_fill_in(cell):
    """Return the lines of an exercise's cell in which the answer is to be written."""
    return "\n".join(
        line
        for line in cell.source.splitlines()
        if ".check(" not in line and not line.startswith("from exercises")
    )


def is_prediction(cell):
    return cell.cell_type == "code" and ".predict_" in cell.source


def is_argument(cell):
    """Does the cell show an argument whose steps are to be marked?"""
    return cell.cell_type == "code" and ".weigh_" in cell.source


def is_for_instructors(cell):
    return "instructor" in cell.metadata.get("tags", [])


def defines(cell):
    """Does the cell define something? Code that only moves sliders and prints tells little."""
    return re.search("^def ", cell.source, re.MULTILINE) is not None


def evaluate(source, names):
    """Run a cell with `names` as its variables, and return the value of its last line."""
    *lines, last = ast.parse(source).body
    exec(compile(ast.Module(lines, []), "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


def predictions(cells, names):
    """Return {name: prediction} of the cells that ask one, which have `names` as variables."""
    return {
        re.search(r"\.(predict_\w+)", cell.source)[1]: evaluate(cell.source, names)
        for cell in cells
        if is_prediction(cell)
    }


class Notebook:
    """A stored notebook. Each edition has a `text` and a `figure` of its own."""

    def __init__(self, path):
        self.cells = nbformat.read(path, as_version=4).cells
        self.name, self.number = path.stem, path.name[:2]
        self.title = re.match("# (.*)", self.cells[0].source)[1]
        self.exercises = [asked(cell) for cell in self.cells if asked(cell)]
        self._finding = None  # under the last figure, not to be printed twice

    def about(self):
        """Return as Markdown (what the notebook answers, how long it takes)."""
        text = "\n".join(cell.source for cell in self.cells)
        found = re.search(r"\*\*What this notebook answers:\*\* (.*?) \*\*Time:\*\* (.*?)\. ", text)
        return found.groups()

    def text(self, markdown):
        """Return Markdown as HTML of this edition."""
        raise NotImplementedError

    def figure(self, title, finding, output):
        """Return the picture in an output as HTML of this edition."""
        raise NotImplementedError

    def output(self, output):
        """Return an output of a cell as HTML."""
        if output.output_type == "stream":
            lines = [line for line in output.text.splitlines() if self._is_news(line)]
            return printed("\n".join(lines)) if any(lines) else ""
        if "text/markdown" in output.data:
            return self.text(output.data["text/markdown"])
        if "image/png" in output.data:
            title, said = output.data["text/plain"], output.metadata["image/png"]["alt"]
            self._finding = said.removeprefix(f"{title}. ")
            return self.figure(title, self._finding, output)
        if "text/html" in output.data:
            return output.data["text/html"]
        return printed(output.data["text/plain"])

    def _is_news(self, line):
        """Is it no caption over again, and not the state of a figure, which only code can use?"""
        return line != self._finding and not re.match(r"[A-Z]\w+\(\w+=", line)


def image(output):
    """Return the attributes `src` and `alt` of the picture in an output."""
    picture = "".join(output.data["image/png"].split())
    alt = html.escape(output.metadata["image/png"]["alt"])
    return f'src="data:image/png;base64,{picture}" alt="{alt}"'
