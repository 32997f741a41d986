"""Sources of rows as joins ask them: by the values of names, and by what lies around what."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from msgspec import Struct, field

from polcheck.base.cached import cached_property
from polcheck.base.spans import Span
from polcheck.evaluate.rows import ABSENT, BoundValue, Interval, Ref, Row, SourceRef, SpanIndex, joins
from polcheck.policy.plan import Join, SearchInValue
from polcheck.scan.rows import VALUE, WHOLE
from polcheck.selectors.results import Match, MatchColumn, MatchTable, SearchResult


class UnsearchedFile(NamedTuple):
    """A document that could not be searched to its end, with the path captures it would have bound.

    A name that is known to be null there (None) joins nothing.
    """

    path: str
    names: Mapping[str, str | None]
    reason: str


class DynamicPlace(NamedTuple):
    """A place at which a capture is no constant: the name that it would bind, and why it isn't one."""

    place: SourceRef
    name: str
    reason: str


class DynamicPlaces:
    """Places at which captures are no constants, each once."""

    def __init__(self) -> None:
        self._places: dict[DynamicPlace, None] = {}

    def add(self, places: Sequence[DynamicPlace], only: str | None = None) -> None:
        """Take in places, or those in the file `only`."""
        if places:
            self._places |= dict.fromkeys(place for place in places if only is None or place.place.path == only)

    def all(self) -> tuple[DynamicPlace, ...]:
        """Return the places in order of path and position."""
        return tuple(sorted(self._places, key=lambda each: (each.place.path, each.place.span or (0, 0), each.name)))


def unsearched_by(row: Row, reasons: Iterable[tuple[str, str]]) -> UnsearchedFile:
    """Return the gap that a row leaves which is neither in nor out, for the reason that its file has among (path,
    reason).
    """
    path = row.current.path if row.current else ""
    reason = next((reason for where, reason in reasons if where in (path, "")), "")
    return UnsearchedFile(path, {name: bound.key for name, bound in row.names.items()}, reason)


class UnsearchedFiles:
    """The gaps of one source of rows.

    NOTE: there may be as many as files, and each row asks: they are looked up as joined rows are.
    """

    def __init__(self, unsearched: Iterable[UnsearchedFile]) -> None:
        self.all = tuple(unsearched)
        self._groups: dict[frozenset[str], list[UnsearchedFile]] = {}
        for entry in self.all:
            self._groups.setdefault(frozenset(entry.names), []).append(entry)
        self._indices: dict[
            tuple[frozenset[str], tuple[str, ...], bool], dict[tuple[str, ...], list[UnsearchedFile]]
        ] = {}

    def open_to(self, row: Row, path: str | None) -> Sequence[UnsearchedFile]:
        """Return the gaps in which a match could have joined `row`, as far as path captures tell; in one file if
        `path` is.
        """
        if not self.all:
            return ()
        if path is None and self._groups.keys() == {frozenset()}:
            return self.all
        open_entries: list[UnsearchedFile] = []
        for names, unsearched in self._groups.items():
            shared = tuple(sorted(name for name in names if name in row.names))
            key = (names, shared, path is not None)
            if key not in self._indices:
                self._indices[key] = _indexed(unsearched, shared, path is not None)
            texts = keys_of(row, shared)
            if texts is None:
                continue
            index = self._indices[key]
            for place in {path, ""} if path is not None else (None,):
                open_entries += index.get(texts if place is None else (*texts, place), ())
        return open_entries


def _indexed(
    unsearched: Iterable[UnsearchedFile], names: Sequence[str], by_path: bool
) -> dict[tuple[str, ...], list[UnsearchedFile]]:
    index: dict[tuple[str, ...], list[UnsearchedFile]] = {}
    for entry in unsearched:
        texts = tuple(text for name in names if (text := entry.names[name]) is not None)
        if len(texts) == len(names):
            index.setdefault((*texts, entry.path) if by_path else texts, []).append(entry)
    return index


_Keyed = Iterable[tuple[int, tuple[str, ...], str]]  # the number of a row, the texts of some of its names, its path


