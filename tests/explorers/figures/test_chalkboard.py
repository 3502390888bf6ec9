"""The chalkboard's figure against training image by image, and its formula as an identity."""

import csv
import inspect
import io
import json
import re
from fractions import Fraction

import numpy as np
import pytest
from layout import drawn, laid_out
from playing import UGLY

from explorers import Chalkboard
from explorers.figures import chalkboard
from explorers.figures.chalkboard import (
    ETA,
    LAMBDAS,
    SEED,
    WIDTHS,
    ChalkboardResult,
    M,
    Settled,
    describe,
    exponent,
    settling,
    tabulate,
)
from nn_core import Network, load_mnist, train

STOPS = {control.name: control.stops for control in Chalkboard.controls}
SMALL = {"lmbda": 20.0, "hidden": 30, "n_train": 1000}
NUMBER = r"[−-]?\d[\d,]*(?:\.\d+)?(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?"
SENTENCE = re.compile(
    rf"Over N_w the settled size goes like N_w to the power ({NUMBER}); the chalkboard says "
    rf"−0\.5\. Over λ it goes like λ to the power ({NUMBER}); with C fixed the chalkboard says "
    rf"−0\.5\. The penalty's share of the cost, which it takes to be 100 %, is ({NUMBER} %) "
    rf"to ({NUMBER} %) from 10 to 90 neurons, and ({NUMBER} %) to ({NUMBER} %) from λ = 2 to 50, "
    rf"while the cost goes from ({NUMBER}) to ({NUMBER})\."
)
# Sizes and costs like those measured at the ends of the sliders: from a network that learns 2,000
# images to one that decay has emptied.
EXTREME = {
    "learned": ((0.31, 0.167, 0.0905), (0.707, 0.533, 0.491)),
    "emptied": ((0.0018, 0.0039, 0.0026), (3.235, 3.288, 3.307)),
    "nothing but penalty": ((0.1, 0.06, 0.03), (0.1986, 0.21441, 0.16081)),
}


def epochs_of(lmbda):
    """Six times the time in which decay alone takes the weights to 1/e, 40 epochs at least."""
    return int(min(max(6 * M / (ETA * lmbda), 40), 300))


def by_hand(hidden, lmbda, n_train):
    """Train image by image, each weight by (93); return (size over all weights, cost, penalty)."""
    mnist = load_mnist(n_train)
    x, y = mnist.train.pixels / 256, mnist.train.y
    net = Network([784, hidden, 10], init="scaled", seed=SEED)
    (w1, w2), (b1, b2) = net.weights, net.biases
    rng = np.random.default_rng(SEED + 1)
    for _ in range(epochs_of(lmbda)):
        order = rng.permutation(n_train)
        for start in range(0, n_train, 10):
            sums = [0, 0, 0, 0]
            for i in order[start : start + 10]:
                a1 = 1 / (1 + np.exp(-(w1 @ x[i] + b1)))
                error = 1 / (1 + np.exp(-(w2 @ a1 + b2))) - y[i]
                back = (w2.T @ error) * a1 * (1 - a1)
                parts = np.outer(back, x[i]), back, np.outer(error, a1), error
                sums = [total + part for total, part in zip(sums, parts)]
            left = 1 - 0.1 * lmbda / n_train
            w1, w2 = left * w1 - 0.01 * sums[0], left * w2 - 0.01 * sums[2]
            b1, b2 = b1 - 0.01 * sums[1], b2 - 0.01 * sums[3]
    squares = (w1**2).sum() + (w2**2).sum()
    a2 = 1 / (1 + np.exp(-(1 / (1 + np.exp(-(x @ w1.T + b1))) @ w2.T + b2)))
    data = -(y * np.log(a2) + (1 - y) * np.log(1 - a2)).sum() / n_train
    penalty = lmbda / (2 * n_train) * squares
    return (squares / (w1.size + w2.size)) ** 0.5, data + penalty, penalty


def size_over_epochs(hidden, lmbda, n_train, epochs):
    images = load_mnist(n_train).train
    net = Network([784, hidden, 10], init="scaled", seed=SEED)
    for _ in train(net, images.x, images.y, epochs=epochs, m=M, eta=ETA, lmbda=lmbda,
                   seed=SEED + 1):  # fmt: skip
        yield (sum((w**2).sum() for w in net.weights) / sum(w.size for w in net.weights)) ** 0.5


