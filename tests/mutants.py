"""Whether the tests would notice: change the code in one place, and see if a test fails.

    make mutants                        60 of all changes, drawn with a seed that is printed
    make mutants COUNT=300 SEED=7       so many, with this seed
    .venv/bin/python tests/mutants.py --only nn_core/ledger.py:230      all in a file, or a line

A change is a mutant: `<` made `<=`, a number one larger, a statement left out. Each is made in a
copy of the project, in which the tests concerned run until one fails: the file's own first, then
those beside it. One that no test notices is printed, and must be ended by a test or, if it changes
nothing that anybody could see, be explained in `EQUIVALENT`.

A program of our own, since of those that there are mutmut draws no sample, and Cosmic Ray starts
Python anew for each mutant, which takes longer than most tests.
"""

import argparse
import ast
import copy
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("nn_core", "experiments", "explorers", "exercises", "tests", "pyproject.toml")
# What is changed, and the tests that may notice: in the folder, or these.
STORE, RUN = ["experiments/test_store.py"], ["explorers/test_run.py"]
MESSAGES = ["explorers/test_widget.py", "explorers/test_properties.py"]
TESTS = {
    **{f"nn_core/{path.name}": None for path in sorted((ROOT / "nn_core").glob("*.py"))},
    "experiments/store.py": [STORE],
    "explorers/run.py": [RUN, MESSAGES],
    "explorers/messages.py": [MESSAGES],
}
OWN = {"files": "network", "checks": "bad_input", "engine": "sgd"}  # whose own tests stand there
CPU_SECONDS, SECONDS = 60, 600  # after which a mutant goes on for ever, which is noticed

# (file, what is left of the changed line) -> why no test can notice.
TRANSPOSED = "2 asks BLAS for the conjugate transpose: of real numbers it is the transpose."
LATER = "It gives up a step later, of 20,000."
AS_QUICK = "Another acceleration, that comes to the same minimum as soon."
EQUIVALENT: dict[tuple[str, str], str] = {
    (
        "nn_core/engine.py",
        "self.gemm(-scale, w, flipped.fed, 0.0, flipped.product, (2), 0, 1)",
    ): TRANSPOSED,
    (
        "nn_core/engine.py",
        "self.gemm(-rate * scale, flipped.fed, flipped.error, keep, w, 0, (2), 1)",
    ): TRANSPOSED,
    (
        "nn_core/ledger.py",
        "self.inner.append(self.gemm(1.0, inputs, inputs, (1.0), None, 1))",
    ): "There is no c to be taken once.",
    ("nn_core/blas.py", "_in_place: int = (1),"): "It is there to be taken, and not used.",
    ("nn_core/data.py", "SIDE = (29)"): "Only its half and quarter are taken, rounded down.",
    (
        "nn_core/linear_limit.py",
        "for count in range(1, MOST_STEPS + (2)):",
    ): LATER,
    ("nn_core/linear_limit.py", "MOST_STEPS, CHECKED_EVERY = (20001), 20"): LATER,
    (
        "nn_core/linear_limit.py",
        "push = 0.0 if (along >= 0) else (momentum - 1) / later",
    ): AS_QUICK,
    ("nn_core/engine.py", "self.gemm(-scale, w, flipped.fed, 0.0, flipped.product, 1, 0, (2))"): (
        "A flag: 2 is as true as 1."
    ),
    ("nn_core/engine.py", "self.block = m * max((2), BLOCK // m)"): (
        "Two large mini-batches in a block: the same steps."
    ),
    ("nn_core/files.py", "PAUSES = ((1.01), 0.1, 1.0) # s"): "So long it waits, on Windows.",
    ("nn_core/theory.py", "if (part >= 0.1):"): "At the border both branches give the same.",
    ("nn_core/theory.py", "setting = Setting(eta, (1.0), m, n_train)"): (
        "No lmbda is asked for there; it stands for whatever it is."
    ),
    ("nn_core/theory.py", "return -math.fsum(part**k / k for k in range(2, (19)))"): (
        "The term is a 10^-17th of the sum at most, and rounded off."
    ),
    (
        "nn_core/network.py",
        "if (x.dtype.itemsize >= self.dtype.itemsize) and np.abs(x).max() > "
        "np.finfo(self.dtype).max:",
    ): "No finite number of a type is beyond the largest of that type.",
    ("nn_core/network.py", "return x.astype(dtype, copy=(True))"): "Slower by a copy.",
    (
        "nn_core/linear_limit.py",
        "along = (np.vdot(A_ahead - A_new, A_new - A) - (b_ahead - b_new) @ (b_new - b))",
    ): AS_QUICK,
    ("nn_core/linear_limit.py", "on = (values >= 1e-09 * max(values[0], 1e-300))"): (
        "No singular value is the 10^-9th of the largest to the last bit."
    ),
    (
        "nn_core/linear_limit.py",
        "later = (2.0) if along > 0 else (1 + (1 + 4 * momentum**2) ** 0.5) / 2",
    ): AS_QUICK,
    (
        "nn_core/linear_limit.py",
        "push = 0.0 if along > 0 else ((momentum + 1)) / later",
    ): AS_QUICK,
}

