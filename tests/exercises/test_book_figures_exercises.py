"""The exercise on the book's graphs: held to the recorded curves."""

import math

import numpy as np
import pytest

from exercises.book_figures import (
    meeting_epoch,
    message_length,
    predict_finished,
    predict_share,
)
from experiments import book_figures


@pytest.fixture(scope="module")
def recorded():
    """Sizes of the hidden layer of [784, 100, 10] by epoch, old and new, one seed."""
    return [book_figures.load()[100, init][0]["weight_rms"][:, 0] for init in ("old", "new")]


def test_the_length_is_that_of_the_recorded_new_weights(recorded):
    assert message_length() == pytest.approx(math.sqrt(78_400) * recorded[1][-1], rel=1e-6)


def test_the_solution_is_right_and_near_the_recorded_meeting(recorded):
    names = {}
    exec(meeting_epoch.solution, names)
    said = meeting_epoch.verdict(names["epoch"])
    old, new = recorded
    met = 2 + int(np.flatnonzero(old > 1.1 * new)[-1])  # the first epoch is number 1
    assert said.startswith(f"Right. Measured is epoch {met}.")
    assert names["epoch"] == pytest.approx(met, abs=3)


@pytest.mark.parametrize(
    "of_the_length, words",
    [(1.0, "√2"), (0.1, "Pythagoras"), (1.1, "comes on top")],
)
def test_slips(of_the_length, words):
    epoch = math.log(280 / (of_the_length * message_length())) / 0.05
    said = meeting_epoch.verdict(epoch)
    assert said.startswith("Not yet.") and words in said


def test_no_answer_is_no_error():
    assert meeting_epoch.verdict(...) == "Your turn. The epoch is missing."


def test_the_answers_to_the_questions_are_what_is_stored():
    stored = book_figures.load()
    old, new = (stored[30, init] for init in ("old", "new"))
    decay, pull, kick = (abs(old[0][name][-1, 0]) for name in ("decay", "pull", "kick"))
    ratio = sum(t["weight_rms"][29, 0] for t in old) / sum(t["weight_rms"][29, 0] for t in new)
    assert 0.45 < decay / (decay + pull + kick) < 0.55 and 1.1 < ratio < 2
    for ask, number in [(predict_share, f"{decay / (decay + pull + kick):.1%}"),
                        (predict_finished, f"{ratio:.2f} times")]:  # fmt: skip
        question = ask(stored)
        question.commit(question._right)
        assert question.verdict == "right" and number in question.outcome
