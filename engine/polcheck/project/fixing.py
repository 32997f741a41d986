"""Applying fixes: each is tried in memory first, and stays only if its finding is gone and nothing else got worse.

A round makes as many fixes as don't touch the same places, and checks the project with all of them; where something got
worse, halves of them are tried until those that are to blame are known and left out. Then the next round begins with
what is left, for fixes that overlapped and findings that only show now. Nothing is written before all of that is done,
and nothing at all if a file is another one by then.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct, field

from polcheck.base.errors import PolcheckError, SubmissionError
from polcheck.base.replace_files import FileChange, replace_files
from polcheck.base.spans import Source, Unreadable
from polcheck.edits.edit import EditRefused
from polcheck.findings.finding import FileEdit, Finding, Location
from polcheck.findings.fix_text import Parsing
from polcheck.findings.fixes import edited
from polcheck.findings.report import Notice, PolicyOutcome, Report
from polcheck.findings.restriction import Restriction

MOST_ROUNDS = 10
MOST_CHECKS = 200  # of the project, to find out which fixes make something worse
_CONTEXT = 3  # lines around a change in a diff
_UNSEARCHED = frozenset({"unsearched", "fault", "unplaced"})  # kinds of notices of which there may be no more


class Checked(Protocol):
    """What can be checked with files laid over it, as a Session."""

    def overlay(self, files: Mapping[str, bytes | None]) -> None:
        """Lay files over those of the project; None: the file is gone."""

    def revert(self, paths: Iterable[str] | None = None) -> None:
        """Take files from the overlay; without `paths`, all."""

    def check(self, paths: Iterable[str] = ()) -> Report:
        """Return the report on the project with the overlay."""


class NotFixed(NamedTuple):
    """A finding whose fix was not made, and why: a clause without an end."""

    finding: Finding
    reason: str


class Fixed(Struct, frozen=True):
    """What came of fixing: the report before and after, the files that change, and the findings that are gone.

    `refused` are the fixes that could not be made, or that made something worse. `unsafe` are the findings whose fix is
    there and was not asked for. `rounds` is how often the project was fixed and checked again. `root` is the folder of
    the project, empty where it is in memory. Nothing is written yet.
    """

    before: Report
    after: Report
    changes: tuple[FileChange, ...] = ()
    fixed: tuple[Finding, ...] = ()
    refused: tuple[NotFixed, ...] = ()
    unsafe: tuple[Finding, ...] = ()
    rounds: int = 0
    root: str = ""

    def diff(self, folder: str = "") -> str:
        """Return the changes as one unified diff, with paths behind `folder`; empty where nothing changes."""
        return "".join(file_diff(change, folder) for change in self.changes)

    def write(self) -> None:
        """Write the changed files of the project's folder, each whole, if all of them are still as they were checked.

        Raises PolcheckError, and writes nothing, where one isn't, or can't be written, or there is no folder.
        """
        if self.changes and not self.root:
            raise PolcheckError("a project in memory has no folder to write to")
        replace_files(self.root, self.changes)


class Fixing(Struct):
    """The fixing of one project. `unsafe`: fixes that aren't safe are made, too.

    `content` gives the bytes of a file as it is below the session's overlay, None where there is none. `paths`
    restrict it to findings in these files and folders, and to edits of them. `protected` are files and folders that no
    fix may touch, beside those that none ever may.
    """

    session: Checked
    content: Callable[[str], bytes | None]
    unsafe: bool = False
    paths: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    progress: Callable[[int], None] | None = None
    root: str = ""
    _original: dict[str, bytes | None] = field(default_factory=dict)  # the files that fixes edit, as they were read
    _files: dict[str, bytes | None] = field(default_factory=dict)  # the same with the fixes that stay
    _refused: dict[object, NotFixed] = field(default_factory=dict)
    _parsing: Parsing = field(default_factory=Parsing)
    _checks: int = 0

    def run(self) -> Fixed:
        """Return what came of it. The session's overlay is as before then. Raises as its `check` does."""
        try:
            return self._run()
        finally:
            self.session.revert(list(self._original))

    def _run(self) -> Fixed:
        before = report = self._pinned()
        fixed: list[Finding] = []
        rounds = 0
        while rounds < MOST_ROUNDS and self._checks < MOST_CHECKS:
            batch = self._batch(report)
            if not batch:
                break
            rounds += 1
            stayed, report = self._stays(report, batch)
            fixed += stayed
            report = self._pinned(report)
        changes = tuple(
            FileChange(path, old, new)
            for path, old in sorted(self._original.items())
            if (new := self._files[path]) is not None and new != old
        )
        left = [finding for finding in self._mine(report) if finding.fix is not None]
        for finding in left:
            if finding.fix is not None and finding.fix.problem:
                self._refused.setdefault(_key(finding), NotFixed(finding, finding.fix.problem))
        refused = tuple(self._refused[_key(finding)] for finding in left if _key(finding) in self._refused)
        unsafe = tuple(finding for finding in left if finding.is_fixable and not self._is_wanted(finding))
        return Fixed(before, report, changes, tuple(fixed), refused, unsafe, rounds, self.root)

    def _check(self) -> Report:
        self._checks += 1
        if self.progress is not None:
            self.progress(self._checks)
        return self.session.check()

    def _pinned(self, report: Report | None = None) -> Report:
        """Return a report on files that can't change meanwhile: those that fixes edit are laid over those on disk.

        NOTE: otherwise the offsets of an edit could be those of another version of its file.
        """
        report = report or self._check()
        while True:
            new = [
                edit.path
                for finding in self._mine(report)
                if finding.fix is not None
                for edit in finding.fix.edits
                if edit.path not in self._original
            ]
            if not new or self._checks >= MOST_CHECKS:
                return report
            content = {path: self.content(path) for path in dict.fromkeys(new)}
            self._original |= content
            self._files |= content
            there = {path: data for path, data in content.items() if data is not None}
            if not there:
                return report
            self.session.overlay(there)
            report = self._check()

    def _mine(self, report: Report) -> Sequence[Finding]:
        """Return the findings of a report that are to be fixed where they can be."""
        only = Restriction.of(self.paths)
        return report.failing if only is None else only.findings(report.failing)

    def _is_wanted(self, finding: Finding) -> bool:
        return finding.fix is not None and (finding.fix.safe or self.unsafe)

    def _batch(self, report: Report) -> list[Finding]:
        """Return findings whose fixes can be made together: none touches what another one does, or both do the same."""
        batch: list[Finding] = []
        taken: dict[str, list[FileEdit]] = {}
        for finding in self._mine(report):
            if not finding.is_fixable or not self._is_wanted(finding) or _key(finding) in self._refused:
                continue
            assert finding.fix is not None
            reason = self._forbidden(finding.fix.edits)
            if reason:
                self._refused[_key(finding)] = NotFixed(finding, reason)
                continue
            edits = [edit for edit in finding.fix.edits if edit not in taken.get(edit.path, ())]
            if any(_touches(edit, other) for edit in edits for other in taken.get(edit.path, ())):
                continue
            for edit in edits:
                taken.setdefault(edit.path, []).append(edit)
            batch.append(finding)
        return batch

    def _forbidden(self, edits: Iterable[FileEdit]) -> str:
        """Return why some edits may not be made whatever they do; empty where they may."""
        only = Restriction.of(self.paths)
        for edit in edits:
            if any(edit.path == path or edit.path.startswith(f"{path}/") for path in self.protected):
                return f"no fix may touch `{edit.path}`: it says what is checked, or is a part of a pack"
            if only is not None and not only.includes(edit.path):
                return f"it changes `{edit.path}`, which is not among the paths that are checked"
            there = self._files.get(edit.path)
            if edit.creates and there is not None:
                return f"`{edit.path}` is there already, and no fix overwrites a file"
            if not edit.creates and there is None:
                return f"`{edit.path}` can't be read any more"
        return ""

    def _stays(self, report: Report, batch: Sequence[Finding]) -> tuple[list[Finding], Report]:
        """Return those of some findings whose fixes stay, and the report with them; the files are with them, too."""
        base = dict(self._files)
        stayed: list[Finding] = []
        result, current = report, base

        def attempt(candidates: Sequence[Finding]) -> None:
            nonlocal result, current
            if self._checks >= MOST_CHECKS:
                return
            trial, reason = self._trial(base, [*stayed, *candidates])
            after = result
            if not reason:
                try:
                    self.session.overlay({path: data for path, data in trial.items() if data is not None})
                    after = self._check()
                    reason = worsening(Comparison(report, after, [*stayed, *candidates], base, trial))
                except SubmissionError as error:
                    reason = str(error)
            if not reason:
                stayed.extend(candidates)
                result, current = after, trial
                return
            if len(candidates) == 1:
                self._refused[_key(candidates[0])] = NotFixed(candidates[0], reason)
                return
            middle = len(candidates) // 2
            attempt(candidates[:middle])
            attempt(candidates[middle:])

        attempt(batch)
        self._files = dict(current)
        self.session.overlay({path: data for path, data in current.items() if data is not None})
        self.session.revert([path for path, data in current.items() if data is None])
        return stayed, result

    def _trial(
        self, base: Mapping[str, bytes | None], findings: Sequence[Finding]
    ) -> tuple[dict[str, bytes | None], str]:
        """Return the files with the fixes of some findings, and why they can't be made (empty where they can)."""
        by_path: dict[str, list[FileEdit]] = {}
        for finding in findings:
            for edit in finding.fix.edits if finding.fix else ():
                edits = by_path.setdefault(edit.path, [])
                if edit not in edits:
                    edits.append(edit)
        trial = dict(base)
        for path, edits in by_path.items():
            old = base[path]
            try:
                trial[path] = edited(old or b"", edits)
            except EditRefused as error:
                return trial, error.reason
            if self._breaks(path, old, trial[path] or b""):
                return trial, f"`{path}` would not parse any more"
        return trial, ""

    def _breaks(self, path: str, old: bytes | None, new: bytes) -> bool:
        """Return whether a file that parses, or that is new, would not."""
        return not self._parsing.parses(path, new) and (old is None or self._parsing.parses(path, old))


