"""Build the site: the reading edition, and behind it the notebooks in JupyterLite.

    python site/build.py PAGES [--pyodide FOLDER] [--out FOLDER]

PAGES is what `python -m reading.pages` has written. The result is a folder of files for any static
host, also under a path of its own. Without --pyodide the lab fetches Pyodide from its usual place
on the web; with it, Pyodide is copied along and the lab needs no other host.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

SITE = Path(__file__).resolve().parent
ROOT = SITE.parent
N_TRAIN, N_VALIDATION = 5000, 1000
MORE = (
    f"The browser edition has only the first {N_TRAIN:,} images; "
    "on a computer of your own, after `make lab`, there are 50,000."
)
SETTINGS = (
    '<script id="jupyter-config-data" type="application/json" '
    'data-jupyter-lite-root=".">{}</script>'
)
STORE = "First epochs, edition "  # begins the name of a database in the visitor's browser
PACKAGES = ("nn_core", "explorers", "exercises", "experiments")
PYTHON = "3.12"  # which Pyodide has
# What the page needs beside them and what comes with Pyodide; pure Python, all of it.
FROM_PYPI = (
    "anywidget", "comm", "ipywidgets", "jupyterlab-widgets", "psygnal", "tabulate",
    "typing-extensions",
)  # fmt: skip
# What the lab's kernel would fetch one after the other, from the folder that they lie in.
OF_THE_KERNEL = ("piplite", "ipykernel", "pyodide_kernel")
KERNEL = Path("extensions", "@jupyterlite", "pyodide-kernel-extension", "static", "pypi")


def write_smaller_data(source, target):
    """Write the first training and validation images of folder `source` into folder `target`."""
    about = json.loads((source / "mnist.json").read_text(encoding="utf-8"))
    start = about["training"]
    chosen = np.r_[:N_TRAIN, start : start + N_VALIDATION]
    file = target / "mnist.npz"
    with np.load(source / "mnist.npz") as arrays:
        np.savez_compressed(file, **{name: arrays[name][chosen] for name in arrays.files})
    about = {
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "training": N_TRAIN,
        "validation": N_VALIDATION,
        "more": MORE,
    }
    (target / "mnist.json").write_text(json.dumps(about, indent=2), encoding="utf-8")


def build_wheel(work, wheels):
    """Build the project's wheel, with the smaller data, into the folder `wheels`."""
    source = work / "source"
    ignored = shutil.ignore_patterns("__pycache__", "mnist.*")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    write_smaller_data(ROOT / "nn_core" / "data", source / "nn_core" / "data")
    run("hatchling", "build", "--target", "wheel", "--directory", wheels, cwd=source)


def pins(lock):
    """Return the entries, with their hashes, of what the page needs from PyPI."""
    entries = re.findall(r"^[^ #][^=]*==(?:.*\\\n)*.*\n", lock, flags=re.MULTILINE)
    return [entry for entry in entries if entry.split("==")[0] in FROM_PYPI]


def fetch_wheels(work, wheels):
    """Fetch the wheels from PyPI, with the versions and hashes of requirements.txt."""
    chosen = work / "wheels.txt"
    chosen.write_text("".join(pins((SITE / "requirements.txt").read_text(encoding="utf-8"))))
    anywhere = ("--platform=any", "--implementation=py", "--abi=none", f"--python-version={PYTHON}")
    run("pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--require-hashes", "--only-binary=:all:", *anywhere, "--dest", wheels,
        "--requirement", chosen)  # fmt: skip


def build_page(work, out):
    """Run JupyterLite over the notebooks and our settings."""
    lite, notebooks = work / "lite", work / "notebooks"
    lite.mkdir()
    shutil.copy(SITE / "overrides.json", lite)
    shutil.copytree(
        ROOT / "notebooks",
        notebooks,
        ignore=shutil.ignore_patterns(".*", "__pycache__", "source", "build.py"),
    )
    for path in notebooks.glob("*.ipynb"):
        path.write_text(with_whole_texts(path.read_text(encoding="utf-8")), encoding="utf-8")
    settings = json.loads((SITE / "jupyter-lite.json").read_text(encoding="utf-8"))
    # JupyterLite shows a visitor's saved copy for ever. So each edition of the notebooks has a
    # place of its own to save to, and edition.js brings along what was saved in an earlier one.
    settings["jupyter-config-data"]["contentsStorageName"] = f"{STORE}{edition(notebooks)}"
    (lite / "jupyter-lite.json").write_text(json.dumps(settings), encoding="utf-8")
    run("jupyter", "lite", "build", "--lite-dir", lite, "--output-dir", out,
        "--contents", notebooks, "--apps", "lab", "--no-sourcemaps", "--no-unused-shared-packages",
        cwd=work)  # fmt: skip


