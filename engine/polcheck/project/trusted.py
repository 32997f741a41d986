"""Configuration, packs, ignore files and waivers of a trusted revision.

With `--trusted REV` these come from the revision REV of the repository, so that a pull request can't excuse itself.
With `--since REV` what accepts or leaves out more than at REV is listed.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from polcheck.base.cached import cached_property
from polcheck.base.errors import ConfigError, Problem, SubmissionError
from polcheck.base.limits import RunLimits
from polcheck.base.reader import is_file, is_folder, read_bytes
from polcheck.base.tracker import record_unknown_dependency
from polcheck.evaluate.outcome import PolicyResult
from polcheck.findings.accepted import Accept, Accepted
from polcheck.findings.finding import Finding, Location, Waived
from polcheck.findings.report import Notice, Report
from polcheck.project.baseline import Baseline, Entry
from polcheck.project.config import CONFIG_NAMES, read_config
from polcheck.project.waivers import InlineWaiver, comment_waivers
from polcheck.sources.builder import SubmissionBuilder
from polcheck.sources.git import Repository, read_revision, repository_of
from polcheck.sources.gitignore import MAX_BYTES
from polcheck.sources.submission import Submission

if TYPE_CHECKING:
    from polcheck.project.model import ConfigFile

_MOST_LISTED = 50


class TrustedTree(Struct, frozen=True, dict=True):
    """The files of a repository at a revision, written into a folder of their own while the process runs."""

    rev: str
    repository: Repository
    config_file: str

    @classmethod
    def of(cls, target: str, rev: str) -> TrustedTree:
        """Return the tree of the repository that holds the folder `target`.

        Raises SubmissionError when there is no such repository or revision, or it is over the limits.
        """
        record_unknown_dependency()  # NOTE: git answers for it
        repository = repository_of(os.fsencode(target)) if is_folder(target) else None
        if repository is None:
            raise SubmissionError(f"a revision is trusted in a git repository, and `{target}` is in none")
        files = read_revision(str(repository.root), rev, SubmissionBuilder(rev)).files
        config_file = tempfile.mkdtemp(prefix="polcheck-")
        atexit.register(shutil.rmtree, config_file, ignore_errors=True)
        for path, data in files.items():
            place = Path(config_file, os.fsdecode(path.encode("utf-8", "surrogateescape")))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        return cls(rev, repository, config_file)

    @cached_property
    def root(self) -> str:
        """The folder that holds the tree, without links."""
        return os.path.realpath(self.config_file)

    def there(self, path: str) -> str | None:
        """Return a path of the work tree as it is in the tree; None for one outside the repository."""
        relative = os.path.relpath(os.path.realpath(path), os.path.realpath(self.repository.root))
        return None if relative == ".." or relative.startswith("../") else str(Path(self.root, relative))

    def here(self, path: str) -> str:
        """Return a path in the tree as it is in the work tree; any other as it is."""
        relative = os.path.relpath(path, self.root)
        if relative == ".." or relative.startswith("../"):
            return path
        return str(Path(self.repository.root, relative))

    def called(self, path: str) -> str:
        """Return a path in the tree as people call it: `REV:path`."""
        return f"{self.rev}:{os.path.relpath(path, self.root)}"

    def config(self, target: str) -> ConfigFile | None:
        """Return the configuration of the folder `target`, found by walking up to the repository's root.

        Raises ConfigError for one that can't be used.
        """
        place = Path(self.there(target) or self.root)
        while True:
            paths = [str(place / name) for name in CONFIG_NAMES]
            read = [read_config(path, self.called(path)) for path in paths if is_file(path)]
            results = [config_file for config_file in read if config_file is not None]
            if len(results) > 1:
                raise ConfigError([Problem(f"{results[0].path} is the configuration, and so is {results[1].path}")])
            if results or str(place) == self.root:
                return results[0] if results else None
            place = place.parent

    def ignore_file(self, folder: bytes) -> bytes | None:
        """Return the .gitignore of a folder, whose path in the repository ends in `/` or is empty."""
        try:
            return read_bytes(Path(self.root, os.fsdecode(folder), ".gitignore"))
        except OSError:
            return None


def waived_at(before: Report, submission: Submission, rev: str) -> Accept:
    """Return what accepts the findings that comments waived at a revision; `before` is the report on it.

    A finding is known by its fingerprint, as that of a baseline is: a waiver accepts what it accepted at the revision
    and nothing else, wherever it has been moved.
    """
    reasons: dict[Entry, str] = {}
    entries: list[Entry] = []
    for finding in before.findings:
        if finding.waived is not None and finding.waived.kind == "inline":
            entry = Entry.of(finding, submission)
            entries.append(entry)
            reasons.setdefault(entry, finding.waived.reason)
    known = Baseline(tuple(sorted(entries)))

    def accept(findings: Sequence[Finding], now: Submission, _: Sequence[PolicyResult]) -> Accepted:
        result = known.known(findings, now)
        waived = (
            _waived(finding, f"{reasons[result[index]]} (waived in a comment at {rev})") if index in result else finding
            for index, finding in enumerate(findings)
        )
        return Accepted(tuple(waived))

    return accept


def _waived(finding: Finding, reason: str) -> Finding:
    return finding if finding.waived else replace(finding, waived=Waived("inline", reason))


class Exemptions(Struct, frozen=True):
    """All waivers, exclusions and baseline entries of a project, in words, with their places."""

    entries: tuple[tuple[str, Location | None], ...]

    @classmethod
    def of(
        cls,
        config_file: ConfigFile | None,
        submission: Submission,
        limits: RunLimits,
        baseline: Baseline | None = None,
        config_path: str = "",
    ) -> Exemptions:
        """Return those of a configuration, of comments and .gitignore files in a submission, and of a baseline.

        `config_path` is the configuration's path as seen from the submission.
        """
        inline, _ = comment_waivers(replace(submission, marked=None), limits)
        config = _of_config(config_file, config_path) if config_file else ()
        return cls((*_of_comments(inline), *_of_ignore_files(submission), *config, *_of_baseline(baseline)))

    def beyond(self, before: Exemptions, rev: str, so: str = "") -> Iterator[Notice]:
        """Yield a notice for each exemption that isn't among those of `rev`; `so` is the consequence."""
        left = Counter(text for text, _ in before.entries)
        new = 0
        for text, location in self.entries:
            if left[text] > 0:
                left[text] -= 1
                continue
            new += 1
            if new <= _MOST_LISTED:
                yield Notice("trust", f"new since {rev}{so}: {text}", location)
        if new > _MOST_LISTED:
            more = f"{new - _MOST_LISTED:,} more waivers, exclusions and baseline entries"
            yield Notice("trust", f"new since {rev}{so}: {more}")


