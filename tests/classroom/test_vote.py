"""The class's vote: what is counted, what is shown when, and who is refused."""

import contextlib
import csv
import http.client
import io
import json
import math
import random
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from tornado.web import HTTPError

from classroom.notebooks import NOTEBOOKS
from classroom.present import gate, polling, vote
from classroom.present.class_pages import class_pages, write
from classroom.present.gate import Pace
from classroom.present.vote import MOST_BARS, STEPS, Ballot, Question, Refused
from classroom.private_lab import free_port

ROOT = Path(__file__).parents[2]
SECRET = "Measured: it is 0.951."
CHOICE = Question("00 Claim 0", "What becomes of it?", SECRET, ("grows", "stays", "λ"), right="λ")
NUMBER = Question("00 Claim 0", "How many?", SECRET, value=22.3, close=5, unit="percent")


def ballot(*questions):
    return Ballot(questions or (CHOICE, NUMBER))


def voted(one, answers):
    """Vote as voters 0, 1, 2, ... in the round that is open."""
    for key, answer in enumerate(answers):
        one.cast(f"key-{key}", one.name, answer)


def did(one, *steps):
    for step in steps:
        one.do(step)
    return one


# The ballot.


def test_two_rounds_stand_side_by_side_and_then_the_answer():
    one = did(ballot(), "open")
    voted(one, ["grows", "grows", "λ"])
    did(one, "close", "again")
    voted(one, ["λ", "grows", "λ", "λ"])
    did(one, "close")
    shown = one.for_instructor()
    assert [(bar["label"], bar["counts"]) for bar in shown["bars"]] == [
        ("grows", [2, 1]), ("stays", [0, 0]), ("λ", [1, 3]),
    ]  # fmt: skip
    assert not any(bar["isRight"] for bar in shown["bars"]) and shown["outcome"] == ""
    shown = did(one, "reveal").for_instructor()
    assert [bar["isRight"] for bar in shown["bars"]] == [False, False, True]
    assert shown["outcome"] == SECRET


def test_a_clicker_with_one_key_leads_through_two_rounds_and_on():
    one, done = ballot(), []
    while step := one.for_instructor()["next"]:
        one.do(step)
        done.append(step)
        if one.poll.is_open:
            voted(one, ["grows"] if one.poll.question is CHOICE else ["20"])
    path = ["open", "close", "again", "close", "reveal"]
    assert done == [*path, "forward", *path]
    assert one.for_instructor()["phase"] == "revealed"  # and at the end it does nothing


def test_a_voter_has_one_vote_a_round_and_the_last_one_counts():
    one = did(ballot(), "open")
    for answer in ("grows", "stays", "stays"):
        one.cast("me", one.name, answer)
    assert one.for_instructor()["votes"] == [1]
    assert did(one, "close").for_instructor()["bars"][1]["counts"] == [1]
    assert one.for_voter("me")["mine"] == ["stays"]
    assert one.for_voter("you")["mine"] == [None]


@pytest.mark.parametrize("steps", [(), ("open", "close"), ("open", "close", "reveal")])
def test_nothing_is_counted_that_is_not_open(steps):
    one = did(ballot(), *steps)
    with pytest.raises(Refused, match="closed") as refused:
        one.cast("me", one.name, "grows")
    assert refused.value.status == 409


def test_a_late_vote_counts_neither_for_the_next_round_nor_for_the_next_question():
    one = did(ballot(CHOICE, CHOICE), "open")
    name = one.name
    voted(one, ["grows"])
    did(one, "close", "again")
    with pytest.raises(Refused, match="closed"):
        one.cast("late", name, "grows")
    did(one, "close", "reveal", "forward", "open")
    with pytest.raises(Refused, match="closed"):
        one.cast("late", name, "grows")


