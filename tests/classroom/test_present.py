"""The pages of `make present`: what they show, who gets in, and that no visitor runs code."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from types import SimpleNamespace

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from classroom.notebooks import NOTEBOOKS, paths
from classroom.present import gate, of_a_page, pythons
from classroom.present.__main__ import greeting, qr_code
from classroom.present.class_pages import LEFT_OUT, ClassPage, class_pages, write
from classroom.present.server import Server
from classroom.present.vote import Question
from classroom.private_lab import free_port
from experiments.tables import Table
from explorers import in_page

ROOT = Path(__file__).parents[2]


# The pages.


def figure(source, words="A curve.", preset="decay-rate eta=0.1"):
    data = {"image/png": "iVBORw0KGgo=", "text/plain": words.partition(".")[0]}
    about = {"alt": words, "preset": preset, "covered": []}
    output = new_output("execute_result", data, metadata={"image/png": about})
    return new_code_cell(source, outputs=[output])


def printing(source, text):
    return new_code_cell(source, outputs=[new_output("stream", name="stdout", text=text)])


@pytest.fixture
def page_of(tmp_path):
    def made(*cells):
        path = tmp_path / "00_claim.ipynb"
        nbformat.write(new_notebook(cells=[new_markdown_cell("# Claim 0"), *cells]), path)
        return ClassPage(path)

    return made


def printed(page):
    return re.findall('<p class="printed">(.*?)</p>', page.body())


def test_a_page_has_figures_and_what_was_printed_and_no_code(page_of):
    page = page_of(
        figure("from explorers import Some\n\none = Some()\none"),
        printing("one.set(eta=2)\nprint(one.sentence)", "eta is 2\n"),
        figure("one.set(eta=3)\none", "A steeper curve.", "decay-rate eta=3"),
        new_code_cell("def only_in_the_code():\n    pass"),
    )
    assert page.presets() == ["decay-rate eta=0.1", "decay-rate eta=3"]
    assert all(f'data-preset="{preset}"' in page.body() for preset in page.presets())
    assert printed(page) == ["eta is 2"]
    assert "Some" not in page.body() and "only_in_the_code" not in page.body()


RECORD = """print(one.sentence)
for what, value in one.numbers.items():
    print(f"{what}: {value}")"""


def test_a_page_leaves_to_a_figure_what_it_says_itself(page_of):
    page = page_of(
        figure("one = Some()\none"),
        printing(RECORD, "It is 1.\neta: 1"),
        new_markdown_cell("Now look."),
        printing("print(one.sentence)", "further down the text speaks of this"),
        figure("two = Some(eta=2)\ntwo"),
        printing("print(one.sentence)", "another figure"),
    )
    assert printed(page) == ["further down the text speaks of this", "another figure"]


@pytest.mark.parametrize(
    "source, kept",
    [("said = one.numbers\nprint(f'size {said[0]}')", False),
     ("from x import f\nprint(f(one.numbers))", True),
     ("one.set(eta=2)\nprint(one.numbers)", True), ("print('size 1')", True)],
)  # fmt: skip
def test_a_page_leaves_to_a_figure_a_line_of_its_numbers(page_of, source, kept):
    page = page_of(figure("one = Some()\none"), printing(source, "size 1"))
    assert printed(page) == kept * ["size 1"]


def test_a_page_keeps_a_table_of_results_as_a_table(page_of):
    table = Table(["λ", "size"], [["5", "0.1070"]])
    data = {"text/plain": str(table), "text/html": table._repr_html_()}
    page = page_of(new_code_cell("table", outputs=[new_output("display_data", data)]))
    assert table._repr_html_() in page.body()


def test_a_page_leaves_out_exercises_and_the_instructor(page_of):
    page = page_of(
        new_markdown_cell("Here.\n\n## Check yourself\n\n**Exercise 1.**"),
        printing("check(...)", "Not yet."),
        new_markdown_cell("## Words"),
        new_markdown_cell("the answer", metadata={"tags": ["instructor"]}),
    )
    text = re.sub("<[^>]*>", " ", page.body()).split()
    assert text == ["Claim", "0", "Here.", "Words"]


def test_each_section_left_out_is_in_a_notebook():
    texts = [path.read_text(encoding="utf-8") for path in NOTEBOOKS.glob("source/*.md")]
    for heading in LEFT_OUT:
        assert any(f"\n## {heading}\n" in text for text in texts)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Return (the folder with all pages, the pages)."""
    folder = tmp_path_factory.mktemp("pages")
    write(folder, found := class_pages())
    return folder, found


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_no_page_prints_what_a_figure_says_when_it_opens(written, path):
    folder, found = written
    (page,) = (one for one in found if one.name == path.stem)
    text = (folder / page.file).read_text(encoding="utf-8")
    captions = re.findall("<figcaption><b>.*?</b> (.*?)</figcaption>", text)
    assert captions and not set(captions) & set(re.findall('<p class="printed">(.*?)</p>', text))


