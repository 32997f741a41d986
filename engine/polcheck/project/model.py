"""The structs of polcheck.yaml: they mirror it key for key, each entry with its pointer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from polcheck.base.errors import Problem
from polcheck.base.spans import Place, Span
from polcheck.formats.values import Json, Pointer
from polcheck.policy.origin import Problems, SourceMap
from polcheck.sources.path_patterns import FilePatterns, compile_files


class PackEntry(Struct, frozen=True):
    """One pack to judge by; `root` is the folder that it is about, as seen from the file, empty for all of it.

    `fixes` is `safe` where the pack is trusted to know which of its fixes are; otherwise empty.
    """

    source: str
    at: Pointer = ()
    root: str = ""
    params: Mapping[str, Json] = field(default_factory=dict)
    profile: str = ""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fixes: str = ""


class Override(Struct, frozen=True):
    """Settings that apply to the files that `files` matches."""

    at: Pointer
    files: FilePatterns
    ignore: tuple[str, ...] = ()
    severities: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


class Waiver(Struct, frozen=True):
    """Accepted findings of one policy; without `files`, all of them. `expires` is a date, or empty."""

    at: Pointer
    policy: str
    reason: str
    files: FilePatterns | None = None
    owner: str = ""
    expires: str = ""


class Publisher(Struct, frozen=True):
    """Keys, or files of them, that may publish packs of these names. `expires` is a date, or empty."""

    at: Pointer
    packs: tuple[str, ...]
    keys: tuple[str, ...]
    expires: str = ""


class ConfigFile(Struct, frozen=True):
    """One polcheck.yaml, or the table of polcheck in a pyproject.toml, whose pointer is then `base`.

    `folder` is where its relative paths begin.
    """

    origin: SourceMap
    base: Pointer
    folder: str
    packs: tuple[PackEntry, ...] = ()
    params: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    profiles: Mapping[str, str] = field(default_factory=dict)
    severities: Mapping[str, str] = field(default_factory=dict)
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    overrides: tuple[Override, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    fail_on: str = ""
    allow_empty: bool | None = None
    baseline: str = ""
    gitignore: bool | None = None
    tracked: bool | None = None
    trusted: tuple[Publisher, ...] = ()
    limits: Mapping[str, int | float] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The file, as people call it."""
        return self.origin.source.path

    def problem(self, at: Pointer, message: str, help: str = "", *, key: bool = False) -> Problem:
        """Return a problem with the value at `at`, or with its key."""
        problems = Problems()
        origin = SourceMap(self.origin.source, self.origin.config, self.origin.index, problems)
        origin.error((*self.base, *at), message, help, None if key else 0)
        return problems.reported[0]

    def place(self, at: Pointer) -> Place:
        """Return the place of the value at `at`, or of its key where it has one."""
        pointer = (*self.base, *at)
        while True:
            try:
                where = self.origin.config.locate(self.origin.index, pointer)
                return self.origin.source.place(where.key or where.value)
            except KeyError:
                if not pointer:
                    return self.origin.source.place(Span(0, 0))
                pointer = pointer[:-1]

    def where(self, at: Pointer) -> str:
        """`file:line` of the value at `at`."""
        return f"{self.path}:{self.place(at).line}"


_WORDS = {"fail-on": "fail_on", "allow-empty": "allow_empty"}
_TEXTS = {"select", "ignore", "exclude"}


def config_file(origin: SourceMap, base: Pointer, folder: str, table: Mapping[str, Json]) -> ConfigFile:
    """Return the configuration that a table of the right shape holds. Raises FilesProblem for a bad path pattern."""
    fields: dict[str, Any] = {_WORDS.get(key, key): _field(key, value) for key, value in table.items()}
    return ConfigFile(origin, base, folder, **fields)


def texts(value: Json) -> tuple[str, ...]:
    """Return the texts of what may be one text or a list of them."""
    return tuple(str(entry) for entry in value) if isinstance(value, list) else (str(value),)


def _field(key: str, value: Any) -> Any:
    if key == "packs":
        return tuple(_pack(entry, (key, index)) for index, entry in enumerate(value))
    if key == "overrides":
        return tuple(Override(at=(key, index), **_entry(entry)) for index, entry in enumerate(value))
    if key == "trusted":
        return tuple(Publisher((key, index), **_publisher(entry)) for index, entry in enumerate(value))
    if key == "waivers":
        return tuple(Waiver(at=(key, index), **_entry(entry)) for index, entry in enumerate(value))
    return texts(value) if key in _TEXTS else value


def _pack(value: Any, at: Pointer) -> PackEntry:
    if isinstance(value, str):
        return PackEntry(value, at)
    fields = {"source" if key == "pack" else key: entry for key, entry in _entry(value).items()}
    return PackEntry(at=at, **{**fields, "root": folder_in(fields.get("root", ""))})


def folder_in(text: str) -> str:
    """Return a folder below the configuration's as paths begin with it: `backend` for `./backend/`."""
    return "/".join(part for part in text.split("/") if part not in ("", "."))


def _publisher(value: Mapping[str, Json]) -> dict[str, Any]:
    return {key: entry if key == "expires" else texts(entry) for key, entry in value.items()}


def _entry(value: Mapping[str, Json]) -> dict[str, Any]:
    fields: dict[str, Any] = {key: texts(entry) if key in _TEXTS else entry for key, entry in value.items()}
    if "files" in fields:
        fields["files"] = compile_files(texts(fields["files"]))
    return fields