@pytest.mark.parametrize("answer", ["shrinks", "", None, 1, ["grows"], {"grows": 1}, True])
def test_what_is_no_answer_is_refused(answer):
    one = did(ballot(), "open")
    with pytest.raises(Refused, match="no such answer") as refused:
        one.cast("me", one.name, answer)
    assert refused.value.status == 400 and one.for_instructor()["votes"] == [0]


@pytest.mark.parametrize(
    "typed, counted",
    [("20", "20"), (" 20 %", "20"), ("0,5", "0.5"), ("50,000", "50000"), ("-3e2", "-300"),
     (7, "7"), ("1e-300", "0"), ("0.1234567891234", "0.123456789")],
)  # fmt: skip
def test_numbers_are_read_as_on_a_page(typed, counted):
    one = did(ballot(NUMBER), "open")
    one.cast("me", one.name, typed)
    assert one.for_voter("me")["mine"] == [counted]


@pytest.mark.parametrize("typed", ["", "many", "nan", "inf", "1e400", None, [1], "1e10", "9" * 300])
def test_other_numbers_are_refused(typed):
    one = did(ballot(NUMBER), "open")
    with pytest.raises(Refused, match="number") as refused:
        one.cast("me", one.name, typed)
    assert refused.value.status == 400


def test_a_room_has_only_so_many_voters(monkeypatch):
    monkeypatch.setattr(vote, "MOST_VOTERS", 2)
    one = did(ballot(), "open")
    voted(one, ["grows", "stays"])
    with pytest.raises(Refused, match="no more") as refused:
        one.cast("another", one.name, "grows")
    assert refused.value.status == 429
    one.cast("key-0", one.name, "λ")  # who has voted may still think better of it


def everything(shown):
    return json.dumps(shown, ensure_ascii=False)


def test_students_learn_nothing_before_it_is_revealed():
    one = ballot()
    assert one.for_voter("me") == {"phase": "none"}  # not even the question
    did(one, "open")
    voted(one, ["grows"] * 7)
    for steps in ((), ("close",), ("again",), ("close",)):
        did(one, *steps)
        shown = one.for_voter("me")
        assert not {"right", "outcome", "isRight", "bars", "votes"} & set(shown)
        assert SECRET not in everything(shown) and "7" not in everything(shown["mine"])
    shown = did(one, "reveal").for_voter("key-0")
    assert (shown["outcome"], shown["right"], shown["isRight"]) == (SECRET, "λ", False)
    assert one.for_voter("nobody")["isRight"] is None


def test_bars_are_hidden_until_closed_unless_they_are_asked_for():
    one = did(ballot(), "open")
    voted(one, ["grows"])
    shows = [one.for_instructor()["bars"] != []]
    for step in ("bars", "bars", "close", "bars", "again", "close", "reveal"):
        shows.append(did(one, step).for_instructor()["bars"] != [])
    assert shows == [False, True, False, True, False, False, True, True]


@pytest.mark.parametrize("steps", [(), ("open",), ("open", "close"), ("open", "close", "reveal")])
def test_what_is_not_offered_is_refused(steps):
    offered = did(ballot(), *steps).steps()
    for step in STEPS:
        one = did(ballot(), *steps)
        if step in offered:
            one.do(step)
        else:
            with pytest.raises(Refused) as refused:
                one.do(step)
            assert refused.value.status == 409
    for step in ("explode", "__init__", None, ["open"]):
        with pytest.raises(Refused, match="no such step"):
            ballot().do(step)


def test_a_third_round_is_not_offered_and_an_empty_one_does_not_show():
    one = did(ballot(), "open")
    assert did(one, "close").for_instructor()["next"] == "reveal"  # nobody has voted
    did(one, "open")
    voted(one, ["λ"])
    did(one, "close", "again", "close")
    assert "again" not in one.steps()
    assert did(one, "reveal").for_instructor()["bars"][2]["counts"] == [1]


