"""Numbers as text, read back as numbers."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from told import assert_shows, number_in

from explorers.formats import full, moved, moves, percent, plain, power, rounded, tick, trimmed

ORDINARY = st.floats(-290, 290).map(lambda exponent: 10.0**exponent)


def signed(numbers):
    return st.tuples(st.sampled_from([-1, 1]), numbers).map(math.prod)


def digits_in(text):
    """Count the significant digits in a text, powers of ten and percent signs apart."""
    mantissa = text.split("·")[0].split(" ")[0]
    return len(re.sub(r"\D", "", mantissa).lstrip("0"))


@pytest.mark.parametrize(
    "write, value, text",
    [
        (full, 0, "0"), (full, 0.00005, "0.00005"), (full, 0.1, "0.1"), (full, 1, "1"),
        (full, 10.0, "10"), (full, 999, "999"), (full, 1000, "1,000"), (full, 50_000, "50,000"),
        (full, 1234.5, "1,234.5"), (full, 0.1 + 0.2, "0.3"), (full, "old", "old"),
        (power, -3, "10⁻³"), (power, 0, "10⁰"), (power, 12, "10¹²"), (power, -14, "10⁻¹⁴"),
        (power, 2.0, "10²"),
        (rounded, 0.951218, "0.951"), (rounded, 1230, "1,230"), (rounded, 1.25e-7, "1.25·10⁻⁷"),
        (rounded, 0.99999, "1.00"), (rounded, 9.9999e-6, "0.0000100"), (rounded, 0, "0"),
        (rounded, -0.0, "0"), (rounded, math.inf, "∞"), (rounded, -math.inf, "−∞"),
        (rounded, math.nan, "not a number"),
        (trimmed, 0.0005, "0.0005"), (trimmed, 100, "100"), (trimmed, 1, "1"),
        (trimmed, 1e-6, "1·10⁻⁶"), (trimmed, 0, "0"),
        (percent, 0.0123, "1.2 %"), (percent, 1, "100 %"), (percent, 0.000013, "0.0013 %"),
        (percent, 0, "0 %"),
        (tick, 0.001, "0.1 %"), (tick, 0.5, "50 %"), (tick, 5.0, "500 %"), (tick, 10.0, "10 ×"),
        (tick, 1e3, "10³ ×"),
        (plain, "λ, 50,000 images", "λ,_50,000_images"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_one_would(write, value, text):
    assert write(value) == text


@pytest.mark.parametrize("value, text", [(-0.0128, "−0.013"), (2.5e9, "2.5·10⁹")])
def test_rounded_to_two_digits(value, text):
    assert rounded(value, 2) == text


@pytest.mark.parametrize(
    "text, value",
    [("0.951", 0.9517), ("1,230", 1231), ("−0.5", 0.5), ("1.25·10⁻⁷", 1.26e-7), ("1.2 %", 0.0126)],
)
def test_our_tests_notice_a_number_that_is_off_in_its_last_digit(text, value):
    assert_shows(text, number_in(text))
    with pytest.raises(AssertionError):
        assert_shows(text, value)


@given(signed(st.floats(1e-6, 1e6)))
def test_full_reads_back_and_has_no_exponent(value):
    text = full(value)
    assert "e" not in text
    assert float(text.replace(",", "")) == pytest.approx(value, rel=0, abs=1e-12)


@given(signed(ORDINARY), st.integers(1, 8))
def test_rounded_keeps_so_many_digits(value, digits):
    text = rounded(value, digits)
    assert "e" not in text and "-" not in text
    assert number_in(text) == pytest.approx(value, rel=0.5001 * 10.0 ** (1 - digits))
    if abs(value) < 1e6:  # larger ones in full have more before the point
        assert digits_in(text) in (digits, digits_in(f"{abs(value):.0f}"))


@given(signed(ORDINARY), st.integers(1, 8))
def test_a_mantissa_has_one_digit_before_its_point(value, digits):
    mantissa, times, _ = rounded(value, digits).partition("·")
    assert not times or 1 <= abs(float(mantissa.replace("−", "-"))) < 10


@given(ORDINARY, st.integers(2, 8))
def test_trimmed_is_rounded_without_idle_zeros(value, digits):
    text = trimmed(value, digits)
    assert number_in(text) == pytest.approx(number_in(rounded(value, digits)))
    mantissa = text.split("·")[0]
    assert "." not in mantissa or mantissa[-1] not in "0."


@pytest.mark.parametrize("value", [5e-324, 1e-323, 3e-320, 2.5e-310, 1.7e308])
def test_the_ends_of_the_floats_are_numbers_too(value):
    text = rounded(value)
    shown, exponent = text.split("·10")
    assert float(shown) == pytest.approx(float(f"{value:.2e}".split("e")[0]), abs=0.011)
    assert exponent == power(int(f"{value:.2e}".split("e")[1]))[2:]


@given(signed(ORDINARY))
def test_plain_rounds_nothing(value):
    assert float(plain(value)) == value and "e" not in plain(value)


def test_what_was_moved_in_mid_run_is_said_with_the_epoch_from_which_on_it_acts():
    settings = [(0.1, 5.0), (0.1, 5.0), (0.1, 20.0), (0.2, 0.0), (0.2, 0.0)]
    assert moves(settings) == ((2, "λ → 20"), (3, "η → 0.2, λ → 0"))
    assert moved(settings) == (
        "Moved on the way: λ → 20 from epoch 3 on; η → 0.2, λ → 0 from epoch 4 on."
    )
    for still in ([], [(0.1, 5.0)], [(0.1, 5.0)] * 3):  # also if moved and put back between two
        assert moves(still) == () and moved(still) == ""
