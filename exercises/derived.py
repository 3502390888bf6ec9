"""Predictions and exercises on why the size goes like 1/sqrt(N_w), and where weights give up."""

import math
from dataclasses import replace
from functools import cache
from typing import Any

from exercises.exercise import Exercise, Unanswered, Wrong, as_number, refuse
from exercises.prediction import Choice
from experiments import cliff, scaling
from experiments.scaling_fit import measured
from nn_core import load_mnist
from nn_core.linear_limit import critical_kappa

N_TRAIN = 2000
SQUARED_INPUT, OUTPUT = 9.0, 0.5  # of a ReLU neuron: its input weights squared, its output weight
PRODUCT = 6.0  # of the two weights in the exercise


def predict_total() -> Choice:
    """Ask what becomes of the sum of all squares in a wider network."""
    hardly = "it hardly changes"

    def result() -> str:
        stored, ends = scaling.load(), (scaling.Run(hidden=8), scaling.Run(hidden=512))
        narrow, wide = (measured(stored, run).sum() for run in ends)
        return f"It is {narrow:.0f} with 8 neurons, {wide:.0f} with 512."

    return Choice(
        "From 8 to 512 hidden neurons the network gets 64 times as many weights (λ = 5, 5,000 "
        "images). What becomes of the sum of the squares of all of them, where they settle?",
        ["it grows about 64-fold", "it grows about 8-fold", hardly],
        result,
        right=hardly,
    )


def predict_giving_up() -> Choice:
    """Ask how a network ends whose decay is too strong."""
    gone = "beyond a certain λ to nothing"
    return Choice(
        "Make λ larger and larger, and let the network settle each time. How large are its weights "
        "then?",
        ["ever smaller, but never nothing", gone, "from a certain λ on they grow again"],
        lambda: (
            f"With 1,000 images they go to nothing beyond about λ = "
            f"{cliff.measured(cliff.load(), 1000):.0f}."
        ),
        right=gone,
    )


@cache
def critical_lambda(n_train: int = N_TRAIN) -> float:
    """Return the lambda from which on linear neurons give up, for the first images."""
    images = load_mnist(n_train).train
    return n_train * critical_kappa(images.x, images.y)


def _judge_means(answer: Any) -> str:
    value = as_number(answer, "the sum")
    slips = [
        (PRODUCT, "That is the product. The sum of the squares is at least twice that."),
        (PRODUCT**2 + 1, "With w = 6 and a = 1 it can be had for less."),
        (3.0**2 + 2.0**2, "With w = 3 and a = 2 it is 13. There is still less."),
        (math.sqrt(PRODUCT), "That is each of the two weights. Asked is the sum of squares."),
        (2 * math.sqrt(PRODUCT), "That is the sum of the weights. Asked is the sum of squares."),
        (2 * PRODUCT**2, "You squared the product. Each weight is its little."),
    ]
    if math.isclose(value, 2 * PRODUCT, rel_tol=0.01):
        return "Both are √6: regularization shares the product equally between the two layers."
    refuse(value, slips, "(w - a)² is never negative. Multiply it out.", rel_tol=0.01)


two_means = Exercise(
    question="Two weights in a row must have the product w a = 6. How small can w² + a² be?",
    hints=(
        "Try w = 6 and a = 1, then w = 3 and a = 2.",
        "(w - a)² = w² + a² - 2 w a is at least 0.",
        "So w² + a² is at least 2 w a, and equal to it where w = a.",
    ),
    solution="least = 2 * 6  # w = a = √6",
    judge=_judge_means,
)


def _judge_critical(answer: Any) -> str:
    value = as_number(answer, "your λ")
    right = critical_lambda()
    slips = [
        (4 * right, "Near z = 0 the slope of σ is 1/4: that belongs in."),
        (right / N_TRAIN, "That is λ/n_train. Asked is λ."),
        (16 * right, "Divide by 4, not multiply."),
        (critical_lambda(1000), f"That is for 1,000 images. Here it is {N_TRAIN:,}."),
    ]
    if math.isclose(value, right, rel_tol=0.01):
        return f"So λ = 5 is {right / 5:.0f} times too weak to silence this network."
    refuse(
        value,
        slips,
        "It does not fit. The largest singular value of the covariance is 4 λ/n_train.",
        rel_tol=0.01,
    )


give_up = Exercise(
    question=f"From which λ on does the forecast see all weights at 0, with the first {N_TRAIN:,} "
    "training images?",
    hints=(
        "Images and targets as x and y of load_mnist, each minus its mean over the images.",
        f"The covariance is y.T @ x / {N_TRAIN}, 10 x 784.",
        "λ/n_train = σ_max/4, σ_max the largest of np.linalg.svd(covariance, compute_uv=False).",
    ),
    solution="import numpy as np\n"
    "from nn_core import load_mnist\n"
    f"images = load_mnist({N_TRAIN}).train\n"
    "x, y = images.x - images.x.mean(axis=0), images.y - images.y.mean(axis=0)\n"
    f"largest = np.linalg.svd(y.T @ x / {N_TRAIN}, compute_uv=False)[0]\n"
    f"critical = {N_TRAIN} * largest / 4",
    judge=_judge_critical,
)


