"""The report: everything that a run established, and the verdict that follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.findings.finding import Finding, Location, joined

if TYPE_CHECKING:
    from polcheck.formats.values import Json
else:
    Json = Any  # NOTE: msgspec reads the annotations when a report is read, and knows no type that holds itself

VERSION = 1  # of the report's JSON form, see schemas/report.json
Verdict = Literal["pass", "fail", "none"]
SEVERITIES = ("error", "warning", "note")
FAIL_ON = (*SEVERITIES, "never")  # what may fail a run: a severity and those above it, or nothing
ACCEPTED = "accepted"  # the shown outcome of what passes for the findings that are accepted
_WORST = ("fail", "undecided", "pass", "not-applicable")


class DynamicCapture(Struct, frozen=True):
    """A place that gave no match because what has to be a constant, `name`, isn't one there."""

    name: str
    reason: str
    location: Location | None = None


class PolicyOutcome(Struct, frozen=True):
    """What came of one policy.

    `subjects` and `documents` count what was examined; `reasons` say why it is undecided; `accepted` counts the
    findings that waivers, a baseline or `--since` accept; `dynamic` are the places that gave no match because what has
    to be a constant isn't one there.
    """

    pack: str
    id: str
    title: str
    requirement: str
    severity: str
    outcome: str
    subjects: int = 0
    documents: int = 0
    reasons: tuple[tuple[str, str], ...] = ()
    see: str = ""
    remedy: str = ""
    description: str = ""
    deprecated: str = ""
    accepted: int = 0
    dynamic: tuple[DynamicCapture, ...] = ()

    @property
    def shown_outcome(self) -> str:
        """The outcome as people see it: `accepted` where it passes for the findings that are accepted."""
        return ACCEPTED if self.outcome == "pass" and self.accepted else self.outcome

    @property
    def ref(self) -> str:
        """Return the policy's name in the run: `pack:id`."""
        return f"{self.pack}:{self.id}"


def not_constant(name: str, captures: Sequence[DynamicCapture]) -> str:
    """Return how many places a capture isn't a constant at, and the first of them with the reason."""
    first = captures[0]
    count = f"{len(captures):,} places" if len(captures) > 1 else "1 place"
    return f"{count} where `{name}` is not a constant, the first because {first.reason}"


class RequirementOutcome(Struct, frozen=True):
    """What came of one requirement: the worst of its policies, or `review` where people decide."""

    pack: str
    id: str
    title: str
    outcome: str
    decided_by: str = "policies"
    because: str = ""
    accepted: int = 0  # findings

    @property
    def shown_outcome(self) -> str:
        """The outcome as people see it: `accepted` where it passes for the findings that are accepted."""
        return ACCEPTED if self.outcome == "pass" and self.accepted else self.outcome


class Notice(Struct, frozen=True):
    """Something that a reader should know and that is no finding, as a file that couldn't be searched.

    `kind` is a word to filter by: `unsearched`, `dynamic`, `waiver`, `baseline`, `deprecated`, `config`, `trust`,
    `since`, `unplaced`.
    """

    kind: str
    message: str
    location: Location | None = None
    policies: tuple[str, ...] = ()

    def seen_from(self, folder: str) -> Notice:
        """Return the notice with the path of its place behind `folder`."""
        return replace(self, location=self.location and self.location.seen_from(folder)) if folder else self


class PackUsed(Struct, frozen=True):
    """One pack of the run: exactly what was used, and with which parameters.

    `root` is the folder that it is about, as seen from the configuration, which is a part of `name` then; empty for all
    of the project.
    """

    name: str
    version: str
    digest: str
    params: Mapping[str, Json] = field(default_factory=dict)
    source: str = ""
    root: str = ""


class SubmissionUsed(Struct, frozen=True):
    """What was checked; `left_out` counts the files and folders in it that were excluded, ignored or git's own."""

    name: str
    kind: str
    digest: str
    files: int
    left_out: int = 0


class Report(Struct, frozen=True):
    """Everything that a run established. Waived findings stay in `findings`, with `waived` set.

    Paths in it are seen from the submission's root. `root` is that folder as seen from the working directory of the
    run, `prefix` as seen from the root of its git repository; each is empty where they are one folder. `here` is the
    working directory as seen from the root, where it lies below. `today` is the
    day of the run in UTC (YYYY-MM-DD).
    """

    verdict: Verdict
    fail_on: str
    submission: SubmissionUsed
    packs: tuple[PackUsed, ...]
    requirements: tuple[RequirementOutcome, ...]
    policies: tuple[PolicyOutcome, ...]
    findings: tuple[Finding, ...]
    notices: tuple[Notice, ...] = ()
    fields: Mapping[str, Json] = field(default_factory=dict)
    fields_fault: str = ""
    polcheck: str = ""
    today: str = ""
    root: str = ""
    prefix: str = ""
    here: str = ""

    def seen_from(self, folder: str) -> Report:
        """Return the report with its paths behind `folder`, as `backend/app.py` for `app.py` and `backend`."""
        return replace(
            self,
            policies=tuple(
                replace(policy, reasons=tuple((joined(folder, path), why) for path, why in policy.reasons))
                for policy in self.policies
            ),
            findings=tuple(finding.seen_from(folder) for finding in self.findings),
            notices=tuple(notice.seen_from(folder) for notice in self.notices),
        )

    @property
    def exit_status(self) -> int:
        """Return 0 for pass, 1 for fail, 2 for no verdict."""
        return {"pass": 0, "fail": 1, "none": 2}[self.verdict]

    @property
    def decided(self) -> bool:
        """Return whether nothing was left open: the same submission would give the same report at any time."""
        return all(policy.outcome != "undecided" and not policy.reasons for policy in self.policies)

    @property
    def failing(self) -> tuple[Finding, ...]:
        """Return the findings that are not waived."""
        return tuple(finding for finding in self.findings if finding.waived is None)

    @property
    def no_verdict(self) -> str:
        """Why there is no verdict: something is `undecided`, or the project is `empty` of what policies apply to."""
        if self.verdict != "none":
            return ""
        counting = named_by(self.fail_on)
        undecided = any(p.outcome == "undecided" and p.severity in counting for p in self.policies)
        return "undecided" if undecided else "empty"

    def count(self, outcome: str) -> int:
        """Return how many policies have this outcome."""
        return sum(policy.outcome == outcome for policy in self.policies)


def named_by(fail_on: str) -> tuple[str, ...]:
    """Return the severities that `--fail-on` names: the given one and those above it."""
    return () if fail_on == "never" else SEVERITIES[: SEVERITIES.index(fail_on) + 1]


def verdict_of(policies: Sequence[PolicyOutcome], fail_on: str, *, allow_empty: bool = False) -> Verdict:
    """Return the verdict: fail, else none when something that counts is undecided or nothing was decided, else pass.

    A policy that failed at a severity that doesn't count was decided: a lone warning is no reason to have no verdict.
    With `allow_empty`, a submission that no policy applies to passes.
    """
    weighty = [policy.outcome for policy in policies if policy.severity in named_by(fail_on)]
    if "fail" in weighty:
        return "fail"
    if "undecided" in weighty:
        return "none"
    outcomes = {policy.outcome for policy in policies}
    empty = outcomes <= {"not-applicable"}
    return "pass" if outcomes & {"pass", "fail"} or (allow_empty and empty) else "none"


def worst(outcomes: Iterable[str]) -> str:
    """Return the worst of some outcomes: fail, undecided, pass, not-applicable."""
    distinct = set(outcomes)
    return next((outcome for outcome in _WORST if outcome in distinct), "not-applicable")
