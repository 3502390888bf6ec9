"""The states of figures, made ahead: what a page without Python answers a slider with.

    python -m reading.tables                make those that are not there, or of older code
    python -m reading.tables decay-rate     ... of the figures named

A figure is not written a second time for such a page: each of its states is drawn here, by the
figure itself, and stored as the page would have got it from Python. For each figure there is a file
of words and one of pictures for each width, in the folder `tables`. What has been computed stays in
`dist/states` until its code changes, so a run that was stopped goes on where it was.
"""

import argparse
import ast
import gzip
import hashlib
import itertools
import json
import os
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path

import nbformat

from explorers import all_figures
from explorers.controls import ANEW, NEXT_EPOCH, VIEW
from explorers.figure import Figure
from explorers.formats import full
from explorers.widget import seen, spec

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(__file__).with_suffix("")
WORK = ROOT / "dist" / "states"

WIDTHS = (300, 540)  # of those that figures can have: for a telephone, and for all else
# Stops on either side, where all would be too many because they train: of the defaults, and of a
# preset. Most sliders have twenty stops a decade.
NEARBY, FEW_NEARBY = (1, 2, 4, 7, 11, 16), (4, 13)

# Of these fewer states are stored, since each weighs ten times as much (pixels) or trains for half
# a minute: some nearby of how a notebook first shows it, none of the presets. What is viewed, and
# epochs of Play, move in steps that become wider.
SPARSE = {"chalkboard": (4, 13), "memory-message": (8,), "width-law": (4, 13)}
WIDENING = (0, 1, *(n * 2**k for k in range(8) for n in (2, 3)))

LINK = re.compile(r"\]\(#([a-z][a-z0-9-]*):([^)\s]+)\)")
_TAG = re.compile(r"<[^>]*>")
_LONG_NUMBER = re.compile(r"\d+\.\d{3,}")


# Which states.


def plan(cls: type[Figure], also: tuple[str, ...] = ()) -> list[dict]:
    """Return the states to be stored: lines through the defaults and through each preset.

    `also` are further presets, of single states that a text wants. States that share a run stand
    one after the other.
    """
    singles, bases = _singles(cls, also), _bases(cls)
    if cls.name in SPARSE:
        centre = (singles + bases)[0]
        views = [base for base in bases[1:] if _run(cls, base) == _run(cls, centre)]
        ways = [
            bases[:1],
            _lines(cls, centre, SPARSE[cls.name]),
            *(_lines(cls, base, (), [VIEW]) for base in views),
        ]
    else:
        ways = [_around(cls, bases[0], NEARBY), *(_around(cls, b, FEW_NEARBY) for b in bases[1:])]
    states = [*itertools.chain(*ways), *bases, *singles]
    different = list({cls.preset_of(state): state for state in states}.values())
    first = {}
    for state in different:
        first.setdefault(_run(cls, state), len(first))
    return sorted(different, key=lambda state: first[_run(cls, state)])


def _singles(cls, also):
    return [cls.state_with(preset.partition(" ")[2]) for preset in also]


def _bases(cls):
    return [cls.defaults(), *(cls.state_with(settings) for _, settings in cls.presets)]


def _run(cls, state):
    return tuple(cls.without_view(state).values())


def _around(cls, base, nearby) -> Iterator[dict]:
    """Give the states on the lines through `base`, and through it with another choice of view."""
    yield from _lines(cls, base, nearby)
    views = [control for control in cls.controls if control.acts == VIEW]
    for choice in (control for control in views if control.is_choice):
        for other in choice.stops:
            for control in views:
                for stop in _few(control, base, nearby):
                    yield base | {control.name: stop, choice.name: other}


def _lines(cls, base, nearby, acts=(ANEW, NEXT_EPOCH, VIEW)):
    yield base
    for control in (control for control in cls.controls if control.acts in acts):
        for stop in _stops(cls, control, base, nearby):
            yield base | {control.name: stop}


