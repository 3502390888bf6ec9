"""Numbers as text: small ones in full on sliders, powers of ten in unicode elsewhere."""

import math
from itertools import pairwise
from reprlib import Repr

import numpy as np

_REPR = Repr()
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = 40

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def full(value):
    """Return `value` in full, never as 5e-05: "0.00005", "1,000", "0.1"."""
    if isinstance(value, str):
        return value
    text = np.format_float_positional(float(value), precision=12, trim="-")
    whole, point, decimals = text.partition(".")
    return f"{int(whole):,}{point}{decimals}" if abs(value) >= 1000 else text


def plain(value):
    """Return a value as a preset holds it: no spaces, no thousands separators, nothing rounded."""
    if isinstance(value, str):
        return value.replace(" ", "_")
    return np.format_float_positional(value, trim="-")


def short(value):
    """Return a value for an error message: as code would have it, but no more than a few words."""
    return _REPR.repr(value)


def power(exponent):
    """Return a power of ten in unicode: power(-3) is "10⁻³"."""
    return "10" + str(int(exponent)).translate(_SUPERSCRIPTS)


def rounded(value, digits=3):
    """Return `value` to so many significant digits: "0.951", "1,230", or "1.25·10⁻⁷" if tiny."""
    if value == 0 or not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "−∞"}.get(value, "0" if value == 0 else "not a number")
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    if -5 <= int(exponent) <= 6:
        return f"{value:,.{max(0, digits - 1 - int(exponent))}f}".replace("-", "−")
    return f"{mantissa}·{power(exponent)}".replace("-", "−")


def trimmed(value, digits=4):
    """Return `value` rounded like `rounded`, without zeros at its end: "0.0005"."""
    text, times, exponent = rounded(value, digits).partition("·")
    return (text.rstrip("0").rstrip(".") if "." in text else text) + times + exponent


def moves(settings):
    """Return ((epochs done by then, "η → 0.2"), ...): where (eta, lmbda) of each epoch changed."""
    return tuple(
        (epoch, ", ".join(f"{s} → {trimmed(new)}" for s, old, new in zip("ηλ", was, now)
                          if old != new))
        for epoch, (was, now) in enumerate(pairwise(settings), 1)
        if was != now
    )  # fmt: skip


def moved(settings):
    """Return what `moves` finds as a sentence, "" if nothing moved."""
    said = [f"{words} from epoch {epoch + 1} on" for epoch, words in moves(settings)]
    return f"Moved on the way: {'; '.join(said)}." if said else ""


def percent(value, digits=2):
    """Return a ratio as a percentage with so many significant digits: percent(0.0123) "1.2 %"."""
    return f"{rounded(100 * value, digits)} %"


def ticks(values, write=trimmed):
    """Return the ticks of an axis, {value: text}."""
    return {value: write(value) for value in values}


def powers(exponents):
    """Return the ticks of a logarithmic axis."""
    return {10.0**exponent: power(exponent) for exponent in exponents}


def tick(top):
    """Return a share as short as an axis needs it: "50 %", and from ten on "20 ×" or "10⁵ ×"."""
    if top < 10:
        return percent(top, 1)
    return f"{top:g} ×" if top < 1000 else f"{power(math.log10(top))} ×"
