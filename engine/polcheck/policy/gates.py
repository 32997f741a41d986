"""Finding the probes of a policy that matter only in files where another probe matched, or that others name.

A selector that looks in the subject's file, and a target of `inside`, `has` or `after`, says nothing in a file where
the match that it speaks of is not: its gate. Extract runs such a probe only where one of its gates has a hit, and only
in files that the selectors whose matches it speaks of look in: its hosts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from polcheck.policy.plan import (
    AntiJoin,
    CompiledPolicy,
    Conjunction,
    Join,
    Let,
    Plan,
    SearchInValue,
    SpanFilter,
    Step,
    Union,
    Where,
    below,
    handlers,
)
from polcheck.sources.path_patterns import FilePatterns

Gates = dict[int, frozenset[int] | None]  # probe -> its gates; None: it matters everywhere
Files = frozenset[FilePatterns] | None  # the files that one of the patterns lets in; None: any file


def gates_of(plan: Plan) -> Gates:
    """Return the gates of every probe of a plan, over all that the policies use it for."""
    walk = _Walk()
    for policy in plan.policies:
        walk.policy(policy)
    return {probe: frozenset(gates) if gates is not None else None for probe, gates in walk.gates.items()}


def hosts_of(plan: Plan) -> dict[int, Files]:
    """Return the files in which a search that names none matters, by the number of its join.

    None is every file, as for a join that is not there.
    """
    walk = _Walk()
    for policy in plan.policies:
        walk.policy(policy)
    return walk.hosts


class _Rows(Struct, frozen=True):
    """Knowledge about the rows at a step: the probes of their first match and of the one before, and their files.

    INVARIANT: None is always allowed, and means that nobody knows; `placed` is whether there may be a first match.
    """

    first: int | None = None
    before: int | None = None
    placed: bool = False
    revision: str = ""  # the tree in which the first match is
    first_files: Files = None
    before_files: Files = None
    within: Files = None  # where a first match counts, if there is none yet


class _Walk:
    """Walks policies, keeping for each probe the gates of all its uses, and for each join its hosts."""

    def __init__(self) -> None:
        self.gates: dict[int, set[int] | None] = {}
        self.hosts: dict[int, Files] = {}

    def policy(self, policy: CompiledPolicy) -> None:
        """Takes in one policy."""
        self.steps(policy.when, _Rows())
        rows = self.steps(policy.subjects or (), _Rows())
        self.steps(policy.demand, replace(rows, before=rows.first, before_files=rows.first_files))

    def steps(self, steps: Iterable[Step], rows: _Rows) -> _Rows:
        """Takes in steps; gives what is known of the rows after them."""
        for step in steps:
            rows = _AFTER[type(step)](self, step, rows)
        return rows

    def join(self, step: Join, rows: _Rows) -> _Rows:
        """Takes in a join, whose rows are hits of its probe where it has one."""
        revision = step.modifiers.revision
        same_file = step.keeps_to_file and revision == rows.revision  # NOTE: not the file of the other tree
        host = rows.within if not rows.placed else rows.first_files if same_file else None
        own = self._files(step, host)
        if step.search is None:
            return _Rows(
                rows.first if rows.placed else None,
                None,
                True,
                rows.revision,
                rows.first_files if rows.placed else own,
                own,
            )
        probe = step.search.probe
        self._add(probe, rows.first if same_file else None)
        return _Rows(
            rows.first if rows.placed else probe,
            probe,
            True,
            rows.revision if rows.placed else revision,
            rows.first_files if rows.placed else own,
            own,
        )

    def union(self, step: Union, rows: _Rows) -> _Rows:
        """Takes in the branches; the match before may be any branch's."""
        after = [self.steps(branch, rows) for branch in step.branches]
        first = rows.first_files if rows.placed else _either(each.first_files for each in after)
        return _Rows(rows.first, None, True, rows.revision, first, _either(each.before_files for each in after))

    def anti_join(self, step: AntiJoin, rows: _Rows) -> _Rows:
        """Takes in what it looks for; its matches are in no row."""
        self.steps(step.what, replace(rows, within=None))  # NOTE: a match anywhere ends a row that has no place yet
        return rows

    def span_filter(self, step: SpanFilter, rows: _Rows) -> _Rows:
        """Takes in the target and what ends the search for it: they matter where the match before is."""
        of_subject = step.of == "subject" and rows.placed
        gate = rows.before if not step.of else rows.first if of_subject else None
        host = rows.before_files if not step.of else rows.first_files if of_subject else None
        for until in step.until:
            self._target(until.join, gate, host)
        if step.target is not None:
            files = self._target(step.target.join, gate, host)
            own = step.target.search.probe if step.target.search else None
            self.steps(step.rest, _Rows(None, own, placed=True, before_files=files))
        return rows

    def search_in_value(self, step: SearchInValue, rows: _Rows) -> _Rows:
        """Return no probe: a match inside a value is not a match in a file."""
        return replace(rows, before=None, before_files=None)

    def condition(self, step: Where | Let, rows: _Rows) -> _Rows:
        """Return a condition on names changes nothing."""
        return rows

    def _target(self, join: Join | None, current: int | None, host: Files) -> Files:
        """Takes in what a match lies to, in the file of that match; gives its files."""
        if join is None:
            return None  # what is looked for in a value is looked for in no file
        if join.search is not None:
            self._add(join.search.probe, current)
        return self._files(join, host)

    def _files(self, join: Join, host: Files) -> Files:
        """Take in the files in which a join looks; `host` are those that matter where it names none."""
        source = join.source
        if join.modifiers.needs_base:
            host = None  # NOTE: the file of another tree has another path
        matters = frozenset({source.file_patterns}) if source.file_patterns is not None else host
        inside: list[_Rows] = []
        for inner in source.nested:
            # NOTE: its rows count by their first place; that is the only one where nothing in it names files
            alone = inner.role == "selector" and source.keeps_to_file and not _names_files(inner.steps)
            inside.append(self.steps(inner.steps, _Rows(within=host if alone else None)))
        if join.modifiers.needs_base:
            matters = None
        if source.search is not None and source.file_patterns is None:
            self.hosts[join.number] = _either((self.hosts.get(join.number, frozenset()), matters))
        if source.search is not None or source.file_patterns is not None:
            return matters
        return inside[0].first_files if [inner.role for inner in source.nested] == ["selector"] else None

    def _add(self, probe: int, gate: int | None) -> None:
        if gate is None or gate == probe:
            self.gates[probe] = None
            return
        gates = self.gates.setdefault(probe, set())
        if gates is not None:
            gates.add(gate)


def _names_files(steps: Conjunction) -> bool:
    """Return whether some selector of a conjunction names files, or a tree."""
    joins = [step.join for step in below(steps) if step.join is not None and step.join is step]
    return any(
        join.source.file_patterns is not None
        or (join.source.search is None and [inner.role for inner in join.source.nested] != ["selector"])
        or join.modifiers.needs_base
        for join in joins
    )


def _either(many: Iterable[Files]) -> Files:
    """Return the files of any of these."""
    files: frozenset[FilePatterns] = frozenset()
    for each in many:
        if each is None:
            return None
        files |= each
    return files


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