class Comparison(NamedTuple):
    """A report before some fixes and after them, the findings that they are for, and the files in question."""

    before: Report
    after: Report
    fixed: Sequence[Finding]
    old_files: Mapping[str, bytes | None]
    new_files: Mapping[str, bytes | None]


def worsening(comparison: Comparison) -> str:
    """Return what got worse by some fixes, or that a finding is still there; empty where all is well."""
    return next(_worsenings(comparison), "")


def _worsenings(comparison: Comparison) -> Iterator[str]:
    before, after = comparison.before, comparison.after
    yield from _left_out(comparison)
    yield from _unsearched(before, after)
    yield from _open(before, after)
    old, new = _counted(before.findings), _counted(after.findings)
    for mark, number in _counted(comparison.fixed).items():
        if new[mark] > old[mark] - number:
            finding = next(finding for finding in comparison.fixed if _mark(finding) == mark)
            yield f"the finding is still there with it: {finding.message}"
    for new_one in _new_findings(comparison):
        where = f" at {new_one.location}" if new_one.location else ""
        yield f"it brings a new finding of `{new_one.ref}`{where}: {new_one.message}"
    was, now = _counted(_waived(before)), _counted(_waived(after))
    if any(number > was[mark] for mark, number in now.items()):
        yield "a finding would be accepted by it, not gone"


