"""The dashboards of `make present`: what they show, who gets in, and that no visitor runs code."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import nbformat
import psutil
import pytest
from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from classroom.notebooks import NOTEBOOKS, paths
from classroom.present import gate, overflow
from classroom.present.__main__ import greeting, qr_code
from classroom.present.edition import LEFT_OUT, edition, editions
from classroom.present.server import AT_A_TIME, FORGOTTEN, READING, Turns, classroom
from classroom.present.vote import Question
from classroom.private_lab import free_port
from experiments.tables import Table

ROOT = Path(__file__).parents[2]


# The classroom edition.


def figure(source, words="A curve."):
    data = {"image/png": "iVBORw0KGgo=", "text/plain": words}
    output = new_output("execute_result", data, metadata={"image/png": {"alt": words}})
    return new_code_cell(source, outputs=[output])


def printing(source, text):
    return new_code_cell(source, outputs=[new_output("stream", name="stdout", text=text)])


def test_edition_runs_figures_and_keeps_what_was_printed():
    cells = edition(
        new_notebook(
            cells=[
                new_markdown_cell("# Claim 0"),
                figure("from explorers import Some\n\none = Some()\none"),
                printing("one.set(eta=2)\nprint(one.sentence)", "eta is 2\n"),
                figure("one.set(eta=3)\none", "A steeper curve."),
            ]
        )
    ).cells
    assert [cell.cell_type for cell in cells] == ["markdown", "code", "markdown", "markdown"]
    assert cells[1].source.splitlines()[-2:] == ["one.projector = True", "one"]
    assert cells[1].outputs == []
    assert cells[2].source == "```text\neta is 2\n```"
    assert 'alt="A steeper curve."' in cells[3].source


def test_edition_leaves_to_a_live_figure_what_it_says_itself():
    record = "\n".join(
        [
            "print(one.sentence)",
            "for what, value in one.numbers.items():",
            '    print(f"{what}: {value}")',
        ]
    )
    cells = edition(
        new_notebook(
            cells=[
                new_markdown_cell("# Claim 0"),
                figure("one = Some()\none"),
                printing(record, "It is 1.\neta: 1"),
                new_markdown_cell("Now look."),
                printing("print(one.sentence)", "further down the text speaks of this"),
                figure("two = Some(eta=2)\ntwo"),
                printing("print(one.sentence)", "another figure"),
                figure("one"),
                printing("print(one.sentence)", "a picture says nothing"),
            ]
        )
    ).cells
    texts = [cell.source for cell in cells if cell.source.startswith("```text")]
    assert [text.splitlines()[1] for text in texts] == [
        "further down the text speaks of this", "another figure", "a picture says nothing",
    ]  # fmt: skip


def test_edition_leaves_to_a_live_figure_a_line_of_its_numbers():
    said = "said = one.numbers\nprint(f'size {said[0]}')"
    more = "from x import f\nprint(f(one.numbers))"
    moved = "one.set(eta=2)\nprint(one.numbers)"
    for source, kept in ((said, 0), (more, 1), (moved, 1), ("print('size 1')", 1)):
        cells = [new_markdown_cell("# Claim 0"), figure("one = Some()\none")]
        cells.append(printing(source, "size 1"))
        assert len(edition(new_notebook(cells=cells)).cells) == 2 + kept, source


def test_edition_keeps_a_table_of_results_as_a_table():
    table = Table(["λ", "size"], [["5", "0.1070"]])
    data = {"text/plain": str(table), "text/html": table._repr_html_()}
    shown = new_code_cell("display(table, table)", outputs=[new_output("display_data", data)] * 2)
    made = edition(new_notebook(cells=[new_markdown_cell("# Claim 0"), shown]))
    *_, cell = made.cells
    assert cell.cell_type == "markdown"
    # Markdown ends a block of HTML at an empty line, and only there.
    assert cell.source.split("\n\n") == [table._repr_html_()] * 2
    assert len(made.cells) == 2  # one for all outputs, or their ids would be equal


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_no_dashboard_prints_what_a_figure_says_when_it_opens(path):
    notebook = nbformat.read(path, as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    alts = [
        one.metadata["image/png"]["alt"] for one in outputs if "image/png" in one.get("data", {})
    ]
    blocks = [cell.source.removeprefix("```text\n") for cell in edition(notebook).cells]
    for alt in alts:
        sentence = alt.partition(". ")[2]
        found = [block for block in blocks if block.startswith(sentence)]
        assert all("\n\n" in block for block in found)  # one that goes on to other settings


def test_edition_leaves_out_exercises_and_the_instructor():
    cells = edition(
        new_notebook(
            cells=[
                new_markdown_cell("# Claim 0"),
                new_markdown_cell("## Check yourself\n\n**Exercise 1.**"),
                printing("check(...)", "Not yet."),
                new_markdown_cell("## Words"),
                new_markdown_cell("the answer", metadata={"tags": ["instructor"]}),
            ]
        )
    ).cells
    assert [cell.source for cell in cells] == ["# Claim 0", "## Words"]


def test_each_section_left_out_is_in_a_notebook():
    texts = [path.read_text(encoding="utf-8") for path in NOTEBOOKS.glob("source/*.md")]
    for heading in LEFT_OUT:
        assert any(f"\n## {heading}\n" in text for text in texts)


def test_editions_are_valid():
    for one in editions().values():
        nbformat.validate(one)


@pytest.mark.parametrize("name", sorted(path.name for path in NOTEBOOKS.glob("*.ipynb")))
def test_live_cells_need_none_of_the_others(name):
    notebook = editions()[name]
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert ".projector = True" in code
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821", "-"],
        input=code,
        text=True,
        capture_output=True,
    )
    assert checked.returncode == 0, checked.stdout


# Who gets in.


@pytest.mark.parametrize("ip", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_needs_no_token(tmp_path, ip):
    server = classroom({}, tmp_path, ip=ip, port=1)
    assert (server.ip, server.token) == (ip, "")


@pytest.mark.parametrize("ip", ["127.0.0.1", "0.0.0.0"])
def test_who_leads_a_vote_needs_a_token_of_their_own(tmp_path, ip):
    one = Question("", "How many?", "Three.", value=3)
    first, second = (classroom({}, tmp_path, ip=ip, port=1, questions=[one]) for _ in range(2))
    tokens = {
        server.instructor_address.split("/instructor?token=")[1] for server in (first, second)
    }
    assert len(tokens | {first.token, second.token} - {""}) == (4 if first.token else 2)
    assert first.instructor_address in greeting(first) and first.address in greeting(first)


def test_where_nothing_is_asked_nobody_leads_a_vote(tmp_path):
    server = classroom({}, tmp_path, ip="0.0.0.0", port=1)
    assert server.instructor_address is None and "vote" not in greeting(server)


@pytest.mark.parametrize("ip", ["0.0.0.0", "", "192.0.2.7", "room.example"])
def test_others_need_a_new_token_each_time(tmp_path, ip):
    first, second = (classroom({}, tmp_path, ip=ip, port=1) for _ in range(2))
    assert len(first.token) == 8
    assert first.token != second.token
    assert first.address.endswith(f"/?token={first.token}")
    assert "0.0.0.0" not in first.address


def test_make_present_is_for_this_machine_unless_asked():
    asked = subprocess.run(
        [sys.executable, "-m", "classroom.present", "--help"],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
    )
    assert "default: 127.0.0.1" in asked.stdout


HALVES = {"█": (0, 0), "▀": (0, 1), "▄": (1, 0), " ": (1, 1)}  # dark: upper and lower field


def fields(code):
    """Return the fields of a QR code in characters, row by row, 1 for a dark one."""
    rows = []
    for line in re.sub(r"\033\[[\d;]*m", "", code).splitlines():
        rows += zip(*(HALVES[character] for character in line))
    return [list(row) for row in rows]


def test_the_address_as_a_qr_code_has_its_three_corners_and_a_free_margin():
    corner = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"]
    dark = fields(qr_code("http://192.0.2.7:8866/?token=abcdefgh"))
    size = len(dark[0])
    dark = dark[:size]  # a line has two rows, and the last one is only half of the code
    assert all(len(row) == size for row in dark) and (size - 8 - 17) % 4 == 0
    assert not any(map(any, dark[:4])) and not any(any(row[:4] + row[-4:]) for row in dark)
    for top, left in ((4, 4), (4, size - 11), (size - 11, 4)):
        seen = ["".join(map(str, row[left : left + 7])) for row in dark[top : top + 7]]
        assert seen == corner


# A running server, of one small notebook.

SERVE = """
import sys, nbformat
from pathlib import Path
from classroom.present import server
from classroom.present.server import classroom
server.FORGOTTEN, server.AT_A_TIME = int(sys.argv[3]), int(sys.argv[4])
folder = Path(sys.argv[1])
server = classroom({"00.ipynb": nbformat.read(folder / "00.ipynb", 4)}, folder,
                   ip="0.0.0.0", port=int(sys.argv[2]), places=int(sys.argv[5]))
