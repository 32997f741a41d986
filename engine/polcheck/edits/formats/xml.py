"""Edits of XML: character data, attributes and whole elements."""

from __future__ import annotations

from polcheck.edits.document import Change, Document, same_value, with_value
from polcheck.edits.edit import EditRefused
from polcheck.edits.editor import Editor, Position
from polcheck.edits.whole_lines import cut_lines
from polcheck.formats.values import Json, Pointer, text_of

_SPACE = " \t\r\n"
_DATA = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"}
)


class XmlEditor(Editor):
    """Edits of a document."""

    def normal(self, value: Json, depth: int) -> Json:
        """Return a new value as a file of this format says it: elements in lists, attributes and data as strings."""
        if isinstance(value, dict):
            return {key: self.entry(key, item, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [self.normal(item, depth + 1) for item in value]
        if value is None:
            return ""
        return text_of(value)

    def entry(self, key: str, value: Json, depth: int) -> Json:
        """Return the new value of a key: a string for an attribute and data, a list for elements."""
        if key.startswith(("@", "#")):
            return self.normal(value, depth)
        return self.normal(value if isinstance(value, list) else [value], depth)

    def mapping(self, value: Json) -> dict[str, Json] | None:
        """Return what entries can be added to: an element that is its data gets attributes beside it."""
        if isinstance(value, str):
            return {"#text": value} if value else {}
        return super().mapping(value)

    def vanishes(self, document: Document, pointer: Pointer) -> bool:
        """Return whether the container at `pointer` is gone when the last of its entries is: a list of elements is."""
        return isinstance(document.at(pointer), list)

    def agrees(self, document: Document, edited: Document, pointer: Pointer, value: Json, changes: object) -> bool:
        """Return whether an edited document differs from what it was in nothing but `value` at `pointer`.

        An element without attributes and elements is its data, as a string.
        """
        wanted = with_value(document.value, pointer, _string(value))
        return same_value(edited.value, _string(wanted)) or same_value(edited.value, wanted)

    def replace(self, document: Document, pointer: Pointer, value: Json) -> list[Change]:
        """Return what puts `value` in the place of the value at `pointer`."""
        if not isinstance(document.at(pointer), str) or not isinstance(value, str):
            raise EditRefused("only an attribute or the data of an element is replaced in XML")
        span = document.where(pointer).value
        written = document.text[span.start : span.end]
        if isinstance(pointer[-1], str) and pointer[-1].startswith("@"):
            return [Change(span.start, span.end, value.translate(_ATTRIBUTE))]
        if value != value.strip(_SPACE):
            raise EditRefused("readers take white space off both ends of the data of an element")
        if document.at(pointer) or pointer[-1] == "#text":
            return [Change(span.start, span.end, value.translate(_DATA))]
        if written.endswith("/>"):
            name = written[1:-2].split()[0]
            at = span.start + len(written[:-2].rstrip())
            return [Change(at, span.end, f">{value.translate(_DATA)}</{name}>")]
        opening = span.start + written.index(">") + 1
        closing = span.start + written.rindex("</")
        if document.text[opening:closing].strip(_SPACE):
            raise EditRefused("there is a comment where the data would stand")
        return [Change(opening, closing, value.translate(_DATA))]

    def insert(self, document: Document, pointer: Pointer, key: str, value: Json, position: Position) -> list[Change]:
        """Return what adds an entry with a new key to the mapping at `pointer`."""
        where = document.where(pointer)
        if where.key is None or not pointer or key == "#text":
            raise EditRefused("to an element, an attribute `@name` or elements inside are added")
        if key.startswith("@"):
            if not isinstance(value, str):
                raise EditRefused("an attribute is a string")
            _check_name(key[1:])
            at = where.key.end
            members = document.members(pointer)
            attributes = [each for each in members if str(each.step).startswith("@")]
            if attributes and position != "first":
                at = attributes[-1].end + 1
            return [Change(at, at, f' {key[1:]}="{value.translate(_ATTRIBUTE)}"')]
        elements = value if isinstance(value, list) else [value]
        inner = [each for each in document.members(pointer) if isinstance(each.value, list)]
        if not inner:
            raise EditRefused("an element without elements inside can't be added to")
        extents = [
            _extent(document, (*pointer, each.step, item.step))
            for each in inner
            for item in document.members((*pointer, each.step))
        ]
        first = min(extents)[0]
        indent = document.indent_at(first) if document.begins_line(first) else None
        lines = [_element(document, key, item, indent) for item in elements]
        if position == "first":
            return [_before(document, first, lines, indent)]
        return [_behind(document, max(end for _, end in extents), lines, indent)]

    def append(self, document: Document, pointer: Pointer, value: Json, position: Position) -> list[Change]:
        """Return what adds an item to the list at `pointer`."""
        extents = [_extent(document, (*pointer, item.step)) for item in document.members(pointer)]
        first = extents[0][0]
        indent = document.indent_at(first) if document.begins_line(first) else None
        line = _element(document, str(pointer[-1]), value, indent)
        if position == "first":
            return [_before(document, first, [line], indent)]
        if position == "sorted":
            raise EditRefused("elements are added first or last")
        return [_behind(document, extents[-1][1], [line], indent)]

    def delete(self, document: Document, pointer: Pointer) -> list[Change]:
        """Return what takes the entry at `pointer` out of the container that holds it."""
        if len(pointer) < 2:
            raise EditRefused("the root element can't be deleted")
        where, value = document.where(pointer), document.at(pointer)
        if isinstance(value, list):
            return [change for at in range(len(value)) for change in self.delete(document, (*pointer, at))]
        if isinstance(pointer[-1], str) and pointer[-1].startswith("@"):
            assert where.key is not None
            start = where.key.start
            while document.text[start - 1] in _SPACE:
                start -= 1
            return [Change(start, where.value.end + 1, "")]
        if pointer[-1] == "#text":
            return [Change(where.value.start, where.value.end, "")]
        start, end = _extent(document, pointer)
        if document.begins_line(start) and document.ends_line(end):
            return [cut_lines(document, start, end)]
        return [Change(start, end, "")]

    def rename(self, document: Document, pointer: Pointer, key: str) -> list[Change]:
        """Return what gives the entry at `pointer` another key."""
        where, value = document.where(pointer), document.at(pointer)
        assert isinstance(pointer[-1], str)
        if pointer[-1].startswith("@") and key.startswith("@") and where.key is not None:
            _check_name(key[1:])
            return [Change(where.key.start, where.key.end, key[1:])]
        if key.startswith(("@", "#")) or pointer[-1].startswith(("@", "#")):
            raise EditRefused("an attribute stays an attribute, and an element an element")
        _check_name(key)
        changes = []
        for each in [(*pointer, at) for at in range(len(value))] if isinstance(value, list) else [pointer]:
            name = document.where(each).key
            assert name is not None
            changes.append(Change(name.start, name.end, key))
            _, end = _extent(document, each)
            if not document.text.endswith("/>", 0, end):
                closing = document.text.rindex("</", 0, end) + 2
                changes.append(Change(closing, closing + name.end - name.start, key))
        return changes


def _extent(document: Document, pointer: Pointer) -> tuple[int, int]:
    """Return from where to where an element stands, with its tags."""
    where = document.where(pointer)
    assert where.key is not None
    start, text = where.key.start - 1, document.text
    if where.value.start == start:
        return start, where.value.end
    end = text.index(">", text.index("</", where.value.end)) + 1
    return start, end


def _string(value: Json) -> Json:
    """Return an element that has neither attributes nor elements inside as its data."""
    if isinstance(value, dict) and not value.keys() - {"#text"}:
        return value.get("#text", "")
    return value


def _check_name(name: str) -> None:
    """Raise EditRefused for what isn't surely a name in XML."""
    plain = name.replace("-", "").replace(".", "").replace(":", "").replace("_", "")
    if not name or not (plain.isascii() and plain.isalnum()) or not (name[0].isalpha() or name[0] == "_"):
        raise EditRefused("a name of an element or attribute is made of letters, digits, `-`, `_`, `.` and `:`")


def _element(document: Document, name: str, value: Json, indent: str | None) -> str:
    """Return an element, over lines where it has others inside."""
    _check_name(name)
    if isinstance(value, str):
        if value != value.strip(_SPACE):
            raise EditRefused("readers take white space off both ends of the data of an element")
        return f"<{name}>{value.translate(_DATA)}</{name}>" if value else f"<{name}/>"
    if not isinstance(value, dict):
        raise EditRefused("an element is a string or a mapping")
    attributes, inner, text = "", list[str](), ""
    deeper = None if indent is None else indent + ("\t" if "\t" in indent else "  ")
    for key, item in value.items():
        if key.startswith("@"):
            _check_name(key[1:])
            attributes += f' {key[1:]}="{str(item).translate(_ATTRIBUTE)}"'
        elif key == "#text":
            text = str(item).translate(_DATA)
        else:
            inner += [_element(document, key, each, deeper) for each in (item if isinstance(item, list) else [item])]
    if not inner and not text:
        return f"<{name}{attributes}/>"
    if deeper is None or not inner:
        return f"<{name}{attributes}>{text}{''.join(inner)}</{name}>"
    lines = "".join(document.newline + deeper + each for each in inner)
    return f"<{name}{attributes}>{text}{lines}{document.newline}{indent}</{name}>"


def _before(document: Document, at: int, lines: list[str], indent: str | None) -> Change:
    gap = "" if indent is None else document.newline + indent
    return Change(at, at, "".join(line + gap for line in lines))


def _behind(document: Document, at: int, lines: list[str], indent: str | None) -> Change:
    gap = "" if indent is None else document.newline + indent
    return Change(at, at, "".join(gap + line for line in lines))


EDITORS: dict[str, Editor] = {"xml": XmlEditor()}
