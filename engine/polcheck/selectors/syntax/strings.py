"""The values of string literals: what the program would see, not how it is spelled."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Node

KINDS: dict[str, frozenset[str]] = {
    "python": frozenset({"string", "concatenated_string"}),
    "json": frozenset({"string"}),
    "toml": frozenset({"string"}),
    "bash": frozenset({"string", "raw_string"}),
    "javascript": frozenset({"string", "template_string"}),
    "typescript": frozenset({"string", "template_string"}),
    "tsx": frozenset({"string", "template_string"}),
    "go": frozenset({"interpreted_string_literal", "raw_string_literal"}),
}
"""The node kinds that are string literals, for each language."""

_ENDS_LIKE_ONE = (b'"', b"'", b"`")
_PYTHON_OPENING = re.compile(r"""(?i)([a-z]*)('''|\"\"\"|'|")""")
_ESCAPE = re.compile(
    r"\\(?:(?P<line>\r?\n)|(?P<oct>[0-7]{1,3})|x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})"
    r"|u\{(?P<b>[0-9a-fA-F]{1,6})\}|U(?P<U>[0-9a-fA-F]{8})|N\{(?P<N>[^}]+)\}|(?P<c>.))",
    re.DOTALL,
)
_SIMPLE = dict(zip("abfnrtv0", "\a\b\f\n\r\t\v\0", strict=True))
_QUOTES = {"\\", "'", '"', "`", "/", "$"}
_SURROGATES = re.compile("[\ud800-\udfff]")
_INTERPOLATIONS = frozenset(
    {"interpolation", "template_substitution", "expansion", "simple_expansion", "command_substitution",
     "arithmetic_expansion", "process_substitution"}
)  # fmt: skip


class Literal(NamedTuple):
    """The value of a literal, each interpolated part as `{}`; `plain` says that it has none."""

    value: str
    plain: bool


def literal(node: Node, language: str) -> Literal | None:
    """The value of `node` when it is a string literal, None when it is anything else."""
    text = node.text or b""
    if not text.endswith(_ENDS_LIKE_ONE) or node.type not in KINDS.get(language, ()):
        return None
    if language == "python":
        return _python(node, text)
    return _other(node, text.decode("utf-8", "replace"), language)


def _python(node: Node, text: bytes) -> Literal:
    if node.type == "concatenated_string":
        values = [literal(child, "python") for child in node.named_children]
        known = [value for value in values if value is not None]
        return Literal("".join(part.value for part in known), all(part.plain for part in known))
    written = text.decode("utf-8", "replace")
    opening = _PYTHON_OPENING.match(written)
    if opening is None:
        return Literal(written, True)
    prefix, quotes = opening[1].lower(), opening[2]
    decode = _decoder(raw="r" in prefix, names="b" not in prefix)
    if "f" in prefix or "t" in prefix:
        parts = pieces(node)
        value = "".join(part if isinstance(part, str) else "{}" for part in parts)
        return Literal(value, all(isinstance(part, str) for part in parts))
    return Literal(decode(written[opening.end() : -len(quotes)]), True)


def pieces(node: Node) -> list[str | Node]:
    """The texts of a Python f-string, decoded, and the nodes of its interpolated parts between them."""
    opening = node.named_children[0].text or b""
    decode = _decoder(raw=b"r" in opening.lower())
    parts: list[str | Node] = []
    for child in node.named_children[1:]:
        if child.type == "interpolation":
            parts.append(child)
        elif child.type == "string_content":
            text = (child.text or b"").decode("utf-8", "replace").replace("{{", "{").replace("}}", "}")
            parts.append(decode(text))
    return parts


def _decoder(raw: bool, names: bool = True) -> Callable[[str], str]:
    if raw:
        return str
    return _unescaped if names else _unescaped_bytes


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    value = _ESCAPE.sub(_escape, text)
    if _SURROGATES.search(value):
        # NOTE: a lone surrogate can't be written to any report
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def _unescaped_bytes(text: str) -> str:
    return _ESCAPE.sub(lambda found: found[0] if found.lastgroup in ("u", "b", "U", "N") else _escape(found), text)


def _escape(found: re.Match[str]) -> str:
    kind = str(found.lastgroup)
    if kind == "line":
        return ""
    if kind == "c":
        char = found["c"]
        return _SIMPLE.get(char) or (char if char in _QUOTES else found[0])
    if kind == "N":
        try:
            return unicodedata.lookup(found["N"])
        except KeyError:
            return found[0]
    code = int(found[kind], 8 if kind == "oct" else 16)
    return chr(code) if code <= 0x10FFFF else found[0]


def _other(node: Node, text: str, language: str) -> Literal:
    if language == "json":
        try:
            return Literal(str(json.loads(text, strict=False)), True)
        except ValueError:
            return Literal(text, True)
    if language == "toml":
        return _toml(text)
    if text[0] == "'" and language == "bash":
        return Literal(text[1:-1], True)
    if text[0] == "`" and language == "go":
        return Literal(text[1:-1], True)
    if text[0] == "`" or language == "bash":
        return _interpolated(node, text)
    return Literal(_unescaped(text[1:-1]), True)


def _toml(text: str) -> Literal:
    quotes = text[:3] if text[:3] in ("'''", '"""') else text[:1]
    content = text[len(quotes) : -len(quotes)]
    if len(quotes) == 3:
        content = re.sub(r"\A\r?\n", "", content)
        content = re.sub(r"\\[ \t]*\r?\n\s*", "", content) if quotes[0] == '"' else content
    return Literal(content if quotes[0] == "'" else _unescaped(content), True)


def _interpolated(node: Node, text: str) -> Literal:
    """The value of a string whose text between interpolated parts has no node of its own in every grammar."""
    data = text.encode()
    pieces: list[str] = []
    done, first = 1, node.start_byte
    plain = True
    for child in node.named_children:
        if child.type in _INTERPOLATIONS:
            plain = False
            pieces += [data[done : child.start_byte - first].decode("utf-8", "replace"), "\0"]
            done = child.end_byte - first
    pieces.append(data[done:-1].decode("utf-8", "replace"))
    decode = _unescaped if text[0] == "`" else _shell
    return Literal("".join("{}" if piece == "\0" else decode(piece) for piece in pieces), plain)


def _shell(text: str) -> str:
    return re.sub(r'\\(["\\$`])', r"\1", text).replace("\\\n", "")
