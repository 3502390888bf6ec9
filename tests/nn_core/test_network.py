"""The network: gradients against finite differences, costs and accuracy against plain loops."""

import gc
import io
import math
import os
import pickle
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn_core import CrossEntropyCost, Network, QuadraticCost, one_hot

COSTS = [CrossEntropyCost, QuadraticCost]


@st.composite
def networks_and_data(draw):
    """A small network of one or two hidden layers, and a mini-batch for it."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=3, max_size=4))
    seed = draw(st.integers(0, 2**32 - 1))
    net = Network(
        sizes,
        cost=draw(st.sampled_from(COSTS)),
        init=draw(st.sampled_from(["old", "new"])),
        seed=seed,
    )
    rng = np.random.default_rng([seed, 1])
    batch = draw(st.integers(1, 4))
    return net, rng.normal(size=(batch, sizes[0])), rng.random((batch, sizes[-1]))


def slope(cost, array, place, h=1e-5):
    """The central finite difference of `cost()` with respect to one entry of `array`."""
    kept = array[place]
    array[place] = kept + h
    above = cost()
    array[place] = kept - h
    below = cost()
    array[place] = kept
    return (above - below) / (2 * h)


def slopes(cost, arrays):
    return [
        np.array([slope(cost, a, place) for place in np.ndindex(a.shape)]).reshape(a.shape)
        for a in arrays
    ]


@settings(max_examples=60)
@given(networks_and_data())
def test_backprop_is_the_gradient_of_the_total_cost(case):
    net, x, y = case
    nabla_w, nabla_b = net.backprop(x, y)
    slopes_w = slopes(lambda: net.total_cost(x, y), net.weights)
    slopes_b = slopes(lambda: net.total_cost(x, y), net.biases)
    assert len(nabla_w) == len(nabla_b) == len(net.weights)
    for nabla, expected in zip(nabla_w + nabla_b, slopes_w + slopes_b, strict=True):
        np.testing.assert_allclose(nabla / len(x), expected, rtol=1e-6, atol=1e-8)


@settings(max_examples=20)
@given(networks_and_data(), st.floats(0, 10), st.integers(1, 50))
def test_l2_term_adds_decay_to_the_slope_by_weights_and_nothing_to_biases(case, lmbda, n_train):
    net, x, y = case
    nabla_w, nabla_b = net.backprop(x, y)

    def cost():
        return net.total_cost(x, y, lmbda, n_train)

    for w, nabla, expected in zip(net.weights, nabla_w, slopes(cost, net.weights), strict=True):
        decay = lmbda / n_train * w
        np.testing.assert_allclose(nabla / len(x) + decay, expected, rtol=1e-5, atol=1e-6)
    for nabla, expected in zip(nabla_b, slopes(cost, net.biases), strict=True):
        np.testing.assert_allclose(nabla / len(x), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("cost", COSTS)
def test_backprop_sums_over_the_mini_batch(cost):
    net = Network([3, 4, 2], cost=cost, seed=1)
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(5, 3)), rng.random((5, 2))
    singly = [net.backprop(x[i : i + 1], y[i : i + 1]) for i in range(5)]
    for together, part in zip(net.backprop(x, y), (0, 1), strict=True):
        for layer, nabla in enumerate(together):
            total = sum(single[part][layer] for single in singly)
            np.testing.assert_allclose(nabla, total, rtol=1e-13, atol=1e-15)


def test_a_saturated_wrong_output_learns_with_the_cross_entropy_only():
    x, y = [[1.0]], [[0.0]]
    for cost, expected in ((CrossEntropyCost, 1.0), (QuadraticCost, 0.0)):
        net = Network([1, 1], cost=cost, seed=0)
        net.weights[0][:], net.biases[0][:] = 50, 0
        assert net.backprop(x, y)[0][0][0, 0] == expected


def output_by_loops(net, row):
    """Equation (25) of the book neuron by neuron, in plain Python."""
    a = [float(v) for v in row]
    for w, b in zip(net.weights, net.biases, strict=True):
        zs = [sum(w[j, k] * a[k] for k in range(len(a))) + b[j] for j in range(len(b))]
        a = [1 / (1 + math.exp(-z)) for z in zs]
    return zs, a


def test_feedforward_and_weighted_inputs_neuron_by_neuron():
    net = Network([3, 5, 4, 2], seed=3)
    x = np.random.default_rng(4).normal(size=(6, 3))
    zs, outputs = net.weighted_inputs(x), net.feedforward(x)
    assert [z.shape for z in zs] == [(6, 5), (6, 4), (6, 2)]
    for i, row in enumerate(x):
        z, a = output_by_loops(net, row)
        assert zs[-1][i] == pytest.approx(z, rel=1e-12)
        assert outputs[i] == pytest.approx(a, rel=1e-12)


def test_a_flag_that_blas_raises_in_a_product_is_no_warning():
    """Here it is raised by inf times 0; elsewhere it was, seldom, by products that were finite."""
    net = Network([2, 2, 1], seed=0)
    for w in net.weights:
        w[0, 0] = np.inf
    x, y = np.array([[0.0, 1.0]]), np.ones((1, 1))
    assert np.isnan(net.feedforward(x)).all()
    assert np.isnan(net.backprop(x, y)[0][0]).any()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_uint8_stands_for_k_over_256(dtype):
    levels = np.arange(256, dtype=np.uint8)[:, None]
    net = Network([1, 2], seed=0, dtype=dtype)
    as_floats = np.array([[k / 256] for k in range(256)])
    assert np.array_equal(net.feedforward(levels), net.feedforward(as_floats))
    targets = np.zeros((256, 2))
    assert net.total_cost(levels, targets) == net.total_cost(as_floats, targets)
    for one, other in zip(net.backprop(levels, targets), net.backprop(as_floats, targets)):
        assert np.array_equal(one[0], other[0])


@pytest.mark.parametrize("images", [7, 1000, 2301])  # evaluation goes in blocks of 1,000
def test_evaluate_against_a_loop_over_examples(images):
    net = Network([3, 4, 3], seed=5)
    rng = np.random.default_rng(6)
    x, labels = rng.normal(size=(images, 3)), rng.integers(0, 3, images)
    costs, right = [], 0
    for row, label in zip(x, labels, strict=True):
        a = output_by_loops(net, row)[1]
        terms = [-math.log(a[j]) if j == label else -math.log1p(-a[j]) for j in range(3)]
        costs.append(math.fsum(terms))
        right += a.index(max(a)) == label
    y = one_hot(labels, 3)
    squares = math.fsum(v * v for w in net.weights for v in w.flat)
    assert net.accuracy(x, y) == right / images
    assert net.total_cost(x, y) == pytest.approx(math.fsum(costs) / images, rel=1e-12)
    for n_train in (None, 40):
        penalty = 3.0 / (2 * (n_train or images)) * squares
        expected = math.fsum(costs) / images + penalty
        assert net.total_cost(x, y, 3.0, n_train) == pytest.approx(expected, rel=1e-12)
    assert net.squared_size() == pytest.approx(squares, rel=1e-13)


@pytest.mark.parametrize("dtype, rel", [(np.float64, 1e-13), (np.float32, 1e-6)])
def test_weight_rms_layer_by_layer(dtype, rel):
    net = Network([20, 30, 4], seed=7, dtype=dtype)
    expected = [math.sqrt(math.fsum(float(v) ** 2 for v in w.flat) / w.size) for w in net.weights]
    assert net.weight_rms() == pytest.approx(expected, rel=rel)


def test_sizes_of_huge_but_finite_weights_do_not_overflow():
    net = Network([2, 2], seed=0, dtype=np.float32)
    net.weights[0][:] = 1e30  # its square is beyond float32, not beyond float64
    assert net.weight_rms() == pytest.approx([1e30], rel=1e-6)
    assert net.squared_size() == pytest.approx(4e60, rel=1e-6)


def test_n_weights_of_the_book():
    net = Network([784, 30, 10], seed=0)
    assert net.n_weights == 23_820
    assert [w.shape for w in net.weights] == [(30, 784), (10, 30)]
    assert [b.shape for b in net.biases] == [(30,), (10,)]


# Initialization


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("init", ["old", "new"])
def test_initial_sizes(init, dtype):
    sizes = [784, 100, 40]
    net = Network(sizes, init=init, seed=8, dtype=dtype)
    for w, fan_in in zip(net.weights, sizes, strict=False):
        assert w.dtype == dtype
        scale = 1 if init == "old" else fan_in**-0.5
        five_sigma = 5 / math.sqrt(2 * w.size)
        assert float(np.std(w)) / scale == pytest.approx(1, abs=five_sigma)
        assert abs(float(np.mean(w))) / scale < 5 / math.sqrt(w.size)


def test_biases_come_from_a_standard_normal_in_both():
    old, new = (Network([1, 2000, 1], init=init, seed=9) for init in ("old", "new"))
    assert np.std(new.biases[0]) == pytest.approx(1, abs=5 / math.sqrt(4000))
    assert abs(np.mean(new.biases[0])) < 5 / math.sqrt(2000)
    assert all(map(np.array_equal, old.biases, new.biases))


def test_both_inits_use_the_same_draws():
    old, new = (Network([9, 7, 5], init=init, seed=10) for init in ("old", "new"))
    for w_old, w_new, fan_in in zip(old.weights, new.weights, [9, 7], strict=True):
        np.testing.assert_allclose(w_new * math.sqrt(fan_in), w_old, rtol=1e-15)


def test_seed_decides_the_draws():
    def weights(seed):
        return Network([4, 3, 2], seed=seed).weights[0]

    assert np.array_equal(weights(11), weights(11))
    assert not np.array_equal(weights(11), weights(12))
    assert not np.array_equal(weights(None), weights(None))
    rng = np.random.default_rng(11)
    assert np.array_equal(weights(rng), weights(11))
    assert not np.array_equal(weights(rng), weights(11))  # a Generator goes on


# Copies, looks, files


def equal(one, other):
    same = (one.sizes, one.cost, one.init, one.dtype) == (
        other.sizes, other.cost, other.init, other.dtype)  # fmt: skip
    arrays = zip(one.weights + one.biases, other.weights + other.biases, strict=True)
    return same and all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in arrays)


def test_a_copy_shares_nothing():
    net = Network([3, 4, 2], cost=QuadraticCost, init="new", seed=13, dtype=np.float32)
    twin = net.copy()
    assert equal(net, twin)
    for array in twin.weights + twin.biases:
        array += 1
    assert equal(net, Network([3, 4, 2], cost=QuadraticCost, init="new", seed=13,
                              dtype=np.float32))  # fmt: skip


def test_repr_says_what_it_is():
    text = repr(Network([784, 30, 10], cost=QuadraticCost, init="new", dtype=np.float32))
    for part in ("784, 30, 10", "QuadraticCost", "'new'", "float32", "23,820"):
        assert part in text


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("cost", COSTS)
def test_save_and_load(tmp_path, cost, dtype):
    net = Network([5, 4, 3, 2], cost=cost, init="new", seed=14, dtype=dtype)
    net.save(tmp_path / "net.npz")
    loaded = Network.load(tmp_path / "net.npz")
    assert equal(net, loaded)
    assert [type(size) for size in loaded.sizes] == [int] * 4
    assert loaded.weights[0].flags.writeable


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "net.npz"
    Network([3, 4, 2], seed=15).save(path)
    return path


def refused(path):
    with pytest.raises(ValueError, match=path.name) as caught:
        Network.load(path)
    return str(caught.value)


class Bomb:
    """Unpickling this leaves a trace."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return (open, (str(self.trace), "w"))


