"""The two layers of a figure: what is in which, and that the same state gives the same bytes."""

import struct
import xml.etree.ElementTree as ET
import zlib

import pytest

from explorers.canvas import BLUE, GREY, STILLS, TEXT, Canvas


def canvas_with_curve(scale=1.0, values=(0, 1, 4)):
    canvas = Canvas(scale=scale)
    ticks = {"xticks": {0: "0", 2: "two"}, "yticks": {0: "0", 4: "4"}}
    place, frame = [0.1, 0.1, 0.8, 0.8], {"xlim": (0, 2), "ylim": (0, 4), **ticks}
    panel = canvas.panel(place, title="Rising", xlabel="epoch", **frame)
    (canvas.curve,) = panel.moving.plot(range(len(values)), values, color="#0072B2")
    canvas.note = panel.moving.text(1, 1, "here")
    return canvas


def texts(svg):
    return [node.text for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def view_box(svg):
    return ET.fromstring(svg).get("viewBox")


def test_ticks_and_titles_stand_still_and_curves_move():
    canvas = canvas_with_curve()
    still, moving = canvas.still_svg(), canvas.moving_svg()
    assert {"Rising", "epoch", "two"} <= set(texts(still)) and "here" not in texts(still)
    assert texts(moving) == ["here"]
    assert "#0072b2" in moving.lower() and "#0072b2" not in still.lower()


def test_both_layers_lie_exactly_on_each_other():
    canvas = canvas_with_curve()
    assert view_box(canvas.still_svg()) == view_box(canvas.moving_svg())
    panel = canvas.panels[0]
    assert panel.still.get_position().bounds == panel.moving.get_position().bounds
    assert panel.still.get_xlim() == panel.moving.get_xlim() == (0, 2)
    assert panel.still.get_ylim() == panel.moving.get_ylim() == (0, 4)


def test_only_the_still_layer_has_paper_under_it():
    canvas = canvas_with_curve()
    assert "#ffffff" in canvas.still_svg() and "#ffffff" not in canvas.moving_svg()


def test_the_same_picture_twice_is_the_same_bytes():
    one, other = canvas_with_curve(), canvas_with_curve()
    assert one.still_svg() == other.still_svg() == one.still_svg()
    assert one.moving_svg() == other.moving_svg() == one.moving_svg()
    assert one.png() == other.png() == one.png()


def test_a_moved_curve_changes_the_moving_layer_alone():
    canvas = canvas_with_curve()
    still, moving, frame = canvas.still_svg(), canvas.moving_svg(), canvas.frame_now()
    canvas.curve.set_data([0, 2], [4, 0])
    assert canvas.frame_now() == frame
    assert canvas.still_svg() == still
    assert canvas.moving_svg() != moving


CHANGES = {
    "limits": lambda panel: panel.frame(ylim=(0, 8)),
    "ticks": lambda panel: panel.frame(xticks={0: "0", 1: "one"}),
    "title": lambda panel: panel.still.set_title("Falling", loc="left"),
    "name of the axis": lambda panel: panel.still.set_xlabel("steps"),
    "a word": lambda panel: panel.key([("—", "old", BLUE)], left=0.5, top=0.5, size=11),
    "the word's place": lambda panel: panel.key([("—", "old", BLUE)], left=0.5, top=0.9, size=11),
    "the word's colour": lambda panel: panel.key([("—", "old", GREY)], left=0.5, top=0.5, size=11),
    "no word": lambda panel: None,
}


def test_the_still_layer_is_drawn_anew_after_each_change_and_kept_for_the_way_back():
    canvas = canvas_with_curve()
    (panel,) = canvas.panels
    panel.frame(xticks={0: "0", 2: "2"})
    drawn = [canvas.still_svg()]
    for change in CHANGES.values():
        panel.clear_key()
        change(panel)
        drawn.append(canvas.still_svg())
    limits = panel.still.get_ylim(), panel.moving.get_ylim()
    assert limits == ((0, 8), (0, 8))
    assert len({*drawn}) == len(drawn) - 1  # "no word" is where "name of the axis" was
    assert drawn[-1] is drawn[4]


def test_a_figure_keeps_a_limited_number_of_still_layers():
    canvas = canvas_with_curve()
    (panel,) = canvas.panels
    for top in range(2, STILLS + 4):
        panel.frame(ylim=(0, top))
        svg = canvas.still_svg()
    assert canvas.still_svg() is svg
    assert len(canvas._stills) == STILLS


def test_the_projector_enlarges_text_and_nothing_moves():
    small, large = canvas_with_curve(1.0), canvas_with_curve(1.3)
    assert view_box(small.still_svg()) == view_box(large.still_svg())
    sizes = [c.panels[0].still.get_xticklabels()[0].get_fontsize() for c in (small, large)]
    assert sizes[1] == pytest.approx(1.3 * sizes[0])


def test_no_date_no_program_no_clock_in_the_files():
    canvas = canvas_with_curve()
    assert "<dc:date>" not in canvas.still_svg()
    assert b"Software" not in canvas.png()


def test_png_is_whole_and_shows_both_layers():
    canvas = canvas_with_curve()
    assert_valid_png(canvas.png(), width=1000, height=440)
    with_curve = canvas.png()
    canvas.curve.set_visible(False)
    assert canvas.png() != with_curve
    canvas.moving_svg()  # hides the still layer for itself, not for the next png
    canvas.curve.set_visible(True)
    assert canvas.png() == with_curve


def assert_valid_png(data, width, height):
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, kinds = 8, []
    while at < len(data):
        (length,), kind = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert zlib.crc32(kind + body) == checksum
        if kind == b"IHDR":
            assert struct.unpack(">II", body[:8]) == (width, height)
        kinds.append(kind)
        at += 12 + length
    assert kinds[0] == b"IHDR" and kinds[-1] == b"IEND" and b"IDAT" in kinds


@pytest.mark.parametrize("colour", TEXT.values())
def test_words_in_colour_have_the_contrast_that_is_promised(colour):
    def linear(channel):
        share = int(channel, 16) / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(colour[i : i + 2]) for i in (1, 3, 5))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    assert 1.05 / (luminance + 0.05) >= 4.5
