"""Edits of YAML: block style by its lines and columns, flow style by its brackets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from polcheck.edits.brackets import Brackets, own_comments
from polcheck.edits.document import Change, Document, Member
from polcheck.edits.edit import EditRefused
from polcheck.edits.editor import Editor, Position
from polcheck.edits.operations import entry_position, item_position
from polcheck.edits.whole_lines import cut_lines, separation
from polcheck.formats.values import Json, LimitExceeded, Pointer
from polcheck.formats.yaml import plain

_COMMENTS = ("#",)
_SPACE = " \t\r\n"
_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`")
_WORDS_OF_OTHERS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nil"})
_ESCAPED = {code: f"\\x{code:02x}" for code in range(0x7F, 0xA0)}
_ESCAPED |= {code: f"\\u{code:04x}" for code in (0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF)}
_MOST_SAMPLES = 1000
_SHORT = 80  # characters of a container on one line


class YamlEditor(Editor):
    """Edits of a YAML stream."""

    def replace(self, document: Document, pointer: Pointer, value: Json) -> list[Change]:
        """Return what puts `value` in the place of the value at `pointer`."""
        _check_reach(document, pointer)
        if not document.config.values:
            return self._whole(document, value)
        span, text = document.where(pointer).value, document.text
        old = document.at(pointer)
        content = _content(document, span.start, span.end)
        flow = _in_flow(document, pointer)
        writer = _Writer(document)
        in_brackets = text[content : content + 1] in ("{", "[") and isinstance(old, dict | list)
        if flow or (in_brackets and old and isinstance(value, dict | list)):
            return [_put(document, content, span.end, writer.flow(value, text[content : span.end]))]
        key = document.where(pointer).key if pointer and isinstance(pointer[-1], str) else None
        block = isinstance(value, dict | list) and bool(value)
        if key is not None:
            return self._replace_entry(document, pointer, value, writer, content)
        column = _column(document, content)
        if block:
            if span.start == span.end:
                return [Change(span.start, span.end, " " + writer.block(value, column + 1).lstrip(_SPACE))]
            return [Change(span.start, span.end, writer.block(value, column).lstrip(_SPACE))]
        start = content if not isinstance(old, dict | list) else span.start
        indent = _dash(document, span.start) if pointer else -1
        new = writer.scalar(value, text[content : span.end], (_column(document, indent) if indent >= 0 else -1))
        return [_put(document, start, span.end, new)]

    def insert(self, document: Document, pointer: Pointer, key: str, value: Json, position: Position) -> list[Change]:
        """Return what adds an entry with a new key to the mapping at `pointer`."""
        _check_reach(document, pointer)
        if document.at(pointer) is None:
            return self.replace(document, pointer, {key: value})
        span = document.where(pointer).value
        content = _content(document, span.start, span.end)
        writer = _Writer(document)
        members = _own_members(document, pointer)
        number = entry_position(members, key, position)
        sibling = members[max(number - 1, 0)] if members else None
        if document.text[content : content + 1] == "{":
            return _brackets(document, pointer, writer).insert(
                number, lambda _: writer.key(key, sibling) + ": " + writer.flow(value, _written(document, sibling))
            )
        _check_block(document, pointer, members)
        column = _column(document, content)
        entry = writer.entry(key, value, column, sibling)
        if number == 0:
            return self._first(document, pointer, content, entry)
        at = document.line_end(span.end if number == len(members) else members[number - 1].end)
        gap = separation(document, [(member.start, member.end) for member in members])
        return [Change(at, at, gap + document.newline + " " * column + entry)]

    def append(self, document: Document, pointer: Pointer, value: Json, position: Position) -> list[Change]:
        """Return what adds an item to the list at `pointer`."""
        _check_reach(document, pointer)
        items = document.at(pointer)
        if items is None or (not items and pointer):
            return self.replace(document, pointer, [value])
        assert isinstance(items, list)
        span = document.where(pointer).value
        content = _content(document, span.start, span.end)
        writer = _Writer(document)
        members = document.members(pointer)
        number = item_position(items, value, position)
        sibling = members[max(number - 1, 0)] if members else None
        if document.text[content : content + 1] == "[":
            return _brackets(document, pointer, writer).insert(
                number, lambda _: writer.flow(value, _written(document, sibling))
            )
        _check_block(document, pointer, ())
        assert sibling is not None
        dash = _dash(document, sibling.start)
        column = _column(document, dash)
        blanks = sibling.start - dash - 1 if document.line_end(dash) > sibling.start else 1
        entry = "-" + " " * max(blanks, 1) + writer.item(value, column + 1 + max(blanks, 1), sibling)
        if number == 0:
            return self._first(document, pointer, dash, entry)
        at = document.line_end(members[number - 1].end)
        gap = separation(document, [(member.start, member.end) for member in members])
        return [Change(at, at, gap + document.newline + " " * column + entry)]

    def delete(self, document: Document, pointer: Pointer) -> list[Change]:
        """Return what takes the entry at `pointer` out of the container that holds it."""
        _check_reach(document, pointer)
        outer = pointer[:-1]
        span = document.where(outer).value
        content = _content(document, span.start, span.end)
        members = _own_members(document, outer)
        number = next((at for at, member in enumerate(members) if member.step == pointer[-1]), -1)
        if number < 0:
            raise EditRefused("the entry stands elsewhere: it comes from a merge key")
        if document.text[content : content + 1] in ("{", "["):
            return _brackets(document, outer, _Writer(document)).delete(number)
        is_list = isinstance(document.at(outer), list)
        _check_block(document, outer, () if is_list else members)
        entry = members[number]
        start = _dash(document, entry.start) if is_list else entry.start
        if start <= content and entry.end >= span.end:
            return self.replace(document, outer, [] if is_list else {})
        end = _inner_comments(document, entry.end, _column(document, start))
        previous = members[number - 1].end if number else 0
        following = members[number + 1].start if number + 1 < len(members) else -1
        if document.begins_line(start):
            first = own_comments(document, start, previous, entry.end, following, _COMMENTS)
            return [cut_lines(document, first, end, last=following < 0, first=number == 0)]
        at = document.next_line(end)
        while at < len(document.text) and document.text[at] in _SPACE:
            at += 1
        return [Change(start, at, "")]

    def rename(self, document: Document, pointer: Pointer, key: str) -> list[Change]:
        """Return what gives the entry at `pointer` another key."""
        _check_reach(document, pointer)
        where = document.where(pointer)
        if where.key is None:
            raise EditRefused("the entry stands elsewhere: it comes from a merge key")
        start = _content(document, where.key.start, where.key.end)
        if document.text[where.key.start] == "!":
            raise EditRefused("a tag stands there, not a key")
        member = Member(pointer[-1], None, where)
        return [Change(start, where.key.end, _Writer(document).key(key, member))]

    def _whole(self, document: Document, value: Json) -> list[Change]:
        """Return what writes the first document of a file that has none."""
        text = document.text
        ended = "" if not text or text[-1] in "\r\n" else document.newline
        new = _Writer(document).block(value, 0).lstrip(_SPACE) if value else json.dumps(value)
        return [Change(len(text), len(text), ended + new + document.newline)]

    def _first(self, document: Document, pointer: Pointer, start: int, entry: str) -> list[Change]:
        """Return what puts an entry before the first one of a block collection, which begins at `start`."""
        indent = " " * _column(document, start)
        if document.begins_line(start) and pointer and isinstance(pointer[-1], str):
            key = document.where(pointer).key
            if key is not None and (at := document.line_end(key.end)) < start:
                return [Change(at, at, document.newline + indent + entry)]
        return [Change(start, start, entry + document.newline + indent)]

    def _replace_entry(
        self, document: Document, pointer: Pointer, value: Json, writer: _Writer, content: int
    ) -> list[Change]:
        """Return what gives another value to an entry of a mapping in block style."""
        where, text = document.where(pointer), document.text
        assert where.key is not None
        span, old = where.value, document.at(pointer)
        colon = _colon(document, where.key.end, span.start)
        column = _column(document, where.key.start)
        old_block = isinstance(old, dict | list) and text[content : content + 1] not in ("{", "[", "*")
        line = document.line_end(colon)
        if isinstance(value, dict | list) and value:
            lines = writer.block(value, column + writer.indent_of(value))
            if old_block and span.start > line:
                return [Change(line, document.line_end(span.end), lines)]
            at = document.line_end(span.end)
            return [Change(colon + 1, max(span.end, colon + 1), ""), Change(at, at, lines)]
        new = writer.scalar(value, "" if old_block else text[content : span.end], column)
        if old_block:
            if span.start <= line:
                return [Change(colon + 1, span.end, " " + new)]
            return [Change(colon + 1, colon + 1, " " + new), Change(line, document.line_end(span.end), "")]
        if span.start == span.end:
            return [Change(colon + 1, colon + 1, " " + new)]
        return [_put(document, content, span.end, new)]


class _Writer:
    """Writes keys and values as a document writes its own."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._newline = document.newline
        single, double = document.text.count(": '"), document.text.count(': "')
        self._quote = "'" if single > double else '"'
        self._unit, self._lists = _unit(document)

    @property
    def unit(self) -> str:
        """The white space of a level."""
        return " " * self._unit

    def indent_of(self, value: Json) -> int:
        """Return how much deeper than its key a collection stands."""
        return self._lists if isinstance(value, list) else self._unit

    def entry(self, key: str, value: Json, column: int, sibling: Member | None) -> str:
        """Return an entry of a mapping in block style whose key stands at a column."""
        head = self.key(key, sibling) + ":"
        if isinstance(value, dict | list) and value:
            like = sibling is not None and type(sibling.value) is type(value) and is_flat(value)
            if like and _written(self._document, sibling)[:1] in ("{", "["):
                return f"{head} {self.flow(value, '')}"
            return head + self.block(value, column + self.indent_of(value))
        return f"{head} {self.scalar(value, _written(self._document, sibling), column)}"

    def item(self, value: Json, column: int, sibling: Member | None) -> str:
        """Return an item of a list in block style whose content stands at a column."""
        written = _written(self._document, sibling)
        if isinstance(value, dict | list) and value:
            if written[:1] in ("{", "[") and is_flat(value):
                return self.flow(value, "")
            return self.block(value, column).lstrip(_SPACE)
        return self.scalar(value, written, column - 2)

    def block(self, value: Json, column: int) -> str:
        """Return the lines of a collection in block style at a column, with a line break before each."""
        indent = self._newline + " " * column
        if isinstance(value, dict) and value:
            return "".join(indent + self.entry(key, item, column, None) for key, item in value.items())
        if isinstance(value, list) and value:
            return "".join(indent + "- " + self.item(item, column + 2, None) for item in value)
        return indent + self.scalar(value, "", column - 2)

    def flow(self, value: Json, like: str) -> str:
        """Return a value in flow style; a string in the quotes of `like`."""
        if isinstance(value, dict):
            return "{" + ", ".join(f"{self.key(key, None)}: {self.flow(item, '')}" for key, item in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(self.flow(item, "") for item in value) + "]"
        return self._string(value, like, flow=True) if isinstance(value, str) else _atom(value, like)

    def scalar(self, value: Json, like: str, column: int) -> str:
        """Return a scalar or an empty collection in block style, in an entry whose key or dash stands at a column."""
        if isinstance(value, dict | list):
            return self.flow(value, like)
        if not isinstance(value, str):
            return _atom(value, like)
        if "\n" in value and like[:1] not in ('"', "'") and (lines := _literal(value)) is not None:
            header, content = lines
            indent = self._newline + " " * (max(column, 0) + self._unit)
            return header + "".join(indent + line if line else self._newline for line in content)
        return self._string(value, like, flow=False)

    def key(self, key: str, sibling: Member | None) -> str:
        """Return a key, in the quotes of its sibling's."""
        where = sibling.where.key if sibling else None
        like = self._document.text[where.start : where.end] if where else ""
        return self._string(key, like, flow=True)

    def _string(self, text: str, like: str, flow: bool) -> str:
        like = like[:1] if like[:1] in ('"', "'") else ""
        if not like and is_plain(text, flow):
            return text
        return quoted(text, like or self._quote)


def is_flat(value: Json) -> bool:
    """Return whether a container is short and holds nothing but scalars on one line."""
    items = list(value.values() if isinstance(value, dict) else value) if isinstance(value, dict | list) else []
    flat = not any(isinstance(item, dict | list) or (isinstance(item, str) and "\n" in item) for item in items)
    return flat and len(json.dumps(value)) <= _SHORT


def written(text: str) -> str:
    """Return a string as a scalar on one line: without quotes where readers of YAML 1.1 and 1.2 take it for itself."""
    return text if is_plain(text, flow=False) else quoted(text, '"')


def quoted(text: str, quote: str) -> str:
    """Return a string as a scalar in quotes: in single ones if `quote` is one and they can hold it."""
    double = json.dumps(text, ensure_ascii=False).translate(_ESCAPED)
    if quote == "'" and (double.count("\\") == text.count("\\") * 2 + text.count('"')):
        return "'" + text.replace("'", "''") + "'"
    return double


def _atom(value: Json, like: str) -> str:
    """Return null, a boolean or a number, spelled so that readers of YAML 1.1 and 1.2 agree."""
    if value is None:
        return "~" if like == "~" else "null"
    if isinstance(value, float):
        text = repr(value)
        mantissa, exponent, power = text.partition("e")
        return f"{mantissa}{'' if '.' in mantissa else '.0'}e{power}" if exponent else text
    return json.dumps(value)


def is_plain(text: str, flow: bool) -> bool:
    """Return whether a string needs no quotes, for readers of YAML 1.1 as for those of 1.2."""
    from yaml.nodes import ScalarNode
    from yaml.resolver import Resolver

    if not text or text != text.strip() or not text.isprintable() or text.translate(_ESCAPED) != text:
        return False
    if text[0] in _INDICATORS and not (text[0] == "-" and len(text) > 1 and text[1] not in " -" and not flow):
        return False
    if ": " in text or " #" in text or text[-1] == ":" or text.startswith(("--- ", "... ")) or text == "...":
        return False
    if flow and any(character in ",[]{}:#" for character in text):
        return False
    if text.lower() in _WORDS_OF_OTHERS:
        return False
    try:
        if not isinstance(plain(text), str):
            return False
    except LimitExceeded:
        return False
    tag: str = Resolver().resolve(ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return tag == "tag:yaml.org,2002:str"


def _literal(text: str) -> tuple[str, Sequence[str]] | None:
    """Return the header and the lines of a block scalar with a text; None where it wouldn't be read back surely."""
    body = text.removesuffix("\n")
    lines = body.split("\n")
    if not body or body[0] in " \t\n" or body.endswith("\n") or text.translate(_ESCAPED) != text:
        return None
    if not all(line.replace("\t", "").isprintable() and (not line or line.strip(" \t")) for line in lines):
        return None
    return "|" if text.endswith("\n") else "|-", lines


def _check_reach(document: Document, pointer: Pointer) -> None:
    """Raises EditRefused for what stands elsewhere than in the document's own text on the way to it: at an alias."""
    value = document.value
    for depth, step in enumerate(pointer):
        if depth:
            span = document.where(pointer[:depth]).value
            if document.text[_content(document, span.start, span.end)] == "*":
                raise EditRefused("it is reached through an alias: change it where its anchor is, or the alias itself")
        where = document.where(pointer[: depth + 1])
        if isinstance(value, dict) and where.key is None:
            raise EditRefused("it comes from a merge key: change it where its anchor is")
        value = value[step] if isinstance(value, dict | list) else None  # type: ignore[index]


def _check_block(document: Document, pointer: Pointer, members: Sequence[Member]) -> None:
    """Raises EditRefused for what is no plain block collection: keys behind `?`, a tag's mapping, a lone pair."""
    if _in_flow(document, pointer):
        raise EditRefused("a pair without braces in a list can't be added to or taken from")
    for member in members:
        assert member.where.key is not None
        _colon(document, member.where.key.end, member.where.value.start)


def _own_members(document: Document, pointer: Pointer) -> list[Member]:
    """Return the entries that stand in a collection itself: those of a merge key have no key, or stand deeper."""
    members = document.members(pointer)
    if isinstance(document.at(pointer), list):
        return members
    own = [member for member in members if member.where.key is not None]
    span = document.where(pointer).value
    content = _content(document, span.start, span.end)
    if document.text[content : content + 1] == "{":
        return own
    column = _column(document, content)
    return [member for member in own if _column(document, member.start) == column]


def _colon(document: Document, key_end: int, start: int) -> int:
    """Return where the colon behind a key stands. Raises EditRefused for a key behind a `?`, or a tag."""
    at = key_end
    while at < len(document.text) and document.text[at] in " \t":
        at += 1
    if document.text[at : at + 1] != ":" or at > max(start, key_end):
        raise EditRefused("a key that isn't followed by its colon (behind a `?`, or a tag) can't be edited exactly")
    return at


def _content(document: Document, start: int, end: int) -> int:
    """Return where a value begins behind its anchor and tag."""
    text, at = document.text, start
    while at < end and text[at] in "&!":
        while at < end and text[at] not in _SPACE:
            at += 1
        while at < end and text[at] in _SPACE + "#":
            at = document.line_end(at) if text[at] == "#" else at + 1
    return min(at, end)


def _in_flow(document: Document, pointer: Pointer) -> bool:
    """Return whether a value stands inside of a container in flow style."""
    for depth in range(len(pointer)):
        span = document.where(pointer[:depth]).value
        if document.text[_content(document, span.start, span.end) :][:1] in ("{", "["):
            return True
    return False


def _column(document: Document, at: int) -> int:
    return at - document.line_start(at)


def _dash(document: Document, start: int) -> int:
    """Return where the dash of an item of a block list stands. Raises EditRefused where that isn't right before it."""
    at = start
    while at > 0 and document.text[at - 1] in _SPACE:
        at -= 1
    if document.text[at - 1 : at] != "-":
        raise EditRefused("an item that doesn't follow its dash can't be edited exactly")
    return at - 1


def _inner_comments(document: Document, end: int, column: int) -> int:
    """Return where an entry ends with the comments below it that stand deeper than it does."""
    result, at = end, document.next_line(end)
    while at < len(document.text):
        stop = document.line_end(at)
        line = document.text[at:stop]
        content = line.lstrip(" ")
        if content and not (content[0] == "#" and len(line) - len(content) > column):
            break
        if content:
            result = stop
        at = document.next_line(at)
    return result


def _written(document: Document, sibling: Member | None) -> str:
    """Return how the value of an entry is written."""
    if sibling is None:
        return ""
    span = sibling.where.value
    return document.text[_content(document, span.start, span.end) : span.end]


def _put(document: Document, start: int, end: int, new: str) -> Change:
    """Return what puts a value in a place, set off from the sign before it."""
    before = document.text[start - 1 : start]
    return Change(start, end, " " + new if start == end and before in ("-", ":") else new)


def _brackets(document: Document, pointer: Pointer, writer: _Writer) -> Brackets:
    """Return the container in flow style at `pointer`."""
    span = document.where(pointer).value
    content = _content(document, span.start, span.end)
    entries = [(member.start, member.end) for member in _own_members(document, pointer)]
    return Brackets(document, content, span.end, entries, _COMMENTS, writer.unit)


def _unit(document: Document) -> tuple[int, int]:
    """Return by how many columns mappings stand deeper than the key before them, and by how many lists do."""
    unit, lists = 0, -1
    waiting: list[tuple[Pointer, Json]] = [((), document.value)]
    samples = 0
    while waiting and samples < _MOST_SAMPLES and not (unit and lists >= 0):
        pointer, value = waiting.pop(0)
        entries: Iterable[tuple[str | int, Json]] = ()
        if isinstance(value, dict | list):
            entries = value.items() if isinstance(value, dict) else enumerate(value)
        for step, item in entries:
            samples += 1
            if samples > _MOST_SAMPLES:
                break
            if not isinstance(item, dict | list) or not item:
                continue
            where = document.config.locate(document.index, (*pointer, step))
            start = _content(document, where.value.start, where.value.end)
            if document.text[start] in "{[*":
                continue
            if where.key is not None and start > document.line_end(where.key.end):
                deeper = _column(document, start) - _column(document, where.key.start)
                if isinstance(item, list):
                    lists = deeper if lists < 0 else lists
                elif deeper > 0:
                    unit = unit or deeper
            waiting.append(((*pointer, step), item))
    unit = unit or (lists if lists > 0 else 2)
    return unit, unit if lists < 0 else max(lists, 0)


EDITORS: dict[str, Editor] = {"yaml": YamlEditor(), "cloudformation": YamlEditor()}
