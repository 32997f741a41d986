"""Extract: from one file's bytes and the plan's probes to plain rows. Pure: no disk, no other file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from polcheck.documents import format_of, language_of, parse_config, syntax
from polcheck.documents.config import Config, Json, Unparsable
from polcheck.errors import told
from polcheck.limits import DEFAULT
from polcheck.policy.plan import Probe
from polcheck.prefilter import Prefilter
from polcheck.records import record
from polcheck.selectors.found import Bound, Found, Hit
from polcheck.selectors.jmes import EvaluationError, Expression, Origin, Traced
from polcheck.selectors.jmes.values import MAX_STEPS
from polcheck.selectors.syntax import LIMITS, Bank, Syntax
from polcheck.selectors.text import TextSearch, encodable
from polcheck.source import Source, Span, Unreadable

if TYPE_CHECKING:
    from polcheck.selectors.syntax import Near

WHOLE = ""  # the name under which a match gives its whole text
VALUE = "value"  # the name under which a row that is one value gives it


# NOTE: recovering from errors takes tree-sitter time and memory that grow with the cube of a text's length: 4 KB of
# `/*a` as Python take 800 MB and 2 s. Below this size it is harmless.
PARSED_HERE = 1_500
COMPILED_HERE = 64_000  # of Python: where its own compiler finds nothing wrong, there is nothing to recover from
LOCATED_STEPS = 200_000  # of an expression whose rows are searched again for their places, in this process
SEARCHED_HERE = 20_000  # a text that is bound, where a regular expression may look to its end for each match


class TooRisky(Exception):
    """A file should be searched in a process that can be killed."""


@record(frozen=True, slots=True)
class Facts:
    """What policies may ask of a file itself. `parsed` and `error` are the language's own parser's answer."""

    name: str
    stem: str
    dir: str
    size: int
    lines: int
    language: str
    parsed: bool
    error: str
    line: int = 0


@record(frozen=True, slots=True)
class FileRows:
    """What extract found in one file.

    `found` holds the probes that found something or could not search to the end; the others that were wanted found
    nothing. `facts` and `line_starts` are there if asked for; `parsed` counts the documents that had to be parsed;
    `digest` is that of the bytes, where the rows are to be known again; `marked` that they hold `polcheck:`; `unread`
    says why the search was cut off.
    """

    path: str
    found: Mapping[int, Found]
    facts: Facts | None = None
    line_starts: tuple[int, ...] = ()
    parsed: int = 0
    digest: bytes = b""
    marked: bool = False
    unread: str = ""


@record
class _Documents:
    """One file as the documents that it is read as, each parsed once."""

    source: Source
    careful: bool = False
    parsed: int = 0
    _trees: dict[str, syntax.Tree] = field(default_factory=dict)
    _configs: dict[str, Config | Found] = field(default_factory=dict)

    def tree(self, language: str) -> syntax.Tree:
        """The syntax tree. Raises Unreadable, UnknownLanguage or TooRisky."""
        if language not in self._trees:
            if self.careful and _is_risky(self.source, language):
                raise TooRisky
            self._trees[language] = syntax.parse(self.source, language)
            self.parsed += 1
        return self._trees[language]

    def config(self, name: str) -> Config | Found:
        """The config documents, or what says why there are none."""
        if name not in self._configs:
            self.parsed += 1
            self._configs[name] = _parsed(self.source, name)
        return self._configs[name]


@record(frozen=True)
class Extractor:
    """The probes of a plan, ready to search files. What is compiled is kept and used again."""

    probes: Sequence[Probe]
    gates: Mapping[int, frozenset[int] | None] = field(default_factory=dict)
    skips: bool = True  # whether what cannot match is skipped; without, the same rows cost more
    matches: int = DEFAULT.matches  # of one probe in one file

    def __getstate__(self) -> tuple[object, ...]:
        return (tuple(self.probes), self.gates, self.skips, self.matches)  # what is compiled is not for other processes

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.__init__(*state)  # type: ignore[misc]

    @cached_property
    def _banks(self) -> dict[str, tuple[Bank, dict[int, int]]]:
        """For each language, the merged search and the place of each probe in it."""
        groups: dict[str, list[int]] = {}
        for index, probe in enumerate(self.probes):
            if isinstance(probe.what, Syntax):
                groups.setdefault(probe.language, []).append(index)
        return {
            language: (
                Bank(
                    [probe.what for i in group if isinstance((probe := self.probes[i]).what, Syntax)],
                    LIMITS._replace(rows=self.matches),
                ),
                {index: place for place, index in enumerate(group)},
            )
            for language, group in groups.items()
        }

    @cached_property
    def prefilter(self) -> Prefilter:
        """What tells from a file's bytes which probes can match."""
        return Prefilter(self.probes)

    def extract(
        self,
        source: Source,
        wanted: Sequence[int],
        facts: bool = False,
        lines: bool = False,
        known: Mapping[int, Found] | None = None,
        careful: bool = False,
    ) -> FileRows:
        """The rows of the wanted probes in one file; whatever could not be searched to its end says so.

        `known` are the rows of other probes in the same file; they are among the result. Raises TooRisky, if `careful`,
        for a file that has to be parsed and is so large that this may never end.
        """
        left = self.prefilter.possible(source, wanted) if self.skips else list(wanted)
        found: dict[int, Found] = dict(known or {})
        documents = _Documents(source, careful)
        while left:
            ready = [index for index in left if self._opens(index, found)] if self.skips else left
            if not ready:
                break
            found |= self._search(documents, ready)
            left = [index for index in left if index not in found]
        kept = {index: result for index, result in found.items() if result.hits or result.incomplete}
        starts = _line_starts(source) if lines else ()
        return FileRows(
            source.path,
            kept,
            facts_of(source, careful) if facts else None,
            starts,
            documents.parsed,
            marked=b"polcheck:" in source.data,
        )

    def _opens(self, index: int, found: Mapping[int, Found]) -> bool:
        """Whether a probe matters in a file where these results were found."""
        gates = self.gates.get(index)
        return gates is None or any(gate in found and found[gate].hits for gate in gates)

    def _search(self, documents: _Documents, indices: Iterable[int]) -> dict[int, Found]:
        """The results of some probes in one file."""
        found: dict[int, Found] = {}
        by_language: dict[str, list[int]] = {}
        for index in indices:
            probe = self.probes[index]
            if isinstance(probe.what, Syntax):
                by_language.setdefault(probe.language, []).append(index)
            else:
                found |= _contained(lambda one: self._search_one(documents, one[0]), [index])
        for language, group in by_language.items():
            found |= _contained(partial(self._search_tree, documents, language), group)
        return found

    def _search_one(self, documents: _Documents, index: int) -> dict[int, Found]:
        """The result of one probe that looks for no syntax."""
        probe = self.probes[index]
        if isinstance(probe.what, TextSearch):
            return {index: _whole(search_text(documents.source, probe.what, self.matches), probe, documents.source)}
        return {index: self._search_config(documents, probe)}

    def _search_tree(self, documents: _Documents, language: str, indices: list[int]) -> dict[int, Found]:
        try:
            tree = documents.tree(language)
            size = len(documents.source.data)
            if documents.careful and any(_multiplies(self.probes[index].what, size) for index in indices):
                raise TooRisky
        except (Unreadable, syntax.UnknownLanguage) as error:
            return dict.fromkeys(indices, Found((), str(error)))
        bank, places = self._banks[language]
        results = bank.search(tree, [places[index] for index in indices])
        source = documents.source
        return {index: _whole(results.get(places[index], Found()), self.probes[index], source) for index in indices}

    def _search_config(self, documents: _Documents, probe: Probe) -> Found:
        config = documents.config(probe.language or format_of(documents.source.path) or "")
        return config if isinstance(config, Found) else self._search_values(config, probe)

    def _search_values(self, config: Config, probe: Probe, steps: int = MAX_STEPS) -> Found:
        expression = probe.what
        assert isinstance(expression, Expression)
        hits: list[Hit] = []
        for index, value in enumerate(config.values):
            left = self.matches + 1 - len(hits)
            if not left:
                break
            try:
                if probe.places:
                    hits += [_placed(config, index, row, expression) for row in expression.trace(value, steps)[:left]]
                else:
                    hits += [Hit(None, _bindings(row, expression)) for row in expression.rows(value)[:left]]
            except EvaluationError as error:
                return Found(tuple(hits), f"`{expression.text}`: {error}")
        if len(hits) > self.matches:
            return Found(tuple(hits[: self.matches]), f"more than {self.matches:,} matches of `data`")
        return Found(tuple(hits))

    def within(self, value: Json, index: int) -> Found:
        """The matches of a probe inside a bound value; spans count characters of its text."""
        probe = self.probes[index]
        if isinstance(probe.what, Expression):
            return self._within_data(value, probe, probe.what)
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        source = Source("", encodable(text).encode())
        if isinstance(probe.what, TextSearch):
            return _whole(probe.what.search(text, self.matches), probe, source)
        return self._search_tree(_Documents(source), probe.language, [index])[index]

    def _within_data(self, value: Json, probe: Probe, expression: Expression) -> Found:
        values: tuple[Json, ...] = (value,)
        if probe.language and isinstance(value, str):
            source = Source("", encodable(value).encode())
            try:
                values = parse_config(source, probe.language).values
            except (Unparsable, Unreadable) as error:
                return Found((), f"not {probe.language.upper()}: {error}")
        try:
            return Found(
                tuple(Hit(None, _bindings(row, expression)) for item in values for row in expression.rows(item))
            )
        except EvaluationError as error:
            return Found((), f"`{expression.text}`: {error}")

    def locate(self, source: Source, index: int) -> list[Hit]:
        """The hits of a `data` probe again, in the same order, with their places. Empty when the file can't be read."""
        probe = self.probes[index]
        name = probe.language or format_of(source.path) or ""
        try:
            return list(
                self._search_values(parse_config(source, name), replace(probe, places=True), LOCATED_STEPS).hits
            )
        except (Unparsable, Unreadable):
            return []

    def nearest(self, source: Source, index: int) -> Near | None:
        """The nearest miss of a `code` or `pattern` probe in one file, if there is any."""
        probe = self.probes[index]
        if not isinstance(probe.what, Syntax):
            return None
        try:
            from polcheck.selectors.syntax import nearest

            return nearest(probe.what, syntax.parse(source, probe.language))
        except (Unreadable, syntax.UnknownLanguage):
            return None


