"""A figure in code: its contract, what is set takes effect at once, and all it says agrees."""

import csv
import io
import re
from types import MappingProxyType

import pytest
from small import BREAKS, BREAKS_AT_ONCE, Fake, Played, shown

import explorers
from explorers.controls import NEXT_EPOCH, VIEW, Control
from explorers.figure import CONTRACT, FIGURES, Figure
from explorers.run import Phase

# The contract.

PARTS = {part: vars(Fake)[part] for part in CONTRACT}


def made(beside=MappingProxyType({}), **changes):
    """Make a figure with all parts of Fake but those changed; None leaves one out."""
    parts = {k: v for k, v in (PARTS | {"gates": None} | changes).items() if v is not None}
    return type("Made", (Figure,), parts, registered=False, parts=beside)


@pytest.mark.parametrize("part", CONTRACT)
def test_a_missing_part_is_an_error_when_the_class_is_made(part):
    with pytest.raises(TypeError, match=rf"^Made has no `{part}`: "):
        made(**{part: None})


@pytest.mark.parametrize("as_given", [lambda parts: parts, lambda parts: {"beside": parts}])
def test_a_misnamed_part_is_recognized(as_given):
    with pytest.raises(TypeError, match=r"no `describe`.*Is that what 'descibe' is meant to be\?"):
        made(describe=None, **as_given({"descibe": PARTS["describe"]}))


def test_parts_may_stand_beside_the_class_which_comes_first():
    beside = {"describe": Fake.describe, "tabulate": lambda result: [], "also": 1}
    figure = made(beside, describe=None)
    assert figure.describe is Fake.describe and figure.tabulate is Fake.tabulate
    assert not hasattr(figure, "also")


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"compute": staticmethod(lambda *, x, rate: iter([0]))}, "it does not name init"),
        ({"compute": staticmethod(lambda *, x, rate, inlt: iter([0]))},
         "compute names inlt; .* it gets init"),
        ({"describe": staticmethod(lambda result, *, layer: "")},
         "describe names layer; .* it gets none"),
        ({"describe": lambda result: ""}, "describe must be a staticmethod"),
        ({"controls": (*Fake.controls, Control("run", "r", "run", (1, 2), 1))},
         "no control can be called 'run'"),
        ({"quick": "speed=1"}, "no control 'speed'"),
        ({"controls": (*Fake.controls, Control("u", "u", "unit", ("m",), "m", acts=VIEW))},
         "has u, which no part names"),
        ({"controls": (*Fake.controls, Control("v", "v", "speed", (1, 2), 1, acts=NEXT_EPOCH))},
         "Made has no `progress`"),
        ({"buttons": (("keep", "Keep"),)}, "a button for `keep`, but no such method"),
        ({"presets": (("fast", "speed=1"),)}, "Made has the preset 'fast': .*no control 'speed'"),
        ({"presets": (("far", "x=99"),)}, "Made has the preset 'far': x must be"),
        ({"presets": (("bare", "x"),)}, "Made has the preset 'bare': .* should read name=value"),
        ({"name": "Not A Name"}, "must be words joined by -"),
        ({"name": "puzzle"}, "which is Puzzle's"),
    ],
)  # fmt: skip
def test_parts_that_do_not_fit_together(changes, words):
    explorers.all_figures()
    with pytest.raises((TypeError, ValueError), match=words):
        made(**changes)


def test_a_figure_is_registered_by_being_made():
    new = type("New", (Figure,), PARTS | {"name": "new", "gates": None})
    try:
        assert explorers.all_figures()["new"] is new
        assert len(explorers.all_figures()) >= 12
    finally:
        del FIGURES["new"]


def test_figures_are_found_by_their_names():
    for figure in explorers.all_figures().values():
        assert getattr(explorers, figure.__name__) is figure
        assert figure.__name__ in dir(explorers)
    with pytest.raises(AttributeError, match=r"no figure 'Puzle'. Is Puzzle meant\?"):
        explorers.Puzle  # noqa: B018
    with pytest.raises(ImportError):
        from explorers import NoSuchThing  # noqa: F401


# State.


