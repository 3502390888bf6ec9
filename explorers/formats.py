"""Numbers as text: small ones in full on sliders, powers of ten in unicode elsewhere."""

import math

import numpy as np

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def full(value):
    """Return `value` in full, never as 5e-05: "0.00005", "1,000", "0.1"."""
    if isinstance(value, str):
        return value
    text = np.format_float_positional(float(value), precision=12, trim="-")
    whole, point, decimals = text.partition(".")
    return f"{int(whole):,}{point}{decimals}" if abs(value) >= 1000 else text


def power(exponent):
    """Return a power of ten in unicode: power(-3) is "10⁻³"."""
    return "10" + str(int(exponent)).translate(_SUPERSCRIPTS)


def rounded(value, digits=3):
    """Return `value` to so many significant digits: "0.951", "1,230", or "1.25·10⁻⁷" if tiny."""
    if value == 0 or not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "−∞"}.get(value, "0" if value == 0 else "not a number")
    exponent = math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    if -5 <= exponent <= 6:
        return f"{value:,.{max(0, digits - 1 - exponent)}f}".replace("-", "−")
    mantissa = f"{value / 10.0**exponent:.{digits - 1}f}".replace("-", "−")
    return f"{mantissa}·{power(exponent)}"


def trimmed(value, digits=4):
    """Return `value` rounded like `rounded`, without zeros at its end: "0.0005"."""
    text, times, exponent = rounded(value, digits).partition("·")
    return (text.rstrip("0").rstrip(".") if "." in text else text) + times + exponent


def percent(value, digits=2):
    """Return a ratio as a percentage with so many significant digits: percent(0.0123) "1.2 %"."""
    return f"{rounded(100 * value, digits)} %"
