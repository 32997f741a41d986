"""The context of evaluation: the listing and the scanned rows; sources of rows are made from them, once each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.cached import cached_property
from polcheck.base.sandbox import is_sandboxed
from polcheck.base.spans import Source, Span
from polcheck.base.worker import Overrun, Worker
from polcheck.evaluate.relations import (
    DynamicPlace,
    Matches,
    Relation,
    SpanIndices,
    UnsearchedFile,
    name_of,
    nulls,
    row_of,
)
from polcheck.evaluate.rows import NOT_GIVEN, BoundValue, GivenNames, Row, SourceRef
from polcheck.formats.values import Json
from polcheck.languages.registry import may_be_script
from polcheck.policy.plan import PREVIOUS, Find, Join, Listing, Modifiers, Plan, Probe, SearchInValue, Values
from polcheck.scan.encoding import AnswerCodec
from polcheck.scan.extractor import DeferredSearch, Extractor
from polcheck.scan.rows import VALUE, FileRows
from polcheck.selectors.constant_table import LANGUAGE, TABLE
from polcheck.selectors.results import Bound, Match, SearchResult
from polcheck.selectors.text import TextSearch
from polcheck.sources.changes import Changes, changes_between
from polcheck.sources.path_patterns import FilePatterns, PathListing, folders_of
from polcheck.sources.submission import Submission
from polcheck.sources.trees import BASE, base_path, is_base, path_in, plain_path

if TYPE_CHECKING:
    from polcheck.evaluate.demands import Demands
    from polcheck.languages.constant_lookup import Constants
    from polcheck.languages.constants import Dynamic, Value
    from polcheck.selectors.jmespath.expression import Expression
    from polcheck.selectors.syntax.nearest import Near

_NO_CAPTURES: tuple[Mapping[str, str], ...] = ({},)
_ALL = Modifiers()
_Area = tuple[tuple[str, ...], str, tuple[str, ...]]  # path patterns, the tree, and how its files have changed
_MOST_INSIDE = 20_000  # searches in values that are known
_Captured = tuple[str, Mapping[str, str]]  # a path, with what the patterns captured of it


class BaseTree(Struct, frozen=True):
    """The other tree: its files, the folders in it whose content isn't known, and what has changed since.

    All paths but those in `changes` are those of `base_path`.
    """

    paths: Sequence[str]
    unread: frozenset[str] = frozenset()
    submodules: frozenset[str] = frozenset()
    changes: Changes = Changes()

    @classmethod
    def of(cls, submission: Submission, demands: Demands) -> BaseTree | None:
        """Return what evaluation needs of a submission's base; None where it has none."""
        base = submission.base
        if base is None:
            return None
        asked = demands.changed
        changes = changes_between(base, submission, demands.asks_whether_changed) if asked else Changes()
        return cls(base.paths, frozenset(map(base_path, base.files.folders)), base.submodules, changes)


class Placer(Protocol):
    """Works out where matches stand that are known by where they were found only, as in a value."""

    def span(self, place: SourceRef, exact: bool = False) -> Span | None:
        """Return the place of a match in its file; with `exact` None where only that of its value is known."""


class Selections(NamedTuple):
    """What path patterns select in one listing: paths with their captures, by area, and documents by what reads them.

    INVARIANT: it follows from the listing alone, without a base and files whose first line tells the language; so
    submissions with equal listings share it.
    """

    matches: dict[_Area, list[_Captured]]
    captures: dict[_Area, dict[str, list[Mapping[str, str]]]]
    documents: dict[tuple[_Area, str | tuple[str, ...]], frozenset[str]]


class SearchedArea(NamedTuple):
    """What the search for a probe gave in the files of one area.

    By path the captures of each way in which patterns let it in, empty when they bind nothing; the documents that were
    examined; what could not be examined; and the results of files with a match, or not searched to the end.
    """

    ways: Mapping[str, Sequence[Mapping[str, str]]]
    examined: frozenset[str]
    unsearched: Sequence[UnsearchedFile]
    results: Mapping[str, SearchResult]


