"""build.py on a small text: the same bytes each time, readable without a kernel, loud on errors."""

import build
import nbformat
import pytest
from precheck import RULES, WIDGET_VIEW

TEXT = """\
---
kernelspec:
  display_name: Python 3
  name: python3
---

# A title

```{code-cell}
import sys

for i in range(50):
    print(i, flush=True)
```

+++ {"tags": ["hint"]}

A hint with $\\lambda$ < 1.

```{code-cell}
:tags: [solution]

from ipywidgets import IntSlider


class Figure(IntSlider):
    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        bundle |= {"text/plain": "It falls to 0.61.", "image/png": "iVBORw0KGgo="}
        return bundle, {"image/png": {"alt": "A falling curve."}}


Figure()
```

```{code-cell}
print(0.61)
```

```{code-cell}
print(0.61)
```
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder like notebooks/, with one text that has been built."""
    folder = tmp_path_factory.mktemp("notebooks")
    (folder / "text.md").write_text(TEXT, encoding="utf-8")
    build.build(folder / "text.md", folder / "built.ipynb")
    return folder


def built(folder):
    return nbformat.read(folder / "built.ipynb", as_version=4)


def test_rebuilding_gives_the_same_bytes(folder):
    build.build(folder / "text.md", folder / "again.ipynb")
    first, second = (folder / "built.ipynb").read_bytes(), (folder / "again.ipynb").read_bytes()
    assert first == second
    assert first.endswith(b"}\n")
    assert b"\r" not in first


def test_cells_and_tags_come_from_the_text(folder):
    cells = built(folder).cells
    kinds = [(cell.cell_type, cell.metadata.get("tags", [])) for cell in cells]
    assert kinds == [
        ("markdown", []),
        ("code", []),
        ("markdown", ["hint"]),
        ("code", ["solution"]),
        ("code", []),
        ("code", []),
    ]
    assert len({cell.id for cell in cells}) == len(cells)
    assert built(folder).metadata == build.METADATA


def test_a_new_cell_leaves_other_ids_alone(folder):
    longer = folder / "longer.md"
    longer.write_text(TEXT.replace("# A title", "# A title\n\n+++\n\nMore."), encoding="utf-8")
    ids = [cell.id for cell in built(folder).cells]
    more = [cell.id for cell in build.read(longer).cells]
    assert more[:1] + more[2:] == ids


def test_picture_and_words_of_a_figure_stay_and_its_widget_goes(folder):
    output = built(folder).cells[3].outputs[0]
    assert set(output.data) == {"text/plain", "image/png"}
    assert WIDGET_VIEW not in (folder / "built.ipynb").read_text(encoding="utf-8")
    assert [complaint for rule in RULES for complaint in rule(built(folder))] == []


def test_differences_names_the_cell(folder):
    target = folder / "built.ipynb"
    assert build.differences(folder / "text.md", target) == []
    changed = folder / "changed.md"
    changed.write_text(TEXT.replace("A hint", "The hint"), encoding="utf-8")
    found = build.differences(changed, target)
    assert found == ["cell 2: source differs", "cell 2: id differs"]
    assert build.differences(changed, folder / "none.ipynb") == ["it was never built"]


def test_an_error_stops_the_build_and_says_where(folder):
    broken = folder / "broken.md"
    broken.write_text(TEXT.replace("print(0.61)", "print(1 / 0)", 1), encoding="utf-8")
    with pytest.raises(
        SystemExit, match=r"broken, cell 4:\n\nprint\(1 / 0\)[^$]*ZeroDivisionError"
    ):
        build.build(broken, folder / "broken.ipynb")
    assert not (folder / "broken.ipynb").exists()


def test_an_unknown_name_is_refused(capsys):
    with pytest.raises(SystemExit):
        build.main(["99_nothing"])
    assert "no such text: 99_nothing" in capsys.readouterr().err
