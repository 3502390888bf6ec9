"""The two layers of a figure: what is in which, where it stands, and the same state, same bytes."""

import base64
import io
import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from layout import assert_readable, assert_ticks
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from PIL import Image

from explorers import all_figures
from explorers.canvas import EDGE, SIDE_BY_SIDE, STILLS, WIDTHS, Canvas, Levels, Marks, spread
from explorers.formats import powers, ticks
from explorers.style import BLUE, GREEN, LABEL, SMALL, TITLE, VERMILLION, width_of, wrapped


def canvas_with_curve(width=400, values=(0, 1, 4)):
    canvas = Canvas(width)
    frame = {"xlim": (0, 2), "ylim": (0, 4), "xticks": {0: "0", 2: "two"}}
    panel = canvas.panel("Rising", "epoch", **frame, yticks={0: "0", 4: "4"})
    canvas.curve = panel.curve("-", BLUE)
    canvas.curve.set_data(range(len(values)), values)
    canvas.note = panel.moving.text(1, 1, "here")
    canvas.lay_out()
    return canvas


@pytest.fixture
def canvas():
    return canvas_with_curve()


def canvas_of_many(width):
    """Return what a picture can hold: two columns, one of two panels, names, keys of any length."""
    canvas = Canvas(width)
    numbers = {"xlim": (0, 120), "xticks": ticks(range(0, 121, 10)), "yscale": "log"}
    left = canvas.panel("A title that is far too long for the width of a telephone", "epoch",
                        reserve=["−10⁵ ×"], **numbers, ylim=(1e-9, 10),
                        yticks=powers(range(-9, 2)))  # fmt: skip
    top = canvas.panel("Above", share=0.4, xlim=(0, 1), ylim=(0, 1), xticks=ticks((0, 0.5, 1)),
                       yticks=ticks((0, 1)))  # fmt: skip
    foot = canvas.panel("Below", "share", below=True, share=0.4, xlim=(0, 1), ylim=(0, 1),
                        xticks=ticks((0, 0.5, 1)), yticks=ticks((0, 1)))  # fmt: skip
    canvas.levels = Levels(left, "one", "another", "a third")
    canvas.marks = Marks(left)
    canvas.rows = [
        (left.curve(style, colour), f"number {i} of the curves")
        for i, (style, colour) in enumerate([("-", BLUE), ("--s", VERMILLION), ("o", GREEN)])
    ]
    left.key(*canvas.rows)
    top.key((top.moving.stairs([0, 1], fill=True, color=BLUE), "filled"))
    canvas.lay_out()
    canvas.levels.draw(0.011, 0.01, 0.012)
    return canvas, left, top, foot


