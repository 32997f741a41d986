"""TOML documents: values from tomllib, places from the syntax tree when one is asked for."""

from __future__ import annotations

import math
import re
import tomllib
from datetime import date, datetime, time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from polcheck.base.spans import Source, Span
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits, integer_in_bounds
from polcheck.formats.values import Config, Json, LimitExceeded, Pointer, Unparsable, Where

if TYPE_CHECKING:
    from tree_sitter import Node

_ERROR_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_KEY_TYPES = ("bare_key", "quoted_key", "dotted_key")
_KEY = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """The one table of a TOML text; dates and times become ISO 8601 strings, infinities and NaN their texts.

    Raises Unparsable for what isn't TOML 1.0, LimitExceeded, and Unreadable when the bytes aren't text.
    """
    values = _load(source, limits)
    limits.measure(values)
    _plain(values)
    return Config((values,), _Places(source, values).locate)


def _load(source: Source, limits: DocumentLimits) -> dict[str, Any]:
    text = source.text
    # NOTE: tomllib keeps every prefix of a dotted key: 100,000 segments would take it tens of gigabytes.
    if deep := re.search(rf"(?<![A-Za-z0-9_-])(?:{_KEY}[ \t]*+\.[ \t]*+){{{limits.depth}}}", text):
        limits.too_deep(Span(*deep.span()))
    try:
        return tomllib.loads(text, parse_float=_finite)
    except tomllib.TOMLDecodeError as error:
        raise _unparsable(error, source) from error
    except RecursionError:
        limits.too_deep()
    except ValueError as error:  # int() refuses more than 4,300 digits
        raise LimitExceeded("an integer of more than 4200 digits") from error


def _finite(text: str) -> Any:
    number = float(text)
    return number if math.isfinite(number) else text


def _unparsable(error: tomllib.TOMLDecodeError, source: Source) -> Unparsable:
    message = str(error)
    place = _ERROR_PLACE.search(message)
    end = len(source.text)
    at = source.line_starts[int(place[1]) - 1] + int(place[2]) - 1 if place and place[1] else end
    reason = message[: place.start()] if place else message
    reason = (reason[0].lower() + reason[1:]).replace("'", "`")
    return Unparsable(reason, Span(min(at, end), min(at + 1, end)))


def _plain(values: dict[str, Any]) -> None:
    """Puts JSON values in the place of those that only TOML has, and bounds the integers."""
    pending: list[Any] = [values]
    while pending:
        container = pending.pop()
        for step, item in container.items() if isinstance(container, dict) else enumerate(container):
            if isinstance(item, dict | list):
                pending.append(item)
            elif isinstance(item, datetime | date | time):
                container[step] = item.isoformat()
            elif isinstance(item, int):
                integer_in_bounds(item)


class _Spot(Struct):
    """A value in the syntax tree: bytes of its key and of itself; its members, once they are known.

    `node` is the value's own node; a table that headers or dotted keys make has none.
    """

    key: tuple[int, int] | None
    start: int
    end: int
    node: Node | None = None
    members: dict[str, _Spot] | list[_Spot] | None = None

    def member(self, step: str | int) -> _Spot | None:
        """The spot of one member; None where the syntax tree has none."""
        if self.members is None:
            self.members = _members(self.node)
        if isinstance(self.members, dict):
            return self.members.get(str(step))
        return self.members[step] if isinstance(step, int) and step < len(self.members) else None


def _members(node: Node | None) -> dict[str, _Spot] | list[_Spot]:
    if node is not None and node.type == "array":
        items = (child for child in node.named_children if child.type != "comment")
        return [_Spot(None, item.start_byte, item.end_byte, item) for item in items]
    members: dict[str, _Spot] = {}
    if node is not None and node.type == "inline_table":
        for child in node.named_children:
            _add(members, child)
    return members


