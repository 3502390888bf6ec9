"""An exercise on the symbols: the book's two n."""

import math
from typing import Any

from exercises.exercise import Exercise, as_number, refuse

N_WEIGHTS = 784 * 100 + 100 * 10


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
    question="Read to the letter, around which size does claim 3 see the weights of "
    "[784, 100, 10], trained on 50,000 images?",
    hints=(
        "Which of the two n is meant in claim 3?",
        "784 inputs have a weight to each of 100 neurons, and these to each of 10 outputs.",
        "1/√(784·100 + 100·10), to four digits or more.",
    ),
    solution="size = (784 * 100 + 100 * 10) ** -0.5",
    judge=_judge_scale,
)
