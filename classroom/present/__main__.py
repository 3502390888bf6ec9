"""Serve the notebooks as dashboards, to this machine or to a class: `make present`."""

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

    # Here, not above: forked kernels would import it all again.
    from tornado.ioloop import IOLoop

    from classroom.present import overflow
    from classroom.present.edition import editions
    from classroom.present.kernels import CHOSEN, use_forks
    from classroom.present.questions import questions
    from classroom.present.server import READING, classroom

    chosen = editions(asked.notebooks)
    print("Computing the figures once, for all who will open them ...", flush=True)
    os.environ[CHOSEN] = " ".join(asked.notebooks)
    places = overflow.places()

    def what_needs_no_kernel(folder):
        overflow.write(Path(folder) / READING, asked.notebooks, places)
        return questions(chosen)

    with tempfile.TemporaryDirectory(prefix="first-epochs-") as folder:
        with ThreadPoolExecutor() as beside:  # another process computes the figures meanwhile
            asks = beside.submit(what_needs_no_kernel, folder)
            use_forks()
        server = classroom(
            chosen, folder, ip=asked.ip, port=asked.port, questions=asks.result(), places=places
        )
        # Said once the address answers.
        IOLoop.current().add_callback(print, greeting(server), flush=True)
        server.start()


def greeting(server):
    """Return what to say when a server is ready: the addresses, and how many it has room for."""
    room = votes = ""
    if server.token and server.places:
        room = f"Room for {server.places} live pages; who comes later gets the page to read.\n\n"
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
