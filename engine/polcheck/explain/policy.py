"""One policy over one submission, explained: judged for real, with a journal."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from polcheck.errors import PolcheckError
from polcheck.explain.journal import Journal
from polcheck.explain.looked import Looker
from polcheck.explain.outcome import because, waived
from polcheck.explain.places import Places
from polcheck.explain.steps import Teller
from polcheck.explain.told import Explanation, Lost, Part, Sample
from polcheck.findings import Findings
from polcheck.flow import Checker
from polcheck.judge import Failure, Judgement, judge
from polcheck.judge.merge import distinct
from polcheck.locate import Locator
from polcheck.misses import Misses
from polcheck.policy.packfiles import PackFiles
from polcheck.policy.plan import CompiledPolicy, Conjunction, Plan
from polcheck.render.words import counted
from polcheck.submission import Submission
from polcheck.waivers import Accept

_EVERY = 1_000_000


def find_policy(plan: Plan, name: str) -> CompiledPolicy:
    """The policy called `name` (an id, or `pack:id`). Raises PolcheckError when it is no policy's, or several'."""
    found = [policy for policy in plan.policies if name in (policy.id, policy.ref)]
    if len(found) == 1:
        return found[0]
    if found:
        names = " or ".join(f"`{policy.ref}`" for policy in found)
        raise PolcheckError(f"several packs have a policy `{name}`\nhelp: say {names}")
    known = sorted({policy.ref if ":" in name else policy.id for policy in plan.policies})
    close = difflib.get_close_matches(name, known, n=3)
    hint = " or ".join(f"`{form}`" for form in close)
    help = f"did you mean {hint}?" if close else f"the packs have {counted(len(plan.policies), 'policy', 'policies')}"
    raise PolcheckError(f"there is no policy `{name}`\nhelp: {help}")


def explain(
    checker: Checker,
    name: str,
    submission: Submission,
    packs: Sequence[PackFiles],
    most: int | None = 10,
    accept: Accept | None = None,
) -> Explanation:
    """The policy called `name`, step by step over a submission; of each list of rows at most `most` (None: all).

    `packs` are the files that the checker was compiled from: lines are looked up there. `accept` waives findings.
    Raises PolcheckError for an unknown policy and SubmissionError when the submission's fields can't be placed.
    """
    policy = find_policy(checker.plan, name)
    packs_of = tuple(
        replace(pack, policies=(policy,) if pack.name == policy.pack else ()) for pack in checker.plan.packs
    )
    narrow = replace(checker, plan=replace(checker.plan, packs=packs_of), searches=checker.extractor)
    placed = checker.place(submission)
    world = narrow.world(placed)
    journal = Journal()
    (judgement,) = judge(world, packs_of, lambda _: journal)
    locator = Locator(placed, narrow.extractor)
    misses = Misses(world, locator)
    places = Places(tuple(_every(packs)), policy)
    teller = Teller(world, locator, misses, Looker(world, placed), journal, places, most or _EVERY)
    findings = tuple(Findings(locator, misses).of(judgement))
    if accept is not None:
        findings = tuple(accept(findings, placed, [judgement]).findings)
    return Explanation(
        pack=policy.pack,
        id=policy.id,
        title=policy.title,
        severity=policy.severity,
        requirement=policy.requirement,
        place=f"{policy.path}:{policy.line}",
        submission=submission.name,
        outcome=judgement.outcome,
        because=(*because(judgement, journal), *waived(findings)),
        parts=tuple(_parts(policy, teller, judgement)),
        findings=findings,
        unsearched=judgement.reasons,
    )


def _every(packs: Iterable[PackFiles]) -> Iterator[PackFiles]:
    """The packs and those that they extend."""
    for pack in packs:
        yield pack
        yield from _every(pack.bases.values())


def _parts(policy: CompiledPolicy, teller: Teller, judgement: Judgement) -> list[Part]:
    parts: list[Part] = []
    if policy.when:
        steps = teller.conjunction(policy.when, first_only=True)
        held = bool(_rows(policy.when, teller).total)
        parts.append(Part("when", steps, Sample(), "holds" if held else "does not hold"))
    if policy.subjects is not None:
        rows = _rows(policy.subjects, teller)
        said = counted(rows.total, "subject")
        if policy.per and rows.total:
            said = (
                f"{counted(rows.total, 'row')}, {counted(judgement.subjects, 'subject')} by `{'`, `'.join(policy.per)}`"
            )
        parts.append(Part("for", teller.conjunction(policy.subjects), rows, said))
    first_only = policy.subjects is not None if policy.forbids else policy.count is None
    keyword = "forbid" if policy.forbids else "require"
    rows = _rows(policy.demand, teller)
    failed = judgement.failures if policy.subjects is not None else ()
    parts.append(
        Part(
            keyword,
            teller.conjunction(policy.demand, first_only),
            rows,
            _met(judgement, rows),
            tuple(_failed(failure, teller, policy) for failure in failed[: teller.most]),
            len(failed),
        )
    )
    return parts


def _failed(failure: Failure, teller: Teller, policy: CompiledPolicy) -> Lost:
    return Lost(teller.match(failure.row), teller.misses.of(policy, failure) if failure.missing else None)


def _rows(steps: Conjunction, teller: Teller) -> Sample:
    """The rows that came out of a conjunction."""
    event = teller.journal.of(steps[-1]) if steps else None
    return teller.sample(sorted(distinct(event.after), key=lambda row: row.order())) if event else Sample()


def _met(judgement: Judgement, rows: Sample) -> str:
    policy = judgement.policy
    if policy.subjects is None:
        return counted(rows.total, "match", "matches") if rows.total else "no match"
    if not judgement.subjects:
        return "not asked"
    failed = len(judgement.failures)
    met = failed if policy.forbids else judgement.subjects - failed
    return f"{met:,} of {counted(judgement.subjects, 'subject')} with a match"
