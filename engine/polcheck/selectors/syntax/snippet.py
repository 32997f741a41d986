"""A pattern's text made into one that its language parses, and the tree of that.

`$name` becomes an identifier and `...` a word that stands where any item may; both are as long as they were,
in characters, so that places survive.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import re2
from msgspec import Struct

from polcheck.base.spans import Source
from polcheck.languages.grammars import parse
from polcheck.selectors.syntax.predicates import regex
from polcheck.selectors.syntax.problem import SyntaxProblem

if TYPE_CHECKING:
    from tree_sitter import Node


_PART = re.compile(r"\$\$|\$(?P<name>[A-Za-z_]\w*)", re.ASCII)


class Quoted(Struct, frozen=True):
    """The texts between the parts that bind, one more than `names`; a name is None for `$_`."""

    texts: tuple[str, ...]
    names: tuple[str | None, ...]

    def parts(self, value: str) -> tuple[str, ...] | None:
        """What each name stands for in `value`, in linear time; None when it doesn't match."""
        if not self.names:
            return () if value == self.texts[0] else None
        if self.texts == ("", ""):
            return (value,)
        pattern = "(?s)" + "(.*?)".join(re2.escape(text) for text in self.texts)
        found = regex(pattern).fullmatch(value)
        return tuple(found.groups()) if found is not None else None


def quoted(value: str, offset: int) -> Quoted:
    """The shape of a decoded `value`; `$$` is a dollar sign. Raises SyntaxProblem for a repeated name."""
    texts, names, done = [""], [], 0
    for found in _PART.finditer(value):
        texts[-1] += value[done : found.start()]
        done = found.end()
        name = found["name"]
        if name is None:
            texts[-1] += "$"
            continue
        if name != "_" and name in names:
            raise SyntaxProblem(f"`${name}` stands twice in one string", offset, "use two names and compare them")
        names.append(None if name == "_" else name)
        texts.append("")
    texts[-1] += value[done:]
    if any(not text for text in texts[1:-1]):
        raise SyntaxProblem("two names in a string need some text between them", offset)
    return Quoted(tuple(texts), tuple(names))


def after_expression(interpolation: Node) -> bytes:
    """How an interpolated part is converted and formatted, as written."""
    kinds = ("type_conversion", "format_specifier")
    return b"".join(child.text or b"" for child in interpolation.named_children if child.type in kinds)


def parameter_parts(node: Node) -> tuple[Node, Node | None, Node | None]:
    """The name, annotation and default of a Python parameter."""
    name = node.child_by_field_name("name")
    if name is None:
        name = node.named_children[0] if node.type == "typed_parameter" else node
    return name, node.child_by_field_name("type"), node.child_by_field_name("value")


MARK = "ꙮ"
"""A letter for every language's identifiers that no program is expected to use."""
ANY = MARK * 3
ANY_PAIR = "**" + MARK
_STRING = r"""(?:\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')"""
_PIECE = re.compile(
    rf"(?P<string>{_STRING})|(?P<comment>\#[^\n]*)|(?P<open>[(\[{{])|(?P<close>[)\]}}])"
    r"|(?P<any>\.\.\.)|(?P<sign>\*\*|:)|(?P<other>.)",
    re.DOTALL,
)
_GO_FUNCTION = "func _() {\n"
_HOLE = re.compile(r"\$(?=[A-Za-z_])")
_BEFORE_ANY = re.compile(r"(?:^|[\s(\[{,:;@=<>])$")
_AFTER_ANY = re.compile(r"[\s)\]},:;]|$")
_RELATIVE_IMPORT = re.compile(r"\bfrom\s*$")
_CLAUSE = re.compile(r"(?<=\.\.\.) (?=(?:except|finally|else|elif)\b)")
NAME_OF_HOLE = re.compile(rf"{MARK}([A-Za-z_]\w*)", re.ASCII)


class Prepared(Struct, frozen=True):
    """A snippet's text with its marks, and the statements that it is made of."""

    text: str
    language: str
    statements: tuple[Node, ...]
    source: Source
    shift: int = 0  # how many characters stand before the snippet in `source`

    def offset(self, node: Node) -> int:
        """Where `node` starts, in characters of the snippet as given."""
        return self.source.span_of_bytes(node.start_byte, node.end_byte).start - self.shift


