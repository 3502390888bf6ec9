"""The third answer's figure against exact sums, and against the cost of such a network."""

import itertools
import math
import re
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import chain

import pytest
from told import assert_says, assert_shows, column, inside, laid_out, shown, stops_of

from explorers import Penalty
from explorers.figures.penalty import POWERS, PenaltyResult, describe, tabulate
from explorers.formats import rounded, trimmed
from nn_core import Network, load_mnist

BOOK = (23_820, 50_000, 5.0)
STOPS = stops_of(Penalty)
ENDS = [
    *itertools.product(
        *([stops[0], default, stops[-1]] for stops, default in zip(STOPS.values(), BOOK))
    ),
    (1000, 1000, 2.0),  # both powers are 0
]


def exact(n_weights, n_train, lmbda, k):
    """Return lmbda/(2 n) sum w^2 for N_w weights of size N_w^k, to 40 digits, as a float."""
    with localcontext() as context:
        context.prec = 40
        w = Decimal(n_weights) ** Decimal(str(k))
        return float(Decimal(str(lmbda)) / (2 * n_train) * n_weights * w * w)


@pytest.fixture(scope="module")
def figure():
    return Penalty()


@pytest.mark.parametrize("k", POWERS)
def test_it_is_the_penalty_in_the_cost_of_a_network(figure, k):
    images = load_mnist(100).train
    net = Network([784, 30, 10], seed=0)
    for w in net.weights:
        w[...] = float(net.n_weights) ** k
    of_both = net.total_cost(images.pixels, images.y, 5.0, 50_000)
    penalty = of_both - net.total_cost(images.pixels, images.y)
    assert figure.result.apart(k) == pytest.approx(penalty, rel=1e-6, abs=1e-9)


def test_the_power_nought_is_nought_at_every_stop_and_not_a_rounding_error():
    at_one = [state for state in itertools.product(*STOPS.values())
              if state[0] % 100 == 0 and round(state[2] * state[0], 6) == 2 * state[1]]  # fmt: skip
    assert len(at_one) > 500
    for state in at_one:
        assert "at the size 1.0, which is N_w to the power 0. " in describe(PenaltyResult(*state))


def test_what_the_answer_reckons():
    """Its own numbers: 2.5 at k = 0 for lambda = 5; at k = -1/4 it is less than it says."""
    assert PenaltyResult(4000, 1, 5.0).equal(0) == 2.5
    assert PenaltyResult(4000, 1, 1.0).equal(-0.25) == pytest.approx(0.5 / math.sqrt(4000))
    assert PenaltyResult(4000, 1, 1.0).equal(-0.25) < 0.025 / 3


def test_with_both_n_equal_both_powers_are_one():
    sentence = describe(PenaltyResult(50_000, 50_000, 5.0))
    assert len(set(re.findall(r"power (?:would be )?(−0\.\d+)", sentence))) == 1


def test_at_the_books_values_the_penalty_is_one_near_the_power_nought(figure):
    """What the notebook says: any power between 0 and -1/2 fits, and 1 is reached at 0.92."""
    assert "at the size 0.92" in figure.sentence
    apart, equal = figure.result.power_at_one
    assert -0.05 < equal < apart < 0
    assert trimmed(apart, 2) in figure.sentence and trimmed(equal, 2) in figure.sentence


@pytest.mark.parametrize("state", ENDS, ids=str)
def test_at_the_ends_of_all_sliders_numbers_sentence_table_and_picture_agree(state):
    n_weights, n_train, lmbda = state
    result = PenaltyResult(*state)
    apart, equal = ([exact(n_weights, n, lmbda, k) for k in POWERS] for n in (n_train, n_weights))
    assert list(map(result.apart, POWERS)) == pytest.approx(apart, rel=1e-12)
    assert list(map(result.equal, POWERS)) == pytest.approx(equal, rel=1e-12)

    root = math.sqrt(Fraction(2 * n_train) / (Fraction(str(lmbda)) * n_weights))
    power, power_equal = result.power_at_one
    assert result.size_at_one == pytest.approx(root, rel=1e-12)
    assert n_weights**power == pytest.approx(root, rel=1e-12)
    assert result.apart(power) == pytest.approx(1, rel=1e-12)
    assert result.equal(power_equal) == pytest.approx(1, rel=1e-12)

    log = math.log(n_weights)
    assert_says(
        describe(result),
        "With weights of size 1/√N_w the penalty is λ/(2·n_train) = #, whatever N_w is. It is 1 at "
        "the size #, which is N_w to the power #. With both n set equal, as the answer has it, the "
        "power would be #. The book's power is −1/2.",
        lmbda / (2 * n_train), root, math.log(root) / log, math.log(2 / lmbda) / 2 / log,
    )  # fmt: skip

    table = tabulate(result)
    names = [what for k, text in POWERS.items()
             for what in (f"k = {text}, w = {rounded(float(n_weights) ** k)}: penalty",
                          f"k = {text}: with n_train set to N_w")]  # fmt: skip
    assert [what for what, _ in table] == names
    for (_, text), penalty in zip(table, chain(*zip(apart, equal)), strict=True):
        assert_shows(text, penalty)

    picture = laid_out(Penalty, 300)
    picture.draw(result)
    assert inside(picture.panel, apart + equal)


def test_curves_points_and_file_show_the_numbers(figure):
    for n_weights, n_train, lmbda in [(1000, 10_000_000, 0.01), BOOK]:
        figure.set(n_weights=n_weights, n_train=n_train, lmbda=lmbda)
        picture = shown(figure)
        for line, points, name, n in [
            (picture.apart, picture.apart_points, "penalty", n_train),
            (picture.equal, picture.equal_points, "penalty_with_equal_n", n_weights),
        ]:
            in_file = list(zip(column(figure, "k"), column(figure, name)))
            assert [k for k, _ in in_file] == list(points.get_xdata()) == list(POWERS)
            for k, penalty in (*zip(*line.get_data()), *zip(*points.get_data()), *in_file):
                assert penalty == pytest.approx(exact(n_weights, n, lmbda, k), rel=1e-9)
            assert len(line.get_xdata()) > 30
