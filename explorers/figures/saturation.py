"""The fourth answer, live: saturation, whether it makes the gradient negligible, and z ~ w."""

import numpy as np

from explorers.canvas import Canvas
from explorers.controls import VIEW
from explorers.figure import Figure
from explorers.figures import tail_off
from explorers.formats import moved, percent, power, powers, rounded, ticks
from explorers.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, TEXT, VERMILLION

EPOCHS = tail_off.EPOCHS
LOWEST = (0.5, 1e-4)  # lower ends for the axis of z

progress = tail_off.progress


def compute(*, current, m, n_train, hidden, fan_in):
    """Yield what the tail-off figure does, of the old network alone: it takes half the time."""
    yield from tail_off.followed(("old",), current, m, n_train, hidden, fan_in)


def stored(*, eta, lmbda, m, n_train, hidden, fan_in):
    """Return the last result that `compute` yields, if the network is stored, or None."""
    return tail_off.stored_of(("old",), eta, lmbda, m, n_train, hidden, fan_in)


def series(result):
    """Return what is followed over the epochs of the old network, {name: values}."""
    neurons, ledgers = result.neurons["old"], result.ledgers["old"]
    sizes = np.array(result.sizes["old"])
    return {
        "saturated": [n.saturated for n in neurons],
        "ledger": [one.decay_share for one in ledgers],
        "step": [one.step_share for one in ledgers],
        "z": [n.z_rms for n in neurons],
        "random": np.sqrt(sizes**2 * result.x_squared + 1),
        "answer": sizes * np.sqrt(result.n_weights),
    }


def describe(result):
    s = series(result)
    if not result.epochs:
        return "Nothing is trained yet. Press Play, or Step for a single epoch."
    off = max(s["random"][0] / s["z"][0], s["z"][0] / s["random"][0]) - 1
    far = s["random"][-1] / s["z"][-1]
    epochs = "1 epoch" if result.epochs == 1 else f"{result.epochs} epochs"
    return (
        f"At first {percent(s['saturated'][0])} of the hidden neurons are saturated. Is the data "
        f"gradient negligible then? By the ledger {_verdict(s['ledger'][0])}, by the single "
        f"step {_verdict(s['step'][0])}. The size of z is "
        f"{rounded(s['z'][0], 2)}; w·√⟨|x|²⟩ with the bias gives {rounded(s['random'][0], 2)}, "
        f"{percent(off)} off, and √N_w·w would give {rounded(s['answer'][0], 2)}. After "
        f"{epochs} z is {rounded(s['z'][-1], 2)}, and random signs would make it "
        f"{rounded(s['random'][-1], 2)}, {rounded(far, 2)} times that. {moved(result.settings)}"
    ).rstrip()


def _verdict(share):
    return f"{'yes' if share > 0.9 else 'no'} (decay has {percent(share, 3)})"


def tabulate(result):
    s = series(result)
    rows = []
    for epoch in [e for e in (0, 10, 20, 30, 60, 120) if e <= result.epochs]:
        rows.append((f"after epoch {epoch}: saturated", percent(s["saturated"][epoch])))
        rows.append((f"after epoch {epoch}: z, measured", rounded(s["z"][epoch])))
        rows.append((f"after epoch {epoch}: z, random signs", rounded(s["random"][epoch])))
        if epoch:
            rows.append((f"epoch {epoch}: decay's share, ledger", percent(s["ledger"][epoch - 1])))
            rows.append((f"epoch {epoch}: decay's share, step", percent(s["step"][epoch - 1])))
    return rows


def columns(result):
    s = series(result)
    of_an_epoch = {name: ["", *s[name]] for name in ("ledger", "step")}  # none before the first
    return {"epoch": range(result.epochs + 1), **s, **of_an_epoch}


class Picture:
    """Left: shares over epochs. Right: the size of z, measured and by two formulas."""

    def __init__(self, width):
        self.canvas = c = Canvas(width)
        epochs = {"xlabel": "epoch", "xlim": (0, EPOCHS),
                  "xticks": ticks(range(0, EPOCHS + 1, 30))}  # fmt: skip
        self.shares = c.panel("Saturation, and decay's share", ylim=(0, 1.03),
                              yticks={0: "0", 0.5: "50 %", 1: "100 %"}, **epochs)  # fmt: skip
        self.z_size = c.panel(
            "Size of z (root mean square)", yscale="log", ylim=(LOWEST[0], 400),
            reserve=[power(-3)], yticks=powers(range(-3, 3)), **epochs,
        )  # fmt: skip
        self.z_size.still.axhline(1, color=GREY, lw=1, ls=":")
        left, right = self.shares, self.z_size
        self.lines = {
            "saturated": left.curve("-", GREEN), "ledger": left.curve("--", BLUE),
            "step": left.curve(":", VERMILLION), "z": right.curve("-", INK),
            "random": right.curve("--", PURPLE), "answer": right.curve(":", TEXT[ORANGE], lw=2.5),
        }  # fmt: skip
        names = ["saturated neurons", "decay, by the ledger", "decay, by the single step",
                 "measured", "√(w²⟨|x|²⟩ + 1)", "√N_w·w, the answer's"]  # fmt: skip
        rows = list(zip(self.lines.values(), names))
        left.key(*rows[:3])
        right.key(*rows[3:])

    def draw(self, result):
        s = series(result)
        for name, values in s.items():
            first = 1 if name in ("ledger", "step") else 0  # these are of an epoch, not after it
            self.lines[name].set_data(np.arange(first, first + len(values)), values)
        smallest = min(min(s[name]) for name in ("z", "random", "answer"))
        self.z_size.frame(ylim=(next((low for low in LOWEST if low < smallest), LOWEST[-1]), 400))


class Saturation(Figure, parts=globals()):
    """The old network of the tail-off figure, looked at with the fourth answer's eyes."""

    name = "saturation"
    title = "Saturated neurons, the data gradient beside decay, and the size of z"
    controls = tuple(one for one in tail_off.TailOff.controls if one.acts != VIEW)
    presets = (
        ("small images", "fan_in=49"),
        ("without decay", "lmbda=0"),
    )
    quick = tail_off.TailOff.quick
