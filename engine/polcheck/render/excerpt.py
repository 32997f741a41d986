"""Source excerpts for a terminal: numbered lines with a mark under the place, aligned in screen columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from polcheck.base.log_commands import places
from polcheck.base.spans import Place
from polcheck.findings.finding import Location
from polcheck.formats import format_of
from polcheck.render.escape import visible

Paint = Callable[[str], str]
_TAB = 4
_BEFORE = 1  # lines that are shown ahead of the place
_MOST_LINES = 6


def draw(location: Location, width: int, margin: Paint, mark: Paint) -> list[str]:
    """Return the excerpt's lines with line numbers, the place underlined; empty when there is no excerpt.

    `width` bounds the lines; `margin` and `mark` colour the margin and the underline.
    """
    numbered, place = numbered_lines(location), location.place
    if not numbered or place is None:
        return []
    wide = digits(location)
    room = max(width - wide - 3, 20)
    blank = margin(" " * wide + " |")
    first = _first_shown(dict(numbered).get(place.line, ""), place.column, room)
    drawn = [blank]
    for number, line in numbered:
        drawn.append(f"{margin(f'{number:>{wide}} |')} {_shown(line, first, room)}".rstrip())
        if number == place.line:
            drawn.append(blank + " " + mark_under(line, place, first, room, mark))
    return drawn


def numbered_lines(location: Location) -> list[tuple[int, str]]:
    """Return the lines of the excerpt that are near enough to the place to be shown, with their numbers."""
    excerpt, place = location.excerpt, location.place
    if excerpt is None or place is None:
        return []
    numbered = list(enumerate(excerpt.lines, excerpt.first))
    ahead = max(0, place.line - excerpt.first - _BEFORE)
    near = numbered[ahead : ahead + _MOST_LINES]
    if place.end_line > place.line and format_of(location.path):  # the head of a table or mapping says what it is
        near = [(number, line) for number, line in near if number <= place.line]
    while len(near) > 1 and near[-1][0] > place.line and not near[-1][1].strip():
        near.pop()
    while len(near) > 1 and near[0][0] < place.line and not near[0][1].strip():
        del near[0]
    return near


def digits(location: Location | None) -> int:
    """Return how many columns the line numbers of the excerpt take; 1 where there is none."""
    numbered = numbered_lines(location) if location else []
    return len(str(numbered[-1][0])) if numbered else 1


def mark_under(line: str, place: Place, first: int, room: int, mark: Paint) -> str:
    """Return spaces, then carets under the part of `line` that `place` covers, at least one."""
    start = min(place.column - 1, len(line))
    end = place.end_column - 1 if place.end_line == place.line else len(line)
    lead = 1 if first else 0
    cells = _cells(line, first, room - lead)
    indent = min(lead + sum(map(columns, cells[: start - first])), room - 1)  # controls are spelled wider than they are
    length = sum(map(columns, cells[start - first : max(end - first, 0)]))
    return " " * indent + mark("^" * max(1, min(length, room - indent)))


def columns(text: str) -> int:
    """Return how many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _first_shown(line: str, column: int, room: int) -> int:
    """Return the character with which a line begins on screen: 0, or further right so that the place shows."""
    start = min(column - 1, len(line))
    if start <= room and columns("".join(_cells(line, 0, start + 1)[:start])) < room * 2 // 3:
        return 0
    return max(0, start - room // 3)


def _cells(line: str, first: int, room: int) -> list[str]:
    """Return what each character from `first` looks like: tabs fill up to the next stop, controls are spelled out."""
    cells: list[str] = []
    at = 0
    window = line[first : first + room + 1]
    commands = places(window)
    for index, char in enumerate(window):
        cell = " " * (_TAB - at % _TAB) if char == "\t" else visible(char)
        if index in commands:
            cell = f"\\x{ord(char):02x}"
        cells.append(cell)
        at += columns(cell)
    return cells


def _shown(line: str, first: int, room: int) -> str:
    """Return as much of the line, from `first`, as fits; `…` stands for what is left out at either side."""
    lead = "…" if first and line else ""
    cells = _cells(line, first, room - len(lead))
    used = len(lead)
    for index, cell in enumerate(cells):
        used += columns(cell)
        if used > room:
            return lead + "".join(cells[: max(index - 1, 0)]) + "…"
    return lead + "".join(cells)
