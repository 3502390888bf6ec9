"""The chalkboard's figure against a plain run of `train`, and its formula as an identity."""

import itertools

import by_hand
import numpy as np
import pytest
from page import assert_presentable
from scipy import stats
from told import assert_says, inside, laid_out, rows, shown, stages

from experiments.chalkboard import LAMBDAS, WIDTHS, Measured, settling
from experiments.runs import ETA, M
from explorers import Chalkboard
from explorers.figures.chalkboard import ChalkboardResult

STATE = {"lmbda": 20.0, "hidden": 30, "n_train": 1000}
SENTENCE = (
    "Over N_w the settled size goes like N_w to the power #; the chalkboard says −0.5. Over λ it "
    "goes like λ to the power #; with C fixed the chalkboard says −0.5. The penalty's share of the "
    "cost, which it takes to be 100 %, is # % to # % from 10 to 90 neurons, and # % to # % from "
    "λ = 2 to 50, while the cost goes from # to #."
)
# Sizes and costs like those measured at the ends of the sliders: from a network that learns 2,000
# images to one that decay has emptied.
EXTREME = {
    "learned": ((0.31, 0.167, 0.0905), (0.707, 0.533, 0.491)),
    "emptied": ((0.0018, 0.0039, 0.0026), (3.235, 3.288, 3.307)),
    "nothing but penalty": ((0.1, 0.06, 0.03), (0.1986, 0.21441, 0.16081)),
}


@pytest.fixture(scope="module")
def figure():
    return Chalkboard(**STATE)


def epochs_of(lmbda):
    """Six times the time in which decay alone takes the weights to 1/e, 40 epochs at least."""
    return int(min(max(6 * M / (ETA * lmbda), 40), 300))


def made(widths, lambdas, n_train=1000):
    """Return a complete result with these (size, cost) of each network."""
    networks = [(h, 5.0, *one) for h, one in zip(WIDTHS, widths)]
    networks += [(30, lmbda, *one) for lmbda, one in zip(LAMBDAS, lambdas)]
    made = tuple(Measured(h, lmbda, n_train, h * 794, *one) for h, lmbda, *one in networks)
    return ChalkboardResult(30, 5.0, made[:3], made[3:])


def settle(*key):
    *_, one = settling(*key)
    return one


@pytest.mark.parametrize("key", [(10, 20.0, 1000), (30, 50.0, 1000), (10, 50.0, 1000),
                                 (30, 5.0, 1000)], ids=str)  # fmt: skip
def test_what_a_network_settles_at_is_that_of_one_call_of_train_and_does_not_move(key):
    """Twice the epochs change the size by less than 3 %."""
    (hidden, lmbda, n_train), one = key, settle(*key)
    net, images, run = by_hand.plain("new", hidden=hidden, n_train=n_train, lmbda=lmbda,
                                     epochs=2 * epochs_of(lmbda), evaluate=False)  # fmt: skip
    *_, _ = itertools.islice(run, epochs_of(lmbda))
    cost = net.total_cost(images.x, images.y)
    penalty = lmbda / (2 * n_train) * sum((w**2).sum() for w in net.weights)
    assert one.n_weights == sum(w.size for w in net.weights)
    assert one.size == pytest.approx((penalty * 2 * n_train / lmbda / one.n_weights) ** 0.5)
    assert one.cost == pytest.approx(cost + penalty)
    assert one.penalty == pytest.approx(penalty)
    assert one.share == pytest.approx(penalty / (cost + penalty))
    *_, _ = run
    assert abs(by_hand.rms(np.concatenate([w.ravel() for w in net.weights])) / one.size - 1) < 0.03


def test_results_come_one_network_at_a_time(figure):
    results = stages(Chalkboard, 100, **STATE)  # which has them from before
    assert [(len(r.widths), len(r.lambdas)) for r in results] == [
        (0, 0), (1, 0), (2, 0), (3, 0), (3, 1), (3, 2), (3, 3), (3, 4), (3, 5)
    ]  # fmt: skip
    assert results[-1] == figure.result
    for done, result in enumerate(results[:-1]):
        assert Chalkboard.describe(result) == f"Settled so far: {done} of 8 networks …"
        assert len(Chalkboard.tabulate(result)) == done
    assert [(s.hidden, s.lmbda, s.n_train) for s in results[-1].widths + results[-1].lambdas] == [
        *((width, 20.0, 1000) for width in WIDTHS), *((30, lmbda, 1000) for lmbda in LAMBDAS)
    ]  # fmt: skip