def test_starts_at_the_defaults_and_is_complete():
    figure = Fake()
    assert figure.sentence == "x is 1 at part 2, rate 0.1, old."
    assert figure.numbers == {"x": "1", "part": "2"}
    assert figure.state == {"x": 1, "rate": 0.1, "init": "old"}
    assert figure.run.phase is Phase.FINISHED and figure.message == ""


def test_a_value_set_takes_effect_before_the_line_returns(gates):
    figure = Fake()
    gates.open(6)
    figure.x.value = 6  # slow, and still complete
    assert shown(figure) == (6, 2)
    assert figure.x.value == 6 and repr(figure.x) == "x = 6"
    figure.set(x=2, rate=0.25)
    assert (figure.x.value, figure.rate.value) == (2, 0.25)


def test_it_starts_where_it_is_told_and_returns_to_the_defaults():
    figure = Fake(x=3, rate=1.0, init="new")
    assert figure.sentence == "x is 3 at part 2, rate 1.0, new."
    figure.reset()
    assert figure.state == Fake().state and figure.preset == Fake().preset


def test_two_figures_do_not_share_their_state():
    one, other = Fake(x=2), Fake(x=3)
    one.set(x=1)
    assert shown(other) == (3, 2) and other.x.value == 3


@pytest.mark.parametrize(
    "asked, words",
    [
        ({"x": 99}, "x must be a number from 1 to 11"),
        ({"y": 1}, "There is no control 'y' here; there are x, rate, init"),
        ({"x": 3, "init": "huge"}, "init must be one of 'old', 'new'"),
        ("", "starts with 'fake'"),
        ("decay-rate eta=1", "starts with 'fake', not 'decay-rate'"),
        ("fake x", "'x' should read name=value"),
        ("fake x=", "x must be a number from 1 to 11, got ''"),
        ("fake init=huge", "one of 'old', 'new'"),
        ("fake speed=1", "no control 'speed' here; there are x, rate, init"),
    ],
)
def test_bad_values_and_presets_are_refused_in_words_and_change_nothing(asked, words):
    figure = Fake(x=2)
    with pytest.raises(ValueError, match=re.escape(words)) as refusal:
        figure.apply(asked) if isinstance(asked, str) else figure.set(**asked)
    assert figure.message == str(refusal.value)
    assert shown(figure) == (2, 2) and figure.state == {"x": 2, "rate": 0.1, "init": "old"}
    figure.set(x=3)
    assert figure.message == "" and shown(figure) == (3, 2)


@pytest.mark.parametrize("x, stands_at, part", [(BREAKS_AT_ONCE, 2, 2), (BREAKS[0], BREAKS[0], 1)])
def test_after_an_error_figure_state_and_preset_speak_of_the_same_values(gates, x, stands_at, part):
    """A run without any result changes nothing; one that breaks later shows what it had."""
    gates.open()
    figure = Fake(x=2)
    with pytest.raises(ArithmeticError, match=str(x)):
        figure.set(x=x)
    assert str(x) in figure.message and not figure.run.phase.is_running
    assert figure.preset == f"fake x={figure.x.value} rate=0.1 init=old"
    assert figure.x.value == stands_at and shown(figure) == (stands_at, part)
    figure.set(x=3)
    assert shown(figure) == (3, 2) and figure.message == ""


def test_assigning_to_a_handle_is_no_silent_loss():
    with pytest.raises(AttributeError, match=r"write \.x\.value = 3"):
        Fake().x = 3


def test_repr_reads_as_the_call_that_makes_it():
    figure = Fake(x=3, init="new")
    assert repr(figure) == "Fake(x=3, rate=0.1, init='new')"
    assert eval(repr(figure)).preset == figure.preset


def test_csv_is_one_and_pads_short_columns():
    rows = list(csv.reader(io.StringIO(Fake(x=3).csv())))
    assert rows == [["x", "square, of it"], ["3", "9"], ["", "more"]]


def test_the_same_state_gives_the_same_bytes():
    one, moved = Fake(x=2).drawn(), Fake(x=3)
    moved.drawn()
    moved.set(x=2)
    other = moved.drawn()
    assert (one.still_svg(), one.moving_svg()) == (other.still_svg(), other.moving_svg())


# Presets.