def test_a_closed_vote_can_be_opened_again_and_forgotten():
    one = did(ballot(), "open")
    voted(one, ["grows"])
    did(one, "close", "open")
    one.cast("another", one.name, "λ")
    assert one.for_instructor()["votes"] == [2]
    assert did(one, "clear").for_instructor()["phase"] == "ready"
    assert one.csv().count("\n") == 1


def test_another_question_only_when_the_vote_is_closed():
    one = ballot()
    for to in (2, -1, True, "1", None, 0.0):
        with pytest.raises(Refused, match="no such question"):
            one.go(to)
    did(one, "open")
    with pytest.raises(Refused, match="Close the vote"):
        one.go(1)
    did(one, "close").go(1)
    assert one.for_instructor()["question"] == NUMBER.text
    one.go(0)
    assert one.for_instructor()["phase"] == "closed"


# A histogram.


def meant(label):
    """Return (low, high) of the numbers that a bar with this label holds."""
    low, _, high = label.partition(" to ")
    if high:
        return float(low), float(high)
    if label.startswith("below "):
        return -math.inf, float(label.removeprefix("below "))
    return float(label.removesuffix(" or more")), math.inf


@pytest.mark.parametrize("seed", range(40))
def test_each_number_is_in_the_bar_that_says_so(seed):
    rng = random.Random(seed)
    middle, spread = rng.choice([-40, 0, 0.003, 5000]), rng.choice([0, 1e-6, 0.1, 1, 300])
    decimals = rng.choice([0, 1, 9])  # many are right on an edge
    rounds = [[round(rng.gauss(middle, spread), decimals) for _ in range(n)] for n in (seed, 9)]
    bars = NUMBER.bars(rounds)
    assert 1 <= len(bars) <= MOST_BARS
    for label, counts, is_right in bars:
        low, high = meant(label)
        assert counts == [sum(low <= one < high for one in numbers) for numbers in rounds]
        assert is_right == (low <= NUMBER.value < high)
    assert [sum(counts[i] for _, counts, _ in bars) for i in (0, 1)] == [seed, 9]


def test_bars_by_hand():
    # Nearly all lie between 21 and 48: four bars' widths are at least that, so a width is 10.
    assert NUMBER.bars([[20, 21, 25, 29, 30, 48, 61], [22, 22]]) == [
        ("20 to 30", [4, 2], True), ("30 to 40", [1, 0], False), ("40 or more", [2, 0], False),
    ]  # fmt: skip


def test_one_who_jokes_does_not_push_the_others_together():
    serious = list(range(10, 40))
    bars = NUMBER.bars([[*serious, -4e8, 1e9]])
    assert bars[0][0].startswith("below") and bars[-1][0].endswith("or more")
    assert max(counts[0] for _, counts, _ in bars) < len(serious) / 2
    assert sum(counts[0] for _, counts, _ in bars) == len(serious) + 2


def test_where_the_bars_are_does_not_tell_the_measured_value():
    numbers = [[10, 20, 30, 40, 80]]
    elsewhere = Question("", "", "", value=1e6)
    labels = [[label for label, *_ in one.bars(numbers)] for one in (NUMBER, elsewhere)]
    assert labels[0] == labels[1] and NUMBER.bars([]) == []


# On paper.


def test_csv_has_a_row_a_vote_and_no_key():
    one = did(ballot(), "open")
    voted(one, ["grows", "λ"])
    did(one, "close", "again")
    voted(one, ["λ", "λ", "stays"])
    did(one, "close", "reveal", "forward", "open")
    voted(one, ["20", "99"])
    rows = list(csv.DictReader(io.StringIO(one.csv())))
    assert "key-" not in one.csv()
    columns = "question", "round", "answer", "right"
    assert Counter(tuple(row[name] for name in columns) for row in rows) == {
        (CHOICE.text, "1", "grows", "no"): 1, (CHOICE.text, "1", "λ", "yes"): 1,
        (CHOICE.text, "2", "λ", "yes"): 2, (CHOICE.text, "2", "stays", "no"): 1,
        (NUMBER.text, "1", "20", "yes"): 1, (NUMBER.text, "1", "99", "no"): 1,
    }  # fmt: skip
    said = {(row["question"], row["round"], row["answer"]): row["voter"] for row in rows}
    changed = said[CHOICE.text, "1", "grows"]  # the same voter has the same number everywhere
    assert said[NUMBER.text, "1", "20"] == changed


