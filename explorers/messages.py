"""What a page may say to a figure, checked where it comes in.

`read` returns a message's content as the figure needs it, or says in a ValueError what is wrong
with it, in one sentence that repeats no more than a few words of it.
"""

from explorers.canvas import SLIDE, WIDTHS
from explorers.formats import short

LONGEST_PRESET = 2000  # characters; those of our figures have under 250


def read(content, figure):
    """Return (kind, what belongs to it) of a message to `figure`."""
    if not isinstance(content, dict):
        raise ValueError(f"A message must be a dict, got {short(content)}.")
    kind = content.get("kind")
    if not isinstance(kind, str) or kind not in _READERS:
        raise ValueError(f"A page can ask for {', '.join(_READERS)}; not for {short(kind)}.")
    if _READERS[kind] is None:
        return kind, None
    field, reader = _READERS[kind]
    if field not in content:
        raise ValueError(f"A message of the kind {kind!r} needs {field!r}.")
    return kind, reader(content[field], figure)


def wish(content):
    """Return the number of the wish that a message makes, 0 if it makes none that can be read."""
    number = content.get("wish", 0) if isinstance(content, dict) else 0
    return number if _is_index(number, 2**53) else 0


def _is_index(value, length):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < length


def _values(positions, figure):
    """Return {name: value} of {name: index of a stop}."""
    if not isinstance(positions, dict):
        raise ValueError(f"'values' must be a dict, got {short(positions)}.")
    values = {}
    for name, index in positions.items():
        stops = figure.control(name).stops
        if not _is_index(index, len(stops)):
            raise ValueError(f"{name} has the stops 0 to {len(stops) - 1}; "
                             f"there is no stop {short(index)}.")  # fmt: skip
        values[name] = stops[index]
    return values


def _preset(text, figure):
    if not isinstance(text, str):
        raise ValueError(f"A preset must be text, got {short(text)}.")
    if len(text) > LONGEST_PRESET:
        raise ValueError(
            f"A preset has at most {LONGEST_PRESET:,} characters; this one has {len(text):,}."
        )
    return figure.parsed(text)


def _method(method, figure):
    known = dict(figure.buttons)
    if not isinstance(method, str) or method not in known:
        raise ValueError(f"There is no button {short(method)} here.")
    return method


def _is_slow(speed, figure):
    if speed not in ("slow", "fast"):
        raise ValueError(f"A run can be played slow or fast, not {short(speed)}.")
    return speed == "slow"


def _flag(on, figure):
    if not isinstance(on, bool):
        raise ValueError(f"The projector is on (true) or off (false), not {short(on)}.")
    return on


def _width(width, figure):
    if isinstance(width, bool) or width not in (*WIDTHS, SLIDE):
        raise ValueError(
            f"A picture can be {', '.join(map(str, WIDTHS))} wide, not {short(width)}."
        )
    return width


# kind -> (the field that it needs, what reads it), or None if it needs none
_READERS = {
    "move": ("values", _values),
    "preset": ("text", _preset),
    "set": ("text", _preset),  # pasted, or from a link: acts as moved sliders do
    "defaults": None,
    "play": None,
    "speed": ("speed", _is_slow),
    "pause": None,
    "step": None,
    "restart": None,
    "press": ("method", _method),
    "projector": ("on", _flag),
    "width": ("width", _width),
    "uncover": None,
    "csv": None,
}
