"""The report as SARIF 2.1.0, for code scanning: policies as rules, findings as results, notices as notifications.

Results that failed are told apart from waived ones by `suppressions` and, once a baseline is in use, `baselineState`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from polcheck.base.spans import Place
from polcheck.findings.finding import Excerpt, FileEdit, Finding, Fix, Location, Waived
from polcheck.findings.report import PolicyOutcome, Report
from polcheck.render import Options, OutputFormat
from polcheck.render.escape import markdown, printable, uri, web
from polcheck.render.json import dumps
from polcheck.render.verdict import reason

_BASE = "%SRCROOT%"


def message(text: str) -> dict[str, str]:
    """Return a SARIF message that shows the text and nothing else: `[a](b)` in it is no link."""
    return {"text": printable(text).replace("](", "]\\(") or "(no text)"}


class Artifacts(Struct, frozen=True):
    """The files that results speak of, each listed once, in the order in which they are first named."""

    paths: dict[str, int] = field(default_factory=dict)

    def listed(self) -> list[dict[str, Any]]:
        """Return the run's `artifacts`."""
        return [{"location": {"uri": uri(path), "uriBaseId": _BASE}} for path in self.paths]

    def file(self, path: str) -> dict[str, Any]:
        """Return the location of a file of the project."""
        index = self.paths.setdefault(path, len(self.paths))
        return {"uri": uri(path), "uriBaseId": _BASE, "index": index}

    def location(self, location: Location | None, number: int | None = None) -> dict[str, Any]:
        """Return a SARIF location, with `number` as its id; the submission's root where there is nowhere to point.

        NOTE: code scanning refuses a result without any location.
        """
        physical: dict[str, Any] = {"artifactLocation": {"uri": ".", "uriBaseId": _BASE}}
        if location:
            physical["artifactLocation"] = self.file(location.path)
            if location.place:
                physical["region"] = _region(location.place, location.excerpt)
            if location.place and location.excerpt and location.excerpt.lines:
                physical["contextRegion"] = _context(location.excerpt)
        then = (
            {"message": {"text": "as it was at the base of the comparison"}} if location and location.revision else {}
        )
        return {**({"id": number} if number is not None else {}), "physicalLocation": physical, **then}


def _region(place: Place, excerpt: Excerpt | None) -> dict[str, int]:
    return {
        "startLine": place.line,
        "startColumn": _units(excerpt, place.line, place.column),
        "endLine": place.end_line,
        "endColumn": _units(excerpt, place.end_line, place.end_column),
    }


def _units(excerpt: Excerpt | None, line: int, column: int) -> int:
    """Return a column in UTF-16 units; where the line isn't known it is taken to hold no character of two units."""
    index = line - excerpt.first if excerpt else -1
    if excerpt is None or not 0 <= index < len(excerpt.lines):
        return column
    return column + sum(char > "\uffff" for char in excerpt.lines[index][: column - 1])


def _replacement(edit: FileEdit) -> dict[str, Any]:
    """Return an edit as SARIF has it; a file that it creates is empty before."""
    place, columns = edit.place, edit.utf16_columns or (1, 1)
    region = {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}
    if place is not None:
        lines = (place.line, columns[0], place.end_line, columns[1])
        region = dict(zip(region, lines, strict=True))
    return {"deletedRegion": region, **({"insertedContent": {"text": edit.text}} if edit.text else {})}


def _context(excerpt: Excerpt) -> dict[str, Any]:
    text = "\n".join(excerpt.lines)
    return {
        "startLine": excerpt.first,
        "endLine": excerpt.first + len(excerpt.lines) - 1,
        "snippet": {"text": printable(text)},
    }


def rule(policy: PolicyOutcome) -> dict[str, Any]:
    """Return the `reportingDescriptor` of a policy."""
    tags = [policy.pack, *([policy.requirement] if policy.requirement else [])]
    results: dict[str, Any] = {
        "id": policy.ref,
        "shortDescription": message(policy.title),
        "fullDescription": message(policy.description or policy.title),
        "help": _help(policy),
        "defaultConfiguration": {"level": policy.severity},
        "properties": {
            "tags": list(dict.fromkeys(tags)),
            "requirement": policy.requirement,
            "problem.severity": {"note": "recommendation"}.get(policy.severity, policy.severity),
        },
    }
    if web(policy.see):
        results["helpUri"] = policy.see
    if policy.deprecated:
        results["properties"]["deprecated"] = policy.deprecated
    return results


