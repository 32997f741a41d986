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
def _lookup() -> tuple[dict[str, str], dict[str, str], list[tuple[str, str]], list[tuple[str, str, str]]]:
    """Return the names of formats by suffix, by file name, by end of a path, and by both sides of a pattern's `*`."""
    known = formats().values()
    return (
        {suffix: format.name for format in known for suffix in format.suffixes},
        {name: format.name for format in known for name in format.names},
        [("/" + path, format.name) for format in known for path in format.paths],
        [(*_around_star(pattern), format.name) for format in known for pattern in format.patterns],
    )


def _around_star(pattern: str) -> tuple[str, str]:
    head, _, tail = pattern.partition("*")
    return head, tail


def _by_pattern(path: str, patterns: Iterable[tuple[str, str, str]]) -> str | None:
    """Return the format of the first pattern that the end of a path matches."""
    for head, tail, format in patterns:
        if path.endswith(tail):
            end = "/".join(path.split("/")[-1 - head.count("/") :])
            if end.startswith(head) and len(end) >= len(head) + len(tail):
                return format
    return None


def format_of(path: str) -> str | None:
    """Return the configuration format that a path's name or ending stands for, or None.

    A pattern that leaves the ending open, as `.env.*`, yields to a known ending: `.env.yaml` is YAML.
    """
    by_suffix, by_name, by_path, patterns = _lookup()
    name = path.rsplit("/", 1)[-1]
    result = by_name.get(name) or next((format for end, format in by_path if ("/" + path).endswith(end)), None)
    result = result or _by_pattern(path, [pattern for pattern in patterns if pattern[1]])
    dot = name.rfind(".")
    if result is None and dot >= 0:
        result = by_suffix.get(name[dot:].lower())
    return result or _by_pattern(path, [pattern for pattern in patterns if not pattern[1]])


def parse_config(source: Source, name: str) -> Config:
    """Return the documents of a file in the format `name`. Raises Unparsable, LimitExceeded or Unreadable."""
    return dialect(source, name).parse(source)


def dialect(source: Source, name: str) -> Format:
    """Return the format `name`, or the dialect of it that the bytes of a file are in."""
    known = formats()
    for format in known.values():
        if format.dialect_of == name and format.recognizes(source):
            return format
    return known[name]


def listed_formats(names: Iterable[str] = ()) -> str:
    """Names of formats, or all of them, as help and messages list them."""
    quoted = [f"`{name}`" for name in (names or formats())]
    return ", ".join(quoted[:-1]) + f" or {quoted[-1]}" if len(quoted) > 1 else "".join(quoted)
