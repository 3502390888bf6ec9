"""The ledger against a slow rewrite that looks at weights and gradients themselves."""

import math
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn_core import CrossEntropyCost, Network, QuadraticCost, engine, one_hot, sgd_step, train
from nn_core.cost import sigmoid
from nn_core.ledger import LayerLedger, Ledger, _is_cheaper_by_pairs

CLOSES = (
    1e-9  # decay, pull and kick may miss the change by this part of the larger size, in float64
)
# Single precision rounds each weight about three times a step (s, s w, s w - g), by 2^-24 at most,
# and so each step may miss by some such parts of the largest number in the books.
CLOSES_FLOAT32 = 8 * 2.0**-24


def length(array):
    return float(np.linalg.norm(array))


# The slow rewrite


def slow_ledger(net, x, y, order, m, eta, lmbda):
    """Take an epoch of `sgd_step`s with `net`; return (a record for each layer, slope)."""
    start = [w.copy() for w in net.weights]
    keep = 1 - eta * lmbda / len(x)
    steps = [[] for _ in start]  # of each layer: (w before the step, g) of each step
    slopes = []
    for first in range(0, len(x), m):
        batch = order[first : first + m]
        nabla_w, _ = net.backprop(x[batch], y[batch])
        for of_layer, w, nabla in zip(steps, net.weights, nabla_w, strict=True):
            of_layer.append((w.copy(), eta / len(batch) * nabla))
        for z in net.weighted_inputs(x[batch])[:-1]:
            slopes.extend((sigmoid(z) * sigmoid(-z)).ravel())
        sgd_step(net, x[batch], y[batch], eta=eta, lmbda=lmbda, n_train=len(x))
    layers = [
        slow_layer(of_layer, before, after, keep, eta * lmbda / len(x))
        for of_layer, before, after in zip(steps, start, net.weights, strict=True)
    ]
    return layers, float(np.mean(slopes)) if slopes else None


def slow_layer(steps, before, after, keep, shrink):
    """What `LayerLedger` says, from each step's weights and data step."""
    last = len(steps) - 1
    faded = [keep ** (last - t) * g for t, (_, g) in enumerate(steps)]
    return SimpleNamespace(
        size_before=length(before) ** 2,
        size_after=length(after) ** 2,
        decay=sum(length((1 - shrink) * w) ** 2 - length(w) ** 2 for w, _ in steps),
        pull=sum(-2 * keep * float((w * g).sum()) for w, g in steps),
        kick=sum(length(g) ** 2 for _, g in steps),
        decay_step=float(np.mean([length(w - keep * w) for w, _ in steps])),
        data_step=float(np.mean([length(g) for _, g in steps])),
        decay_displacement=length(before - keep ** len(steps) * before),
        data_displacement=length(sum(faded)),
        data_path=sum(map(length, faded)),
        steps=len(steps),
    )


def assert_agrees(layer, right, rel):
    """Hold sums of squares and lengths against the largest of each that occurs in the epoch.

    `decay_step` is the root of a sum of squares that was carried forward, and where weights pass
    through zero on their way, the root of its rounding error.
    """
    longest = max(math.sqrt(right.size_before), math.sqrt(right.size_after), right.data_path)
    for name in ("size_before", "size_after", "decay", "pull", "kick"):
        value, wanted = getattr(layer, name), getattr(right, name)
        assert value == pytest.approx(wanted, rel=rel, abs=rel * longest**2), name
    for name in ("data_step", "decay_displacement", "data_displacement", "data_path"):
        value, wanted = getattr(layer, name), getattr(right, name)
        assert value == pytest.approx(wanted, rel=rel, abs=rel * longest), name
    rooted = math.sqrt(rel / 1e4)
    assert layer.decay_step == pytest.approx(right.decay_step, rel=rel, abs=rooted * longest)
    assert layer.steps == right.steps


def assert_in_order(record, shrink, dtype):
    """What holds for every ledger, whatever the network."""
    assert isinstance(record, Ledger)
    for layer in record.layers:
        assert isinstance(layer, LayerLedger)
        assert layer.change == layer.size_after - layer.size_before
        missed = abs(layer.decay + layer.pull + layer.kick - layer.change)
        larger = max(layer.size_before, layer.size_after)
        if dtype == np.float64:
            assert missed <= CLOSES * larger
        else:
            largest = max(larger, abs(layer.decay), abs(layer.pull), layer.kick)
            assert missed <= CLOSES_FLOAT32 * layer.steps * largest
        assert layer.closing_error == (missed / larger if larger else 0)
        assert layer.decay <= 0 <= layer.kick
        assert 0 <= layer.decay_share <= 1
        assert 0 <= layer.cancellation <= 1
        if shrink == 0:
            assert layer.decay == layer.decay_step == layer.decay_displacement == 0
            assert layer.decay_share == 0