print(server.token, flush=True)
server.start()
"""
SECRET = "only_in_the_code"


class Served:
    """A server that asks for a token, and a browser's cookies for it."""

    def __init__(self, folder, forgotten=FORGOTTEN, at_a_time=AT_A_TIME, places=50, more=""):
        slider = new_code_cell(
            f"from ipywidgets import IntSlider\n{SECRET} = IntSlider(42)\n{SECRET}"
        )
        notebook = new_notebook(
            cells=[new_markdown_cell("# Claim 0\n\n$\\eta\\lambda$"), slider, new_code_cell(more)],
            metadata={"title": "Claim 0"},
        )
        nbformat.write(notebook, folder / "00.ipynb")
        (folder / "picture.png").write_bytes(b"not for the network")
        (folder / READING).mkdir()
        (folder / READING / "00.html").write_text("a page to read", encoding="utf-8")
        port = free_port()
        self.folder, self.url = folder, f"http://127.0.0.1:{port}"
        self.log = folder.parent / f"{folder.name}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVE, str(folder),
                 *map(str, (port, forgotten, at_a_time, places))],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )  # fmt: skip
        self.token = self.process.stdout.readline().strip()
        self.cookies = CookieJar()
        for _ in range(200):
            try:
                self.get("/login")
                break
            except urllib.error.URLError:
                time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        with self.process:
            self.process.terminate()

    def open(self, path, method="GET", data=None, **headers):
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        return opener.open(request, timeout=20)

    def get(self, path, method="GET"):
        """Return (final address, text) of a page."""
        with self.open(path, method, b"" if method == "POST" else None) as answer:
            return answer.url, answer.read().decode()

    def leave(self, kernel, **said):
        """Say a page's last word, as Voilà's page does."""
        path = f"/voila/api/shutdown/{kernel}"
        self.open(path, "POST", urllib.parse.urlencode(said).encode()).close()

    def cookie(self, name):
        return next(one.value for one in self.cookies if one.name == name)

    def cookie_header(self):
        return {"Cookie": "; ".join(f"{one.name}={one.value}" for one in self.cookies)}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Served(tmp_path_factory.mktemp("served")) as served:
        yield served
    assert served.process.returncode == 0


