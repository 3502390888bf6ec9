"""What is refused before Voilà sees it, in one plain line; and whoever guesses tokens waits."""

import asyncio
import ipaddress
import secrets
import socket
import time
from urllib.parse import parse_qs, unquote_to_bytes, urlsplit

from tornado.routing import Matcher, PathMatches, Rule
from tornado.web import RequestHandler
from voila.voila_identity_provider import VoilaIdentityProvider

WAIT = 1.0  # s after a wrong token, one guess after the other
MOST_NAMES = 1000  # that a pace remembers before it forgets those who have rested
# Voilà answers with a traceback here, unless it is asked for a file of a template that it knows.
NOTHING_THERE = r"/voila/templates/(?!(?:base|lab|classroom)/static/.).*"


def rules(ip):
    """Return what comes before Voilà's own rules on a server that listens at `ip`."""
    names = {"localhost", ip.lower(), *_names_of_this_machine()}
    unknown = (
        "This server goes by another name. Type the address that stands in the terminal where it "
        "was started."
    )
    return [
        Rule(Stranger(names), Refusal, {"status": 403, "words": unknown}),
        Rule(Garbled(), Refusal, {"status": 400, "words": "This address can't be read."}),
        Rule(PathMatches(NOTHING_THERE), Refusal, {"status": 404, "words": "Nothing is here."}),
    ]


def _names_of_this_machine():
    name = socket.gethostname().lower()
    return name, f"{name}.local"


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


class Patient(VoilaIdentityProvider):
    """Knows a visitor by the token. After a wrong one there is a wait, in which nobody else waits.

    Wrong ones wait for each other: so there is no more than one guess in `WAIT` seconds.
    """

    logout_available = False  # Voilà has no page for it, and a room's token is no account

    def __init__(self, **options):
        super().__init__(**options)
        self._wrong = Turn()

    async def get_user(self, handler):
        """Return who has sent a request, or None; every request is asked this first."""
        sent = self.get_token(handler), handler.get_argument("password", "")
        if self.token and any(one and not same(one, self.token) for one in sent):
            await self._wrong.wait()
        return await super().get_user(handler)


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
