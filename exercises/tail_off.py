"""Predictions and exercises on claim 3: where the decay tails off, and when."""

import math
from functools import cache
from typing import Any

from exercises.exercise import Exercise, Wrong, as_number, refuse
from exercises.prediction import Choice
from experiments import digits
from experiments.histories import settled_sizes
from experiments.runs import N_TRAIN
from nn_core import load_mnist

HIDDEN_WEIGHTS = 784 * 30


def settled(init: str = "new", hidden: int = 30, lmbda: float = 5.0) -> float:
    """Return the hidden layer's weight size after 120 epochs with the book's eta and m."""
    return settled_sizes(init, hidden, lmbda)[0]


def message_length(lmbda: float) -> float:
    """Return D, the length of the hidden layer's message when it has settled."""
    return settled(lmbda=lmbda) * math.sqrt(HIDDEN_WEIGHTS)


@cache
def mean_squared_input() -> float:
    """Return the mean over the first 1,000 training images of the squared length of an input."""
    return float((load_mnist(N_TRAIN).train.x ** 2).sum(axis=1).mean())


def predict_width() -> Choice:
    """Ask for the effect of the width: the measurement that decides between two arguments."""
    root = "it shrinks by about √3"

    def result() -> str:
        ratio = settled(hidden=30) / settled(hidden=90)
        return f"From 30 to 90 neurons it falls by a factor of {ratio:.2f}; √3 is 1.73."

    return Choice(
        "Three times as many hidden neurons, everything else the same. What becomes of the size "
        "at which the hidden weights settle?",
        ["it stays the same", root, "it shrinks by about 3"],
        result,
        right=root,
    )


def predict_lambda() -> Choice:
    """Ask for the effect of lambda, which the book's scale does not contain."""
    falls = "it falls, but by a factor below 3"

    def result() -> str:
        ratio = settled(lmbda=3.0) / settled(lmbda=30.0)
        return f"From λ = 3 to λ = 30 it falls by a factor of {ratio:.2f}."

    return Choice(
        "Ten times as large a λ, everything else the same. What becomes of the size at which the "
        "hidden weights settle?",
        ["it stays the same", falls, "it falls by about √10 = 3.2", "it falls by about 10"],
        result,
        right=falls,
    )


def _judge_scale(answer: Any) -> str:
    value = as_number(answer, "the size")
    squared = mean_squared_input()
    right = squared**-0.5
    images = load_mnist(N_TRAIN).train
    slips = [
        (squared**0.5, "That is √⟨|x|²⟩ itself. The larger the input, the *smaller* the weights "
                       "that make z of order 1."),
        (squared, "That is ⟨|x|²⟩. w² times this should be 1: solve for w."),
        (1 / squared, "That is 1/⟨|x|²⟩. z adds up random signs: take the root."),
        (784**-0.5, "That is 1/√fan_in, as if every pixel were 1. Most are black."),
        (23_820**-0.5, "That is 1/√N_w. z is a sum over the inputs of *one* neuron."),
        ((squared * 256**2) ** -0.5, "Your pixels run from 0 to 255. The network sees k/256."),
        (float(images.x.sum(axis=1).mean()) ** -0.5, "You added up the pixels. Add up squares."),
        (float((images.x**2).mean()) ** -0.5, "You averaged over the pixels. z *adds* 784 terms."),
    ]  # fmt: skip
    if math.isclose(value, right * 255 / 256, rel_tol=1e-4):
        raise Wrong("You divided by 255. The book's pixels are k/256.")
    if math.isclose(value, right, rel_tol=3.5e-3):  # 0.108 is close enough
        ratio = settled() / right
        return f"The weights settle at {ratio:.2f} of this size, with the book's η, λ and m."
    refuse(
        value,
        slips,
        "z = Σ w x has the mean square w² ⟨|x|²⟩, for random weights of size w. Set it 1.",
        rel_tol=2e-3,
    )


saturation_scale = Exercise(
    question="At which weight size does Σ w x have the root mean square 1, for random weights and "
    "the first 1,000 training images? (x holds their pixels, k/256.)",
    hints=(
        "For random signs, squares add up: the mean of (Σ w x)² is w² times Σ x².",
        "Σ x² differs from image to image. Take its mean over the images.",
        "x has the shape (1000, 784): (x**2).sum(axis=1).mean() is the mean squared length.",
    ),
    solution="from nn_core import load_mnist\n"
    "x = load_mnist(1000).train.x\n"
    "size = (x**2).sum(axis=1).mean() ** -0.5",
    judge=_judge_scale,
)


def _judge_epoch(answer: Any) -> str:
    value = as_number(answer, "the epoch")
    eta, lmbda, m = 0.1, 8.0, 10
    start, length = math.sqrt(HIDDEN_WEIGHTS), message_length(lmbda=8.0)
    log = math.log(start / length)
    slips = [
        (m / (eta * 5.0) * log, "That is for λ = 5. The memory fades faster here."),
        (m / (eta * lmbda) * math.log10(start / length), "Take the natural logarithm."),
        (-m / (eta * lmbda) * log, "The sign: ln(‖w₀‖/D), with the larger one on top."),
        (eta * lmbda / m * log, "Upside down: small ηλ/m means *many* epochs."),
        (N_TRAIN / (eta * lmbda) * log, "Those are steps: m belongs there, not n_train."),
        (m / (eta * lmbda) * math.log(math.sqrt(23_820)), "You went down to the size 1/√N_w. The "
         "weights stop long before."),
        (m / (eta * lmbda) * math.log(28.0), "You went down to the size 1/√fan_in. They stop "
         "before."),
        (2 * m / (eta * lmbda) * log, "That is for the squares: a length shrinks by ηλ/m, its "
         "square by twice that."),
        (m / (eta * lmbda) * math.log(HIDDEN_WEIGHTS / length), "You took the number of weights "
         "for the length of the start. It is the root of that."),
        (-m / (eta * lmbda) * math.log(length), "D is a length, so take the start's length too, "
         "√(784·30)."),
    ]  # fmt: skip
    if math.isclose(value, m / (eta * lmbda) * log, rel_tol=0.02):
        return "Set λ to 8 in the figure of memory and message, and see where its curves cross."
    refuse(
        value,
        slips,
        "Solve ‖w₀‖·exp(-(ηλ/m)·epochs) = D for the epochs.",
        rel_tol=0.02,
    )


