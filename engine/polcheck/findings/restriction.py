"""Restrict a report to some files and folders of the project, as editors and commit hooks name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from polcheck.evaluate.outcome import PolicyResult
from polcheck.findings.finding import Finding, Location
from polcheck.findings.report import Notice
from polcheck.policy.plan import CompiledPolicy, every_step
from polcheck.sources.path_patterns import folders_of

_OF_THE_RUN = ("trust", "config", "baseline", "since", "deprecated")  # kinds of notices that are about no single file


class Restriction(Struct, frozen=True):
    """The files and folders (paths from the project's root) that are reported; the whole project is still searched."""

    paths: tuple[str, ...]

    @classmethod
    def of(cls, paths: tuple[str, ...]) -> Restriction | None:
        """Return the restriction to some paths; None for no paths, where everything is reported."""
        return cls(paths) if paths else None

    def includes(self, path: str) -> bool:
        """Return whether `path` is one of the files, or lies in one of the folders."""
        return any(path == named or path.startswith(named + "/") for named in self.paths)

    def findings(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Return the findings with their place or a related place among the paths, and those without a place."""
        return tuple(f for f in findings if f.location is None or self._any(f.location, *f.related))

    def notices(self, notices: Iterable[Notice]) -> tuple[Notice, ...]:
        """Return the notices about the paths, and those about the run."""
        return tuple(n for n in notices if n.location is None or n.kind in _OF_THE_RUN or self._any(n.location))

    def result(self, result: PolicyResult) -> PolicyResult:
        """Return a policy's result without the files that were not searched to their end and are not among the paths.

        INVARIANT: only for a policy that forbids something in each file by itself: elsewhere what lies in another file
        may decide about these.
        """
        if not result.reasons or result.fault or not _is_per_file(result.policy):
            return result
        return result.with_reasons(tuple(entry for entry in result.reasons if not entry[0] or self.includes(entry[0])))

    def missing(self, listed: Sequence[str]) -> list[str]:
        """Return those of the paths of which nothing is among the project's files."""
        known = {*listed, *(folder.removesuffix("/") for folder in folders_of(listed))}
        return [path for path in self.paths if path not in known]

    def left_out(self, listed: Sequence[str]) -> tuple[Notice, ...]:
        """Return a notice for each of the paths of which nothing is among the project's files."""
        why = "is named and not checked: it is excluded, ignored by git, or holds no files"
        return tuple(Notice("config", f"`{path}` {why}", Location(path)) for path in self.missing(listed))

    def _any(self, *locations: Location) -> bool:
        return any(self.includes(location.path) for location in locations)


def _is_per_file(policy: CompiledPolicy) -> bool:
    """Return whether what a policy finds in a file follows from that file alone."""
    if not policy.forbids or policy.when or policy.subjects is not None or len(policy.demand) != 1:
        return False
    (step,) = policy.demand
    modifiers = step.item_modifiers
    # NOTE: a constant is looked up in other files, and changes are those of a whole tree
    return step.search is not None and not (modifiers and modifiers.given) and len(list(every_step(policy))) == 1
