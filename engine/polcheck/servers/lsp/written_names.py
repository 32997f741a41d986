"""The names that a policy binds as it is written, finished or not: what completion offers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from polcheck.formats.values import Json
from polcheck.selectors.jmespath.expression import compile_expression
from polcheck.selectors.jmespath.values import ExpressionError
from polcheck.selectors.text import TextProblem, compile_text
from polcheck.sources.path_patterns import FilesProblem, compile_files

ROW = ("path", "line", "column", "file", "params", "subject")  # what polcheck sets itself
_DEEPEST = 40
_NESTED = frozenset({"when", "for", "require", "forbid", "any", "not", "inside", "has", "after", "is", "until"})


def names_bound(value: Json, selectors: Mapping[str, Json]) -> frozenset[str]:
    """Return the names that the items in `value` bind; `selectors` are those that may be used, by name."""
    return frozenset(_names(value, selectors, frozenset(), 0))


def match_names(value: Json) -> frozenset[str]:
    """Return the names that items give their matches by `name`."""
    return frozenset(_under(value, "name", 0))


def _names(value: Json, selectors: Mapping[str, Json], using: frozenset[str], depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for entry in value:
            yield from _names(entry, selectors, using, depth + 1)
    if not isinstance(value, dict):
        return
    for key, entry in value.items():
        if key in _NESTED:
            yield from _names(entry, selectors, using, depth + 1)
        elif key == "use":
            if isinstance(entry, str) and entry in selectors and entry not in using:
                yield from _names(selectors[entry], selectors, using | {entry}, depth + 1)
        else:
            yield from _of_key(key, entry)


def _of_key(key: str, value: Json) -> Iterator[str]:
    """Yield the names that one key of an item binds by itself."""
    texts = [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
    if key == "as":
        yield from texts or (map(str, value.values()) if isinstance(value, dict) else ())
    elif key == "let" and isinstance(value, dict):
        yield from value
    elif key == "values" and isinstance(value, list):
        yield from (name for row in value if isinstance(row, dict) for name in row)
    elif key in _TEXTS:
        for text in texts:
            yield from _TEXTS[key](text)


def _under(value: Json, key: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    for name, entry in value.items() if isinstance(value, dict) else ():
        if name == key and isinstance(entry, str):
            yield entry
        else:
            yield from _under(entry, key, depth + 1)
    for entry in value if isinstance(value, list) else ():
        yield from _under(entry, key, depth + 1)


def _of_files(text: str) -> Iterable[str]:
    try:
        return compile_files([text.removeprefix("!")]).binds
    except FilesProblem:
        return ()


def _of_text(text: str) -> Iterable[str]:
    try:
        return compile_text(text).binds
    except TextProblem:
        return ()


def _of_expression(text: str) -> Iterable[str]:
    try:
        return compile_expression(text).binds or ()
    except ExpressionError:
        return ()


def _of_query(text: str) -> Iterable[str]:
    return (name for name in _after(text, "@") if not name.startswith("_"))


def _of_pattern(text: str) -> Iterable[str]:
    return (name for name in _after(text, "$") if not name.startswith("_"))


def _after(text: str, sign: str) -> Iterator[str]:
    """Yield the words that follow a sign."""
    for part in text.split(sign)[1:]:
        end = 0
        while end < len(part) and (part[end].isalnum() or part[end] in "_."):
            end += 1
        word = part[:end].rstrip(".")
        if word and not word[0].isdigit():
            yield word


_TEXTS = {
    "files": _of_files,
    "text": _of_text,
    "data": _of_expression,
    "values": _of_expression,
    "code": _of_query,
    "pattern": _of_pattern,
}
