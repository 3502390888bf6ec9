"""What the runs of `scaling` say: the settled size, who holds it up, and the exponents.

A layer at rest has a balance in its ledger. Divided by 2 eta and the number of steps, decay is
(lmbda/n_train) ||w||^2, up to a part eta*lmbda/(2 n_train) of itself, and what gives it back is

    (lmbda/n_train) ||w||^2  =  gain  +  heat.

The *gain* comes from the pull: what the cost would drop if the layer's weights all grew by the same
factor, per unit of relative growth. The *heat* comes from the kicks, the steps sideways of single
mini-batches, and would vanish with eta/m.
"""

from collections import defaultdict
from dataclasses import asdict, dataclass, replace

import numpy as np

from experiments import runs, scaling
from experiments.scaling import Run
from experiments.tables import Table
from nn_core import theory

HIDDEN = 0  # the layer that claim 3 is about
BASE_LENGTH = 86.8  # mean squared length of the first 5,000 images: only a unit
NEARLY_QUIET = 3  # rates, the smallest, through which the line to eta/m = 0 goes


@dataclass(frozen=True)
class Settled:
    """Where one run has come to rest. Sizes are those of the hidden layer's weights."""

    run: Run
    has_settled: bool
    size: float  # root mean square
    gain: float
    heat: float
    mean_squared_length: float  # of an input
    cost: float
    accuracy: float  # on the training images

    @property
    def n_weights(self):
        return self.run.n_weights

    @property
    def n_hidden_weights(self):
        return self.run.fan_in * self.run.hidden

    @property
    def kappa(self):
        """lmbda/n_train, the strength of decay in the cost."""
        return self.run.lmbda / self.run.n_train

    @property
    def norm(self):
        """||w|| of the hidden layer."""
        return self.size * self.n_hidden_weights**0.5


def settled(run, columns):
    """Return where a run has come to rest, from its stored results."""
    shrink = theory.shrink(run.eta, run.lmbda, run.n_train)
    per_step = 2 * run.eta * columns["steps_seen"]
    return Settled(
        run=run,
        has_settled=bool(columns["settled"]),
        size=float((columns["squared_size"][HIDDEN] / (run.fan_in * run.hidden)) ** 0.5),
        gain=float(columns["pull"][HIDDEN] / (1 - shrink) / per_step),
        heat=float(columns["kick"][HIDDEN] / per_step),
        mean_squared_length=float(columns["mean_squared_length"]),
        cost=float(columns["cost"]),
        accuracy=float(columns["accuracy"]),
    )


@dataclass(frozen=True)
class Fit:
    """A power law through points: size = factor * x**exponent."""

    exponent: float
    factor: float

    def __call__(self, x):
        return self.factor * np.asarray(x) ** self.exponent


def fit(xs, sizes):
    """Return the straight line through log(size) over log(x), by least squares.

    A curve that only looks straight has an exponent too: see `local_exponents`. Raises ValueError
    for fewer than three different x: through two points goes a line, whatever they follow.
    """
    x, y = np.log(xs), np.log(sizes)
    if len(np.unique(x)) < 3:
        raise ValueError(f"An exponent needs three different x, got {set(xs)}.")
    slope, intercept = np.polyfit(x, y, 1)
    return Fit(float(slope), float(np.exp(intercept)))


def local_exponents(xs, sizes):
    """Return the slopes between neighbours: pairs (geometric mean of two x, exponent there)."""
    x, y = np.log(xs), np.log(sizes)
    return list(zip(np.exp((x[1:] + x[:-1]) / 2).tolist(), (np.diff(y) / np.diff(x)).tolist()))


def averaged(points, x):
    """Return (xs, mean sizes, lowest, highest) over the runs with equal `x(point)`, in order."""
    groups = defaultdict(list)
    for point in points:
        groups[x(point)].append(point.size)
    xs = sorted(groups)
    return (
        np.array(xs),
        *(np.array([of(groups[x]) for x in xs]) for of in (np.mean, np.min, np.max)),
    )


