"""The browser edition as a reader has it: files under a path of a static host, Python in the page.

It is built with Pyodide copied along, so that the test needs no network and can ask that the page
needs none.
"""

import csv
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from classroom.notebooks import ROOT
from classroom.robot import CODE_CELLS, SiteLab, served, until
from explorers import all_figures
from reading import pages

PYODIDE = Path(os.environ.get("PYODIDE") or ROOT.parent / "shared" / "pyodide")
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
FIRST = NOTEBOOKS[0]

pytestmark = pytest.mark.skipif(
    not (PYODIDE / "pyodide.js").is_file(),
    reason=f"{PYODIDE} holds no Pyodide; set PYODIDE to a folder that does",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Build the site."""
    folder = tmp_path_factory.mktemp("site") / "site"
    make = ["make", "site", f"PYODIDE={PYODIDE}", f"SITE={folder}"]
    done = subprocess.run(make, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def site(folder):
    """Serve the site under PATH, and return its address."""
    with served(folder) as address:
        yield address


@pytest.fixture
def open_at(browser):
    """Open an address in a browser that has never been there, or once more where it has been."""
    contexts = []

    def open_at(address, again=False):
        if not again:
            contexts.append(browser.new_context(viewport={"width": 1280, "height": 1000}))
        return SiteLab(contexts[-1].new_page(), address)

    yield open_at
    for context in contexts:
        context.close()


def strangers(lab, site):
    """Return the addresses that the page has asked and that are not on its own host."""
    own = urlsplit(site).netloc
    return [url for url in lab.requests if urlsplit(url).netloc not in (own, "")]


def first_notebook_of(site, browser):
    """Return where the first page leads that says that the code can be run."""
    page = browser.new_page()
    page.goto(site)
    address = page.get_by_role("link", name="Open the lab").evaluate("link => link.href")
    page.close()
    return address


def test_the_first_page_leads_to_a_figure_that_the_arrow_keys_move(site, open_at, browser):
    lab = open_at(first_notebook_of(site, browser))
    assert lab.page.locator(f".lm-DockPanel-tabBar :text-is('{FIRST}.ipynb')").count() == 1
    lab.run_all()
    figure = lab.figure()
    before = figure.quiet()
    assert re.search(r"\d", before["sentence"])
    slider = figure.handle("lmbda")
    slider.locator.focus()
    cell, stood = lab.active_cell(), slider.index()
    slider.key("ArrowRight")
    moved = slider.arrived()
    assert slider.index() == stood + 1
    assert moved["sentence"] != before["sentence"]
    assert figure.now()["picture"] != before["picture"]
    slider.key("ArrowLeft")
    assert slider.index() == stood
    assert figure.quiet()["sentence"] == before["sentence"]
    assert lab.active_cell() == cell and slider.locator.evaluate("one => one.matches(':focus')")
    assert any(url.endswith("/pyodide.asm.wasm") for url in lab.requests)  # the worker is heard too
    assert strangers(lab, site) == []


def test_before_a_run_stored_outputs_are_shown_as_they_were_stored(site, open_at):
    lab = open_at(f"{site}lab/index.html?path=01_first_epochs.ipynb")
    outputs = lab.page.locator(".jp-Notebook .jp-OutputArea-output")
    questions = outputs.filter(has_text="( )")
    questions.first.wait_for()  # JupyterLab fills the cells one by one
    asked = questions.all_inner_texts()
    assert asked and not any(re.search(r",\s*\( \)", text) for text in asked)


def test_on_a_telephone_there_is_room_for_the_notebook(site, browser):
    tab = browser.new_page(viewport={"width": 390, "height": 844})
    tab.goto(f"{site}lab/index.html?path={FIRST}.ipynb", timeout=60_000)
    cell = tab.locator(".jp-Notebook .jp-Cell").first
    cell.wait_for(timeout=60_000)
    wide = "one => one.clientWidth > 280"
    until(lambda: cell.evaluate(wide), 20, "room for the text")
    box = tab.locator("[data-jp-item-name=restart-and-run]").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    tab.close()


def test_a_new_edition_shows_its_own_text_and_keeps_what_was_saved(site, folder, open_at):
    address = f"{site}lab/index.html?path={FIRST}.ipynb"
    settings, text = folder / "jupyter-lite.json", folder / "files" / f"{FIRST}.ipynb"
    for file in (settings, text):  # so old that a browser would take its own copy for weeks
        os.utime(file, (0, 1e9))
    lab = open_at(address)
    lab.page.evaluate("jupyterapp.restored.then(() => true)")  # no Python is needed to write
    lab.write(lab.page.locator(CODE_CELLS).last, "mine = 'my own work'")
    lab.page.keyboard.press("Control+s")
    read = """path => jupyterapp.serviceManager.contents.get(path, { content: true })
      .then((one) => JSON.stringify(one.content))"""
    until(lambda: "my own work" in lab.page.evaluate(read, f"{FIRST}.ipynb"), 20, "the saved copy")
    lab.page.close()

    before = settings.read_text(encoding="utf-8"), text.read_text(encoding="utf-8")
    try:
        settings.write_text(re.sub(r"(, edition )\w+", r"\1later", before[0]), encoding="utf-8")
        text.write_text(before[1].replace("Start here", "Begin here"), encoding="utf-8")
        lab = open_at(address, again=True)
        kept = f"{FIRST} (yours).ipynb"
        lab.page.get_by_text(f"kept beside them: {kept}").wait_for(timeout=60_000)
        assert "Begin here" in lab.page.locator(".jp-Notebook h1").first.inner_text()
        assert "my own work" not in lab.page.evaluate(read, f"{FIRST}.ipynb")
        assert "my own work" in lab.page.evaluate(read, kept)
        lab.page.close()
        lab = open_at(address, again=True)  # it is brought along once
        lab.wait_until_idle(120)
        assert not lab.page.get_by_text("kept beside them").is_visible()
    finally:
        settings.write_text(before[0], encoding="utf-8")
        text.write_text(before[1], encoding="utf-8")


def test_a_page_computes_what_is_not_stored_as_python_does(site, browser):
    """The page is read on meanwhile; afterwards every figure of it answers from Python."""
    tab, asked = browser.new_page(), []
    tab.context.on("request", lambda request: asked.append(request.url))
    tab.goto(f"{site}08_derived.html")
    place = tab.locator("#split-neuron")
    place.scroll_into_view_if_needed()
    place.get_by_role("button", name="Compute every setting").click()
    place.get_by_text("Starting Python").wait_for()
    for one in ("split-neuron", "envelope"):
        tab.locator(f"#{one}").scroll_into_view_if_needed()  # far from the screen nothing is drawn
        tab.locator(f".rd-live#{one}").wait_for(timeout=120_000)
    settings = {"k": 12, "w": 3.2, "a": 11.0}
    figure = all_figures()["split-neuron"](**settings)
    field = place.locator(".fe-preset")
    field.fill(figure.preset)
    field.press("Enter")
    place.get_by_text(figure.sentence).wait_for()
    rows = place.locator("tbody tr").evaluate_all(
        "all => all.map((row) => [...row.children].map((one) => one.textContent))"
    )
    assert rows == [list(row) for row in figure.table]
    with tab.expect_download() as download:
        place.get_by_role("button", name="Save data as CSV").click()
    header, numbers = _read(Path(download.value.path()).read_text(encoding="utf-8"))
    expected_header, expected = _read(figure.csv())
    assert header == expected_header
    # To the last digits that two processors' exp and BLAS have in common.
    np.testing.assert_allclose(numbers, expected, rtol=1e-9, atol=1e-12)
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(site).netloc}
    tab.context.close()


def test_a_page_without_a_python_beside_it_says_so(site, browser, tmp_path):
    pages.build(tmp_path, [ROOT / "notebooks" / "08_derived.ipynb"])
    with served(tmp_path) as address:
        tab = browser.new_page()
        tab.goto(f"{address}08_derived.html")
        place = tab.locator("#split-neuron")
        place.scroll_into_view_if_needed()
        place.get_by_role("button", name="Compute every setting").click()
        place.get_by_text("Python did not start: there is no Python beside this page.").wait_for()
        preset = place.locator(".fe-preset").element_handle()
        before = preset.input_value()
        place.locator(".fe-control input").first.press("ArrowRight")  # what is stored still answers
        tab.wait_for_function("([field, was]) => field.value !== was", arg=[preset, before])
        tab.close()


@pytest.mark.skipif(
    not os.environ.get("WHOLE"),
    reason="Python in the page is slow, a quarter of an hour: make test-browser WHOLE=1",
)
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_wholly_and_asks_no_other_host(name, site, open_at):
    lab = open_at(f"{site}lab/index.html?path={name}.ipynb")
    lab.run_all(seconds=900)
    assert any(url.endswith("/pyodide.asm.wasm") for url in lab.requests)  # the worker is heard too
    assert strangers(lab, site) == []
    assert [error for error in lab.errors if "/favicon.ico" not in error] == []


def _read(text):
    """Return a CSV file's header and its numbers; an empty field counts as not a number."""
    header, *rows = csv.reader(text.splitlines())
    return header, [[float(field or "nan") for field in row] for row in rows]
