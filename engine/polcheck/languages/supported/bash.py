"""Bash, and the shells that it is a superset of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from polcheck.languages.decoding import exactly, joined, number, pieces, unescape
from polcheck.languages.language import MARK, Language, Literal, ParsedCode, SnippetRules
from polcheck.languages.literals import Quoting
from polcheck.languages.respelling import Change, Respelled
from polcheck.languages.supported.github_expression import expression_spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node, Parser, Tree

    from polcheck.base.spans import Source

_EXPANSIONS = frozenset(
    {"expansion", "simple_expansion", "command_substitution", "arithmetic_expansion", "process_substitution"}
)
_SIMPLE = {
    "a": 7, "b": 8, "e": 27, "E": 27, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11,
    "\\": 92, "'": 39, '"': 34, "?": 63,
}  # fmt: skip


def _value(node: Node) -> Literal | None:
    text = (node.text or b"").decode("utf-8", "replace")
    if node.type == "ansi_c_string":
        return Literal(_ansi(text[2:-1]), True) if text.endswith("'") and len(text) > 2 else None
    quote = '"' if node.type == "string" else "'"
    if len(text) < 2 or not (text.startswith(quote) and text.endswith(quote)):
        return None
    if quote == "'":
        return Literal(text[1:-1], True)
    return joined(pieces(node, 1, 1, _EXPANSIONS), lambda part: unescape(part, _escape))


def _escape(text: str, at: int) -> tuple[str, int]:
    """In double quotes a backslash quotes what means something there."""
    char = text[at : at + 1]
    if char == "\n":
        return "", at + 1
    return (char, at + 1) if char and char in '$`"\\' else ("\\", at)


def _ansi(text: str) -> str:
    """Return the value of what stands in `$'…'`: bytes, and it ends at the first zero."""
    parts: list[bytes] = []
    at = 0
    while at < len(text):
        result = text.find("\\", at)
        if result < 0:
            result = len(text)
        parts.append(text[at:result].encode("utf-8", "surrogatepass"))
        if result == len(text):
            break
        data, at = _ansi_escape(text, result + 1)
        if data == b"\0":
            break
        parts.append(data)
    return b"".join(parts).decode("utf-8", "replace")


def _ansi_escape(text: str, at: int) -> tuple[bytes, int]:
    char = text[at : at + 1]
    if char in _SIMPLE:
        return bytes([_SIMPLE[char]]), at + 1
    if char and char in "01234567":
        code, end = number(text, at, 3, 8)
        return bytes([code & 0xFF]), end
    if char == "x":
        if text[at + 1 : at + 2] == "{" and exactly(text, at + 2, 1) is not None:
            code, end = number(text, at + 2, len(text))
            return bytes([code & 0xFF]), end + (text[end : end + 1] == "}")
        code, end = number(text, at + 1, 2)
        return (bytes([code]), end) if end > at + 1 else (b"\\x", at + 1)
    if char in ("u", "U"):
        code, end = number(text, at + 1, 4 if char == "u" else 8)
        if end > at + 1:
            return _utf8(code), end
    if char == "c" and at + 1 < len(text):
        end = at + 3 if text[at + 1 : at + 3] == "\\\\" else at + 2
        return bytes([ord(text[at + 1].upper()) & 0x1F if text[at + 1] != "?" else 0x7F]), end
    return b"\\", at


def _utf8(code: int) -> bytes:
    """Return a code point as bash writes it, which knows of more than there are."""
    if code <= 0x10FFFF:
        return chr(code).encode("utf-8", "surrogatepass")
    if code > 0x7FFFFFFF:
        return b""
    more = 3 if code <= 0x1FFFFF else 4 if code <= 0x3FFFFFF else 5
    first = (0xFF << (6 - more) & 0xFF) | code >> 6 * more
    return bytes([first, *(0x80 | code >> 6 * place & 0x3F for place in reversed(range(more)))])


def _word(node: Node) -> str | None:
    """Return the text that a word stands for: without its quotes and escapes; None where something is put into it."""
    if node.type == "concatenation":
        parts = [_word(child) for child in node.children]
        return "".join(part for part in parts if part is not None) if None not in parts else None
    if node.type in ("word", "number"):
        return re.sub(r"\\(?s:\n()|(.))", r"\2", (node.text or b"").decode("utf-8", "replace"))
    result = _value(node) if node.type in ("string", "raw_string", "ansi_c_string") else None
    return result.value if result is not None and result.plain else None


# what the grammar takes for an error, each with what it reads instead of the group
_REFUSED = (
    # a loop over the arguments: POSIX has `do` on the line of the name
    (re.compile(rb"\bfor[ \t]++[A-Za-z_]\w*+([ \t])[ \t]*+do\b"), b"\n"),
    # `{ if x; then y; fi }`: a reserved word that ends a command needs no `;` after it
    (re.compile(rb"(?:\b(?:fi|done|esac)|(?<!\{)\}|\))([ \t])[ \t]*+\}"), b";"),
    # `exec 3<>file` in a subshell
    (re.compile(rb"\d(<>)"), b"> "),
    # `tool@version --option`
    (re.compile(rb"(?<![\w.$@{-])[A-Za-z_]\w*+(@)(?=\w)"), b"_"),
)
_ESCAPED_COMMAND = re.compile(rb"\n[ \t]*+\\(?=[\w./])")
_SPLIT_WORD = re.compile(rb"[\w./-]\\\n(?=[\w./$-])")
_MOST_BACKSLASHES = 64
_TEXTS = frozenset({"comment", "raw_string", "string_content", "string", "heredoc_body", "heredoc_content"})


def tree_of(source: Source, parser: Parser) -> ParsedCode:
    """Return the tree of a script, in which what the grammar doesn't know is read as bash does, and what GitHub puts in
    the place of `${{ … }}` as an expansion. Raises Unreadable.
    """
    data = source.utf8
    code = Respelled(data, parser)
    code.add(list(_inserted(data)))
    code.parse()
    code.restore()
    if changes := list(_swallowed(data, code.tree)):
        code.add(changes)
        code.parse()
        code.restore()
    tree = code.tree
    if tree.root_node.has_error and (changes := list(_refused(data, tree))):
        code.add(changes)
        code.parse()
        code.restore()
        if code.tree.root_node.has_error:  # NOTE: then nothing says that this is what the error is about
            return ParsedCode(tree)
    return ParsedCode(code.tree, _split_word(data, code.tree))


def _inserted(data: bytes) -> Iterator[Change]:
    """Yield what makes an expansion of each expression of GitHub, which bash would take for a bad substitution.

    NOTE: `${?-…}`, which names no variable and no command that a policy could ask for.
    """
    for start, end in expression_spans(data)[0]:
        yield Change(start - 3, b"${?-" + b"_" * (end - start) + b"}")


def _refused(data: bytes, tree: Tree) -> Iterator[Change]:
    """Yield what makes the grammar take what bash does."""
    for pattern, new in _REFUSED:
        for match in pattern.finditer(data):
            at = match.start(1)
            node = tree.root_node.descendant_for_byte_range(at, at + 1)
            if node is None or node.type not in _TEXTS:
                yield Change(at, new)


def _swallowed(data: bytes, tree: Tree) -> Iterator[Change]:
    r"""Yield what makes a command of a line that begins with a backslash, as `\rm` does.

    NOTE: the grammar takes the end of the line before it for a part of that word, and the word for an argument.
    """
    for match in _ESCAPED_COMMAND.finditer(data):
        line_end, mark = match.start(), match.end() - 1
        before = data[max(line_end - _MOST_BACKSLASHES, 0) : line_end]
        goes_on = (len(before) - len(before.rstrip(b"\\"))) % 2
        node = tree.root_node.descendant_for_byte_range(mark, mark + 1)
        if not goes_on and node is not None and node.type == "word" and node.start_byte <= line_end:
            yield Change(mark, b" ")


def _split_word(data: bytes, tree: Tree) -> str:
    """Return what is said of a word that goes on in the next line, which the grammar takes for two; empty for none."""
    for match in _SPLIT_WORD.finditer(data):
        node = tree.root_node.descendant_for_byte_range(match.start(), match.start() + 1)
        if node is not None and node.type not in _TEXTS:
            line = data.count(b"\n", 0, match.start()) + 1
            return f"a word goes on in the next line, at line {line}"
    return ""


LANGUAGES = (
    Language(
        name="bash",
        title="Bash",
        module="tree_sitter_bash",
        suffixes=(".sh", ".bash"),
        file_names=(".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".profile"),
        interpreters=("bash", "sh", "dash", "ash"),
        strings=frozenset({"string", "raw_string", "ansi_c_string"}),
        string_value=_value,
        quoting=(
            Quoting("echo ", "\n", "'", {"\n": "\n", "\t": "\t"}, raw=True),
            Quoting("echo ", "\n", escapes={"\n": "\n", "\t": "\t", "$": "\\$", "`": "\\`"}),
        ),
        word_value=_word,
        carriage_returns=False,
        ascii_names=True,
        any_forms=(MARK * 3, f"{MARK * 3}) {MARK * 3};;"),
        any_forms_in_braces=(MARK * 3, f"{MARK * 3};"),
        parse=tree_of,
        snippet=SnippetRules(
            grouping=frozenset({"command_name"}),
            words=frozenset({"word"}),
            optional={
                "command": {
                    "variable_assignment": frozenset({"variable_assignment"}),
                    "file_redirect": frozenset({"file_redirect", "heredoc_redirect", "herestring_redirect"}),
                }
            },
            optional_words=frozenset({"function"}),
            alike_words={"|": frozenset({"|&"})},
            word_prefixes={
                ("command", word): options
                for word, options in {"command": "p", "builtin": "", "exec": "cla:", "time": "p", "coproc": ""}.items()
            },
        ),
    ),
)