def opened(served):
    """Open the notebook as someone with the token, and return the page and its kernel's id."""
    _, text = served.get(f"/voila/render/00.ipynb?token={served.token}")
    return text, re.search(r'"kernelId": "([^"]+)"', text)[1]


def lives(served, kernel):
    try:
        return bool(served.get(f"/api/kernels/{kernel}")[1])
    except urllib.error.HTTPError as gone:
        if gone.code != 404:
            raise
        return False


@pytest.fixture(scope="module")
def page(served):
    return opened(served)


@pytest.mark.parametrize("path", ["/", "/voila/render/00.ipynb", "/?token=wrong"])
def test_without_the_token_one_is_asked_for_it(served, path):
    served.cookies.clear()
    where, text = served.get(path)
    assert "/login" in where
    assert "Claim 0" not in text


def test_with_the_token_one_sees_the_list_and_is_remembered(served):
    assert "Claim 0" in served.get(f"/?token={served.token}")[1]
    assert "/voila/render/00.ipynb" in served.get("/")[1]


def test_page_shows_the_output_and_not_the_code(page):
    text, _ = page
    assert "widget-view+json" in text
    assert "Claim 0" in text
    assert SECRET not in text


def test_page_names_no_other_host(page):
    addresses = re.findall(r"""(?:src|href)=["']?(?:https?:)?//([^/"']+)""", page[0])
    assert addresses == []


def test_closing_the_page_ends_its_kernel(served):
    _, kernel = opened(served)
    assert lives(served, kernel)
    served.leave(kernel, _xsrf=served.cookie("_xsrf"))
    assert not lives(served, kernel)


def test_no_page_from_elsewhere_can_end_a_kernel(served, page):
    for said in ({}, {"_xsrf": "guessed"}):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            served.leave(page[1], **said)
    assert lives(served, page[1])


