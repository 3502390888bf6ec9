"""Words keep a contrast of at least 4.5:1 to what they stand on (WCAG 2, 1.4.3)."""

import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import rgb_to_hsv, to_hex, to_rgb

from explorers.style import BLUE, GREEN, ORANGE, PURPLE, SKY, TEXT, VERMILLION

# What CSS makes of a colour's channels: invert(0.9), and hue-rotate(180deg) by its matrix in the
# specification (Filter Effects Module Level 1), whose rows are 2 * luma weights, less 1 on the
# diagonal.
DARK = "filter: invert(0.9) hue-rotate(180deg)"
LUMA = np.array([0.213, 0.715, 0.072])
HUE_TURNED = 2 * np.tile(LUMA, (3, 1)) - np.eye(3)

ROOT = Path(__file__).parents[2]
SHEETS = [
    ROOT / "explorers" / "widget.css",
    ROOT / "exercises" / "prediction.css",
    ROOT / "exercises" / "steps.css",  # which adds to the last
]
PAPER = "#fff"


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear))


def in_the_dark(colour):
    """Return a colour as a dark theme shows it."""
    channels = 0.1 * np.array(to_rgb(colour)) + 0.9 * (1 - np.array(to_rgb(colour)))
    return to_hex(np.clip(HUE_TURNED @ channels, 0, 1))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def rules():
    """Yield (selector, {property: value}) of every rule in these sheets."""
    for sheet in SHEETS:
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
        for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", text):
            pairs = [line.split(":", 1) for line in body.split(";") if ":" in line]
            yield selector.strip(), {name.strip(): value.strip() for name, value in pairs}


def test_the_formula():
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#fff") == pytest.approx(4.54, abs=0.01)  # WCAG's own example


RULES = [(s, d) for s, d in rules() if d.keys() & {"color", "background"}]


@pytest.mark.parametrize("selector, declared", RULES, ids=[selector for selector, _ in RULES])
def test_words_on_the_page(selector, declared):
    ink = declared.get("color", "inherit")
    ink = "#1a1a1a" if ink == "inherit" else ink
    ground = declared.get("background", PAPER)
    if "progress" not in selector:
        assert contrast(ink, ground) >= 4.5
        assert contrast(*map(in_the_dark, (ink, ground))) >= 4.5


def test_a_dark_theme_turns_over_all_that_is_ours():
    assert all(DARK in sheet.read_text(encoding="utf-8") for sheet in SHEETS[:2])
    assert in_the_dark(PAPER) == "#191919"


def test_hues_stay_in_the_dark():
    for colour in (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY):
        hue, other = (rgb_to_hsv(to_rgb(one))[0] for one in (colour, in_the_dark(colour)))
        assert abs((hue - other + 0.5) % 1 - 0.5) < 0.06


def test_sheets_name_colours_in_a_way_that_is_understood():
    inks = [declared["color"] for _, declared in rules() if "color" in declared]
    assert len(inks) > 5
    assert all(re.fullmatch(r"#([0-9a-f]{3}|[0-9a-f]{6})|inherit", ink) for ink in inks)


@pytest.mark.parametrize("colour", TEXT)
def test_words_in_a_figure(colour):
    assert contrast(TEXT[colour], PAPER) >= 4.5
    assert contrast(*map(in_the_dark, (TEXT[colour], PAPER))) >= 4.5


def test_every_colour_of_a_curve_has_one_for_its_words():
    assert {BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY} <= TEXT.keys()


def test_what_is_drawn_around_controls_is_seen():
    # Success criterion 1.4.11: 3:1 for outlines of fields and for the focus ring.
    for _, declared in rules():
        for name in ("outline", "accent-color"):
            if name in declared:
                (colour,) = re.findall(r"#[0-9a-f]{3,6}", declared[name])
                assert contrast(colour, PAPER) >= 3
