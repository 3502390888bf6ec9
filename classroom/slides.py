"""Show the notebooks as live slides in JupyterLab: every figure is run before the class comes in.

    python -m classroom.slides            all notebooks
    python -m classroom.slides 02 01      only these, in this order, each in a tab of its own

A slide is a cell with the tag `slide`. Copies are shown, in a folder of their own and with settings
of their own, so that neither the notebooks nor the reader's JupyterLab are touched.
"""

import argparse
import ast
import contextlib
import json
import secrets
import shutil
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path

import nbformat
from jupyter_client import BlockingKernelClient

from classroom import private_lab
from classroom.notebooks import paths

STYLE, KEYS = (Path(__file__).with_suffix(suffix) for suffix in (".css", ".js"))

SETTINGS = {
    "jupyterlab-slideshow/plugin": {"active": True},
    "@jupyterlab/notebook-extension/tracker": {
        # All slides stay in the page: with cells taken out and put back, moving on throws errors.
        "windowingMode": "none",
        "showEditorForReadOnlyMarkdown": False,
    },
}
# Every picture is that of a slide from the start, or a larger one would stand there for a moment.
FIT = """
from explorers.canvas import SLIDE
from explorers.widget import Explorer
Explorer.first_width = SLIDE
"""
# And its letters are those of its button Projector.
ENLARGE = """
from explorers.figure import Figure
for _one in list(globals().values()):
    if isinstance(_one, Figure):
        _one.projector = True
"""


def deck(notebook):
    """Return a notebook of the slides alone, and of the unseen cells whose names they use.

    What else is run between them would only take time, and leave figures otherwise than a slide
    shows them. What else is written there is the lecturer's: it stands in the window with notes.
    """
    cells, wanted = [], set()
    for cell in reversed(notebook.cells):
        is_slide = "slide" in cell.metadata.get("tags", [])
        made, used = _names(cell) if cell.cell_type == "code" else (set(), set())
        if is_slide or made & wanted or _is_note(cell):
            cells.insert(0, _part(cell, "slide" if is_slide else "skip"))
            wanted = (wanted - made) | used
    kinds = [cell.metadata["slideshow"]["slide_type"] for cell in cells]
    keys = f"const KINDS = {json.dumps(kinds)};\n{KEYS.read_text(encoding='utf-8')}"
    script = {"application/javascript": keys}
    keys = nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output("display_data", data=script)])
    notebook.cells = [*cells, _part(keys, "skip")]
    return notebook


def _part(cell, slide_type):
    """Make a cell part of a deck. A key or a double click must not turn a slide into its source."""
    cell.metadata.update(slideshow={"slide_type": slide_type}, editable=False, deletable=False)
    return cell


def _is_note(cell):
    """Say whether it is for the lecturer to read: all text, but no solutions."""
    is_for_all = "instructor" not in cell.metadata.get("tags", [])
    return cell.cell_type == "markdown" and (is_for_all or "For the instructor" in cell.source)


def _names(cell):
    """Return the names that a cell makes, and those that it uses."""
    made, used = set(), set()
    for node in ast.walk(ast.parse(cell.source)):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                used.add(name)
            case ast.Name(id=name) | ast.FunctionDef(name=name):
                made.add(name)
            case ast.alias(name=name, asname=alias):
                made.add(alias or name)
    return made, used


class Server:
    """JupyterLab on localhost, on the decks in `folder`/decks, with settings of its own."""

    def __init__(self, folder):
        self.folder, self.decks = folder, folder / "decks"
        self.token = secrets.token_hex(16)
        self.decks.mkdir()
        style = folder / "config" / "custom" / "custom.css"
        style.parent.mkdir(parents=True)
        shutil.copy(STYLE, style)
        self.process, self.url = private_lab.start(
            folder, self.decks, settings=SETTINGS,
            options=["--custom-css", f"--IdentityProvider.token={self.token}"],
            start_new_session=True,  # Ctrl+C is for us; Jupyter would ask back
        )  # fmt: skip
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _wait(self):
        for _ in range(600):
            if self.process.poll() is not None:
                raise SystemExit((self.folder / "server.log").read_text())
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                return self.api("status")
            time.sleep(0.1)
        raise SystemExit(f"JupyterLab does not answer. Its log: {self.folder / 'server.log'}")

    def api(self, path, /, **content):
        request = urllib.request.Request(
            f"{self.url}/api/{path}",
            data=json.dumps(content).encode() if content else None,
            headers={"Authorization": f"token {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or "null")

    def show(self, path):
        """Run the deck of the notebook `path`, and return the address at which it stands.

        The kernel stays, and JupyterLab finds it by the name of the file: so all figures are live.
        """
        notebook = deck(nbformat.read(path, as_version=4))
        session = self.api(
            "sessions", path=path.name, name=path.name, type="notebook", kernel={"name": "python3"}
        )
        client = self._client(session["kernel"]["id"])
        try:
            client.execute_interactive(FIT, store_history=False)
            for cell in notebook.cells:
                if cell.cell_type == "code" and cell.source:
                    run(client, cell)
            client.execute_interactive(ENLARGE, store_history=False)
        finally:
            client.stop_channels()
        nbformat.write(notebook, self.decks / path.name)
        self.api(f"contents/{path.name}/trust", trust=True)
        return f"{self.url}/lab/workspaces/{path.stem}/tree/{path.name}?reset&token={self.token}"

    def _client(self, kernel):
        file = self.folder / "runtime" / f"kernel-{kernel}.json"
        client = BlockingKernelClient(connection_file=str(file))
        client.load_connection_file()
        client.start_channels()
        end = time.monotonic() + 60
        while True:
            try:
                client.wait_for_ready(timeout=60)
                return client
            except RuntimeError:  # on a busy machine, one that only starts is taken for dead
                if time.monotonic() > end:
                    raise

    def stop(self):
        private_lab.stop(self.process)


def run(client, cell):
    """Run a cell in the kernel, and put into it what comes out."""
    cell.outputs = []

    def hear(message):
        kind = message["msg_type"]
        if kind in ("stream", "display_data", "execute_result", "error"):
            cell.outputs.append(nbformat.v4.output_from_msg(message))

    reply = client.execute_interactive(cell.source, output_hook=hear)["content"]
    if reply["status"] != "ok":
        raise SystemExit(f"{cell.source}\n\n{reply['ename']}: {reply['evalue']}")
    cell.execution_count = reply["execution_count"]


def main():
    parser = argparse.ArgumentParser(description="Show the notebooks as live slides.")
    parser.add_argument("notebooks", nargs="*", help="such as 02; none means all")
    parser.add_argument("--no-browser", action="store_true", help="only print the addresses")
    options = parser.parse_args()
    chosen = [path for wish in options.notebooks for path in paths([wish])] or paths()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # as Ctrl+C: no server stays behind
    with tempfile.TemporaryDirectory(prefix="slides-", ignore_cleanup_errors=True) as folder:
        server = Server(Path(folder))
        try:
            for path in chosen:
                address = server.show(path)
                print(f"{path.stem}: {address}", flush=True)
                if (options.notebooks or path == chosen[0]) and not options.no_browser:
                    webbrowser.open(address)
            print(
                "Space moves on, the arrows too, and back; n opens notes. Ctrl+C ends it.",
                flush=True,
            )
            server.process.wait()
        except KeyboardInterrupt:
            pass
        finally:
            server.stop()


if __name__ == "__main__":
    main()
