"""The interactive figures of the notebooks, one file for each in explorers/figures.

`from explorers import Puzzle` finds the class Puzzle in figures/puzzle.py: a new figure is a new
file there, and nothing here.
"""

import difflib
import importlib
import pkgutil
import re
import sys

from explorers.figure import FIGURES

if "IPython" in sys.modules and (_shell := sys.modules["IPython"].get_ipython()):
    from explorers.widget import teach

    teach(_shell)


def all_figures():
    """Return the class of every figure there is, {name: class}."""
    for file in _files():
        importlib.import_module(f"{__name__}.figures.{file}")
    return dict(sorted(FIGURES.items()))


def _files():
    return [module.name for module in pkgutil.iter_modules([f"{__path__[0]}/figures"])]


def __dir__():
    return ["all_figures", *(cls.__name__ for cls in all_figures().values())]


def __getattr__(name):
    file = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    if re.fullmatch(r"[A-Z]\w*", name) and file in _files():
        return getattr(importlib.import_module(f"{__name__}.figures.{file}"), name)
    near = difflib.get_close_matches(file, _files(), n=1, cutoff=0.5)
    meant = "".join(word.capitalize() for word in near[0].split("_")) if near else ""
    raise AttributeError(f"There is no figure {name!r}." + (f" Is {meant} meant?" if meant else ""))