# Networks, data and settings that occur, or might

WEAK = st.just(0.0) | st.floats(1e-6, 0.1)  # eta*lmbda/n_train
SHRINKS = WEAK | st.floats(0, 1.9) | st.sampled_from([1.0, 1.5])  # above 1 signs flip at each step


@st.composite
def cases(draw, dtype=np.float64, shrinks=SHRINKS):
    """A network, its data (some inputs silent) and the settings of `train`."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = draw(st.lists(st.integers(1, 6), min_size=2, max_size=4))
    net = Network(
        sizes,
        cost=draw(st.sampled_from([CrossEntropyCost, QuadraticCost])),
        init=draw(st.sampled_from(["old", "new"])),
        seed=rng,
        dtype=dtype,
    )
    n_train = draw(st.integers(1, 40))
    x = rng.integers(0, 256, (n_train, sizes[0]), dtype=np.uint8)
    if draw(st.booleans()):
        x = rng.normal(size=x.shape)
    x[:, rng.random(sizes[0]) < draw(st.sampled_from([0, 0.5]))] = 0
    y = rng.random((n_train, sizes[-1]))
    if draw(st.booleans()):
        y = one_hot(y.argmax(axis=1), sizes[-1])
    shrink = draw(shrinks)
    eta = draw(st.floats(0.01, 3))
    settings_ = {"m": draw(st.integers(1, n_train)), "eta": eta, "lmbda": shrink * n_train / eta}
    return net, x, y, settings_


def check_epochs(case, agrees=1e-9, epochs=3, seed=1):
    """Train with the ledger, and hold each epoch against the slow rewrite beside it."""
    net, x, y, settings_ = case
    twin, rng = net.copy(), np.random.default_rng(seed)
    silent = (x == 0).all(axis=0)
    for record in train(net, x, y, **settings_, epochs=epochs, seed=seed, ledger=True):
        layers, slope = slow_ledger(twin, x, y, rng.permutation(len(x)), **settings_)
        assert_in_order(record.ledger, settings_["lmbda"], net.dtype)
        for layer, right in zip(record.ledger.layers, layers, strict=True):
            assert_agrees(layer, right, agrees)
        assert (record.ledger.slope == pytest.approx(slope, rel=agrees, abs=1e-15)
                if slope is not None else record.ledger.slope is None)  # fmt: skip
        assert (record.ledger.control_rms is None) == (not silent.any())
        if silent.any():
            control = np.sqrt(np.mean(twin.weights[0][:, silent].astype(float) ** 2))
            assert record.ledger.control_rms == pytest.approx(control, rel=agrees, abs=1e-300)


@settings(max_examples=200)
@given(case=cases(), at_once=st.integers(1, 20))
def test_the_ledger_closes_and_agrees_with_a_slow_rewrite(case, at_once):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "BLOCK", at_once)  # many small blocks
        check_epochs(case)


@settings(max_examples=100)
@given(case=cases(dtype=np.float32, shrinks=WEAK))
def test_in_single_precision_the_ledger_closes_to_its_rounding(case):
    check_epochs(case, agrees=1e-3)


def mnist_like(n_train, sizes, seed=0, **network):
    """Grey levels, a third of them black in an image and some pixels black in all."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 256, (n_train, sizes[0]), dtype=np.uint8)
    x[rng.random(x.shape) < 1 / 3] = 0
    x[:, ::4] = 0
    y = one_hot(rng.integers(0, sizes[-1], n_train), sizes[-1])
    return Network(sizes, seed=seed, **network), x, y


@pytest.mark.parametrize("init", ["old", "new"])
@pytest.mark.parametrize("shrink", [0.0, 1e-5, 0.01, 1.0, 1.9])
@pytest.mark.parametrize("n_train, m", [(2300, 10), (2300, 7), (2300, 1100), (2300, 2300)])
def test_the_ledger_closes_over_several_blocks(n_train, m, shrink, init):
    net, x, y = mnist_like(n_train, [20, 6, 4], init=init)
    settings_ = {"m": m, "eta": 0.5, "lmbda": shrink * n_train / 0.5}
    check_epochs((net, x, y, settings_), epochs=2)


