"""Dockerfiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.decoding import literal, text_of
from polcheck.languages.language import MARK, Context, Language, Literal, SnippetRules, parts
from polcheck.languages.respelling import tree_of_lines

if TYPE_CHECKING:
    from tree_sitter import Node

_TEXTS = frozenset(
    {
        "image_name", "image_tag", "image_digest", "image_alias", "shell_command", "unquoted_string", "path", "param",
        "mount_param", "expose_port",
    }
)  # fmt: skip
_QUOTED = frozenset({"double_quoted_string", "single_quoted_string", "json_string"})


def _value(node: Node) -> Literal | None:
    """Return the value of a word, of a string, or of a command with its lines joined; variables stay as written."""
    if node.type == "shell_command":
        fragments = [child.text or b"" for child in node.named_children if child.type == "shell_fragment"]
        return literal(" ".join(b" ".join(fragments).decode("utf-8", "replace").split()))
    if node.type in _TEXTS:
        return text_of(node)
    text = (node.text or b"").decode("utf-8", "replace")
    if len(text) < 2 or text[0] != text[-1]:
        return None
    if node.type == "json_string":
        import json

        try:
            return literal(str(json.loads(text)))
        except ValueError:
            return literal(text[1:-1])
    return literal(text[1:-1].replace('\\"', '"') if text[0] == '"' else text[1:-1])


LANGUAGES = (
    Language(
        name="dockerfile",
        title="Dockerfile",
        module="tree_sitter_dockerfile",
        suffixes=(".dockerfile", ".containerfile"),
        file_names=("Dockerfile", "Containerfile", "dockerfile", "containerfile"),
        file_prefixes=("Dockerfile.", "Containerfile."),
        general=False,
        extra="dockerfile",
        strings=_TEXTS | _QUOTED,
        string_value=_value,
        texts=_TEXTS,
        contexts=(Context("", "\n"),),
        ascii_names=True,
        name_forms=(MARK + "{}", f'"{MARK}{{}}"', f"${MARK}{{}}"),
        any_forms=(f"{MARK * 3}={MARK}", MARK * 3, f'"{MARK * 3}"', f"${MARK * 3}"),
        parse=tree_of_lines,
        snippet=SnippetRules(
            punctuation=frozenset({"line_continuation", "\\\n"}),
            optional={
                "from_instruction": {
                    "image_alias": frozenset({"image_alias", "AS"}),
                    **parts("param"),
                },
                "run_instruction": parts("param", "mount_param"),
                "copy_instruction": parts("param"),
                "add_instruction": parts("param"),
                "healthcheck_instruction": parts("param"),
            },
        ),
    ),
)
