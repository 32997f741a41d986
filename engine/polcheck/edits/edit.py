"""An edit of a file, its application, and the refusal to make one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from polcheck.base.errors import PolcheckError


class Edit(NamedTuple):
    """The replacement of the bytes of a file from `start` to `end` (exclusive) by a text in UTF-8."""

    start: int
    end: int
    text: str


class EditRefused(PolcheckError):
    """An edit that can't be made exactly; its text is the reason, a clause without an end for people to read."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def apply(data: bytes, edits: Iterable[Edit]) -> bytes:
    """Return the bytes of a file after some edits, whose offsets are those of `data`.

    Two edits at one place are made in the order in which they are given. Raises EditRefused for edits that overlap, or
    lie outside of the file.
    """
    parts: list[bytes] = []
    done = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if not done <= edit.start <= edit.end <= len(data):
            raise EditRefused("edits overlap, or lie outside of the file")
        parts += [data[done : edit.start], edit.text.encode("utf-8", "surrogatepass")]
        done = edit.end
    return b"".join([*parts, data[done:]])
