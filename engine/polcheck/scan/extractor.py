"""The search of files for the probes of a plan."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field

from polcheck.base.cached import cached_property
from polcheck.base.errors import internal_error
from polcheck.base.limits import DEFAULT_RUN_LIMITS
from polcheck.base.spans import Source, Unreadable
from polcheck.base.timings import PARSING
from polcheck.formats import format_of, formats, parse_config
from polcheck.formats.values import Config, Json, Unparsable
from polcheck.languages import grammars as syntax
from polcheck.languages.comments import mentions_waivers
from polcheck.languages.registry import (
    UnknownLanguage,
    language,
    language_of_file,
    language_of_script,
    may_be_script,
)
from polcheck.policy.plan import Probe
from polcheck.scan.documents import (
    PARSE_IN_PROCESS_BYTES,
    SEARCH_IN_PROCESS_BYTES,
    Documents,
    TooRisky,
    may_match_often,
    search_text,
)
from polcheck.scan.facts import facts_of
from polcheck.scan.prefilter import Prefilter
from polcheck.scan.rows import (
    FileRows,
    PlacedRemark,
    bindings_of,
    line_starts_of,
    placed_match,
    searched_text,
    with_match_text,
)
from polcheck.selectors.constant_table import ConstantTable, with_cells
from polcheck.selectors.jmespath.expression import Expression, Rows
from polcheck.selectors.jmespath.tracing import TracedValue
from polcheck.selectors.jmespath.values import NO_NAMES, EvaluationError
from polcheck.selectors.results import Match, SearchResult
from polcheck.selectors.syntax.cores import with_cores
from polcheck.selectors.syntax.query_set import LIMITS, QuerySet
from polcheck.selectors.syntax.selector import Syntax
from polcheck.selectors.text import TextSearch, encodable

if TYPE_CHECKING:
    from polcheck.selectors.syntax.nearest import Near

_RECENT_TREES = 8
_MOST_GROUPINGS = 1_000


class _Groups(NamedTuple):
    """How some probes are searched for in files of one language: not at all, each alone, or at once by language."""

    unsearched: Mapping[int, SearchResult]
    alone: Sequence[int]
    by_language: Sequence[tuple[str, list[int]]]


class Extractor(Struct, frozen=True, dict=True):
    """Searches files for the probes of a plan; compiled queries are reused.

    `gates` maps a probe to the probes of which one must match in a file before this one matters there (None: always).
    `matches` is the limit on the matches of one probe in one file.
    """

    probes: Sequence[Probe]
    gates: Mapping[int, frozenset[int] | None] = field(default_factory=dict)
    skips: bool = True  # whether probes that can't match are skipped: only time depends on it
    timed: bool = False  # whether each probe is searched for alone and timed
    matches: int = DEFAULT_RUN_LIMITS.matches

    @cached_property
    def _query_sets(self) -> dict[str, tuple[QuerySet, dict[int, int]]]:
        """For each language, the merged query and the position of each probe in it."""
        groups: dict[str, dict[int, Syntax]] = {}
        for index, probe in enumerate(self.probes):
            for one in probe.syntaxes:
                groups.setdefault(one.language, {})[index] = one
        return {
            language: (
                QuerySet(list(group.values()), LIMITS._replace(rows=self.matches)),
                {index: place for place, index in enumerate(group)},
            )
            for language, group in groups.items()
        }

    @cached_property
    def prefilter(self) -> Prefilter:
        """Rules out probes by a file's bytes."""
        return Prefilter(self.probes)

    def extract(
        self,
        source: Source,
        wanted: Sequence[int],
        facts: bool = False,
        lines: bool = False,
        known: Mapping[int, SearchResult] | None = None,
        careful: bool = False,
        remarks: Iterable[PlacedRemark] = (),
    ) -> FileRows:
        """Return the matches of the `wanted` probes in one file.

        A result that is not complete says why. `known` are results of other probes in the same file, and `remarks` are
        those of an earlier run; both are included. Raises TooRisky, if `careful`, where parsing the file may never end.
        """
        left = self.prefilter.possible(source, wanted) if self.skips else list(wanted)
        found: dict[int, SearchResult] = dict(known or {})
        documents = Documents(source, careful)
        gated = self._gated if self.skips else ()
        ahead: dict[int, SearchResult] = {}  # results of probes that have not turned out to matter yet
        while left:
            ready = [index for index in left if index not in gated or self._is_open(index, found)]
            if not ready:
                break
            if asked := [index for index in ready if index not in ahead]:
                ahead |= (
                    self._search_timed(documents, asked)
                    if self.timed
                    else self._search(documents, [*asked, *self._free_probes(asked, left)])
                )
            found |= {index: ahead[index] for index in ready}
            left = [index for index in left if index not in found]
        relevant = {index: result for index, result in found.items() if result.matches or result.incomplete}
        starts = line_starts_of(source) if lines else ()
        return FileRows(
            source.path,
            relevant,
            facts_of(source, careful) if facts else None,
            starts,
            documents.parsed,
            script=_script(source),
            marked=mentions_waivers(source.data),
            spent=documents.spent,
            remarks=documents.remarks(remarks),
        )

    def _search_timed(self, documents: Documents, indices: Iterable[int]) -> dict[int, SearchResult]:
        """Return the results of some probes in one file, each searched for alone and timed."""
        found: dict[int, SearchResult] = {}
        for index in indices:
            before = documents.parsed
            began = time.perf_counter()
            with suppress(Unreadable, UnknownLanguage):
                self._parse(documents, self.probes[index])
            parsed = time.perf_counter()
            found |= self._search(documents, [index])
            if documents.parsed > before:
                documents.spent[PARSING] = documents.spent.get(PARSING, 0.0) + parsed - began
            documents.spent[index] = time.perf_counter() - parsed
        return found

    def _parse(self, documents: Documents, probe: Probe) -> None:
        """Parse a file as a probe needs it. Raises Unreadable, UnknownLanguage or TooRisky."""
        if probe.syntaxes:
            if language := probe.language_in(documents.source):
                documents.tree(language)
        elif isinstance(probe.what, Expression):
            documents.config(probe.language or format_of(documents.source.path) or "")

    def _is_open(self, index: int, found: Mapping[int, SearchResult]) -> bool:
        """Return whether a probe matters in a file with these results: no gate, or a gate with a match."""
        gates = self.gates.get(index)
        return gates is None or any(gate in found and found[gate].matches for gate in gates)

    def _free_probes(self, asked: Sequence[int], left: Iterable[int]) -> list[int]:
        """Return the probes of `left` that are free beside those of `asked`: they match the same nodes, unfiltered."""
        others = sorted(self._unfiltered.difference(asked).intersection(left))
        if not others:
            return []
        shapes = {shape for index in asked for shape in self._shapes[index]}
        return [index for index in others if self._shapes[index] <= shapes]

    @cached_property
    def _gated(self) -> frozenset[int]:
        """The probes that matter in a file only if another one matches there."""
        return frozenset(index for index, gates in self.gates.items() if gates is not None)

    @cached_property
    def _unfiltered(self) -> frozenset[int]:
        """The probes that match every node of their shapes."""
        return frozenset(
            index
            for index, probe in enumerate(self.probes)
            if probe.syntaxes
            and not any(shape or found.predicates for one in probe.syntaxes for found, shape, _ in one.alternatives)
        )

    @cached_property
    def _shapes(self) -> list[frozenset[tuple[str, str]]]:
        """For each probe, the languages and shapes of its tree-sitter queries; empty for other kinds of probe."""
        return [
            frozenset((one.language, found.shape) for one in probe.syntaxes for found, _, _ in one.alternatives)
            for probe in self.probes
        ]

    def _search(self, documents: Documents, indices: Sequence[int]) -> dict[int, SearchResult]:
        """Return the results of some probes in one file."""
        source = documents.source
        groups = self._grouped(indices, language_of_file(source.path, source.data) or "")
        found = dict(groups.unsearched)
        for index in groups.alone:
            found |= _contained(lambda one: self._search_one(documents, one[0]), [index])
        for name, group in groups.by_language:
            found |= _contained(partial(self._search_tree, documents, name), group)
        return found

    def _grouped(self, indices: Sequence[int], own: str) -> _Groups:
        """Return what is searched for at once, and what alone, in files of a language; empty for those of none."""
        key: tuple[str | int, ...] = (own, *indices)
        groups = self._groupings.get(key)
        if groups is None:
            if len(self._groupings) >= _MOST_GROUPINGS:
                self._groupings.clear()
            groups = self._groupings[key] = self._divided(indices, own)
        return groups

    @cached_property
    def _groupings(self) -> dict[tuple[str | int, ...], _Groups]:
        """How some probes are searched for. NOTE: in most files it is the same ones."""
        return {}

    def _divided(self, indices: Sequence[int], own: str) -> _Groups:
        unsearched: dict[int, SearchResult] = {}
        alone: list[int] = []
        by_language: dict[str, list[int]] = {}
        for index in indices:
            probe = self.probes[index]
            if not probe.syntaxes:
                alone.append(index)
                continue
            language = probe.language_among(own)
            if not language:
                unsearched[index] = SearchResult()
            elif probe.in_language(language) is None:
                unsearched[index] = SearchResult((), dict(probe.unavailable)[language])
            else:
                by_language.setdefault(language, []).append(index)
        return _Groups(unsearched, alone, list(by_language.items()))

    def _search_one(self, documents: Documents, index: int) -> dict[int, SearchResult]:
        """Return the result of one probe that is no `code` or `pattern`."""
        probe = self.probes[index]
        if isinstance(probe.what, ConstantTable):
            return {index: self._search_constants(documents, probe, probe.what)}
        if isinstance(probe.what, TextSearch):
            return {
                index: with_match_text(search_text(documents.source, probe.what, self.matches), probe, documents.source)
            }
        return {index: self._search_config(documents, probe)}

    def _search_tree(self, documents: Documents, language: str, indices: list[int]) -> dict[int, SearchResult]:
        try:
            tree = documents.tree(language)
            size = len(documents.source.data)
            if documents.careful and any(
                may_match_often(self.probes[index].in_language(language), size) for index in indices
            ):
                raise TooRisky
        except (Unreadable, UnknownLanguage) as error:
            return dict.fromkeys(indices, SearchResult((), str(error)))
        query_set, places = self._query_sets[language]
        results = query_set.search(tree, [places[index] for index in indices])
        source = documents.source
        found: dict[int, SearchResult] = {}
        for index in indices:
            probe, result = self.probes[index], results[places[index]]
            if result.matches:
                result = with_match_text(result, probe, source)
                if probe.constants:
                    result = with_cells(result, probe.constants, tree, alone=not source.path)
                if probe.cores:
                    result = with_cores(result, tree)
            found[index] = result
        return found

    def _search_constants(self, documents: Documents, probe: Probe, table: ConstantTable) -> SearchResult:
        """Return what a file defines. Raises TooRisky as parsing does."""
        source = documents.source
        try:
            if table.is_manifest(source.path):
                return table.search_manifest(source)
            language = probe.language_in(source)
            return table.search(documents.tree(language)) if language else SearchResult()
        except (Unreadable, UnknownLanguage) as error:
            return SearchResult((), str(error))

    def _search_config(self, documents: Documents, probe: Probe) -> SearchResult:
        config = documents.config(probe.language or format_of(documents.source.path) or "")
        return config if isinstance(config, SearchResult) else self._search_values(config, probe)

    def _search_values(self, config: Config, probe: Probe) -> SearchResult:
        expression = probe.what
        assert isinstance(expression, Expression)
        if config.respelled is not None:
            config = config.respelled(expression.words)
        hits: list[Match] = []
        missing = ""
        for index, value in enumerate(config.values):
            left = self.matches + 1 - len(hits)
            if not left:
                break
            try:
                found = expression.trace(value) if probe.places else expression.search(value)
            except EvaluationError as error:
                found = Rows([], str(error))
            missing = missing or found.missing
            if probe.places:
                hits += [placed_match(config, index, row, expression) for row in found.rows[:left]]
            else:
                hits += [Match(None, bindings_of(row, expression)) for row in found.rows[:left]]
        if len(hits) > self.matches:
            return SearchResult(tuple(hits[: self.matches]), f"more than {self.matches:,} matches of `data`")
        return SearchResult(tuple(hits), f"`{expression.text}`: {missing}" if missing else "")

    def within(self, value: Json, index: int, names: Mapping[str, Json] = NO_NAMES) -> SearchResult:
        """Return the matches of a probe inside a bound value; spans are in characters of its text.

        `names` are the values of the `$name`s of an expression.
        """
        probe = self.probes[index]
        if isinstance(probe.what, Expression):
            return self._search_value(value, probe, probe.what, names)
        text = searched_text(value)
        if isinstance(probe.what, TextSearch):
            return with_match_text(probe.what.search(text, self.matches), probe, _source_of(text))
        around = language(probe.language).around
        before, after = around(text) if around is not None else ("", "")
        result = self._search_tree(Documents(_source_of(before + text + after)), probe.language, [index])[index]
        return result.shifted(-len(before), len(text)) if before else result

    def _search_value(
        self, value: Json, probe: Probe, expression: Expression, names: Mapping[str, Json]
    ) -> SearchResult:
        values: tuple[Json, ...] = (value,)
        if probe.language and isinstance(value, str):
            source = _source_of(value)
            try:
                config = parse_config(source, probe.language)
                values = (config.respelled(expression.words) if config.respelled is not None else config).values
            except (Unparsable, Unreadable) as error:
                return SearchResult((), f"not {formats()[probe.language].title}: {error}")
        hits: list[Match] = []
        missing = ""
        for item in values:
            try:
                found = expression.search(item, names)
            except EvaluationError as error:
                found = Rows([], str(error))
            missing = missing or found.missing
            hits += [Match(None, bindings_of(row, expression)) for row in found.rows]
        return SearchResult(tuple(hits), f"`{expression.text}`: {missing}" if missing else "")

    def trace(
        self, config: Config, index: int, names: Mapping[str, Json] = NO_NAMES
    ) -> tuple[Config, list[tuple[int, TracedValue]]]:
        """Return the rows of a `data` probe in a parsed file with their origins, in the order of its matches.

        Each has the number of its document. The configuration beside them is the one that the origins point into: keys
        are spelled as in the expression. What can't be evaluated has no rows here either.
        """
        expression = self.probes[index].what
        assert isinstance(expression, Expression)
        if config.respelled is not None:
            config = config.respelled(expression.words)
        rows: list[tuple[int, TracedValue]] = []
        for number, value in enumerate(config.values):
            with suppress(EvaluationError):
                rows += [(number, row) for row in expression.traced_rows(value, names)]
        return config, rows

    def nearest(self, source: Source, index: int) -> Near | None:
        """Return the nearest miss of a `code` or `pattern` probe in one file, or None."""
        probe = self.probes[index]
        language = probe.language_in(source) if probe.syntaxes else ""
        what = probe.in_language(language)
        if what is None:
            return None
        try:
            from polcheck.selectors.syntax.nearest import nearest

            return nearest(what, self._tree(source, language))
        except (Unreadable, UnknownLanguage):
            return None

    def _tree(self, source: Source, language: str) -> syntax.Tree:
        """Return the tree of a file, which may be one of those that were asked for last.

        NOTE: many probes are looked for in one file, each when it is asked for.
        """
        recent = self._recent
        for known in recent:
            if known.language == language and known.source == source:
                return known
        tree = syntax.parse(source, language)
        recent[:] = [tree, *recent[: _RECENT_TREES - 1]]
        return tree

    @cached_property
    def _recent(self) -> list[syntax.Tree]:
        """The trees that were made last for nearest misses."""
        return []


