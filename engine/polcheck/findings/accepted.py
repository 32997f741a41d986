"""What accepting findings gives: the findings, some of them waived now, and notices about what accepts them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from polcheck.evaluate.outcome import PolicyResult
from polcheck.findings.finding import Finding, Location, Waived
from polcheck.findings.report import Notice
from polcheck.sources.submission import Submission


class AcceptedFile(Struct, frozen=True):
    """A file that leaves a policy (`pack:id`) undecided for the reason `why`, and what accepts that."""

    ref: str
    path: str
    why: str
    by: Waived

    @property
    def notice(self) -> Notice:
        """The notice that keeps the accepted file in view."""
        until = f" until {self.by.expires}" if self.by.expires else ""
        text = f"undecided ({self.why}), accepted{until}: {self.by.reason}"
        return Notice("waiver", text, Location(self.path), (self.ref,))


class Accepted(Struct, frozen=True):
    """The findings of a run in their order, the undecided files that are accepted, and notices about both."""

    findings: tuple[Finding, ...]
    notices: tuple[Notice, ...] = ()
    files: tuple[AcceptedFile, ...] = ()

    def result(self, result: PolicyResult) -> PolicyResult:
        """Return a policy's result without the accepted files; one that has no other reason to be undecided passes."""
        accepted = {(file.path, file.why) for file in self.files if file.ref == result.policy.ref}
        if not accepted or result.fault:
            return result
        return result.with_reasons(tuple(reason for reason in result.reasons if reason not in accepted))


Accept = Callable[[Sequence[Finding], Submission, Sequence[PolicyResult]], Accepted]


def in_turn(*accepts: Accept) -> Accept:
    """Several ways of accepting, each of which sees what the ones before it left."""

    def accept(findings: Sequence[Finding], submission: Submission, results: Sequence[PolicyResult]) -> Accepted:
        done = Accepted(tuple(findings))
        for one in accepts:
            result = one(done.findings, submission, results)
            done = replace(result, notices=done.notices + result.notices, files=done.files + result.files)
        return done

    return accept
