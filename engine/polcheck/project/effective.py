"""The effective configuration: the command line before the file, the file before profiles, profiles before packs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from polcheck.base.errors import Problem
from polcheck.base.today import today
from polcheck.formats.values import Json, Pointer
from polcheck.policy.pack_files import unrooted
from polcheck.policy.params import Key, Settings
from polcheck.policy.plan import CompiledPack

if TYPE_CHECKING:
    from datetime import date

    from polcheck.project.model import ConfigFile, Override, PackEntry, Waiver


class CommandLineOptions(Struct, frozen=True):
    """The settings of the command line; None or empty where unset. `params` are by pack, those of every pack under
    ``.

    `baseline` is empty for none at all. `jobs` are processes to search with, 0 being one a core; `cache` is whether
    what can be made again is kept between runs. `locked` forbids to change polcheck.lock; without `fetch`, packs that
    aren't stored can't be had. Keys and waivers expire by
    `today`, else by the day that it is. Paths here begin at the working directory.
    """

    packs: tuple[str, ...] = ()
    params: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    profiles: Mapping[str, str] = field(default_factory=dict)
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    fail_on: str | None = None
    allow_empty: bool | None = None
    gitignore: bool | None = None
    tracked: bool | None = None
    baseline: str | None = None
    jobs: int = 0
    cache: bool = True
    locked: bool = False
    fetch: bool = True
    today: date | None = None


class EffectiveConfig(Struct, frozen=True):
    """The settings in force: those of the command line and of the file (if there is one) together."""

    options: CommandLineOptions = field(default_factory=CommandLineOptions)
    config_file: ConfigFile | None = None

    @property
    def packs(self) -> tuple[PackEntry, ...]:
        """The packs to judge by: those of the command line, else those of the file."""
        if self.options.packs:
            from polcheck.project.model import PackEntry

            return tuple(PackEntry(text) for text in self.options.packs)
        return self.config_file.packs if self.config_file else ()

    @property
    def today(self) -> date:
        """The day of the run: that of the command line, else the one that it is."""
        return self.options.today or today()

    @property
    def own_packs(self) -> bool:
        """Whether the packs are those of the file, so that it has to agree with them."""
        return not self.options.packs

    @property
    def asks_by_name(self) -> bool:
        """Whether anything names packs, policies, requirements or tags that may not be there."""
        options = self.options
        return self.config_file is not None or bool(
            options.select or options.ignore or options.params or options.profiles
        )

    @property
    def fail_on(self) -> str:
        """The least severity that fails the run."""
        return self.options.fail_on or (self.config_file.fail_on if self.config_file else "") or "error"

    @property
    def allow_empty(self) -> bool:
        """Whether a project that no policy applies to passes."""
        return _first(self.options.allow_empty, self.config_file.allow_empty if self.config_file else None, False)

    @property
    def baseline(self) -> str:
        """The file of findings that were there already; empty for none."""
        if self.options.baseline is not None:
            return self.options.baseline
        return self.config_file.baseline if self.config_file else ""

    @property
    def gitignore(self) -> bool:
        """Whether files that .gitignore leaves out are left out."""
        return _first(self.options.gitignore, self.config_file.gitignore if self.config_file else None, True)

    @property
    def tracked(self) -> bool:
        """Whether only files that git tracks are judged."""
        return _first(self.options.tracked, self.config_file.tracked if self.config_file else None, False)

    @property
    def limits(self) -> Mapping[str, int | float]:
        """The limits that the file sets, by name."""
        return self.config_file.limits if self.config_file else {}

    @property
    def overrides(self) -> tuple[Override, ...]:
        """The overrides for some of the files."""
        return self.config_file.overrides if self.config_file else ()

    @property
    def waivers(self) -> tuple[Waiver, ...]:
        """The accepted findings that the file names."""
        return self.config_file.waivers if self.config_file else ()

    def settings(self, names: Sequence[str]) -> Settings:
        """Return the settings from outside the packs; `names` are those of `packs`, in their order.

        NOTE: `--select` takes the place of everything that the file selects and ignores, so that one policy can be
        tried whatever the file says; `--ignore` adds to it.
        """
        file, options = self.config_file, self.options
        entries = list(zip(names, self.packs, strict=True))
        narrow = file is not None and not options.select
        return Settings(
            params=options.params,
            base_params=_params(file, entries),
            severities=file.severities if file else {},
            profiles=options.profiles,
            base_profiles=_profiles(file, entries),
            select=options.select or (file.select if file and narrow else ()),
            ignore=(*(file.ignore if file and narrow else ()), *options.ignore),
            selected={name: entry.select for name, entry in entries if entry.select and narrow},
            ignored={name: entry.ignore for name, entry in entries if entry.ignore and narrow},
            today=self.today.isoformat(),
            blame=self.blame(names),
        )

    def blame(self, names: Sequence[str]) -> _Blame:
        """Return a function that places a problem with a setting where it is set."""
        return _Blame(self, tuple(names))

    def origin(self, key: Key, names: Sequence[str]) -> Pointer | str:
        """Return where a pack's setting is set: a pointer in the file, or an option; empty when it isn't.

        `key` is `("params", pack, name)` or `("profiles", pack)`.
        """
        kind, pack = key[0], key[1]
        own_options: Mapping[str, object] = self.options.profiles
        if kind == "params":
            own_options = {**self.options.params.get(unrooted(pack), {}), **self.options.params.get(pack, {})}
        loose: Mapping[str, object] = {} if kind == "profiles" else self.options.params.get("", {})
        given = {key[-1], "", unrooted(key[-1])} if kind == "profiles" else {key[-1]}
        if given & {*own_options, *loose}:
            return "--profile" if kind == "profiles" else "--param"
        return next(self._pointers(key, names), "")

    def _pointers(self, key: Key, names: Sequence[str]) -> Iterator[Pointer]:
        """Yield the pointers in the file that set `key`, the strongest first."""
        kind, pack, name = key[0], key[1], key[-1]
        for own, entry in zip(names, self.packs, strict=True):
            if own == pack and kind == "profiles" and entry.profile:
                yield (*entry.at, "profile")
            if own == pack and kind == "params" and name in entry.params:
                yield (*entry.at, "params", name)
        if self.config_file is None:
            return
        for own in dict.fromkeys((pack, unrooted(pack))):
            if kind == "profiles" and own in self.config_file.profiles:
                yield (kind, own)
            if kind == "params" and name in self.config_file.params.get(own, {}):
                yield (kind, own, name)


class _Blame(Struct, frozen=True):
    """Makes problems of settings. INVARIANT: a function with a value, so that Settings can be compared."""

    effective: EffectiveConfig
    names: tuple[str, ...]

    def __call__(self, key: Key, message: str, help: str = "") -> Problem:
        origin = self.effective.origin(key, self.names)
        if isinstance(origin, str) or self.effective.config_file is None:
            return Problem(message, str(origin), help=help)
        return self.effective.config_file.problem(origin, message, help)


def _params(file: ConfigFile | None, entries: Sequence[tuple[str, PackEntry]]) -> dict[str, dict[str, Json]]:
    results = {pack: dict(params) for pack, params in file.params.items()} if file else {}
    for name, entry in entries:
        if entry.params:
            results[name] = {**results.get(name, {}), **entry.params}
    return results


def _profiles(file: ConfigFile | None, entries: Sequence[tuple[str, PackEntry]]) -> dict[str, str]:
    return {**(file.profiles if file else {}), **{name: entry.profile for name, entry in entries if entry.profile}}


def _first(option: bool | None, in_file: bool | None, default: bool) -> bool:
    if option is not None:
        return option
    return default if in_file is None else in_file


_DEFAULT = "default"


class Value(Struct, frozen=True):
    """One value in force: its key, and where it comes from: `file:line`, an option, a profile, a pack, or `default`."""

    key: str
    value: Json
    source: str


def listing(effective: EffectiveConfig, settings: Settings, packs: Sequence[CompiledPack]) -> list[Value]:
    """Return every value in force, in the order of polcheck.yaml's keys; of packs also what profiles and defaults
    set.
    """
    return [
        *_packs(effective),
        *(value for pack in packs for value in _of_pack(effective, settings, packs, pack)),
        *_severities(effective),
        *_chosen(effective),
        *_entries(effective),
        *_single(effective),
        *(
            Value(f"limits.{name}", value, _where(effective, ("limits", name)))
            for name, value in effective.limits.items()
        ),
    ]


def _packs(effective: EffectiveConfig) -> Iterator[Value]:
    for entry in effective.packs:
        about = f"{entry.source}, rooted at {entry.root}" if entry.root else entry.source
        yield Value("packs", about, _where(effective, entry.at) or "--pack")


def _of_pack(
    effective: EffectiveConfig, settings: Settings, packs: Sequence[CompiledPack], pack: CompiledPack
) -> Iterator[Value]:
    """Yield the pack's profile, every parameter of it, and the severities that the profile sets."""
    names = [own.name for own in packs]
    chosen = settings.profile_of(pack.name, pack.profiles)
    profile = pack.default_profile if chosen is None else chosen
    content: Any = pack.profiles.get(profile) if profile else None
    profiled: Mapping[str, Any] = content or {}
    if profile:
        origin = effective.origin(("profiles", pack.name), names)
        yield Value(f"profiles.{pack.name}", profile, _said(effective, origin) or f"pack {pack.name}")
    for name, value in pack.params.items():
        origin = effective.origin(("params", pack.name, name), names)
        source = _said(effective, origin) or (
            f"profile {profile}" if name in profiled.get("params", {}) else f"pack {pack.name}"
        )
        yield Value(f"params.{pack.name}.{name}", value, source)
    severities = effective.config_file.severities if effective.config_file else {}
    # NOTE: what a default profile leaves out is no setting of anybody's; `polcheck list` shows what is in effect
    for name, severity in profiled.get("severities", {}).items() if chosen else ():
        own = (name, f"{pack.name}:{name}", f"{unrooted(pack.name)}:{name}")
        if not any(each in severities for each in own):
            yield Value(f"severities.{pack.name}:{name}", severity, f"profile {profile}")


