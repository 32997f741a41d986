"""The shape of the YAML that people write: the schemas in `schemas/`, by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from polcheck.documents.config import Json, Pointer, kind_of


class Shape:
    """One named schema: says what is wrong with the shape of a document."""

    def __init__(self, schemas: Mapping[str, Any], name: str) -> None:
        self._schemas = schemas
        self._name = name

    def problems(self, document: Json) -> list[tuple[Pointer, str, str]]:
        """For each fault where it is, what is wrong, and what would be right (may be empty)."""
        if not isinstance(document, dict):
            return [((), f"a {self._name} is a mapping, not {kind_of(document)}", "")]
        from polcheck.policy.validator import faults

        return faults(document, self._name, self._schemas)


@lru_cache(maxsize=8)
def shape(text: str, name: str) -> Shape:
    """The schema `name` among those that `text` (YAML) holds."""
    import yaml

    schemas = yaml.load(text, yaml.CSafeLoader)
    return Shape(schemas, name)