def test_each_prediction_of_the_pages_can_be_voted_on(tmp_path):
    write(tmp_path, pages := class_pages())
    found = [one for page in pages for one in page.questions()]
    texts = " ".join(path.read_text("utf-8") for path in NOTEBOOKS.glob("source/*.md"))
    assert len(found) == texts.count(".predict_") > 10
    for one in found:
        assert one.outcome and one.notebook[:2].isdecimal()
        assert one.is_right(one.right or str(one.value))
        assert not one.options or len(one.options) > 2


# Who is too fast.


def test_a_pace_lets_a_burst_through_and_then_so_many_a_second():
    now = [0.0]
    pace = Pace(rate=2, burst=3, clock=lambda: now[0])
    assert [pace.lets("me") for _ in range(5)] == [True, True, True, False, False]
    assert pace.lets("you")
    now[0] = 0.5
    assert [pace.lets("me") for _ in range(2)] == [True, False]
    now[0] = 100
    assert [pace.lets("me") for _ in range(4)] == [True, True, True, False]


def test_a_pace_forgets_who_has_rested(monkeypatch):
    monkeypatch.setattr(gate, "MOST_NAMES", 10)
    now = [0.0]
    pace = Pace(rate=1, burst=1, clock=lambda: now[0])
    for name in range(1000):
        now[0] += 1
        assert pace.lets(name)
    assert len(pace._due) <= 10


def test_only_so_many_pages_hold_a_stream(monkeypatch):
    monkeypatch.setattr(polling, "MOST_PAGES", 2)
    room = polling.Room([CHOICE], token="t", port=1)
    with room.page("a"), room.page("a"):
        assert room.here() == 1
        with pytest.raises(HTTPError, match="503"), room.page("b"):
            pass
    with room.page("b"):
        assert room.here() == 1


# A running server.

SERVE = """
import sys
from tornado.netutil import bind_sockets
from classroom.present.server import Server
from classroom.present.vote import Question
asks = [
    Question("00 Claim 0", "What becomes of it?", "Measured: it is 0.951.",
             ("grows", "stays", "λ"), right="λ"),
    Question("00 Claim 0", "How many?", "Measured: it is 0.951.", value=22.3, close=5),
]
server = Server(sys.argv[1], ip="0.0.0.0", port=int(sys.argv[2]), places=2, questions=asks)
server.serve(bind_sockets(server.port),
             lambda: print(server.token, server.room.token, flush=True))
"""


class Browser:
    """A browser with cookies of its own."""

    def __init__(self, url):
        self.url, self.cookies = url, CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def open(self, path, data=None, method=None, **headers):
        """Return (status, text, headers); `data` is sent as JSON unless it is bytes."""
        if data is not None and not isinstance(data, bytes):
            data = json.dumps(data).encode()
        headers = {"Content-Type": "application/json", **headers}
        headers = {name.replace("_", "-"): value for name, value in headers.items() if value}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with self._opener.open(request, timeout=20) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode(), refused.headers

    def stream(self, path):
        request = urllib.request.Request(self.url + path)
        return self._opener.open(request, timeout=20)

    def now(self, path):
        with self.stream(path) as stream:
            return told(stream)

    def cast(self, answer, name=None, **headers):
        name = name or self.now("/vote/now").get("name")
        return self.open("/vote/cast", {"name": name, "answer": answer}, **headers)

    def do(self, step, **headers):
        return self.open("/instructor/do", {"do": step}, **headers)


