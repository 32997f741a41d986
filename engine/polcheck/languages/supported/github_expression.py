"""Expressions of GitHub's workflows: texts that hold them in `${{ }}`, and the conditions of `if`.

What is read is the language of actions/runner (src/Sdk/Expressions, src/Sdk/DTObjectTemplating): an expression ends at
the first `}}` outside of single quotes, `''` is a quote in a string, names ignore case, and `a['b']` is `a.b`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from polcheck.base.spans import Source
from polcheck.languages.decoding import literal
from polcheck.languages.language import Context, Language, Literal, ParsedCode, SnippetRules
from polcheck.languages.literals import Quoting
from polcheck.languages.respelling import Change, Respelled

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_OPENING, _CLOSING = b"${{", b"}}"
_BLANK = bytes.maketrans(b"${}", b"   ")
_BOUNDARIES = frozenset(b"()[],!<>=&| \t\r\n\f\v")  # where a number ends; a dot is a part of it
_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_IN_NAMES = _LETTERS | frozenset(b"0123456789-")
_LONGEST = 80  # characters of an expression in a message
_DIGITS = frozenset("0123456789.eE+-")
_HEXADECIMAL, _OCTAL = frozenset("0123456789abcdefABCDEF"), frozenset("01234567")


class _Token(NamedTuple):
    """A token of an expression: a `string`, `name`, `number`, or a `mark` of one byte; and where it begins."""

    kind: str
    start: int
    text: bytes


def _tree(source: Source, parser: Parser) -> ParsedCode:
    """Return the tree of a text with expressions, and why that isn't what GitHub reads. Raises Unreadable."""
    data = source.utf8
    parts, fault = expression_spans(data)
    changes = list(_apart(data, parts))
    for start, end in parts:
        tokens = list(_tokens(data, start, end))
        fault = fault or _malformed(tokens)
        changes += _respelled(tokens)
    code = Respelled(data, parser)
    code.add(changes)
    code.parse()
    root = code.tree.root_node
    if root.has_error:
        fault = fault or _refused(data, root, parts)
    elif not _are_in([node for node in root.named_children if node.type != "text"], parts):
        fault = fault or "its expressions begin or end elsewhere for GitHub than for the grammar"
    code.restore()
    return ParsedCode(code.tree, fault)


def _apart(data: bytes, parts: list[tuple[int, int]]) -> Iterator[Change]:
    """Yield the changes after which nothing outside of expressions looks to the grammar as if it began or ended one."""
    start = 0
    for opening, closing in (*parts, (len(data) + len(_OPENING), 0)):
        text = data[start : opening - len(_OPENING)]
        blank = text.translate(_BLANK)
        if blank != text:
            yield Change(start, blank)
        start = closing + len(_CLOSING)


def _condition(source: Source, parser: Parser) -> ParsedCode:
    """Return the tree of a condition, which is around its text by now. Raises Unreadable."""
    code = _tree(source, parser)
    lacks = "" if _OPENING in source.utf8 else "a condition without `${{ }}` is read from a value only, with `in`"
    return code._replace(misread=code.misread or lacks)


def _around(text: str) -> tuple[str, str]:
    """Return what has to stand around the value of an `if` so that it is a text with an expression."""
    return ("", "") if _OPENING.decode() in text else ("${{ ", " }}")


def expression_spans(data: bytes) -> tuple[list[tuple[int, int]], str]:
    """Return where the expressions of a text begin and end, without their braces; and what is wrong with the last."""
    parts: list[tuple[int, int]] = []
    quotes = _Finder(data, b"'")
    start = data.find(_OPENING)
    while start >= 0:
        start += len(_OPENING)
        end = data.find(_CLOSING, start)
        quote = quotes.after(start)
        while 0 <= quote < end:  # NOTE: what is in quotes closes nothing, and a doubled quote ends and begins a string
            closing = quotes.after(quote + 1)
            end = data.find(_CLOSING, closing + 1) if closing >= 0 else -1
            quote = quotes.after(closing + 1)
        if end < 0:
            return parts, f"the expression in line {_line(data, start)} is not closed by `}}}}`"
        parts.append((start, end))
        start = data.find(_OPENING, end)
    return parts, ""


class _Finder:
    """Finds the next of some bytes, from places that only grow; none of them is passed twice."""

    def __init__(self, data: bytes, wanted: bytes) -> None:
        self._data = data
        self._wanted = wanted
        self._next = data.find(wanted)

    def after(self, place: int) -> int:
        """Return where the next one is, from a place on; -1 for none."""
        if 0 <= self._next < place:
            self._next = self._data.find(self._wanted, place)
        return self._next


def _line(data: bytes, place: int) -> int:
    return data.count(b"\n", 0, place) + 1


def _tokens(data: bytes, start: int, end: int) -> Iterator[_Token]:
    """Yield the tokens of an expression, an operator as its single bytes; white space between them is left out."""
    while start < end:
        byte, stop = data[start], start + 1
        kind = "mark"
        if byte == ord("'"):
            kind, stop = "string", _after_string(data, start, end)
        elif byte in _LETTERS:
            kind = "name"
            while stop < end and data[stop] in _IN_NAMES:
                stop += 1
        elif byte in b"+-0123456789":
            kind = "number"
            while stop < end and data[stop] not in _BOUNDARIES:
                stop += 1
        if not data[start:stop].isspace():
            yield _Token(kind, start, data[start:stop])
        start = stop


