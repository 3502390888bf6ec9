"""The Pythons behind the pages of a class: one for each page, as many as there is room for.

On Linux they are forked from one process which has everything loaded and computed: that takes a few
hundredths of a second, and shares what it does not change. macOS and Windows cannot fork safely
once such libraries are loaded: there, every page waits some seconds for a Python of its own.
"""

import asyncio
import multiprocessing
import os
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from importlib import import_module

import psutil

from classroom.present import of_a_page

CAN_FORK = sys.platform == "linux"

WARM = "classroom.present.warm"
CHOSEN = (
    "CLASSROOM_NOTEBOOKS"  # the variable that tells it which notebooks; unset or empty means all
)

A_PAGE = 60e6  # bytes of memory that a live page takes, with some to spare
A_CORE = 40  # live pages that may share a core
FEWEST = 2  # that are always let in
LARGEST = 2**25  # bytes of one picture with its words: our largest take a hundredth of it


def places() -> int:
    """Return how many live pages this machine has room for, as busy as it is now."""
    by_memory = int(psutil.virtual_memory().available / A_PAGE)
    return max(FEWEST, min(by_memory, A_CORE * (os.cpu_count() or 1)))


def _processes():
    return multiprocessing.get_context("forkserver" if CAN_FORK else "spawn")


def warm_up(preload: Sequence[str] = (WARM,)) -> None:
    """Wait until there is something to fork from: a process that has imported these modules.

    On other systems than Linux this does nothing.
    """
    if not CAN_FORK:
        return
    multiprocessing.set_forkserver_preload(list(preload))
    first = _processes().Process(target=_import, args=(preload,))
    try:
        first.start()
        first.join()
    except EOFError:  # the process to be forked has ended, with an error that it has told
        pass
    if first.exitcode != 0:
        raise SystemExit("What the pages' Pythons are forked from can't be loaded; see above.")


def _import(modules):
    """Import what is there already. Or say why it is not: whence we are forked, errors go lost."""
    for module in modules:
        import_module(module)


class Python:
    """The Python of one page, in a process of its own."""

    def __init__(self, process, reader, writer) -> None:
        self._process, self._reader, self._writer = process, reader, writer

    @classmethod
    async def start(cls) -> "Python":
        ours, theirs = socket.socketpair()
        with theirs:
            process = _processes().Process(target=of_a_page.serve, args=(theirs,), daemon=True)
            process.start()
        return cls(process, *await asyncio.open_connection(sock=ours, limit=LARGEST))

    async def hear(self, line: str) -> None:
        """Hand on what the page asks, and wait while it has more to hear than it can."""
        with suppress(ConnectionError):
            self._writer.write(line.replace("\n", " ").encode() + b"\n")
            await self._writer.drain()

    async def says(self) -> AsyncIterator[bytes]:
        """Yield what it says to the page, line by line, until it ends."""
        with suppress(ConnectionError):
            while line := await self._reader.readline():
                yield line

    def end(self) -> None:
        self._writer.transport.abort()
        self._process.kill()


class Pythons:
    """Lends a Python to each page, as long as there are `places`."""

    def __init__(self, places: int) -> None:
        self.places = places
        self._free = asyncio.Semaphore(places)

    def are_taken(self) -> bool:
        return self._free.locked()

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Python]:
        """Wait for a place, and lend a Python in it."""
        async with self._free:
            python = await Python.start()
            try:
                yield python
            finally:
                python.end()
