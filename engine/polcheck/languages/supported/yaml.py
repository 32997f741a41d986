"""YAML as code, which has syntax trees; as configuration it is in `formats`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.language import MARK, Context, Language, Literal, SnippetRules
from polcheck.languages.literals import LINES, Quoting, two_four_or_eight
from polcheck.languages.respelling import tree_of_lines

if TYPE_CHECKING:
    from tree_sitter import Node


def _value(node: Node) -> Literal | None:
    """Return the value of a scalar as the format reads it."""
    import yaml

    text = (node.text or b"").decode("utf-8", "replace")
    if node.type == "plain_scalar":
        return Literal(" ".join(text.split()), True)
    try:
        value = yaml.load(text, Loader=yaml.CBaseLoader) if "\t" not in text[:1] else None
    except yaml.YAMLError:
        return None
    return Literal(value, True) if isinstance(value, str) else None


LANGUAGES = (
    Language(
        name="yaml",
        title="YAML",
        module="tree_sitter_yaml",
        suffixes=(".yaml", ".yml"),
        extra="yaml",
        strings=frozenset({"plain_scalar", "single_quote_scalar", "double_quote_scalar"}),
        string_value=_value,
        quoting=(
            Quoting("a: ", "\n", escapes=LINES, character=two_four_or_eight),
            Quoting("a: ", "\n", "'", doubled=True, raw=True),
        ),
        contexts=(Context("", "\n"),),
        lists=frozenset({"document", "block_node", "block_mapping", "block_sequence", "flow_node"}),
        any_forms=(MARK * 3, f"{MARK * 3}: {MARK}", f"- {MARK * 3}"),
        parse=tree_of_lines,
        snippet=SnippetRules(
            alike={
                kind: frozenset({"block_mapping_pair", "flow_pair"}) for kind in ("block_mapping_pair", "flow_pair")
            },
            mappings=frozenset({"block_mapping", "flow_mapping"}),
            lists_of_one=frozenset({"flow_node", "block_node"}),
        ),
    ),
)
