"""Go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from polcheck.languages.decoding import exactly, number, quoted_text
from polcheck.languages.language import Chain, Context, Language, Literal, SnippetRules, each, parts
from polcheck.languages.literals import LINES, Quoting, two_four_or_eight

if TYPE_CHECKING:
    from tree_sitter import Node

    from polcheck.languages.constants import ConstantRules
    from polcheck.languages.names import NameRules

_SIMPLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "'": 39, '"': 34}


def string_value(node: Node) -> Literal | None:
    """Return the value of a string."""
    text = quoted_text(node, '"', "`")
    if text is None:
        return None
    if text[0] == "`":
        return Literal(text[1:-1].replace("\r", ""), True)
    return Literal(_interpreted(text[1:-1]), True)


def _interpreted(text: str) -> str:
    """Return the value of an interpreted string: bytes, which need not be those of characters."""
    parts: list[bytes] = []
    done = 0
    while (at := text.find("\\", done)) >= 0:
        parts.append(text[done:at].encode("utf-8", "surrogatepass"))
        data, done = _escape(text, at + 1)
        parts.append(data)
    if not parts:
        return text
    parts.append(text[done:].encode("utf-8", "surrogatepass"))
    return b"".join(parts).decode("utf-8", "replace")


def _escape(text: str, at: int) -> tuple[bytes, int]:
    char = text[at : at + 1]
    if char in _SIMPLE:
        return bytes([_SIMPLE[char]]), at + 1
    if char and char in "01234567":
        code, end = number(text, at, 3, 8)
        return bytes([code & 0xFF]), end
    if char == "x" and (byte := exactly(text, at + 1, 2)) is not None:
        return bytes([byte]), at + 3
    for letter, count in (("u", 4), ("U", 8)):
        if char == letter and (code_point := exactly(text, at + 1, count)) is not None and code_point <= 0x10FFFF:
            return chr(code_point).encode("utf-8", "surrogatepass"), at + 1 + count
    return b"\\", at


def _constants() -> ConstantRules:
    from polcheck.languages.go_constants import RULES

    return RULES


_LEFT_OUT = """
(type_conversion_expression type: (generic_type type_arguments: (type_arguments) @blank))
(call_expression function: (index_expression
  "[" @blank
  index: [(identifier) (selector_expression) (unary_expression) (index_expression) (slice_type) (map_type)] @blank
  "]" @blank))
"""
_NOTHING: frozenset[str] = frozenset()
_CHAIN = Chain(
    "identifier", "selector_expression", "operand", "field", whole=frozenset({"qualified_type"}), single=False
)
_IMPORTS = "(import_spec) @import"
_BINDINGS = """
[(function_declaration) (method_declaration) (func_literal) (block) (if_statement) (for_statement) (expression_case)
 (default_case) (type_case) (communication_case) (type_switch_statement)] @scope
(function_declaration name: (identifier) @outer)
(short_var_declaration left: (expression_list (identifier) @name))
(range_clause left: (expression_list (identifier) @name))
(type_switch_statement alias: (expression_list (identifier) @name))
(receive_statement left: (expression_list (identifier) @name))
(type_spec name: (type_identifier) @name)
(var_spec name: (identifier) @name)
(const_spec name: (identifier) @name)
(parameter_declaration name: (identifier) @name)
(variadic_parameter_declaration name: (identifier) @name)
"""


def _imported(_: str, spec: Node) -> Iterator[tuple[str, str]]:
    """Yield the name of an imported package and, as what it stands for, the last part of its path."""
    path, alias = spec.child_by_field_name("path"), spec.child_by_field_name("name")
    literal = string_value(path) if path is not None else None
    parts = [part for part in literal.value.split("/") if part] if literal is not None else []
    if len(parts) > 1 and parts[-1][0] == "v" and parts[-1][1:].isdigit():  # the version of a module
        parts.pop()
    if not parts:
        return
    name = (alias.text or b"").decode() if alias is not None else parts[-1]
    if name != "_":
        yield ("*" if name == "." else name), parts[-1]


def _name_rules() -> NameRules:
    from polcheck.languages.block_names import BlockRules

    return BlockRules(_IMPORTS, _BINDINGS, _CHAIN, _imported).rules()


LANGUAGES = (
    Language(
        name="go",
        title="Go",
        module="tree_sitter_go",
        suffixes=(".go",),
        extra="go",
        strings=frozenset({"interpreted_string_literal", "raw_string_literal"}),
        string_value=string_value,
        quoting=(Quoting("package a\n\nvar a = ", "\n", escapes=LINES, character=two_four_or_eight),),
        constant_rules=_constants,
        string_content="interpreted_string_literal_content",
        # outside of a function Go has no statements
        contexts=(
            Context(),
            Context("func _() {\n", "\n}\n"),
        ),
        lists=frozenset({"statement_list"}),
        comment_signs=("//",),
        quotes=('"', "'"),
        multiline_quotes=("`",),
        name_rules=_name_rules,
        left_out=_LEFT_OUT,
        snippet=SnippetRules(
            chain=_CHAIN,
            grouping=frozenset({"parenthesized_expression"}),
            exact_leaves=frozenset({"name", "field", "package", "label"}),
            exact_branches=frozenset({"arguments", "body", "parameters"}),
            called=frozenset({"function"}),
            named_fields=frozenset({("call_expression", "function")}),
            lists_of_one=frozenset({"expression_list"}),
            optional={
                **each("function_declaration type_spec", parts("type_parameter_list")),
                "call_expression": parts("type_arguments"),
            },
            optional_fields={
                **each("function_declaration method_declaration func_literal method_elem", {"result": _NOTHING}),
                **each("var_spec const_spec", {"type": _NOTHING}),
                "if_statement": {"alternative": frozenset({"else"})},
            },
        ),
    ),
)