def test_pages_are_sent_compressed(served, page):
    for path in ("/", "/voila/static/voila.js"):
        with served.open(path, **{"Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"


def test_compiled_templates_are_kept(served, page):
    assert any(served.folder.glob("__jinja2_*"))


def test_a_kernel_without_a_page_is_ended_and_one_with_a_page_is_not(tmp_path):
    with Served(tmp_path, forgotten=2) as served:
        (_, left), (_, seen) = opened(served), opened(served)
        with channels(served, seen, served.cookie_header()):
            end = time.monotonic() + 15
            while lives(served, left) and time.monotonic() < end:
                time.sleep(0.1)
            assert not lives(served, left)
            time.sleep(4)  # as long as it takes to be forgotten, and to be noticed
            assert lives(served, seen)


def test_who_finds_no_place_gets_the_page_to_read_until_one_is_free(tmp_path):
    with Served(tmp_path, places=1) as served:
        _, kernel = opened(served)
        where, text = served.get("/voila/render/00.ipynb")
        assert (urllib.parse.urlsplit(where).path, text) == ("/reading/00.html", "a page to read")
        served.leave(kernel, _xsrf=served.cookie("_xsrf"))
        assert lives(served, opened(served)[1])
        served.cookies.clear()
        for path in ("/voila/render/00.ipynb", "/reading/00.html"):
            assert "/login" in served.get(path)[0]
        where, text = served.get(f"/voila/render/00.ipynb?token={served.token}")
        assert text == "a page to read"
        for path in ("/reading/../00.ipynb", "/reading/%2e%2e/00.ipynb", "/reading/nope.html"):
            with pytest.raises(urllib.error.HTTPError, match=r"40[34]"):
                served.get(path)


def test_the_page_to_read_says_why_it_is_shown_and_leads_to_the_live_one(tmp_path):
    overflow.write(tmp_path, ["02"], 40)
    text = (tmp_path / "02_decay_rate.html").read_text(encoding="utf-8")
    assert "live pages are open (40)" in text and '<html lang="en" data-alone>' in text
    assert 'href="/voila/render/02_decay_rate.ipynb"' in text


@pytest.mark.parametrize(
    "free, cores, places", [(3e9, 2, 30), (90e9, 2, 40), (90e9, 8, 160), (1e8, 2, 2)]
)
def test_places_are_by_memory_and_by_processors(monkeypatch, free, cores, places):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free))
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert overflow.places() == places


ODD = (
    "/reading/", "/reading/x", "/reading/%00",
    "/nope", "/logout", "//x", "/%ff%fe", "/?token=%ff", "/?x=%ff", "/a" * 2000, "/voila",
    "/voila/render/nope.ipynb", "/voila/render/%00.ipynb", "/voila/render/../../etc/passwd",
    "/voila/static/nope", "/voila/static/", "/voila/static/%2e%2e/x", "/voila/templates/",
    "/voila/templates/x", "/voila/templates/x/y", "/voila/templates/x/y/z",
    "/voila/templates/lab/static/nope", "/voila/tree/nope",
    "/voila/api/themes/nope/x", "/voila/api/shutdown/x", "/api/kernels/abc", "/static/nope",
)  # fmt: skip


@pytest.mark.parametrize("path", ODD, ids=lambda path: path[:30])
def test_an_odd_path_is_refused_without_a_traceback(served, path):
    served.get(f"/?token={served.token}")
    before = served.log.stat().st_size
    with pytest.raises(urllib.error.HTTPError) as refused:
        served.open(path)
    refused.value.close()
    assert 400 <= refused.value.code < 500
    said = served.log.read_bytes()[before:].decode(errors="replace")
    assert "Traceback" not in said and "Uncaught" not in said


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8866", "localhost.evil.example", "["]
)
def test_a_page_under_another_name_is_told_nothing(served, host):
    """Even with the room's token: it is a page from elsewhere that would read the answer."""
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        served.open(f"/?token={served.token}", Host=host)
    assert b"Claim 0" not in refused.value.read()


@pytest.mark.parametrize(
    "host", ["localhost:1", "LOCALHOST", "192.0.2.7:8866", "[::1]:8866", "OURS"]
)
def test_it_answers_to_numbers_and_to_this_machines_names(served, host):
    host = socket.gethostname() if host == "OURS" else host
    with served.open(f"/?token={served.token}", Host=host) as answer:
        assert b"Claim 0" in answer.read()


def visitor(**sent):
    """A request, as Voilà's provider of identities has it, whose sender is known already."""
    return SimpleNamespace(
        get_argument=lambda name, default="": sent.get(name, default),
        request=SimpleNamespace(headers={}),
        _jupyter_current_user="someone",
    )


