"""One policy over one submission, explained: judged for real, with a journal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from polcheck import pipeline
from polcheck.authoring.explain.files import FileFilter
from polcheck.authoring.explain.journal import Journal
from polcheck.authoring.explain.model import ExplainedFix, Explanation, Lost, Part, Sample
from polcheck.authoring.explain.policy_lines import Places
from polcheck.authoring.explain.steps import StepExplainer
from polcheck.base.errors import PolcheckError
from polcheck.base.similar_names import did_you_mean
from polcheck.evaluate.outcome import Failure, PolicyResult, evaluate
from polcheck.evaluate.rows import distinct
from polcheck.findings.accepted import Accept
from polcheck.findings.finding import Finding
from polcheck.findings.make import Findings
from polcheck.findings.near_misses import NearMisses
from polcheck.findings.places import Locator
from polcheck.pipeline import Checker
from polcheck.policy.pack_files import PackFiles, every_pack, policy_names, unrooted
from polcheck.policy.plan import CompiledPolicy, Conjunction, Plan, Step
from polcheck.render.wording import pluralize
from polcheck.sources.submission import Submission


def because(result: PolicyResult, journal: Journal) -> tuple[str, ...]:
    """Return the reasons for the policy's outcome."""
    return tuple(_sentences(result, journal))


