"""Figures of a page that has a Python of its own, and no Jupyter between the two.

That Python is a worker of the page (reading/python.js), or a process of the server that a class has
its pages from (classroom/present/of_a_page.py). The page asks, and the figures tell.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from comm.base_comm import BaseComm

from explorers import all_figures, messages
from explorers.figure import Figure
from explorers.widget import Explorer

MOST = 100  # figures of a page
SHOWN = ("_spec", "_still", "_moving", "_shown")

Tell = Callable[[int, str, dict], None]


class Line(BaseComm):
    """Stands where Jupyter's messages stand, and hands what a widget says to `receive`."""

    def __init__(self, receive: Callable[[dict], None]) -> None:
        self._receive = receive
        super().__init__()

    def publish_msg(self, msg_type: str, data: dict | None = None, **_: object) -> None:
        self._receive(data or {})

    def ask(self, data: dict) -> None:
        """Send what a page says."""
        self.handle_msg({"content": {"data": data}, "buffers": []})


# Figures that are made already, by their preset: whoever opens the first of a kind is given it. A
# server with a page for each of many readers makes them once, and forks.
made: dict[str, Figure] = {}

_widgets: dict[int, Explorer] = {}


def answer(asked: Mapping[str, Any], tell: Tell) -> None:
    """Do what a page asks.

    `{"kind": "open", "number": 3, "shown": {"preset": "...", "projector": False, "width": 540}}`
    makes a figure that is shown so; from now on it is known by its number. `{"kind": "hear",
    "number": 3, "content": ...}` hands it a message of widget.js. `tell(number, what, content)` is
    called with all that it shows ("update"), then with each change and with what it sends
    ("custom"), or with what is wrong ("failed"). Raises ValueError if that is not what is asked.
    """
    match asked:
        case {"kind": "open", "number": int(number), "shown": dict(shown)} if 0 <= number < MOST:
            try:
                _open(number, shown, tell)
            except ValueError as error:
                tell(number, "failed", {"words": str(error)})
        case {"kind": "hear", "number": int(number), "content": content} if number in _widgets:
            _hear(_widgets[number], content)
        case _:
            raise ValueError("A page can open a figure, or let one that it has opened hear.")


def answer_text(asked: str, tell: Callable[[int, str, str], None]) -> None:
    """Do the same for a page that sends, and is told, content as JSON."""
    answer(json.loads(asked), lambda number, what, content: tell(number, what, json.dumps(content)))


def figure_of(preset: str) -> Figure:
    """Return a figure in the state of a preset, or say in a ValueError that there is none."""
    name, _, settings = preset.partition(" ")
    if name not in (known := all_figures()):
        raise ValueError(f"There is no such figure; there are {', '.join(known)}.")
    return known[name](**known[name].state_with(settings))


def _open(number: int, shown: dict, tell: Tell) -> None:
    Figure.computes_later = True
    preset = str(shown.get("preset"))
    figure = made.pop(preset, None) or figure_of(preset)
    _, projector = messages.read({"kind": "projector", "on": shown.get("projector")}, figure)
    _, width = messages.read({"kind": "width", "width": shown.get("width")}, figure)
    figure.projector = projector
    widget = Explorer(figure, width)

    def receive(data: dict) -> None:
        match data:
            case {"method": "update", "state": state}:
                tell(number, "update", state)
            case {"method": "custom", "content": content}:
                tell(number, "custom", content)

    widget.comm = Line(receive)
    _widgets[number] = widget
    state = widget.get_state()
    tell(number, "update", {name: state[name] for name in SHOWN})


def _hear(widget: Explorer, content: object) -> None:
    line = widget.comm
    assert isinstance(line, Line)
    try:
        line.ask({"method": "custom", "content": content})
    except Exception:
        if not widget.figure.message:  # else the figure says what is wrong, in its own line
            raise
