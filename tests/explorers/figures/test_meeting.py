"""The puzzle's picture: the sentence against the curves, and the curves against `train`'s parts."""

import csv
import io
import itertools
import re

import numpy as np
import pytest

from explorers import Meeting
from explorers.figures.meeting import EPOCHS, N_TRAIN, SEED, M, MeetingResult, compute
from nn_core import Network, load_mnist, sgd_step

N_WEIGHTS = 784 * 30 + 30 * 10


def result_of(large, scaled):
    return MeetingResult(N_WEIGHTS, tuple(large), tuple(scaled))


@pytest.fixture(scope="module")
def book():
    return Meeting()


def shown(figure):
    return figure._run.result


def test_both_curves_are_those_of_single_steps(book):
    """Two epochs by `sgd_step`, mini-batches cut by hand."""
    images = load_mnist(N_TRAIN).train
    x, y = images.pixels / 256, images.y
    for init in ("large", "scaled"):
        net, rng = Network([784, 30, 10], init=init, seed=SEED), np.random.default_rng(SEED + 1)
        sizes = [np.sqrt((net.weights[0] ** 2).mean())]
        for _ in range(2):
            order = rng.permutation(N_TRAIN)
            for start in range(0, N_TRAIN, M):
                batch = order[start : start + M]
                sgd_step(net, x[batch], y[batch], eta=0.1, lmbda=5.0, n_train=N_TRAIN)
            sizes.append(np.sqrt((net.weights[0] ** 2).mean()))
        np.testing.assert_allclose(getattr(shown(book), init)[:3], sizes, rtol=1e-9)


def test_both_start_from_the_same_draws(book):
    large, scaled = shown(book).large[0], shown(book).scaled[0]
    assert large == pytest.approx(1, rel=0.01)
    assert large / scaled == pytest.approx(np.sqrt(784))


def test_at_the_books_values_the_sizes_meet(book):
    large, scaled = map(np.array, (shown(book).large, shown(book).scaled))
    assert len(large) == len(scaled) == EPOCHS + 1
    apart = np.maximum(large / scaled, scaled / large) - 1
    met = shown(book).met
    assert apart[met] < 0.05 <= apart[met - 1]
    assert apart[-1] < 0.05
    assert large[0] > 10 * large[-1] and scaled[0] < scaled[-1]  # from above and from below


def test_the_sentence_says_what_the_curves_show(book, number_in):
    large, scaled = shown(book).large, shown(book).scaled
    said = [number_in(text) for text in re.findall(r"\d[\d,]*(?:\.\d+)?", book.sentence)]
    for value in (large[0], scaled[0], large[0] / scaled[0], shown(book).met, EPOCHS,
                  scaled[-1], scaled[-1] * np.sqrt(N_WEIGHTS)):  # fmt: skip
        assert any(number == pytest.approx(value, rel=0.05) for number in said), value


def test_the_table_has_the_numbers(book, number_in):
    numbers = list(book.numbers.values())
    result = shown(book)
    for value in (result.large[0], result.scaled[0], result.large[-1], result.scaled[-1],
                  N_WEIGHTS, N_WEIGHTS**-0.5, 784**-0.5, EPOCHS, result.met):  # fmt: skip
        assert any(number_in(text) == pytest.approx(value, rel=0.01) for text in numbers)


@pytest.mark.parametrize(
    "large, scaled, met",
    [
        ((1.0, 0.5, 0.2), (0.1, 0.1, 0.1), None),
        ((1.0, 0.5, 0.102), (0.1, 0.1, 0.1), 2),
        ((1.0, 0.097, 0.099), (0.1, 0.1, 0.1), 1),  # from below, too
        ((1.0, 0.1, 0.09), (0.1, 0.1, 0.1), None),  # met, and parted again
        ((1.0, 0.1, 0.2, 0.1), (0.1, 0.1, 0.1, 0.1), 3),
    ],
)
def test_met_means_from_there_on(large, scaled, met):
    assert result_of(large, scaled).met == met


@pytest.mark.parametrize(
    "large, scaled",
    [((1.0,), (0.036,)), ((1.0, 0.9), (0.036, 0.04)), ((1.0, 0.1), (0.036, 0.1)),
     ((1.0, 0.03), (0.036, 0.06)), ((1.0, 0.1, 0.2), (0.1, 0.1, 0.1))],
)  # fmt: skip
def test_sentence_and_table_are_presentable_at_every_stage(large, scaled):
    result = result_of(large, scaled)
    texts = [Meeting.describe(result), *(value for _, value in Meeting.tabulate(result))]
    for text in texts:
        assert not re.search(r"\b(inf|nan|None|1 epochs|0 epochs)\b|e[-+]\d\d", text), text


def test_apart_is_said_as_a_factor_above_one():
    sentence = Meeting.describe(result_of((1.0, 0.03), (0.036, 0.06)))
    assert re.search(r"factor of 2\.0", sentence.split("apart")[1])


@pytest.mark.parametrize("eta", [0.01, 1.0])
@pytest.mark.parametrize("lmbda", [0.0, 0.1, 100.0])
def test_the_ends_of_the_sliders(book, eta, lmbda):
    """A few epochs of each: finite, and within the picture."""
    picture = Meeting.Picture(720)
    low, high = picture.panel.moving.get_ylim()
    for result in itertools.islice(compute(eta=eta, lmbda=lmbda), 4):
        picture.draw(result)
        sizes = np.array([result.large, result.scaled])
        assert np.isfinite(sizes).all() and sizes.min() > low and sizes.max() < high
        assert not re.search("nan|inf", Meeting.describe(result))


def test_decay_alone_at_first_when_lambda_is_large():
    *_, result = itertools.islice(compute(eta=0.01, lmbda=100.0), 2)
    assert result.large[1] / result.large[0] == pytest.approx((1 - 0.001) ** 100, rel=0.002)


def test_the_csv_holds_the_curves(book):
    table = list(csv.DictReader(io.StringIO(book.csv())))
    assert [int(line["epoch"]) for line in table] == list(range(EPOCHS + 1))
    assert [float(line["old_initialization"]) for line in table] == list(shown(book).large)
    assert [float(line["new_initialization"]) for line in table] == list(shown(book).scaled)


def test_curves_show_the_numbers(book):
    curves = book._picture.curves
    np.testing.assert_array_equal(curves["large"].get_ydata(), shown(book).large)
    np.testing.assert_array_equal(curves["scaled"].get_ydata(), shown(book).scaled)


def test_alt_text_and_preset(book):
    _, metadata = book._repr_mimebundle_()
    assert book.sentence in metadata["image/png"]["alt"]
    assert book.preset == "meeting eta=0.1 lmbda=5"
