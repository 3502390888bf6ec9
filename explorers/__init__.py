"""The interactive figures of the notebooks, one file for each."""

from explorers.book_graphs import BookGraphs
from explorers.chalkboard import Chalkboard
from explorers.decay_rate import DecayRate
from explorers.first_epochs import FirstEpochs
from explorers.meeting import Meeting
from explorers.penalty import Penalty
from explorers.playground import Playground
from explorers.saturation import Saturation
from explorers.scaling_laws import ScalingLaws
from explorers.tail_off import TailOff
from explorers.width_law import WidthLaw

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
