"""Serve the notebooks as dashboards, to this machine or to a class: `make present`."""

import argparse
import os
import tempfile


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

    from classroom.present.edition import editions
    from classroom.present.kernels import CHOSEN, use_forks
    from classroom.present.server import classroom

    chosen = editions(asked.notebooks)
    print("Computing the figures once, for all who will open them ...", flush=True)
    os.environ[CHOSEN] = " ".join(asked.notebooks)
    use_forks()
    with tempfile.TemporaryDirectory(prefix="first-epochs-") as folder:
        server = classroom(chosen, folder, ip=asked.ip, port=asked.port)
        words = f"\n    {server.address}\n\nStop with Ctrl+C."
        IOLoop.current().add_callback(print, words, flush=True)  # said once the address answers
        server.start()


if __name__ == "__main__":
    main()