def _of_comments(inline: Sequence[InlineWaiver]) -> Iterator[tuple[str, Location | None]]:
    for waiver in inline:
        if not waiver.fault:
            names = ", ".join(waiver.policies)
            yield f"a comment in {waiver.location.path} that waives {names}: {waiver.reason}", waiver.location


def _of_ignore_files(submission: Submission) -> Iterator[tuple[str, Location | None]]:
    for path in submission.paths:
        if path != ".gitignore" and not path.endswith("/.gitignore"):
            continue
        try:
            lines = submission.files[path][:MAX_BYTES].decode("utf-8", "replace").split("\n")
        except (KeyError, OSError):
            continue
        for line in lines:
            if line.strip() and not line.startswith("#"):
                yield f"the line `{line.strip()}` of {path}", Location(path)


def _of_config(config_file: ConfigFile, path: str) -> Iterator[tuple[str, Location | None]]:
    where = Location(path) if path else None
    yield from ((f"the exclusion of `{text}`", where) for text in config_file.exclude)
    yield from ((f"the policy `{name}` is ignored", where) for name in config_file.ignore)
    yield from ((f"`{name}` alone is selected", where) for name in config_file.select)
    yield from ((f"the severity {severity} of `{name}`", where) for name, severity in config_file.severities.items())
    if config_file.fail_on:
        yield f"`fail-on: {config_file.fail_on}`", where
    for entry in config_file.packs:
        yield from ((f"the policy `{name}` of {entry.source} is ignored", where) for name in entry.ignore)
        yield from ((f"`{name}` of {entry.source} alone is selected", where) for name in entry.select)
    for override in config_file.overrides:
        names = [*override.ignore, *(f"{name}: {severity}" for name, severity in override.severities.items())]
        yield f"the override in {', '.join(override.files.texts)} of {', '.join(names)}", where
    for waiver in config_file.waivers:
        files = f" in {', '.join(waiver.files.texts)}" if waiver.files else ""
        until = f" until {waiver.expires}" if waiver.expires else ""
        yield f"the waiver of {waiver.policy}{files}{until}: {waiver.reason}", where


def _of_baseline(baseline: Baseline | None) -> Iterator[tuple[str, Location | None]]:
    for entry in baseline.entries if baseline else ():
        place = Location(entry.path) if entry.path else None
        yield f"the baseline accepts {entry.policy} ({entry.fingerprint}): {entry.message}", place
