"""The vote's addresses: /vote for the class, /instructor for who leads it.

Neither needs a Python beyond the server's own. A page holds one stream open, on which it hears what
is to be shown; what it says, it sends as a small JSON object.
"""

import asyncio
import contextlib
import json
import secrets

import segno
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler, stream_request_body

from classroom.present.gate import TEMPLATES, Guarded, Pace, Turn, same
from classroom.present.vote import Ballot, Refused

LARGEST = 1000  # bytes of what a page may say
MOST_READ = 100_000  # bytes of it that are read at all, so as to say that it is too much
MOST_PAGES = 600  # that hold a stream open
QUIET = 20  # s after which a stream says something, or nobody would learn that a page is gone
PAUSE = 0.1  # s between two words of a stream: a class votes within seconds
OURS_ALONE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Room:
    """What all addresses of the vote share. `join` is where a class votes, "" if it can't."""

    def __init__(self, questions, *, token, port, join="", prefix="/"):
        self.ballot = Ballot(questions)
        self.token, self.port, self.join, self.prefix = token, port, join, prefix
        self.wrong = Turn()
        self.of_a_voter = Pace(rate=1, burst=5)
        self.of_an_address = Pace(rate=50, burst=300)  # a class can have one address together
        self._pages = {}  # of each stream: how to wake it, and whose it is

    def rules(self, door):
        """Return the addresses after the prefix, each with who answers; a class has this door."""
        handlers = {
            "vote": VotePage,
            "vote/now": VoteNow,
            "vote/cast": Cast,
            "instructor": InstructorPage,
            "instructor/now": InstructorNow,
            "instructor/do": Do,
            "instructor/votes.csv": Votes,
        }
        return [(path, one, {"door": door, "room": self}) for path, one in handlers.items()]

    @contextlib.contextmanager
    def page(self, key):
        """Lend an event that tells of a change, as long as a page of this voter is open."""
        if len(self._pages) >= MOST_PAGES:
            raise HTTPError(503, "Too many pages are open. Close some, and reload this one.")
        changed = asyncio.Event()
        self._pages[changed] = key
        self.tell()
        try:
            yield changed
        finally:
            del self._pages[changed]
            self.tell()

    def tell(self):
        for changed in self._pages:
            changed.set()

    def here(self):
        """Return how many voters have a page open."""
        return len({key for key in self._pages.values() if key})


class Ours(Guarded):
    """What holds for all: who shows it, and who asks for it."""

    policy = OURS_ALONE

    def initialize(self, door, room):
        super().initialize(door)
        self.room = room

    def refuse_elsewhere(self):
        """Refuse what a page from elsewhere has sent. A browser says where a page is from."""
        ours = f"{self.request.protocol}://{self.request.host}".lower()
        origin = self.request.headers.get("Origin", ours).lower()
        site = self.request.headers.get("Sec-Fetch-Site", "same-origin")
        if origin != ours or site not in ("same-origin", "none"):
            raise HTTPError(403, "A page from elsewhere can't vote here.")

    def show(self, template, **names):
        self.finish(TEMPLATES.get_template(template).render(**names))


