"""Texts of fixes: templates rendered into a file, so that what is filled in stays what the template has it for.

A template is code, or a text of a configuration, with holes. Each hole is filled twice: with a word that nothing else
uses (a mark), and with what it stands for. Both texts are read as the file's language or format has it, and have to say
the same but for the holes: a value that would end its string, add a statement or a key, or become a number, is refused.
So nothing has to know how each language quotes, and nothing that is bound can become code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from polcheck.base.codec import Codec
from polcheck.base.errors import PolcheckError
from polcheck.base.spans import Source, Span, Unreadable
from polcheck.base.worker import Overrun, Worker
from polcheck.edits.code import replace_code, tree_of
from polcheck.edits.code_lists import delete_code, whole_lines
from polcheck.edits.document import Change, in_bytes
from polcheck.edits.edit import Edit, EditRefused
from polcheck.edits.formats.yaml import is_plain
from polcheck.formats import format_of, formats, parse_config
from polcheck.formats.values import Config, Json, Pointer, Unparsable, text_of
from polcheck.languages.grammars import parse
from polcheck.languages.registry import UnknownLanguage, language, language_of_file
from polcheck.scan.documents import is_risky

if TYPE_CHECKING:
    from tree_sitter import Node

_WORD = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*|-?\d+(?:\.\d+)?")
"""What may be filled in where the template has code: a name, a dotted name or a number."""
_TAME = re.compile(r"[\w./:@+-]*(?: [\w./:@+-]+)*")
"""What may be filled in where nobody knows how the file is read."""
_BREAKS = frozenset(b"\r\n")
_BROKEN = "the file does not parse with it"


class FixRefused(PolcheckError):
    """A fix that can't be made at a place; its text is the reason, a clause without an end."""


class Hole(NamedTuple):
    """What fills a hole of a template: the value, and how it is written where it is a part of code (else None)."""

    value: Json
    source: str | None = None


class Template(NamedTuple):
    """A template that comes to a place of a file: the path, the file's text, the place, and the parts of the template.

    Of `parts`, a number is the hole with this index. `tame`: the text stands in a string that is code of its own.
    """

    path: str
    text: str
    span: Span
    parts: tuple[str | int, ...]
    holes: tuple[Hole, ...]
    tame: bool = False

    def filled(self, text: str) -> Source:
        """Return the file with a text in the place of the template."""
        whole = self.text[: self.span.start] + text + self.text[self.span.end :]
        return Source(self.path, whole.encode("utf-8", "surrogatepass"))

    @property
    def start(self) -> int:
        """The offset in bytes at which the text begins."""
        return len(self.text[: self.span.start].encode("utf-8", "surrogatepass"))


class Deletion(NamedTuple):
    """A span of a file of code, in characters, that is to be deleted: the path, the file's bytes and the span.

    `whole`: nothing else is changed with it.
    """

    path: str
    data: bytes
    span: Span
    whole: bool


class FixAnswer(NamedTuple):
    """What comes of a template or a deletion: the text or the edits, or why there are none."""

    text: str = ""
    edits: tuple[Edit, ...] = ()
    refusal: str = ""


FixWorker = Worker[Template | Deletion, FixAnswer]


def fix_worker() -> FixWorker:
    """Return a process of its own for files that may take long to parse; it starts with its first request."""
    return Worker(_answer, Codec(FixAnswer), doing="the fix")


def delete(source: Source, span: Span, beside: FixWorker, *, whole: bool) -> tuple[Edit, ...]:
    """Return the edits that take a span out of a file, with the comma of a list of code or the line that it is.

    `whole` is whether nothing else is changed with it. Raises FixRefused where the file couldn't be parsed afterwards,
    or would be read otherwise beside it.
    """
    name = None if format_of(source.path) is not None else language_of_file(source.path, source.data)
    if name is None:
        lines = whole_lines(source, span)
        return in_bytes(source, [Change(lines.start, lines.end, "")])
    return _asked(Deletion(source.path, source.data, span, whole), source.data, beside).edits


def fill(template: Template, beside: FixWorker) -> str:
    """Return the text of a template at its place.

    Raises FixRefused where a value doesn't stay what its hole is for, or the text isn't by itself there.
    """
    return _asked(template, template.filled("").data, beside).text


