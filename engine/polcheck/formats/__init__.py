"""Configuration formats: one file each, from bytes to values with places.

A module of this package that has a `FORMAT` is a format; adding that file is all it takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from msgspec import Struct

from polcheck.base.spans import Source
from polcheck.formats.format import Format
from polcheck.formats.values import Config


@cache
def formats() -> Mapping[str, Format]:
    """Return every configuration format by its name, in alphabetical order."""
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    results = (getattr(module, "FORMAT", None) for module in modules)
    return MappingProxyType({format.name: format for format in results if isinstance(format, Format)})


class _Names(Struct, frozen=True):
    """What leads from the path of a file to its format: each has the names of formats as its values."""

    by_suffix: Mapping[str, str]
    by_name: Mapping[str, str]
    by_end: Sequence[tuple[str, str]]
    """Ends of paths, with a slash in front."""
    by_pattern: Mapping[str, Sequence[tuple[str, str, str]]]
    """By the last suffix of a pattern (empty where its `*` ends it): what stands before its `*`, behind it, format."""
    open_names: tuple[str, ...]
    """The beginnings of names that a pattern leaves open."""


@cache
def _names() -> _Names:
    known = formats().values()
    by_pattern: dict[str, list[tuple[str, str, str]]] = {}
    for format in known:
        for pattern in format.patterns:
            head, _, tail = pattern.partition("*")
            by_pattern.setdefault(tail[tail.rfind(".") :] if tail else "", []).append((head, tail, format.name))
    return _Names(
        {suffix: format.name for format in known for suffix in format.suffixes},
        {name: format.name for format in known for name in format.names},
        [("/" + path, format.name) for format in known for path in format.paths],
        by_pattern,
        tuple(head.rsplit("/", 1)[-1] for head, _, _ in by_pattern.get("", ())),
    )


def _by_pattern(path: str, patterns: Iterable[tuple[str, str, str]]) -> str | None:
    """Return the format of the first pattern that the end of a path matches."""
    for head, tail, format in patterns:
        if path.endswith(tail):
            end = "/".join(path.split("/")[-1 - head.count("/") :])
            if end.startswith(head) and len(end) >= len(head) + len(tail):
                return format
    return None


@lru_cache(maxsize=16_384)  # NOTE: each search of a run asks for each file
def format_of(path: str) -> str | None:
    """Return the configuration format that a path's name or ending stands for, or None.

    A pattern that leaves the ending open, as `.env.*`, yields to a known ending: `.env.yaml` is YAML.
    """
    names = _names()
    name = path.rsplit("/", 1)[-1]
    dot = name.rfind(".")
    suffix = name[dot:] if dot >= 0 else ""
    result = names.by_name.get(name)
    if result is None:
        result = next((format for end, format in names.by_end if ("/" + path).endswith(end)), None)
    if result is None and suffix in names.by_pattern and suffix:
        result = _by_pattern(path, names.by_pattern[suffix])
    if result is None and suffix:
        result = names.by_suffix.get(suffix.lower())
    if result is None and name.startswith(names.open_names):
        result = _by_pattern(path, names.by_pattern.get("", ()))
    return result


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
