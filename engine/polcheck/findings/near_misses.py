"""The nearest miss: for something that a policy requires and nobody has, what comes closest to it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from msgspec import Struct, field

from polcheck.base.cached import cached_property
from polcheck.base.limits import Clock
from polcheck.base.spans import Source, Unreadable
from polcheck.evaluate.context import JoinContext
from polcheck.evaluate.outcome import Failure
from polcheck.evaluate.rows import Row
from polcheck.findings.finding import Location, NearMiss
from polcheck.findings.places import Locator, at
from polcheck.formats import format_of, parse_config
from polcheck.formats.values import Unparsable
from polcheck.policy.plan import (
    SOURCES,
    Closure,
    CompiledPolicy,
    Find,
    Join,
    Listing,
    Probe,
    SelectorRef,
    Step,
    Values,
    handlers,
)
from polcheck.selectors.jmespath.expression import Expression
from polcheck.selectors.syntax.selector import Syntax
from polcheck.sources.trees import path_behind

_MOST_FILES = 40
_MOST_VALUES = 2_000
_CUTOFF = 0.75
_LONGEST = 300  # characters of a text that is compared with others
_SECONDS = 3.0


class NearMisses(Struct, dict=True):
    """Finds nearest misses in one submission."""

    context: JoinContext
    locator: Locator
    _rows: dict[int, Sequence[Row]] = field(default_factory=dict)
    _values: dict[tuple[int, str], dict[str, Row]] = field(default_factory=dict)
    _sources: dict[tuple[int, str | None], NearMiss | None] = field(default_factory=dict)

    @cached_property
    def clock(self) -> Clock:
        """Return the clock for finding nearest misses, which begins with the first."""
        return self.locator.clock.within(_SECONDS)

    def of(self, policy: CompiledPolicy, failure: Failure) -> NearMiss | None:
        """Return the nearest miss of a failed `require`, or None when nothing is near, or looking for it takes too
        long.
        """
        if self.clock.over:
            return None
        joins = list(_joins(policy.demand))
        for join in joins:
            miss = self.of_row(join, failure.row)
            if miss is not None:
                return miss
        anchors = {
            join.number: failure.row.places[0].path if join.keeps_to_file and failure.row.places else None
            for join in joins
        }
        self.context.seek_nearest(one for join in joins for one in self._sought(join, anchors[join.number]))
        for join in joins:
            miss = self.of_source(join, anchors[join.number])
            if miss is not None:
                return miss
        return None

    def of_source(self, join: Join, path: str | None = None) -> NearMiss | None:
        """Return what comes closest to a match of the join's selector, whatever it joins with; None when nothing is.

        `path` is the only file that counts, where the selector looks in the subject's.
        """
        if join.modifiers.needs_base:
            return None  # NOTE: a place in the base couldn't be shown, and any other file is not what was meant
        key = (join.number, path)
        if key not in self._sources:  # NOTE: thousands of subjects may lack the same thing
            self._sources[key] = self._of_source(join, path)
        return self._sources[key]

    def _sought(self, join: Join, path: str | None) -> Iterator[tuple[Source, int]]:
        """Yield the files in which `of_source` looks for a miss of a `code` or `pattern`, and the probe."""
        search = join.search
        if search is None or join.modifiers.needs_base or (join.number, path) in self._sources:
            return
        probe = self.context.plan.probes[search.probe]
        if not isinstance(probe.what, Syntax):
            return
        for document in self._documents(search, probe) if path is None else [path] if probe.reads(path) else []:
            with suppress(KeyError, OSError):
                yield self.locator.submission.source(document), search.probe

    def _of_source(self, join: Join, path: str | None) -> NearMiss | None:
        return _CLOSEST[type(join.source)](self, join.source, path)

    def of_row(self, join: Join, row: Row) -> NearMiss | None:
        """Return the value of a joined name that is most like the row's, which found no partner; None when none is
        near.
        """
        shared = sorted(name for name in join.binds if name in row.names)
        if not shared:
            return None
        name = shared[-1]
        missing = row.names[name].key
        if missing is None or len(missing) > _LONGEST:
            return None
        values = self._source_values(join, name)
        close = difflib.get_close_matches(missing, values, n=1, cutoff=_CUTOFF)
        if not close or close[0] == missing:
            return None
        spot = values[close[0]].current
        return NearMiss(f"the closest `{name}` is `{close[0]}`", self.locator.location(spot) if spot else None)

    def _source_values(self, join: Join, name: str) -> dict[str, Row]:
        """Return the first values of a name among a source's rows, as texts, and the row of each."""
        key = (join.number, name)
        if key not in self._values:
            values = ((row.names[name].key, row) for row in self._source_rows(join) if name in row.names)
            short = {text: row for text, row in values if text is not None and len(text) <= _LONGEST}
            self._values[key] = dict(islice(short.items(), _MOST_VALUES))
        return self._values[key]

    def _source_rows(self, join: Join) -> Sequence[Row]:
        if join.number not in self._rows:
            self._rows[join.number] = _ROWS[type(join.source)](self.context, join.source, join)
        return self._rows[join.number]

    def closest_match(self, source: Find, only: str | None) -> NearMiss | None:
        """Return the match that fails the fewest predicates, or the longest prefix of a path that resolves."""
        probe = self.context.plan.probes[source.probe]
        best: tuple[int, NearMiss] | None = None
        for path in self._documents(source, probe) if only is None else [only] if probe.reads(only) else []:
            candidate = None if self.clock.over else self._in_document(source.probe, probe, path)
            if candidate is not None and (best is None or candidate[0] < best[0]):
                best = candidate
        return best[1] if best else None

    def _documents(self, source: Find, probe: Probe) -> list[str]:
        pairs = self.context.matches(source.files) if source.files else [(path, {}) for path in self.context.paths]
        return [path for path, _ in pairs if probe.reads(path)][:_MOST_FILES]

    def _in_document(self, index: int, probe: Probe, path: str) -> tuple[int, NearMiss] | None:
        try:
            source = self.locator.submission.source(path)
        except (KeyError, OSError):
            return None
        if isinstance(probe.what, Syntax):
            return self._near_syntax(index, source)
        if isinstance(probe.what, Expression):
            return _near_path(source, probe, probe.what)
        return None

    def _near_syntax(self, index: int, source: Source) -> tuple[int, NearMiss] | None:
        near = self.context.nearest(source, index)
        if near is None:
            return None
        text = " and ".join(near.failed) or "something like it"
        return len(near.failed), NearMiss(text, at(source, near.span), closest=bool(near.failed))

    def closest_path(self, source: Listing, only: str | None) -> NearMiss | None:
        """Return the path that is most like one that the patterns name."""
        exact = source.files.plain or tuple(text for text in source.files.texts if not text.startswith("!"))
        for sought in exact:
            alike = (
                path for path in self.context.paths if abs(len(path) - len(sought)) <= min(len(sought), _LONGEST) // 2
            )
            close = difflib.get_close_matches(sought, list(islice(alike, _MOST_VALUES)), n=1, cutoff=_CUTOFF)
            if close:
                shown = path_behind(self.context.folder, close[0])
                return NearMiss(f"the closest path is `{shown}`", Location(close[0]))
        return None