def _asked(request: Template | Deletion, data: bytes, beside: FixWorker) -> FixAnswer:
    """Return the answer to a request about a file with these bytes. Raises FixRefused where it is a refusal."""
    try:
        answer = _answer(request) if _is_harmless(request.path, data) else beside.ask(request)
    except Overrun as error:
        raise FixRefused(f"whether its text stays what it is could not be found out: {error}") from error
    if answer.refusal:
        raise FixRefused(answer.refusal)
    return answer


def _is_harmless(path: str, data: bytes) -> bool:
    """Return whether a file can be parsed in this process."""
    if format_of(path) is not None:
        return True  # NOTE: readers of configuration are bounded
    try:
        found = language_of_file(path, data)
        return found is None or not is_risky(Source(path, data), found)
    except Unreadable:
        return False


def _answer(request: Template | Deletion) -> FixAnswer:
    """Return the text or the edits that are asked for, or why there are none."""
    try:
        if isinstance(request, Template):
            return FixAnswer(_fill(request))
        source = Source(request.path, request.data)
        name = language_of_file(request.path, request.data)
        assert name is not None
        return FixAnswer(edits=delete_code(source, name, request.span, whole=request.whole))
    except (FixRefused, EditRefused) as refusal:
        return FixAnswer(refusal=str(refusal))


def _fill(template: Template) -> str:
    if template.tame:
        return _filled_tamely(template)
    if (format := format_of(template.path)) is not None:
        return _filled_in_config(template, format)
    found = language_of_file(template.path, template.filled("").data)
    if found is None:
        return _filled_tamely(template)
    text = _filled_in_code(template, found) if template.holes else _joined(template.parts, [])
    if template.span.start < template.span.end and text:
        replace_code(Source(template.path, template.text.encode("utf-8", "surrogatepass")), found, template.span, text)
    return text


def _marks(template: Template) -> list[str]:
    """Return words that stand nowhere in the file or the template, one for each hole, all of one length."""
    text = template.text + "".join(part for part in template.parts if isinstance(part, str))
    base = "zq"
    while base in text:
        base += "q"
    return [f"{base}{_letters(index)}z" for index in range(len(template.holes))]


def _letters(number: int) -> str:
    return "".join("abcdefghij"[int(digit)] for digit in f"{number:03}")


def _joined(parts: Iterable[str | int], texts: list[str]) -> str:
    return "".join(part if isinstance(part, str) else texts[part] for part in parts)


def _filled_tamely(template: Template) -> str:
    for hole in template.holes:
        text = text_of(hole.value)
        if _TAME.fullmatch(text) is None:
            raise FixRefused(f"`{_short(text)}` has characters that may mean something in this file")
    return _joined(template.parts, [text_of(hole.value) for hole in template.holes])


def _filled_in_config(template: Template, format: str) -> str:
    marks = _marks(template)
    texts = [text_of(hole.value) for hole in template.holes]
    marked = _parsed(template, _joined(template.parts, marks), format)
    filled = _parsed(template, _joined(template.parts, texts), format)
    values: dict[str, Json] = dict(zip(marks, (hole.value for hole in template.holes), strict=True))
    pairs = list(zip(marked.values, filled.values, strict=False))
    if len(marked.values) != len(filled.values) or not all(_is_alike(one, other, values) for one, other in pairs):
        shown = " and ".join(f"`{_short(text)}`" for text in texts)
        raise FixRefused(f"{shown} would not be one value there: it has to be quoted for the format")
    if new := {remark.message for remark in filled.remarks} - {remark.message for remark in marked.remarks}:
        raise FixRefused(f"readers of the file would differ with it: {min(new)}")
    if _is_yaml(format) and not all(_is_plainly_read(template, filled, *at) for at in _holders(marked, marks)):
        raise FixRefused(f"readers of YAML would differ about `{_short(texts[0])}` there: it has to be quoted")
    return _joined(template.parts, texts)


def _holders(marked: Config, marks: Iterable[str]) -> Iterator[tuple[int, Pointer]]:
    """Yield where in a configuration the strings are that have a mark: the number of the document and the pointer."""
    for number, document in enumerate(marked.values):
        waiting: list[tuple[Pointer, Json]] = [((), document)]
        while waiting:
            pointer, value = waiting.pop()
            if isinstance(value, str) and any(mark in value for mark in marks):
                yield number, pointer
            elif isinstance(value, dict):
                waiting += [((*pointer, key), entry) for key, entry in value.items()]
            elif isinstance(value, list):
                waiting += [((*pointer, index), entry) for index, entry in enumerate(value)]