@pytest.mark.parametrize("m, sizes, ways", [
    (3, [20, 12, 10], [True, True]), (3, [20, 12, 2], [True, False]),
    (3, [2, 12, 10], [False, True]), (30, [20, 12, 10], [False, False]),
])  # fmt: skip
def test_each_layer_takes_its_own_way_to_the_kicks(m, sizes, ways):
    net, x, y = mnist_like(31, sizes)
    assert [_is_cheaper_by_pairs(m, *w.shape) for w in net.weights] == ways
    check_epochs((net, x, y, {"m": m, "eta": 0.5, "lmbda": 1.0}), epochs=2)


def one_epoch(net, x, y, seed=1, ledger=True, **settings_):
    return next(train(net, x, y, epochs=1, seed=seed, ledger=ledger, **settings_))


BOOK = {"m": 10, "eta": 0.1, "lmbda": 5.0}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_keeping_the_ledger_changes_no_bit_of_the_training(dtype):
    runs = []
    for ledger in (False, True):
        net, x, y = mnist_like(1207, [20, 6, 5, 4], dtype=dtype)
        records = list(train(net, x, y, **BOOK, epochs=3, seed=1, ledger=ledger))
        runs.append(([vars(r) | {"seconds": 0, "ledger": None} for r in records],
                     [array.copy() for array in net.weights + net.biases]))  # fmt: skip
        assert all((record.ledger is not None) == ledger for record in records)
    assert runs[0][0] == runs[1][0]
    assert all(map(np.array_equal, runs[0][1], runs[1][1]))


def test_nobody_keeps_a_ledger_unasked():
    net, x, y = mnist_like(50, [20, 6, 4])
    assert next(train(net, x, y, epochs=1, **BOOK)).ledger is None


def test_each_epoch_has_books_of_its_own():
    """An epoch's ledger is the same whether the run was resumed before it or went through."""
    net, x, y = mnist_like(123, [20, 6, 4])
    twin = net.copy()
    through = [r.ledger for r in train(net, x, y, **BOOK, epochs=3,
                                       seed=np.random.default_rng(1), ledger=True)]  # fmt: skip
    rng = np.random.default_rng(1)
    assert through == [one_epoch(twin, x, y, seed=rng, **BOOK).ledger for _ in range(3)]
    for one, after in pairwise(through):
        for layer, next_layer in zip(one.layers, after.layers, strict=True):
            assert layer.size_after == next_layer.size_before


def test_weights_changed_between_epochs_enter_the_next_books():
    net, x, y = mnist_like(123, [20, 6, 4])
    run = train(net, x, y, **BOOK, epochs=2, seed=1, ledger=True)
    next(run)
    for w in net.weights:
        w *= 2
    sizes = [length(w) ** 2 for w in net.weights]
    for layer, size in zip(next(run).ledger.layers, sizes, strict=True):
        assert layer.size_before == pytest.approx(size, rel=1e-14)
        assert layer.closing_error < CLOSES


def test_a_single_step_by_hand():
    """One neuron, one image: w = 3, b = 0, x = 1 and y = 0 give g = eta sigma(3)."""
    net = Network([1, 1], seed=0)
    net.weights[0][:], net.biases[0][:] = 3.0, 0.0
    record = one_epoch(net, np.ones((1, 1)), np.zeros((1, 1)), m=1, eta=0.5, lmbda=0.2)
    (layer,) = record.ledger.layers
    g = 0.5 / (1 + math.exp(-3))
    after = 0.9 * 3 - g  # eta*lmbda/n_train is 0.1
    assert layer == LayerLedger(
        size_before=9.0,
        size_after=pytest.approx(after**2, rel=1e-14),
        decay=pytest.approx(-0.19 * 9, rel=1e-14),
        pull=pytest.approx(-2 * 0.9 * 3 * g, rel=1e-14),
        kick=pytest.approx(g**2, rel=1e-14),
        decay_step=pytest.approx(0.3, rel=1e-14),
        data_step=pytest.approx(g, rel=1e-14),
        decay_displacement=pytest.approx(0.3, rel=1e-14),
        data_displacement=pytest.approx(g, rel=1e-14),
        data_path=pytest.approx(g, rel=1e-14),
        steps=1,
    )
    parts = 0.19 * 9, 2 * 0.9 * 3 * g, g**2
    assert layer.decay_share == pytest.approx(parts[0] / sum(parts), rel=1e-14)
    assert layer.cancellation == pytest.approx(1, rel=1e-14)
    # In one step, a ruler of steps and one of the whole way are the same.
    assert layer.step_share == pytest.approx(0.3 / (0.3 + g), rel=1e-14)
    assert layer.displacement_share == pytest.approx(0.3 / (0.3 + g), rel=1e-14)


