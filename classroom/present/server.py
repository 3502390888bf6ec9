"""What a class is served: its pages, a Python behind each, and the vote."""

import asyncio
import gzip
import ipaddress
import mimetypes
import secrets
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.web import Application, HTTPError, RequestHandler
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from classroom.present import gate, of_a_page
from classroom.present.class_pages import STATIC
from classroom.present.polling import Room
from classroom.present.pythons import Pythons

LETTERS = "abcdefghjkmnpqrstuvwxyz"  # none that looks like another on a wall
STILL_THERE = 20  # s between two questions to a page whether it is; unanswered, its Python ends
OF_A_PAGE = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'"
)


class Files(gate.Guarded, RequestHandler):
    """The files of a folder as they were when the server was started. No other can be had."""

    policy, keep = OF_A_PAGE, "no-cache"  # a browser asks if there is a new one

    def initialize(self, door, files):
        super().initialize(door)
        self.files = files

    def get(self, name):
        packed = self.files.get(name or "index.html")
        if packed is None:
            raise HTTPError(404, "Nothing is here.")
        kind, _ = mimetypes.guess_type(name or "index.html")
        self.set_header("Content-Type", f"{kind or 'text/plain'}; charset=utf-8")
        self.set_header("Vary", "Accept-Encoding")
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.finish(packed)
        else:
            self.finish(gzip.decompress(packed))


def packed(folder: Path) -> dict[str, bytes]:
    """Return {path: compressed content} of the files in a folder: packed once, for all visitors."""
    return {
        path.relative_to(folder).as_posix(): gzip.compress(path.read_bytes(), 6)
        for path in folder.rglob("*")
        if path.is_file()
    }


class Live(gate.Guarded, WebSocketHandler):
    """The line between a page and its Python: both talk JSON, and nobody here reads it."""

    python = None

    def initialize(self, door, pythons):
        super().initialize(door)
        self.pythons = pythons

    def get_compression_options(self):
        return {"compression_level": 1}

    def open(self):
        self._serving = asyncio.create_task(self._serve())

    async def _serve(self):
        with suppress(WebSocketClosedError):
            if self.pythons.are_taken():
                await self.write_message({"kind": "stage", "words": _full(self.pythons.places)})
            async with self.pythons.lend() as self.python:
                async for line in self.python.says():
                    await self.write_message(line)
        self.close()

    async def on_message(self, message):
        if self.python and isinstance(message, str):
            await self.python.hear(message)

    def on_close(self):
        self._serving.cancel()


def _full(places):
    return (
        f"Not live: as many live pages are open ({places}) as the machine in class has room for. "
        "This one moves among stored settings, and comes alive when another is closed."
    )


@dataclass(frozen=True)
class Front:
    """Another server in front of this one, which lets people in."""

    prefix: str  # of all addresses here
    public: str  # the address by which it is known, or again the prefix
    door: gate.Door  # which it opens
    handlers: tuple  # with which it does so


class Server:
    """A server of the pages in `folder`, to this machine alone or to a class.

    Anyone who can reach `ip` may look on if that is this machine alone. Otherwise a token is asked
    for, once in a browser, new each time; or a server in `front` asks in its own way. On
    `questions` votes can be held, by whoever has a second token. So many pages are live as there
    are `places`.
    """

    def __init__(self, folder, *, ip, port, places, questions=(), front=None):
        self.ip, self.port, self.places, self._front = ip, port, places, front
        self.token = "" if front or is_this_machine(ip) else new_token()
        self._door = front.door if front else gate.Door(self.token, port)
        self._prefix = front.prefix if front else "/"
        self._base = front.public if front else f"http://{_host(ip)}:{port}/"
        self._files, self.room = packed(Path(folder)), None
        if questions:
            join = self.vote_address if front or self.token else ""
            self.room = Room(
                questions, token=new_token(), port=port, join=join, prefix=self._prefix
            )

    def _application(self):
        # Whoever may be in front has names of its own.
        outside = [*([] if self._front else [gate.strangers(self.ip)]), gate.garbled()]
        open_door = gate.Door("", self.port)
        rules = [
            *(self.room.rules(self._door) if self.room else []),
            ("live", Live, {"door": self._door, "pythons": Pythons(self.places)}),
            ("static/(.*)", Files, {"door": open_door, "files": packed(STATIC)}),
            *(self._front.handlers if self._front else []),
            ("(.*)", Files, {"door": self._door, "files": self._files}),
        ]
        return Application(
            [*outside, *((self._prefix + path, *rest) for path, *rest in rules)],
            cookie_secret=secrets.token_bytes(32),
            log_function=lambda handler: None,  # who has asked for what; errors are told anyway
            websocket_ping_interval=STILL_THERE,
            websocket_max_message_size=of_a_page.LARGEST // 2,
        )

    def serve(self, sockets: list[socket.socket], ready: Callable[[], None]) -> None:
        """Serve whoever comes to `sockets`, until Ctrl+C; `ready()` is called before the first."""
        with suppress(KeyboardInterrupt):
            asyncio.run(self._serve(sockets, ready))

    async def _serve(self, sockets, ready):
        HTTPServer(self._application()).add_sockets(sockets)
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):  # on Windows Ctrl+C is heard without
                asyncio.get_running_loop().add_signal_handler(number, ended.set)
        ready()
        await ended.wait()

    @property
    def address(self):
        """What to type into a browser in this room."""
        return _with(self.token, self._base)

    @property
    def vote_address(self):
        """Where a class votes, on pages that need no Python."""
        return _with(self.token, f"{self._base}vote")

    @property
    def instructor_address(self):
        """Where votes are held; None if there is nothing to vote on."""
        return self.room and _with(self.room.token, f"{self._base}instructor")


def _with(token, address):
    return f"{address}?token={token}" if token else address


def is_this_machine(ip):
    try:
        return ip == "localhost" or ipaddress.ip_address(ip).is_loopback
    except ValueError:  # a name: who knows who can reach it
        return False


def new_token():
    return "".join(secrets.choice(LETTERS) for _ in range(8))


def _host(ip):
    """Return under which address a server that listens at `ip` is seen by others."""
    if ip not in ("", "0.0.0.0", "::"):
        return f"[{ip}]" if ":" in ip else ip
    # Nothing is sent to find it.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address reserved for documentation
            return probe.getsockname()[0]
        except OSError:  # no network at all
            return socket.gethostname()
