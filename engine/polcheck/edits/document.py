"""A document of a configuration file as it is edited: its text, its values and their places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from msgspec import Struct

from polcheck.base.cached import cached_property
from polcheck.base.spans import Source
from polcheck.edits.edit import Edit, EditRefused
from polcheck.formats.format import Format
from polcheck.formats.values import Config, Json, Pointer, Where, kind_of

_BOM = b"\xef\xbb\xbf"


class Change(NamedTuple):
    """The replacement of the characters of a text from `start` to `end` (exclusive)."""

    start: int
    end: int
    text: str


class Member(NamedTuple):
    """One entry of a container: its key or index, its value, and the places of both."""

    step: str | int
    value: Json
    where: Where

    @property
    def start(self) -> int:
        """The offset at which the entry begins, with its key."""
        key = self.where.key
        return min(key.start, self.where.value.start) if key else self.where.value.start

    @property
    def end_of_key(self) -> int:
        """The offset at which the key ends; without one, that at which the entry begins."""
        return self.where.key.end if self.where.key else self.start

    @property
    def end(self) -> int:
        """The offset at which the entry ends."""
        key = self.where.key
        return max(key.end, self.where.value.end) if key else self.where.value.end


class Layout(Struct, frozen=True, dict=True):
    """The lines of a file: where they begin and end, how they are indented. Places are offsets in its text."""

    source: Source

    @cached_property
    def text(self) -> str:
        """The text of the file, in which places are offsets."""
        return self.source.text

    @cached_property
    def newline(self) -> str:
        """The characters that end a line of the file: those of its first line."""
        at = self.text.find("\n")
        if at < 0:
            return "\r" if "\r" in self.text else "\n"
        return "\r\n" if self.text.startswith("\r", at - 1) and at > 0 else "\n"

    @cached_property
    def _returns(self) -> bool:
        """Whether the file has carriage returns. NOTE: looked for each time, they would take quadratic time."""
        return "\r" in self.text

    def line_start(self, at: int) -> int:
        """Return the offset at which the line of the character at `at` begins."""
        start = self.text.rfind("\n", 0, at)
        return (max(start, self.text.rfind("\r", max(start, 0), at)) if self._returns else start) + 1

    def line_end(self, at: int) -> int:
        """Return the offset at which the line of the character at `at` ends, before its line break."""
        end = self.text.find("\n", at)
        end = end if end >= 0 else len(self.text)
        other = self.text.find("\r", at, end) if self._returns else -1
        return other if other >= 0 else end

    def next_line(self, at: int) -> int:
        """Return the offset behind the line break that ends the line of the character at `at`."""
        end = self.line_end(at)
        return min(end + (2 if self.text.startswith("\r\n", end) else 1), len(self.text))

    def indent_at(self, at: int) -> str:
        """Return the white space at the beginning of the line of the character at `at`."""
        start = self.line_start(at)
        end = start
        while end < len(self.text) and self.text[end] in " \t":
            end += 1
        return self.text[start:end]

    def begins_line(self, at: int) -> bool:
        """Return whether nothing but white space stands before the character at `at` in its line."""
        return not self.text[self.line_start(at) : at].strip(" \t")

    def ends_line(self, at: int) -> bool:
        """Return whether nothing but white space stands from `at` to the end of its line."""
        return not self.text[at : self.line_end(at)].strip(" \t")


class Document(Layout, frozen=True, dict=True):
    """One document of a file: the file, its format, what it says, and the number of the document in it."""

    format: Format
    config: Config
    index: int = 0

    @property
    def value(self) -> Json:
        """The value of the document; None where the file has none."""
        values = self.config.values
        return values[self.index] if self.index < len(values) else None

    def at(self, pointer: Pointer) -> Json:
        """Return the value at `pointer`. Raises EditRefused where it doesn't resolve."""
        value = self.value
        for step in pointer:
            value = member(value, step)
        return value

    def where(self, pointer: Pointer) -> Where:
        """Return the place of the value at `pointer`. Raises EditRefused where it has none."""
        try:
            return self.config.locate(self.index, pointer)
        except KeyError as error:
            raise EditRefused(f"`{pointer_text(pointer)}` has no place in the file") from error

    def members(self, pointer: Pointer) -> list[Member]:
        """Return the entries of the container at `pointer` that have places, in the order of these."""
        value = self.at(pointer)
        steps: Sequence[str | int] = ()
        if isinstance(value, dict | list):
            steps = list(value) if isinstance(value, dict) else range(len(value))
        found: list[Member] = []
        for step in steps:
            try:
                where = self.config.locate(self.index, (*pointer, step))
            except KeyError:
                continue
            found.append(Member(step, member(value, step), where))
        return sorted(found, key=lambda each: each.start)


def member(value: Json, step: str | int) -> Json:
    """Return the member of a container. Raises EditRefused where there is none."""
    if isinstance(value, dict) and isinstance(step, str) and step in value:
        return value[step]
    if isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
        return value[step]
    raise EditRefused(f"{kind_of(value)} has no `{step}`")


def pointer_text(pointer: Pointer) -> str:
    """Return a pointer as messages show it: `jobs.test.steps[0]`, a dot alone for the document."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in pointer)
    return (text.removeprefix(".") or ".")[:200]


def same_value(one: Json, other: Json) -> bool:
    """Return whether two values are the same in JSON, kinds of numbers and order of items included."""
    waiting = [(one, other)]
    visited: set[tuple[int, int]] = set()  # NOTE: what aliases share is compared once
    while waiting:
        left, right = waiting.pop()
        if left is right:
            continue
        if type(left) is not type(right):
            return False
        if isinstance(left, dict) and isinstance(right, dict):
            if left.keys() != right.keys():
                return False
            if (id(left), id(right)) not in visited:
                visited.add((id(left), id(right)))
                waiting += [(value, right[key]) for key, value in left.items()]
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                return False
            if (id(left), id(right)) not in visited:
                visited.add((id(left), id(right)))
                waiting += zip(left, right, strict=True)
        elif left != right:
            return False
    return True


def with_value(value: Json, pointer: Pointer, new: Json) -> Json:
    """Return a value with another one at `pointer`; what isn't on the way there is shared."""
    build: list[Callable[[Json], Json]] = []
    for step in pointer:
        if isinstance(value, dict):
            build.append(lambda inner, outer=value, key=step: {**outer, key: inner})  # type: ignore[misc]
            value = value[str(step)]
        elif isinstance(value, list):
            build.append(lambda inner, outer=value, at=step: [*outer[:at], inner, *outer[at + 1 :]])  # type: ignore[misc]
            value = value[int(step)]
    for outer in reversed(build):
        new = outer(new)
    return new


def in_bytes(source: Source, changes: Sequence[Change]) -> tuple[Edit, ...]:
    """Return changes as edits: without what doesn't change, those of one place joined, in order."""
    mark = len(_BOM) if source.data.startswith(_BOM) else 0
    edits: list[Edit] = []
    for change in sorted(changes, key=lambda change: (change.start, change.end)):
        edit = Edit(source.byte_of(change.start) + mark, source.byte_of(change.end) + mark, change.text)
        if edits and edit.start < edits[-1].end and not edit.text and not edits[-1].text:
            edit = Edit(edits[-1].start, max(edits.pop().end, edit.end), "")
        elif edits and edits[-1].end == edit.start:
            edit = Edit(edits[-1].start, edit.end, edits.pop().text + edit.text)
        if edit.start < edit.end or edit.text:
            edits.append(edit)
    return tuple(edits)
