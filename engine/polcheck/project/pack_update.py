"""Finding outdated packs, and comparing the results of the locked and the current version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct
from packaging.version import InvalidVersion, Version

from polcheck.base.errors import PolicyError
from polcheck.findings.report import Report
from polcheck.packs.diff import PackDiff, diff
from polcheck.packs.lock import Locked
from polcheck.packs.shipped import schemas
from polcheck.packs.sources import Git, Oci, Source, parse
from polcheck.policy.origin import Problems
from polcheck.policy.pack import OpenedPack, open_packs
from polcheck.policy.pack_files import PackFiles
from polcheck.policy.params import AS_WRITTEN, Settings
from polcheck.project.effective import CommandLineOptions
from polcheck.project.library import checker
from polcheck.project.manage_packs import PackProject
from polcheck.project.project import Project
from polcheck.sources.submission import Submission


class OutcomeChange(Struct, frozen=True):
    """One policy whose outcome or number of findings differs; the outcome is empty where there is no such policy."""

    ref: str
    before: str
    after: str
    findings_before: int
    findings_after: int

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return (self.before, self.findings_before) == (self.after, self.findings_after)


class SubmissionChange(Struct, frozen=True):
    """One submission: its verdicts, and the policies that come out differently, sorted."""

    submission: str
    before: str
    after: str
    policies: tuple[OutcomeChange, ...]

    @property
    def same(self) -> bool:
        """Whether nothing changes for it."""
        return self.before == self.after and not self.policies


def packs_diff(before: Sequence[PackFiles], after: Sequence[PackFiles]) -> PackDiff:
    """Return the differences between two sets of packs. Raises PolicyError when one of them can't be used."""
    return diff(_opened(before), _opened(after))


def outcomes_diff(
    before: Sequence[PackFiles], after: Sequence[PackFiles], submissions: Iterable[Submission], settings: Settings
) -> list[SubmissionChange]:
    """Return the changes for each submission under the same settings. Raises PolicyError for packs that can't be
    used.
    """
    old, new = checker(before, settings), checker(after, settings)
    return [change_of(old.check(one), new.check(one)) for one in submissions]


def _opened(packs: Sequence[PackFiles]) -> tuple[OpenedPack, ...]:
    problems = Problems()
    _, opened = open_packs(packs, AS_WRITTEN, schemas(), problems)
    if problems.errors:
        raise PolicyError(problems.errors)
    return opened


def change_of(before: Report, after: Report) -> SubmissionChange:
    """Return the differences between two reports on one submission; waived findings don't count."""
    old, new = _outcomes(before), _outcomes(after)
    nothing = ("", 0)
    changes = [_outcome(ref, old.get(ref, nothing), new.get(ref, nothing)) for ref in sorted({*old, *new})]
    policies = tuple(change for change in changes if not change.same)
    return SubmissionChange(after.submission.name, before.verdict, after.verdict, policies)


def _outcome(ref: str, before: tuple[str, int], after: tuple[str, int]) -> OutcomeChange:
    return OutcomeChange(ref, before[0], after[0], before[1], after[1])


def _outcomes(report: Report) -> dict[str, tuple[str, int]]:
    findings: dict[str, int] = {}
    for finding in report.failing:
        findings[finding.ref] = findings.get(finding.ref, 0) + 1
    return {policy.ref: (policy.outcome, findings.get(policy.ref, 0)) for policy in report.policies}


class Newer(Struct, frozen=True):
    """One pack: what it is now where its source leads elsewhere, and the newest version tag after its own."""

    locked: Locked
    now: str = ""
    tag: str = ""

    @property
    def text(self) -> str:
        """The pack for people."""
        parts = []
        if self.now:
            parts.append(f"is now {self.now} (locked: {self.locked.at or self.locked.digest})")
        if self.tag:
            parts.append(f"has the newer tag {self.tag}")
        return f"{self.locked.name} {self.locked.version}  {self.locked.source}  {' and '.join(parts)}"

    @property
    def as_json(self) -> dict[str, Any]:
        """The pack as JSON values."""
        locked = self.locked
        about = {"name": locked.name, "version": locked.version, "source": locked.source}
        return {**about, "locked": locked.at or locked.digest, "now": self.now or None, "tag": self.tag or None}


def newer(project: PackProject) -> list[Newer]:
    """Return the locked packs that are outdated, in order of name.

    Raises PolcheckError when none is locked, or a source can't be reached.
    """
    results = [_newer(project, pack) for pack in project.locked()]
    return [one for one in results if one.now or one.tag]


def _newer(project: PackProject, locked: Locked) -> Newer:
    source = parse(locked.source)
    now, tags = _now(project, source)
    was = locked.at if locked.kind in ("git", "oci") else locked.digest
    return Newer(locked, now if now != was else "", _newest(tags, _version_of(source)))


def _now(project: PackProject, source: Source) -> tuple[str, Iterable[str]]:
    """Return the revision that a source leads to now, and the tags beside it."""
    if isinstance(source, Git):
        from polcheck.packs.git import commit_of, refs_of

        tags = [name.removeprefix("refs/tags/") for name in refs_of(source) if name.startswith("refs/tags/")]
        return commit_of(source), tags
    if isinstance(source, Oci):
        from polcheck.packs.oci import Registry

        registry = Registry(source)
        return source.digest or registry.manifest(source.tag)[0], registry.tags()
    opener = project.opener(fresh={str(source)})
    return opener.fetcher.now(source).files.digest, ()


def _version_of(source: Source) -> Version | None:
    if isinstance(source, Git):
        return _version(source.rev)
    return _version(source.tag) if isinstance(source, Oci) else None


def _newest(tags: Iterable[str], than: Version | None) -> str:
    """Return the newest tag that is a version after `than`; pre-releases only after a pre-release."""
    if than is None:
        return ""
    versions = [(version, tag) for tag in tags if (version := _version(tag)) is not None and version > than]
    stable = [pair for pair in versions if than.is_prerelease or not pair[0].is_prerelease]
    return max(stable)[1] if stable else ""


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def compared(
    project: PackProject, names: Sequence[str], submissions: Sequence[str]
) -> tuple[PackDiff, list[SubmissionChange]]:
    """Return the differences between a project's locked and updated packs, and their effect on each submission.

    Submissions are judged as the project's configuration says, with its parameters, severities and waivers, but
    without its baseline, which belongs to the packs as they are. Raises PolcheckError when a pack can't be had or used.
    """
    opener = project.opener()
    before = [opener.open(entry.source) for entry in project.entries]
    after = project.update(names, dry=True).packs
    result = packs_diff(list({pack.identity: pack for pack in before}.values()), after)
    updated = dict(zip(project.sources, after, strict=True))
    keys = [str(opener.fetcher.source(entry.source)) for entry in project.entries]
    roots = [entry.root for entry in project.entries]
    old = tuple(pack.rooted(root) for pack, root in zip(before, roots, strict=True))
    new = tuple(updated[key].rooted(root) for key, root in zip(keys, roots, strict=True))
    return result, [change_of(_judged(project, target, old), _judged(project, target, new)) for target in submissions]


def _judged(project: PackProject, target: str, packs: tuple[PackFiles, ...]) -> Report:
    config = project.config_file.path if project.config_file else None
    options = CommandLineOptions(today=project.today)
    judging = Project(target, Project.at(target, options, config).effective, packs)
    accept = judging.acceptance(use_baseline=False)
    return judging.checker.check(judging.read(), judging.effective.fail_on, accept=accept)
