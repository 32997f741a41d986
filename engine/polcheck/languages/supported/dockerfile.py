"""Dockerfiles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from polcheck.base.spans import Source
from polcheck.languages.decoding import literal, text_of
from polcheck.languages.language import MARK, Context, Language, Literal, ParsedCode, SnippetRules, parts
from polcheck.languages.respelling import Change, Respelled

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

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


def tree_of(source: Source, parser: Parser) -> ParsedCode:
    """Return the tree of a Dockerfile, in which a line that goes on may begin with a bracket. Raises Unreadable.

    NOTE: the grammar takes such a line of a shell command for the list of words that a command may be.
    """
    data = source.utf8
    code = Respelled(data if data.endswith(b"\n") or not data else data + b"\n", parser)
    code.add([Change(place, b"t") for place in _bracketed_lines(data)])
    code.parse()
    code.restore()
    return ParsedCode(code.tree)


def _bracketed_lines(data: bytes) -> Iterator[int]:
    """Yield where a line that continues another one begins with a bracket."""
    place, continued = 0, False
    for line in data.splitlines(keepends=True):
        text = line.strip()
        if continued and text.startswith(b"["):
            yield place + len(line) - len(line.lstrip())
        if not (continued and (not text or text.startswith(b"#"))):
            continued = text.endswith(b"\\")
        place += len(line)


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
        parse=tree_of,
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