@record(frozen=True)
class Asked:
    """Searches that judging and findings ask for later, as a function that a process beside this one can run."""

    extractor: Extractor

    def __call__(self, request: tuple[Json | Source, int]) -> Found | Near | None:
        """What a probe finds in a value, or its nearest miss in a file."""
        where, index = request
        if isinstance(where, Source):
            return self.extractor.nearest(where, index)
        return self.extractor.within(where, index)

    def is_risky(self, text: str | bytes, index: int) -> bool:
        """Whether a search in this text could take so long or so much that it needs a process of its own."""
        what = self.extractor.probes[index].what
        if isinstance(what, Syntax):
            return len(text) > PARSED_HERE or _multiplies(what, len(text))
        return len(text) > SEARCHED_HERE


def _multiplies(what: object, size: int) -> bool:
    """Whether a probe may have very many matches in a text of that size."""
    if not isinstance(what, Syntax) or what.kind != "code":
        return False
    from polcheck.selectors.syntax.risk import may_multiply

    return may_multiply(what, size)


def _is_risky(source: Source, language: str) -> bool:
    """Whether parsing a file could take so long or so much that it needs a process of its own. Raises Unreadable."""
    if len(source.data) <= PARSED_HERE:
        return False
    sound = language == "python" and len(source.data) <= COMPILED_HERE and syntax.python_error(source) is None
    return not sound