@pytest.fixture(scope="module")
def figure():
    return Chalkboard(**SMALL)


def made(hidden, lmbda, n_train, size, cost):
    return Settled(hidden, lmbda, n_train, hidden * 794, size, cost)


def settle(*key):
    *epochs, one = settling(*key)
    assert set(epochs) <= {None}
    return one


def slope_by_hand(xs, ys):
    """The slope of least squares on the logarithms, from sums."""
    x, y, n = np.log(xs), np.log(ys), len(xs)
    return (n * (x * y).sum() - x.sum() * y.sum()) / (n * (x * x).sum() - x.sum() ** 2)


def test_what_a_network_settles_at_is_that_of_a_loop_by_hand():
    for hidden, lmbda in [(5, 50.0), (10, 20.0)]:
        one = settle(hidden, lmbda, 200)
        size, cost, penalty = by_hand(hidden, lmbda, 200)
        assert one.size == pytest.approx(size, rel=1e-7)
        assert one.cost == pytest.approx(cost, rel=1e-9)
        assert one.penalty == pytest.approx(penalty, rel=1e-7)
        assert one.share == pytest.approx(penalty / cost, rel=1e-7)
        assert one.n_weights == 784 * hidden + hidden * 10


def test_with_the_share_the_chalkboard_is_an_identity_for_any_numbers():
    rng = np.random.default_rng(0)
    for _ in range(200):
        one = Settled(30, rng.uniform(0.1, 100), int(rng.integers(100, 50_000)),
                      int(rng.integers(1000, 100_000)), 10 ** rng.uniform(-6, 1),
                      rng.uniform(0.01, 10))  # fmt: skip
        assert one.chalkboard * one.share**0.5 == pytest.approx(one.size, rel=1e-14)
        lmbda, size, cost = map(Fraction, (one.lmbda, one.size, one.cost))
        squared = 2 * one.n_train * cost / lmbda / one.n_weights
        penalty = lmbda / (2 * one.n_train) * one.n_weights * size**2
        assert squared * (penalty / cost) == size**2  # exactly
        assert one.chalkboard == pytest.approx(float(squared) ** 0.5, rel=1e-14)
        assert one.share == pytest.approx(float(penalty / cost), rel=1e-14)


def test_the_identity_holds_for_the_trained_networks(figure):
    for one in (*figure.result.widths, *figure.result.lambdas):
        assert one.chalkboard * one.share**0.5 == pytest.approx(one.size, rel=1e-14)
        assert 0 < one.share < 1 and one.size < one.chalkboard


def test_six_e_folds_of_decay_at_every_stop(monkeypatch):
    asked = []

    def record(net, *_, epochs, m, eta, lmbda, **rest):
        asked.append(epochs * eta * lmbda / m)
        return train(net, *_, epochs=1, m=m, eta=eta, lmbda=lmbda, **rest)

    monkeypatch.setattr(chalkboard, "train", record)
    monkeypatch.setattr(chalkboard, "_finished", {})
    for lmbda in STOPS["lmbda"]:
        settle(5, lmbda, 200)
        assert asked[-1] * M / (ETA * lmbda) == pytest.approx(epochs_of(lmbda))
    assert min(asked) > 5.8  # whole epochs


SETTLED = [(10, 20.0, 1000), (30, 50.0, 1000), (10, 50.0, 1000), (30, 5.0, 1000)]


@pytest.mark.parametrize(
    "hidden, lmbda, n_train",
    SETTLED,
)
def test_settled_is_settled(hidden, lmbda, n_train):
    """Twice the epochs change the size by less than 3 %."""
    epochs = epochs_of(lmbda)
    sizes = list(size_over_epochs(hidden, lmbda, n_train, 2 * epochs))
    assert settle(hidden, lmbda, n_train).size == pytest.approx(sizes[epochs - 1], rel=1e-9)
    assert abs(sizes[-1] / sizes[epochs - 1] - 1) < 0.03


