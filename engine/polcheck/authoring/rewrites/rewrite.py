"""The rewrites by name: the files that each applies to, and the rewritten file."""

from __future__ import annotations

import json as json_text
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator, Mapping
from configparser import Error as IniError
from difflib import unified_diff
from pathlib import PurePosixPath
from typing import NamedTuple

from msgspec import Struct

from polcheck.authoring.rewrites import endings, ini, json, python, toml, yaml
from polcheck.authoring.rewrites.edit import Edit, Group, Moves, applied, most
from polcheck.base.cached import cached_property
from polcheck.base.spans import Source, Span, Unreadable
from polcheck.formats import format_of, formats, parse_config
from polcheck.formats.values import Unparsable
from polcheck.languages.registry import language_of, languages

MARK = "\ufeff"
_PLACE = re.compile(r":([0-9]+):([0-9]+)")
_PROSE = frozenset({".md", ".rst", ".txt"})
_NOT_IN_FORMAT = (SyntaxError, ValueError, RecursionError, tokenize.TokenError, Unparsable, Unreadable, IniError)

Edits = Callable[[str], Iterable[Group]]
Whole = Callable[[str], str]


class Rewrite(NamedTuple):
    """One way to write a file otherwise: the kinds of file that it is for, and edits of a text or a whole new one."""

    kinds: frozenset[str]
    description: str
    edits: Edits | None = None
    whole: Whole | None = None


MEANINGS: Mapping[str, Callable[[str], str]] = {
    "python": python.meaning,
    "yaml": yaml.meaning,
    "toml": toml.meaning,
    "json": json.meaning,
    "ini": ini.meaning,
}
_YAML, _TOML, _INI, _PYTHON = (frozenset({kind}) for kind in ("yaml", "toml", "ini", "python"))
_JSON = frozenset({"json", "jsonc", "json5"})
_BY_VALUES = frozenset(formats()) - MEANINGS.keys()
"""The formats whose files mean the values that polcheck reads, as no second reader of them is at hand."""
_MARKED = frozenset({"python", "yaml", "markdown", "prose", "script"})
_ANY = frozenset({*MEANINGS, *_BY_VALUES, "prose", "script"})

REWRITES: Mapping[str, Rewrite] = {
    "python-quotes": Rewrite(_PYTHON, "`'` becomes `\"`, and the reverse", python.quotes),
    "python-prefixes": Rewrite(_PYTHON, "`r` before strings", python.prefixes),
    "python-pieces": Rewrite(_PYTHON, "two strings side by side for one", python.pieces),
    "python-comments": Rewrite(_PYTHON, "a comment before each statement", python.comments),
    "python-blank-lines": Rewrite(_PYTHON, "two blank lines before each statement", python.blank_lines),
    "python-margins": Rewrite(_PYTHON, "a comment at the end of each line", python.margins),
    "python-breaks": Rewrite(_PYTHON, "line breaks inside brackets", python.breaks),
    "python-joined": Rewrite(_PYTHON, "no line breaks inside brackets", python.joined),
    "python-commas": Rewrite(_PYTHON, "a trailing comma inside brackets, and none where there was one", python.commas),
    "python-spaces": Rewrite(_PYTHON, "spaces inside and before brackets, and before commas", python.spaces),
    "python-tabs": Rewrite(_PYTHON, "indentation by tabs, inside brackets too", python.tabs),
    "python-parentheses": Rewrite(_PYTHON, "parentheses round values, arguments and conditions", python.parentheses),
    "python-bare": Rewrite(_PYTHON, "no parentheses that change nothing", python.bare),
    "yaml-block": Rewrite(_YAML, "block style, strings without quotes where possible", whole=yaml.BLOCK),
    "yaml-flow": Rewrite(_YAML, "flow style, each document on one line", whole=yaml.FLOW),
    "yaml-single-quotes": Rewrite(_YAML, "keys and strings in `'`", whole=yaml.SINGLE_QUOTES),
    "yaml-double-quotes": Rewrite(_YAML, 'keys and strings in `"`', whole=yaml.DOUBLE_QUOTES),
    "yaml-indentation": Rewrite(_YAML, "four spaces a level, lists too", whole=yaml.INDENTED),
    "yaml-key-order": Rewrite(_YAML, "keys in the reverse order", whole=yaml.REVERSED),
    "yaml-anchors": Rewrite(_YAML, "anchors and aliases for values that repeat", whole=yaml.ANCHORS),
    "yaml-comments": Rewrite(_YAML, "a comment before each key", yaml.comments),
    "yaml-marker": Rewrite(_YAML, "`---` at the start, and none where there was one", yaml.marker),
    "toml-headers": Rewrite(_TOML, "tables under headers", whole=toml.UNDER_HEADERS),
    "toml-inline": Rewrite(_TOML, "inline tables", whole=toml.INLINE),
    "toml-dotted": Rewrite(_TOML, "dotted keys", whole=toml.DOTTED),
    "toml-literal": Rewrite(_TOML, "strings in `'`", whole=toml.LITERAL),
    "toml-quoted-keys": Rewrite(_TOML, "quoted keys", whole=toml.QUOTED_KEYS),
    "toml-arrays": Rewrite(_TOML, "a line for each item of an array", whole=toml.TALL),
    "toml-key-order": Rewrite(_TOML, "keys in the reverse order", whole=toml.REVERSED),
    "toml-comments": Rewrite(_TOML, "a comment before each line", toml.comments),
    "json-compact": Rewrite(_JSON, "no white space", whole=json.compact),
    "json-indentation": Rewrite(_JSON, "a line for each member, by tabs", whole=json.indented),
    "json-key-order": Rewrite(_JSON, "keys in the reverse order", whole=json.reversed_keys),
    "json-escapes": Rewrite(_JSON, "`\\uXXXX` for each character of a string", whole=json.escapes),
    "ini-spaces": Rewrite(_INI, "` = ` between an option and its value", ini.spaces),
    "ini-tight": Rewrite(_INI, "`=` between an option and its value", ini.tight),
    "ini-colons": Rewrite(_INI, "`:` between an option and its value", ini.colons),
    "ini-comments": Rewrite(_INI, "comments before each section and option", ini.comments),
    "hash-comments": Rewrite(_BY_VALUES, "a comment with `#` before each line", endings.hashes),
    "slash-comments": Rewrite(_BY_VALUES, "a comment with `//` before each line", endings.slashes),
    "blank-lines": Rewrite(_BY_VALUES, "a blank line before each line", endings.blanks),
    "crlf": Rewrite(_ANY, "lines end in carriage return and line feed", endings.crlf),
    "last-line": Rewrite(_ANY, "no line break at the end, or one where there was none", endings.last_line),
    "bom": Rewrite(_MARKED, "a byte-order mark", endings.mark),
}


