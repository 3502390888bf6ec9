"""What an artist looks like, as values to compare: equal as long as it would be drawn the same.

A kind of artist that is not known here is an error: what cannot be compared must not stand still.
"""

from functools import cache

import numpy as np
from matplotlib.axis import Axis
from matplotlib.collections import Collection
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.spines import Spine
from matplotlib.text import Text
from matplotlib.ticker import NullLocator

_STYLE = {
    Text: ("text", "color", "fontsize", "fontfamily", "fontstyle", "fontweight", "rotation",
           "horizontalalignment", "verticalalignment"),
    Line2D: ("color", "linestyle", "linewidth", "drawstyle", "marker", "markersize", "markevery",
             "markerfacecolor", "markeredgecolor", "markeredgewidth", "fillstyle"),
    Patch: ("facecolor", "edgecolor", "linestyle", "linewidth", "hatch", "fill"),
    Collection: ("facecolor", "edgecolor", "linestyle", "linewidth", "hatch", "array", "sizes"),
    AxesImage: ("interpolation",),
}  # fmt: skip
_EVERY = ("visible", "alpha", "zorder", "clip_on")


def of_axes(axes):
    """Return what all that is drawn in `axes` looks like, the axes' own parts included."""
    return axes.get_position().bounds, axes.axison, *map(of, axes.get_children())


def of(artist):
    match artist:
        case Axis():
            return _of_axis(artist)
        case Spine():  # its path is set when it is drawn
            places = artist.get_position(), artist.get_bounds()
        case Text() if type(artist) is Text:
            box = artist.get_bbox_patch()
            places = _pixels(artist, [artist.get_position()]), box and _style(box)
        case Line2D():
            places = _pixels(artist, artist.get_xydata())
        case Patch():
            places = _pixels(artist, artist.get_path().vertices)
        case Collection():
            paths = [path.vertices.tobytes() for path in artist.get_paths()]
            place = artist.get_transform().transform([(0, 0), (1, 1)]).tobytes()
            places = *paths, place, _pixels(artist, artist.get_offsets(), offset=True)
        case AxesImage():
            pixels = np.ma.filled(artist.get_array(), np.nan).tobytes()
            places = pixels, tuple(artist.get_extent()), artist.get_clim(), artist.get_cmap().name
        case _:
            kind = type(artist).__name__
            raise TypeError(f"The still layer cannot tell whether a {kind} has changed.")
    return places, _style(artist)


def _pixels(artist, points, offset=False):
    transform = artist.get_offset_transform() if offset else artist.get_transform()
    return transform.transform(np.asarray(points, float)).tobytes()


def _style(artist):
    return tuple([_plain(get(artist)) for get in _getters(type(artist))])


@cache
def _getters(kind):
    names = next(names for known, names in _STYLE.items() if issubclass(kind, known))
    getters = [getattr(kind, f"get_{name}", None) for name in (*_EVERY, *names)]
    return [getter for getter in getters if getter is not None]


def _plain(value):
    """Return a value that can be compared and hashed."""
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, list):
        return tuple(map(_plain, value))
    return value


def _of_axis(axis):
    """Return an axis: places of labels are left out, for they are set when it is drawn."""
    marks = []
    has_minor = not isinstance(axis.get_minor_locator(), NullLocator)
    for which in ("major", "minor")[: 1 + has_minor]:
        at = getattr(axis, f"get_{which}ticklocs")()
        words = getattr(axis, f"get_{which}_formatter")().format_ticks(at)
        ticks = getattr(axis, f"get_{which}_ticks")(len(at))
        marks += [np.asarray(at, float).tobytes(), *words, *map(_of_tick, ticks)]
    label = _style(axis.get_label()), axis.labelpad, axis.get_label_position()
    where = axis.get_scale(), *axis.get_view_interval(), axis.get_visible()
    return where, label, tuple(marks)


def _of_tick(tick):
    """Return the style of a tick's label and lines; the label's text is the formatter's."""
    label, line, grid = tick.label1, tick.tick1line, tick.gridline
    return (
        tick.get_pad(), label.get_visible(), label.get_color(), label.get_fontsize(),
        label.get_rotation(), label.get_fontweight(), line.get_visible(), line.get_color(),
        line.get_markersize(), line.get_markeredgewidth(), grid.get_visible(), grid.get_color(),
        grid.get_linewidth(), grid.get_linestyle(),
    )  # fmt: skip
