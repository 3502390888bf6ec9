"""What is to be printed: its letters, its pictures in greys, and the way through Chromium.

All letters are in packages, so that each machine prints the same. Chromium sets MathML by the table
of a mathematical font, and with STIX Two Math it comes out as LaTeX would have it. (ziamath, from
which the font is taken, sets formulas as SVG too, but with looser spaces, and as no text.)
"""

import html
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import matplotlib
from pygments.formatters import HtmlFormatter

from explorers import all_figures
from reading import tables

STYLE = Path(__file__).with_suffix(".css")
HEIGHTS = {"A4": "297mm", "Letter": "11in"}
WIDTH = 540  # of a picture, in its own units: on paper each is nearly a point

_LETTERS = Path(matplotlib.get_data_path(), "fonts", "ttf")
_ZIAMATH = Path(find_spec("ziamath").origin).parent  # of which nothing but the font is wanted
FONTS = [
    ("Text", "normal", 400, _LETTERS / "STIXGeneral.ttf"),
    ("Text", "italic", 400, _LETTERS / "STIXGeneralItalic.ttf"),
    ("Text", "normal", 700, _LETTERS / "STIXGeneralBol.ttf"),
    ("Text", "italic", 700, _LETTERS / "STIXGeneralBolIta.ttf"),
    ("Formulas", "normal", 400, _ZIAMATH / "fonts" / "STIXTwoMath-Regular.ttf"),
    ("Code", "normal", 400, _LETTERS / "DejaVuSansMono.ttf"),
    ("DejaVu Sans", "normal", 400, _LETTERS / "DejaVuSans.ttf"),  # of the pictures
]
ALL = "U+0-10FFFF"
EXCEPT = "U+0-7B, U+7D-B1, U+B4-10FFFF"  # | ² ³ of these letters would be those of another font


# Pictures.


@cache
def _stored(name):
    """Return (what is said, the layers) of all states of a figure that are stored."""
    return [tables.load(tables.FOLDER / f"{name}.{kind}.gz") for kind in ("words", WIDTH)]


def picture(preset, is_covered=False):
    """Return (a figure's picture as HTML, in greys; its sentence). Covered, it is bare axes.

    Raises ValueError for a state that is not among those stored in reading/tables.
    """
    cls = all_figures()[preset.split()[0]]
    whole = cls.preset_of(cls.state_with(preset.partition(" ")[2]))
    said, layers = _stored(cls.name)
    states = [one["preset"] for one in said["shown"]]
    if whole not in states:
        raise ValueError(f"reading/tables has no state {whole!r}.")
    still, moving = tables.picture(layers, states.index(whole))
    shown = [without_heights(still)] if is_covered else [still, moving]
    sentence = "" if is_covered else said["shown"][states.index(whole)]["sentence"]
    drawn = "".join(greyed(layer) for layer in shown)
    return f'<div class="picture" role="img" aria-label="{cls.title}">{drawn}</div>', sentence


def without_heights(still):
    """Return a still layer without the numbers at its y-axes: a range can tell."""
    return re.sub(r'(<g id="ytick_\d+">.*?)<g id="text_\d+">.*?</g>', r"\1", still, flags=re.S)


def greyed(svg):
    """Return a picture in greys that a copier keeps: what differs has its dashes or marks too."""
    return re.sub("#[0-9a-fA-F]{6}", lambda colour: grey(colour[0]), svg)


def grey(colour):
    """Return the grey for a colour "#rrggbb": a grey stays, and colours are made darker."""
    red, green, blue = rgb = bytes.fromhex(colour[1:])
    light = 0.3 * red + 0.59 * green + 0.11 * blue
    is_grey = max(rgb) - min(rgb) < 16
    return "#" + 3 * f"{round(light if is_grey else 0.7 * light):02x}"


# Text, on its way to paper.

_AS_IT_IS = re.compile(r"<(?:pre|code|svg|style)\b.*?</(?:pre|code|svg|style)>|<[^>]*>", re.DOTALL)


def typeset(body):
    """Return HTML with curly quotation marks, and roots that Chromium draws whole."""
    pieces, end = [], 0
    for found in _AS_IT_IS.finditer(body):
        pieces += [_typeset(body[end : found.start()]), found[0]]
        end = found.end()
    body = "".join([*pieces, _typeset(body[end:])])
    return re.sub(r"<msqrt>(.*?)</msqrt>", _with_a_small_root, body)


def _with_a_small_root(found):
    """Return a root with room below its bar, and none to its right.

    Chromium gives the smallest root sign of this font the one too little, and the other too much.
    """
    if "<mfrac>" in found[1] or "<msup>" in found[1]:  # it takes a larger one
        return found[0]
    return f'<msqrt class="small"><mspace width="0" height="0.75em"/>{found[1]}</msqrt>'


def _typeset(text):
    text = re.sub(r"(^|[\s(\[—])(\"|&quot;)", r"\1“", text)
    text = re.sub(r"\"|&quot;", "”", text)
    text = re.sub(r"'|&#x27;|&#39;", "’", text)
    return re.sub(r"(\d) %", "\\1\N{NO-BREAK SPACE}%", text)


def ruled():
    """Return lines to write on, as many as a page can have: what does not fit is cut off."""
    lines = "".join(f'<line x2="100%" y1="{8 * i}mm" y2="{8 * i}mm"/>' for i in range(1, 33))
    return f'<svg class="room" aria-hidden="true">{lines}</svg>'


# Pages.


def document(title, foot, body, size):
    """Return a sheet as a whole HTML file: `foot` stands below each of its pages."""
    fonts = "".join(
        f'@font-face {{ font-family: "{name}"; font-style: {slant}; font-weight: {weight}; '
        f'src: url("{path.as_uri()}"); unicode-range: {EXCEPT if name == "Text" else ALL}; }}\n'
        for name, slant, weight, path in FONTS
    )
    foot = foot.replace('"', r"\"")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}'
        f"</title><style>{fonts}{HtmlFormatter(style='bw').get_style_defs('.code')}"
        f'{STYLE.read_text("utf-8")}@page {{ @bottom-left {{ content: "{foot}"; }} }}\n'
        f":root {{ --height: {HEIGHTS[size]}; }}</style></head>"
        f"<body>{typeset(body)}</body></html>\n"
    )


def to_pdf(paths, size, folder, browser):
    """Print HTML files into PDFs of the same names in `folder`, with tags for screen readers."""
    folder.mkdir(parents=True, exist_ok=True)
    printed, tab = [], browser.new_page()
    for path in paths:
        printed.append(folder / path.with_suffix(".pdf").name)
        tab.goto(path.resolve().as_uri())
        tab.pdf(path=printed[-1], format=size, print_background=True, tagged=True)
    tab.close()
    return printed