def _is_yaml(format: str) -> bool:
    """Return whether files of a format are YAML, whose readers differ about scalars."""
    return "yaml" in (format, formats()[format].dialect_of)


def _is_plainly_read(template: Template, filled: Config, number: int, pointer: Pointer) -> bool:
    """Return whether every reader of YAML reads the scalar at a pointer alike: it is quoted, or needs no quotes."""
    try:
        span = filled.locate(number, pointer).value
    except KeyError:
        return False  # NOTE: a key that has changed, which is no place for what is filled in
    text = template.filled(_joined(template.parts, [text_of(hole.value) for hole in template.holes])).text
    value: Json = filled.values[number]
    for step in pointer:
        value = value[step]  # type: ignore[index]
    written = text[span.start : span.end]
    return not isinstance(value, str) or written[:1] in ("'", '"', "|", ">") or is_plain(value, flow=True)


def _parsed(template: Template, text: str, format: str) -> Config:
    source = template.filled(text)
    try:
        return parse_config(source, format)
    except (Unparsable, Unreadable) as error:
        raise FixRefused(f"{_BROKEN}: {error}") from error


def _is_alike(marked: Json, filled: Json, values: dict[str, Json]) -> bool:
    """Return whether a value of a configuration is another one with the marks in it replaced by values."""
    waiting = [(marked, filled)]
    while waiting:
        one, other = waiting.pop()
        if isinstance(one, str):
            if one in values and type(values[one]) is type(other) and values[one] == other:
                continue
            if _with_values(one, values) != other:
                return False
        elif isinstance(one, dict) and isinstance(other, dict):
            if [_with_values(key, values) for key in one] != list(other):
                return False
            waiting += zip(one.values(), other.values(), strict=True)
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return False
            waiting += zip(one, other, strict=True)
        elif type(one) is not type(other) or one != other:
            return False
    return True


def _with_values(text: str, values: dict[str, Json]) -> str:
    for mark, value in values.items():
        text = text.replace(mark, text_of(value))
    return text


class _Hole(NamedTuple):
    """A hole where it stands in two texts: as a mark and filled; `in_code`: it isn't in a string or a comment."""

    marked: tuple[int, int]
    filled: tuple[int, int]
    in_code: bool


def _filled_in_code(template: Template, name: str) -> str:
    marks = _marks(template)
    tree = _tree(template, _joined(template.parts, marks), name)
    holes: list[_Hole] = []
    marked_at = filled_at = template.start
    filled_parts: list[str] = []
    for part in template.parts:
        marked = part if isinstance(part, str) else marks[part]
        filled = marked
        marked_end = marked_at + len(marked.encode("utf-8", "surrogatepass"))
        if isinstance(part, int):
            hole = template.holes[part]
            in_code = _is_code(tree.descendant_for_byte_range(marked_at, marked_end), name)
            filled = hole.source if in_code and hole.source is not None else text_of(hole.value)
            if in_code and hole.source is None and _WORD.fullmatch(filled) is None:
                raise FixRefused(f"`{_short(filled)}` is not a name or a number, and stands where the fix has code")
            filled_end = filled_at + len(filled.encode("utf-8", "surrogatepass"))
            holes.append(_Hole((marked_at, marked_end), (filled_at, filled_end), in_code))
        filled_at += len(filled.encode("utf-8", "surrogatepass"))
        marked_at = marked_end
        filled_parts.append(filled)
    text = "".join(filled_parts)
    other = _tree(template, text, name)
    values = dict(zip(marks, (text_of(hole.value) for hole in template.holes), strict=True))
    same = _has_same_shape(tree, other, holes, (template.start, marked_at)) and all(
        hole.in_code or _says_the_same(tree, other, hole, values, name) for hole in holes
    )
    check = language(name).check
    if same and check is not None and (problem := check(template.filled(text))) is not None:
        raise FixRefused(f"{_BROKEN}: {problem[0]}")
    if not same:
        shown = " and ".join(f"`{_short(text_of(hole.value))}`" for hole in template.holes)
        raise FixRefused(f"{shown} would not stay one value in that code: it has to be quoted")
    return text