def test_a_wrong_token_waits_and_keeps_nobody_waiting_but_the_next_wrong_one(monkeypatch):
    waits, rest = [], asyncio.sleep

    async def guess_and_come_in():
        go_on, provider = asyncio.Event(), gate.Patient(token="right")

        async def sleep(seconds):
            waits.append(seconds)
            await go_on.wait()

        monkeypatch.setattr(gate.asyncio, "sleep", sleep)
        wrong = visitor(token="wrong"), visitor(password="wrong"), visitor(token="ωrong")
        guesses = [asyncio.ensure_future(provider.get_user(one)) for one in wrong]
        await rest(0)
        for sent in ({"token": "right"}, {"password": "right"}, {}):
            assert await provider.get_user(visitor(**sent)) == "someone"
        assert waits == [gate.WAIT] and not any(guess.done() for guess in guesses)
        go_on.set()
        await asyncio.gather(*guesses)

    asyncio.run(guess_and_come_in())
    assert waits == 3 * [gate.WAIT] and gate.WAIT >= 1


def test_files_are_not_served(served):
    with pytest.raises(urllib.error.HTTPError, match="403"):
        served.get("/voila/files/picture.png")


def test_kernels_are_neither_listed_nor_started_for_visitors(served):
    for method in ("GET", "POST"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            served.get("/api/kernels", method)


def channels(served, kernel, headers, **options):
    address = f"ws{served.url[4:]}/api/kernels/{kernel}/channels?session_id={uuid.uuid4().hex}"
    return connect(address, additional_headers=headers, open_timeout=20, **options)


def test_no_websocket_without_the_token(served, page):
    with pytest.raises(InvalidStatus, match="403"), channels(served, page[1], {}):
        pass


def message(kind, content):
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": "s", "username": "",
              "date": "2000-01-01T00:00:00Z", "version": "5.3"}  # fmt: skip
    return {"header": header, "parent_header": {}, "metadata": {}, "content": content}


def as_text(message, channel):
    return json.dumps({**message, "channel": channel, "buffers": []})


def as_bytes(message, channel):
    parts = [json.dumps(part).encode() for part in message.values()]
    return serialize_msg_to_ws_v1(parts, channel)


PROTOCOLS = {
    "json": (None, as_text),
    "v1": (["v1.kernel.websocket.jupyter.org"], as_bytes),
}