def _severities(effective: EffectiveConfig) -> Iterator[Value]:
    for name, severity in effective.config_file.severities.items() if effective.config_file else ():
        yield Value(f"severities.{name}", severity, _where(effective, ("severities", name)))


def _chosen(effective: EffectiveConfig) -> Iterator[Value]:
    """Yield the values of `select`, `ignore` and `exclude`."""
    config_file, options = effective.config_file, effective.options
    for key, option in (("select", options.select), ("ignore", options.ignore), ("exclude", options.exclude)):
        own: tuple[str, ...] = getattr(config_file, key) if config_file else ()
        if not (options.select and key != "exclude"):
            for index, text in enumerate(own):
                yield Value(key, text, _where(effective, (key, index)))
        for text in option:
            yield Value(key, text, f"--{key}")


def _entries(effective: EffectiveConfig) -> Iterator[Value]:
    """Overrides and waivers."""
    for override in effective.overrides:
        value: dict[str, Json] = {"files": [*override.files.texts], "ignore": [*override.ignore]}
        value |= {"severities": dict(override.severities), "reason": override.reason}
        yield Value("overrides", _without_empty(value), _where(effective, override.at))
    for waiver in effective.waivers:
        value = {"policy": waiver.policy, "files": [*waiver.files.texts] if waiver.files else []}
        value |= {"reason": waiver.reason, "owner": waiver.owner, "expires": waiver.expires}
        yield Value("waivers", _without_empty(value), _where(effective, waiver.at))


