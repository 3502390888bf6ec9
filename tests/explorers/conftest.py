import pytest

_DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")


def _number_in(text):
    """Return the number that a text of `formats` shows: "1,230", "−0.5", "1.2·10⁻⁷", "3 %"."""
    text, percent, rest = text.partition(" %")
    assert not rest
    mantissa, times, power = text.replace(",", "").translate(_DIGITS).partition("·10")
    value = float(mantissa) * 10.0 ** (int(power) if times else 0)
    return value / 100 if percent else value


@pytest.fixture(scope="session")
def number_in():
    return _number_in
