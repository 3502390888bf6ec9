"""Results as a table: one of the page in a notebook, aligned lines of text elsewhere."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from html import escape

from tabulate import tabulate

YES, NO = "✓ yes", "✗ no"

# A tint that the page shines through, under ink of the page's own: so it is read in any theme.
_TINTS = {YES: "rgba(0, 114, 178, 0.3)", NO: "rgba(213, 94, 0, 0.3)"}
# JupyterLab sets every cell to the right and lets it wrap. These are styles, not classes, because
# the page of a stored notebook keeps styles, and knows no style sheet of ours.
_ALIGNED = {
    '<th style="text-align: right;"': '<th style="text-align: right; white-space: pre"',
    "<th>": '<th style="text-align: left; white-space: pre">',
    '<td style="text-align: right;"': '<td style="text-align: right; white-space: nowrap"',
    "<td>": '<td style="text-align: left">',
    "<th ": '<th scope="col" ',
}


@dataclass(frozen=True, repr=False)
class Table:
    """Rows of results under a header. A notebook shows it if it is a cell's last line.

    Parameters
    ----------
    header : what is in each column, with its unit; a line break in it stays one
    rows : text, numbers as they are to be read, and `True` or `False` where something holds or not
    words : the columns, by what the header calls them, that hold words. They stand to the left, and
        fold where the page is narrow; numbers stand to the right and never do.
    title, note : a line above, and one below
    fold : the line to press that opens it, for results that a reader has to guess first

    Raises ValueError for a row that is longer or shorter than the header, and for words in a column
    that is not there.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str | int | bool]]
    words: Collection[str] = ()
    title: str = ""
    note: str = ""
    fold: str = ""

    def __post_init__(self):
        for row in self.rows:
            if len(row) != len(self.header):
                raise ValueError(f"A row needs {len(self.header)} cells, as the header, got {row}.")
        if not set(self.words) <= set(self.header):
            raise ValueError(f"words must be columns of {self.header}, got {self.words}.")

    def folded(self, line):
        """Return the same table under a line to press."""
        return replace(self, fold=line)

    def __repr__(self):
        return "\n".join(filter(None, [self.fold, self.title, self._set("simple"), self.note]))

    def _repr_html_(self):
        made = re.sub("(?<=>) +| +(?=</t[hd]>)", "", self._set("html"))  # without its padding
        made = re.sub("(?<=[^<])/", "/&NoBreak;", made)  # a page may fold after a slash: 1/√N_w
        for old, new in _ALIGNED.items():
            made = made.replace(old, new)
        for mark in _TINTS:
            made = made.replace(f">{mark}</td>", f">{_badge(mark)}</td>")
        made = made.replace("<table>", '<table style="margin-left: 0">')  # or it would be centred
        title, note = (f"<p>{escape(line)}</p>" if line else "" for line in (self.title, self.note))
        shown = f'<div style="overflow-x: auto">{title}{made}{note}</div>'
        if not self.fold:
            return shown
        summary = f'<summary style="cursor: pointer">{escape(self.fold)}</summary>'
        return f"<details>{summary}{shown}</details>"

    def _set(self, form):
        rows = [list(map(_text, row)) for row in self.rows]
        verdicts = {name for name, *column in zip(self.header, *rows) if {YES, NO} & set(column)}
        left = verdicts | set(self.words)
        sides = ["left" if name in left else "right" for name in self.header]
        # The numbers are as they are to be read: tabulate would read and round them again.
        return tabulate(rows, self.header, form, disable_numparse=True, colalign=sides)


def _text(cell):
    return {True: YES, False: NO}[cell] if isinstance(cell, bool) else str(cell)


def _badge(mark):
    style = f"white-space: nowrap; padding: 0 0.4em; background-color: {_TINTS[mark]}"
    return f'<span style="{style}">{mark}</span>'
