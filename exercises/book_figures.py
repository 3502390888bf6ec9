"""Predictions on the book's own graphs. They are given the stored results that they ask about."""

import numpy as np

from exercises.prediction import Choice, Guess

Stored = dict[tuple[int, str], list[dict[str, np.ndarray]]]  # as `book_figures.load` returns it


def predict_finished(stored: Stored) -> Choice:
    """Ask whether the book's 30 epochs show the tail-off."""
    old, new = (
        [table["weight_rms"][29, 0] for table in stored[30, init]] for init in ("large", "scaled")
    )
    return Choice(
        "The book's graphs end after 30 epochs. Where are the old weights of [784, 30, 10] by "
        "then, compared with the new ones?",
        [
            "still over ten times as large",
            "two to ten times as large",
            "still larger, but less than twice as large",
            "equal",
        ],
        lambda: f"They are {sum(old) / sum(new):.2f} times as large, the mean of five seeds.",
        right="still larger, but less than twice as large",
    )


def predict_accuracy(stored: Stored) -> Guess:
    """Ask for the accuracy after the first epoch."""
    first = [table["validation_accuracy"][0] for table in stored[30, "large"]]
    return Guess(
        "In the first epoch the weights do little but decay, says claim 1. How many percent of the "
        "validation images does the old [784, 30, 10] get right when that epoch is over?",
        "Decay alone would leave it at 10. The size of the weights does not notice the "
        "sideways steps that taught the network most of what it knows.",
        value=lambda: 100 * sum(first) / len(first),
        close=5,
        unit="percent",
    )
