"""Values with their places side by side, for the formats whose parsers know both at once."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from polcheck.base.spans import Span
from polcheck.formats.values import Config, Json, Pointer, Remark, Where


class Placed(Struct):
    """A value, the span where it is written, that of its key if it has one, and the values inside it."""

    value: Json
    span: Span
    key: Span | None = None
    members: dict[str | int, Placed] | None = None


def placed_object(members: dict[str, Placed], span: Span, key: Span | None = None) -> Placed:
    """Return an object of placed values."""
    return Placed({name: member.value for name, member in members.items()}, span, key, dict(members.items()))


def placed_array(items: Sequence[Placed], span: Span, key: Span | None = None) -> Placed:
    """Return an array of placed values."""
    return Placed([item.value for item in items], span, key, dict(enumerate(items)))


def placed_strings(items: Sequence[tuple[str, Span]], span: Span, key: Span | None = None) -> Placed:
    """Return an array of strings, each with the span where it is written."""
    return placed_array([Placed(text, where) for text, where in items], span, key)


def placed_config(documents: Sequence[Placed], repeated: Sequence[Span] = (), remarks: Sequence[Remark] = ()) -> Config:
    """Return the configuration that these documents are."""

    def locate(index: int, pointer: Pointer) -> Where:
        """Return the place of the value at `pointer`. Raises KeyError where it doesn't resolve."""
        if not 0 <= index < len(documents):
            raise KeyError(index)
        found = documents[index]
        for step in pointer:
            found = (found.members or {})[step]
        return Where(found.span, found.key)

    return Config(tuple(document.value for document in documents), locate, tuple(repeated), tuple(remarks))
