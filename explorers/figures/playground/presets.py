"""The playground's settings worth looking at, as preset strings, and a table of links to them."""

from IPython.display import Markdown

from explorers.figures.playground import Playground
from explorers.figures.playground.worth_seeing import WORTH_SEEING

PRESETS = {
    name: Playground.preset_of(Playground.state_with(settings))
    for name, (settings, _) in WORTH_SEEING.items()
}
LOOK_FOR = {name: words for name, (_, words) in WORTH_SEEING.items()}


def presets_table():
    """Return the presets as a table: a link that sets the figure, and what to look for."""
    rows = [
        f"| [{name}](#{_link(preset)}) | {LOOK_FOR[name]} |" for name, preset in PRESETS.items()
    ]
    return Markdown("\n".join(["| set the figure | look for |", "|:--|:--|", *rows]))


def _link(preset):
    name, *pairs = preset.split()
    return f"{name}:{'&'.join(pairs)}"
