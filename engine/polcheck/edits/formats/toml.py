"""Edits of TOML: pairs on their lines, tables under their headers, inline tables and arrays by their brackets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

from polcheck.edits.brackets import Brackets, own_comments
from polcheck.edits.document import Change, Document, Member
from polcheck.edits.edit import EditRefused
from polcheck.edits.editor import Editor, Position
from polcheck.edits.operations import entry_position, item_position
from polcheck.edits.whole_lines import cut_lines, separation
from polcheck.formats.toml import Statement, statements
from polcheck.formats.values import Json, Pointer

_COMMENTS = ("#",)
_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_UNIT = "    "
_WIDEST = 100  # characters of an array on one line
_SHORT = 80  # characters of an inline table


class TomlEditor(Editor):
    """Edits of a TOML file."""

    def normal(self, value: Json, depth: int) -> Json:
        """Return a new value as it is. Raises EditRefused for null."""
        waiting = [value]
        while waiting:
            item = waiting.pop()
            if item is None:
                raise EditRefused("TOML has no null")
            if isinstance(item, dict | list):
                waiting += item.values() if isinstance(item, dict) else item
        return value

    def vanishes(self, document: Document, pointer: Pointer) -> bool:
        """Return whether a container is there only as long as something is in it."""
        if document.where(pointer).implied:
            return True
        return isinstance(document.at(pointer), list) and not _is_inline(document, pointer)

    def replace(self, document: Document, pointer: Pointer, value: Json) -> list[Change]:
        """Return what puts `value` in the place of the value at `pointer`."""
        if isinstance(document.at(pointer), dict | list) and not _is_inline(document, pointer):
            raise EditRefused("a table with a header isn't replaced as a whole: replace its values")
        span = document.where(pointer).value
        old = document.text[span.start : span.end]
        indent = document.indent_at(span.start) if "\n" in old and old[:1] == "[" else None
        return [Change(span.start, span.end, _value(document, value, old, indent))]

    def insert(self, document: Document, pointer: Pointer, key: str, value: Json, position: Position) -> list[Change]:
        """Return what adds an entry with a new key to the mapping at `pointer`."""
        if _is_inline(document, pointer):
            members = document.members(pointer)
            number = entry_position(members, key, position)
            like = _written(document, members[max(number - 1, 0)] if members else None)
            brackets = self._brackets(document, pointer, members)
            return brackets.insert(number, lambda _: f"{_key(key)} = {_value(document, value, like[:1])}")
        lines = _Lines(document)
        below = lines.below(pointer)
        header = next((at for at in below if lines.all[at].header and lines.all[at].pointer == pointer), None)
        dotted = bool(below) and header is None and bool(pointer) and not lines.all[below[0]].header
        if not dotted and self._is_table(document, pointer, value):
            return lines.add_table(pointer, key, value, position)
        if dotted or header is not None or not pointer:
            return lines.add_pair(pointer, key, value, position, header)
        first = lines.block_start(below[0])
        text = f"[{lines.name(pointer)}]{document.newline}{lines.pair(key, value, None)}{document.newline}"
        return [Change(first, first, text + document.newline)]

    def append(self, document: Document, pointer: Pointer, value: Json, position: Position) -> list[Change]:
        """Return what adds an item to the list at `pointer`."""
        items = document.at(pointer)
        assert isinstance(items, list)
        number = item_position(items, value, position)
        if not _is_inline(document, pointer):
            if not isinstance(value, dict):
                raise EditRefused("an array of tables takes nothing but tables")
            return _Lines(document).add_element(pointer, value, number, len(items))
        members = document.members(pointer)
        like = _written(document, members[max(number - 1, 0)] if members else None)
        brackets = self._brackets(document, pointer, members)
        return brackets.insert(number, partial(_value, document, value, like[:1]))

    def delete(self, document: Document, pointer: Pointer) -> list[Change]:
        """Return what takes the entry at `pointer` out of the container that holds it."""
        outer = pointer[:-1]
        if _is_inline(document, outer):
            members = document.members(outer)
            number = next(at for at, member in enumerate(members) if member.step == pointer[-1])
            return self._brackets(document, outer, members).delete(number)
        return _Lines(document).delete(pointer)

    def rename(self, document: Document, pointer: Pointer, key: str) -> list[Change]:
        """Return what gives the entry at `pointer` another key."""
        where = document.where(pointer)
        assert where.key is not None
        if _is_inline(document, pointer[:-1]):
            return [Change(where.key.start, where.key.end, _key(key))]
        return _Lines(document).rename(pointer, key)

    def _brackets(self, document: Document, pointer: Pointer, members: Sequence[Member]) -> Brackets:
        span = document.where(pointer).value
        entries = [(member.start, member.end) for member in members]
        return Brackets(document, span.start, span.end, entries, _COMMENTS, _UNIT)

    def _is_table(self, document: Document, pointer: Pointer, value: Json) -> bool:
        """Return whether a new value gets a header of its own, as those beside it have, or where it is long."""
        if isinstance(value, list):
            return bool(value) and all(isinstance(item, dict) and item for item in value)
        if not isinstance(value, dict):
            return False
        inline, headed = 0, 0
        container = document.at(pointer)
        for step, item in container.items() if isinstance(container, dict) else ():
            if isinstance(item, dict):
                inline += _is_inline(document, (*pointer, step))
                headed += not _is_inline(document, (*pointer, step))
        flat = not any(isinstance(item, dict) for item in value.values()) and len(json.dumps(value)) <= _SHORT
        return not (flat and inline > headed)


class _Lines:
    """The headers and pairs of a document, in order."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.all: list[Statement] = statements(document.text)

    def below(self, pointer: Pointer) -> list[int]:
        """Return the numbers of the statements that define what is at `pointer`, or something in it."""
        return [at for at, one in enumerate(self.all) if one.pointer[: len(pointer)] == pointer]

    def name(self, pointer: Pointer) -> str:
        """Return a pointer as a header has it."""
        return ".".join(_key(step) for step in pointer if isinstance(step, str))

    def pair(self, key: str, value: Json, like: Statement | None) -> str:
        """Return a pair as it stands beside another."""
        document, prefix, sign, written = self._document, "", " = ", ""
        if like is not None:
            prefix = document.text[document.line_start(like.start) : like.segments[-1].key.start]
            sign, written = self._sign(like)
        return prefix + _key(key) + sign + _value(document, value, written[:1])

    def _sign(self, pair: Statement) -> tuple[str, str]:
        """Return what stands between the key and the value of a pair, and its value as it is written."""
        rest = self._document.text[pair.segments[-1].key.end : pair.end]
        value = rest.lstrip(" \t=")
        sign = rest[: len(rest) - len(value)]
        return (sign if sign.strip() == "=" and len(sign) <= 3 else " = "), value

    def block_start(self, number: int) -> int:
        """Return where the lines of a statement begin, with its own comments."""
        one = self.all[number]
        previous = self.all[number - 1].end if number else 0
        following = self.all[number + 1] if number + 1 < len(self.all) else None
        after = -1 if one.header or following is None or following.header else following.start
        return own_comments(self._document, one.start, previous, one.end, after, _COMMENTS)

    def add_pair(self, pointer: Pointer, key: str, value: Json, position: Position, header: int | None) -> list[Change]:
        """Return what adds a pair to the table of a header, to the root, or beside others with dotted keys."""
        document = self._document
        body = self._body(header) if header is not None or not pointer else self.below(pointer)
        depth = len(pointer)
        pairs = [at for at in body if len(self.all[at].pointer) == depth + 1] if pointer and header is None else body
        if not pairs and header is None and pointer:
            pairs = body[-1:]
            like = self.all[body[-1]]
            prefix = ".".join(segment.name for segment in like.segments[: depth + 1 - len(like.pointer)])
            at = document.line_end(like.end)
            indent = document.indent_at(like.start)
            return [Change(at, at, f"{document.newline}{indent}{_dotted(prefix)}{self.pair(key, value, None)}")]
        members = [Member(self.all[at].pointer[depth], None, document.where(self.all[at].pointer)) for at in pairs]
        number = entry_position(members, key, position)
        if pairs:
            near = self.all[pairs[max(number - 1, 0)]]
            like = near if len(near.segments) == 1 or (header is None and pointer) else None  # type: ignore[assignment]
            line = self.pair(key, value, like)
            if number == 0:
                at = document.line_end(self.all[header].end) if header is not None else document.line_start(near.start)
                return [Change(at, at, document.newline + line if header is not None else line + document.newline)]
            at = document.line_end(near.end)
            gap = separation(document, [(self.all[each].start, self.all[each].end) for each in pairs])
            return [Change(at, at, gap + document.newline + line)]
        line = self.pair(key, value, None)
        if header is not None:
            at = document.line_end(self.all[header].end)
            return [Change(at, at, document.newline + document.indent_at(self.all[header].start) + line)]
        if not self.all:
            ended = "" if not document.text or document.text[-1] in "\r\n" else document.newline
            return [Change(len(document.text), len(document.text), ended + line + document.newline)]
        at = self.block_start(0)
        return [Change(at, at, line + document.newline * 2)]

    def _body(self, header: int | None) -> list[int]:
        """Return the numbers of the pairs below a header, up to the next one."""
        start = 0 if header is None else header + 1
        stop = next((at for at in range(start, len(self.all)) if self.all[at].header), len(self.all))
        return list(range(start, stop))

    def add_table(self, pointer: Pointer, key: str, value: Json, position: Position) -> list[Change]:
        """Return what adds a table with a header, or an array of such, to what is at `pointer`."""
        document = self._document
        block = self._table((*pointer, key), value)
        below = self.below(pointer)
        subtables = [at for at in below if self.all[at].header and len(self.all[at].pointer) > len(pointer)]
        steps = [str(self.all[at].pointer[len(pointer)]) for at in subtables]
        before = 0 if position == "first" else len(subtables)
        if position == "sorted":
            before = next((number for number, step in enumerate(steps) if step > key), len(subtables))
        if before < len(subtables):
            at = self.block_start(subtables[before])
            return [Change(at, at, block + document.newline * 2)]
        return self._behind(below[-1] if below and pointer else len(self.all) - 1, block)

    def add_element(self, pointer: Pointer, value: Json, number: int, count: int) -> list[Change]:
        """Return what adds an element to the array of tables at `pointer`."""
        block = self._table((*pointer, 0), value)
        if number < count:
            at = self.block_start(self.below((*pointer, number))[0])
            return [Change(at, at, block + self._document.newline * 2)]
        return self._behind(self.below(pointer)[-1], block)

    def _behind(self, number: int, block: str) -> list[Change]:
        """Return what puts lines behind a statement, with a blank line between them; at the end if there is none."""
        document = self._document
        if number == len(self.all) - 1:
            text = document.text
            end = len(text.rstrip(" \t\r\n"))
            final = document.newline if text[end:].strip(" \t") or not text else ""
            return [Change(end, len(text), (document.newline * 2 if end else "") + block + final)]
        at = document.line_end(self.all[number].end)
        return [Change(at, at, document.newline * 2 + block)]

    def _table(self, pointer: Pointer, value: Json) -> str:
        """Return a table with its header, or an array of such, without the end of its last line."""
        newline = self._document.newline
        if isinstance(value, list):
            return (newline * 2).join(self._table((*pointer, at), item) for at, item in enumerate(value))
        assert isinstance(value, dict)
        name = self.name(pointer)
        head = f"[[{name}]]" if isinstance(pointer[-1], int) else f"[{name}]"
        tables = {key: item for key, item in value.items() if isinstance(item, dict) and _is_long(item)}
        pairs = [self.pair(key, item, None) for key, item in value.items() if key not in tables]
        own = [head, *pairs] if pairs or not tables or isinstance(pointer[-1], int) else []
        blocks = [newline.join(own)] if own else []
        return (newline * 2).join([*blocks, *(self._table((*pointer, key), item) for key, item in tables.items())])

    def delete(self, pointer: Pointer) -> list[Change]:
        """Return what cuts the lines of all that defines what is at `pointer`."""
        document = self._document
        below = self.below(pointer)
        if not below:
            raise EditRefused("its key stands in the key of something else")
        changes: list[Change] = []
        at = 0
        while at < len(below):
            start = below[at]
            stop = start
            while at + 1 < len(below) and below[at + 1] == stop + 1:
                at, stop = at + 1, stop + 1
            at += 1
            begin = self.block_start(start)
            following = self.all[stop + 1] if stop + 1 < len(self.all) else None
            if not self.all[start].header:
                first = start == 0 or self.all[start - 1].header
                last = following is None or following.header
                changes.append(cut_lines(document, begin, self.all[stop].end, first=first, last=last))
            elif following is not None:
                changes.append(Change(begin, self.block_start(stop + 1), ""))
            else:
                end = document.text[:begin].rstrip(" \t\r\n")
                kept = min(document.next_line(len(end)), begin) if end else 0
                changes.append(Change(kept, len(document.text), ""))
        return changes

    def rename(self, pointer: Pointer, key: str) -> list[Change]:
        """Return what writes another key wherever the last one of `pointer` stands."""
        names = sum(isinstance(step, str) for step in pointer)
        changes = []
        for at in self.below(pointer):
            one = self.all[at]
            first = sum(isinstance(step, str) for step in one.pointer) - len(one.segments)
            if names > first:
                span = one.segments[names - first - 1].key
                changes.append(Change(span.start, span.end, _key(key)))
        return changes


