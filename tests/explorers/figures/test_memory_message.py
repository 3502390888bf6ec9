"""The figure of memory and message against training by hand, and against dimmed networks."""

import math
import re

import by_hand
import numpy as np
import pytest
from layout import assert_on_no_curve
from told import column, row, shown, stages

from explorers import MemoryMessage
from explorers.canvas import WIDTHS
from explorers.figures.memory_message import KEEPS, VALIDATED, mosaic
from nn_core import Network, load_mnist

SMALL = {"n_train": 100, "m": 30, "eta": 0.5, "lmbda": 20.0}  # 4 steps, the last a smaller batch


@pytest.fixture(scope="module")
def figure():
    return MemoryMessage(**SMALL)


def by_hand_after(epochs):
    """Return (weights at the start, those after the epochs, the hidden layer's message)."""
    trained = list(by_hand.trained("old", epochs=epochs, **SMALL))
    words = [g for _, steps in trained for _, g in steps]
    left = 1 - 0.5 * 20.0 / 100
    message = -sum(left ** (len(words) - 1 - k) * g for k, g in enumerate(words))
    return trained[0][0], trained[-1][0], message


def test_memory_and_message_are_those_of_a_loop_by_hand():
    before, after, message = by_hand_after(2)
    moment = stages(MemoryMessage, 2, **SMALL)[-1].moments[2]
    assert moment.kept == pytest.approx(0.9**8, rel=1e-13)
    np.testing.assert_allclose(moment.messages[0], message, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(moment.biases[0], after[2], rtol=1e-9)
    sizes = [0.9**8 * before[0], message, after[0]]
    assert moment.sizes[0] == pytest.approx([by_hand.rms(w) for w in sizes], rel=1e-10)
    old, new = before[0].ravel(), message.ravel()
    cosine = old @ new / math.sqrt(old @ old * (new @ new))
    assert moment.cosines[0] == pytest.approx(cosine, rel=1e-6)


@pytest.mark.parametrize("dimmed", ["hidden layer", "both layers"])
def test_accuracies_are_those_of_networks_with_less_memory(dimmed):
    figure = MemoryMessage(**SMALL, epoch=3, dimmed=dimmed)
    moment, start = figure.result.moments[3], figure.result.dimmer.start
    images = load_mnist(1).validation
    told = column(figure, "accuracy")
    for keep, accuracy in zip(KEEPS, told, strict=True):
        net = Network([784, 30, 10], seed=0)
        kept = [keep, keep if dimmed == "both layers" else 1]
        for layer in range(2):
            memory = kept[layer] * moment.kept * start[layer]
            net.weights[layer][...] = memory + moment.messages[layer]
            net.biases[layer][...] = moment.biases[layer]
        right = net.accuracy(images.pixels[:VALIDATED], images.y[:VALIDATED])
        assert accuracy == pytest.approx(right, abs=2 / VALIDATED)  # outputs all but equal
    assert len(set(told)) > 3
    figure.keep.value = 0.33  # from code any amount is welcome
    between = float(re.search(r"with 33 % of it ([\d.]+) %", figure.sentence)[1]) / 100
    assert min(told) <= between <= max(told)
    assert shown(figure).kept.get_xydata()[0] == pytest.approx([0.33, between], abs=1e-3)


def test_where_the_two_cross_and_what_decay_alone_says(figure):
    """With s^4 an epoch, decay alone takes ln(D/w0) / (4 ln s) epochs from the start to D."""
    old, new = (np.array(column(figure, name)) for name in ("memory", "message"))
    first = min(k for k in range(121) if old[k] <= new[k])
    assert 0 < first < 120
    assert f"From epoch {first} on the message is the larger part" in figure.sentence
    alone = math.log(new[-1] / old[0]) / (4 * math.log(0.9))
    assert float(row(figure, "... by decay alone")) == pytest.approx(alone, rel=0.01)
    np.testing.assert_allclose(column(figure, "forecast"), np.hypot(old, new[-1]), rtol=1e-9)
    np.testing.assert_allclose(old, old[0] * 0.9 ** (4 * np.arange(121)), rtol=1e-9)
    picture = shown(figure)
    assert picture.crossing.get_xdata()[0] == first
    assert picture.when.get_text() == f"epoch {first}"


@pytest.mark.parametrize(
    "moved, late",
    [({}, True), ({"init": "new", "m": 30}, True), ({"lmbda": 500.0}, False)],
    ids=str,
)
def test_the_epoch_of_their_crossing_hides_no_curve(moved, late):
    figure = MemoryMessage(**{"n_train": 100, **moved})
    assert (figure.result.crossing("hidden") > 30) == late
    for width in WIDTHS:
        figure.drawn(width)
        picture = figure.picture(width)
        assert picture.when.get_visible()
        assert_on_no_curve(picture.when, picture.sizes, picture.curves.values())


def test_without_decay_the_memory_stays_whole():
    figure = MemoryMessage(n_train=100, m=100, lmbda=0.0)
    assert {moment.kept for moment in figure.result.moments} == {1.0}
    assert row(figure, "... by decay alone") == "no forecast"


def test_a_move_on_the_way_multiplies_the_factors():
    figure = MemoryMessage(**SMALL)
    figure.restart()
    figure.step()
    figure.move({"lmbda": 40.0})
    figure.step()
    assert figure.result.moments[2].kept == pytest.approx(0.9**4 * 0.8**4, rel=1e-13)
    assert "λ → 40 from epoch 2 on" in figure.sentence
    assert row(figure, "... by decay alone") == "no forecast"


def test_black_pixels_have_memory_alone(figure):
    black = (load_mnist(100).train.pixels == 0).all(axis=0)
    for moment in figure.result.moments[1::40]:
        assert np.abs(moment.messages[0][:, black]).max() < 1e-14
        assert np.abs(moment.messages[0][:, ~black]).max() > 1e-3


def test_each_neuron_is_a_picture_line_by_line():
    weights = np.arange(7 * 4.0).reshape(7, 4)  # of seven neurons, two by two
    pictures = mosaic(weights, 2, 3)
    assert pictures.shape == (5, 8)
    np.testing.assert_array_equal(pictures[:2, :2], [[0, 1], [2, 3]])
    np.testing.assert_array_equal(pictures[:2, 3:5], [[4, 5], [6, 7]])
    np.testing.assert_array_equal(pictures[3:, :2], [[12, 13], [14, 15]])
    assert np.isnan(pictures[2]).all() and np.isnan(pictures[:, [2, 5]]).all()


def test_what_is_no_weight_is_no_colour():
    pictures = mosaic(np.ones((10, 30)), 2, 6)  # the output layer: ten times thirty
    assert np.isfinite(pictures).sum() == 300


@pytest.mark.parametrize("scale", ["one for all three", "each its own", "that of the start"])
def test_colours_add_up_where_they_share_a_scale(scale):
    figure = MemoryMessage(**SMALL, epoch=5, scale=scale, keep=0.5)
    picture = shown(figure)
    ends = [float(picture.scales[name].get_text().removeprefix("up to ±"))
            for name in ("weights", "memory", "message")]  # fmt: skip
    pixels = [picture.pictures[name][1].get_array() * end
              for name, end in zip(("weights", "memory", "message"), ends)]  # fmt: skip
    np.testing.assert_allclose(pixels[0], pixels[1] + pixels[2], atol=1e-6)
    result = figure.result
    one = 0.5 * result.moments[5].kept * result.dimmer.start[0][0].reshape(28, 28)
    np.testing.assert_allclose(pixels[1][:28, :28], one, rtol=1e-5)
    assert (len({*ends}) == 1) == (scale != "each its own")
    if scale == "that of the start":
        assert ends[0] == 5  # 2.5 standard deviations of N(0, 1) are the most that 2 leaves out
