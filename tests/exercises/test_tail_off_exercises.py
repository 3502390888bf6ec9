"""Claim 3: predictions that the numbers bear out, and a word of its own for each slip."""

import math

import numpy as np
import pytest

from exercises import tail_off
from exercises.exercise import OPEN
from exercises.tail_off import (
    mean_squared_input,
    message_length,
    other_images,
    saturation_scale,
    settled,
    tail_epoch,
)
from experiments import digits
from nn_core import Network, load_mnist

N_W = 784 * 30 + 30 * 10


@pytest.fixture(scope="module")
def squares():
    """The squared lengths of the first 1,000 inputs, pixel by pixel."""
    return (load_mnist(1000).train.pixels / 256) ** 2


def test_the_mean_squared_length_is_that_of_the_pixels(squares):
    assert mean_squared_input() == pytest.approx(squares.sum(axis=1).mean())


def test_at_this_size_the_weighted_input_is_one(squares):
    """Random weights of this size, many neurons: the root mean square of w x is 1."""
    size = squares.sum(axis=1).mean() ** -0.5
    w = size * np.random.default_rng(1).standard_normal((2000, 784))
    z = np.sqrt(squares) @ w.T
    assert np.sqrt((z**2).mean()) == pytest.approx(1, rel=0.02)
    assert saturation_scale.verdict(size).startswith("Right. ")


def scale_slips(squares):
    length = squares.sum(axis=1).mean()
    return {
        "upside down": length**0.5,
        "no root": 1 / length,
        "no root, upside down": length,
        "fan_in": 784**-0.5,
        "N_w": N_W**-0.5,
        "grey levels 0 to 255": (length * 256**2) ** -0.5,
        "k/255": (length * (256 / 255) ** 2) ** -0.5,
        "pixels, not squares": np.sqrt(squares).sum(axis=1).mean() ** -0.5,
        "mean, not sum": squares.mean() ** -0.5,
    }


TIME = 10 / (0.1 * 8.0)  # epochs in which decay takes a weight to 1/e, in the second exercise


def epochs_down(to):
    """Return the epochs in which decay takes a weight of size 1 down to this one."""
    return TIME * math.log(1 / to)


def tail():
    return settled(lmbda=8.0)


def epoch_slips():
    log, length = math.log(1 / tail()), tail() * math.sqrt(23_520)
    return {
        "log10": TIME * math.log10(1 / tail()),
        "sign": -TIME * log,
        "upside down": log / TIME,
        "steps": 1000 / 0.8 * log,
        "down to 1/√N_w": TIME * math.log(math.sqrt(N_W)),
        "down to 1/√fan_in": TIME * math.log(28),
        "squares": 2 * TIME * log,
        "the λ of the notebook": 20 * log,
        "number for length": TIME * math.log(23_520 / length),
        "a start of length 1": TIME * math.log(1 / length),
    }


def of_mnist(tell):
    """Return the mean over the old networks on MNIST that were trained beside those on digits."""
    runs = [digits.Run(images="MNIST", seed=seed) for seed in range(3)]
    return np.mean([tell(digits.load()[run]["weights"][-1]) for run in runs])


def other_slips():
    """The epochs of 20 ln(1/size) for the sizes that other arguments give the new images."""
    small = [digits.load()[digits.Run(seed=seed)]["weights"][-1, 0] for seed in range(3)]
    size, total = of_mnist(lambda w: w[0]) / 23_520**0.5, of_mnist(np.linalg.norm)
    light = [digits.load()[digits.Run(images=name)]["mean_squared_length"]
             for name in ("MNIST", "digits")]  # fmt: skip
    log = math.log(1 / (size * 3.5))  # √(784/64) is 3.5
    return {
        "the same size": 20 * math.log(1 / size),
        "1/√N_w": 20 * math.log(2220**0.5),
        "1/√fan_in": 20 * math.log(8),
        "saturation": 20 * math.log((light[1] / light[0]) ** 0.5 / size),
        "the length of all weights": 20 * math.log(1920**0.5 / total),
        "the size of all weights": 20 * math.log(2220**0.5 / total),
        "the last length": 20 * math.log(1920**0.5 / np.mean(small)),
        "log10": 20 * log / math.log(10),
        "sign": -20 * log,
        "squares": 40 * log,
        "steps": 2000 * log,
        "a start of length 1": 20 * (log - math.log(1920**0.5)),
        "number for length": 20 * (log + math.log(1920**0.5)),
        "upside down": log / 20,
    }


