"""Checks on arguments: each error names the parameter, its value and what is allowed."""

import math
import numbers

import numpy as np


def number(name, value, *, above=None, at_least=None):
    """Return `value` as a finite float, or say why it can't be the parameter `name`.

    Raises TypeError for what is not a real number (True and False included), ValueError for nan,
    infinity, or a value outside `above` (exclusive) or `at_least` (inclusive).
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {value!r} ({type(value).__name__}).")
    try:
        finite = math.isfinite(value)
    except OverflowError:  # an int beyond every float
        finite = False
    if not finite:
        raise ValueError(f"{name} must be finite, got {value!r}.")
    if above is not None and value <= above:
        raise ValueError(f"{name} must be above {above:g}, got {value!r}.")
    if at_least is not None and value < at_least:
        raise ValueError(f"{name} must be at least {at_least:g}, got {value!r}.")
    return float(value)


def whole(name, value, *, at_least=1, at_most=None, most_is="", how=""):
    """Return `value` as an int within the bounds, or say why it can't be the parameter `name`.

    `most_is` says in words what `at_most` is, `how` what to do about a value outside the bounds.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be a whole number, got {value!r} ({type(value).__name__}).")
    if value < at_least or (at_most is not None and value > at_most):
        allowed = f"at least {at_least}" if at_most is None else f"from {at_least} to {at_most}"
        meaning = f" ({most_is})" if most_is else ""
        advice = f" {how}" if how else ""
        raise ValueError(f"{name} must be {allowed}{meaning}, got {value!r}.{advice}")
    return int(value)


def one_of(name, value, allowed):
    """Return `value` if it is among `allowed` (2.0 and True are no whole numbers), or say so."""
    if not any(type(value) is type(choice) and value == choice for choice in allowed):
        choices = ", ".join(getattr(choice, "__name__", repr(choice)) for choice in allowed)
        raise ValueError(f"{name} must be one of {choices}; got {value!r}.")
    return value


def rows(name, value, width, meaning):
    """Return `value` as an array of shape (batch, width) of finite numbers, or say what is wrong.

    `meaning` says what a row holds, for the message: "pixels of one image", for example.
    """
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(
            f"{name} must have the shape (batch, {width}), but its rows differ in length."
        ) from None
    if array.dtype.kind not in "fui":
        raise TypeError(f"{name} must hold real numbers, got dtype {array.dtype}.")
    if array.ndim != 2 or array.shape[1] != width or len(array) == 0:
        hint = " For a single example write x[None, :]." if array.shape == (width,) else ""
        raise ValueError(
            f"{name} must have the shape (batch, {width}), a row for the {meaning}, "
            f"with at least one row; got shape {array.shape}.{hint}"
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
        raise ValueError(f"{name} must be finite, got nan or infinity in row {row}.")
    return array


def generator(seed):
    """Return the random generator that `seed` stands for, or say what a seed may be."""
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError) as why:
        raise type(why)(
            f"seed must be a whole number of at least 0, a numpy Generator, or None; got {seed!r}."
        ) from None
