"""Cerberus errors as problems. Imported only when a document may have some.

Cerberus stays behind this module. Two things that it lacks are added as its custom validation methods: `one_of` (a
text or a mapping of a named schema) and `one_or_many` (the same, or a list of them).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import cerberus
from cerberus import errors as codes
from cerberus.schema import DefinitionSchema

from polcheck.base.similar_names import did_you_mean
from polcheck.formats.values import Json, Pointer, kind_of
from polcheck.policy.schema import NAMES as _NAMES
from polcheck.policy.schema import NUMBER as _NUMBER
from polcheck.policy.schema import TEXT as _TEXT
from polcheck.policy.schema import listed as _listed

_ONE_OF = codes.ErrorDefinition(0x9A, "one_of")  # 0x80 marks a group of child errors
_ONE_OR_MANY = codes.ErrorDefinition(0x9B, "one_or_many")
# NOTE: without a rule of their own: Cerberus looks up the constraint of an error's rule, which isn't written there
_IS_EMPTY = codes.ErrorDefinition(0x0A, None)
_IS_NEGATIVE = codes.ErrorDefinition(0x0B, None)
_MOST_DEFINED = 100
_DEFINED: dict[
    int, tuple[Any, Any]
] = {}  # by the schema's id: the schema, which keeps its id, and what Cerberus made of it


def faults(document: Json, name: str, schemas: Mapping[str, Any]) -> list[tuple[Pointer, str, str]]:
    """Return the problems of a mapping: for each its pointer, the message, and the suggestion (may be empty)."""
    validator = _Validator(polcheck_schemas=schemas)
    validator.schema = validator.defined(name)
    # NOTE: no schema sets, renames or converts anything, and to look for that takes twice as long as to check
    validator.validate(document, normalize=False)
    return list(_flat(_with_known_keys(validator)))


class _Validator(cerberus.Validator):  # type: ignore[misc]
    types_mapping: ClassVar[dict[str, Any]] = {
        **cerberus.Validator.types_mapping,
        "integer": cerberus.TypeDefinition("integer", (int,), (bool,)),  # true is no number
    }

    @property
    def _named(self) -> Mapping[str, Any]:
        schemas: Mapping[str, Any] = self._config["polcheck_schemas"]
        return schemas

    def defined(self, name: str) -> Any:
        """Return the schema of this name as Cerberus takes it, made once: it reads the whole of each that it is
        given.
        """
        schema = self._named[name]
        known = _DEFINED.get(id(schema))
        if known is None or known[0] is not schema:
            if len(_DEFINED) == _MOST_DEFINED:
                _DEFINED.clear()
            known = _DEFINED[id(schema)] = (schema, DefinitionSchema(self, schema))
        return known[1]

    def _validate_one_of(self, kinds: str | list[str], field: Any, value: object) -> None:
        """{'type': ['string', 'list']}"""
        self._one(_listed(kinds), field, value, "one_of")

    def _validate_one_or_many(self, kinds: str | list[str], field: Any, value: object) -> None:
        """{'type': ['string', 'list']}"""
        if not isinstance(value, list):
            self._one(_listed(kinds), field, value, "one_or_many")
            return
        if not value:
            self._error(field, _IS_EMPTY)
            return
        child = self._get_child_validator(
            document_crumb=field,
            schema_crumb=(field, "one_or_many"),
            schema={index: {"one_of": _listed(kinds)} for index in range(len(value))},
        )
        if not child(dict(enumerate(value)), normalize=False):
            self._error(field, _ONE_OR_MANY, child._errors)

    def _one(self, kinds: list[str], field: Any, value: object, crumb: str) -> None:
        schemas = [kind for kind in kinds if kind not in (_TEXT, _NUMBER)]
        if isinstance(value, str) and _TEXT in kinds:
            if not value.strip():
                self._error(field, _IS_EMPTY)
        elif isinstance(value, int) and not isinstance(value, bool) and _NUMBER in kinds:
            if value < 0:
                self._error(field, _IS_NEGATIVE)
        elif isinstance(value, dict) and schemas:
            self._mapping(schemas[0], field, value, _ONE_OF if crumb == "one_of" else _ONE_OR_MANY)
        else:
            self._error(field, "expected " + " or ".join(_wanted(kinds)) + f", not {kind_of(value)}")

    def _mapping(self, name: str, field: Any, value: dict[Any, Any], kind: Any) -> None:
        if not value:
            self._error(field, _IS_EMPTY)
            return
        schema = {key: {"type": "string", "empty": False} for key in value} if name == _NAMES else self._named[name]
        child = self._get_child_validator(document_crumb=field, schema_crumb=(field, kind.rule), schema=schema)
        if not child(value, normalize=False):
            self._error(field, kind, _with_known_keys(child))


def _with_known_keys(validator: Any) -> Any:
    """Return the validator's errors; those about unknown keys carry the known ones."""
    for error in validator._errors:
        if error.code == codes.UNKNOWN_FIELD.code:
            error.info = (tuple(str(key) for key in validator.schema),)
    return validator._errors


