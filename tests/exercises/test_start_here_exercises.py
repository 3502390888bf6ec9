"""The exercise on the symbols: it tells the two n apart, and what else may be counted."""

import pytest

from exercises import start_here
from exercises.exercise import OPEN
from exercises.memory import first_layer
from exercises.start_here import claimed_size
from exercises.tail_off import settled
from nn_core import Network


def test_the_networks_own_count_is_right():
    assert claimed_size.verdict(Network([784, 100, 10], seed=0).n_weights ** -0.5)[:6] == "Right."


def test_the_solution_is_right():
    names = {}
    exec(claimed_size.solution, names)
    assert claimed_size.verdict(names["size"]).startswith("Right.")


@pytest.mark.parametrize(
    "answer, words",
    [
        (50_000**-0.5, "training images"),
        (1 / 28, "one neuron"),
        (894**-0.5, "neurons"),
        (79_510**-0.5, "biases"),
        (78_400**-0.5, "one more layer"),
        (23_820**-0.5, "100 hidden"),
        (1 / 79_400, "root"),
        (281.78, "smaller"),
        (79_400, "n itself"),
        (0.01, "both layers"),
        (..., "missing"),
    ],
)
def test_each_slip_is_told_what_to_look_at(answer, words):
    said = claimed_size.verdict(answer)
    assert said.startswith(OPEN if "missing" in words else "Not yet. ") and words in said
    assert "0.0035" not in said


def test_the_meeting_is_what_the_numbers_say():
    old, new = settled("old"), settled("new")
    assert max(old / new, new / old) < 1.2  # from a factor of 28
    prediction = start_here.predict_puzzle()
    prediction.commit("they meet")
    assert prediction.verdict == "right"
    assert f"{old:.4f}" in prediction.outcome and f"{new:.4f}" in prediction.outcome


def test_the_noise_fades_and_strokes_stay():
    early, late = first_layer(1).lengths, first_layer(60).lengths
    assert late[0] < 0.1 * early[0] and late[1] > 2 * early[1]