def test_the_rulers_of_steps_and_of_the_way_are_two():
    books = LayerLedger(9.0, 4.0, -3.0, -4.0, 2.0, 6.0, 2.0, 1.0, 4.0, 8.0, 3)
    assert (books.step_share, books.displacement_share) == (0.75, 0.2)
    assert (books.decay_share, books.cancellation, books.change) == (3 / 9, 0.5, -5.0)


def test_data_steps_that_undo_each_other_cancel():
    """Two images with opposite inputs and the same target pull w to and fro."""
    net = Network([1, 1], seed=0)
    net.weights[0][:], net.biases[0][:] = 0.0, 0.0
    x, y = np.array([[1.0], [-1.0]]), np.ones((2, 1))
    (layer,) = one_epoch(net, x, y, m=1, eta=1e-6, lmbda=0.0).ledger.layers
    assert layer.data_path == pytest.approx(1e-6, rel=1e-5)
    assert layer.cancellation < 1e-5
    assert layer.steps == 2


def test_where_nothing_but_decay_happens_its_share_is_one():
    net, x, _ = mnist_like(30, [20, 6, 4])
    (layer, _) = one_epoch(net, np.zeros_like(x), net.feedforward(0 * x), **BOOK).ledger.layers
    assert layer.pull == layer.kick == layer.data_step == layer.data_path == 0
    assert layer.decay_share == 1
    assert layer.cancellation == 0
    shrink = 0.5 / 30
    assert layer.decay_displacement == pytest.approx(
        (1 - (1 - shrink) ** 3) * math.sqrt(layer.size_before), rel=1e-14
    )


def test_where_nothing_happens_no_share_is_claimed():
    net, x, _ = mnist_like(30, [20, 6, 4])
    still = {"m": 10, "eta": 0.1, "lmbda": 0.0}
    for layer in one_epoch(net, 0 * x, net.feedforward(0 * x), **still).ledger.layers:
        assert layer.decay_share == layer.cancellation == layer.closing_error == 0
        assert layer.step_share == layer.displacement_share == 0


def test_slope_is_a_quarter_at_rest_and_near_zero_in_saturation():
    net, x, y = mnist_like(40, [20, 6, 5, 4])
    still = {"m": 7, "eta": 1e-12, "lmbda": 0.0}
    for scale, slope in ((0.0, 0.25), (1e4, 0.0)):
        twin = net.copy()
        for array in twin.weights[:-1] + twin.biases[:-1]:
            array *= scale
        found = one_epoch(twin, x, y, **still).ledger.slope
        assert found == pytest.approx(slope, abs=1e-3) and 0 <= found <= 0.25 + 1e-15


def test_without_a_hidden_layer_there_is_no_slope():
    net, x, y = mnist_like(40, [20, 4])
    assert one_epoch(net, x, y, **BOOK).ledger.slope is None


def test_the_control_group_is_the_inputs_silent_in_all_training_images():
    net, x, y = mnist_like(40, [20, 6, 4])
    x[:, 1] = 0
    x[17, 1] = 1  # a single grey pixel, in a single image
    before = net.weights[0].copy()
    found = one_epoch(net, x, y, **BOOK).ledger.control_rms
    decayed = (1 - 0.5 / 40) ** 4 * before[:, ::4]
    assert found == pytest.approx(math.sqrt((decayed**2).mean()), rel=1e-13)


def test_without_silent_inputs_there_is_no_control_group():
    net, x, y = mnist_like(40, [20, 6, 4])
    assert one_epoch(net, x | 1, y, **BOOK).ledger.control_rms is None


@pytest.mark.parametrize(
    "m, fan_out, fan_in, by_pairs",
    [(10, 30, 784, True), (10, 100, 784, True), (28, 30, 784, True), (29, 30, 784, False),
     (10, 10, 30, False), (1, 1, 1, False), (1, 2, 2, False)],
)  # fmt: skip
def test_kicks_take_the_way_with_fewer_products(m, fan_out, fan_in, by_pairs):
    """By pairs of images it takes m^2 products for each of the inputs and errors, else m for each
    weight."""
    assert (m * m * (fan_out + fan_in) < m * fan_out * fan_in) == by_pairs
    assert _is_cheaper_by_pairs(m, fan_out, fan_in) == by_pairs