def test_a_preset_round_trips_and_rounds_nothing():
    figure, twin = Fake(x=3, rate=0.1 + 0.2, init="new"), Fake()
    assert figure.preset == "fake x=3 rate=0.30000000000000004 init=new"
    twin.apply(figure.preset)
    assert (twin.state, twin.sentence, twin.preset) == (
        figure.state, figure.sentence, figure.preset)  # fmt: skip


def test_a_preset_may_name_some_values_only_in_any_order_and_spacing():
    figure = Fake(x=3)
    figure.apply("  fake   init=new\trate=1 ")
    assert figure.state == {"x": 3, "rate": 1.0, "init": "new"}


def test_a_named_preset_is_the_whole_state_and_names_what_is_not_at_its_default():
    figure = made(name="fake", presets=(("large x", "x=3"), ("as it was", "")))
    assert figure.named_presets() == {
        "large x": "fake x=3 rate=0.1 init=old",
        "as it was": Fake.preset_of(Fake.defaults()),
    }
    assert Fake.named_presets() == {}


# Figures that are played.


def test_set_from_python_plays_to_the_end():
    figure = Played()
    assert figure.sentence == "10 m after 10 epochs"
    figure.set(speed=10, start=100)
    assert figure.sentence == "200 m after 10 epochs"


def test_step_by_step_is_the_same_as_all_at_once():
    figure = Played()
    figure.restart()
    assert figure.sentence == "0 m after 0 epochs" and figure.run.phase is Phase.READY
    for epoch in range(1, 11):
        figure.step()
        assert figure.sentence == f"{epoch} m after {epoch} epochs"
    figure.step()
    assert figure.sentence == "10 m after 10 epochs" and figure.run.phase is Phase.FINISHED
    figure.restart()
    figure.step()
    figure.finish()
    assert figure.sentence == Played().sentence


def test_a_control_on_the_view_computes_nothing_anew(monkeypatch):
    figure = Played()
    monkeypatch.setattr(Played, "compute", lambda **_: pytest.fail("computed anew"))
    figure.unit.value = "km"
    assert figure.sentence == "10 km after 10 epochs" and figure.numbers == {"total": "10 km"}


def test_a_view_set_from_python_leaves_a_run_where_it_is():
    figure = Played()
    figure.restart()
    figure.step()
    figure.unit.value = "km"
    assert figure.sentence == "1 km after 1 epochs" and figure.run.phase is Phase.PAUSED
    with pytest.raises(ValueError, match="unit"):
        figure.unit.value = "miles"
    assert figure.sentence == "1 km after 1 epochs" and figure.unit.value == "km"


# Stored results: shown at once, as if they had been computed.


class Opening(Played, registered=False):
    """Has a stored result where it opens, which differs from what it computes by a thousand."""

    @staticmethod
    def stored(*, start, speed):
        return (1010, 10) if (start, speed) == (0, 1) else None


def test_a_stored_result_is_shown_at_once_and_only_in_its_state():
    figure = Opening()
    assert figure.sentence == "1010 m after 10 epochs" and figure.run.phase is Phase.FINISHED
    figure.speed.value = 10
    assert figure.sentence == "100 m after 10 epochs"
    figure.unit.value = "km"
    figure.reset()
    assert figure.sentence == "1010 m after 10 epochs"
    figure.move({"speed": 10})
    figure.present(figure.defaults())
    assert figure.run.phase is Phase.FINISHED and figure.sentence == "1010 m after 10 epochs"


def test_what_the_reader_lets_run_is_computed_all_the_same():
    figure = Opening()
    figure.go(Phase.PLAYING)  # again
    assert figure.run.phase is Phase.PLAYING and figure.sentence == "0 m after 0 epochs"
    figure.move({"start": 100})
    figure.move({"start": 0})  # begun anew while it plays: it goes on from the beginning
    assert figure.run.phase is Phase.PLAYING and figure.sentence == "0 m after 0 epochs"
    figure.restart()
    figure.move({"start": 100})
    figure.move({"start": 0})  # ... and waits where it waited
    assert figure.run.phase is Phase.READY and figure.sentence == "0 m after 0 epochs"
    figure.step()
    assert figure.sentence == "1 m after 1 epochs"
    figure.finish()
    assert figure.sentence == "10 m after 10 epochs"


def test_stored_must_be_a_function_of_the_state_alone():
    with pytest.raises(TypeError, match="stored must be a staticmethod"):
        made(stored=lambda self, **state: None)
