"""MNIST: the well-known checksums, the book's split, and what happens to a damaged file."""

import hashlib
import math
import struct
import time

import numpy as np
import pytest

from nn_core import data, load_mnist, one_hot

# SHA-256 of the four original files, uncompressed, with their IDX headers.
TRAIN_IMAGES = "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
TRAIN_LABELS = "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
TEST_IMAGES = "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
TEST_LABELS = "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"


def sha256_of_images(*parts):
    """Of an IDX file: magic number 2051, count, rows, columns, then the pixels."""
    header = struct.pack(">iiii", 2051, sum(map(len, parts)), 28, 28)
    return hashlib.sha256(header + b"".join(part.pixels.tobytes() for part in parts)).hexdigest()


def sha256_of_labels(*parts):
    header = struct.pack(">ii", 2049, sum(map(len, parts)))
    return hashlib.sha256(header + b"".join(part.labels.tobytes() for part in parts)).hexdigest()


def test_split_is_the_original_files_in_their_order(mnist):
    """Training and validation images are the original training file, first to last."""
    assert [len(part) for part in (mnist.train, mnist.validation, mnist.test)] == [
        50_000, 10_000, 10_000]  # fmt: skip
    assert sha256_of_images(mnist.train, mnist.validation) == TRAIN_IMAGES
    assert sha256_of_labels(mnist.train, mnist.validation) == TRAIN_LABELS
    assert sha256_of_images(mnist.test) == TEST_IMAGES
    assert sha256_of_labels(mnist.test) == TEST_LABELS


@pytest.mark.parametrize("n_train", [1, 1000, 49_999])
def test_fewer_images_are_the_first_ones(mnist, n_train):
    fewer = load_mnist(n_train)
    assert len(fewer.train) == len(fewer.train.labels) == n_train
    assert np.array_equal(fewer.train.pixels, mnist.train.pixels[:n_train])
    assert np.array_equal(fewer.train.labels, mnist.train.labels[:n_train])
    assert np.array_equal(fewer.validation.pixels, mnist.validation.pixels)
    assert np.array_equal(fewer.test.labels, mnist.test.labels)


def test_pixels_are_k_over_256():
    images = load_mnist(20).train
    assert images.pixels.dtype == np.uint8
    assert images.x.dtype == np.float64
    assert images.x.tolist() == [[k / 256 for k in row] for row in images.pixels.tolist()]
    assert images.x.max() == 255 / 256


def test_targets_are_one_hot():
    images = load_mnist(50).train
    assert images.y.dtype == np.float64
    expected = [[float(digit == label) for digit in range(10)] for label in images.labels]
    assert images.y.tolist() == expected
    assert one_hot([2, 0], classes=3).tolist() == [[0, 0, 1], [1, 0, 0]]


@pytest.mark.parametrize("pool", [1, 2, 4])
@pytest.mark.parametrize("n_train", [1, 10, 1000, 50_000])
def test_always_black_pixels(n_train, pool):
    chosen = load_mnist(n_train, pool=pool)
    brightest = chosen.train.pixels.max(axis=0)
    assert chosen.always_black.dtype == bool
    assert chosen.always_black.tolist() == [k == 0 for k in brightest.tolist()]


def test_how_many_pixels_are_always_black():
    # It is widely known that 717 of the 784 pixels are ever used in the training images.
    assert load_mnist().always_black.sum() == 784 - 717
    assert load_mnist(1).always_black.sum() == 784 - np.count_nonzero(load_mnist(1).train.pixels)


def pooled_by_loops(image, pool):
    side = 28 // pool
    image = image.reshape(28, 28).tolist()
    pooled = []
    for row in range(side):
        for column in range(side):
            block = [image[row * pool + i][column * pool + j]
                     for i in range(pool) for j in range(pool)]  # fmt: skip
            pooled.append(math.floor(sum(block) / len(block) + 0.5))
    return pooled


@pytest.mark.parametrize("pool, fan_in", [(2, 196), (4, 49)])
def test_pooling_averages_blocks(mnist, pool, fan_in):
    pooled = load_mnist(30, pool=pool)
    assert pooled.train.pixels.shape == (30, fan_in)
    assert pooled.train.pixels.dtype == np.uint8
    for part, whole in ((pooled.train, mnist.train), (pooled.test, mnist.test)):
        for i in range(30):
            assert part.pixels[i].tolist() == pooled_by_loops(whole.pixels[i], pool)
    assert np.array_equal(pooled.test.labels, mnist.test.labels)


def test_pool_1_changes_nothing_and_copies_nothing(mnist):
    assert np.array_equal(load_mnist(pool=1).test.pixels, mnist.test.pixels)
    assert data._pooled(1)[0] is data._read(data.FILE)[0]


@pytest.mark.parametrize("pool", [1, 2])
def test_shared_arrays_are_read_only(pool):
    chosen = load_mnist(10, pool=pool)
    for part in (chosen.train, chosen.validation, chosen.test):
        for array in (part.pixels, part.labels):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1


# The file


def flipped_byte(content, place):
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.fixture
def another_file(tmp_path, monkeypatch):
    """Put a file with the given content in the place of MNIST, for one test."""

    def put(content):
        path = tmp_path / "mnist.npz"
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        forget()
        return path

    def forget():
        data._pooled.cache_clear()
        data._read.cache_clear()

    original = data.FILE.read_bytes()
    monkeypatch.setattr(data, "FILE", tmp_path / "mnist.npz")
    yield put, original
    forget()


@pytest.mark.parametrize("where", [0, 0.25, 0.5, 0.999999])
def test_a_flipped_bit_is_refused(another_file, where):
    put, original = another_file
    path = put(flipped_byte(original, int(where * len(original))))
    with pytest.raises(ValueError, match="damaged") as caught:
        load_mnist()
    assert str(path) in str(caught.value)


def test_the_unharmed_file_is_read_from_anywhere(another_file):
    put, original = another_file
    put(original)
    assert load_mnist(3).train.labels.tolist() == [5, 0, 4]


def test_another_file_in_its_place_is_refused_and_never_unpickled(another_file):
    put, original = another_file
    for content in (b"", b"hello", original[:-1], original + b"\0"):
        put(content)
        with pytest.raises(ValueError, match="damaged or is another file"):
            load_mnist()
    path = put(None)
    np.savez(path, pixels=np.zeros((70_000, 1), object), labels=np.zeros(70_000, np.uint8))
    with pytest.raises(ValueError, match="damaged or is another file"):
        load_mnist()


def test_nothing_is_unpickled_even_if_the_file_is_the_one_asked_for(another_file, monkeypatch):
    put, _ = another_file
    path = put(None)
    np.savez(path, pixels=np.zeros((70_000, 1), object), labels=np.zeros(70_000, np.uint8))
    monkeypatch.setitem(data.ABOUT, "sha256", hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load_mnist()


def test_a_missing_file_is_named(another_file):
    put, _ = another_file
    path = put(None)
    with pytest.raises(ValueError, match="missing") as caught:
        load_mnist()
    assert str(path) in str(caught.value)


def test_loading_is_quick_and_keeps_uint8_in_memory(another_file):
    put, original = another_file
    seconds = []
    for _ in range(2):
        put(original)
        started = time.process_time()  # whatever else the machine is at
        loaded = load_mnist()
        seconds.append(time.process_time() - started)
    assert min(seconds) < 1
    assert loaded.train.pixels.nbytes == 50_000 * 784
