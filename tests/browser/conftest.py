"""One server and one browser for all tests; one page for all tests of a notebook."""

import os

import pytest
from playwright.sync_api import sync_playwright
from shown import figures

from classroom.chromium import launch
from classroom.robot import Lab, serve_notebooks


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    server = serve_notebooks(tmp_path_factory.mktemp("jupyter"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="class")
def lab(request, server, browser):
    """The notebook that the class of tests is about, with all its cells run."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, accept_downloads=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    server.known_errors = server.errors()  # those of a notebook before were provoked there
    lab = None
    try:
        lab = Lab(context.new_page(), server, request.cls.notebook)
        lab.run_all()
        yield lab
    finally:
        if lab:
            lab.disconnect()
        context.close()
        server.shut_down_kernels()
    assert lab.errors == []


def pytest_collection_modifyitems(items):
    """Begin with the site, whose tests take longest in one piece: nothing is then waited for."""
    items.sort(key=lambda one: "test_site" not in one.nodeid)


def pytest_generate_tests(metafunc):
    """Run a test that asks for a `figure` or a `player` for each one that is at home here.

    What hangs on the page alone, and not on what a figure draws, is marked so, and is asked of a
    notebook's first figure; with WHOLE=1 of each.
    """
    for kind in ("figure", "player"):
        if kind in metafunc.fixturenames:
            own = [one for one in figures()[metafunc.cls.notebook] if not one.is_guest]
            chosen = [one for one in own if kind == "figure" or one.is_playable]
            of_the_page = metafunc.definition.get_closest_marker("of_the_page")
            if of_the_page and not os.environ.get("WHOLE"):
                chosen = chosen[:1]
            metafunc.parametrize(kind, chosen, ids=lambda one: one.kind, indirect=True)


def _figure(request, lab):
    return lab.figure(cell=lab.cell(request.param.line))


figure = pytest.fixture(_figure, name="figure")
player = pytest.fixture(_figure, name="player")
