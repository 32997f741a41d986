"""Rewrites of INI files that keep their data: delimiters and comments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from configparser import RawConfigParser

from polcheck.authoring.rewrites.edit import Edit, Group
from polcheck.base.spans import Source
from polcheck.formats import parse_config
from polcheck.formats.values import Unparsable

_OPTION = re.compile(r"(?m)^(?P<name>[^\s#;\[=:][^\n=:]*?)(?P<between>[ \t]*[=:][ \t]*)(?=\S)")
_BEGINS = re.compile(r"(?m)^(?=[^\s#;])")


def meaning(text: str) -> str:
    """Return the data of a text, by our own reader and the standard library's. Raises Unparsable,
    configparser.Error.
    """
    config = parse_config(Source("", text.encode("utf-8", "surrogatepass")), "ini")
    if config.repeated:
        raise Unparsable("an option stands there twice", config.repeated[0])
    parser = RawConfigParser(allow_no_value=True, strict=False, default_section="")
    parser.read_string(text)
    return json.dumps([config.values, {name: dict(parser[name]) for name in parser.sections()}], sort_keys=True)


def spaces(text: str) -> Iterator[Group]:
    """Spaces round what parts an option from its value."""
    return _parted(text, " = ")


def tight(text: str) -> Iterator[Group]:
    """Yield edits that drop the spaces around the delimiter of an option and its value."""
    return _parted(text, "=")


def colons(text: str) -> Iterator[Group]:
    """Return a colon between an option and its value."""
    return _parted(text, ": ")


def comments(text: str) -> Iterator[Group]:
    """Yield a blank line and comments of both kinds before each section and option."""
    for result in _BEGINS.finditer(text):
        yield (Edit(result.start(), result.start(), "\n# a remark that says nothing\n; another\n"),)


def _parted(text: str, by: str) -> Iterator[Group]:
    for result in _OPTION.finditer(text):
        if result["between"] != by:
            yield (Edit(result.start("between"), result.end("between"), by),)
