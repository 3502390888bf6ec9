"""Claim 2's figure against exact fractions and against a training loop written out by hand."""

import asyncio
import csv
import io
import itertools
import json
import re
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from explorers import DecayRate
from explorers.figures.decay_rate import SEED, compute
from explorers.formats import percent, rounded
from nn_core import Network, load_mnist

SMALL = {"eta": 0.5, "lmbda": 20.0, "m": 30, "n_train": 100}  # 4 steps: m does not divide n_train
STOPS = {control.name: control.stops for control in DecayRate.controls}
ENDS = [dict(zip(STOPS, values)) for values in itertools.product(
    (STOPS["eta"][0], 0.1, STOPS["eta"][-1]),
    (STOPS["lmbda"][0], STOPS["lmbda"][1], 5.0, STOPS["lmbda"][-1]),
    (STOPS["m"][0], 14, STOPS["m"][-1]),
    (STOPS["n_train"][0], 1000, STOPS["n_train"][-1]),
)]  # fmt: skip
# One in each regime, and the borders between them; all with 100 images, which take 0.1 s.
REGIMES = {
    "without decay": {"eta": 0.1, "lmbda": 0.0, "m": 10},
    "gentle": {"eta": 0.1, "lmbda": 5.0, "m": 10},
    "gentle in a step, but not in an epoch": {"eta": 10.0, "lmbda": 0.9, "m": 1},
    "abrupt": {"eta": 1.0, "lmbda": 50.0, "m": 50},
    "all at once": {"eta": 1.0, "lmbda": 100.0, "m": 10},
    "flipping": {"eta": 1.0, "lmbda": 180.0, "m": 100},
    "for ever": {"eta": 1.0, "lmbda": 200.0, "m": 10},
    "growing": {"eta": 10.0, "lmbda": 1000.0, "m": 1},
}
UGLY = re.compile(
    r"\b(inf|nan|None|not a number)\b|e[-+]\d\d|(?<![.\d])\d{12,}|\(\d+\+0j\)|  |\.\.$"
)


@pytest.fixture(scope="module")
def figure():
    return DecayRate(n_train=100)


def exact(eta, lmbda, m, n_train):
    """Return (factor, limit, error) to 50 digits: one multiplication for each mini-batch."""
    steps = len(range(0, n_train, m))
    product = Fraction(str(eta)) * Fraction(str(lmbda))
    with localcontext() as context:
        context.prec, context.Emin, context.Emax = 50, -(10**9), 10**9
        step = 1 - Decimal(product.numerator) / product.denominator / n_train
        factor = step**steps
        limit = (-Decimal(product.numerator) / product.denominator / m).exp()
        return factor, limit, factor / limit - 1


def loop_by_hand(eta, lmbda, m, n_train, epochs):
    """Train image by image, each weight by equation (93); return the two sizes over epochs."""
    mnist = load_mnist(n_train)
    x, y = mnist.train.pixels / 256, mnist.train.y
    black = (mnist.train.pixels == 0).all(axis=0)
    net = Network([784, 30, 10], init="large", seed=SEED)
    (w1, w2), (b1, b2) = net.weights, net.biases
    rng = np.random.default_rng(SEED + 1)
    control, layer = [np.sqrt((w1[:, black] ** 2).mean())], [np.sqrt((w1**2).mean())]
    for _ in range(epochs):
        order = rng.permutation(n_train)
        for start in range(0, n_train, m):
            batch = order[start : start + m]
            gradients = [0, 0, 0, 0]
            for i in batch:
                hidden = 1 / (1 + np.exp(-(w1 @ x[i] + b1)))
                output = 1 / (1 + np.exp(-(w2 @ hidden + b2)))
                error = output - y[i]  # cross-entropy, equation (68)
                back = (w2.T @ error) * hidden * (1 - hidden)
                for place, gradient in enumerate(
                    (np.outer(back, x[i]), back, np.outer(error, hidden), error)
                ):
                    gradients[place] = gradients[place] + gradient
            step = 1 - eta * lmbda / n_train
            w1 = step * w1 - eta / len(batch) * gradients[0]
            w2 = step * w2 - eta / len(batch) * gradients[2]
            b1, b2 = b1 - eta / len(batch) * gradients[1], b2 - eta / len(batch) * gradients[3]
        control.append(np.sqrt((w1[:, black] ** 2).mean()))
        layer.append(np.sqrt((w1**2).mean()))
    return np.array(control) / control[0], np.array(layer) / layer[0], int(black.sum())