def with_whole_texts(notebook):
    """Return a notebook, as JSON, whose stored outputs are texts, where they were lists of lines.

    Both are allowed. But JupyterLite shows a list before the notebook is run, with all its commas.
    """

    def whole(value):
        is_lines = isinstance(value, list) and all(isinstance(line, str) for line in value)
        return "".join(value) if is_lines else value

    content = json.loads(notebook)
    for output in (one for cell in content["cells"] for one in cell.get("outputs", [])):
        for holder in (output, output.get("data", {})):
            holder.update({key: whole(value) for key, value in holder.items()})
    return json.dumps(content, ensure_ascii=False)


def edition(notebooks):
    """Return what tells these notebooks from those of another edition."""
    digest = hashlib.sha256()
    for path in sorted(notebooks.rglob("*.*")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:8]


def add_to_lab(out):
    """Let the lab's page run edition.js, before all else: it says how things are fetched."""
    shutil.copy(SITE / "edition.js", out / "lab")
    page = out / "lab" / "index.html"
    text = page.read_text(encoding="utf-8")
    script = f'<head><script src="edition.js" data-store="{STORE}"></script>'
    page.write_text(text.replace("<head>", script, 1), encoding="utf-8")


def add_pages(out, pages):
    """Put the reading edition in front. JupyterLite asks the first page for settings."""
    shutil.copytree(pages, out, dirs_exist_ok=True)
    first = out / "index.html"
    text = first.read_text(encoding="utf-8")
    first.write_text(text.replace("</head>", f"{SETTINGS}</head>", 1), encoding="utf-8")


def add_python(out, wheels, pyodide):
    """Put the wheels, and Pyodide if it is to come along, where the page looks for them."""
    python = out / "python"
    shutil.copytree(wheels, python)
    shutil.copy(SITE / "start.js", python)
    for name in OF_THE_KERNEL:
        (wheel,) = (out / KERNEL).glob(f"{name}-*.whl")
        shutil.copy(wheel, python)
    file = out / "jupyter-lite.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    (settings,) = config["jupyter-config-data"]["litePluginSettings"].values()
    options = settings["loadPyodideOptions"]
    # A package that has its name in the list is not fetched once more by the kernel.
    options["wheels"] = {wheel.name.split("-")[0]: wheel.name for wheel in python.glob("*.whl")}
    for_pages = options["packages"] + sorted(set(options["wheels"]) - set(OF_THE_KERNEL))
    options["packages"] = [*for_pages, "micropip", *OF_THE_KERNEL]
    if pyodide:
        shutil.copytree(pyodide, out / "pyodide")
        options["indexURL"] = "./pyodide/"
    compile_python(python, pyodide and out / "pyodide")
    file.write_text(json.dumps(config, indent=2), encoding="utf-8")
    # What the pages' own Python is started with, for figures beyond their stored states.
    content = json.dumps({**options, "packages": for_pages}, indent=2)
    (python / "pages.json").write_text(content, encoding="utf-8")


def compile_python(*folders):
    """Compile the wheels in `folders`, if there is a Python here of the version that Pyodide has.

    In the browser, compiling is half of what a start takes.
    """
    ask = "import sys; print('{}.{}'.format(*sys.version_info))"
    for python in filter(None, (sys.executable, shutil.which(f"python{PYTHON}"))):
        said = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=False)
        if said.stdout.strip() == PYTHON:
            break
    else:
        print(f"There is no Python {PYTHON} here to compile for the lab, which will start slower.")
        return
    for folder in filter(None, folders):
        subprocess.run([python, SITE / "compiled.py", folder, "--keep", "first_epochs"], check=True)


def run(module, *arguments, cwd=None):
    """Run a tool of this Python, and stop here if it fails."""
    subprocess.run([sys.executable, "-m", module, *map(str, arguments)], cwd=cwd, check=True)


def build(pages, out, pyodide=None):
    """Build the whole site into the folder `out`, which is made anew."""
    if not (pages / "index.html").is_file():
        raise SystemExit(f"{pages} holds no index.html: make it with `python -m reading.pages`.")
    if pyodide and not (pyodide / "pyodide.js").is_file():
        raise SystemExit(f"{pyodide} holds no pyodide.js: give the folder that Pyodide lies in.")
    shutil.rmtree(out, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="first-epochs-site-") as folder:
        work = Path(folder)
        wheels = work / "wheels"
        wheels.mkdir()
        build_wheel(work, wheels)
        fetch_wheels(work, wheels)
        build_page(work, out)
        add_to_lab(out)
        add_pages(out, pages)
        add_python(out, wheels, pyodide)
    print(f"The site is in {out}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pages", type=Path, help="the folder of the reading edition")
    parser.add_argument("--pyodide", type=Path, help="a folder with Pyodide, to be copied along")
    parser.add_argument("--out", type=Path, default=ROOT / "dist" / "site")
    options = parser.parse_args()
    build(options.pages, options.out.resolve(), options.pyodide and options.pyodide.resolve())


if __name__ == "__main__":
    main()
