"""One file, parsed on demand: as syntax trees, as configuration, or as text."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.limits import DEFAULT_RUN_LIMITS
from polcheck.base.spans import Source, Unreadable
from polcheck.formats import format_of, formats, parse_config
from polcheck.formats.values import Config, Unparsable
from polcheck.languages import grammars as syntax
from polcheck.languages.registry import language_of, languages
from polcheck.scan.rows import PlacedRemark, readable, remarks_of
from polcheck.selectors.results import SearchResult
from polcheck.selectors.syntax.selector import Syntax
from polcheck.selectors.text import TextSearch

# NOTE: recovering from errors takes tree-sitter time and memory that grow with the cube of a text's length: 4 KB of
# `/*a` as Python take 800 MB and 2 s. Below this size it is harmless.
PARSE_IN_PROCESS_BYTES = 1_500
COMPILE_IN_PROCESS_BYTES = 64_000  # a file that the language's own compiler accepts needs no recovery
SEARCH_IN_PROCESS_BYTES = 20_000  # of a bound string: a regular expression may read to its end for each match


class TooRisky(Exception):
    """Raised for a file that must be searched in a process that can be killed."""


def is_risky(source: Source, language: str) -> bool:
    """Return whether parsing a file may take so much time or memory that it needs a process of its own.

    Raises Unreadable.
    """
    if len(source.data) <= PARSE_IN_PROCESS_BYTES:
        return False
    known = languages().get(language)
    if known is None or known.check is None or len(source.data) > COMPILE_IN_PROCESS_BYTES:
        return True
    return known.syntax_error(source) is not None


def may_match_often(what: object, size: int) -> bool:
    """Return whether a `code` query may have a number of matches that grows faster than the text.

    `size` is in bytes.
    """
    if not isinstance(what, Syntax) or what.kind != "code":
        return False
    from polcheck.selectors.syntax.selector import may_multiply

    return may_multiply(what, size)


class Documents(Struct):
    """One file and what it was parsed to, each language and format once.

    `careful` refuses (TooRisky) to parse what may never end. `parsed` counts parses; `spent` is as in FileRows.
    """

    source: Source
    careful: bool = False
    parsed: int = 0
    spent: dict[int, float] = field(default_factory=dict)
    _trees: dict[str, syntax.Tree] = field(default_factory=dict)
    _configs: dict[str, Config | SearchResult] = field(default_factory=dict)

    def tree(self, language: str) -> syntax.Tree:
        """Return the syntax tree in a language. Raises Unreadable, UnknownLanguage or TooRisky."""
        if language not in self._trees:
            if self.careful and is_risky(self.source, language):
                raise TooRisky
            self._trees[language] = syntax.parse(self.source, language)
            self.parsed += 1
        return self._trees[language]

    def remarks(self, known: Iterable[PlacedRemark] = ()) -> tuple[PlacedRemark, ...]:
        """Return the remarks about the configuration that was parsed, after those `known` from an earlier run."""
        read = (config for config in self._configs.values() if isinstance(config, Config))
        return _joined(known, *(remarks_of(self.source, config) for config in read))

    def config(self, name: str) -> Config | SearchResult:
        """Return the configuration in a format, or a search result that says why it can't be read."""
        if name not in self._configs:
            self.parsed += 1
            self._configs[name] = _parsed(self.source, name)
        return self._configs[name]


def _joined(*groups: Iterable[PlacedRemark]) -> tuple[PlacedRemark, ...]:
    return tuple(dict.fromkeys(remark for group in groups for remark in group))


def search_text(source: Source, search: TextSearch, most: int = DEFAULT_RUN_LIMITS.matches) -> SearchResult:
    """Return the matches of a `text` in a file, `most` at most.

    A file in no known encoding is searched with replacement characters; the result is then incomplete, unless it is
    binary.
    """
    try:
        return search.search(source.text, most)
    except Unreadable as error:
        found = search.search(readable(source), most)
        binary = b"\x00" in source.data[:8192] and not (language_of(source.path) or format_of(source.path))
        return found if binary else replace(found, incomplete=found.incomplete or str(error))


def _parsed(source: Source, name: str) -> Config | SearchResult:
    """Return the configuration of a file, or a search result that says why it can't be read."""
    try:
        return parse_config(source, name)
    except Unparsable as error:
        line = f" at line {source.line_of(error.span.start)}" if error.span else ""
        return SearchResult((), f"not {formats()[name].title}{line}: {error.reason}")
    except Unreadable as error:
        return SearchResult((), str(error))
