"""Lines that go on over several lines of a file, and places in them."""

from __future__ import annotations

from bisect import bisect_right

from polcheck.base.spans import Span


class LogicalLine:
    """A logical line: the text of its physical lines without what continues them, and where each part stands."""

    def __init__(self) -> None:
        self.text = ""
        self._parts = list[str]()
        self._starts = list[int]()
        self._offsets = list[int]()
        self._length = 0

    def add(self, part: str, offset: int) -> None:
        """Append a part that stands at `offset` in the file."""
        if part or not self._parts:
            self._starts.append(self._length)
            self._offsets.append(offset)
            self._parts.append(part)
            self._length += len(part)

    def close(self) -> LogicalLine:
        """Join the parts, so that `text` is what they say; returns the line."""
        self.text = "".join(self._parts)
        return self

    def span(self, start: int, end: int) -> Span:
        """Return where the characters from `start` to `end` of the line stand in the file."""
        if end > start:
            return Span(self._offset(start), self._offset(end - 1) + 1)
        at = self._offset(start - 1) + 1 if start else self._offset(0)
        return Span(at, at)

    def _offset(self, at: int) -> int:
        part = max(bisect_right(self._starts, at) - 1, 0)
        return self._offsets[part] + at - self._starts[part]
