"""The question, its four answers and our own, each step by step, with what was measured of it.

`weigh_...()` returns a widget for one argument. Every number in a verdict is computed when the
verdict is asked for.
"""

import math
from dataclasses import asdict
from functools import cache

import numpy as np

from exercises.first_epochs import first_epoch
from exercises.four_answers import penalty_at, slip_costs
from exercises.scaling import KNOWS_NOTHING
from exercises.steps import Step, Steps
from exercises.tail_off import mean_squared_input
from experiments import chalkboard, cliff, linear_limit, memory, runs, scaling
from nn_core import Network, load_mnist, theory
from nn_core.cost import sigmoid, sigmoid_prime
from nn_core.setting import Setting

HIDDEN, FAN_IN, OUTPUTS = 30, 784, 10
N_WEIGHTS = HIDDEN * (FAN_IN + OUTPUTS)
BOOK = Setting(eta=runs.ETA, lmbda=5.0, m=runs.M, n_train=50_000)
FAR = Setting(eta=10.0, lmbda=5.0, m=1, n_train=1000)  # where the limit is poor
SATURATED, SAMPLE = 0.02, 100  # as in the figure of the fourth answer
HOW = "Is each step valid, has it a gap, or is it wrong?"


# What is measured.


@cache
def start() -> tuple[float, float, float]:
    """Return of the old network, before training, the size of its hidden neurons' z, what random
    signs would make of it, and the share of them that is saturated.
    """
    x = load_mnist(runs.N_TRAIN).train.x
    net = Network([FAN_IN, HIDDEN, OUTPUTS], init="old", seed=runs.SEED)
    z = net.weighted_inputs(x[:SAMPLE])[0]
    random = math.sqrt(net.weight_rms()[0] ** 2 * mean_squared_input() + 1)  # 1: the biases
    saturated = np.mean(sigmoid_prime(sigmoid(z)) < SATURATED)
    return float(np.sqrt(np.mean(z**2))), random, float(saturated)


def pixel_square() -> float:
    """Return the mean square of a pixel."""
    return mean_squared_input() / FAN_IN


def error(setting: Setting) -> float:
    """Return by how much of the limit exp(-eta lmbda/m) the exact factor is below it."""
    return -theory.limit_error(**asdict(setting))


def leading_error(setting: Setting) -> float:
    """Return what `error` is to leading order, (eta lmbda)^2 / (2 m n_train)."""
    return -theory.limit_error_leading(**asdict(setting))


def book_run(hidden: int) -> scaling.Run:
    return scaling.Run(hidden=hidden, n_train=BOOK.n_train)


def total_length(hidden: int) -> float:
    """Return the root of the sum of all squares at rest, of a network of the book."""
    return float(np.sqrt(scaling.load()[book_run(hidden)]["squared_size"].sum()))


def hidden_size(hidden: int) -> float:
    """Return the size of the hidden layer at rest, on 5,000 images."""
    squared = scaling.load()[scaling.Run(hidden=hidden)]["squared_size"][0]
    return float(np.sqrt(squared / (FAN_IN * hidden)))


def first_of_the_book(name: str) -> np.ndarray:
    """Return, of both layers, a length or an angle of `memory` after the book's first epoch."""
    return memory.load()[memory.Run(hidden=HIDDEN, n_train=50_000, epochs=30)][name][0]


def settled() -> chalkboard.Measured:
    return chalkboard.load()[chalkboard.Run()]


def power_of_ten(value: float) -> str:
    """Return "2.5·10⁻⁷" for 2.5e-7."""
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa}·10" + str(int(exponent)).translate(_SUPERSCRIPTS)


_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


# The question.


def weigh_question() -> Steps:
    """The asker's own attempt."""
    return Steps(
        f"The question’s own attempt. {HOW}",
        [
            Step("The new initialization has the standard deviation 1/√(total number of weights).",
                 "wrong", _new_initialization),
            Step("The update is w′ = w(1 − ηλ/n_train) − (n_train/m) Σ ∂Cₓ/∂w.", "wrong",
                 _n_over_m),
            Step("The old weights are large. So ηλw/n_train is much larger than what the data put "
                 "in, and decay dominates (claim 1).", "wrong", _lengths),
            Step("Claim 2 follows from “substituting ηλ + b = n”, which turns the bracket into "
                 "b/n_train.", "gap", _substitution),
        ],
    )  # fmt: skip


