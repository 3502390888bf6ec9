"""What holds for every figure: whichever are registered, these checks find them.

A picture keeps its artists, so what an earlier state has left in them must not be seen in a later
one: in each state that is visited here, it is compared with one that has seen others, or none.
"""

import math
import pickle
import warnings
from contextlib import suppress
from functools import cache
from inspect import signature
from itertools import chain, islice, product

import numpy as np
import pytest
from layout import assert_readable, assert_ticks, assert_uneven_axes_say_so
from matplotlib.artist import Artist
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import StepPatch
from page import Page, assert_presentable

from explorers import all_figures, fingerprint
from explorers.canvas import SIDE_BY_SIDE, SLIDE, WIDTHS
from explorers.controls import NEXT_EPOCH, VIEW
from explorers.figure import Figure
from explorers.run import Phase
from nn_core import DivergenceError, data

RESULTS = 2  # of a run: before training, and after an epoch
RANDOM_STATES, SEED = 100, 2026
FIGURES = all_figures()


@cache
def blank(figure, width=WIDTHS[-1]):
    """Return a picture that has not been drawn, to be unpickled: faster than building one."""
    picture = figure.Picture(width)
    picture.canvas.lay_out()
    return pickle.dumps(picture)


@cache
def results(figure, *settings, most=RESULTS):
    """Return the first results in a state, or those before training is refused in words."""
    found = []
    with suppress(DivergenceError):  # a state in which training is refused, in words
        found.extend(islice(figure.computing(dict(settings))[0], most))
    return found


class State:
    """A figure as it stands in a state, with the newest of a few results."""

    def __init__(self, figure, state, most=RESULTS):
        self.figure = figure
        settings = sorted(figure.without_view(state).items())
        self.results = results(figure, *settings, most=most)
        self.view = {name: state[name] for name in figure.that_act(VIEW)}
        self.view |= dict.fromkeys(figure.also_viewed)

    def of(self, function, result):
        named = self.view.keys() & signature(function).parameters
        return function(result, **{name: self.view[name] for name in named})

    def look(self, picture):
        """Return all that can be seen of a picture in this state."""
        self.of(picture.draw, self.results[-1])
        return picture.canvas.frame_now(), [
            _moving(panel.moving) for panel in picture.canvas.panels
        ]

    def check_words(self):
        for result in self.results:
            sentence = self.of(self.figure.describe, result)
            table = self.of(self.figure.tabulate, result)
            assert_presentable(sentence, table)
            assert all(isinstance(text, str) and text for row in table for text in row)
            columns = self.of(self.figure.columns, result)
            assert columns
            for name, values in columns.items():
                numbers = [value for value in values if not isinstance(value, str)]
                assert all(math.isfinite(value) for value in numbers), name
                assert "" not in values[1:], name  # a gap is only before the first epoch


def _moving(axes):
    kinds = (axes.lines, axes.texts, axes.patches, axes.collections, axes.images)
    drawn = filter(Artist.get_visible, chain(*kinds))
    return axes.get_xlim(), axes.get_ylim(), [fingerprint.of(artist) for artist in drawn]


def at_every_stop(figure):
    """Yield states: each control at each of its stops, and all of them at their ends together."""
    for control in figure.controls:
        for stop in control.stops:
            yield figure.quick_state() | {control.name: stop}
    for _, settings in figure.presets:
        yield figure.state_with(settings) | _cheap(figure)
    for end in (0, -1):
        yield {control.name: control.stops[end] for control in figure.controls} | _cheap(figure)


def at_random(figure):
    rng = np.random.default_rng(SEED)
    for _ in range(RANDOM_STATES):
        drawn = {c.name: c.stops[rng.integers(len(c.stops))] for c in figure.controls}
        yield drawn | _cheap(figure)


def _cheap(figure):
    """Return the number of images alone: it makes runs long, and nothing else."""
    return {name: value for name, value in figure.quick_state().items() if name == "n_train"}


@pytest.fixture(params=FIGURES.values(), ids=FIGURES)
def figure(request, monkeypatch):
    """Each figure, with fewer images to validate on: its picture is drawn as from all of them."""
    monkeypatch.setattr(data, "N_VALIDATION", 500)
    return request.param


