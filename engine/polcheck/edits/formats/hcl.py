"""Edits of HCL: arguments and blocks on their lines, tuples and objects by their brackets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial

from polcheck.edits.brackets import Brackets, own_comments
from polcheck.edits.document import Change, Document, Member
from polcheck.edits.edit import EditRefused
from polcheck.edits.editor import Editor, Position
from polcheck.edits.operations import entry_position, item_position
from polcheck.edits.whole_lines import cut_lines, separation
from polcheck.formats.values import Json, Pointer
from polcheck.languages.literals import LINES, Quoting, four_or_eight

_COMMENTS = ("#", "//", "/*")
_UNIT = "  "
_EXACT = 1e15  # above it, whole numbers are kept as floats
_WIDEST = 100  # characters of a tuple on one line
_STRING = Quoting(escapes=LINES, character=four_or_eight)


class HclEditor(Editor):
    """Edits of a file in HCL."""

    def normal(self, value: Json, depth: int) -> Json:
        """Return a new value with its numbers as HCL has them. Raises EditRefused for a string that is a template."""
        if isinstance(value, dict):
            return {key: self.normal(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [self.normal(item, depth + 1) for item in value]
        if isinstance(value, str) and ("${" in value or "%{" in value):
            raise EditRefused("a string with `${` or `%{` would be a template in HCL")
        return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT else value

    def vanishes(self, document: Document, pointer: Pointer) -> bool:
        """Return whether a container is there only as long as a block is in it."""
        return bool(pointer) and isinstance(pointer[-1], str) and not _opening(document, pointer)

    def replace(self, document: Document, pointer: Pointer, value: Json) -> list[Change]:
        """Return what puts `value` in the place of the value at `pointer`."""
        span = document.where(pointer).value
        old = document.at(pointer)
        if isinstance(old, dict | list) and not _opening(document, pointer):
            raise EditRefused("a block isn't replaced as a whole: replace its arguments")
        written = document.text[span.start : span.end]
        indent = document.indent_at(span.start) if "\n" in written or isinstance(value, dict) else None
        end = span.end
        if written.startswith("<<"):
            end = span.start + len(written.rstrip("\r\n"))
        return [Change(span.start, end, _value(document, value, indent))]

    def insert(self, document: Document, pointer: Pointer, key: str, value: Json, position: Position) -> list[Change]:
        """Return what adds an entry with a new key to the mapping at `pointer`."""
        members = document.members(pointer)
        is_object = _opening(document, pointer) == "{"
        if not is_object and (not pointer or isinstance(pointer[-1], int)):
            if not _is_blocks(value):
                return self._add_argument(document, pointer, members, key, value, position)
        elif is_object and not (members and document.begins_line(members[0].start)):
            number = entry_position(members, key, position)
            sign = _sign(document, members[0]) if members else " = "
            brackets = self._brackets(document, pointer, members, _COMMENTS)
            return brackets.insert(number, lambda _: f"{_key(key)}{sign}{_value(document, value, None)}")
        elif is_object:
            return self._add_argument(document, pointer, members, key, value, position)
        return self._add_blocks(document, pointer, key, value, members)

    def append(self, document: Document, pointer: Pointer, value: Json, position: Position) -> list[Change]:
        """Return what adds an item to the list at `pointer`."""
        items = document.at(pointer)
        assert isinstance(items, list)
        members = document.members(pointer)
        number = item_position(items, value, position)
        if not _opening(document, pointer):
            if not isinstance(value, dict) or number < len(items):
                raise EditRefused("blocks are added behind the others, and hold arguments")
            last = members[-1]
            head = document.text[last.where.value.start : document.text.index("{", last.end_of_key)].rstrip()
            return [self._block_behind(document, last, head, value)]
        brackets = self._brackets(document, pointer, members, _COMMENTS)
        return brackets.insert(number, partial(_value, document, value))

    def delete(self, document: Document, pointer: Pointer) -> list[Change]:
        """Return what takes the entry at `pointer` out of the container that holds it."""
        outer = pointer[:-1]
        members = document.members(outer)
        number = next(at for at, member in enumerate(members) if member.step == pointer[-1])
        bracket = _opening(document, outer)
        lines = bracket == "{" and document.begins_line(members[0].start)
        if bracket and not lines:
            return self._brackets(document, outer, members, _COMMENTS).delete(number)
        value = document.at(pointer)
        if isinstance(value, dict | list) and not _opening(document, pointer):
            return [self._cut(document, start, end) for start, end in _blocks(document, pointer)]
        entry = members[number]
        end = entry.where.value.end
        if document.text[entry.where.value.start :].startswith("<<"):
            end = entry.where.value.start + len(document.text[entry.where.value.start : end].rstrip("\r\n"))
        tail = end + 1 if document.text[end : end + 1] == "," else end
        following = members[number + 1].start if number + 1 < len(members) else -1
        previous = members[number - 1].end if number else 0
        if not document.begins_line(entry.start):
            return [Change(entry.start, tail, "")]
        begin = own_comments(document, entry.start, previous, entry.end, following, _COMMENTS)
        return [cut_lines(document, begin, tail, first=number == 0, last=following < 0)]

    def rename(self, document: Document, pointer: Pointer, key: str) -> list[Change]:
        """Return what gives the entry at `pointer` another key."""
        where = document.where(pointer)
        assert where.key is not None
        old = document.text[where.key.start : where.key.end]
        is_argument = bool(_sign(document, Member(pointer[-1], None, where)))
        if is_argument and _opening(document, pointer[:-1]) != "{" and _key(key) != key:
            raise EditRefused("the name of an argument is made of letters, digits, `_` and `-`")
        written = _STRING.write(key) if old[:1] == '"' else _key(key)
        return [Change(where.key.start, where.key.start + len(old.rstrip()), str(written))]

    def _brackets(
        self, document: Document, pointer: Pointer, members: Sequence[Member], comments: tuple[str, ...]
    ) -> Brackets:
        span = document.where(pointer).value
        entries = [(member.start, member.end) for member in members]
        return Brackets(document, span.start, span.end, entries, comments, _UNIT)

    def _add_argument(
        self,
        document: Document,
        pointer: Pointer,
        members: Sequence[Member],
        key: str,
        value: Json,
        position: Position,
    ) -> list[Change]:
        arguments = [member for member in members if _sign(document, member)]
        number = entry_position(arguments, key, position)
        if arguments:
            near = arguments[max(number - 1, 0)]
            indent = document.indent_at(near.start)
            width = document.text.index("=", near.end_of_key) - near.start if "=" in _sign(document, near) else 0
            sign = " " * max(width - len(_key(key)), 1) + "= " if width else _sign(document, near)
            line = indent + _key(key) + sign + _value(document, value, indent)
            comma = "," if document.text[near.end : near.end + 1] == "," else ""
            if number == 0:
                at = document.line_start(near.start)
                return [Change(at, at, line + comma + document.newline)]
            end = near.where.value.start + len(_written(document, near).rstrip("\r\n"))
            at = document.line_end(end)
            gap = separation(document, [(each.start, each.end) for each in arguments])
            return [Change(at, at, gap + document.newline + line + comma)]
        if not pointer:
            line = f"{_key(key)} = {_value(document, value, '')}{document.newline}"
            if members:
                at = own_comments(document, members[0].start, 0, members[0].end, -1, _COMMENTS)
                return [Change(at, at, line + document.newline)]
            ended = "" if not document.text or document.text[-1] in "\r\n" else document.newline
            return [Change(len(document.text), len(document.text), ended + line)]
        span = document.where(pointer).value
        key_span = document.where(pointer).key
        opening = document.text.index("{", key_span.end if key_span else span.start)
        indent = document.indent_at(opening)
        line = f"{indent}{_UNIT}{_key(key)} = {_value(document, value, indent + _UNIT)}"
        if document.text[opening + 1 : span.end - 1].strip(" \t"):
            at = document.line_end(opening)
            return [Change(at, at, document.newline + line)]
        return [Change(opening + 1, span.end - 1, document.newline + line + document.newline + indent)]

    def _add_blocks(
        self, document: Document, pointer: Pointer, key: str, value: Json, members: Sequence[Member]
    ) -> list[Change]:
        """Return what adds blocks whose type or label is `key`."""
        names = [str(step) for step in pointer if isinstance(step, str)] if _outermost(pointer) else []
        labels = [*names, key]
        while isinstance(value, dict) and len(value) == 1:
            ((label, value),) = value.items()
            labels.append(label)
        if not _is_blocks(value) or not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], dict):
            raise EditRefused("what stands there is blocks: give the new one as a list of one mapping")
        head = " ".join([labels[0], *(str(_STRING.write(label)) for label in labels[1:])])
        if members:
            return [self._block_behind(document, members[-1], head, value[0])]
        if pointer:
            span, key_span = document.where(pointer).value, document.where(pointer).key
            opening = document.text.index("{", key_span.end if key_span else span.start)
            indent = document.indent_at(opening)
            if document.text[opening + 1 : span.end - 1].strip():
                raise EditRefused("the block around it is laid out in a way in which it can't be added to")
            text = document.newline + _block(document, head, value[0], indent + _UNIT) + document.newline + indent
            return [Change(opening + 1, span.end - 1, text)]
        ended = "" if not document.text or document.text[-1] in "\r\n" else document.newline
        text = ended + _block(document, head, value[0], "") + document.newline
        return [Change(len(document.text), len(document.text), text)]

    def _block_behind(self, document: Document, last: Member, head: str, value: dict[str, Json]) -> Change:
        indent = document.indent_at(last.start)
        at = document.line_end(last.where.value.end)
        return Change(at, at, document.newline * 2 + _block(document, head, value, indent))

    def _cut(self, document: Document, start: int, end: int) -> Change:
        """Return what cuts the lines of a block."""
        begin = own_comments(document, start, 0, end, -1, _COMMENTS)
        closing = document.text[document.next_line(end) :].lstrip(" \t\r\n")[:1] in ("", "}")
        opening = document.text[:begin].rstrip(" \t\r\n")[-1:] in ("", "{")
        return cut_lines(document, begin, end, first=opening, last=closing)


def _outermost(pointer: Pointer) -> bool:
    """Return whether a pointer leads to labels of blocks at the first level of a file."""
    return all(isinstance(step, str) for step in pointer)


def _blocks(document: Document, pointer: Pointer) -> Iterator[tuple[int, int]]:
    """Give where each block stands that is at `pointer`, or whose labels begin there."""
    value = document.at(pointer)
    if isinstance(value, dict) and pointer and isinstance(pointer[-1], int):
        span = document.where(pointer).value
        yield span.start, span.end
    elif isinstance(value, dict | list):
        for step in value if isinstance(value, dict) else range(len(value)):
            yield from _blocks(document, (*pointer, step))


def _is_blocks(value: Json) -> bool:
    """Return whether a value is what blocks read as: mappings in a list, under labels or not."""
    while isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _opening(document: Document, pointer: Pointer) -> str:
    """Return the bracket in which a container stands as a value; empty for the file, blocks and their labels."""
    if not pointer:
        return ""
    bracket = document.text[document.where(pointer).value.start :][:1]
    return bracket if bracket in ("{", "[") else ""


def _sign(document: Document, member: Member) -> str:
    """Return what stands between the key and the value of an argument; empty for a block."""
    key, start = member.where.key, member.where.value.start
    if key is None or start < key.end:
        return ""
    key_end = key.start + len(document.text[key.start : key.end].rstrip())
    between = document.text[key_end:start]
    return between if between.strip(" \t") in ("=", ":") else ""


def _written(document: Document, member: Member) -> str:
    return document.text[member.where.value.start : member.where.value.end]


def _key(key: str) -> str:
    """Return a key, in quotes where it has to be."""
    name = key.replace("-", "_")
    return key if name.isascii() and name.isidentifier() else str(_STRING.write(key))


def _value(document: Document, value: Json, indent: str | None) -> str:
    """Return a value; what is long is written over lines, the first of which is indented by `indent`."""
    if isinstance(value, str):
        return str(_STRING.write(value))
    if isinstance(value, list):
        items = [_value(document, item, None if indent is None else indent + _UNIT) for item in value]
        line = f"[{', '.join(items)}]"
        if not items or indent is None or (len(line) <= _WIDEST and "\n" not in line):
            return line
        lines = "".join(f"{document.newline}{indent}{_UNIT}{item}," for item in items)
        return f"[{lines}{document.newline}{indent}]"
    if isinstance(value, dict):
        deeper = None if indent is None else indent + _UNIT
        pairs = [f"{_key(key)} = {_value(document, item, deeper)}" for key, item in value.items()]
        if not pairs:
            return "{}"
        if indent is None:
            return "{ " + ", ".join(pairs) + " }"
        lines = "".join(f"{document.newline}{indent}{_UNIT}{pair}" for pair in pairs)
        return "{" + lines + document.newline + indent + "}"
    return json.dumps(value)


def _block(document: Document, head: str, value: dict[str, Json], indent: str) -> str:
    """Return a block with its arguments."""
    deeper = indent + _UNIT
    lines = []
    for key, item in value.items():
        if _is_blocks(item) and isinstance(item, list):
            lines += [_block(document, key, inner, deeper) for inner in item if isinstance(inner, dict)]
        else:
            lines.append(f"{deeper}{_key(key)} = {_value(document, item, deeper)}")
    if not lines:
        return f"{indent}{head} {{}}"
    return document.newline.join([f"{indent}{head} {{", *lines, f"{indent}}}"])


EDITORS: dict[str, Editor] = {"hcl": HclEditor()}
