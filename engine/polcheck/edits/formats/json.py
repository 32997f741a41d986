"""Edits of JSON and of its kin: JSON with comments, JSON5, JSON Lines, notebooks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from polcheck.edits.brackets import Brackets
from polcheck.edits.document import Change, Document, Member
from polcheck.edits.edit import EditRefused
from polcheck.edits.editor import Editor, Position
from polcheck.edits.operations import entry_position, item_position
from polcheck.formats.values import Json, Pointer

_COMMENTS = ("//", "/*")
_SPACE = " \t\r\n"


class _Style(NamedTuple):
    """How a document is laid out: the indentation of a level (empty: it is all on one line), and what divides."""

    unit: str
    colon: str
    comma: str


class JsonEditor(Editor):
    """Edits of a format of this family; `comments` are what begins one."""

    def __init__(self, comments: tuple[str, ...] = ()) -> None:
        self._comments = comments

    def replace(self, document: Document, pointer: Pointer, value: Json) -> list[Change]:
        """Return what puts `value` in the place of the value at `pointer`."""
        span = document.where(pointer).value
        style = _style(document)
        old = document.text[span.start : span.end]
        inline = not style.unit or (isinstance(document.at(pointer), dict | list) and _is_inline(old))
        indent = None if inline else document.indent_at(span.start)
        return [Change(span.start, span.end, self._write(document, value, indent, style, old))]

    def insert(self, document: Document, pointer: Pointer, key: str, value: Json, position: Position) -> list[Change]:
        """Return what adds an entry with a new key to the mapping at `pointer`."""
        members = document.members(pointer)
        style = _style(document)
        number = entry_position(members, key, position)
        sibling = members[max(number - 1, 0)] if members else None

        def render(indent: str | None) -> str:
            name = self._key(document, key, sibling)
            return name + _colon(document, sibling, style) + self._value(document, value, indent, style, sibling)

        return self._brackets(document, pointer, members, style).insert(number, render)

    def append(self, document: Document, pointer: Pointer, value: Json, position: Position) -> list[Change]:
        """Return what adds an item to the list at `pointer`."""
        members = document.members(pointer)
        style = _style(document)
        items = document.at(pointer)
        number = item_position(items if isinstance(items, list) else [], value, position)
        sibling = members[max(number - 1, 0)] if members else None
        return self._brackets(document, pointer, members, style).insert(
            number, lambda indent: self._value(document, value, indent, style, sibling)
        )

    def delete(self, document: Document, pointer: Pointer) -> list[Change]:
        """Return what takes the entry at `pointer` out of the container that holds it."""
        members = document.members(pointer[:-1])
        number = next(at for at, entry in enumerate(members) if entry.step == pointer[-1])
        return self._brackets(document, pointer[:-1], members, _style(document)).delete(number)

    def rename(self, document: Document, pointer: Pointer, key: str) -> list[Change]:
        """Return what gives the entry at `pointer` another key."""
        where = document.where(pointer)
        assert where.key is not None
        old = Member(pointer[-1], None, where)
        return [Change(where.key.start, where.key.end, self._key(document, key, old))]

    def _brackets(self, document: Document, pointer: Pointer, members: Sequence[Member], style: _Style) -> Brackets:
        span = document.where(pointer).value
        if document.text[span.start : span.start + 1] not in ("{", "["):
            raise EditRefused("there is no container in brackets to change")
        entries = [(entry.start, entry.end) for entry in members]
        return Brackets(document, span.start, span.end, entries, self._comments, style.unit, bool(style.unit))

    def _key(self, document: Document, key: str, sibling: Member | None) -> str:
        return _string(document, key)

    def _value(self, document: Document, value: Json, indent: str | None, style: _Style, sibling: Member | None) -> str:
        if indent is not None and sibling is not None and type(sibling.value) is type(value):
            where = sibling.where.value
            indent = None if sibling.value and _is_inline(document.text[where.start : where.end]) else indent
        return self._write(document, value, indent, style, "")

    def _write(self, document: Document, value: Json, indent: str | None, style: _Style, old: str) -> str:
        """Return a value as the document writes such; `old` is what stands in its place."""
        if isinstance(value, str):
            return self._text(document, value, old)
        if not isinstance(value, dict | list):
            return json.dumps(value)
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        if not value:
            return opening + closing
        deeper = None if indent is None else indent + style.unit
        if isinstance(value, dict):
            entries = [
                self._key(document, key, None) + style.colon + self._write(document, item, deeper, style, "")
                for key, item in value.items()
            ]
        else:
            entries = [self._write(document, item, deeper, style, "") for item in value]
        if deeper is None:
            return opening + style.comma.join(entries) + closing
        line = document.newline + deeper
        return opening + line + ("," + line).join(entries) + document.newline + str(indent) + closing

    def _text(self, document: Document, text: str, old: str) -> str:
        return _string(document, text)


def _string(document: Document, text: str) -> str:
    """Return a string in double quotes: in ASCII where the file writes its strings so."""
    return json.dumps(text, ensure_ascii=document.text.isascii() and "\\u" in document.text)


def _is_inline(text: str) -> bool:
    return "\n" not in text and "\r" not in text


def _style(document: Document) -> _Style:
    """Return how a document is laid out: as the first of its containers that has an entry on a line of its own."""
    unit, colon, comma = "", ": ", ", "
    pointer: Pointer = ()
    while True:
        entries = document.members(pointer)
        if not entries:
            break
        first = entries[0]
        colon = _colon(document, first, _Style("", colon, comma))
        if document.begins_line(first.start) and (indent := document.indent_at(first.start)):
            outer = document.indent_at(document.where(pointer).value.start)
            unit = indent.removeprefix(outer) if indent.startswith(outer) and indent != outer else indent
            return _Style(unit, colon, comma)
        if len(entries) > 1 and document.text[first.end : entries[1].start] == ",":
            comma = ","
        pointer = (*pointer, first.step)
    return _Style(unit, colon, comma if colon != ":" else ",")


def _colon(document: Document, entry: Member | None, style: _Style) -> str:
    """Return what stands between the key and the value of an entry."""
    if entry is None or entry.where.key is None:
        return style.colon
    between = document.text[entry.where.key.end : entry.where.value.start]
    return between if between.strip(" ") == ":" else style.colon


class NotebookEditor(JsonEditor):
    """Edits of notebooks, in which a string may stand as a list of its lines."""

    def delete(self, document: Document, pointer: Pointer) -> list[Change]:
        """Return what takes the entry at `pointer` out of the container that holds it."""
        _check_kept(pointer)
        return super().delete(document, pointer)

    def rename(self, document: Document, pointer: Pointer, key: str) -> list[Change]:
        """Return what gives the entry at `pointer` another key."""
        _check_kept(pointer)
        return super().rename(document, pointer, key)

    def _write(self, document: Document, value: Json, indent: str | None, style: _Style, old: str) -> str:
        if isinstance(value, str) and old.startswith("["):
            return super()._write(document, list(value.splitlines(keepends=True)), indent, style, old)
        return super()._write(document, value, indent, style, old)


def _check_kept(pointer: Pointer) -> None:
    """Raise EditRefused for a key without which a notebook is none."""
    if pointer[-1] in ("nbformat", "cells", "cell_type", "output_type"):
        raise EditRefused("a notebook without this key is none")


class Json5Editor(JsonEditor):
    """Edits of JSON5, whose keys need no quotes, and whose strings stand in either kind."""

    def _key(self, document: Document, key: str, sibling: Member | None) -> str:
        where = sibling.where.key if sibling else None
        like = document.text[where.start : where.end] if where else ""
        bare = like[:1] not in ('"', "'") if like else not document.text.lstrip().startswith('{"')
        if bare and key.isascii() and key.replace("$", "_").isidentifier():
            return key
        return self._text(document, key, like)

    def _value(self, document: Document, value: Json, indent: str | None, style: _Style, sibling: Member | None) -> str:
        if isinstance(value, str):
            where = sibling.where.value if sibling else None
            return self._text(document, value, document.text[where.start : where.end] if where else "")
        return super()._value(document, value, indent, style, sibling)

    def _text(self, document: Document, text: str, old: str) -> str:
        single = document.text.count("'") > document.text.count('"')
        quote = old[:1] if old[:1] in ('"', "'") else "'" if single else '"'
        written = json.dumps(text, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
        if quote == '"':
            return written
        inner = written[1:-1].replace('\\"', '"').replace("'", "\\'")
        return f"'{inner}'" if "\\\\" not in written else written


EDITORS: dict[str, Editor] = {
    "json": JsonEditor(),
    "jsonc": JsonEditor(_COMMENTS),
    "json5": Json5Editor(_COMMENTS),
    "jsonl": JsonEditor(),
    "notebook": NotebookEditor(),
}
