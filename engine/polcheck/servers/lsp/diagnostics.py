"""Reports of runs and problems of packs, as diagnostics of the protocol."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from pathlib import Path

from lsprotocol import types
from msgspec import Struct

from polcheck.base.errors import Problem
from polcheck.findings.finding import Excerpt, Finding, Location
from polcheck.findings.report import Notice, PolicyOutcome, Report
from polcheck.render.wording import pluralize
from polcheck.servers.lsp.code_units import Lines
from polcheck.servers.lsp.roots import uri_of

SOURCE = "polcheck"
UNDECIDED = "undecided"  # the code of a diagnostic that says what was not searched
_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}
_MOST_RELATED = 10
_MOST_NAMES = 5
_TOP = types.Range(types.Position(0, 0), types.Position(0, 0))
# what a reader should know of a run that isn't about a place in a file the user edits: these go to the log
_QUIET = frozenset({"since", "unplaced", "baseline", "dynamic"})

TextOf = Callable[[str], Lines | None]
Diagnostics = dict[Path, list[types.Diagnostic]]
Known = Mapping[str, tuple[Finding, types.Diagnostic]]


class Described(Struct, frozen=True):
    """The diagnostics of a report by file, the lines for the log that belong to no file, and what was made of which
    finding.
    """

    diagnostics: Diagnostics
    log: tuple[str, ...]
    known: Known


class ReportDiagnostics(Struct, frozen=True):
    """Turns reports on one project into diagnostics.

    `folder` is the project's root and `config` the file that names its packs, which takes what has no place.
    `text_of` gives the text of a file of the project, None where it can't be had; `related` says whether the client
    shows related places, which are part of the message otherwise. `known` are the findings of the report before by
    their fingerprints, with what was made of them: what is equal is taken from there, but in the files `typed`.
    """

    folder: Path
    config: Path
    text_of: TextOf
    encoding: str = "utf-16"
    related: bool = True
    known: Known = {}
    typed: Container[str] = ()

    def of(self, report: Report) -> Described:
        """Return what a report says."""
        result: Diagnostics = {}
        known: dict[str, tuple[Finding, types.Diagnostic]] = {}
        for finding in report.failing:
            path = self._path(finding.location) if finding.location else self.config
            before = self.known.get(finding.fingerprint)
            is_typed = finding.location is not None and finding.location.path in self.typed
            if before is None or is_typed or before[0] != finding:
                before = (finding, self._finding(finding))
            known[finding.fingerprint] = before
            result.setdefault(path, []).append(before[1])
        told: set[tuple[str, str]] = set()
        log: list[str] = []
        for notice in report.notices:
            if notice.location is None or notice.kind in _QUIET:
                log.append(f"{notice.location}: {notice.message}" if notice.location else notice.message)
                continue
            told.add((notice.location.path, notice.message))
            result.setdefault(self._path(notice.location), []).append(self._notice(notice))
        for policy in report.policies:
            if policy.outcome == "undecided" and not any(reason in told for reason in policy.reasons):
                result.setdefault(self.config, []).append(_undecided(policy))
        if report.no_verdict == "empty":
            log.append("no policy applies to anything here")
        return Described(result, tuple(log), known)

    def _path(self, location: Location) -> Path:
        return self.folder / location.path

    def _range(self, location: Location) -> types.Range:
        """Return the range of a place; the beginning of the file where the file as a whole is meant."""
        place = location.place
        if place is None:
            return _TOP
        excerpt = location.excerpt
        # NOTE: the first line of an open document may begin with a byte-order mark, which excerpts are without
        if excerpt and place.line > 1 and excerpt.first <= place.line <= place.end_line < _end(excerpt):
            above = excerpt.first - 1
            moved = place._replace(line=place.line - above, end_line=place.end_line - above)
            return _down(Lines("\n".join(excerpt.lines), self.encoding).range_of_place(moved), above)
        text = self.text_of(location.path)
        if text is None:
            start = types.Position(place.line - 1, place.column - 1)
            return types.Range(start, types.Position(place.end_line - 1, place.end_column - 1))
        return text.range_of_place(place)

    def _finding(self, finding: Finding) -> types.Diagnostic:
        related = list(self._related(finding))
        lines = [finding.message]
        if finding.nearest and (finding.nearest.location is None or not self.related):
            where = f" ({finding.nearest.location})" if finding.nearest.location else ""
            lines.append(f"nearest: {finding.nearest.text}{where}")
        if not self.related:
            lines += [f"see also: {location}" for location in finding.related[:_MOST_RELATED]]
            lines += [f"looked in: {', '.join(finding.looked_in[:_MOST_NAMES])}"] if finding.looked_in else []
        if finding.remedy:
            lines.append(f"help: {finding.remedy}")
        link = finding.see if finding.see.startswith(("https://", "http://")) else ""
        return types.Diagnostic(
            range=self._range(finding.location) if finding.location else _TOP,
            message="\n".join(lines),
            severity=_SEVERITIES[finding.severity],
            code=finding.ref,
            code_description=types.CodeDescription(link) if link else None,
            source=SOURCE,
            related_information=related if self.related and related else None,
            data={"policy": finding.ref, "path": finding.location.path if finding.location else ""}
            | {"fingerprint": finding.fingerprint, "project": str(self.folder)}
            | ({"fix": finding.fix.title} if finding.fix is not None and finding.is_fixable else {}),
        )

    def _related(self, finding: Finding) -> Iterator[types.DiagnosticRelatedInformation]:
        """Yield the other places that a finding is about: those that it names, its nearest miss, what was searched."""
        visited: set[tuple[str, int | None]] = set()
        places = [(location, "also here") for location in finding.related]
        if finding.nearest and finding.nearest.location:
            places.append((finding.nearest.location, f"nearest: {finding.nearest.text}"))
        places += [(Location.of_file(path), "searched without a match") for path in finding.looked_in]
        for location, text in places[:_MOST_RELATED]:
            key = (location.path, location.line)
            if not location.revision and key not in visited:
                visited.add(key)
                where = types.Location(uri_of(self._path(location)), self._range(location))
                yield types.DiagnosticRelatedInformation(where, text)

    def _notice(self, notice: Notice) -> types.Diagnostic:
        assert notice.location is not None
        unsearched = notice.kind == "unsearched"
        message = notice.message
        if notice.policies:
            message += f"\nundecided: {_names(notice.policies)}"
        return types.Diagnostic(
            range=self._range(notice.location) if notice.location.place else self._line_in(notice),
            message=f"not searched to the end: {message}" if unsearched else message,
            severity=_SEVERITIES["warning"] if notice.policies else _SEVERITIES["note"],
            code=UNDECIDED if notice.policies else notice.kind,
            source=SOURCE,
        )

    def _line_in(self, notice: Notice) -> types.Range:
        """Return the range of the line that a notice about a file speaks of, as `syntax error at line 3` does."""
        number = notice.message.rpartition(" at line ")[2]
        text = self.text_of(notice.location.path) if notice.location and number.isdecimal() else None
        if text is None or len(number) > 8:
            return _TOP
        line = min(int(number), len(text.starts)) - 1
        return types.Range(types.Position(line, 0), text.position(text.starts[line] + len(text.line(line))))


def _undecided(policy: PolicyOutcome) -> types.Diagnostic:
    """Return the diagnostic of a policy that is undecided for a reason that no file has of its own."""
    reasons = [f"{path}: {why}" if path else why for path, why in policy.reasons[:_MOST_NAMES]]
    return types.Diagnostic(
        range=_TOP,
        message="\n".join([f"`{policy.ref}` is undecided", *reasons]),
        severity=_SEVERITIES["warning"],
        code=UNDECIDED,
        source=SOURCE,
    )


def _names(names: Iterable[str]) -> str:
    listed = list(names)
    rest = len(listed) - _MOST_NAMES
    more = f" and {pluralize(rest, 'more policy', 'more policies')}" if rest > 0 else ""
    return ", ".join(listed[:_MOST_NAMES]) + more


def _end(excerpt: Excerpt) -> int:
    return excerpt.first + len(excerpt.lines)


def _down(range_: types.Range, lines: int) -> types.Range:
    start, end = range_.start, range_.end
    return types.Range(
        types.Position(start.line + lines, start.character), types.Position(end.line + lines, end.character)
    )


def of_problem(problem: Problem, text: Lines | None) -> types.Diagnostic:
    """Return a problem of a pack or a configuration, marked from its column to the end of the word or line."""
    return types.Diagnostic(
        range=_problem_range(problem, text),
        message=f"{problem.message}\nhelp: {problem.help}" if problem.help else problem.message,
        severity=_SEVERITIES[problem.severity],
        source=SOURCE,
    )


def _problem_range(problem: Problem, text: Lines | None) -> types.Range:
    if text is None or not problem.line:
        return _TOP
    line = text.line(problem.line - 1)
    start = text.starts[min(problem.line, len(text.starts)) - 1]
    column = min(max(problem.column - 1, 0), len(line))
    if problem.line == 1 and line.startswith("\ufeff"):
        column = min(column + 1, len(line))
    end = column
    while end < len(line) and (line[end].isalnum() or line[end] in "_-./"):
        end += 1
    if end == column:
        end = len(line.rstrip())
    return types.Range(text.position(start + column), text.position(start + max(end, column)))