def told(stream):
    """Return the next state that a stream tells."""
    while True:
        line = stream.readline().decode()
        assert line, "the stream has ended"
        if line.startswith("data: "):
            return json.loads(line.removeprefix("data: "))


class Served:
    def __init__(self, folder):
        port = free_port()
        self.url, self.log = f"http://127.0.0.1:{port}", folder / "log"
        (folder / "notebooks").mkdir()
        with self.log.open("w") as log:
            command = [sys.executable, "-c", SERVE, str(folder / "notebooks"), str(port)]
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.token, self.leads = self.process.stdout.readline().split()

    def student(self):
        one = Browser(self.url)
        assert one.open(f"/vote?token={self.token}")[0] == 200
        one.now("/vote/now")  # which gives it a key
        return one

    def instructor(self):
        one = Browser(self.url)
        assert one.open(f"/instructor?token={self.leads}")[0] == 200
        return one


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    served = Served(tmp_path_factory.mktemp("vote"))
    with served.process:
        yield served
        served.process.terminate()
    log = served.log.read_text()
    assert served.process.returncode == 0 and "Traceback" not in log and "Error" not in log
    assert "grows" not in log and "/vote" not in log  # who has sent what is nobody's business


@pytest.fixture(scope="module")
def leader(served):
    return served.instructor()


@pytest.fixture
def opened(served, leader):
    """The first question, open and without votes."""
    yield leader
    if leader.now("/instructor/now")["phase"] == "open":
        leader.do("close")
    leader.open("/instructor/do", {"go": 0})
    leader.do("clear")


@pytest.fixture
def asking(opened):
    if opened.now("/instructor/now")["phase"] != "open":
        assert opened.do("open")[0] == 200
    return opened


def votes(leader):
    return leader.now("/instructor/now")["votes"][-1]


INSTRUCTORS = ("/instructor", "/instructor/now", "/instructor/do", "/instructor/votes.csv")


@pytest.mark.parametrize("path", INSTRUCTORS)
def test_the_instructors_addresses_need_the_instructors_token(served, path):
    data = {"do": "open"} if path.endswith("do") else None
    for one in (Browser(served.url), served.student()):
        status, said, _ = one.open(path, data)
        assert status == 403 and "terminal" in said and CHOICE.text not in said
    cookie = f"instructor-{served.url.rsplit(':')[-1]}={served.token}"
    assert Browser(served.url).open(path, data, Cookie=cookie)[0] == 403
    if path != "/instructor":  # where it is taken out of the address: nowhere else
        assert Browser(served.url).open(f"{path}?token={served.leads}", data)[0] == 403


def test_a_wrong_token_waits(served):
    begun = time.monotonic()
    for wrong in (served.token, "%CF%89rong"):
        assert Browser(served.url).open(f"/instructor?token={wrong}")[0] == 403
    assert time.monotonic() - begun >= 2 * gate.WAIT


def test_the_token_goes_into_a_cookie_that_no_other_site_can_use(served):
    asks = http.client.HTTPConnection(served.url.removeprefix("http://"))
    asks.request("GET", f"/instructor?token={served.leads}")
    answer = asks.getresponse()
    cookie = answer.headers["Set-Cookie"]
    assert answer.status == 302 and answer.headers["Location"] == "/instructor"
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", "Path=/instructor"))
    asks.close()


@pytest.mark.parametrize("path", ["/vote", "/vote/now", "/vote/cast"])
def test_students_need_the_rooms_token_and_the_instructors_is_none(served, path):
    data = {"name": "1.1", "answer": "grows"} if path.endswith("cast") else None
    for one in (Browser(served.url), served.instructor()):
        status, said, _ = one.open(path, data)
        assert status == 403 and 'id="class-vote"' not in said and CHOICE.text not in said


