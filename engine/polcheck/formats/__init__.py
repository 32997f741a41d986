"""Configuration formats: one file each, from bytes to values with places."""

from __future__ import annotations

from typing import Protocol

from polcheck.base.spans import Source
from polcheck.formats.values import Config


class Format(Protocol):
    """A configuration format: `parse` gives its documents, or raises Unparsable or Unreadable."""

    def parse(self, source: Source) -> Config:
        """The documents of a file."""


# format -> endings, whole names
CONFIG_FORMATS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "yaml": ((".yaml", ".yml"), (".clang-format", "CITATION.cff")),
    "toml": ((".toml",), ("Pipfile", "poetry.lock", "uv.lock", "pdm.lock", "Cargo.lock")),
    "json": ((".json",), ("Pipfile.lock", "composer.lock", "flake.lock")),
    "ini": ((".ini", ".cfg"), (".flake8", ".coveragerc", ".pylintrc", "pylintrc", ".gitmodules")),
}
_BY_SUFFIX = {suffix: name for name, (suffixes, _) in CONFIG_FORMATS.items() for suffix in suffixes}
_BY_NAME = {path: name for name, (_, names) in CONFIG_FORMATS.items() for path in names}


def format_of(path: str) -> str | None:
    """The configuration format that a path's name or ending stands for, or None."""
    name = path.rsplit("/", 1)[-1]
    dot = name.rfind(".")
    return _BY_NAME.get(name) or (_BY_SUFFIX.get(name[dot:].lower()) if dot >= 0 else None)


def parse_config(source: Source, name: str) -> Config:
    """The documents of a file in the format `name`. Raises Unparsable or Unreadable."""
    from importlib import import_module

    module: Format = import_module(f"polcheck.formats.{name}")
    return module.parse(source)
