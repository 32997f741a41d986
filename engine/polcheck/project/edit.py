"""Editing a configuration file as text, so that comments and layout stay.

What comes out is read again: an edit that doesn't say exactly what was meant is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from msgspec import Struct

from polcheck.base.errors import ConfigError, Problem
from polcheck.base.spans import Source
from polcheck.formats import parse_config
from polcheck.formats.values import Json, Pointer, Unparsable
from polcheck.policy.origin import SourceMap
from polcheck.project.model import ConfigFile

_PLAIN = re.compile(r"[A-Za-z][\w./*-]*(?: [\w./*-]+)*")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")  # a text in YAML 1.2, which polcheck reads
_WORDS = {"true", "false", "null", "yes", "no", "on", "off"}


def with_key(config_file: ConfigFile, key: str, value: str) -> str:
    """Return the text of the file with one more key. Raises ConfigError when it can't be added without touching the
    rest.
    """
    text = config_file.origin.source.text
    if config_file.base:
        line = config_file.place(()).line
        edited = _with_line(text, line, f"{key} = {json.dumps(value, ensure_ascii=False)}")
    else:
        edited = _ended(text) + f"{key}: {scalar(value)}\n"
    return _checked(config_file, edited, {**_table(config_file), key: value}, f"{key}: {scalar(value)}")


def with_waiver(config_file: ConfigFile, waiver: Mapping[str, Json]) -> str:
    """Return the text of the file with one more waiver. Raises ConfigError as `with_key` does."""
    table = _table(config_file)
    own = table.get("waivers")
    listed: list[Json] = [*own] if isinstance(own, list) else []
    edited = _toml_waiver(config_file, waiver) if config_file.base else _yaml_waiver(config_file, waiver, len(listed))
    return _checked(config_file, edited, {**table, "waivers": [*listed, dict(waiver)]}, "\n".join(_block(waiver, 2)))


def _table(config_file: ConfigFile) -> dict[str, Json]:
    value = config_file.origin.document
    for step in config_file.base:
        value = value[str(step)] if isinstance(value, dict) else None
    return dict(value) if isinstance(value, dict) else {}


def _checked(config_file: ConfigFile, edited: str, wanted: dict[str, Json], by_hand: str) -> str:
    """Return the edited text if it says what is wanted."""
    source = Source(config_file.path, edited.encode("utf-8"))
    try:
        config = parse_config(source, "toml" if config_file.base else "yaml")
        value = config.values[0]
        for step in config_file.base:
            value = value[str(step)] if isinstance(value, dict) else None
        right = len(config.values) == len(config_file.origin.config.values) and value == wanted and not config.repeated
    except Unparsable:
        right = False
    if not right:
        raise ConfigError(
            [
                Problem(
                    "it is laid out in a way that can't be added to", config_file.path, help=f"add by hand:\n{by_hand}"
                )
            ]
        )
    return edited


def _ended(text: str) -> str:
    return text if text.endswith("\n") or not text else text + "\n"


def _with_line(text: str, number: int, line: str) -> str:
    """`text` with a line more after its line `number`."""
    lines = _ended(text).splitlines(keepends=True)
    return "".join([*lines[:number], line + "\n", *lines[number:]])


def _toml_waiver(config_file: ConfigFile, waiver: Mapping[str, Json]) -> str:
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in waiver.items()]
    head = "[[" + ".".join((*map(str, config_file.base), "waivers")) + "]]"
    return _ended(config_file.origin.source.text) + "\n" + "\n".join([head, *lines]) + "\n"


def _yaml_waiver(config_file: ConfigFile, waiver: Mapping[str, Json], count: int) -> str:
    """Return the text with the waiver after the last one, or in a list of its own at the end."""
    text = config_file.origin.source.text
    config, index = config_file.origin.config, config_file.origin.index
    if "waivers" not in _table(config_file):
        return _ended(text) + "waivers:\n" + "\n".join(_block(waiver, 2)) + "\n"
    where = config.locate(index, ("waivers",)).value
    if text[where.start : where.start + 1] == "[":
        entry = ("" if not count else ", ") + _flow(waiver)
        place = where.end - 1
        while text[place - 1] in " \n,":
            place -= 1
        return text[:place] + entry + text[place:]
    last = config.locate(index, ("waivers", count - 1)).value
    dash = text.rindex("-", 0, last.start)
    indent = dash - (text.rfind("\n", 0, dash) + 1)
    line = config_file.origin.source.line_of(max(last.end - 1, last.start))
    return _with_line(text, line, "\n".join(_block(waiver, indent)))


def _block(waiver: Mapping[str, Json], indent: int) -> list[str]:
    """Return a waiver as an item of a block list."""
    lines = [f"{key}: {_value(value)}" for key, value in waiver.items()]
    return [" " * indent + ("- " if number == 0 else "  ") + line for number, line in enumerate(lines)]


def _flow(waiver: Mapping[str, Json]) -> str:
    return "{" + ", ".join(f"{key}: {_value(value, flow=True)}" for key, value in waiver.items()) + "}"


def _value(value: Json, *, flow: bool = False) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(scalar(str(entry), flow=True) for entry in value) + "]"
    return scalar(str(value), flow=flow)


def scalar(text: str, *, flow: bool = False) -> str:
    """Return a text as YAML: plain where that is this text, else in quotes."""
    if _DATE.fullmatch(text):
        return text
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS and not (flow and set(text) & set(",[]{}"))
    return text if plain else json.dumps(text, ensure_ascii=False)


_PLAIN_KEY = re.compile(r"[A-Za-z0-9./_-][A-Za-z0-9./_+@=-]*(?::[A-Za-z0-9./_+@=-]+)*")
_NOT_TEXT = re.compile(r"[0-9.+_-]*|true|false|null|yes|no|on|off", re.IGNORECASE)
NEW = "# Packs of policies. Parameters, severities and waivers have their place here, too: see `polcheck config`.\n"


class Packs(Struct, frozen=True):
    """The list of packs in a configuration; `base` leads to the configuration's table, `count` is the list's length."""

    origin: SourceMap
    base: Pointer
    count: int

    def with_source(self, source: str) -> str:
        """Return the text with one more pack at the end of the list. Raises ConfigError where the list can't be
        changed.
        """
        text = self.origin.source.text
        if not self.count and not self._has():
            return self._with_list(source)
        start, end = self._span(("packs",))
        if text[start] == "[":
            comma = self._comma(text[start + 1 : end - 1])
            return f"{text[: end - 1].rstrip()}{comma}{_quoted(source)}]{text[end:]}"
        last = self._span(("packs", self.count - 1))[1]
        line_end = _line_end(text, last)
        dash = text.rfind("\n", 0, self._span(("packs", 0))[0]) + 1
        indent = text[dash : text.index("-", dash)]
        return f"{text[:line_end]}\n{indent}- {_written(source)}{text[line_end:]}"

    def without(self, index: int) -> str:
        """Return the text without the pack at `index`. Raises ConfigError where the list can't be changed."""
        text = self.origin.source.text
        start, _ = self._span(("packs",))
        own, own_end = self._span(("packs", index))
        if text[start] != "[":
            begin = text.rfind("\n", 0, own) + 1
            after = _line_end(text, own_end)
            if self.count == 1:
                raise self._refusal("it would name no pack any more: remove the file, or add another pack first")
            return text[:begin] + text[min(after + 1, len(text)) :]
        before, rest = text[:own], text[own_end:]
        if rest.lstrip().startswith(","):
            return before + rest.lstrip()[1:].lstrip(" ")
        if before.rstrip().endswith(","):
            return before.rstrip()[:-1] + rest
        raise self._refusal("it would name no pack any more: add another pack first")

    def _has(self) -> bool:
        try:
            self._span(("packs",))
        except KeyError:
            return False
        return True

    def _span(self, at: Pointer) -> tuple[int, int]:
        span = self.origin.config.locate(self.origin.index, (*self.base, *at)).value
        return span.start, span.end

    def _comma(self, inside: str) -> str:
        stripped = inside.rstrip()
        if "#" in inside:
            raise self._refusal("the list has comments in it")
        return "" if not stripped.strip() else " " if stripped.endswith(",") else ", "

    def _with_list(self, source: str) -> str:
        text = self.origin.source.text
        if self.base:
            raise self._refusal("it has no list `packs` yet")
        return text + ("" if text.endswith("\n") or not text else "\n") + f"packs:\n  - {_written(source)}\n"

    def _refusal(self, why: str) -> ConfigError:
        help = "change `packs` in it by hand, and run `polcheck pack lock`"
        return ConfigError([Problem(f"{self.origin.source.path} can't be changed: {why}", help=help)])


def new_config(source: str) -> str:
    """Return a polcheck.yaml with this pack."""
    return f"{NEW}packs:\n  - {_written(source)}\n"


def _line_end(text: str, at: int) -> int:
    """Return the end of the line that contains the offset, its comment included."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _written(source: str) -> str:
    """Return a source as YAML: quoted where it has to be."""
    return source if _PLAIN_KEY.fullmatch(source) and not _NOT_TEXT.fullmatch(source) else _quoted(source)


def _quoted(source: str) -> str:
    return json.dumps(source, ensure_ascii=False)
