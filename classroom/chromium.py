"""The Chromium that prints, measures and tests: one choice for all of them."""

import contextlib
import os
from pathlib import Path

from playwright.sync_api import sync_playwright

DEBIAN = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",  # which a container does not allow, and these pages are ours
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def launch(playwright):
    """Start it: $CHROMIUM if that is set, else Debian's, else Playwright's own.

    With Playwright's asynchronous interface, this is to be awaited.
    """
    path = os.environ.get("CHROMIUM") or (str(DEBIAN) if DEBIAN.exists() else None)
    return playwright.chromium.launch(executable_path=path, args=ARGUMENTS)


@contextlib.contextmanager
def started():
    """Start it, and yield the browser for as long as it is used."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()