class JoinContext(Struct, dict=True):
    """The listing and the extracted rows of one submission under one plan, and of its base where it has one."""

    plan: Plan
    path_listing: PathListing
    rows: Mapping[str, FileRows]
    unreadable: Mapping[str, str]
    extractor: Extractor
    unread: frozenset[str] = frozenset()  # folders, or what may be one, whose content isn't known
    constants: dict[int, Relation] = field(default_factory=dict)  # of written rows, by the number of their join
    base: BaseTree | None = None
    placer: Placer | None = None
    folder: str = ""  # that all paths are seen from; empty for the root of the submission
    _constants: dict[str, Constants] = field(default_factory=dict)  # by tree
    _matches: dict[_Area, list[_Captured]] = field(default_factory=dict)
    _captures: dict[_Area, dict[str, list[Mapping[str, str]]]] = field(default_factory=dict)
    _documents: dict[tuple[_Area, str | tuple[str, ...]], frozenset[str]] = field(default_factory=dict)
    _inside: dict[tuple[int, bool, str, str], SearchResult] = field(default_factory=dict)
    _spans: SpanIndices = field(default_factory=dict)
    _near: dict[tuple[int, str], Near | None] = field(default_factory=dict)  # by probe and path
    _areas: dict[tuple[int, _Area], SearchedArea] = field(default_factory=dict)  # by probe
    _relations: dict[tuple[int, Hashable], Relation] = field(default_factory=dict)  # by probe, and what names its rows

    @property
    def paths(self) -> Sequence[str]:
        """Return the paths of the submission's files."""
        return self.path_listing.paths

    def selecting(self, selections: Selections) -> JoinContext:
        """Return the context with what patterns are known to select, which takes what they are found to select."""
        return replace(
            self, _matches=selections.matches, _captures=selections.captures, _documents=selections.documents
        )

    @cached_property
    def _folders(self) -> list[str]:
        return folders_of((*self.paths, *self.unread))

    def revised(
        self, rows: Mapping[str, FileRows], before: Mapping[str, FileRows], placer: Placer | None
    ) -> JoinContext:
        """Return the context of the same files after some have changed: `before` are their rows until then.

        INVARIANT: the paths, and what can't be read, are the same, and there is no base; what follows from them alone
        is shared.
        """
        inside = self._inside if len(self._inside) < _MOST_INSIDE else {}
        spans = {key: index for key, index in self._spans.items() if key[1] not in before}
        near = {key: miss for key, miss in self._near.items() if key[1] not in before}
        result = replace(
            self, rows=rows, placer=placer, _inside=inside, _spans=spans, _near=near, _areas={}, _relations={}
        )
        result.__dict__.update(
            (name, value) for name, value in self.__dict__.items() if name in ("_folders", "_paths", "asked", "aside")
        )
        result.__dict__["_results"] = results = dict(self._results)
        own: set[int] = set()  # probes whose list is no longer that of the earlier context
        for path, old in before.items():
            new = rows[path]
            if (old.script, bool(old.unread)) != (new.script, bool(new.unread)):
                result._documents = {}  # NOTE: what a file's first line says of its language
            if old.unread != new.unread or any(
                self.plan.probes[probe].kind == "constants" for probe in {*old.results, *new.results}
            ):
                result._constants = {}
            for probe in {*old.results, *new.results}:
                if probe not in own:
                    own.add(probe)
                    results[probe] = list(results.get(probe, ()))
                entries = results[probe]
                at = bisect_left(entries, path, key=itemgetter(0))
                found = new.results.get(probe)
                entries[at : at + (at < len(entries) and entries[at][0] == path)] = (
                    [(path, found)] if found is not None and (found.matches or found.incomplete) else []
                )
        return result

    def matches(self, files: FilePatterns, modifiers: Modifiers = _ALL) -> list[_Captured]:
        """Return the paths that the patterns let in, in the tree and after the changes that the modifiers want."""
        area = _area(files, modifiers)
        if area not in self._matches:
            listed = self._listed(files, modifiers.revision)
            self._matches[area] = self._changed(files, modifiers, listed) if modifiers.changed else listed
        return self._matches[area]

    def _listed(self, files: FilePatterns, revision: str) -> list[_Captured]:
        """Return the paths in a tree that the patterns let in."""
        if revision != BASE:
            return files.among((*self.paths, *self._folders)) if files.folders else self.path_listing.among(files)
        paths = [plain_path(path) for path in self.tree(BASE)]
        if files.folders:
            paths += folders_of((*paths, *map(plain_path, self._unread(BASE))))
        return [(base_path(path), captures) for path, captures in files.among(paths)]

    def _changed(self, files: FilePatterns, modifiers: Modifiers, listed: Iterable[_Captured]) -> list[_Captured]:
        """Return those of the paths whose files have changed as the modifiers say; deleted ones are of the base."""
        if self.base is None:
            return []
        changes = self.base.changes
        kinds: Mapping[str, str] = changes.kinds
        sources = {source: path for path, source in changes.previous.items()}
        if modifiers.revision == BASE:
            kinds = {**kinds, **dict.fromkeys(sources, "renamed")}
        elif "deleted" in modifiers.changed:
            gone = {path for path, kind in kinds.items() if kind == "deleted"}
            listed = [*listed, *((base_path(path), captures) for path, captures in files.among(sorted(gone)))]
        changed: list[_Captured] = []
        for path, captures in listed:
            plain = plain_path(path)
            kind = kinds.get(plain, "")
            if kind in modifiers.changed:
                previous = changes.previous.get(plain, plain)
                changed.append((path, {**captures, PREVIOUS: previous} if kind == "renamed" else captures))
        return changed

    def tree(self, revision: str) -> Sequence[str]:
        """Return the paths of the files in a tree."""
        return self.paths if revision != BASE else self.base.paths if self.base else ()

    def _unread(self, revision: str) -> frozenset[str]:
        """Return the folders of a tree whose content isn't known."""
        return self.unread if revision != BASE else self.base.unread if self.base else frozenset()

    def listing(self, source: Listing, modifiers: Modifiers = _ALL) -> Relation:
        """Return the paths as rows."""
        rows: list[Row] = []
        for path, captures in self.matches(source.files, modifiers):
            place = SourceRef(path)
            names = {name: BoundValue(value, path) for name, value in captures.items()}
            if source.path_name:
                names[source.path_name] = BoundValue(plain_path(path), path)
            rows.append(Row(names, (place,), place))
        return Relation(lambda: rows, self._unseen(source.files, modifiers))

    def _unseen(self, files: FilePatterns | None, modifiers: Modifiers) -> list[UnsearchedFile]:
        """Return the folders of unknown content in which there may be files that the patterns let in.

        Where changes are asked for, also the files of which nobody can say whether they have changed; what is in a
        submodule has its changes elsewhere.
        """
        if self.base is None and not self.unread:
            return []
        if not modifiers.changed or self.base is None:
            unread, unknown = self._unread(modifiers.revision), dict[str, str]()
        else:
            unread = frozenset(path for path in self.unread if path not in self.base.submodules)
            unknown = {path_in(path, modifiers.revision): why for path, why in self.base.changes.unknown.items()}
        if not unread and not unknown:
            return []
        reached = [path for path in sorted(unread) if files is None or files.may_reach(plain_path(path))]
        open_files = files.among(map(plain_path, unknown)) if files else [(plain_path(path), {}) for path in unknown]
        return [
            *(UnsearchedFile(path, {}, self.unreadable[path]) for path in reached),
            *(
                UnsearchedFile(path, captures, f"whether it has changed is not known: {unknown[path]}")
                for plain, captures in open_files
                for path in (path_in(plain, modifiers.revision),)
            ),
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
                names = {renames.get(key, key): BoundValue(entry) for key, entry in value.items()}
                rows.append(Row(names | nulls(join, names)))
            elif join.modifiers.value_as:
                rows.append(Row({join.modifiers.value_as: BoundValue(value)}))
            else:
                rows.append(Row(shown={VALUE: BoundValue(value)}))
        return Relation(rows.copy)  # NOTE: a checker, which keeps this, goes to other processes as a pickle

    def find(self, source: Find, join: Join) -> Relation:
        """Return the matches of a probe in its documents as rows, the same relation for joins with the same rows."""
        key = (source.probe, join.rows_key)
        relation = self._relations.get(key)
        if relation is None:
            relation = self._relations[key] = self._related(source, join)
        return relation

    def _related(self, source: Find, join: Join) -> Relation:
        ways, examined, unseen, results = self.searched(source, join)
        if not results and not unseen:
            return Relation(tuple, [], examined)
        unsearched = list(unseen)
        dynamic: list[DynamicPlace] = []
        if self.plan.probes[source.probe].constants:
            results = dict(results)
            for path, result in results.items():
                results[path], places = self.constant_matches(result, path, source.probe, join)
                dynamic += [place for place, _ in places]
                if join.modifiers.dynamic == "undecided":
                    unsearched += [
                        UnsearchedFile(path, {**captures, **names}, self.why_dynamic(place))
                        for place, names in places
                        for captures in ways.get(path, _NO_CAPTURES)
                    ]
        for path, result in results.items():
            if result.incomplete:
                unsearched += [
                    UnsearchedFile(path, captures, result.incomplete) for captures in ways.get(path, _NO_CAPTURES)
                ]

        is_data = self.plan.probes[source.probe].kind == "data"
        indices = self._spans  # INVARIANT: what the context keeps doesn't hold it, or only the collector frees the two

        def make() -> Sequence[Row]:
            if not results:
                return ()
            # NOTE: a path capture may rule a match out, or double it
            if ways:
                return _by_ways(results, ways, source.probe, join, is_data=is_data)
            return Matches(results, source.probe, join, indices, is_data=is_data)

        return Relation(
            make,
            sorted(unsearched, key=lambda entry: entry.path),
            examined,
            () if join.modifiers.dynamic == "ignored" else dynamic,
        )

    def searched(self, source: Find, join: Join) -> SearchedArea:
        """Return what the search for a probe gave in the documents of a join, which is worked out once."""
        key = (source.probe, join.area)
        area = self._areas.get(key)
        if area is None:
            ways = self._ways(source, join.modifiers)
            examined = self.examined(source, join.modifiers)
            unsearched = self._unseen(source.files, join.modifiers)
            unsearched += self._of_no_language(source, examined, join.modifiers.revision)
            for path in examined & self.unreadable.keys() if self.unreadable else ():
                unsearched += [
                    UnsearchedFile(path, captures, self.unreadable[path]) for captures in ways.get(path, _NO_CAPTURES)
                ]
            results = {path: result for path, result in self._results.get(source.probe, ()) if path in examined}
            area = self._areas[key] = SearchedArea(ways, examined, unsearched, results)
        return area

    def count(self, source: Find, join: Join) -> int:
        """Return the number of matches of a probe in its documents, once for each way in which its patterns match."""
        ways, _, _, results = self.searched(source, join)
        if not ways:
            return sum(len(result.matches) for result in results.values())
        return sum(len(result.matches) * len(ways.get(path, _NO_CAPTURES)) for path, result in results.items())

    def constant_matches(
        self, result: SearchResult, path: str, probe: int, join: Join | SearchInValue
    ) -> tuple[SearchResult, list[tuple[DynamicPlace, Mapping[str, str | None]]]]:
        """Return the matches in which all captures that have to be constants are, bound to their values.

        With them the places of the others, each with what the match binds there for sure, as a join compares it.
        """
        constants = self.plan.probes[probe].constants
        if not constants:
            return result, []
        from polcheck.languages.constants import Dynamic

        matches: list[Match] = []
        dynamic: list[tuple[DynamicPlace, Mapping[str, str | None]]] = []
        for match in result.matches:
            bindings: list[tuple[str, Bound]] = []
            reasons: list[tuple[str, str, Span | None]] = []
            for key, bound in match.bindings:
                cell = self._constant(bound.value, path) if key in constants else None
                if isinstance(cell, Dynamic):
                    reasons.append((name_of(key, join) or key, cell.reason, bound.span))
                else:
                    bindings.append((key, bound if cell is None else Bound(cell.value, bound.span)))
            if reasons:
                known = {name: BoundValue(bound.value).key for key, bound in bindings if (name := name_of(key, join))}
                dynamic += [
                    (DynamicPlace(SourceRef(path, span), name, reason), known) for name, reason, span in reasons
                ]
            else:
                matches.append(match._replace(bindings=tuple(bindings)))
        return replace(result, matches=tuple(matches)), dynamic

    def why_dynamic(self, dynamic: DynamicPlace) -> str:
        """Return why a place gave no row, for the reasons of an outcome."""
        line, _ = self.line(dynamic.place)
        where = f" at line {line}" if line else ""
        return f"`{dynamic.name}` is no constant{where}: {dynamic.reason}"

    def _constant(self, cell: Json, path: str) -> Value | Dynamic:
        """Return the constant that a captured expression in the file at `path` stands for, or why it is none."""
        revision = BASE if is_base(path) else ""
        if revision not in self._constants:
            self._constants[revision] = self._constants_of(revision)
        return self._constants[revision].resolved(cell, plain_path(path))

    def _constants_of(self, revision: str) -> Constants:
        """Return what the files of a tree define."""
        from polcheck.languages.constant_lookup import Constants

        tables: dict[str, Json] = {}
        languages: dict[str, str] = {}
        paths = self.tree(revision)
        unsearched = {path: self.unreadable[path] for path in paths if path in self.unreadable}
        unsearched |= {path: self.rows[path].unread for path in paths if path in self.rows and self.rows[path].unread}
        for number, probe in enumerate(self.plan.probes):
            for path, result in self._results.get(number, ()) if probe.kind == "constants" else ():
                if is_base(path) != (revision == BASE):
                    continue
                for match in result.matches:
                    values = {key: bound.value for key, bound in match.bindings}
                    tables[plain_path(path)], languages[plain_path(path)] = values[TABLE], str(values[LANGUAGE])
                if result.incomplete:
                    unsearched[path] = result.incomplete
        plain = {plain_path(path): why for path, why in unsearched.items()}
        return Constants.of([plain_path(path) for path in paths], tables, languages, plain)

    def _ways(self, source: Find, modifiers: Modifiers) -> Mapping[str, Sequence[Mapping[str, str]]]:
        """Return by path the captures of each way in which the source's patterns let it in.

        Empty when they bind nothing.
        """
        if source.files is None or not (source.files.names or modifiers.from_changes):
            return {}
        key = _area(source.files, modifiers)
        if key not in self._captures:
            by_path: dict[str, list[Mapping[str, str]]] = {}
            for path, captures in self.matches(source.files, modifiers):
                by_path.setdefault(path, []).append(captures)
            self._captures[key] = by_path
        return self._captures[key]

    def examined(self, source: Find, modifiers: Modifiers) -> frozenset[str]:
        """Return the documents that a source looks in."""
        probe = self.plan.probes[source.probe]
        kind = "text" if isinstance(probe.what, TextSearch) else "data" if probe.kind == "data" else probe.languages
        key = (_area(source.files, modifiers), "" if probe.forced else kind)
        if key not in self._documents:
            matches = self.matches(source.files, modifiers) if source.files else ()
            paths = (path for path, _ in matches) if source.files else self.tree(modifiers.revision)
            self._documents[key] = frozenset(path for path in paths if path[-1:] != "/" and self._reads(probe, path))
        return self._documents[key]

    def _reads(self, probe: Probe, path: str) -> bool:
        """Return whether a probe looks in a file, of which the first line may have told the language."""
        if not probe.reads(path):
            return False
        if not self._is_by_first_line(probe, path):
            return True
        rows = self.rows.get(path)
        return path in self.unreadable or (rows is not None and (bool(rows.unread) or rows.script in probe.languages))

    def _is_by_first_line(self, probe: Probe, path: str) -> bool:
        return bool(probe.syntaxes) and not probe.forced and may_be_script(path)

    def _of_no_language(self, source: Find, examined: frozenset[str], revision: str) -> list[UnsearchedFile]:
        """Return the files that a source names in full and doesn't look in because nothing tells their language."""
        if source.files is None or not source.files.plain:
            return []
        probe = self.plan.probes[source.probe]
        if not probe.syntaxes or probe.forced:
            return []
        return [
            UnsearchedFile(path, {}, "neither its name nor its first line shows its language: set `language:`")
            for path in (path_in(plain, revision) for plain in source.files.plain)
            if path not in examined and path in self._paths and self._is_by_first_line(probe, path)
        ]

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset((*self.paths, *self.tree(BASE)))

    @cached_property
    def _results(self) -> dict[int, list[tuple[str, SearchResult]]]:
        """The files in which a probe matched, or couldn't search to the end, in order of path; by probe."""
        by_probe: dict[int, list[tuple[str, SearchResult]]] = {}
        for path in (*self.paths, *self.tree(BASE)):
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
            result = self.aside.ask((value, probe, dict(given.values)))
        except Overrun as error:
            return SearchResult((), str(error))
        assert isinstance(result, SearchResult)
        return result

    def nearest(self, source: Source, probe: int) -> Near | None:
        """Return the nearest miss of a `code` or `pattern` in a file; None as well where looking for it goes on too
        long.
        """
        key = (probe, source.path)
        if key not in self._near:
            if self.asked.is_risky(source.data, probe):
                self._near[key] = None
                self._ask_nearest([(source, probe)])
            else:
                self._near[key] = self.extractor.nearest(source, probe)
        return self._near[key]

    def seek_nearest(self, wanted: Iterable[tuple[Source, int]]) -> None:
        """Ask a sandboxed worker at once for the nearest misses of some probes in files that it has to look for.

        NOTE: a way there and back takes longer than most answers. What can't be answered is left to `nearest`.
        """
        if is_sandboxed():
            return
        distinct = {(probe, source.path): (source, probe) for source, probe in wanted}
        asked = [
            (source, probe)
            for key, (source, probe) in distinct.items()
            if key not in self._near and self.asked.is_risky(source.data, probe)
        ]
        if len(asked) > 1:
            self._ask_nearest(asked)

    def _ask_nearest(self, asked: Sequence[tuple[Source, int]]) -> None:
        try:
            answers = self.aside.ask_all([(source, probe, {}) for source, probe in asked])
        except Overrun:
            return
        for (source, probe), answer in zip(asked, answers, strict=True):
            self._near[probe, source.path] = None if isinstance(answer, SearchResult) else answer

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

    def locate(self, place: SourceRef) -> Span | None:
        """Return the exact place of a match in its file; None where it isn't known."""
        if place.inner is None and place.span is not None:
            return place.span
        return self.placer.span(place, exact=True) if self.placer is not None else None

    def span(self, place: SourceRef) -> Span | None:
        """Return the place of a match in its file as findings show it."""
        # NOTE: that of a match in configuration is known only where evaluation asks for it
        is_known = place.inner is None and (place.span is not None or place.ref is None)
        if is_known or self.placer is None:
            return place.span
        return self.placer.span(place)

    def line(self, place: SourceRef) -> tuple[int, int]:
        """Return the first and last line of a place; zeros where it isn't known."""
        starts = self.rows[place.path].line_starts if place.path in self.rows else ()
        span = self.span(place) if starts else None
        if span is None:
            return 0, 0
        from bisect import bisect_right

        return bisect_right(starts, span.start), bisect_right(starts, max(span.end - 1, span.start))

    def column(self, place: SourceRef) -> int:
        """Return the column at which a place begins; zero where it isn't known."""
        line, _ = self.line(place)
        span = self.span(place)
        return span.start - self.rows[place.path].line_starts[line - 1] + 1 if line and span else 0


def _area(files: FilePatterns | None, modifiers: Modifiers) -> _Area:
    """Return what is equal for two selectors that look in the same files."""
    return (files.texts if files else (), modifiers.revision, modifiers.changed)


def _by_ways(
    results: Mapping[str, SearchResult],
    ways: Mapping[str, Sequence[Mapping[str, str]]],
    probe: int,
    join: Join,
    *,
    is_data: bool,
) -> list[Row]:
    """Return the matches of a probe as rows that bind what path patterns captured."""
    rows: list[Row] = []
    for path, result in results.items():
        for captures in ways.get(path, _NO_CAPTURES):
            base = {name: BoundValue(value, path) for name, value in captures.items()}
            extended = (
                row_of(match, path, probe, number, base, join, result.cores, is_data=is_data)
                for number, match in enumerate(result.matches)
            )
            rows += [row for row in extended if row is not None]
    return rows