def first(**state):
    return next(compute(**state))


def row(figure, word):
    (value,) = [value for what, value in figure.numbers.items() if what.startswith(word)]
    return value


def shown(figure):
    return figure._run.result


def test_the_measurement_is_that_of_a_loop_by_hand():
    epochs = 2
    *_, result = itertools.islice(compute(**SMALL), epochs + 1)
    control, layer, n_black = loop_by_hand(**SMALL, epochs=epochs)
    np.testing.assert_allclose(result.control, control, rtol=1e-12)
    np.testing.assert_allclose(result.layer, layer, rtol=1e-9)
    assert result.n_black == n_black > 100


def test_the_control_group_follows_the_exact_factor():
    factor = float(exact(**SMALL)[0])
    *_, result = compute(**SMALL)
    np.testing.assert_allclose(result.control, factor ** np.arange(31), rtol=1e-12)
    assert result.control_deviation < 1e-12


@pytest.mark.parametrize("state", ENDS, ids=lambda state: "-".join(map(str, state.values())))
def test_the_closed_forms_at_the_ends_of_all_sliders(state):
    result = first(**state)
    factor, limit, error = exact(**state)
    if abs(factor) < Decimal("1e308"):
        assert result.factor == pytest.approx(float(factor), rel=1e-9, abs=1e-300)
    assert result.limit == pytest.approx(float(limit), rel=1e-9, abs=1e-300)
    if abs(error) < Decimal("1e308"):
        assert result.error == pytest.approx(float(error), rel=1e-9, abs=1e-16)
    assert result.diverges == (Fraction(str(state["eta"])) * Fraction(str(state["lmbda"]))
                               >= 2 * state["n_train"])  # fmt: skip


def test_the_leading_term_is_what_is_left_of_the_error_for_small_decay():
    gentle = {"eta": 0.1, "lmbda": 1.0, "n_train": 10_000}
    for m in (10, 30):  # 30 does not divide 10,000
        result = first(**gentle, m=m)
        error = float(exact(**gentle, m=m)[2])
        assert result.leading == pytest.approx(error, rel=0.01)


def test_the_sentence_says_the_computed_numbers(figure, number_in):
    figure.set(**SMALL)
    _, layer, n_black = loop_by_hand(**SMALL, epochs=1)
    factor, limit, error = exact(**SMALL)
    sentence = figure.sentence
    for text in (rounded(float(factor), 6), rounded(float(limit), 6),
                 percent(abs(float(error))), str(n_black), f"{30 * n_black:,}",
                 rounded(layer[1]), rounded(shown(figure).layer[-1]),
                 rounded(float(factor**30))):  # fmt: skip
        assert re.search(rf"(?<![\d.,]){re.escape(text)}(?![\d,·]|\.\d)", sentence), text
    assert number_in(rounded(layer[1])) == pytest.approx(layer[1], rel=1e-2)
    (digits,) = re.findall(r"to (?:more than )?(\d+) digits", sentence)
    assert 10 <= int(digits) <= 12


def test_the_table_has_the_same_numbers_with_more_digits(figure, number_in):
    figure.set(**SMALL)
    factor, limit, error = map(float, exact(**SMALL))
    assert number_in(row(figure, "ηλ/n_train")) == pytest.approx(0.1)
    assert number_in(row(figure, "steps per epoch")) == 4
    assert number_in(row(figure, "exact factor")) == pytest.approx(factor, rel=1e-7)
    assert number_in(row(figure, "limit")) == pytest.approx(limit, rel=1e-7)
    assert number_in(row(figure, "relative error")) == pytest.approx(error, rel=1e-2)
    assert number_in(row(figure, "epochs measured")) == 30
    assert number_in(row(figure, "control group")) == pytest.approx(factor**30, rel=1e-5)


@pytest.mark.parametrize("name", REGIMES)
def test_sentence_and_table_are_presentable_in_every_regime(figure, name):
    figure.set(**REGIMES[name], n_train=100)
    for text in (figure.sentence, *figure.numbers.values()):
        assert not UGLY.search(text), text
    assert re.match("[A-Zλ]", figure.sentence) and figure.sentence[-1] in ".…"
    assert figure.message == ""


@pytest.mark.parametrize(
    "state", [state for state in ENDS if first(**state).diverges],
    ids=lambda state: "-".join(map(str, state.values())),
)  # fmt: skip
def test_growing_decay_is_said_in_words_and_trains_nothing(figure, state):
    figure.set(**state)
    assert re.search("diverge", figure.sentence) and re.search("refused", figure.sentence)
    assert not re.search("Measured", figure.sentence)
    assert row(figure, "epochs measured") == "0"
    assert not UGLY.search(figure.sentence)


