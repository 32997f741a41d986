"""Running the tests of one pack: cases and, on request, coverage, mutants and rewrites."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct
from msgspec.structs import replace

from polcheck.authoring.mutants.hunt import Hunt, Mutation
from polcheck.authoring.rewrites.robustness import Robustness, robustness
from polcheck.authoring.testing.cases import Case, read_cases, read_equivalents
from polcheck.authoring.testing.coverage import Coverage, Seen, Watch, coverage, of_fix, of_outcome
from polcheck.authoring.testing.pack_source import PackSource, narrowed
from polcheck.authoring.testing.pool import Progress, run_parallel
from polcheck.authoring.testing.runner import CaseRunner, Result
from polcheck.base.codec import Codec
from polcheck.evaluate.rows import Row
from polcheck.evaluate.steps import Journal
from polcheck.evaluate.steps import Result as Outcome
from polcheck.policy.pack_files import PackFiles, Schemas
from polcheck.policy.plan import CompiledPolicy, Step

_ENOUGH = 40  # cases that make another process worth its start


class Options(Struct, frozen=True):
    """Options of a test run: cases by `keyword`, policies by `select`; the number of processes; further analyses.

    `today` is the day (YYYY-MM-DD) of the cases that set none; empty: the one that it is.
    """

    keyword: str = ""
    select: tuple[str, ...] = ()
    jobs: int = 1
    coverage: bool = False
    mutate: bool = False
    robust: bool = False
    today: str = ""


class Tested(Struct, frozen=True):
    """The results of a pack's tests. `coverage`, `mutation` and `robustness` are None where they weren't asked for.

    `waiting`: mutants or rewrites were asked for, and are made only when every case passes.
    """

    pack: PackFiles
    cases: tuple[Case, ...]
    results: tuple[Result, ...]
    coverage: Coverage | None = None
    mutation: Mutation | None = None
    robustness: Robustness | None = None
    waiting: bool = False

    @property
    def name(self) -> str:
        """The pack's name as shown to people: its folder, or the name that it has."""
        return self.pack.root or PackSource(self.pack).name

    @property
    def failed(self) -> tuple[tuple[Case, Result], ...]:
        """The cases in which something was not as expected, with what came of them."""
        return tuple(pair for pair in zip(self.cases, self.results, strict=True) if not pair[1].passed)


Watcher = Callable[[str], "Progress | None"]  # from the name of a stage to what is told how far it is


def run_tests(pack: PackFiles, schemas: Schemas, options: Options, watcher: Watcher | None = None) -> Tested:
    """Return the results of the pack's tests. Raises PolicyError for a pack or cases that can't be used.

    Mutants and rewrites are made only when every case passes: a case that fails anyway notices nothing.
    """
    cases = tuple(
        case if case.today else replace(case, today=options.today)
        for case in _chosen(read_cases(pack, schemas.tests), options)
    )
    watch = watcher or (lambda _: None)
    if not cases:
        return Tested(pack, (), ())
    whole = any(case.whole for case in cases) or not (options.select or options.keyword)
    wanted = frozenset(policy for case in cases for policy in case.policies)
    pack_source = PackSource(pack)
    whole = whole or not wanted <= pack_source.policies.keys()
    runner = CaseRunner(pack if whole else narrowed(pack, wanted), schemas)
    runner.prepare(cases)
    run_case = run_parallel(
        _CaseTask(runner, pack_source, options.coverage), cases, _JUDGED, options.jobs, watch("judging"), least=_ENOUGH
    )
    tested = Tested(pack, cases, tuple(result for result, _ in run_case))
    policies = [policy for policy in runner.policies if policy.id in wanted or not (options.select or options.keyword)]
    if options.coverage:
        visited = {way for _, ways in run_case for way in ways}
        tested = replace(tested, coverage=coverage(policies, pack_source, visited))
    if tested.failed:
        return replace(tested, waiting=options.mutate or options.robust)
    if options.robust:
        entry = robustness(runner, cases, options.jobs, watch("rewriting"), complete=not options.select)
        tested = replace(tested, robustness=entry)
    if options.mutate:
        tested = replace(tested, mutation=_mutation(pack, schemas, cases, policies, options, watch))
    return tested


def _mutation(
    pack: PackFiles,
    schemas: Schemas,
    cases: Sequence[Case],
    policies: Iterable[CompiledPolicy],
    options: Options,
    watch: Watcher,
) -> Mutation:
    hunt = Hunt(pack, schemas, tuple(cases), read_equivalents(pack, schemas.tests))
    every = not (options.select or options.keyword)
    return hunt.run([policy.id for policy in policies], options.jobs, watch("mutating"), complete=every)


_JUDGED: Codec[tuple[Result, Seen]] = Codec(tuple[Result, Seen])


class _CaseTask(Struct, frozen=True):
    """Judges a case, and tells which ways it went where that is asked for."""

    runner: CaseRunner
    pack_source: PackSource
    coverage: bool

    def __call__(self, case: Case) -> tuple[Result, Seen]:
        if not self.coverage:
            return self.runner.run_case(case), frozenset()
        watches: dict[str, Watch] = {}

        def journal_of(policy: CompiledPolicy) -> Journal:
            if policy.pack != self.pack_source.name:
                return _unheard  # a pack that this one extends has tests of its own
            return watches.setdefault(policy.id, Watch(policy, self.pack_source))

        result = self.runner.run_case(case, journal_of)
        named = [watch for watch in watches.values() if watch.policy.id in case.policies]
        visited = {way for watch in named for way in watch.seen}
        for watch in named:
            outcome = result.actual[watch.policy.id].outcome
            visited |= set(of_outcome(watch.policy, outcome))
            visited |= set(of_fix(watch.policy, fixed=bool(result.fixed and result.fixed.files) and outcome == "fail"))
        return result, frozenset(visited)


def _unheard(step: Step, before: Sequence[Row], after: Outcome) -> None:
    """Is told of a step, and keeps nothing."""


def _chosen(cases: Iterable[Case], options: Options) -> tuple[Case, ...]:
    """Return the cases that the options ask for; of the policies that a case names, those that are selected."""
    results: list[Case] = []
    for case in cases:
        if options.keyword and not case.mentions(options.keyword):
            continue
        expect = tuple(expected for expected in case.expect if _selected(expected.policy, options))
        if not options.select:
            results.append(case)
        elif expect:
            results.append(replace(case, expect=expect, verdict="", fields={}))
    return tuple(results)


def _selected(policy: str, options: Options) -> bool:
    return not options.select or any(fnmatchcase(policy, text) for text in options.select)
