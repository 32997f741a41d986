"""C++."""

from __future__ import annotations

from msgspec.structs import replace

from polcheck.languages.language import MARK, Context, Language, parts
from polcheck.languages.literals import LINES, Quoting, octal
from polcheck.languages.supported.c import CONTEXTS, FORMS, LISTS, OPTIONAL, SNIPPET, embedded, string_value

LANGUAGES = (
    Language(
        name="cpp",
        title="C++",
        module="tree_sitter_cpp",
        suffixes=(".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".h++", ".ipp", ".ino", ".cu", ".cuh"),
        extra="cpp",
        strings=frozenset({"string_literal", "concatenated_string", "system_lib_string", "raw_string_literal"}),
        string_value=string_value,
        quoting=(Quoting("auto a = ", ";\n", escapes={**LINES, "??": "?\\?"}, character=octal),),
        string_content="string_content",
        contexts=(
            *CONTEXTS,
            Context("try {} ", "", needs=("catch",)),
            Context(
                "void a() { A<", "> b; }", kinds=frozenset({"template_type", "qualified_identifier"}), needs=("<",)
            ),
        ),
        lists=LISTS | {"type_descriptor"},
        embedded=embedded,
        statement_form=MARK + "{};",
        any_forms_in_braces=FORMS,
        comment_signs=("//",),
        snippet=replace(
            SNIPPET,
            optional={
                **OPTIONAL,
                "class_specifier": parts("base_class_clause", "virtual_specifier"),
                "struct_specifier": parts("base_class_clause", "virtual_specifier"),
                "function_definition": {
                    **OPTIONAL["function_definition"],
                    **parts("virtual", "explicit_function_specifier"),
                },
                "field_declaration": {**OPTIONAL["field_declaration"], **parts("virtual")},
            },
            words=frozenset(),
            grouping=SNIPPET.grouping | {"qualified_identifier"},  # the latter around one name: `::k`
            bare_parts=frozenset({("new_expression", "argument_list")}),
            optional_fields={
                **SNIPPET.optional_fields,
                "new_expression": {"placement": frozenset[str]()},
                "field_declaration": {"default_value": frozenset({"="})},
            },
            optional_words=SNIPPET.optional_words | {"::", "template"},
            erased={"template_function": 0, "template_method": 0, "template_type": 0},
            typed_names={
                "template_function": "identifier",
                "template_method": "field_identifier",
                "template_type": "type_identifier",
            },
        ),
    ),
)