def _near_path(source: Source, probe: Probe, expression: Expression) -> tuple[int, NearMiss] | None:
    """Return how far an expression gets in a config document; the rank counts the steps that it lacks."""
    try:
        config = parse_config(source, probe.language or format_of(source.path) or "")
    except (Unparsable, Unreadable):
        return None
    best: tuple[int, NearMiss] | None = None
    for index, value in enumerate(config.values):
        near = expression.nearest(value)
        if not near.text or not near.failed:
            continue
        try:
            where = config.locate(index, near.pointer)
        except KeyError:
            continue
        if where.implied and not near.closest:
            continue  # NOTE: its place would be the header of any table in it, which says nothing about what is missing
        hint = f"; did you mean `{near.closest}`?" if near.closest else ""
        there = "" if near.text == "@" else f"`{near.text}` is there, "  # NOTE: that a document is there says nothing
        lacks = f"`{near.failed}` is not" + ("" if there else " there")
        place = Location.of_file(source.path) if where.implied else at(source, where.key or where.value)
        miss = NearMiss(f"{there}{lacks}{hint}", place, closest=bool(hint))
        rank = -len(near.pointer)
        if best is None or rank < best[0]:
            best = (rank, miss)
    return best


def _joins(steps: Iterable[Step]) -> Iterable[Join]:
    """Yield the joins that may find what a policy requires: not those of a `not`, a relation or a condition."""
    for step in steps:
        for inner in step.nested:
            if inner.role in ("selector", "branch", "edges"):
                yield from _joins(inner.steps)
        if step.join is step:
            yield step.join


_Closest = Callable[[NearMisses, Any, str | None], NearMiss | None]
_CLOSEST: Mapping[type, _Closest] = handlers(
    {
        Find: NearMisses.closest_match,
        Listing: NearMisses.closest_path,
        Values: lambda misses, source, only: None,
        SelectorRef: lambda misses, source, only: None,
        Closure: lambda misses, source, only: None,
    },
    SOURCES,
)
_Rows = Callable[[JoinContext, Any, Join], Sequence[Row]]
_ROWS: Mapping[type, _Rows] = handlers(
    {
        Find: lambda context, source, join: context.find(source, join).rows,
        Listing: lambda context, source, join: context.listing(source).rows,
        Values: lambda context, source, join: context.values(source, join).rows,
        SelectorRef: lambda context, source, join: (),  # its items are joins of their own
        Closure: lambda context, source, join: (),  # as are its edges
    },
    SOURCES,
)
