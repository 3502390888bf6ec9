"""Predictions and exercises on memory and message."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from exercises.exercise import Exercise, Unanswered, Wrong, ask, draws, shown
from exercises.prediction import Choice
from experiments import memory as runs
from experiments.runs import ETA, N_TRAIN, SEED, M, settled
from nn_core import Network, load_mnist
from nn_core.memory import Parts, kept, parts
from nn_core.setting import Setting

LMBDA = 5.0


def predict_dimming() -> Choice:
    """Ask whether the network needs its noise."""
    uses = "more with half of it, fewer with none"

    def result() -> str:
        all_of_it, half, none = dimmed()
        return f"{all_of_it:.1%} with all of it, {half:.1%} with half, {none:.1%} with none."

    return Choice(
        "After the first epoch with 5,000 images, take away half of the hidden weights' memory by "
        "hand, or all of it. The message stays. How many digits does the network recognize then?",
        ["fewer with half of it, fewest with none", "more with half of it, most with none", uses],
        result,
        right=uses,
    )


def dimmed() -> tuple[float, ...]:
    """Return the accuracies with all, half and none of the hidden layer's memory.

    Of the old network after an epoch with 5,000 images, on 5,000 validation images.
    """
    setting, images = Setting(ETA, LMBDA, M, 5000), load_mnist(1).validation
    start = Network([784, 30, 10], init="old", seed=SEED).weights
    net = settled(init="old", lmbda=LMBDA, n_train=setting.n_train, epochs=1)
    left = setting.factor_per_epoch
    messages = [part.message for part in parts(start, net.weights, left)]
    dimmer = runs.Dimmer(start, images.x[:5000], images.labels[:5000])
    return tuple(dimmer.accuracies(left, messages, net.biases, (1, 0.5, 0), both=False))


@cache
def first_layer(epochs: int) -> Parts:
    """Return memory and message of the old network's hidden layer after so many epochs."""
    start = Network([784, 30, 10], init="old", seed=SEED)
    net = settled(init="old", lmbda=LMBDA, n_train=N_TRAIN, epochs=epochs)
    setting = Setting(ETA, LMBDA, M, N_TRAIN)
    return parts(start.weights, net.weights, kept([setting] * epochs))[0]


def _judge_split(answer: Any) -> str:
    if not callable(answer):
        raise Wrong("Hand over the function itself: split.check(my_split), no brackets.")
    rng = draws()
    for _ in range(20):
        _judge_split_once(answer, rng)
    return "Memory and message add up to the weights, whatever the gradients were."


def _judge_split_once(answer: Callable, rng: np.random.Generator) -> None:
    w0, eta, lmbda = rng.standard_normal((3, 4)), rng.uniform(0.1, 1), rng.uniform(1, 20)
    m, n_train, steps = 10, int(rng.integers(100, 1000)), int(rng.integers(3, 20))
    s, message = 1 - eta * lmbda / n_train, np.zeros((3, 4))
    for _ in range(steps):
        message = s * message - eta / m * rng.standard_normal((3, 4))
    w = s**steps * w0 + message
    returned = ask(answer, w0.copy(), w.copy(), eta, lmbda, n_train, steps)
    if isinstance(returned, tuple) and any(part is ... for part in returned):
        raise Unanswered("Your formulas are missing: put them in place of the dots.")
    try:
        mine, written = (np.asarray(part, float) for part in returned)
    except (TypeError, ValueError):
        raise Wrong(
            f"Return two arrays, memory and message; what yours returns is {shown(returned)}."
        ) from None
    if mine.shape != w.shape or written.shape != w.shape:
        raise Wrong(
            f"Both have the shape of w, {w.shape}; yours have {mine.shape}, {written.shape}."
        )
    slips = [
        (w0, "Your memory is the start itself. It has faded: once in each step."),
        (s * w0, "Your memory has faded by a single step. There were several."),
        (np.exp(-eta * lmbda * steps / n_train) * w0, "That is the limit. Take the exact factor."),
        ((1 - eta * lmbda / m) ** steps * w0, "m is not in the bracket of (93): n_train is."),
        (steps * s * w0, "Factors multiply: s for each step is a power of s."),
    ]
    for slip, words in slips:
        if np.allclose(mine, slip, rtol=1e-9) and not np.allclose(slip, s**steps * w0, rtol=1e-9):
            raise Wrong(words)
    if not np.allclose(mine, s**steps * w0, rtol=1e-9):
        raise Wrong(
            "Your memory does not fit. What does a step leave of a weight without gradient?"
        )
    if not np.allclose(written, message, rtol=1e-6, atol=1e-9):
        raise Wrong("The memory is right. The message is what is in w, and not in the memory.")


split = Exercise(
    question="Write my_split(w0, w, eta, lmbda, n_train, steps) that returns (memory, message) of "
    "weights that were w0 before so many steps, and are w now.",
    hints=(
        "Take two steps of (93), one into the other: s (s w0 - g1) - g2. What is multiplied by w0?",
        "After t steps the start stands there times s to the power t, s = 1 - eta*lmbda/n_train.",
        "All the rest is message, and you need no gradient for it: w minus the memory.",
    ),
    solution="def my_split(w0, w, eta, lmbda, n_train, steps):\n"
    "    s = 1 - eta * lmbda / n_train\n"
    "    memory = s**steps * w0\n"
    "    return memory, w - memory",
    judge=_judge_split,
)


def _judge_empty(answer: Any) -> str:
    if answer is ...:
        raise Unanswered("A pair such as (3, 100) is missing.")
    message, black = np.abs(first_layer(1).message), load_mnist(N_TRAIN).always_black
    try:
        neuron, pixel = (int(number) for number in answer)
        size = float(message[neuron, pixel])
    except (TypeError, ValueError):
        raise Wrong("Give a pair: the neuron's number (0 to 29), the pixel's (0 to 783).") from None
    except IndexError:
        raise Wrong("There are neurons 0 to 29 and pixels 0 to 783.") from None
    if black[pixel]:
        raise Wrong("That pixel is black in all images: the control group. Find one that is not.")
    if size > 1e-6:
        raise Wrong(f"The data have written {size:.1e} there. It should be below 1e-6.")
    lit = int((load_mnist(N_TRAIN).train.pixels[:, pixel] > 0).sum())
    return f"The message there is {size:.0e}, and the pixel is lit in {lit} of the images."


empty_message = Exercise(
    question="Find a hidden weight (neuron, pixel) of the old network into which the data have "
    "written nothing in the first epoch, less than 1e-6, though its pixel is not always black "
    "(1,000 images).",
    hints=(
        "A weight's gradient is δ · a: the input a may be 0, or its neuron's error δ nearly 0.",
        "Pixels at the edge are lit in one or two images only. If the neuron is saturated on "
        "these, σ′(z) is close to 0, and so is δ.",
        "first_layer(1).message is the array: look where abs() of it is small and "
        "load_mnist(1000).always_black is False.",
    ),
    solution="import numpy as np\n"
    "from exercises.memory import first_layer\n"
    "from nn_core import load_mnist\n"
    "message, black = first_layer(1).message, load_mnist(1000).always_black\n"
    "size = np.where(black, 1, abs(message))\n"
    "where = np.unravel_index(size.argmin(), size.shape)",
    judge=_judge_empty,
)