def _tree(template: Template, text: str, name: str) -> Node:
    root = tree_of(template.filled(text), name).tree.root_node
    if root.has_error:
        raise FixRefused(_BROKEN)
    return root


def _is_code(node: Node | None, name: str) -> bool:
    """Return whether the node at a mark is code: not the text of a string or a comment."""
    rules = language(name)
    if node is None:
        return False
    parent = node.parent
    texts = rules.strings | rules.comments | {rules.string_content}
    return not (node.type in texts or (parent is not None and parent.type in rules.strings))


def _has_same_shape(marked: Node, filled: Node, holes: list[_Hole], place: tuple[int, int]) -> bool:
    """Return whether two trees are the same but for their holes; `place` is where the text is in the marked one.

    A hole of code is one node in both; one in a string or a comment is a part of one leaf.
    """
    start, end = place
    waiting = [(marked, filled)]
    while waiting:
        one, other = waiting.pop()
        if one.end_byte < start or one.start_byte > end:
            if one.type != other.type:
                return False
            continue  # NOTE: outside of the text both files are the same, and so are the nodes if all around them are
        hole = next((hole for hole in holes if hole.marked == (one.start_byte, one.end_byte)), None)
        if hole is not None and (one.child_count == 0 or one.type != other.type):
            if (other.start_byte, other.end_byte) != hole.filled:
                return False
            if not hole.in_code and (one.type != other.type or other.child_count):
                return False
            continue
        if one.type != other.type or one.child_count != other.child_count:
            return False
        if one.child_count == 0 and not _is_same_leaf(one, other, holes):
            return False
        waiting += zip(one.children, other.children, strict=True)
    return True


def _says_the_same(marked: Node, filled: Node, hole: _Hole, values: Mapping[str, str], name: str) -> bool:
    """Return whether the string or comment of a hole says in one tree what it says in the other, but for the values."""
    rules = language(name)
    one: Node | None = marked.descendant_for_byte_range(*hole.marked)
    other: Node | None = filled.descendant_for_byte_range(*hole.filled)
    while one is not None and other is not None:
        if one.type in rules.comments:
            return not _BREAKS.intersection(other.text or b"") and one.type == other.type
        literal, read = rules.literal(one), rules.literal(other)
        if literal is not None:
            wanted = literal.value
            for mark, value in values.items():
                wanted = wanted.replace(mark, value)
            return read is not None and (read.value, read.plain) == (wanted, literal.plain)
        one, other = one.parent, other.parent
    return False


def _is_same_leaf(one: Node, other: Node, holes: list[_Hole]) -> bool:
    """Return whether a leaf of one tree is that of the other with its holes filled."""
    inside = [hole for hole in holes if one.start_byte <= hole.marked[0] and hole.marked[1] <= one.end_byte]
    shift = sum((hole.filled[1] - hole.filled[0]) - (hole.marked[1] - hole.marked[0]) for hole in inside)
    if (other.end_byte - other.start_byte) - (one.end_byte - one.start_byte) != shift:
        return False
    return bool(inside) or one.text == other.text


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


class Parsing:
    """Says whether files parse, each in a process that can be ended where parsing may take long."""

    def __init__(self) -> None:
        self._beside: Worker[tuple[str, bytes], bool] = Worker(_parses, Codec(bool), doing="parsing")
        self._known: dict[tuple[str, bytes], bool] = {}

    def parses(self, path: str, data: bytes) -> bool:
        """Return whether a file parses as its name says; what is in no language that polcheck reads does."""
        key = (path, data)
        if key not in self._known:
            self._known[key] = self._asked(path, data)
        return self._known[key]

    def _asked(self, path: str, data: bytes) -> bool:
        try:
            return _parses((path, data)) if _is_harmless(path, data) else self._beside.ask((path, data))
        except Overrun:
            return False


def _parses(request: tuple[str, bytes]) -> bool:
    path, data = request
    source = Source(path, data)
    try:
        if (format := format_of(path)) is not None:
            parse_config(source, format)
            return True
        found = language_of_file(path, data)
        if found is None:
            return True
        check = language(found).check
        return check(source) is None if check is not None else not parse(source, found).tree.root_node.has_error
    except UnknownLanguage:
        return True
    except (Unparsable, Unreadable):
        return False