def test_load_never_unpickles(tmp_path, saved):
    trace = tmp_path / "trace"
    stored = dict(np.load(saved))
    for key in stored:
        path = tmp_path / f"pickled_{key}.npz"
        np.savez(path, **{**stored, key: np.array([Bomb(trace)], dtype=object)})
        refused(path)
    path = tmp_path / "bare.npz"
    path.write_bytes(pickle.dumps(Bomb(trace)))
    refused(path)
    assert not trace.exists()


def test_load_refuses_missing_keys(tmp_path, saved):
    stored = dict(np.load(saved))
    for key in stored:
        path = tmp_path / f"without_{key}.npz"
        np.savez(path, **{name: value for name, value in stored.items() if name != key})
        assert key in refused(path)


def changed(**arrays):
    return pytest.param(arrays, id=", ".join(f"{k}={v!r:.30}" for k, v in arrays.items()))


@pytest.mark.parametrize(
    "arrays",
    [
        changed(cost="NoSuchCost"),
        changed(init="none"),
        changed(sizes=[3, 4]),
        changed(sizes=[3, 4, 3]),
        changed(sizes=[]),
        changed(sizes=[3, 0, 2]),
        changed(sizes=[3.0, 4.0, 2.0]),
        changed(sizes=[3.2, 4.9, 2.5]),
        changed(sizes=[[3, 4, 2]]),
        changed(sizes=3),
        changed(sizes=[3, 400_000, 2]),
        changed(weights_0=np.zeros((3, 4))),
        changed(weights_1=np.zeros((2, 5))),
        changed(biases_1=np.zeros(3)),
        changed(weights_0=np.zeros((4, 3), int)),
        changed(weights_1=np.zeros((2, 4), np.float32)),  # dtypes must agree
        changed(biases_0=np.zeros(4, int)),
        changed(biases_1=np.array(["a", "b"])),
        changed(weights_1=np.full((2, 4), np.nan)),
        changed(biases_1=np.array([0, np.inf])),
    ],
)
def test_load_refuses_arrays_that_do_not_fit(saved, arrays):
    stored = dict(np.load(saved))
    np.savez(saved, **{**stored, **arrays})
    refused(saved)


