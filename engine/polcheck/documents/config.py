"""What every configuration format becomes: plain values, and a way back to their places.

`Json` is what json.loads gives. A pointer is the path of keys and indices from a document's root. Dates and
times become ISO 8601 strings; whatever else a format knows becomes the nearest JSON value.
"""

from __future__ import annotations

from collections.abc import Callable

from polcheck.records import record
from polcheck.source import Span

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Pointer = tuple[str | int, ...]
_KINDS = {
    str: "a text",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a mapping",
}


@record(frozen=True, slots=True)
class Where:
    """The spans of one value in its file: the value's own, and its key's where it has one."""

    value: Span
    key: Span | None = None


@record(frozen=True)
class Config:
    """A parsed configuration file: one value for each document in it (YAML may hold several).

    `locate(index, pointer)` gives the place of a value in document `index`; for a pointer that does not
    resolve it raises KeyError. `repeated` are the spans of keys that a mapping holds twice (the last one wins).
    """

    values: tuple[Json, ...]
    locate: Callable[[int, Pointer], Where]
    repeated: tuple[Span, ...] = ()


class Unparsable(Exception):
    """The text is not in its format; `span` is where that shows, where that is known."""

    def __init__(self, reason: str, span: Span | None = None) -> None:
        self.reason = reason
        self.span = span
        super().__init__(reason)


class LimitExceeded(Unparsable):
    """The document is too deep, too large or expands too far to be read to its end."""


def kind_of(value: object) -> str:
    """The kind of a value in words, as `a list`; `nothing` for null."""
    return "nothing" if value is None else _KINDS.get(type(value), type(value).__name__)
