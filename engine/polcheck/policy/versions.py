"""Versions of the policy language: which one each newer key, function, notation and selector needs.

The version is that of the pack that wrote a policy: `language` in its pack.yaml, or the newest where it says nothing.
What a pack's version doesn't have is refused with the hint to set another, so that a pack says which polcheck can
read it. Whoever adds to the language adds a line here:

- a key of policy.yaml or pack.yaml: to `KEYS`, under the name of its schema (`item`, `target`, `policy`, `pack`, …);
- a function of expressions: to `FUNCTIONS`;
- a notation of expressions: to `NOTATIONS`, under the name of its class in selectors/jmespath/nodes.py;
- a value of the key `language`: to `LANGUAGES`;
- a selector that polcheck defines in builtin.yaml: to `SELECTORS`.

Nothing else is to be done: the compiler asks for each of them wherever it is written, and tests hold that every line
names something there is. What has another *meaning* in a newer version asks `SourceMap.version`, the version of the
text that is being compiled: that of the pack, and for polcheck's own selectors the newest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polcheck.selectors.jmespath.nodes import Node

LANGUAGE_VERSION = 2  # the newest

# (schema, key) -> the version that it needs
KEYS: Mapping[tuple[str, str], int] = {
    ("item", "revision"): 2,
    ("item", "changed"): 2,
    ("item", "constant"): 2,
    ("item", "dynamic"): 2,
    ("target", "constant"): 2,
    ("target", "dynamic"): 2,
    ("item", "closure"): 2,
    ("item", "is"): 2,
    ("item", "of"): 2,
    ("target", "is"): 2,
    ("target", "of"): 2,
    ("policy", "at"): 2,
    ("policy", "fix"): 2,
    ("item", "only"): 2,
    ("target", "only"): 2,
    ("pack", "uses"): 2,
    ("pack", "exports"): 2,
    ("pack", "default_profile"): 2,
}
# a function's name -> the version that it needs
FUNCTIONS: Mapping[str, int] = dict.fromkeys(
    (
        "add",
        "base64_decode",
        "base64_encode",
        "compare",
        "days_between",
        "divide",
        "equal_fold",
        "get",
        "items",
        "join_path",
        "label_match",
        "lookup",
        "matches_docker",
        "matches_gitignore",
        "matches_path",
        "modulo",
        "multiply",
        "object_from_lists",
        "pairs",
        "parse_json",
        "parse_yaml",
        "path_canonicalize",
        "pattern_match",
        "quantity",
        "regex_match",
        "regex_replace_all",
        "regex_replace_all_literal",
        "replace_all",
        "round",
        "semver_compare",
        "sha256",
        "subtract",
        "time_add",
        "time_after",
        "time_before",
        "time_between",
        "time_diff",
        "time_to_cron",
        "time_truncate",
        "time_utc",
        "to_boolean",
        "to_lower",
        "to_upper",
        "today",
        "trim",
        "trim_prefix",
        "truncate",
        "url_decode",
    ),
    2,
)
# the class of a node -> how the notation is written, and the version that it needs
NOTATIONS: Mapping[str, tuple[str, int]] = {"Variable": ("$name", 2)}
# a value of an item's `language` -> the version that it needs
LANGUAGES: Mapping[str, int] = {"github-expression": 2, "github-condition": 2}
# the name of a selector -> the version that it needs
SELECTORS: Mapping[str, int] = {"python/constant": 2}


def too_new(word: str, needed: int, version: int) -> tuple[str, str]:
    """Return what is wrong with a word of version `needed` in a pack of version `version`, and what to do."""
    message = f"`{word}` needs version {needed} of the policy language, and this pack is written in version {version}"
    return message, f"set `language: {needed}` in pack.yaml"


def newer_in(node: Node, version: int) -> Iterator[tuple[str, int, int]]:
    """Yield the functions and notations of an expression that need more than `version`.

    Each is what is written, the version that it needs, and its offset in the expression's text.
    """
    from polcheck.selectors.jmespath.nodes import Call, children, position_of

    pending = [node]
    while pending:
        node = pending.pop()
        pending.extend(children(node))
        if isinstance(node, Call) and FUNCTIONS.get(node.name, 1) > version:
            yield f"{node.name}()", FUNCTIONS[node.name], node.position
        notation = NOTATIONS.get(type(node).__name__)
        if notation is not None and notation[1] > version:
            yield notation[0], notation[1], position_of(node)
