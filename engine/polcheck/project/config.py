"""Reading polcheck.yaml or pyproject.toml into a ConfigFile."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polcheck.base.errors import ConfigError, Problem
from polcheck.base.paths import display_path
from polcheck.base.reader import is_file, is_folder, read_bytes, read_text
from polcheck.base.safe_open import reason_of
from polcheck.base.similar_names import did_you_mean, one_of
from polcheck.base.spans import Source, Span, Unreadable
from polcheck.formats import toml
from polcheck.formats.values import Json, Pointer, Unparsable
from polcheck.packs.shipped import data_folder
from polcheck.policy.origin import Problems, SourceMap
from polcheck.policy.origin import read as read_yaml
from polcheck.policy.pack_files import policy_names, unrooted
from polcheck.policy.plan import CompiledPack
from polcheck.policy.schema import shape
from polcheck.project.effective import EffectiveConfig
from polcheck.project.model import ConfigFile, config_file
from polcheck.project.model import texts as texts_of
from polcheck.sources.path_patterns import FilesProblem, compile_files

if TYPE_CHECKING:
    from polcheck.project.model import ConfigFile  # NOTE: cerberus takes a while to import; most commands do without


_TABLE: Pointer = ("tool", "polcheck")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def read(source: Source, folder: str, schema: str) -> ConfigFile | None:
    """Return the configuration in a file; relative paths in it begin at `folder`.

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
    return config_file(origin, base, folder, table)


def _yaml(source: Source, problems: Problems) -> SourceMap | None:
    origins = list(read_yaml(source, problems))
    if len(origins) > 1:
        line = origins[1].line
        problems.add(Problem("there is more than one YAML document", source.path, line, 1, source.line(line)))
    if not origins and not problems.errors:
        problems.add(Problem("it is empty", source.path, help="name the packs under `packs`"))
    return origins[0] if origins else None


def _toml(source: Source, problems: Problems) -> SourceMap | None:
    """Return the document of a pyproject.toml; None when it is no TOML or polcheck has no table in it."""
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
    origin = SourceMap(source, config, 0, problems)
    return origin if _table(origin) is not None else None


def _table(origin: SourceMap) -> Json:
    value: Any = origin.document
    for step in _TABLE:
        value = value.get(step) if isinstance(value, dict) else None
    result: Json = value
    return result


def _beyond_shape(table: Mapping[str, Any]) -> Iterator[tuple[Pointer, str, str]]:
    """Yield the problems that the schema can't express: path patterns, dates, and overrides without effect."""
    yield from _patterns(table.get("exclude", []), ("exclude",))
    for index, entry in enumerate(table.get("packs", [])):
        yield from _pack_entry(entry, ("packs", index)) if isinstance(entry, dict) else ()
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


def _pack_entry(entry: Mapping[str, Any], at: Pointer) -> Iterator[tuple[Pointer, str, str]]:
    """Yield what is wrong with an entry of `packs` beyond its shape."""
    if ("pack" in entry) == ("source" in entry):
        have = "both `pack` and `source`, which are the same" if "pack" in entry else "no `pack`"
        yield at, f"the entry has {have}", "name the pack as `pack: NAME`"
    root = entry.get("root", "")
    if root.startswith("/") or ".." in root.split("/"):
        yield (
            (*at, "root"),
            f"the folder `{root}` is not below this file",
            "give a path without `..`, as `root: backend`",
        )
    elif ":" in root or "\\" in root:
        yield (*at, "root"), f"the folder `{root}` can't be a root", "give a path with `/` and without `:`"


def _patterns(value: Any, at: Pointer) -> Iterator[tuple[Pointer, str, str]]:
    for index, text in enumerate(texts_of(value)):
        try:
            compile_files([text])
        except FilesProblem as problem:
            where = (*at, index) if isinstance(value, list) else at
            yield where, f"the path pattern `{text}` can't be used: {problem.message}", problem.help
            return
    try:
        compile_files(texts_of(value))
    except FilesProblem as problem:
        yield at, f"the path patterns can't be used: {problem.message}", problem.help


def is_date(text: str) -> bool:
    """Return whether `text` is a day as `2027-01-31`."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def check_agreement(effective: EffectiveConfig, packs: Sequence[CompiledPack]) -> None:
    """Raises ConfigError that names every pack, policy or requirement that isn't there.

    NOTE: with `--pack`, what the file says of other packs is left alone; then only what names a pack of the run and
    something that this pack lacks is wrong.
    """
    problems = [
        *_options(effective, packs),
        *(_packs(effective, packs) if effective.own_packs else ()),
        *_policies(effective, packs),
    ]
    if problems:
        raise ConfigError(problems)


def _options(effective: EffectiveConfig, packs: Sequence[CompiledPack]) -> Iterator[Problem]:
    options = effective.options
    known = _known(packs)
    for option, texts in (("--select", options.select), ("--ignore", options.ignore)):
        for text in texts:
            if not _names_some(text, known):
                yield Problem(f"no pack of the run has `{text}`", option, help=_close_pattern(text, known))
    names = _pack_names(packs)
    for option, table in (("--param", options.params), ("--profile", options.profiles)):
        for name in table:
            if name and name not in names:
                yield Problem(
                    f"the pack `{name}` is not in the run", option, help=did_you_mean(name, names, one_of(names))
                )


def _packs(effective: EffectiveConfig, packs: Sequence[CompiledPack]) -> Iterator[Problem]:
    """Yield the packs that the file sets something for and that aren't in the run."""
    names = _pack_names(packs)
    config_file = effective.config_file
    if config_file is None:
        return
    for key, table in (("params", config_file.params), ("profiles", config_file.profiles)):
        for name in table:
            if name not in names:
                message = f"the pack `{name}` is not among the packs"
                yield config_file.problem((key, name), message, did_you_mean(name, names, one_of(names)), key=True)


