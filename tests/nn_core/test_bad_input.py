"""Bad input: each error names the parameter, its value and what is allowed."""

import os
import re
import sys

import numpy as np
import pytest

from nn_core import (
    Network,
    Setting,
    checks,
    linear_limit,
    load_mnist,
    memory,
    one_hot,
    sgd_step,
    theory,
    train,
)

NAN, INF = float("nan"), float("inf")
LABELS = np.arange(6) % 3
X, Y = np.linspace(0, 1, 24).reshape(6, 4), one_hot(LABELS, 3)
X_NAN, X_INF, Y_NAN = X.copy(), X.copy(), Y.copy()
X_NAN[2, 1], X_INF[4, 0], Y_NAN[1, 1] = NAN, -INF, NAN
HUGE = 10**400  # beyond every float


def network(sizes=(4, 5, 3), **more):
    return lambda: Network(sizes, **{"seed": 0, **more})


def step(x=X, y=Y, **more):
    settings = {"eta": 0.1, "lmbda": 5.0, "n_train": 6, **more}
    return lambda: sgd_step(Network([4, 5, 3], seed=0), x, y, **settings)


def training(x=X, y=Y, **more):
    settings = {"epochs": 1, "m": 2, "eta": 0.1, "lmbda": 5.0, **more}
    return lambda: train(Network([4, 5, 3], seed=0), x, y, **settings)


def on_network(method, *args):
    return lambda: getattr(Network([4, 5, 3], seed=0), method)(*args)


def solving(x=X, y=Y, kappa=0.1, **more):
    return lambda: linear_limit.solve(x, y, kappa, **more)


SOLUTION = linear_limit.solve(X[:, :2], Y, 1.0)


def critical(x=X, y=Y):
    return lambda: linear_limit.critical_kappa(x, y)


def split(start=(X,), weights=(X,), kept=0.5):
    return lambda: memory.parts(start, weights, kept)


def forecast(start=1.0, message=1.0, kept=0.5):
    return lambda: memory.length_forecast(start, message, kept)


def masked(array):
    return np.ma.masked_greater(array, 0.9)


def setting(**more):
    return lambda: Setting(**{"eta": 0.1, "lmbda": 5.0, "m": 2, "n_train": 6, **more})


def after(change, call):
    """A call with a network that `change` was done to before."""

    def changed():
        net = Network([4, 4, 3], seed=0)
        change(net)
        call(net)

    return changed


def train_it(net):
    train(net, X, Y, epochs=1, m=2, eta=0.1, lmbda=5.0)


def step_it(net):
    sgd_step(net, X, Y, eta=0.1, lmbda=5.0, n_train=6)


def save_it(net):
    net.save("never.npz")


def formula(name, **more):
    settings = {"eta": 0.1, "lmbda": 5.0, "n_train": 50, "m": 10}
    if name in ("shrink", "regime", "step_factor"):
        del settings["m"]
    if name == "exponential_limit":
        del settings["n_train"]
    return lambda: getattr(theory, name)(**{**settings, **more})


def shrinking(w_from=1.0, w_to=0.5, **more):
    return formula("epochs_to_shrink", w_from=w_from, w_to=w_to, **more)


def longest(cost=1.0, m=5):
    return lambda: theory.longest_message(cost, eta=0.1, m=m, n_train=5)


def threshold(message=1.0, start=2.0, n_weights=4, eta=0.1, m=10):
    return lambda: theory.threshold_estimate(message, start, n_weights, eta=eta, m=m)


