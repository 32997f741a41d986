"""One file as the documents that it is read as."""

from __future__ import annotations

from dataclasses import field, replace

from polcheck.documents import format_of, language_of, parse_config, syntax
from polcheck.documents.config import Config, Unparsable
from polcheck.extract.risk import TooRisky, is_risky
from polcheck.extract.rows import readable
from polcheck.limits import DEFAULT
from polcheck.records import record
from polcheck.selectors.found import Found
from polcheck.selectors.text import TextSearch
from polcheck.source import Source, Unreadable


@record
class Documents:
    """One file as the documents that it is read as, each parsed once; `spent` is as in FileRows."""

    source: Source
    careful: bool = False
    parsed: int = 0
    spent: dict[int, float] = field(default_factory=dict)
    _trees: dict[str, syntax.Tree] = field(default_factory=dict)
    _configs: dict[str, Config | Found] = field(default_factory=dict)

    def tree(self, language: str) -> syntax.Tree:
        """The syntax tree. Raises Unreadable, UnknownLanguage or TooRisky."""
        if language not in self._trees:
            if self.careful and is_risky(self.source, language):
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


def search_text(source: Source, search: TextSearch, most: int = DEFAULT.matches) -> Found:
    """Every occurrence in a file. A text in no known encoding is searched as far as it can be read."""
    try:
        return search.search(source.text, most)
    except Unreadable as error:
        found = search.search(readable(source), most)
        binary = b"\x00" in source.data[:8192] and not (language_of(source.path) or format_of(source.path))
        return found if binary else replace(found, incomplete=found.incomplete or str(error))


def _parsed(source: Source, name: str) -> Config | Found:
    """The config documents of a file, or what says why it has none."""
    try:
        return parse_config(source, name)
    except Unparsable as error:
        line = f" at line {source.line_of(error.span.start)}" if error.span else ""
        return Found((), f"not {name.upper()}{line}: {error.reason}")
    except Unreadable as error:
        return Found((), str(error))
