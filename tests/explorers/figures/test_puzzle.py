"""The puzzle's picture: its curves against single steps, its sentence against the curves."""

import by_hand
import numpy as np
import pytest
from told import assert_says, assert_shows, column, inside, laid_out, shown, stages, stops_of

from explorers import Puzzle
from explorers.figures.puzzle import EPOCHS, N_TRAIN, PuzzleResult

N_WEIGHTS = 784 * 30 + 30 * 10


@pytest.fixture(scope="module")
def book():
    return Puzzle()


def test_both_curves_are_those_of_single_steps(book):
    for init in ("old", "new"):
        run = by_hand.trained(init, n_train=N_TRAIN, epochs=2, eta=0.1, lmbda=5.0, m=10)
        sizes = [by_hand.rms(w1) for (w1, *_), _ in run]
        np.testing.assert_allclose(getattr(book.result, init)[:3], sizes, rtol=1e-9)


def test_at_the_books_values_the_sizes_meet(book):
    old, new = map(np.array, (book.result.old, book.result.new))
    assert len(old) == len(new) == EPOCHS + 1
    assert old[0] == pytest.approx(1, rel=0.01)
    assert old[0] / new[0] == pytest.approx(np.sqrt(784))  # the same draws
    apart = np.maximum(old / new, new / old) - 1
    met = book.result.met
    assert apart[met] < 0.05 <= apart[met - 1]
    assert apart[-1] < 0.05
    assert old[0] > 10 * old[-1] and new[0] < new[-1]  # from above and from below


def test_the_sentence_says_what_the_curves_show(book):
    old, new = book.result.old, book.result.new
    assert_says(
        book.sentence,
        "The weights start at # (old) and # (new), a factor of # apart. From epoch # on they are "
        "less than 5 % apart, and after epoch # both stand at #: # times 1/√N_w.",
        old[0], new[0], old[0] / new[0], book.result.met, EPOCHS, new[-1],
        new[-1] * np.sqrt(N_WEIGHTS),
    )  # fmt: skip


def test_apart_is_said_as_a_factor_above_one():
    sentence = Puzzle.describe(PuzzleResult(N_WEIGHTS, (1.0, 0.03), (0.036, 0.06)))
    assert sentence.endswith("apart. After epoch 1 they are a factor of 2.0 apart.")


def test_the_table_has_the_numbers(book):
    r = book.result
    wanted = [r.old[0], r.new[0], r.old[-1], r.new[-1], EPOCHS, r.met, N_WEIGHTS,
              N_WEIGHTS**-0.5, 784**-0.5]  # fmt: skip
    for (_, text), value in zip(book.table, wanted, strict=True):
        assert_shows(text, value)


def test_at_first_there_is_decay_alone_when_lambda_is_large():
    result = stages(Puzzle, 1, eta=0.01, lmbda=100.0)[-1]
    assert result.old[1] / result.old[0] == pytest.approx((1 - 0.001) ** 100, rel=0.002)


def test_no_curve_leaves_the_picture_at_the_ends_of_the_sliders():
    picture, stops = laid_out(Puzzle), stops_of(Puzzle)
    for eta in stops["eta"][:: len(stops["eta"]) - 1]:
        for lmbda in (*stops["lmbda"][:2], stops["lmbda"][-1]):
            for result in stages(Puzzle, 3, eta=eta, lmbda=lmbda):
                picture.draw(result)
                assert inside(picture.panel, result.old + result.new)


def test_curves_and_file_show_the_numbers(book):
    curves = shown(book).curves
    assert column(book, "epoch") == list(range(EPOCHS + 1))
    for init in ("old", "new"):
        sizes = list(getattr(book.result, init))
        assert list(curves[init].get_ydata()) == sizes
        assert column(book, f"{init}_initialization") == sizes