# call, error, what the message must say: the parameter, the value, what is allowed
CASES = [
    # sizes
    (network(5), TypeError, "sizes", "5", "list"),
    (network(None), TypeError, "sizes", "None", "list"),
    (network([]), ValueError, "sizes", "[]", "at least two layers"),
    (network([784]), ValueError, "sizes", "[784]", "at least two layers"),
    (network([4, 0, 3]), ValueError, "sizes[1]", "0", "at least 1"),
    (network([4, 5, -3]), ValueError, "sizes[2]", "-3", "at least 1"),
    (network([4, 5.0, 3]), TypeError, "sizes[1]", "5.0", "whole"),
    (network([4, NAN, 3]), TypeError, "sizes[1]", "nan", "whole"),
    (network([True, 3]), TypeError, "sizes[0]", "True", "whole"),
    (network("ab"), TypeError, "sizes[0]", "'a'", "whole"),
    (network({784: 1, 10: 2}), TypeError, "sizes", "{784: 1, 10: 2}", "list"),
    (network({784, 10}), TypeError, "sizes", "784", "list"),
    (network([HUGE, 3]), ValueError, "sizes[0]", "1000", "at most"),
    (network([10**18, 10**18]), ValueError, "sizes", "[1000", "fits into memory"),
    (network([10**30, 3]), ValueError, "sizes", "[1000", "fits into memory"),
    (network([10**9, 10**9]), ValueError, "sizes", "[1000", "fits into memory"),
    # init, cost, dtype
    (network(init="small"), ValueError, "init", "'small'", "'old', 'new'"),
    (network(init=None), ValueError, "init", "None", "'old', 'new'"),
    (network(cost="quadratic"), ValueError, "cost", "'quadratic'", "QuadraticCost"),
    (network(dtype=int), ValueError, "dtype", "int", "float64 or float32"),
    (network(dtype=np.float16), ValueError, "dtype", "float16", "float64 or float32"),
    (network(dtype=complex), ValueError, "dtype", "complex", "float64 or float32"),
    (network(dtype="single precision"), ValueError, "dtype", "'single precision'", "float32"),
    (network(dtype=7), ValueError, "dtype", "7", "float64 or float32"),
    # seed
    (network(seed=-1), ValueError, "seed", "-1", ""),
    (network(seed="today"), TypeError, "seed", "today", ""),
    (network(seed=True), TypeError, "seed", "True", "whole number"),
    (training(seed=-1), ValueError, "seed", "-1", ""),
    (training(seed=1.5), TypeError, "seed", "1.5", ""),
    # x
    (on_network("feedforward", X[0]), ValueError, "x", "(4,)", "(batch, 4)"),
    (on_network("feedforward", X[:, :3]), ValueError, "x", "(6, 3)", "(batch, 4)"),
    (on_network("feedforward", X.T), ValueError, "x", "(4, 6)", "(batch, 4)"),
    (on_network("feedforward", X[:0]), ValueError, "x", "(0, 4)", "at least one row"),
    (on_network("feedforward", 5), ValueError, "x", "()", "(batch, 4)"),
    (on_network("feedforward", None), TypeError, "x", "object", "real numbers"),
    (on_network("feedforward", "abc"), TypeError, "x", "<U3", "real numbers"),
    (on_network("feedforward", X + 0j), TypeError, "x", "complex128", "real numbers"),
    (on_network("feedforward", [[1, 2], [3]]), ValueError, "x", "", "(batch, 4)"),
    (on_network("feedforward", X_NAN), ValueError, "x", "row 2", "finite"),
    (on_network("weighted_inputs", X_INF), ValueError, "x", "row 4", "finite"),
    (on_network("backprop", X_NAN, Y), ValueError, "x", "row 2", "finite"),
    (on_network("backprop", X[:, :3], Y), ValueError, "x", "(6, 3)", "(batch, 4)"),
    (on_network("total_cost", X_NAN, Y), ValueError, "x", "row 2", "finite"),
    (on_network("accuracy", X[:, :3], Y), ValueError, "x", "(6, 3)", "(batch, 4)"),
    (on_network("feedforward", masked(X)), ValueError, "x", "3 of them", "filled"),
    (on_network("backprop", list(masked(X)), Y), ValueError, "x", "", "filled"),
    (training(x=masked(X)), ValueError, "x", "3 of them", "filled"),
    (training(x=None), TypeError, "x", "None", "real numbers"),
    (step(x=masked(X)), ValueError, "x", "3 of them", "filled"),
    (step(x=None), TypeError, "x", "None", "real numbers"),
    (step(x=5), ValueError, "x", "()", "(batch, 4)"),
    (step(x=X_NAN), ValueError, "x", "row 2", "finite"),
    (step(x=X[0]), ValueError, "x", "(4,)", "(batch, 4)"),
    (training(x=X_NAN), ValueError, "x", "row 2", "finite"),
    (training(x=X_INF), ValueError, "x", "row 4", "finite"),
    (training(x=X[:, :3]), ValueError, "x", "(6, 3)", "(batch, 4)"),
    (training(x=X[:0], y=Y[:0]), ValueError, "x", "(0, 4)", "at least one row"),
    # y
    (on_network("backprop", X, Y[:5]), ValueError, "y", "5", "6"),
    (on_network("backprop", X, LABELS), ValueError, "y", "(6,)", "(batch, 3)"),
    (on_network("total_cost", X, Y[:, :2]), ValueError, "y", "(6, 2)", "(batch, 3)"),
    (on_network("accuracy", X, 2 * Y), ValueError, "y", "2.0", "0 to 1"),
    (step(y=-Y), ValueError, "y", "-1.0", "0 to 1"),
    (training(y=Y_NAN), ValueError, "y", "row 1", "finite"),
    (training(y=Y[:5]), ValueError, "y", "5", "6"),
    (training(y=LABELS), ValueError, "y", "(6,)", "one_hot"),
    (training(y=masked(Y)), ValueError, "y", "6 of them", "filled"),
    (step(y=None), TypeError, "y", "None", "real numbers"),
    (training(y=LABELS[:, None] * [[1, 1, 1]]), ValueError, "y", "2", "0 to 1"),
    # validation
    (training(validation=(X[:, :2], Y)), ValueError, "validation", "(6, 2)", "(batch, 4)"),
    (training(validation=(X, Y[:2])), ValueError, "validation", "2", "6"),
    (training(validation=(X_NAN, Y)), ValueError, "validation", "row 2", "finite"),
    (training(validation=X), TypeError, "validation", "", "(x, y)"),
    (training(validation=(X, Y, Y)), TypeError, "validation", "", "(x, y)"),
    (training(validation=5), TypeError, "validation", "5", "(x, y)"),
    (training(validation=(masked(X), Y)), ValueError, "validation", "3 of them", "filled"),
    # lmbda, where the L2 term has no room in a float
    (on_network("evaluate", X, Y, 1e308), ValueError, "lmbda", "1e+308", "finite"),
    (on_network("total_cost", X, Y, 1e308, 1), ValueError, "lmbda", "1e+308", "finite"),
    (training(eta=1e-308, lmbda=1.7e308), ValueError, "lmbda", "1.7e+308", "finite"),
    # eta, lmbda together
    (setting(eta=1e200, lmbda=1e200), ValueError, "eta*lmbda", "1e+200*1e+200", "finite"),
    (training(eta=1e200, lmbda=1e200), ValueError, "eta*lmbda", "1e+200*1e+200", "finite"),
    (step(eta=1e308, lmbda=1e308), ValueError, "eta*lmbda", "1e+308*1e+308", "finite"),
    # net
    (lambda: train_it(None), TypeError, "net", "None", "Network"),
    (lambda: step_it("net"), TypeError, "net", "'net'", "Network"),
    # labels
    (lambda: one_hot([0, 10]), ValueError, "labels", "10", "0 to 9"),
    (lambda: one_hot([-1, 3]), ValueError, "labels", "-1", "0 to 9"),
    (lambda: one_hot([3], classes=3), ValueError, "labels", "3", "0 to 2"),
    (lambda: one_hot(masked(LABELS)), ValueError, "labels", "4 of them", "filled"),
    (lambda: one_hot([0], classes=2.5), TypeError, "classes", "2.5", "whole"),
    (lambda: one_hot([0], classes=0), ValueError, "classes", "0", "at least 1"),
    (lambda: one_hot([0], classes=10**14), ValueError, "classes", "1000", "fits into memory"),
    (lambda: one_hot([0], classes=10**30), ValueError, "classes", "1000", "fits into memory"),
    (lambda: one_hot([[1], [1, 2]]), ValueError, "labels", "", "(n,)"),
    (lambda: one_hot(None), TypeError, "labels", "object", "whole"),
    (lambda: one_hot([1.0, 2.0]), TypeError, "labels", "float64", "whole"),
    (lambda: one_hot(["7"]), TypeError, "labels", "<U1", "whole"),
    (lambda: one_hot([True]), TypeError, "labels", "bool", "whole"),
    (lambda: one_hot(7), ValueError, "labels", "()", "(n,)"),
    (lambda: one_hot([[1, 2]]), ValueError, "labels", "(1, 2)", "(n,)"),
    (lambda: one_hot(np.array([], int)), ValueError, "labels", "(0,)", "at least 1"),
    # epochs, m, n_train
    (training(epochs=-1), ValueError, "epochs", "-1", "at least 0"),
    (training(epochs=1.5), TypeError, "epochs", "1.5", "whole"),
    (training(epochs=None), TypeError, "epochs", "None", "whole"),
    (training(epochs=True), TypeError, "epochs", "True", "whole"),
    (training(m=0), ValueError, "m", "0", "1 to 6"),
    (training(m=-2), ValueError, "m", "-2", "1 to 6"),
    (training(m=7), ValueError, "m", "7", "1 to 6"),
    (training(m=2.0), TypeError, "m", "2.0", "whole"),
    (step(n_train=0), ValueError, "n_train", "0", "at least"),
    (step(n_train=6.0), TypeError, "n_train", "6.0", "whole"),
    (step(n_train=5), ValueError, "n_train", "5", "at least 6"),  # the mini-batch holds 6
    (on_network("total_cost", X, Y, 1.0, 0), ValueError, "n_train", "0", "at least 1"),
    (lambda: load_mnist(0), ValueError, "n_train", "0", "1 to 50000"),
    (lambda: load_mnist(50_001), ValueError, "n_train", "50001", "1 to 50000"),
    (lambda: load_mnist(1000.0), TypeError, "n_train", "1000.0", "whole"),
    (lambda: load_mnist("all"), TypeError, "n_train", "'all'", "whole"),
    (lambda: theory.steps_per_epoch(5, 6), ValueError, "m", "6", "1 to 5"),
    (lambda: theory.shrink(10**400, 1, 1), ValueError, "eta", "1000", "finite"),
    (longest(-0.5), ValueError, "cost", "-0.5", "at least 0"),
    (longest(m=6), ValueError, "m", "6", "1 to 5"),
    (threshold(message=-1.0), ValueError, "message", "-1.0", "at least 0"),
    (threshold(start=0.0), ValueError, "start", "0.0", "above 0"),
    (threshold(n_weights=0), ValueError, "n_weights", "0", "at least 1"),
    (threshold(eta=0.0), ValueError, "eta", "0.0", "above 0"),
    (threshold(m=2.0), TypeError, "m", "2.0", "whole"),
    # pool
    (lambda: load_mnist(10, pool=3), ValueError, "pool", "3", "1, 2, 4"),
    (lambda: load_mnist(10, pool=0), ValueError, "pool", "0", "1, 2, 4"),
    # w_from, w_to
    (shrinking(w_to=0.0), ValueError, "w_to", "0.0", "above 0"),
    (shrinking(w_to=-1.0), ValueError, "w_to", "-1.0", "above 0"),
    (shrinking(w_from=0), ValueError, "w_from", "0", "above 0"),
    (shrinking(w_from=INF), ValueError, "w_from", "inf", "finite"),
    (shrinking(w_to="1"), TypeError, "w_to", "'1'", "number"),
    (shrinking(w_from=HUGE), ValueError, "w_from", "1000", "finite"),
    # the linear limit
    (solving(x=None), TypeError, "x", "None", "real numbers"),
    (solving(x="a"), TypeError, "x", "'a'", "real numbers"),
    (solving(x=5), ValueError, "x", "()", "(batch, width)"),
    (solving(x=X[:0]), ValueError, "x", "(0, 4)", "at least one row"),
    (solving(x=X[:, :0]), ValueError, "x", "(6, 0)", "(batch, width)"),
    (solving(x=[[1, 2], [3]]), ValueError, "x", "", "differ in length"),
    (solving(x=np.ones((6, 4), int)), TypeError, "x", "int64", "uint8"),
    (solving(x=X + 0j), TypeError, "x", "complex128", "real numbers"),
    (solving(x=X_NAN), ValueError, "x", "row 2", "finite"),
    (solving(x=masked(X)), ValueError, "x", "3 of them", "filled"),
    (solving(y=None), TypeError, "y", "None", "real numbers"),
    (solving(y=Y[:5]), ValueError, "y", "5", "6"),
    (solving(y=LABELS), ValueError, "y", "(6,)", "one_hot"),
    (solving(y=2 * Y), ValueError, "y", "2.0", "0 to 1"),
    (solving(y=Y_NAN), ValueError, "y", "row 1", "finite"),
    (solving(kappa=0), ValueError, "kappa", "0", "above 0"),
    (solving(kappa=None), TypeError, "kappa", "None", "number"),
    (solving(kappa=HUGE), ValueError, "kappa", "1000", "finite"),
    (solving(tolerance=0), ValueError, "tolerance", "0", "above 0"),
    (solving(tolerance=NAN), ValueError, "tolerance", "nan", "finite"),
    (solving(tolerance="a"), TypeError, "tolerance", "'a'", "number"),
    (solving(start=5), TypeError, "start", "5", "Solution"),
    (solving(start=SOLUTION), ValueError, "start", "(3, 2)", "(3, 4)"),
    (critical(x="a"), TypeError, "x", "'a'", "real numbers"),
    (critical(y=Y[:5]), ValueError, "y", "5", "6"),
    (critical(y=2 * Y), ValueError, "y", "2.0", "0 to 1"),
    (lambda: SOLUTION.rms(0), ValueError, "hidden", "0", "at least 1"),
    (lambda: SOLUTION.rms(2.5), TypeError, "hidden", "2.5", "whole"),
    # memory and message
    (lambda: memory.kept(None), TypeError, "settings", "None", "list of Setting"),
    (lambda: memory.kept(5), TypeError, "settings", "5", "list of Setting"),
    (lambda: memory.kept([0.5]), TypeError, "settings", "[0.5]", "list of Setting"),
    (lambda: memory.kept(setting()()), TypeError, "settings", "eta=0.1", "list of Setting"),
    (split(kept=NAN), ValueError, "kept", "nan", "finite"),
    (split(kept=None), TypeError, "kept", "None", "number"),
    (split(start=None), TypeError, "start", "None", "list of arrays"),
    (split(start="a"), TypeError, "start", "'a'", "list of arrays"),
    (split(weights=[1, 2]), TypeError, "weights", "[1, 2]", "list of arrays"),
    (split(weights=X), TypeError, "weights", "0.0", "list of arrays"),
    (split(weights=(X, X)), ValueError, "start", "(6, 4)", "one network"),
    (forecast(start=-1), ValueError, "start", "-1", "at least 0"),
    (forecast(message=NAN), ValueError, "message", "nan", "finite"),
    (forecast(kept=INF), ValueError, "kept", "inf", "finite"),
    # path
    (on_network("save", ""), ValueError, "path", "''", "path such as"),
    (on_network("save", "a\0b"), ValueError, "path", "a\\x00b", "path such as"),
    (lambda: Network.load(""), ValueError, "path", "''", "path such as"),
    (lambda: Network.load(b"net.npz"), TypeError, "path", "b'net.npz'", "path such as"),
    (on_network("save", True), TypeError, "path", "True", "path such as"),
    (on_network("save", 1), TypeError, "path", "1", "path such as"),
    (lambda: Network.load(True), TypeError, "path", "True", "path such as"),
    (lambda: Network.load(1), TypeError, "path", "1", "path such as"),
    (lambda: Network.load(None), TypeError, "path", "None", "path such as"),
]
# What a reader may have made of `weights` and `biases`, and what is said of it.
CHANGES = [
    (lambda net: setattr(net, "weights", None), "weights", "None", "2 arrays"),
    (lambda net: net.weights.pop(), "weights", "1", "2 arrays"),
    (lambda net: net.biases.append(np.ones(3)), "biases", "3", "2 arrays"),
    (lambda net: net.weights.__setitem__(0, np.ones((7, 4))), "weights[0]", "(7, 4)", "(4, 4)"),
    (lambda net: net.weights.reverse(), "weights[0]", "(3, 4)", "(4, 4)"),
    (lambda net: net.biases.__setitem__(1, np.ones(1)), "biases[1]", "(1,)", "(3,)"),
    (lambda net: net.biases.__setitem__(0, np.ones((4, 1))), "biases[0]", "(4, 1)", "(4,)"),
    (lambda net: net.weights.__setitem__(1, [[0.0] * 4] * 3), "weights[1]", "[[0.0", "(3, 4)"),
    (lambda net: net.weights.__setitem__(1, np.ones((3, 4), int)), "weights[1]", "int", "float64"),
    (lambda net: net.biases.__setitem__(1, masked(np.ones(3))), "biases[1]", "Masked", "array"),
]
USES = [train_it, step_it, save_it]
USES += [
    lambda net, name=name: getattr(net, name)(X) for name in ("feedforward", "weighted_inputs")
]
USES += [
    lambda net, name=name: getattr(net, name)(X, Y)
    for name in ("backprop", "total_cost", "accuracy", "evaluate")
]
CASES += [
    (after(change, use), ValueError, name, value, allowed)
    for change, name, value, allowed in CHANGES
    for use in USES
]
CASES += [
    (after(lambda net: net.weights.__setitem__(1, net.weights[0][:3]), use), ValueError,
     "weights[1]", "weights[0]", "copy()")
    for use in (train_it, step_it)
]  # fmt: skip
CASES += [
    (after(lambda net: net.biases[0].setflags(write=False), use), ValueError,
     "biases[0]", "", "writeable")
    for use in (train_it, step_it)
]  # fmt: skip
CASES += [
    (after(lambda net, bad=bad: net.biases[1].__setitem__(0, bad), use), ValueError,
     "net", "nan or infinity", "finite")
    for use in (train_it, step_it, save_it, lambda net: net.evaluate(X, Y),
                lambda net: net.total_cost(X, Y), lambda net: net.accuracy(X, Y))
    for bad in (NAN, INF)
]  # fmt: skip
CASES += [
    (after(lambda net: net.weights.__setitem__(0, np.asfortranarray(net.weights[0])), train_it),
     ValueError, "net", "float64", "C-ordered"),
    (after(lambda net: net.weights[0].fill(1e200), train_it), ValueError, "lmbda", "5", "finite"),
]  # fmt: skip

