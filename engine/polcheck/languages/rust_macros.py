"""The arguments of Rust's macros as code: its grammar has them as tokens, since a macro may give them any meaning.

Most macros take expressions or statements. The tokens in a pair of brackets are taken for a list of expressions where
they parse as one, for statements where they do so, and otherwise part by part, between commas and such: a part that is
no expression is read from its end on, each time as far as there is one. Macros in macros are read level by level, and
so are the bodies of `macro_rules!`, `$x` being a name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from polcheck.languages.grammars import Tree, parser_of, query_of
from polcheck.languages.readings import LARGEST, Embedded, Unparsed, blanked

if TYPE_CHECKING:
    import tree_sitter
    from tree_sitter import Node

_MACROS = """
(macro_invocation macro: (_) @name (token_tree) @tokens)
(macro_rule right: (token_tree) @tokens)
"""
_COMMENTS = frozenset({"line_comment", "block_comment"})
_IGNORED = _COMMENTS | {"empty_statement"}
_GROUPS = frozenset({"token_tree", "token_repetition"})
_SEPARATORS = frozenset({",", ";", "=>"})
# what may stand between two expressions of a part that isn't one
_WEAK = frozenset(
    {
        ":", "=", "|", "->", "<-", "@", "#", "<", ">", "?", "if", "in", "else", "let", "ref", "mut", "for", "while",
        "match", "as", "static", "const", "pub", "move", "async", "where", "return",
    }
)  # fmt: skip
_VARIABLE = re.compile(rb"\$(?=[A-Za-z_])")
_MOST_LEVELS = 50  # of macros in macros
_MOST_TOKENS = 24  # of a part whose ends are tried one after another
_DEEPEST = 100  # of brackets in one another that are read part by part
_EFFORT = 12  # bytes parsed for each byte of a file
_EACH = 100  # bytes that could be parsed in the time that it takes to begin
_LEAST_EFFORT = 100_000


def embedded(tree: Tree) -> Embedded:
    """Return the code in the arguments of a file's macros."""
    data = tree.source.utf8
    if b"!" not in data or tree.tree.root_node.has_error:
        return Embedded()
    reader = _Reader(data)
    root: Node | None = tree.tree.root_node
    for _ in range(_MOST_LEVELS):
        groups = _tokens(root)
        if not groups:
            break
        root = reader.read(groups)
    else:
        reader.unparsed += [_unparsed(group) for group in _tokens(root)]
    return Embedded(tuple(reader.trees), tuple(reader.roots), tuple(reader.unparsed))


def _tokens(root: Node | None) -> list[Node]:
    """Return the arguments of the macros below `root`, and the bodies of those that are defined there."""
    from tree_sitter import QueryCursor

    return QueryCursor(query_of(_MACROS, "rust")).captures(root).get("tokens", []) if root is not None else []


def _unparsed(group: Node, first: Node | None = None, last: Node | None = None) -> Unparsed:
    """Return what to say of tokens of a macro that can't be parsed."""
    owner: Node | None = group
    while owner is not None and owner.type not in ("macro_invocation", "macro_definition"):
        owner = owner.parent
    name = owner.child_by_field_name("macro" if owner.type == "macro_invocation" else "name") if owner else None
    text = (name.text or b"").decode("utf-8", "replace") if name is not None else ""
    start, end = (first or group).start_byte, (last or group).end_byte
    return Unparsed(start, end, f"what stands in `{text}!`" if text else "what stands in a macro")


