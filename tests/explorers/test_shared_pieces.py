"""What several figures draw with: the ledger as a stack, old and new, moves marked, levels."""

from types import SimpleNamespace

import numpy as np
import pytest
from layout import assert_readable
from matplotlib.colors import same_color
from told import inside, key, marks

from explorers import inits
from explorers.canvas import WIDTHS, Canvas, Levels, Marks
from explorers.formats import ticks
from explorers.ledger_panel import NUMBERS, PARTS, TOPS, LedgerStack
from explorers.style import SMALL
from nn_core import Network


def picture(width=WIDTHS[-1], **panel):
    canvas = Canvas(width)
    frame = {"xlim": (0.5, 5.5), "xticks": ticks((1, 3, 5)), "ylim": (0, 1),
             "yticks": ticks((0, 1))}  # fmt: skip
    return SimpleNamespace(canvas=canvas, panel=canvas.panel("Title", "epoch", **frame | panel))


def ledgers(*parts, size=10.0):
    """Return ledgers of these (decay, pull, kick), in parts of the size before."""
    return [
        SimpleNamespace(size_before=size, change=size * sum(epoch),
                        **{name: size * part for name, part in zip(PARTS, epoch)})
        for epoch in parts
    ]  # fmt: skip


@pytest.fixture(scope="module")
def stacked():
    made = picture(reserve=NUMBERS)
    made.stack = LedgerStack(made.panel, 5)
    made.panel.key(*made.stack.key)
    made.canvas.lay_out()
    return made


def test_parts_of_the_ledger_are_stacked_by_their_signs_without_gaps(stacked):
    parts = [(-0.04, -0.003, 0.001), (-0.02, 0.01, 0.005), (-0.03, 0.0, 0.0)]
    stacked.stack.draw(ledgers(*parts))
    for i, epoch in enumerate(parts):
        below = above = 0.0
        for part, area in zip(epoch, stacked.stack.areas.values()):
            values, edges, bases = area.get_data()
            assert list(edges) == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
            assert bases[i] == pytest.approx(below if part < 0 else above)
            assert values[i] - bases[i] == pytest.approx(part)
            below, above = below + min(part, 0), above + max(part, 0)
            assert (values[3:] == bases[3:]).all()  # not trained yet
    x, y = stacked.stack.change.get_data()
    assert list(x) == [1, 2, 3] and list(y) == pytest.approx([sum(epoch) for epoch in parts])
    assert key(stacked.panel) == ["decay", "pull", "kick", "change, measured"]


@pytest.mark.parametrize("also", [(), (-0.7, 0.1)])
def test_an_axis_holds_the_stack_at_any_height_and_a_kept_one(stacked, also):
    for height in [0, *np.geomspace(1e-4, 8e6, 40)]:
        stacked.stack.draw(ledgers((-height, -height / 9, height / 7), (0, height, 0)), also=also)
        assert inside(stacked.panel, [-height * 10 / 9, height, *also])
        low, high = stacked.panel.moving.get_ylim()
        needed = max(height * 10 / 9, *np.abs(also), 0)
        assert low == -high and high in TOPS
        assert high == TOPS[0] or high <= 10.01 * needed  # and is not far too large for it


@pytest.mark.parametrize("width", WIDTHS)
def test_the_numbers_of_the_stack_are_whole_at_any_height(width):
    made = picture(width, reserve=NUMBERS)
    stack = LedgerStack(made.panel, 5)
    made.canvas.lay_out()
    for top in TOPS:
        stack.draw(ledgers((-top, 0, top)))
        assert_readable(made)
        below, zero, above = (text.get_text() for text in made.panel.still.get_yticklabels())
        assert (below, zero) == (f"−{above}", "0")


# Old and new.


def test_each_initialization_is_the_one_that_its_formula_says():
    assert inits.INITS == {"old": inits.OLD, "new": inits.NEW}
    for init, deviation in [(inits.OLD, 1), (inits.NEW, 784**-0.5)]:
        net = Network([784, 30, 10], init=init.name, seed=0)
        assert np.std(net.weights[0]) == pytest.approx(deviation, rel=0.02)
    assert [init.formula for init in inits.INITS.values()] == ["N(0, 1)", "N(0, 1/fan_in)"]


@pytest.mark.parametrize("make", [inits.curves, inits.points])
def test_old_and_new_look_as_they_are_called_and_differ_without_colour(make):
    made = picture()
    artists = make(made.panel)
    for init in inits.INITS.values():
        assert same_color(artists[init.name].get_color(), init.colour)
    looks = {(a.get_linestyle(), a.get_marker()) for a in artists.values()}
    assert len(artists) == len(looks) == 2
    made.panel.key(*inits.rows(artists, formula=True))
    made.canvas.lay_out()
    assert key(made.panel) == ["old, N(0, 1)", "new, N(0, 1/fan_in)"]


# Sliders that were moved in mid-run.


def test_the_newest_moves_are_marked_and_none_covers_another():
    made = picture(xlim=(0, 30))
    made.marks = Marks(made.panel)
    made.canvas.lay_out()
    changes = [(epoch + 0.5, f"λ → {epoch}, η → 0.0125") for epoch in range(1, 30)]
    made.marks.draw(changes)
    assert marks(made) == changes[-4:]
    assert_readable(made)
    heights = [note.get_position()[1] * made.panel.height for note in made.marks.notes]
    assert -np.diff(heights) == pytest.approx(SMALL * 1.36)
    made.marks.draw(changes[:1])
    assert marks(made) == changes[:1]  # nothing hangs over from before
    made.marks.draw([])
    assert marks(made) == [] and not any(note.get_text() for note in made.marks.notes)


def test_levels_stand_at_their_values_and_their_names_apart():
    made = picture(yscale="log", ylim=(0.001, 1), yticks=ticks((0.01, 0.1)))
    levels = Levels(made.panel, "one", "another", "a third")
    made.canvas.lay_out()
    for values in [(0.01, 0.01, 0.3), (0.0012, 0.9, 0.0011)]:
        levels.draw(*values)
        assert [line.get_ydata()[0] for line in levels.lines] == list(values)
        assert_readable(made)