def test_load_names_the_size_that_is_no_whole_number(saved):
    np.savez(saved, **{**np.load(saved), "sizes": [3, 4.5, 2]})
    assert "sizes[0] must be a whole number, got 3.0" in refused(saved)


def header(shape, dtype="<f8"):
    """The beginning of an .npy file that claims to hold an array of this shape."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        file, {"descr": dtype, "fortran_order": False, "shape": shape}
    )
    return file.getvalue()


def test_load_knows_one_version_of_the_format_and_says_so(saved):
    with np.load(saved) as stored:
        array, file = stored["weights_0"], io.BytesIO()
    np.lib.format.write_array(file, array, version=(2, 0))
    swapped(saved, "weights_0", file.getvalue())
    assert "weights_0.npy has an unknown format, (2, 0)" in refused(saved)


def swapped(path, key, content, compression=zipfile.ZIP_STORED):
    """Put `content` in the place of one array."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, old in members.items():
            archive.writestr(name, content if name == f"{key}.npy" else old)


TOO_MUCH = {
    "a header": lambda path: swapped(path, "weights_0", header((400_000, 784))),
    "a header and a little": lambda path: swapped(
        path, "weights_0", header((400_000, 784)) + bytes(8)
    ),
    "a header of sizes": lambda path: swapped(path, "sizes", header((300_000_000,), "<i8")),
    "sizes of nothing": lambda path: swapped(path, "sizes", header((10**12, 0), "<i8")),
    "zeros": lambda path: swapped(path, "weights_0", header((4_000, 784)) + bytes(4_000 * 6272),
                                  zipfile.ZIP_DEFLATED),
    "sizes": lambda path: np.savez(path, **{**np.load(path), "sizes": [784, 400_000, 10]}),
    "a single array": lambda path: path.write_bytes(header((400_000, 784))),
}  # fmt: skip


