"""Serve the notebooks as pages, to this machine or to a class: `make present`."""

import argparse
import io
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import segno

WHITE_ON_BLACK, AS_BEFORE = "\033[97;40m", "\033[0m"


def main():
    """Read the command line, get the kernels ready, and serve until Ctrl+C."""
    parser = argparse.ArgumentParser(prog="make present", description=__doc__)
    parser.add_argument(
        "--ip",
        default="127.0.0.1",
        help="0.0.0.0 lets a class in, with a token (default: %(default)s, this machine alone)",
    )
    parser.add_argument("notebooks", nargs="*", help="such as 02; none means all")
    parser.add_argument("--port", type=int, default=8866, help="(default: %(default)s)")
    asked = parser.parse_args()

    # Here, not above: forked Pythons would import it all again.
    from tornado.netutil import bind_sockets

    from classroom.present import class_pages, pythons
    from classroom.present.server import Server

    found = class_pages.class_pages(asked.notebooks)
    try:
        sockets = bind_sockets(asked.port, asked.ip)  # who comes too early waits
    except OSError as error:
        raise SystemExit(f"Port {asked.port} can't be had ({error}). Try PORT=...") from None
    print("Computing the figures once, for all who will open them ...", flush=True)
    os.environ[pythons.CHOSEN] = " ".join(asked.notebooks)
    with tempfile.TemporaryDirectory(prefix="first-epochs-") as folder:
        with ThreadPoolExecutor() as beside:  # another process computes the figures meanwhile
            written = beside.submit(class_pages.write, Path(folder), found)
            pythons.warm_up()
        written.result()
        questions = [one for page in found for one in page.questions()]
        places = pythons.places()
        server = Server(folder, ip=asked.ip, port=asked.port, places=places, questions=questions)
    server.serve(sockets, lambda: print(greeting(server), flush=True))


def greeting(server):
    """Return what to say when a server is ready: the addresses, and how many it has room for."""
    room = votes = ""
    if server.token:
        room = f"Room for {server.places} live pages; others move among stored settings.\n\n"
    if server.instructor_address:
        votes = f"To hold votes, for you alone:\n\n    {server.instructor_address}\n\n"
    return f"\n    {server.address}\n\n{_to_scan(server)}{room}{votes}Stop with Ctrl+C."


def _to_scan(server):
    """Return a room's address as a QR code; nothing for this machine alone, or where none fits."""
    can_show = sys.stdout.isatty() and "utf" in sys.stdout.encoding.lower()
    return f"{qr_code(server.address)}\n" if server.token and can_show else ""


def qr_code(address):
    """Return an address as a QR code in characters, so that nobody types: black on white always."""
    code = io.StringIO()
    segno.make_qr(address).terminal(code, compact=True)
    lines = code.getvalue().splitlines()  # its light fields are in the colour of letters
    return "".join(f"{WHITE_ON_BLACK}{line}{AS_BEFORE}\n" for line in lines)


if __name__ == "__main__":
    main()
