"""An argument step by step: nothing of a verdict is known before a mark or the wish to see it."""

import json

import pytest

from exercises import weighing
from exercises.steps import MARKS, SIGNS, Step, Steps

WHY = "Measured: 0.951 an epoch."
SAYS = ["Weights shrink.", "They shrink fast.", "They vanish."]


@pytest.fixture
def steps():
    return Steps("Is it so?", [Step(says, mark, WHY) for says, mark in zip(SAYS, MARKS)])


def hear(steps, content):
    steps._hear(steps, content, [])


def told(steps):
    """All that is sent to the browser, which a curious reader can look at."""
    machinery = ("_esm", "_css", "_model", "_view", "_anywidget")
    state = steps.get_state()
    return {key: state[key] for key in state if not key.startswith(machinery)}


def untouched(steps):
    return not any([*steps.marks, *steps.verdicts, *steps.reasons])


def test_nothing_of_a_verdict_leaves_the_kernel_before_a_mark(steps):
    assert untouched(steps)
    assert "0.951" not in json.dumps(told(steps))
    assert not any(mark in json.dumps(told(steps)) for mark in MARKS)
    data, _ = steps._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == repr(steps)
    assert repr(steps).splitlines() == [
        "Is it so?", "  1. Weights shrink.", "  2. They shrink fast.", "  3. They vanish."
    ]  # fmt: skip


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_shows_the_verdict_of_its_step_alone(steps, mark):
    hear(steps, {"kind": "mark", "step": 2, "mark": mark})
    assert steps.marks == ["", mark, ""]
    assert steps.verdicts == ["", "gap", ""]
    assert steps.reasons == ["", WHY, ""]
    assert steps.message == ""


def test_what_was_shown_stays_in_the_next_repr_unsaid(steps):
    """A notebook that is saved after marking holds no verdict either."""
    before = repr(steps)
    steps.mark(1, "gap")
    assert repr(steps) == before


def test_show_needs_no_mark_and_leaves_none(steps):
    hear(steps, {"kind": "show", "step": 3})
    assert steps.verdicts == ["", "", "wrong"] and steps.marks == ["", "", ""]
    hear(steps, {"kind": "show", "step": 3})  # a second click changes nothing
    assert steps.verdicts == ["", "", "wrong"] and steps.message == ""


@pytest.mark.parametrize("kind", ["mark", "show"])
def test_once_a_verdict_stands_its_step_is_marked_no_more(steps, kind):
    hear(steps, {"kind": kind, "step": 1, "mark": "gap"})
    before = told(steps)
    with pytest.raises(ValueError, match="stands there already"):
        steps.mark(1, "valid")
    hear(steps, {"kind": "mark", "step": 1, "mark": "valid"})
    assert "stands there already" in steps.message and steps.at == 0
    assert told(steps) | {"message": "", "at": before["at"]} == before
    hear(steps, {"kind": "mark", "step": 2, "mark": "valid"})
    assert steps.verdicts[1] == "gap" and steps.message == ""


@pytest.mark.parametrize("mark", ["", None, "perhaps", "Valid", 1, True, [], {}])
def test_other_marks_are_refused_in_words_beside_their_step(steps, mark):
    hear(steps, {"kind": "mark", "step": 2, "mark": mark})
    assert steps.message == "Choose valid, gap or wrong first." and steps.at == 1
    assert untouched(steps)


@pytest.mark.parametrize("kind", ["mark", "show"])
@pytest.mark.parametrize("number", [0, 4, -1, True, False, None, "1", 1.0, [], 10**400, "x" * 9999])
def test_steps_that_are_none_are_refused_in_one_sentence(steps, kind, number):
    hear(steps, {"kind": kind, "step": number, "mark": "gap"})
    assert steps.message.startswith("There are steps 1 to 3; no step ")
    assert len(steps.message) < 100 and steps.at == -1
    assert untouched(steps)


