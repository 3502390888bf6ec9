"""Memory and message: predictions that numbers bear out, and a word of its own for each slip."""

import math

import numpy as np
import pytest

from exercises.exercise import OPEN
from exercises.memory import dimmed, empty_message, first_layer, predict_dimming, split
from experiments import memory as runs
from nn_core import load_mnist


def right(w0, w, eta, lmbda, n_train, steps):
    memory = w0 * (1 - eta * lmbda / n_train) ** steps
    return memory, w - memory


SLIPS = {
    "start itself": lambda w0, w, eta, lmbda, n_train, steps: (w0, w - w0),
    "single step": lambda w0, w, eta, lmbda, n_train, steps: right(w0, w, eta, lmbda, n_train, 1),
    "limit": lambda w0, w, eta, lmbda, n_train, steps: (
        math.exp(-eta * lmbda * steps / n_train) * w0, w),
    "n_train is": lambda w0, w, eta, lmbda, n_train, steps: (
        (1 - eta * lmbda / 10) ** steps * w0, w),
    "a power of s": lambda w0, w, eta, lmbda, n_train, steps: (
        steps * (1 - eta * lmbda / n_train) * w0, w),
    "does not fit": lambda w0, w, eta, lmbda, n_train, steps: (-w0, w),
    "memory is right": lambda w0, w, eta, lmbda, n_train, steps: (
        right(w0, w, eta, lmbda, n_train, steps)[0], w),
    "Return two arrays": lambda *_: 3,
    "the shape of w": lambda *_: (1.0, 2.0),
    "missing": lambda *_: (..., ...),
}  # fmt: skip


def test_the_identity_is_right():
    assert split.verdict(right).startswith("Right. ")


@pytest.mark.parametrize("words", SLIPS)
def test_each_slip_has_its_own_words(words):
    verdict = split.verdict(SLIPS[words])
    assert verdict.startswith(OPEN if "missing" in words else "Not yet. ")
    assert words in verdict and len(verdict) < 250


def test_something_else_than_a_function_is_told():
    assert "Hand over the function itself" in split.verdict(3)


def test_an_empty_message_that_is_no_black_pixels():
    """A pixel that is lit in some image, at a neuron that is saturated there."""
    message, black = np.abs(first_layer(1).message), load_mnist(1000).always_black
    neurons, pixels = np.nonzero((message < 1e-6) & ~black)
    assert 0 < len(neurons) < 0.1 * message.size
    lit = (load_mnist(1000).train.pixels[:, pixels[0]] > 0).sum()
    verdict = empty_message.verdict((neurons[0], pixels[0]))
    assert verdict.startswith("Right. ") and f"lit in {lit} of" in verdict


@pytest.mark.parametrize(
    "answer, words",
    [(..., "missing"), ((0, 0), "control group"), ((0, 400), "have written"),
     ((30, 0), "neurons 0 to 29"), (7, "a pair"), ("no", "a pair"), ((1, None), "a pair")],
)  # fmt: skip
def test_what_is_no_such_weight_is_told(answer, words):
    verdict = empty_message.verdict(answer)
    assert verdict.startswith(OPEN if "missing" in words else "Not yet. ") and words in verdict


@pytest.mark.parametrize("exercise", [split, empty_message])
def test_solutions_are_right(exercise):
    names = {}
    exec(exercise.solution, names)
    answer = names.get("my_split", names.get("where"))
    assert exercise.verdict(answer).startswith("Right. ")


def test_a_little_less_memory_is_better_and_none_much_worse():
    """In the mean, and with three quarters for each of the five seeds."""
    book = [run for run in runs.series()["the book's networks"]
            if (run.hidden, run.init) == (30, "old")]  # fmt: skip
    first = [dict(zip(runs.KEEPS, runs.load()[run]["dimmed_hidden"][0])) for run in book]
    assert len(first) == 5
    assert all(one[0.75] > one[1.0] > one[0.0] + 0.05 for one in first)


def test_half_of_the_memory_is_better_than_all_and_none_is_worse_on_5_000_images():
    """As the question's right answer says: in its own network, and in two of other seeds."""
    all_of_it, half, none = dimmed()
    others = [runs.load()[runs.Run(seed=seed)]["dimmed_hidden"][0] for seed in (0, 1)]
    for one in (
        {0.0: none, 0.5: half, 1.0: all_of_it},
        *(dict(zip(runs.KEEPS, o)) for o in others),
    ):
        assert one[0.5] > one[1.0] + 0.02 > one[0.0] + 0.07
    prediction = predict_dimming()
    prediction.commit("more with half of it, fewer with none")
    assert prediction.verdict == "right"
    assert f"{all_of_it:.1%} with all of it, {half:.1%} with half" in prediction.outcome
