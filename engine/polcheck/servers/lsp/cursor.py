"""Where a cursor stands in YAML that is being typed: in which key or value, below which keys.

The reader of YAML itself is asked: what is typed is replaced by a mark, made whole in a few ways, and the way that
parses says where the mark is. So quotes, flow style and block scalars mean what they will mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from polcheck.base.spans import Source, Unreadable
from polcheck.formats.values import Json, Pointer, Unparsable
from polcheck.formats.yaml import parse

_MARK = "polcheckcursor"
_WORD = frozenset("_-.")
# what may be missing after the cursor: nothing, the rest of an entry, of a string, of a flow collection
_ENDINGS = ("", ": ", '"', "'", "}", "]", ": }", '"}', "'}", "]}", '"]', "']", "}]", '"]}', "']}", ")", ')"', ")'")


class Cursor(Struct, frozen=True):
    """A cursor in a document.

    `at` leads to the value that it is in or, where what is typed may be a key (`is_key`), to the mapping of that key.
    `before` is the part of that text before the cursor, and `word` the end of it that is being typed. `document` is the
    document with a mark in place of what is typed.
    """

    at: Pointer
    before: str
    word: str
    is_key: bool
    document: Json

    def value(self, at: Pointer) -> Any:
        """Return the value at a pointer of the document; None where there is none."""
        value: Any = self.document
        for step in at:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value


def cursor_at(text: str, offset: int) -> Cursor | None:
    """Return the cursor at a character offset of a YAML text; None where it is in no key and no value."""
    start, end = _document(text, offset)
    typed = _word_before(text, offset)
    before, after = text[start : offset - len(typed)], text[offset:end]
    line_end = after.find("\n")
    rest = after if line_end < 0 else after[line_end:]
    same = "" if line_end < 0 else after[:line_end]
    marks: list[Cursor] = []
    for tail in (same + rest, rest, ""):
        for ending in _ENDINGS:
            found = _marked(before + _MARK + ending + tail, typed)
            if found is not None and not any((found.at, found.is_key) == (one.at, one.is_key) for one in marks):
                marks.append(found)
            if len(marks) == 1 and not _may_be_both(marks[0], text, offset):
                return marks[0]
        if marks:
            break
    if not marks:
        return None
    keys = [one for one in marks if one.is_key]
    # NOTE: a word alone is a string, and may become the key of a mapping in its place
    return keys[0] if keys else marks[0]


def _may_be_both(cursor: Cursor, text: str, offset: int) -> bool:
    """Return whether what is typed may be the beginning of a key as well: a word alone on its line or after a dash."""
    line = text[text.rfind("\n", 0, offset) + 1 : offset].lstrip(" -")
    return not cursor.is_key and line.endswith(cursor.word) and not line[: len(line) - len(cursor.word)].strip()


def _document(text: str, offset: int) -> tuple[int, int]:
    """Return the stretch of the YAML document that holds an offset."""
    start, end, at = 0, len(text), 0
    for line in text.splitlines(keepends=True):
        if line.startswith("---") and line.rstrip() == "---":
            if at + 3 <= offset:
                start = at + len(line)
            else:
                end = at
                break
        at += len(line)
    return min(start, offset), max(end, offset)


def _word_before(text: str, offset: int) -> str:
    start = offset
    while start and (text[start - 1].isalnum() or text[start - 1] in _WORD):
        start -= 1
    return text[start:offset]


def _marked(text: str, typed: str) -> Cursor | None:
    """Return the cursor at the mark of a text; None where it doesn't parse or the mark is in a comment."""
    try:
        config = parse(Source("cursor.yaml", text.encode("utf-8", "surrogatepass")))
    except (Unparsable, Unreadable):
        return None
    for document in config.values:
        for at, is_key, holder in _places(document, ()):
            before = holder.partition(_MARK)[0]
            return Cursor(at, before + typed, typed, is_key, document)
    return None


def _places(value: Json, at: Pointer) -> Iterator[tuple[Pointer, bool, str]]:
    """Yield where the mark is: the pointer of the mapping for a key, of the value for a value, and the whole text."""
    if isinstance(value, str):
        if _MARK in value:
            yield at, False, value
    elif isinstance(value, dict):
        for key, entry in value.items():
            if _MARK in key:
                yield at, True, key
            yield from _places(entry, (*at, key))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _places(entry, (*at, index))