def test_each_page_stands_alone_and_shows_no_code(written):
    folder, found = written
    for page in found:
        text = (folder / page.file).read_text(encoding="utf-8")
        assert not re.search('class="(code|rd-exercise)"|lab/', text)
        leads = {one.partition("#")[0] for one in re.findall('(?:href|src)="([^"]*)', text)}
        ours = {one for one in leads if not re.match("$|data:|https?:|static/", one)}
        assert ours and all((folder / one).is_file() for one in ours)
        assert re.findall('(?:src|rel="stylesheet" href)="(http[^"]*)', text) == []


def test_each_figure_of_the_pages_can_be_opened(written):
    for page in written[1]:
        for preset in page.presets():
            assert in_page.figure_of(preset).preset == preset


# Who gets in.


def server(folder, **options):
    return Server(folder, **{"ip": "127.0.0.1", "port": 1, "places": 2} | options)


@pytest.mark.parametrize("ip", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_needs_no_token(tmp_path, ip):
    assert server(tmp_path, ip=ip).token == ""
    assert server(tmp_path, ip=ip).address == f"http://{f'[{ip}]' if ':' in ip else ip}:1/"


@pytest.mark.parametrize("ip", ["127.0.0.1", "0.0.0.0"])
def test_who_leads_a_vote_needs_a_token_of_their_own(tmp_path, ip):
    one = Question("", "How many?", "Three.", value=3)
    first, second = (server(tmp_path, ip=ip, questions=[one]) for _ in range(2))
    tokens = {one.instructor_address.split("/instructor?token=")[1] for one in (first, second)}
    assert len(tokens | {first.token, second.token} - {""}) == (4 if first.token else 2)
    assert first.instructor_address in greeting(first) and first.address in greeting(first)


def test_where_nothing_is_asked_nobody_leads_a_vote(tmp_path):
    one = server(tmp_path, ip="0.0.0.0")
    assert one.instructor_address is None and "vote" not in greeting(one)


@pytest.mark.parametrize("ip", ["0.0.0.0", "", "192.0.2.7", "room.example"])
def test_others_need_a_new_token_each_time(tmp_path, ip):
    first, second = (server(tmp_path, ip=ip) for _ in range(2))
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


def test_a_port_that_somebody_has_is_told_of_in_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "classroom.present", "05", "--port", str(port)],
            cwd=ROOT, capture_output=True, text=True,
        )  # fmt: skip
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert re.search(rf"Port {port} .* PORT=", done.stderr)


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


# A running server, of one small page.

SERVE = """
import sys
from pathlib import Path
if __name__ == "__main__":  # what is forked imports the rest again
    from tornado.netutil import bind_sockets
    from classroom.present import pythons
    from classroom.present.server import Server
    folder, port, places = Path(sys.argv[1]), *map(int, sys.argv[2:])
    pythons.warm_up(["classroom.present.of_a_page"])
    server = Server(folder, ip="0.0.0.0", port=port, places=places)
    server.serve(bind_sockets(port), lambda: print(server.token, flush=True))
"""
OPEN = {
    "kind": "open",
    "number": 0,
    "shown": {"preset": "split-neuron", "projector": True, "width": 540},
}


