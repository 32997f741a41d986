"""Waivers and overrides applied to findings; nothing disappears, and nothing that accepts may rot unseen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.spans import Source, Span, Unreadable
from polcheck.evaluate.outcome import PolicyResult
from polcheck.findings.accepted import Accepted
from polcheck.findings.finding import Excerpt, Finding, Location, Waived
from polcheck.findings.report import Notice
from polcheck.languages.comments import CommentAt, comments
from polcheck.policy.params import matches, severity_in
from polcheck.policy.plan import CompiledPolicy
from polcheck.sources.path_patterns import FilePatterns
from polcheck.sources.submission import Submission

if TYPE_CHECKING:
    from polcheck.project.effective import EffectiveConfig
    from polcheck.project.model import Override, Waiver


_WORDS = r"\bpolcheck:[ \t]*ignore\b(?:\[([^\]\n]*)\])?"
_MARK = re.compile(_WORDS + r"(?=([^\n]*))")
_NEXT = re.compile(r"[#/;<-]*[ \t]*" + _WORDS)
_CLOSERS = re.compile(r"[ \t]*(?:\*/|-->|#\}|\*\))?[ \t\r]*$")


class InlineWaiver(Struct, frozen=True):
    """One comment that waives findings of `policies`: those on `lines`, and, if `leading`, those of the whole file.

    `leading`: nothing but comments comes before it.
    """

    policies: tuple[str, ...]
    reason: str
    location: Location
    lines: frozenset[int]
    leading: bool

    @property
    def fault(self) -> str:
        """Why it waives nothing; empty when it may."""
        if not self.policies:
            return "the waiver names no policy, so it waives nothing: write `polcheck: ignore[policy] reason`"
        return "" if self.reason else "the waiver gives no reason, so it waives nothing"

    def covers(self, finding: Finding) -> bool:
        """Whether the finding stands where this waiver holds."""
        location = finding.location
        if location is None or location.path != self.location.path:
            return False
        return self.leading if location.line is None else location.line in self.lines


def inline_waivers(submission: Submission) -> Iterator[InlineWaiver]:
    """The waivers in the comments of every file, in order of path and place."""
    for path in submission.paths if submission.marked is None else sorted(submission.marked):
        data = submission.files.get(path)
        if data is not None and b"polcheck:" in data:
            yield from waivers_in(submission.source(path))


def waivers_in(source: Source) -> Iterator[InlineWaiver]:
    """The waivers in the comments of one file; none where its bytes are no text."""
    try:
        found = list(_MARK.finditer(source.text))
        comment_at = comments(source) if found else None
    except Unreadable:
        return
    for mark in found:
        comment = comment_at(mark.start()) if comment_at else None
        if comment is not None and comment_at is not None:
            yield _waiver(source, mark, comment, comment_at)


def _waiver(source: Source, mark: re.Match[str], comment: Span, comment_at: CommentAt) -> InlineWaiver:
    place = source.place(Span(*mark.span()))
    rest = _NEXT.split(source.text[mark.start(2) : min(mark.end(2), comment.end)], maxsplit=1)[0]
    first, last = source.line_of(comment.start), source.line_of(max(comment.end - 1, comment.start))
    lines = set(range(first, last + 1))
    alone = _alone(source, comment)
    if alone:
        lines.add(_next_line(source, last, comment_at))
    return InlineWaiver(
        policies=tuple(name for part in (mark[1] or "").split(",") if (name := part.strip())),
        reason=_CLOSERS.sub("", rest).strip().removeprefix(":").removeprefix("-").strip(),
        location=Location(source.path, place, Excerpt(place.line, (source.line(place.line),))),
        lines=frozenset(lines),
        leading=all(_is_comment(source, line, comment_at) is not False for line in range(1, first)),
    )


def _alone(source: Source, comment: Span) -> bool:
    """Whether nothing else stands on the lines of a comment."""
    first, last = source.line_of(comment.start), source.line_of(max(comment.end - 1, comment.start))
    start = source.line_starts[first - 1]
    end = source.line_starts[last - 1] + len(source.line(last))
    return not source.text[start : comment.start].strip() and not source.text[comment.end : end].strip()


def _next_line(source: Source, line: int, comment_at: CommentAt) -> int:
    """The line that a comment on lines of its own speaks of: the next one that is no comment."""
    line += 1
    while _is_comment(source, line, comment_at):
        line += 1
    return line


def _is_comment(source: Source, line: int, comment_at: CommentAt) -> bool | None:
    """Whether a line holds a comment and nothing else; None for an empty one."""
    text = source.line(line)
    if not text.strip():
        return None
    comment = comment_at(source.line_starts[line - 1] + len(text) - len(text.lstrip()))
    return comment is not None and _alone(source, comment)


_SOON = timedelta(days=30)


class Waivers(Struct, frozen=True):
    """What accepts findings in one run: comments in the submission, and the waivers and overrides of a polcheck.yaml.

    `known` is how policies of the run's packs can be called, whether they are chosen or not. `prefix` is the
    submission's path as seen from the configuration; `config_path` the configuration's as seen from the submission.
    Waivers expire after their day, which is compared with `today`.
    """

    inforce: EffectiveConfig
    today: date
    known: frozenset[str] = frozenset()
    prefix: str = ""
    config_path: str = ""

    def __call__(
        self, findings: Sequence[Finding], submission: Submission, judgements: Sequence[PolicyResult]
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


class _Run(Struct, dict=True):
    """One submission's findings met by what accepts them; remembers what was of use."""

    waivers: Waivers
    inline: tuple[InlineWaiver, ...]
    judged: Mapping[str, PolicyResult]
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