class Relation(Struct):
    """The rows of one source, with the documents looked at and those not searched to their end.

    `make` makes the rows when they are first asked for. `dynamic` are the places that gave no row because a capture
    is no constant there.
    """

    make: Callable[[], Sequence[Row]]
    unsearched: list[UnsearchedFile] = field(default_factory=list)
    examined: frozenset[str] = frozenset()
    dynamic: Sequence[DynamicPlace] = ()
    _rows: Sequence[Row] | None = None
    _open: UnsearchedFiles | None = None
    _indices: dict[tuple[str, ...], dict[tuple[str, ...], list[int]]] = field(default_factory=dict)
    _files: dict[str, tuple[Sequence[Row], SpanIndex]] = field(default_factory=dict)
    _cores: dict[str, dict[Span, list[int]]] = field(default_factory=dict)

    # NOTE: for half of the relations of a small submission neither is asked twice, and `cached_property` takes a lock
    @property
    def rows(self) -> Sequence[Row]:
        """All rows, in order of place."""
        if self._rows is None:
            self._rows = self.make()
        return self._rows

    @property
    def open(self) -> UnsearchedFiles:
        """The files that were not searched to their end, ready to be asked."""
        if self._open is None:
            self._open = UnsearchedFiles(self.unsearched)
        return self._open

    def joined(self, names: tuple[str, ...], row: Row, path: str | None) -> Iterable[Row]:
        """Return the rows that agree with `row` on `names` and, if `path` is given, lie in that file."""
        keys = names if path is None else (*names, "\0path")
        if not keys:
            return self.rows
        if keys not in self._indices:
            self._indices[keys] = self._index(names, path is not None)
        wanted = keys_of(row, names)
        if wanted is None:
            return ()
        numbers = self._indices[keys].get(wanted if path is None else (*wanted, path), ())
        return map(self.rows.__getitem__, numbers)

    def count(self, names: tuple[str, ...], row: Row, path: str | None) -> int:
        """Return the number of rows that `joined` gives."""
        keys = names if path is None else (*names, "\0path")
        if not keys:
            return len(self.rows)
        if keys not in self._indices:
            self._indices[keys] = self._index(names, path is not None)
        wanted = keys_of(row, names)
        return 0 if wanted is None else len(self._indices[keys].get(wanted if path is None else (*wanted, path), ()))

    def _index(self, names: tuple[str, ...], by_path: bool) -> dict[tuple[str, ...], list[int]]:
        index: dict[tuple[str, ...], list[int]] = {}
        rows = self.rows
        for number, key, path in rows.keyed(names) if isinstance(rows, Matches) else _keyed(rows, names):
            index.setdefault((*key, path) if by_path else key, []).append(number)
        return index

    def same(self, path: str, core: Span) -> Iterable[Row]:
        """Return the rows in one file whose place without parentheses and `await` is this."""
        if path not in self._cores:
            rows, index = self.near(path)
            by_core: dict[Span, list[int]] = {}
            for number, interval in enumerate(index.intervals):
                place = rows[number].places[0]
                by_core.setdefault(place.core or Span(interval.start, interval.end), []).append(number)
            self._cores[path] = by_core
        rows, _ = self.near(path)
        return map(rows.__getitem__, self._cores[path].get(core, ()))

    def near(self, path: str) -> tuple[Sequence[Row], SpanIndex]:
        """Return the rows in one file that have a span, and their spans for asking what lies in what."""
        rows = self.rows
        if isinstance(rows, Matches):
            if path not in self._files:
                self._files[path] = rows.near(path)
            return self._files[path]
        if not self._files:
            groups: dict[str, list[Row]] = {}
            for row in rows:
                if row.places and row.places[0].span is not None:
                    groups.setdefault(row.places[0].path, []).append(row)
            self._files |= {
                name: (group, SpanIndex([_stretch(row.places[0].span, row.places[0].weight) for row in group]))
                for name, group in groups.items()
            }
        return self._files.get(path, ((), SpanIndex(())))