def _stops(cls, control, base, nearby):
    if cls.quick and control.acts != VIEW:
        return _few(control, base, nearby)
    if cls.name in SPARSE and not control.is_choice:
        last = len(control.stops) - 1
        return [control.stops[i] for i in (*_widening(last), last)]
    return control.stops


def _few(control, base, nearby):
    if control.is_choice:
        return control.stops
    here = control.nearest(base[control.name])
    near = {here + sign * step for step in (0, *nearby) for sign in (-1, 1)}
    return [control.stops[i] for i in sorted(near) if 0 <= i < len(control.stops)]


def _widening(end):
    """Return numbers from 0 on, below `end`, that lie further apart as they grow."""
    return [number for number in WIDENING if number < end]


@cache
def told() -> dict[str, tuple[str, ...]]:
    """Return {figure: presets} that the notebooks show, or set by a link in their text."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for name, values in LINK.findall(cell.source):
                found.setdefault(name, []).append(" ".join([name, *values.split("&")]))
            for output in cell.get("outputs", []):
                preset = output.get("metadata", {}).get("image/png", {}).get("preset")
                if preset:
                    found.setdefault(preset.split()[0], []).append(preset)
    return {name: tuple(dict.fromkeys(presets)) for name, presets in found.items()}


# What is stored of a state.


def compact(svg: str) -> str:
    """Return a layer without what a page doesn't need of it, and with hundredths of a pixel.

    What is written between the tags stays as it is: those are numbers that are read.
    """
    svg = re.sub(r"^[\s\S]*?(?=<svg)|<metadata>[\s\S]*?</metadata>|\n *", "", svg)
    return _TAG.sub(lambda tag: _LONG_NUMBER.sub(_to_hundredths, tag[0]), svg)


def _to_hundredths(number: re.Match) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def stored(figure: Figure) -> dict:
    """Return a state as it is stored: what is said of it, and its two layers for each width."""
    layers = {}
    for width in WIDTHS:
        canvas = figure.drawn(width)
        layers[str(width)] = [compact(canvas.still_svg()), compact(canvas.moving_svg())]
    return {**seen(figure), "phase": figure.run.phase.value, "layers": layers}


def records(name: str, states: list[dict], *, frames: bool) -> list[dict]:
    """Return what is stored of states that share one run, its epochs one by one if `frames`."""
    cls, found = all_figures()[name], []
    figure = cls(**states[0])
    for state in states:
        _look(figure, state)
        found.append(stored(figure))
    if frames:
        _look(figure, states[0])  # as whoever presses Play sees it
        figure.restart()
        epochs = figure.progress(figure.run.result)[1]
        wanted = _widening(epochs) if name in SPARSE else range(epochs)
        for epoch in range(epochs):
            if epoch in wanted:
                found.append(stored(figure))
            figure.step()
    return found


def _look(figure, state):
    if views := figure.that_act(VIEW):
        figure.set(**{key: state[key] for key in views})


# The files.


def make(name: str, pool: ProcessPoolExecutor) -> None:
    """Make the files of one figure from what is in `dist/states`, and what is not there yet."""
    cls, also = all_figures()[name], told().get(name, ())
    bases = [*_singles(cls, also), *_bases(cls)][:1] if name in SPARSE else _bases(cls)
    played = {_run(cls, base) for base in bases} if cls.is_playable else set()
    jobs = [
        (name, list(states), run in played)
        for run, states in itertools.groupby(plan(cls, also), lambda s: _run(cls, s))
    ]
    waiting = {pool.submit(_kept, *job, made_from(cls)): i for i, job in enumerate(jobs)}
    parts: list[list] = [[] for _ in jobs]
    for number, done in enumerate(as_completed(waiting), 1):
        parts[waiting[done]] = json.loads(gzip.decompress(done.result().read_bytes()))
        if sys.stdout.isatty() or number == len(jobs):
            end = "\n" if number == len(jobs) else "\r"
            print(f"{name}: {number} of {len(jobs)} runs", end=end, flush=True)
    write(cls, [record for part in parts for record in part])


def _kept(name, states, frames, source) -> Path:
    """Compute records, or leave them where they are, and return the file that has them."""
    key = json.dumps([name, states, frames, source, WIDTHS], sort_keys=True)
    path = WORK / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.json.gz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(f".{os.getpid()}")
        beside.write_bytes(packed(records(name, states, frames=frames)))
        beside.replace(path)
    return path


def write(cls: type[Figure], found: list[dict], folder: Path = FOLDER) -> None:
    """Write the files of one figure: of the stops of its sliders only those that have a state."""
    names = [control.name for control in cls.controls]
    used = {name: sorted({one["positions"][name] for one in found}) for name in names}
    about = spec(cls)
    for control, entry in zip(cls.controls, about["controls"]):
        entry["stops"] = [full(control.stops[i]) for i in used[control.name]]
    about |= {"widths": list(WIDTHS), "buttons": []}  # what buttons of its own do is not stored
    shown = []
    for one in found:
        at = {name: used[name].index(i) for name, i in one["positions"].items()}
        shown.append({**one, "positions": at})
    layers = [one.pop("layers") for one in shown]
    folder.mkdir(exist_ok=True)
    _save(folder / f"{cls.name}.words.gz", {"spec": about, "shown": shown})
    for width in map(str, WIDTHS):
        _save(folder / f"{cls.name}.{width}.gz", cut([one[width] for one in layers]))


def cut(layers: list[list[str]]) -> dict:
    """Return still and moving layers, cut into elements: most are the same in many states.

    A compressed file would not find that out by itself, since its memory is shorter than a picture.
    """
    elements: dict[str, int] = {}

    def numbers(svg):
        return [elements.setdefault(one, len(elements)) for one in re.split("(?=<)", svg)]

    stills = list(dict.fromkeys(still for still, _ in layers))
    pictures = [[stills.index(still), *numbers(moving)] for still, moving in layers]
    stills = [numbers(still) for still in stills]
    return {"elements": list(elements), "stills": stills, "pictures": pictures}


def picture(layers: dict, index: int) -> tuple[str, str]:
    """Return the still and the moving layer of a state, from the content of a file of pictures."""
    still, *moving = layers["pictures"][index]
    still, moving = ("".join(layers["elements"][i] for i in one)
                     for one in (layers["stills"][still], moving))  # fmt: skip
    return still, moving


def packed(content: object) -> bytes:
    """Return `content` as compressed JSON, the same bytes for the same content."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode(), 9, mtime=0)