def prepare(text: str, language: str) -> Prepared:
    """The tree of the snippet `text`. Raises SyntaxProblem when it is empty or doesn't parse."""
    if MARK in text:
        raise SyntaxProblem(f"`{MARK}` can't stand in a snippet", text.index(MARK))
    if not text.strip():
        raise SyntaxProblem("the snippet is empty", 0, "write code, such as `torch.load(...)`")
    marked = _marked(text, language)
    source, root = _parsed(marked, language)
    if root.has_error and language == "python":
        source, root = _parsed(_marked(_CLAUSE.sub("\n", text), language), language)
    shift = 0
    if root.has_error and language == "go" and (body := _go_body(marked)) is not None:
        source, root, shift = *body, len(_GO_FUNCTION)
    if root.has_error:
        raise _unparsed(text, source, root, language)
    statements = [child for child in root.named_children if child.type not in ("comment", "line_continuation")]
    if not statements:
        raise SyntaxProblem("the snippet holds comments only", 0, "comments are ignored: write code")
    return Prepared(marked, language, tuple(statements), source, shift)


def _go_body(marked: str) -> tuple[Source, Node] | None:
    """The snippet's statements in a function, outside of which Go has none; None when they don't parse."""
    source, root = _parsed(f"{_GO_FUNCTION}{marked}\n}}\n", "go")
    function = root.named_children[0] if not root.has_error else None
    body = function.child_by_field_name("body") if function is not None else None
    if body is None or root.named_child_count != 1:
        return None
    lists = [child for child in body.named_children if child.type == "statement_list"]
    return source, lists[0] if lists else body


def closed_calls(prepared: Prepared) -> list[tuple[str, int]]:
    """The Python calls in a snippet with arguments but without `...`: their texts, and where each closes."""
    found: list[tuple[str, int]] = []
    waiting = list(prepared.statements)
    while waiting:
        node = waiting.pop(0)
        waiting += node.named_children
        arguments = node.child_by_field_name("arguments") if node.type == "call" else None
        if arguments is None or arguments.type != "argument_list" or not arguments.named_children:
            continue
        if not any((child.text or b"").decode() == ANY for child in arguments.named_children):
            span = prepared.source.span_of_bytes(node.start_byte, node.end_byte)
            text = prepared.source.text[span.start : span.end].replace(ANY, "...").replace(MARK, "$")
            found.append((text, span.end - 1))
    return found


def _parsed(marked: str, language: str) -> tuple[Source, Node]:
    # NOTE: white space before the code would be an indentation in Python; line breaks keep every offset
    indent = len(marked) - len(marked.lstrip())
    source = Source("", ("\n" * indent + marked[indent:]).encode())
    return source, parse(source, language).tree.root_node


def _unparsed(text: str, source: Source, root: Node, language: str) -> SyntaxProblem:
    node = _first_error(root)
    offset = min(source.span_of_bytes(node.start_byte, node.end_byte).start, max(len(text.rstrip()) - 1, 0))
    help = "a snippet is code as the language writes it; `$name` is a part, `...` any number of items"
    if node.is_missing:
        return SyntaxProblem(f"the snippet lacks `{node.type}`", offset, help)
    return SyntaxProblem(f"the snippet is no {language}", offset, help)


def _first_error(root: Node) -> Node:
    node = root
    while not (node.is_error or node.is_missing):
        broken = [child for child in node.children if child.has_error or child.is_error or child.is_missing]
        if not broken:
            break
        node = broken[0]
    return node


def _marked(text: str, language: str) -> str:
    """`text` with its marks in place of `$` and `...`."""
    pieces: list[str] = []
    braces: list[int] = []  # for each open bracket: where it is, or -1 for one that holds no pairs
    for found in _PIECE.finditer(text):
        piece = found.group()
        if found.lastgroup == "open":
            braces.append(found.start() if piece == "{" and _is_mapping(text, found.end()) else -1)
        elif found.lastgroup == "close" and braces:
            braces.pop()
        elif found.lastgroup == "any" and _stands_alone(text, found.start(), found.end()):
            in_mapping = language == "python" and braces and braces[-1] >= 0
            piece = ANY_PAIR if in_mapping else ANY
        pieces.append(piece)
    return _HOLE.sub(MARK, "".join(pieces))


def _stands_alone(text: str, start: int, end: int) -> bool:
    before = text[max(start - 20, 0) : start]
    return bool(_BEFORE_ANY.search(before) and _AFTER_ANY.match(text[end:]) and not _RELATIVE_IMPORT.search(before))


def _is_mapping(text: str, start: int) -> bool:
    """Whether the braces opened before `start` hold pairs: a colon or `**` of their own, or `...` alone."""
    depth = 0
    for found in _PIECE.finditer(text, start):
        if found.lastgroup == "open":
            depth += 1
        elif found.lastgroup == "close":
            depth -= 1
            if depth < 0:
                return text[start : found.start()].strip() == "..."
        elif found.lastgroup == "sign" and depth == 0:
            return True
    return False
