"""Configuration formats: one file each, from bytes to values with places.

A module of this package that has a `FORMAT` is a format; adding that file is all it takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from polcheck.base.spans import Source
from polcheck.formats.format import Format
from polcheck.formats.values import Config


@cache
def formats() -> Mapping[str, Format]:
    """Return every configuration format by its name, in alphabetical order."""
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    results = (getattr(module, "FORMAT", None) for module in modules)
    return MappingProxyType({format.name: format for format in results if isinstance(format, Format)})


@cache
def _lookup() -> tuple[dict[str, str], dict[str, str], list[tuple[str, str]]]:
    """Return the names of formats by suffix, by file name, and by end of a path."""
    known = formats().values()
    return (
        {suffix: format.name for format in known for suffix in format.suffixes},
        {name: format.name for format in known for name in format.names},
        [("/" + path, format.name) for format in known for path in format.paths],
    )


def format_of(path: str) -> str | None:
    """Return the configuration format that a path's name or ending stands for, or None."""
    by_suffix, by_name, by_path = _lookup()
    name = path.rsplit("/", 1)[-1]
    result = by_name.get(name)
    if result is None and by_path:
        result = next((format for end, format in by_path if ("/" + path).endswith(end)), None)
    dot = name.rfind(".")
    return result or (by_suffix.get(name[dot:].lower()) if dot >= 0 else None)


def parse_config(source: Source, name: str) -> Config:
    """Return the documents of a file in the format `name`. Raises Unparsable, LimitExceeded or Unreadable."""
    return dialect(source, name).parse(source)


def dialect(source: Source, name: str) -> Format:
    """Return the format `name`, or the dialect of it that the bytes of a file are in."""
    known = formats()
    for format in known.values():
        if format.dialect_of == name and format.recognizes(source.data):
            return format
    return known[name]


def listed_formats(names: Iterable[str] = ()) -> str:
    """Names of formats, or all of them, as help and messages list them."""
    quoted = [f"`{name}`" for name in (names or formats())]
    return ", ".join(quoted[:-1]) + f" or {quoted[-1]}" if len(quoted) > 1 else "".join(quoted)
