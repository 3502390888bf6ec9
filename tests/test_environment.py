"""environment.yml, pyproject.toml and requirements.txt tell one story."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")


def split(requirement):
    """'numpy>=2.0' -> ('numpy', '>=2.0')"""
    name, bound = re.fullmatch(r"([A-Za-z0-9._-]+)(.*)", requirement).groups()
    return name.lower(), bound.replace(" ", "")


def declared():
    """Name and bound of everything that pyproject.toml asks for."""
    project = PYPROJECT["project"]
    parts = [
        project["dependencies"],
        *project["optional-dependencies"].values(),
        *PYPROJECT["dependency-groups"].values(),
    ]
    return dict(split(requirement) for part in parts for requirement in part)


def pinned():
    """Name and exact version of everything in the lock."""
    pins = re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", LOCK, flags=re.MULTILINE)
    assert pins
    return {name.lower(): version for name, version in pins}


def numbers(version):
    return [int(part) for part in re.findall(r"\d+", version)]


# conda-forge's `playwright` is the one for Node.js.
ON_CONDA = {"playwright-python": "playwright"}


def test_conda_environment_asks_for_what_pyproject_asks_for():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *packages, pip = environment["dependencies"]
    conda = dict(split(package) for package in packages)
    conda = {ON_CONDA.get(name, name): bound for name, bound in conda.items()}
    python = conda.pop("python")
    conda.pop("pip")
    ourselves, *elsewhere = pip["pip"]
    assert ourselves == "-e ."
    assert conda | dict(map(split, elsewhere)) == declared()
    assert not conda.keys() & dict(map(split, elsewhere)).keys()

    lowest, beyond = map(numbers, PYPROJECT["project"]["requires-python"].split(","))
    assert lowest <= numbers(python) < beyond


@pytest.mark.parametrize("name, bound", declared().items())
def test_lock_pins_what_pyproject_asks_for(name, bound):
    assert numbers(pinned()[name]) >= numbers(bound)


def test_build_backend_is_in_the_lock():
    # or `pip install --no-build-isolation -e .` would not find it
    assert dict(map(split, PYPROJECT["build-system"]["requires"])).items() <= declared().items()


@pytest.mark.parametrize("folder", ["site", "classroom/homework"])
def test_what_has_an_environment_of_its_own_is_pinned_with_hashes(folder):
    asked = (ROOT / folder / "requirements.in").read_text(encoding="utf-8")
    lock = (ROOT / folder / "requirements.txt").read_text(encoding="utf-8")
    for name in re.findall(r"^([a-z0-9-]+)", asked, flags=re.MULTILINE):
        assert re.search(rf"^{name}(\[.*\])?==.* \\\n    --hash=", lock, flags=re.MULTILINE), name
    assert "://" not in lock


def test_lock_has_one_version_with_hashes_of_each_package_and_no_address():
    pins = [line for line in LOCK.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    assert len(pins) == len(pinned())
    assert all(line.endswith("\\") for line in pins)  # hashes follow
    assert "://" not in LOCK
    assert not re.search(r"^\s*-(?!-hash)", LOCK, flags=re.MULTILINE)  # no pip option either


def test_classifiers_name_the_pythons():
    lowest, beyond = map(numbers, PYPROJECT["project"]["requires-python"].split(","))
    named = [
        numbers(classifier)
        for classifier in PYPROJECT["project"]["classifiers"]
        if re.search(r"Python :: \d+\.\d+", classifier)
    ]
    assert named == [[3, minor] for minor in range(lowest[1], beyond[1])]


# What runs on GitHub can't be run here, but it can be read.

WORKFLOWS = ROOT / ".github" / "workflows"


def test_the_workflows_are_valid_safe_and_pinned():
    """zizmor reads them as GitHub would; what has no fixed version or keeps a secret is named."""
    program = shutil.which("zizmor", path=Path(sys.executable).parent)
    command = [program, "--offline", "--no-progress", str(WORKFLOWS)]
    found = subprocess.run(command, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


def test_windows_is_set_up_as_its_page_says():
    workflow = yaml.safe_load((WORKFLOWS / "tests.yml").read_text(encoding="utf-8"))
    page = (ROOT / "INSTALL.md").read_text(encoding="utf-8")
    block = re.search(r"\*\*Windows\*\*.*?\n\n((?:    .*\n)+)", page)[1]
    *lines, last = [line.strip() for line in block.splitlines()]
    _, _, setup, start = workflow["jobs"]["windows"]["steps"]
    assert setup["run"].splitlines() == lines
    program, *arguments = last.split()
    assert program in start["run"] and ", ".join(arguments) in start["run"]
