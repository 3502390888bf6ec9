"""The exercise on the symbols: it tells the two n apart, and what else may be counted."""

import pytest

from exercises.start_here import claimed_size
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
        (..., "no answer yet"),
    ],
)
def test_each_slip_is_told_what_to_look_at(answer, words):
    said = claimed_size.verdict(answer)
    assert said.startswith("Not yet.") and words in said
    assert "0.0035" not in said
