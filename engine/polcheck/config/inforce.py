"""The configuration in force: the command line before the file, the file before profiles, profiles before packs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from polcheck.documents.config import Json, Pointer
from polcheck.errors import Problem
from polcheck.policy.params import Key, Settings
from polcheck.records import record

if TYPE_CHECKING:
    from datetime import date

    from polcheck.config.written import Override, PackEntry, Waiver, Written


@record(frozen=True)
class Given:
    """What the command line sets; None or empty where it doesn't. `params` are by pack, those of every pack under ``.

    `baseline` is empty for none at all. `jobs` are processes to search with, 0 being one a core; `cache` is whether
    what can be made again is kept between runs. `locked` forbids to change polcheck.lock. Keys expire by `today`, else
    by the day that it is. Paths here begin at the working directory.
    """

    packs: tuple[str, ...] = ()
    params: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    profiles: Mapping[str, str] = field(default_factory=dict)
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    fail_on: str | None = None
    gitignore: bool | None = None
    tracked: bool | None = None
    baseline: str | None = None
    jobs: int = 0
    cache: bool = True
    locked: bool = False
    today: date | None = None


@record(frozen=True)
class InForce:
    """What the command line and the file (if there is one) say together."""

    given: Given = field(default_factory=Given)
    written: Written | None = None

    @property
    def packs(self) -> tuple[PackEntry, ...]:
        """The packs to judge by: those of the command line, else those of the file."""
        if self.given.packs:
            from polcheck.config.written import PackEntry

            return tuple(PackEntry(text) for text in self.given.packs)
        return self.written.packs if self.written else ()

    @property
    def own_packs(self) -> bool:
        """Whether the packs are those of the file, so that it has to agree with them."""
        return not self.given.packs

    @property
    def asks_by_name(self) -> bool:
        """Whether anything names packs, policies, requirements or tags that may not be there."""
        given = self.given
        return self.written is not None or bool(given.select or given.ignore or given.params or given.profiles)

    @property
    def fail_on(self) -> str:
        """The least severity that fails the run."""
        return self.given.fail_on or (self.written.fail_on if self.written else "") or "error"

    @property
    def baseline(self) -> str:
        """The file of findings that were there already; empty for none."""
        if self.given.baseline is not None:
            return self.given.baseline
        return self.written.baseline if self.written else ""

    @property
    def gitignore(self) -> bool:
        """Whether files that .gitignore leaves out are left out."""
        return _first(self.given.gitignore, self.written.gitignore if self.written else None, True)

    @property
    def tracked(self) -> bool:
        """Whether only files that git tracks are judged."""
        return _first(self.given.tracked, self.written.tracked if self.written else None, False)

    @property
    def limits(self) -> Mapping[str, int | float]:
        """The limits that the file sets, by name."""
        return self.written.limits if self.written else {}

    @property
    def overrides(self) -> tuple[Override, ...]:
        """What is different for some files."""
        return self.written.overrides if self.written else ()

    @property
    def waivers(self) -> tuple[Waiver, ...]:
        """The accepted findings that the file names."""
        return self.written.waivers if self.written else ()

    def settings(self, names: Sequence[str]) -> Settings:
        """What is set from outside the packs; `names` are those of `packs`, in their order.

        NOTE: `--select` takes the place of everything that the file selects and ignores, so that one policy can be
        tried whatever the file says; `--ignore` adds to it.
        """
        file, given = self.written, self.given
        entries = list(zip(names, self.packs, strict=True))
        narrow = file is not None and not given.select
        return Settings(
            params=given.params,
            base_params=_params(file, entries),
            severities=file.severities if file else {},
            profiles={**_profiles(file, entries), **given.profiles},
            select=given.select or (file.select if file and narrow else ()),
            ignore=(*(file.ignore if file and narrow else ()), *given.ignore),
            selected={name: entry.select for name, entry in entries if entry.select and narrow},
            ignored={name: entry.ignore for name, entry in entries if entry.ignore and narrow},
            blame=self.blame(names),
        )

    def blame(self, names: Sequence[str]) -> _Blame:
        """What makes a problem of a setting that a pack can't take, placed where it is set."""
        return _Blame(self, tuple(names))

    def origin(self, key: Key, names: Sequence[str]) -> Pointer | str:
        """Where a setting of a pack comes from: a pointer in the file, or an option; empty when it isn't set.

        `key` is `("params", pack, name)` or `("profiles", pack)`.
        """
        kind, pack = key[0], key[1]
        options: Mapping[str, object] = self.given.profiles if kind == "profiles" else self.given.params.get(pack, {})
        loose: Mapping[str, object] = {} if kind == "profiles" else self.given.params.get("", {})
        if key[-1] in options or key[-1] in loose or (kind == "profiles" and "" in options):
            return "--profile" if kind == "profiles" else "--param"
        return next(self._pointers(key, names), "")

    def _pointers(self, key: Key, names: Sequence[str]) -> Iterator[Pointer]:
        """The pointers in the file that set `key`, the strongest first."""
        kind, pack, name = key[0], key[1], key[-1]
        for own, entry in zip(names, self.packs, strict=True):
            if own == pack and kind == "profiles" and entry.profile:
                yield (*entry.at, "profile")
            if own == pack and kind == "params" and name in entry.params:
                yield (*entry.at, "params", name)
        table: Mapping[str, object] = {}
        if self.written is not None:
            table = self.written.profiles if kind == "profiles" else self.written.params.get(pack, {})
        if name in table:
            yield key


@record(frozen=True)
class _Blame:
    """Makes problems of settings. INVARIANT: a function with a value, so that Settings can be compared."""

    inforce: InForce
    names: tuple[str, ...]

    def __call__(self, key: Key, message: str, help: str = "") -> Problem:
        origin = self.inforce.origin(key, self.names)
        if isinstance(origin, str) or self.inforce.written is None:
            return Problem(message, str(origin), help=help)
        return self.inforce.written.problem(origin, message, help)


def _params(file: Written | None, entries: Sequence[tuple[str, PackEntry]]) -> dict[str, dict[str, Json]]:
    found = {pack: dict(params) for pack, params in file.params.items()} if file else {}
    for name, entry in entries:
        if entry.params:
            found[name] = {**found.get(name, {}), **entry.params}
    return found


def _profiles(file: Written | None, entries: Sequence[tuple[str, PackEntry]]) -> dict[str, str]:
    return {**(file.profiles if file else {}), **{name: entry.profile for name, entry in entries if entry.profile}}


def _first(given: bool | None, written: bool | None, default: bool) -> bool:
    if given is not None:
        return given
    return default if written is None else written