def texts(svg):
    return [node.text for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_paper_ticks_and_titles_stand_still_and_curves_move(canvas):
    still, moving = canvas.still_svg(), canvas.moving_svg()
    assert {"Rising", "epoch", "two"} <= set(texts(still)) and "here" not in texts(still)
    assert texts(moving) == ["here"]
    assert "#0072b2" in moving.lower() and "#0072b2" not in still.lower()
    assert "#ffffff" in still and "#ffffff" not in moving


def test_covered_it_has_its_titles_and_no_numbers_at_its_axes(canvas):
    whole = canvas.still_svg()
    assert {"Rising", "epoch", "0", "two", "4"} == set(texts(whole))
    assert {"Rising", "epoch"} == set(texts(canvas.still_svg(covered=True)))
    assert canvas.still_svg() == whole


@pytest.mark.parametrize("width", WIDTHS)
def test_both_layers_have_the_papers_size_and_lie_exactly_on_each_other(width):
    canvas = canvas_with_curve(width)
    for svg in (canvas.still_svg(), canvas.moving_svg()):
        assert ET.fromstring(svg).get("viewBox") == "0 0 {} {}".format(*canvas.paper)
    panel = canvas.panels[0]
    assert panel.still.get_position().bounds == panel.moving.get_position().bounds
    panel.frame(xlim=(-1, 3), ylim=(-2, 6))  # beyond the ticks
    assert panel.still.get_xlim() == panel.moving.get_xlim() == (-1, 3)
    assert panel.still.get_ylim() == panel.moving.get_ylim() == (-2, 6)


def test_the_same_picture_twice_is_the_same_bytes():
    one, other = canvas_with_curve(), canvas_with_curve()
    assert one.still_svg() == other.still_svg() == one.still_svg()
    assert one.moving_svg() == other.moving_svg() == one.moving_svg()
    assert one.png() == other.png() == one.png()


def test_a_moved_curve_changes_the_moving_layer_alone(canvas):
    still, moving, frame = canvas.still_svg(), canvas.moving_svg(), canvas.frame_now()
    canvas.curve.set_data([0, 2], [4, 0])
    assert canvas.frame_now() == frame
    assert canvas.still_svg() == still
    assert canvas.moving_svg() != moving


def still_artists(still):
    """Add one of each kind that a still layer can hold."""
    still.plot([0.5, 1], [1, 2], "--", color="k")
    still.text(1, 2, "word")
    still.axvspan(0.5, 1, color="0.9")
    still.add_collection(LineCollection([[(0, 0), (1, 1)]]))
    still.imshow([[0.0, 1.0]], vmin=0, vmax=1, extent=(0, 1, 0, 1), aspect="auto")


CHANGES = {
    "limits": lambda panel: panel.frame(ylim=(0, 8)),
    "scale": lambda panel: panel.frame(yscale="log", ylim=(1, 8)),
    "places of ticks": lambda panel: panel.frame(xticks={0: "0", 1: "two"}),
    "words of ticks": lambda panel: panel.frame(xticks={0: "0", 2: "2"}),
    "colour of ticks": lambda panel: panel.still.tick_params(color="red"),
    "size of numbers": lambda panel: panel.still.tick_params(labelsize=14),
    "a grid": lambda panel: panel.still.grid(visible=True),
    "minor ticks": lambda panel: panel.still.minorticks_on(),
    "title": lambda panel: panel.retitle("Falling"),
    "a title in the middle": lambda panel: panel.still.set_title("Middle"),
    "name of the x-axis": lambda panel: panel.still.set_xlabel("steps"),
    "name of the y-axis": lambda panel: panel.still.set_ylabel("size"),
    "colour of a name": lambda panel: panel.still.xaxis.label.set_color("red"),
    "a spine": lambda panel: panel.still.spines["top"].set_visible(True),
    "a spine's colour": lambda panel: panel.still.spines["left"].set_color("red"),
    "the ground": lambda panel: panel.still.set_facecolor("0.9"),
    "the paper": lambda panel: panel.still.figure.set_facecolor("0.9"),
    "the place": lambda panel: panel.still.set_position([0.2, 0.2, 0.5, 0.5]),
    "axes off": lambda panel: panel.still.set_axis_off(),
    "a key": lambda panel: panel.key((Line2D([], [], color=BLUE), "old")),
    "another key": lambda panel: panel.key((Line2D([], [], color=BLUE), "new")),
    "the key's colour": lambda panel: panel.key((Line2D([], [], color=GREEN), "old")),
    "a word": lambda panel: panel.still.texts[-1].set_text("sword"),
    "a word's place": lambda panel: panel.still.texts[-1].set_position((1, 1)),
    "a word's size": lambda panel: panel.still.texts[-1].set_fontsize(20),
    "a word's ground": lambda panel: panel.still.texts[-1].set_bbox({"fc": "white"}),
    "no word": lambda panel: panel.still.texts[-1].set_visible(False),
    "a line's points": lambda panel: panel.still.lines[0].set_ydata([1, 3]),
    "a line's colour": lambda panel: panel.still.lines[0].set_color("red"),
    "a line's dashes": lambda panel: panel.still.lines[0].set_linestyle(":"),
    "a line's marks": lambda panel: panel.still.lines[0].set_marker("s"),
    "a line's axes": lambda panel: panel.still.lines[0].set_transform(panel.still.transAxes),
    "a patch's place": lambda panel: panel.still.patches[0].set_width(1),
    "a patch's colour": lambda panel: panel.still.patches[0].set_facecolor("red"),
    "a patch's hatch": lambda panel: panel.still.patches[0].set_hatch("//"),
    "a collection's paths": lambda panel: panel.still.collections[0].set_segments([[(0, 0)]]),
    "a collection's colour": lambda panel: panel.still.collections[0].set_color("red"),
    "an image's pixels": lambda panel: panel.still.images[0].set_data([[0.0, 0.5]]),
    "an image's gaps": lambda panel: panel.still.images[0].set_data([[0.0, np.nan]]),
    "an image's place": lambda panel: panel.still.images[0].set_extent((0, 2, 0, 1)),
    "an image's range": lambda panel: panel.still.images[0].set_clim(0, 2),
    "an image's colours": lambda panel: panel.still.images[0].set_cmap("cividis"),
    "see-through": lambda panel: panel.still.lines[0].set_alpha(0.5),
    "what lies on what": lambda panel: panel.still.lines[0].set_zorder(9),
    "one more": lambda panel: panel.still.add_artist(Rectangle((0, 0), 1, 1)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_still_layer_is_drawn_anew_after_each_change(canvas, change):
    (panel,) = canvas.panels
    still_artists(panel.still)
    before, svg = canvas.frame_now(), canvas.still_svg()
    assert canvas.frame_now() == before  # drawing changes nothing
    change(panel)
    assert canvas.frame_now() != before
    assert canvas.still_svg() != svg
    assert canvas.still_svg() == canvas._svg(still=True, moving=False)


def test_what_cannot_be_compared_may_not_stand_still(canvas):
    canvas.panels[0].still.annotate("there", (1, 1))
    with pytest.raises(TypeError, match="Annotation"):
        canvas.still_svg()


def test_still_layers_are_kept_for_the_way_back_up_to_a_number(canvas):
    (panel,) = canvas.panels
    svgs = []
    for top in range(2, STILLS + 4):
        panel.frame(ylim=(0, top))
        svgs.append(canvas.still_svg())
    panel.frame(ylim=(0, 4 + STILLS // 2))
    assert canvas.still_svg() is svgs[2 + STILLS // 2] is not svgs[-1]
    assert len(canvas._stills) == STILLS


# Places.


@pytest.mark.parametrize("width", WIDTHS)
def test_whatever_a_panel_holds_is_seen_in_full(width):
    canvas, *_ = canvas_of_many(width)
    picture = SimpleNamespace(canvas=canvas)
    for marks in ([], [(3, "η → 0.2")], [(e, "η → 0.0125, λ → 0.00125") for e in (3, 50, 70, 119)]):
        canvas.marks.draw(marks)
        assert_readable(picture)
    assert_ticks(picture, most=13)


@pytest.mark.parametrize("width", WIDTHS)
def test_panels_stand_side_by_side_where_there_is_room_and_else_one_above_the_other(width):
    _, left, top, foot = canvas_of_many(width)
    assert top.y > foot.y + foot.height and top.x == foot.x and top.width == foot.width
    assert top.height == pytest.approx(foot.height)
    if width < SIDE_BY_SIDE:
        assert left.x == top.x and left.y > top.y + top.height
    else:
        assert left.x + left.width < top.x and left.width == pytest.approx(top.width)
        assert left.y == pytest.approx(foot.y)
        assert left.y + left.height == pytest.approx(top.y + top.height)


def test_the_room_for_numbers_is_that_of_the_widest_that_may_come():
    def left_of(**numbers):
        canvas = Canvas(400)
        panel = canvas.panel("Title", ylim=(0, 1), **numbers)
        canvas.lay_out()
        return panel.x - EDGE

    wider = width_of("−100 %", SMALL) - width_of("1", SMALL)
    assert left_of(yticks=ticks((0, 1)), reserve=["−100 %"]) == left_of(yticks={1: "−100 %"})
    assert left_of(yticks={1: "−100 %"}) == pytest.approx(left_of(yticks=ticks((0, 1))) + wider)
    assert left_of(yticks={}) == 0


@pytest.mark.parametrize("scale", ["log", "asinh", "symlog"])
def test_an_axis_says_its_scale_and_once_it_is_even_no_more(scale):
    canvas = Canvas(400)
    panel = canvas.panel("Size", "width", xscale=scale, yscale=scale)
    canvas.lay_out()
    said = f" ({scale}\N{NO-BREAK SPACE}scale)"
    assert panel.still.get_title(loc="left") == f"Size{said}"
    assert panel.still.get_xlabel() == f"width{said}"
    panel.retitle("Sum")
    panel.relabel("layer")
    assert panel.still.get_title(loc="left") == f"Sum{said}"
    assert panel.still.get_xlabel() == f"layer{said}"
    panel.frame(yscale="linear")
    assert panel.still.get_title(loc="left") == "Sum"


@pytest.mark.parametrize("width", WIDTHS)
def test_words_around_the_axes_have_as_many_lines_as_they_need(width):
    """Those of a scale that is left for another, too: the key moves up with the title."""
    canvas = Canvas(width)
    long = 2 * "The words at an axis that are long on every page, and far too long on a telephone. "
    panel = canvas.panel(long, long, xscale="log", yscale="log", xlim=(1, 10), ylim=(1, 10),
                         xticks=ticks((1, 10)), yticks=ticks((1, 10)))  # fmt: skip
    panel.key((panel.curve("-", BLUE), "number one"))
    canvas.panel("Below", below=True, xlim=(0, 1), ylim=(0, 1), yticks={0: "0", 1: "1"})
    canvas.lay_out()
    picture = SimpleNamespace(canvas=canvas)
    assert_readable(picture)
    (key,) = panel.still.texts
    high = key.get_position()[1]
    panel.retitle("Short")
    panel.frame(yscale="linear", ylim=(0, 1), yticks=ticks((0, 1)))
    assert_readable(picture)
    assert panel.still.texts[0].get_position()[1] > high


def test_a_key_has_as_many_lines_as_it_needs_and_room_for_another():
    def height(*keys):
        canvas = Canvas(300)
        panel = canvas.panel("Title")
        for key in keys:
            panel.may_have(*((panel.curve("-", BLUE), words) for words in key))
        canvas.lay_out()
        return canvas.paper[1]

    line = height(["old"]) - height()
    assert line == pytest.approx(SMALL * 1.36, abs=1)
    assert height(["old", "new"]) == height(["old"])
    long = "more words than half a line has room for"
    assert height([long, long]) == pytest.approx(height() + 2 * line, abs=1)
    assert height(["old"], [long, long], []) == height([long, long])


def test_the_order_in_which_states_are_drawn_leaves_no_trace():
    def states(panel, rows):
        yield lambda: panel.key(*rows)
        yield lambda: panel.key(rows[2])
        yield lambda: panel.frame(yscale="linear", ylim=(0, 1), yticks=ticks((0, 1)))
        yield lambda: panel.frame(yscale="log", ylim=(1e-9, 10), yticks=powers(range(-9, 2)))
        yield lambda: panel.frame(xticks=ticks((0, 60, 120)))
        yield lambda: panel.frame(xticks=ticks(range(0, 121, 10)))
        yield lambda: panel.retitle("Short")
        yield lambda: panel.retitle("A title that is far too long for the width of a telephone")
        yield lambda: panel.key(*rows)

    canvas, panel, *_ = canvas_of_many(300)
    fresh = canvas.frame_now(), canvas.still_svg()
    canvas._stills.clear()
    for move in states(panel, canvas.rows):
        move()
        canvas.still_svg()
    canvas._stills.clear()
    assert (canvas.frame_now(), canvas.still_svg()) == fresh


@pytest.mark.parametrize("wide, shown", [(700, 13), (300, 7), (100, 4)])
def test_numbers_that_would_touch_are_left_out(wide, shown):
    canvas = Canvas(400)
    panel = canvas.panel("Title", xlim=(0, 120), xticks=ticks(range(0, 121, 10)))
    canvas.lay_out()
    panel.width = wide
    kept = panel._that_fit("x", (0, 120), ticks(range(0, 121, 10)))
    assert len(kept) == shown and 0 in kept
    for one, other in pairwise(kept):
        room = wide * (other - one) / 120
        assert room > (width_of(kept[one], SMALL) + width_of(kept[other], SMALL)) / 2


def test_numbers_beyond_the_limits_are_left_out(canvas):
    canvas.panels[0].frame(ylim=(0, 1), yticks=ticks((0, 0.5, 1, 5, 10)))
    assert list(canvas.panels[0].still.get_yticks()) == [0, 0.5, 1]


@pytest.mark.parametrize(
    "places, expected",
    [([3], [3]), ([0, 20], [0, 20]), ([20, 0], [20, 0]), ([5, 5], [0, 10]),
     ([0, 1, 2], [-9, 1, 11]), ([0, 4, 30], [-3, 7, 30]), ([0, 9, 12], [-3, 7, 17])],
)  # fmt: skip
def test_names_that_lie_close_together_step_aside(places, expected):
    assert np.sort(spread(places, 10)) == pytest.approx(np.sort(expected))
    orders = [np.argsort(each, kind="stable") for each in (spread(places, 10), places)]
    np.testing.assert_array_equal(*orders)


def test_words_are_wrapped_where_the_room_ends():
    words = "Size of the hidden layer's weights"
    assert wrapped(words, TITLE, 1000) == words
    lines = wrapped(words, TITLE, 120).split("\n")
    assert " ".join(lines) == words and all(width_of(line, TITLE) <= 120 for line in lines)
    assert wrapped("unbreakable", TITLE, 10) == "unbreakable"


def test_letters_are_as_wide_as_they_are_drawn(canvas):
    canvas.figure.draw_without_rendering()
    text = canvas.panels[0].still.xaxis.label
    drawn = text.get_window_extent().width * 72 / canvas.figure.dpi
    assert drawn == pytest.approx(width_of("epoch", LABEL), abs=1)


def test_an_image_is_written_in_the_colours_that_matplotlib_gives_it():
    numbers = np.array([[-3, -1, -0.3, np.nan], [0, 0.004, 1, 7]])
    canvas = Canvas(540)
    images = [canvas.panel(name, aspect=0.5).image("cividis") for name in "ab"]
    canvas.lay_out()
    for image in images:
        image.set_data(numbers)
    nodes = ET.fromstring(canvas.moving_svg()).findall(".//{*}image")
    for panel, image, node in zip(canvas.panels, images, nodes, strict=True):
        place = [float(node.get(name)) for name in ("x", "y", "width", "height")]
        top = canvas.paper[1] - panel.y - panel.height
        assert place == pytest.approx([panel.x, top, panel.width, panel.height], abs=0.01)
        data = node.get("{http://www.w3.org/1999/xlink}href").partition("base64,")[2]
        written = Image.open(io.BytesIO(base64.b64decode(data)))
        shown = image.to_rgba(np.ma.masked_invalid(numbers))
        assert np.asarray(written.convert("RGBA")) / 255 == pytest.approx(shown, abs=0.01)
    ids = re.findall(r' id="([^"]+)"', canvas.moving_svg())
    assert len(set(ids)) == len(ids) > 2  # two images alike do not share a name


@pytest.mark.parametrize("width", WIDTHS)
def test_a_panel_of_pictures_keeps_its_shape_and_others_stretch(width):
    """Two pictures above each other, and a curve beside or below them."""
    canvas = Canvas(width)
    above, below = (canvas.panel("a", aspect=0.5), canvas.panel("b", aspect=0.25, below=True))
    for panel in (above, below):
        panel.image("cividis")
    curve = canvas.panel("c", "epoch", ylim=(0, 1), yticks={0: "0", 1: "1"})
    canvas.lay_out()
    assert above.height == pytest.approx(above.width / 2)
    assert below.height == pytest.approx(below.width / 4)
    assert above.y > below.y + below.height
    if width >= SIDE_BY_SIDE:  # both columns begin at one height, and fill the paper
        assert curve.y + curve.height == pytest.approx(above.y + above.height)
        assert curve.height > above.height + below.height
    else:
        assert curve.y + curve.height < below.y


FIGURES = all_figures()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
def test_a_picture_fits_its_page(figure, width):
    picture = figure.Picture(width)
    picture.canvas.lay_out()
    wide, high = picture.canvas.paper
    panels = len(picture.canvas.panels)
    assert wide == width
    # On a screen of 1280 x 720, in the lab, 840 x 468 are left beside the sliders, over a sentence.
    assert high <= (720 * 468 / 840 if width >= SIDE_BY_SIDE else 260 * panels)
    for panel in picture.canvas.panels:
        assert panel.width > 0.6 * width / (2 if width >= SIDE_BY_SIDE and panels > 1 else 1)
        assert panel.width > 0.9 * panel.height


# Files.


def test_no_date_no_program_no_clock_in_the_files(canvas):
    assert "<dc:date>" not in canvas.still_svg()
    assert b"Software" not in canvas.png()


def test_png_is_whole_and_shows_both_layers(canvas):
    file = io.BytesIO(canvas.png(dpi=144))
    Image.open(file).verify()  # the checksum of each part
    file.seek(0)
    image = Image.open(file)
    image.load()
    assert (image.format, *image.size) == ("PNG", 800, 2 * canvas.paper[1])
    with_curve = canvas.png()
    canvas.curve.set_visible(False)
    assert canvas.png() != with_curve
    canvas.moving_svg()  # hides the still layer for itself, not for the next png
    canvas.curve.set_visible(True)
    assert canvas.png() == with_curve
