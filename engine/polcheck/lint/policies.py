"""What policies say of themselves: titles, remedies, successors; and the profiles that name them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from polcheck.lint.view import View
from polcheck.policy.params import fault_of

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def check(view: View) -> None:
    """Notes titles that two policies share, what readers miss, and successors and profiles that name nothing."""
    _titles(view)
    _remedies(view)
    _reviews(view)
    _successors(view)
    _profiles(view)


def _titles(view: View) -> None:
    seen: dict[str, str] = {}
    for entry in view.entries:
        title = " ".join(entry.written.title.lower().split())
        if title in seen:
            message = f"the policy `{seen[title]}` has the same title"
            entry.origin.warning(("title",), message, "say what this one asks for and the other doesn't")
        seen.setdefault(title, entry.written.id)


def _remedies(view: View) -> None:
    for entry in view.entries:
        if not entry.written.remedy and entry.written.severity != "note":
            help = "add `remedy`: what to do about it, for whoever meets the finding"
            entry.origin.note(("id",), f"the policy `{entry.written.id}` has no remedy", help)


def _reviews(view: View) -> None:
    for requirement in view.pack.compiled.requirements:
        if requirement.decided_by == "review" and not requirement.because:
            at = ("requirements", requirement.id)
            help = "add `because`: what a policy can't see"
            view.head.note(at, f"the requirement `{requirement.id}` is for reviewers, and doesn't say why", help)


def _successors(view: View) -> None:
    known = {entry.written.id for entry in view.entries}
    for entry in view.entries:
        successor = entry.written.deprecated
        if successor and _ID.fullmatch(successor) and (successor not in known or successor == entry.written.id):
            help = _close(successor, known - {entry.written.id}) or "name its successor, or say why there is none"
            entry.origin.warning(("deprecated",), f"there is no other policy `{successor}`", help)


def _profiles(view: View) -> None:
    declared: Mapping[str, Mapping[str, Any]] = view.document.get("params", {})
    policies = {entry.written.id for entry in view.entries}
    named = policies | {requirement.id for requirement in view.pack.compiled.requirements}
    for profile, value in view.document.get("profiles", {}).items():
        for param, given in value.get("params", {}).items():
            at = ("profiles", profile, "params", param)
            if param not in declared:
                view.head.error(at, f"the pack has no parameter `{param}`", _close(param, declared))
            elif fault := fault_of(declared[param], given):
                view.head.error(at, f"the parameter `{param}` {fault}")
        for name in value.get("severities", {}):
            own = name.removeprefix(f"{view.document['name']}:")
            if own not in named and view.complete:
                at = ("profiles", profile, "severities", name)
                view.head.error(at, f"the pack has no policy or requirement `{name}`", _close(own, named))


def _close(name: str, known: Mapping[str, Any] | set[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1)
    return f"did you mean `{close[0]}`?" if close else ""
