"""What predictions, steps and cards have in common: widgets that are text where no page shows them.

The text is what a notebook stores and nbval compares.
"""

from pathlib import Path
from typing import Any

import anywidget

HERE = Path(__file__).parent


def module(name: str) -> str:
    """Return a file of this folder for the browser, behind what all our pages share."""
    shared = HERE.parent / "explorers" / "page.js"
    return "\n".join(path.read_text("utf-8") for path in (shared, HERE / name))


class Told(anywidget.AnyWidget):
    """A widget with its `repr` as text beside it."""

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        return {**data, "text/plain": repr(self)}, metadata
