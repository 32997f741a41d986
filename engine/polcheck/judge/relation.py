"""Sources of rows as joins ask them: by the values of names, and by what lies around what."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from itertools import accumulate
from typing import Any

from polcheck.extract import VALUE, WHOLE
from polcheck.judge.gaps import Gap, Gaps
from polcheck.judge.rows import Cell, Nest, Ref, Row, Spot, Stretch, text_of
from polcheck.policy.plan import Join
from polcheck.records import record
from polcheck.selectors.found import Found, Hit, Hits
from polcheck.source import Span

_Keyed = Iterable[tuple[int, tuple[str, ...], str]]  # the number of a row, the texts of some of its names, its path


@record
class Relation:
    """The rows of one source, with the documents looked at and those not searched to their end.

    `make` makes the rows when they are first asked for.
    """

    make: Callable[[], Sequence[Row]]
    gaps: list[Gap] = field(default_factory=list)
    looked: frozenset[str] = frozenset()
    _indices: dict[tuple[str, ...], dict[tuple[str, ...], list[int]]] = field(default_factory=dict)
    _files: dict[str, tuple[Sequence[Row], Nest]] = field(default_factory=dict)

    @cached_property
    def rows(self) -> Sequence[Row]:
        """All rows, in order of place."""
        return self.make()

    @cached_property
    def open(self) -> Gaps:
        """The gaps, ready to be asked."""
        return Gaps(self.gaps)

    def joined(self, names: tuple[str, ...], row: Row, path: str | None) -> Iterable[Row]:
        """The rows that agree with `row` on `names` and, if `path` is given, lie in that file."""
        keys = names if path is None else (*names, "\0path")
        if not keys:
            return self.rows
        if keys not in self._indices:
            self._indices[keys] = self._index(names, path is not None)
        wanted = tuple(text_of(row.names[name].value) for name in names)
        numbers = self._indices[keys].get(wanted if path is None else (*wanted, path), ())
        return map(self.rows.__getitem__, numbers)

    def _index(self, names: tuple[str, ...], by_path: bool) -> dict[tuple[str, ...], list[int]]:
        index: dict[tuple[str, ...], list[int]] = {}
        rows = self.rows
        for number, key, path in rows.keyed(names) if isinstance(rows, Matches) else _keyed(rows, names):
            index.setdefault((*key, path) if by_path else key, []).append(number)
        return index

    def near(self, path: str) -> tuple[Sequence[Row], Nest]:
        """The rows in one file that have a span, and their spans for asking what lies in what."""
        rows = self.rows
        if isinstance(rows, Matches):
            if path not in self._files:
                self._files[path] = rows.near(path)
            return self._files[path]
        if not self._files:
            groups: dict[str, list[Row]] = {}
            for row in rows:
                if row.spots and row.spots[0].span is not None:
                    groups.setdefault(row.spots[0].path, []).append(row)
            self._files |= {
                name: (found, Nest([_stretch(row.spots[0].span, row.spots[0].weight) for row in found]))
                for name, found in groups.items()
            }
        return self._files.get(path, ((), Nest(())))


def _keyed(rows: Iterable[Row], names: Sequence[str]) -> _Keyed:
    for number, row in enumerate(rows):
        if all(name in row.names for name in names):
            path = row.spots[0].path if row.spots else ""
            yield number, tuple([text_of(row.names[name].value) for name in names]), path


def _stretch(span: Span | None, weight: int) -> Stretch:
    return Stretch(*(span or Span(0, 0)), weight)


class Matches(Sequence[Row]):
    """The matches of one probe in some files as rows, in order of place, each made when it is asked for."""

    def __init__(self, results: Mapping[str, Found], probe: int, join: Join) -> None:
        self._hits = {path: found.hits for path, found in results.items()}
        self._probe = probe
        self._join = join
        self._paths = list(self._hits)
        self._firsts = list(accumulate(map(len, self._hits.values()), initial=0))
        self._rows: list[Row | None] = [None] * self._firsts.pop()

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
            row = self._rows[index] = self._made(self._hits[path], path, number)
        return row

    def _made(self, hits: Sequence[Hit], path: str, number: int) -> Row | None:
        if not isinstance(hits, Hits):
            return row_of(hits[number], path, self._probe, number, {}, self._join)
        points = hits.points
        spot = Spot(path, hits.spans.at(number), points and points.at(number), None, None, hits.weights[number])
        cells = [
            (key, Cell(column.values[number], path, column.spans.at(number))) for key, column in hits.columns.items()
        ]
        return _row(spot, cells, {}, self._join)

    def keyed(self, names: Sequence[str]) -> _Keyed:
        """What an index of the rows is made from; a row that lacks one of the names is left out."""
        for path, first in zip(self._paths, self._firsts, strict=True):
            hits = self._hits[path]
            if isinstance(hits, Hits):
                keys = {name_of(key, self._join): key for key in hits.columns}
                if all(name in keys for name in names):
                    columns = [hits.columns[keys[name]].values for name in names]
                    for number, key in enumerate(zip(*columns, strict=True) if columns else [()] * len(hits), first):
                        yield number, key, path
            else:
                rows = self[first : first + len(hits)]
                yield from ((first + number, key, path) for number, key, _ in _keyed(rows, names))

    @cached_property
    def _first(self) -> dict[str, int]:
        """The number of the first row of each file."""
        return dict(zip(self._paths, self._firsts, strict=True))

    def near(self, path: str) -> tuple[Sequence[Row], Nest]:
        """The rows in one file that have a span, and where they stand."""
        hits = self._hits.get(path, ())
        first = self._first.get(path, 0)
        if isinstance(hits, Hits):
            stretches = list(map(Stretch, hits.spans.starts, hits.spans.ends, hits.weights))
            return _Part(self, range(first, first + len(hits))), Nest(stretches)
        placed = [(first + number, _stretch(hit.span, hit.weight)) for number, hit in enumerate(hits) if hit.span]
        return _Part(self, [number for number, _ in placed]), Nest([stretch for _, stretch in placed])


class _Part(Sequence[Row]):
    """Some of the rows, by their numbers."""

    def __init__(self, rows: Sequence[Row], numbers: Sequence[int]) -> None:
        self._rows = rows
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, index: Any) -> Any:
        return self._rows[self._numbers[index]]


def name_of(key: str, join: Join) -> str | None:
    """The name under which a join has what a match binds to `key`; None for what is only shown."""
    if key == WHOLE or (key == VALUE and join.value_as):
        return join.value_as
    if key == VALUE and VALUE not in join.binds:
        return None
    return join.renames.get(key, key)


def row_of(hit: Hit, path: str, probe: int, number: int, base: Mapping[str, Cell], join: Join) -> Row | None:
    """One hit as a row; None when a path capture and a binding of the same name differ."""
    ref = Ref(path, probe, number) if hit.span is None else None
    spot = Spot(path, hit.span, hit.point, ref, None, hit.weight)
    cells = [
        (key, Cell(bound.value, path, bound.span, ref._replace(key=key) if ref else None))
        for key, bound in hit.bindings
    ]
    return _row(spot, cells, base, join)


def _row(spot: Spot, cells: Iterable[tuple[str, Cell]], base: Mapping[str, Cell], join: Join) -> Row | None:
    names = dict(base)
    shown: dict[str, Cell] = {}
    for key, cell in cells:
        name = name_of(key, join)
        if name is None:
            shown[key] = cell
        elif name in base and text_of(base[name].value) != text_of(cell.value):
            return None
        else:
            names[name] = cell
    return Row(names, (spot,), spot, shown=shown)
