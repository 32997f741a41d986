"""Parameters, severities and selections of a run, and the effective parameters of a pack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.errors import Problem
from polcheck.base.similar_names import did_you_mean, one_of
from polcheck.formats.values import Json, kind_of
from polcheck.policy.pack_files import unrooted
from polcheck.policy.plan import CompiledPack, CompiledPolicy

if TYPE_CHECKING:  # NOTE: a run whose packs are compiled already needs neither
    from polcheck.policy.origin import SourceMap

_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "list": list,
}


Key = tuple[str, ...]  # of a setting: `("params", pack, name)`, `("profiles", pack)`


class PolicyHead(Struct, frozen=True):
    """What says of a policy whether it is in a run: its names and its severity."""

    pack: str
    id: str
    severity: str
    requirement: str
    tags: tuple[str, ...]

    @property
    def ref(self) -> str:
        """The name that is unique in a run: `pack:id`."""
        return f"{self.pack}:{self.id}"


_Policy = TypeVar("_Policy", CompiledPolicy, PolicyHead)


def _unplaced(_: Key, message: str, help: str = "") -> Problem:
    return Problem(message, help=help)


class Settings(Struct, frozen=True):
    """Settings of a run that come from outside its packs.

    `params` are by pack, then name; those under `` apply to every pack that has them, and texts among them are read
    by the parameter's type. `base_params`, by pack, hold where `params` say nothing. `severities` are by
    `pack:policy`, `policy` or requirement. `profiles` are by pack; that under `` applies to every pack that has it,
    and `base_profiles` hold where neither says anything. An empty profile is the pack as it is written, without its
    default profile.
    `selected` and `ignored` are `select` and `ignore` for one pack each. `today` is the day of the run (YYYY-MM-DD),
    this one where it is empty. `blame` makes a problem of a setting.
    """

    params: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    severities: Mapping[str, str] = field(default_factory=dict)
    profiles: Mapping[str, str] = field(default_factory=dict)
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    base_params: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    base_profiles: Mapping[str, str] = field(default_factory=dict)
    selected: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ignored: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    today: str = ""
    blame: Callable[[Key, str, str], Problem] = _unplaced

    def for_pack(self, name: str) -> dict[str, Json]:
        """Return the parameters set for one pack; those set for its folder win over those of the pack elsewhere."""
        names = dict.fromkeys((unrooted(name), name))
        layers = [self.base_params.get(each, {}) for each in names]
        layers += [self.params.get(each, {}) for each in ("", *names)]
        return {param: value for layer in layers for param, value in layer.items()}

    def profile_of(self, name: str, profiles: Iterable[str]) -> str | None:
        """Return the profile that is chosen for a pack which has these; None for none, so that its default profile is
        in force.
        """
        loose = self.profiles.get("")
        names = (name, unrooted(name))
        own = next((self.profiles[each] for each in names if each in self.profiles), None)
        if own is None and loose is not None and (not loose or loose in profiles):
            return loose
        if own is not None:
            return own
        return next((self.base_profiles[each] for each in names if each in self.base_profiles), None)

    def default_profile(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the default profile of the pack with this pack.yaml where it is in force: nothing chooses another."""
        profiles: Mapping[str, Mapping[str, Any]] = document.get("profiles", {})
        if self.profile_of(document["name"], profiles) is not None:
            return {}
        return profiles.get(document.get("default_profile", ""), {})

    def chosen(self, policies: Sequence[_Policy], profile: Mapping[str, str]) -> tuple[_Policy, ...]:
        """Return the policies that are chosen, with the severities in force; `profile` are those of the profile that
        is chosen for the pack.
        """
        results: list[_Policy] = []
        for policy in policies:
            if not self._chooses(policy):
                continue
            severity = severity_in(self.severities, policy) or severity_in(profile, policy) or policy.severity
            if severity == "off":
                continue
            results.append(replace(policy, severity=severity))
        return tuple(results)

    def asks_for(self, policy: CompiledPolicy | PolicyHead) -> bool:
        """Return whether `select` names the policy, and not its pack alone."""
        return any(asks_for(policy, text) for text in (*self.select, *self.selected.get(policy.pack, ())))

    def _chooses(self, policy: CompiledPolicy | PolicyHead) -> bool:
        for select in (self.select, self.selected.get(policy.pack, ())):
            if select and not any(matches(policy, text) for text in select):
                return False
        return not any(matches(policy, text) for text in (*self.ignore, *self.ignored.get(policy.pack, ())))

    def unknown(self, packs: Iterable[CompiledPack]) -> list[Problem]:
        """Parameters and profiles that no pack of the run has."""
        packs = list(packs)
        known = {name for pack in packs for name in pack.params}
        problems: list[Problem] = []
        for name in self.params.get("", {}):
            if name not in known:
                help = did_you_mean(name, known, one_of(known) or "they have none")
                problems.append(self.blame(("params", "", name), f"no pack has a parameter `{name}`", help))
        loose = self.profiles.get("")
        profiles = sorted({profile for pack in packs for profile in pack.profiles})
        if loose and loose not in profiles:
            help = did_you_mean(loose, profiles, one_of(profiles) or "they have none")
            problems.append(self.blame(("profiles", ""), f"no pack has a profile `{loose}`", help))
        return problems