BAD_ETA = [
    (0, ValueError, "above 0"),
    (-0.1, ValueError, "above 0"),
    (NAN, ValueError, "finite"),
    (INF, ValueError, "finite"),
    ("0.1", TypeError, "number"),
    (None, TypeError, "number"),
    (True, TypeError, "number"),
    (0.1j, TypeError, "number"),
    (np.array([0.1]), TypeError, "number"),
]
BAD_LMBDA = [
    (-1e-9, ValueError, "at least 0"),
    (NAN, ValueError, "finite"),
    (-INF, ValueError, "finite"),
    ("5", TypeError, "number"),
    (False, TypeError, "number"),
    ([5.0], TypeError, "number"),
]
BAD_WHOLE = [
    (0, ValueError, "1"),
    (-10, ValueError, "1"),
    (10.0, TypeError, "whole"),
    (NAN, TypeError, "whole"),
    ("10", TypeError, "whole"),
    (True, TypeError, "whole"),
]
FORMULAS = ["shrink", "regime", "step_factor", "epoch_factor", "exponential_limit", "limit_error",
            "limit_error_leading", "epochs_to_shrink"]  # fmt: skip


def in_formula(name, **bad):
    return shrinking(**bad) if name == "epochs_to_shrink" else formula(name, **bad)


