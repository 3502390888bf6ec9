"""One server and one browser for all tests; one page for all tests of a notebook."""

import os
from contextlib import ExitStack

import pytest
from shown import figures

from classroom import chromium
from classroom.robot import Lab, serve_notebooks


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    server = serve_notebooks(tmp_path_factory.mktemp("jupyter"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser():
    with chromium.started() as browser:
        yield browser


@pytest.fixture(scope="class")
def lab(request, server, browser):
    """The notebook that the class of tests is about, with all its cells run."""
    server.known_errors = server.errors()  # those of a notebook before were provoked there
    with ExitStack() as at_the_end:
        at_the_end.callback(server.shut_down_kernels)
        context = at_the_end.enter_context(
            browser.new_context(viewport={"width": 1280, "height": 1000}, accept_downloads=True)
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        lab = Lab(context.new_page(), server, request.cls.notebook)
        at_the_end.callback(lab.disconnect)
        lab.run_all()
        yield lab
    assert lab.errors == []


# One page's code for all notebooks: what hangs on it alone is asked where there is a figure that
# answers each move, a figure that trains, and questions of both kinds.
FOR_THE_PAGE = ("02_decay_rate", "06_playground")


def pytest_collection_modifyitems(config, items):
    """Leave out what is `of_the_page`, but in two notebooks; with WHOLE=1 it is asked in each.

    Begin with the site, whose tests take longest in one piece: nothing is then waited for.
    """
    elsewhere = [] if os.environ.get("WHOLE") else [one for one in items if _is_elsewhere(one)]
    config.hook.pytest_deselected(items=elsewhere)
    items[:] = [one for one in items if one not in elsewhere]
    items.sort(key=lambda one: "test_site" not in one.nodeid)


def _is_elsewhere(item):
    return item.get_closest_marker("of_the_page") and item.cls.notebook not in FOR_THE_PAGE


def pytest_generate_tests(metafunc):
    """Run a test that asks for a `figure` or a `player` for each one that is at home here."""
    for kind in ("figure", "player"):
        if kind in metafunc.fixturenames:
            own = [one for one in figures()[metafunc.cls.notebook] if not one.is_guest]
            chosen = [one for one in own if kind == "figure" or one.is_playable]
            metafunc.parametrize(kind, chosen, ids=lambda one: one.kind, indirect=True)


def _figure(request, lab):
    return lab.figure(cell=lab.cell(request.param.line))


figure = pytest.fixture(_figure, name="figure")
player = pytest.fixture(_figure, name="player")