def test_results_come_one_network_at_a_time(figure):
    results = list(chalkboard.compute(**SMALL))  # from the cache
    assert [(len(r.widths), len(r.lambdas)) for r in results] == [
        (0, 0), (1, 0), (2, 0), (3, 0), (3, 1), (3, 2), (3, 3), (3, 4), (3, 5)
    ]  # fmt: skip
    assert results[-1] == figure.result
    for done, result in enumerate(results[:-1]):
        assert describe(result) == f"Settled so far: {done} of 8 networks …"
        assert len(tabulate(result)) == done
    assert [(s.hidden, s.lmbda, s.n_train) for s in figure.result.widths] == [
        (width, 20.0, 1000) for width in WIDTHS
    ]
    assert [(s.hidden, s.lmbda, s.n_train) for s in figure.result.lambdas] == [
        (30, lmbda, 1000) for lmbda in LAMBDAS
    ]


def test_the_exponent_is_the_slope_of_least_squares():
    assert exponent([1, 10, 100], [5.0, 0.5, 0.05]) == pytest.approx(-1)
    xs, ys = [2.0, 5.0, 10.0, 70.0], [0.3, 0.2, 0.5, 0.1]
    assert exponent(xs, ys) == pytest.approx(slope_by_hand(xs, ys), rel=1e-12)


def check_sentence(result, number_in):
    sentence = describe(result)
    said = SENTENCE.fullmatch(sentence)
    assert said and not UGLY.search(sentence), sentence
    by_width, by_lambda, *rest = map(number_in, said.groups())
    w, v = result.widths, result.lambdas
    for said_power, wanted in [
        (by_width, slope_by_hand([s.hidden * 794 for s in w], [s.size for s in w])),
        (by_lambda, slope_by_hand([s.lmbda for s in v], [s.size for s in v])),
    ]:
        assert said_power == pytest.approx(wanted, rel=0.06)
    shares = [s.lmbda / 2 / s.n_train * 794 * s.hidden * s.size**2 / s.cost
              for s in (w[0], w[-1], v[0], v[-1])]  # fmt: skip
    assert rest == pytest.approx([*shares, v[0].cost, v[-1].cost], rel=0.06)


def test_the_sentence_says_the_numbers(figure, number_in):
    check_sentence(figure.result, number_in)


@pytest.mark.parametrize("lmbda", [2.0, 50.0])
@pytest.mark.parametrize("hidden", [5, 100])
def test_the_sentence_at_the_ends_of_the_sliders(monkeypatch, number_in, lmbda, hidden):
    """Networks of 200 images, two epochs each: the words do not depend on how long they took."""
    monkeypatch.setattr(chalkboard, "settling", lambda *state: [briefly(*state)])
    *_, result = chalkboard.compute(lmbda=lmbda, hidden=hidden, n_train=200)
    check_sentence(result, number_in)


def briefly(hidden, lmbda, n_train):
    *_, size = size_over_epochs(hidden, lmbda, n_train, 2)
    return made(hidden, lmbda, n_train, size, 3.0 + lmbda / n_train * 400 * hidden * size**2)


@pytest.mark.parametrize("first", EXTREME)
@pytest.mark.parametrize("second", EXTREME)
@pytest.mark.parametrize("n_train", [200, 2000])
def test_the_sentence_with_sizes_from_both_ends(first, second, n_train, number_in):
    widths = tuple(made(h, 5.0, n_train, *one) for h, *one in zip(WIDTHS, *EXTREME[first]))
    five = [of + of[1:] for of in EXTREME[second]]
    lambdas = tuple(made(30, lmbda, n_train, *one) for lmbda, *one in zip(LAMBDAS, *five))
    result = ChalkboardResult(30, 5.0, widths, lambdas)
    check_sentence(result, number_in)
    for _, value in tabulate(result):
        assert not UGLY.search(value), value


def test_the_table_has_a_row_a_network(figure, number_in):
    both = (*figure.result.widths, *figure.result.lambdas)
    rows = tabulate(figure.result)
    assert len(rows) == len(both)
    for one, (what, values) in zip(both, rows):
        assert what.startswith(f"{one.hidden} neurons, λ = {one.lmbda:g}: ")
        numbers = [number_in(text) for text in values.split(", ")]
        squared = 2 * 1000 * one.cost / one.lmbda / (794 * one.hidden)
        wanted = [one.size, squared**0.5, one.cost, one.size**2 / squared]
        assert numbers == pytest.approx(wanted, rel=0.06)
        assert numbers[:3] == pytest.approx(wanted[:3], rel=6e-3)


