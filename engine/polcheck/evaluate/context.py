"""The context of evaluation: the listing and the scanned rows; sources of rows are made from them, once each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct, field

from polcheck.base.spans import Source
from polcheck.base.worker import Overrun, Worker
from polcheck.evaluate.relations import Matches, Relation, UnsearchedFile, row_of
from polcheck.evaluate.rows import NOT_GIVEN, BoundValue, GivenNames, Row, SourceRef
from polcheck.formats.values import Json
from polcheck.languages.registry import may_be_script
from polcheck.policy.plan import Find, Join, Listing, Plan, Probe, Values
from polcheck.scan.encoding import AnswerCodec
from polcheck.scan.extractor import DeferredSearch, Extractor
from polcheck.scan.rows import VALUE, FileRows
from polcheck.selectors.results import SearchResult
from polcheck.selectors.text import TextSearch
from polcheck.sources.path_patterns import FilePatterns, folders_of

if TYPE_CHECKING:
    from polcheck.selectors.jmespath.expression import Expression
    from polcheck.selectors.syntax.nearest import Near

_NO_CAPTURES: tuple[Mapping[str, str], ...] = ({},)


class JoinContext(Struct, dict=True):
    """The listing and the extracted rows of one submission under one plan."""

    plan: Plan
    paths: Sequence[str]
    rows: Mapping[str, FileRows]
    unreadable: Mapping[str, str]
    extractor: Extractor
    unread: frozenset[str] = frozenset()  # folders, or what may be one, below which nobody has looked
    constants: dict[int, Relation] = field(default_factory=dict)  # of written rows, by the number of their join
    _matches: dict[tuple[str, ...], list[tuple[str, Mapping[str, str]]]] = field(default_factory=dict)
    _captures: dict[tuple[str, ...], dict[str, list[Mapping[str, str]]]] = field(default_factory=dict)
    _documents: dict[tuple[tuple[str, ...], str | tuple[str, ...]], frozenset[str]] = field(default_factory=dict)
    _inside: dict[tuple[int, bool, str, str], SearchResult] = field(default_factory=dict)

    @cached_property
    def _folders(self) -> list[str]:
        return folders_of((*self.paths, *self.unread))

    def matches(self, files: FilePatterns) -> list[tuple[str, Mapping[str, str]]]:
        """Return the paths that the patterns let in, with their captures."""
        if files.texts not in self._matches:
            listing: Iterable[str] = (*self.paths, *self._folders) if files.folders else self.paths
            self._matches[files.texts] = files.among(listing)
        return self._matches[files.texts]

    def listing(self, source: Listing) -> Relation:
        """Return the paths as rows."""
        rows: list[Row] = []
        for path, captures in self.matches(source.files):
            place = SourceRef(path)
            names = {name: BoundValue(value, path) for name, value in captures.items()}
            if source.path_name:
                names[source.path_name] = BoundValue(path, path)
            rows.append(Row(names, (place,), place))
        return Relation(lambda: rows, self._unseen(source.files))

    def _unseen(self, files: FilePatterns | None) -> list[UnsearchedFile]:
        """Return the folders below which there may be files that the patterns let in, and nobody has looked."""
        return [
            UnsearchedFile(path, {}, self.unreadable[path])
            for path in sorted(self.unread)
            if files is None or files.may_reach(path)
        ]

    def values(self, source: Values, join: Join) -> Relation:
        """Return the written rows; those of the same submission's plan are made once for all submissions."""
        known = self.constants.get(join.number)
        if known is None:
            known = self.constants[join.number] = self._written(source, join)
        return known

    def _written(self, source: Values, join: Join) -> Relation:
        rows: list[Row] = []
        for value in source.rows:
            if isinstance(value, dict):
                renames = join.modifiers.renames
                rows.append(Row({renames.get(key, key): BoundValue(entry) for key, entry in value.items()}))
            elif join.modifiers.value_as:
                rows.append(Row({join.modifiers.value_as: BoundValue(value)}))
            else:
                rows.append(Row(shown={VALUE: BoundValue(value)}))
        return Relation(lambda: rows)

    def find(self, source: Find, join: Join) -> Relation:
        """Return the matches of a probe in its documents as rows."""
        ways = self._ways(source)
        examined = self._examined(source)
        unsearched = self._unseen(source.files) + self._of_no_language(source, examined)
        for path in examined & self.unreadable.keys():
            unsearched += [
                UnsearchedFile(path, captures, self.unreadable[path]) for captures in ways.get(path, _NO_CAPTURES)
            ]
        results = {path: result for path, result in self._results.get(source.probe, ()) if path in examined}
        for path, result in results.items():
            if result.incomplete:
                unsearched += [
                    UnsearchedFile(path, captures, result.incomplete) for captures in ways.get(path, _NO_CAPTURES)
                ]

        return Relation(
            # NOTE: a path capture may rule a match out, or double it
            lambda: _by_ways(results, ways, source.probe, join) if ways else Matches(results, source.probe, join),
            sorted(unsearched, key=lambda entry: entry.path),
            examined,
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

    def _examined(self, source: Find) -> frozenset[str]:
        """Return the documents that a source looks in."""
        probe = self.plan.probes[source.probe]
        kind = "text" if isinstance(probe.what, TextSearch) else "data" if probe.kind == "data" else probe.languages
        key = (source.files.texts if source.files else (), "" if probe.forced else kind)
        if key not in self._documents:
            paths = (path for path, _ in self.matches(source.files)) if source.files else self.paths
            self._documents[key] = frozenset(path for path in paths if path[-1:] != "/" and self._reads(probe, path))
        return self._documents[key]

    def _reads(self, probe: Probe, path: str) -> bool:
        """Return whether a probe looks in a file, of which the first line may have told the language."""
        if not probe.reads(path) or not self._is_by_first_line(probe, path):
            return probe.reads(path)
        rows = self.rows.get(path)
        return path in self.unreadable or (rows is not None and (bool(rows.unread) or rows.script in probe.languages))

    def _is_by_first_line(self, probe: Probe, path: str) -> bool:
        return bool(probe.syntaxes) and not probe.forced and may_be_script(path)

    def _of_no_language(self, source: Find, examined: frozenset[str]) -> list[UnsearchedFile]:
        """Return the files that a source names in full and doesn't look in because nothing tells their language."""
        probe = self.plan.probes[source.probe]
        if source.files is None or not probe.syntaxes or probe.forced:
            return []
        return [
            UnsearchedFile(path, {}, "neither its name nor its first line shows its language: set `language:`")
            for path in source.files.plain
            if path not in examined and path in self._paths and self._is_by_first_line(probe, path)
        ]

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(self.paths)

    @cached_property
    def _results(self) -> dict[int, list[tuple[str, SearchResult]]]:
        """By probe, the files in which it by_probe something or could not search to the end, in order of path."""
        by_probe: dict[int, list[tuple[str, SearchResult]]] = {}
        for path in self.paths:
            rows = self.rows.get(path)
            if rows is not None:
                for probe, result in rows.results.items():
                    if result.matches or result.incomplete:
                        by_probe.setdefault(probe, []).append((path, result))
        return by_probe

    def inside(self, probe: int, bound: BoundValue, given: GivenNames = NOT_GIVEN) -> SearchResult:
        """Return the matches of a probe inside a bound value; the same value is searched once."""
        text = isinstance(bound.value, str)  # NOTE: a list and the text that writes it down are two values
        key = (probe, text, bound.text, given.key)
        if key not in self._inside:
            self._inside[key] = self._within(bound.value, probe, bound.text, given)
        return self._inside[key]

    def _within(self, value: Json, probe: int, text: str, given: GivenNames) -> SearchResult:
        if not self.asked.is_risky(text, probe):
            return self.extractor.within(value, probe, given.values)
        try:
            result = self.aside.ask((value, probe, given.values))
        except Overrun as error:
            return SearchResult((), str(error))
        assert isinstance(result, SearchResult)
        return result

    def nearest(self, source: Source, probe: int) -> Near | None:
        """Return the nearest miss of a `code` or `pattern` in a file; None as well where looking for it goes on too
        long.
        """
        if not self.asked.is_risky(source.data, probe):
            return self.extractor.nearest(source, probe)
        try:
            answer = self.aside.ask((source, probe, {}))
        except Overrun:
            return None
        return None if isinstance(answer, SearchResult) else answer

    @cached_property
    def asked(self) -> DeferredSearch:
        """The searches that are still to come."""
        return DeferredSearch(self.extractor)

    @cached_property
    def aside(self) -> Worker[tuple[Json | Source, int, Mapping[str, Json]], SearchResult | Near | None]:
        """Where those of them are done that could go on forever."""
        return Worker(self.asked, AnswerCodec(), doing="the search")

    def unknown(self, path: str, expression: Expression) -> str:
        """Why the facts that an expression wants of the file at `path` aren't known; empty when they are."""
        rows = self.rows.get(path)
        if not path or path.endswith("/") or (rows is not None and rows.facts is not None):
            return ""
        from polcheck.policy.name_usage import TOLD_BY_PATH, members

        if members(expression.text, "file") <= TOLD_BY_PATH:
            return ""
        return (rows.unread if rows else "") or self.unreadable.get(path) or "nothing is known of the file"

    def line(self, place: SourceRef) -> tuple[int, int]:
        """Return the first and last line of a place; zeros where it isn't known."""
        starts = self.rows[place.path].line_starts if place.path in self.rows else ()
        if place.span is None or not starts:
            return 0, 0
        from bisect import bisect_right

        return bisect_right(starts, place.span.start), bisect_right(starts, max(place.span.end - 1, place.span.start))

    def column(self, place: SourceRef) -> int:
        """Return the column at which a place begins; zero where it isn't known."""
        line, _ = self.line(place)
        return place.span.start - self.rows[place.path].line_starts[line - 1] + 1 if line and place.span else 0


def _by_ways(
    results: Mapping[str, SearchResult], ways: Mapping[str, Sequence[Mapping[str, str]]], probe: int, join: Join
) -> list[Row]:
    """Return the matches of a probe as rows that bind what path patterns captured."""
    rows: list[Row] = []
    for path, result in results.items():
        for captures in ways.get(path, _NO_CAPTURES):
            base = {name: BoundValue(value, path) for name, value in captures.items()}
            extended = (row_of(match, path, probe, number, base, join) for number, match in enumerate(result.matches))
            rows += [row for row in extended if row is not None]
    return rows
