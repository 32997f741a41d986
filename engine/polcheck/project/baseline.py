"""Baselines: known findings, matched across runs by their fingerprints, and the fixed ones."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, ValidationError, convert, to_builtins
from msgspec.structs import replace

from polcheck.base.errors import ConfigError, Problem
from polcheck.base.spans import Source, Span, Unreadable
from polcheck.evaluate.outcome import PolicyResult
from polcheck.findings.accepted import Accept, Accepted, AcceptedFile
from polcheck.findings.finding import Finding, Waived
from polcheck.findings.report import Notice, Report
from polcheck.formats import json as documents
from polcheck.formats.values import Config, Pointer, Unparsable
from polcheck.policy.plan import CompiledPack
from polcheck.sources.submission import Submission

VERSION = 2
_READ = (1, VERSION)  # NOTE: version 1 knew what stands in a value by the place of the whole value
_KEYS = ("policy", "path", "fingerprint", "message")
_AGAIN = "record it anew with `polcheck baseline`"


class Entry(Struct, frozen=True, order=True):
    """One finding that a baseline knows: its fingerprint without the number of its occurrence.

    `content` is a digest of the file where the finding is about a file as a whole, to know it by when it is renamed.
    """

    policy: str
    path: str
    fingerprint: str
    message: str
    content: str = ""

    @classmethod
    def of(cls, finding: Finding, submission: Submission, version: int = VERSION) -> Entry:
        """Return the entry that records a finding in a version of baselines."""
        path = finding.location.path if finding.location else ""
        whole = finding.location is not None and finding.location.place is None and not finding.location.revision
        data = submission.files.get(path) if whole else None
        content = hashlib.sha256(data).hexdigest()[:16] if data is not None else ""
        mark = finding.former_fingerprint if version == 1 and finding.former_fingerprint else finding.fingerprint
        return cls(finding.ref, path, mark.partition(":")[0], finding.message, content)


class Undecided(Struct, frozen=True, order=True):
    """A file that left a policy undecided, and why."""

    policy: str
    path: str
    reason: str


class Baseline(Struct, frozen=True):
    """The findings of one day, sorted, and the packs (name, version, digest) that made them.

    `undecided` are the files that left policies undecided on that day, where they were to be recorded.
    """

    entries: tuple[Entry, ...]
    packs: tuple[tuple[str, str, str], ...] = ()
    version: int = VERSION
    undecided: tuple[Undecided, ...] = ()

    @classmethod
    def of(cls, report: Report, submission: Submission, *, undecided: bool = False) -> Baseline:
        """Return the baseline of a report: every finding that nothing accepts; with `undecided`, files, too."""
        entries = sorted(Entry.of(finding, submission) for finding in report.failing)
        packs = tuple((pack.name, pack.version, pack.digest) for pack in report.packs)
        reasons = [(policy.ref, *reason) for policy in report.policies for reason in policy.reasons]
        files = sorted(Undecided(*entry) for entry in reasons if entry[1]) if undecided else ()
        return cls(tuple(entries), packs, undecided=tuple(files))

    def files(self, results: Iterable[PolicyResult], reason: str) -> Iterator[AcceptedFile]:
        """Yield the recorded files that leave a policy undecided still."""
        recorded = {(entry.policy, entry.path) for entry in self.undecided}
        for result in results:
            for path, why in result.reasons:
                if (result.policy.ref, path) in recorded:
                    yield AcceptedFile(result.policy.ref, path, why, Waived("baseline", reason))

    def known(self, findings: Sequence[Finding], submission: Submission) -> dict[int, Entry]:
        """Return the entries that accept findings, by the index of the finding.

        Of several with one fingerprint as many are known as there are entries: first those in the files where they
        were, then any, since files are renamed. A finding about a file as a whole is also known by the file's content.
        """
        result = [Entry.of(finding, submission, self.version) for finding in findings]
        left = dict.fromkeys(range(len(self.entries)))
        known: dict[int, Entry] = {}
        gone = {entry.path for entry in self.entries} - set(submission.paths)
        for key in (_in_place, _by_fingerprint, _by_content):
            waiting: dict[object, list[int]] = {}
            for number in left:
                entry = self.entries[number]
                if key is not _by_content or (entry.content and entry.path in gone):
                    waiting.setdefault(key(entry), []).append(number)
            for index, entry in enumerate(result):
                if index not in known and waiting.get(key(entry)):
                    number = waiting[key(entry)].pop(0)
                    known[index] = self.entries[number]
                    del left[number]
        return known

    def text(self) -> str:
        """Return the baseline as a file: JSON with one entry a line, so that two branches merge."""
        packs = [
            json.dumps({"name": name, "version": version, "digest": digest}, ensure_ascii=False)
            for name, version, digest in self.packs
        ]
        entries = [json.dumps(_plain(entry), ensure_ascii=False) for entry in self.entries]
        parts = [f'"version": {self.version}', f'"packs": {_lines(packs)}', f'"findings": {_lines(entries)}']
        if self.undecided:
            files = [json.dumps(to_builtins(entry), ensure_ascii=False) for entry in self.undecided]
            parts.append(f'"undecided": {_lines(files)}')
        return "{\n  " + ",\n  ".join(parts) + "\n}\n"


def _in_place(entry: Entry) -> object:
    return entry.fingerprint, entry.path


def _by_fingerprint(entry: Entry) -> object:
    return entry.fingerprint


def _by_content(entry: Entry) -> object:
    return entry.policy, entry.content


def _plain(entry: Entry) -> dict[str, str]:
    plain = {key: getattr(entry, key) for key in _KEYS}
    return {**plain, "content": entry.content} if entry.content else plain


def _lines(rows: Sequence[str]) -> str:
    return "[\n" + ",\n".join(f"    {row}" for row in rows) + "\n  ]" if rows else "[]"


def read(source: Source) -> tuple[Baseline, Config]:
    """Return the baseline in a file, and its JSON for places. Raises ConfigError for what isn't one, or of another
    version.
    """
    try:
        config = documents.parse(source)
    except Unparsable as error:
        place = source.place(error.span or Span(0, 0))
        excerpt = source.line(place.line)[:200]
        raise ConfigError(
            [Problem(f"not JSON: {error.reason}", source.path, place.line, place.column, excerpt, _AGAIN)]
        ) from error
    except Unreadable as error:
        raise ConfigError([Problem(str(error), source.path)]) from error
    data: Any = config.values[0] if config.values else None
    version = data.get("version") if isinstance(data, dict) else None
    if version not in _READ:
        what = f"a baseline of version {version}" if isinstance(version, int) else "not a baseline"
        raise ConfigError(
            [_problem(source, config, ("version",), f"{what}: this polcheck reads versions 1 and {VERSION}")]
        )
    try:
        packs = tuple((pack["name"], pack["version"], pack["digest"]) for pack in data["packs"])
        entries = tuple(
            Entry(content=entry.get("content", ""), **{key: entry[key] for key in _KEYS}) for entry in data["findings"]
        )
        undecided = convert(data.get("undecided", []), tuple[Undecided, ...])
        if not all(isinstance(text, str) for row in (*packs, *map(_texts, entries)) for text in row):
            raise TypeError
    except (KeyError, TypeError, AttributeError, ValidationError) as error:
        raise ConfigError([Problem("the baseline is broken", source.path, help=_AGAIN)]) from error
    return Baseline(entries, packs, version, undecided), config


def _texts(entry: Entry) -> tuple[str, ...]:
    return (entry.policy, entry.path, entry.fingerprint, entry.message, entry.content)


def _problem(source: Source, config: Config, at: Pointer, message: str) -> Problem:
    try:
        place = source.place(config.locate(0, at).value)
    except KeyError:
        return Problem(message, source.path, help=_AGAIN)
    return Problem(message, source.path, place.line, place.column, source.line(place.line)[:200], _AGAIN)


def read_for(source: Source, packs: Iterable[CompiledPack]) -> tuple[Baseline, tuple[Notice, ...]]:
    """Return the baseline in a file, for a run with these packs.

    A pack that has changed within its version gives a notice: its findings may be others. Raises ConfigError for what
    is no baseline, and for one of another version of a pack.
    """
    baseline, config = read(source)
    own = {pack.name: pack for pack in packs}
    problems: list[Problem] = []
    notices: list[Notice] = []
    for index, (name, version, digest) in enumerate(baseline.packs):
        pack = own.get(name)
        if pack is not None and pack.version != version:
            message = f"the baseline is of {name} {version}, and the run uses {name} {pack.version}"
            problems.append(_problem(source, config, ("packs", index, "version"), message))
        elif pack is not None and pack.digest != digest:
            text = f"{name} {version} has changed since {source.path} was recorded"
            notices.append(Notice("baseline", text))
    if problems:
        raise ConfigError(problems)
    return baseline, tuple(notices)


def recorded_in(baseline: Baseline, name: str, notices: tuple[Notice, ...] = ()) -> Accept:
    """Return a function that accepts the findings of the baseline `name` and reports which of them are fixed."""

    def accept(findings: Sequence[Finding], submission: Submission, results: Sequence[PolicyResult]) -> Accepted:
        known = baseline.known(findings, submission)
        reason = f"recorded in {name}"
        files = tuple(baseline.files(results, reason))
        return Accepted(_waived(findings, known, reason), (*notices, *_paid_off(baseline, known, results, name)), files)

    return accept


def there_at(baseline: Baseline, rev: str) -> Accept:
    """Return a function that accepts the findings that the git revision `rev` had already."""

    def accept(findings: Sequence[Finding], submission: Submission, _: Sequence[PolicyResult]) -> Accepted:
        known = baseline.known(findings, submission)
        return Accepted(_waived(findings, known, f"there at {rev} already", since=True))

    return accept


def _waived(
    findings: Sequence[Finding], known: Mapping[int, Entry], reason: str, *, since: bool = False
) -> tuple[Finding, ...]:
    return tuple(
        replace(finding, waived=Waived("baseline", reason, since=since))
        if index in known and finding.waived is None
        else finding
        for index, finding in enumerate(findings)
    )


def _paid_off(
    baseline: Baseline, known: Mapping[int, Entry], results: Sequence[PolicyResult], name: str
) -> tuple[Notice, ...]:
    """Return notices for entries of the baseline that no decided policy finds any more."""
    decided = {result.policy.ref for result in results if not result.open}
    gone = Counter(entry for entry in baseline.entries if entry.policy in decided)
    gone.subtract(entry for entry in known.values() if entry.policy in decided)
    number = gone.total()
    if not number:
        return ()
    what = "1 finding is" if number == 1 else f"{number:,} findings are"
    text = f"{what} fixed but still in {name}: {_AGAIN}, or the same finding may come back unnoticed"
    policies = sorted({entry.policy for entry, count in gone.items() if count > 0})
    return (Notice("baseline", text, None, tuple(policies)),)