def test_load_refuses_an_array_that_is_listed_a_thousand_times(saved):
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr("more.npy", b"")
        archive.filelist.extend([archive.getinfo("weights_0.npy")] * 1000)
    assert "more memory than the file is long" in refused(saved)


@pytest.mark.parametrize("spoil", TOO_MUCH.values(), ids=TOO_MUCH)
def test_load_refuses_before_it_takes_memory(saved, spoil):
    spoil(saved)
    assert saved.stat().st_size < 2e6
    tracemalloc.start()
    refused(saved)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2e6


def test_load_refuses_a_damaged_file(saved):
    whole = saved.read_bytes()
    for length in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        saved.write_bytes(whole[:length])
        refused(saved)
    stored = Network([3, 4, 2], seed=15).weights[0].tobytes()
    at = whole.index(stored)
    for place in (at, at + len(stored) // 2, at + len(stored) - 1):
        broken = bytearray(whole)
        broken[place] ^= 1
        saved.write_bytes(broken)
        refused(saved)


def test_load_refuses_by_name_whatever_has_happened_to_the_bytes(saved):
    net, whole, rng, said = Network.load(saved), saved.read_bytes(), np.random.default_rng(0), []
    for _ in range(400):
        i, j = sorted(rng.integers(len(whole), size=2))
        other = (whole[:i] + whole[j:], whole[:i] + rng.bytes(j - i) + whole[j:])[rng.integers(2)]
        saved.write_bytes(other)
        try:
            assert equal(Network.load(saved), net)  # a bit of a date, which nobody reads
        except ValueError as why:
            said.append(str(why))
    assert len(said) > 350 and all(message.startswith(str(saved)) for message in said)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", b"\x93NUMPY\x01\x00"])
def test_load_refuses_a_foreign_file(tmp_path, content):
    path = tmp_path / "foreign.npz"
    path.write_bytes(content)
    refused(path)


def test_a_refused_file_is_closed(tmp_path):
    """An open file can't be deleted or replaced on Windows; Python warns of it when it tidies up.

    pytest turns such a warning into a failure of the test in which it comes.
    """
    path = tmp_path / "foreign.npz"
    path.write_bytes(b"PK\x03\x04")
    refused(path)
    gc.collect()


def test_load_refuses_a_single_array_and_other_archives(tmp_path):
    path = tmp_path / "array.npy"
    np.save(path, np.zeros(3))
    refused(path)
    path = tmp_path / "other.npz"
    np.savez(path, pixels=np.zeros(3))
    refused(path)


def torn(file, **_):
    file.write(b"half of it")
    raise KeyboardInterrupt


def full_disk(*_):
    raise OSError("No space left on device")


@pytest.mark.parametrize(
    "where, what, breaks",
    [(np, "savez", torn), (os, "fsync", full_disk), (os, "replace", full_disk)],
)
def test_an_interrupted_save_leaves_the_old_file(saved, monkeypatch, where, what, breaks):
    before, net = saved.read_bytes(), Network([5, 2], seed=1)
    with monkeypatch.context() as patch:
        patch.setattr(where, what, breaks)
        with pytest.raises((KeyboardInterrupt, OSError)):
            net.save(saved)
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]
    net.save(saved)
    assert equal(Network.load(saved), net)
    assert os.listdir(saved.parent) == [saved.name]


