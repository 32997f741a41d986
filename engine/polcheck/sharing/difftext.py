"""A difference between packs for people, and as plain data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from polcheck.documents.config import Json
from polcheck.sharing.diff import Changed, PackDiff, PolicyChange


def text_of(diff: PackDiff) -> str:
    """The difference in lines; it says so when there is none."""
    return "\n".join(_lines(diff)) + "\n"


def plain_of(diff: PackDiff) -> dict[str, Any]:
    """The difference as JSON values."""
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
            yield from _policy(change)
    wording = [change.ref for change in diff.changed if not change.meaning]
    if wording:
        yield f"only the wording of {', '.join(wording)}"
    for title, changes in (("parameter", diff.params), ("requirement", diff.requirements)):
        for one in changes:
            yield from _value(f"{title} {one.what}", one.before, one.after, "")


def _policy(change: PolicyChange) -> Iterator[str]:
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
