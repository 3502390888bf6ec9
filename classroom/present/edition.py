"""The classroom edition of a notebook: what makes sense on a wall, or where nobody can run code."""

import ast

import nbformat

from classroom.notebooks import paths

LEFT_OUT = ("How the notebooks run", "Check yourself")  # sections about running code of one's own


def editions(chosen=()):
    """Return {file name: classroom edition} of the chosen notebooks, or all, in reading order."""
    return {path.name: edition(nbformat.read(path, as_version=4)) for path in paths(chosen)}


def edition(notebook):
    """Return a notebook with live figures and predictions, and everything else as it is stored.

    What a cell printed is taken over as text, not computed again: strict nbval has compared it, and
    a page opens in a second. A figure that is shown again further down, as the cells between have
    left it, is a picture there: one figure on a page has one set of sliders. What is printed right
    below a live figure only to record what it says is left out: the figure says it, and goes on to
    say what is true when a slider has moved.
    """
    cells, shown = [], set()
    for cell in _without_sections_left_out(notebook.cells):
        if cell.cell_type == "markdown":
            cells.append(cell.copy())
        elif cell.cell_type == "code" and not _repeats(cell, cells[-1]):
            cells.extend(_live_or_stored(cell, shown))
    metadata = {**notebook.metadata, "title": _title(notebook)}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def _without_sections_left_out(cells):
    left_out = False
    for cell in cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            left_out = _heading(cell) in LEFT_OUT
        if not left_out and "instructor" not in cell.metadata.get("tags", []):
            yield cell


def _heading(cell):
    return cell.source.splitlines()[0].lstrip("# ")


def _title(notebook):
    return _heading(notebook.cells[0])


def _repeats(cell, above):
    """Return whether a cell prints only what the live figure above it says anyway.

    That is a cell that reads sentence and numbers of that figure, and nothing else of anything.
    """
    figure, nodes = _last_line(above), list(ast.walk(ast.parse(cell.source)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    made = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    used = {node.id for node in names} - made
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return used == {"print", figure} and read <= {"sentence", "numbers", "items"}


def _last_line(cell):
    return cell.source.splitlines()[-1]


def _live_or_stored(cell, shown):
    """Yield the cell itself if it shows a figure or a prediction, and otherwise its outputs."""
    outputs = [output.get("data", {}) for output in cell.outputs]
    if any("image/png" in data for data in outputs):
        name = _last_line(cell)  # by the notebooks' rules a figure is shown by its name
        if name not in shown:
            shown.add(name)
            yield _code(cell, f"{cell.source.removesuffix(name)}{name}.projector = True\n{name}")
            return
    elif any(set(data) == {"text/plain"} for data in outputs):
        yield _code(cell, cell.source)
        return
    if cell.outputs:  # together in one cell: two of one id would make no notebook
        yield nbformat.v4.new_markdown_cell(
            "\n\n".join(map(_as_markdown, cell.outputs)), id=cell.id
        )


def _code(cell, source):
    return nbformat.v4.new_code_cell(source, id=cell.id)


def _as_markdown(output):
    if output.output_type == "stream":
        return f"```text\n{output.text.rstrip()}\n```"
    if "image/png" in output.data:
        alt = output.metadata["image/png"]["alt"].replace('"', "&quot;")
        return f'<img src="data:image/png;base64,{output.data["image/png"].strip()}" alt="{alt}">'
    return output.data.get("text/html") or output.data["text/markdown"]
