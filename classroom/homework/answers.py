"""A student's answers, kept at arm's length: their code runs in a process that can do little.

What it defines is asked for through a pipe, in JSON. A function that a check calls is called over
there, and only what it returns comes back. So no answer can read a check or change a mark, and one
that never ends is ended.
"""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

INSIDE = Path(__file__).with_name("inside.py")
LONGEST = 4_000_000  # bytes of a reply
FITS = 60_000  # bytes that a pipe takes at once, so that nobody has to read for us to go on
NAMESPACES = ["unshare", "--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child"]


@dataclass(frozen=True)
class Limits:
    """What an answer may take: seconds by the clock, and what the kernel counts, in bytes."""

    call: float = 2.0  # a function that a check calls
    cell: float = 10.0
    whole: float = 60.0  # a notebook with all its checks
    cpu: int = 30  # seconds of the processor, of one process
    memory: int = 2 << 30
    file: int = 1 << 20  # of each that is written, and of all that is printed

    def of_kernel(self):
        return {"CPU": self.cpu, "AS": self.memory, "FSIZE": self.file, "NOFILE": 64, "CORE": 0}


class Ended(Exception):
    """The process of an answer had to be ended, or has ended. Its message says why."""


class Raised(Exception):
    """An answer has raised an error. Its message is that error in one line."""


@cache
def namespaces():
    """Return the command that shuts a process off from the network, or [] where there is none."""
    if not shutil.which("unshare"):
        return []
    tried = subprocess.run([*NAMESPACES, "true"], capture_output=True)
    return NAMESPACES if tried.returncode == 0 else []


class Answers:
    """What a notebook's cells define. `notes` are what a grader should know, a line each.

    A cell that does not end is left out, and the others count. It is a context manager.
    """

    def __init__(self, cells, limits=Limits()):
        self.cells, self.limits = list(enumerate(cells, 1)), limits
        self.notes = []
        self._end = time.monotonic() + limits.whole
        self._process = None

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="homework-")
        return self

    def __exit__(self, *_):
        self._kill()
        self._folder.cleanup()

    def get(self, name):
        """Return what a name stands for; `...` if for nothing. A function can then be called."""
        self._run()

        def function(*arguments):
            return self.call(name, *arguments)

        return self._ask("get", [name], self.limits.call, function)

    def call(self, name, *arguments):
        """Return what a function of theirs returns. Raises Raised or Ended if it does not."""
        self._run()
        return self._ask("call", [name, list(map(plain, arguments))], self.limits.call)

    def _run(self):
        """Have a process in which all cells have run, but for those that ended one."""
        while self._process is None:
            if time.monotonic() > self._end:
                raise Ended(self._over())
            self._start()
            for cell in list(self.cells):
                number, source = cell
                try:
                    self._ask("run", [source], self.limits.cell)
                except Raised as raised:
                    self._note(f"Cell {number} stopped: {raised}")
                except Ended as ended:
                    self._note(f"Cell {number}: {ended}")
                    self.cells.remove(cell)
                    break

    def _start(self):
        inside = [sys.executable, "-I", str(INSIDE), json.dumps(self.limits.of_kernel())]
        self._process = subprocess.Popen(
            [*namespaces(), *inside],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._folder.name,
            env={"PATH": os.defpath, "HOME": self._folder.name, "OPENBLAS_NUM_THREADS": "1",
                 "MPLBACKEND": "agg", "MPLCONFIGDIR": self._folder.name},
            start_new_session=True,
        )  # fmt: skip
        self._buffer = b""

    def _over(self):
        return f"the {self.limits.whole:g} seconds for a whole notebook are over."

    def _ask(self, wish, arguments, seconds, function=None):
        line = json.dumps({"do": wish, "with": arguments}).encode() + b"\n"
        if len(line) > FITS:
            raise Raised("it is too long to be sent")
        end = min(time.monotonic() + seconds, self._end)
        try:
            os.write(self._process.stdin.fileno(), line)
            reply = json.loads(self._line(end, seconds))
            refused = [str(one) for one in reply["refused"]]
            value = _decoded(reply.get("value"), function)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self._kill()
            raise Ended("it has broken the process in which it runs.") from None
        except Ended:
            self._kill()
            raise
        for one in refused:
            self._note(f"It {one[:100]}, which was refused.")
        if "error" in reply:
            raise Raised(str(reply["error"])[:200])
        return value

    def _line(self, end, seconds):
        """Return the next line of the process, if it comes in time."""
        pipe = self._process.stdout.fileno()
        while b"\n" not in self._buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                raise Ended(
                    f"it ran for over {seconds:g} seconds and was stopped: is a loop endless?"
                    if end < self._end
                    else self._over()
                )
            piece = os.read(pipe, 65536)
            self._buffer += piece
            if not piece or len(self._buffer) > LONGEST:
                raise Ended(
                    "it handed over too much, and was stopped."
                    if piece
                    else "its process ended: too much memory or time, or it ended itself."
                )
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _kill(self):
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # whatever it has started, too
            self._process.wait()
            self._process.stdin.close()
            self._process.stdout.close()
            self._process = None

    def _note(self, text):
        if text not in self.notes and len(self.notes) < 10:
            self.notes.append(text)


class Other:
    """A value that is no number, array or row of them: only its looks are known."""

    def __init__(self, looks):
        self.looks = str(looks)[:100]

    def __repr__(self):
        return self.looks


def plain(argument):
    """Return an argument as JSON has it, and as it can be written into a check."""
    return argument.tolist() if isinstance(argument, np.ndarray | np.generic) else argument


def _decoded(value, function=None):
    """Return what a reply stands for."""
    match value:
        case {"is": "open"}:
            return ...
        case {"is": "function"}:
            return function
        case {"is": "array", "of": of}:
            return np.array(of, dtype=float)
        case {"is": "tuple", "of": of}:
            return tuple(map(_decoded, of))
        case {"is": "list", "of": of}:
            return list(map(_decoded, of))
        case bool() | int() | float() | str():
            return value
    return Other(value.get("of", "") if isinstance(value, dict) else value)
