"""Rows made of rows: extended, restricted to what a union exports, and told apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from polcheck.documents.config import Json
from polcheck.extract import VALUE, WHOLE
from polcheck.judge.rows import Cell, Inner, Row, Spot, text_of
from polcheck.policy.plan import Within
from polcheck.selectors.found import Hit
from polcheck.source import Span


def merged(row: Row, other: Row, alias: str) -> Row:
    """`row` extended by a row of a source."""
    if not (row.spots or row.names or row.shown or row.aliases or alias):  # NOTE: the first item of a list
        same = other.origin == row.origin and (row.certain or not other.certain)
        return other if same else other.but(origin=row.origin, certain=row.certain and other.certain)
    aliases = {**row.aliases, alias: other} if alias else row.aliases
    return Row(
        {**other.names, **row.names},
        row.spots + other.spots,
        other.current or row.current,
        row.certain and other.certain,
        row.origin,
        {**aliases, **other.aliases} if other.aliases else aliases,
        {**row.shown, **other.shown},
    )


def narrowed(row: Row, cell: Cell) -> Row:
    """`row` without the place of the match that bound `cell`: a match inside of the value takes its place."""
    whole = (cell.path, cell.span, cell.ref._replace(key="") if cell.ref else None)
    spots = tuple(spot for spot in row.spots if (spot.path, spot.span, spot.ref) != whole)
    return replace(row, spots=spots) if row.spots[:1] != spots[:1] else row


def inner_row(hit: Hit, cell: Cell, step: Within) -> Row:
    """A hit inside a value as a row; its places are stretches of the value's text."""
    text = text_of(cell.value)

    def inner(span: Span | None) -> Inner | None:
        return Inner(text, span.start, span.end) if span else cell.inner

    spot = Spot(cell.path, cell.span, None, cell.ref, inner(hit.span))
    names: dict[str, Cell] = {}
    shown: dict[str, Cell] = {}
    for key, bound in hit.bindings:
        made = Cell(bound.value, cell.path, cell.span, cell.ref, inner(bound.span))
        if key == WHOLE or (key == VALUE and step.value_as):
            names[step.value_as] = made
        elif key == VALUE and VALUE not in step.binds:
            shown[VALUE] = made
        else:
            names[step.renames.get(key, key)] = made
    return Row(names, (spot,), spot, shown=shown)


def exported(given: Row, row: Row, binds: frozenset[str], renames: Mapping[str, str]) -> dict[str, Cell] | None:
    """The names that a branch's row gives: those of every branch; None when a renamed one differs from the given."""
    names = dict(given.names)
    for name, cell in row.names.items():
        new = renames.get(name, name) if name not in given.names else name
        if new not in binds:
            continue
        if new in names and text_of(names[new].value) != text_of(cell.value):
            return None
        names.setdefault(new, cell)
    return names


def distinct(rows: Iterable[Row]) -> list[Row]:
    """Rows that differ in origin, place or bindings; a certain one goes before its uncertain twin."""
    found: dict[tuple[object, ...], Row] = {}
    for row in rows:
        key = (row.origin, *row.key())
        if key not in found or (row.certain and not found[key].certain):
            found[key] = row
    return list(found.values())


def truth(value: Json) -> bool:
    """JMESPath's truth: false, null, and what is empty are false; zero is true."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return True
    return bool(value)
