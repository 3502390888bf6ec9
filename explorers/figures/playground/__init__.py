"""Everything movable: one network, live, and beside it a run that was kept for comparison."""

from explorers.controls import NEXT_EPOCH, POOLS, VIEW, Control, log_stops
from explorers.figure import Figure
from explorers.figures.playground import picture, training, words
from explorers.figures.playground.training import COSTS, LAYERS, MOST_EPOCHS, Kept
from explorers.figures.playground.worth_seeing import ON_BUTTONS, WORTH_SEEING
from explorers.formats import full
from explorers.inits import INITS
from nn_core.data import N_TRAIN

SECOND = ("none", "5", "10", "30", "100")  # neurons of a second hidden layer
MOST_IMAGES = min(10_000, N_TRAIN)  # the browser edition has fewer


class Playground(Figure, parts=vars(picture) | vars(training) | vars(words)):
    """Everything movable. `keep` puts a run aside for comparison, `forget` drops what was kept."""

    name = "playground"
    title = "Playground"
    controls = (
        Control("eta", "η", "learning rate", log_stops(0.001, 100.0), 0.1, NEXT_EPOCH),
        Control("lmbda", "λ", "regularization", (0.0, *log_stops(0.001, 1000.0)), 5.0, NEXT_EPOCH),
        Control("m", "m", "mini-batch size", log_stops(1, 100), 10),
        Control("n_train", "n_train", "images", log_stops(100, MOST_IMAGES), 1000),
        Control("hidden", "hidden", "neurons", log_stops(5, 100, 30), 30),
        Control("second", "second", "hidden layer", SECOND, "none", group="Network"),
        Control("init", "init", "initialization", tuple(INITS), "old"),
        Control("cost", "cost", "minimized", tuple(COSTS), "cross-entropy", group="Network"),
        Control("fan_in", "fan_in", "pixels", tuple(POOLS), "784", group="Network"),
        Control("epochs", "epochs", "to train", (10, 20, 30, 60, MOST_EPOCHS), 60, group="Run"),
        Control("seed", "seed", "of all draws", tuple(range(21)), 3, group="Run"),
        Control("layer", "layer", "shown", LAYERS, LAYERS[0], VIEW),
        Control("right", "other", "graph shows", tuple(picture.RIGHT), "accuracy", VIEW,
                own_help="What is plotted beside the size of the weights."),
    )  # fmt: skip
    buttons = (("keep", "Keep for comparison"), ("forget", "Forget the kept run"))
    presets = tuple((name, WORTH_SEEING[name][0]) for name in ON_BUTTONS)
    also_viewed = ("kept",)
    quick = "n_train=100 m=30 hidden=5 epochs=10"

    _kept = None  # (result, state, preset)

    def keep(self):
        """Keep the present run, as far as it has come, to compare later ones with it."""
        self._kept = (self.run.result, dict(self.state), self.preset)
        self.show()

    def forget(self):
        """Drop the run that was kept."""
        self._kept = None
        self.show()

    def view(self):
        return super().view() | {"kept": self._kept_and_how_it_differs()}

    def _kept_and_how_it_differs(self):
        if self._kept is None:
            return None
        result, state, preset = self._kept
        differs = ", ".join(
            f"{name} = {full(value)}"
            for name, value in self.without_view(state).items()
            if value != self.state[name]
        )
        return Kept(result, preset, f"with {differs}" if differs else "with the same settings")
