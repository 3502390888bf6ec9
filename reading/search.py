"""What can be found in the pages: the text of each section, for search.js.

What lies in a fold is not found: answers, hints and solutions that a reader has not asked for, and
code.
"""

import html
import json
import re
from html.parser import HTMLParser
from typing import NamedTuple

VOID = re.compile("br|hr|img|input|link|meta")
LEFT_OUT = re.compile("details|script|pre")
# Of a formula: what stands before an element, and between its first two children.
BEFORE, BETWEEN = {"msqrt": "√"}, {"mfrac": "/", "msub": "_", "msup": "^"}
BLOCKS = re.compile("blockquote|br|div|figure|form|label|legend|li|p|section|td|th|tr")
HEADING = re.compile("h[1-6]")


class Section(NamedTuple):
    """A heading, and the text as far as the next one."""

    page: str  # its heading
    heading: str
    address: str
    text: str


class _Sections(HTMLParser):
    """Takes an HTML body apart at its headings that can be linked to."""

    def __init__(self, page, file):
        super().__init__()
        self.file = file
        self.found = [[page, file, []]]  # [heading, address, pieces of text]
        self._open = []  # [tag, number of children so far] of each element that has not ended

    @property
    def _is_left_out(self):
        return any(LEFT_OUT.fullmatch(tag) for tag, _ in self._open)

    def handle_starttag(self, tag, attributes):
        about = dict(attributes)
        if HEADING.fullmatch(tag) and "id" in about:
            self.found.append(["", f"{self.file}#{about['id']}", []])
        parent = self._open[-1] if self._open else ["", 0]
        between = BETWEEN.get(parent[0], "") if parent[1] == 1 else ""
        self.handle_data(between + BEFORE.get(tag, "") + (" " if BLOCKS.fullmatch(tag) else ""))
        parent[1] += 1
        if not VOID.fullmatch(tag):
            self._open.append([tag, 0])

    def handle_endtag(self, tag):
        self._open.pop()

    def handle_data(self, text):
        if any(HEADING.fullmatch(tag) for tag, _ in self._open):
            self.found[-1][0] += text
        elif not self._is_left_out:
            self.found[-1][2].append(text)


def sections(page: str, file: str, body: str) -> list[Section]:
    """Return the sections of a page with this heading, in this file, with this HTML body."""
    parser = _Sections(page, file)
    parser.feed(body)
    parser.close()
    return [
        Section(page, flat(heading), address, flat("".join(text)))
        for heading, address, text in parser.found
        if flat("".join(text))
    ]


def flat(text: str) -> str:
    return " ".join(html.unescape(text).replace("\u2060", "").split())


def script(found: list[Section]) -> str:
    """Return the script that hands the sections to search.js."""
    return f"searchable({json.dumps(found, ensure_ascii=False, separators=(',', ':'))});\n"
