"""Waivers in comments: `# polcheck: ignore[policy, other] reason`, on the line of a finding or the one above."""

from __future__ import annotations

import re
from collections.abc import Iterator

from polcheck.documents.comments import CommentAt, comments
from polcheck.records import record
from polcheck.report import Excerpt, Finding, Location
from polcheck.source import Source, Span, Unreadable
from polcheck.submission import Submission

_WORDS = r"\bpolcheck:[ \t]*ignore\b(?:\[([^\]\n]*)\])?"
_MARK = re.compile(_WORDS + r"(?=([^\n]*))")
_NEXT = re.compile(r"[#/;<-]*[ \t]*" + _WORDS)
_CLOSERS = re.compile(r"[ \t]*(?:\*/|-->|#\}|\*\))?[ \t\r]*$")


@record(frozen=True)
class InlineWaiver:
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
