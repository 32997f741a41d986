"""A pattern's text made into one that its language parses, and the tree of that.

`$name` becomes an identifier and `...` a word that stands where any item may; both are as long as they were,
in characters, so that places survive.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import re2
from msgspec import Struct

from polcheck.base.spans import Source
from polcheck.languages import registry as languages
from polcheck.languages.grammars import first_error, parse
from polcheck.languages.language import MARK, Context, Language
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
    """Return the shape of a decoded `value`; `$$` is a dollar sign. Raises SyntaxProblem for a repeated name."""
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
        raise SyntaxProblem("two names in a string need some characters between them", offset)
    return Quoted(tuple(texts), tuple(names))


def parameter_parts(node: Node) -> tuple[Node, Node | None, Node | None]:
    """Return the name, annotation and default of a Python parameter."""
    name = node.child_by_field_name("name")
    if name is None:
        name = node.named_children[0] if node.type == "typed_parameter" else node
    return name, node.child_by_field_name("type"), node.child_by_field_name("value")


ANY = MARK * 3
_HOLE = re.compile(r"\$(?=[A-Za-z_])")
_BEFORE_ANY = re.compile(r"(?:^|[\s(\[{,:;@=<>])$")
_AFTER_ANY = re.compile(r"[\s)\]},:;]|$")
_RELATIVE_IMPORT = re.compile(r"\bfrom\s*$")
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
    """Return the tree of the snippet `text`. Raises SyntaxProblem when it is empty or doesn't parse."""
    if MARK in text:
        raise SyntaxProblem(f"`{MARK}` can't stand in a snippet", text.index(MARK))
    if not text.strip():
        raise SyntaxProblem("the snippet is empty", 0, "write code, such as `torch.load(...)`")
    rules = languages.language(language)
    marked = _marked(text, rules)
    source, root = _parsed(marked, language)
    statements = root.named_children
    shift = 0
    if root.has_error:
        for context in rules.contexts:
            found = _in_context(marked, context, rules)
            if found is not None:
                (source, statements), shift = found, len(context.before)
                break
        else:
            raise _unparsed(text, source, root, language)
    statements = [child for child in statements if child.type not in rules.comments | {"line_continuation"}]
    if not statements:
        raise SyntaxProblem("the snippet holds comments only", 0, "comments are ignored: write code")
    return Prepared(marked, language, tuple(statements), source, shift)


def _in_context(marked: str, context: Context, rules: Language) -> tuple[Source, list[Node]] | None:
    """Return the source of a snippet with code around it, and the snippet's statements in it; None when it doesn't
    parse.
    """
    text = context.edit(marked)
    source, node = _parsed(f"{context.before}{text}{context.after}", rules.name)
    if node.has_error:
        return None
    before = len(context.before.encode())
    first = before + len(text[: len(text) - len(text.lstrip())].encode())
    end = before + len(text.rstrip().encode())
    while True:
        inner = [child for child in node.named_children if child.start_byte < end and child.end_byte > first]
        if any(child.start_byte < first or child.end_byte > end for child in inner):
            if len(inner) > 1:
                return None
        elif not (len(inner) == 1 and inner[0].type in rules.lists):
            return source, inner
        node = inner[0]


def closed_calls(prepared: Prepared) -> list[tuple[str, int]]:
    """Return the calls in a snippet with arguments but without `...`: their texts, and where each closes.

    None where arguments have no keywords: nobody can add one more.
    """
    found: list[tuple[str, int]] = []
    rules = languages.language(prepared.language).snippet
    waiting = list(prepared.statements) if rules.keyword_arguments else []
    while waiting:
        node = waiting.pop(0)
        waiting += node.named_children
        arguments = node.child_by_field_name("arguments")
        if arguments is None or arguments.type not in rules.arguments or not arguments.named_children:
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
    node = first_error(root)
    offset = min(source.span_of_bytes(node.start_byte, node.end_byte).start, max(len(text.rstrip()) - 1, 0))
    help = "a snippet is code as the language writes it; `$name` is a part, `...` any number of items"
    if node.is_missing:
        return SyntaxProblem(f"the snippet lacks `{node.type}`", offset, help)
    return SyntaxProblem(f"the snippet is not valid {languages.language(language).title}", offset, help)


def _marked(text: str, rules: Language) -> str:
    """`text` with its marks in place of `$` and `...`."""
    any_pair = rules.snippet.any_pair
    parts: list[str] = []
    braces: list[bool] = []  # for each open bracket whether it holds pairs
    for found in _parts(rules).finditer(text):
        part = found.group()
        if found.lastgroup == "open":
            braces.append(part == "{" and _is_mapping(text, found.end(), rules))
        elif found.lastgroup == "close" and braces:
            braces.pop()
        elif found.lastgroup == "any" and _stands_alone(text, found.start(), found.end()):
            part = any_pair + MARK if any_pair and braces and braces[-1] else ANY
        parts.append(part)
    return _HOLE.sub(MARK, "".join(parts))


@cache
def _parts(rules: Language) -> re.Pattern[str]:
    """Return the parts of a snippet that tell where its `...` stand."""
    over_lines = rules.multiline_quotes
    strings = "|".join(
        [rf"{quote}(?:\\.|[^\\])*?{quote}" for quote in over_lines]
        + [rf"{quote}(?:\\.|[^{quote}\\\n])*{quote}" for quote in rules.quotes]
    )
    comment = "|".join(map(re.escape, rules.comment_signs))
    return re.compile(
        rf"(?P<string>{strings})|(?P<comment>(?:{comment})[^\n]*)|(?P<open>[(\[{{])|(?P<close>[)\]}}])"
        r"|(?P<any>\.\.\.)|(?P<sign>\*\*|:)|(?P<other>.)",
        re.DOTALL,
    )


def _stands_alone(text: str, start: int, end: int) -> bool:
    before = text[max(start - 20, 0) : start]
    return bool(_BEFORE_ANY.search(before) and _AFTER_ANY.match(text[end:]) and not _RELATIVE_IMPORT.search(before))


def _is_mapping(text: str, start: int, rules: Language) -> bool:
    """Return whether the braces opened before `start` hold pairs: a colon or `**` of their own, or `...` alone."""
    depth = 0
    for found in _parts(rules).finditer(text, start):
        if found.lastgroup == "open":
            depth += 1
        elif found.lastgroup == "close":
            depth -= 1
            if depth < 0:
                return text[start : found.start()].strip() == "..."
        elif found.lastgroup == "sign" and depth == 0:
            return True
    return False
