"""What the verdicts on the four answers measure, against a calculation that goes another way."""

import math
import re

import numpy as np
import pytest

from exercises import weighing
from experiments import memory
from explorers import Saturation
from explorers.figures.chalkboard import LAMBDAS
from explorers.figures.saturation import series
from nn_core import Network, load_mnist


def why(made, number):
    return made().solution()[number - 1][2]


def numbers(text):
    """Return all numbers of a text, with those like 2.5·10⁻⁷."""
    plain = text.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-"))
    found = re.findall(r"-?\d[\d,]*(?:\.\d+)?(?:·10-?\d+)?", plain)
    return [float(one.replace(",", "").replace("·10", "e")) for one in found]


def assert_said(text, *wanted):
    """Each of `wanted` is said in `text`, with two digits at least."""
    for value in wanted:
        assert any(math.isclose(value, one, rel_tol=0.05) for one in numbers(text)), (value, text)


def old_network():
    images = load_mnist(1000).train
    return images, Network([784, 30, 10], init="old", seed=3)


def test_the_new_initialization_is_over_the_inputs():
    _, net = old_network()
    assert net.n_weights == weighing.N_WEIGHTS
    assert_said(why(weighing.weigh_question, 1), 784**-0.5, net.n_weights**-0.5)


def test_bracket_and_epoch():
    assert_said(why(weighing.weigh_question, 4), 0.99999, math.exp(-0.05))
    assert_said(why(weighing.weigh_first, 1), 0.99999**5000)


def test_the_limit_where_it_fails():
    text = why(weighing.weigh_first, 2)
    assert f"{0.95**1000 / math.exp(-50):.0%} of the limit" in text
    assert_said(text, -math.expm1(5000 * math.log(0.99999) + 0.05))
    assert weighing.leading_error(weighing.BOOK) == pytest.approx(0.5**2 / 1_000_000)
    assert_said(why(weighing.weigh_fourth, 3), 2.5e-7, 1.25, 1e-5**2 / 2)


def test_costs_are_not_between_0_and_1():
    images, net = old_network()
    said = why(weighing.weigh_third, 1)
    assert_said(said, net.total_cost(images.x, images.y), weighing.settled().cost)
    # A network without weights, whose outputs say 10 % each.
    silent = Network([784, 30, 10], seed=0)
    for w in silent.weights:
        w[:] = 0
    silent.biases[1][:] = math.log(1 / 9)
    assert pytest.approx(silent.total_cost(images.x, images.y)) == weighing.KNOWS_NOTHING
    assert "3.25" in said and "19.4" in said


def test_the_penalty_for_powers_of_n():
    """By adding up the squares."""
    n, lmbda = weighing.N_WEIGHTS, 5.0
    by_hand = [lmbda / (2 * n) * np.full(n, float(n) ** k).dot(np.full(n, float(n) ** k))
               for k in (1, 0, -0.5)]  # fmt: skip
    assert_said(why(weighing.weigh_third, 3), *by_hand)
    text = why(weighing.weigh_third, 2)
    w = n**-0.5
    assert_said(text, 5.0 / (2 * 50_000) * n * w**2)


def test_from_where_on_the_penalty_is_below_one():
    k = numbers(why(weighing.weigh_third, 4))[1]
    assert 5.0 / 2 * weighing.N_WEIGHTS ** (2 * k) == pytest.approx(1, rel=0.15)  # two digits


def test_what_the_second_note_took_for_n():
    assert 400.0 in numbers(why(weighing.weigh_third, 5))
    assert pytest.approx(0.025 * 5) == (5.0 / 2) * 400**-0.5
    assert (5.0 / 2) * 4000**-0.5 < 0.1


def test_saturation_is_that_of_the_figure():
    figure = Saturation(n_train=1000, lmbda=5.0)
    at_first = {name: values[0] for name, values in series(figure.result).items()}
    z, random, saturated = weighing.start()
    assert z == pytest.approx(at_first["z"]) and random == pytest.approx(at_first["random"])
    assert saturated == pytest.approx(at_first["saturated"])


def test_pixels_are_dark():
    images, _ = old_network()
    square = np.mean([np.dot(x, x) / 784 for x in images.x])
    assert weighing.pixel_square() == pytest.approx(square) and 0.1 < square < 0.12


def test_the_chalkboards_numbers_belong_together():
    text = why(weighing.weigh_second, 1)
    total, data, penalty = numbers(text)[-3:]
    assert total == pytest.approx(data + penalty, abs=0.011)
    share = numbers(why(weighing.weigh_second, 2))[-4]
    assert 100 * penalty / total == pytest.approx(share, abs=1) and LAMBDAS[-1] == 50
    assert_said(why(weighing.weigh_second, 3), (total / penalty) ** 0.5)


def test_memory_and_message_of_the_book_are_those_that_are_stored():
    found = memory.load()[memory.Run(hidden=30, n_train=50_000, epochs=30)]
    hidden, output = found["message"][0] / found["memory"][0]
    text = why(weighing.weigh_ours, 2)
    assert f"{hidden:.0%}" in text and f"{output:.0%}" in text
    assert_said(text, float(f"{found['cosine'][0, 0]:.2f}"))


def test_powers_of_ten():
    assert weighing.power_of_ten(2.5e-7) == "2.5·10⁻⁷"
    assert weighing.power_of_ten(1.4e9) == "1.4·10⁹"
