"""Constants of code: what a captured expression stands for, as far as its own file tells.

A search of one file gives a **cell** for each expression: its value, or a name that is still to be looked up in the
constants of this file or of another one. `constant_lookup.py` looks it up when all files have been read. What
counts as assigned once in a language, and where its imports lead, is said by the language's `ConstantRules`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary

from msgspec import Struct, convert, to_builtins

from polcheck.languages.language import Language

if TYPE_CHECKING:
    from tree_sitter import Node

    from polcheck.formats.values import Json
    from polcheck.languages.grammars import Tree

MAX_DEPTH = 20  # of expressions in one another, and of names that stand for one another in functions
MAX_DIGITS = 400  # of a number; Python itself reads no more than 4,300 at once
MAX_NAMES = 20_000  # that one file defines, and assigns in others
MAX_PARTS = 50  # of one string that is put together
_SHOWN = 40  # characters of an expression in a reason


class Value(Struct, frozen=True, tag="value"):
    """A constant: a string, a number, a truth value or null."""

    value: str | int | float | bool | None


class Name(Struct, frozen=True, tag="name"):
    """A dotted name that is defined at the top of the file itself: `HOST`, or `Settings.HOST` of a class."""

    name: str


class Imported(Struct, frozen=True, tag="imported"):
    """A name of another module: `module` as the import writes it, `name` empty for the module itself.

    `rest` are the names that are looked up in what that is, as in `settings.HOST`.
    """

    module: str
    name: str = ""
    rest: tuple[str, ...] = ()


class Member(Struct, frozen=True, tag="member"):
    """An attribute of an instance of a class of the file, or of the class that a method is called on: `self.HOST`."""

    owner: str
    name: str


class Joined(Struct, frozen=True, tag="joined"):
    """Strings that are put together: `PREFIX + "_HOST"`, `f"{PREFIX}_HOST"`."""

    parts: tuple[Cell, ...]


class Owner(Struct, frozen=True, tag="owner"):
    """A class, an enumeration or the like, which has constants of its own."""

    name: str


class Dynamic(Struct, frozen=True, tag="dynamic"):
    """No constant: why not."""

    reason: str


Cell = Value | Name | Imported | Member | Joined | Owner | Dynamic


class Write(Struct, frozen=True):
    """An assignment to an attribute of a module or class from elsewhere; `name` is `*` for one that isn't known."""

    of: Cell
    name: str


class OwnerFacts(Struct, frozen=True):
    """What matters of a class: its bases, the names that its body binds, and those that its methods assign.

    `written` holds `*` where a name is assigned that isn't known.
    """

    bases: tuple[Cell, ...] = ()
    binds: tuple[str, ...] = ()
    written: tuple[str, ...] = ()


class FileConstants(Struct, frozen=True):
    """What one file defines at its top, by dotted name, and what it does to the constants of others.

    `exports` are names under which other files know them, where these aren't the same; `stars` are modules all of whose
    names are exported. `package` and `assigned` are for languages whose modules are several files: the name of the
    module, and names of it that this file assigns. `root` is where the modules of a project begin.
    """

    names: Mapping[str, Cell] = {}
    owners: Mapping[str, OwnerFacts] = {}
    writes: tuple[Write, ...] = ()
    exports: Mapping[str, Cell] | None = None
    stars: tuple[str, ...] = ()
    package: str = ""
    assigned: tuple[str, ...] = ()
    root: str = ""


class ProjectFiles(Protocol):
    """The files of a project as imports are followed through them."""

    def __contains__(self, path: object) -> bool:
        """Return whether there is a file at `path`."""

    def has_folder(self, path: str) -> bool:
        """Return whether there is a file in a folder, or below it."""

    def folder(self, path: str) -> Sequence[str]:
        """Return the paths of the files right in a folder, in order; none where there is no such folder."""

    @property
    def roots(self) -> Mapping[str, str]:
        """The folders with a file that names its module, each with that name."""


class ConstantReader(Protocol):
    """Reads the constants of one file."""

    def constants(self) -> FileConstants:
        """Return what the file defines."""

    def cell(self, node: Node) -> Cell:
        """Return what an expression of the file stands for."""


_READERS: WeakKeyDictionary[Tree, ConstantReader] = WeakKeyDictionary()