def mean_size(points, **changed):
    """Return the mean size over the runs that differ from the base run in just these parameters."""
    setting = asdict(Run(**changed))
    varied = ("init", "seed")
    sizes = [
        point.size
        for point in points
        if all(setting[key] == value for key, value in asdict(point.run).items()
               if key not in varied)
    ]  # fmt: skip
    return float(np.mean(sizes))


def apart(points):
    """Return how far old and new initialization settle apart, at most: their means' ratio - 1."""
    groups = defaultdict(lambda: defaultdict(list))
    for point in points:
        setting = replace(point.run, init="old", seed=0)
        groups[setting][point.run.init].append(point.size)
    ratios = [np.mean(sizes["old"]) / np.mean(sizes["new"]) for sizes in groups.values()]
    return float(max(max(ratio, 1 / ratio) for ratio in ratios) - 1)


@dataclass(frozen=True)
class Noise:
    """What the noise of mini-batches is at rest, at one eta/m: in the balance, and in the size."""

    rate: float  # eta/m
    squared_size: float  # mean of ||w||^2
    heat_share: float  # heat as a share of gain + heat
    added: float  # the share of ||w||^2 that would not be there without noise
    error: float  # of it, the standard error from the scatter of the runs


def noise(points, field="eta"):
    """Return (||w||^2 without noise, its standard error, [Noise of each rate, in order]).

    From the runs that differ from the base run in `field`, "eta" or "m", alone. Each initialization
    and seed has a straight line of ||w||^2 over eta/m through its three smallest rates, and what it
    says at 0 is its ||w||^2 without noise. Raises ValueError for fewer than three rates or two
    series of runs, which could say nothing of a line or of an error.
    """
    series = defaultdict(dict)
    for point in points:
        run = point.run
        if replace(run, **{field: getattr(Run, field)}, init=Run.init, seed=Run.seed) == Run():
            series[run.init, run.seed][run.eta / run.m] = point
    rates = sorted(set.intersection(*map(set, series.values()))) if series else []
    if len(rates) < NEARLY_QUIET or len(series) < 2:
        raise ValueError(
            f"A limit with its error needs two series of {NEARLY_QUIET} rates eta/m, got "
            f"{len(series)} of {len(rates)}."
        )
    sizes = np.array([[one[rate].norm ** 2 for rate in rates] for one in series.values()])
    quiet = np.polyfit(rates[:NEARLY_QUIET], sizes[:, :NEARLY_QUIET].T, 1)[1]
    added = 1 - quiet[:, None] / sizes
    shares = [
        [one[rate].heat / (one[rate].gain + one[rate].heat) for rate in rates]
        for one in series.values()
    ]
    found = map(np.ndarray.tolist, (sizes.mean(axis=0), np.mean(shares, axis=0),
                                    added.mean(axis=0), _error(added)))  # fmt: skip
    return float(quiet.mean()), float(_error(quiet)), list(map(Noise, rates, *found))


def _error(values):
    """Return the standard error of the mean over the first axis."""
    return np.std(values, axis=0, ddof=1) / len(values) ** 0.5


def table_of_heat(points, field="eta"):
    """Return heat's share of the balance, and how much of the squared size is there through it."""
    quiet, error, rates = noise(points, field)
    rows = [
        (f"{one.rate:g}", f"{one.squared_size:.1f}", f"{one.heat_share:.1%}",
         f"{one.added:.1%} ± {one.error:.2%}", f"{one.added / one.heat_share:.2f}")
        for one in rates
    ]  # fmt: skip
    return Table(
        (
            "η/m",
            "sum of\nsquares",
            "heat, of\nthe balance",
            "of the sum,\nthere by noise",
            "that, of\nheat's share",
        ),
        rows,
        title=f"Hidden layer. Sum of squares without noise, by a line through the {NEARLY_QUIET} "
        f"smallest η/m: {quiet:.1f} ± {error:.1f}",
    )


