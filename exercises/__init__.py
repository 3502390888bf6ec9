"""What the notebooks ask of a reader: predictions before a result, and exercises after it."""

from exercises.decay_rate import epochs_to_new, exact_factor
from exercises.exercise import Exercise
from exercises.prediction import Choice, Guess

__all__ = ["Choice", "Exercise", "Guess", "epochs_to_new", "exact_factor"]
