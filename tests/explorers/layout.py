"""What is where in a drawn picture, in pixels: that nothing is cut off, and no word is hidden."""

import re

import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from told import number_in

from explorers.style import SMALL


def assert_readable(picture):
    """No mark leaves its axes; no word is small, cut off, or on a mark, a curve or another word.

    A curve may leave its axes, which cut it off; so may the ground of a note lie on one.
    """
    renderer = _laid_out(picture)
    found = [text for panel in picture.canvas.panels for text in _words(panel)]
    boxes = np.array([text.get_window_extent(renderer).extents for text in found]).reshape(-1, 4)
    low, high = boxes[:, :2], boxes[:, 2:]
    page = picture.canvas.figure.bbox
    for text, inside in zip(found, (low >= page.min).all(1) & (high <= page.max).all(1)):
        assert text.get_fontsize() >= SMALL, f"small: {text}"
        assert inside, f"cut off: {text}"
    touching = ((low[:, None] <= high) & (low <= high[:, None])).all(2)
    for one, other in np.argwhere(np.triu(touching, k=1)):
        raise AssertionError(f"{found[one].get_text()} lies on {found[other].get_text()}")
    bare = np.array([text.get_bbox_patch() is None for text in found])
    for panel in picture.canvas.panels:
        for line in filter(Artist.get_visible, panel.moving.lines):
            for points, reach, are_marks in _drawn(panel, line):
                seen = _inside(points, panel.moving.bbox.padded(0.5))
                assert seen.all() or not are_marks, "off the axes"
                at = points[seen, None]
                covered = ((at > low - reach) & (at < high + reach)).all(2).any(0) & bare
                assert not covered.any(), f"{found[covered.argmax()].get_text()} is covered"


def _laid_out(picture):
    """Put the labels of axes below their numbers, as drawing would; return what measured these.

    It stays with the picture, for it knows the sizes of the words that it has met.
    """
    figure = picture.canvas.figure
    if not isinstance(figure.canvas, FigureCanvasAgg):
        FigureCanvasAgg(figure)
    renderer = figure.canvas.get_renderer()
    for panel in picture.canvas.panels:
        for axis in (panel.still.xaxis, panel.still.yaxis):
            if axis.get_label_text():
                axis.get_tightbbox(renderer)
    return renderer


def assert_on_no_curve(text, panel, curves):
    """A word with a ground of its own hides no part of these."""
    canvas = FigureCanvasAgg(panel.moving.figure)
    canvas.figure.draw_without_rendering()
    ground = text.get_bbox_patch().get_window_extent(canvas.get_renderer())
    for curve in curves:
        for points, *_ in _drawn(panel, curve):
            assert not _inside(points, ground).any(), f"{text} hides a curve"


def assert_ticks(picture, most=9):
    """Each axis has at least two numbers, and not too many, each where it belongs, and none twice.

    A size may be rounded to three digits.
    """
    for panel in filter(lambda panel: panel.still.axison, picture.canvas.panels):
        for axis in (panel.still.xaxis, panel.still.yaxis):
            low, high = sorted(axis.get_view_interval())
            labels = zip(axis.get_ticklocs(), axis.get_ticklabels())
            seen = {x: label.get_text() for x, label in labels if low <= x <= high}
            assert 2 <= len(seen) <= most and len({*seen.values()}) == len(seen), seen
            numbers = [tick_number(text) for text in seen.values()]
            assert numbers == pytest.approx(list(seen), rel=5e-3), seen


def assert_uneven_axes_say_so(picture):
    """An axis whose numbers don't stand at even distances says so, and no other one does.

    That of y says it in the title, where its words stand.
    """
    for panel in filter(lambda panel: panel.still.axison, picture.canvas.panels):
        still = panel.still
        words = {still.xaxis: still.get_xlabel(), still.yaxis: still.get_title(loc="left")}
        for axis, said in words.items():
            said_so = re.search(r"\(\w+ scale\)$", " ".join(said.split()))
            assert bool(said_so) != is_even(axis), (said, _numbers(axis))


def is_even(axis):
    """Return whether the numbers along an axis, as a reader sees them, grow evenly on paper.

    Of two numbers that can't be told: then what stands halfway between them says it.
    """
    places, numbers = np.transpose(_numbers(axis))
    if len(numbers) == 2:
        scale = axis.get_transform()
        halfway = scale.inverted().transform(scale.transform(numbers).mean())
        return halfway == pytest.approx(numbers.mean())
    evenly = np.interp(places, places[[0, -1]], numbers[[0, -1]])
    return np.allclose(evenly, numbers, rtol=0, atol=0.02 * np.ptp(numbers))


def _numbers(axis):
    """Return (where it stands in pixels, number) for each number that is written at an axis."""
    side = 0 if axis.axis_name == "x" else 1
    seen = [label for label in axis.get_ticklabels() if label.get_text()]
    places = [label.get_transform().transform(label.get_position())[side] for label in seen]
    return sorted(zip(places, (tick_number(label.get_text()) for label in seen), strict=True))


def tick_number(text):
    """Return what is written at a tick: "10⁻³", "−1/4", "50 %", "10⁵ ×", "2,500"."""
    number, _, below = text.removesuffix(" ×").partition("/")
    number = re.sub("^(−?)10(?=[⁻⁰¹²³⁴⁵⁶⁷⁸⁹])", r"\g<1>1·10", number)
    return number_in(number) / (number_in(below) if below else 1)


def _words(panel):
    still = panel.still
    texts = (*still.texts, *panel.moving.texts, *still.get_xticklabels(), *still.get_yticklabels(),
             still.xaxis.label, still.yaxis.label, still._left_title)  # fmt: skip
    return [text for text in texts if text.get_text().strip() and text.get_visible()]


def _inside(points, box):
    return ((points > box.min) & (points < box.max)).all(axis=1)


def _drawn(panel, line):
    """Yield (points, how far each reaches, whether they are marks): the marks, and the line."""
    points = line.get_transform().transform(np.column_stack(line.get_data()))
    points = points[np.isfinite(points).all(axis=1)]
    pixels = panel.moving.figure.dpi / 72
    if line.get_marker() not in ("", "None", None):
        yield points, line.get_markersize() / 2 * pixels, True
    if line.get_linestyle() != "None":
        steps = np.linspace(0, 1, 20)[:, None, None] * np.diff(points, axis=0)
        ways = (points[:-1] + steps).reshape(-1, 2)
        yield np.concatenate([points, ways]), line.get_linewidth() / 2 * pixels, False
