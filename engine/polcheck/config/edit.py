"""Adding to a configuration as text, so that comments and layout stay as they are.

What comes out is read again: an edit that doesn't say exactly what was meant is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from polcheck.config.written import Written
from polcheck.documents import parse_config
from polcheck.documents.config import Json, Unparsable
from polcheck.errors import ConfigError, Problem
from polcheck.source import Source

_PLAIN = re.compile(r"[A-Za-z][\w./*-]*(?: [\w./*-]+)*")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")  # a text in YAML 1.2, which polcheck reads
_WORDS = {"true", "false", "null", "yes", "no", "on", "off"}


def with_key(written: Written, key: str, value: str) -> str:
    """The text of the file with one more key. Raises ConfigError when it can't be added without touching the rest."""
    text = written.origin.source.text
    if written.base:
        line = written.place(()).line
        edited = _with_line(text, line, f"{key} = {json.dumps(value, ensure_ascii=False)}")
    else:
        edited = _ended(text) + f"{key}: {scalar(value)}\n"
    return _checked(written, edited, {**_table(written), key: value}, f"{key}: {scalar(value)}")


def with_waiver(written: Written, waiver: Mapping[str, Json]) -> str:
    """The text of the file with one more waiver. Raises ConfigError as `with_key` does."""
    table = _table(written)
    own = table.get("waivers")
    listed: list[Json] = [*own] if isinstance(own, list) else []
    edited = _toml_waiver(written, waiver) if written.base else _yaml_waiver(written, waiver, len(listed))
    return _checked(written, edited, {**table, "waivers": [*listed, dict(waiver)]}, "\n".join(_block(waiver, 2)))


def _table(written: Written) -> dict[str, Json]:
    value = written.origin.document
    for step in written.base:
        value = value[str(step)] if isinstance(value, dict) else None
    return dict(value) if isinstance(value, dict) else {}


def _checked(written: Written, edited: str, wanted: dict[str, Json], by_hand: str) -> str:
    """The edited text if it says what is wanted."""
    source = Source(written.path, edited.encode("utf-8"))
    try:
        config = parse_config(source, "toml" if written.base else "yaml")
        value = config.values[0]
        for step in written.base:
            value = value[str(step)] if isinstance(value, dict) else None
        right = len(config.values) == len(written.origin.config.values) and value == wanted and not config.repeated
    except Unparsable:
        right = False
    if not right:
        raise ConfigError(
            [Problem("it is laid out in a way that can't be added to", written.path, help=f"add by hand:\n{by_hand}")]
        )
    return edited


def _ended(text: str) -> str:
    return text if text.endswith("\n") or not text else text + "\n"


def _with_line(text: str, number: int, line: str) -> str:
    """`text` with a line more after its line `number`."""
    lines = _ended(text).splitlines(keepends=True)
    return "".join([*lines[:number], line + "\n", *lines[number:]])


def _toml_waiver(written: Written, waiver: Mapping[str, Json]) -> str:
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in waiver.items()]
    head = "[[" + ".".join((*map(str, written.base), "waivers")) + "]]"
    return _ended(written.origin.source.text) + "\n" + "\n".join([head, *lines]) + "\n"


def _yaml_waiver(written: Written, waiver: Mapping[str, Json], count: int) -> str:
    """The text with the waiver after the last one, or in a list of its own at the end."""
    text = written.origin.source.text
    config, index = written.origin.config, written.origin.index
    if "waivers" not in _table(written):
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
    line = written.origin.source.line_of(max(last.end - 1, last.start))
    return _with_line(text, line, "\n".join(_block(waiver, indent)))


def _block(waiver: Mapping[str, Json], indent: int) -> list[str]:
    """A waiver as an item of a block list."""
    lines = [f"{key}: {_value(value)}" for key, value in waiver.items()]
    return [" " * indent + ("- " if number == 0 else "  ") + line for number, line in enumerate(lines)]


def _flow(waiver: Mapping[str, Json]) -> str:
    return "{" + ", ".join(f"{key}: {_value(value, flow=True)}" for key, value in waiver.items()) + "}"


def _value(value: Json, *, flow: bool = False) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(scalar(str(entry), flow=True) for entry in value) + "]"
    return scalar(str(value), flow=flow)


def scalar(text: str, *, flow: bool = False) -> str:
    """A text as YAML: plain where that is this text, else in quotes."""
    if _DATE.fullmatch(text):
        return text
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS and not (flow and set(text) & set(",[]{}"))
    return text if plain else json.dumps(text, ensure_ascii=False)
