"""What judge knows: the listing, and the rows that extract found; sources of rows made from them, once each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from polcheck.confined import Aside, Overrun
from polcheck.documents.config import Json
from polcheck.extract import VALUE, WHOLE, Asked, Extractor, FileRows
from polcheck.judge.gaps import Gap, Gaps
from polcheck.judge.rows import Cell, Nest, Ref, Row, Spot, text_of
from polcheck.policy.plan import Find, Join, Listing, Plan, Values
from polcheck.records import record
from polcheck.selectors.files import FilePatterns, folders_of
from polcheck.selectors.found import Found, Hit
from polcheck.selectors.text import TextSearch
from polcheck.source import Source

if TYPE_CHECKING:
    from polcheck.selectors.jmes import Expression
    from polcheck.selectors.syntax import Near

_NO_CAPTURES: tuple[Mapping[str, str], ...] = ({},)


@record
class Relation:
    """The rows of one source, with the documents looked at and those not searched to their end.

    `make` makes the rows when all of them are asked for; `make_near` those of one file, each when it is asked for.
    """

    make: Callable[[], list[Row]]
    gaps: list[Gap] = field(default_factory=list)
    looked: frozenset[str] = frozenset()
    make_near: Callable[[str], tuple[Sequence[Row], Nest]] | None = None
    _indices: dict[tuple[str, ...], dict[tuple[str, ...], list[Row]]] = field(default_factory=dict)
    _files: dict[str, tuple[Sequence[Row], Nest]] = field(default_factory=dict)

    @cached_property
    def rows(self) -> list[Row]:
        """All rows, in order of place."""
        return self.make()

    @cached_property
    def open(self) -> Gaps:
        """The gaps, ready to be asked."""
        return Gaps(self.gaps)

    def joined(self, names: tuple[str, ...], row: Row, path: str | None) -> Sequence[Row]:
        """The rows that agree with `row` on `names` and, if `path` is given, lie in that file."""
        keys = names if path is None else (*names, "\0path")
        if not keys:
            return self.rows
        if keys not in self._indices:
            self._indices[keys] = self._index(names, path is not None)
        wanted = tuple(text_of(row.names[name].value) for name in names)
        return self._indices[keys].get(wanted if path is None else (*wanted, path), ())

    def _index(self, names: tuple[str, ...], by_path: bool) -> dict[tuple[str, ...], list[Row]]:
        index: dict[tuple[str, ...], list[Row]] = {}
        for row in self.rows:
            if any(name not in row.names for name in names):
                continue
            key = tuple(text_of(row.names[name].value) for name in names)
            if by_path:
                key = (*key, row.spots[0].path if row.spots else "")
            index.setdefault(key, []).append(row)
        return index

    def near(self, path: str) -> tuple[Sequence[Row], Nest]:
        """The rows in one file that have a span, and their spans for asking what lies in what."""
        if self.make_near is not None:
            if path not in self._files:
                self._files[path] = self.make_near(path)
            return self._files[path]
        if not self._files:
            groups: dict[str, list[Row]] = {}
            for row in self.rows:
                if row.spots and row.spots[0].span is not None:
                    groups.setdefault(row.spots[0].path, []).append(row)
            self._files |= {
                name: (rows, Nest([span for row in rows if (span := row.spots[0].span)]))
                for name, rows in groups.items()
            }
        return self._files.get(path, ([], Nest([])))


@record
class World:
    """The listing and the extracted rows of one submission under one plan."""

    plan: Plan
    paths: Sequence[str]
    rows: Mapping[str, FileRows]
    unreadable: Mapping[str, str]
    extractor: Extractor
    unread: frozenset[str] = frozenset()  # folders, or what may be one, below which nobody has looked
    constants: dict[int, Relation] = field(default_factory=dict)  # of written rows, by the id of a join of the plan
    _matches: dict[tuple[str, ...], list[tuple[str, dict[str, str]]]] = field(default_factory=dict)
    _captures: dict[tuple[str, ...], dict[str, list[Mapping[str, str]]]] = field(default_factory=dict)
    _documents: dict[tuple[tuple[str, ...], str], frozenset[str]] = field(default_factory=dict)
    _inside: dict[tuple[int, str, str], Found] = field(default_factory=dict)

    @cached_property
    def _folders(self) -> list[str]:
        return folders_of((*self.paths, *self.unread))

    def matches(self, files: FilePatterns) -> list[tuple[str, dict[str, str]]]:
        """The paths that the patterns let in, with their captures."""
        if files.texts not in self._matches:
            listing: Iterable[str] = (*self.paths, *self._folders) if files.folders else self.paths
            self._matches[files.texts] = [(path, way) for path in listing for way in files.match(path)]
        return self._matches[files.texts]

    def listing(self, source: Listing) -> Relation:
        """The paths as rows."""
        rows: list[Row] = []
        for path, captures in self.matches(source.files):
            spot = Spot(path)
            names = {name: Cell(value, path) for name, value in captures.items()}
            if source.path_as:
                names[source.path_as] = Cell(path, path)
            rows.append(Row(names, (spot,), spot))
        return Relation(lambda: rows, self._unseen(source.files))

    def _unseen(self, files: FilePatterns | None) -> list[Gap]:
        """The folders below which there may be files that the patterns let in, and nobody has looked."""
        return [
            Gap(path, {}, self.unreadable[path])
            for path in sorted(self.unread)
            if files is None or files.may_reach(path)
        ]

    def values(self, source: Values, join: Join) -> Relation:
        """The written rows; those of the same submission's plan are made once for all submissions."""
        known = self.constants.get(id(join))
        if known is None:
            known = self.constants[id(join)] = self._written(source, join)
        return known

    def _written(self, source: Values, join: Join) -> Relation:
        rows: list[Row] = []
        for value in source.rows:
            if isinstance(value, dict):
                rows.append(Row({join.renames.get(key, key): Cell(entry) for key, entry in value.items()}))
            elif join.value_as:
                rows.append(Row({join.value_as: Cell(value)}))
            else:
                rows.append(Row(shown={VALUE: Cell(value)}))
        return Relation(lambda: rows)

    def find(self, source: Find, join: Join) -> Relation:
        """The matches of a probe in its documents as rows."""
        ways = self._ways(source)
        looked = self._looked(source)
        gaps = self._unseen(source.files)
        for path in looked & self.unreadable.keys():
            gaps += [Gap(path, captures, self.unreadable[path]) for captures in ways.get(path, _NO_CAPTURES)]
        results = {path: found for path, found in self._found.get(source.probe, ()) if path in looked}
        for path, found in results.items():
            if found.incomplete:
                gaps += [Gap(path, captures, found.incomplete) for captures in ways.get(path, _NO_CAPTURES)]

        def rows_in(path: str) -> Iterator[Row]:
            for captures in ways.get(path, _NO_CAPTURES):
                base = {name: Cell(value, path) for name, value in captures.items()}
                for number, hit in enumerate(results[path].hits):
                    row = _row(hit, path, source.probe, number, base, join)
                    if row is not None:
                        yield row

        def near(path: str) -> tuple[Sequence[Row], Nest]:
            hits = [hit for hit in results[path].hits if hit.span is not None] if path in results else []
            rows = _Lazy(len(hits), lambda number: _row(hits[number], path, source.probe, number, {}, join))
            return rows, Nest([hit.span for hit in hits if hit.span is not None])

        alone = not (source.files and source.files.names)  # NOTE: a path capture may rule a hit out, or double it
        return Relation(
            lambda: [row for path in results for row in rows_in(path)],
            sorted(gaps, key=lambda gap: gap.path),
            looked,
            near if alone and self.plan.probes[source.probe].kind != "data" else None,
        )

    def _ways(self, source: Find) -> Mapping[str, Sequence[Mapping[str, str]]]:
        """By path, the captures of each way in which the source's patterns let it in; empty when they bind nothing."""
        if source.files is None or not source.files.names:
            return {}
        key = source.files.texts
        if key not in self._captures:
            by_path: dict[str, list[Mapping[str, str]]] = {}
            for path, captures in self.matches(source.files):
                by_path.setdefault(path, []).append(captures)
            self._captures[key] = by_path
        return self._captures[key]

    def _looked(self, source: Find) -> frozenset[str]:
        """The documents that a source looks in."""
        probe = self.plan.probes[source.probe]
        kind = "text" if isinstance(probe.what, TextSearch) else "data" if probe.kind == "data" else probe.language
        key = (source.files.texts if source.files else (), "" if probe.forced else kind)
        if key not in self._documents:
            paths = (path for path, _ in self.matches(source.files)) if source.files else self.paths
            self._documents[key] = frozenset(path for path in paths if path[-1:] != "/" and probe.reads(path))
        return self._documents[key]

    @cached_property
    def _found(self) -> dict[int, list[tuple[str, Found]]]:
        """By probe, the files in which it found something or could not search to the end, in order of path."""
        found: dict[int, list[tuple[str, Found]]] = {}
        for path in self.paths:
            rows = self.rows.get(path)
            if rows is not None:
                for probe, result in rows.found.items():
                    if result.hits or result.incomplete:
                        found.setdefault(probe, []).append((path, result))
        return found

    def inside(self, probe: int, language: str, value: Json) -> Found:
        """The matches of a probe inside a value; the same value is searched once."""
        key = (probe, language, text_of(value))
        if key not in self._inside:
            self._inside[key] = self._within(value, probe, key[2])
        return self._inside[key]

    def _within(self, value: Json, probe: int, text: str) -> Found:
        if not self.asked.is_risky(text, probe):
            return self.extractor.within(value, probe)
        try:
            found = self.aside.ask((value, probe))
        except Overrun as error:
            return Found((), str(error))
        assert isinstance(found, Found)
        return found

    def nearest(self, source: Source, probe: int) -> Near | None:
        """The nearest miss of a `code` or `pattern` in a file; None as well where looking for it goes on too long."""
        if not self.asked.is_risky(source.data, probe):
            return self.extractor.nearest(source, probe)
        try:
            found = self.aside.ask((source, probe))
        except Overrun:
            return None
        return None if isinstance(found, Found) else found

    @cached_property
    def asked(self) -> Asked:
        """The searches that are still to come."""
        return Asked(self.extractor)

    @cached_property
    def aside(self) -> Aside[Found | Near | None]:
        """Where those of them are done that could go on forever."""
        return Aside(self.asked)

    def unknown(self, path: str, expression: Expression) -> str:
        """Why the facts that an expression wants of the file at `path` aren't known; empty when they are."""
        rows = self.rows.get(path)
        if not path or path.endswith("/") or (rows is not None and rows.facts is not None):
            return ""
        from polcheck.policy.members import TOLD_BY_PATH, members

        if members(expression.text, "file") <= TOLD_BY_PATH:
            return ""
        return (rows.unread if rows else "") or self.unreadable.get(path) or "nothing is known of the file"

    def line(self, spot: Spot) -> tuple[int, int]:
        """The first and last line of a place; zeros where it isn't known."""
        starts = self.rows[spot.path].line_starts if spot.path in self.rows else ()
        if spot.span is None or not starts:
            return 0, 0
        from bisect import bisect_right

        return bisect_right(starts, spot.span.start), bisect_right(starts, max(spot.span.end - 1, spot.span.start))

    def column(self, spot: Spot) -> int:
        """The column at which a place begins; zero where it isn't known."""
        line, _ = self.line(spot)
        return spot.span.start - self.rows[spot.path].line_starts[line - 1] + 1 if line and spot.span else 0


class _Lazy(Sequence[Row]):
    """Rows that are made when they are asked for."""

    def __init__(self, number: int, make: Callable[[int], Row | None]) -> None:
        self._rows: list[Row | None] = [None] * number
        self._make = make

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        if self._rows[index] is None:
            self._rows[index] = self._make(index)
        return self._rows[index]


def _row(hit: Hit, path: str, probe: int, number: int, base: Mapping[str, Cell], join: Join) -> Row | None:
    """One hit as a row; None when a path capture and a binding of the same name differ."""
    ref = Ref(path, probe, number) if hit.span is None else None
    spot = Spot(path, hit.span, hit.point, ref, None, hit.weight)
    names = dict(base)
    shown: dict[str, Cell] = {}
    for key, bound in hit.bindings:
        cell = Cell(bound.value, path, bound.span, ref._replace(key=key) if ref else None)
        if key == WHOLE or (key == VALUE and join.value_as):
            names[join.value_as] = cell
        elif key == VALUE and VALUE not in join.binds:
            shown[VALUE] = cell
        else:
            name = join.renames.get(key, key)
            if name in base and text_of(base[name].value) != text_of(bound.value):
                return None
            names[name] = cell
    return Row(names, (spot,), spot, shown=shown)
