"""Settings of the playground worth looking at: the book's experiments, and ways to fail."""

from explorers.figures.playground.training import MOST_EPOCHS

_BOOK = "n_train=5000 epochs=30"  # a tenth of the book's images; exp(-eta lmbda/m) is equal

# Name: what is not at its default, and what to look for.
WORTH_SEEING = {
    "book, 30 neurons, old": (
        _BOOK, "The hidden weights fall along a straight line: the axis is logarithmic, so "
        "that is one factor for every epoch."),
    "book, 30 neurons, new": (
        f"{_BOOK} init=new", "The hidden weights grow. The validation accuracy is ahead from "
        "the first epoch on, and ends close to that of the old initialization."),
    "book, 100 neurons, old": (
        f"{_BOOK} hidden=100", "Three times as many weights, and the same factor per epoch."),
    "book, 100 neurons, new": (
        f"{_BOOK} hidden=100 init=new",
        "The hidden weights grow to a smaller size than with 30 neurons."),
    "quadratic cost": (
        "cost=quadratic layer=output right=decay_share",
        "Now the output layer's error has a factor σ′(z) too, and decay nearly all of its "
        "ledger."),
    "two hidden layers": (
        f"second=30 right=decay_share epochs={MOST_EPOCHS}",
        "In which layer does decay's share fall below one half first?"),
    "no decay": ("lmbda=0", "The weights keep the size they were drawn with."),
    "λ too large": (
        "lmbda=200",
        "Old or new, the weights go to nearly nothing, and the network guesses."),
    "λ past the edge": (
        "lmbda=250 eta=1 n_train=100",
        "ηλ/n_train is above 2: decay itself would make the weights grow."),
    "η too large": (
        "eta=50 lmbda=0.01 right=ledger",
        "ηλ is that of the book, and so is the decay. The kick is not."),
    "tiny n_train": (
        "n_train=100 epochs=120", "The gap between training and validation accuracy."),
}  # fmt: skip

# Those that have a button in the figure.
ON_BUTTONS = ("no decay", "λ too large", "η too large", "two hidden layers")