def assert_told_apart(exercise, slips, general):
    verdicts = {name: exercise.verdict(answer) for name, answer in slips.items()}
    assert len(set(verdicts.values())) == len(slips) >= 5
    for name, verdict in verdicts.items():
        assert verdict.startswith("Not yet. ") and general not in verdict, name
        assert len(verdict) < 300


def test_each_slip_in_the_scale_has_its_own_words(squares):
    assert_told_apart(saturation_scale, scale_slips(squares), "z = Σ w x has the mean square")


def test_each_slip_in_the_epoch_has_its_own_words():
    assert_told_apart(tail_epoch, epoch_slips(), "Solve ‖w₀‖")


def test_each_slip_on_other_images_has_its_own_words():
    assert_told_apart(other_images, other_slips(), "Two lengths have to be equal")


@pytest.mark.parametrize(
    "slip, word",
    [("the same size", "kept the size"), ("1/√N_w", "1/√N_w"), ("1/√fan_in", "1/√fan_in"),
     ("saturation", "saturation"), ("the length of all weights", "The output layer has more"),
     ("the size of all weights", "mean over all weights"), ("the last length", "last length"),
     ("squares", "squares"), ("steps", "steps"), ("number for length", "The root of that")],
)  # fmt: skip
def test_what_went_wrong_on_other_images_is_said(slip, word):
    assert word.lower() in other_images.verdict(other_slips()[slip]).lower()


def crossing_by_hand(run):
    """The first epoch whose memory, from the exact factor of a step, is below the message."""
    found = digits.load()[run]
    memory = found["start"][0] * (1 - 0.1 * 5 / 1000) ** (100 * np.arange(1, 121))
    return 1 + int(np.argmax(memory <= found["message"][:, 0]))


def test_the_lengths_on_other_images_cross_where_the_law_says():
    """Each layer's length from MNIST, the number of weights from here: right to a tenth."""
    measured = [crossing_by_hand(digits.Run(seed=seed)) for seed in range(3)]
    law = 20 * math.log(1920**0.5 / of_mnist(lambda w: w[0]))
    assert law == pytest.approx(np.mean(measured), rel=0.05)
    verdict = other_images.verdict(law)
    assert verdict.startswith("Right. ")
    assert f"after {min(measured)} to {max(measured)} epochs, on MNIST after " in verdict
    assert f"MNIST after {crossing_by_hand(digits.Run(images='MNIST'))}." in verdict
    small = [digits.load()[digits.Run(seed=seed)]["weights"][-1, 0] for seed in range(3)]
    size = np.mean(small) / 1920**0.5
    ratio = size / (of_mnist(lambda w: w[0]) / 23_520**0.5)
    assert f"size {size:.2f}, {ratio:.1f} times that of MNIST" in verdict


def test_both_ways_to_apply_the_law_are_right():
    size = of_mnist(lambda w: w[0]) / 23_520**0.5
    for n_weights, here in ((23_520, 1920), (N_W, 2220)):  # of the layer, or of the network
        epoch = 20 * math.log(1 / (size * (n_weights / here) ** 0.5))
        assert other_images.verdict(epoch).startswith("Right. ")


@pytest.mark.parametrize("off, right", [(1, True), (1.08, True), (0.92, True), (1.15, False),
                                        (0.85, False), (3, False)])  # fmt: skip
def test_how_exact_the_epoch_on_other_images_has_to_be(off, right):
    measured = np.mean([crossing_by_hand(digits.Run(seed=seed)) for seed in range(3)])
    verdict = other_images.verdict(off * measured)
    assert verdict.startswith("Right. " if right else "Not yet. ")


def test_the_solution_on_other_images_is_right():
    names = {}
    exec(other_images.solution, names)
    assert other_images.verdict(names["epoch"]).startswith("Right. ")


def test_the_output_layer_has_more_than_half_of_the_square():
    assert of_mnist(lambda w: w[1] ** 2 / (w @ w)) > 0.5


