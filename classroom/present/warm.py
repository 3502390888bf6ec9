"""Imported by the process that classroom kernels are forked from: it has computed everything once.

Each live cell of each chosen notebook is run here. What is cached, and each figure's opening run,
is then there in every kernel from the start, in memory that all of them share.
"""

import gc
import os

import ipykernel.kernelapp  # noqa: F401 (not used here, but loaded once for all)
from anywidget import AnyWidget
from ipywidgets import Widget

from classroom.present.edition import editions
from classroom.present.kernels import CHOSEN
from classroom.present.opening import remembering
from explorers.widget import Explorer


def _run_all():
    for notebook in editions(os.environ.get(CHOSEN, "").split()).values():
        code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        exec("\n".join(code), {})
    Widget.close_all()


Explorer.set = remembering(Explorer.set)
# Without the picture of record: a page here always has a kernel, and draws the figure itself.
Explorer._repr_mimebundle_ = AnyWidget._repr_mimebundle_
_run_all()
gc.collect()
gc.freeze()  # what is here already is not looked through, and so not copied, in each kernel
