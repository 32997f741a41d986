"""How the steps made the outcome, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from polcheck.explain.journal import Journal
from polcheck.judge import Judgement
from polcheck.policy.plan import CompiledPolicy
from polcheck.render.words import counted
from polcheck.report import Finding


def because(judgement: Judgement, journal: Journal) -> tuple[str, ...]:
    """Why the policy has its outcome."""
    return tuple(_sentences(judgement, journal))


def waived(findings: Sequence[Finding]) -> tuple[str, ...]:
    """What waivers and a baseline make of the findings; nothing where none is accepted."""
    accepted = sum(finding.waived is not None for finding in findings)
    if not accepted:
        return ()
    if accepted < len(findings):
        return (f"{accepted:,} of {counted(len(findings), 'finding')} {'is' if accepted == 1 else 'are'} accepted",)
    return ("every finding is accepted, so that a run counts the policy as passed",)


def _sentences(judgement: Judgement, journal: Journal) -> Iterator[str]:
    policy = judgement.policy
    early = _early(judgement, journal)
    if early:
        yield early
        return
    yield (_forbidden if policy.forbids else _required)(judgement)
    if judgement.reasons:
        yield _searched(judgement)


def _early(judgement: Judgement, journal: Journal) -> str:
    """Why neither `require` nor `forbid` was asked; empty when it was."""
    policy = judgement.policy
    if policy.when and not _came_through(policy.when[-1], journal):
        if judgement.outcome == "undecided":
            return "whether `when` holds is open, so whether the policy applies is"
        return "`when` does not hold, so the policy does not apply"
    if policy.subjects is not None and not _came_through(policy.subjects[-1], journal):
        if judgement.outcome == "undecided":
            return "`for` found no subject, but what could not be searched may hold one"
        return "`for` found no subject, so there is nothing to judge: that is not a pass"
    if judgement.outcome == "not-applicable":
        return "the first item of `forbid` found no document to look in: that is not a pass"
    return ""


def _came_through(step: object, journal: Journal) -> bool:
    event = journal.of(step)  # type: ignore[arg-type]  # the last step of a conjunction
    return event is not None and bool(event.after)


def _required(judgement: Judgement) -> str:
    policy, outcome = judgement.policy, judgement.outcome
    wanted = _wanted(policy)
    if policy.subjects is None:
        return {
            "pass": f"`require` found {wanted}",
            "fail": f"`require` did not find {wanted}, and everything that could hold it was searched to its end",
        }.get(outcome, f"`require` did not find {wanted} for certain, and what could not be searched may hold it")
    total = counted(judgement.subjects, "subject")
    failed = len(judgement.failures)
    if outcome == "fail":
        lacks = "no match" if policy.count is None else f"not {wanted}"
        return f"{failed:,} of {total} {'has' if failed == 1 else 'have'} {lacks}"
    if outcome == "pass":
        return f"each of {total} has {wanted}" if judgement.subjects > 1 else f"the one subject has {wanted}"
    return f"no subject of {judgement.subjects:,} fails for certain, but not each is known to have {wanted}"


def _wanted(policy: CompiledPolicy) -> str:
    if policy.count is None:
        return "a match"
    least, most = policy.count
    if most is None:
        return f"at least {counted(least, 'distinct place')}"
    return counted(least, "distinct place") if least == most else f"{least:,} to {most:,} distinct places"


def _forbidden(judgement: Judgement) -> str:
    policy, outcome = judgement.policy, judgement.outcome
    failed = len(judgement.failures)
    if policy.subjects is None:
        if outcome == "fail":
            return f"`forbid` wants no match, and there {'is' if failed == 1 else 'are'} {failed:,}"
        if outcome == "pass":
            return "`forbid` wants no match, and there is none"
        return "`forbid` found no match for certain, but what could not be searched may hold one"
    total = counted(judgement.subjects, "subject")
    if outcome == "fail":
        return f"`forbid` wants no match, and {failed:,} of {total} {'has' if failed == 1 else 'have'} one"
    if outcome == "pass":
        return f"none of {total} has a match of `forbid`"
    return f"no subject of {judgement.subjects:,} has a match for certain, but what could not be searched may hold one"


def _searched(judgement: Judgement) -> str:
    """What documents that were not searched to their end mean for the outcome."""
    many = counted(len({path for path, _ in judgement.reasons}), "document")
    if judgement.outcome == "undecided":
        return f"{many} could not be searched to the end, so the outcome is open: neither a pass nor a fail"
    if judgement.outcome == "fail":
        return f"{many} could not be searched to the end; whatever is there, what failed stays failed"
    return f"{many} could not be searched to the end; whatever is there, what was found stays found"