def _keyed(rows: Iterable[Row], names: Sequence[str]) -> _Keyed:
    for number, row in enumerate(rows):
        if all(name in row.names for name in names):
            path = row.places[0].path if row.places else ""
            keys = keys_of(row, names)
            if keys is not None:
                yield number, keys, path


def keys_of(row: Row, names: Sequence[str]) -> tuple[str, ...] | None:
    """Return the texts by which a row joins on some names; None where one of them is null, which joins nothing."""
    keys = [key for name in names if (key := row.names[name].key) is not None]
    return tuple(keys) if len(keys) == len(names) else None


def _stretch(span: Span | None, weight: int) -> Interval:
    return Interval(*(span or Span(0, 0)), weight)


SpanIndices = dict[tuple[int, str], SpanIndex]
"""What lies in what among the matches of a probe in a file, by the two: the same for every join of the probe."""


class Matches(Sequence[Row]):
    """The matches of one probe in some files as rows, in order of place, each made when it is asked for."""

    def __init__(
        self,
        results: Mapping[str, SearchResult],
        probe: int,
        join: Join,
        indices: SpanIndices | None = None,
        *,
        is_data: bool = False,
    ) -> None:
        self._matches = {path: result.matches for path, result in results.items()}
        self._cores = {path: result.cores for path, result in results.items() if result.cores}
        self._probe = probe
        self._join = join
        self._is_data = is_data
        self._paths = list(self._matches)
        self._firsts = list(accumulate(map(len, self._matches.values()), initial=0))
        self._rows: list[Row | None] = [None] * self._firsts.pop()
        self._columns: dict[str, list[tuple[str, str | None, MatchColumn]]] = {}
        self._indices = {} if indices is None else indices

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        row = self._rows[index]
        if row is None:
            index = range(len(self._rows))[index]
            file = bisect_right(self._firsts, index) - 1
            path, number = self._paths[file], index - self._firsts[file]
            row = self._rows[index] = self._made(self._matches[path], path, number)
        return row

    def _made(self, matches: Sequence[Match], path: str, number: int) -> Row | None:
        if not isinstance(matches, MatchTable):
            return self._row_of(matches[number], path, number)
        points, cores = matches.points, self._cores.get(path)
        if cores:
            return self._row_of(matches[number], path, number)
        place = SourceRef(
            path, matches.spans.at(number), points and points.at(number), None, None, matches.weights[number]
        )
        columns = self._columns.get(path)
        if columns is None:
            columns = [(key, name_of(key, self._join), column) for key, column in matches.columns.items()]
            self._columns[path] = columns
        names: dict[str, BoundValue] = {}
        shown: dict[str, BoundValue] = {}
        for key, name, column in columns:
            bound = BoundValue(column.value(number), path, column.spans.at(number))
            if name is None:
                shown[key] = bound
            else:
                names[name] = bound
        if self._join.modifiers.optional:
            names |= nulls(self._join, names)
        return Row(names, (place,), place, shown=shown)

    def _row_of(self, match: Match, path: str, number: int) -> Row | None:
        cores = self._cores.get(path, {})
        return row_of(match, path, self._probe, number, {}, self._join, cores, is_data=self._is_data)

    def __iter__(self) -> Iterator[Row]:
        rows = self._rows
        for path, first in zip(self._paths, self._firsts, strict=True):
            matches = self._matches[path]
            for number in range(len(matches)):
                row = rows[first + number]
                if row is None:
                    row = rows[first + number] = self._made(matches, path, number)
                yield row  # type: ignore[misc]  # INVARIANT: without a base no name can differ, so there is a row

    def keyed(self, names: Sequence[str]) -> _Keyed:
        """Yield the keys of an index of the rows; a row that lacks one of the names is left out."""
        for path, first in zip(self._paths, self._firsts, strict=True):
            matches = self._matches[path]
            if isinstance(matches, MatchTable):
                keys = {name_of(key, self._join): key for key in matches.columns}
                if all(name in keys for name in names):
                    columns = [matches.columns[keys[name]].values for name in names]
                    for number, key in enumerate(zip(*columns, strict=True) if columns else [()] * len(matches), first):
                        yield number, key, path
            else:
                rows = self[first : first + len(matches)]
                yield from ((first + number, key, path) for number, key, _ in _keyed(rows, names))

    @cached_property
    def _first(self) -> dict[str, int]:
        """The number of the first row of each file."""
        return dict(zip(self._paths, self._firsts, strict=True))

    def near(self, path: str) -> tuple[Sequence[Row], SpanIndex]:
        """Return the rows in one file that have a span, and where they stand."""
        matches = self._matches.get(path, ())
        first = self._first.get(path, 0)
        if isinstance(matches, MatchTable):
            key = (self._probe, path)
            index = self._indices.get(key)
            if index is None:
                columns = zip(matches.spans.starts, matches.spans.ends, matches.weights, strict=True)
                index = self._indices[key] = SpanIndex(list(map(Interval._make, columns)))
            return _Part(self, range(first, first + len(matches))), index
        placed = [
            (first + number, _stretch(match.span, match.weight)) for number, match in enumerate(matches) if match.span
        ]
        return _Part(self, [number for number, _ in placed]), SpanIndex([stretch for _, stretch in placed])


