"""The third answer's figure against exact sums, and against the cost of such a network."""

import csv
import io
import itertools
import json
import math
import re
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from explorers import Penalty
from explorers.figures.penalty import POWERS, PenaltyResult, columns, compute, describe, tabulate
from explorers.formats import rounded, trimmed
from nn_core import Network, load_mnist

BOOK = (23_820, 50_000, 5.0)
STOPS = {control.name: control.stops for control in Penalty.controls}
ENDS = [
    *itertools.product(
        *([stops[0], default, stops[-1]] for stops, default in zip(STOPS.values(), BOOK))
    ),
    (1000, 1000, 2.0),  # both powers are 0
]
UGLY = re.compile(
    r"\b(inf|nan|None|not a number)\b|∞|e[-+]\d\d|\d{12,}|  |[-−]0(\.0*)?(?![\d.])|\.\."
)
NUMBER = r"[−-]?\d[\d,]*(?:\.\d+)?(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?"


def exact(n_weights, n_train, lmbda, k):
    """Return lmbda/(2 n) sum w^2 for N_w weights of size N_w^k, to 40 digits, as a float."""
    with localcontext() as context:
        context.prec = 40
        w = Decimal(n_weights) ** Decimal(str(k))
        return float(Decimal(str(lmbda)) / (2 * n_train) * n_weights * w * w)


def result_of(n_weights, n_train, lmbda):
    (result,) = compute(n_weights=n_weights, n_train=n_train, lmbda=lmbda)
    return result


@pytest.fixture
def figure():
    return Penalty()


def test_the_sum_added_up_weight_by_weight():
    result = PenaltyResult(1000, 70, 0.3)
    for k, squared in [(1.0, 1000**2), (0.5, 1000), (0.0, 1), (-0.5, Fraction(1, 1000))]:
        total = sum(Fraction(squared) for _ in range(1000))
        assert result.apart(k) == pytest.approx(float(Fraction(3, 10) / 140 * total), rel=1e-14)
        same = float(Fraction(3, 10) / 2000 * total)  # both n are 1000
        assert result.equal(k) == pytest.approx(same, rel=1e-14)


