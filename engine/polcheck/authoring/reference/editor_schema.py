"""JSON Schemas (2020-12) for editors, generated from the Cerberus schemas that polcheck validates with.

NOTE: they say the same of every document, with one exception that JSON Schema can't make: `1.0` is an integer there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Rules = Mapping[str, Any]
Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES = {"dict": "object", "list": "array"}
_NAMED: Mapping[str, Schema] = {
    "text": {"type": "string", "pattern": r"\S"},
    "number": {"type": "integer", "minimum": 0},
    "names": {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string", "minLength": 1}},
}
_EMPTY = {"string": "minLength", "array": "minItems", "object": "minProperties"}
_BOUNDS = {"min": "minimum", "max": "maximum", "minlength": "minItems", "maxlength": "maxItems", "allowed": "enum"}
_KNOWN = frozenset(
    {*_BOUNDS, "type", "required", "nullable", "empty", "regex", "schema", "keysrules", "valuesrules", "meta"}
    | {"one_of", "one_or_many"}
)


def json_schema(schemas: Mapping[str, Rules], root: str) -> Schema:
    """Return the JSON Schema of the documents that the Cerberus schema `root` describes.

    `schemas` are all of them by name. Raises ValueError for a rule that has no counterpart here.
    """
    used: dict[str, Schema] = {}
    body = _mapping(schemas, root, used)
    return {
        "$schema": _DIALECT,
        "title": f"polcheck {root}",
        **body,
        "$defs": {name: used[name] for name in sorted(used)},
    }


def _mapping(schemas: Mapping[str, Rules], name: str, used: dict[str, Schema]) -> Schema:
    """Return a mapping of a named schema: these keys and no others."""
    rules = schemas[name]
    required = sorted(key for key, rule in rules.items() if rule.get("required"))
    return {
        "type": "object",
        "properties": {key: _value(rule, schemas, used) for key, rule in rules.items()},
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }


def _value(rule: Rules, schemas: Mapping[str, Rules], used: dict[str, Schema]) -> Schema:
    """Return one value, as its rule says."""
    unknown = sorted(rule.keys() - _KNOWN)
    if unknown:
        raise ValueError(f"the rule `{unknown[0]}` has no counterpart in JSON Schema")
    result: Schema = {}
    if "meta" in rule:
        result["description"] = rule["meta"]["description"]
    if "type" in rule:
        result |= _typed(rule, schemas, used)
    if "one_of" in rule:
        result |= _one_of(rule["one_of"], schemas, used)
    if "one_or_many" in rule:
        one = _alternatives(rule["one_or_many"], schemas, used)
        many = {"type": "array", "minItems": 1, "items": _joined(one)}
        result |= {"anyOf": [*one, many]}
    for key, counterpart in _BOUNDS.items():
        if key in rule:
            result[counterpart] = rule[key]
    if "regex" in rule:
        result["pattern"] = f"^(?:{rule['regex']})$"
    return result


def _typed(rule: Rules, schemas: Mapping[str, Rules], used: dict[str, Schema]) -> Schema:
    """Return the type of a value, and what it holds."""
    names = rule["type"] if isinstance(rule["type"], list) else [rule["type"]]
    types = [_TYPES.get(name, name) for name in names]
    result: Schema = {"type": types[0] if len(types) == 1 else types}
    if rule.get("nullable"):
        result["type"] = [*types, "null"]
    if rule.get("empty") is False:
        result |= {_EMPTY[kind]: 1 for kind in types if kind in _EMPTY}
    if "schema" in rule:
        result["items"] = _value(rule["schema"], schemas, used)
    if "valuesrules" in rule:
        result["additionalProperties"] = _value(rule["valuesrules"], schemas, used)
    if "keysrules" in rule and rule["keysrules"] != {"type": "string"}:
        result["propertyNames"] = _value(rule["keysrules"], schemas, used)
    return result


def _one_of(kinds: str | list[str], schemas: Mapping[str, Rules], used: dict[str, Schema]) -> Schema:
    return _joined(_alternatives(kinds, schemas, used))


def _joined(choices: list[Schema]) -> Schema:
    return choices[0] if len(choices) == 1 else {"anyOf": choices}


def _alternatives(kinds: str | list[str], schemas: Mapping[str, Rules], used: dict[str, Schema]) -> list[Schema]:
    """Return the schemas for each kind: a string, a number, names, or a mapping of a named schema, never empty."""
    return [_kind(kind, schemas, used) for kind in ([kinds] if isinstance(kinds, str) else kinds)]


def _kind(kind: str, schemas: Mapping[str, Rules], used: dict[str, Schema]) -> Schema:
    if kind in _NAMED:
        return dict(_NAMED[kind])
    if kind not in used:
        used[kind] = {}  # INVARIANT: entered before its parts, which may hold it again
        used[kind] = {**_mapping(schemas, kind, used), "minProperties": 1}
    return {"$ref": f"#/$defs/{kind}"}
