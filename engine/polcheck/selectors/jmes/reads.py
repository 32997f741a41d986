"""What an expression looks at: the names it reads, and the keys without which it finds nothing."""

from __future__ import annotations

from typing import NamedTuple

from polcheck.selectors.jmes.functions import FUNCTIONS
from polcheck.selectors.jmes.nodes import (
    Call,
    Chain,
    Comparison,
    Current,
    Each,
    Either,
    Field,
    Filter,
    Flatten,
    Hash,
    Index,
    Listing,
    Node,
    Pipe,
    Reference,
    Slice,
    Values,
    children,
)

_MAX_ALTERNATIVES = 16
_SAME_ITEMS = {"reverse", "sort", "sort_by", "unique"}
_EMPTY_TO_NULL = {"avg", "max", "max_by", "min", "min_by"}
_FROM_DOCUMENT = _SAME_ITEMS | {"max", "max_by", "min", "min_by", "values"}


def root_names(node: Node) -> frozenset[str]:
    """The fields that `node` reads from the value it is given."""
    return _names(node)[0]


def _names(node: Node) -> tuple[frozenset[str], bool]:
    """The names read from the root, and whether the result may be the root itself."""
    match node:
        case Field(name):
            return frozenset({name}), False
        case Current():
            return frozenset(), True
        case Chain(steps) | Pipe(steps):
            found: frozenset[str] = frozenset()
            at_root = True
            for step in steps:
                if not at_root:
                    break
                more, at_root = _names(step)
                found |= more
            return found, at_root
        case Each(base) | Filter(base) | Values(base) | Flatten(base):
            return _names(base)[0], False
        case Reference():
            return frozenset(), False
        case _:
            pairs = [_names(child) for child in children(node)]
            passes = not isinstance(node, (Listing, Hash, Comparison))
            if isinstance(node, Call):
                passes = node.name in ("not_null", "merge")
            names = frozenset(name for names, _ in pairs for name in names)
            return names, passes and any(root for _, root in pairs)


Needs = frozenset[frozenset[str]]
_NONE: Needs = frozenset()


class _Need(NamedTuple):
    """What must occur as a key in the document, or the value is null (`null`), or null or an empty list (`empty`).

    Each is a conjunction of alternatives. `document`: the value surely stands in the document, and its fields are
    keys there. INVARIANT: `empty` holds all of `null`.
    """

    null: Needs = _NONE
    empty: Needs = _NONE
    document: bool = False


def needed_keys(node: Node) -> tuple[frozenset[str], ...]:
    """Alternatives of keys: unless one of each occurs in a value, the result is null or an empty list."""
    return tuple(sorted(_need(node, _Need(document=True)).empty, key=sorted))


def _need(node: Node, here: _Need) -> _Need:
    match node:
        case Current():
            return here
        case Field(name):
            needs = here.empty | {frozenset({name})} if here.document else here.empty
            return _Need(needs, needs, here.document)
        case Index():
            return _Need(here.empty, here.empty, here.document)
        case Slice():
            return here
        case Chain(steps) | Pipe(steps):
            for step in steps:
                here = _need(step, here)
            return here
        case Flatten(base):
            return _need(base, here)
        case Each(base, right) | Values(base, right) | Filter(base, _, right):
            found = _need(base, here)
            each = _need(right, _Need(document=found.document))
            return _Need(found.null, found.empty | each.null, each.document)
        case Listing() | Hash():
            return _Need(here.null, here.null)
        case Either(items):
            return _either([_need(item, here) for item in items])
        case Call():
            return _call(node, here)
        case _:
            return _Need()


def _either(needs: list[_Need]) -> _Need:
    """What one alternative or another needs: all must be false for the last to be given, and that null."""
    null, empty = needs[0].empty, needs[0].empty
    for need in needs[1:]:
        null, empty = _crossed(null, need.null), _crossed(empty, need.empty)
    return _Need(null, null | empty, all(need.document for need in needs))


def _crossed(left: Needs, right: Needs) -> Needs:
    if len(left) * len(right) > _MAX_ALTERNATIVES:
        return _NONE
    return frozenset(one | other for one in left for other in right)


def _call(node: Call, here: _Need) -> _Need:
    function = FUNCTIONS[node.name]
    given = [_Need() if isinstance(item, Reference) else _need(item, here) for item in node.arguments]
    if function.takes_null:
        return _Need()
    null = frozenset(need for item in given for need in item.null)
    listed = given[0]
    empty = null | listed.empty if node.name in _SAME_ITEMS | _EMPTY_TO_NULL else null
    if node.name in _EMPTY_TO_NULL:
        null = empty
    return _Need(null, empty, node.name in _FROM_DOCUMENT and listed.document)