class Told:
    """A stream: what `now()` returns, each time it has changed."""

    is_gone, changed = False, None

    def on_connection_close(self):
        self.is_gone = True
        if self.changed:
            self.changed.set()

    async def get(self):
        self.refuse_elsewhere()
        self.set_header("Content-Type", "text/event-stream")
        ended = StreamClosedError, asyncio.CancelledError  # the page is gone, or the server ends
        with self.room.page(self.key()) as self.changed, contextlib.suppress(*ended):
            await self._tell()

    async def _tell(self):
        said, is_quiet = None, False
        while not self.is_gone:
            now = json.dumps(self.now())
            if now != said or is_quiet:
                self.write(": still here\n\n" if now == said else f"data: {now}\n\n")
                await self.flush()
            said, is_quiet = now, not await self._is_changed()

    async def _is_changed(self):
        """Wait for a change, and return whether there is one."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.changed.wait(), QUIET)
            await asyncio.sleep(PAUSE)
            self.changed.clear()
            return True
        return False


class Said:
    """A small JSON object that a page sends. Who is refused hears why: so it is read first."""

    async def prepare(self):
        self.sent = b""
        self.request.connection.set_max_body_size(MOST_READ)

    def data_received(self, chunk):
        if len(self.sent) <= LARGEST:
            self.sent += chunk

    async def post(self):
        await super().prepare()
        self.refuse_elsewhere()
        try:
            self.finish(self.answer(self._content()))
        except Refused as refused:
            raise HTTPError(refused.status, str(refused)) from None
        self.room.tell()

    def _content(self):
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Refused(415, "Only JSON is read here.")
        if len(self.sent) > LARGEST:
            raise Refused(413, "That is too much for an answer.")
        try:
            content = json.loads(self.sent)
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            raise Refused(400, "This can't be read.")
        return content


class Voter(Ours, RequestHandler):
    """Somebody in the room. Whoever has its token is let in, as on all other pages."""

    @property
    def cookie(self):
        return f"vote-{self.room.port}"  # cookies are a host's, whatever the port

    def key(self):
        """Return the browser's key, or None. We have signed it: nobody can make them up."""
        key = self.get_signed_cookie(self.cookie)
        return key and key.decode()


class VotePage(Voter):
    def get(self):
        self.show("vote.html")


class VoteNow(Told, Voter):
    def key(self):
        """Return the browser's key. If it has none, it is given one."""
        self._key = super().key() or self._new_key()
        return self._key

    def _new_key(self):
        key = secrets.token_urlsafe(16)
        options = {"path": f"{self.room.prefix}vote", "httponly": True, "samesite": "Strict"}
        self.set_signed_cookie(self.cookie, key, expires_days=1, **options)
        return key

    def now(self):
        return self.room.ballot.for_voter(self._key)


@stream_request_body
class Cast(Said, Voter):
    def answer(self, content):
        key, room = self.key(), self.room
        if not key:
            raise Refused(403, "Your browser has no key to vote with. Reload the page.")
        if not (room.of_a_voter.lets(key) and room.of_an_address.lets(self.request.remote_ip)):
            raise Refused(429, "That was too fast. Wait a moment, and send it again.")
        room.ballot.cast(key, content.get("name"), content.get("answer"))
        return room.ballot.for_voter(key)


class Instructor(Ours, RequestHandler):
    """Who leads the vote: whoever has the second token. The first visit leaves it in a cookie."""

    @property
    def cookie(self):
        return f"instructor-{self.room.port}"

    async def prepare(self):
        await self.check(self.get_cookie(self.cookie, ""))

    async def check(self, token):
        if not same(token, self.room.token):
            if token:
                await self.room.wrong.wait()
            words = "This is the instructor's. Its address stands in the terminal of the server."
            raise HTTPError(403, words)

    def key(self):
        return None


class InstructorPage(Instructor):
    async def prepare(self):
        token = self.get_query_argument("token", None)
        if token is None:
            return await super().prepare()
        await self.check(token)
        page = f"{self.room.prefix}instructor"
        self.set_cookie(self.cookie, token, path=page, httponly=True, samesite="Strict")
        self.redirect(page)  # so that it stands neither on the wall nor in the history

    def get(self):
        is_known = "://" in self.room.join
        code = segno.make_qr(self.room.join) if is_known else None
        svg = code and code.svg_inline(border=3, omitsize=True, light="#fff")
        polls = self.room.ballot.polls
        questions = [poll.question for poll in polls]
        self.show("instructor.html", code=svg, join=self.room.join, questions=questions)


class InstructorNow(Told, Instructor):
    def now(self):
        return self.room.ballot.for_instructor() | {"here": self.room.here()}


@stream_request_body
class Do(Said, Instructor):
    def answer(self, content):
        ballot = self.room.ballot
        if "go" in content:
            ballot.go(content["go"])
        else:
            ballot.do(content.get("do"))
        return ballot.for_instructor() | {"here": self.room.here()}


class Votes(Instructor):
    def get(self):
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        self.set_header("Content-Disposition", 'attachment; filename="votes.csv"')
        self.finish(self.room.ballot.csv().encode("utf-8-sig"))  # or Excel would misread its λ