def waived(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return the effect of waivers and a baseline on the findings; empty where none is accepted."""
    accepted = sum(finding.waived is not None for finding in findings)
    if not accepted:
        return ()
    if accepted < len(findings):
        return (f"{accepted:,} of {pluralize(len(findings), 'finding')} {'is' if accepted == 1 else 'are'} accepted",)
    return ("every finding is accepted, so that a run counts the policy as passed",)


def _sentences(result: PolicyResult, journal: Journal) -> Iterator[str]:
    policy = result.policy
    early = _early(result, journal)
    if early:
        yield early
        return
    yield (_forbidden if policy.forbids else _required)(result)
    if result.reasons:
        yield _searched(result)


def _early(result: PolicyResult, journal: Journal) -> str:
    """Return the reason why neither `require` nor `forbid` was evaluated; empty when one was."""
    policy = result.policy
    first = (*policy.when, *(policy.subjects or ()), *policy.demand)[:1]
    if policy.needs_base and not any(map(journal.of, first)):
        return "what has changed is asked for, and there is nothing to compare with: give `--since REV`"
    if policy.when and not _came_through(policy.when[-1], journal):
        if result.outcome == "undecided":
            return "whether `when` holds is open, so whether the policy applies is"
        return "`when` does not hold, so the policy does not apply"
    if policy.subjects is not None and not _came_through(policy.subjects[-1], journal):
        if result.outcome == "undecided":
            return "`for` found no subject, but what could not be searched may hold one"
        return "`for` found no subject, so there is nothing to check: that is not a pass"
    if result.outcome == "not-applicable":
        return "the first item of `forbid` found no document to look in: that is not a pass"
    return ""


def _came_through(step: Step, journal: Journal) -> bool:
    event = journal.of(step)
    return event is not None and bool(event.after)


def _required(result: PolicyResult) -> str:
    policy, outcome = result.policy, result.outcome
    wanted = _wanted(policy)
    if policy.subjects is None:
        return {
            "pass": f"`require` found {wanted}",
            "fail": f"`require` did not find {wanted}, and everything that could hold it was searched to the end",
        }.get(outcome, f"`require` did not find {wanted} for certain, and what could not be searched may hold it")
    total = pluralize(result.subjects, "subject")
    failed = len(result.failures)
    if outcome == "fail":
        lacks = "no match" if policy.count is None else f"not {wanted}"
        return f"{failed:,} of {total} {'has' if failed == 1 else 'have'} {lacks}"
    if outcome == "pass":
        return f"each of {total} has {wanted}" if result.subjects > 1 else f"the one subject has {wanted}"
    return f"no subject of {result.subjects:,} fails for certain, but not each is known to have {wanted}"


def _wanted(policy: CompiledPolicy) -> str:
    if policy.count is None:
        return "a match"
    least, most = policy.count
    if most is None:
        return f"at least {pluralize(least, 'distinct place')}"
    return pluralize(least, "distinct place") if least == most else f"{least:,} to {most:,} distinct places"


def _forbidden(result: PolicyResult) -> str:
    policy, outcome = result.policy, result.outcome
    failed = len(result.failures)
    if policy.subjects is None:
        if outcome == "fail":
            return f"`forbid` wants no match, and there {'is' if failed == 1 else 'are'} {failed:,}"
        if outcome == "pass":
            return "`forbid` wants no match, and there is none"
        return "`forbid` found no match for certain, but what could not be searched may hold one"
    total = pluralize(result.subjects, "subject")
    if outcome == "fail":
        return f"`forbid` wants no match, and {failed:,} of {total} {'has' if failed == 1 else 'have'} one"
    if outcome == "pass":
        return f"none of {total} has a match of `forbid`"
    return f"no subject of {result.subjects:,} has a match for certain, but what could not be searched may hold one"


def _searched(result: PolicyResult) -> str:
    """Return the effect on the outcome of documents that were not searched to their end."""
    many = pluralize(len({path for path, _ in result.reasons}), "document")
    if result.outcome == "undecided":
        return f"{many} could not be searched to the end, so the outcome is open: neither a pass nor a fail"
    if result.outcome == "fail":
        return f"{many} could not be searched to the end; whatever is there, what failed stays failed"
    return f"{many} could not be searched to the end; whatever is there, what was found stays found"


_EVERY = 1_000_000


def find_policy(plan: Plan, name: str) -> CompiledPolicy:
    """Return the policy called `name` (an id, or `pack:id`). Raises PolcheckError when it is no policy's, or
    several'.
    """
    results = [policy for policy in plan.policies if name in policy_names(policy.pack, policy.id)]
    if len(results) == 1:
        return results[0]
    if results:
        names = " or ".join(f"`{policy.ref}`" for policy in results)
        several = "several packs have" if len({unrooted(each.pack) for each in results}) > 1 else "several folders have"
        raise PolcheckError(f"{several} a policy `{name}`\nhelp: say {names}")
    known = sorted({policy.ref if ":" in name else policy.id for policy in plan.policies})
    help = did_you_mean(name, known, "`polcheck list` shows the policies", most=3)
    raise PolcheckError(f"there is no policy `{name}`\nhelp: {help}")


def explain(
    checker: Checker,
    name: str,
    submission: Submission,
    packs: Sequence[PackFiles],
    most: int | None = 10,
    accept: Accept | None = None,
) -> Explanation:
    """Return the policy called `name`, step by step over a submission; of each list of rows at most `most` (None:
    all).

    `packs` are the files that the checker was compiled from: lines are looked up there. `accept` waives findings.
    Raises PolcheckError for an unknown policy and SubmissionError when the submission's fields can't be placed.
    """
    policy = find_policy(checker.plan, name)
    packs_of = tuple(
        replace(pack, policies=(policy,) if pack.name == policy.pack else ()) for pack in checker.plan.packs
    )
    narrow = replace(checker, plan=replace(checker.plan, packs=packs_of), searches=checker.extractor)
    whole = narrow.place(submission)
    part = _scanned(narrow, whole, policy)
    placed, context = part.submission, part.context
    journal = Journal()
    (result,) = evaluate(context, packs_of, lambda _: journal)
    locator = Locator(placed, narrow.extractor)
    misses = NearMisses(context, locator)
    places = Places(tuple(every_pack(packs)), policy)
    teller = StepExplainer(context, locator, misses, FileFilter(context, placed), journal, places, most or _EVERY)
    findings = tuple(Findings(locator, misses, part.folder).of(result))
    if accept is not None:
        findings = tuple(accept(findings, whole, [result.seen_from(part.folder)]).findings)
    return Explanation(
        pack=policy.pack,
        id=policy.id,
        title=policy.title,
        severity=policy.severity,
        requirement=policy.requirement,
        place=f"{policy.path}:{policy.line}",
        submission=submission.name,
        root=part.folder,
        outcome=result.outcome,
        because=(*because(result, journal), *waived(findings)),
        parts=tuple(_parts(policy, teller, result)),
        findings=findings,
        unsearched=result.reasons,
        fix=ExplainedFix(policy.fix.safe, tuple(edit.words for edit in policy.fix.edits)) if policy.fix else None,
    )


def _scanned(checker: Checker, placed: Submission, policy: CompiledPolicy) -> pipeline.Part:
    """Return the files that a policy is about, scanned. Raises PolcheckError where its folder isn't there."""
    parts = checker.parts(placed, checker.extract(placed))
    own = next((part for part in parts if any(pack.name == policy.pack for pack in part.group.packs)), None)
    if own is None:
        raise PolcheckError(f"the policy is about `{policy.pack.partition('@')[2]}`, of which nothing is there")
    return own


def _parts(policy: CompiledPolicy, teller: StepExplainer, result: PolicyResult) -> list[Part]:
    parts: list[Part] = []
    if policy.when:
        steps = teller.conjunction(policy.when, first_only=True)
        owned = bool(_rows(policy.when, teller).total)
        parts.append(Part("when", steps, Sample(), "holds" if owned else "does not hold"))
    if policy.subjects is not None:
        rows = _rows(policy.subjects, teller)
        message = pluralize(rows.total, "subject")
        if policy.per and rows.total:
            subjects = pluralize(result.subjects, "subject")
            message = f"{pluralize(rows.total, 'row')}, {subjects} by `{'`, `'.join(policy.per)}`"
        parts.append(Part("for", teller.conjunction(policy.subjects), rows, message))
        if policy.grouped and rows.total:
            groups = _rows(policy.grouped, teller)
            message = f"{pluralize(groups.total, 'group')} by `{'`, `'.join(policy.per)}`"
            parts.append(Part("per", teller.conjunction(policy.grouped), groups, message))
    first_only = policy.subjects is not None if policy.forbids else policy.count is None
    keyword = "forbid" if policy.forbids else "require"
    rows = _rows(policy.demand, teller)
    failed = result.failures if policy.subjects is not None else ()
    parts.append(
        Part(
            keyword,
            teller.conjunction(policy.demand, first_only),
            rows,
            _met(result, rows),
            tuple(_failed(failure, teller, policy) for failure in failed[: teller.most]),
            len(failed),
        )
    )
    return parts


def _failed(failure: Failure, teller: StepExplainer, policy: CompiledPolicy) -> Lost:
    return Lost(teller.match(failure.row), teller.misses.of(policy, failure) if failure.missing else None)


def _rows(steps: Conjunction, teller: StepExplainer) -> Sample:
    """Return the rows that came out of a conjunction."""
    event = teller.journal.of(steps[-1]) if steps else None
    return teller.sample(sorted(distinct(event.after), key=lambda row: row.order())) if event else Sample()


def _met(result: PolicyResult, rows: Sample) -> str:
    policy = result.policy
    if policy.subjects is None:
        return pluralize(rows.total, "match", "matches") if rows.total else "no match"
    if not result.subjects:
        return "not asked"
    failed = len(result.failures)
    met = failed if policy.forbids else result.subjects - failed
    return f"{met:,} of {pluralize(result.subjects, 'subject')} with a match"
