"""What an update would change, before it is made."""

from __future__ import annotations

from collections.abc import Sequence

from polcheck import disk
from polcheck.config import Given, InForce
from polcheck.packs.compare import SubmissionChange, outcomes_diff, packs_diff
from polcheck.packs.project import PackProject
from polcheck.policy.packfiles import PackFiles
from polcheck.policy.params import Settings
from polcheck.sharing.diff import PackDiff


def compared(
    project: PackProject, names: Sequence[str], submissions: Sequence[str]
) -> tuple[PackDiff, list[SubmissionChange]]:
    """What differs between a project's packs as locked and as they are now, and what comes of each submission.

    Submissions are judged with the project's parameters, severities and excluded files; waivers don't count. Raises
    PolcheckError when a pack can't be had or used.
    """
    opener = project.opener()
    before = tuple(opener.open(entry.source) for entry in project.entries)
    after = project.update(names, dry=True).packs
    settings = (_settings(project, before), _settings(project, after))
    exclude = project.written.exclude if project.written else ()
    read = [disk.read_submission(name, exclude=exclude) for name in submissions]
    fail_on = project.written.fail_on if project.written else ""
    return packs_diff(before, after), outcomes_diff(before, after, read, settings, fail_on or "error")


def _settings(project: PackProject, packs: Sequence[PackFiles]) -> Settings:
    return InForce(Given(), project.written).settings([pack.name for pack in packs])