# settings for those who write packs: every policy counts, whatever the default profile leaves out
AS_WRITTEN = Settings(profiles={"": ""})


def matches(policy: CompiledPolicy | PolicyHead, text: str) -> bool:
    """Return whether `text` names the policy: its id, `pack:id`, its pack, a requirement or a tag; `*` and `?` are
    wild.
    """
    return any(fnmatchcase(name, text) for name in names_of(policy))


def asks_for(policy: CompiledPolicy | PolicyHead, text: str) -> bool:
    """Return whether `text` names the policy, as `matches` does, but not by the name of its pack."""
    return any(fnmatchcase(name, text) for name in (*_names(policy), *policy.tags))


def names_of(policy: CompiledPolicy | PolicyHead) -> tuple[str, ...]:
    """Return all names of a policy: `pack:id`, its id, its requirement in both spellings, its pack, its tags.

    A policy about one folder has those with the folder, and those without.
    """
    return (*_names(policy), *dict.fromkeys((policy.pack, unrooted(policy.pack))), *policy.tags)


def severity_in(severities: Mapping[str, str], policy: CompiledPolicy | PolicyHead) -> str:
    """Return a table's severity for a policy, its own name before its requirement's; empty for none."""
    return next((severities[name] for name in _names(policy) if name in severities), "")


def _names(policy: CompiledPolicy | PolicyHead) -> tuple[str, ...]:
    packs = tuple(dict.fromkeys((policy.pack, unrooted(policy.pack))))
    names = (*(f"{pack}:{policy.id}" for pack in packs), policy.id)
    if not policy.requirement:
        return names
    return (*names, *(f"{pack}:{policy.requirement}" for pack in packs), policy.requirement)


def in_force(head: SourceMap, document: Mapping[str, Any], settings: Settings) -> dict[str, Json]:
    """Return the value of each parameter of a pack; what is wrong with one is noted at pack.yaml or the setting."""
    declared: Mapping[str, Mapping[str, Any]] = document.get("params", {})
    name = document["name"]
    names = (name, unrooted(name))
    values: dict[str, Json] = {}
    for param, shape in declared.items():
        values[param] = shape["default"]
        fault = shape["default"] is not None and fault_of(shape, shape["default"])
        if fault:
            head.error(("params", param, "default"), f"the default of `{param}` {fault}")
    values |= _profile(head, document, settings)
    for param, value in settings.for_pack(name).items():
        key = ("params", name, param)
        if param in declared:
            read = _converted(declared[param]["type"], value) if isinstance(value, str) else value
            values[param] = read
            fault = fault_of(declared[param], read)
            if fault:
                head.problems.add(settings.blame(key, f"the parameter `{param}` {fault}", ""))
        elif any(param in table.get(own, {}) for table in (settings.params, settings.base_params) for own in names):
            message = f"the pack `{name}` has no parameter `{param}`"
            help = did_you_mean(param, declared, one_of(declared) or "it has none")
            head.problems.add(settings.blame(key, message, help))
    return values


def _profile(head: SourceMap, document: Mapping[str, Any], settings: Settings) -> dict[str, Json]:
    """Return the parameters that the pack's chosen profile sets."""
    profiles: Mapping[str, Mapping[str, Any]] = document.get("profiles", {})
    pack = document["name"]
    name = settings.profile_of(pack, profiles)
    if name and name not in profiles:
        message = f"the pack `{pack}` has no profile `{name}`"
        help = did_you_mean(name, profiles, one_of(profiles) or "it has none")
        head.problems.add(settings.blame(("profiles", pack), message, help))
    return dict(profiles.get(name or "", {}).get("params", {}))


def _converted(kind: str, text: str) -> Json:
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if kind == "list":
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind in ("integer", "number"):
        try:
            return int(text)
        except ValueError:
            pass
    if kind == "number":
        try:
            return float(text)
        except ValueError:
            pass
    return text


def fault_of(shape: Mapping[str, Any], value: Json) -> str:
    """Return what is wrong with a parameter's value by its declaration; empty when nothing is."""
    kind = shape["type"]
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return f"is of type {kind}, not {kind_of(value)}"
    if "allowed" in shape and value not in shape["allowed"]:
        allowed = ", ".join(f"`{entry}`" for entry in shape["allowed"])
        return f"can't be `{value}`: one of {allowed}"
    return ""
