"""The way back from a place in a config document: the keys that lead to the value that stands there."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Protocol, TypeVar

from msgspec import Struct, field

from polcheck.base.cached import cached_property
from polcheck.base.spans import Span

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Pointer = tuple[str | int, ...]
_KINDS = {
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a mapping",
}


class Where(Struct, frozen=True):
    """The spans of one value in its file: the value's own, and its key's where it has one.

    `implied` says that the value is written nowhere as such: a table of TOML that only the names of tables in it open.
    """

    value: Span
    key: Span | None = None
    implied: bool = False


class Section(Protocol):
    """A section of a file of two levels: its header's key, and the stretch that it spans first."""

    key: Span
    start: int
    end: int


_Section = TypeVar("_Section", bound=Section)


def locate_in_sections(
    sections: Mapping[str, _Section], index: int, pointer: Pointer, entry: Callable[[_Section, str], Where]
) -> Where:
    """Return the place of the value at `pointer` in a file of sections; `entry` gives that of one in a section.

    Raises KeyError where the pointer doesn't resolve.
    """
    if index != 0 or len(pointer) > 2 or not all(isinstance(step, str) for step in pointer):
        raise KeyError((index, pointer))
    if not pointer:
        spans = [(section.start, section.end) for section in sections.values()]
        return Where(Span(min(spans)[0], max(end for _, end in spans)) if spans else Span(0, 0))
    section = sections[str(pointer[0])]
    if len(pointer) == 1:
        return Where(Span(section.start, section.end), section.key)
    return entry(section, str(pointer[1]))


class Remark(NamedTuple):
    """What to know about a place of a file that was read: a message without an end, as `the key `a` is repeated`."""

    span: Span
    message: str


class Config(Struct, frozen=True):
    """A parsed configuration file: one value for each document in it (YAML may hold several).

    `locate(index, pointer)` gives the place of a value in document `index`; for a pointer that does not
    resolve it raises KeyError. `repeated` are the spans of keys that a mapping holds twice (the last one wins).
    `remarks` say where other readers of the format refuse the file or read it otherwise. `respelled(names)` is, in a
    format in which names differ by case for some readers only, the same configuration with its keys spelled as in
    `names`.
    """

    values: tuple[Json, ...]
    locate: Callable[[int, Pointer], Where]
    repeated: tuple[Span, ...] = ()
    remarks: tuple[Remark, ...] = ()
    respelled: Callable[[frozenset[str]], Config] | None = None


class Unparsable(Exception):
    """The text is not in its format; `span` is where that shows, where that is known."""

    def __init__(self, reason: str, span: Span | None = None) -> None:
        self.reason = reason
        self.span = span
        super().__init__(reason)


class LimitExceeded(Unparsable):
    """The document is too deep, too large or expands too far to be read to its end."""


def kind_of(value: object) -> str:
    """Return the kind of a value in words, as `a list`; `nothing` for null."""
    return "nothing" if value is None else _KINDS.get(type(value), type(value).__name__)


def text_of(value: Json) -> str:
    """Return a value as a text: numbers in shortest form, strings as they are, the rest as in JSON."""
    if isinstance(value, str):
        return value
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None:
        return "null"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)
    if isinstance(value, int):
        return str(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


class _Member(Struct, frozen=True):
    """One value of a container: its key or index, its extent with its key, and where both stand."""

    step: str | int
    value: Json
    extent: Span
    where: Where


class Pointers(Struct, dict=True):
    """Finds pointers in one config file; the members of a container are located once, when they are needed.

    `scattered`: parts of one container may stand apart, as tables in TOML do, so that its place need not hold them.
    """

    config: Config
    scattered: bool = False
    _members: dict[tuple[int, Pointer], tuple[list[int], list[_Member]]] = field(default_factory=dict)

    def around(self, span: Span) -> tuple[Pointer, bool] | None:
        """Return the innermost value that holds `span`, and whether that is its own place or its key's; None
        without any.
        """
        starts, documents = self._documents
        number = bisect_right(starts, span.start) - 1
        # NOTE: a document without content has no extent, so that two may begin at one place
        while number >= 0 and starts[number] <= span.start:
            index, where = documents[number]
            if where.value.holds(span):
                return self._descend(index, self.config.values[index], where, span)
            if where.value.end > where.value.start:
                return None
            number -= 1
        return None

    @cached_property
    def _documents(self) -> tuple[list[int], list[tuple[int, Where]]]:
        """The documents of the file in order of place, and where each begins."""
        results: list[tuple[int, Where]] = []
        for index in range(len(self.config.values)):
            try:
                results.append((index, self.config.locate(index, ())))
            except KeyError:
                continue
        results.sort(key=lambda document: (document[1].value.start, document[0]))
        return [where.value.start for _, where in results], results

    def _descend(self, index: int, value: Json, where: Where, span: Span) -> tuple[Pointer, bool]:
        results: Pointer = ()
        waiting: list[tuple[Pointer, Json, Where]] = [((), value, where)]
        while waiting:
            pointer, value, where = waiting.pop()
            if span in (where.value, where.key):
                return pointer, True
            member = self._holding(index, pointer, value, span)
            if member is not None:
                results = (*pointer, member.step)
                waiting = [(results, member.value, member.where)]
            elif self.scattered and isinstance(value, dict | list):
                _, members = self._all(index, pointer, value)
                waiting += [((*pointer, each.step), each.value, each.where) for each in reversed(members)]
        return results, False

    def _holding(self, index: int, pointer: Pointer, value: Json, span: Span) -> _Member | None:
        """Return the member of a container that holds `span`, if one does."""
        starts, members = self._all(index, pointer, value)
        place = bisect_right(starts, span.start) - 1
        return members[place] if place >= 0 and members[place].extent.holds(span) else None

    def _all(self, index: int, pointer: Pointer, value: Json) -> tuple[list[int], list[_Member]]:
        """Return the members of a container in order of place, and where each begins."""
        if (index, pointer) not in self._members:
            members = sorted(self._located(index, pointer, value), key=lambda member: member.extent)
            self._members[index, pointer] = [member.extent.start for member in members], members
        return self._members[index, pointer]

    def _located(self, index: int, pointer: Pointer, value: Json) -> Iterable[_Member]:
        entries: Iterable[tuple[str | int, Json]] = ()
        if isinstance(value, dict | list):
            entries = value.items() if isinstance(value, dict) else enumerate(value)
        for step, entry in entries:
            try:
                where = self.config.locate(index, (*pointer, step))
            except KeyError:
                continue
            start = where.key.start if where.key else where.value.start
            extent = Span(min(start, where.value.start), where.value.end)
            yield _Member(step, entry, extent, where)
