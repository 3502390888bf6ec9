"""The values that controls step through and accept."""

import itertools
import math

import pytest

from explorers import all_figures
from explorers.controls import Control, log_stops
from explorers.formats import plain, short

RATE = Control("rate", "η", "learning rate", (0.1, 0.2, 0.5, 1.0), 0.2)
COUNT = Control("count", "m", "mini-batch size", (1, 2, 5, 10), 2)
INIT = Control("init", "init", "initialization", ("old", "new"), "old")
OURS = {
    f"{name} {control.name}": control
    for name, figure in all_figures().items()
    for control in figure.controls
}
BOOK = {"eta": 0.1, "lmbda": 5.0, "m": 10}


@pytest.mark.parametrize("low, high", [(0.01, 10.0), (0.1, 1000.0), (1, 100), (100, 50_000)])
def test_stops_ascend_from_end_to_end_in_even_ratios(low, high):
    stops = log_stops(low, high)
    assert stops[0] == low and stops[-1] == high
    ratios = [b / a for a, b in itertools.pairwise(stops)]
    assert min(ratios) > 1
    assert all(type(stop) is type(low) for stop in stops)
    if isinstance(low, float):
        assert max(ratios) < 1.16  # a step of a slider is a small one
        assert 18 <= (len(stops) - 1) / math.log10(high / low) <= 22


def test_stops_have_few_digits():
    assert all(len(f"{stop:g}".replace(".", "").strip("0")) <= 3 for stop in log_stops(1e-4, 1e4))


def test_whole_stops_begin_with_every_number():
    assert log_stops(1, 100)[:10] == tuple(range(1, 11))


@pytest.mark.parametrize("control", OURS.values(), ids=OURS)
def test_controls_of_our_figures_stand_at_a_stop_and_have_the_books_values(control):
    assert control.default in control.stops
    assert BOOK.get(control.name, control.default) in control.stops
    assert len(set(control.stops)) == len(control.stops)
    assert control.is_choice or list(control.stops) == sorted(control.stops)


@pytest.mark.parametrize("value", [0.1, 0.3, 1, "0.5", 1.0])
def test_any_number_between_the_ends_is_welcome(value):
    assert RATE.checked(value) == float(value)


@pytest.mark.parametrize("value", [1, "5", 7.0, 10])
def test_whole_numbers_come_back_as_ints(value):
    checked = COUNT.checked(value)
    assert type(checked) is int and checked == int(float(value))


@pytest.mark.parametrize(
    "value",
    [0, 1.01, -1, math.nan, math.inf, 10**400, True, None, [], "x", "", "0,5", "1_0", "１"],
    ids=short,
)
def test_what_is_no_number_between_the_ends_is_refused_by_name(value):
    with pytest.raises(ValueError, match=r"rate must be a number from 0\.1 to 1, got") as refusal:
        RATE.checked(value)
    assert short(value) in str(refusal.value)


def test_halves_are_refused_where_whole_numbers_are_wanted():
    with pytest.raises(ValueError, match=r"count must be a whole number, got 2\.5"):
        COUNT.checked(2.5)


def test_a_choice_takes_its_texts_only():
    assert INIT.is_choice and not RATE.is_choice
    assert INIT.checked("new") == "new"
    with pytest.raises(ValueError, match="init must be one of 'old', 'new'; got 'huge'"):
        INIT.checked("huge")


@pytest.mark.parametrize(
    "control, value, index",
    [(RATE, 0.1, 0), (RATE, 0.19, 1), (RATE, 0.9, 3), (COUNT, 7, 2), (COUNT, 8, 3),
     (INIT, "new", 1)],
)  # fmt: skip
def test_the_handle_stands_at_the_nearest_stop(control, value, index):
    assert control.nearest(value) == index


@pytest.mark.parametrize("control", [*OURS.values(), RATE, COUNT, INIT])
def test_each_stop_is_its_own_nearest_and_passes_its_check_also_from_a_preset(control):
    for index, stop in enumerate(control.stops):
        assert control.nearest(stop) == index
        assert control.checked(stop) == control.checked(plain(stop)) == stop
        assert not set(plain(stop)) & set(" =")
