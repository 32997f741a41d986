"""TypeScript without JSX, and with it (`tsx`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from polcheck.languages.language import Language, each, parts
from polcheck.languages.supported.javascript import (
    AWAITING,
    COMMENT_SIGNS,
    COMMENTS,
    COMPLETIONS,
    CONTEXTS,
    ERASED,
    LISTS,
    MULTILINE_QUOTES,
    QUOTING,
    SNIPPET,
    STRINGS,
    as_meant,
    constant_rules,
    string_value,
    template_parts,
    tree_of,
)

if TYPE_CHECKING:
    from polcheck.languages.names import NameRules


_TYPED = parts("*", "type_parameters", "type_annotation", "asserts_annotation", "type_predicate_annotation")
_MEMBER = {**_TYPED, **parts("accessibility_modifier", "override_modifier")}
_CLASS = parts("type_parameters", "class_heritage", "decorator")
_SNIPPET = replace(
    SNIPPET,
    erased=ERASED,
    alike={
        **SNIPPET.alike,
        "class_declaration": frozenset({"class_declaration", "abstract_class_declaration"}),
        "required_parameter": frozenset({"required_parameter", "optional_parameter"}),
    },
    optional={
        **SNIPPET.optional,
        "call_expression": {**SNIPPET.optional["call_expression"], **parts("type_arguments")},
        "new_expression": parts("type_arguments"),
        **each("class_declaration abstract_class_declaration class", _CLASS),
        **each(
            "function_declaration function_expression generator_function_declaration generator_function arrow_function "
            "function_signature variable_declarator",
            _TYPED,
        ),
        **each(
            "method_definition public_field_definition required_parameter optional_parameter",
            _MEMBER | parts("decorator", "?"),
        ),
        **each("property_signature method_signature abstract_method_signature", _MEMBER | parts("?")),
        **each("import_statement import_specifier", parts("import_attribute", "type")),
        "enum_declaration": parts("const"),
        "interface_declaration": parts("type_parameters", "extends_type_clause"),
        "type_alias_declaration": parts("type_parameters"),
        "catch_clause": parts("type_annotation"),
    },
    optional_words=SNIPPET.optional_words | {"abstract", "declare", "readonly"},
)


_ELEMENTS = each("jsx_self_closing_element jsx_opening_element", parts("type_arguments"))
_WITH_ELEMENTS = replace(_SNIPPET, optional={**_SNIPPET.optional, **_ELEMENTS})


def _name_rules() -> NameRules:
    from polcheck.languages.javascript_names import TYPESCRIPT

    return TYPESCRIPT.rules()


def _dialect(name: str, title: str, suffixes: tuple[str, ...], interpreters: tuple[str, ...] = ()) -> Language:
    return Language(
        name=name,
        title=title,
        module="tree_sitter_typescript",
        function=f"language_{name}",
        suffixes=suffixes,
        interpreters=interpreters,
        extra="typescript",
        strings=STRINGS,
        string_value=string_value,
        quoting=QUOTING,
        string_content="string_fragment",
        comments=COMMENTS,
        contexts=CONTEXTS,
        completions=COMPLETIONS,
        lists=LISTS,
        comment_signs=COMMENT_SIGNS,
        multiline_quotes=MULTILINE_QUOTES,
        snippet=_WITH_ELEMENTS if name == "tsx" else _SNIPPET,
        awaiting=AWAITING,
        template_parts=template_parts,
        constant_rules=constant_rules,
        name_rules=_name_rules,
        parse=tree_of,
        spelled=as_meant,
    )


LANGUAGES = (
    _dialect("typescript", "TypeScript", (".ts", ".mts", ".cts"), ("ts-node", "tsx", "deno", "deno run")),
    _dialect("tsx", "TSX", (".tsx",)),
)
