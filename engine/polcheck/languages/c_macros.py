"""The bodies of macros of C and C++ as code: their grammars have each as one string.

A body that is an expression or statements is parsed as such, at its place: what `#define LOG(x) system(x)` calls is
called wherever the macro is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.grammars import Tree, captures, parser_of
from polcheck.languages.readings import LARGEST, Embedded, Unparsed, blanked

if TYPE_CHECKING:
    from tree_sitter import Node

_BODIES = "(preproc_def value: (preproc_arg) @body) (preproc_function_def value: (preproc_arg) @body)"
# NOTE: `#define A ` and the end of the line before leave room for both
_BEFORE, _AFTER = b"int a(){", b"\n;}"


def embedded(tree: Tree) -> Embedded:
    """Return the code in the bodies of a file's macros."""
    data = tree.source.utf8
    bodies = captures(_BODIES, tree).get("body", []) if b"define" in data and not tree.tree.root_node.has_error else []
    parser = parser_of(tree.language)
    code = blanked(data) + b" " * len(_AFTER)
    places: list[tuple[int, int]] = []
    unparsed: list[Unparsed] = []
    for body in bodies:
        start, end = body.start_byte, body.end_byte
        whole = _BEFORE + data[start:end] + _AFTER
        if start < len(_BEFORE) or len(whole) > LARGEST or parser.parse(whole).root_node.has_error:
            unparsed.append(Unparsed(start, end, "the body of a macro"))
            continue
        code[start - len(_BEFORE) : end + len(_AFTER)] = whole
        places.append((start - len(_BEFORE), end + len(_AFTER)))
    if not places:
        return Embedded((), (), tuple(unparsed))
    parsed = parser.parse(bytes(code))
    roots: list[Node] = []
    for (start, end), function in zip(places, parsed.root_node.named_children, strict=False):
        block = function.child_by_field_name("body")
        parts = block.named_children if block is not None else []
        is_directive = any(child.type.startswith("preproc") for child in parts)  # NOTE: as `#x` would be
        if is_directive or function.has_error or (function.start_byte, function.end_byte) != (start, end):
            unparsed.append(Unparsed(start + len(_BEFORE), end - len(_AFTER), "the body of a macro"))
            continue
        for child in parts:
            # NOTE: the last `;` is none of the file's
            is_last = child.type == "expression_statement" and child.end_byte > end - len(_AFTER)
            item = next(iter(child.named_children), child) if is_last else child
            if item.type != "comment" and (not is_last or item is not child):
                roots.append(item)
    return Embedded((parsed,), tuple(roots), tuple(unparsed))
