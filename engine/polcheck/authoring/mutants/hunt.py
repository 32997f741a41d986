"""Mutation testing of a whole pack, in parallel, with a summary by operator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import Struct

from polcheck.authoring.mutants.mutant import Mutant
from polcheck.authoring.mutants.operators import OPERATORS, mutants
from polcheck.authoring.mutants.runner import KILLED, REFUSED, SURVIVED, MutantRunner
from polcheck.authoring.mutants.small import around, used, users_text
from polcheck.authoring.testing.cases import Case, Equivalent
from polcheck.authoring.testing.pack_source import SELECTORS, PackSource
from polcheck.authoring.testing.pool import Progress, run_parallel
from polcheck.base.cached import cached_property
from polcheck.base.codec import Codec
from polcheck.policy.pack_files import PackFiles, Schemas

_A_TASK = 20  # mutants that are tried one after the other by one process, which keeps what it found


class Survivor(NamedTuple):
    """A mutant that no case kills, and where it stands; `reason` says why that is right, where the pack says so."""

    mutant: Mutant
    place: str
    reason: str = ""


class Tally(NamedTuple):
    """The results of one operator's mutants."""

    operator: str
    killed: int
    survived: int
    equivalent: int


class Mutation(Struct, frozen=True):
    """The results of a pack's mutants.

    `unused` are entries of tests/equivalent.yaml that name no living mutant. `untested` are policies that no case
    names: their mutants count as survivors, and were not tried.
    """

    killed: int
    refused: int
    survived: tuple[Survivor, ...]
    equivalent: tuple[Survivor, ...]
    tallies: tuple[Tally, ...]
    unused: tuple[Equivalent, ...] = ()
    untested: tuple[str, ...] = ()

    @property
    def percent(self) -> float:
        """The mutation score: the percentage of the mutants that some case kills; 100 where there are none.

        Those that don't compile don't count, and neither do equivalent ones, which no case could kill.
        """
        total = self.killed + len(self.survived)
        return 100.0 * self.killed / total if total else 100.0


class _Task(NamedTuple):
    owner: str
    mutants: tuple[Mutant, ...]


class Hunt(Struct, dict=True):
    """One pack, its cases (all of which pass), and the mutants that its tests call equivalent."""

    pack: PackFiles
    schemas: Schemas
    cases: Sequence[Case]
    equivalents: Sequence[Equivalent]

    @cached_property
    def pack_source(self) -> PackSource:
        """The source of the pack's parts."""
        return PackSource(self.pack)

    def run(
        self, policies: Iterable[str], jobs: int = 1, progress: Progress | None = None, complete: bool = True
    ) -> Mutation:
        """Return the results of the mutants of these policies and what they use; `complete`: these are all of the
        pack.
        """
        tasks = [
            _Task(owner, tuple(built[start : start + _A_TASK]))
            for owner in self._owners(policies)
            for built in [self.mutants(owner)]
            for start in range(0, len(built), _A_TASK)
        ]
        verdicts = run_parallel(self._tried, tasks, Codec(list[str]), jobs, progress)
        pairs = [
            (mutant, verdict)
            for task, result in zip(tasks, verdicts, strict=True)
            for mutant, verdict in zip(task.mutants, result, strict=True)
        ]
        return self._summed(pairs, complete)

    def mutants(self, owner: str) -> list[Mutant]:
        """Return the mutants of one owner, in the order of its operators."""
        if owner.startswith(SELECTORS):
            name = owner.removeprefix(SELECTORS)
            return list(
                mutants(owner, self.pack_source.head.document, ("selectors", name), users_text(self.pack_source, name))
            )
        document = self.pack_source.policies[owner].document
        return list(mutants(owner, document, around=around(document, self.pack_source)))

    def _owners(self, policies: Iterable[str]) -> list[str]:
        chosen = list(policies)
        names = {
            name for id in chosen for name in used(self.pack_source.policies[id].document, self.pack_source.selectors)
        }
        return [*chosen, *(SELECTORS + name for name in sorted(names))]

    @property
    def _named(self) -> frozenset[str]:
        return frozenset(policy for case in self.cases for policy in case.policies)

    def _tried(self, task: _Task) -> list[str]:
        if task.owner in self.pack_source.policies and task.owner not in self._named:
            return [SURVIVED] * len(task.mutants)
        runner = MutantRunner(self.pack_source, self.schemas, task.owner, self.cases)
        return [runner.verdict(mutant) for mutant in task.mutants]

    def _summed(self, pairs: Sequence[tuple[Mutant, str]], complete: bool) -> Mutation:
        counts = {operator: [0, 0, 0] for operator in OPERATORS}
        survived: list[Survivor] = []
        equivalent: list[Survivor] = []
        used_entries: set[Equivalent] = set()
        for mutant, verdict in pairs:
            if verdict == KILLED:
                counts[mutant.operator][0] += 1
            elif verdict == SURVIVED:
                survivor = Survivor(mutant, self.pack_source.place(mutant.owner, mutant.at))
                entry = self._excused(mutant)
                counts[mutant.operator][2 if entry else 1] += 1
                if entry is not None:
                    used_entries.add(entry)
                    equivalent.append(survivor._replace(reason=entry.reason))
                else:
                    survived.append(survivor)
        return Mutation(
            killed=sum(killed for killed, _, _ in counts.values()),
            refused=sum(verdict == REFUSED for _, verdict in pairs),
            survived=tuple(survived),
            equivalent=tuple(equivalent),
            tallies=tuple(Tally(operator, *numbers) for operator, numbers in counts.items() if any(numbers)),
            untested=tuple(sorted({m.owner for m, _ in pairs if m.owner in self.pack_source.policies} - self._named)),
            unused=tuple(entry for entry in self.equivalents if entry not in used_entries) if complete else (),
        )

    def _excused(self, mutant: Mutant) -> Equivalent | None:
        for entry in self.equivalents:
            if entry.policy == mutant.owner and mutant.called(entry.mutant):
                return entry
        return None