def test_the_csv_holds_the_numbers(figure):
    table = list(csv.DictReader(io.StringIO(figure.csv())))
    both = (*figure.result.widths, *figure.result.lambdas)
    assert len(table) == len(both) == 8
    for line, one in zip(table, both):
        for name, value in line.items():
            assert float(value) == getattr(one, name)
        assert float(line["chalkboard"]) * float(line["share"]) ** 0.5 == pytest.approx(one.size)


def test_curves_show_the_numbers_and_the_law_has_its_slope(figure):
    for artists, name, settled in [
        (drawn(figure).lines[0], "n_weights", figure.result.widths),
        (drawn(figure).lines[1], "lmbda", figure.result.lambdas),
    ]:
        measured, formula, law, anchor = artists
        xs = [getattr(one, name) for one in settled]
        for curve in (measured, formula):
            assert list(curve.get_xdata()) == xs
        assert list(measured.get_ydata()) == [one.size for one in settled]
        assert list(formula.get_ydata()) == [one.chalkboard for one in settled]
        assert exponent(*law.get_data()) == pytest.approx(-0.5)
        (x,), (y,) = anchor.get_data()
        assert (x, y) == (xs[1], settled[1].size)
        (left, right), (high, low) = law.get_data()
        at_anchor = high * (x / left) ** (np.log(low / high) / np.log(right / left))
        assert at_anchor == pytest.approx(y)
        assert left < min(xs) and right > max(xs)


def test_ticks_stand_at_the_networks():
    picture = laid_out(Chalkboard.Picture)
    ticks = [text.get_text() for text in picture.widths.still.get_xticklabels()]
    assert ticks == [f"{784 * width + width * 10:,}" for width in WIDTHS]
    assert [float(t.get_text()) for t in picture.lambdas.still.get_xticklabels()] == list(LAMBDAS)


def test_a_single_network_draws_no_law():
    picture = laid_out(Chalkboard.Picture)
    picture.draw(ChalkboardResult(30, 5.0, (made(10, 5.0, 200, 0.1, 2.0),)))
    assert len(picture.lines[0][0].get_xdata()) == 1
    assert len(picture.lines[0][2].get_xdata()) == len(picture.lines[1][2].get_xdata()) == 0


def leaving(result):
    picture = laid_out(Chalkboard.Picture)
    picture.draw(result)
    out = []
    for panel, settled in [(picture.widths, result.widths), (picture.lambdas, result.lambdas)]:
        low, high = panel.moving.get_ylim()
        out += [v for one in settled for v in (one.size, one.chalkboard) if not low <= v <= high]
    return out


def test_as_measured_with_a_thousand_images_nothing_leaves_the_picture():
    """The book's sizes and costs, measured: sizes to 1 %."""
    widths = zip(WIDTHS, (0.1815, 0.1015, 0.0574), (1.426, 1.203, 1.137))
    lambdas = zip(LAMBDAS, (0.1362, 0.1015, 0.0788, 0.0584, 0.0324),
                  (0.715, 1.203, 1.684, 2.230, 2.933))  # fmt: skip
    result = ChalkboardResult(
        30, 5.0, tuple(made(h, 5.0, 1000, *one) for h, *one in widths),
        tuple(made(30, lmbda, 1000, *one) for lmbda, *one in lambdas),
    )  # fmt: skip
    assert leaving(result) == []
    assert result.widths[1].size == pytest.approx(settle(30, 5.0, 1000).size, rel=0.01)


def test_nothing_leaves_the_picture_with_strong_decay(figure):
    assert leaving(figure.result) == []


def test_each_epoch_is_a_breath():
    """Where there are no threads, a slider is heard between two results."""
    assert len(list(settling(7, 50.0, 200))) == epochs_of(50.0) + 1


def test_a_network_is_trained_once():
    assert settle(30, 20.0, 200) is settle(30, 20.0, 200)
    assert inspect.getsource(chalkboard).count("train(") == 1


def test_alt_text_and_preset(figure):
    data, _ = figure._repr_mimebundle_()
    assert figure.sentence in json.dumps(data, ensure_ascii=False)
    assert figure.preset == "chalkboard lmbda=20 hidden=30 n_train=1000" and figure.message == ""
    with pytest.raises(ValueError, match="from 2 to 50"):
        figure.set(lmbda=1.0)
