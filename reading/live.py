"""What makes pages move: one script for all of them, and the tables of states as scripts."""

import base64
import json
from pathlib import Path

from reading import tables

HERE = Path(__file__).parent
ROOT = HERE.parent

# name in the script -> the modules in a notebook that it is made of
WIDGETS = {
    "figureWidget": ("explorers/page.js", "explorers/widget.js"),
    "predictionWidget": ("explorers/page.js", "exercises/prediction.js"),
    "argumentWidget": ("explorers/page.js", "exercises/steps.js"),
}


def script(source: Path = HERE / "own_python.js", *, projector: bool = False) -> str:
    """Return the one script. A page on a disk can't import modules, so each becomes a function.

    `source` is the file that says how a page gets a Python beyond what is stored. With `projector`
    figures begin with letters for the back row.
    """
    known = {"WIDTHS": list(tables.WIDTHS), "STORED": tables.names(), "PROJECTOR": projector}
    parts = [f"const {name} = {json.dumps(value)};" for name, value in known.items()]
    parts += [_read(path) for path in (HERE / "stored.js", HERE / "beyond.js", source)]
    for name, files in WIDGETS.items():
        module = "\n".join(_read(ROOT / name) for name in files)
        body = module.replace("export default { render };", "return { render };")
        parts.append(f"const {name} = (() => {{\n{body}\n}})();")
    parts.append(f"(() => {{\n{_read(HERE / 'reading.js')}\n}})();")
    return "\n".join(parts)


def write(folder: Path, script: str) -> None:
    """Write the script as `reading.js`, and the tables into `figures/`."""
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    (folder / "reading.js").write_text(script, encoding="utf-8", newline="\n")
    for path in sorted(tables.FOLDER.glob("*.gz")):
        name, packed = path.name.removesuffix(".gz"), base64.b64encode(path.read_bytes()).decode()
        target = folder / "figures" / f"{name}.js"
        target.write_text(f'stored({json.dumps(name)}, "{packed}");\n', encoding="utf-8")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