class _Reader:
    """Reads the arguments of macros, level by level; `work` is how many bytes may still be parsed."""

    def __init__(self, data: bytes) -> None:
        self.trees: list[tree_sitter.Tree] = []
        self.roots: list[Node] = []
        self.unparsed: list[Unparsed] = []
        self._data = data
        self._parser = parser_of("rust")
        self._work = _EFFORT * len(data) + _LEAST_EFFORT
        self._depth = 0  # of the brackets that are read part by part
        self._code = bytearray()
        # where brackets were written, and whether what is in them is a list of expressions
        self._places: list[tuple[int, int, bool]] = []

    def read(self, groups: Sequence[Node]) -> Node | None:
        """Parse the expressions and statements in groups of tokens at their places; return the root of their tree."""
        self._code = blanked(self._data) + b";"
        self._places = []
        self._work -= len(self._data) // 4
        for group in groups:
            if not self._group(group):
                self.unparsed.append(_unparsed(group))
        if not self._places:
            return None
        buffer = bytearray(self._code)
        tree = self._parser.parse(buffer)
        self.trees.append(tree)
        self.roots += self._roots(tree)
        # NOTE: a node's text is read from the buffer when it is asked for
        buffer[: len(self._data)] = self._data
        return tree.root_node

    def _roots(self, tree: tree_sitter.Tree) -> list[Node]:
        """Return what stands in the brackets that were written, without what holds it."""
        containers = {(start, end) for start, end, _ in self._places}
        roots: list[Node] = []
        for start, end, is_list in self._places:
            node = tree.root_node.descendant_for_byte_range(start, end)
            if node is None or node.has_error or (node.start_byte, node.end_byte) != (start, end):
                self.unparsed.append(Unparsed(start, end, "what stands in a macro"))
                continue
            for child in node.named_children:
                # NOTE: the `;` of a list is none of the file's
                is_statement = is_list and child.type == "expression_statement"
                item = child.named_children[0] if is_statement else child
                if item.type not in _IGNORED and (item.start_byte, item.end_byte) not in containers:
                    roots.append(item)
        return roots

    def _group(self, group: Node) -> bool:
        """Write the tokens in a pair of brackets as expressions or statements; return whether there was room."""
        if self._work <= 0 or self._depth > _DEEPEST:
            return False
        opening, closing, inside = _brackets(group)
        if opening is None or closing is None or not inside:
            return True
        start, end = opening.start_byte, closing.end_byte
        content = _VARIABLE.sub(b"_", self._data[start + 1 : end - 1])
        for before, after in ((b"[", b"]"), (b"{", b"}")):
            if self._parses(before + content + after):
                if not self._write(start, before + content + after):
                    return False
                self._places.append((start, end, before == b"["))
                return True
        if not self._write(start, b"{" + b" " * (end - start - 2) + b"}"):
            return False
        self._places.append((start, end, True))
        self._depth += 1
        part: list[Node] = []
        for token in [*inside, None]:
            if token is not None and token.type not in _SEPARATORS:
                part.append(token)
            else:
                if part and not (self._is_one(part) and self._write_tokens(part)):
                    self._pieces(group, part)
                part = []
        self._depth -= 1
        return True

    def _pieces(self, group: Node, part: Sequence[Node]) -> None:
        """Write the expressions in a part that isn't one."""
        whole = True
        piece: list[Node] = []
        for token in [*part, None]:
            if self._work <= 0:
                whole = False
                break
            if token is not None and token.type not in _WEAK:
                piece.append(token)
            else:
                whole = self._ends(piece) and whole
                piece = []
        if not whole:
            self.unparsed.append(_unparsed(group, part[0], part[-1]))

    def _ends(self, piece: list[Node]) -> bool:
        """Write the longest ends of a piece that are expressions, and what stands in the brackets between them.

        Return whether that is all of it.
        """
        whole = True
        while piece:
            if self._work <= 0:
                return False
            first = max(0, len(piece) - _MOST_TOKENS)
            start = next((at for at in range(first, len(piece)) if self._is_one(piece[at:])), None)
            if start is None:
                last = piece.pop()
                whole = whole and last.type in _GROUPS and self._group(last)
            else:
                whole = self._write_tokens(piece[start:]) and whole
                del piece[start:]
        return whole

    def _is_one(self, tokens: Sequence[Node]) -> bool:
        """Return whether tokens are one expression."""
        if tokens[0].type in _GROUPS and len(tokens) == 1:
            return False
        content = _VARIABLE.sub(b"_", self._data[tokens[0].start_byte : tokens[-1].end_byte])
        return self._parses(b"{;" + content + b";}")

    def _write_tokens(self, tokens: Sequence[Node]) -> bool:
        start, end = tokens[0].start_byte, tokens[-1].end_byte
        return self._write(start, _VARIABLE.sub(b"_", self._data[start:end]))

    def _write(self, start: int, content: bytes) -> bool:
        """Write an expression between `;` and `;`; return whether there was room for all that."""
        end = start + len(content)
        before, after = bytes(self._code[start - 1 : start]), bytes(self._code[end : end + 1])
        if before not in (b"", b" ", b"\n", b";", b"{") or after not in (b" ", b"\n", b";", b"}"):
            return False
        if before and before != b"{":
            self._code[start - 1 : start] = b";"
        if after != b"}":
            self._code[end : end + 1] = b";"
        self._code[start:end] = content
        return True

    def _parses(self, code: bytes) -> bool:
        """Return whether code is an expression. Nothing is once all the work is done."""
        if len(code) > LARGEST:
            return False
        self._work -= _EACH + len(code)
        return self._work > 0 and not self._parser.parse(code + b";").root_node.has_error


def _brackets(group: Node) -> tuple[Node | None, Node | None, list[Node]]:
    """Return the brackets around a group of tokens, and what stands between them."""
    children = [child for child in group.children if child.type not in _COMMENTS]
    first = next((at for at, child in enumerate(children) if child.type in ("(", "[", "{")), None)
    last = next((at for at in range(len(children) - 1, -1, -1) if children[at].type in (")", "]", "}")), None)
    if first is None or last is None or last <= first:
        return None, None, []
    return children[first], children[last], children[first + 1 : last]
