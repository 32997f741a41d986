"""Parts of Python nodes that snippets and the files that they are compared with are both taken apart into."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node


def after_expression(interpolation: Node) -> bytes:
    """How an interpolated part is converted and formatted, as written."""
    kinds = ("type_conversion", "format_specifier")
    return b"".join(child.text or b"" for child in interpolation.named_children if child.type in kinds)


def parameter_parts(node: Node) -> tuple[Node, Node | None, Node | None]:
    """The name, annotation and default of a Python parameter."""
    name = node.child_by_field_name("name")
    if name is None:
        name = node.named_children[0] if node.type == "typed_parameter" else node
    return name, node.child_by_field_name("type"), node.child_by_field_name("value")
