"""Imported by the process that pages' Pythons are forked from: it has computed everything once.

Each figure of each chosen notebook is made here, and drawn in all widths. All of it is then there
for every page, in memory that all of them share.
"""

import gc
import os

from classroom.present import of_a_page  # noqa: F401 - for all that are forked
from classroom.present.class_pages import class_pages
from classroom.present.pythons import CHOSEN
from explorers import in_page
from explorers.canvas import WIDTHS


def _made(preset):
    figure = in_page.figure_of(preset)
    for width in WIDTHS:
        canvas = figure.drawn(width)
        canvas.still_svg()
        canvas.moving_svg()
    return figure


for page in class_pages(os.environ.get(CHOSEN, "").split()):
    in_page.made.update({preset: _made(preset) for preset in page.presets()})
gc.collect()
gc.freeze()  # what is here already is not looked through, and so not copied, in each fork
