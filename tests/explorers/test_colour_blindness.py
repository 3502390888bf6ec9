"""Colours stay apart for the three common colour-blindnesses (simulated as Machado et al. do)."""

from itertools import combinations

import numpy as np
import pytest
from colorspacious import cspace_convert, deltaE
from matplotlib.colors import to_rgb
from told import laid_out

from explorers import all_figures
from explorers.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, SKY, VERMILLION

COLOURS = [INK, GREY, BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY]
KINDS = ["protanomaly", "deuteranomaly", "tritanomaly"]
APART = 10  # in CAM02-UCS, where about 1 can just be told when both are side by side


def seen_by(kind, colour):
    """Return the colour, sRGB 0 to 1, as someone whose cone is missing altogether sees it."""
    space = {"name": "sRGB1+CVD", "cvd_type": kind, "severity": 100}
    return np.clip(cspace_convert(to_rgb(colour), space, "sRGB1"), 0, 1)


def distance(kind, one, other):
    return float(deltaE(seen_by(kind, one), seen_by(kind, other), input_space="sRGB1"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_simulation_confuses_what_it_should(kind):
    """Pure red and a dark yellow-green for protanopes, and so on: the test can fail."""
    confused = {
        "protanomaly": ("#ff0000", "#5e5000"),
        "deuteranomaly": ("#ff0000", "#a08000"),
        "tritanomaly": ("#0080ff", "#009a9a"),
    }
    one, other = confused[kind]
    plain = float(deltaE(to_rgb(one), to_rgb(other), input_space="sRGB1"))
    assert distance(kind, one, other) < plain / 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("one, other", list(combinations(COLOURS, 2)))
def test_any_two_colours_stay_apart(kind, one, other):
    assert distance(kind, one, other) > APART


@pytest.mark.parametrize("figure", all_figures().values(), ids=all_figures())
def test_curves_of_one_panel_differ_by_more_than_colour(figure):
    """Who sees no colour at all tells them apart by dashes, marks, width or filling."""
    for panel in laid_out(figure).canvas.panels:
        looks = [_look(line) for line in panel.still.lines]  # in its key: each has a meaning
        looks += {_look(line) for line in panel.moving.lines} - set(looks)
        for one, other in combinations(looks, 2):
            where = f"{figure.name}, {panel.still.get_title(loc='left')}"
            assert one[:-1] != other[:-1], f"{where}: only colour parts {one} from {other}"


def _look(line):
    return (line.get_linestyle(), line.get_marker(), line.get_linewidth(),
            line.get_markerfacecolor() == line.get_color(), line.get_color())  # fmt: skip
