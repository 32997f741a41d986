"""Edits of Markdown: of front matter in YAML, and of the rows of tables."""

from __future__ import annotations

from polcheck.edits.document import Change, Document
from polcheck.edits.edit import EditRefused
from polcheck.edits.editor import Editor, Position
from polcheck.edits.formats.yaml import YamlEditor
from polcheck.formats.values import Config, Json, Pointer, Where, text_of

_FRONT = "front_matter"


class MarkdownEditor(Editor):
    """Edits of a file; what is in front matter is edited as YAML."""

    def __init__(self) -> None:
        self._yaml = YamlEditor()

    def replace(self, document: Document, pointer: Pointer, value: Json) -> list[Change]:
        """Return what puts `value` in the place of the value at `pointer`."""
        if pointer[:1] == (_FRONT,) and len(pointer) > 1:
            return self._yaml.replace(_front(document), pointer[1:], value)
        if not _is_cell(pointer) or isinstance(value, dict | list):
            raise EditRefused("in Markdown, front matter and the cells of tables are edited")
        span = document.where(pointer).value
        if span.start == span.end:
            raise EditRefused("an empty cell stands nowhere")
        return [Change(span.start, span.end, _cell(value))]

    def insert(self, document: Document, pointer: Pointer, key: str, value: Json, position: Position) -> list[Change]:
        """Return what adds an entry with a new key to the mapping at `pointer`."""
        return self._yaml.insert(_front(document, pointer), pointer[1:], key, value, position)

    def append(self, document: Document, pointer: Pointer, value: Json, position: Position) -> list[Change]:
        """Return what adds an item to the list at `pointer`."""
        if pointer[:1] == (_FRONT,):
            return self._yaml.append(_front(document), pointer[1:], value, position)
        rows = document.members(pointer)
        if not (len(pointer) == 3 and pointer[2] == "rows" and rows and position == "last" and isinstance(value, dict)):
            raise EditRefused("a row is a mapping, and is added behind the others")
        names = list(rows[0].value) if isinstance(rows[0].value, dict) else []
        if set(names) != value.keys():
            raise EditRefused(f"a row has a cell for each of: {', '.join(names)[:200]}")
        at = document.line_end(rows[-1].start)
        line = document.text[document.line_start(rows[-1].start) : at]
        indent = line[: len(line) - len(line.lstrip(" \t>"))]
        cells = " | ".join(_cell(value[name]) for name in names)
        return [Change(at, at, f"{document.newline}{indent}| {cells} |")]

    def delete(self, document: Document, pointer: Pointer) -> list[Change]:
        """Return what takes the entry at `pointer` out of the container that holds it."""
        if pointer[:1] == (_FRONT,) and len(pointer) > 1:
            return self._yaml.delete(_front(document), pointer[1:])
        if len(pointer) != 4 or pointer[2] != "rows":
            raise EditRefused("of a table, only a row is deleted")
        start = document.where(pointer).value.start
        if document.next_line(start) == document.line_end(start):
            start = document.line_end(document.line_start(start) - 1) if document.line_start(start) else start
            return [Change(start, len(document.text), "")]
        return [Change(document.line_start(start), document.next_line(start), "")]

    def rename(self, document: Document, pointer: Pointer, key: str) -> list[Change]:
        """Return what gives the entry at `pointer` another key."""
        return self._yaml.rename(_front(document, pointer[:-1]), pointer[1:], key)


def _front(document: Document, pointer: Pointer = (_FRONT,)) -> Document:
    """Return the front matter of a file as a document. Raises EditRefused where there is none in YAML."""
    value = document.at((_FRONT,))
    if pointer[:1] != (_FRONT,) or not isinstance(value, dict) or document.text.startswith("+++"):
        raise EditRefused("of Markdown, front matter in YAML is edited so")

    def locate(index: int, inner: Pointer) -> Where:
        """Return the place of a value of the front matter. Raises KeyError where the pointer doesn't resolve."""
        return document.config.locate(document.index, (_FRONT, *inner))

    return Document(document.source, document.format, Config((value,), locate))


def _is_cell(pointer: Pointer) -> bool:
    return len(pointer) == 5 and pointer[0] == "tables" and pointer[2] == "rows"


def _cell(value: Json) -> str:
    """Return a string as a cell. Raises EditRefused for one that is none."""
    text = text_of(value)
    if text != text.strip() or "\n" in text or "\r" in text or "\\" in text or not text:
        raise EditRefused("a cell has neither line breaks nor backslashes, nor white space at its ends, nor nothing")
    return text.replace("|", "\\|")


EDITORS: dict[str, Editor] = {"markdown": MarkdownEditor()}
