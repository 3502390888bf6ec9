"""Predictions and exercise on the ways to fail: held to trained weights, not to the formula."""

from itertools import pairwise

import numpy as np
import pytest

from exercises import playground
from exercises.playground import edge, predict_past_the_edge, predict_too_strong
from explorers import Playground
from nn_core import Network, sgd_step


def decayed(lmbda, eta, n_train, steps=4):
    """Return by how much a weight without a gradient has grown, and whether its sign changed."""
    net = Network([3, 2, 2], init="old", seed=0)
    x, y = np.zeros((1, 3)), np.array([[1.0, 0.0]])
    before = net.weights[0].copy()
    signs = []
    for _ in range(steps):
        sgd_step(net, x, y, eta=eta, lmbda=lmbda, n_train=n_train)
        signs.append(np.sign(net.weights[0]).ravel())
    flips = all((one == -two).all() for one, two in pairwise(signs))
    return float(np.linalg.norm(net.weights[0]) / np.linalg.norm(before)), flips


def test_beyond_the_edge_weights_without_a_gradient_grow():
    names = {}
    exec(edge.solution, names)
    right = names["lmbda"]
    assert edge.verdict(right).startswith("Right.")
    assert decayed(1.01 * right, 0.5, 2000)[0] > 1 > decayed(0.99 * right, 0.5, 2000)[0]


@pytest.mark.parametrize(
    "answer, words",
    [(4000, "flips"), (2000, "multiplied"), (4, "n_train"), (40, "m is not"), ("8", "quotes")],
)
def test_slips(answer, words):
    said = edge.verdict(answer)
    assert said.startswith("Not yet.") and words in said and "8000" not in said


def test_past_the_edge_they_change_sign_and_grow():
    grown, flips = decayed(250.0, 1.0, 100)
    assert flips and grown == pytest.approx(1.5**4)
    asked = predict_past_the_edge()
    asked.commit("they change sign in each step, and grow")
    assert asked.verdict == "right" and "−1.5" in asked.outcome


def test_too_strong_a_decay_leaves_a_network_that_guesses():
    accuracy = float(Playground(lmbda=200).result.accuracy[-1][1])
    assert 0.05 < accuracy < 0.15
    asked = predict_too_strong()
    asked.commit(playground.predict_too_strong().options[-1])
    assert asked.verdict == "right" and "%" in asked.outcome
