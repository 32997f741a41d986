"""What differs between two versions of packs: policies added, removed and changed, by meaning; parameters; the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from polcheck.documents.config import Json
from polcheck.policy.pack import OpenedPack
from polcheck.records import record
from polcheck.sharing.meaning import SELECTING, WORDING, Meaning, meanings

_HEAD = ("version", "licence", "requires", "language")


@record(frozen=True)
class Changed:
    """One value before and after; None where there is none."""

    what: str
    before: Json
    after: Json


@record(frozen=True)
class PolicyChange:
    """A policy that is in both: what of it changed, what it leans on that changed, and which of its words did."""

    ref: str
    title: str
    severity: str
    changes: tuple[Changed, ...] = ()
    through: tuple[Changed, ...] = ()
    wording: tuple[Changed, ...] = ()

    @property
    def meaning(self) -> bool:
        """Whether more than words changed."""
        return bool(self.changes or self.through)


@record(frozen=True)
class Brief:
    """A policy that is in one of the two only; `instead` is the successor that it named."""

    ref: str
    title: str
    severity: str
    instead: str = ""


@record(frozen=True)
class PackDiff:
    """Everything that differs; every tuple is sorted. `about` is of the packs themselves: versions, licences."""

    added: tuple[Brief, ...] = ()
    removed: tuple[Brief, ...] = ()
    changed: tuple[PolicyChange, ...] = ()
    params: tuple[Changed, ...] = ()
    requirements: tuple[Changed, ...] = ()
    about: tuple[Changed, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing differs."""
        return self == PackDiff()


def diff(before: Sequence[OpenedPack], after: Sequence[OpenedPack]) -> PackDiff:
    """What differs between the packs of two runs, those that others extend included."""
    old, new = _by_ref(before), _by_ref(after)
    both = sorted(old.keys() & new.keys())
    changes = (_policy(old[ref], new[ref]) for ref in both)
    return PackDiff(
        added=tuple(_brief(new[ref]) for ref in sorted(new.keys() - old.keys())),
        removed=tuple(_brief(old[ref]) for ref in sorted(old.keys() - new.keys())),
        changed=tuple(change for change in changes if change.meaning or change.wording),
        params=tuple(_changes(_params(before), _params(after))),
        requirements=tuple(_changes(_requirements(before), _requirements(after))),
        about=tuple(_changes(_about(before), _about(after))),
    )


def _by_ref(packs: Iterable[OpenedPack]) -> dict[str, Meaning]:
    return {meaning.policy.ref: meaning for pack in packs for meaning in meanings(pack)}


def _brief(meaning: Meaning) -> Brief:
    policy = meaning.policy
    return Brief(policy.ref, policy.title, policy.severity, policy.deprecated)


def _policy(old: Meaning, new: Meaning) -> PolicyChange:
    facts = ("severity", "requirement", "deprecated")
    changes = [
        *_changes({name: getattr(old.policy, name) for name in facts}, {n: getattr(new.policy, n) for n in facts}),
        *(
            Changed(key, old.shown.get(key), new.shown.get(key))
            for key in SELECTING
            if old.selects.get(key) != new.selects.get(key)
        ),
    ]
    shared = old.leans.keys() & new.leans.keys()
    return PolicyChange(
        new.policy.ref,
        new.policy.title,
        new.policy.severity,
        tuple(changes),
        tuple(_changes({key: old.leans[key] for key in shared}, {key: new.leans[key] for key in shared})),
        tuple(_changes(_words(old), _words(new))),
    )


def _words(meaning: Meaning) -> dict[str, Json]:
    return {key: _stripped(meaning.words.get(key)) for key in WORDING}


def _stripped(value: Json) -> Json:
    return value.strip() if isinstance(value, str) else value


def _params(packs: Iterable[OpenedPack]) -> dict[str, Json]:
    """Each parameter as it is declared, its value being the one in force."""
    found: dict[str, Json] = {}
    for pack in packs:
        document: Any = pack.head.document
        for name, shape in document.get("params", {}).items():
            meant = {key: value for key, value in shape.items() if key not in ("description", "default")}
            found[f"{pack.compiled.name}:{name}"] = {**meant, "value": pack.compiled.params.get(name)}
    return found


def _requirements(packs: Iterable[OpenedPack]) -> dict[str, Json]:
    return {
        f"{pack.compiled.name}:{one.id}": {"title": one.title, "decided_by": one.decided_by}
        for pack in packs
        for one in pack.compiled.requirements
    }


def _about(packs: Iterable[OpenedPack]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for pack in packs:
        document: Any = pack.head.document
        found |= {f"{pack.compiled.name} {key}": document[key] for key in _HEAD if key in document}
        found |= {f"{pack.compiled.name} verdict {name}": value for name, value in document.get("verdict", {}).items()}
        found |= {
            f"{pack.compiled.name} profile {name}": _profile(p) for name, p in document.get("profiles", {}).items()
        }
        found |= {f"{pack.compiled.name} field {name}": path for name, path in document.get("submission", {}).items()}
    return found


def _profile(profile: Mapping[str, Json]) -> Json:
    return {key: value for key, value in profile.items() if key != "description"}


def _changes(old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[Changed]:
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name) or (name in old) != (name in new):
            yield Changed(name, old.get(name), new.get(name))
