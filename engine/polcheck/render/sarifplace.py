"""Places, files and messages as SARIF has them: URIs, UTF-16 columns, and texts without links of their own."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from polcheck.records import record
from polcheck.render.escape import shown, uri
from polcheck.report import Excerpt, Location
from polcheck.source import Place

_BASE = "%SRCROOT%"


def message(text: str) -> dict[str, str]:
    """A SARIF message that shows the text and nothing else: `[a](b)` in it is no link."""
    return {"text": shown(text).replace("](", "]\\(") or "(no text)"}


@record(frozen=True)
class Artifacts:
    """The files that results speak of, each listed once, in the order in which they are first named."""

    paths: dict[str, int] = field(default_factory=dict)

    def listed(self) -> list[dict[str, Any]]:
        """The run's `artifacts`."""
        return [{"location": {"uri": uri(path), "uriBaseId": _BASE}} for path in self.paths]

    def location(self, location: Location | None, number: int | None = None) -> dict[str, Any]:
        """A SARIF location, with `number` as its id; the submission's root where there is nowhere to point.

        NOTE: code scanning refuses a result without any location.
        """
        physical: dict[str, Any] = {"artifactLocation": {"uri": ".", "uriBaseId": _BASE}}
        if location:
            index = self.paths.setdefault(location.path, len(self.paths))
            physical["artifactLocation"] = {"uri": uri(location.path), "uriBaseId": _BASE, "index": index}
            if location.place:
                physical["region"] = _region(location.place, location.excerpt)
            if location.place and location.excerpt and location.excerpt.lines:
                physical["contextRegion"] = _context(location.excerpt)
        return {**({"id": number} if number is not None else {}), "physicalLocation": physical}


def _region(place: Place, excerpt: Excerpt | None) -> dict[str, int]:
    return {
        "startLine": place.line,
        "startColumn": _units(excerpt, place.line, place.column),
        "endLine": place.end_line,
        "endColumn": _units(excerpt, place.end_line, place.end_column),
    }


def _units(excerpt: Excerpt | None, line: int, column: int) -> int:
    """A column in UTF-16 units; where the line isn't known it is taken to hold no character of two units."""
    index = line - excerpt.first if excerpt else -1
    if excerpt is None or not 0 <= index < len(excerpt.lines):
        return column
    return column + sum(char > "\uffff" for char in excerpt.lines[index][: column - 1])


def _context(excerpt: Excerpt) -> dict[str, Any]:
    text = "\n".join(excerpt.lines)
    return {
        "startLine": excerpt.first,
        "endLine": excerpt.first + len(excerpt.lines) - 1,
        "snippet": {"text": shown(text)},
    }
