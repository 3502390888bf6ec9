"""The playground's settings worth looking at, each as a preset string, and a table of them."""

from IPython.display import Markdown

from explorers.figures.playground import Playground
from explorers.figures.playground.worth_seeing import WORTH_SEEING

PRESETS = {
    name: Playground.preset_of(Playground.state_with(settings))
    for name, (settings, _) in WORTH_SEEING.items()
}
LOOK_FOR = {name: words for name, (_, words) in WORTH_SEEING.items()}


def presets_table():
    """Return the presets as a table: name, what to look for, and the string itself."""
    rows = [f"| **{name}** | {LOOK_FOR[name]} | `{preset}` |" for name, preset in PRESETS.items()]
    return Markdown("\n".join(["| name | look for | preset |", "|:--|:--|:--|", *rows]))