def test_the_slips_are_told_apart_by_what_they_are(squares):
    scale, epoch = scale_slips(squares), epoch_slips()
    for exercise, answer, word in [
        (saturation_scale, scale["no root"], "root"),
        (saturation_scale, scale["N_w"], "1/√N_w"),
        (saturation_scale, scale["fan_in"], "1/√fan_in"),
        (saturation_scale, scale["k/255"], "255"),
        (saturation_scale, scale["grey levels 0 to 255"], "0 to 255"),
        (saturation_scale, scale["pixels, not squares"], "squares"),
        (tail_epoch, epoch["log10"], "natural"),
        (tail_epoch, epoch["steps"], "steps"),
        (tail_epoch, epoch["sign"], "sign"),
        (tail_epoch, epoch["squares"], "squares"),
        (tail_epoch, epoch["down to 1/√N_w"], "1/√N_w"),
        (tail_epoch, epoch["number for length"], "the root of that"),
        (tail_epoch, epoch["a start of length 1"], "√(784·30)"),
    ]:
        assert word in exercise.verdict(answer)


@pytest.mark.parametrize("off, right", [(1, True), (1.001, True), (0.999, True), (1.02, False),
                                        (0.98, False), (2, False)])  # fmt: skip
def test_how_exact_the_scale_has_to_be(off, right):
    verdict = saturation_scale.verdict(off * mean_squared_input() ** -0.5)
    assert verdict.startswith("Right. " if right else "Not yet. z = Σ w x")


@pytest.mark.parametrize("off, right", [(1, True), (1.01, True), (0.99, True), (1.05, False),
                                        (0.95, False), (10, False)])  # fmt: skip
def test_how_exact_the_epoch_has_to_be(off, right):
    verdict = tail_epoch.verdict(off * epochs_down(tail()))
    assert verdict.startswith("Right. " if right else "Not yet. Solve")


def test_a_length_of_three_digits_will_do():
    length = float(f"{message_length(lmbda=8.0):.3g}")
    assert tail_epoch.verdict(TIME * math.log(23_520**0.5 / length)).startswith("Right. ")


def test_the_praise_says_where_the_weights_settle():
    size = mean_squared_input() ** -0.5
    assert f"at {settled() / size:.2f} of this size" in saturation_scale.verdict(size)


@pytest.mark.parametrize("exercise", [saturation_scale, tail_epoch, other_images],
                         ids=["scale", "epoch", "other images"])  # fmt: skip
@pytest.mark.parametrize(
    "answer, words",
    [(None, "missing"), (..., "missing"), ("0.1", "without quotes"), ("", "without quotes"),
     (math.nan, ""), (math.inf, ""), (0, ""), (-1, ""), (1j, "number"), ([1, 2], "number"),
     (lambda: 1, "number"), (lambda x: x, "number"), (np.ones(784), "of type ndarray")],
)  # fmt: skip
def test_whatever_else_comes_gets_words(exercise, answer, words):
    verdict = exercise.verdict(answer)
    assert verdict.startswith(OPEN if "missing" in words else "Not yet. ") and words in verdict
    assert "Error" not in verdict and "nan" not in verdict and len(verdict) < 250


def test_no_verdict_gives_the_answer_away(squares):
    size, epoch = mean_squared_input() ** -0.5, epochs_down(tail())
    for exercise, slips, answers in [
        (saturation_scale, scale_slips(squares), (f"{size:.3g}", f"{size:.2g}")),
        (tail_epoch, epoch_slips(), (f"{epoch:.3g}", f"{epoch:.0f}")),
        (other_images, other_slips(), ("29", "30", "31")),
    ]:
        for slip in slips.values():
            assert not any(answer in exercise.verdict(slip) for answer in answers)


@pytest.mark.parametrize(
    "ask, one, other, low, high",
    [
        (tail_off.predict_width, {"hidden": 30}, {"hidden": 90}, 1.4, 2.1),  # about √3
        (tail_off.predict_lambda, {"lmbda": 3.0}, {"lmbda": 30.0}, 1.1, 3.0),
    ],
)
def test_what_width_and_lambda_do_is_what_the_numbers_say(ask, one, other, low, high):
    ratio = settled(**one) / settled(**other)
    assert low < ratio < high
    prediction = ask()
    prediction.commit(prediction.options[1])
    assert prediction.verdict == "right" and f"factor of {ratio:.2f}" in prediction.outcome
    assert Network([784, 30, 10], seed=0).n_weights == N_W