def unsearched_rows(source: Source) -> FileRows:
    """Return the rows of a file in which nothing is searched for: what it may say to others all the same."""
    return FileRows(source.path, {}, script=_script(source), marked=mentions_waivers(source.data))


def _script(source: Source) -> str:
    """Return the language of a file's first line where its name tells none, else nothing."""
    return language_of_script(source.data) or "" if may_be_script(source.path) else ""


def _source_of(text: str) -> Source:
    """Return a value as a file that is nowhere."""
    return Source("", encodable(text).encode())


def _contained(search: Callable[[list[int]], dict[int, SearchResult]], indices: list[int]) -> dict[int, SearchResult]:
    """Return the results of some probes; an internal error makes only its own probe incomplete."""
    try:
        return search(indices)
    except TooRisky:
        raise
    except Exception as error:
        if len(indices) == 1:
            return {indices[0]: SearchResult((), internal_error("the search", error))}
    return {index: result for one in indices for index, result in _contained(search, [one]).items()}


class DeferredSearch(Struct, frozen=True):
    """Searches that evaluation and findings request, as a function that a sandboxed worker can run."""

    extractor: Extractor

    def __call__(self, request: tuple[Json | Source, int, Mapping[str, Json]]) -> SearchResult | Near | None:
        """Return the matches of a probe in a value, or its nearest miss in a file."""
        where, index, names = request
        if isinstance(where, Source):
            return self.extractor.nearest(where, index)
        return self.extractor.within(where, index, names)

    def is_risky(self, text: str | bytes, index: int) -> bool:
        """Return whether a search in this text may take so much time or memory that it needs a process of its own."""
        syntaxes = self.extractor.probes[index].syntaxes
        if syntaxes:
            return len(text) > PARSE_IN_PROCESS_BYTES or any(may_match_often(what, len(text)) for what in syntaxes)
        probe = self.extractor.probes[index]
        if isinstance(probe.what, Expression) and not probe.language:
            return False  # what an expression does is counted, and nothing is parsed
        return len(text) > SEARCH_IN_PROCESS_BYTES
