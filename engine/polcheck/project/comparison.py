"""What `--since` compares a project with, and what that makes of its findings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from polcheck.evaluate.outcome import PolicyResult
from polcheck.findings.accepted import Accept, Accepted
from polcheck.findings.finding import Finding, Waived
from polcheck.findings.report import Notice
from polcheck.sources.git import SUBMODULE, BaseRevision, converted_lines
from polcheck.sources.submission import Base, Submission


class Comparison(Struct, frozen=True):
    """The tree that a project is compared with, and what accepts the findings that aren't new."""

    base: Base
    accept: Accept


def base_of(folder: str, revision: BaseRevision, files: Submission) -> Base:
    """Return the base of the project in `folder`, whose files were these at the revision."""
    submodules = frozenset(path for path in files.folders if files.unreadable.get(path) == SUBMODULE)
    return Base(files, str(revision), submodules, partial(converted_lines, folder))


def compared(base: Base) -> Accept:
    """Return what accepts nothing, and says what a project was compared with."""
    notice = Notice("since", f"compared with {base.name}")
    return lambda findings, _, __: Accepted(tuple(findings), (notice,))


def in_submodules(base: Base) -> Accept:
    """Return what accepts findings in the submodules that the base has.

    NOTE: their files are in other repositories, so that nobody can say here what was in them. A submodule that wasn't
    there before is new with all that it holds.
    """
    folders = tuple(f"{path}/" for path in sorted(base.submodules))

    def accept(findings: Sequence[Finding], _: Submission, __: Sequence[PolicyResult]) -> Accepted:
        return Accepted(tuple(_accepted(finding, folders) for finding in findings))

    return accept


def _accepted(finding: Finding, folders: tuple[str, ...]) -> Finding:
    path = finding.location.path if finding.location else ""
    if finding.waived is not None or not path.startswith(folders):
        return finding
    submodule = next(folder for folder in folders if path.startswith(folder)).rstrip("/")
    reason = f"in the submodule `{submodule}`, whose changes are those of another repository"
    return replace(finding, waived=Waived("baseline", reason, since=True))