tail_epoch = Exercise(
    question="With λ = 8, when is the memory of the old hidden weights as short as the message, "
    "whose length in the end is D? They start with the length √(784·30). (η = 0.1, m = 10, n_train "
    "= 1,000)",
    hints=(
        "Claim 2: after k epochs the memory has exp(-(ηλ/m) k) of its length.",
        "Set that length equal to D, and take the logarithm of both sides.",
        "k = (m/(ηλ)) ln(‖w₀‖/D), with ‖w₀‖ = √(784·30).",
    ),
    solution="import math\n"
    "from exercises.tail_off import message_length\n"
    "epoch = 10 / (0.1 * 8.0) * math.log((784 * 30) ** 0.5 / message_length(lmbda=8.0))",
    judge=_judge_epoch,
)


def _judge_other_images(answer: Any) -> str:
    value = as_number(answer, "the epoch")
    stored = digits.load()
    mnist, small = (digits.Run(images=images) for images in digits.SETS)
    epochs = digits.crossings(stored, small.images)
    measured, n_weights = sum(epochs) / len(epochs), small.fan_in * small.hidden
    size, end = (digits.mean_hidden_size(stored, run.images) for run in (mnist, small))
    bright, dark = (digits.mean_squared_length(stored, run.images) for run in (mnist, small))
    total = digits.settled_length(stored[mnist])

    def until(size: float) -> float:
        return small.setting.m / (small.setting.eta * small.setting.lmbda) * math.log(1 / size)

    if math.isclose(value, measured, rel_tol=0.1):
        return (
            f"Measured, from {len(epochs)} starts: after {min(epochs)} to {max(epochs)} epochs, on "
            f"MNIST after {digits.crossings(stored, mnist.images)[0]}. The hidden weights end at "
            f"the size {end:.2f}, {end / size:.1f} times that of MNIST."
        )
    law = size * math.sqrt(mnist.fan_in / small.fan_in)  # the size that keeps the length
    refuse(
        value,
        [
            (until(size), "That is when it is on MNIST: you kept the size of the weights, or began "
             "with as many of them. Which argument of this notebook would keep the size?"),
            (until(small.n_weights**-0.5), "You went down to the number 1/√N_w. On MNIST the "
             "weights stop far above it."),
            (until(small.fan_in**-0.5), "You went down to the number 1/√fan_in. On MNIST the "
             "weights stop elsewhere."),
            (until(size * math.sqrt(bright / dark)), "You scaled by the length of the images. That "
             "is the argument from saturation, and it failed when the width was changed."),
            (until(total / math.sqrt(n_weights)), "You took the length of all weights for that of "
             "the hidden ones. The output layer has more than half of its square."),
            (until(total / math.sqrt(small.n_weights)), "That size is a mean over all weights. The "
             "memory in question is the hidden layer's alone."),
            (until(end), "That is for the message's last length. It has not got it yet where the "
             "two cross."),
            (until(law) / math.log(10), "Take the natural logarithm."),
            (-until(law), "The sign: ln(‖w₀‖/D), with the larger one on top."),
            (2 * until(law), "That is for the squares: a length shrinks by ηλ/m, its square by "
             "twice that."),
            (until(law) * small.setting.steps_per_epoch, "Those are steps. Asked are epochs."),
            (until(law * math.sqrt(n_weights)), "D is a length, so take the start's length too."),
            (until(law / math.sqrt(n_weights)), "You took the number of weights for the length of "
             "the start. It is the root of that."),
            (until(law) / until(1 / math.e) ** 2, "Upside down: small ηλ/m means *many* epochs."),
        ],
        "Two lengths have to be equal: that of the memory, which claim 2 has, and that of the "
        "message, which an argument about claim 3 has.",
        rel_tol=0.01,
    )  # fmt: skip


other_images = Exercise(
    question="Other images: [64, 30, 10] on 1,000 digits of 8 x 8 pixels, with η = 0.1, λ = 5 and "
    "m = 10 as before. After how many epochs is the memory of the old hidden weights as short as "
    "the message? (To a tenth. The table has what is known before the training.)",
    hints=(
        "You need two lengths. The memory's is known: it begins at √(64·30), and claim 2 has no "
        "image in it.",
        "The message's is not known before training. Which argument says what becomes of it when "
        "twelve times fewer hidden weights have to learn much the same?",
        "By the balance, fewer weights share the same sum of squares. So D is as on MNIST, its "
        "size times √(784·30), and k = (m/(ηλ)) ln(√(64·30)/D).",
    ),
    solution="import math\n"
    "from exercises.tail_off import message_length\n"
    "length = message_length(lmbda=5.0)  # as on MNIST\n"
    "epoch = 10 / (0.1 * 5.0) * math.log((64 * 30) ** 0.5 / length)",
    judge=_judge_other_images,
)
