"""What runs of a student's notebook, in a process of its own that can do little.

    python -I inside.py LIMITS         LIMITS is JSON, see `answers.Limits`

It is asked in lines of JSON and answers in lines of JSON: run a cell, tell what a name stands for,
call a function. It knows no check and no mark: those stay with whoever asks.
"""

import errno
import json
import os
import resource
import sys
import types
from contextlib import suppress
from pathlib import Path

import numpy as np

LARGEST = 100_000  # numbers in an array that is handed over

# Reading is allowed in the own folder and where Python and its packages are, writing in the first.
SYSTEM = ("/usr", "/lib", "/lib64", "/opt", "/sys", "/dev", "/proc/cpuinfo", "/proc/meminfo",
          "/etc/localtime", "/etc/fonts", "/System", "/Library")  # fmt: skip
READ = {"open", "os.listdir", "os.scandir", "os.chdir", "glob.glob"}
WRITE = {"os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate",
         "os.chmod", "os.chown", "os.utime", "shutil.rmtree", "sqlite3.connect"}  # fmt: skip
NEVER = {
    **dict.fromkeys(("os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork",
                     "os.forkpty", "os.spawn", "pty.spawn"), "start a program"),
    **dict.fromkeys(("os.kill", "os.killpg", "resource.setrlimit", "resource.prlimit",
                     "ctypes.dlopen"), "reach beyond its process"),
    **dict.fromkeys(("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto",
                     "socket.gethostbyname"), "use the network"),
}  # fmt: skip


def limit(limits):
    """Set what the kernel holds this process to."""
    for name in ("CPU", "AS", "FSIZE", "NOFILE", "CORE"):
        with suppress(ValueError, OSError):  # macOS has no limit on memory
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (limits[name], limits[name]))


class Fence:
    """Refuses what an answer has no business with, and remembers what was refused."""

    def __init__(self, folder):
        self.own = os.path.realpath(folder)
        self.readable = (self.own, *map(os.path.realpath, (sys.prefix, sys.base_prefix)), *SYSTEM)
        self.refused = []

    def __call__(self, event, arguments):
        if event in NEVER:
            self._refuse(f"tried to {NEVER[event]}")
        elif event in READ or event in WRITE:
            path = arguments[0] if arguments else "."
            if isinstance(path, str | bytes | os.PathLike):
                self._look_at(event, os.fsdecode(path), arguments)

    def _look_at(self, event, path, arguments):
        writes = event in WRITE or (event == "open" and _for_writing(*arguments[1:3]))
        real = os.path.realpath(path)
        allowed = (self.own, "/dev/null") if writes else self.readable
        if not any(real == one or real.startswith(f"{one}/") for one in allowed):
            self._refuse(f"tried to {'write' if writes else 'read'} {path}")

    def _refuse(self, what):
        if what not in self.refused and len(self.refused) < 5:
            self.refused.append(what)
        raise PermissionError(f"{what}, which homework may not")


def _for_writing(mode, flags):
    return any(letter in (mode or "") for letter in "wax+") or bool(
        (flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    )


class Silent:
    """Stands for Otter in a student's notebook: here nothing is to be checked or exported."""

    def __init__(self, *arguments, **named): ...

    def __getattr__(self, name):
        return lambda *arguments, **named: None


def without_magics(source):
    """Return a cell's Python, without lines that are for Jupyter."""
    return "\n".join(
        "pass" if line.startswith(("%", "!")) else line for line in source.splitlines()
    )


def encoded(value, depth=4):
    """Return a value as JSON has it; of what JSON has no word for, its kind and its looks."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is ... or value is None:
        return {"is": "open"}
    if isinstance(value, bool | int | float | str):
        return value
    if callable(value):
        return {"is": "function"}
    if isinstance(value, np.ndarray) and value.size <= LARGEST and value.dtype.kind in "biuf":
        return {"is": "array", "of": value.tolist()}
    if isinstance(value, tuple | list) and depth and len(value) <= LARGEST:
        return {"is": type(value).__name__, "of": [encoded(one, depth - 1) for one in value]}
    return {"is": "other", "of": f"{type(value).__name__}: {value!r:.60}"}


def decoded(value):
    """Return an argument of a call."""
    return np.array(value) if isinstance(value, list) else value


class Notebook:
    """The names that a notebook's cells have defined so far."""

    def __init__(self):
        otter = types.ModuleType("otter")
        otter.Notebook = Silent
        sys.modules["otter"] = otter
        self.names = {"__name__": "__main__", "display": print}

    def run(self, cell):
        exec(compile(without_magics(cell), "cell", "exec"), self.names)

    def get(self, name):
        return encoded(self.names.get(name, ...))

    def call(self, name, arguments):
        return encoded(self.names[name](*map(decoded, arguments)))


def said(error):
    """Return an error in one line."""
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return "It printed or wrote more than it may."
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def main():
    limits, folder = json.loads(sys.argv[1]), Path.cwd()
    asked, told = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    with open(os.devnull) as nothing, open("printed.txt", "w") as printed:
        os.dup2(nothing.fileno(), 0)
        os.dup2(printed.fileno(), 1)
        os.dup2(printed.fileno(), 2)
    sys.path[:] = [one for one in sys.path if one.startswith((sys.prefix, sys.base_prefix))]
    limit(limits)
    fence, notebook = Fence(folder), Notebook()
    sys.addaudithook(fence)
    for line in asked:
        wish = json.loads(line)
        try:
            reply = {"value": getattr(notebook, wish["do"])(*wish["with"])}
            sys.stdout.flush()
        except BaseException as error:  # SystemExit too is an answer's own affair
            reply = {"error": said(error)}
        told.write(json.dumps(reply | {"refused": fence.refused}) + "\n")
        told.flush()


if __name__ == "__main__":
    main()
