"""When there is no room for another Python: the notebook as a page to read, which needs none."""

import os
import re

import psutil
from jupyter_server.base.handlers import JupyterHandler
from tornado.routing import Matcher, Rule
from tornado.web import RequestHandler, StaticFileHandler

from classroom.notebooks import paths
from reading import pages

A_PAGE = 100e6  # bytes of memory that a live page takes, with some to spare
# Live pages that may share a core. Opened all at once on two, 30 have their figures within half a
# minute, and 60 not within one.
A_CORE = 20
FEWEST = 2  # that are always let in


def places():
    """Return how many live pages this machine has room for, as busy as it is now."""
    by_memory = int(psutil.virtual_memory().available / A_PAGE)
    return max(FEWEST, min(by_memory, A_CORE * (os.cpu_count() or 1)))


def write(folder, chosen, most):
    """Write the pages to read of the `chosen` notebooks; each says why it is shown."""
    found = paths(chosen)
    pages.build(folder, found, {path.stem: _notice(path.name, most) for path in found})


def _notice(name, most):
    return (
        f"As many live pages are open ({most}) as the machine in class has room for. This one is "
        "to be read. Its figures move too, among settings that were computed before. "
        f'<a href="/voila/render/{name}">Try the live page again</a> · '
        '<a href="/">All notebooks</a>'
    )


def rules(kernels, folder, most):
    """Return the addresses of the pages to read, and what leads there once `kernels` are many."""
    to_read = (r"/reading/([\w./-]*)", Reading, {"path": str(folder)})
    return [Rule(Full(kernels, folder, most), ToReading), to_read]


class Full(Matcher):
    """Matches a request for a live page when as many as there are places are open already."""

    def __init__(self, kernels, folder, most):
        self.kernels, self.folder, self.most = kernels, folder, most

    def match(self, request):
        name = re.fullmatch(r"/voila/render/(\w+)\.ipynb", request.path)
        if not name or self.kernels.asked_for() < self.most:
            return None
        page = f"{name[1]}.html"
        return {"path_args": [page.encode()]} if (self.folder / page).is_file() else None


class ToReading(RequestHandler):
    """Sends a visitor on, with the token if it was sent along."""

    def get(self, page):
        query = self.request.query
        self.redirect(f"/reading/{page}" + (f"?{query}" if query else ""))


class Reading(JupyterHandler, StaticFileHandler):
    """A file of those pages, for whoever is let in to the live ones."""