def _pack_names(packs: Iterable[CompiledPack]) -> list[str]:
    """Return the names by which settings know packs: with the folder that each is about, and without."""
    return sorted({name for pack in packs for name in (pack.name, unrooted(pack.name))})


def _policies(effective: EffectiveConfig, packs: Sequence[CompiledPack]) -> Iterator[Problem]:
    config_file = effective.config_file
    if config_file is None:
        return
    known = _known(packs)
    ids = {name for pack in packs for id in pack.ids for name in policy_names(pack.name, id)}
    for at, text, is_key in _named(effective):
        if not _left_alone(effective, text, packs) and not _names_some(text, known):
            yield config_file.problem(at, f"no pack of the run has `{text}`", _close_pattern(text, known), key=is_key)
    for waiver in config_file.waivers:
        at = (*waiver.at, "policy")
        if waiver.policy not in ids and not _left_alone(effective, waiver.policy, packs):
            yield config_file.problem(
                at, f"no pack of the run has a policy `{waiver.policy}`", did_you_mean(waiver.policy, ids)
            )


def _named(effective: EffectiveConfig) -> Iterator[tuple[Pointer, str, bool]]:
    """Yield the policies, requirements and tags that the file names: pointer, name, and whether it is a key."""
    config_file = effective.config_file
    assert config_file is not None
    for name in config_file.severities:
        yield ("severities", name), name, True
    for key, texts in (("select", config_file.select), ("ignore", config_file.ignore)):
        for index, text in enumerate(texts):
            yield (key, index), text, False
    for override in config_file.overrides:
        for index, text in enumerate(override.ignore):
            yield (*override.at, "ignore", index), text, False
        for name in override.severities:
            yield (*override.at, "severities", name), name, True
    if effective.own_packs:
        for entry in config_file.packs:
            for key, texts in (("select", entry.select), ("ignore", entry.ignore)):
                for index, text in enumerate(texts):
                    yield (*entry.at, key, index), text, False


def _left_alone(effective: EffectiveConfig, text: str, packs: Sequence[CompiledPack]) -> bool:
    """Return whether `text` may speak of a pack that `--pack` left out of the run."""
    pack, colon, _ = text.rpartition(":")
    return not effective.own_packs and not (colon and pack in _pack_names(packs))


def _known(packs: Iterable[CompiledPack]) -> set[str]:
    return {name for pack in packs for name in pack.names}


def _names_some(text: str, known: Iterable[str]) -> bool:
    return any(fnmatchcase(name, text) for name in known)


def _close_pattern(text: str, known: Iterable[str]) -> str:
    """Help for a pattern of policies that matches none: the prefix that was meant, or what is spelled alike."""
    if any(name.startswith(text) for name in known):
        return f"a prefix is written with a star: `{text}*`"
    pack, colon, own = text.rpartition(":")
    of_pack = [name for name in known if name.rpartition(":")[0] == pack] if colon else known
    meant = did_you_mean(text, of_pack)
    if colon and not meant:  # NOTE: a short name spelled wrongly is little of what is compared, the pack's name much
        meant = did_you_mean(text, [name for name in known if name.rpartition(":")[2] == own] or known)
    return meant or "`polcheck list` shows the policies"


CONFIG_NAMES = ("polcheck.yaml", "pyproject.toml")
_MOST_BYTES = 64 * 1024 * 1024


def find_config(target: str) -> ConfigFile | None:
    """Return the nearest configuration at or above `target`, or the working directory where `target` is no folder.

    Raises ConfigError for one that can't be used, and where a folder has both polcheck.yaml and [tool.polcheck].
    """
    start = Path(os.path.realpath(target if is_folder(target) else "."))
    return next((result for folder in (start, *start.parents) if (result := read_config_in(str(folder)))), None)


def read_config_in(folder: str) -> ConfigFile | None:
    """Return the configuration in a folder, if there is one. Raises ConfigError as `find_config` does."""
    places = [str(Path(folder, name)) for name in CONFIG_NAMES]
    results = [read_config(path) for path in places if is_file(path)]
    own = [config_file for config_file in results if config_file is not None]
    if len(own) > 1:
        where = own[1].where(())
        raise ConfigError([Problem(f"{own[0].path} is the configuration, and so is the table at {where}")])
    return own[0] if own else None


def read_config(path: str, name: str = "") -> ConfigFile | None:
    """Return the configuration in the file at `path`; None for a pyproject.toml that says nothing of polcheck.

    Messages call it by its `name`, if it has one. Raises ConfigError when it can't be read or used.
    """
    source = read_own(path)
    if name:
        source = Source(name, source.data)
    if path.endswith(".toml") and b"polcheck" not in source.data:
        return None

    return read(source, str(Path(os.path.realpath(path)).parent), _schema())


def read_own(path: str, hint: str = "") -> Source:
    """Return a small file of the project, its path as `shown`. Raises ConfigError, with `hint`, when it can't be
    read.
    """
    try:
        data = read_bytes(path, _MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ConfigError([Problem(f"`{display_path(path)}` can't be read: {reason_of(error)}", help=hint)]) from error
    if len(data) > _MOST_BYTES:
        raise ConfigError([Problem(f"`{display_path(path)}` is too large: over {_MOST_BYTES} bytes")])
    return Source(display_path(path), data)


@lru_cache(maxsize=1)
def _schema() -> str:
    return read_text(data_folder() / "schemas" / "config.yaml")
