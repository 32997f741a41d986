"""What the fixes of policies make of the project of a test case."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from polcheck.authoring.testing.cases import Case
from polcheck.authoring.testing.mismatches import Mismatch
from polcheck.pipeline import Checker
from polcheck.project.session import Session
from polcheck.sources.submission import Submission


class FixedFiles(Struct, frozen=True):
    """The files that fixes change, as they are then, the number of findings that are gone, and why others aren't.

    A reason is `policy: reason`.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    findings: int = 0
    refused: tuple[str, ...] = ()


def fixed_files(checker: Checker, submission: Submission) -> FixedFiles:
    """Return the result of all fixes of a checker's policies, safe or not, in a submission in memory."""
    with Session.of(checker, submission) as session:
        result = session.fix(unsafe=True)
    refused = tuple(f"{not_made.finding.policy}: {not_made.reason}" for not_made in result.refused)
    return FixedFiles({change.path: change.after for change in result.changes}, len(result.fixed), refused)


def fixed_mismatch(case: Case, actual: FixedFiles) -> Mismatch | None:
    """Return the difference between the files that fixes made and those of the case; None where there is none."""
    wanted = case.fixed or {}
    if dict(wanted) == dict(actual.files):
        return None
    notes = [line for path in sorted({*wanted, *actual.files}) for line in _difference(path, wanted, actual.files)]
    return Mismatch("fixed", case.line, _listed(wanted), _listed(actual.files), (*notes, *actual.refused))


def _listed(files: Mapping[str, bytes]) -> str:
    return ", ".join(sorted(files)) or "no file is changed"


def _difference(path: str, wanted: Mapping[str, bytes], actual: Mapping[str, bytes]) -> Iterator[str]:
    """Yield the lines in which a file differs from the expected one."""
    if path not in actual:
        yield f"missing   {path}"
    elif path not in wanted:
        yield f"extra     {path}"
        yield from (f"+{line}" for line in _lines(actual[path]))
    elif wanted[path] != actual[path]:
        before, after = _lines(wanted[path]), _lines(actual[path])
        yield from difflib.unified_diff(before, after, f"{path} (expected)", f"{path} (got)", lineterm="")


def _lines(data: bytes) -> list[str]:
    # NOTE: so that a difference in what ends a line is seen
    return [line.replace("\r", "\\r") for line in data.decode("utf-8", "replace").split("\n")]