def test_who_comes_to_the_vote_without_the_token_can_type_it(served):
    """The vote's own pages have no form and no style of their own, and allow none."""
    one = Browser(served.url)
    status, said, headers = one.open("/vote")
    assert status == 403 and "<form>" in said and "<style>" in said
    policy = headers.get_all("Content-Security-Policy")
    assert len(policy) == 1 and "form-action 'self'" in policy[0]
    assert "style-src 'unsafe-inline'" in policy[0] and "default-src 'none'" in policy[0]
    assert 'id="class-vote"' in one.open(f"/vote?token={served.token}")[1]


ELSEWHERE = (
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)


@pytest.mark.parametrize("sent", ELSEWHERE, ids=str)
def test_a_page_from_elsewhere_can_neither_vote_nor_lead_nor_listen(served, asking, sent):
    one = served.student()
    assert one.cast("grows", **sent)[0] == 403
    assert asking.do("close", **sent)[0] == 403
    for who, path in ((one, "/vote/now"), (asking, "/instructor/now")):
        assert who.open(path, **sent)[0] == 403
    shown = asking.now("/instructor/now")
    assert (shown["phase"], shown["votes"]) == ("open", [0])


def test_our_own_pages_may(served, asking):
    one, ours = served.student(), {"Origin": served.url, "Sec-Fetch-Site": "same-origin"}
    assert one.cast("grows", **ours)[0] == 200
    assert asking.do("bars", **ours)[0] == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_a_form_of_another_page_is_no_vote(served, asking, kind):
    one = served.student()
    sent = json.dumps({"name": "1.1", "answer": "grows"}).encode()
    headers = {"Content-Type": kind or "application/jsonp"}
    assert one.open("/vote/cast", sent, **headers)[0] == 415
    assert asking.open("/instructor/do", b'{"do": "close"}', **headers)[0] == 415
    assert votes(asking) == 0


@pytest.mark.parametrize("sent", [b"", b"{", b"[]", b"1", b'"x"', b"\xff", b"[" * 900, b"null"])
def test_what_can_not_be_read_is_refused(served, asking, sent):
    for one, path in ((served.student(), "/vote/cast"), (asking, "/instructor/do")):
        status, said, _ = one.open(path, sent)
        assert status == 400 and said == "This can't be read.\n"


def test_what_is_too_large_is_refused(served, asking):
    one = served.student()
    assert one.cast("x" * 2000)[0] == 413
    assert one.open("/vote/cast", b" " * 90_000)[0] == 413
    with contextlib.suppress(urllib.error.URLError, ConnectionError):  # it may hang up at once
        assert one.open("/vote/cast", b" " * 1_000_000)[0] == 400
    assert one.cast("grows")[0] == 200


def test_without_a_key_that_we_have_signed_nobody_votes(served, asking):
    one = Browser(served.url)
    one.open(f"/vote?token={served.token}")
    assert one.cast("grows", name="1.1")[0] == 403
    name = f"vote-{served.url.rsplit(':')[-1]}"
    (room,) = (f"{cookie.name}={cookie.value}" for cookie in one.cookies)
    for forged in ("abc", "2|1:0|10:1700000000|6:vote-1|4:YWJj|00"):
        status, said, _ = one.cast("grows", name="1.1", Cookie=f'{room}; {name}="{forged}"')
        assert status == 403 and "key" in said
    assert votes(asking) == 0


@pytest.mark.parametrize(
    "sent, status",
    [({"answer": "grows"}, 409), ({"name": "1.2", "answer": "grows"}, 409),
     ({"name": "1.1"}, 400), ({"name": "1.1", "answer": "shrinks"}, 400),
     ({"name": "1.1", "answer": ["grows"]}, 400), ({"name": ["1.1"], "answer": "grows"}, 409)],
)  # fmt: skip
def test_what_is_no_vote_is_refused_with_a_sentence(served, asking, sent, status):
    got, said, headers = served.student().open("/vote/cast", sent)
    assert got == status and said.endswith(".\n")
    assert headers["Content-Type"].startswith("text/plain")
    assert votes(asking) == 0