def _left_out(comparison: Comparison) -> Iterator[str]:
    """Yield a new file that is not checked: it is ignored, or excluded."""
    created = [path for path, data in comparison.new_files.items() if data and comparison.old_files.get(path) is None]
    if comparison.after.submission.files < comparison.before.submission.files + len(created):
        name = created[0] if len(created) == 1 else "a file"
        yield f"{name} would not be checked: it is ignored or excluded" if created else "files would not be checked"


def _unsearched(before: Report, after: Report) -> Iterator[str]:
    """Yield what could be searched, or placed, before and can't after."""
    known = {(_path(notice), notice.message) for notice in before.notices if notice.kind in _UNSEARCHED}
    for notice in after.notices:
        if notice.kind in _UNSEARCHED and (_path(notice), notice.message) not in known:
            where = f"{_path(notice)}: " if notice.location else ""
            yield f"something could not be searched any more: {where}{notice.message}"


def _path(notice: Notice) -> str:
    return notice.location.path if notice.location else ""


def _open(before: Report, after: Report) -> Iterator[str]:
    """Yield policies that were decided, and are undecided after for a reason that wasn't there before."""
    known = {(_path(notice), notice.message) for notice in before.notices if notice.kind in _UNSEARCHED}
    earlier = {policy.ref: policy for policy in before.policies}
    for policy in after.policies:
        was = earlier.get(policy.ref)
        reasons = known | (set(was.reasons) if was else set())
        if policy.outcome == "undecided" and (was is None or was.outcome != "undecided" or _more(was, policy)):
            new = [why for path, why in policy.reasons if (path, why) not in reasons]
            if new or not policy.reasons:
                yield f"`{policy.ref}` would be undecided: {new[0] if new else policy.title}"
        if was is not None and len(policy.dynamic) > len(was.dynamic):
            yield f"`{policy.ref}` could examine less: {policy.dynamic[-1].reason}"


