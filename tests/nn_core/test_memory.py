"""Memory and message against sums written out, and against what the ledger says of a step."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn_core import Network, Setting, memory, one_hot, sgd_step, theory, train
from nn_core.memory import Parts

SIZES = [6, 4, 3]


def images(n_train, seed=0, silent=0):
    """Return n_train small images whose first `silent` pixels are black, and their targets."""
    rng = np.random.default_rng(seed)
    x = rng.random((n_train, SIZES[0]))
    x[:, :silent] = 0
    return x, one_hot(rng.integers(SIZES[-1], size=n_train), SIZES[-1])


def explicit(settings, x, y, seed=1):
    """Take an epoch of single steps for each setting; return (start, net, memories, messages).

    Each word of the message is faded by itself: a sum over all steps so far, made anew.
    """
    net, rng = Network(SIZES, init="old", seed=seed), np.random.default_rng(seed)
    start = [w.copy() for w in net.weights]
    words, factors = [], []  # of each step: what it adds to each layer, and its s
    for one in settings:
        order = rng.permutation(len(x))
        for first in range(0, len(x), one.m):
            batch = order[first : first + one.m]
            nabla_w, _ = net.backprop(x[batch], y[batch])
            words.append([-one.eta / len(batch) * nabla for nabla in nabla_w])
            factors.append(1 - one.eta * one.lmbda / len(x))
            sgd_step(net, x[batch], y[batch], eta=one.eta, lmbda=one.lmbda, n_train=len(x))
    faded = [np.prod(factors[k + 1 :]) for k in range(len(factors))]
    messages = [sum(f * word[layer] for f, word in zip(faded, words)) for layer in range(2)]
    return start, net, [np.prod(factors) * w for w in start], messages


SETTINGS = st.lists(
    st.builds(
        Setting, eta=st.floats(0.01, 2), lmbda=st.just(0.0) | st.floats(0.01, 5),
        m=st.integers(1, 7), n_train=st.just(7),
    ), min_size=1, max_size=4,
)  # fmt: skip


@settings(max_examples=40)
@given(SETTINGS)
def test_weights_are_memory_and_message_to_the_last_digits(settings):
    """Also with a smaller last mini-batch, without decay, and where eta and lambda move."""
    x, y = images(7, silent=2)
    start, net, memories, messages = explicit(settings, x, y)
    found = memory.parts(start, net.weights, memory.kept(settings))
    for part, old, written, weights in zip(found, memories, messages, net.weights, strict=True):
        np.testing.assert_allclose(part.memory, old, rtol=0, atol=1e-12)
        np.testing.assert_allclose(part.message, written, rtol=0, atol=1e-12)
        np.testing.assert_allclose(part.weights, weights, rtol=0, atol=1e-15)
    assert not messages[0][:, :2].any()
    np.testing.assert_allclose(found[0].message[:, :2], 0, atol=1e-13)


def test_a_run_of_the_engine_divides_in_the_same_way():
    x, y = images(7, silent=1)
    one = Setting(0.5, 0.3, 3, 7)
    net = Network(SIZES, init="new", seed=1)
    start = [w.copy() for w in net.weights]
    list(train(net, x, y, epochs=5, m=3, eta=0.5, lmbda=0.3, seed=1, evaluate=False))
    hidden, output = memory.parts(start, net.weights, memory.kept([one] * 5))
    assert memory.kept([one] * 5) == pytest.approx((1 - 0.5 * 0.3 / 7) ** 15, rel=1e-14)
    assert np.abs(hidden.message[:, 0]).max() < 1e-15 < np.abs(hidden.message[:, 1:]).min()
    assert np.linalg.norm(output.message) > 0.1


@given(
    st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=1, max_size=20),
    st.floats(0, 1),
)
def test_the_three_lengths_and_the_angle_close(pairs, kept):
    """The law of cosines: |w|^2 = |memory|^2 + |message|^2 + 2 cos |memory| |message|."""
    start, message = np.array(pairs).T
    (found,) = memory.parts([start], [kept * start + message], kept)
    old, new, whole = found.lengths
    squares = old**2 + new**2 + 2 * found.cosine * old * new
    assert whole**2 == pytest.approx(squares, rel=1e-9, abs=1e-12)
    assert -1 - 1e-9 <= found.cosine <= 1 + 1e-9
    assert old == pytest.approx(kept * float(np.sqrt(np.sum(start**2))), rel=1e-12)


def an_epoch(m, n_train):
    """Train for one; yield (weights before, parts after, ledger) of each layer."""
    x, y = images(n_train)
    net = Network(SIZES, init="old", seed=4)
    start = [w.copy() for w in net.weights]
    (record,) = train(net, x, y, epochs=1, m=m, eta=0.9, lmbda=1.5, seed=1, ledger=True)
    found = memory.parts(start, net.weights, memory.kept([Setting(0.9, 1.5, m, n_train)]))
    yield from zip(start, found, record.ledger.layers, strict=True)


def test_the_ledger_of_a_single_step_follows_from_them():
    """Decay is what the memory loses, kick the message, pull what the angle between them makes."""
    for before, part, ledger in an_epoch(m=7, n_train=7):
        old, new, _ = part.lengths
        assert ledger.decay == pytest.approx(old**2 - np.sum(before**2), rel=1e-10)
        assert ledger.kick == pytest.approx(new**2, rel=1e-10)
        assert ledger.pull == pytest.approx(2 * part.cosine * old * new, rel=1e-10)


def test_an_epochs_displacements_in_the_ledger_are_theirs():
    for before, part, ledger in an_epoch(m=3, n_train=20):
        old, new, _ = part.lengths
        assert ledger.data_displacement == pytest.approx(new, rel=1e-10)
        assert ledger.decay_displacement == pytest.approx(
            np.sqrt(np.sum(before**2)) - old, rel=1e-10
        )


def test_a_memory_that_has_all_but_gone_still_has_a_length_and_a_direction():
    """Its squares are below the least float."""
    start, message = np.random.default_rng(1).standard_normal((2, 5, 4))
    faded, whole = Parts(1e-200 * start, message), Parts(start, message)
    assert faded.lengths[0] == pytest.approx(1e-200 * whole.lengths[0], rel=1e-12)
    assert faded.cosine == pytest.approx(whole.cosine, rel=1e-12)


def test_where_one_of_them_is_nothing_there_is_no_angle():
    some, none = np.ones((2, 3)), np.zeros((2, 3))
    assert Parts(some, none).cosine == Parts(none, some).cosine == Parts(none, none).cosine == 0
    assert Parts(some, -some).cosine == pytest.approx(-1)


def test_the_forecast_is_a_length_at_right_angles():
    assert memory.length_forecast(10.0, 3.0, 0.4) == 5.0
    part = Parts(0.4 * np.array([10.0, 0]), np.array([0, 3.0]))
    assert part.lengths == (4.0, 3.0, 5.0)


def test_the_memory_is_down_to_the_message_when_decay_alone_says_so():
    setting = {"eta": 0.1, "lmbda": 5.0, "m": 10, "n_train": 1000}
    epochs = theory.epochs_to_shrink(28.0, 5.0, **setting)
    kept = Setting(**setting).factor_per_epoch ** epochs
    assert kept * 28.0 == pytest.approx(5.0, rel=1e-12)
    assert memory.length_forecast(28.0, 5.0, kept) == pytest.approx(5.0 * np.sqrt(2), rel=1e-12)


def test_networks_of_other_shapes_are_refused():
    one, other = Network([4, 3, 2], seed=0), Network([4, 5, 2], seed=0)
    with pytest.raises(ValueError, match=r"\(3, 4\).*\(5, 4\).*one network"):
        memory.parts(one.weights, other.weights, 0.5)
    with pytest.raises(ValueError, match="kept must be finite"):
        memory.parts(one.weights, one.weights, np.inf)


@pytest.mark.parametrize("start, message, kept, length", [
    (0, 0, 0.5, 0), (0.5, 0, 0.5, 0.25), (0, 0.25, 0.5, 0.25), (0.6, 0.4, -0.5, 0.5),
])  # fmt: skip
def test_a_forecast_of_small_lengths(start, message, kept, length):
    assert memory.length_forecast(start, message, kept) == pytest.approx(length, rel=1e-15)