SWAPPED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.MatMult: ast.Mult,
}  # fmt: skip


class Mutant(NamedTuple):
    file: str
    line: int
    before: str  # the line
    after: str
    source: str  # of the whole file

    def __str__(self) -> str:
        return f"{self.file}:{self.line}\n    - {self.before}\n    + {self.after}"


# The mutants.


def mutants(file: str) -> Iterator[Mutant]:
    """Yield all mutants of a file, in the order of their places."""
    source = (ROOT / file).read_text("utf-8")
    for node in _code(ast.parse(source)):
        for part, changed in _changes(node):
            yield _put(file, source, part, changed)


def _code(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that compute something: no hints, no decorators, no words of a message."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr):
                yield from _code(child)


def _changes(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Yield what can be changed in a node, and to what."""
    match node:
        case ast.Compare():
            for i, op in enumerate(node.ops):
                ops = [*node.ops[:i], SWAPPED[type(op)](), *node.ops[i + 1 :]]
                yield node, _with(node, ops=ops)
        case ast.BinOp() | ast.BoolOp() if type(node.op) in SWAPPED:
            yield node, _with(node, op=SWAPPED[type(node.op)]())
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node, node.operand
        case ast.Constant(value=bool()):
            yield node, ast.Constant(not node.value)
        case ast.Constant(value=int() | float()):
            yield node, ast.Constant(node.value + 1)
        case ast.Return(value=ast.Constant(value=None)):
            pass  # the same in other words
        case ast.Return(value=ast.AST()):
            yield node, ast.Return()
        case ast.Expr(value=ast.Call()) | ast.Raise() | ast.AugAssign():
            yield node, ast.Pass()
        case ast.Continue():
            yield node, ast.Break()
        case ast.If() | ast.While() | ast.IfExp():
            if isinstance(node.test, (ast.Name, ast.Call, ast.Attribute)):
                yield node.test, ast.UnaryOp(ast.Not(), node.test)


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _put(file: str, source: str, node: ast.AST, changed: ast.AST) -> Mutant:
    lines = source.encode().splitlines(keepends=True)
    first, last = node.lineno - 1, node.end_lineno - 1
    new = ast.unparse(ast.fix_missing_locations(changed))
    if isinstance(node, ast.expr):
        new = f"({new})"
    head, tail = lines[first][: node.col_offset], lines[last][node.end_col_offset :]
    middle = head + new.encode() + tail
    mutated = b"".join([*lines[:first], middle, *lines[last + 1 :]]).decode()
    before = " ".join(b"".join(lines[first : last + 1]).decode().split())
    return Mutant(file, first + 1, before, " ".join(middle.decode().split()), mutated)


# The tests, in a process that has all libraries loaded and nothing of ours.


def stages(file: str) -> list[list[str]]:
    """Return the test files that are concerned, those first that are likely to notice."""
    stages = TESTS[file]
    if stages is None:
        stem = Path(file).stem
        own = f"nn_core/test_{OWN.get(stem, stem)}.py"
        others = [f"nn_core/{path.name}" for path in (ROOT / "tests/nn_core").glob("test_*.py")]
        others = sorted(set(others) - {own})
        stages = [[own], others] if (ROOT / "tests" / own).exists() else [others]
    return [[f"tests/{name}" for name in stage] for stage in stages]


def load_libraries() -> None:
    import anywidget  # noqa: F401
    import hypothesis.extra.numpy  # noqa: F401
    import joblib  # noqa: F401
    import matplotlib.figure  # noqa: F401
    import pytest  # noqa: F401
    import scipy.linalg.blas  # noqa: F401
    import threadpoolctl  # noqa: F401
    import tqdm  # noqa: F401


def begin(folder: Path, file: str) -> int:
    """Run the tests concerned in a child process, in a copy of the project; return its id.

    It exits with 0 if all have passed.
    """
    if pid := os.fork():
        return pid
    code = 1
    try:
        os.setpgid(0, 0)
        os.chdir(folder)
        sys.path.insert(0, str(folder))  # before the installed one
        os.environ["PYTHONPATH"] = str(folder)  # for the processes that tests start
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        signal.alarm(SECONDS)
        with open(folder / "said.txt", "w") as said:
            for stream in (1, 2):
                os.dup2(said.fileno(), stream)
        import pytest

        loaded = "ignore::pytest.PytestAssertRewriteWarning"  # libraries, before it could look on
        options = [
            "-W",
            loaded,
            "-x",
            "-q",
            "-p",
            "no:nbval",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
        ]
        code = int(any(pytest.main([*options, *stage]) for stage in stages(file)))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)
    raise AssertionError


def notice(batch: list[Mutant], jobs: int) -> Iterator[tuple[Mutant, bool]]:
    """Yield (mutant, whether a test has noticed), in the order in which that is known."""
    with tempfile.TemporaryDirectory() as top:
        free = [_copied(Path(top) / str(job)) for job in range(jobs)]
        for file in ("nn_core/setting.py", "experiments/store.py", "explorers/run.py"):
            _check(free[0], file)
        busy: dict[int, tuple[Path, Mutant]] = {}
        waiting = list(reversed(batch))
        while waiting or busy:
            while waiting and free:
                folder, mutant = free.pop(), waiting.pop()
                (folder / mutant.file).write_text(mutant.source, "utf-8")
                busy[begin(folder, mutant.file)] = folder, mutant
            pid, status = os.wait()
            _end_group(pid)
            folder, mutant = busy.pop(pid)
            shutil.copy(ROOT / mutant.file, folder / mutant.file)
            free.append(folder)
            yield mutant, status != 0


def _copied(folder: Path) -> Path:
    folder.mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=lambda *_: ["__pycache__"])
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def _check(folder: Path, file: str) -> None:
    """Raise RuntimeError if a test fails where nothing is changed: then it would tell nothing."""
    _, status = os.waitpid(begin(folder, file), 0)
    if status:
        raise RuntimeError(f"without a mutant:\n{(folder / 'said.txt').read_text()[-2000:]}")


def _end_group(pid: int) -> None:
    """End what a child's tests have left behind."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


# What comes of it.


def chosen(options: argparse.Namespace) -> list[Mutant]:
    everything = [mutant for file in TESTS for mutant in mutants(file)]
    if options.only:
        place = lambda m: f"{m.file}:{m.line}"  # noqa: E731
        return [m for m in everything if options.only in (m.file, place(m))]
    return random.Random(options.seed).sample(everything, min(options.count, len(everything)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=60, help="mutants (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--only", metavar="FILE[:LINE]", help="all of these, and no others")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at once")
    options = parser.parse_args()
    batch, begun = chosen(options), time.monotonic()
    print(f"{len(batch)} mutants" + ("" if options.only else f", seed {options.seed}"), flush=True)
    sys.dont_write_bytecode = True  # a mutant may be as old and as long as the one before
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    load_libraries()
    found, explained, left = 0, 0, []
    for number, (mutant, noticed) in enumerate(notice(batch, options.jobs), 1):
        why = EQUIVALENT.get((mutant.file, mutant.after))
        if noticed:
            found += 1
        elif why:
            explained += 1
        else:
            left.append(mutant)
            print(mutant, flush=True)
        if number % 25 == 0:
            print(f"{number} of {len(batch)} after {time.monotonic() - begun:.0f} s", flush=True)
    counted = len(batch) - explained
    print(
        f"{found} of {counted} found ({found / max(counted, 1):.1%}); {explained} change nothing "
        f"that can be seen; {len(left)} got through."
    )
    sys.exit(bool(left))


if __name__ == "__main__":
    main()