def _new_initialization() -> str:
    return (
        "It is 1/√n_in, where n_in counts the weights into one neuron: "
        f"{FAN_IN**-0.5:.3f}. With all weights of the network it "
        f"would be {N_WEIGHTS**-0.5:.4f}, which is where claim 3 puts the end."
    )


def _n_over_m() -> str:
    before, after = slip_costs(1)
    return (
        "(93) has η/m. With n/m, on 1,000 images, the learning rate would be 1,000 instead of 0.1, "
        f"and the first step would take the cost from {before:.0f} to {after:,.0f}."
    )


def _lengths() -> str:
    one = first_epoch(BOOK.lmbda)
    return (
        f"The data step is the longer one, {one.data_step / one.decay_step:.1f} times as long in "
        "the first epoch. What decay dominates is the size of the weights: of all that changes "
        f"their sum of squares it has {one.decay_share:.1%}."
    )


def _substitution() -> str:
    step, epoch = 1 - BOOK.shrink, BOOK.factor_per_epoch
    return (
        f"That is the same number, {step:.5f}, under another name. What is missing: an epoch "
        f"multiplies by it 5,000 times, which makes {epoch:.3f}."
    )


# The first answer.


def weigh_first() -> Steps:
    """By the definition of e."""
    return Steps(
        f"The first answer. {HOW}",
        [
            Step("Claim 2: in an epoch a weight is multiplied by 1 − ηλ/n_train, n_train/m times.",
                 "valid", _epoch_factor),
            Step("With n = n_train, (1 − ηλ/n)^(−n/ηλ) ≈ e if ηλ ≪ n: that defines e. So the "
                 "factor of an epoch is e^(−ηλ/m).", "gap", _limit),
            Step("Claim 1: the weights were drawn at random, so what the data add in the first "
                 "epoch is “chaotic”, and decay prevails.", "gap", _chaotic),
            Step("Claim 3 has to do with the regularized cost: the data’s cost plus a penalty on "
                 "large weights.", "gap", _pointer),
        ],
    )  # fmt: skip


def _epoch_factor() -> str:
    return (
        "True of what is left of the start, the memory: with the book’s numbers the factor is "
        f"{BOOK.factor_per_epoch:.4f}. (If m does not divide n_train, round n_train/m up: the "
        "last, smaller mini-batch is a whole step.)"
    )


def _limit() -> str:
    left = 1 - error(FAR)
    return (
        "Right in the book’s example, where the error is "
        f"{power_of_ten(error(BOOK))} of the factor. But ηλ ≪ n_train is not enough. With η = 10, "
        f"λ = 5, m = 1 and 1,000 images, the exact factor is {left:.0%} of the limit. The "
        "condition is (ηλ)² ≪ m·n_train."
    )


def _chaotic() -> str:
    one = first_epoch(BOOK.lmbda)
    return (
        "Random steps do mostly cancel, and what is left of them is nearly at right angles to the "
        f"weights. But these are not random: {one.cancellation:.0%} of their path is left, and "
        f"random ones would leave {one.steps**-0.5:.0%}. What is missing is why this longer "
        "message hardly changes the size: it, too, stands nearly at right angles to the memory."
    )


def _pointer() -> str:
    return (
        "It points to the right place: the answer to claim 3 does lie in that cost, of which the "
        f"penalty is {settled().share:.0%} when the weights have settled (1,000 images). But it "
        "stops there, and says itself that it has no idea."
    )


# The second answer.


def weigh_second() -> Steps:
    """The chalkboard."""
    return Steps(
        f"The second answer, the chalkboard. {HOW}",
        [
            Step("The cost is the data’s cost plus the penalty: C = C₀ + (λ/2n_train) Σw².",
                 "valid", _is_a_sum),
            Step("C = (λ/2n_train) N_w w², with w the size of the weights.", "wrong", _all_penalty),
            Step("Solved for w: w = √(2·n_train·C/λ) / √N_w.", "valid", _solved),
            Step("So w is proportional to 1/√N_w.", "gap", _proportional),
        ],
    )  # fmt: skip