def test_save_waits_until_all_of_it_is_on_the_disk(saved, monkeypatch):
    on_disk = []
    monkeypatch.setattr(os, "fsync", lambda file: on_disk.append(os.fstat(file).st_size))
    Network([5, 2], seed=1).save(saved)
    assert on_disk == [saved.stat().st_size]


def test_save_follows_a_link_and_leaves_what_is_no_file(tmp_path, saved):
    link = tmp_path / "link.npz"
    link.symlink_to(saved)
    net = Network([5, 2], seed=1)
    net.save(link)
    assert link.is_symlink() and equal(Network.load(saved), net)
    with pytest.raises(OSError, match="no file"):
        net.save(tmp_path)
    with pytest.raises(OSError, match="no file"):
        net.save(os.devnull)


def test_save_gives_the_file_the_usual_rights(tmp_path, saved):
    usual = tmp_path / "usual"
    usual.touch()
    assert saved.stat().st_mode == usual.stat().st_mode


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_save_refuses_what_load_would_refuse(saved, value):
    before, net = saved.read_bytes(), Network([5, 2], seed=1)
    net.weights[0][1, 2] = value
    with pytest.raises(ValueError, match="finite"):
        net.save(saved)
    assert saved.read_bytes() == before


def test_load_says_when_there_is_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        Network.load(tmp_path / "none.npz")
