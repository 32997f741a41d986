"""Places of a finding in HTML: excerpts with the place marked, code on the left and configuration on the right."""

from __future__ import annotations

from pathlib import PurePosixPath

from polcheck.render.escape import visible
from polcheck.render.markup import Markup, join, prose, tag
from polcheck.report import Finding, Location
from polcheck.source import Place

_DATA = frozenset({".yaml", ".yml", ".json", ".toml", ".ini", ".cfg", ".conf", ".xml", ".env", ".lock"})
_SHOWN = 6  # related places
_WIDE = 400  # characters of one line


def evidence(finding: Finding) -> Markup:
    """All places of a finding. Where code and configuration meet, code is left and configuration right."""
    figures: list[tuple[Location, Markup]] = []
    if finding.location and (finding.related or finding.nearest):
        figures.append((finding.location, figure(finding.location, "here")))
    elif finding.location:
        return tag("figure", _source(finding.location), class_="here")
    near = finding.nearest.location if finding.nearest else None
    related = [place for place in finding.related if near is None or place.place is None or place.place != near.place]
    figures += [(place, figure(place, "related")) for place in related[:_SHOWN]]
    if finding.nearest and finding.nearest.location:
        figures.append((finding.nearest.location, figure(finding.nearest.location, "nearest", finding.nearest.text)))
    columns = _columns(figures)
    rest = len(related) - _SHOWN
    more = tag("p", f"and {rest:,} more places", class_="more") if rest > 0 else None
    sides = [tag("div", *column, class_="side") for column in columns if column]
    return join(tag("div", *sides, class_="evidence pair" if len(sides) == 2 else "evidence"), more)


def _columns(figures: list[tuple[Location, Markup]]) -> list[list[Markup]]:
    code = [shown for place, shown in figures if not _is_data(place)]
    data = [shown for place, shown in figures if _is_data(place)]
    if code and data:
        return [code, data]
    every = [shown for _, shown in figures]
    return [every[:1], every[1:]]


def _is_data(location: Location) -> bool:
    return PurePosixPath(location.path).suffix.lower() in _DATA


def figure(location: Location, role: str, note: str = "") -> Markup:
    """One place: where it is, what is said of it, and its excerpt where there is one."""
    label = {"here": None, "related": "also", "nearest": "nearest miss"}.get(role, role)
    caption = tag(
        "figcaption",
        tag("span", label, class_="role") if label else None,
        tag("span", str(location), class_="path"),
        tag("span", prose(note), class_="note") if note else None,
    )
    return tag("figure", caption, _source(location), class_=role)


def _source(location: Location) -> Markup | None:
    excerpt, place = location.excerpt, location.place
    if excerpt is None or not excerpt.lines or place is None:
        return None
    lines = [_line(number, text, place) for number, text in enumerate(excerpt.lines, excerpt.first)]
    name = f"{location.path}, lines {excerpt.first} to {excerpt.first + len(lines) - 1}"
    return tag("pre", tag("code", *lines), tabindex=0, role="region", aria_label=name)


def _line(number: int, text: str, place: Place) -> Markup:
    if not place.line <= number <= place.end_line:
        cut = "…\n" if len(text) > _WIDE else "\n"
        return tag("span", tag("span", _plain(text[:_WIDE]) + cut), data_line=number)
    start = place.column - 1 if number == place.line else len(text) - len(text.lstrip())
    end = place.end_column - 1 if number == place.end_line else len(text)
    start = min(start, len(text))
    end = max(end, start + 1)
    first = max(0, start - _WIDE // 2) if len(text) > _WIDE else 0
    last = max(end, first + _WIDE) if end - start < _WIDE else start + _WIDE
    marked = _plain(text[start : min(end, last)]) or (" " if number == place.line else "")
    shown = tag(
        "span",
        "…" if first else None,
        _plain(text[first:start]),
        tag("mark", marked) if marked else None,
        _plain(text[end:last]),
        "…\n" if last < len(text) else "\n",
    )
    return tag("span", shown, data_line=number, class_="hit")


def _plain(text: str) -> str:
    """The text with tabs as they are; a line break within a line (a lone carriage return) is spelled out."""
    return "".join(char if char == "\t" else visible(char) for char in text)
