"""Which figures a notebook shows, as its cells and the registry of figures say."""

import ast
import re
from dataclasses import dataclass
from functools import cache

import nbformat

from classroom.notebooks import paths
from explorers import all_figures


@dataclass(frozen=True)
class Shown:
    """A figure that a cell makes and shows."""

    kind: str  # the name of its class
    line: str  # how the line begins that makes it
    is_playable: bool
    is_guest: bool  # it is at home, and tested, in a notebook before


@cache
def figures():
    """Return {notebook: the first figure of each class in it, in order}."""
    playable = {cls.__name__: cls.is_playable for cls in all_figures().values()}
    found, at_home = {}, set()
    for path in paths():
        found[path.stem], here = [], set()
        for cell in nbformat.read(path, as_version=4).cells:
            name, kind = _made_and_shown(cell) if cell.cell_type == "code" else (None, None)
            if kind in playable and kind not in here:
                here.add(kind)
                (line,) = re.findall(rf"^{name} = .*?\b{kind}\(", cell.source, re.MULTILINE)
                found[path.stem].append(Shown(kind, line, playable[kind], kind in at_home))
        at_home |= here
    return found


def _made_and_shown(cell):
    """Return (name, class) if the cell's last line shows what a line above has made."""
    try:
        *lines, last = ast.parse(cell.source).body
    except (SyntaxError, ValueError):
        return None, None
    shown = last.value.id if isinstance(last, ast.Expr) and isinstance(last.value, ast.Name) else ""
    for line in lines:
        match line:
            case ast.Assign([ast.Name(name)], made) if name == shown:
                return name, _class(made)
    return None, None


def _class(made):
    """Return the class that is called, also within what covers the figure until a guess."""
    match made:
        case ast.Call(ast.Attribute(attr="covers"), [covered]):
            return _class(covered)
        case ast.Call(ast.Name(kind)):
            return kind
    return None
