"""The structs of a policy: they mirror its YAML key for key.

`at` is the pointer of the piece in its YAML document, so that every problem found later can be placed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from polcheck.formats.values import Json, Pointer
from polcheck.policy.plan import RELATIONS


class Item(Struct, frozen=True):
    """One item of a `for`, `require`, `forbid`, `any` or `not`, or a target of a relation such as `inside`."""

    at: Pointer
    files: tuple[str, ...] = ()
    pattern: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    data: str = ""
    text: str | None = None
    values: str | tuple[Json, ...] | None = None
    within: str = ""  # `in`, which is a word of Python
    language: str = ""
    resolve: bool = True
    rename: str | Mapping[str, str] = ""  # `as`, likewise
    where: str = ""
    let: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    same: tuple[Item | str, ...] = ()  # `is`, likewise
    inside: tuple[Item | str, ...] = ()
    has: tuple[Item | str, ...] = ()
    after: tuple[Item | str, ...] = ()
    until: tuple[Item | str, ...] = ()
    of: str = ""
    scope: str = ""
    near: int | None = None
    revision: str = ""
    changed: tuple[str, ...] = ()
    constant: tuple[str, ...] = ()
    dynamic: str = ""
    closure: tuple[str, ...] = ()
    count: tuple[int, int | None] | None = None
    per: tuple[str, ...] = ()
    use: str = ""
    only: tuple[str, ...] = ()
    any: tuple[tuple[Item, ...], ...] = ()
    negated: tuple[Item, ...] = ()  # `not`, likewise
    word: str = ""  # an item that is a bare word: `subject`


SEARCHES = ("pattern", "code", "data", "text")
_ROWS = (*SEARCHES, "values", "use", "files")
# The keys that modify a selector, and the selectors that they can modify; `until` belongs to targets of relations.
MODIFIED_BY: Mapping[str, tuple[str, ...]] = {
    "within": (*SEARCHES, "values"),
    "rename": (*_ROWS, "any"),
    "name": _ROWS,
    "language": SEARCHES,
    "scope": (*SEARCHES, "use", "files"),
    "until": (),
    "near": SEARCHES,
    "revision": (*SEARCHES, "use", "files"),
    "changed": (*SEARCHES, "files"),
    "constant": ("pattern", "code"),
    "dynamic": ("pattern", "code"),
    "closure": (*_ROWS, "any"),
    "only": ("use",),
}


class Edit(Struct, frozen=True):
    """One edit of a `fix`. NOTE: null is a value to replace something with, so that `keys` says what is written."""

    at: Pointer
    keys: frozenset[str] = frozenset()
    replace: str = ""
    value: Json = None  # `with`, which is a word of Python
    insert: Json = None
    into: str = ""
    position: str = ""  # `at`, which is the pointer here
    delete: str = ""
    create: str = ""
    text: str = ""
    rename: str = ""
    to: str = ""
    set: Json = None
    when: str = ""
    safe: bool = False


class Policy(Struct, frozen=True):
    """One policy document, shape checked."""

    at: Pointer
    id: str
    title: str
    message: str
    requirement: str = ""
    severity: str = "error"
    description: str = ""
    when: tuple[Item, ...] = ()
    subjects: tuple[Item, ...] = ()  # `for`, likewise
    require: tuple[Item, ...] | None = None
    forbid: tuple[Item, ...] | None = None
    place: str = ""  # `at`, which is the pointer here
    remedy: str = ""
    see: str = ""
    tags: tuple[str, ...] = ()
    deprecated: str = ""
    fix: tuple[Edit, ...] = ()


_WORDS = {"in": "within", "as": "rename", "not": "negated", "for": "subjects", "is": "same", "at": "place"}
_LISTS = {"files", "pattern", "code", "per", "changed", "constant", "closure", "only"}
_TARGETS = {*RELATIONS, "until"}
_CONJUNCTIONS = {"when", "for", "require", "forbid", "not"}


def policy(document: Mapping[str, Json], at: Pointer = ()) -> Policy:
    """Return the policy that a document of the right shape holds."""
    fields: dict[str, Any] = {
        _WORDS.get(key, key): _policy_field(key, value, (*at, key)) for key, value in document.items()
    }
    return Policy(at=at, **fields)


def items(value: Json, at: Pointer) -> tuple[Item, ...]:
    """Return the items of a conjunction, which is one item or a list of them."""
    if isinstance(value, list):
        return tuple(_item(entry, (*at, index)) for index, entry in enumerate(value))
    return (_item(value, at),)


def _policy_field(key: str, value: Json, at: Pointer) -> object:
    if key in _CONJUNCTIONS:
        return items(value, at)
    if key == "tags":
        return _texts(value)
    if key == "fix":
        several = isinstance(value, list)
        return tuple(
            _edit(entry, (*at, index) if several else at)
            for index, entry in enumerate(value if isinstance(value, list) else [value])
        )
    return value


def _edit(value: Json, at: Pointer) -> Edit:
    assert isinstance(value, dict), "the schema allows only mappings"
    fields: dict[str, Any] = {{"with": "value", "at": "position"}.get(key, key): entry for key, entry in value.items()}
    return Edit(at=at, keys=frozenset(value), **fields)


def _item(value: Json, at: Pointer) -> Item:
    if isinstance(value, str):
        return Item(at=at, word=value)
    assert isinstance(value, dict), "the schema allows only mappings"
    fields = {_WORDS.get(key, key): _item_field(key, entry, (*at, key)) for key, entry in value.items()}
    return Item(at=at, **fields)


def _item_field(key: str, value: Json, at: Pointer) -> Any:
    if key in _LISTS:
        return _texts(value)
    if key in _TARGETS:
        return _targets(value, at)
    if key == "not":
        return items(value, at)
    if key == "any":
        assert isinstance(value, list)
        return tuple(items(branch, (*at, index)) for index, branch in enumerate(value))
    if key == "count":
        if isinstance(value, dict):
            return (value.get("min", 0), value.get("max"))
        return (value, value)
    if key == "values" and isinstance(value, list):
        return tuple(value)
    return value


def _targets(value: Json, at: Pointer) -> tuple[Item | str, ...]:
    if isinstance(value, list):
        return tuple(
            entry if isinstance(entry, str) else _item(entry, (*at, index)) for index, entry in enumerate(value)
        )
    return (value,) if isinstance(value, str) else (_item(value, at),)


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(str(entry) for entry in value) if isinstance(value, list) else (str(value),)
