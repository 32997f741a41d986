"""The cases of a pack run again with each of their files rewritten by every rewrite, one at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from polcheck.authoring.rewrites.rewrite import REWRITES, Rewritten, rewritten
from polcheck.authoring.testing.cases import Case, Differs, Expected
from polcheck.authoring.testing.fixed import FixedFiles
from polcheck.authoring.testing.mismatches import ActualResult
from polcheck.authoring.testing.pool import Progress, run_parallel
from polcheck.authoring.testing.runner import CaseRunner, Result
from polcheck.base.codec import Codec
from polcheck.render.wording import pluralize

_ENOUGH = 4  # cases that make another process worth its start
_LEFT_OUT = ActualResult("off")


class Difference(NamedTuple):
    """A different outcome of a policy (or `verdict`) for a case and the same case rewritten; `reason` justifies it."""

    case: Case
    about: str
    line: int
    rewrite: str
    path: str
    expected: str
    got: str
    diff: str
    reason: str = ""


_Reply = tuple[list[str], list[tuple[str, int, str, str, str, str, str, str]]]
_REPLY: Codec[_Reply] = Codec(_Reply)


class Tally(NamedTuple):
    """How often one rewrite was tried, and how many policies it changed: wrongly, and with a reason."""

    rewrite: str
    tried: int
    differences: int
    excused: int


class Robustness(Struct, frozen=True):
    """The results of a pack's cases rewritten. `unused` are entries of `differs` that no difference needs."""

    cases: int
    differences: tuple[Difference, ...]
    excused: tuple[Difference, ...]
    tallies: tuple[Tally, ...]
    unused: tuple[tuple[Case, Differs], ...] = ()

    @property
    def tried(self) -> int:
        """The number of files that were rewritten and checked."""
        return sum(tally.tried for tally in self.tallies)


def robustness(
    runner: CaseRunner, cases: Sequence[Case], jobs: int = 1, progress: Progress | None = None, complete: bool = True
) -> Robustness:
    """Return the results for these cases, all of which pass; `complete`: they are all cases of the pack."""
    replies = run_parallel(_RewriteTask(runner), cases, _REPLY, jobs, progress, least=_ENOUGH)
    results = [
        (names, [Difference(case, *rest) for rest in differences])
        for case, (names, differences) in zip(cases, replies, strict=True)
    ]
    tried = Counter(name for names, _ in results for name in names)
    every = [difference for _, differences in results for difference in differences]
    wrong = tuple(difference for difference in every if not difference.reason)
    right = tuple(difference for difference in every if difference.reason)
    counts = Counter((difference.rewrite, bool(difference.reason)) for difference in every)
    tallies = [Tally(name, tried[name], counts[name, False], counts[name, True]) for name in REWRITES if tried[name]]
    return Robustness(len(cases), wrong, right, tuple(tallies), tuple(_unused(cases, right)) if complete else ())


class _RewriteTask(Struct, frozen=True):
    """Judges a case with each of its files rewritten: the rewrites that were tried, and what they changed."""

    runner: CaseRunner

    def __call__(self, case: Case) -> _Reply:
        before = self.runner.run_case(case)
        tried: list[str] = []
        results: list[Difference] = []
        for path, data in case.files.items():
            for result in rewritten(path, data):
                tried.append(result.rewrite)
                after = self.runner.run_case(_with(case, path, result.data))
                results += _differences(case, result, before, after)
        return tried, [difference[1:] for difference in results]  # the case is known to whoever asks


def _with(case: Case, path: str, data: bytes) -> Case:
    """Return the case with other content in a file; in its base, too, where the file hasn't changed since."""
    base = case.base
    if base is not None and base.get(path) == case.files[path]:
        base = {**base, path: data}
    return replace(case, files={**case.files, path: data}, base=base)


def _differences(case: Case, made: Rewritten, before: Result, after: Result) -> Iterator[Difference]:
    for expected in case.expect:
        wanted = _actual_results(expected, before.actual.get(expected.policy, _LEFT_OUT), made.moved)
        got = _actual_results(expected, after.actual.get(expected.policy, _LEFT_OUT), made.arrived)
        if wanted != got:
            yield _difference(case, expected.policy, expected.line, made, wanted, got)
    if case.verdict and before.verdict != after.verdict:
        yield _difference(case, "verdict", case.line, made, before.verdict, after.verdict)
    if before.fixed is not None and after.fixed is not None and before.fixed.findings != after.fixed.findings:
        wanted, got = (_fixed(result.fixed) for result in (before, after))
        yield _difference(case, "fixed", case.line, made, wanted, got)


def _fixed(fixed: FixedFiles | None) -> str:
    """Return how many findings were fixed, and why others weren't."""
    assert fixed is not None, "the case says what is fixed"
    reasons = "".join(f"; {reason}" for reason in fixed.refused)
    return f"{pluralize(fixed.findings, 'finding')} fixed{reasons}"


def _actual_results(expected: Expected, actual: ActualResult, placed: Callable[[str], str]) -> str:
    """Return the outcome of a policy and, where the case looks at findings, their places as `placed` has them."""
    if not (expected.looks_at_findings and actual.findings):
        return actual.outcome
    return f"{actual.outcome} at {', '.join(sorted(placed(visible.place) for visible in actual.findings))}"


def _difference(case: Case, about: str, line: int, made: Rewritten, wanted: str, got: str) -> Difference:
    reason = next((entry.reason for entry in case.differs if entry.means(made.rewrite, about)), "")
    return Difference(case, about, line, made.rewrite, made.path, wanted, got, made.diff, reason)


def _unused(cases: Iterable[Case], excused: Iterable[Difference]) -> Iterator[tuple[Case, Differs]]:
    """Yield the entries of cases that no difference needed."""
    needed = {(result.case.where, result.case.line, result.rewrite, result.about) for result in excused}
    for case in cases:
        mine = [(rewrite, about) for where, line, rewrite, about in needed if (where, line) == (case.where, case.line)]
        yield from ((case, entry) for entry in case.differs if not any(entry.means(*one) for one in mine))
