"""What is where in a drawn picture, in pixels: that nothing is cut off, and no word is hidden."""

from itertools import combinations, pairwise

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg


def assert_readable(picture):
    """No point leaves its axes; no word is cut off, or lies on a point, a curve or another word."""
    canvas = FigureCanvasAgg(picture.canvas.figure)
    canvas.draw()
    page = picture.canvas.figure.bbox
    words = [pair for panel in picture.canvas.panels for pair in _words(panel, canvas)]
    for text, box in words:
        assert page.x0 <= box.x0 and box.x1 <= page.x1, f"cut off: {text}"
        assert page.y0 <= box.y0 and box.y1 <= page.y1, f"cut off: {text}"
    for (one, box), (other, further) in combinations(words, 2):
        assert not box.overlaps(further), f"{one} lies on {other}"
    for panel in picture.canvas.panels:
        for line in filter(Artist.get_visible, panel.moving.lines):
            for points, reach in _drawn(panel, line):
                assert _inside(points, panel.moving.bbox.padded(0.5)).all(), "off the axes"
                for text, box in words:
                    assert not _inside(points, box.padded(reach)).any(), f"{text} lies on a point"


def assert_ticks(picture, most=9):
    """Each axis has at least two numbers, and not too many; none is there twice."""
    for panel in picture.canvas.panels:
        for axis in (panel.still.xaxis, panel.still.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = [t.get_text() for x, t in zip(axis.get_ticklocs(), axis.get_ticklabels())
                     if low <= x <= high]  # fmt: skip
            assert 2 <= len(ticks) <= most and len(set(ticks)) == len(ticks) and all(ticks), ticks


def _words(panel, canvas):
    still, found = panel.still, []
    for text in (*still.texts, *still.get_xticklabels(), *still.get_yticklabels(),
                 still.xaxis.label, still.yaxis.label, still._left_title):  # fmt: skip
        if text.get_text().strip():
            found.append((text.get_text(), text.get_window_extent(canvas.get_renderer())))
    return found


def _inside(points, box):
    return ((points > box.min) & (points < box.max)).all(axis=1)


def _drawn(panel, line):
    """Yield (points, how far each reaches): the marks, and the line from one to the next."""
    points = line.get_transform().transform(np.column_stack(line.get_data()))
    pixels = panel.moving.figure.dpi / 72
    if line.get_marker() not in ("", "None", None):
        yield points, line.get_markersize() / 2 * pixels
    if line.get_linestyle() != "None":
        ways = [np.linspace(one, other, 20) for one, other in pairwise(points)]
        yield np.concatenate([points, *ways]), line.get_linewidth() / 2 * pixels
