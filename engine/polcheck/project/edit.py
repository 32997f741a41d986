"""Editing polcheck.yaml, and polcheck's table in pyproject.toml, as text, so that comments and layout stay."""

from __future__ import annotations

import json
from collections.abc import Mapping

from msgspec import Struct

from polcheck.base.errors import ConfigError, Problem
from polcheck.base.spans import Source
from polcheck.edits import operations
from polcheck.edits.edit import Edit, EditRefused, apply
from polcheck.edits.formats.yaml import written
from polcheck.formats.values import Json, Pointer
from polcheck.policy.origin import SourceMap
from polcheck.project.model import ConfigFile

NEW = "# Packs of policies. Parameters, severities and waivers have their place here, too: see `polcheck config`.\n"


def with_key(config_file: ConfigFile, key: str, value: str) -> str:
    """Return the text of the file with one more key. Raises ConfigError when it can't be added without touching the
    rest.
    """
    origin = config_file.origin
    try:
        return _edited(origin, _insertion(origin, config_file.base, key, value))
    except EditRefused as refusal:
        raise _by_hand(config_file, f"{key}: {written(value)}", refusal) from refusal


def with_waiver(config_file: ConfigFile, waiver: Mapping[str, Json]) -> str:
    """Return the text of the file with one more waiver. Raises ConfigError as `with_key` does."""
    origin, base = config_file.origin, config_file.base
    try:
        return _edited(origin, _addition(origin, base, "waivers", dict(waiver)))
    except EditRefused as refusal:
        lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in waiver.items()]
        raise _by_hand(config_file, "  - " + "\n    ".join(lines), refusal) from refusal


def _by_hand(config_file: ConfigFile, text: str, refusal: EditRefused) -> ConfigError:
    message = f"it is laid out in a way that can't be added to: {refusal}"
    return ConfigError([Problem(message, config_file.path, help=f"add by hand:\n{text}")])


def _format(base: Pointer) -> str:
    return "toml" if base else "yaml"


def _edited(origin: SourceMap, edits: tuple[Edit, ...]) -> str:
    """Return the text of a file after some edits, without its byte-order mark."""
    return Source(origin.source.path, apply(origin.source.data, edits)).text


def _insertion(origin: SourceMap, base: Pointer, key: str, value: Json) -> tuple[Edit, ...]:
    return operations.insert(origin.source, _format(base), base, key, value, index=origin.index)


def _addition(origin: SourceMap, base: Pointer, key: str, item: Json) -> tuple[Edit, ...]:
    """Return the edits that add an item to a list, which is made where there is none."""
    table = operations.read(origin.source, _format(base), origin.index).at(base)
    if isinstance(table, dict) and table.get(key) is not None:
        return operations.append(origin.source, _format(base), (*base, key), item, index=origin.index)
    return _insertion(origin, base, key, [item])


class Packs(Struct, frozen=True):
    """The list of packs in a configuration; `base` leads to the configuration's table, `count` is the list's length."""

    origin: SourceMap
    base: Pointer
    count: int

    def with_source(self, source: str) -> str:
        """Return the text with one more pack at the end of the list. Raises ConfigError where the list can't be
        changed.
        """
        try:
            return _edited(self.origin, _addition(self.origin, self.base, "packs", source))
        except EditRefused as refusal:
            raise self._refusal(str(refusal)) from refusal

    def without(self, index: int) -> str:
        """Return the text without the pack at `index`. Raises ConfigError where the list can't be changed."""
        if self.count == 1:
            raise self._refusal("it would name no pack any more: remove the file, or add another pack first")
        pointer = (*self.base, "packs", index)
        try:
            edits = operations.delete(self.origin.source, _format(self.base), pointer, index=self.origin.index)
            return _edited(self.origin, edits)
        except EditRefused as refusal:
            raise self._refusal(str(refusal)) from refusal

    def _refusal(self, why: str) -> ConfigError:
        help = "change `packs` in it by hand, and run `polcheck pack lock`"
        return ConfigError([Problem(f"{self.origin.source.path} can't be changed: {why}", help=help)])


def new_config(source: str) -> str:
    """Return a polcheck.yaml with this pack."""
    return f"{NEW}packs:\n  - {written(source)}\n"
