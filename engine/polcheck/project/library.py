"""polcheck as a library: check a project against packs, compile once and run many times."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from polcheck.base.errors import ConfigError, Problem, SubmissionError
from polcheck.base.today import today
from polcheck.findings.report import FAIL_ON, Report
from polcheck.formats.values import Json
from polcheck.packs.shipped import schemas
from polcheck.pipeline import Checker, Progress
from polcheck.policy.pack_files import PackFiles, Schemas, policy_names
from polcheck.policy.params import Settings
from polcheck.project.effective import CommandLineOptions, EffectiveConfig
from polcheck.project.packs import read_pack
from polcheck.project.waivers import Waivers
from polcheck.sources.submission import Base, Submission, of_files
from polcheck.sources.target import read_submission

if TYPE_CHECKING:
    from polcheck.policy.plan import CompiledPack

_REMEDY = "if it is yours, pass project=True"
PackLike = str | Path | PackFiles


def check(
    submission: Submission | Mapping[str, str | bytes] | str | Path,
    packs: PackLike | Iterable[PackLike],
    *,
    params: Mapping[str, Json] | None = None,
    select: str | Iterable[str] = (),
    ignore: str | Iterable[str] = (),
    fail_on: str | None = None,
    progress: Progress | None = None,
    project: bool = False,
    since: str | None = None,
    base: Submission | Mapping[str, str | bytes] | str | Path | None = None,
) -> Report:
    """Return the report on one submission. Prints nothing and keeps compiled packs for the next call.

    `submission` is a Submission, a mapping of paths to texts, or what the command line takes: a folder, an archive, a
    JSON bundle. `packs` are names or folders of packs. `params` are by name, or by pack and then name. `select` and
    `ignore` name policies, requirements or tags, all of which a pack has to have. `fail_on` is `error`, `warning`,
    `note` or `never`; `error` if nothing says which.

    `project` says that the submission is the caller's own: then a folder is checked as `polcheck run` does, by its
    polcheck.yaml, .gitignore, baseline and waivers, and comments waive in texts. Otherwise nothing in it changes which
    files are read, which policies apply or which findings count. Archives and bundles are always somebody else's.

    `since` compares a project in a git work tree with the merge base of that revision and HEAD, and accepts what was
    there already, as `polcheck run --since` does. `base` is another submission of any kind: policies about changes say
    what has changed since, and everything else is checked as without it.

    Raises ConfigError for a configuration or an argument that can't be used, PolicyError for packs that can't be used
    and SubmissionError for a submission, a base or a revision that can't be read.
    """
    check_fail_on(fail_on)
    files = open_packs(packs)
    if since is not None and (base is not None or not project or isinstance(submission, Submission | Mapping)):
        raise SubmissionError("`since` is of a folder of one's own (project=True), and goes without `base`")
    settings = Settings(params=params_by_pack(params or {}), select=listed(select), ignore=listed(ignore))
    if project and not isinstance(submission, Submission | Mapping):
        from polcheck.project.project import check_project

        then = submission_of(base) if base is not None else None
        return check_project(str(submission), files, settings, fail_on, progress, since, then)
    result = checker(files, settings)
    check_names(settings, files, result)
    accept = Waivers(EffectiveConfig(), today(), known_names(result.plan.packs), project=project, remedy=_REMEDY)
    checked = submission_of(submission)
    if base is not None:
        checked = replace(checked, base=Base(result.place(submission_of(base))))
    return result.check(checked, fail_on or "error", progress, accept)


def submission_of(submission: Submission | Mapping[str, str | bytes] | str | Path) -> Submission:
    """Return the submission that a caller means. Raises SubmissionError when it can't be read."""
    if isinstance(submission, Submission):
        return submission
    if isinstance(submission, Mapping):
        return of_files(submission)
    given: object = submission  # NOTE: whatever its type says
    if not isinstance(given, str | PathLike):
        kind = type(given).__name__
        raise SubmissionError(f"a project is a path or a mapping of paths to strings, not {kind}")
    return read_submission(submission)


