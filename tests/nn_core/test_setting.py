"""`Setting` against exact fractions, and against the steps that training takes."""

import math
from dataclasses import FrozenInstanceError
from fractions import Fraction

import numpy as np
import pytest

from nn_core import Network, Setting, one_hot, train


@pytest.mark.parametrize("eta", [0.1, 3.0])
@pytest.mark.parametrize("lmbda", [0.0, 5.0, 40.0])  # shrink from 0 to 6: gentle to growing
@pytest.mark.parametrize("m, n_train", [(1, 1), (10, 20), (7, 20), (20, 20), (19, 20)])
def test_what_follows_from_the_four_numbers(eta, lmbda, m, n_train):
    setting = Setting(eta, lmbda, m, n_train)
    shrink = Fraction(eta) * Fraction(lmbda) / n_train
    steps = len(range(0, n_train, m))
    assert setting.shrink == pytest.approx(float(shrink), rel=1e-15, abs=0)
    assert setting.steps_per_epoch == steps
    factor = float((1 - shrink) ** steps)
    assert setting.factor_per_epoch == pytest.approx(factor, rel=1e-13, abs=1e-300)
    once = abs(1 - shrink)
    if once not in (0, 1):  # for the borders see `epochs_to_shrink`
        assert once ** (steps * setting.decay_time) == pytest.approx(math.exp(-1))


def test_training_decays_by_it():
    x = np.random.default_rng(0).random((23, 4))
    x[:, 2] = 0.0  # weights from here feel nothing but decay
    net = Network([4, 5, 3], seed=1)
    before = net.weights[0][:, 2].copy()
    setting = Setting(eta=0.5, lmbda=6.0, m=5, n_train=23)
    record = next(train(net, x, one_hot(np.arange(23) % 3, 3), epochs=1, m=5, eta=0.5, lmbda=6.0))
    assert record.steps == setting.steps_per_epoch == 5
    np.testing.assert_allclose(net.weights[0][:, 2], setting.factor_per_epoch * before, rtol=1e-14)


def test_it_is_a_frozen_value_of_plain_numbers():
    setting = Setting(np.float32(0.5), 5, np.uint8(2), np.int64(6))
    assert setting == Setting(0.5, 5.0, 2, 6) and hash(setting) == hash(Setting(0.5, 5.0, 2, 6))
    kinds = [type(value) for value in (setting.eta, setting.lmbda, setting.m, setting.n_train)]
    assert kinds == [float, float, int, int]
    with pytest.raises(FrozenInstanceError):
        setting.eta = 1.0


def test_m_names_n_train_and_says_what_to_do():
    with pytest.raises(ValueError, match=r"m must be from 1 to 6 .*n_train.*got 7.*smaller m"):
        Setting(0.1, 5.0, 7, 6)
