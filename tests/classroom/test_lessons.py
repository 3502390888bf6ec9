"""The lesson plans: they fit into their time, and say the times that the notebooks say."""

import re

import nbformat
import pytest

from classroom.notebooks import NOTEBOOKS, paths

PLANS = (NOTEBOOKS / "README.md").read_text(encoding="utf-8")
SPARE = 5  # of fifty minutes
FASTEST = 2  # slides a minute, with a figure and a question among them


def rows(heading):
    """Return (minutes, where) of each row of the plan under a heading."""
    (plan,) = re.findall(rf"^## {heading}\n(.*?)(?=^## )", PLANS, re.MULTILINE | re.DOTALL)
    found = re.findall(r"^\| (\d+) \|.*\|\s*([^|]*?)\s*\|$", plan, re.MULTILINE)
    assert len(found) > 3
    return [(int(minutes), where[:2]) for minutes, where in found]


@pytest.mark.parametrize(
    "heading, most",
    [
        ("Ten minutes", 10),
        ("Fifty minutes", 50 - SPARE),
        ("Two lessons of fifty minutes", 50 - SPARE),
    ],
)
def test_a_plan_fits_into_its_time(heading, most):
    assert sum(minutes for minutes, _ in rows(heading)) <= most


def test_the_fifty_minutes_have_the_times_of_the_notebooks():
    for minutes, number in rows("Fifty minutes"):
        if number:
            (source,) = (NOTEBOOKS / "source").glob(f"{number}_*.md")
            said = re.search(
                r"^\*Time:\* (\d+) minutes", source.read_text(encoding="utf-8"), re.MULTILINE
            )
            assert int(said[1]) == minutes, source.name


def test_no_row_of_the_fifty_minutes_has_more_slides_than_one_can_show():
    for minutes, number in rows("Fifty minutes"):
        if number:
            (path,) = paths([number])
            cells = nbformat.read(path, as_version=4).cells
            slides = sum("slide" in cell.metadata.get("tags", []) for cell in cells)
            assert slides <= FASTEST * minutes, path.stem