def test_an_infinite_percentage_is_no_finding(figure):
    figure.set(**REGIMES["growing"], n_train=100)
    assert "∞ %" not in figure.sentence


def test_a_limit_that_is_far_off_is_not_called_good(figure):
    """Small steps, but a thousand of them: the error is about (eta*lambda)^2 / (2 m n_train)."""
    figure.set(**REGIMES["gentle in a step, but not in an epoch"], n_train=100)
    assert abs(shown(figure).error) > 0.3
    assert "good limit" not in figure.sentence


def test_a_small_size_is_not_called_zero(figure):
    """0.5^3000 is no float, but it is not 0 either."""
    figure.set(eta=10.0, lmbda=5.0, m=1, n_train=100)
    assert not re.search(r"leave 0\.(?!\d)", figure.sentence)


def test_sizes_at_the_end_of_the_floats_break_nothing(figure):
    lmbda = 100 * (1 - 10 ** (-323.2 / 750))  # 25 steps in each of 30 epochs, down to 10^-323.2
    figure.set(eta=1.0, lmbda=lmbda, m=4, n_train=100)
    assert 0 < abs(shown(figure).factor) ** 30 < 2e-323
    assert figure.message == "" and not UGLY.search(figure.sentence)


def test_without_decay_both_factors_are_one(figure):
    figure.set(eta=0.1, lmbda=0.0, m=10, n_train=100)
    assert "λ = 0" in figure.sentence and "1" in figure.sentence
    assert set(shown(figure).control) == {1.0}
    assert shown(figure).error == 0


def test_the_control_group_at_shrink_one_is_gone_after_a_step(figure):
    figure.set(**REGIMES["all at once"], n_train=100)
    assert shown(figure).factor == 0 and shown(figure).control[1:] == (0.0,) * 30


def test_sizes_in_the_flipping_regime_are_positive_and_follow(figure):
    figure.set(**REGIMES["flipping"], n_train=100)
    assert shown(figure).factor == pytest.approx(-0.8)
    np.testing.assert_allclose(shown(figure).control, 0.8 ** np.arange(31), rtol=1e-12)


def test_more_decay_shrinks_more():
    factors = [first(eta=0.1, lmbda=lmbda, m=10, n_train=1000).factor
               for lmbda in STOPS["lmbda"] if lmbda < 1000]  # fmt: skip
    assert all(b < a for a, b in itertools.pairwise(factors))


def test_the_first_result_is_quick_and_the_rest_is_one_an_epoch():
    results = list(compute(**SMALL))
    assert [len(result.layer) - 1 for result in results] == list(range(31))
    assert len(results[0].control) == 1


def test_the_csv_holds_the_curves(figure):
    figure.set(**SMALL)
    table = list(csv.DictReader(io.StringIO(figure.csv())))
    assert [int(line["epoch"]) for line in table] == list(range(31))
    factor, limit, _ = exact(**SMALL)
    for line in table:
        k = int(line["epoch"])
        assert float(line["exact_factor"]) == pytest.approx(float(factor**k))
        assert float(line["exponential_limit"]) == pytest.approx(float(limit**k))
        assert float(line["control_group"]) == shown(figure).control[k]
        assert float(line["hidden_layer"]) == shown(figure).layer[k]


def test_the_csv_of_a_refused_run_has_empty_cells(figure):
    figure.set(eta=10.0, lmbda=1000.0, m=100, n_train=100)
    table = list(csv.DictReader(io.StringIO(figure.csv())))
    assert table[0]["control_group"] == "1.0" and table[1]["control_group"] == ""
    assert float(table[30]["exact_factor"]) == pytest.approx(99.0**30)


def test_the_csv_of_overflowing_decay_is_no_crash(figure):
    figure.set(eta=10.0, lmbda=1000.0, m=1, n_train=100)
    assert len(figure.csv().splitlines()) == 32


def test_curves_show_the_numbers(figure):
    figure.set(**SMALL)
    picture, result = figure._picture, shown(figure)
    np.testing.assert_array_equal(picture.control.get_ydata(), result.control)
    np.testing.assert_array_equal(picture.layer.get_ydata(), result.layer)
    np.testing.assert_allclose(picture.exact.get_ydata()[:3], result.factor ** np.arange(3))
    np.testing.assert_allclose(picture.limit.get_ydata()[:3], result.limit ** np.arange(3))
    (x,), (y,) = picture.point.get_data()
    assert x == pytest.approx(0.1) and y == pytest.approx(abs(result.error))