def _after_string(data: bytes, start: int, end: int) -> int:
    """Return where the string that begins at `start` ends; a doubled quote is a part of it."""
    while True:
        start = data.find(b"'", start + 1, end) + 1
        if not start:
            return end
        if data[start : start + 1] != b"'" or start >= end:
            return start


def _malformed(tokens: list[_Token]) -> str:
    """Return what in an expression is no token, of what the grammar takes for one; empty for none."""
    for number, token in enumerate(tokens):
        text = token.text.decode("utf-8", "replace")
        if token.kind == "number" and not _is_number(text):
            return f"`{text}` is no number"
        if token.kind == "string" and tokens[number + 1 : number + 2] and tokens[number + 1].text in (b".", b"["):
            return f"`{text}` is a string, of which nothing can be a part"
    return ""


def _is_number(text: str) -> bool:
    if text[:2] in ("0x", "0o"):
        return len(text) > 2 and set(text[2:]) <= (_HEXADECIMAL if text[1] == "x" else _OCTAL)
    if text[1:] == "Infinity":
        return True
    try:
        return set(text) <= _DIGITS and float(text) is not None
    except ValueError:
        return False


def _respelled(tokens: list[_Token]) -> Iterator[Change]:
    """Yield the changes to what means the same and the grammar knows: `a['b']` as `a.b`, `a[*]` as `a.*`."""
    for opening, inner, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if (opening.text, closing.text) != (b"[", b"]"):
            continue
        if inner.text == b"*":
            yield from (Change(opening.start, b"."), Change(closing.start, b" "))
        elif inner.kind == "string" and _is_name(inner.text[1:-1]):
            end = inner.start + len(inner.text) - 1
            yield from (Change(opening.start, b" "), Change(inner.start, b"."))
            yield from (Change(end, b" "), Change(closing.start, b" "))
    for token in tokens:
        if token.kind == "number" and token.text.endswith(b"Infinity"):
            yield Change(token.start + 1, b"9" * (len(token.text) - 1))


def _is_name(text: bytes) -> bool:
    return text[:1] != b"" and text[0] in _LETTERS and all(byte in _IN_NAMES for byte in text)


def _are_in(nodes: list[Node], parts: list[tuple[int, int]]) -> bool:
    """Return whether each of some expressions is in its part of the text, and no part without one."""
    pairs = zip(nodes, parts, strict=False)
    inside = all(start <= node.start_byte and node.end_byte <= end for node, (start, end) in pairs)
    return inside and len(nodes) == len(parts)


def _refused(data: bytes, root: Node, parts: list[tuple[int, int]]) -> str:
    """Return what is wrong with a text in whose tree is an error: the expression in which that is."""
    from polcheck.languages.grammars import first_error

    place = first_error(root).start_byte
    start, end = next(((start, end) for start, end in parts if place <= end), parts[-1] if parts else (0, 0))
    text = data[start:end].decode("utf-8", "replace").strip()
    shown = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return f"`${{{{ {shown} }}}}` is no expression" if text else "there is no expression in `${{ }}`"


def _value(node: Node) -> Literal | None:
    text = (node.text or b"").decode("utf-8", "replace")
    if node.type == "dereference_expression":
        # NOTE: no literal, which is why it isn't plain; with an index it reads, and ends, otherwise than it means
        return literal(name, plain=False) if "[" in text and (name := _dotted(node)) else None
    return literal(text[1:-1].replace("''", "'")) if len(text) > 1 and text[0] == text[-1] == "'" else None


def _dotted(node: Node) -> str:
    """Return `a.b.*` for a context with members, however they are written; empty where one is computed."""
    names: list[str] = []
    current: Node | None = node
    while current is not None and current.type == "dereference_expression":
        member = current.child_by_field_name("property")
        names.append((member.text or b"").decode("utf-8", "replace") if member is not None else "*")
        current = current.child_by_field_name("object")
    if current is None or current.type != "identifier":
        return ""
    return ".".join([(current.text or b"").decode("utf-8", "replace"), *reversed(names)])


def _language(name: str, title: str, **fields: Any) -> Language:
    return Language(
        name=name,
        title=title,
        module="tree_sitter_ghactions",
        general=False,
        extra="github",
        strings=frozenset({"string", "dereference_expression"}),
        string_value=_value,
        quoting=(Quoting("${{ ", " }}", "'", doubled=True, raw=True),),
        string_content="string_fragment",
        comments=frozenset(),
        contexts=(Context("${{ ", " }}"),),
        ascii_names=True,
        comment_signs=(),
        quotes=("'",),
        snippet=SnippetRules(
            grouping=frozenset({"parenthesized_expression"}),
            exact_leaves=frozenset({"name", "property"}),
            exact_branches=frozenset({"arguments"}),
            called=frozenset({"name"}),
            named_fields=frozenset({("function_call", "name")}),
            ignores_case=lambda kind: kind == "identifier",
        ),
        **fields,
    )


LANGUAGES = (
    _language("github-expression", "expressions of GitHub", parse=_tree),
    _language("github-condition", "a condition of GitHub", parse=_condition, around=_around),
)