for make in (step, training, setting):
    CASES += [(make(eta=v), error, "eta", repr(v), allowed) for v, error, allowed in BAD_ETA]
    CASES += [(make(lmbda=v), error, "lmbda", repr(v), allowed) for v, error, allowed in BAD_LMBDA]
CASES += [
    (on_network("total_cost", X, Y, v), error, "lmbda", repr(v), allowed)
    for v, error, allowed in BAD_LMBDA
]
for name in FORMULAS:
    for parameter, bad in [
        ("eta", [*BAD_ETA, (HUGE, ValueError, "finite")]),
        ("lmbda", [*BAD_LMBDA, (HUGE, ValueError, "finite")]),
        ("m", [*BAD_WHOLE, (HUGE, ValueError, "")]),  # more than n_train, or than every float
        ("n_train", [*BAD_WHOLE, (HUGE, ValueError, "at most")]),
    ]:
        if name == "exponential_limit" and parameter == "n_train":
            continue
        if name in ("shrink", "regime", "step_factor") and parameter == "m":
            continue
        CASES += [
            (in_formula(name, **{parameter: v}), error, parameter, repr(v)[:40], allowed)
            for v, error, allowed in bad
        ]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "call, error, parameter, value, allowed",
    CASES,
    ids=[f"{i}-{case[2]}={case[3]:.20}" for i, case in enumerate(CASES)],
)
def test_error_names_parameter_value_and_what_is_allowed(call, error, parameter, value, allowed):
    with pytest.raises((ValueError, TypeError)) as caught:
        call()
    assert caught.type is error
    message = str(caught.value)
    assert len(message) < 400
    assert re.search(rf"(?<!\w){re.escape(parameter)}(?!\w)", message), message
    assert value in message and allowed in message


