"""What lies around the figures keeps to what they and Jupyter offer.

A name that starts with an underscore is used only in the file that makes it. And nobody puts
something else in the place of what a library, or `explorers`, has under a name. Both are asked of
the source, also of the programs that stand in it as text, for a kernel or another process.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("classroom", "reading", "benchmarks", "site", "notebooks", "tests")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
FILES.remove(Path(__file__))  # it has offences in it, to be found

# Whose names nobody gives another meaning to: those that start so.
LIBRARIES = ("explorers", "tornado", "jupyter", "nb", "ip", "IPython", "anywidget", "traitlets")

# What is there to be set, from outside.
HOOKS = {
    "Figure.computes_later",
    "Explorer.first_width",
    "Explorer.stopwatch",
}

# Names that are public in spite of their underscore.
DOCUMENTED = {"_exit": "os._exit, which is in Python's documentation"}

# (file, name) -> why it can't do without. Besides, the tests of a package, in the folder of its
# name, may reach into that package: there, its parts are what is tested, one by one.
EXCEPTIONS = {
    **{
        ("tests/browser/test_notebooks.py", name): (
            "The right answers are private lest a reader meets them; the test gives them."
        )
        for name in ("_right", "_DATA", "_DECAY", "_BOTH")
    },
    ("tests/explorers/layout.py", "_left_title"): (
        "Matplotlib tells the text of a left title, and not where it stands."
    ),
}


def programs(tree):
    """Yield a file's syntax tree, and that of each text in it which is a program."""
    yield tree
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(
                part.value if isinstance(part, ast.Constant) else "0" for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if "import " in text:
            try:
                program = ast.parse(text)
            except SyntaxError:
                continue
            if any(isinstance(one, ast.Import | ast.ImportFrom) for one in ast.walk(program)):
                yield program


def is_private(name):
    """Is it one that its maker keeps? `__init__` and `_repr_png_` are what others ask for."""
    return str(name).startswith("_") and not str(name).endswith("_") and name not in DOCUMENTED


def made(tree):
    """Return the private names that a program makes, of whatever kind."""
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.add(node.name)
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                names.add(name)
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name, ctx=ast.Store()):
                names.add(name)
    return names


def used(tree):
    """Yield the private names that a program reaches for."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) if is_private(name):
                yield name
            case ast.ImportFrom(names=aliases):
                yield from (alias.name for alias in aliases if is_private(alias.name))
            case ast.Call(args=[_, ast.Constant(value=name), *_]) if is_private(name):
                if _last(node.func) in ("getattr", "setattr", "delattr", "hasattr"):
                    yield name


def replaced(tree, tested=""):
    """Yield what of a library a program puts something else in the place of: "Class.name"."""
    libraries = tuple(name for name in LIBRARIES if name != tested)
    known = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                known |= {a.asname or a.name.partition(".")[0]: a.name for a in aliases}
            case ast.ImportFrom(module=str(module), names=aliases):
                known |= {a.asname or a.name: module for a in aliases}
    theirs = {name for name, module in known.items() if module.startswith(libraries)}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(ctx=ast.Store() | ast.Del()) if _first(node) in theirs:
                if ast.unparse(node) not in HOOKS:
                    yield ast.unparse(node)
            case ast.Call(args=[one, ast.Constant(value=str(name)), *_]):
                sets = _last(node.func) in ("setattr", "delattr")
                if sets and _first(one) in theirs:
                    yield f"{ast.unparse(one)}.{name}"
            case ast.Call(args=[ast.Constant(value=str(name)), *_]):
                sets = _last(node.func) in ("setattr", "delattr", "patch")
                if sets and "." in name and name.startswith(libraries):
                    yield name


def _first(node):
    """Return the name with which "a.b.c" begins."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _last(node):
    """Return the name with which "a.b.c" ends."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)


@cache
def made_in(package):
    """Return the private names that the files of a package make."""
    trees = [ast.parse(path.read_text("utf-8")) for path in (ROOT / package).rglob("*.py")]
    return frozenset().union(*map(made, trees))


def offences(source, tested=""):
    """Return the names that a source should leave alone; it may be a test of one package."""
    trees = list(programs(ast.parse(source)))
    own = set().union(*map(made, trees), made_in(tested) if tested else ())
    found = {name for tree in trees for name in used(tree) if name not in own}
    return found | {name for tree in trees for name in replaced(tree, tested)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_public_names_are_used_and_none_is_replaced(path):
    file = path.relative_to(ROOT).as_posix()
    tested = file.split("/")[1] if file.startswith("tests/") and file.count("/") > 1 else ""
    excused = {name for where, name in EXCEPTIONS if where == file}
    assert offences(path.read_text(encoding="utf-8"), tested) == excused


BAD = {
    "explorer._show()": {"_show"},
    "from tornado.web import _has_stream_request_body": {"_has_stream_request_body"},
    "getattr(figure, '_run')": {"_run"},
    "self._environment_cached.clear()": {"_environment_cached"},
    "import tornado.web as w\nw.RequestHandler = Mine": {"w.RequestHandler"},
    "from explorers.widget import Explorer\nExplorer.show = late": {"Explorer.show"},
    "from explorers.widget import Explorer\nExplorer._move, a = f, 1": {"Explorer._move", "_move"},
    "from tornado import web\nmonkeypatch.setattr(web.Application, 'listen', f)": {
        "web.Application.listen"
    },
    "monkeypatch.setattr('jupyter_client.manager.KernelManager', f)": {
        "jupyter_client.manager.KernelManager"
    },
    "run('from explorers.widget import Explorer\\nExplorer.show = late')": {"Explorer.show"},
    "run(f'import x\\nx.y({1})._z()')": {"_z"},
}
GOOD = (
    "self._mine = 1\nother._mine",
    "def _f(): pass\nmodule._f()",
    "from explorers.figure import Figure\nFigure.computes_later = True",
    "from explorers import Puzzle\nfigure = Puzzle()\nfigure.projector = True",
    "from classroom.present import server\nserver.STILL_THERE = 2",
    "figure._repr_mimebundle_()",
    "os._exit(0)",
    "'import this, Explorer._show, in words'",
)


@pytest.mark.parametrize("source", BAD)
def test_an_offence_is_found(source):
    assert offences(source) == BAD[source]


@pytest.mark.parametrize("source", GOOD)
def test_what_is_ones_own_or_offered_is_none(source):
    assert offences(source) == set()


def test_tests_of_a_package_may_reach_into_it_and_into_no_other():
    source = "from explorers.widget import Explorer\nExplorer.show = f\nturns._free"
    assert offences(source) == {"Explorer.show", "_free"}
    assert offences(source, "classroom") == {"Explorer.show"}
    assert offences(source, "explorers") == {"_free"}
