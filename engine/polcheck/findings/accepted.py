"""What accepting findings gives: the findings, some of them waived now, and notices about what accepts them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from polcheck.evaluate.outcome import PolicyResult
from polcheck.findings.finding import Finding
from polcheck.findings.report import Notice
from polcheck.sources.submission import Submission


class Accepted(Struct, frozen=True):
    """The findings of a run in their order, and what a reader should know of waivers and baselines."""

    findings: tuple[Finding, ...]
    notices: tuple[Notice, ...] = ()


Accept = Callable[[Sequence[Finding], Submission, Sequence[PolicyResult]], Accepted]


def in_turn(*accepts: Accept) -> Accept:
    """Several ways of accepting, each of which sees what the ones before it left."""

    def accept(findings: Sequence[Finding], submission: Submission, results: Sequence[PolicyResult]) -> Accepted:
        done = Accepted(tuple(findings))
        for one in accepts:
            result = one(done.findings, submission, results)
            done = replace(result, notices=done.notices + result.notices)
        return done

    return accept
