"""The documents that a client has open: their text as it is typed, and the bytes that saving it would write."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

from msgspec import Struct

from polcheck.base.cached import cached_property
from polcheck.base.safe_open import NotRegular, read_regular
from polcheck.base.spans import Source, Unreadable, declared_encoding
from polcheck.servers.lsp.code_units import Lines

_MOST_BYTES = 64 * 1024 * 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def saved_bytes(path: Path) -> bytes | None:
    """Return what is on disk; None where there is nothing that can be read."""
    try:
        return read_regular(os.fsencode(path), lambda size: size <= _MOST_BYTES)
    except (OSError, NotRegular):
        return None


class Document(Struct, frozen=True, dict=True):
    """One open document: the client's URI for it, its path, its text, the client's number of that text, and what was on
    disk when it was last opened or saved (None: nothing).
    """

    uri: str
    path: Path
    text: str
    version: int | None
    saved: bytes | None
    encoding: str = "utf-16"  # in whose units the client counts

    @cached_property
    def lines(self) -> Lines:
        """The text by lines."""
        return Lines(self.text, self.encoding)

    @cached_property
    def data(self) -> bytes:
        """The bytes that saving would write.

        NOTE: clients send text. It is written in the encoding that the file has: that of its byte-order mark, or the
        one that a Python file declares. A text that is the one on disk gives the bytes on disk.
        """
        saved = self.saved
        if saved is not None and self._is(saved):
            return saved
        mark, codec = next(
            ((mark, codec) for mark, codec in _MARKS if saved is not None and saved.startswith(mark)), (b"", "")
        )
        if mark:
            return mark + self.text.removeprefix("\ufeff").encode(codec, "surrogatepass")
        data = self.text.encode("utf-8", "surrogatepass")
        declared = declared_encoding(self.path.name, data)
        try:
            return self.text.encode(declared) if declared else data
        except (LookupError, ValueError):
            return data  # NOTE: who reads it refuses it, as it would be once saved

    @property
    def is_saved(self) -> bool:
        """Whether the text is the one on disk."""
        return self.data == self.saved

    def _is(self, saved: bytes) -> bool:
        try:
            return Source(self.path.name, saved).text == self.text.removeprefix("\ufeff")
        except Unreadable:
            return False
