"""The interactive figures of the notebooks, one file for each."""

from explorers.figures.book_graphs import BookGraphs
from explorers.figures.chalkboard import Chalkboard
from explorers.figures.decay_rate import DecayRate
from explorers.figures.first_epochs import FirstEpochs
from explorers.figures.meeting import Meeting
from explorers.figures.penalty import Penalty
from explorers.figures.playground import Playground
from explorers.figures.saturation import Saturation
from explorers.figures.scaling_laws import ScalingLaws
from explorers.figures.tail_off import TailOff
from explorers.figures.width_law import WidthLaw

__all__ = [
    "BookGraphs",
    "Chalkboard",
    "DecayRate",
    "FirstEpochs",
    "Meeting",
    "Penalty",
    "Playground",
    "Saturation",
    "ScalingLaws",
    "TailOff",
    "WidthLaw",
]
