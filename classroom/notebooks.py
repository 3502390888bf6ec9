"""Where the notebooks are."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ROOT / "notebooks"


def paths(chosen=()):
    """Return the built notebooks in reading order: those with these numbers or names, or all."""
    found = {path.stem: path for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))}
    names = [name for name in found if not chosen or name in chosen or name[:2] in chosen]
    if unknown := set(chosen) - {name[:2] for name in names} - set(names):
        raise SystemExit(
            f"No such notebook: {', '.join(sorted(unknown))}. There are {', '.join(found)}; "
            "their two digits are enough."
        )
    return [found[name] for name in names]
