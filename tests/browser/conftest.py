"""One server and one browser for all tests; one page for all tests of a notebook."""

import os
import shutil
from pathlib import Path

import pytest
from lab import ROOT, Lab, Server
from playwright.sync_api import sync_playwright

DEBIAN = Path("/usr/bin/chromium")  # elsewhere: `playwright install chromium`
ARGUMENTS = [
    "--no-sandbox",  # which a container does not allow, and these pages are ours
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jupyter")
    notebooks = folder / "notebooks"
    shutil.copytree(ROOT / "notebooks", notebooks, ignore=shutil.ignore_patterns(".*"))
    server = Server(folder, notebooks)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or (str(DEBIAN) if DEBIAN.exists() else None)
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="class")
def lab(request, server, browser):
    """The notebook that the class of tests is about, with all its cells run."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, accept_downloads=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    server.known_errors = server.errors()  # those of a notebook before were provoked there
    lab = Lab(context.new_page(), server, request.cls.notebook)
    lab.run_all()
    yield lab
    errors = lab.errors
    context.close()
    server.shut_down_kernels()
    assert errors == []


def pytest_generate_tests(metafunc):
    """Run a test that asks for a `figure` or a `player` for each one that its class names."""
    for kind in ("figure", "player"):
        if kind in metafunc.fixturenames:
            names = [name for name, _ in metafunc.cls.figures]
            chosen = [n for n in names if kind == "figure" or n in metafunc.cls.players]
            metafunc.parametrize(kind, [(names.index(n), n) for n in chosen], ids=chosen,
                                 indirect=True)  # fmt: skip


def _figure(request, lab):
    number, name = request.param
    figure = lab.figure(number)
    figure.kind, figure.cell = name, lab.cell(dict(request.cls.figures)[name])
    return figure


figure = pytest.fixture(_figure, name="figure")
player = pytest.fixture(_figure, name="player")