@pytest.mark.filterwarnings("error")
def test_numbers_too_large_for_float32_are_refused_not_turned_into_infinity():
    net = Network([2, 1], seed=0, dtype=np.float32)
    with pytest.raises(ValueError, match=r"x .*finite"):
        net.feedforward(np.full((1, 2), 1e300))


def test_an_int_that_python_refuses_to_write_out_is_refused_by_name():
    with pytest.raises(ValueError, match=r"^eta must be finite, got a huge int\."):
        theory.shrink(10**5000, 1.0, 1)


def test_a_long_value_is_shown_without_its_middle_and_on_one_line():
    whole = "x" * 78  # and two quotes
    assert checks.shown(whole) == repr(whole)
    assert checks.shown(whole + "y") == "'" + "x" * 39 + "..." + "x" * 18 + "y'"
    assert checks.shown(np.zeros((2, 1))) == "array([[0.], [0.]])"


def test_the_largest_float_is_a_whole_number_that_may_be():
    largest = int(sys.float_info.max)
    assert checks.whole("n_train", largest) == largest
    with pytest.raises(ValueError, match="at most"):
        checks.whole("n_train", largest + 1)


def test_masks_that_hide_nothing_and_arrays_that_share_nothing_are_fine():
    plain = np.ma.masked_greater(X, 2.0)
    net, whole = Network([4, 4, 3], seed=0), np.zeros((8, 4))
    np.testing.assert_array_equal(net.feedforward(plain), net.feedforward(X))
    net.weights[0], net.weights[1] = whole[:4], whole[5:]
    assert next(train(net, X, Y, epochs=1, m=2, eta=0.1, lmbda=5.0)).steps == 3
    assert whole[:4].any() and not whole[4].any()  # trained in place, each in its own part


