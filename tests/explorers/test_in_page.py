"""Figures of a page that has a Python of its own: they hear and tell what they would in Jupyter."""

import json

import pytest
from page import until

from explorers import all_figures, in_page
from explorers.figure import Figure


@pytest.fixture
def told(monkeypatch):
    """Return what has been told, {number: [(kind, content), ...]}, and how it gets there."""
    monkeypatch.setattr(Figure, "computes_later", False)  # put back afterwards
    found = {}

    def tell(number, kind, content):
        found.setdefault(number, []).append((kind, json.loads(content)))

    found["tell"] = tell
    return found


def say(told, number, kind, **fields):
    content = {"kind": kind, **fields}
    asked = {"kind": "hear", "number": number, "content": content}
    in_page.answer_text(json.dumps(asked), told["tell"])


def open_figure(told, number, preset, projector=False, width=540):
    shown = {"preset": preset, "projector": projector, "width": width}
    asked = {"kind": "open", "number": number, "shown": shown}
    in_page.answer_text(json.dumps(asked), told["tell"])


async def test_a_figure_is_told_whole_and_then_answers(told):
    open_figure(told, 3, "split-neuron k=16 w=4 a=8", projector=True, width=300)
    ((kind, first),) = told[3]
    figure = all_figures()["split-neuron"](k=16, w=4.0, a=8.0)
    assert kind == "update" and set(first) == {"_spec", "_still", "_moving", "_shown"}
    assert first["_shown"]["sentence"] == figure.sentence
    assert (first["_shown"]["projector"], first["_shown"]["width"]) == (True, 300)
    assert first["_still"] == figure.drawn(300).still_svg()
    say(told, 3, "set", text="split-neuron k=12", wish=1)
    *_, (kind, news) = told[3]
    figure.set(k=12)
    assert kind == "update" and news["_shown"]["answered"] == 1
    assert news["_shown"]["sentence"] == figure.sentence
    say(told, 3, "csv")
    assert ("custom", {"kind": "csv", "text": figure.csv()}) in told[3]


async def test_two_of_a_kind_do_not_hear_each_other(told):
    for number in (5, 6):
        open_figure(told, number, "split-neuron")
    say(told, 6, "set", text="split-neuron k=64", wish=1)
    assert len(told[5]) == 1 and len(told[6]) > 1


async def test_what_takes_long_comes_later(told):
    def phase():
        return [news["_shown"]["phase"] for _, news in told[7] if "_shown" in news][-1]

    quick = all_figures()["first-epochs"].quick
    open_figure(told, 7, f"first-epochs {quick}")
    assert phase() == "computing"
    await until(lambda: phase() == "finished")


async def test_a_figure_that_is_made_already_is_given_once(told, monkeypatch):
    made = all_figures()["split-neuron"](k=16)
    preset = made.preset
    monkeypatch.setitem(in_page.made, preset, made)
    for number in (8, 9):
        open_figure(told, number, preset)
    assert preset not in in_page.made
    say(told, 8, "set", text="split-neuron k=64", wish=1)
    assert made.state["k"] == 64
    say(told, 9, "set", text="split-neuron k=12", wish=1)
    assert made.state["k"] == 64


async def test_what_goes_wrong_stands_in_the_figures_line_and_is_answered(told):
    open_figure(told, 10, "split-neuron")
    say(told, 10, "set", text="split-neuron k=many", wish=1)
    *_, (_, news) = told[10]
    assert "many" in news["_shown"]["message"] and news["_shown"]["answered"] == 1


WRONG = (
    [], {}, {"kind": "close"}, {"kind": "hear", "number": 99, "content": {}},
    {"kind": "open", "number": -1, "shown": {}}, {"kind": "open", "number": "1", "shown": {}},
    {"kind": "open", "number": in_page.MOST, "shown": {}}, {"kind": "open", "number": 0},
)  # fmt: skip


@pytest.mark.parametrize("asked", WRONG, ids=str)
def test_what_no_page_of_ours_asks_is_refused(told, asked):
    with pytest.raises(ValueError, match="A page can"):
        in_page.answer(asked, told["tell"])


@pytest.mark.parametrize(
    "shown, said",
    [({"preset": "nope"}, "no such figure"), ({"preset": "split-neuron k=many"}, "many"),
     ({"width": 541}, "541"), ({"projector": 1}, "1")],
)  # fmt: skip
def test_a_figure_that_can_not_be_opened_says_why(told, shown, said):
    right = {"preset": "split-neuron", "projector": False, "width": 540}
    asked = {"kind": "open", "number": 11, "shown": right | shown}
    in_page.answer_text(json.dumps(asked), told["tell"])
    ((kind, content),) = told[11]
    assert kind == "failed" and said in content["words"]
