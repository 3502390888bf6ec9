"""The book's conditions as a table: what each needs, what was measured, whether it holds.

"Argue that these conditions are all satisfied in the examples graphed in this section", done with
the numbers of the stored runs (`book_figures`). Means are over the seeds; what is said of the
tail-off comes from the seed that was trained for 150 epochs.
"""

from dataclasses import dataclass

import numpy as np

from experiments.runs import from_here_on
from experiments.tables import Table
from nn_core import Network, Setting, theory
from nn_core.ledger import share

HIDDEN, OUTPUT = LAYERS = ("hidden", "output")
BOOK = {"eta": 0.1, "lmbda": 5.0, "m": 10, "n_train": 50_000}
DOMINATES = 0.9  # "almost entirely", read as nine tenths
ARRIVED = 1.1  # within 10 % of where it goes
NETWORKS = (30, 100)  # by their hidden neurons


@dataclass(frozen=True)
class Condition:
    """One row of the table. `measured` is of both networks, and it `holds` if it does for both."""

    claim: int
    what: str
    where: str  # the layer, or all weights
    needs: str
    measured: tuple[str, str]
    holds: bool


def shares(tables, layer):
    """Return decay's share of the ledger, an array of shape (seeds, epochs of the shortest run)."""
    epochs = min(len(table["cost"]) for table in tables)
    return np.array([decay_shares(table, layer)[:epochs] for table in tables])


def decay_shares(table, layer):
    """Return decay's share of a layer's ledger in each epoch of a stored run."""
    return share(*(np.abs(table[name][:, layer]) for name in ("decay", "pull", "kick")))


def share_of(tables, layer, ruler):
    """Return decay's mean share in the first epoch by `ruler`, "step" or "displacement"."""
    decay, data = (
        np.array([table[f"{who}_{ruler}"][0, layer] for table in tables])
        for who in ("decay", "data")
    )
    return float(np.mean(share(decay, data)))


def threshold(tables, layer):
    """Return the lambda at which decay would have half of the first epoch's ledger.

    Decay is proportional to lambda there, and pull and kick nearly independent of it.
    """
    ratios = [
        (abs(table["pull"][0, layer]) + abs(table["kick"][0, layer]))
        / abs(table["decay"][0, layer])
        for table in tables
    ]
    return BOOK["lmbda"] * float(np.mean(ratios))


def longest(tables):
    """Return the table of the seed that was trained for longest."""
    return max(tables, key=lambda table: len(table["cost"]))


def tail_size(stored, hidden):
    """Return where the hidden weights end up, the mean of both initializations."""
    ends = [longest(stored[hidden, init])["weight_rms"][-1, 0] for init in ("old", "new")]
    return float(np.mean(ends))


def whole_network_size(stored, hidden):
    """Return where the rms over all weights ends up, output layer included."""
    ends = [longest(stored[hidden, init])["size_after"][-1].sum() for init in ("old", "new")]
    return float(np.mean(ends)) ** 0.5 * scale(hidden)


def arrival(stored, hidden):
    """Return the first epoch from which on old and new hidden weights are within 10 % of each
    other, or None if they are not in the end."""
    old, new = (longest(stored[hidden, init])["weight_rms"][:, 0] for init in ("old", "new"))
    index = from_here_on(old, new, ARRIVED)
    return None if index is None else index + 1  # index 0 is epoch 1


def scale(hidden):
    """Return the book's size for the tail-off, 1/sqrt(N_w)."""
    return Network([784, hidden, 10], seed=0).n_weights ** -0.5


def table(stored):
    """Return all conditions, claim by claim."""
    old = [stored[hidden, "old"] for hidden in NETWORKS]
    claims = {1: [*_claim_1(old, HIDDEN), *_claim_1(old, OUTPUT)], 2: _claim_2(old),
              3: _claim_3(stored, old)}  # fmt: skip
    return [
        Condition(
            claim, *words, tuple(text for text, _ in pair), all(bool(holds) for _, holds in pair)
        )
        for claim, found in claims.items()
        for *words, pair in found
    ]


# Each yields (what, where, needs, [(measured, whether it holds) of both networks]).