def _help(policy: PolicyOutcome) -> dict[str, str]:
    """Return what the policy says, why, and what puts it right, for the page on which people read about a result."""
    paragraphs = [policy.title, policy.description, policy.remedy and f"Remedy: {policy.remedy}"]
    if policy.requirement:
        paragraphs.append(f"Requirement: {policy.requirement}")
    if policy.deprecated:
        paragraphs.append(f"Deprecated: {policy.deprecated}")
    text = [paragraph for paragraph in paragraphs if paragraph]
    return {**message("\n\n".join(text)), "markdown": "\n\n".join(map(markdown, text)) or markdown(policy.ref)}


_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_KINDS = {"pass": "pass", "not-applicable": "notApplicable", "undecided": "open"}


MOST_RESULTS = 25_000  # of a run that GitHub's code scanning takes
_LEVELS = ("error", "warning", "note", "none")


def render(report: Report, options: Options) -> str:
    """Return one SARIF run. Undecided policies are results of the kind `open`; `options.kinds` adds other outcomes."""
    return dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(report, options)]})


def _run(report: Report, options: Options) -> dict[str, Any]:
    rules = {policy.ref: index for index, policy in enumerate(report.policies)}
    log = _Log(Artifacts(), rules, frozenset(finding.waived.kind for finding in report.findings if finding.waived))
    results = [log.finding(finding) for finding in report.findings]
    outcomes = {"undecided", *options.kinds}
    results += [log.outcome(policy) for policy in report.policies if policy.outcome in outcomes & _KINDS.keys()]
    invocation = _invocation(report, log)
    if len(results) > MOST_RESULTS:
        invocation["toolExecutionNotifications"].append(_left_out(len(results) - MOST_RESULTS))
        # NOTE: what is least severe is left out; a sort that is stable keeps the order of the rest
        results = sorted(results, key=lambda result: _LEVELS.index(result.get("level", "none")))[:MOST_RESULTS]
    return {
        "tool": {
            "driver": {
                "name": "polcheck",
                "semanticVersion": report.polcheck or "0",
                "rules": [rule(policy) for policy in report.policies],
            }
        },
        "invocations": [invocation],
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "the root of the repository"}}},
        "results": results,
        "artifacts": log.artifacts.listed(),
        "properties": {
            "verdict": report.verdict,
            "failOn": report.fail_on,
            "submission": {
                "name": report.submission.name,
                "digest": report.submission.digest,
                "files": report.submission.files,
                "leftOut": report.submission.left_out,
            },
            "waived": len(report.findings) - len(report.failing),
            "packs": [{"name": p.name, "version": p.version, "digest": p.digest} for p in report.packs],
            "requirements": [{"id": f"{r.pack}:{r.id}", "outcome": r.shown_outcome} for r in report.requirements],
        },
    }