@pytest.mark.parametrize("states", [at_every_stop, at_random])
def test_in_each_state_a_figure_is_as_a_fresh_one(figure, states):
    """Two pictures go through all states, one forwards, one backwards.

    Now and then a new one is beside them, and then what a reader gets is compared to the last byte.
    """
    visited = {tuple(state.items()): State(figure, state) for state in distinct(states(figure))}
    visited = {settings: state for settings, state in visited.items() if state.results}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for state in visited.values():
            state.check_words()
        there, back = pickle.loads(blank(figure)), pickle.loads(blank(figure))
        seen = {settings: state.look(there) for settings, state in visited.items()}
        for number, (settings, state) in enumerate(reversed(visited.items())):
            assert state.look(back) == seen[settings], settings
            if number % 20 == 0:
                fresh = pickle.loads(blank(figure))
                assert state.look(fresh) == seen[settings], settings
                assert svgs(fresh) == svgs(back), settings


def svgs(picture):
    return picture.canvas.still_svg(), picture.canvas.moving_svg()


@pytest.mark.parametrize("width", [*WIDTHS, SLIDE])
def test_a_whole_run_is_readable_at_every_width(figure, width):
    """At its beginning, in its middle and at its end; with every choice of what is shown."""
    picture = pickle.loads(blank(figure, width))
    for settings in distinct(figure.quick_state() | view for view in views(figure)):
        state = State(figure, settings, most=None)
        last = len(state.results) - 1
        for place in sorted({0, (last + 1) // 2, last}):
            state.of(picture.draw, state.results[place])
            assert_readable(picture)
        if width == SLIDE:  # once: words know no width
            state.check_words()


def drawn_at_the_ends(figure, width=WIDTHS[0]):
    """Yield a picture in all choices, at both ends of each slider, in each preset: of an epoch."""
    states = [figure.state_with(settings) | _cheap(figure) for _, settings in figure.presets]
    states += [figure.quick_state() | chosen for chosen in choices(figure)]
    for control in figure.controls:
        if not control.is_choice:
            states += [figure.quick_state() | {control.name: control.stops[i]} for i in (0, -1)]
    picture = pickle.loads(blank(figure, width))
    for state in (State(figure, settings) for settings in distinct(states)):
        if state.results:
            state.of(picture.draw, state.results[-1])
            yield picture


def distinct(states):
    """Return each state once: an end of a slider may be its default, or a preset's."""
    return {tuple(sorted(state.items())): state for state in states}.values()


def choices(figure, most=20):
    """Return all choices there are, each with each other, or if these are too many by itself."""
    stops = {control.name: control.stops for control in figure.controls if control.is_choice}
    if math.prod(map(len, stops.values())) > most:
        return [{name: stop} for name in stops for stop in stops[name]]
    return [dict(zip(stops, chosen)) for chosen in product(*stops.values())]


# The narrowest with panels above each other, and side by side; and the lowest.
TIGHTEST = WIDTHS[0], min(width for width in WIDTHS if width >= SIDE_BY_SIDE), SLIDE


@pytest.mark.parametrize("width", TIGHTEST)
def test_the_ends_of_each_slider_are_readable_where_it_is_tight(figure, width):
    for picture in drawn_at_the_ends(figure, width):
        assert_readable(picture)


@pytest.mark.parametrize("width", [WIDTHS[0], WIDTHS[-1]])
def test_numbers_at_an_axis_are_few_and_where_they_belong_and_if_not_even_it_says_so(figure, width):
    for picture in drawn_at_the_ends(figure, width):
        assert_ticks(picture)
        assert_uneven_axes_say_so(picture)


def test_bars_have_an_axis_with_numbers_and_are_in_the_key_of_their_panel(figure):
    for picture in drawn_at_the_ends(figure):
        for panel in picture.canvas.panels:
            (low, high), numbers = panel.moving.get_ylim(), panel.still.get_yticklabels()
            in_the_key = {_hue(sample) for sample in (*panel.still.patches, *panel.still.lines)}
            histograms = (one for one in panel.moving.patches if isinstance(one, StepPatch))
            for bars in filter(Artist.get_visible, histograms):
                values, _, base = bars.get_data()
                assert low <= min(*values, *np.ravel(base)) and max(values) <= high
                assert len(numbers) >= 2 and all(number.get_text() for number in numbers)
                assert _hue(bars) in in_the_key


def _hue(artist):
    if isinstance(artist, Line2D):
        return to_rgb(artist.get_color())
    return to_rgb(artist.get_facecolor() if artist.get_fill() else artist.get_edgecolor())


def views(figure):
    """Yield each choice of what is shown, by itself; of a slider the ends."""
    for control in figure.controls:
        if control.acts == VIEW:
            stops = control.stops if control.is_choice else (control.stops[0], control.stops[-1])
            yield from ({control.name: stop} for stop in stops)
    if not figure.that_act(VIEW):
        yield {}


def test_each_control_says_in_a_few_words_what_it_does(figure):
    for control in figure.controls:
        told = f"{control.name}: its own_help must say so in a sentence; it is {control.help!r}"
        assert 15 < len(control.help) < 90 and control.help[-1] in ".?", told


async def test_each_preset_sets_the_whole_state_and_is_the_one_marked(figure):
    page = Page(figure(**figure.quick_state()))
    offered = {one["name"]: one["text"] for one in page.spec["presets"]}
    assert len({*offered.values()}) == len(offered) == len(figure.presets)
    assert len(offered) != 1, "a single preset, beside Defaults: offer another one, or none"
    for name, settings in figure.presets:
        page.ask("preset", text=offered[name])
        assert page.preset == offered[name] and page.message == ""  # by which the page marks it
        assert page.figure.state == figure.state_with(settings)
        page.ask("pause")
    await page.rest()


# Those that open with a stored result.

OPENING = [one for one in FIGURES.values() if one.stored is not Figure.stored]


@pytest.mark.parametrize("figure", OPENING, ids=lambda figure: figure.name)
def test_what_is_stored_is_what_computing_gives(figure):
    opened, live = figure(), figure()
    live.restart()
    live.finish()
    for part in ("describe", "tabulate"):
        assert live.part(part) == opened.part(part)
    columns = live.part("columns")
    for name, values in opened.part("columns").items():
        numbers = [value for value in values if not isinstance(value, str)]
        assert len(values) == len(columns[name])
        np.testing.assert_allclose(numbers, columns[name][len(values) - len(numbers) :], rtol=1e-6)


# Those whose η and λ can be moved in mid-run.

UNTRAINED = ("Nothing is trained yet.", "Before training ")
MOVABLE = [one for one in FIGURES.values() if one.that_act(NEXT_EPOCH) == {"eta", "lmbda"}]


@pytest.mark.parametrize("figure", MOVABLE, ids=lambda figure: figure.name)
async def test_eta_and_lambda_act_from_the_next_epoch_on(figure):
    page = Page(figure(**figure.quick_state()))
    done, whole = page.progress
    assert done == whole > 4
    page.ask("restart")
    assert page.sentence.startswith(UNTRAINED)
    for epochs, moved in enumerate(({}, {}, {"lmbda": 20.0}, {"eta": 0.2, "lmbda": 0.0})):
        assert page.progress == [epochs, whole]
        said = page.sentence
        page.move(**moved)
        assert page.sentence == said  # not yet
        await page.step()
    assert page.figure.result.settings == ((0.1, 5.0), (0.1, 5.0), (0.1, 20.0), (0.2, 0.0))
    words = "Moved on the way: λ → 20 from epoch 3 on; η → 0.2, λ → 0 from epoch 4 on."
    assert words in page.sentence
    assert_presentable(page.sentence, page.table)
    if hasattr(page.figure.picture(), "marks"):
        assert "λ → 20" in page.moving and "η → 0.2, λ → 0" in page.moving


REFUSING = [one for one in MOVABLE if one.name != "playground"]  # which tells of it, and is over


@pytest.mark.parametrize("figure", REFUSING, ids=lambda figure: figure.name)
def test_growing_decay_is_refused_in_words(figure):
    figure = figure(**figure.quick_state())
    with pytest.raises(DivergenceError):
        figure.set(eta=2.0, lmbda=100.0)
    assert "must be below 2" in figure.message and figure.sentence.startswith(UNTRAINED)
    assert " eta=2 " in figure.preset and " lmbda=100 " in figure.preset
    figure.set(lmbda=99.0)
    assert figure.message == "" and figure.run.phase is Phase.FINISHED
