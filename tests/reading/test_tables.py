"""What is stored for a page without Python is what a figure would have sent to it."""

import gzip
import itertools
import re
from functools import cache, lru_cache

import numpy as np
import pytest
from page import Page

from explorers import all_figures
from explorers.figure import Figure
from explorers.formats import full
from reading import tables

FIGURES = all_figures()
TABLES = {path.name.split(".")[0] for path in tables.FOLDER.glob("*.words.gz")}


@cache
def words(name):
    return tables.load(tables.FOLDER / f"{name}.words.gz")


@lru_cache(maxsize=len(tables.WIDTHS))  # of one figure: they are large
def layers(name, width):
    return tables.load(tables.FOLDER / f"{name}.{width}.gz")


def test_a_layer_is_stored_without_what_nobody_sees_of_it():
    svg = (
        '<?xml version="1.0"?>\n<svg width="2">\n <metadata>who</metadata>\n'
        ' <path d="M 1.23456 7"/>\n</svg>\n'
    )
    assert tables.compact(svg) == '<svg width="2"><path d="M 1.23 7"/></svg>'


def test_numbers_are_off_by_half_a_hundredth_at_most():
    numbers = np.random.default_rng(0).uniform(-900, 900, 1000)
    text = " ".join(f"{number:.6f}" for number in numbers)
    found = np.array([float(one) for one in tables.compact(f"<svg {text}").split()[1:]])
    assert np.abs(found - numbers).max() < 0.005 + 1e-6


def test_the_same_content_is_packed_into_the_same_bytes():
    packed = tables.packed({"λ": [1, 2]})
    assert packed == tables.packed({"λ": [1, 2]})
    assert gzip.decompress(packed).decode() == '{"λ":[1,2]}'


@pytest.mark.parametrize("name", FIGURES)
def test_a_plan_holds_the_defaults_every_preset_and_what_the_text_wants(name):
    cls = FIGURES[name]
    planned = [cls.preset_of(state) for state in tables.plan(cls, tables.told().get(name, ()))]
    assert len(set(planned)) == len(planned)
    assert planned[0] == cls.preset_of(cls.defaults())
    assert set(cls.named_presets().values()) <= set(planned)
    for preset in tables.told().get(name, ()):
        assert cls.preset_of(cls.state_with(preset.partition(" ")[2])) in planned


@pytest.mark.parametrize("name", FIGURES)
def test_a_plan_moves_each_control_and_keeps_states_of_a_run_together(name):
    cls = FIGURES[name]
    states = tables.plan(cls)
    for control in cls.controls:
        assert len({state[control.name] for state in states}) > 1, control.name
    runs = [run for run, _ in itertools.groupby(tables._run(cls, state) for state in states)]
    assert len(set(runs)) == len(runs)


def test_a_figures_code_is_known_by_what_it_imports():
    cls = FIGURES["tail-off"]
    imported = set(tables._imports(tables._file(cls.__module__)))
    assert "explorers.canvas" in imported or "explorers.figure" in imported
    assert tables.made_from(cls) != tables.made_from(FIGURES["penalty"])


def test_states_are_written_with_the_stops_that_they_use(tmp_path):
    cls = FIGURES["split-neuron"]
    states = [cls.defaults(), cls.defaults() | {"k": 16}]
    found = [one for state in states for one in tables.records(cls.name, [state], frames=False)]
    tables.write(cls, found, tmp_path)
    read = tables.load(tmp_path / "split-neuron.words.gz")
    k = next(one for one in read["spec"]["controls"] if one["name"] == "k")
    assert [k["stops"][one["positions"]["k"]] for one in read["shown"]] == ["4", "16"]
    assert len(k["stops"]) == 2
    pictures = tables.load(tmp_path / "split-neuron.300.gz")
    assert len(pictures["pictures"]) == 2 and len(pictures["stills"]) <= 2


