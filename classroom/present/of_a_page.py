"""What the Python behind one page of a class does: its figures, and nothing else.

It hears a line of JSON for each thing that the page asks (explorers/in_page.py), and tells in lines
of JSON what the figures say. There is no message with which a page could let it do anything more.
"""

import asyncio
import json
import os
import socket
from contextlib import suppress

from explorers import in_page

LARGEST = 20_000  # bytes of what a page asks


class Outbox:
    """What figures say, until there is a way for it: of what a figure shows, only the newest.

    So a page with a slow connection lags behind by one picture and not by many.
    """

    def __init__(self) -> None:
        self._waiting: dict[tuple[int, str], dict] = {}
        self._news = asyncio.Event()

    def put(self, number: int, what: str, content: dict) -> None:
        self._waiting.setdefault((number, what), {}).update(content)
        self._news.set()

    async def take(self) -> list[bytes]:
        """Wait for something to be said, and return all of it as lines."""
        await self._news.wait()
        self._news.clear()
        taken, self._waiting = self._waiting, {}
        return [
            _line({"kind": "told", "number": number, "what": what, "content": content})
            for (number, what), content in taken.items()
        ]


def serve(theirs: socket.socket) -> None:
    """Serve a page at the other end of this socket, until it hangs up."""
    if hasattr(os, "setsid"):
        os.setsid()  # so that Ctrl+C in the terminal reaches the server alone, which then ends us
        os.nice(5)  # the server goes first: everybody waits for it
    asyncio.run(_serve(theirs))


async def _serve(theirs: socket.socket) -> None:
    # An error of a run stands in the figure's own line, and nobody reads this process's.
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    reader, writer = await asyncio.open_connection(sock=theirs, limit=LARGEST)
    writer.transport.set_write_buffer_limits(high=0)
    outbox = Outbox()
    telling = asyncio.create_task(_tell(outbox, writer))
    with suppress(ConnectionError, ValueError, RecursionError):  # gone, or no page of ours
        writer.write(_line({"kind": "ready"}))
        while line := await reader.readline():
            in_page.answer(json.loads(line), outbox.put)
    telling.cancel()
    os._exit(0)  # whatever is being computed: nobody will see it


async def _tell(outbox: Outbox, writer: asyncio.StreamWriter) -> None:
    while True:
        for line in await outbox.take():
            writer.write(line)
            await writer.drain()


def _line(content: dict) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
