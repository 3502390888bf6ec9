"""Predictions and an exercise on the book's own graphs.

The predictions are given the stored results that they ask about.
"""

import math
from functools import cache
from typing import Any

import numpy as np

from exercises.exercise import Exercise, as_number, refuse
from exercises.prediction import Choice
from experiments import arrival, conditions

Stored = dict[tuple[int, str], list[dict[str, np.ndarray]]]  # as `book_figures.load` returns it


def predict_finished(stored: Stored) -> Choice:
    """Ask whether the book's 30 epochs show the tail-off."""
    old, new = (
        [table["weight_rms"][29, 0] for table in stored[30, init]] for init in ("old", "new")
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


def predict_share(stored: Stored) -> Choice:
    """Ask what becomes of decay's share of the ledger when the decay has tailed off."""
    half = "about a half"

    def result() -> str:
        share = conditions.decay_shares(conditions.longest(stored[30, "old"]), 0)[-1]
        return f"It is {share:.1%}: decay takes what the data give, and goes on taking it."

    return Choice(
        "In the first epoch nearly all of the hidden layer's ledger is decay, says claim 1. After "
        "150 epochs the decay has tailed off. Which part of the ledger is decay's then?",
        ["still nearly all", half, "nearly none"],
        result,
        right=half,
    )


HIDDEN = 100


@cache
def _book() -> tuple[float, int]:
    """Return where the hidden weights of [784, 100, 10] settle, as a length, and when they meet."""
    for run, (old, new) in arrival.measured(arrival.load(), arrival.BOOK).items():
        if run.hidden == HIDDEN and (epoch := arrival.met(old, new)) is not None:
            return float(new[-1]), epoch
    raise LookupError("The stored runs have no [784, 100, 10] whose weights meet.")


def message_length() -> float:
    """Return D, the length at which the hidden layer of the book's [784, 100, 10] settles."""
    return _book()[0]


def _judge_meeting(answer: Any) -> str:
    value = as_number(answer, "the epoch")
    start, (length, met) = math.sqrt(784 * HIDDEN), _book()
    per_epoch = 0.1 * 5.0 / 10
    left = math.sqrt(1.1**2 - 1) * length  # of the memory, when all is a tenth longer than D
    right = math.log(start / left) / per_epoch
    slips = [
        (math.log(start / length) / per_epoch, "There the memory is as long as the message, and "
         "all of it √2 times as long. A tenth is asked for."),
        (math.log(start / (0.1 * length)) / per_epoch, "Lengths at right angles add up by "
         "Pythagoras: with a memory of 0.1 D all is 1.005 D."),
        (math.log(start / (1.1 * length)) / per_epoch, "There the memory alone is 1.1 D long, "
         "and the message comes on top."),
        (math.log10(start / left) / per_epoch, "Take the natural logarithm."),
        (math.log(1 / left) / per_epoch, "D is a length, so take the start's, √(784·100)."),
        (math.log(start / left) * per_epoch, "Upside down: small ηλ/m means *many* epochs."),
    ]  # fmt: skip
    if math.isclose(value, right, rel_tol=0.02):
        return f"Measured is epoch {met}. The book's graph ends after 30."
    refuse(
        value,
        slips,
        "Memory² + D² = (1.1 D)². Which memory is that, and when has it faded to it?",
        rel_tol=0.02,
    )


meeting_epoch = Exercise(
    question="From which epoch on are the old hidden weights of the book's [784, 100, 10] less "
    "than a tenth longer than the new ones? The start has the length √(784·100), the message ends "
    "at the length D, and the memory fades by ηλ/m = 0.05 per epoch.",
    hints=(
        "Memory and message stand at right angles: their squared lengths add up.",
        "All is 1.1 D long where the memory is √(1.1² - 1) D.",
        "√(784·100)·exp(-0.05 k) = √0.21 D. Solve for k.",
    ),
    solution="import math\n"
    "from exercises.book_figures import message_length\n"
    "epoch = math.log((784 * 100) ** 0.5 / (0.21**0.5 * message_length())) / 0.05",
    judge=_judge_meeting,
)