def test_where_training_is_refused_that_is_what_is_stored():
    cls = FIGURES["decay-rate"]
    wild = cls.defaults() | {"eta": 1.0, "lmbda": 1000.0, "n_train": 100}
    (found,) = tables.records(cls.name, [wild], frames=False)
    assert "it would diverge" in found["sentence"]


def test_the_epochs_of_a_run_are_stored_from_the_first_to_the_last():
    cls = FIGURES["first-epochs"]
    found = tables.records(cls.name, [cls.quick_state()], frames=True)
    trained, *epochs = found
    assert [one["progress"][0] for one in epochs] == list(range(epochs[-1]["progress"][1]))
    assert trained["phase"] == "finished" and trained["progress"][0] == trained["progress"][1]
    assert epochs[0]["phase"] == "ready"


def written(svg):
    """Return all that is written in a picture."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_places_are_rounded_and_what_is_written_is_not():
    svg = '<svg><text x="10.12345" y="2.000">off by 0.0013 %</text><path d="M 1.005 0.004"/></svg>'
    assert tables.compact(svg) == (
        '<svg><text x="10.12" y="2">off by 0.0013 %</text><path d="M 1 0"/></svg>'
    )


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_page_writes_in_a_picture_what_python_writes(name):
    """So many digits as there, in the stored state that a page opens with."""
    shown = words(name)["shown"][0]
    page, cls = opened(name), FIGURES[name]
    page.figure.set(**cls.state_with(shown["preset"].partition(" ")[2]))
    for width in tables.WIDTHS:
        page.ask("width", width=width)
        still, moving = tables.picture(layers(name, width), 0)
        assert written(still) == written(page.still) != []
        assert written(moving) == written(page.moving)


def sample(rng):
    """Return about two hundred stored states: many of what is drawn at once, few of what trains."""
    for name in sorted(TABLES):
        shown = words(name)["shown"]
        trained = [i for i, one in enumerate(shown) if one["phase"] == "finished"]
        cls = FIGURES[name]
        trains = cls.quick or cls.stored is not Figure.stored
        count = 1 if name in tables.SPARSE else 3 if trains else 50
        for i in rng.permutation(trained)[:count]:
            yield name, int(i)


@cache
def opened(name):
    """One page of a figure for all its states: to build pictures anew takes longest."""
    return Page(FIGURES[name]())


@pytest.mark.parametrize("name, index", list(sample(np.random.default_rng(2026))))
def test_a_stored_state_is_what_is_drawn_now(name, index):
    """Python's own words and layers, rounded as a page gets them, character by character."""
    about, one = words(name)["spec"], words(name)["shown"][index]
    cls, page = FIGURES[name], opened(name)
    figure = page.figure
    figure.set(**cls.state_with(one["preset"].partition(" ")[2]))
    for what in ("sentence", "table", "texts", "preset", "phase", "progress"):
        assert getattr(page, what) == one[what]
    for width in tables.WIDTHS:
        page.ask("width", width=width)
        drawn = tables.compact(page.still), tables.compact(page.moving)
        assert tables.picture(layers(name, width), index) == drawn
    for control, entry in zip(cls.controls, about["controls"]):
        at_handle = control.stops[control.nearest(figure.state[control.name])]
        assert entry["stops"][one["positions"][control.name]] == full(at_handle)


def test_tables_are_small_enough_to_be_taken_along():
    sizes = {path.name: path.stat().st_size for path in tables.FOLDER.glob("*.gz")}
    assert sum(sizes.values()) < 15e6
    assert max(sizes.values(), default=0) < 1.5e6, sizes


PLAYED = sorted(name for name in tables.names() if FIGURES[name].is_playable)


@pytest.mark.parametrize("name", PLAYED)
def test_who_presses_play_at_the_defaults_sees_the_epochs_of_what_is_shown(name):
    shown = words(name)["shown"]
    opens = next(one for one in shown if one["preset"] == FIGURES[name]().preset)
    epochs = [one for one in shown if one["positions"] == opens["positions"]]
    assert [one["phase"] for one in epochs].count("finished") == 1
    assert len(epochs) > 10 and min(one["progress"][0] for one in epochs) == 0
