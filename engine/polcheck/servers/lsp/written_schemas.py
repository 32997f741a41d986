"""The schemas of what authors write, asked for what can stand at a place: keys, and values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from msgspec import Struct

from polcheck.base.reader import read_text
from polcheck.formats.values import Pointer
from polcheck.packs.shipped import data_folder

Rules = Mapping[str, Any]


class Key(Struct, frozen=True):
    """A key that can stand in a mapping: the schema that has it, its name, and its rule."""

    owner: str
    name: str
    rule: Rules

    @property
    def description(self) -> str:
        """What it means."""
        return str(self.rule.get("meta", {}).get("description", ""))

    @property
    def required(self) -> bool:
        """Whether the mapping can't be without it."""
        return bool(self.rule.get("required"))


class Schema(Struct, frozen=True):
    """One of the schemas: of a policy, a pack, a case, or a configuration."""

    root: str
    schemas: Mapping[str, Rules]

    def rules(self, at: Pointer) -> list[Rules]:
        """Return the rules that may be those of the value at a pointer."""
        rules: list[Rules] = [{"one_of": self.root}]
        for step in at:
            rules = [inner for rule in rules for inner in self._below(rule, step)]
        return rules

    def keys(self, at: Pointer) -> dict[str, Key]:
        """Return the keys that can stand in the mapping at a pointer, by name."""
        result: dict[str, Key] = {}
        for rule in self.rules(at):
            for kind in self._kinds(rule):
                for name, inner in self.schemas[kind].items():
                    result.setdefault(name, Key(kind, name, inner))
        return result

    def key(self, at: Pointer) -> Key | None:
        """Return the key at the end of a pointer, as the schema has it; None for one that users name."""
        names = [index for index, step in enumerate(at) if isinstance(step, str)]
        return self.keys(at[: names[-1]]).get(str(at[names[-1]])) if names else None

    def _kinds(self, rule: Rules) -> list[str]:
        """Return the named schemas that a value may be a mapping of."""
        named = rule.get("one_of") or rule.get("one_or_many") or ()
        return [kind for kind in ([named] if isinstance(named, str) else named) if kind in self.schemas]

    def _below(self, rule: Rules, step: str | int) -> Iterator[Rules]:
        if isinstance(step, int):
            if "one_or_many" in rule:
                yield {"one_of": rule["one_or_many"]}
            if "schema" in rule:
                yield rule["schema"]
            return
        for kind in self._kinds(rule):
            if step in self.schemas[kind]:
                yield self.schemas[kind][step]
        if "valuesrules" in rule:
            yield rule["valuesrules"]


_FILES = {
    "policy": ("policy",),
    "pack": ("policy", "pack"),
    "case": ("tests",),
    "equivalent": ("tests",),
    "config": ("config",),
}


@cache
def schema_of(kind: str) -> Schema:
    """Return the schema of a kind of document: `policy`, `pack`, `case`, `equivalent` or `config`."""
    import yaml

    folder = data_folder() / "schemas"
    schemas: dict[str, Rules] = {}
    for name in _FILES[kind]:
        schemas |= yaml.load(read_text(folder / f"{name}.yaml"), yaml.CSafeLoader)
    return Schema(kind, schemas)