# Words and numbers.


def check_words(result):
    sentence, table = Chalkboard.describe(result), Chalkboard.tabulate(result)
    assert_presentable(sentence, table)
    w, v = result.widths, result.lambdas
    shares = [s.lmbda / 2 / s.n_train * 794 * s.hidden * s.size**2 / s.cost
              for s in (w[0], w[-1], v[0], v[-1])]  # fmt: skip
    by_width = stats.linregress(np.log([s.hidden for s in w]), np.log([s.size for s in w]))
    by_lambda = stats.linregress(np.log([s.lmbda for s in v]), np.log([s.size for s in v]))
    assert_says(sentence, SENTENCE, by_width.slope, by_lambda.slope, *shares, v[0].cost, v[-1].cost)
    for one, (what, values) in zip(w + v, table, strict=True):
        assert what.startswith(f"{one.hidden} neurons, λ = {one.lmbda:g}: ")
        squared = 2 * one.n_train * one.cost / one.lmbda / (794 * one.hidden)
        wanted = one.size, squared**0.5, one.cost, one.size**2 / squared
        assert_says(values, "#, #, #, # %", *wanted)


def test_sentence_and_table_say_the_numbers(figure):
    check_words(figure.result)


@pytest.mark.parametrize("first", EXTREME)
@pytest.mark.parametrize("second", EXTREME)
@pytest.mark.parametrize("n_train", [200, 2000])
def test_they_do_with_sizes_from_both_ends(first, second, n_train):
    lambdas = list(zip(*EXTREME[second]))
    check_words(made(zip(*EXTREME[first]), lambdas + lambdas[1:], n_train))


# The picture and the file.


def in_the_picture(picture, result):
    sides = [(picture.widths, result.widths), (picture.lambdas, result.lambdas)]
    return all(
        inside(panel, [one.size, one.chalkboard]) for panel, settled in sides for one in settled
    )


def test_curves_and_file_show_the_numbers_and_the_law_has_its_slope(figure):
    picture, result, file = shown(figure), figure.result, rows(figure)
    assert in_the_picture(picture, result)
    for line, one in zip(file, result.widths + result.lambdas, strict=True):
        assert all(float(value) == getattr(one, name) for name, value in line.items())
    for (measured, formula, law, anchor), name, settled in [
        (picture.lines[0], "n_weights", result.widths), (picture.lines[1], "lmbda", result.lambdas)
    ]:  # fmt: skip
        xs = [getattr(one, name) for one in settled]
        assert list(measured.get_xdata()) == list(formula.get_xdata()) == xs
        assert list(measured.get_ydata()) == [one.size for one in settled]
        assert list(formula.get_ydata()) == [one.chalkboard for one in settled]
        (x,), (y,) = anchor.get_data()
        assert (x, y) == (xs[1], settled[1].size)
        (left, right), (high, low) = law.get_data()
        assert high * (x / left) ** -0.5 == pytest.approx(y)
        assert high * (right / left) ** -0.5 == pytest.approx(low)
        assert left < min(xs) and right > max(xs)


def test_as_measured_with_a_thousand_images_nothing_leaves_the_picture():
    """The book's sizes and costs, measured: sizes to 1 %."""
    widths = zip((0.1815, 0.1015, 0.0574), (1.426, 1.203, 1.137))
    lambdas = zip((0.1362, 0.1015, 0.0788, 0.0584, 0.0324), (0.715, 1.203, 1.684, 2.230, 2.933))
    result, picture = made(widths, lambdas), laid_out(Chalkboard)
    picture.draw(result)
    assert in_the_picture(picture, result)
    assert result.widths[1].size == pytest.approx(settle(30, 5.0, 1000).size, rel=0.01)
    ticks = [[text.get_text() for text in panel.still.get_xticklabels()]
             for panel in picture.canvas.panels]  # fmt: skip
    assert ticks == [[f"{794 * width:,}" for width in WIDTHS], [f"{one:g}" for one in LAMBDAS]]


def test_a_single_network_draws_no_law():
    picture, result = laid_out(Chalkboard), made([(0.1, 2.0)], [])
    picture.draw(ChalkboardResult(30, 5.0, result.widths[:1]))
    assert [len(artist.get_xdata()) for artist in picture.lines[0]] == [1, 1, 0, 0]
    assert not any(len(artist.get_xdata()) for artist in picture.lines[1])