def test_the_number_of_an_open_file_is_refused_and_stays_open():
    read, write = os.pipe()
    for number in (read, write):
        with pytest.raises(TypeError, match="path"):
            Network.load(number)
        os.fstat(number)  # fails if it is closed
        os.close(number)


@pytest.mark.parametrize("pool", [2.0, True, np.float64(4), "2", None, [2]])
def test_pool_is_a_whole_number_or_refused(pool):
    with pytest.raises((ValueError, TypeError), match="pool"):
        load_mnist(10, pool=pool)


def test_m_names_n_train_and_says_what_to_do():
    with pytest.raises(ValueError, match=r"m must be from 1 to 6 .*n_train.*got 7.*smaller m"):
        training(m=7)()


def test_errors_come_at_the_call_and_change_nothing():
    net = Network([4, 5, 3], seed=0)
    kept = net.copy()
    for bad in ({"eta": NAN}, {"m": 7}, {"epochs": -1}, {"lmbda": -1}, {"validation": (X, Y[:2])}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            train(net, X, Y, **{"epochs": 1, "m": 2, "eta": 0.1, "lmbda": 5.0, **bad})
    with pytest.raises(ValueError, match="lmbda"):
        sgd_step(net, X, Y, eta=0.1, lmbda=-1.0, n_train=6)
    assert all(map(np.array_equal, net.weights + net.biases, kept.weights + kept.biases))


def test_numpy_numbers_are_as_good_as_pythons():
    net = Network(np.array([4, 5, 3]), seed=np.int64(0))
    settings = {"epochs": np.int32(1), "m": np.uint8(2), "eta": np.float32(0.5), "lmbda": 5}
    assert next(train(net, X, Y, **settings)).steps == 3
    assert net.sizes == (4, 5, 3)
    assert theory.shrink(np.float64(0.5), np.int64(4), np.int16(2)) == 1.0
    assert net.feedforward(X.tolist()).shape == (6, 3)
