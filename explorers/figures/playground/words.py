"""What the playground says of a run, and of the one that was kept: in words, rows and columns."""

from explorers.formats import moved, percent, rounded
from explorers.ledger_panel import PARTS

GUESSING = 0.3  # a network with fewer of its training images right has learned next to nothing


def describe(result, *, layer, kept):
    story, beside = _story(result, layer), _beside(kept, layer)
    return " ".join(filter(None, [result.trouble, story, moved(result.settings), beside]))


def _story(result, layer):
    if not result.trained:
        untrained = "Nothing is trained yet. Press Play, or Step for a single epoch."
        return "" if result.trouble else untrained
    shown, (training, validation) = result.present(layer), result.accuracy[-1]
    absent = "" if shown == layer else "There is no second hidden layer. "
    guesses = " It has learned next to nothing." if training < GUESSING else ""
    return (
        f"{list(result.sizes)}, {result.init} initialization, {result.cost} cost, "
        f"{_epochs(result.trained)} on {result.n_train:,} images: {percent(validation, 3)} of the "
        f"validation images are right, {percent(training, 3)} of the training images.{guesses} "
        f"{absent}Weights of the {shown} layer: from {rounded(result.rms(shown)[0])} to "
        f"{_size(result, shown)}. {_decay(result, shown)}"
    )


def _beside(kept, layer):
    if kept is None:
        return ""
    result = kept.result
    preset = f"Its preset: {kept.preset}"
    if not result.trained:
        return f"Kept for comparison, {kept.differs}: an untrained run. {preset}"
    shown, (training, validation) = result.present(layer), result.accuracy[-1]
    return (
        f"Kept for comparison, {kept.differs}: {percent(validation, 3)} of the validation images "
        f"and {percent(training, 3)} of the training images after {_epochs(result.trained)}; "
        f"weights of the {shown} layer at {_size(result, shown)}. {_decay(result, shown)} {preset}"
    )


def _epochs(count):
    return "1 epoch" if count == 1 else f"{count} epochs"


def _size(result, layer):
    size = result.rms(layer)[-1]
    return f"{rounded(size)}, which is {rounded(size / result.scale)} × 1/√N_w"


def _decay(result, layer):
    if not any(lmbda for _, lmbda in result.settings):
        return "Without decay, λ = 0, it has no share of the ledger."
    first, lost = percent(result.shares(layer)[0], 3), result.lost(layer)
    if lost is None:
        return f"Decay's share of the ledger: {first} in the first epoch, and never below one half."
    if lost == 1:
        return f"Decay's share of the ledger: {first} in the first epoch, below one half already."
    return (
        f"Decay's share of the ledger: {first} in the first epoch, below one half for the first "
        f"time in epoch {lost}."
    )


def tabulate(result, *, layer, kept):
    rows = _rows(result, layer)
    if kept is not None:
        rows += [(f"kept: {what}", value) for what, value in _rows(kept.result, layer)]
        rows.append(("kept: preset", kept.preset))
    return rows


def _rows(result, layer):
    shown = result.present(layer)
    training, validation, penalty = result.costs[-1]
    rows = [
        ("epochs trained", str(result.trained)),
        ("accuracy, training images", percent(result.accuracy[-1][0], 3)),
        ("accuracy, validation images", percent(result.accuracy[-1][1], 3)),
        ("cost without L2 term, training images", rounded(training)),
        ("cost without L2 term, validation images", rounded(validation)),
        ("L2 term of the cost", rounded(penalty)),
        ("1/√N_w", rounded(result.scale)),
        (f"weight size at the start, {shown} layer", rounded(result.rms(shown)[0])),
    ]
    for name in result.layers:
        rows.append((f"weight size, {name} layer", rounded(result.rms(name)[-1])))
    for name in result.layers if result.trained else ():
        share, lost = result.shares(name)[0], result.lost(name)
        rows += [
            (f"decay's share, first epoch, {name} layer", percent(share, 3)),
            (f"first epoch below one half, {name} layer", str(lost or "none")),
        ]
    return rows


def columns(result, *, kept):
    """Return the run, and what was kept, as columns that begin before training."""
    runs = {"": result} if kept is None else {"": result, "kept_": kept.result}
    table = {"epoch": range(max(run.trained for run in runs.values()) + 1)}
    for prefix, run in runs.items():
        table |= _columns(run, prefix)
    return table


def _columns(result, prefix):
    """Return one run as columns; ledgers leave the cell before training empty."""
    table = {}
    for i, name in enumerate(("training", "validation")):
        table[f"{name}_accuracy"] = [pair[i] for pair in result.accuracy]
        table[f"{name}_cost"] = [costs[i] for costs in result.costs]
    table["l2_term"] = [costs[2] for costs in result.costs]
    for i, name in enumerate(("eta", "lmbda")):
        table[name] = ["", *(pair[i] for pair in result.settings)]
    for layer in result.layers:
        name = layer.replace(" ", "_")
        table[f"{name}_rms"] = result.rms(layer)
        table[f"{name}_decay_share"] = ["", *result.shares(layer)]
        for part in PARTS:
            table[f"{name}_{part}"] = ["", *(getattr(one, part) for one in result.ledger(layer))]
    return {prefix + name: values for name, values in table.items()}
