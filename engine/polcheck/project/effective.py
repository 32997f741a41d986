"""The configuration in force: the command line before the file, the file before profiles, profiles before packs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from polcheck.base.errors import Problem
from polcheck.formats.values import Json, Pointer
from polcheck.policy.params import Key, Settings
from polcheck.policy.plan import CompiledPack

if TYPE_CHECKING:
    from datetime import date

    from polcheck.project.model import ConfigFile, Override, PackEntry, Waiver


class CommandLineOptions(Struct, frozen=True):
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


class EffectiveConfig(Struct, frozen=True):
    """What the command line and the file (if there is one) say together."""

    given: CommandLineOptions = field(default_factory=CommandLineOptions)
    written: ConfigFile | None = None

    @property
    def packs(self) -> tuple[PackEntry, ...]:
        """The packs to judge by: those of the command line, else those of the file."""
        if self.given.packs:
            from polcheck.project.model import PackEntry

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


class _Blame(Struct, frozen=True):
    """Makes problems of settings. INVARIANT: a function with a value, so that Settings can be compared."""

    inforce: EffectiveConfig
    names: tuple[str, ...]

    def __call__(self, key: Key, message: str, help: str = "") -> Problem:
        origin = self.inforce.origin(key, self.names)
        if isinstance(origin, str) or self.inforce.written is None:
            return Problem(message, str(origin), help=help)
        return self.inforce.written.problem(origin, message, help)


def _params(file: ConfigFile | None, entries: Sequence[tuple[str, PackEntry]]) -> dict[str, dict[str, Json]]:
    found = {pack: dict(params) for pack, params in file.params.items()} if file else {}
    for name, entry in entries:
        if entry.params:
            found[name] = {**found.get(name, {}), **entry.params}
    return found


def _profiles(file: ConfigFile | None, entries: Sequence[tuple[str, PackEntry]]) -> dict[str, str]:
    return {**(file.profiles if file else {}), **{name: entry.profile for name, entry in entries if entry.profile}}


def _first(given: bool | None, written: bool | None, default: bool) -> bool:
    if given is not None:
        return given
    return default if written is None else written


_DEFAULT = "default"


class Value(Struct, frozen=True):
    """One value in force: its key, and where it comes from: `file:line`, an option, a profile, a pack, or `default`."""

    key: str
    value: Json
    source: str


def listing(inforce: EffectiveConfig, settings: Settings, packs: Sequence[CompiledPack]) -> list[Value]:
    """Every value in force, in the order of polcheck.yaml's keys; of packs also what profiles and defaults set."""
    return [
        *_packs(inforce),
        *(value for pack in packs for value in _of_pack(inforce, settings, packs, pack)),
        *_severities(inforce),
        *_chosen(inforce),
        *_entries(inforce),
        *_single(inforce),
        *(Value(f"limits.{name}", value, _where(inforce, ("limits", name))) for name, value in inforce.limits.items()),
    ]


def _packs(inforce: EffectiveConfig) -> Iterator[Value]:
    for entry in inforce.packs:
        yield Value("packs", entry.source, _where(inforce, entry.at) or "--pack")


def _of_pack(
    inforce: EffectiveConfig, settings: Settings, packs: Sequence[CompiledPack], pack: CompiledPack
) -> Iterator[Value]:
    """The pack's profile, every parameter of it, and the severities that the profile sets."""
    names = [own.name for own in packs]
    profile = settings.profile_of(pack.name, pack.profiles)
    content: Any = pack.profiles.get(profile) if profile else None
    profiled: Mapping[str, Any] = content or {}
    if profile:
        origin = inforce.origin(("profiles", pack.name), names)
        yield Value(f"profiles.{pack.name}", profile, _said(inforce, origin))
    for name, value in pack.params.items():
        origin = inforce.origin(("params", pack.name, name), names)
        source = _said(inforce, origin) or (
            f"profile {profile}" if name in profiled.get("params", {}) else f"pack {pack.name}"
        )
        yield Value(f"params.{pack.name}.{name}", value, source)
    written = inforce.written.severities if inforce.written else {}
    for name, severity in profiled.get("severities", {}).items():
        if name not in written and f"{pack.name}:{name}" not in written:
            yield Value(f"severities.{pack.name}:{name}", severity, f"profile {profile}")


def _severities(inforce: EffectiveConfig) -> Iterator[Value]:
    for name, severity in inforce.written.severities.items() if inforce.written else ():
        yield Value(f"severities.{name}", severity, _where(inforce, ("severities", name)))


def _chosen(inforce: EffectiveConfig) -> Iterator[Value]:
    """What is selected, ignored and excluded."""
    written, given = inforce.written, inforce.given
    for key, option in (("select", given.select), ("ignore", given.ignore), ("exclude", given.exclude)):
        own: tuple[str, ...] = getattr(written, key) if written else ()
        if not (given.select and key != "exclude"):
            for index, text in enumerate(own):
                yield Value(key, text, _where(inforce, (key, index)))
        for text in option:
            yield Value(key, text, f"--{key}")


def _entries(inforce: EffectiveConfig) -> Iterator[Value]:
    """Overrides and waivers."""
    for override in inforce.overrides:
        value: dict[str, Json] = {"files": [*override.files.texts], "ignore": [*override.ignore]}
        value |= {"severities": dict(override.severities), "reason": override.reason}
        yield Value("overrides", _without_empty(value), _where(inforce, override.at))
    for waiver in inforce.waivers:
        value = {"policy": waiver.policy, "files": [*waiver.files.texts] if waiver.files else []}
        value |= {"reason": waiver.reason, "owner": waiver.owner, "expires": waiver.expires}
        yield Value("waivers", _without_empty(value), _where(inforce, waiver.at))


def _without_empty(value: Mapping[str, Json]) -> dict[str, Json]:
    return {key: entry for key, entry in value.items() if entry}


def _single(inforce: EffectiveConfig) -> Iterator[Value]:
    """The values of which there is one."""
    written, given = inforce.written, inforce.given
    values: Iterable[tuple[str, Json, bool, object]] = (
        ("fail-on", inforce.fail_on, given.fail_on is not None, written and written.fail_on),
        ("baseline", inforce.baseline or None, given.baseline is not None, written and written.baseline),
        ("gitignore", inforce.gitignore, given.gitignore is not None, written and written.gitignore is not None),
        ("tracked", inforce.tracked, given.tracked is not None, written and written.tracked is not None),
    )
    for key, value, is_given, is_written in values:
        option = "--no-gitignore" if key == "gitignore" else f"--{key}"
        yield Value(key, value, option if is_given else _where(inforce, (key,)) if is_written else _DEFAULT)


def _said(inforce: EffectiveConfig, origin: Pointer | str) -> str:
    return origin if isinstance(origin, str) else _where(inforce, origin)


def _where(inforce: EffectiveConfig, at: Pointer) -> str:
    return inforce.written.where(at) if inforce.written and at else ""