def _is_a_sum() -> str:
    one = settled()
    return (
        "That is how the book defines it. Measured where the weights have settled (λ = 5, 1,000 "
        f"images): {one.cost:.2f} = {one.cost - one.penalty:.2f} + {one.penalty:.2f}."
    )


def _all_penalty() -> str:
    strong = chalkboard.load()[chalkboard.Run(lmbda=50.0)]
    return (
        f"C₀ has gone. In truth the penalty is {settled().share:.0%} of the cost at λ = 5, and "
        f"{strong.share:.0%} at λ = 50."
    )


def _solved() -> str:
    one = settled()
    return (
        "No slip in the algebra. Since the step before was wrong, the size comes out "
        f"{one.chalkboard / one.size:.1f} times too large."
    )


def _proportional() -> str:
    narrow, _, wide = (chalkboard.load()[chalkboard.Run(hidden=h)] for h in chalkboard.WIDTHS)
    return (
        "Only if C stays the same when the network gets wider, and nothing says why it should. "
        f"From 10 to 90 neurons the cost goes from {narrow.cost:.2f} to {wide.cost:.2f}, the "
        f"penalty from {narrow.penalty:.2f} to {wide.penalty:.2f}. So the law is nearly right, "
        "without a reason."
    )


# The third answer.


def weigh_third() -> Steps:
    """Powers of n in the penalty."""
    return Steps(
        f"The third answer. {HOW}",
        [
            Step("The cost C of a network that learns lies between 0 and 1.", "wrong", _premise),
            Step("Let all weights have the size nᵏ. The n of the penalty and N_w “are meant to be "
                 "the same number” (its note 1).", "wrong", _one_letter),
            Step("Then the penalty is way above 1 for k ≥ 1, it is λ/2 = 2.5 at k = 0, and far "
                 "below 1 at k = −1/2.", "valid", _powers),
            Step("So the decay loses its effect somewhere near k = −1/2.", "wrong", _no_effect),
            Step("With n = 4,000 and k = −1/4 the penalty is 0.025 λ, and so above 0.1 at λ = 5 "
                 "(its note 2).", "wrong", _note_2),
        ],
    )  # fmt: skip


def _premise() -> str:
    first, *_ = slip_costs(0)
    return (
        f"It adds up ten outputs, and has no upper end. The old network starts at {first:.1f}; one "
        f"that knows nothing, and says 10% each time, has {KNOWS_NOTHING:.2f}. Trained until "
        f"it rests, it has {settled().cost:.1f} with 1,000 images, and below 1 only with many more "
        f"({float(scaling.load()[book_run(HIDDEN)]['cost']):.2f} with 50,000)."
    )


def _one_letter() -> str:
    return (
        f"They are different numbers: {BOOK.n_train:,} images, {N_WEIGHTS:,} weights. Keep them "
        "apart, and weights of size 1/√N_w have the penalty λ/(2·n_train) = "
        f"{BOOK.lmbda / (2 * BOOK.n_train):.5f}. N_w has dropped out."
    )


def _powers() -> str:
    above, at, below = (penalty_at(k, N_WEIGHTS, 5.0) for k in (1, 0, -0.5))
    return (
        f"With both n equal, say {N_WEIGHTS:,}, it is "
        f"{power_of_ten(above)}, {at:.1f} and {power_of_ten(below)}. The "
        "arithmetic is right; what it stands on is not."
    )


def _no_effect() -> str:
    power = math.log(2 / BOOK.lmbda) / (2 * math.log(N_WEIGHTS))
    return (
        f"The penalty is below 1 from k = {power:.2f} on: that picks out no −1/2. And a small "
        "penalty does not stop the decay, which takes the same share at every step. It stops where "
        f"the data pull back as hard; the penalty is {settled().share:.0%} of the cost there."
    ).replace("-", "−")


def _note_2() -> str:
    n = (1 / (2 * 0.025)) ** 2  # where (λ/2) n^(−1/2) is 0.025 λ
    return (
        f"0.025 λ is right for n = {n:.0f}. For 4,000 it is less, and no longer above 0.1. How "
        "much is it? That is an exercise below."
    )


