"""Checks on arguments: each error names the parameter, its value and what is allowed."""

import math
import numbers
import os
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


def shown(value: object) -> str:
    """Return what a message shows of `value`: its repr on one line, long ones without their middle.

    An int of thousands of digits, which Python refuses to write out, is shown by its kind.
    """
    try:
        text = " ".join(repr(value).split())
    except ValueError:
        return f"a huge {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:40]}...{text[-20:]}"


def _with_kind(value: object) -> str:
    return f"{shown(value)} ({type(value).__name__})"


def number(
    name: str, value: Any, *, above: float | None = None, at_least: float | None = None
) -> float:
    """Return `value` as a finite float, or say why it can't be the parameter `name`.

    Raises TypeError for what is not a real number (True and False included), ValueError for nan,
    infinity, or a value outside `above` (exclusive) or `at_least` (inclusive).
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {_with_kind(value)}.")
    try:
        finite = math.isfinite(value)
    except OverflowError:  # an int beyond every float
        finite = False
    if not finite:
        raise ValueError(f"{name} must be finite, got {shown(value)}.")
    if above is not None and value <= above:
        raise ValueError(f"{name} must be above {above:g}, got {shown(value)}.")
    if at_least is not None and value < at_least:
        raise ValueError(f"{name} must be at least {at_least:g}, got {shown(value)}.")
    return float(value)


def whole(
    name: str,
    value: Any,
    *,
    at_least: int = 1,
    at_most: int | None = None,
    most_is: str = "",
    how: str = "",
) -> int:
    """Return `value` as an int within the bounds, or say why it can't be the parameter `name`.

    `most_is` says in words what `at_most` is, `how` what to do about a value outside the bounds.
    What is beyond every float is refused as well, since formulas divide by it.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be a whole number, got {_with_kind(value)}.")
    value = int(value)
    if value < at_least or (at_most is not None and value > at_most):
        allowed = f"at least {at_least}" if at_most is None else f"from {at_least} to {at_most}"
        meaning = f" ({most_is})" if most_is else ""
        advice = f" {how}" if how else ""
        raise ValueError(f"{name} must be {allowed}{meaning}, got {shown(value)}.{advice}")
    if value > sys.float_info.max:
        raise ValueError(f"{name} must be at most {sys.float_info.max:.2g}, got {shown(value)}.")
    return value


def one_of(name: str, value: Any, allowed: Collection) -> Any:
    """Return `value` if it is among `allowed` (2.0 and True are no whole numbers), or say so."""
    if not any(type(value) is type(choice) and value == choice for choice in allowed):
        choices = ", ".join(getattr(choice, "__name__", repr(choice)) for choice in allowed)
        raise ValueError(f"{name} must be one of {choices}; got {shown(value)}.")
    return value


def path(name: str, value: Any) -> str:
    """Return `value`, a text or pathlib.Path, as text, or say why it can't be a file's path.

    An open file's number is refused too: to close it again would close what is open there.
    """
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a path such as 'net.npz', got {_with_kind(value)}.")
    if not value or "\0" in value:
        raise ValueError(f"{name} must be a path such as 'net.npz', got {shown(value)}.")
    return value


@contextmanager
def memory_for(name: str, value: object) -> Iterator[None]:
    """Where an array in this context would be too large, say that the parameter `name` asks so."""
    try:
        yield
    except (MemoryError, ValueError) as why:  # NumPy raises one or the other
        raise ValueError(
            f"{name} must ask for no more than fits into memory, got {shown(value)}: {why}"
        ) from None


def refuse_masks(name: str, value: object) -> None:
    """Raise ValueError if entries of `value`, or of an array in that list, are masked.

    NumPy would go on with whatever stands behind the mask.
    """
    for part in value if isinstance(value, (list, tuple)) else [value]:
        if np.ma.is_masked(part):
            raise ValueError(
                f"{name} must have no masked entries, got {np.ma.count_masked(part)} of them: "
                "put numbers in their place by filled(...), or leave these rows out."
            )


def rows(name: str, value: Any, width: int | None, meaning: str) -> np.ndarray:
    """Return `value` as an array of shape (batch, width) of finite numbers, or say what is wrong.

    `meaning` says what a row holds, for the message: "pixels of one image", for example. With
    None for `width`, any width above 0 will do.
    """
    refuse_masks(name, value)
    wanted = f"(batch, {'width' if width is None else width})"
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(
            f"{name} must have the shape {wanted}, but its rows differ in length."
        ) from None
    if array.dtype.kind not in "fui":
        given = f"{shown(value)}, of dtype {array.dtype}" if array.ndim == 0 else array.dtype
        raise TypeError(f"{name} must hold real numbers, a row for the {meaning}; got {given}.")
    fits = array.ndim == 2 and array.size > 0 and width in (None, array.shape[1])
    if not fits:
        hint = " For a single example write x[None, :]." if array.shape == (width,) else ""
        raise ValueError(
            f"{name} must have the shape {wanted}, a row for the {meaning}, "
            f"with at least one row; got shape {array.shape}.{hint}"
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
        raise ValueError(f"{name} must be finite, got nan or infinity in row {row}.")
    return array


def levels(name: str, value: Any, width: int | None) -> np.ndarray:
    """Return inputs as they may be used: floats, or grey levels 0 to 255 as uint8."""
    array = rows(name, value, width, "pixels of one image")
    if array.dtype.kind in "ui" and array.dtype != np.uint8:
        raise TypeError(
            f"{name} of dtype {array.dtype} could mean grey levels or numbers: give grey levels 0 "
            "to 255 as uint8, which stand for k/256, and numbers as floats."
        )
    return array


def targets(name: str, value: Any, width: int | None, length: int) -> np.ndarray:
    """Return targets, `length` rows of numbers from 0 to 1, or say what is wrong."""
    array = rows(name, value, width, "targets of one image (see one_hot)")
    if len(array) != length:
        raise ValueError(f"{name} must have as many rows as x: {length}, got {len(array)}.")
    if array.min() < 0 or array.max() > 1:
        raise ValueError(
            f"{name} must lie within 0 to 1, got values from {array.min()} to {array.max()}. "
            "Labels become targets by one_hot(labels)."
        )
    return array


def generator(seed: Any) -> np.random.Generator:
    """Return the random generator that `seed` stands for, or say what a seed may be."""
    try:
        if isinstance(seed, (bool, np.bool_)):
            raise TypeError
        return np.random.default_rng(seed)
    except (TypeError, ValueError) as why:
        raise type(why)(
            "seed must be a whole number of at least 0, a numpy Generator, or None; "
            f"got {shown(seed)}."
        ) from None