class Served:
    """A server that asks for a token, and a browser's cookies for it."""

    def __init__(self, folder, places=50):
        pages, script = folder / "pages", folder / "serve.py"
        pages.mkdir()
        script.write_text(SERVE)
        (pages / "index.html").write_text("<h1>Claim 0</h1>")
        (pages / "figures").mkdir()
        (pages / "figures" / "one.js").write_text("stored(1);" * 100)
        self.port, self.cookies = free_port(), CookieJar()
        self.url, self.log = f"http://127.0.0.1:{self.port}", folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(script), str(pages), str(self.port), str(places)],
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.token = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        with self.process:
            self.process.terminate()

    def open(self, path, **headers):
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        return opener.open(urllib.request.Request(self.url + path, None, headers), timeout=20)

    def get(self, path, **headers):
        """Return (status, final address, text) of a page."""
        try:
            with self.open(path, **headers) as answer:
                return answer.status, answer.url, answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.url, refused.read().decode()

    def come_in(self):
        self.get(f"/?token={self.token}")
        return self

    def live(self, **headers):
        """Return a line to a Python, which has said what it says first."""
        if cookies := "; ".join(f"{one.name}={one.value}" for one in self.cookies):
            headers["Cookie"] = cookies
        address = f"ws{self.url[4:]}/live"
        return connect(address, additional_headers=headers, open_timeout=20, max_size=None)

    def pythons(self):
        """Return the processes behind its pages."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        return [one for one in family if one.nice() > 0 and one.status() != psutil.STATUS_ZOMBIE]


def heard(line):
    return json.loads(line.recv(timeout=60))


def say(line, message):
    line.send(json.dumps(message))


def until(holds, seconds=10):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Served(tmp_path_factory.mktemp("served")) as served:
        yield served
    assert served.process.returncode == 0
    assert served.log.read_text() == ""


@pytest.mark.parametrize("path", ["/", "/nope", "/?token=wrong", "/figures/one.js", "/live"])
def test_without_the_token_one_is_asked_for_it(served, path):
    served.cookies.clear()
    status, _, text = served.get(path)
    assert status == 403 and 'name="token"' in text
    assert "Claim 0" not in text and ("not the word" in text) == ("wrong" in path)


@pytest.mark.parametrize("typed", [str.lower, str.upper, " {} ".format])
def test_with_the_token_one_sees_the_pages_and_is_remembered(served, typed):
    served.cookies.clear()
    token = urllib.request.quote(typed(served.token))
    status, where, text = served.get(f"/?token={token}")
    assert status == 200 and "Claim 0" in text
    assert "token" not in where  # so that it stands neither on the wall nor in the history
    assert "Claim 0" in served.get("/index.html")[2]


def test_files_are_sent_as_small_as_the_browser_can_read_them(served):
    served.come_in()
    plain, small = (
        served.open("/figures/one.js", **{"Accept-Encoding": coding})
        for coding in ("identity", "gzip")
    )
    with plain, small:
        assert plain.headers["Content-Encoding"] is None
        assert plain.read() == b"stored(1);" * 100
        assert small.headers["Content-Encoding"] == "gzip"
        assert len(small.read()) < 100
        assert small.headers["Content-Type"].startswith("text/javascript")
    with served.open("/", **{"If-None-Match": plain.headers["Etag"]}) as page:
        policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'self'" in policy
    assert "script" not in policy  # scripts are ours alone


ODD = (
    "/nope", "/logout", "//x", "/%ff%fe", "/?x=%ff", "/a" * 2000, "/figures", "/figures/",
    "/../etc/passwd", "/%2e%2e/x", "/%00", "/static/", "/static/nope", "/static/../server.py",
    "/static/%2e%2e/server.py", "/index.html/x", "/vote", "/instructor", "/api/kernels", "/log",
)  # fmt: skip


@pytest.mark.parametrize("path", ODD, ids=lambda path: path[:30])
def test_an_odd_path_is_refused_in_a_plain_line(served, path):
    status, _, text = served.come_in().get(path)
    assert 400 <= status < 500 and re.fullmatch(r".{1,80}\n", text)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8866", "localhost.evil.example", "["]
)
def test_a_page_under_another_name_is_told_nothing(served, host):
    """Even with the room's token: it is a page from elsewhere that would read the answer."""
    status, _, text = served.get(f"/?token={served.token}", Host=host)
    assert status == 403 and "Claim 0" not in text


@pytest.mark.parametrize(
    "host", ["localhost:1", "LOCALHOST", "192.0.2.7:8866", "[::1]:8866", "OURS"]
)
def test_it_answers_to_numbers_and_to_this_machines_names(served, host):
    served.come_in()
    host = socket.gethostname() if host == "OURS" else host
    assert "Claim 0" in served.get("/", Host=host)[2]


