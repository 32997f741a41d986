"""Which probes of a policy matter only in files where another one matched.

A selector that looks in the subject's file, and a target of `inside`, `has` or `after`, says nothing in a file where
the match that it speaks of is not: its gate. Extract runs such a probe only where one of its gates has a hit.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from polcheck.policy.plan import (
    AntiJoin,
    CompiledPolicy,
    Find,
    Join,
    Plan,
    SearchInValue,
    SelectorRef,
    SpanFilter,
    Step,
    Union,
)

Gates = dict[int, frozenset[int] | None]  # probe -> its gates; None: it matters everywhere


def gates_of(plan: Plan) -> Gates:
    """The gates of every probe of a plan, over all that the policies use it for."""
    walk = _Walk()
    for policy in plan.policies:
        walk.policy(policy)
    return {probe: frozenset(gates) if gates is not None else None for probe, gates in walk.found.items()}


class _Rows(Struct, frozen=True):
    """What is known of the rows at a step: the probes of their first match and of the one before.

    INVARIANT: None is always allowed, and means that nobody knows; `placed` is whether there may be a first match.
    """

    first: int | None = None
    before: int | None = None
    placed: bool = False


class _Walk:
    """Walks policies, keeping for each probe the gates of all its uses."""

    def __init__(self) -> None:
        self.found: dict[int, set[int] | None] = {}

    def policy(self, policy: CompiledPolicy) -> None:
        """Takes in one policy."""
        self._steps(policy.when, _Rows())
        rows = self._steps(policy.subjects or (), _Rows())
        self._steps(policy.demand, replace(rows, before=rows.first))

    def _steps(self, steps: Iterable[Step], rows: _Rows) -> _Rows:
        """Takes in steps; gives what is known of the rows after them."""
        for step in steps:
            if isinstance(step, Join):
                probe = self._join(step, rows.first)
                rows = _Rows(rows.first if rows.placed else probe, probe, placed=True)
            elif isinstance(step, Union):
                for branch in step.branches:
                    self._steps(branch, rows)
                rows = _Rows(rows.first, None, placed=True)
            elif isinstance(step, AntiJoin):
                self._steps(step.what, rows)
            elif isinstance(step, SpanFilter):
                self._relate(step, rows.before)
            elif isinstance(step, SearchInValue):
                rows = replace(rows, before=None)
        return rows

    def _join(self, step: Join, anchor: int | None) -> int | None:
        """Takes in a join; gives its probe when its rows are hits of one."""
        if isinstance(step.source, SelectorRef):
            self._steps(step.source.what, _Rows())
            return None
        if not isinstance(step.source, Find):
            return None
        tied = step.source.files is None or bool(step.scope) or step.near is not None
        self._add(step.source.probe, anchor if tied else None)
        return step.source.probe

    def _relate(self, step: SpanFilter, current: int | None) -> None:
        for until in step.until:
            self._target(until, current)
        if not isinstance(step.target, str):
            first, *rest = step.target
            if isinstance(first, Join):
                self._target(first, current)
                own = first.source.probe if isinstance(first.source, Find) else None
                self._steps(rest, _Rows(None, own, placed=True))

    def _target(self, join: Join, current: int | None) -> None:
        if isinstance(join.source, Find):
            self._add(join.source.probe, current)
        elif isinstance(join.source, SelectorRef):
            self._steps(join.source.what, _Rows())

    def _add(self, probe: int, gate: int | None) -> None:
        if gate is None or gate == probe:
            self.found[probe] = None
            return
        gates = self.found.setdefault(probe, set())
        if gates is not None:
            gates.add(gate)
