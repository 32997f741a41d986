"""The shapes of documents, by schemas as Cerberus takes them.

Most documents are right, and are found to be so here; what is wrong with the others Cerberus says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from polcheck.formats.values import Json, Pointer, kind_of

MAX_DEPTH = 40  # NOTE: what follows a document down into its parts does so by recursion
TEXT = "text"  # kinds of `one_of` and `one_or_many` beside the names of schemas
NUMBER = "number"
NAMES = "names"
_T = TypeVar("_T")


class Shape:
    """One named schema: says what is wrong with the shape of a document."""

    def __init__(self, schemas: Mapping[str, Any], name: str) -> None:
        self._schemas = schemas
        self._name = name

    def problems(self, document: Json) -> list[tuple[Pointer, str, str]]:
        """Return the problems of a document: for each its pointer, the message, and the suggestion (may be empty)."""
        if not isinstance(document, dict):
            return [((), f"a {self._name} is a mapping, not {kind_of(document)}", "")]
        if _is_deeper(document, MAX_DEPTH):
            return [((), f"nested more than {MAX_DEPTH} levels deep", "give a part of it a name, under `selectors`")]

        if _fits(document, self._schemas[self._name], self._schemas):
            return []
        from polcheck.policy.schema_problems import faults  # NOTE: Cerberus takes longer to import than to check a pack

        return faults(document, self._name, self._schemas)

    def keys(self, document: Json) -> Iterator[tuple[str, str, Pointer]]:
        """Yield each key of a document of the right shape: the name of the schema that has it, the key, where it is.

        The keys of mappings that a user names freely, such as those of `let`, aren't among them.
        """
        return _keys(document, self._name, (), self._schemas)


@lru_cache(maxsize=8)
def shape(text: str, name: str) -> Shape:
    """Return the schema `name` among those that `text` (YAML) holds."""
    return Shape(_schemas_in(text), name)


@lru_cache(maxsize=8)
def _schemas_in(text: str) -> Mapping[str, Any]:
    """Return the schemas that a text (YAML) holds, by name."""
    import yaml

    schemas: Mapping[str, Any] = yaml.load(text, yaml.CSafeLoader)
    return schemas


def _keys(document: Json, name: str, at: Pointer, schemas: Mapping[str, Any]) -> Iterator[tuple[str, str, Pointer]]:
    rules = schemas.get(name)
    if isinstance(document, dict) and rules is not None:
        for key, value in document.items():
            yield name, key, (*at, key)
            yield from _keys_below(value, rules.get(key, {}), (*at, key), schemas)


def _keys_below(
    value: Json, rule: Mapping[str, Any], at: Pointer, schemas: Mapping[str, Any]
) -> Iterator[tuple[str, str, Pointer]]:
    """Yield the keys of a value that one rule of a schema describes."""
    for name in listed(rule.get("one_of", [])):
        yield from _keys(value, name, at, schemas)
    for name in listed(rule.get("one_or_many", [])):
        for index, entry in enumerate(value) if isinstance(value, list) else ():
            yield from _keys(entry, name, (*at, index), schemas)
        yield from _keys(value, name, at, schemas)
    if "schema" in rule and isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _keys_below(entry, rule["schema"], (*at, index), schemas)
    if "valuesrules" in rule and isinstance(value, dict):
        for key, entry in value.items():
            yield from _keys_below(entry, rule["valuesrules"], (*at, key), schemas)


def _is_deeper(document: Json, levels: int) -> bool:
    """Return whether containers are nested in a document more than so many levels deep."""
    level: list[Json] = [document]
    for _ in range(levels + 1):
        level = [
            entry
            for value in level
            if isinstance(value, dict | list)
            for entry in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return False
    return True


def listed(kinds: str | list[str]) -> list[str]:
    """Return the kinds of a rule as a list."""
    return [kinds] if isinstance(kinds, str) else kinds


def _fits(document: object, rules: Mapping[str, Any], schemas: Mapping[str, Any]) -> bool:
    """Return whether a document is a mapping of this schema; False also where only Cerberus can tell."""
    if not isinstance(document, dict) or not document.keys() <= rules.keys():
        return False
    if not _compiled(rules, _required_keys) <= document.keys():
        return False
    return all(_obeys(value, rules[key], schemas) for key, value in document.items())


def _obeys(value: object, rule: Mapping[str, Any], schemas: Mapping[str, Any]) -> bool:
    """Return whether a value obeys each part of a rule; False also where only Cerberus can tell."""
    if value is None:
        return bool(rule.get("nullable")) and rule.keys() <= _OF_NULL
    parts = _compiled(rule, _parts_of)
    return parts is not None and all(part(value, given, schemas) for part, given in parts)


def _required_keys(rules: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(key for key, rule in rules.items() if rule.get("required"))


def _parts_of(rule: Mapping[str, Any]) -> tuple[tuple[_Part, Any], ...] | None:
    """Return the parts of a rule that say something of a value that is there; None where only Cerberus knows one."""
    if not rule.keys() <= _PARTS.keys() | _OF_PRESENCE:
        return None
    return tuple((_PARTS[part], given) for part, given in rule.items() if part not in _OF_PRESENCE)


def _compiled(rule: Mapping[str, Any], compile: Callable[[Mapping[str, Any]], _T]) -> _T:
    """Return what a rule, or a mapping of rules, is compiled to, once for each."""
    known = _COMPILED.get((id(rule), compile))
    if known is None or known[0] is not rule:
        if len(_COMPILED) >= _MOST_COMPILED:
            _COMPILED.clear()
        known = _COMPILED[id(rule), compile] = (rule, compile(rule))
    result: _T = known[1]
    return result


_COMPILED: dict[object, tuple[Mapping[str, Any], Any]] = {}  # by the rule's id, with the rule, which keeps that its own
_MOST_COMPILED = 4_096
_OF_PRESENCE = frozenset({"meta", "nullable", "required"})
_OF_NULL = frozenset({"nullable", "required", "meta", "type", "empty"})
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "list": (list,),
    "dict": (dict,),
}


def _is_of_type(value: object, wanted: str | list[str]) -> bool:
    return any(
        isinstance(value, _TYPES.get(name, ())) and (name == "boolean" or not isinstance(value, bool))
        for name in listed(wanted)
    )


def _has_parts(value: object, rule: Mapping[str, Any], schemas: Mapping[str, Any]) -> bool:
    if isinstance(value, list):
        return all(_obeys(entry, rule, schemas) for entry in value)
    return isinstance(value, dict) and _fits(value, rule, schemas)


def _is_one_of(value: object, kinds: str | list[str], schemas: Mapping[str, Any]) -> bool:
    if isinstance(value, str):
        return TEXT in listed(kinds) and bool(value.strip())
    if isinstance(value, int) and not isinstance(value, bool):
        return NUMBER in listed(kinds) and value >= 0
    named = [kind for kind in listed(kinds) if kind not in (TEXT, NUMBER)]
    if not named or not isinstance(value, dict) or not value:
        return False
    if named[0] == NAMES:
        return all(isinstance(entry, str) and entry for entry in value.values())
    return _fits(value, schemas[named[0]], schemas)


def _is_one_or_many(value: object, kinds: str | list[str], schemas: Mapping[str, Any]) -> bool:
    if isinstance(value, list):
        return bool(value) and all(_is_one_of(entry, kinds, schemas) for entry in value)
    return _is_one_of(value, kinds, schemas)


_Part = Callable[[Any, Any, Mapping[str, Any]], bool]
_PARTS: Mapping[str, _Part] = {
    "type": lambda value, given, schemas: _is_of_type(value, given),
    "regex": lambda value, given, schemas: isinstance(value, str) and re.fullmatch(given, value) is not None,
    "empty": lambda value, given, schemas: not isinstance(value, str | list | dict) or bool(value) or given,
    "allowed": lambda value, given, schemas: isinstance(value, str | int | float) and value in given,
    "min": lambda value, given, schemas: isinstance(value, int | float) and value >= given,
    "max": lambda value, given, schemas: isinstance(value, int | float) and value <= given,
    "minlength": lambda value, given, schemas: isinstance(value, str | list) and len(value) >= given,
    "maxlength": lambda value, given, schemas: isinstance(value, str | list) and len(value) <= given,
    "schema": _has_parts,
    "keysrules": lambda value, given, schemas: (
        isinstance(value, dict) and all(_obeys(key, given, schemas) for key in value)
    ),
    "valuesrules": lambda value, given, schemas: (
        isinstance(value, dict) and all(_obeys(entry, given, schemas) for entry in value.values())
    ),
    "one_of": _is_one_of,
    "one_or_many": _is_one_or_many,
}
