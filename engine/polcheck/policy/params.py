"""Parameters, severities and choices of a run, and the parameter values that a pack ends up with."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from polcheck.documents.config import Json
from polcheck.errors import Problem
from polcheck.policy import plan
from polcheck.policy.origin import Origin
from polcheck.policy.schema import kind_of

_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "list": list,
}


@dataclass(frozen=True)
class Settings:
    """What a run sets from outside its packs.

    `params` are by pack, then name; those under `` apply to every pack that has them, and texts among them are read
    by the parameter's type. `severities` are by `pack:policy`, `policy` or requirement. `profiles` by pack.
    """

    params: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    severities: Mapping[str, str] = field(default_factory=dict)
    profiles: Mapping[str, str] = field(default_factory=dict)
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def for_pack(self, name: str) -> dict[str, Json]:
        """The parameters set for one pack."""
        return {**self.params.get("", {}), **self.params.get(name, {})}

    def chosen(
        self, policies: Sequence[plan.CompiledPolicy], profile: Mapping[str, str]
    ) -> tuple[plan.CompiledPolicy, ...]:
        """The policies that are chosen, with the severities in force; `profile` are those of the pack's profile."""
        severities = {**profile, **self.severities}
        found: list[plan.CompiledPolicy] = []
        for policy in policies:
            if self.select and not any(matches(policy, text) for text in self.select):
                continue
            if any(matches(policy, text) for text in self.ignore):
                continue
            severity = next((severities[name] for name in _names(policy) if name in severities), None)
            if severity == "off":
                continue
            found.append(replace(policy, severity=severity) if severity else policy)
        return tuple(found)

    def unknown(self, packs: Iterable[plan.CompiledPack]) -> list[Problem]:
        """Parameters that no pack of the run has."""
        packs = list(packs)
        known = {name for pack in packs for name in pack.params}
        problems: list[Problem] = []
        for name in self.params.get("", {}):
            if name not in known:
                close = difflib.get_close_matches(name, sorted(known), n=1)
                help = f"did you mean `{close[0]}`?" if close else ""
                problems.append(Problem(f"no pack has a parameter `{name}`", help=help))
        return problems


def matches(policy: plan.CompiledPolicy, text: str) -> bool:
    """Whether `text` names the policy: its id, `pack:id`, its pack, a requirement or a tag; `*` and `?` are wild."""
    names = (*_names(policy), policy.pack, *policy.tags)
    return any(fnmatchcase(name, text) for name in names)


def _names(policy: plan.CompiledPolicy) -> tuple[str, ...]:
    names = (policy.ref, policy.id)
    return (*names, f"{policy.pack}:{policy.requirement}", policy.requirement) if policy.requirement else names


def in_force(head: Origin, document: Mapping[str, Any], settings: Settings) -> dict[str, Json]:
    """The value of each parameter of a pack; what is wrong with one is noted at pack.yaml or the setting."""
    declared: Mapping[str, Mapping[str, Any]] = document.get("params", {})
    name = document["name"]
    values: dict[str, Json] = {}
    for param, shape in declared.items():
        values[param] = shape["default"]
        fault = shape["default"] is not None and _fault(shape, shape["default"])
        if fault:
            head.error(("params", param, "default"), f"the default of `{param}` {fault}")
    profile = settings.profiles.get(name)
    if profile is not None:
        values |= _profile(head, document, profile)
    for param, value in settings.for_pack(name).items():
        if param in declared:
            values[param] = _read(head, param, declared[param], value)
        elif param in settings.params.get(name, {}):
            help = _close(param, declared)
            head.problems.add(Problem(f"the pack `{name}` has no parameter `{param}`", help=help))
    return values


def _profile(head: Origin, document: Mapping[str, Any], name: str) -> dict[str, Json]:
    profiles: Mapping[str, Mapping[str, Any]] = document.get("profiles", {})
    if name not in profiles:
        pack = document["name"]
        head.problems.add(Problem(f"the pack `{pack}` has no profile `{name}`", help=_close(name, profiles)))
        return {}
    return dict(profiles[name].get("params", {}))


def _read(head: Origin, name: str, shape: Mapping[str, Any], value: Json) -> Json:
    """The value of a parameter, read by its type when it comes as a text."""
    read = _converted(shape["type"], value) if isinstance(value, str) else value
    fault = _fault(shape, read)
    if fault:
        head.problems.add(Problem(f"the parameter `{name}` {fault}"))
    return read


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


def _fault(shape: Mapping[str, Any], value: Json) -> str:
    kind = shape["type"]
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return f"is of type {kind}, not {kind_of(value)}"
    if "allowed" in shape and value not in shape["allowed"]:
        allowed = ", ".join(f"`{entry}`" for entry in shape["allowed"])
        return f"can't be `{value}`: one of {allowed}"
    return ""


def _close(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"did you mean `{close[0]}`?" if close else ""
