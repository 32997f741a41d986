"""What an update would change, before it is made."""

from __future__ import annotations

from collections.abc import Sequence

from polcheck.config import Given
from polcheck.packs.compare import SubmissionChange, change_of, packs_diff
from polcheck.packs.project import PackProject
from polcheck.policy.packfiles import PackFiles
from polcheck.project import Project
from polcheck.report import Report
from polcheck.sharing.diff import PackDiff


def compared(
    project: PackProject, names: Sequence[str], submissions: Sequence[str]
) -> tuple[PackDiff, list[SubmissionChange]]:
    """What differs between a project's packs as locked and as they are now, and what comes of each submission.

    Submissions are judged as the project's configuration says, with its parameters, severities and waivers, but
    without its baseline, which belongs to the packs as they are. Raises PolcheckError when a pack can't be had or used.
    """
    opener = project.opener()
    before = tuple(opener.open(entry.source) for entry in project.entries)
    after = project.update(names, dry=True).packs
    found = packs_diff(before, after)
    return found, [
        change_of(_judged(project, target, before), _judged(project, target, after)) for target in submissions
    ]


def _judged(project: PackProject, target: str, packs: tuple[PackFiles, ...]) -> Report:
    config = project.written.path if project.written else None
    judging = Project(target, Project.at(target, Given(), config).inforce, packs)
    accept = judging.acceptance(project.today, use_baseline=False)
    return judging.checker.check(judging.read(), judging.inforce.fail_on, accept=accept)