def _more(was: PolicyOutcome, now: PolicyOutcome) -> bool:
    return not set(now.reasons) <= set(was.reasons)


def _new_findings(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings that weren't there before.

    What only moved, or shows another text because a fix changed what it quotes, was there: it is of the same policy and
    begins in the same place. A finding that a fix was for is not such a one.
    """
    left = _counted(comparison.before.failing)
    left.subtract(_counted(comparison.fixed))
    unknown: list[Finding] = []
    for finding in comparison.after.failing:
        if left[_mark(finding)] > 0:
            left[_mark(finding)] -= 1
        else:
            unknown.append(finding)
    if not unknown:
        return
    moved = _Moved(comparison)
    fixed = {id(finding) for finding in comparison.fixed}
    places: dict[tuple[str, str], list[range]] = {}
    for finding in comparison.before.failing:
        if id(finding) not in fixed and left[_mark(finding)] > 0:
            left[_mark(finding)] -= 1
            if finding.location is not None:
                places.setdefault((finding.ref, finding.location.path), []).append(moved.lines(finding.location))
    for finding in unknown:
        location = finding.location
        known = places.get((finding.ref, location.path), []) if location is not None else []
        same = next((lines for lines in known if location is not None and (location.line or 0) in lines), None)
        if same is None:
            yield finding
        else:
            known.remove(same)


class _Moved:
    """Where the lines of files are after fixes."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._blocks: dict[str, list[difflib.Match]] = {}

    def lines(self, location: Location) -> range:
        """Return the lines at one of which a place may be after the fixes; 0 stands for a file as a whole.

        It is one for a place in a line that stays, or more where lines were inserted right before it: what begins there
        may begin with them. A line that was replaced is one of those in its place.
        """
        path, line = location.path, location.line
        old, new = self._comparison.old_files.get(path), self._comparison.new_files.get(path)
        if line is None or old is None or new is None or old == new:
            return range(line or 0, (line or 0) + 1)
        if path not in self._blocks:
            matcher = difflib.SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False)
            self._blocks[path] = matcher.get_matching_blocks()
        before = difflib.Match(0, 0, 0)
        for block in self._blocks[path]:
            inserted = before.b + before.size + 1  # the first line after what stayed before
            if line - 1 < block.a:
                return range(inserted, max(block.b, inserted) + 1)
            if line - 1 < block.a + block.size:
                at = block.b + line - block.a
                return range(inserted if line - 1 == block.a else at, at + 1)
            before = block
        return range(0)


def _counted(findings: Iterable[Finding]) -> Counter[tuple[str, str]]:
    return Counter(map(_mark, findings))


def _mark(finding: Finding) -> tuple[str, str]:
    """Return what a finding has in common with those of the same fingerprint, whatever their number."""
    return finding.ref, finding.fingerprint.partition(":")[0]


def _waived(report: Report) -> Iterator[Finding]:
    return (finding for finding in report.findings if finding.waived is not None)


def _key(finding: Finding) -> object:
    """Return what is equal for a finding and its fix in one round and in the next."""
    edits = finding.fix.edits if finding.fix else ()
    return (_mark(finding), tuple((edit.path, edit.text) for edit in edits))


def _touches(one: FileEdit, other: FileEdit) -> bool:
    """Return whether two edits of one file overlap, or stand right beside each other."""
    return one.start <= other.end and other.start <= one.end


def file_diff(change: FileChange, folder: str = "") -> str:
    """Return the change of a file as a unified diff, with its path behind `folder`."""
    path = Location(change.path).seen_from(folder).path if folder else change.path
    old, new = _lines(change.path, change.before or b""), _lines(change.path, change.after)
    if old is None or new is None:
        return f"Binary files {path} and {path} differ\n"
    name = "/dev/null" if change.before is None else path
    lines: list[str] = []
    for line in difflib.unified_diff(old, new, name, path, n=_CONTEXT):
        lines.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(lines)


def _lines(path: str, data: bytes) -> list[str] | None:
    """Return the lines of a file with their line breaks; None for what is no text."""
    try:
        text = Source(path, data).text
    except Unreadable:
        return None
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