def _is_inline(document: Document, pointer: Pointer) -> bool:
    """Return whether a container stands in brackets, or inside of one that does."""
    for depth in range(1, len(pointer) + 1):
        where = document.where(pointer[:depth])
        bracket = document.text[where.value.start : where.value.start + 1]
        if where.key is not None and where.key.end <= where.value.start and bracket in ("{", "["):
            return True
    return False


def _is_long(value: dict[str, Json]) -> bool:
    nested = any(isinstance(item, dict) for item in value.values())
    return nested or len(json.dumps(value)) > _SHORT


def _written(document: Document, member: Member | None) -> str:
    """Return how the value of an entry is written."""
    return document.text[member.where.value.start : member.where.value.end] if member else ""


def _dotted(prefix: str) -> str:
    return prefix + "." if prefix else ""


def _key(key: str) -> str:
    """Return a key, in quotes where it has to be."""
    return key if key and set(key) <= _BARE else _string(key, "")


def _value(document: Document, value: Json, like: str, indent: str | None = None) -> str:
    """Return a value, a string in the quotes of `like`; an array over several lines if they are indented."""
    if isinstance(value, str):
        return _string(value, like, document.newline)
    if isinstance(value, dict):
        pairs = [f"{_key(key)} = {_value(document, item, '')}" for key, item in value.items()]
        return "{ " + ", ".join(pairs) + " }" if pairs else "{}"
    if isinstance(value, list):
        items = [_value(document, item, "") for item in value]
        line = f"[{', '.join(items)}]"
        if not items or (indent is None and len(line) <= _WIDEST) or "\n" in line:
            return line
        lines = "".join(f"{document.newline}{indent or ''}{_UNIT}{item}," for item in items)
        return f"[{lines}{document.newline}{indent or ''}]"
    return json.dumps(value)


def _string(text: str, like: str, newline: str = "\n") -> str:
    """Return a string in quotes: in those of `like` where these can hold it."""
    if like[:1] == "'" and like[:3] != "'''" and "'" not in text and (not text or text.isprintable()):
        return f"'{text}'"
    if like.startswith('"""') and "\n" in text:
        body = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "\\r").replace("\n", newline)
        return f'"""{newline if like[3:4] in (chr(13), chr(10)) or body.startswith(newline) else ""}{body}"""'
    escaped = json.dumps(text, ensure_ascii=False)
    return escaped.replace("\x7f", "\\u007f")


EDITORS: dict[str, Editor] = {"toml": TomlEditor()}
