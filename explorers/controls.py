"""What a reader can move: each control is a name and the values it steps through."""

import math
import re
from dataclasses import dataclass

import numpy as np

from explorers.formats import full, short

# Twenty steps a decade, close to equal ratios, each a number that one would write down.
_DECADE = (1, 1.1, 1.25, 1.4, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3.2, 3.6, 4, 4.5, 5, 5.6, 6.3, 7, 8, 9)


# The choices of fan_in: the images in full, or blocks of 2x2 or 4x4 pixels averaged.
POOLS = {"784": 1, "196": 2, "49": 4}

# What more of it does, or which it is, in a few words: of those that mean the same in many figures.
_HELP = {
    "eta": "More makes every step longer: that of decay, and that of the data.",
    "lmbda": "More takes a larger share of every weight in each step.",
    "m": "More images a step: fewer steps an epoch, and less noise in each.",
    "n_train": "More images: more steps an epoch, and a smaller share taken by decay in each.",
    "hidden": "More neurons in the hidden layer, and so more weights.",
    "second": "A second hidden layer, of so many neurons.",
    "fan_in": "Fewer pixels, averaged: fewer weights into each hidden neuron.",
    "init": "How the first weights are drawn: old is N(0, 1), new is N(0, 1/fan_in).",
    "cost": "What training makes smaller, beside the L2 term.",
    "epoch": "Shows how things stood after this epoch.",
    "epochs": "More trains for longer.",
    "seed": "Another number draws other first weights, and another order of the images.",
    "layer": "Shows the weights of this layer.",
}

# When a change takes effect: everything is computed anew; or a run that the reader has started
# goes on with it from its next epoch; or only what is shown of the result changes.
ANEW, NEXT_EPOCH, VIEW = "anew", "next epoch", "view"

_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Control:
    """One slider or choice.

    `stops` are the values it steps through, ascending if they are numbers. From Python and from a
    preset any number between the ends is welcome; texts must be among the stops.
    """

    name: str  # as in code: "lmbda"
    symbol: str  # as on the page: "λ"
    meaning: str  # in words: "regularization"
    stops: tuple
    default: float | int | str
    acts: str = ANEW
    group: str = ""  # the topic of a fold it stands in; "" is always open
    own_help: str = ""  # what more of it does, where that is not what it does elsewhere

    @property
    def help(self):
        return self.own_help or _HELP.get(self.name, "")

    @property
    def is_choice(self):
        return isinstance(self.stops[0], str)

    @property
    def is_whole(self):
        return all(isinstance(stop, int) for stop in self.stops)

    def checked(self, value):
        """Return `value` as this control holds it, or say in a ValueError what is allowed."""
        if self.is_choice:
            for stop in self.stops:
                if value in (stop, stop.replace(" ", "_")):  # a preset has no spaces
                    return stop
            choices = ", ".join(map(repr, self.stops))  # some have a comma in them
            raise ValueError(f"{self.name} must be one of {choices}; got {short(value)}.")
        low, high = self.stops[0], self.stops[-1]
        number = _number(value)
        if not low <= number <= high:
            raise ValueError(
                f"{self.name} must be a number from {full(low)} to {full(high)}, "
                f"got {short(value)}."
            )
        if self.is_whole and number != int(number):
            raise ValueError(f"{self.name} must be a whole number, got {short(value)}.")
        return int(number) if self.is_whole else number

    def nearest(self, value):
        """Return the index of the stop nearest to `value`: where the handle stands."""
        if self.is_choice:
            return self.stops.index(value)
        return int(np.argmin([abs(stop - value) for stop in self.stops]))


def _number(value):
    """Return `value` as a float; nan if it is no number, or as text no decimal one."""
    if isinstance(value, bool) or (isinstance(value, str) and not _DECIMAL.fullmatch(value)):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def log_stops(low, high, *also):
    """Return about twenty numbers a decade from `low` to `high`, integers if both ends are.

    `also` are further stops: the book's own values, to which a reader must be able to drag back.
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    stops = [float(f"{step * 10.0**e:.3g}") for e in range(first, last + 1) for step in _DECADE]
    if isinstance(low, int) and isinstance(high, int):
        stops = sorted({round(stop) for stop in stops})
    return tuple(sorted({stop for stop in stops if low <= stop <= high} | set(also)))
