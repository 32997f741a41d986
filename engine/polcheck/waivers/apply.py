"""Waivers and overrides applied to findings; nothing disappears, and nothing that accepts may rot unseen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from polcheck.judge import Judgement
from polcheck.policy.params import matches, severity_in
from polcheck.policy.plan import CompiledPolicy
from polcheck.records import record
from polcheck.report import Excerpt, Finding, Location, Notice, Waived
from polcheck.selectors.files import FilePatterns
from polcheck.submission import Submission
from polcheck.waivers.accepted import Accepted
from polcheck.waivers.inline import InlineWaiver, inline_waivers

if TYPE_CHECKING:
    from polcheck.config import InForce, Override, Waiver

_SOON = timedelta(days=30)


@record(frozen=True)
class Waivers:
    """What accepts findings in one run: comments in the submission, and the waivers and overrides of a polcheck.yaml.

    `known` is how policies of the run's packs can be called, whether they are chosen or not. `prefix` is the
    submission's path as seen from the configuration; `config_path` the configuration's as seen from the submission.
    Waivers expire after their day, which is compared with `today`.
    """

    inforce: InForce
    today: date
    known: frozenset[str] = frozenset()
    prefix: str = ""
    config_path: str = ""

    def __call__(
        self, findings: Sequence[Finding], submission: Submission, judgements: Sequence[Judgement]
    ) -> Accepted:
        """The findings, what is accepted marked so, and notices of what waives nothing, no longer or not for long."""
        run = _Run(self, tuple(inline_waivers(submission)), {j.policy.ref: j for j in judgements})
        accepted = tuple(run.accepted(finding) for finding in findings)
        return Accepted(accepted, tuple(run.notices()))

    def location(self, at: tuple[str | int, ...]) -> Location:
        """The place of an entry of the configuration."""
        written = self.inforce.written
        assert written is not None  # INVARIANT: there are entries only where there is a file
        place = written.place(at)
        excerpt = Excerpt(place.line, (written.origin.source.line(place.line),))
        return Location(self.config_path, place._replace(path=self.config_path), excerpt)

    def lets_in(self, files: FilePatterns | None, finding: Finding) -> bool:
        """Whether path patterns of the configuration let in the file that a finding points at."""
        if files is None:
            return True
        if finding.location is None:
            return False
        path = self.prefix + finding.location.path
        return bool(files.match(path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")))


@record
class _Run:
    """One submission's findings met by what accepts them; remembers what was of use."""

    waivers: Waivers
    inline: tuple[InlineWaiver, ...]
    judged: Mapping[str, Judgement]
    used: set[tuple[object, str]] = field(default_factory=set)

    @cached_property
    def by_path(self) -> dict[str, list[InlineWaiver]]:
        """The waivers in comments that can waive, by file."""
        found: dict[str, list[InlineWaiver]] = {}
        for waiver in self.inline:
            if not waiver.fault:
                found.setdefault(waiver.location.path, []).append(waiver)
        return found

    @cached_property
    def by_policy(self) -> dict[str, list[Waiver]]:
        """The waivers of the configuration that haven't expired, by what they call the policy."""
        found: dict[str, list[Waiver]] = {}
        for waiver in self.waivers.inforce.waivers:
            if not self.expired(waiver):
                found.setdefault(waiver.policy, []).append(waiver)
        return found

    def expired(self, waiver: Waiver) -> bool:
        """Whether the last day of a waiver is over."""
        return bool(waiver.expires) and date.fromisoformat(waiver.expires) < self.waivers.today

    def accepted(self, finding: Finding) -> Finding:
        """The finding, waived if something accepts it; everything that does is of use."""
        policy = self.judged[finding.ref].policy
        reasons: list[Waived] = []
        for name in (finding.policy, finding.ref):
            for waiver in self.by_path.get(finding.location.path if finding.location else "", ()):
                if name in waiver.policies and waiver.covers(finding):
                    self.used.add((waiver, name))
                    reasons.append(Waived("inline", waiver.reason, location=waiver.location))
        for entry in (*self.by_policy.get(finding.policy, ()), *self.by_policy.get(finding.ref, ())):
            if self.waivers.lets_in(entry.files, finding):
                self.used.add((entry.at, ""))
                where = self.waivers.location(entry.at)
                reasons.append(Waived("config", entry.reason, entry.owner, entry.expires, where))
        for override in self.waivers.inforce.overrides:
            finding, reason = self._overridden(finding, override, policy)
            reasons += reason
        return replace(finding, waived=reasons[0]) if reasons else finding

    def _overridden(self, finding: Finding, override: Override, policy: CompiledPolicy) -> tuple[Finding, list[Waived]]:
        """The finding with the severity that an override gives it, and why it doesn't count if so."""
        if not self.waivers.lets_in(override.files, finding):
            return finding, []
        severity = severity_in(override.severities, policy)
        if severity == "off" or any(matches(policy, text) for text in override.ignore):
            reason = override.reason or f"an override leaves `{policy.id}` out in these files"
            return finding, [Waived("config", reason, location=self.waivers.location(override.at))]
        return (replace(finding, severity=severity) if severity else finding), []

    def notices(self) -> Iterator[Notice]:
        """What a reader should know of waivers: those in comments by place, then those of the configuration."""
        for waiver in self.inline:
            if waiver.fault:
                yield Notice("waiver", waiver.fault, waiver.location)
                continue
            for name in waiver.policies:
                text = "" if (waiver, name) in self.used else self._unused(name)
                if text:
                    yield Notice("waiver", text, waiver.location, tuple(self._refs(name)))
        for entry in self.waivers.inforce.waivers:
            text = self._standing(entry)
            if text:
                yield Notice("waiver", text, self.waivers.location(entry.at), tuple(self._refs(entry.policy)))

    def _standing(self, entry: Waiver) -> str:
        """What is to be said of a waiver of the configuration; empty for nothing."""
        if not self._refs(entry.policy):
            return ""
        if self.expired(entry):
            return f"the waiver of `{entry.policy}` expired on {entry.expires}: it no longer waives"
        if (entry.at, "") not in self.used:
            return self._unused(entry.policy)
        if entry.expires:
            left = date.fromisoformat(entry.expires) - self.waivers.today
            if left <= _SOON:
                days = "today" if not left.days else "tomorrow" if left.days == 1 else f"in {left.days} days"
                return f"the waiver of `{entry.policy}` expires {days}, after {entry.expires}"
        return ""

    def _unused(self, name: str) -> str:
        """What to say of a waiver that waived nothing; nothing where that can't be known.

        NOTE: with `--pack`, waivers of other packs are left alone; while a policy is undecided, nobody knows what its
        waivers would waive.
        """
        refs = self._refs(name)
        if not refs:
            silent = name in self.waivers.known or not self.waivers.inforce.own_packs
            return "" if silent else f"no policy is called `{name}`, so this waives nothing"
        if any(self.judged[ref].open for ref in refs):
            return ""
        return f"the waiver of `{name}` waives nothing: it can go"

    def _refs(self, name: str) -> list[str]:
        """The policies of the run that go by `name`."""
        return [ref for ref, judgement in self.judged.items() if name in (ref, judgement.policy.id)]