def on_curve(picture, x):
    """Read the error curve at x, between its points on a log-log scale."""
    xs, ys = picture.curve.get_data()
    seen = np.isfinite(ys) & (ys > 0)
    return np.exp(np.interp(np.log(x), np.log(xs[seen]), np.log(ys[seen])))


PARTS = r"m does not divide n_train: the last, smaller mini-batch is a whole step too"


@pytest.mark.parametrize("m", [1, 2, 3, 7, 10, 14, 50, 51, 99, 100])
def test_the_sentence_mentions_a_last_smaller_mini_batch_exactly_if_there_is_one(m):
    """There the curve, which is for m dividing n_train, misses the point."""
    result = first(eta=0.1, lmbda=5.0, m=m, n_train=100)
    assert bool(re.search(PARTS, DecayRate.describe(result))) == (m not in (1, 2, 10, 50, 100))


def test_in_a_refused_run_no_mini_batch_is_mentioned():
    result = first(eta=10.0, lmbda=1000.0, m=14, n_train=100)
    assert result.diverges and "mini-batch" not in DecayRate.describe(result)


@pytest.mark.parametrize("m", [1, 4, 10, 20, 50])
def test_the_point_lies_on_its_curve(figure, m):
    figure.set(eta=0.1, lmbda=5.0, m=m, n_train=100)
    (x,), (y,) = figure._picture.point.get_data()
    assert y == pytest.approx(on_curve(figure._picture, x), rel=0.02)


def test_no_curve_leaves_the_picture(figure):
    figure.set(eta=10.0, lmbda=0.0, m=1, n_train=100)
    assert max(shown(figure).layer) > 1.3
    assert figure._picture.sizes.moving.get_ylim()[1] >= max(shown(figure).layer)


def test_all_stops_give_finite_drawings_and_plain_words():
    """Every stop of every slider, closed forms only."""
    picture = DecayRate.Picture(720)
    default = {control.name: control.default for control in DecayRate.controls}
    for name, stops in STOPS.items():
        for stop in stops:
            result = first(**default | {name: stop})
            picture.draw(result)
            assert not UGLY.search(DecayRate.describe(result))
            for _, value in DecayRate.tabulate(result):
                assert not UGLY.search(value)


def test_a_move_keeps_the_still_layer_and_changes_the_moving_one(figure):
    figure.set(eta=0.1, lmbda=5.0, m=10, n_train=100)
    still, moving = figure._still, figure._moving
    figure.set(eta=0.2)
    assert figure._still == still and figure._moving != moving
    figure.set(eta=0.1)
    assert (figure._still, figure._moving) == (still, moving)


def test_the_projector_has_larger_words_and_the_same_finding(figure):
    figure.set(**SMALL)
    sentence, still = figure.sentence, figure._still
    figure._hear(figure, {"kind": "projector", "on": True}, [])
    assert figure.sentence == sentence and figure._still != still
    figure._hear(figure, {"kind": "projector", "on": False}, [])
    assert figure._still == still


def test_preset_of_the_book():
    figure = DecayRate(n_train=100)
    assert figure.preset == "decay-rate eta=0.1 lmbda=5 m=10 n_train=100"
    twin = DecayRate(n_train=110, lmbda=1000.0)
    twin.apply(figure.preset)
    assert twin.sentence == figure.sentence and twin._moving == figure._moving


def test_what_a_reader_without_kernel_gets(figure):
    figure.set(**SMALL)
    data, metadata = figure._repr_mimebundle_()
    assert figure.sentence in metadata["image/png"]["alt"]
    json.dumps([data, metadata])


def test_a_drag_ends_at_the_last_stop_with_its_measurement():
    async def drag():
        figure = DecayRate(n_train=100)
        for wish, index in enumerate((20, 30, 40), start=1):
            values = {"lmbda": index}
            figure._hear(figure, {"kind": "move", "values": values, "wish": wish}, [])
            await asyncio.sleep(0.01)
        for _ in range(500):
            if not figure._running:
                break
            await asyncio.sleep(0.01)
        return figure

    figure = asyncio.run(drag())
    assert figure.lmbda.value == STOPS["lmbda"][40] and len(shown(figure).layer) == 31
    assert figure.sentence == DecayRate(n_train=100, lmbda=STOPS["lmbda"][40]).sentence
