"""A neuron split into k, against Network itself and against the straight line's limit."""

import numpy as np
import pytest
from told import column, number_in, row, shown

from explorers import SplitNeuron
from nn_core import Network


@pytest.mark.parametrize("k", [1, 4, 64])
def test_the_copies_are_a_network_of_k_neurons(k):
    figure = SplitNeuron(k=k, w=8.0, a=4.0)
    net = Network([1, k, 1], seed=0)
    net.weights[0][...], net.weights[1][...] = 8 / k**0.5, 4 / k**0.5
    net.biases[0][...], net.biases[1][...] = 0, -k * (4 / k**0.5) / 2
    passed_on = net.weighted_inputs(np.array(column(figure, "x"))[:, None])[-1][:, 0]
    np.testing.assert_allclose(column(figure, "copies"), passed_on, atol=1e-12)
    assert net.squared_size() == pytest.approx(8**2 + 4**2)
    assert number_in(row(figure, "sum of all squares")) == pytest.approx(80)


def test_more_copies_are_straighter():
    """The first term that is missing goes like the cube: 1/12 of z squared, so like 1/k."""
    missing = [SplitNeuron(k=k, w=2.0, a=1.0).result.missing for k in (4, 16, 64)]
    assert missing == pytest.approx([2.0**2 / k / 12 for k in (4, 16, 64)], rel=0.15)
    assert missing[0] > missing[1] > missing[2] > 0


def test_the_picture_shows_shares_of_the_straight_line():
    figure = SplitNeuron(k=4, w=8.0, a=4.0)
    picture = shown(figure)
    straight = 4 * 8 / 4
    curves = [("one", picture.one), ("copies", picture.copies), ("straight", picture.straight)]
    for name, curve in curves:
        shares = np.array(column(figure, name)) / straight
        np.testing.assert_allclose(curve.get_ydata(), shares, atol=1e-12)
    assert "Split into 4, with weights over √4, the neuron passes on" in figure.sentence
