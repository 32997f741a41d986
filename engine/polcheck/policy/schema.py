"""The shape of the YAML that people write: the schemas in `schemas/`, by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from polcheck.documents.config import Json, Pointer, kind_of

MAX_DEPTH = 40  # NOTE: what follows a document down into its parts does so by recursion


class Shape:
    """One named schema: says what is wrong with the shape of a document."""

    def __init__(self, schemas: Mapping[str, Any], name: str) -> None:
        self._schemas = schemas
        self._name = name

    def problems(self, document: Json) -> list[tuple[Pointer, str, str]]:
        """For each fault where it is, what is wrong, and what would be right (may be empty)."""
        if not isinstance(document, dict):
            return [((), f"a {self._name} is a mapping, not {kind_of(document)}", "")]
        if _is_deeper(document, MAX_DEPTH):
            return [((), f"nested more than {MAX_DEPTH} levels deep", "give a part of it a name, under `selectors`")]
        from polcheck.policy.validator import faults

        return faults(document, self._name, self._schemas)


@lru_cache(maxsize=8)
def shape(text: str, name: str) -> Shape:
    """The schema `name` among those that `text` (YAML) holds."""
    import yaml

    schemas = yaml.load(text, yaml.CSafeLoader)
    return Shape(schemas, name)


def _is_deeper(document: Json, levels: int) -> bool:
    """Whether containers are nested in a document more than so many levels deep."""
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
