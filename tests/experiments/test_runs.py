"""When two series meet for good, and a network trained once for all who ask."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.runs import from_here_on, settled, settling
from nn_core import Network, load_mnist, train

SIZES = st.lists(st.tuples(st.floats(0.01, 100), st.floats(0.01, 100)), min_size=1, max_size=8)
SMALL = {"hidden": 5, "lmbda": 20.0, "n_train": 100, "epochs": 3}


@pytest.mark.parametrize(
    "one, met",
    [
        ((1.0, 0.5, 0.2), None),
        ((1.0, 0.5, 0.102), 2),
        ((1.0, 0.097, 0.099), 1),  # from below, too
        ((1.0, 0.1, 0.09), None),  # met, and parted again
        ((1.0, 0.1, 0.05), None),  # went through, and far below
        ((1.0, 0.1, 0.2, 0.1), 3),
        ((0.1, 0.1), 0),
    ],
)
def test_met_is_met_for_good(one, met):
    assert from_here_on(one, (0.1,) * len(one), 1.05) == met
    assert from_here_on((0.1,) * len(one), one, 1.05) == met


@given(SIZES, st.floats(1.001, 10))
def test_it_is_the_first_index_with_nothing_apart_behind_it(pairs, within):
    one, other = zip(*pairs)
    near = [a / b <= within and b / a <= within for a, b in pairs]
    wanted = next((i for i in range(len(near)) if all(near[i:])), None)
    assert from_here_on(one, other, within) == wanted


@pytest.mark.parametrize("init", ["old", "new"])
def test_what_settles_is_a_network_trained_for_so_many_epochs(init):
    *breaths, net = settling(init=init, **SMALL)
    assert breaths == [None] * 3
    images, plain = load_mnist(100).train, Network([784, 5, 10], init=init, seed=3)
    for _ in train(plain, images.x, images.y, epochs=3, m=10, eta=0.1, lmbda=20.0, seed=4):
        pass
    for found, wanted in zip(net.weights + net.biases, plain.weights + plain.biases, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_it_is_trained_once_and_each_setting_by_itself():
    net = settled(**SMALL)
    assert list(settling(**SMALL)) == [net]
    others = [settled(**SMALL | other) for other in ({"lmbda": 5.0}, {"epochs": 2}, {"hidden": 6})]
    assert len({id(one) for one in (net, *others)}) == 4
