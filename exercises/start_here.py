"""Two predictions on what training makes of weights, and an exercise on the book's two n."""

import math
from typing import Any

from exercises.exercise import Exercise, as_number, refuse
from exercises.memory import first_layer
from exercises.prediction import Choice
from exercises.tail_off import settled

N_WEIGHTS = 784 * 100 + 100 * 10


def predict_puzzle() -> Choice:
    """Ask what becomes of the two initializations."""
    meet = "they meet"
    return Choice(
        "Both train for 120 epochs. What becomes of the size of their hidden weights, 1 at the "
        "start in one and 0.036 in the other?",
        ["both shrink further and further", meet, "each stays near where it started"],
        lambda: f"The old end at {settled('old'):.4f}, the new at {settled('new'):.4f}.",
        right=meet,
    )


def predict_picture() -> Choice:
    """Ask what one sees when a hidden neuron's weights are looked at as a picture."""
    fades = "the noise fades, and lines as of a pen come out"

    def result() -> str:
        memory, message, _ = first_layer(60).lengths
        start, written, _ = first_layer(1).lengths
        return (
            f"From epoch 1 to 60 the noise goes from {start:.0f} to {memory:.1f}, "
            f"what the data have written from {written:.1f} to {message:.1f}."
        )

    return Choice(
        "The picture of a hidden neuron of the old network is noise at first. Train for 60 epochs. "
        "What becomes of the picture?",
        [
            "the noise itself bends into lines as of a pen",
            "lines come out, and the noise grows too",
            fades,
        ],
        result,
        right=fades,
    )


def _judge_scale(answer: Any) -> str:
    value = as_number(answer, "the size")
    slips = [
        (50_000**-0.5, "That n counts training images. Claim 3 counts weights."),
        (784**-0.5, "That n counts the weights into one neuron, as the new initialization does."),
        ((784 + 100 + 10) ** -0.5, "You counted neurons. Each pair of neighbours has a weight."),
        ((N_WEIGHTS + 110) ** -0.5, "You counted the biases too. The book's n leaves them out."),
        ((784 * 100) ** -0.5, "Those are the weights into the hidden layer. There is one more "
                              "layer of weights."),
        (23_820**-0.5, "That is [784, 30, 10]. Here are 100 hidden neurons."),
        (1 / N_WEIGHTS, "That is 1/n. Take the root."),
        (N_WEIGHTS**0.5, "That is √n. The more weights, the *smaller* each."),
        (N_WEIGHTS, "That is n itself. Asked is 1/√n."),
    ]  # fmt: skip
    if math.isclose(value, N_WEIGHTS**-0.5, rel_tol=1e-4):
        return f"N_w is {N_WEIGHTS:,}, however many images there are."
    refuse(value, slips, "Count the weights of both layers, and take 1/√ of that.", rel_tol=1e-4)


claimed_size = Exercise(
    question="Read to the letter, which size does claim 3 name for the weights of [784, 100, 10], "
    "trained on 50,000 images?",
    hints=(
        "Which of the two n is meant in claim 3?",
        "784 inputs have a weight to each of 100 neurons, and these to each of 10 outputs.",
        "1/√(784·100 + 100·10), to four digits or more.",
    ),
    solution="size = (784 * 100 + 100 * 10) ** -0.5",
    judge=_judge_scale,
)
