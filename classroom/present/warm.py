"""Imported by the process that classroom kernels are forked from: it has computed everything once.

Each live cell of each chosen notebook is run here, and each figure's first picture drawn. What is
cached, and each figure's opening run, is then there in every kernel from the start, in memory that
all of them share.
"""

import gc
import os
from importlib import import_module

from ipywidgets import Widget

from classroom.present.edition import editions
from classroom.present.kernels import CHOSEN
from explorers.canvas import WIDTHS
from explorers.figure import Figure
from explorers.widget import Explorer

# What each kernel imports when it starts.
OF_A_KERNEL = ("ipykernel.kernelapp", "ipykernel.debugger", "IPython.extensions.storemagic")


def _run_all():
    for notebook in editions(os.environ.get(CHOSEN, "").split()).values():
        code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        names = {}
        exec("\n".join(code), names)
        for figure in [one for one in names.values() if isinstance(one, Figure)]:
            for width in WIDTHS[-2:]:  # which most screens have room for
                canvas = figure.drawn(width)
                canvas.still_svg()
                canvas.moving_svg()
    Widget.close_all()  # the predictions'


Figure.memory = {}
Explorer.record = False  # a page here always has a kernel, and draws the figure itself
os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # the debugger's word for: no warning
for module in OF_A_KERNEL:
    import_module(module)
_run_all()
gc.collect()
gc.freeze()  # what is here already is not looked through, and so not copied, in each kernel
