"""What a snippet leaves out may be there: tried for each part of calls, functions, classes, imports, assignments,
arguments and decorators that can be taken away.

Each part of each such node of the samples is taken away, with the sign before it; where what is left parses as a node
of the same kind, it is a snippet, and has to find the code with the part. `ASKED` are the parts that are asked for all
the same, and why. A further test holds the samples against the fields that the grammars have, so that a new one of a
new version has to be decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from part_samples import KINDS, SAMPLES
from polcheck.base.spans import Source
from polcheck.languages.grammars import grammar, parse
from polcheck.selectors.syntax.compile import compile_pattern
from polcheck.selectors.syntax.problem import SyntaxProblem
from polcheck.selectors.syntax.query_set import QuerySet

if TYPE_CHECKING:
    from tree_sitter import Node

_PUNCTUATION = frozenset({";", ",", "(", ")", "{", "}"})
_SIGNS = frozenset({":", "=", "->", "=>", "else", "as", "extends", "<", ":=", "?", "..."})  # that go with what follows

_NOTHING = "without it there is no name, no body or no argument, and that is what the snippet says"
_CHANGES = "it changes what is imported, exported or defined"
_ALONE = "without it, and alone, it is a snippet of something else"

ASKED: dict[str, dict[str, str]] = {
    "bash": {
        "command argument": _NOTHING,
        "command name": _NOTHING,
        "redirected_statement body": _NOTHING,
        "variable_assignment value": _NOTHING,
    },
    "c": {
        "field_declaration type": _ALONE,
        "struct_specifier name": _NOTHING,
    },
    "cpp": {
        "class_specifier name": _NOTHING,
        "field_declaration declarator": _NOTHING,
        "namespace_definition name": _NOTHING,
        "new_expression arguments": _NOTHING,
        "optional_parameter_declaration declarator": _ALONE,
        "optional_parameter_declaration type": _ALONE,
    },
    "csharp": {
        "argument `:`": _ALONE,
        "object_creation_expression arguments": _NOTHING,
        "parameter attribute_list": _ALONE,
        "using_directive qualified_name": _ALONE,
    },
    "elixir": {
        "call arguments": _NOTHING,
    },
    "go": {
        "const_spec name": _NOTHING,
        "const_spec type": _ALONE,
        "function_declaration parameters": _NOTHING,
        "var_spec name": _NOTHING,
        "var_spec type": _ALONE,
    },
    "haskell": {
        "data_type constructors": _NOTHING,
        "data_type patterns": _NOTHING,
        "function binds": _NOTHING,
        "function match": _NOTHING,
        "import `hiding`": _CHANGES,
    },
    "hcl": {
        "block body": _NOTHING,
        "block string_lit": _NOTHING,
        "function_call function_arguments": _NOTHING,
    },
    "java": {
        "formal_parameter dimensions": _ALONE,
        "formal_parameter modifiers": _ALONE,
        "import_declaration `static`": _CHANGES,
        "method_declaration dimensions": _ALONE,
        "variable_declarator dimensions": _ALONE,
    },
    "javascript": {
        "arrow_function parameters": _NOTHING,
        "export_statement `default`": _CHANGES,
        "field_definition decorator": _ALONE,
        "field_definition property": _NOTHING,
        "method_definition `*`": _CHANGES,
        "method_definition `get`": _CHANGES,
        "method_definition name": _NOTHING,
        "new_expression arguments": _NOTHING,
        "new_expression constructor": _NOTHING,
    },
    "kotlin": {
        "class_parameter modifiers": _ALONE,
        "function_declaration `.`": _NOTHING,
        "function_declaration user_type": _NOTHING,
        "lambda_literal identifier": _NOTHING,
        "lambda_literal number_literal": _NOTHING,
    },
    "lua": {
        "function_declaration body": _NOTHING,
        "function_definition body": _NOTHING,
    },
    "nix": {
        "attrset_expression binding_set": _NOTHING,
        "let_expression binding_set": _NOTHING,
    },
    "php": {
        "object_creation_expression arguments": _NOTHING,
        "object_creation_expression name": _NOTHING,
    },
    "python": {
        "lambda parameters": _NOTHING,
    },
    "ruby": {
        "call arguments": _NOTHING,
        "call method": _NOTHING,
        "call operator": _NOTHING,
        "class body": _NOTHING,
        "do_block body": _NOTHING,
        "do_block parameters": _NOTHING,
        "method body": _NOTHING,
        "method parameters": _NOTHING,
        "singleton_method parameters": _NOTHING,
    },
    "scala": {
        "class_parameter annotation": _ALONE,
        "class_parameter type": _ALONE,
        "function_definition parameters": _NOTHING,
        "import_declaration path": _ALONE,
    },
    "solidity": {
        "call_expression call_argument": _NOTHING,
        "constructor_definition parameter": _NOTHING,
        "contract_declaration inheritance_specifier": _NOTHING,
        "emit_statement call_argument": _NOTHING,
        "event_definition event_parameter": _NOTHING,
        "function_definition parameter": _NOTHING,
        "modifier_definition parameter": _NOTHING,
        "parameter location": _ALONE,
        "state_variable_declaration type": _ALONE,
        "variable_declaration type": _ALONE,
    },
    "swift": {
        "call_expression simple_identifier": _NOTHING,
        "function_declaration parameter": _NOTHING,
        "init_declaration parameter": _NOTHING,
        "lambda_literal statements": _NOTHING,
        "lambda_literal type": _ALONE,
        "parameter name": _NOTHING,
    },
    "typescript": {
        "export_statement `default`": _CHANGES,
        "import_specifier `type`": _ALONE,
        "import_specifier name": _NOTHING,
        "import_statement import_clause": _NOTHING,
        "method_definition name": _NOTHING,
        "method_signature type_parameters": _ALONE,
        "new_expression arguments": _NOTHING,
        "optional_parameter type": _ALONE,
        "property_signature `?`": _ALONE,
        "property_signature `readonly`": _ALONE,
        "property_signature name": _NOTHING,
        "property_signature type": _ALONE,
        "public_field_definition `declare`": _ALONE,
        "public_field_definition name": _NOTHING,
        "required_parameter `readonly`": _ALONE,
        "required_parameter accessibility_modifier": _ALONE,
        "required_parameter decorator": _ALONE,
        "required_parameter pattern": _NOTHING,
        "variable_declarator type": _ALONE,
    },
}
"""By language, `kind part` of what is asked for though it can be taken away, and why."""


def nodes_of(node: Node) -> Iterator[Node]:
    """Yield a node and all below it."""
    yield node
    for child in node.children:
        yield from nodes_of(child)


def shortened(node: Node, code: bytes, language: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a node that can be taken away, and its text without each."""
    for index, child in enumerate(node.children):
        if child.type in _PUNCTUATION:
            continue
        field = node.field_name_for_child(index)
        before = node.children[index - 1] if index else None
        starts = [child.start_byte]
        if before is not None and not before.is_named and before.type in _SIGNS:
            starts.append(before.start_byte)
        for start in starts:
            size = child.end_byte - start
            root = parse(Source("a", code[:start] + code[child.end_byte :]), language).tree.root_node
            if root.has_error:
                continue
            rest = next(
                (
                    other
                    for other in nodes_of(root)
                    if other.type == node.type
                    and other.end_byte == node.end_byte - size
                    and abs(other.start_byte - node.start_byte) <= size + 2
                ),
                None,
            )
            if rest is not None:
                part = field or (child.type if child.is_named else f"`{child.type}`")
                yield f"{node.type} {part}", (rest.text or b"").decode().strip()
                break


