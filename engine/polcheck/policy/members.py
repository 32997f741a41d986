"""What expressions and templates read of what polcheck sets: parameters, tables, facts of a file and of the subject."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from polcheck.selectors.jmes import ExpressionError
from polcheck.selectors.jmes.nodes import Chain, Field, Node, children
from polcheck.selectors.jmes.syntax import parse

WHOLE = "*"  # stands for every member of what is read as a whole
FILE = frozenset({"name", "stem", "dir", "size", "lines", "language", "parsed", "error", "line"})
TOLD_BY_PATH = frozenset({"name", "dir"})  # of a file that nobody could read
PLACE = frozenset({"path", "line", "column"})
_SAID = {
    "params": ("the pack has no parameter", "declare it under `params` in pack.yaml"),
    "tables": ("the pack has no table", "tables are files of tables/"),
    "file": ("a file has no", "there are " + ", ".join(f"`{name}`" for name in sorted(FILE))),
    "subject": ("the subject has no", "there are " + ", ".join(f"`{name}`" for name in sorted(PLACE))),
}
Known = Mapping[str, Iterable[str]]  # root -> its members


def members(text: str, root: str) -> frozenset[str]:
    """The names `x` for which an expression reads `root.x`; WHOLE among them when it reads `root` otherwise."""
    try:
        node, _ = parse(text)
    except ExpressionError:
        return frozenset({WHOLE})  # noted when it was compiled
    return frozenset(_members(node, root))


def told(text: str, root: str) -> frozenset[str]:
    """The same for a template."""
    found = re.findall(rf"(?<![\w.])\b{root}\b(?:\.(\w+)|\[['\"](\w+)['\"]\])?", text)
    return frozenset(dotted or keyed or WHOLE for dotted, keyed in found)


def unknown(read: Mapping[str, frozenset[str]], known: Known) -> Iterator[tuple[str, str, str]]:
    """For each member that is read and isn't there: where it shows, what is wrong, what would be right."""
    for root, names in read.items():
        there = set(known[root])
        message, help = _SAID[root]
        for name in sorted(names - there - {WHOLE}):
            close = get_close_matches(name, sorted(there), n=1)
            yield f"{root}.{name}", f"{message} `{name}`", f"did you mean `{close[0]}`?" if close else help


def _members(node: Node, root: str) -> Iterator[str]:
    match node:
        case Field(name):
            if name == root:
                yield WHOLE
        case Chain((Field(name), Field(member), *rest)) if name == root:
            yield member
            for step in rest:
                yield from _members(step, root)
        case _:
            for child in children(node):
                yield from _members(child, root)
