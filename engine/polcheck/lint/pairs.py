"""Policies that say the opposite of each other, or the same."""

from __future__ import annotations

from itertools import combinations

from polcheck.lint.alike import covers, keys
from polcheck.lint.view import Entry, View
from polcheck.policy.plan import CompiledPolicy


def check(view: View) -> None:
    """Notes policies of which one requires what the other forbids, and warns of policies that are the same."""
    entries = [entry for entry in view.entries if entry.compiled is not None]
    for one, other in combinations(entries, 2):
        _contradiction(one, other)
        _contradiction(other, one)
        _twins(one, other)


def _contradiction(requiring: Entry, forbidding: Entry) -> None:
    """Notes that no submission can meet both."""
    wants, bans = requiring.compiled, forbidding.compiled
    if wants is None or bans is None or wants.forbids or not bans.forbids or not _same_subjects(wants, bans):
        return
    needed = wants.count is None or wants.count[0] > 0
    if needed and wants.demand and bans.demand and covers(bans.demand, wants.demand):
        forbidding.origin.error(
            ("forbid",),
            f"`{bans.id}` forbids what `{wants.id}` requires",
            f"no submission can meet both; the other one is at {wants.path}:{wants.line}",
        )


def _twins(one: Entry, other: Entry) -> None:
    first, second = one.compiled, other.compiled
    if first is None or second is None or first.forbids != second.forbids or first.count != second.count:
        return
    if (
        keys(first.when) == keys(second.when)
        and _same_subjects(first, second)
        and keys(first.demand) == keys(second.demand)
    ):
        message = f"`{second.id}` says the same as `{first.id}`"
        other.origin.warning((), message, f"drop one of them; the other one is at {first.path}:{first.line}")


def _same_subjects(one: CompiledPolicy, other: CompiledPolicy) -> bool:
    """Whether `other` speaks of the same subjects as `one`, wherever that one applies."""
    applies = not other.when or keys(one.when) == keys(other.when)
    return applies and keys(one.subjects or ()) == keys(other.subjects or ()) and one.per == other.per