def _contained(search: Callable[[list[int]], dict[int, Found]], indices: list[int]) -> dict[int, Found]:
    """The results of some probes; those that polcheck itself fails on say so, and the others are not lost."""
    try:
        return search(indices)
    except TooRisky:
        raise
    except Exception as error:
        if len(indices) == 1:
            return {indices[0]: Found((), told("the search", error))}
    return {index: result for one in indices for index, result in _contained(search, [one]).items()}


def search_text(source: Source, search: TextSearch, most: int = DEFAULT.matches) -> Found:
    """Every occurrence in a file. A text in no known encoding is searched as far as it can be read."""
    try:
        return search.search(source.text, most)
    except Unreadable as error:
        found = search.search(_readable(source), most)
        binary = b"\x00" in source.data[:8192] and not (language_of(source.path) or format_of(source.path))
        return found if binary else replace(found, incomplete=found.incomplete or str(error))


def facts_of(source: Source, careful: bool = False) -> Facts:
    """The facts of one file; for a language with no parser of its own to ask, `parsed` is that its text can be read.

    Raises TooRisky as `extract` does.
    """
    name = source.path.rsplit("/", 1)[-1]
    language = language_of(source.path) or format_of(source.path) or ""
    error, line = _parse_error(source, language, careful)
    try:
        lines = source.text.count("\n") + (not source.text.endswith("\n") and bool(source.text))
    except Unreadable:
        lines = source.data.count(b"\n")
    return Facts(
        name=name,
        stem=name.rsplit(".", 1)[0] if "." in name[1:] else name,
        dir=source.path.rpartition("/")[0],
        size=len(source.data),
        lines=lines,
        language=language,
        parsed=not error,
        error=error,
        line=line,
    )


