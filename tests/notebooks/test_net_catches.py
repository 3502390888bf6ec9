"""Strict nbval catches one wrong number in a notebook, and one wrong line in nn_core.

In both of these tests a copy of nn_core stands first on the path. Without the wrong line the
notebook agrees with it (all cells but the altered one pass), so in the second it is that line that
is caught. A table of results is stored as HTML and as text: a wrong number in either is caught.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from experiments.tables import Table

ROOT = Path(__file__).parents[2]
NOTEBOOK = "02_decay_rate.ipynb"  # the fastest one to run

# Equation (93)'s decay, where training takes its steps; twice too fast when altered.
STEP_FILE, STEP, WRONG_STEP = "engine.py", "keep, w, 0, 1, 1)", "keep**2, w, 0, 1, 1)"


@pytest.fixture
def workplace(tmp_path):
    shutil.copytree(ROOT / "nn_core", tmp_path / "nn_core")
    shutil.copy(ROOT / "notebooks" / NOTEBOOK, tmp_path)
    return tmp_path


def nbval(folder):
    """Run strict nbval in `folder`; return how many cells failed and passed, and all it printed."""
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "--color=no"]
    command += ["-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", folder, NOTEBOOK]
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    run = subprocess.run(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True
    )
    closing = run.stdout.rstrip().splitlines()[-1]
    failed, passed = (
        int(found[1]) if (found := re.search(rf"(\d+) {word}", closing)) else 0
        for word in ("failed", "passed")
    )
    assert (run.returncode != 0) == (failed > 0), run.stdout
    return failed, passed, run.stdout


def alter_one_number(notebook):
    """Change one digit in the first stored output that has one; return the index of its cell."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code):
        for output in cell.outputs:
            holder, key = (output, "text") if "text" in output else (output.data, "text/plain")
            altered = re.sub(r"\d", lambda d: str((int(d[0]) + 1) % 10), holder[key], count=1)
            if altered != holder[key]:
                holder[key] = altered
                return number
    raise AssertionError(f"{NOTEBOOK} stores no number")


def test_one_wrong_number_in_the_notebook(workplace):
    notebook = nbformat.read(workplace / NOTEBOOK, as_version=4)
    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    altered = alter_one_number(notebook)
    nbformat.write(notebook, workplace / NOTEBOOK)

    failed, passed, printed = nbval(workplace)
    assert (failed, passed) == (1, cells - 1), printed
    assert f"Cell {altered}: Cell outputs differ" in printed


def test_one_wrong_number_in_either_form_of_a_table(tmp_path):
    table = Table(["λ", "size"], [["5", "0.1070"], ["50", "0.0487"]], note="size/size 2.20")
    right = {"text/html": table._repr_html_(), "text/plain": repr(table)}
    wrong = [{mime: right[mime].replace("0.0487", "0.0488")} for mime in right]
    cells = [a_cell(as_source(table), right | other) for other in ({}, *wrong)]
    nbformat.write(new_notebook(cells=cells), tmp_path / NOTEBOOK)

    failed, passed, printed = nbval(tmp_path)
    assert (failed, passed) == (2, 1), printed
    differ = [f"Cell {number}: Cell outputs differ" in printed for number in range(3)]
    assert differ == [False, True, True], printed


def a_cell(source, data):
    output = new_output("execute_result", data, execution_count=1)
    code = f"from experiments.tables import Table\n\n{source}"
    return new_code_cell(code, outputs=[output], execution_count=1)


def as_source(table):
    """Return the line of code that makes a table."""
    return f"Table({table.header}, {table.rows}, note={table.note!r})"


def test_one_wrong_line_in_nn_core(workplace):
    file = workplace / "nn_core" / STEP_FILE
    code = file.read_text(encoding="utf-8")
    assert code.count(STEP) == 1, f"{STEP_FILE} has changed: name the line of its step here"
    file.write_text(code.replace(STEP, WRONG_STEP), encoding="utf-8")

    failed, _, printed = nbval(workplace)
    assert failed, printed
    assert "Cell outputs differ" in printed
