"""The notebooks keep the rules that close nbval's holes, and each rule can fail."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from precheck import MARKER_BUDGET, RULES, WIDGET_VIEW, markers

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def read(path):
    return nbformat.read(path, as_version=4)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_keeps_rule(path, rule):
    assert list(rule(read(path))) == []


def test_there_are_notebooks_to_check():
    assert NOTEBOOKS


def test_markers_stay_within_budget():
    assert sum(len(markers(read(path))) for path in NOTEBOOKS) <= MARKER_BUDGET


# From here on: the rules themselves.


def code(source="x = 1", *outputs, count=1, tags=()):
    metadata = {"tags": list(tags)} if tags else {}
    return new_code_cell(source, outputs=list(outputs), execution_count=count, metadata=metadata)


def shown(metadata=None, **data):
    data = {name.replace("_", "/"): value for name, value in data.items()}
    return new_output("display_data", data, metadata=metadata or {})


def printed(text):
    return new_output("stream", name="stdout", text=text)


def notebook(*cells, **metadata):
    return new_notebook(cells=list(cells), metadata=metadata)


ALT = {"image/png": {"alt": "The weight size falls."}}
WHY = "# the time differs from run to run\n"

GOOD = notebook(
    new_markdown_cell("An ![arrow](arrow.png), [a link](https://host.org/home/x), 3/4 and ~/x"),
    code("# nothing to interact with\nprint('a; b;')", printed("6.25 %; done;\n"), count=1),
    code(WHY + "# NBVAL_IGNORE_OUTPUT\na = 1; b = 2  # two;", printed("2.5 s"), count=2),
    code("%matplotlib inline\nfigure", shown(ALT, image_png="iVBO", text_plain="<F>"), count=3),
    code("print('falls to 0.61')", printed("falls to 0.61\n"), count=4),
    code("figure", shown(ALT, image_png="iVBO", text_plain="It falls to 0.61."), count=5),
)

BAD = {
    "unrun_cell": [notebook(code(count=None))],
    "count_out_of_order": [
        notebook(code(count=2)),
        notebook(code(count=1), code(count=1)),
        notebook(code(count=2), code(count=1)),
    ],
    "error_output": [
        notebook(code("1/0", new_output("error", ename="E", evalue="", traceback=[])))
    ],
    "marker_not_alone": [
        notebook(code(WHY + "# NBVAL_IGNORE_OUTPUT because it varies")),
        notebook(code(WHY + "x = 1  # NBVAL_SKIP")),
    ],
    "marker_without_reason": [
        notebook(code("# NBVAL_SKIP\nx = 1")),
        notebook(code("x = 1\n# NBVAL_SKIP\nx = 1")),
        notebook(code("# NBVAL_IGNORE_OUTPUT\n# NBVAL_SKIP")),
    ],
    "marker_as_tag": [
        notebook(code(tags=[tag]))
        for tag in ("nbval-ignore-output", "nbval-skip", "raises-exception", "skip-execution")
    ],
    "trailing_semicolon": [
        notebook(code("x;")),
        notebook(code("x;  # quiet\ny")),
        notebook(code("%matplotlib inline\nf(1);\n")),
    ],
    "slow_or_hidden_output": [
        notebook(code(source))
        for source in (
            "from ipywidgets import interact",
            "@widgets.interact(x=1)\ndef f(x): pass",
            "w.interactive_output(f, {})",
            "out = Output()",
            "clear_output()",
        )
    ],
    "absolute_path": [
        notebook(new_markdown_cell("see /home/me/x.png")),
        notebook(code("open('/tmp/x')")),
        notebook(code(r"open('C:\\data')")),
        notebook(code("f()", printed("/tmp/ipykernel_7/1.py:1: RuntimeWarning: overflow"))),
        notebook(code("f()", shown(text_plain="<Path file:///x>"))),
    ],
    "picture_without_alt_text": [
        notebook(code("f", shown(image_png="iVBO", text_plain="0.61"))),
        notebook(code("f", shown({"image/png": {"alt": " "}}, image_png="iVBO"))),
        notebook(new_markdown_cell("![](x.png)")),
        notebook(new_markdown_cell('<img src="x.png">')),
        notebook(new_markdown_cell('<img src="x.png" alt="">')),
        notebook(code("f", shown(text_html='<img src="x.png">'))),
    ],
    "picture_without_numbers": [
        notebook(code("f", shown(ALT, image_png="iVBO"))),
        notebook(code("f", shown(ALT, image_png="iV", text_plain="<Figure size 640x480 with 1>"))),
        notebook(code("f", shown(ALT, image_png="iV")), code("print()", printed("\n"), count=2)),
    ],
    "widget_view": [
        notebook(code("w", shown(**{WIDGET_VIEW.replace("/", "_"): {"model_id": "a"}}))),
        notebook(code(), widgets={}),
    ],
}


def test_every_rule_has_a_notebook_that_breaks_it():
    assert set(BAD) == {rule.__name__ for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_passes_the_good_and_fails_the_bad(rule):
    assert list(rule(GOOD)) == []
    assert [bad for bad in BAD[rule.__name__] if not list(rule(bad))] == []


def test_markers_are_counted():
    assert len(markers(GOOD)) == 1
