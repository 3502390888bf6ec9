"""One server and one browser for all tests; one page for all tests of a notebook."""

import pytest
from lab import Lab, serve_notebooks
from playwright.sync_api import sync_playwright

from classroom.chromium import launch


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
    try:
        lab = Lab(context.new_page(), server, request.cls.notebook)
        lab.run_all()
        yield lab
    finally:
        context.close()
        server.shut_down_kernels()
    assert lab.errors == []


def pytest_generate_tests(metafunc):
    """Run a test that asks for a `figure` or a `player` for each one that its class names."""
    for kind in ("figure", "player"):
        if kind in metafunc.fixturenames:
            names = [name for name, _ in metafunc.cls.figures]
            own = [name for name in names if name not in metafunc.cls.guests]
            chosen = [name for name in own if kind == "figure" or name in metafunc.cls.players]
            metafunc.parametrize(kind, [(names.index(n), n) for n in chosen], ids=chosen,
                                 indirect=True)  # fmt: skip


def _figure(request, lab):
    number, name = request.param
    figure = lab.figure(number)
    figure.kind, figure.cell = name, lab.cell(dict(request.cls.figures)[name])
    return figure


figure = pytest.fixture(_figure, name="figure")
player = pytest.fixture(_figure, name="player")