class _Log(Struct, frozen=True):
    """One run being written: where results find their rule and their file, and which kinds of waivers are in it."""

    artifacts: Artifacts
    rules: dict[str, int]
    waivers: frozenset[str]

    def finding(self, finding: Finding) -> dict[str, Any]:
        related = [self.artifacts.location(place, number) for number, place in enumerate(finding.related, 1)]
        if finding.nearest and finding.nearest.location:
            nearest = self.artifacts.location(finding.nearest.location, len(related) + 1)
            related.append({**nearest, "message": message(f"nearest: {finding.nearest.text}")})
        return {
            **self._rule(finding.ref),
            "kind": "fail",
            "level": finding.severity,
            "message": message(finding.message or finding.title),
            "locations": [self.artifacts.location(finding.location)],
            **({"relatedLocations": related} if related else {}),
            **({"partialFingerprints": {"polcheck/v1": finding.fingerprint}} if finding.fingerprint else {}),
            **self._standing(finding.waived),
            **({"fixes": [self._fix(finding.fix)]} if finding.fix is not None and finding.fix.edits else {}),
            "properties": {
                "bindings": dict(finding.bindings),
                "lookedIn": list(finding.looked_in),
                **({"lookedInMore": finding.looked_in_more} if finding.looked_in_more else {}),
                "remedy": finding.remedy,
            },
        }

    def _fix(self, fix: Fix) -> dict[str, Any]:
        by_path: dict[str, list[FileEdit]] = {}
        for edit in fix.edits:
            by_path.setdefault(edit.path, []).append(edit)
        return {
            "description": message(fix.title),
            "artifactChanges": [
                {"artifactLocation": self.artifacts.file(path), "replacements": [_replacement(edit) for edit in edits]}
                for path, edits in by_path.items()
            ],
            "properties": {"safe": fix.safe},
        }

    def outcome(self, policy: PolicyOutcome) -> dict[str, Any]:
        """Return a policy that is no failure: undecided ones with the files that could not be searched."""
        places = [Location(path) if path else None for path, _ in policy.reasons]
        related = [
            {**self.artifacts.location(place, number), "message": message(why)}
            for number, (place, (_, why)) in enumerate(zip(places, policy.reasons, strict=True), 1)
        ]
        return {
            **self._rule(policy.ref),
            "kind": _KINDS[policy.outcome],
            "level": "none",
            "message": message(_outcome_text(policy)),
            "locations": [self.artifacts.location(places[0] if places else None)],
            **({"relatedLocations": related} if related else {}),
            **self._standing(None),
        }

    def _rule(self, ref: str) -> dict[str, Any]:
        return {"ruleId": ref, **({"ruleIndex": self.rules[ref]} if ref in self.rules else {})}

    def _standing(self, waived: Waived | None) -> dict[str, Any]:
        """Return whether a result is suppressed and known; SARIF wants each on all results of a run or on none."""
        standing: dict[str, Any] = {}
        if self.waivers:
            standing["suppressions"] = [self._suppression(waived)] if waived else []
        if "baseline" in self.waivers:
            standing["baselineState"] = "unchanged" if waived and waived.kind == "baseline" else "new"
        return standing

    def _suppression(self, waived: Waived) -> dict[str, Any]:
        suppression: dict[str, Any] = {
            "kind": "inSource" if waived.kind == "inline" else "external",
            "status": "accepted",
            "justification": waived.reason,
            "properties": {"waiver": waived.kind, "owner": waived.owner, "expires": waived.expires},
        }
        if waived.location:
            suppression["location"] = self.artifacts.location(waived.location)
        return suppression


def _outcome_text(policy: PolicyOutcome) -> str:
    if policy.outcome == "undecided":
        return f"undecided: {policy.title}"
    if policy.outcome == "pass":
        return f"{policy.title} (subjects: {policy.subjects}, documents: {policy.documents})"
    return f"not applicable: {policy.title}"


def _invocation(report: Report, log: _Log) -> dict[str, Any]:
    return {
        "executionSuccessful": report.verdict != "none",
        "exitCode": report.exit_status,
        "exitCodeDescription": reason(report) if report.verdict == "none" else report.verdict,
        "toolExecutionNotifications": list(_notifications(report, log)),
    }


def _left_out(count: int) -> dict[str, Any]:
    text = f"{count:,} results beyond the {MOST_RESULTS:,} most severe are left out: code scanning takes no more"
    return {"level": "warning", "message": {"text": text}, "descriptor": {"id": "results-left-out"}}


def _notifications(report: Report, log: _Log) -> Iterator[dict[str, Any]]:
    for notice in report.notices:
        rules = [ref for ref in notice.policies if ref in log.rules]
        yield {
            "descriptor": {"id": notice.kind},
            "level": "warning" if notice.kind == "unsearched" else "note",
            "message": message(notice.message),
            **({"locations": [log.artifacts.location(notice.location)]} if notice.location else {}),
            **({"associatedRule": {"id": rules[0], "index": log.rules[rules[0]]}} if len(rules) == 1 else {}),
        }
    for requirement in report.requirements:
        if requirement.outcome == "review":
            because = f" ({requirement.because})" if requirement.because else ""
            text = f"for people to decide: {requirement.pack}:{requirement.id} {requirement.title}{because}"
            yield {"descriptor": {"id": "review"}, "level": "note", "message": message(text)}


FORMAT = OutputFormat(render, paths_from="repository")
