"""What strict nbval cannot see in a notebook, as rules.

nbval says nothing about PNGs, never compares a cell without an execution count, and silently
ignores a marker with words after it. Each rule here is a generator of complaints about one notebook
(as nbformat reads it); `RULES` names them all.
"""

import ast
import io
import json
import re
import tokenize

from IPython.core.inputtransformer2 import TransformerManager

# How many outputs, in all notebooks together, may be exempt from comparison.
MARKER_BUDGET = 0

MARKER = re.compile(
    r"(NBVAL_IGNORE_OUTPUT|NBVAL_CHECK_OUTPUT|NBVAL_RAISES_EXCEPTION|NBVAL_SKIP"
    r"|PYTEST_VALIDATE_IGNORE_OUTPUT)"
)
# The same as cell tags. They have no room for a reason.
MARKER_TAGS = re.compile(r"(nbval-.*|pytest-validate-.*|raises-exception|skip-execution)")

# They slow the redraw, and their output is not where nbval looks for it.
FORBIDDEN = {"interact", "interact_manual", "interactive_output", "Output", "clear_output"}

ABSOLUTE_PATH = re.compile(
    r"(?<![\w.~/])/(home|Users|root|tmp|var|private|usr|opt|mnt|work|etc)/|file://|\b[A-Za-z]:\\",
)
PICTURES = ("image/png", "image/jpeg")
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def cells(notebook, kind):
    return [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == kind]


def outputs(notebook):
    return [(i, output) for i, cell in cells(notebook, "code") for output in cell.outputs]


def python(source):
    """Return the source of a cell with magics turned into plain Python."""
    return TransformerManager().transform_cell(source)


def text_of(output):
    """Return what an output says in words or numbers, pictures left out."""
    said = {mime: value for mime, value in output.get("data", {}).items() if mime not in PICTURES}
    return output.get("text", "") + json.dumps(said, ensure_ascii=False)


def markers(notebook):
    """Return (cell, line, lines of the cell) for each line that mentions a marker of nbval's."""
    return [
        (i, number, cell.source.splitlines())
        for i, cell in cells(notebook, "code")
        for number, line in enumerate(cell.source.splitlines())
        if MARKER.search(line)
    ]


def unrun_cell(notebook):
    for i, cell in cells(notebook, "code"):
        if cell.execution_count is None:
            yield f"cell {i} was not run, so nbval would not compare it"


def count_out_of_order(notebook):
    counts = [cell.execution_count for _, cell in cells(notebook, "code")]
    if counts != list(range(1, len(counts) + 1)):
        yield f"execution counts are {counts}, not 1, 2, 3, ..."


def error_output(notebook):
    for i, output in outputs(notebook):
        if output.output_type == "error":
            yield f"cell {i} ends with an error: {output.ename}: {output.evalue}"


def marker_not_alone(notebook):
    for i, number, lines in markers(notebook):
        if not re.fullmatch(rf"\s*#+\s*{MARKER.pattern}\s*", lines[number]):
            yield f"cell {i}: nbval ignores a marker that shares its line: {lines[number]!r}"


def marker_without_reason(notebook):
    for i, number, lines in markers(notebook):
        above = lines[number - 1] if number else ""
        if not re.match(r"\s*#\s*\w+ \w+", above) or MARKER.search(above):
            yield f"cell {i}: the line above {lines[number]!r} has to be a comment that says why"


def marker_as_tag(notebook):
    for i, cell in cells(notebook, "code"):
        for tag in filter(MARKER_TAGS.fullmatch, cell.metadata.get("tags", [])):
            yield f"cell {i}: tag {tag!r} cannot say why; use the comment"


def trailing_semicolon(notebook):
    for i, cell in cells(notebook, "code"):
        tokens = tokenize.generate_tokens(io.StringIO(python(cell.source)).readline)
        before = None
        for token in tokens:
            ends = token.type in (tokenize.COMMENT, tokenize.NEWLINE, tokenize.ENDMARKER)
            if ends and before == ";":
                yield f"cell {i}: nbval does not know ';' at the end of {token.line.strip()!r}"
            before = token.string


def slow_or_hidden_output(notebook):
    for i, cell in cells(notebook, "code"):
        for node in ast.walk(ast.parse(python(cell.source))):
            used = {getattr(node, "id", None), getattr(node, "attr", None)}
            if isinstance(node, ast.ImportFrom):
                used |= {alias.name for alias in node.names}
            for name in sorted(used & FORBIDDEN, key=str):
                yield f"cell {i} uses {name}; use plain observe"


def absolute_path(notebook):
    texts = [(i, cell.source) for i, cell in enumerate(notebook.cells)]
    texts += [(i, text_of(output)) for i, output in outputs(notebook)]
    for i, text in texts:
        if found := ABSOLUTE_PATH.search(text):
            yield f"cell {i} names a place on one machine: {text[found.start() :][:60]!r}"


def picture_without_alt_text(notebook):
    for i, output in outputs(notebook):
        for mime in PICTURES:
            alt = output.get("metadata", {}).get(mime, {}).get("alt", "")
            if mime in output.get("data", {}) and not alt.strip():
                yield f'cell {i}: {mime} lacks alt text, metadata {{"{mime}": {{"alt": ...}}}}'
    texts = [(i, cell.source) for i, cell in cells(notebook, "markdown")]
    texts += [(i, output.get("data", {}).get("text/html", "")) for i, output in outputs(notebook)]
    for i, text in texts:
        if re.search(r"!\[\s*\]", text):
            yield f"cell {i}: a picture without alt text, ![]"
        for tag in re.findall(r"<img\b[^>]*>", text, flags=re.IGNORECASE):
            if not re.search(r"""\balt\s*=\s*(["'])\s*[^"'\s]""", tag):
                yield f"cell {i}: a picture without alt text, {tag}"


def picture_without_numbers(notebook):
    """A picture is not compared: what it shows has to be said beside it, or right after it."""
    code = [cell for _, cell in cells(notebook, "code")]
    for cell, after in zip(code, [*code[1:], None]):
        pictured = any(
            mime in output.get("data", {}) for output in cell.outputs for mime in PICTURES
        )
        near = [*cell.outputs, *(after.outputs if after else [])]
        said = "".join(text_of(output) for output in near)
        if pictured and not re.search(r"\d", re.sub(r"<Figure size.*?>", "", said)):
            yield f"nbval does not compare the picture of {cell.source!r}: print what it shows"


def widget_view(notebook):
    for i, output in outputs(notebook):
        if WIDGET_VIEW in output.get("data", {}):
            yield f"cell {i}: a stored widget shows 'model not found' where no kernel runs"
    if "widgets" in notebook.metadata:
        yield "widget state is stored in the notebook's metadata"


RULES = [
    unrun_cell,
    count_out_of_order,
    error_output,
    marker_not_alone,
    marker_without_reason,
    marker_as_tag,
    trailing_semicolon,
    slow_or_hidden_output,
    absolute_path,
    picture_without_alt_text,
    picture_without_numbers,
    widget_view,
]