def _wanted(kinds: list[str]) -> list[str]:
    words = {_TEXT: "a string", _NUMBER: "a whole number"}
    return list(dict.fromkeys(words.get(kind, "a mapping") for kind in kinds))


def _flat(errors: Iterable[Any]) -> Iterable[tuple[Pointer, str, str]]:
    """Yield the leaves of Cerberus' tree of errors."""
    for error in errors:
        if error.child_errors:
            yield from _flat(error.child_errors)
        else:
            yield (tuple(error.document_path), *_words(error))


def _words(error: Any) -> tuple[str, str]:
    """Return the message and the suggestion for a validation error."""
    field = str(error.document_path[-1]) if error.document_path else ""
    if error.code == codes.UNKNOWN_FIELD.code:
        help = did_you_mean(field, error.info[0])
        if not help and error.value is None and not field.isidentifier():
            help = "between braces a comma ends a value: quote one that has a comma in it"
        return f"unknown key `{field}`", help
    if error.code == codes.REQUIRED_FIELD.code:
        return f"`{field}` is missing", ""
    if error.code == codes.BAD_TYPE.code:
        wanted = _listed(error.constraint)
        words = {
            "string": "a string",
            "integer": "a whole number",
            "number": "a number",
            "boolean": "true or false",
        }
        named = " or ".join(words.get(name, {"dict": "a mapping", "list": "a list"}.get(name, name)) for name in wanted)
        quoted = "string" in wanted and isinstance(error.value, int | float)
        help = "put it in quotes" if quoted else ""
        return f"`{field}` must be {named}, not {kind_of(error.value)}", help
    if error.code in (codes.EMPTY_NOT_ALLOWED.code, _IS_EMPTY.code):
        return f"`{field}` is empty", ""
    if error.code in (codes.UNALLOWED_VALUE.code, codes.UNALLOWED_VALUES.code):
        allowed = ", ".join(f"`{value}`" for value in error.constraint)
        return f"`{field}` can't be `{error.value}`", f"one of {allowed}"
    if error.code == codes.REGEX_MISMATCH.code:
        return f"`{error.value}` is not a name that `{field}` can have", f"it must match `{error.constraint}`"
    if error.code in (codes.MIN_VALUE.code, codes.MAX_VALUE.code, _IS_NEGATIVE.code):
        return f"`{field}` is out of range", ""
    if error.code in (codes.MIN_LENGTH.code, codes.MAX_LENGTH.code):
        bound = "at least" if error.code == codes.MIN_LENGTH.code else "at most"
        return f"`{field}` takes {bound} {error.constraint} entries, not {len(error.value)}", ""
    if error.code == codes.NOT_NULLABLE.code:
        return f"`{field}` has no value", ""
    return f"`{field}`: {' '.join(str(part) for part in error.info) or error.rule}", ""
