"""How far a configuration document is read: bounds on depth and size, and their measuring."""

from __future__ import annotations

from typing import NoReturn

from msgspec import Struct

from polcheck.base.spans import Span
from polcheck.formats.values import Json, LimitExceeded

# NOTE: CPython refuses to write integers of more than 4,300 digits in decimal; this many bits are just fewer.
_WIDEST_INTEGER = 14_000


class DocumentLimits(Struct, frozen=True):
    """Bounds for one file: nested containers, values as written, and values that aliases add to them."""

    depth: int = 200
    values: int = 1_000_000
    expanded: int = 1_000_000

    def too_deep(self, span: Span | None = None) -> NoReturn:
        """Raises LimitExceeded for nesting."""
        raise LimitExceeded(f"nested more than {self.depth} levels deep", span)

    def too_many(self, span: Span | None = None) -> NoReturn:
        """Raises LimitExceeded for the number of values."""
        raise LimitExceeded(f"more than {self.values} values", span)

    def measure(self, value: Json) -> None:
        """Raises LimitExceeded when `value` is too deep or holds too many values."""
        level: list[Json] = [value]
        count, depth = 1, 0
        while containers := [item for item in level if isinstance(item, dict | list)]:
            depth += 1
            if depth > self.depth:
                self.too_deep()
            level = []
            for container in containers:
                level.extend(container.values() if isinstance(container, dict) else container)
            count += len(level)
            if count > self.values:
                self.too_many()


DEFAULT_DOCUMENT_LIMITS = DocumentLimits()


def integer_in_bounds(value: int, span: Span | None = None) -> int:
    """`value`; raises LimitExceeded when it has more digits than Python writes."""
    if value.bit_length() > _WIDEST_INTEGER:
        raise LimitExceeded("an integer of more than 4200 digits", span)
    return value
