"""Rewrites of JSON that keep its data: white space, the order of keys, escapes."""

from __future__ import annotations

import json
import re
from typing import Any

_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_CHARACTER = re.compile(r"\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL)


def data(text: str) -> Any:
    """Return the data of a text. Raises ValueError when it isn't JSON, or an object has a repeated key."""
    return json.loads(text, object_pairs_hook=_members)


def meaning(text: str) -> str:
    """Return the data of a text, independent of the order of keys. Raises as `data` does."""
    return json.dumps(data(text), sort_keys=True)


def compact(text: str) -> str:
    """Return the text without white space. Raises ValueError."""
    return json.dumps(data(text), separators=(",", ":"), ensure_ascii=False)


def indented(text: str) -> str:
    """Return the text with a line for each member, indented by tabs. Raises ValueError."""
    return json.dumps(data(text), indent="\t", separators=(" ,", " : "), ensure_ascii=False) + "\n"


def reversed_keys(text: str) -> str:
    """Return the text with the members of each object in the reverse order. Raises ValueError."""
    return json.dumps(_reversed(data(text)), indent=2, ensure_ascii=False) + "\n"


def escapes(text: str) -> str:
    """The text with every character of its strings, those of keys too, as \\uXXXX."""
    return _STRING.sub(lambda found: '"' + _CHARACTER.sub(_escaped, found[1]) + '"', text)


def _escaped(found: re.Match[str]) -> str:
    char = found[0]
    if len(char) > 1:
        return char
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(member) for key, member in reversed(value.items())}
    return [_reversed(member) for member in value] if isinstance(value, list) else value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands there twice")
    return members
