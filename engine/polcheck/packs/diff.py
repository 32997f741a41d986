"""Comparing two versions of packs: policies added, removed and changed, parameters, and the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from polcheck.formats.values import Json
from polcheck.policy import model as written
from polcheck.policy.exports import tables_in
from polcheck.policy.extension import used_packs
from polcheck.policy.origin import Problems
from polcheck.policy.pack import OpenedPack
from polcheck.policy.pack_files import PackFiles
from polcheck.policy.plan import CompiledPack, CompiledPolicy

SELECTING = ("when", "for", "require", "forbid")
WORDING = ("title", "message", "remedy", "description", "see", "tags", "fix")
_FIELDS = {"for": "subjects"}
_READS = re.compile(r'\b(params|tables)\b(?:\s*\.\s*(?:"([^"]*)"|([A-Za-z_][A-Za-z0-9_]*)))?')


class Meaning(Struct, frozen=True):
    """One policy of a pack, with the severity that it has there, and all that its selectors lean on.

    `selects` and `words` are by key of the policy; `leans` are the pack's selectors, parameters and tables that it
    uses, as `selector x`, with their values.
    """

    policy: CompiledPolicy
    selects: Mapping[str, Json]
    words: Mapping[str, Json]
    shown: Mapping[str, Json]
    leans: Mapping[str, Json]


def meanings(pack: OpenedPack) -> Iterator[Meaning]:
    """Yield the meaning of each chosen policy of a pack."""
    chosen = {policy.id: policy for policy in pack.compiled.policies}
    head: Any = pack.head.document
    selectors = {name: _plain(written.items(value, ())) for name, value in head.get("selectors", {}).items()}
    for origin, _ in pack.policies:
        document: Any = origin.document
        policy = chosen.get(document["id"])
        if policy is None:
            continue
        as_written = written.policy(document)
        selects = {key: _plain(getattr(as_written, _FIELDS.get(key, key))) for key in SELECTING if key in document}
        words = {key: document.get(key) for key in WORDING if key in document}
        visible = {key: document[key] for key in SELECTING if key in document}
        leans = dict(_leans([*selects.values(), *words.values()], selectors, pack.files, _Tables.of(pack.compiled)))
        yield Meaning(policy, selects, words, visible, leans)


class _Tables(NamedTuple):
    """The parameters and tables of a pack, by name."""

    params: Mapping[str, Json]
    tables: Mapping[str, Json]

    @classmethod
    def of(cls, pack: CompiledPack) -> _Tables:
        """Return those of a compiled pack."""
        return cls(pack.params, pack.tables)


def _leans(
    values: Iterable[Json], selectors: Mapping[str, Json], files: PackFiles, pack: _Tables
) -> Iterator[tuple[str, Json]]:
    """Yield the selectors, parameters and tables that some selectors and messages use, directly and through
    selectors.
    """
    visited: set[str] = set()
    waiting: list[Json] = [*values]
    while waiting:
        value = waiting.pop()
        for name in _used(value):
            if name in selectors and name not in visited:
                visited.add(name)
                waiting.append(selectors[name])
                yield f"selector {name}", selectors[name]
            elif name not in visited and (owner := files.exporters.get(name.partition("/")[0])) is not None:
                visited.add(name)
                given = {
                    each.pack: dict(each.params) for each in used_packs(files) if files.used.get(each.pack) is owner
                }
                yield f"selector {name}", [_exported(owner, name.partition("/")[2]), *given.values()]
        for kind, name in _read(value):
            table = pack.params if kind == "params" else pack.tables
            for own in (name,) if name else tuple(table):
                if own in table:
                    yield f"{'parameter' if kind == 'params' else 'table'} {own}", table[own]


def _exported(files: PackFiles, name: str) -> Json:
    """Return what a selector or table means that another pack exports, with what it uses there."""
    head: Any = files.head.document if files.head else {}
    selectors = {each: _plain(written.items(value, ())) for each, value in head.get("selectors", {}).items()}
    tables = tables_in(files, Problems())
    params = {each: shape.get("default") for each, shape in head.get("params", {}).items()}
    value = selectors.get(name, tables.get(name))
    uses: dict[str, Json] = dict(_leans([value], selectors, files, _Tables(params, tables)))
    return {"exported": [value, head.get("exports")], "uses": uses}


def _used(value: Json) -> Iterator[str]:
    for one in _mappings(value):
        used = one.get("use")
        if isinstance(used, str) and used:
            yield used


def _mappings(value: Json) -> Iterator[Mapping[str, Json]]:
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from _mappings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _mappings(one)


def _read(value: Json) -> Iterator[tuple[str, str]]:
    """Yield the parameters and tables that texts name; an empty name stands for all of them."""
    for text in _texts(value):
        for match in _READS.finditer(text):
            yield match[1], match[2] or match[3] or ""


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _plain(value: Any) -> Json:
    """Items as written, as plain data: without their places, without what is not given, one way of writing for each."""
    if isinstance(value, Struct):
        results = {name: getattr(value, name) for name in value.__struct_fields__ if name != "at"}
        provided = {name: _plain(one) for name, one in results.items() if one not in ("", (), None) and one != {}}
        provided.pop("resolve", None) if results.get("resolve", True) is True else None
        return provided
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, str):
        return value.strip()
    plain: Json = value
    return plain


# `licence` is the old spelling of `license`
_HEAD = ("version", "license", "licence", "requires", "language", "default_profile")


class Changed(Struct, frozen=True):
    """One value before and after; None where there is none."""

    what: str
    before: Json
    after: Json


class PolicyChange(Struct, frozen=True):
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


class Brief(Struct, frozen=True):
    """A policy that is in one of the two only; `instead` is the successor that it named."""

    ref: str
    title: str
    severity: str
    instead: str = ""


class PackDiff(Struct, frozen=True):
    """The differences between packs; every tuple is sorted. `about` is about the packs themselves: versions,
    licenses.
    """

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
    """Return the differences between the packs of two runs, those that others extend included."""
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
    """Return each parameter as declared, with the value in force."""
    results: dict[str, Json] = {}
    for pack in packs:
        document: Any = pack.head.document
        for name, shape in document.get("params", {}).items():
            declared = {key: value for key, value in shape.items() if key not in ("description", "default")}
            results[f"{pack.compiled.name}:{name}"] = {**declared, "value": pack.compiled.params.get(name)}
    return results


def _requirements(packs: Iterable[OpenedPack]) -> dict[str, Json]:
    return {
        f"{pack.compiled.name}:{one.id}": {"title": one.title, "decided_by": one.decided_by}
        for pack in packs
        for one in pack.compiled.requirements
    }


def _about(packs: Iterable[OpenedPack]) -> dict[str, Json]:
    results: dict[str, Json] = {}
    for pack in packs:
        document: Any = pack.head.document
        head = {"license" if key == "licence" else key: document[key] for key in _HEAD if key in document}
        results |= {f"{pack.compiled.name} {key}": value for key, value in head.items()}
        results |= {
            f"{pack.compiled.name} verdict {name}": value for name, value in document.get("verdict", {}).items()
        }
        results |= {
            f"{pack.compiled.name} profile {name}": _profile(p) for name, p in document.get("profiles", {}).items()
        }
        results |= {f"{pack.compiled.name} field {name}": path for name, path in document.get("submission", {}).items()}
    return results


def _profile(profile: Mapping[str, Json]) -> Json:
    return {key: value for key, value in profile.items() if key != "description"}


def _changes(old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[Changed]:
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name) or (name in old) != (name in new):
            yield Changed(name, old.get(name), new.get(name))


def text_of(diff: PackDiff) -> str:
    """Return the difference in lines; it says so when there is none."""
    return "\n".join(_lines(diff)) + "\n"


def plain_of(diff: PackDiff) -> dict[str, Any]:
    """Return the difference as JSON values."""
    return {
        "about": _values(diff.about),
        "added": [{"policy": one.ref, "severity": one.severity, "title": one.title} for one in diff.added],
        "removed": [
            {"policy": one.ref, "severity": one.severity, "title": one.title, "instead": one.instead}
            for one in diff.removed
        ],
        "changed": [
            {
                "policy": one.ref,
                "severity": one.severity,
                "title": one.title,
                "meaning": one.meaning,
                "changes": _values(one.changes),
                "through": _values(one.through),
                "wording": _values(one.wording),
            }
            for one in diff.changed
        ],
        "params": _values(diff.params),
        "requirements": _values(diff.requirements),
    }


def _values(changes: Sequence[Changed]) -> list[dict[str, Any]]:
    return [{"what": one.what, "before": one.before, "after": one.after} for one in changes]


def _lines(diff: PackDiff) -> Iterator[str]:
    if diff.empty:
        yield "nothing differs"
        return
    for one in diff.about:
        yield from _value(one.what, one.before, one.after, "")
    for removed in diff.removed:
        instead = f" (use `{removed.instead}`)" if removed.instead else ""
        yield f"- {removed.severity:8}{removed.ref}  {removed.title}{instead}"
    for added in diff.added:
        yield f"+ {added.severity:8}{added.ref}  {added.title}"
    for change in diff.changed:
        if change.meaning:
            yield from _policy_lines(change)
    wording = [change.ref for change in diff.changed if not change.meaning]
    if wording:
        yield f"only the wording of {', '.join(wording)}"
    for title, changes in (("parameter", diff.params), ("requirement", diff.requirements)):
        for one in changes:
            yield from _value(f"{title} {one.what}", one.before, one.after, "")


def _policy_lines(change: PolicyChange) -> Iterator[str]:
    yield f"~ {change.severity:8}{change.ref}  {change.title}"
    for one in change.changes:
        yield from _value(one.what, one.before, one.after, "    ")
    for one in change.through:
        yield from _value(f"through {one.what}", one.before, one.after, "    ")


def _value(what: str, before: Json, after: Json, indent: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            if before.get(key) != after.get(key):
                yield from _value(f"{what} {key}", before.get(key), after.get(key), indent)
        return
    old, new = _shown(before), _shown(after)
    if "\n" not in old + new and len(old) + len(new) < 80:
        yield f"{indent}{what}: {old} -> {new}"
        return
    yield f"{indent}{what}:"
    yield from (f"{indent}  - {line}" for line in old.splitlines())
    yield from (f"{indent}  + {line}" for line in new.splitlines())


def _shown(value: Json) -> str:
    if value is None or value == "":
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
