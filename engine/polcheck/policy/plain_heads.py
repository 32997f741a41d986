"""What the policies of a file are called, read without parsing the file as YAML.

A run that needs 8 of 90 policies parses those. What isn't written in the plainest way is left to the parser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from polcheck.base.spans import Source
from polcheck.formats.values import Json

_T = TypeVar("_T")
_KEYS = frozenset({"id", "severity", "requirement", "tags"})
_NO_TEXT = frozenset({"true", "false", "null"})
_UNUSUAL = ("\r", "\x85", "\u2028", "\u2029", "\ufeff")


def without_documents(source: Source, choose: Callable[[dict[str, Json]], _T | None]) -> tuple[Source, list[_T]]:
    """Return the file with empty lines in place of the documents that `choose` gives a value for, and these values.

    `choose` is given the keys `id`, `severity`, `requirement` and `tags` of a document, as far as it has them.
    Documents that are written so that only a parser can tell are not asked about. All others keep their lines.
    """
    try:
        text = source.data.decode()
    except UnicodeDecodeError:
        return source, []
    if any(sign in text for sign in _UNUSUAL) or text.startswith("%") or "\n%" in text or "\n..." in text:
        return source, []
    values: list[_T] = []
    parts: list[str] = []
    for part in _documents(text.split("\n")):
        fields = _fields(part)
        value = choose(fields) if fields is not None else None
        if value is not None:
            values.append(value)
        parts += part if value is None else [line if line == "---" else "" for line in part]
    return (Source(source.path, "\n".join(parts).encode()), values) if values else (source, values)


def _documents(lines: list[str]) -> Iterator[list[str]]:
    """Yield the lines of each document; `---` begins one.

    NOTE: at the beginning of a line it does so even in a string of several lines.
    """
    begin = 0
    for number, line in enumerate(lines):
        if line.startswith("---") and line[3:4] in ("", " ", "\t") and number > begin:
            yield lines[begin:number]
            begin = number
    yield lines[begin:]


def _fields(lines: list[str]) -> dict[str, Json] | None:
    """Return the keys of a document that say what a policy is called; None where they aren't plain."""
    fields: dict[str, Json] = {}
    for number, line in enumerate(lines):
        if not line or line[0] in " #":
            continue
        key, colon, rest = line.partition(":")
        if line == "---" and number == 0:
            continue
        if not colon or not key.isidentifier() or key in fields:
            return None  # no mapping in block style, or a key twice
        if key in _KEYS:
            after = lines[number + 1] if number + 1 < len(lines) else "---"
            value = _value(rest.strip(), key == "tags")
            if value is None or after[:1] in ("", " ", "\t"):
                return None  # it may go on in the next line
            fields[key] = value
    return fields if "id" in fields else None


def _value(text: str, is_list: bool) -> Json:
    """Return a string, or a list of strings where it may be one; None where it isn't plain."""
    if is_list and text.startswith("[") and text.endswith("]"):
        values = [part.strip() for part in text[1:-1].split(",")]
        return [*values] if all(map(_is_plain, values)) else None
    return text if _is_plain(text) else None


def _is_plain(text: str) -> bool:
    """Return whether YAML reads a text as the string that it is."""
    letters = text.replace("-", "").replace(".", "").replace("_", "")
    return letters.isascii() and letters.isalnum() and text[0].isalpha() and text.lower() not in _NO_TEXT