@dataclass(frozen=True)
class Collapse:
    """One formula for ||w|| of the hidden layer, fitted to many runs.

    log ||w|| is a sum of terms, each with its coefficient.
    """

    coefficients: dict  # {term: coefficient}
    scatter: float  # root mean square of what the formula misses, relative
    worst: float  # the most that it misses

    def norm(self, point):
        """Return what the formula says for ||w||."""
        return float(np.exp(sum(self._parts(point).values())))

    def curve(self, point):
        """Return what it says at the point's kappa and the base run's width, length and eta/m."""
        return self.norm(point) / self._aside(point)

    def reduced(self, point):
        """Return the measured ||w||, brought to the base run's width, length and eta/m."""
        return point.norm / self._aside(point)

    def _aside(self, point):
        parts = self._parts(point)
        at_base = self.coefficients["eta/m"] * Run.eta / Run.m
        return float(np.exp(parts["ln width"] + parts["ln length"] + parts["eta/m"] - at_base))

    def _parts(self, point):
        return {term: self.coefficients[term] * value for term, value in _terms(point).items()}


def _terms(point):
    """Return what the logarithm of ||w|| is fitted with: 0 at the base run, but for eta/m."""
    kappa = np.log(point.kappa / (Run.lmbda / Run.n_train))
    return {
        "1": 1.0,
        "ln kappa": kappa,
        "(ln kappa)^2": kappa**2,
        "ln width": np.log(point.run.hidden / Run.hidden),
        "ln length": np.log(point.mean_squared_length / BASE_LENGTH),
        "eta/m": point.run.eta / point.run.m,
    }


def collapse(points):
    """Fit one formula to all points, by least squares on the logarithm of ||w||.

    Its form is a choice, not a derivation: a curve in lmbda/n_train, and a factor for each of the
    width, the mean squared length of an input and eta/m.
    """
    terms = [_terms(point) for point in points]
    design = np.array([list(row.values()) for row in terms])
    target = np.log([point.norm for point in points])
    solution, *_ = np.linalg.lstsq(design, target, rcond=None)
    missed = target - design @ solution
    return Collapse(
        dict(zip(terms[0], solution.tolist())),
        float(np.sqrt(np.mean(missed**2))),
        float(np.abs(missed).max()),
    )


# Settings: all runs that differ in initialization and seed alone.


def distinct(name):
    """Return the settings of a series, each as its first run."""
    first = {"init": "old", "seed": 0}
    return list(dict.fromkeys(replace(run, **first) for run in scaling.series()[name]))


def measured(stored, run, column="squared_size"):
    """Return a column of a setting's runs that have settled, their mean."""
    own = {"init": run.init, "seed": run.seed}
    return np.mean([columns[column] for other, columns in stored.items()
                    if replace(other, **own) == run and columns["settled"]], axis=0)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A settled network's cost at any lambda, if its weights are kept: a straight line."""

    hidden: int
    n_train: int
    lmbda: float  # with which it was trained
    without_penalty: float
    squares: tuple[float, float]  # of the hidden layer and of the output layer

    @property
    def n_weights(self):
        return (784 + 10) * self.hidden

    @property
    def total(self):
        return sum(self.squares)

    def cost(self, lmbda):
        return self.without_penalty + lmbda / (2 * self.n_train) * self.total


def lines(stored, name):
    """Return the `Line` of each setting in a series of the scaling sweep, means over its runs."""
    found = []
    for run in distinct(name):
        squares = tuple(float(one) for one in measured(stored, run))
        penalty = run.lmbda / (2 * run.n_train) * sum(squares)
        cost = float(measured(stored, run, "cost"))
        found.append(Line(run.hidden, run.n_train, run.lmbda, cost - penalty, squares))
    return found


