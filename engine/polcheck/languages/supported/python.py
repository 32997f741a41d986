"""Python: how its code is read, where that is more than what its grammar says.

What the grammar reads otherwise than Python does, python_tree.py puts right.
"""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

from polcheck.base.spans import Source
from polcheck.languages.decoding import character, exactly, number, pieces, unescape, unix_lines, without_surrogates
from polcheck.languages.language import (
    MARK,
    Chain,
    Context,
    Interpolation,
    Language,
    Literal,
    SnippetRules,
)
from polcheck.languages.literals import LINES, Quoting, two_four_or_eight

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

    from polcheck.languages.constants import ConstantRules
    from polcheck.languages.language import ParsedCode
    from polcheck.languages.names import NameRules


def python_error(source: Source) -> tuple[str, int] | None:
    """Return this Python's syntax error for `source` and its line (0 for none); None when it compiles.

    The code is compiled and never run. Raises Unreadable for bytes that are no text.
    """
    text = source.text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # NOTE: for an error Python opens the file of this name to show its line; the empty name is none of a file
            compile(text, "", "exec", dont_inherit=True)
    except SyntaxError as error:
        return error.msg, error.lineno or 0
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return f"{type(error).__name__}: {error}".rstrip(": "), 0
    return None


_SIMPLE = {
    "\n": "", "\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
    "v": "\v",
}  # fmt: skip


def string_value(node: Node) -> Literal | None:
    """Return the value of a string, or of strings that follow one another; a byte is the character of its code."""
    if node.type == "concatenated_string":
        values = [string_value(child) for child in node.named_children if child.type == "string"]
        known = [value for value in values if value is not None]
        return Literal("".join(part.value for part in known), all(part.plain for part in known))
    opening = _opening(node)
    if opening is None:
        return None
    prefix, quotes = opening
    if "f" in prefix or "t" in prefix:
        parts = formatted(node)
        value = "".join(part if isinstance(part, str) else "{}" for part in parts)
        return Literal(value, all(isinstance(part, str) for part in parts))
    text = (node.text or b"").decode("utf-8", "replace")
    return Literal(_decoded(text[len(prefix) + len(quotes) : -len(quotes)], prefix), True)


def formatted(node: Node) -> list[str | Interpolation]:
    """Return the texts of an f-string, decoded, and its interpolated parts between them; empty for other nodes."""
    opening = _opening(node) if node.type == "string" else None
    if opening is None or not ("f" in opening[0] or "t" in opening[0]):
        return []
    prefix, quotes = opening
    parts: list[str | Interpolation] = []

    def add(text: str) -> None:
        if parts and isinstance(parts[-1], str):
            parts[-1] += text
        elif text:
            parts.append(text)

    for piece in pieces(node, len(prefix) + len(quotes), len(quotes), ("interpolation",)):
        if isinstance(piece, str):
            add(_decoded(piece, prefix))
            continue
        form = b"".join(
            child.text or b"" for child in piece.named_children if child.type in ("type_conversion", "format_specifier")
        )
        visible = _shown(piece)
        add(visible)
        parts.append(Interpolation(piece.child_by_field_name("expression"), form or (b"!r" if visible else b"")))
    return parts


def _shown(interpolation: Node) -> str:
    """Return the text that `{x=}` shows before the value of `x`, empty where there is no `=`."""
    children = interpolation.children
    for index, child in enumerate(children[:-1]):
        if child.type == "=":
            first = interpolation.start_byte
            text = (interpolation.text or b"")[children[0].end_byte - first : children[index + 1].start_byte - first]
            return unix_lines(text.decode("utf-8", "replace"))
    return ""


def _opening(node: Node) -> tuple[str, str] | None:
    """Return the prefix of a string in lowercase, and its quotes; None for what doesn't end in them."""
    text = node.text or b""
    start = next((index for index in range(min(len(text), 4)) if text[index] in b"\"'"), None)
    if start is None:
        return None
    three = text[start : start + 3]
    quotes = three if three in (b'"""', b"'''") else three[:1]
    if len(text) < start + 2 * len(quotes) or not text.endswith(quotes):
        return None
    return text[:start].decode("ascii", "replace").lower(), quotes.decode()


def _decoded(text: str, prefix: str) -> str:
    """Return the value of the text between the quotes of a string with `prefix`."""
    text = unix_lines(text)
    braces = _single_braces if "f" in prefix or "t" in prefix else str
    if "r" in prefix:
        return braces(text)
    return without_surrogates(unescape(text, _byte_escape if "b" in prefix else _escape, braces))


def _single_braces(text: str) -> str:
    return text.replace("{{", "{").replace("}}", "}")


def _byte_escape(text: str, at: int) -> tuple[str, int]:
    char = text[at : at + 1]
    if char in _SIMPLE:
        return _SIMPLE[char], at + 1
    if char and char in "01234567":
        code, end = number(text, at, 3, 8)
        return chr(code & 0xFF), end
    if char == "x" and (byte := exactly(text, at + 1, 2)) is not None:
        return chr(byte), at + 3
    return "\\", at  # NOTE: an escape that Python doesn't know keeps its backslash