def listed(names: str | Iterable[str]) -> tuple[str, ...]:
    """Return the names of policies that a caller gives, of which a single one needs no list."""
    return (names,) if isinstance(names, str) else tuple(names)


def check_names(settings: Settings, packs: Iterable[PackFiles], compiled: Checker) -> None:
    """Raises ConfigError that names everything in `settings` that no pack of the run has."""
    given = {name: getattr(settings, name) for name in ("params", "select", "ignore")}
    from polcheck.project.config import check_agreement

    options = CommandLineOptions(packs=tuple(pack.root for pack in packs), **given)
    check_agreement(EffectiveConfig(options), compiled.plan.packs)


def check_fail_on(severity: str | None) -> None:
    """Raises ConfigError unless it is a severity, `never`, or None for the default."""
    if severity not in (None, *FAIL_ON):
        raise ConfigError([Problem(f"`fail_on` can't be `{severity}`", help=f"one of {', '.join(FAIL_ON)}")])


def checker(packs: PackLike | Iterable[PackLike], settings: Settings | None = None, *, kept: bool = False) -> Checker:
    """Return the checker for these packs; equal packs and settings give the same one, compiled once.

    `kept`: compiled packs are kept on disk for other processes, and taken from there.
    Raises PolicyError that names every problem of every pack.
    """
    compiled = _compiled_or_kept if kept else _compiled
    settings = settings or Settings()
    if not settings.today:
        settings = replace(settings, today=today().isoformat())
    return compiled(_Packs(open_packs(packs)), _Frozen(settings))


def known_names(packs: Iterable[CompiledPack]) -> frozenset[str]:
    """Return the names (`id` and `pack:id`) of the packs' policies, whether they are selected or not."""
    return frozenset(name for pack in packs for id in pack.ids for name in policy_names(pack.name, id))


def open_packs(packs: PackLike | Iterable[PackLike]) -> tuple[PackFiles, ...]:
    """Return the files of the packs that a caller names. Raises PolicyError and PolcheckError as `read_pack` does."""
    many: Iterable[PackLike] = [packs] if isinstance(packs, str | Path | PackFiles) else packs
    return tuple(pack if isinstance(pack, PackFiles) else read_pack(pack) for pack in many)


@lru_cache(maxsize=1)
def _schemas() -> Schemas:
    return schemas()


class _Packs(tuple[PackFiles, ...]):
    """Packs that are equal when their roots and identities are."""

    def __hash__(self) -> int:
        return hash(self._key())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Packs) and self._key() == other._key()

    def _key(self) -> tuple[tuple[str, str], ...]:
        return tuple((pack.root, pack.identity) for pack in self)


class _Frozen:
    """Settings that are equal when their contents are."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        parts = {name: getattr(settings, name) for name in settings.__struct_fields__ if name != "blame"}
        self.key = json.dumps(parts, sort_keys=True, default=dict)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Frozen) and self.key == other.key


@lru_cache(maxsize=64)
def _compiled(packs: _Packs, settings: _Frozen) -> Checker:
    from polcheck.policy.pack import compile_packs

    return Checker(compile_packs(packs, settings.settings, _schemas()))


@lru_cache(maxsize=64)
def _compiled_or_kept(packs: _Packs, settings: _Frozen) -> Checker:
    """Return the checker as `_compiled` does, with plans from the cache where they are valid."""
    from polcheck.base import store
    from polcheck.project import plan_cache as kept

    key = store.key_of(
        settings.key, _schemas().text, *(f"{pack.root}\0{pack.source}\0{pack.identity}" for pack in packs)
    )
    plan = kept.load_plan(key)
    if plan is not None:
        return Checker(plan)
    result = _compiled(packs, settings)
    kept.store_plan(key, result.plan)
    return result


def params_by_pack(params: Mapping[str, Json]) -> dict[str, Mapping[str, Json]]:
    """Return parameters by pack; those that name no pack stand under the empty name."""
    loose = {name: value for name, value in params.items() if not isinstance(value, Mapping)}
    named = {name: value for name, value in params.items() if isinstance(value, Mapping)}
    return {"": loose, **named}
