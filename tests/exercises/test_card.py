"""The card under an answer: hints one at a time, a solution, and neither before it is asked for."""

import json

import pytest

from exercises.card import Card

HINTS = ("gentle", "clearer", "nearly there")


@pytest.fixture
def card():
    return Card("Not yet. One more.", HINTS, "x + 1", is_right=False, is_open=False)


def told(card):
    """All that is sent to the browser, and all that is stored in a notebook."""
    state = card.get_state()
    machinery = ("_esm", "_css", "_model", "_view", "_anywidget")
    sent = {key: state[key] for key in state if not key.startswith(machinery)}
    return json.dumps([sent, card._repr_mimebundle_()[0]])


def hear(card, *kinds):
    for kind in kinds:
        card._hear(card, {"kind": kind}, [])


def test_no_hint_and_no_solution_leaves_python_unasked(card):
    assert not any(words in told(card) for words in (*HINTS, "x + 1"))
    assert card._repr_mimebundle_()[0]["text/plain"] == card.verdict


@pytest.mark.parametrize("times", [1, 2, 3])
def test_hints_come_one_by_one_the_gentlest_first(card, times):
    hear(card, *["hint"] * times)
    assert card.hints == list(HINTS[:times])
    assert not any(words in told(card) for words in (*HINTS[times:], "x + 1"))


def test_after_the_last_hint_there_is_none(card):
    hear(card, *["hint"] * 5)
    assert card.hints == list(HINTS) and card.count == 3


def test_the_solution_comes_alone(card):
    hear(card, "solution")
    assert card.solution == "x + 1" and card.hints == []


def test_what_is_neither_reveals_nothing(card):
    for content in ({"kind": "dance"}, {}, {"kind": ["hint"]}):
        card._hear(card, content, [])
    assert card.hints == [] and card.solution == ""
