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


def say(number, kind, **fields):
    in_page.hear(number, json.dumps({"kind": kind, **fields}))


async def test_a_figure_is_told_whole_and_then_answers(told):
    in_page.open_figure(3, "split-neuron k=16 w=4 a=8", told["tell"])
    ((kind, first),) = told[3]
    figure = all_figures()["split-neuron"](k=16, w=4.0, a=8.0)
    assert kind == "update" and set(first) == {"_spec", "_still", "_moving", "_shown"}
    assert first["_shown"]["sentence"] == figure.sentence
    say(3, "set", text="split-neuron k=12", wish=1)
    *_, (kind, news) = told[3]
    figure.set(k=12)
    assert kind == "update" and news["_shown"]["answered"] == 1
    assert news["_shown"]["sentence"] == figure.sentence
    say(3, "csv")
    assert ("custom", {"kind": "csv", "text": figure.csv()}) in told[3]


async def test_two_of_a_kind_do_not_hear_each_other(told):
    for number in (5, 6):
        in_page.open_figure(number, "split-neuron", told["tell"])
    say(6, "set", text="split-neuron k=64", wish=1)
    assert len(told[5]) == 1 and len(told[6]) > 1


async def test_what_takes_long_comes_later(told):
    def phase():
        return [news["_shown"]["phase"] for _, news in told[7] if "_shown" in news][-1]

    quick = all_figures()["first-epochs"].quick
    in_page.open_figure(7, f"first-epochs {quick}", told["tell"])
    assert phase() == "computing"
    await until(lambda: phase() == "finished")