class _Part(Sequence[Row]):
    """Some of the rows, by their numbers."""

    def __init__(self, rows: Sequence[Row], numbers: Sequence[int]) -> None:
        self._rows = rows
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, index: Any) -> Any:
        return self._rows[self._numbers[index]]

    def __iter__(self) -> Iterator[Row]:
        return map(self._rows.__getitem__, self._numbers)


def name_of(key: str, join: Join | SearchInValue) -> str | None:
    """Return the name under which a join has what a match binds to `key`; None for what is only shown."""
    if key == WHOLE or (key == VALUE and join.modifiers.value_as):
        return join.modifiers.value_as
    if key == VALUE and VALUE not in join.binds and VALUE not in join.modifiers.renames:
        return None
    return join.modifiers.renames.get(key, key)


def row_of(
    match: Match,
    path: str,
    probe: int,
    number: int,
    base: Mapping[str, BoundValue],
    join: Join,
    cores: Mapping[Span, Span],
    *,
    is_data: bool = False,
) -> Row | None:
    """Return one match as a row; None when a path capture and a binding of the same name differ.

    INVARIANT: a match in configuration (`is_data`) is told from others by its number, whether its place is known yet
    or not, since that depends on what other policies ask of the same probe.
    """
    ref = Ref(path, probe, number) if is_data or match.span is None else None
    core = cores.get(match.span) if cores and match.span is not None else None
    place = SourceRef(path, match.span, match.point, ref, None, match.weight, core)
    bindings = []
    for key, bound in match.bindings:
        ref_of_value = Ref(path, probe, number, key)
        core = cores.get(bound.span) if cores and bound.span is not None else None
        own_ref = ref_of_value if ref else None
        bindings.append((key, BoundValue(bound.value, path, bound.span, own_ref, None, ref_of_value, core)))
    return _row(place, bindings, base, join)


def nulls(join: Join, names: Mapping[str, BoundValue]) -> dict[str, BoundValue]:
    """Return the names of a join that a row of its source lacks, each bound to null.

    NOTE: what a row lacks is equal to nothing, whether the item that binds it comes before or after.
    """
    return {name: ABSENT for name in join.modifiers.optional if name not in names}


def _row(
    place: SourceRef, bindings: Iterable[tuple[str, BoundValue]], base: Mapping[str, BoundValue], join: Join
) -> Row | None:
    names = dict(base)
    shown: dict[str, BoundValue] = {}
    for key, bound in bindings:
        name = name_of(key, join)
        if name is None:
            shown[key] = bound
        elif name in base and not joins(base[name], bound):
            return None
        else:
            names[name] = bound
    if join.modifiers.optional:
        names |= nulls(join, names)
    return Row(names, (place,), place, shown=shown)