def _add(members: dict[str, _Spot], pair: Node) -> int:
    """Adds the spots of a pair `key = value`; the byte at which its value ends, 0 where it is no pair."""
    if pair.type != "pair":
        return 0
    children = [child for child in pair.named_children if child.type != "comment"]
    if len(children) < 2:  # what is left of something that the grammar didn't take
        return 0
    key, value = children[:2]
    *parents, last = _segments(key)
    for parent in parents:
        members = _enter(members, parent, pair.start_byte, value.end_byte)
    members[_name(last)] = _Spot((last.start_byte, last.end_byte), value.start_byte, value.end_byte, value)
    return value.end_byte


def _enter(members: dict[str, _Spot], segment: Node, start: int, end: int) -> dict[str, _Spot]:
    """The members of the table that `segment` names: of the last element where it is an array of tables."""
    key = (segment.start_byte, segment.end_byte)
    spot = members.setdefault(_name(segment), _Spot(key, start, end, members={}))
    if isinstance(spot.members, list) and spot.members:
        spot = spot.members[-1]
    if not isinstance(spot.members, dict):
        spot.members = {}
    return spot.members


def _open(members: dict[str, _Spot], table: Node) -> None:
    """Adds the spots of a table with a header `[a.b]` or `[[a.b]]`, and of the pairs below it."""
    header = next((child for child in table.children if child.type in _KEY_TYPES), None)
    if header is None:  # what is left of something that the grammar didn't take
        return
    start, end = table.start_byte, (header.next_sibling or header).end_byte
    *parents, last = _segments(header)
    for parent in parents:
        members = _enter(members, parent, start, end)
    key, name = (last.start_byte, last.end_byte), _name(last)
    spot = members.setdefault(name, _Spot(key, start, end))
    if table.type == "table":
        spot.key, spot.start, own = key, start, spot
    else:
        own = _Spot(None, start, end)
        if not isinstance(spot.members, list):
            spot.members = []
        spot.members.append(own)
    if not isinstance(own.members, dict):
        own.members = {}
    own.end = max([end, *(_add(own.members, child) for child in table.children)])
    spot.end = own.end


def _segments(key: Node) -> list[Node]:
    """The bare and quoted keys of a dotted one, in order; the grammar nests them to the left."""
    found: list[Node] = []
    pending = [key]
    while pending:
        node = pending.pop()
        if node.type == "dotted_key":
            pending.extend(reversed(node.named_children))
        else:
            found.append(node)
    return found


def _name(segment: Node) -> str:
    text = (segment.text or b"").decode("utf-8", "replace")
    if segment.type != "quoted_key":
        return text
    try:
        return next(iter(tomllib.loads(f"{text}=0")))
    except tomllib.TOMLDecodeError:  # a fragment: the grammar cut it short
        return text


class _Places(Struct, frozen=True, dict=True):
    """Where the values of a source stand."""

    source: Source
    values: dict[str, Any]

    @cached_property
    def _root(self) -> _Spot:
        import tree_sitter_toml
        from tree_sitter import Language, Parser

        data = self.source.utf8
        tree = Parser(Language(tree_sitter_toml.language())).parse(data)
        members: dict[str, _Spot] = {}
        for node in tree.root_node.named_children:
            if node.type in ("table", "table_array_element"):
                _open(members, node)
            else:
                _add(members, node)
        return _Spot(None, 0, len(data.rstrip()), members=members)

    def locate(self, index: int, pointer: Pointer) -> Where:
        """The place of the value at `pointer`; raises KeyError where it doesn't resolve.

        NOTE: what tomllib takes and the grammar doesn't stands where its holder does.
        """
        if index != 0:
            raise KeyError(index)
        value: Json = self.values
        spot = self._root
        lost = False
        for step in pointer:
            value = _member(value, step)
            inner = None if lost else spot.member(step)
            lost = inner is None
            spot = inner or spot
        key = self.source.span_of_bytes(*spot.key) if spot.key else None
        return Where(self.source.span_of_bytes(spot.start, spot.end), key)


def _member(value: Json, step: str | int) -> Json:
    if isinstance(value, dict) and isinstance(step, str):
        return value[step]
    if isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
        return value[step]
    raise KeyError(step)
