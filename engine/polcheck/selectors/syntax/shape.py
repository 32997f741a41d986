"""A snippet's tree as what the matcher compares: holes, names, strings, and nodes with their items."""

from __future__ import annotations

from msgspec import Struct

from polcheck.selectors.syntax.snippet import Quoted

IGNORED = frozenset({"line_continuation", ",", ";", "(", ")", "\n", ""})
"""Kinds that are compared nowhere, beside comments: punctuation that says nothing more than the tree does."""


class Many(Struct, frozen=True):
    """`...`: any number of items."""


class Hole(Struct, frozen=True):
    """`$name`: one node; None for `$_`."""

    name: str | None


class Leaf(Struct, frozen=True):
    """A node without children, by kind and text."""

    kind: str
    text: bytes


class Word(Struct, frozen=True):
    """An operator, a keyword or a bracket."""

    text: str


class Name(Struct, frozen=True):
    """A chain of names; a hole's segment is `*`, and `holes` says where each is and what it binds."""

    text: str
    holes: tuple[tuple[int, str], ...] = ()


class Formatted(Struct, frozen=True):
    """An f-string: its texts, and its interpolated parts with how each is written after the expression."""

    pieces: tuple[str | tuple[Shape, bytes], ...]


class Keyword(Struct, frozen=True):
    """A keyword argument; its name is a text or a hole."""

    name: Leaf | Hole
    value: Shape


class Parameter(Struct, frozen=True):
    """A parameter; an annotation or default that the snippet doesn't write is not looked at."""

    name: Shape
    annotation: Shape | None
    default: Shape | None


class Import(Struct, frozen=True):
    """An import statement: its module, and the names of which each must be there."""

    kind: str
    module: Hole | Leaf | None
    names: tuple[tuple[Hole | Leaf, Hole | Leaf | None], ...]


class Branch(Struct, frozen=True):
    """A node of one of `kinds` with its items; `unasked` and `unasked_fields` are children that aren't compared."""

    kinds: frozenset[str]
    items: tuple[Shape, ...]
    fields: tuple[str | None, ...]
    unasked: frozenset[str] = frozenset()
    unasked_fields: frozenset[str] = frozenset()


class Generic(Struct, frozen=True):
    """A type with arguments, in an annotation.

    NOTE: there `List[int]` is a node of its own, and `typing.List[int]` a subscript.
    """

    value: Shape
    arguments: tuple[Shape, ...]


class Arguments(Struct, frozen=True):
    """The arguments of a call: positional ones in order, keywords in any order."""

    positional: tuple[Shape, ...]
    keywords: tuple[Shape, ...]
    open: bool


class Mapping(Struct, frozen=True):
    """The pairs of a dictionary, in any order; `open` when more may be there."""

    pairs: tuple[Shape, ...]
    open: bool


class Terminated(Struct, frozen=True):
    """An expression with a `;` after it: wherever it stands, and with its `;` where it is a statement."""

    expression: Shape


class Statements(Struct, frozen=True):
    """Statements that follow one another."""

    items: tuple[Shape, ...]


Shape = (
    Many | Hole | Leaf | Word | Name | Quoted | Formatted | Keyword | Parameter | Import | Branch | Generic | Arguments
    | Mapping | Statements | Terminated
)  # fmt: skip