class Visitor:
    """A request, as far as a door looks at it."""

    def __init__(self, token=None, cookie=""):
        self.request = SimpleNamespace(path="/page")
        self.get_query_argument = lambda name, default: token
        self.get_cookie = lambda name, default: cookie
        self.answers = []
        for name in ("set_status", "set_header", "set_cookie", "redirect", "finish"):
            setattr(self, name, lambda *said, _name=name, **more: self.answers.append(_name))


def test_a_wrong_token_waits_and_keeps_nobody_waiting_but_the_next_wrong_one(monkeypatch):
    waits, rest = [], asyncio.sleep

    async def guess_and_come_in():
        go_on, door = asyncio.Event(), gate.Door("right", 1)

        async def sleep(seconds):
            waits.append(seconds)
            await go_on.wait()

        monkeypatch.setattr(gate.asyncio, "sleep", sleep)
        wrong = [Visitor("wrong"), Visitor(cookie="wrong"), Visitor("ωrong")]
        guesses = [asyncio.ensure_future(door.lets_in(one)) for one in wrong]
        await rest(0)
        known, new, stranger = Visitor(cookie="right"), Visitor("right"), Visitor()
        assert await door.lets_in(known) and known.answers == []
        assert not await door.lets_in(new) and new.answers == ["set_cookie", "redirect"]
        assert not await door.lets_in(stranger) and stranger.answers[0] == "set_status"
        assert waits == [gate.WAIT] and not any(guess.done() for guess in guesses)
        go_on.set()
        assert not any(await asyncio.gather(*guesses))

    asyncio.run(guess_and_come_in())
    assert waits == 3 * [gate.WAIT] and gate.WAIT >= 1


# The Python behind a page.


def test_a_page_is_answered_by_a_python_that_ends_with_it(served):
    with served.come_in().live() as line:
        assert heard(line) == {"kind": "ready"}
        (python,) = served.pythons()
        say(line, OPEN)
        told = heard(line)
        figure = in_page.figure_of("split-neuron")
        assert (told["number"], told["what"]) == (0, "update")
        assert told["content"]["_shown"]["sentence"] == figure.sentence
        assert told["content"]["_shown"]["projector"] is True
        content = {"kind": "set", "text": "split-neuron k=12", "wish": 1}
        say(line, {"kind": "hear", "number": 0, "content": content})
        figure.set(k=12)
        while (shown := heard(line)["content"]["_shown"])["answered"] == 0:
            pass
        assert shown["sentence"] == figure.sentence
    until(lambda: not python.is_running())
    assert served.pythons() == []


def test_no_line_without_the_token_nor_from_a_page_elsewhere(served):
    served.cookies.clear()
    with pytest.raises(InvalidStatus, match="403"), served.live():
        pass
    with (
        pytest.raises(InvalidStatus, match="403"),
        served.come_in().live(Origin="http://evil.example"),
    ):
        pass
    assert served.pythons() == []


HOSTILE = (
    "", "{", "[]", "null", "[" * 9000, '"x"', "\n\n", "\x00", "x" * 9000, b"\xff\xfe",
    {"kind": "execute", "code": "open('written', 'w')"},
    {"kind": "hear", "number": 0, "content": {}}, {"kind": "hear", "number": "__class__"},
    {"kind": "open", "number": -1, "shown": {}}, {"kind": "open", "number": 10**9, "shown": {}},
    {"kind": "open", "number": 0, "shown": "split-neuron"},
)  # fmt: skip


@pytest.mark.parametrize("sent", HOSTILE, ids=lambda sent: str(sent)[:30])
def test_who_is_no_page_of_ours_is_hung_up_on(served, sent):
    with served.come_in().live() as line:
        assert heard(line) == {"kind": "ready"}
        line.send(json.dumps(sent) if isinstance(sent, dict) else sent)
        if isinstance(sent, bytes):  # is not even handed on
            say(line, OPEN)
            assert heard(line)["what"] == "update"
            return
        with pytest.raises(ConnectionClosed):
            heard(line)
    until(lambda: served.pythons() == [])


WRONG = (
    {"preset": "nope"}, {"preset": 3}, {"preset": "split-neuron k=many"}, {"preset": "x" * 5000},
    {"projector": "yes"}, {"width": 541}, {"width": None}, {"preset": "os.system=1"},
)  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_figure_that_can_not_be_opened_is_said_to_be_so(served, wrong):
    with served.come_in().live() as line:
        heard(line)
        say(line, OPEN | {"shown": OPEN["shown"] | wrong})
        told = heard(line)
        assert told["what"] == "failed" and len(told["content"]["words"]) < 400
        say(line, OPEN)
        assert heard(line)["what"] == "update"


