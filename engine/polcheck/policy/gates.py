"""Finding the probes of a policy that matter only in files where another probe matched.

A selector that looks in the subject's file, and a target of `inside`, `has` or `after`, says nothing in a file where
the match that it speaks of is not: its gate. Extract runs such a probe only where one of its gates has a hit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from polcheck.policy.plan import (
    AntiJoin,
    CompiledPolicy,
    Join,
    Let,
    Plan,
    SearchInValue,
    SpanFilter,
    Step,
    Union,
    Where,
    handlers,
)

Gates = dict[int, frozenset[int] | None]  # probe -> its gates; None: it matters everywhere


def gates_of(plan: Plan) -> Gates:
    """Return the gates of every probe of a plan, over all that the policies use it for."""
    walk = _Walk()
    for policy in plan.policies:
        walk.policy(policy)
    return {probe: frozenset(gates) if gates is not None else None for probe, gates in walk.gates.items()}


class _Rows(Struct, frozen=True):
    """Knowledge about the rows at a step: the probes of their first match and of the one before.

    INVARIANT: None is always allowed, and means that nobody knows; `placed` is whether there may be a first match.
    """

    first: int | None = None
    before: int | None = None
    placed: bool = False
    revision: str = ""  # the tree in which the first match is


class _Walk:
    """Walks policies, keeping for each probe the gates of all its uses."""

    def __init__(self) -> None:
        self.gates: dict[int, set[int] | None] = {}

    def policy(self, policy: CompiledPolicy) -> None:
        """Takes in one policy."""
        self.steps(policy.when, _Rows())
        rows = self.steps(policy.subjects or (), _Rows())
        self.steps(policy.demand, replace(rows, before=rows.first))

    def steps(self, steps: Iterable[Step], rows: _Rows) -> _Rows:
        """Takes in steps; gives what is known of the rows after them."""
        for step in steps:
            rows = _AFTER[type(step)](self, step, rows)
        return rows

    def join(self, step: Join, rows: _Rows) -> _Rows:
        """Takes in a join, whose rows are hits of its probe where it has one."""
        for inner in step.source.nested:
            self.steps(inner.steps, _Rows())
        if step.search is None:
            return _Rows(rows.first if rows.placed else None, None, True, rows.revision)
        probe, revision = step.search.probe, step.modifiers.revision
        same_file = step.keeps_to_file and revision == rows.revision  # NOTE: not the file of the other tree
        self._add(probe, rows.first if same_file else None)
        return _Rows(rows.first if rows.placed else probe, probe, True, rows.revision if rows.placed else revision)

    def union(self, step: Union, rows: _Rows) -> _Rows:
        """Takes in the branches; the match before may be any branch's."""
        for branch in step.branches:
            self.steps(branch, rows)
        return _Rows(rows.first, None, True, rows.revision)

    def anti_join(self, step: AntiJoin, rows: _Rows) -> _Rows:
        """Takes in what it looks for; its matches are in no row."""
        self.steps(step.what, rows)
        return rows

    def span_filter(self, step: SpanFilter, rows: _Rows) -> _Rows:
        """Takes in the target and what ends the search for it: they matter where the match before is."""
        gate = rows.before if not step.of else rows.first if step.of == "subject" and rows.placed else None
        for until in step.until:
            self._target(until.join, gate)
        if step.target is not None:
            self._target(step.target.join, gate)
            own = step.target.search.probe if step.target.search else None
            self.steps(step.rest, _Rows(None, own, placed=True))
        return rows

    def search_in_value(self, step: SearchInValue, rows: _Rows) -> _Rows:
        """Return no probe: a match inside a value is not a match in a file."""
        return replace(rows, before=None)

    def condition(self, step: Where | Let, rows: _Rows) -> _Rows:
        """Return a condition on names changes nothing."""
        return rows

    def _target(self, join: Join | None, current: int | None) -> None:
        if join is None:
            return  # what is looked for in a value is looked for in no file
        if join.search is not None:
            self._add(join.search.probe, current)
        for inner in join.source.nested:
            self.steps(inner.steps, _Rows())

    def _add(self, probe: int, gate: int | None) -> None:
        if gate is None or gate == probe:
            self.gates[probe] = None
            return
        gates = self.gates.setdefault(probe, set())
        if gates is not None:
            gates.add(gate)


_After = Callable[[_Walk, Any, _Rows], _Rows]
_AFTER: Mapping[type, _After] = handlers(
    {
        Join: _Walk.join,
        SearchInValue: _Walk.search_in_value,
        Union: _Walk.union,
        AntiJoin: _Walk.anti_join,
        Where: _Walk.condition,
        Let: _Walk.condition,
        SpanFilter: _Walk.span_filter,
    }
)