def _judge_design(answer: Any) -> str:
    if answer is None or answer is ...:
        raise Unanswered("What you change is missing.")
    if not isinstance(answer, dict):
        raise Wrong(f"Hand over what you change and to what, like {{'lmbda': 50.0}}: {answer!r}.")
    stored, base = scaling.load(), scaling.Run()
    try:
        run = replace(base, **answer)
    except TypeError:
        raise Wrong(
            f"There is nothing to change but hidden, lmbda and brightness: {answer}."
        ) from None
    if run not in stored or run.pool > 1:  # averaging pixels changes both
        raise Wrong(
            "That was not measured. Stored are hidden = 8, 16, 30, 64, 128, 256, 512, lmbda = 0.5 "
            "to 200 and brightness = 0.25, 0.5, 1, 2, 4, one of them changed."
        )
    by_number, by_light = ((_one(base) / _one(run)) ** 0.5 for _one in (_n_weights, _length))
    if max(by_number / by_light, by_light / by_number) < 3:
        raise Wrong(
            f"1/√N_w would move by a factor of {by_number:.2f}, 1/√⟨|x|²⟩ by {by_light:.2f}: that "
            "is hard to tell apart."
        )
    before, after = (measured(stored, one)[0] / (one.fan_in * one.hidden)
                     for one in (base, run))  # fmt: skip
    return (
        f"If the size followed 1/√N_w it would move by a factor of {by_number:.2f}, if it "
        f"followed 1/√⟨|x|²⟩ by {by_light:.2f}. Measured, in the hidden layer: "
        f"{(after / before) ** 0.5:.2f}."
    )


def _n_weights(run: scaling.Run) -> float:
    return (run.fan_in + 10) * run.hidden


def _length(run: scaling.Run) -> float:
    return run.brightness**2  # as a multiple: the images are the same


tell_apart = Exercise(
    question="Two scales, 1/√N_w and 1/√⟨|x|²⟩. Design an experiment that tells them apart: which "
    "one thing do you change in [784, 30, 10] on 5,000 images at λ = 5, and to what, so that the "
    "two forecasts differ at least threefold?",
    hints=(
        "Ask of each thing that one can change: which of the two scales knows of it?",
        "λ moves neither. The number of neurons moves the first, the brightness the second.",
        "Go far enough: each is a root.",
    ),
    solution="change = {'brightness': 1 / 4}  # or {'hidden': 512}",
    judge=_judge_design,
)


def _judge_balance(answer: Any) -> str:
    value = as_number(answer, "the squared length")
    before, product = SQUARED_INPUT + OUTPUT**2, SQUARED_INPUT * OUTPUT**2
    right = math.sqrt(product)
    slips = [
        (SQUARED_INPUT, "That is where it was. The sum of the squares can be less."),
        (before / 2, "That shares out the sum. Rescaling does not keep the sum, but the product."),
        (product, "That is the product of the two squared lengths. Each of them is its root."),
        (2 * right, "That is the sum of both squared lengths. Asked is one of them."),
        (math.sqrt(right), "That is the length. Asked is its square."),
        (
            OUTPUT / math.sqrt(SQUARED_INPUT),
            "That is c², by which the squared length is multiplied.",
        ),
        (1.0, "A squared length of 1 leaves the output weight with 9/4. There is still less."),
    ]
    if math.isclose(value, right, rel_tol=0.01):
        return (
            f"The output weight's square is 3/2 as well: together {2 * right:g} instead of "
            f"{before:g}. At rest, without noise, each ReLU neuron is balanced like this."
        )
    refuse(value, slips, "Multiply the input weights by c, divide the output weight by c.",
           rel_tol=0.01)  # fmt: skip


balance = Exercise(
    question="A ReLU neuron has input weights of squared length 9 and one output weight, 1/2. "
    "Rescale both, and the bias, so that it passes on the same and the sum of the squares of its "
    "weights is least. What is then the squared length of its input weights?",
    hints=(
        "Multiply input weights and bias by c > 0: what becomes of max(0, z)?",
        "It grows by c, so the output weight is divided by c: the squares are 9c² and 1/(4c²).",
        "Their product stays 9/4, whatever c. The sum is least where the two are equal.",
    ),
    solution="squared = (9 * (1 / 2) ** 2) ** 0.5  # both are 3/2, with c² = 1/6",
    judge=_judge_balance,
)
