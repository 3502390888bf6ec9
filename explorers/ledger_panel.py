"""The ledger of every epoch, stacked: what decay, pull and kick did to a layer's sum of squares."""

import numpy as np

from explorers.formats import tick
from explorers.style import BLUE, INK, ORANGE, PURPLE

TOPS = (*(float(f"{step}e{e}") for e in range(-3, 2) for step in (1, 2, 5)),
        *(10.0**e for e in range(2, 8)))  # fmt: skip
NUMBERS = [f"−{tick(top)}" for top in TOPS]  # the widest that stand at the axis
PARTS = {"decay": (BLUE, None), "pull": (ORANGE, "//"), "kick": (PURPLE, "..")}


class LedgerStack:
    """Three areas a panel long, upwards and downwards from 0, and marks at what they add up to."""

    def __init__(self, panel, epochs):
        self.panel, self.edges = panel, np.arange(epochs + 1) + 0.5
        self.areas = {
            name: panel.moving.stairs(np.zeros(epochs), self.edges, baseline=0, fill=True, lw=0,
                                      color=colour, hatch=hatch, edgecolor="white")
            for name, (colour, hatch) in PARTS.items()
        }  # fmt: skip
        self.change = panel.curve("D", INK, ms=4.5, mfc="white", mew=1)  # on white and on bars
        self.key = [(area, name) for name, area in self.areas.items()]
        self.key.append((self.change, "change, measured"))

    def draw(self, ledgers, also=()):
        """Show a layer's ledgers, in parts of the size before, on an axis that holds `also` too."""
        below, above = np.zeros((2, len(self.edges) - 1))
        for name, area in self.areas.items():
            values = np.zeros_like(above)
            values[: len(ledgers)] = [getattr(one, name) / one.size_before for one in ledgers]
            base = np.where(values < 0, below, above)
            area.set_data(values=base + values, edges=self.edges, baseline=base)
            below, above = below + np.minimum(values, 0), above + np.maximum(values, 0)
        change = [one.change / one.size_before for one in ledgers]
        self.change.set_data(np.arange(1, len(change) + 1), change)
        highest = max(above.max(), -below.min(), *np.abs(also), 0)
        top = next((top for top in TOPS if highest <= top), TOPS[-1])
        self.panel.frame(ylim=(-top, top), yticks={-top: f"−{tick(top)}", 0: "0", top: tick(top)})