def _parse_error(source: Source, language: str, careful: bool) -> tuple[str, int]:
    """What the language's own parser says is wrong, and the line; an empty text when nothing is."""
    try:
        if language == "python":
            return syntax.python_error(source) or ("", 0)
        if format_of(source.path):
            parse_config(source, language)
        elif language:
            if careful and _is_risky(source, language):
                raise TooRisky
            root = syntax.parse(source, language).tree.root_node
            return ("syntax error", root.start_point[0] + 1) if root.has_error else ("", 0)
        else:
            _ = source.text
    except Unparsable as error:
        return error.reason, source.line_of(error.span.start) if error.span else 0
    except (Unreadable, syntax.UnknownLanguage) as error:
        return str(error), 0
    return "", 0


def _parsed(source: Source, name: str) -> Config | Found:
    """The config documents of a file, or what says why it has none."""
    try:
        return parse_config(source, name)
    except Unparsable as error:
        line = f" at line {source.line_of(error.span.start)}" if error.span else ""
        return Found((), f"not {name.upper()}{line}: {error.reason}")
    except Unreadable as error:
        return Found((), str(error))


def _line_starts(source: Source) -> tuple[int, ...]:
    try:
        return tuple(source.line_starts)
    except Unreadable:
        return (0,)


def _readable(source: Source) -> str:
    """The text of a file, as far as it can be read: the one that `text` searches."""
    try:
        return source.text
    except Unreadable:
        return source.data.decode("utf-8", "replace")


def _whole(found: Found, probe: Probe, source: Source) -> Found:
    """`found`, each hit with the text of the whole match where the probe is asked for it."""
    if not probe.whole:
        return found
    text = _readable(source)
    hits = [
        hit._replace(bindings=(*hit.bindings, (WHOLE, Bound(text[hit.span.start : hit.span.end], hit.span))))
        for hit in found.hits
        if hit.span is not None
    ]
    return replace(found, hits=tuple(hits))


def _bindings(row: Json, expression: Expression) -> tuple[tuple[str, Bound], ...]:
    if expression.binds is not None and isinstance(row, dict):
        return tuple((key, Bound(value)) for key, value in row.items())
    return ((VALUE, Bound(row)),)


def _placed(config: Config, index: int, row: Traced, expression: Expression) -> Hit:
    span = _span(config, index, row.origin)
    if expression.binds is not None and isinstance(row.value, dict):
        parts = tuple(
            (key, Bound(value, _span(config, index, row.parts.get(key, ())))) for key, value in row.value.items()
        )
        return Hit(span or next((bound.span for _, bound in parts if bound.span), None), parts)
    return Hit(span, ((VALUE, Bound(row.value, span)),))


def _span(config: Config, index: int, origins: Iterable[Origin]) -> Span | None:
    """The place of the first origin that has one."""
    for origin in origins:
        try:
            where = config.locate(index, origin.pointer)
        except KeyError:
            continue
        return where.key if origin.key and where.key else where.value
    return None
