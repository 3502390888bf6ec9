"""The browser edition's data file: the first images of the whole one, and it says so."""

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from nn_core import load_mnist

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def build():
    """The script site/build.py, which is no part of any package."""
    spec = importlib.util.spec_from_file_location("site_build", ROOT / "site" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def edition(build, tmp_path_factory):
    """A folder to import nn_core from as the browser edition has it."""
    folder = tmp_path_factory.mktemp("edition")
    ignored = shutil.ignore_patterns("__pycache__", "mnist.*")
    shutil.copytree(ROOT / "nn_core", folder / "nn_core", ignore=ignored)
    build.write_smaller_data(ROOT / "nn_core" / "data", folder / "nn_core" / "data")
    return folder


def in_edition(folder, code):
    """Run code there, and return the last line that it prints, or that it ends with."""
    done = subprocess.run(
        [sys.executable, "-c", f"from nn_core import load_mnist\n{code}"],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    return (done.stdout + done.stderr).strip().rpartition("\n")[2]


def test_the_smaller_file_holds_the_first_images_of_each_part(edition):
    whole = load_mnist()
    in_edition(
        edition,
        "import numpy as np; d = load_mnist()\n"
        "np.savez('seen.npz', a=d.train.pixels, b=d.train.labels,\n"
        "         c=d.validation.pixels, d=d.validation.labels, e=d.test.pixels)",
    )
    with np.load(edition / "seen.npz") as seen:
        assert np.array_equal(seen["a"], whole.train.pixels[:5000])
        assert np.array_equal(seen["b"], whole.train.labels[:5000])
        assert np.array_equal(seen["c"], whole.validation.pixels[:1000])
        assert np.array_equal(seen["d"], whole.validation.labels[:1000])
        assert len(seen["e"]) == 0
    assert (edition / "nn_core" / "data" / "mnist.npz").stat().st_size < 1.1e6


def test_asking_for_more_says_where_there_is_more(edition):
    told = in_edition(edition, "load_mnist(50_000)")
    assert told == (
        "ValueError: n_train must be from 1 to 5000 (all training images), got 50000. The browser "
        "edition has only the first 5,000 images; on a computer of your own, after `make lab`, "
        "there are 50,000."
    )


def test_a_damaged_smaller_file_is_refused(edition, tmp_path):
    shutil.copytree(edition / "nn_core", tmp_path / "nn_core")
    file = tmp_path / "nn_core" / "data" / "mnist.npz"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert "is damaged or is another file" in in_edition(tmp_path, "load_mnist(10)")


def test_the_page_gets_each_wheel_that_its_python_needs(build):
    """Names that the lock does not have would be left out in silence."""
    lock = (ROOT / "site" / "requirements.txt").read_text(encoding="utf-8")
    pins = build.pins(lock)
    assert {pin.split("==")[0] for pin in pins} == set(build.FROM_PYPI)
    assert all("--hash=sha256:" in pin for pin in pins)


MODULE = "def said():\n    return 'from bytecode'\n"
FOR_ANOTHER_PYTHON = "print 'two'\n"


@pytest.fixture
def wheels(tmp_path):
    """A folder with two wheels and the list of their hashes, all compiled."""
    packages = {}
    for name in ("theirs", "ours"):
        file = tmp_path / f"{name}-1.0-py3-none-any.whl"
        with zipfile.ZipFile(file, "w") as wheel:
            wheel.writestr(f"{name}/__init__.py", MODULE)
            wheel.writestr(f"{name}/old.py", FOR_ANOTHER_PYTHON)
            wheel.writestr(f"{name}/words.txt", "words")
        packages[name] = {"file_name": file.name, "sha256": "of what it was"}
    packages["elsewhere"] = {"file_name": "elsewhere-1.0-py3-none-any.whl", "sha256": "its own"}
    (tmp_path / "pyodide-lock.json").write_text(json.dumps({"packages": packages}))
    script = ROOT / "site" / "compiled.py"
    subprocess.run([sys.executable, script, tmp_path, "--keep", "ours"], check=True)
    return tmp_path


def test_a_compiled_wheel_runs_without_its_source(wheels):
    with zipfile.ZipFile(wheels / "theirs-1.0-py3-none-any.whl") as wheel:
        wheel.extractall(wheels)
    assert sorted(path.name for path in (wheels / "theirs").iterdir()) == [
        "__init__.pyc", "old.py", "words.txt",
    ]  # fmt: skip
    code = "import theirs; print(theirs.said())"
    done = subprocess.run([sys.executable, "-c", code], cwd=wheels, capture_output=True, text=True)
    assert done.stdout == "from bytecode\n"


def test_a_wheel_that_keeps_its_source_is_not_compiled_again(wheels):
    """So the bytecode runs, whatever its source says and whenever that was unpacked."""
    with zipfile.ZipFile(wheels / "ours-1.0-py3-none-any.whl") as wheel:
        assert wheel.read("ours/__init__.py").decode() == MODULE
        wheel.extractall(wheels)
    (wheels / "ours" / "__init__.py").write_text(MODULE.replace("bytecode", "source"))
    code = "import ours; print(ours.said())"
    done = subprocess.run([sys.executable, "-c", code], cwd=wheels, capture_output=True, text=True)
    assert done.stdout == "from bytecode\n"


def test_the_list_of_hashes_agrees_with_the_compiled_wheels(wheels):
    """Pyodide refuses a wheel of another hash."""
    packages = json.loads((wheels / "pyodide-lock.json").read_text())["packages"]
    for name in ("theirs", "ours"):
        content = (wheels / packages[name]["file_name"]).read_bytes()
        assert packages[name]["sha256"] == hashlib.sha256(content).hexdigest()
    assert packages["elsewhere"]["sha256"] == "its own"


def test_settings_are_json_and_start_without_another_package_index():
    config = json.loads((ROOT / "site" / "jupyter-lite.json").read_text(encoding="utf-8"))
    (settings,) = config["jupyter-config-data"]["litePluginSettings"].values()
    assert settings["disablePyPIFallback"] is True
