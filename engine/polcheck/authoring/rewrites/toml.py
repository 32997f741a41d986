"""Rewrites of TOML that keep its data: tables under headers, inline or by dotted keys, quotes, order."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, Literal

from msgspec import Struct

from polcheck.authoring.rewrites.edit import Edit, Group

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_HARD = re.compile(r"[^\x20-\x7e]")
_LINE = re.compile(r"(?m)^(?=[^\n])")


def data(text: str) -> dict[str, Any]:
    """Return the data of a text. Raises TOMLDecodeError when it isn't TOML."""
    return tomllib.loads(text)


def meaning(text: str) -> str:
    """Return the data of a text, independent of the order of keys. Raises as `data` does."""
    return json.dumps(data(text), sort_keys=True, default=repr)


class Style(Struct, frozen=True):
    """A style of writing TOML: where tables stand, the quote of strings, quoted keys, arrays one line an item."""

    tables: Literal["headers", "inline", "dotted"] = "headers"
    quote: str = '"'
    quoted_keys: bool = False
    tall: bool = False
    reverse: bool = False

    def __call__(self, text: str) -> str:
        """Return `text` rewritten in this style. Raises TOMLDecodeError."""
        return "".join(f"{line}\n" for line in self.lines(data(text)))

    def lines(self, table: dict[str, Any]) -> Iterator[str]:
        """Yield the lines of a document that says what `table` does."""
        if self.tables == "headers":
            yield from self._table((), table)
        elif self.tables == "inline":
            yield from (f"{self._key((key,))} = {self._value(value)}" for key, value in self._items(table))
        else:
            yield from (f"{self._key(keys)} = {self._value(value)}" for keys, value in _leaves((), table))

    def _items(self, table: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        return iter(reversed(table.items())) if self.reverse else iter(table.items())

    def _table(self, path: tuple[str, ...], table: dict[str, Any]) -> Iterator[str]:
        """Yield the lines of a table under its header: its own keys, then the tables in it, each under a header."""
        for key, value in self._items(table):
            if not isinstance(value, dict) and not _tables(value):
                yield f"{self._key((key,))} = {self._value(value)}"
        for key, value in self._items(table):
            name = self._key((*path, key))
            if isinstance(value, dict):
                yield f"[{name}]"
                yield from self._table((*path, key), value)
            elif _tables(value):
                for member in value:
                    yield f"[[{name}]]"
                    yield from self._table((*path, key), member)

    def _value(self, value: Any) -> str:
        match value:
            case dict():
                return (
                    "{" + ", ".join(f"{self._key((key,))} = {self._value(it)}" for key, it in self._items(value)) + "}"
                )
            case list() if self.tall and value:
                return "[\n" + "".join(f"    {self._value(member)},\n" for member in value) + "]"
            case list():
                return "[" + ", ".join(map(self._value, value)) + "]"
            case str():
                return self._text(value)
            case datetime() | date() | time():
                return value.isoformat()
            case float():
                return repr(value)
        return json.dumps(value)

    def _key(self, path: tuple[str, ...]) -> str:
        return ".".join(key if _BARE.fullmatch(key) and not self.quoted_keys else self._text(key) for key in path)

    def _text(self, text: str) -> str:
        if self.quote == "'" and "'" not in text and not _HARD.search(text):
            return f"'{text}'"
        return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _leaves(path: tuple[str, ...], table: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield values that are no tables, and empty tables, each with the keys that lead there."""
    for key, value in table.items():
        if isinstance(value, dict) and value:
            yield from _leaves((*path, key), value)
        else:
            yield (*path, key), value


def _tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(member, dict) for member in value)


def comments(text: str) -> Iterator[Group]:
    """Yield a comment on a line of its own before each line."""
    for result in _LINE.finditer(text):
        yield (Edit(result.start(), result.start(), "# a remark that says nothing\n"),)


UNDER_HEADERS = Style()
INLINE = Style(tables="inline")
DOTTED = Style(tables="dotted")
LITERAL = Style(quote="'")
QUOTED_KEYS = Style(quoted_keys=True)
TALL = Style(tall=True)
REVERSED = Style(reverse=True)