def asked_for(language: str) -> set[str]:
    """Return the parts that a snippet without them doesn't find with them."""
    found: dict[str, bool] = {}
    for sample in SAMPLES[language]:
        code = sample.encode()
        tree = parse(Source("a", code), language)
        assert not tree.tree.root_node.has_error, sample
        for node in nodes_of(tree.tree.root_node):
            if node.type not in KINDS[language].split():
                continue
            for part, text in shortened(node, code, language):
                snippet = text.replace("$", "$$") if language == "php" else text
                try:
                    selector = compile_pattern([snippet], language)
                except SyntaxProblem:
                    found.setdefault(part, True)  # NOTE: it says so, and is no silent gap
                    continue
                found[part] = found.get(part, False) or bool(QuerySet([selector]).search(tree)[0].matches)
    return {part for part, is_found in found.items() if not is_found}


@pytest.mark.parametrize("language", sorted(SAMPLES))
def test_what_can_be_left_out_is_not_asked_for(language: str) -> None:
    """But for the parts that are listed with the reason."""
    assert asked_for(language) == set(ASKED.get(language, {}))


# grammars of which tree-sitter says quickly and truly which fields a kind of node may have
_ENUMERABLE = ["bash", "elixir", "go", "java", "javascript", "lua", "nix", "python", "rust", "solidity"]

UNTRIED: dict[str, set[str]] = {
    "bash": {"command redirect"},
    "javascript": {"class decorator"},
    "solidity": {"state_variable_declaration location"},
}
"""By language, `kind field` that no sample has, since nothing is asked about it."""


def fields_of(kind: str, language: str) -> set[str]:
    """Return the fields that a node of a kind may have."""
    from tree_sitter import Query

    tongue = grammar(language)
    fields: set[str] = set()
    for number in range(1, tongue.field_count + 1):
        name = tongue.field_name_for_id(number)
        try:
            Query(tongue, f"({kind} {name}: _)")
        except ValueError:
            continue
        fields.add(name or "")
    return fields


@pytest.mark.parametrize("language", _ENUMERABLE)
def test_the_samples_have_every_field_that_the_grammar_has(language: str) -> None:
    """So that what a new version of it adds is decided, too."""
    sampled: set[str] = set()
    for sample in SAMPLES[language]:
        for node in nodes_of(parse(Source("a", sample.encode()), language).tree.root_node):
            fields = {node.field_name_for_child(index) for index in range(node.child_count)}
            sampled |= {f"{node.type} {field}" for field in fields if field}
    kinds = KINDS[language].split()
    known = {f"{kind} {field}" for kind in kinds for field in fields_of(kind, language)}
    assert known - sampled == UNTRIED.get(language, set())
