"""Who is let in, and what is refused, in one plain line; whoever guesses tokens waits."""

import asyncio
import ipaddress
import secrets
import socket
import time
from http.client import responses
from pathlib import Path
from urllib.parse import parse_qs, unquote_to_bytes, urlsplit

from jinja2 import Environment, FileSystemLoader
from tornado.routing import Matcher, Rule
from tornado.web import Finish, HTTPError, RequestHandler

WAIT = 1.0  # s after a wrong token, one guess after the other
OF_THE_DOOR = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
MOST_NAMES = 1000  # that a pace remembers before it forgets those who have rested
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True
)


UNKNOWN = (
    "This server goes by another name. Type the address that stands in the terminal where it was "
    "started."
)


def strangers(ip):
    """Return the rule that a server which listens at `ip` answers to no name but its own."""
    machine = socket.gethostname().lower()
    names = {"localhost", ip.lower(), machine, f"{machine}.local"}
    return Rule(Stranger(names), Refusal, {"status": 403, "words": UNKNOWN})


def garbled():
    """Return the rule that what can't be read is said to be so."""
    return Rule(Garbled(), Refusal, {"status": 400, "words": "This address can't be read."})


class Stranger(Matcher):
    """Matches a request for a host that is neither a number nor one of `names`.

    A page from elsewhere may let its own name lead to this machine, and would then be let read what
    comes back (DNS rebinding). It can't do so with a number, which leads where it says.
    """

    def __init__(self, names):
        self.names = names

    def match(self, request):
        name = _host_name(request.host)
        return None if name in self.names or _is_number(name) else {}


def _host_name(host):
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_number(name):
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False


class Garbled(Matcher):
    """Matches a request whose path or query is no text."""

    def match(self, request):
        try:
            unquote_to_bytes(request.path).decode()
            parse_qs(request.query, errors="strict")
        except ValueError:
            return {}
        return None


class Refusal(RequestHandler):
    """Says no, whatever is asked and however."""

    def initialize(self, status, words):
        self.status, self.words = status, words

    def prepare(self):
        self.set_status(self.status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{self.words}\n")


class Turn:
    """Lets whoever has guessed wrong wait: one in `WAIT` seconds, and nobody else."""

    def __init__(self):
        self._turn = asyncio.Lock()

    async def wait(self):
        async with self._turn:
            await asyncio.sleep(WAIT)


class Door:
    """Lets in whoever knows the room's token, and without a token everybody.

    After a wrong one there is a wait, in which nobody else waits. Wrong ones wait for each other:
    so there is no more than one guess in `WAIT` seconds.
    """

    def __init__(self, token, port):
        self.token, self._cookie = token, f"room-{port}"  # cookies are a host's, whatever the port
        self._wrong = Turn()

    async def lets_in(self, handler):
        """Return whether a request goes on; otherwise it has been answered.

        A token in the address goes into a cookie, and out of the address.
        """
        if not self.token:
            return True
        sent = handler.get_query_argument("token", None)
        known = handler.get_cookie(self._cookie, "") if sent is None else sent.strip().lower()
        if not same(known, self.token):
            if known:
                await self._wrong.wait()
            self.turn_away(handler, was_wrong=bool(sent))
            return False
        if sent is not None:
            self.admit(handler)
            handler.redirect(handler.request.path)
        return sent is None

    def admit(self, handler):
        """Let a browser in from now on."""
        handler.set_cookie(self._cookie, self.token, httponly=True, samesite="Lax")

    def turn_away(self, handler, was_wrong):
        """Ask for the token."""
        handler.set_status(403)
        handler.set_header("Content-Type", "text/html; charset=utf-8")
        handler.set_header("Content-Security-Policy", OF_THE_DOOR)  # whatever it stands in for
        handler.finish(TEMPLATES.get_template("door.html").render(was_wrong=was_wrong))


class Guarded:
    """What holds for all that the door is in front of, and a plain line for who is refused."""

    policy, keep = "default-src 'none'", "no-store"  # what a page may load, and who may keep it

    def initialize(self, door):
        self.door = door

    def set_default_headers(self):
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Content-Security-Policy", self.policy)
        self.set_header("Cache-Control", self.keep)

    async def prepare(self):
        if not await self.door.lets_in(self):
            raise Finish

    def write_error(self, status_code, exc_info=None, **more):
        error = exc_info and exc_info[1]
        words = getattr(error, "log_message", None) or responses[status_code]
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{words}\n")

    def log_exception(self, kind, error, trace):
        """Keep refusals out of the terminal: what somebody has typed is nobody's business there."""
        if not isinstance(error, HTTPError):
            super().log_exception(kind, error, trace)


def same(one, other):
    """Return whether two secrets are equal; how long that takes tells nothing of them."""
    return secrets.compare_digest(one.encode(), other.encode())


class Pace:
    """Lets a name do something `burst` times at once, and then `rate` times a second."""

    def __init__(self, rate, burst, clock=time.monotonic):
        self._each, self._ahead, self._clock = 1 / rate, (burst - 1) / rate, clock
        self._due = {}  # by name: when all would have been done that was, at that rate

    def lets(self, name):
        now = self._clock()
        due = max(self._due.get(name, now), now)
        if due - now > self._ahead:
            return False
        if len(self._due) >= MOST_NAMES:
            self._due = {one: due for one, due in self._due.items() if due > now}
        self._due[name] = due + self._each
        return True
