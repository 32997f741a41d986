"""TypeScript without JSX, and with it (`tsx`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.language import Language
from polcheck.languages.supported.javascript import (
    AWAITING,
    COMMENT_SIGNS,
    COMMENTS,
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
        comment_signs=COMMENT_SIGNS,
        multiline_quotes=MULTILINE_QUOTES,
        snippet=SNIPPET,
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
