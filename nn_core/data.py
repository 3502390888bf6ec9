"""MNIST as the book uses it: 50,000 images to train on, 10,000 to validate, 10,000 to test.

How many images there are is a property of the data file, told by the mnist.json beside it: the
browser edition comes with the first few thousand.
"""

import hashlib
import io
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from nn_core import checks
from nn_core.network import as_input

FILE = Path(__file__).parent / "data" / "mnist.npz"
ABOUT = json.loads(FILE.with_suffix(".json").read_text(encoding="utf-8"))
N_TRAIN, N_VALIDATION = ABOUT["training"], ABOUT["validation"]  # the rest is for the test
SIDE = 28


@dataclass(frozen=True, eq=False)  # equality of arrays is an array
class Images:
    """Some images and their labels.

    `pixels` holds grey levels 0 to 255, uint8, shape (n, fan_in); `labels` the digits, shape (n,).
    Training and evaluation take `pixels` as they are.
    """

    pixels: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def x(self) -> np.ndarray:
        """The inputs as the book has them: float64, k/256 for grey level k, made anew each time."""
        return as_input(self.pixels, np.float64)

    @property
    def y(self) -> np.ndarray:
        """The targets: one-hot, float64, shape (n, 10)."""
        return one_hot(self.labels)


@dataclass(frozen=True, eq=False)
class MNIST:
    """The three parts, and the pixels that are black in every chosen training image.

    `always_black` is a mask of shape (fan_in,). The weights from these pixels receive exactly zero
    gradient: they feel weight decay and nothing else.
    """

    train: Images
    validation: Images
    test: Images
    always_black: np.ndarray


def load_mnist(n_train: int = N_TRAIN, *, pool: int = 1) -> MNIST:
    """Return the first `n_train` training images, and all validation and test images.

    `n_train` runs from 1 to N_TRAIN, in the original order: the book's small experiments use the
    first 1,000. N_TRAIN is 50,000, and 5,000 in the browser edition, which has 1,000 validation
    images and none for the test. `pool` = 2 or 4 averages blocks of 2x2 or 4x4 pixels (rounded to a
    grey level), so that fan_in is 784, 196 or 49.

    Raises ValueError if the data file is damaged or is not the one this package was built with.
    """
    n_train = checks.whole(
        "n_train", n_train, at_most=N_TRAIN, most_is="all training images", how=ABOUT["more"]
    )
    checks.one_of("pool", pool, (1, 2, 4))
    pixels, labels = _pooled(pool)
    train = Images(pixels[:n_train], labels[:n_train])
    bounds = slice(N_TRAIN, N_TRAIN + N_VALIDATION), slice(N_TRAIN + N_VALIDATION, None)
    validation, test = (Images(pixels[part], labels[part]) for part in bounds)
    return MNIST(train, validation, test, always_black=np.logical_not(train.pixels.any(axis=0)))


def one_hot(labels: ArrayLike, classes: int = 10) -> np.ndarray:
    """Return targets of shape (n, classes): 1 at the label's place, 0 elsewhere."""
    classes = checks.whole("classes", classes)
    checks.refuse_masks("labels", labels)
    try:
        labels = np.asarray(labels)
    except ValueError:
        raise ValueError("labels must have the shape (n,), but holds lists that differ.") from None
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be whole numbers, got dtype {labels.dtype}.")
    if labels.ndim != 1 or len(labels) == 0:
        raise ValueError(f"labels must have the shape (n,), n at least 1; got {labels.shape}.")
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"labels must lie within 0 to {classes - 1}, "
            f"got values from {labels.min()} to {labels.max()}."
        )
    with checks.memory_for("classes", classes):
        targets = np.zeros((len(labels), classes))
    targets[np.arange(len(labels)), labels] = 1
    return targets


@cache
def _pooled(pool: int) -> tuple[np.ndarray, np.ndarray]:
    pixels, labels = _read(FILE)
    if pool > 1:
        side = SIDE // pool
        blocks = pixels.reshape(-1, side, pool, side, pool).sum(axis=(2, 4), dtype=np.uint16)
        pixels = ((blocks + pool * pool // 2) // (pool * pool)).astype(np.uint8)
        pixels = pixels.reshape(-1, side * side)
        pixels.flags.writeable = False
    return pixels, labels


@cache
def _read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return (pixels, labels) of all images, read-only, since every caller shares them."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ValueError(f"{path} is missing. `git checkout {path.name}` brings it back.") from None
    if hashlib.sha256(content).hexdigest() != ABOUT["sha256"]:
        raise ValueError(
            f"{path} is damaged or is another file ({len(content):,} bytes; its SHA-256 is not the "
            "one in mnist.json beside it). `git checkout` it, or install the package again."
        )
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        pixels, labels = arrays["pixels"], arrays["labels"]
    for array in (pixels, labels):
        array.flags.writeable = False
    return pixels, labels