def _claim_1(old, layer):
    where, name = f"{layer} layer", LAYERS.index(layer)
    means = [shares(tables, name).mean(axis=0)[:30] for tables in old]
    yield ("decay has the first epoch", where, f"share of decay > {DOMINATES:.0%}",
           [(f"{mean[0]:.1%}", mean[0] > DOMINATES) for mean in means])  # fmt: skip
    yield ("decay has each of 30 epochs", where, "share of decay > 50%",
           [(f"at least {mean.min():.1%}", mean.min() > 0.5) for mean in means])  # fmt: skip
    for words, ruler in (("single steps", "step"), ("displacement", "displacement")):
        part = [share_of(tables, name, ruler) for tables in old]
        yield (f"first epoch by {words}", where, "share of decay > 50%",
               [(f"{one:.1%}", one > 0.5) for one in part])  # fmt: skip
    least = [threshold(tables, name) for tables in old]
    yield ("λ not too small", where, "share is 50% below λ = 5",
           [(f"at λ = {one:.2f}", one < BOOK["lmbda"]) for one in least])  # fmt: skip


def _claim_2(old):
    setting, error = Setting(**BOOK), theory.limit_error(**BOOK)
    part, factor = setting.shrink, setting.factor_per_epoch
    yield ("limit exp(−ηλ/m)", "any weight", "exact factor, to 1e-6",
           2 * [(f"off by {abs(error):.1e}", abs(error) < 1e-6)])  # fmt: skip
    yield ("ηλ ≪ n_train", "any weight", "ηλ/n_train ≪ 1", 2 * [(f"{part:.0e}", part < 0.01)])
    control = [_control_error(longest(tables), factor) for tables in old]
    epochs = min(len(longest(tables)["cost"]) for tables in old)
    yield (f"the same in {epochs} epochs", "control group", "exact factor, to 1e-10",
           [("off by less" if one < 1e-10 else f"off by {one:.0e}", one < 1e-10)
            for one in control])  # fmt: skip
    factors = [_first_factor(tables, hidden) for tables, hidden in zip(old, NETWORKS)]
    yield ("size after the first epoch", "hidden layer", f"factor {factor:.4f}, to 1%",
           [(f"{one:.4f}", abs(one / factor - 1) < 0.01) for one in factors])  # fmt: skip


def _control_error(table, factor):
    """Return how far the control group comes off the exact factor, at most."""
    epochs = np.arange(1, len(table["cost"]) + 1)
    start = table["control_rms"][0] / factor
    return float(np.abs(table["control_rms"] / (start * factor**epochs) - 1).max())


def _first_factor(tables, hidden):
    """Return the mean factor by which the size of the hidden layer changes in the first epoch."""
    return float(np.mean([t["weight_rms"][0, 0] / np.sqrt(t["size_before"][0, 0] / (784 * hidden))
                          for t in tables]))  # fmt: skip


def _claim_3(stored, old):
    accuracies = [np.mean([t["validation_accuracy"][29] for t in tables]) for tables in old]
    yield ("λ not too large", "whole network", "it learns: accuracy > 90%",
           [(f"{one:.1%}", one > 0.9) for one in accuracies])  # fmt: skip
    met = [arrival(stored, hidden) for hidden in NETWORKS]
    for words, last in (("old and new meet", 150), ("they meet in the book's 30", 30)):
        yield (words, "hidden layer", f"within 10% in epoch {last}",
               [(f"{_apart(stored, hidden, last):.1%} apart", epoch is not None and epoch <= last)
                for hidden, epoch in zip(NETWORKS, met)])  # fmt: skip
    sizes = {"all weights": whole_network_size, "hidden layer": tail_size}
    times = {
        where: [of(stored, hidden) / scale(hidden) for hidden in NETWORKS]
        for where, of in sizes.items()
    }
    everywhere = times["all weights"]
    yield ("size “around” 1/√N_w", "all weights", "1/√N_w, to a factor of 3",
           [(f"{one:.0f} times that", 1 / 3 < one < 3) for one in everywhere])  # fmt: skip
    for where, (few, many) in times.items():
        yield ("size goes like 1/√N_w", where, "the same multiple, to 10%",
               [(f"{one:.1f}", abs(few / many - 1) < 0.1) for one in (few, many)])  # fmt: skip


def _apart(stored, hidden, epoch):
    """Return how far old and new hidden weights are apart after an epoch, the seed's that went on.

    As the larger over the smaller, minus 1.
    """
    old, new = (longest(stored[hidden, init])["weight_rms"][epoch - 1, 0]
                     for init in ("old", "new"))  # fmt: skip
    return max(old / new, new / old) - 1


def as_table(rows, fold=""):
    """Return the conditions as a `Table`, each with its verdict."""
    names = ("condition", "where", "needs", "30 neurons", "100 neurons", "holds")
    return Table(
        names,
        [(row.what, row.where, row.needs, *row.measured, row.holds) for row in rows],
        words=names[:3],
        fold=fold,
    )