# The fourth answer.


def weigh_fourth() -> Steps:
    """Saturation: claims 1 and 2."""
    return Steps(
        f"The fourth answer, claims 1 and 2. {HOW}",
        [
            Step("With the old initialization most hidden neurons are saturated at first.",
                 "valid", _saturated),
            Step("So the data’s part of the update is negligible, and decay dominates.",
                 "wrong", _not_negligible),
            Step("Claim 2: by Taylor eˣ ≈ 1 + x, so e^(−ηλ/n_train) ≈ 1 − ηλ/n_train.", "gap",
                 _one_step),
        ],
    )  # fmt: skip


def _saturated() -> str:
    _, _, saturated = start()
    return f"It is {saturated:.0%} of them (slope σ′ below {SATURATED}, on {SAMPLE} images)."


def _not_negligible() -> str:
    old, new = first_epoch(5.0), first_epoch(5.0, init="new")
    return (
        f"The data step is {old.data_step / old.decay_step:.1f} times as long as the decay step. "
        f"It is even {old.data_step / new.data_step:.1f} times as long as in the new network, "
        "where few neurons are saturated: large output weights carry large errors back."
    )


def _one_step() -> str:
    return (
        "True for one step, with an error of "
        f"{power_of_ten(BOOK.shrink**2 / 2)}. But the claim is about an epoch: raise it "
        "to the power n_train/m, and the errors add up to (ηλ)²/(2m·n_train). That is "
        f"{power_of_ten(leading_error(BOOK))} in the book’s example, and {leading_error(FAR):.2f}, "
        "no small number, for η = 10, λ = 5, m = 1 and 1,000 images."
    )


def weigh_fourth_end() -> Steps:
    """Saturation: claim 3."""
    return Steps(
        f"The fourth answer, claim 3. {HOW}",
        [
            Step("Decay dominates until z is of order 1. In z = Σ wᵢxᵢ + b, the xᵢ are of order "
                 "unity.", "wrong", _order_unity),
            Step("So z ~ n w, with n the number of neurons in the layer.", "wrong", _no_signs),
            Step("The number of weights is about n². So z ~ √N_w w.", "wrong", _not_a_square),
            Step("z is of order 1 at the end: so w ~ 1/√N_w.", "gap", _no_width),
        ],
    )  # fmt: skip


def _order_unity() -> str:
    square = pixel_square()
    return (
        f"Most pixels are black: the mean square is {square:.2f}. An image has the length "
        f"{math.sqrt(FAN_IN * square):.0f}, not √784 = {math.sqrt(FAN_IN):.0f}."
    )


def _no_signs() -> str:
    z, random, _ = start()
    return (
        "The terms have random signs at first, and add up like a root. With w = 1, √(w²⟨|x|²⟩ + 1) "
        f"gives {random:.1f}; measured is {z:.1f}. A sum without signs, over all white pixels, "
        f"would give {FAN_IN}."
    )


def _not_a_square() -> str:
    return (
        f"{FAN_IN} inputs, {HIDDEN} neurons, {N_WEIGHTS:,} weights. {FAN_IN}² is "
        f"{FAN_IN**2 / N_WEIGHTS:.0f} times too many, {HIDDEN}² is "
        f"{N_WEIGHTS / HIDDEN**2:.0f} times too few."
    )


def _no_width() -> str:
    return (
        "Few neurons are saturated at the end, that is so. But what this argument gives is "
        f"1/√⟨|x|²⟩ = {(FAN_IN * pixel_square()) ** -0.5:.2f}, which knows no width; the measured "
        f"size falls {hidden_size(8) / hidden_size(512):.0f}-fold from 8 to 512 neurons. The "
        "errors of the last two steps make up for it."
    )


# Our own.


