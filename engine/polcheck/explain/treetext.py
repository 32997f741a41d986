"""Trees for people, one node a line, and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from polcheck.documents.config import Json
from polcheck.explain.shown import Look, value_text
from polcheck.explain.tree import Branch, Entry
from polcheck.render.escape import terminal
from polcheck.source import Place

_MOST = 1_000  # lines
_INDENT = "  "
_DEEP = 60  # levels beyond which lines are no longer moved to the right
_MOST_TEXT = 60


def syntax_lines(branches: Iterable[Branch], look: Look) -> Iterator[str]:
    """The syntax tree: field, kind, place, and the text of a leaf."""
    return _limited((_syntax_line(branch, look) for branch in branches), look)


def data_lines(entries: Iterable[Entry], look: Look) -> Iterator[str]:
    """The data tree: pointer, value or size, and place."""
    return _limited(_with_documents(entries, look), look)


def syntax_plain(branches: Iterable[Branch]) -> list[dict[str, Any]]:
    """The nodes as JSON values, `depth` telling which holds which."""
    return [
        {
            "depth": branch.depth,
            "kind": branch.kind,
            "named": branch.named,
            "field": branch.field or None,
            "fault": branch.fault or None,
            **_place_plain(branch.place),
            "text": branch.text or None,
        }
        for branch in branches
    ]


def data_plain(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """The values as JSON values: scalars as they are, of objects and arrays the size."""
    return [
        {
            "document": entry.document,
            "pointer": entry.pointer,
            "kind": entry.kind,
            **({"size": len(entry.value)} if isinstance(entry.value, dict | list) else {"value": entry.value}),
            **_place_plain(entry.place),
        }
        for entry in entries
    ]


def _limited(lines: Iterable[str], look: Look) -> Iterator[str]:
    if look.all:
        yield from lines
        return
    left = iter(lines)
    yield from islice(left, _MOST)
    if next(left, None) is not None:
        yield look.ink.dim(f"… and more than {_MOST:,} lines; use --depth to see less of each, or --all")


def _syntax_line(branch: Branch, look: Look) -> str:
    ink = look.ink
    indent = _INDENT * min(branch.depth, _DEEP) + (f"[{branch.depth}] " if branch.depth > _DEEP else "")
    field = ink.margin(f"{branch.field}: ") if branch.field else ""
    text = f" {_short(branch.text)}" if branch.text else ""
    return f"{indent}{field}{_kind(branch, look)} {ink.dim(_span(branch.place))}{text}"


def _kind(branch: Branch, look: Look) -> str:
    if branch.fault == "missing":
        kind = branch.kind if branch.named else f'"{branch.kind}"'
        return look.ink.name("error", text=f"MISSING {terminal(kind)}")
    if branch.fault:
        return look.ink.name("error", text=terminal(branch.kind))
    return look.ink.bold(terminal(branch.kind)) if branch.named else f'"{terminal(branch.kind)}"'


def _with_documents(entries: Iterable[Entry], look: Look) -> Iterator[str]:
    for entry in entries:
        if entry.document and not entry.depth:
            yield look.ink.dim(f"--- document {entry.document + 1}")
        place = look.ink.dim(_start(entry.place)) if entry.place else ""
        yield f"{look.ink.bold(terminal(entry.pointer)) or '(root)'} {_value(entry.value)} {place}".rstrip()


def _value(value: Json) -> str:
    if isinstance(value, dict):
        return f"object of {len(value):,}"
    if isinstance(value, list):
        return f"array of {len(value):,}"
    return f'"{_cut(value)}"' if isinstance(value, str) else value_text(value).strip("`")


def _short(text: str) -> str:
    return f"`{_cut(text)}`"


def _cut(text: str) -> str:
    return terminal(text[:_MOST_TEXT]) + ("…" if len(text) > _MOST_TEXT else "")


def _span(place: Place) -> str:
    return f"{place.line}:{place.column}-{place.end_line}:{place.end_column}"


def _start(place: Place) -> str:
    return f"{place.line}:{place.column}"


def _place_plain(place: Place | None) -> dict[str, Any]:
    return {
        "line": place.line if place else None,
        "column": place.column if place else None,
        "end_line": place.end_line if place else None,
        "end_column": place.end_column if place else None,
    }
