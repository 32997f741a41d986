"""Edits of CSV and TSV: fields, and whole records."""

from __future__ import annotations

from polcheck.edits.document import Change, Document
from polcheck.edits.edit import EditRefused
from polcheck.edits.editor import Editor, Position
from polcheck.formats.values import Json, Pointer, text_of


class CsvEditor(Editor):
    """Edits of a file whose fields `delimiter` divides."""

    def __init__(self, delimiter: str) -> None:
        self._delimiter = delimiter

    def normal(self, value: Json, depth: int) -> Json:
        """Return a new value as a file of this format says it: a record is an object of strings."""
        if depth == 2 and not isinstance(value, dict | list) and value is not None:
            return text_of(value)
        if depth == 1 and isinstance(value, dict):
            return {key: self.normal(item, 2) for key, item in value.items()}
        raise EditRefused("a record is a mapping of strings")

    def replace(self, document: Document, pointer: Pointer, value: Json) -> list[Change]:
        """Return what puts `value` in the place of the value at `pointer`."""
        if len(pointer) != 2:
            raise EditRefused("only a field is replaced in such a file")
        span = document.where(pointer).value
        quoted = document.text[span.start : span.start + 1] == '"' and span.end > span.start
        return [Change(span.start, span.end, self._field(str(value), quoted))]

    def append(self, document: Document, pointer: Pointer, value: Json, position: Position) -> list[Change]:
        """Return what adds an item to the list at `pointer`."""
        rows = document.members(())
        if not rows or not isinstance(value, dict):
            raise EditRefused("a file without records can't be added to")
        names = max((list(row.value) for row in rows if isinstance(row.value, dict)), key=len)
        if set(names) != value.keys():
            raise EditRefused(f"a record has a field for each of: {', '.join(names)[:200]}")
        first = document.members((rows[0].step,))
        quoted = all(document.text[field.where.value.start :].startswith('"') for field in first)
        line = self._delimiter.join(self._field(str(value[name]), quoted) for name in names)
        if position == "first":
            at = rows[0].start
            return [Change(at, at, line + document.newline)]
        at = rows[-1].end
        return [Change(at, at, document.newline + line)]

    def delete(self, document: Document, pointer: Pointer) -> list[Change]:
        """Return what takes the entry at `pointer` out of the container that holds it."""
        if len(pointer) != 1:
            raise EditRefused("a field can't be deleted: every record has it")
        span = document.where(pointer).value
        return [Change(span.start, document.next_line(span.end), "")]

    def _field(self, text: str, quoted: bool) -> str:
        special = not text or any(character in text for character in (self._delimiter, '"', "\r", "\n"))
        return '"' + text.replace('"', '""') + '"' if quoted or (special and text) else text


EDITORS: dict[str, Editor] = {"csv": CsvEditor(","), "tsv": CsvEditor("\t")}