def _save(path: Path, content: object) -> None:
    path.write_bytes(packed(content))


def names() -> list[str]:
    """Return the names of the figures whose states are stored."""
    return sorted(path.name.partition(".")[0] for path in FOLDER.glob("*.words.gz"))


def load(path: Path) -> dict:
    return json.loads(gzip.decompress(path.read_bytes()))


# What a figure is made from.


@cache
def made_from(cls: type[Figure]) -> str:
    """Return a hash of all files of ours that a figure's module imports, and of stored results."""
    seen_files: dict[Path, None] = {}
    waiting = [_file(cls.__module__)]
    while waiting:
        path = waiting.pop()
        if path and path not in seen_files:
            seen_files[path] = None
            waiting += [_file(name) for name in _imports(path)]
    data = sorted((ROOT / "experiments" / "results").glob("*.npz"))
    digest = hashlib.sha256()
    for path in sorted(seen_files) + data:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _file(module: str) -> Path | None:
    path = ROOT.joinpath(*module.split("."))
    for one in (path.with_suffix(".py"), path / "__init__.py"):
        if one.is_file():
            return one
    return None


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="figures, such as decay-rate; none means all")
    options = parser.parse_args()
    known = all_figures()
    if unknown := set(options.names) - set(known):
        parser.error(f"no such figure: {', '.join(unknown)}; there are {', '.join(known)}")
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for name in options.names or known:
            make(name, pool)


if __name__ == "__main__":
    main()
