"""Predictions and an exercise on the ways to fail."""

import math
from typing import Any

from exercises.exercise import Exercise, as_number, refuse
from exercises.prediction import Choice
from experiments.runs import settled
from nn_core import load_mnist

VALIDATED = 2000  # images


def predict_too_strong() -> Choice:
    """Ask what a network learns whose decay is forty times too strong."""
    guesses = "about one in ten: it only guesses"

    def result() -> str:
        images = load_mnist(1).validation
        net = settled(init="old", lmbda=200.0, epochs=60)
        right = net.accuracy(images.x[:VALIDATED], images.y[:VALIDATED])
        return f"It gets {right:.1%} right, with hidden weights of size {net.weight_rms()[0]:.4f}."

    return Choice(
        "λ = 200 instead of 5, on 1,000 images. How many validation images does the network get "
        "right after 60 epochs? With λ = 5 it is 86 %.",
        ["nearly as many as with λ = 5", "about half of them", guesses],
        result,
        right=guesses,
    )


def predict_past_the_edge() -> Choice:
    """Ask what a decay step does whose ηλ is more than twice n_train."""
    grow = "they change sign in each step, and grow"
    return Choice(
        "ηλ = 250 on 100 images. Think of decay alone: what becomes of the weights?",
        ["they are gone after a step", "they change sign in each step, and shrink", grow],
        lambda: (
            f"Each step multiplies them by 1 − ηλ/n_train = −{250 / 100 - 1:.1f}, so they are "
            f"{1.5**10:.0f} times as large after the ten steps of an epoch."
        ),
        right=grow,
    )


ETA, N_TRAIN = 0.5, 2000


def _judge_edge(answer: Any) -> str:
    value = as_number(answer, "your λ")
    slips = [
        (N_TRAIN / ETA, "There the factor is 0. Beyond it the sign flips, but do weights grow?"),
        (2 * N_TRAIN * ETA, "You multiplied by η. Solve ηλ/n_train = 2 for λ."),
        (2 * N_TRAIN, "You left out η."),
        (2 / ETA, "You left out n_train."),
        (2 * 10 / ETA, "m is not in the factor of a single step: n_train is."),
        (N_TRAIN / (2 * ETA), "There the factor is 1/2, and weights halve in each step."),
    ]
    if math.isclose(value, 2 * N_TRAIN / ETA, rel_tol=0.005):
        return "Beyond it no step shrinks anything. The sliders stop there too: try it."
    refuse(
        value,
        slips,
        "A step multiplies by 1 - ηλ/n_train. Weights grow where that is below -1.",
        rel_tol=0.005,
    )


edge = Exercise(
    question="η = 0.5 and 2,000 training images. Above which λ does decay alone make the weights "
    "larger, not smaller?",
    hints=(
        "By which number does a decay step multiply a weight?",
        "Weights grow if that number is above 1 or below -1.",
        "1 - ηλ/n_train = -1. Solve for λ.",
    ),
    solution="lmbda = 2 * 2000 / 0.5",
    judge=_judge_edge,
)
