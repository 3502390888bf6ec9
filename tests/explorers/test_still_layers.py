"""A figure keeps its still layers: what it takes out must be what it would draw now."""

import pytest

from experiments import book_figures, scaling
from explorers.figures.book_graphs import BookGraphs
from explorers.figures.decay_rate import DecayRate
from explorers.figures.first_epochs import FirstEpochs
from explorers.figures.meeting import Meeting
from explorers.figures.penalty import Penalty
from explorers.figures.playground import Playground
from explorers.figures.scaling_laws import ScalingLaws

FIGURES = {
    "book graphs": lambda: BookGraphs(book_figures.load()),
    "decay rate": DecayRate,
    "first epochs": lambda: FirstEpochs(n_train=100, m=50),
    "meeting": Meeting,
    "penalty": Penalty,
    "playground": lambda: Playground(n_train=100, m=50, epochs=10),
    "scaling laws": lambda: ScalingLaws(scaling.load()),
}


@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
def test_no_still_layer_is_out_of_date(make):
    figure = make()
    canvas = figure._picture.canvas
    for control in figure.controls:
        if control.is_choice or control.name in ("eta", "lmbda"):
            ends = control.stops[0], control.stops[-1]
            for stop in (*(control.stops if control.is_choice else ends), control.default):
                figure.set(**{control.name: stop})
                anew = canvas._render("svg", still=True, moving=False).decode()
                assert figure._still == anew, f"{control.name} = {stop}"