@pytest.mark.parametrize("channel", ["shell", "control"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_visitors_cannot_run_code(served, page, tmp_path, protocol, channel):
    subprotocols, encoded = PROTOCOLS[protocol]
    written = tmp_path / "written"
    code = {"code": f"open({str(written)!r}, 'w')", "silent": False, "store_history": False,
            "user_expressions": {}, "allow_stdin": False, "stop_on_error": True}  # fmt: skip
    cookie = served.cookie_header()
    with channels(served, page[1], cookie, subprotocols=subprotocols) as socket:
        socket.send(encoded(message("execute_request", code), channel))
        socket.send(encoded(message("comm_info_request", {}), channel))  # is heard, and after it
        answers = ""
        while "comm_info_reply" not in answers:
            answer = socket.recv(timeout=20)
            answers += answer if isinstance(answer, str) else answer.decode("latin-1")
    assert "execute_reply" not in answers
    assert not written.exists()


# Forked kernels.

FORK = """
import asyncio, json, os, signal, sys
from jupyter_client import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerFactory
from classroom.present import kernels

async def main(folder, code):
    manager = AsyncKernelManager()
    await manager.start_kernel(cwd=folder, env={**os.environ, "COLOUR": "green"})
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    await client.execute_interactive(code)
    print(type(manager.provisioner).__name__, await manager.is_alive(), file=sys.stderr)
    client.stop_channels()
    await manager.shutdown_kernel()
    print(await manager.is_alive(), file=sys.stderr)

    manager = AsyncKernelManager()
    await manager.start_kernel(cwd=folder)
    os.kill(manager.provisioner.pid, signal.SIGKILL)
    while await manager.is_alive():
        await asyncio.sleep(0.05)
    await manager.interrupt_kernel()  # what has ended bears that
    await manager.shutdown_kernel(now=True)
    print("survived", file=sys.stderr)

if __name__ == "__main__":
    folder, code, preload = sys.argv[1:]
    kernels.use_forks(preload=json.loads(preload))
    asyncio.run(main(folder, code))
"""


def in_a_forked_kernel(folder, code, *, preload=(), environment=None):
    """Return the lines that code prints in a kernel, after what is said of the kernel itself."""
    (folder / "run.py").write_text(FORK)
    done = subprocess.run(
        [sys.executable, folder / "run.py", str(folder), code, json.dumps(list(preload))],
        cwd=ROOT, env=os.environ | (environment or {}), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    # That Jupyter takes the provisioner which `use_forks` has named, and can end what it starts,
    # or what somebody else has ended.
    assert done.stderr.splitlines()[-3:] == ["ForkProvisioner True", "False", "survived"], done
    return done.stdout.splitlines()


only_with_forks = pytest.mark.skipif(sys.platform != "linux", reason="forks only on Linux")


@only_with_forks
def test_a_forked_kernel_is_a_kernel(tmp_path):
    code = "import os; print(os.getcwd(), os.environ['COLOUR'])"
    assert in_a_forked_kernel(tmp_path, code) == [f"{tmp_path} green"]


@only_with_forks
@pytest.mark.parametrize(
    "source, said", [("import no_such_module", "no_such_module"), ("1/0", "Zero")]
)
def test_what_keeps_kernels_from_being_forked_is_said(tmp_path, source, said):
    (tmp_path / "to_be_forked.py").write_text(source)
    code = "from classroom.present.kernels import use_forks; use_forks(['to_be_forked'])"
    paths = os.pathsep.join([str(ROOT), str(tmp_path)])
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": paths},
                          cwd=ROOT, capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.endswith("can't be loaded; see above.\n")


@only_with_forks
def test_a_figure_opens_with_the_run_that_was_computed_before(tmp_path):
    code = """
from explorers import DecayRate
from explorers.figure import Figure
before = len(Figure.memory)
figure = DecayRate()
print(before > 0, len(Figure.memory) == before, figure.run in Figure.memory.values())
figure.eta.value = 0.5
print(len(Figure.memory) == before + 1, figure.sentence != DecayRate().sentence)
"""
    warm = {"preload": ["classroom.present.warm"], "environment": {"CLASSROOM_NOTEBOOKS": "02"}}
    assert in_a_forked_kernel(tmp_path, code, **warm) == ["True True True", "True True"]


@only_with_forks
def test_a_forked_kernel_shows_figures_as_widgets_and_draws_no_record(tmp_path):
    code = """
from explorers import DecayRate
data, _ = get_ipython().display_formatter.format(DecayRate())
print(*sorted(data))
"""
    warm = {"preload": ["classroom.present.warm"], "environment": {"CLASSROOM_NOTEBOOKS": "02"}}
    (kinds,) = in_a_forked_kernel(tmp_path, code, **warm)
    assert kinds == "application/vnd.jupyter.widget-view+json text/plain"


# Turns.


def test_so_many_at_a_time_and_a_turn_ends_with_its_task_however_that_ends():
    going, most, done = 0, 0, []

    async def page(number, turns):
        nonlocal going, most
        await turns.take()
        going += 1
        most = max(most, going)
        try:
            await asyncio.sleep(0.01)
            if number == 1:
                raise ConnectionError("the visitor has left")
            done.append(number)
        finally:
            going -= 1

    async def visitors():
        turns = Turns(2)
        pages = [asyncio.create_task(page(number, turns)) for number in range(6)]
        await asyncio.sleep(0)
        pages[3].cancel()
        await asyncio.gather(*pages, return_exceptions=True)

    asyncio.run(visitors())
    assert (most, sorted(done)) == (2, [0, 2, 4, 5])


def test_pages_are_made_in_turn(tmp_path):
    """Voilà asks for a kernel in the task that makes the page: else turns would end too soon."""
    noting = f"""
import os, time
begun = time.time()
time.sleep(0.5)
with open({str(tmp_path)!r} + f"/{{os.getpid()}}.times", "w") as file:
    print(begun, time.time(), file=file)
"""
    with (
        Served(tmp_path, at_a_time=1, more=noting) as served,
        ThreadPoolExecutor(3) as visitors,
    ):
        assert len(set(visitors.map(lambda _: opened(served)[1], range(3)))) == 3
    times = [path.read_text().split() for path in tmp_path.glob("*.times")]
    times.sort(key=lambda span: float(span[0]))
    assert len(times) == 3
    assert all(float(one[1]) <= float(next_one[0]) for one, next_one in pairwise(times))
