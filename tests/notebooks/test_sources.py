"""Each notebook is that of its text (DESIGN.md section 6)."""

import build
import pytest


def test_every_text_has_its_notebook_and_every_notebook_its_text():
    assert build.names() == sorted(path.stem for path in build.HERE.glob("*.ipynb"))
    # `names` reads NN_name.md only; a text with another name would be lost silently
    assert build.names() == sorted(path.stem for path in build.HERE.glob("source/*.md"))


@pytest.mark.parametrize("name", build.names())
def test_cells_are_those_of_the_text(name):
    source, target = build.HERE / "source" / f"{name}.md", build.HERE / f"{name}.ipynb"
    assert build.differences(source, target) == [], "run `make notebooks`"
