"""How long an epoch takes: our engine, its definition, other libraries, and the floor below all.

    python -m benchmarks.epoch            the table for this machine, some ten minutes
    python -m benchmarks.epoch --quick    a small version, to see that all works

One epoch of [784, 30, 10] and [784, 100, 10] with mini-batches of 10 on 50,000 images of MNIST, on
one core. The floor is the time of the epoch's five matrix products per step and nothing else,
computed by NumPy into arrays made beforehand. Each contender runs between two measurements of the
floor, round by round, and what counts is its ratio to their mean: a machine that is slow for a
while is slow for both. Other libraries are optional (pip install torch jax scikit-learn numba);
each one that lets us has its weights compared with `sgd_step`'s after the same mini-batches, to see
that it did the same work.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
from importlib.util import find_spec
from time import perf_counter

if hasattr(os, "sched_setaffinity"):  # one core for everybody, whatever threads they like to start
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np

from nn_core import Network, load_mnist, sgd_step, train
from nn_core.engine import Engine
from nn_core.ledger import Bookkeeper
from nn_core.threads import one_blas_thread

ETA, LMBDA, M = 0.1, 5.0, 10


class Problem:
    """One epoch to be done: the data, their order, and the network that it begins with."""

    def __init__(self, hidden, n_train, dtype):
        self.sizes, self.n_train, self.dtype = [784, hidden, 10], n_train, dtype
        self.images = load_mnist(n_train).train
        self.y = self.images.y.astype(dtype)
        self.order = np.random.default_rng(1).permutation(n_train)
        self.shrink = ETA * LMBDA / n_train

    def network(self):
        return Network(self.sizes, seed=0, dtype=self.dtype)

    def floats(self):
        """The inputs as floats in the epoch's order, for those who do not take grey levels."""
        return np.multiply(self.images.pixels[self.order], 1 / 256, dtype=self.dtype)


# Each contender is a function of the problem that prepares what is not to be timed and returns two
# functions: one that runs the epoch, and one that returns the weights it has led to (or None).