def test_what_is_too_long_for_a_page_is_not_read(served):
    with served.come_in().live() as line:
        heard(line)
        line.send("x" * of_a_page.LARGEST)
        with pytest.raises(ConnectionClosed):
            heard(line)


def test_a_killed_python_hangs_up_and_the_next_one_is_there(served):
    with served.come_in().live() as line:
        heard(line)
        (python,) = served.pythons()
        python.kill()
        with pytest.raises(ConnectionClosed):
            heard(line)
    with served.live() as line:
        assert heard(line) == {"kind": "ready"}


def test_who_finds_no_place_is_told_so_and_has_the_next_one_that_is_free(tmp_path):
    with Served(tmp_path, places=1) as served:
        first, second = served.come_in().live(), served.live()
        with first, second:
            assert heard(first)["kind"] == "ready"
            told = heard(second)
            assert told["kind"] == "stage" and "live pages are open (1)" in told["words"]
            assert len(served.pythons()) == 1
            first.close()
            assert heard(second) == {"kind": "ready"}


@pytest.mark.skipif(sys.platform == "win32", reason="signals are others there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_all_at_once_and_leaves_nothing(tmp_path, number):
    served = Served(tmp_path).come_in()
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            heard(stack.enter_context(served.live()))
        family = psutil.Process(served.process.pid).children(recursive=True)
        assert len(served.pythons()) == 3
        served.process.send_signal(number)
        with served.process:
            assert served.process.wait(10) == 0
        until(lambda: not any(one.is_running() for one in family))
    assert served.log.read_text() == ""


def test_a_slow_page_is_told_the_newest_state_of_each_figure():
    async def told():
        outbox = of_a_page.Outbox()
        outbox.put(0, "update", {"_still": "a", "_shown": 1})
        outbox.put(1, "update", {"_shown": 5})
        outbox.put(0, "update", {"_shown": 2})
        outbox.put(0, "custom", {"kind": "csv"})
        first = await outbox.take()
        outbox.put(0, "update", {"_shown": 3})
        return [[json.loads(line) for line in lines] for lines in (first, await outbox.take())]

    def line(number, what, content):
        return {"kind": "told", "number": number, "what": what, "content": content}

    first, second = asyncio.run(told())
    assert first == [
        line(0, "update", {"_still": "a", "_shown": 2}),
        line(1, "update", {"_shown": 5}),
        line(0, "custom", {"kind": "csv"}),
    ]
    assert second == [line(0, "update", {"_shown": 3})]


@pytest.mark.parametrize(
    "free, cores, places", [(3e9, 2, 50), (90e9, 2, 80), (90e9, 8, 320), (1e8, 2, 2)]
)
def test_places_are_by_memory_and_by_processors(monkeypatch, free, cores, places):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free))
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert pythons.places() == places


only_with_forks = pytest.mark.skipif(sys.platform != "linux", reason="forks only on Linux")


@only_with_forks
@pytest.mark.parametrize(
    "source, said", [("import no_such_module", "no_such_module"), ("1/0", "Zero")]
)
def test_what_keeps_pythons_from_being_forked_is_said(tmp_path, source, said):
    (tmp_path / "to_be_forked.py").write_text(source)
    code = "from classroom.present.pythons import warm_up; warm_up(['to_be_forked'])"
    places = os.pathsep.join([str(ROOT), str(tmp_path)])
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": places},
                          cwd=ROOT, capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.endswith("can't be loaded; see above.\n")


@only_with_forks
def test_what_is_forked_has_each_figure_made_and_drawn():
    code = """
from classroom.present import warm
from classroom.present.class_pages import class_pages
from explorers import in_page
(page,) = class_pages(["02"])
made = in_page.made
print(set(made) == set(page.presets()) and len(made) > 0)
print(all(figure.run.phase.is_over for figure in made.values()))
print({len(figure._pictures) for figure in made.values()})
"""
    environment = os.environ | {"CLASSROOM_NOTEBOOKS": "02"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT,
                          capture_output=True, text=True)  # fmt: skip
    assert done.stdout.split() == ["True", "True", "{4}"], done.stderr