class ConstantRules(Struct, frozen=True, eq=False):
    """How a language defines constants and finds modules.

    `reader` makes what reads a file of which the tree is given; each tree has one. `locate` gives the modules that an
    import in the file at a path may mean, as paths of files, or of folders with a `/` at their end: none where it is no
    module of the project. `below` gives the module of a name in a package, or an empty path; `members` the files in
    which the names of a module are defined; `module_of` the module that a file is, or is part of. `manifests` are
    names of files that say where modules begin, and
    `manifest` reads one. The members of a class that derives from
    one of `enumerations` are of its own type, but equal to their values where it also derives from one of
    `plain_types`, which have the name of the type of value that they take; what a class does that binds one of
    `member_makers` isn't known.
    """

    reader: Callable[[Tree], ConstantReader]
    locate: Callable[[str, str, ProjectFiles], tuple[str, ...]]
    below: Callable[[str, str, ProjectFiles], str] = lambda module, name, files: ""
    members: Callable[[str, ProjectFiles], Iterable[str]] = lambda module, files: (module,)
    module_of: Callable[[str], str] = lambda path: path
    manifests: tuple[str, ...] = ()
    manifest: Callable[[str], str] = lambda text: ""
    enumerations: frozenset[str] = frozenset()
    plain_types: Mapping[str, str] = {}
    member_makers: frozenset[str] = frozenset()

    def of(self, tree: Tree) -> ConstantReader:
        """Return what reads the file with this tree, made when it is first asked for."""
        reader = _READERS.get(tree)
        if reader is None:
            reader = _READERS[tree] = self.reader(tree)
        return reader


def encoded(cell: Cell | FileConstants) -> Json:
    """Return a cell, or a table of them, as plain data."""
    plain: Json = to_builtins(cell)
    return plain


def decoded_cell(data: Json) -> Cell:
    """Return the cell that was encoded. Raises msgspec.ValidationError for anything else."""
    return convert(data, Cell)  # type: ignore[no-any-return]


def decoded_table(data: Json) -> FileConstants:
    """Return the table that was encoded. Raises msgspec.ValidationError for anything else."""
    return convert(data, FileConstants)


_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_NUMBERS = ("int", "number", "float", "decimal", "real")


def literal(language: Language, node: Node) -> Cell:
    """Return the value of a literal in any language: a string, a decimal number, a truth value or null."""
    found = language.literal(node)
    if found is not None:
        return Value(found.value) if found.plain else Dynamic("a string with parts that are worked out")
    if language.word_value is not None and node.type in language.snippet.words:
        word = language.word_value(node)
        return Value(word) if word is not None else no_literal(node)
    text = (node.text or b"").decode("utf-8", "replace")
    if (
        node.named_child_count == 0
        and any(word in node.type for word in _NUMBERS)
        and len(text) <= MAX_DIGITS
        and _DECIMAL.fullmatch(text)
    ):
        return number(float(text) if "." in text else int(text))
    if node.type in ("true", "false", "boolean", "boolean_literal", "bool") and text in ("true", "false"):
        return Value(text == "true")
    if node.type in ("null", "nil", "null_literal") and text in ("null", "nil"):
        return Value(None)
    return no_literal(node)


def number(value: float) -> Cell:
    """Return a number as a cell; one that is too large for a number of JSON is none."""
    return Dynamic("an infinite number") if value in (inf, -inf) else Value(value)


def negated(cell: Cell) -> Cell:
    """Return the number with its sign changed."""
    value = cell.value if isinstance(cell, Value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Dynamic("a sign before what is no number")
    return Value(-value)


def joined(parts: Sequence[Cell]) -> Cell:
    """Return strings put together; only those that are still to be looked up stay parts."""
    flat: list[Cell] = []
    for part in parts:
        flat += part.parts if isinstance(part, Joined) else (part,)
    dynamic = next((part for part in flat if isinstance(part, Dynamic)), None)
    if dynamic is not None:
        return dynamic
    merged: list[Cell] = []
    for part in flat:
        if isinstance(part, Value):
            if not isinstance(part.value, str):
                return Dynamic("a sum of what isn't all strings")
            last = merged[-1] if merged else None
            if isinstance(last, Value):
                merged[-1] = Value(f"{last.value}{part.value}")
                continue
        merged.append(part)
    if len(merged) > MAX_PARTS:
        return Dynamic(f"a string of more than {MAX_PARTS} parts")
    return merged[0] if len(merged) == 1 and isinstance(merged[0], Value) else Joined(tuple(merged))


def no_literal(node: Node) -> Dynamic:
    """Return the reason for an expression that is neither a literal nor a name."""
    text = " ".join((node.text or b"").decode("utf-8", "replace").split())
    shown = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return Dynamic(f"`{shown}` is worked out when the program runs")