def table_of_totals(stored, name):
    """Return the sums of squares of a series over the width, and the power of N_w that the size of
    all weights follows."""
    series = lines(stored, name)
    found = [(line.hidden, line.n_weights, line.squares) for line in series]
    power = fit(*zip(*overall_sizes(found))).exponent
    note = f"λ = {series[0].lmbda:g}: over all weights the size goes like N_w to the power"
    return totals(found, note=f"{note} {power:.2f}")


def totals(found, note):
    """Return a table of what is `found`, (hidden, N_w, sums of squares of both layers) each."""
    return Table(
        ("hidden\nneurons", "N_w", *(f"{layer}:\nsum of squares" for layer in ("hidden", "output")),
         "all weights:\nsum of squares", "all weights:\nsize"),
        [
            (hidden, f"{n_weights:,}", *(f"{one:.1f}" for one in (*squares, sum(squares))),
             f"{size:.4f}")
            for (hidden, _, squares), (n_weights, size) in zip(found, overall_sizes(found))
        ],
        note=note,
    )  # fmt: skip


def overall_sizes(found):
    """Return pairs (N_w, size of all weights) of what is `found`, as `totals` has it."""
    return [(n_weights, (sum(squares) / n_weights) ** 0.5) for _, n_weights, squares in found]


def table_of_exponents(stored, *names):
    """Return which power of N_w the size follows over a series of widths: of all weights, and of
    each layer's own."""
    rows = []
    for name in names:
        series = lines(stored, name)
        all_of_them = [(line.total, line.n_weights) for line in series]
        hidden, output = ([(line.squares[layer], fan_in * line.hidden) for line in series]
                          for layer, fan_in in enumerate((784, 10)))  # fmt: skip
        wide = [pair for pair, line in zip(all_of_them, series) if line.hidden >= 30]
        powers = [_power(pairs) for pairs in (all_of_them, wide, hidden, output)]
        rows.append((f"{series[0].lmbda:g}", *(f"{power:+.2f}" for power in powers)))
    return Table(
        ("λ", "all weights", "all weights, from\n30 neurons on", "hidden\nlayer", "output\nlayer"),
        rows,
        title="Power of the number of weights that their size goes with",
    )


def _power(pairs):
    """Return the power of the number of weights that sqrt(squared size/number) goes with."""
    squares, n_weights = np.array(pairs).T
    return np.polyfit(np.log(n_weights), np.log(squares / n_weights) / 2, 1)[0]


def table_of_constants(stored):
    """Return how many times 1/sqrt(N_w) the weights of [784, 30, 10] settle at, over lmbda/n_train.

    Beside the sweep stands the network of the figures, on 1,000 images.
    """
    rows = []
    for n_train, lmbda in ((50_000, 5.0), (5000, 0.5), (50_000, 50.0), (5000, 5.0),
                           (runs.N_TRAIN, 5.0), (5000, 50.0)):  # fmt: skip
        run = Run(n_train=n_train, lmbda=lmbda)
        if n_train == runs.N_TRAIN:
            squares = np.array([np.sum(w**2) for w in runs.settled(lmbda=lmbda).weights])
        else:
            squares = measured(stored, run)
        kappa, n_hidden = lmbda / n_train, run.fan_in * run.hidden
        hidden = (squares[0] / n_hidden * (n_hidden + 10 * run.hidden)) ** 0.5
        rows.append((f"{n_train:,}", f"{lmbda:g}", f"{kappa:g}", f"{hidden:.1f}",
                     f"{squares.sum() ** 0.5:.1f}", f"{kappa * squares.sum():.2f}"))  # fmt: skip
    return Table(
        ("images", "λ", "λ/n_train", "hidden layer, in\nmultiples of 1/√N_w",
         "all weights, in\nmultiples of 1/√N_w", "gain + heat,\nall weights"),
        rows,
    )  # fmt: skip