class Rewritten(Struct, frozen=True, dict=True):
    """A file before and after a rewrite; `edits` lead from one to the other, None where it was written anew."""

    rewrite: str
    path: str
    before: str
    after: str
    edits: tuple[Edit, ...] | None

    @property
    def data(self) -> bytes:
        """The file after it."""
        return self.after.encode("utf-8", "surrogatepass")

    @property
    def diff(self) -> str:
        """The change as a unified diff; a byte-order mark and carriage returns are in it."""
        before, after = _lines(self.before), _lines(self.after)
        return "".join(_whole(line) for line in unified_diff(before, after, self.path, self.path))

    def moved(self, place: str) -> str:
        """Return the new place of what stood at `place`; without edits the line is unknown, so the path alone."""
        result = self._numbers(place)
        if result is None or self.edits is None:
            return self.arrived(place)
        before, after = self._sources
        offset = self._moves.moved(before.line_starts[result[0] - 1] + result[1] - 1) - self.after.startswith(MARK)
        new = after.place(Span(offset, offset))
        return f"{self.path}:{new.line}:{new.column}"

    def arrived(self, place: str) -> str:
        """Return a place of the file after it as `moved` gives them: without edits the path alone."""
        return self.path if self.edits is None and self._numbers(place) else place

    def _numbers(self, place: str) -> tuple[int, int] | None:
        """Line and column of a place in this file; None for any other place."""
        match = _PLACE.fullmatch(place.removeprefix(self.path)) if place.startswith(self.path) else None
        return (int(match[1]), int(match[2])) if match else None

    @cached_property
    def _moves(self) -> Moves:
        return Moves(self.edits or ())

    @cached_property
    def _sources(self) -> tuple[Source, Source]:
        return Source(self.path, self.before.encode("utf-8", "surrogatepass")), Source(self.path, self.data)


def rewritten(path: str, data: bytes) -> Iterator[Rewritten]:
    """Yield the result of each rewrite that changes a file; none of a file that isn't in its format.

    INVARIANT: what comes out means what the file means, by a parser of its format.
    """
    kind = _kind(path)
    try:
        text = data.decode("utf-8").removeprefix(MARK)
        meaning = _meaning(kind, text)
    except _NOT_IN_FORMAT:
        return

    def same(new: str) -> bool:
        try:
            return _meaning(kind, new) == meaning
        except _NOT_IN_FORMAT:
            return False

    for name, rewrite in REWRITES.items():
        if kind in rewrite.kinds:
            after, edits = _made(rewrite, text, same)
            result = Rewritten(name, path, text, after, edits)
            if after != text and result.data != data:
                yield result


def _made(rewrite: Rewrite, text: str, same: Callable[[str], bool]) -> tuple[str, tuple[Edit, ...] | None]:
    """Return the text after a rewrite, and the edits that lead there; as it was where that can't be."""
    try:
        if rewrite.edits is not None:
            edits = most(text, list(rewrite.edits(text)), same)
            return applied(text, edits), edits
        assert rewrite.whole is not None
        new = rewrite.whole(text)
    except _NOT_IN_FORMAT:
        return text, None
    return (new if same(new) else text), None


def _kind(path: str) -> str:
    kind = format_of(path) or language_of(path) or ""
    if kind in formats():
        return kind
    if kind in languages() and kind not in MEANINGS and languages()[kind].carriage_returns:
        return "script"
    return "prose" if PurePosixPath(path).suffix.lower() in _PROSE else kind


def _meaning(kind: str, text: str) -> str:
    if kind in _BY_VALUES:
        return _values(kind, text)
    return MEANINGS[kind](text) if kind in MEANINGS else ""


def _values(kind: str, text: str) -> str:
    """Return the values of a file in a format, independent of the order of keys. Raises Unparsable."""
    config = parse_config(Source("", text.encode("utf-8", "surrogatepass")), kind)
    if config.repeated:
        raise Unparsable("a key is repeated", config.repeated[0])
    return json_text.dumps(config.values, sort_keys=True)


def _lines(text: str) -> list[str]:
    """Return the lines of a text with what ends them, which is a line feed."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _whole(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ no line break at the end\n"