@pytest.mark.parametrize("k", POWERS)
def test_it_is_the_penalty_in_the_cost_of_a_network(k):
    images = load_mnist(100).train
    net = Network([784, 30, 10], seed=0)
    for w in net.weights:
        w[...] = float(net.n_weights) ** k
    of_both = net.total_cost(images.pixels, images.y, 5.0, 50_000)
    penalty = of_both - net.total_cost(images.pixels, images.y)
    assert result_of(*BOOK).apart(k) == pytest.approx(penalty, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("state", ENDS, ids=str)
def test_both_penalties_at_the_ends_of_all_sliders(state):
    n_weights, _, lmbda = state
    result = result_of(*state)
    for k in POWERS:
        assert result.apart(k) == pytest.approx(exact(*state, k), rel=1e-12)
        as_the_answer = exact(n_weights, n_weights, lmbda, k)
        assert result.equal(k) == pytest.approx(as_the_answer, rel=1e-12)


@pytest.mark.parametrize("state", ENDS, ids=str)
def test_where_the_penalty_is_one_it_is_one(state):
    n_weights, n_train, lmbda = state
    result = result_of(*state)
    squares = Fraction(2 * n_train) / (Fraction(str(lmbda)) * n_weights)
    assert result.size_at_one == pytest.approx(math.sqrt(squares), rel=1e-12)
    apart, equal = result.power_at_one
    assert n_weights**apart == pytest.approx(result.size_at_one, rel=1e-12)
    assert result.apart(apart) == pytest.approx(1, rel=1e-12)
    assert result.equal(equal) == pytest.approx(1, rel=1e-12)


def test_at_the_inverse_root_the_number_of_weights_drops_out():
    penalties = {rounded(PenaltyResult(n, 50_000, 5.0).apart(-0.5), 12)
                 for n in STOPS["n_weights"]}  # fmt: skip
    assert penalties == {"0.0000500000000000"}


def test_what_the_answer_reckons():
    """Its own numbers: 2.5 at k = 0 for lambda = 5; at k = -1/4 it is less than it says."""
    assert PenaltyResult(4000, 1, 5.0).equal(0) == 2.5
    assert PenaltyResult(4000, 1, 1.0).equal(-0.25) == pytest.approx(0.5 / math.sqrt(4000))
    assert PenaltyResult(4000, 1, 1.0).equal(-0.25) < 0.025 / 3


def test_with_both_n_equal_both_curves_are_one():
    result = PenaltyResult(50_000, 50_000, 5.0)
    for k in np.linspace(-0.6, 1.05, 7):
        assert result.apart(k) == pytest.approx(result.equal(k), rel=1e-12)


@pytest.mark.parametrize("state", ENDS, ids=str)
def test_the_sentence_says_the_numbers(state, number_in):
    n_weights, n_train, lmbda = state
    sentence = describe(result_of(*state))
    said = re.fullmatch(
        rf"With weights of size 1/√N_w the penalty is λ/\(2·n_train\) = ({NUMBER}), whatever N_w "
        rf"is\. It is 1 at the size ({NUMBER}), which is N_w to the power ({NUMBER})\. With both n "
        rf"set equal, as the answer has it, the power would be ({NUMBER})\. The book's power is "
        r"−1/2\.",
        sentence,
    )
    assert said and not UGLY.search(sentence), sentence
    penalty, size, apart, equal = map(number_in, said.groups())
    root = math.sqrt(2 * n_train / (lmbda * n_weights))
    assert penalty == pytest.approx(lmbda / (2 * n_train), rel=0.06)
    assert size == pytest.approx(root, rel=0.06)
    assert apart == pytest.approx(math.log(root) / math.log(n_weights), rel=0.06, abs=1e-6)
    wanted = math.log(math.sqrt(2 / lmbda)) / math.log(n_weights)
    assert equal == pytest.approx(wanted, rel=0.06, abs=1e-6)


def test_the_power_nought_is_nought_at_every_stop_and_not_a_rounding_error():
    at_one = [state for state in itertools.product(*STOPS.values())
              if state[0] % 100 == 0 and round(state[2] * state[0], 6) == 2 * state[1]]  # fmt: skip
    assert len(at_one) > 500
    for state in at_one:
        assert "at the size 1.0, which is N_w to the power 0. " in describe(PenaltyResult(*state))


@pytest.mark.parametrize("state", ENDS, ids=str)
def test_the_table_has_them_with_more_digits(state, number_in):
    n_weights, _, lmbda = state
    rows = tabulate(result_of(*state))
    assert len(dict(rows)) == len(rows) == 2 * len(POWERS)
    for (k, text), apart, equal in zip(POWERS.items(), rows[::2], rows[1::2]):
        what, size = re.fullmatch(rf"(k = {text}), w = ({NUMBER}): penalty", apart[0]).groups()
        assert equal[0] == f"{what}: with n_train set to N_w"
        assert number_in(size) == pytest.approx(float(n_weights) ** k, rel=6e-3)
        assert number_in(apart[1]) == pytest.approx(exact(*state, k), rel=6e-3)
        wanted = exact(n_weights, n_weights, lmbda, k)
        assert number_in(equal[1]) == pytest.approx(wanted, rel=6e-3)
        assert not any(UGLY.search(word) for word in (*apart, *equal))


def test_the_powers_are_named_as_they_are():
    for k, text in POWERS.items():
        assert float(Fraction(text.replace("−", "-"))) == k


def test_at_the_books_values_the_penalty_is_one_near_the_power_nought(figure):
    """What the notebook says: any power between 0 and -1/2 fits, and 1 is reached at 0.92."""
    assert "at the size 0.92" in figure.sentence
    apart, equal = figure.result.power_at_one
    assert -0.05 < equal < apart < 0
    assert trimmed(apart, 2) in figure.sentence and trimmed(equal, 2) in figure.sentence


def test_the_csv_holds_the_numbers(figure):
    table = list(csv.DictReader(io.StringIO(figure.csv())))
    assert [float(line["k"]) for line in table] == list(POWERS)
    for line in table:
        k = float(line["k"])
        assert float(line["penalty"]) == figure.result.apart(k)
        assert float(line["penalty_with_equal_n"]) == figure.result.equal(k)
    assert len({len(values) for values in columns(figure.result).values()}) == 1


def test_curves_and_points_show_the_numbers(figure):
    picture = figure._picture
    for n_weights, n_train, lmbda in [BOOK, (1000, 10_000_000, 0.01)]:
        figure.set(n_weights=n_weights, n_train=n_train, lmbda=lmbda)
        for line, points, both in [(picture.apart, picture.apart_points, n_train),
                                   (picture.equal, picture.equal_points, n_weights)]:  # fmt: skip
            for curve in (line, points):
                for k, penalty in zip(*curve.get_data()):
                    assert penalty == pytest.approx(exact(n_weights, both, lmbda, k), rel=1e-9)
            assert list(points.get_xdata()) == list(POWERS)
        assert len(picture.apart.get_xdata()) > 30


def leaving(picture, state):
    """Draw a state; return the points that are not in the picture."""
    picture.draw(result_of(*state))
    low, high = picture.panel.moving.get_ylim()
    values = [*picture.apart_points.get_ydata(), *picture.equal_points.get_ydata()]
    return [value for value in values if not low <= value <= high]


def test_at_the_books_values_nothing_leaves_the_picture():
    assert leaving(Penalty.Picture(720), BOOK) == []


def test_nothing_leaves_the_picture_at_the_ends_of_the_sliders():
    picture = Penalty.Picture(720)
    assert [state for state in ENDS if leaving(picture, state)] == []


def test_alt_text_preset_and_a_message_in_words(figure):
    data, _ = figure._repr_mimebundle_()
    assert figure.sentence in json.dumps(data, ensure_ascii=False)
    figure.apply("penalty n_weights=50000 n_train=50000 lmbda=5")  # from the notebook
    assert figure.preset == "penalty n_weights=50000 n_train=50000 lmbda=5" and not figure.message
    assert len(set(re.findall(r"power (?:would be )?(−0\.\d+)", figure.sentence))) == 1
    with pytest.raises(ValueError, match=r"from 0\.01 to 1,000"):
        figure.set(lmbda=0.0)
    assert "lmbda" in figure.message
