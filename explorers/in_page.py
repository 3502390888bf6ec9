"""Figures of a page that has a Python of its own, in a worker, and no Jupyter between the two.

The worker (reading/python.js) calls `open_figure` and `hear`; what the figures say goes to `tell`.
"""

import json
from collections.abc import Callable

from comm.base_comm import BaseComm

from explorers import all_figures
from explorers.figure import Figure
from explorers.widget import Explorer, explorer


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


SHOWN = ("_spec", "_still", "_moving", "_shown")
_open: dict[int, Explorer] = {}


def open_figure(number: int, preset: str, tell: Callable[[int, str, str], None]) -> None:
    """Make the figure of a preset's state; from now on it is known by this number.

    `tell(number, kind, content as JSON)` is called at once with all that it shows ("update"), and
    then with each change, and with what it sends ("custom").
    """
    name, _, settings = preset.partition(" ")
    cls = all_figures()[name]
    Figure.computes_later = True
    widget = _open[number] = explorer(cls(**cls.state_with(settings)))
    shown = {name: value for name, value in widget.get_state().items() if name in SHOWN}

    def receive(data: dict) -> None:
        match data:
            case {"method": "update", "state": state}:
                tell(number, "update", json.dumps(state))
            case {"method": "custom", "content": content}:
                tell(number, "custom", json.dumps(content))

    widget.comm = Line(receive)
    tell(number, "update", json.dumps(shown))


def hear(number: int, content: str) -> None:
    """Hand a page's message, as JSON, to the figure with this number."""
    line = _open[number].comm
    assert isinstance(line, Line)
    line.ask({"method": "custom", "content": json.loads(content)})
