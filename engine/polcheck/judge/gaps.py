"""Documents that could not be searched to their end, looked up by what a match in them could have joined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from polcheck.judge.rows import Row, text_of


class Gap(NamedTuple):
    """A document that could not be searched to its end, with the path captures it would have bound."""

    path: str
    names: Mapping[str, str]
    reason: str


def gap_of(row: Row, reasons: Iterable[tuple[str, str]]) -> Gap:
    """The gap that a row leaves which is neither in nor out, for the reason that its file has among (path, reason)."""
    path = row.current.path if row.current else ""
    reason = next((reason for where, reason in reasons if where in (path, "")), "")
    return Gap(path, {name: text_of(cell.value) for name, cell in row.names.items()}, reason)


class Gaps:
    """The gaps of one source of rows.

    NOTE: there may be as many as files, and each row asks: they are looked up as joined rows are.
    """

    def __init__(self, gaps: Iterable[Gap]) -> None:
        self.all = tuple(gaps)
        self._groups: dict[frozenset[str], list[Gap]] = {}
        for gap in self.all:
            self._groups.setdefault(frozenset(gap.names), []).append(gap)
        self._indices: dict[tuple[frozenset[str], tuple[str, ...], bool], dict[tuple[str, ...], list[Gap]]] = {}

    def open_to(self, row: Row, path: str | None) -> Sequence[Gap]:
        """The gaps in which a match could have joined `row`, as far as path captures tell; in one file if `path` is."""
        if not self.all:
            return ()
        if path is None and self._groups.keys() == {frozenset()}:
            return self.all
        found: list[Gap] = []
        for names, gaps in self._groups.items():
            shared = tuple(sorted(name for name in names if name in row.names))
            key = (names, shared, path is not None)
            if key not in self._indices:
                self._indices[key] = _indexed(gaps, shared, path is not None)
            texts = tuple(text_of(row.names[name].value) for name in shared)
            index = self._indices[key]
            for place in {path, ""} if path is not None else (None,):
                found += index.get(texts if place is None else (*texts, place), ())
        return found


def _indexed(gaps: Iterable[Gap], names: Sequence[str], by_path: bool) -> dict[tuple[str, ...], list[Gap]]:
    index: dict[tuple[str, ...], list[Gap]] = {}
    for gap in gaps:
        texts = tuple(gap.names[name] for name in names)
        index.setdefault((*texts, gap.path) if by_path else texts, []).append(gap)
    return index