def _without_empty(value: Mapping[str, Json]) -> dict[str, Json]:
    return {key: entry for key, entry in value.items() if entry}


def _single(effective: EffectiveConfig) -> Iterator[Value]:
    """Yield the values of which there is one."""
    config_file, options = effective.config_file, effective.options
    values: Iterable[tuple[str, Json, bool, object]] = (
        ("fail-on", effective.fail_on, options.fail_on is not None, config_file and config_file.fail_on),
        (
            "allow-empty",
            effective.allow_empty,
            options.allow_empty is not None,
            config_file and config_file.allow_empty is not None,
        ),
        ("baseline", effective.baseline or None, options.baseline is not None, config_file and config_file.baseline),
        (
            "gitignore",
            effective.gitignore,
            options.gitignore is not None,
            config_file and config_file.gitignore is not None,
        ),
        ("tracked", effective.tracked, options.tracked is not None, config_file and config_file.tracked is not None),
    )
    for key, value, is_given, is_written in values:
        option = "--no-gitignore" if key == "gitignore" else f"--{key}"
        yield Value(key, value, option if is_given else _where(effective, (key,)) if is_written else _DEFAULT)


def _said(effective: EffectiveConfig, origin: Pointer | str) -> str:
    return origin if isinstance(origin, str) else _where(effective, origin)


def _where(effective: EffectiveConfig, at: Pointer) -> str:
    return effective.config_file.where(at) if effective.config_file and at else ""
