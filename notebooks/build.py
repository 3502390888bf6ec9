"""Build the notebooks from their text: notebooks/source/NN_name.md -> notebooks/NN_name.ipynb.

    python notebooks/build.py                  build and execute all
    python notebooks/build.py 02_decay_rate    ... or those named
    python notebooks/build.py --check          only say which are not those of their text

Building the same text with the same results gives the same bytes, so that a diff shows nothing but
changes of text or results.
"""

import argparse
import hashlib
import sys
from collections import Counter
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent

# No versions in here: a rebuild on another machine must not differ.
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

# A figure is stored as it is in the end, not as it is when it is first shown.
TO_THE_END = "from explorers.figure import Figure\nFigure.computes_later = False"

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def names():
    """Return the names of all notebooks that have a text, in reading order."""
    return sorted(path.stem for path in HERE.glob("source/[0-9][0-9]_*.md"))


def read(source):
    """Return the notebook whose text is the file `source`, not yet executed."""
    text = jupytext.reads(source.read_text(encoding="utf-8"), fmt="md:myst")
    notebook = nbformat.v4.new_notebook(metadata=METADATA, cells=text.cells)
    seen = Counter()
    for cell in notebook.cells:
        # The id comes from the content (and how often it occurred), not from the position: a new
        # cell leaves the ids of those after it alone.
        content = f"{cell.cell_type}\n{cell.source}"
        seen[content] += 1
        cell.id = hashlib.sha256(f"{content}\n{seen[content]}".encode()).hexdigest()[:8]
    return notebook


def execute(notebook, name, folder):
    """Run all cells in `folder`. An error stops the build and says where it is."""
    client = NotebookClient(
        notebook,
        timeout=None,
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,  # else the split of printed text into messages is a matter of luck
    )
    with client.setup_kernel():
        notebook.cells.insert(0, nbformat.v4.new_code_cell(TO_THE_END))
        client.execute_cell(notebook.cells[0], 0, store_history=False)
        del notebook.cells[0]
        for number, cell in enumerate(notebook.cells):
            try:
                client.execute_cell(cell, number)
            except Exception as error:
                raise SystemExit(f"{name}, cell {number}:\n\n{cell.source}\n\n{error}") from error
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            # Without a kernel a reader would see "model not found" in place of the figure. The
            # picture and the words that the figure puts beside its widget are shown instead.
            output.get("data", {}).pop(WIDGET_VIEW, None)
    notebook.metadata = nbformat.from_dict(METADATA)  # the kernel's versions were noted in it


def build(source, target):
    """Write the executed notebook of the text `source` to `target`."""
    notebook = read(source)
    execute(notebook, source.stem, target.parent)
    nbformat.validate(notebook)
    target.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")


def differences(source, target):
    """Return what makes `target` not the notebook of `source`, in words; empty if nothing does."""
    if not target.exists():
        return ["it was never built"]
    ours, built = read(source), nbformat.read(target, as_version=4)
    found = []
    if len(ours.cells) != len(built.cells):
        found.append(f"it has {len(built.cells)} cells, its text {len(ours.cells)}")
    for number, (mine, other) in enumerate(zip(ours.cells, built.cells)):
        for part in ("cell_type", "source", "id", "metadata"):
            if mine[part] != other[part]:
                found.append(f"cell {number}: {part} differs")
    return found


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Build the notebooks from their text.")
    parser.add_argument("names", nargs="*", help="such as 02_decay_rate; none means all")
    parser.add_argument("--check", action="store_true", help="build nothing, compare the cells")
    options = parser.parse_args(arguments)
    unknown = set(options.names) - set(names())
    if unknown:
        parser.error(f"no such text: {', '.join(sorted(unknown))}; there are {', '.join(names())}")

    stale = False
    for name in options.names or names():
        source, target = HERE / "source" / f"{name}.md", HERE / f"{name}.ipynb"
        if options.check:
            for difference in differences(source, target):
                print(f"{name}: {difference}")
                stale = True
        else:
            print(f"{name} ...", flush=True)
            build(source, target)
    if stale:
        sys.exit("Run `make notebooks`.")


if __name__ == "__main__":
    main()