def _escape(text: str, at: int) -> tuple[str, int]:
    char = text[at : at + 1]
    if char and char in "01234567":
        code, end = number(text, at, 3, 8)
        return chr(code), end
    if char in ("u", "U"):
        count = 4 if char == "u" else 8
        result = character(exactly(text, at + 1, count))
        return (result, at + 1 + count) if result is not None else ("\\", at)
    if text.startswith("N{", at) and (end := text.find("}", at, at + 200)) > 0:
        try:
            from unicodedata import lookup

            return lookup(text[at + 2 : end]), end + 1
        except KeyError:
            return "\\", at
    return _byte_escape(text, at)


def _clauses_on_lines(text: str) -> str:
    """Return a snippet with each clause of a statement on a line of its own: `try: ... except: ...`."""
    return re.sub(rf"(?<={MARK * 3}) (?=(?:except|finally|else|elif)\b)", "\n", text)


_CLAUSES = frozenset({"elif_clause", "else_clause", "except_clause", "finally_clause", "case_clause"})
_SCOPES = frozenset({"global_statement", "nonlocal_statement"})
_ALIKE = (frozenset({"tuple", "expression_list"}), frozenset({"tuple_pattern", "pattern_list"}))

_SNIPPET = SnippetRules(
    grouping=frozenset({"parenthesized_expression"}),
    chain=Chain("identifier", "attribute", "object", "attribute"),
    arguments=frozenset({"argument_list"}),
    keyword_arguments=frozenset({"keyword_argument"}),
    keyword_unpacking=frozenset({"dictionary_splat"}),
    bare_arguments=frozenset({("call", "generator_expression")}),
    parameters=frozenset({"parameters", "lambda_parameters"}),
    mappings=frozenset({"dictionary"}),
    any_pair="**",
    imports=frozenset({"import_statement", "import_from_statement", "future_import_statement"}),
    types=frozenset({"type"}),
    generic_types=frozenset({"subscript", "generic_type"}),
    clauses=_CLAUSES,
    with_clauses=frozenset(
        {"if_statement", "for_statement", "while_statement", "try_statement", "decorated_definition"}
    ),
    listed_clauses=frozenset({"case_clause"}),
    scope_statements=_SCOPES,
    open_ended=_SCOPES | {"assert_statement", "raise_statement"},
    open_bases=frozenset({"class_definition"}),
    value_left_out=frozenset({("assignment", "right")}),
    alike={kind: kinds for kinds in _ALIKE for kind in kinds},
    optional={
        "function_definition": {
            "type": frozenset({"type", "->"}),
            "type_parameter": frozenset({"type_parameter"}),
        },
        "class_definition": {
            "argument_list": frozenset({"argument_list"}),
            "type_parameter": frozenset({"type_parameter"}),
        },
        "assignment": {"type": frozenset({"type", ":"})},
        "case_clause": {"if_clause": frozenset({"if_clause"})},
    },
    definitions=frozenset({("function_definition", "name"), ("class_definition", "name")}),
    name_lists=frozenset({"type_parameter", "global_statement", "nonlocal_statement", "dotted_name"}),
    exact_leaves=frozenset({"name", "attribute"}),
    exact_branches=frozenset({"definition"}),
    called=frozenset({"function"}),
    # NOTE: elsewhere a name can stand in parentheses, which the text of its node would show
    named_fields=frozenset({("call", "function"), ("subscript", "value"), ("assignment", "left")}),
    # `1if x` shows that not all do
    separate_words=frozenset(
        {"assert", "raise", "import", "class", "def", "async", "await", "yield", "with", "try", "except", "global",
         "nonlocal", "del", "return", "while"}
    ),
)  # fmt: skip


# NOTE: a run in which nothing has changed asks for the languages of files, and parses none
def _tree(source: Source, parser: Parser) -> ParsedCode:
    from polcheck.languages.python_tree import tree_of

    return tree_of(source, parser)


def _spelled(source: Source) -> bytes | None:
    from polcheck.languages.python_tree import as_meant

    return as_meant(source)


def _names() -> NameRules:
    from polcheck.languages.python_names import RULES

    return RULES


def _constants() -> ConstantRules:
    from polcheck.languages.python_constants import RULES

    return RULES


LANGUAGES = (
    Language(
        name="python",
        title="Python",
        module="tree_sitter_python",
        suffixes=(".py", ".pyi", ".pyw"),
        file_names=("SConstruct", "SConscript", "wscript"),
        interpreters=("python", "pypy", "uv run", "pipx run"),
        strings=frozenset({"string", "concatenated_string"}),
        string_value=string_value,
        quoting=(
            Quoting("a = ", "\n", escapes=LINES, character=two_four_or_eight),
            Quoting("a = ", "\n", "'", LINES, two_four_or_eight),
        ),
        string_content="string_content",
        split_strings=False,
        formatted=formatted,
        multiline_quotes=('"""', "'''"),
        contexts=(
            Context(),
            Context(edit=_clauses_on_lines, fallback=True),
        ),
        completions=(
            ("\ndef $_(...): ...", "a decorator stands before a definition: add `def $_(...): ...` on the next line"),
            (": ...", "a body is missing: add `: ...`"),
        ),
        foreign=(
            *("function ", "const ", "let ", "var ", "func ", "fn ", "new ", "public ", "private ", "static ", "void "),
            *("&&", "||", "++", "=>", "=== ", "!== ", "; "),
        ),
        snippet=_SNIPPET,
        awaiting=frozenset({"await"}),
        name_rules=_names,
        constant_rules=_constants,
        parse=_tree,
        check=python_error,
        spelled=_spelled,
    ),
)