def weigh_ours() -> Steps:
    """Our answer, claims 1 and 2."""
    return Steps(
        f"Our answer, claims 1 and 2. {HOW}",
        [
            Step("A step of (93) multiplies a weight by s = 1 − ηλ/n_train, and adds what the data "
                 "say. So after t steps it is sᵗw₀ + d: its memory of the start, plus the message "
                 "of the data.", "valid", _exact),
            Step("Claim 1, if λ is not too small: in the first epochs the old hidden weights are "
                 "nearly all memory. The message is short beside it and nearly at right angles, so "
                 "their size goes down as the memory fades.", "valid", _nearly_all_memory),
            Step("Claim 2: in an epoch the memory fades by s to the power n_train/m (rounded up). "
                 "That is e^(−ηλ/m) if (ηλ)² ≪ m·n_train.", "valid", _well_bounded),
        ],
    )  # fmt: skip


def _exact() -> str:
    return (
        f"No approximation, for each of the {N_WEIGHTS:,} weights. Whatever the data do, they do "
        "it to the message alone."
    )


def _nearly_all_memory() -> str:
    parts = first_of_the_book("message") / first_of_the_book("memory")
    cosine = first_of_the_book("cosine")[0]
    return (
        f"After the book’s first epoch the message is {parts[0]:.0%} as long as the memory, with "
        f"the cosine {cosine:.2f} between them. But note “hidden”: in the output layer it is "
        f"{parts[1]:.0%} as long, and there the claim is false."
    ).replace("-", "−")


def _well_bounded() -> str:
    return (
        f"The error is (ηλ)²/(2·m·n_train) to leading order: "
        f"{power_of_ten(leading_error(BOOK))} in the book’s example, where the exact error is "
        f"{power_of_ten(error(BOOK))}."
    )


def weigh_ours_end() -> Steps:
    """Our answer, claim 3."""
    return Steps(
        f"Our answer, claim 3. {HOW}",
        [
            Step("When: the message soon has its final length D. The decay tails off where the "
                 "memory is down to D: from there on the data give back what decay takes.",
                 "gap", _when),
            Step("Where: an added neuron, all its weights 0, changes no cost. So a wider network "
                 "can do all that a narrower one can, and its least cost, with the penalty, is no "
                 "larger. As the width grows, the least cost levels off.", "valid", _levels_off),
            Step("Per unit of λ the least cost rises by the sum of all squares, over 2·n_train. "
                 "That slope levels off with the cost, and so does the sum.", "gap", _the_sum),
            Step("A fixed sum, shared by N_w weights, makes their size const/√N_w. The constant is "
                 "the length of all weights, and not 1.", "valid", _not_one),
        ],
    )  # fmt: skip


def _when() -> str:
    run = memory.Run(hidden=HIDDEN)
    one = memory.crossing(run, memory.load()[run])
    return (
        f"On 5,000 images it forecasts epoch {one.forecast:.0f}, and the two lengths cross in "
        f"epoch {one.measured}. But that D comes soon, and its length, are read off the training: "
        "nothing here derives them."
    )


def _levels_off() -> str:
    widths = (8, 30, 128, 512)
    costs = [float(scaling.load()[scaling.Run(hidden=hidden)]["cost"]) for hidden in widths]
    return (
        "It can only fall, and not below 0. Networks as they were trained (5,000 images) come near "
        f"it: {', '.join(f'{cost:.2f}' for cost in costs)} with {', '.join(map(str, widths))} "
        "hidden neurons. Training does not quite find the least cost, or the last could not be "
        "above the one before."
    )


def _the_sum() -> str:
    straight = linear_limit.load()[linear_limit.of(book_run(HIDDEN))]
    forecast = math.sqrt(8 * straight["nuclear_norm"])
    return (
        f"The root of the sum is {total_length(30):.0f} and {total_length(100):.0f} in the book’s "
        "two networks: hardly a change. But that a curve levels off does not yet say that its "
        "slope does. (This one’s does: over λ the least cost bends only downwards, see notebook "
        f"08.) And how large is the sum? Straight neurons give {forecast:.0f} for its root."
    )


def _not_one() -> str:
    stored = cliff.load()
    ratios = [
        cliff.mean(stored, n, 0.8, "critical") / cliff.measured(stored, n) for n in cliff.IMAGES
    ]
    return (
        f"It is the root of that sum, {total_length(30):.0f} in place of 1. From which λ on "
        "weights give up can be said before training: the forecast is "
        f"{min(ratios) - 1:.0%} to {max(ratios) - 1:.0%} too high."
    )
