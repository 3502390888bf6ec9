"""Compile the Python sources in wheels ahead, since a browser would do it anew at each start.

    python3.12 site/compiled.py FOLDER [--keep NAME]

Wheels are changed in place, and Pyodide's standard library and list of hashes with them, if they
are there. Bytecode is of one version of Python: run this with the version that Pyodide has. Sources
are left out, as in the compiled edition of Pyodide; of the wheel NAME they are kept, so that a
reader may look at them.
"""

import argparse
import hashlib
import json
import tempfile
import warnings
import zipfile
from importlib.util import cache_from_source
from pathlib import Path
from py_compile import PycInvalidationMode, PyCompileError, compile

STDLIB, LOCK = "python_stdlib.zip", "pyodide-lock.json"


def bytecode(source, name, folder):
    """Return the compiled `source`, as it would be stored, or None if it is not for this Python."""
    written, compiled = folder / "source.py", folder / "source.pyc"
    written.write_bytes(source)
    try:
        # Never compared with a source, whose time of writing is another after each unpacking.
        compile(written, compiled, name, True, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    except PyCompileError:
        return None
    return compiled.read_bytes()


def compile_archive(file, *, keep=False):
    """Replace the sources in a wheel, or any zip, by bytecode; or add it, to `keep` them."""
    with tempfile.TemporaryDirectory(dir=file.parent) as work:
        folder = Path(work)
        new = folder / file.name
        with zipfile.ZipFile(file) as old, zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as out:
            for entry in old.infolist():
                content, path = old.read(entry), entry.filename
                code = bytecode(content, path, folder) if path.endswith(".py") else None
                if code is None or keep:
                    out.writestr(entry, content)
                if code is not None:
                    out.writestr(cache_from_source(path) if keep else f"{path}c", code)
        new.replace(file)


def compile_folder(folder, keep=None):
    """Compile all wheels in `folder`, and what else of Pyodide lies there."""
    for file in [*folder.glob("*.whl"), *folder.glob(STDLIB)]:
        compile_archive(file, keep=file.name.split("-")[0] == keep)
    lock = folder / LOCK
    if lock.is_file():
        content = json.loads(lock.read_text(encoding="utf-8"))
        for package in content["packages"].values():
            file = folder / package["file_name"]
            if file.is_file():
                package["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
        lock.write_text(json.dumps(content), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keep", help="the wheel whose sources stay")
    options = parser.parse_args()
    warnings.simplefilter("ignore", SyntaxWarning)  # about the code of others
    compile_folder(options.folder, options.keep)


if __name__ == "__main__":
    main()
