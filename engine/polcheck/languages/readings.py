"""What else there is to search in a file beside its tree: code that its grammar leaves unparsed, and the same code with
less in it.

Arguments of a macro in Rust are tokens to the grammar; where they are expressions or statements, they are parsed as
such. And what a snippet needn't write (`?` in `o?.f(x)`, the type arguments in `f<T>(x)`) can be structure to a
grammar: snippets are looked for a second time in the file without it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from msgspec import Struct

from polcheck.languages.grammars import Tree, beginnings, captures, parser_of
from polcheck.languages.registry import language

if TYPE_CHECKING:
    import tree_sitter
    from tree_sitter import Node


class Unparsed(NamedTuple):
    """A place, in bytes, whose tokens couldn't be parsed as a whole, with what they belong to (`the macro `m!``)."""

    start: int
    end: int
    what: str


class Embedded(NamedTuple):
    """Code in a file that the tree of the file holds as tokens only.

    `roots` are its expressions and statements, nodes of `trees`, whose offsets are those of the file; `unparsed` is
    what is neither.
    """

    trees: tuple[tree_sitter.Tree, ...] = ()
    roots: tuple[Node, ...] = ()
    unparsed: tuple[Unparsed, ...] = ()


class Bare(NamedTuple):
    """A file without what a snippet needn't write: its tree, and its code with blanks in place of that."""

    tree: tree_sitter.Tree
    code: bytes

    def is_blank(self, start: int, end: int) -> bool:
        """Return whether nothing else is left between two bytes."""
        return not self.code[start:end].strip()


class Readings(Struct, frozen=True, eq=False):
    """The further readings of one file: `embedded` for every selector; `bare`, if there is one, for snippets.

    `unclear` says why there is none though something in the file may be left out.
    """

    embedded: Embedded = Embedded()
    bare: Bare | None = None
    unclear: str = ""


LARGEST = 30_000
"""Bytes that are tried as code: tree-sitter takes long over long code with errors."""
_BLANKS = bytes(10 if code == 10 else 32 for code in range(256))
_MOST_UNPARSED = 200  # places that are looked at one by one
_NONE = Readings()
_READINGS: WeakKeyDictionary[Tree, Readings] = WeakKeyDictionary()


def readings_of(tree: Tree) -> Readings:
    """Return the further readings of a file, made once for each tree."""
    record = language(tree.language)
    if record.embedded is None and not record.left_out:
        return _NONE
    readings = _READINGS.get(tree)
    if readings is None:
        embedded = record.embedded(tree) if record.embedded is not None else Embedded()
        if len(embedded.unparsed) > _MOST_UNPARSED:
            starts, ends, _ = zip(*embedded.unparsed, strict=True)
            embedded = embedded._replace(unparsed=(Unparsed(min(starts), max(ends), "what stands in macros"),))
        readings = _READINGS[tree] = Readings(embedded, *_bare(tree, record.left_out))
    return readings


def _bare(tree: Tree, query: str) -> tuple[Bare | None, str]:
    """Return a file with blanks in place of what `query` captures; None where it captures nothing.

    None, too, with the reason, where it isn't parsed without errors then, as the file itself is.
    """
    blanks = captures(query, tree).get("blank", []) if query else []
    if not blanks or tree.tree.root_node.has_error:
        return None, ""
    code = bytearray(tree.source.utf8)
    for node in blanks:
        code[node.start_byte : node.end_byte] = b" " * (node.end_byte - node.start_byte)
    bare = Bare(parser_of(tree.language).parse(bytes(code)), bytes(code))
    if bare.tree.root_node.has_error or len(beginnings(Tree(tree.source, tree.language, bare.tree))[0]) > 1:
        line = blanks[0].start_point.row + 1
        return None, f"line {line}: what a snippet leaves out can't be separated from the rest"
    return bare, ""


def blanked(code: bytes) -> bytearray:
    """Return as many blanks as there are bytes of code, with its line feeds."""
    return bytearray(code.translate(_BLANKS))


Embeds = Callable[[Tree], Embedded]
"""How a language reads the code that its grammar leaves unparsed."""