def test_who_votes_too_fast_is_told_so_and_others_are_not(served, asking):
    one, other = served.student(), served.student()
    got = [one.cast("grows", name="1.1")[0] for _ in range(12)]
    assert got[:5] == [200] * 5 and 429 in got
    assert other.cast("grows")[0] == 200
    assert votes(asking) == 2


def test_a_class_behind_one_address_votes_all_at_once(served, asking):
    with ThreadPoolExecutor(10) as beside:
        students = list(beside.map(lambda _: served.student(), range(100)))
        got = list(beside.map(lambda one: one.cast("λ", name="1.1")[0], students))
    assert got == [200] * 100 and votes(asking) == 100


def test_two_rounds_over_the_network(served, asking):
    first, second = served.student(), served.student()
    with first.stream("/vote/now") as stream:
        assert told(stream)["phase"] == "open"
        for one, answer in ((first, "grows"), (first, "stays"), (second, "λ")):
            assert one.cast(answer)[0] == 200
        assert asking.do("close")[0] == 200
        while (state := told(stream))["phase"] == "open":
            assert SECRET not in everything(state)
        assert state["mine"] == ["stays"]
        assert first.cast("λ", name="1.1")[0] == 409
        asking.do("again")
        assert told(stream)["mine"] == ["stays", None]
        assert first.cast("λ")[0] == 200
        assert second.cast("λ")[0] == 200
        asking.do("close")
        shown = asking.now("/instructor/now")
        assert [bar["counts"] for bar in shown["bars"]] == [[0, 0], [1, 0], [1, 2]]
        assert SECRET not in everything(shown)
        asking.do("reveal")
        while (state := told(stream))["phase"] != "revealed":
            assert SECRET not in everything(state)
        assert (state["outcome"], state["isRight"], state["mine"]) == (
            SECRET, True, ["stays", "λ"],
        )  # fmt: skip
    status, table, headers = asking.open("/instructor/votes.csv")
    assert status == 200 and "attachment" in headers["Content-Disposition"]
    assert table.startswith("\ufeff")  # by which Excel knows what it reads
    rows = csv.DictReader(io.StringIO(table.removeprefix("\ufeff")))
    assert sorted((row["round"], row["answer"]) for row in rows) == [
        ("1", "stays"), ("1", "λ"), ("2", "λ"), ("2", "λ"),
    ]  # fmt: skip
    keys = [cookie.value for cookie in first.cookies if cookie.name.startswith("vote-")]
    assert keys and not any(key in table for key in keys)


def test_ctrl_c_ends_the_streams_without_a_word(tmp_path):
    served = Served(tmp_path)
    student, leader = served.student(), served.instructor()
    with student.stream("/vote/now") as one, leader.stream("/instructor/now") as other:
        assert told(one)["phase"] == "none" and told(other)["phase"] == "ready"
        with served.process:
            served.process.terminate()
            assert served.process.wait(10) == 0
    assert served.log.read_text() == ""


def test_pages_can_not_be_framed_nor_run_what_is_not_ours(served, leader):
    for one, path in ((served.student(), "/vote"), (leader, "/instructor")):
        _, page, headers = one.open(path)
        policy = headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy
        assert "unsafe" not in policy and "<style" not in page and " style=" not in page
        assert (
            headers["Cache-Control"] == "no-store" and headers["Referrer-Policy"] == "no-referrer"
        )


def test_the_instructors_page_has_the_rooms_address_as_a_qr_code_and_no_secret(served, leader):
    _, page, _ = leader.open("/instructor")
    assert "<svg" in page and f"/vote?token={served.token}" in page
    assert served.leads not in page and SECRET not in page
    assert CHOICE.text in page and NUMBER.text in page
