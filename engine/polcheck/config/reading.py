"""From the bytes of a polcheck.yaml, or of a pyproject.toml, to the configuration as written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from polcheck.config.written import Written, texts, written
from polcheck.documents import toml
from polcheck.documents.config import Json, Pointer, Unparsable
from polcheck.errors import ConfigError, Problem
from polcheck.policy.origin import Origin, Problems
from polcheck.policy.origin import read as read_yaml
from polcheck.policy.schema import shape
from polcheck.selectors.files import FilesProblem, compile_files
from polcheck.source import Source, Span, Unreadable

_TABLE: Pointer = ("tool", "polcheck")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def read(source: Source, folder: str, schema: str) -> Written | None:
    """The configuration in a file; relative paths in it begin at `folder`.

    `schema` is the text of schemas/config.yaml. None for a pyproject.toml without a table of polcheck. Raises
    ConfigError that names everything that is wrong with it.
    """
    problems = Problems()
    is_toml = source.path.endswith(".toml")
    origin = _toml(source, problems) if is_toml else _yaml(source, problems)
    if origin is None:
        if problems.errors:
            raise ConfigError(problems.errors)
        return None
    base = _TABLE if is_toml else ()
    table = _table(origin) if is_toml else origin.document
    faults = shape(schema, "config").problems(table)
    for at, message, help in faults:
        origin.error((*base, *at), message, help)
    if not faults and isinstance(table, dict):
        for at, message, help in _beyond_shape(table):
            origin.error((*base, *at), message, help, 0)
    if problems.errors or not isinstance(table, dict):
        raise ConfigError(problems.errors)
    return written(origin, base, folder, table)


def _yaml(source: Source, problems: Problems) -> Origin | None:
    origins = list(read_yaml(source, problems))
    if len(origins) > 1:
        line = origins[1].line
        problems.add(Problem("there is more than one YAML document", source.path, line, 1, source.line(line)))
    if not origins and not problems.errors:
        problems.add(Problem("it is empty", source.path, help="name the packs to judge by under `packs`"))
    return origins[0] if origins else None


def _toml(source: Source, problems: Problems) -> Origin | None:
    """The document of a pyproject.toml; None when it is no TOML or polcheck has no table in it."""
    try:
        config = toml.parse(source)
    except Unparsable as error:
        place = source.place(error.span or Span(0, 0))
        excerpt = source.line(place.line)
        problems.add(Problem(f"not TOML: {error.reason}", source.path, place.line, place.column, excerpt))
        return None
    except Unreadable as error:
        problems.add(Problem(str(error), source.path))
        return None
    origin = Origin(source, config, 0, problems)
    return origin if _table(origin) is not None else None


def _table(origin: Origin) -> Json:
    value: Any = origin.document
    for step in _TABLE:
        value = value.get(step) if isinstance(value, dict) else None
    found: Json = value
    return found


def _beyond_shape(table: Mapping[str, Any]) -> Iterator[tuple[Pointer, str, str]]:
    """What is wrong that the schema can't say: path patterns, dates, and overrides that change nothing."""
    yield from _patterns(table.get("exclude", []), ("exclude",))
    baseline = table.get("baseline", "")
    if baseline.startswith("/") or ".." in baseline.split("/"):
        # NOTE: `polcheck baseline` writes there, and whoever judges a stranger's repository doesn't expect it elsewhere
        yield ("baseline",), f"the baseline `{baseline}` is not below the configuration", "give a path without `..`"
    for key in ("overrides", "waivers"):
        for index, entry in enumerate(table.get(key, [])):
            yield from _patterns(entry.get("files", []), (key, index, "files"))
    for index, entry in enumerate(table.get("overrides", [])):
        if not entry.get("ignore") and not entry.get("severities"):
            yield ("overrides", index), "the override changes nothing", "give it `ignore` or `severities`"
    for index, entry in enumerate(table.get("trusted", [])):
        expires = entry.get("expires")
        if expires is not None and not is_date(expires):
            yield ("trusted", index, "expires"), f"`{expires}` is not a date", "write it as 2027-01-31"
    for index, entry in enumerate(table.get("waivers", [])):
        if not entry["reason"].strip():
            yield ("waivers", index, "reason"), "a waiver needs a reason", ""
        expires = entry.get("expires")
        if expires is not None and not is_date(expires):
            yield ("waivers", index, "expires"), f"`{expires}` is not a date", "write it as 2027-01-31"


def _patterns(value: Any, at: Pointer) -> Iterator[tuple[Pointer, str, str]]:
    for index, text in enumerate(texts(value)):
        try:
            compile_files([text])
        except FilesProblem as problem:
            where = (*at, index) if isinstance(value, list) else at
            yield where, f"the path pattern `{text}` can't be used: {problem.message}", problem.help
            return
    try:
        compile_files(texts(value))
    except FilesProblem as problem:
        yield at, f"the path patterns can't be used: {problem.message}", problem.help


def is_date(text: str) -> bool:
    """Whether `text` is a day as `2027-01-31`."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
