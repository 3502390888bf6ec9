"""The two initializations, the same in every figure: their names, and how their curves look."""

from dataclasses import dataclass

from explorers.style import BLUE, VERMILLION


@dataclass(frozen=True)
class Init:
    name: str
    formula: str
    colour: str
    line: str
    mark: str
    fill: str  # of the mark


OLD = Init("old", "N(0, 1)", VERMILLION, "-", "o", VERMILLION)
NEW = Init("new", "N(0, 1/fan_in)", BLUE, "--", "s", "none")
INITS = {init.name: init for init in (OLD, NEW)}


def curves(panel, *, marked_end=False):
    """Add a curve of each to a panel: {name: curve}."""
    end = {"markevery": [-1], "clip_on": False, "ms": 6, "mfc": None} if marked_end else {}
    return {
        init.name: panel.curve(
            init.line, init.colour, lw=2.5, marker=init.mark if marked_end else None, **end
        )
        for init in INITS.values()
    }


def points(panel, ms=7):
    """Add marks of each to a panel, without a line: {name: marks}."""
    return {
        init.name: panel.curve(init.mark, init.colour, mfc=init.fill, mew=1.6, ms=ms)
        for init in INITS.values()
    }


def rows(artists, *, formula=False):
    """Return rows of a key for `curves` or `points`."""
    return [
        (artists[init.name], f"{init.name}, {init.formula}" if formula else init.name)
        for init in INITS.values()
    ]
