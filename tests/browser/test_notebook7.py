"""Jupyter Notebook 7, where others open what we see in JupyterLab: figures move there too."""

import pytest

from classroom.robot import Lab, serve_notebooks

NAME = "02_decay_rate"  # the fastest one to run


class Notebook7(Lab):
    """A notebook on a page of Jupyter Notebook, which JupyterLab's server has as well."""

    def open(self):
        self.page.goto(f"{self.server.url}/notebooks/{self.name}.ipynb", timeout=60_000)
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)


@pytest.fixture
def server(tmp_path):
    """A server that has not shown JupyterLab: it remembers a static file by its name alone.

    Asked for a font that JupyterLab has as well, it would find JupyterLab's, and refuse it (403).
    """
    server = serve_notebooks(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def notebook(server, browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        notebook = Notebook7(context.new_page(), server, NAME)
        yield notebook
    finally:
        notebook.disconnect()
        context.close()


def test_all_cells_run_and_a_slider_moves_its_figure(notebook):
    notebook.wait_until_idle(60)
    of_its_own = list(notebook.errors)  # it trips over a setting of JupyterLab's as it starts
    notebook.run_all()
    assert notebook.error_outputs() == []
    figure = notebook.figure()
    before = figure.quiet()
    slider = figure.slider()
    slider.key("ArrowRight")
    slider.arrived()
    after = figure.quiet()
    assert after["sentence"] != before["sentence"] and after["curves"] != before["curves"]
    assert notebook.errors == of_its_own