def floor(problem):
    x = problem.floats()[:1000]
    batches = [x[first : first + M] for first in range(0, len(x), M)]
    w1, w2 = problem.network().weights
    hidden, output, data_step_1, data_step_2 = (
        np.ones(shape, problem.dtype) for shape in ((M, len(w1)), (M, 10), w1.shape, w2.shape)
    )

    def epoch():
        for _ in range(problem.n_train // len(x)):
            for batch in batches:
                np.matmul(batch, w1.T, out=hidden)
                np.matmul(hidden, w2.T, out=output)
                np.matmul(output, w2, out=hidden)
                np.matmul(hidden.T, batch, out=data_step_1)
                np.matmul(output.T, hidden, out=data_step_2)

    with np.errstate(all="ignore"):
        return epoch, lambda: None


def engine(problem, ledger=False):
    net = problem.network()
    silent = ~problem.images.pixels.any(axis=0)

    def epoch():
        settings = len(problem.order), M, ETA, problem.shrink
        books = Bookkeeper(net, silent, *settings) if ledger else None
        runner = Engine(net, M, watched=ledger)
        runner.run(problem.images.pixels, problem.y, problem.order, ETA, problem.shrink, books)
        if ledger:
            books.close()

    return epoch, lambda: net.weights


def engine_with_ledger(problem):
    return engine(problem, ledger=True)


def straightforward(problem):
    net, x, y = problem.network(), problem.floats(), problem.y[problem.order]

    def epoch():
        for first in range(0, len(x), M):
            batch = slice(first, first + M)
            sgd_step(net, x[batch], y[batch], eta=ETA, lmbda=LMBDA, n_train=len(x))

    return epoch, lambda: net.weights


def example_by_example(problem):
    """The way of the book's program: column vectors, one image after the other."""
    net, x, y = problem.network(), problem.floats(), problem.y[problem.order]

    def gradient(column, target):
        (w1, w2), (b1, b2) = net.weights, [b[:, None] for b in net.biases]
        hidden = 1 / (1 + np.exp(-(w1 @ column + b1)))
        output = 1 / (1 + np.exp(-(w2 @ hidden + b2)))
        error_2 = output - target
        error_1 = (w2.T @ error_2) * hidden * (1 - hidden)
        return error_1 @ column.T, error_2 @ hidden.T, error_1[:, 0], error_2[:, 0]

    def epoch():
        for first in range(0, len(x), M):
            sums = [np.zeros_like(array) for array in net.weights + net.biases]
            for column, target in zip(x[first : first + M], y[first : first + M]):
                for total, part in zip(sums, gradient(column[:, None], target[:, None])):
                    total += part
            for w, total in zip(net.weights, sums):
                w *= 1 - problem.shrink
                w -= ETA / M * total
            for b, total in zip(net.biases, sums[2:]):
                b -= ETA / M * total

    return epoch, lambda: net.weights


def pytorch(problem):
    import torch

    torch.set_num_threads(1)
    net = problem.network()
    layers = [
        torch.nn.Linear(*w.shape[::-1], dtype=getattr(torch, problem.dtype.name))
        for w in net.weights
    ]
    with torch.no_grad():
        for layer, w, b in zip(layers, net.weights, net.biases):
            layer.weight.copy_(torch.from_numpy(w))
            layer.bias.copy_(torch.from_numpy(b))
    model = torch.nn.Sequential(layers[0], torch.nn.Sigmoid(), layers[1])
    loss = torch.nn.BCEWithLogitsLoss(reduction="sum")
    groups = [
        {"params": [layer.weight for layer in layers], "weight_decay": LMBDA / problem.n_train},
        {"params": [layer.bias for layer in layers], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.SGD(groups, lr=ETA)
    x = torch.from_numpy(problem.floats())
    y = torch.from_numpy(problem.y[problem.order])

    def epoch():
        for first in range(0, len(x), M):
            optimizer.zero_grad()
            (loss(model(x[first : first + M]), y[first : first + M]) / M).backward()
            optimizer.step()

    return epoch, lambda: [layer.weight.detach().numpy() for layer in layers]


def jax_scan(problem):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    net = problem.network()
    start = [(jnp.asarray(w), jnp.asarray(b)) for w, b in zip(net.weights, net.biases)]
    steps = problem.n_train // M
    x = jnp.asarray(problem.floats().reshape(steps, M, -1))
    y = jnp.asarray(problem.y[problem.order].reshape(steps, M, -1))

    def step(parameters, batch):
        x, y = batch
        (w1, b1), (w2, b2) = parameters
        hidden = jax.nn.sigmoid(x @ w1.T + b1)
        error_2 = jax.nn.sigmoid(hidden @ w2.T + b2) - y
        error_1 = (error_2 @ w2) * hidden * (1 - hidden)
        moved = [
            ((1 - problem.shrink) * w - ETA / M * error.T @ fed, b - ETA / M * error.sum(axis=0))
            for (w, b), error, fed in zip(parameters, (error_1, error_2), (x, hidden))
        ]
        return moved, None

    run = jax.jit(lambda parameters: jax.lax.scan(step, parameters, (x, y))[0])
    state = {"net": jax.block_until_ready(run(start))}  # compiled outside of the timing

    def epoch():
        state["net"] = jax.block_until_ready(run(start))

    return epoch, lambda: [np.asarray(w) for w, _ in state["net"]]


def scikit_learn(problem):
    from sklearn.neural_network import MLPClassifier

    # Targets in ten columns are ten yes-or-no questions to it: the book's cost.
    model = MLPClassifier(
        [problem.sizes[1]], activation="logistic", solver="sgd", alpha=LMBDA, batch_size=M,
        learning_rate_init=ETA, momentum=0.0, shuffle=True, random_state=0,
    )  # fmt: skip
    x, y = problem.floats(), problem.y[problem.order].astype(int)
    model.partial_fit(x[:M], y[:M], classes=np.arange(10))
    return lambda: model.partial_fit(x, y), lambda: None  # it shuffles by itself


def numba_loop(problem):
    import numba

    @numba.njit
    def steps(x, y, w1, b1, w2, b2, rate, keep):
        for first in range(0, len(x), M):
            batch, target = x[first : first + M], y[first : first + M]
            hidden = 1 / (1 + np.exp(-(batch @ w1.T + b1)))
            error_2 = 1 / (1 + np.exp(-(hidden @ w2.T + b2))) - target
            error_1 = (error_2 @ w2) * hidden * (1 - hidden)
            w1[:] = keep * w1 - rate * (error_1.T @ batch)
            w2[:] = keep * w2 - rate * (error_2.T @ hidden)
            b1 -= rate * error_1.sum(axis=0)
            b2 -= rate * error_2.sum(axis=0)

    net, x, y = problem.network(), problem.floats(), problem.y[problem.order]
    numbers = problem.dtype.type(ETA / M), problem.dtype.type(1 - problem.shrink)

    def arrays(of):
        return [array for pair in zip(of.weights, of.biases) for array in pair]

    steps(x[:M], y[:M], *arrays(net.copy()), *numbers)  # compiled outside of the timing
    return lambda: steps(x, y, *arrays(net), *numbers), lambda: net.weights


FLOAT64, FLOAT32 = np.dtype(np.float64), np.dtype(np.float32)
CONTENDERS = {  # name: (function, the module it needs)
    "nn_core's engine": (engine, None),
    "... with the ledger": (engine_with_ledger, None),
    "sgd_step, the definition": (straightforward, None),
    "image by image": (example_by_example, None),
    "JAX, jit and scan": (jax_scan, "jax"),
    "Numba": (numba_loop, "numba"),
    "scikit-learn": (scikit_learn, "sklearn"),
    "PyTorch, eager": (pytorch, "torch"),
}


def seconds(epoch):
    started = perf_counter()
    epoch()
    return perf_counter() - started


def disagreement(found, problem):
    """Return how far weights are from `sgd_step`'s, relative to the largest of them."""
    epoch, right = straightforward(problem)
    epoch()
    return max(
        np.abs(one - other).max() / np.abs(other).max() for one, other in zip(found, right())
    )


def compare(hidden, n_train, dtype, rounds):
    """Print one line for each contender."""
    problem = Problem(hidden, n_train, dtype)
    print(f"\n[784, {hidden}, 10], {n_train:,} images, m = {M}, {dtype}: one epoch")
    print(f"{'':26}{'s':>8}{'times the floor':>18}  {'(least to most)':18}")
    lowest, _ = floor(problem)
    engine(problem)  # imports SciPy
    typical = statistics.median(seconds(lowest) for _ in range(5))
    print(f"{'the floor: bare products':26}{typical:8.3f}")
    for name, (contender, module) in CONTENDERS.items():
        if module and find_spec(module) is None:
            print(f"{name:26}  not installed")
            continue
        times, ratios = [], []
        for round_ in range(rounds):
            epoch, weights = contender(problem)
            before = seconds(lowest)
            times.append(seconds(epoch))
            ratios.append(times[-1] / statistics.mean((before, seconds(lowest))))
            if round_ == 0 and (found := weights()) is not None:
                off = disagreement(found, problem)
                assert off < (1e-10 if dtype == FLOAT64 else 1e-3), f"{name} is off by {off:.1e}"
            if sum(times) > 30:  # the slow ones need no fine measurement
                break
        ratio = statistics.median(ratios)
        spread = f"({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"{name:26}{statistics.median(times):8.3f}{ratio:18.2f}  {spread}", flush=True)


def compare_ledger(hidden, n_train, dtype, rounds):
    """Print how much longer the engine takes with the ledger than without, run in turns."""
    problem, ratios = Problem(hidden, n_train, dtype), []
    for _ in range(rounds):
        without, with_ledger = (seconds(run(problem)[0]) for run in (engine, engine_with_ledger))
        ratios.append(with_ledger / without)
    print(
        f"The ledger multiplies the engine's time by {statistics.median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f})"
    )


def slider_setting(rounds):
    """Print how long a figure that retrains has to wait: 30 epochs on 1,000 images, with ledger."""
    images = load_mnist(1000).train

    def run():
        net = Network([784, 30, 10], seed=0)
        training = train(
            net, images.pixels, images.y,
            epochs=30, m=M, eta=ETA, lmbda=LMBDA, seed=1, ledger=True, evaluate=False,
        )  # fmt: skip
        list(training)

    times = [1000 * seconds(run) for _ in range(rounds)]
    print(
        "\nA slider's retraining (1,000 images, 30 epochs, with the ledger, by `train`): "
        f"{statistics.median(times):.0f} ms ({min(times):.0f} to {max(times):.0f})"
    )


MEMORY = """
import sys
from nn_core import Network, load_mnist, train
images = load_mnist(int(sys.argv[1])).train
net = Network([784, 100, 10], seed=0)
list(train(net, images.pixels, images.y, epochs=2, m=10, eta=0.1, lmbda=5.0, ledger=True))
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def memory(n_train):
    """Print the most memory that a process needs which loads MNIST and trains in float64."""
    if not os.path.exists("/proc/self/status"):
        return  # only Linux tells
    command = [sys.executable, "-c", MEMORY, str(n_train)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    print(
        f"Resident memory of training [784, 100, 10] on {n_train:,} images, ledger and evaluation "
        f"included: at most {int(answer.split()[1]) / 1024:.0f} MB"
    )


def processor():
    """Return the processor's name as Linux tells it, or what Python knows."""
    try:
        with open("/proc/cpuinfo") as file:
            return next(
                line.split(":")[1].strip() for line in file if line.startswith("model name")
            )
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="1,000 images, two rounds")
    parser.add_argument("--rounds", type=int, default=9, help="(default: %(default)s)")
    options = parser.parse_args(arguments)
    n_train, rounds = (1000, 2) if options.quick else (50_000, options.rounds)
    print(f"{processor()}; Python {platform.python_version()}, NumPy {np.__version__}; one core")
    with one_blas_thread():
        for dtype in (FLOAT64, FLOAT32):
            for hidden in (30, 100):
                compare(hidden, n_train, dtype, rounds)
                compare_ledger(hidden, n_train, dtype, 2 * rounds)
        slider_setting(rounds)
    memory(n_train)


if __name__ == "__main__":
    main()