@pytest.mark.parametrize(
    "content",
    [{"kind": "dance"}, {"kind": "mark"}, {"kind": "mark", "step": 1}, {"kind": "show"}, {}, None,
     True, "mark", [], {"kind": ["mark"], "step": 1, "mark": "gap"}, {"kind": "x" * 9999}],
    ids=str,
)  # fmt: skip
def test_a_message_that_is_none_of_ours_gets_a_plain_sentence(steps, content):
    hear(steps, content)
    assert steps.message.startswith("A page can mark a step or ask for its verdict; not ")
    assert len(steps.message) < 250 and untouched(steps)


def test_a_reason_may_be_computed_when_it_is_wanted_and_only_then():
    calls = []
    steps = Steps("?", [Step("So.", "gap", lambda: calls.append(1) or WHY)])
    assert calls == []
    steps.show(1)
    assert calls == [1] and steps.reasons == [WHY]


def test_an_error_in_a_reason_is_told_and_raised_and_shows_nothing():
    def why():
        raise ArithmeticError("no data")

    steps = Steps("?", [Step("So.", "gap", why)])
    with pytest.raises(ArithmeticError):
        hear(steps, {"kind": "mark", "step": 1, "mark": "gap"})
    assert "no data" in steps.message and untouched(steps)


def test_a_verdict_must_be_one_of_the_three():
    with pytest.raises(ValueError, match="valid, gap or wrong, got 'right'"):
        Step("So.", "right", WHY)


def test_signs_in_the_page_are_those_in_python():
    assert json.dumps(SIGNS, ensure_ascii=False)[1:-1].replace('"', "'") == (
        Steps._esm.partition("const SIGNS = { ")[2].partition(" }")[0]
        .replace('"', "'").replace("valid:", "'valid':").replace("gap:", "'gap':")
        .replace("wrong:", "'wrong':")
    )  # fmt: skip


def test_it_has_the_look_of_a_prediction_and_its_watch_over_python():
    assert "function watchPython" in Steps._esm and Steps._esm.count("export default") == 1
    assert ".fx fieldset" in Steps._css and ".fx-steps" in Steps._css


# The arguments that are weighed.

ALL = [getattr(weighing, name) for name in vars(weighing) if name.startswith("weigh_")]


@pytest.fixture(scope="module", params=ALL, ids=lambda made: made.__name__)
def argument(request):
    return request.param()


def test_all_of_them_are_here():
    assert len(ALL) == 8 and sum(len(made().steps) for made in ALL) == 31


def test_each_is_short_enough_for_a_slide(argument):
    assert 3 <= len(argument.steps) <= 5
    assert all(len(says) < 300 for says in argument.steps)


def test_every_reason_says_a_number_that_no_text_holds(argument):
    """In the source it is a field to be filled: what a verdict measures is computed."""
    for (says, verdict, why), step in zip(argument.solution(), argument._steps, strict=True):
        assert verdict in MARKS and len(why) < 380, says
        assert callable(step.why)
        assert any(character.isdigit() for character in why), says
        assert not any(word in why for word in ("e-0", "e+0", "nan", "inf", "{")), why
        assert " -" not in why  # a minus sign is a minus sign
    assert argument.verdicts == [""] * len(argument.steps)


def test_ours_is_judged_and_not_only_praised():
    verdicts = [
        verdict
        for made in (weighing.weigh_ours, weighing.weigh_ours_end)
        for _, verdict, _ in made().solution()
    ]
    assert set(verdicts) == {"valid", "gap"} and verdicts.count("gap") == 2


def test_what_is_stored_asks_and_answers_without_python_and_shows_nothing(steps):
    assert json.loads(json.dumps(steps.stored())) == {
        "question": "Is it so?",
        "steps": SAYS,
        "verdicts": list(MARKS),
        "reasons": [WHY] * 3,
    }
    assert untouched(steps)
