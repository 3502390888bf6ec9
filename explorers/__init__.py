"""The interactive figures of the notebooks, one file for each."""

from explorers.decay_rate import DecayRate
from explorers.meeting import Meeting

__all__ = ["DecayRate", "Meeting"]
