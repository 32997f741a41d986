"""The folder of a project that stays open: what is read anew follows from what has changed since the last time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from polcheck.base import reader
from polcheck.base.errors import SubmissionError
from polcheck.base.overlay import Overlay, lying_over
from polcheck.base.reader import is_file, is_there
from polcheck.base.replace_files import read_below
from polcheck.base.safe_open import NotRegular, PendingFile, pending_file
from polcheck.base.tracker import DependencyTracker, Stamp, is_young, stamp_at, tracking
from polcheck.findings.accepted import Accept, in_turn
from polcheck.findings.report import Report
from polcheck.findings.restriction import Restriction
from polcheck.pipeline import Checker
from polcheck.project.incremental import Incremental
from polcheck.project.project import Project
from polcheck.sources.git import base_revision
from polcheck.sources.limits import ReadLimits
from polcheck.sources.submission import Files, Later, Submission

if TYPE_CHECKING:
    from polcheck.project.comparison import Comparison

Overlaid = Mapping[bytes, bytes | None]  # files by place, those that were written last at the end


class Dependencies(NamedTuple):
    """What something was made from: places on disk with their stamps, by real path as well."""

    stamps: Mapping[bytes, Stamp | None]
    places: frozenset[bytes]
    began: int
    blind: bool

    @classmethod
    def of(cls, tracker: DependencyTracker) -> Dependencies:
        """Return what was tracked."""
        links = Overlay({})
        stamps = {os.path.abspath(place): stamp for place, stamp in tracker.places.items()}  # noqa: PTH100
        places = frozenset(links.real(place, follow=follow) for place in stamps for follow in (False, True))
        return cls(stamps, places, tracker.began, tracker.blind)

    @property
    def is_stale(self) -> bool:
        """Whether something on disk has changed since, or may have."""
        return self.blind or any(
            is_young(stamp, self.began) or stamp_at(place) != stamp for place, stamp in self.stamps.items()
        )


class _Opened(NamedTuple):
    """A project with what is compiled and read for it, on one day."""

    project: Project
    checker: Checker
    accept: Accept
    made_from: Dependencies
    day: date


class _Listed(NamedTuple):
    """The files of a project: a placed submission, and what says which files there are."""

    submission: Submission
    made_from: Dependencies
    total: int  # bytes


class OpenFolder:
    """The folder of a project, and how it is opened. Files lie over it by their real paths."""

    def __init__(self, target: str, open_project: Callable[[], Project], since: str | None = None) -> None:
        self._target = target
        self._root = os.path.join(os.fsencode(os.path.realpath(target)), b"")  # noqa: PTH118
        self._open_project = open_project
        self._since = since
        self._incremental = Incremental()
        self._opened: _Opened | None = None
        self._listed: _Listed | None = None
        self._compared: tuple[Project, str, Comparison] | None = None
        self._files: Overlaid = {}  # that lay over the folder the last time
        self._looked: dict[str, Later | bytes] = {}  # where the bytes of files were the last time
        self._limits: ReadLimits | None = None  # within which they were looked at
        self._young: set[str] = set()  # files that may have changed unseen since they were read

    def close(self) -> None:
        """Let go of everything that is known."""
        self._incremental.close()
        self._opened = self._listed = self._compared = None
        self._looked, self._young = {}, set()

    @property
    def root(self) -> str:
        """The folder."""
        return self._target

    @property
    def protected(self) -> tuple[str, ...]:
        """The paths that no fix may touch. Raises SubmissionError for a project that is somebody else's."""
        project = self._opened.project if self._opened is not None else self._open_project()
        if not project.own:
            raise SubmissionError("fixes are for a project of one's own: what is untrusted is never written")
        return project.protected

    def content(self, path: str) -> bytes | None:
        """Return the bytes of the file at `path` on disk; None where there is none, or a link leads there."""
        return read_below(self._target, path)

    def places(self, path: str) -> tuple[bytes, ...]:
        """Return the places at which a file may be laid over `path`: itself, and where it leads as a link."""
        full = self._root + path.encode("utf-8", "surrogateescape")
        return tuple(Overlay({}).real(full, follow=follow) for follow in (False, True))

    def written(self, files: Overlaid, path: str, data: bytes | None) -> Overlaid:
        """Return the overlay with one more file, or none, at `path`. Raises SubmissionError where none can be."""
        over = Overlay(files)
        place = over.real(self._root + path.encode("utf-8", "surrogateescape"), follow=data is not None)
        if not place.startswith(self._root):
            raise SubmissionError(f"the path `{path}` leads out of the project by a link")
        with lying_over(over):
            above = next(folder for folder in Path(os.fsdecode(place)).parents if is_there(folder))
            if not reader.is_folder(above):
                raise SubmissionError(f"there can be no file `{path}`: `{above.name}` is a file")
            if is_there(place) and not is_file(place) and place == os.path.realpath(place):
                raise SubmissionError(f"there can be no file `{path}`: what is there is not a file")
        return {**{one: old for one, old in files.items() if one != place}, place: data}

    def check(
        self, files: Overlaid, only: Restriction | None, proceed: Callable[[], None], *, refreshed: bool
    ) -> Report:
        """Return the report of a fresh run over the folder with these files over it.

        `refreshed` says that anything may have changed on disk since the last time.
        """
        with lying_over(Overlay(files)):
            if refreshed:
                self._incremental.retry()
            try:
                opened, listed = self._current(files, refreshed=refreshed)
            except BaseException:
                self._opened = self._listed = None  # NOTE: nobody knows what of it is up to date
                raise
            proceed()
            accept, submission = opened.accept, listed.submission
            if self._since is not None:
                compared = self._comparison(opened.project, self._since, refreshed=refreshed)
                accept, submission = in_turn(accept, compared.accept), replace(submission, base=compared.base)
            effective = opened.project.effective
            report = self._incremental.check(opened.checker, submission, effective.fail_on, accept, only, proceed)
            return opened.project.located(report)

    def _current(self, files: Overlaid, *, refreshed: bool) -> tuple[_Opened, _Listed]:
        """Return the project and its files as they are now."""
        began = time.time_ns()
        places = self._changed(files)
        touched = places | _folders_above(place for place in places if self._comes_or_goes(place, files))
        changed = self._paths(places) | (self._changed_on_disk() if refreshed else set())
        for path in changed:  # NOTE: before anything can fail, so that nothing is taken for unchanged afterwards
            self._looked.pop(path, None)
        self._files = files

        def holds(made_from: Dependencies) -> bool:
            return touched.isdisjoint(made_from.places) and not (refreshed and made_from.is_stale)

        opened = self._opened
        listed = self._listed if self._listed and holds(self._listed.made_from) else None
        if opened is None or not holds(opened.made_from) or opened.day != opened.project.effective.today:
            opened, listed = self._open(), None
        self._opened = opened
        self._listed = (self._updated(listed, opened, changed, began) if listed else None) or self._list(opened, began)
        return opened, self._listed

    def _changed(self, files: Overlaid) -> set[bytes]:
        """Return the places over which something else lies than the last time."""
        then = self._files
        if files is then:
            return set()
        return {
            place
            for place in files.keys() | then.keys()
            if (place in files) != (place in then) or files[place] != then[place]
        }

    def _comes_or_goes(self, place: bytes, files: Overlaid) -> bool:
        """Return whether there is a file at a place now and was none, or the other way round."""
        now, then = (
            over[place] is not None if place in over else Overlay({}).on_disk(place) for over in (files, self._files)
        )
        return now != then

    def _paths(self, places: Iterable[bytes]) -> set[str]:
        """Return the paths, from the root, of places below it."""
        below = (place[len(self._root) :] for place in places if place.startswith(self._root))
        return {path.decode("utf-8", "surrogateescape") for path in below}

    def _changed_on_disk(self) -> set[str]:
        """Return the files that have changed on disk since they were looked at, or may have."""
        return {
            path
            for path, held in self._looked.items()
            if isinstance(held, PendingFile) and (path in self._young or not held.is_unchanged)
        }

    def _open(self) -> _Opened:
        """Return the project, opened anew."""
        with tracking() as tracker:
            project = self._open_project()
            checker, accept, day = project.checker, project.acceptance(), project.effective.today
        return _Opened(project, checker, accept, Dependencies.of(tracker), day)

    def _list(self, opened: _Opened, began: int) -> _Listed:
        """Return the files of a project, listed anew; what was looked at and has not changed isn't looked at again."""
        with tracking() as tracker:
            submission = opened.project.read()
        assert isinstance(submission.files, Files)
        if self._limits != opened.project.read_limits:
            self._looked, self._limits = (
                {},
                opened.project.read_limits,
            )  # NOTE: what was looked at was within the others
        placed = opened.checker.place(replace(submission, files=submission.files.completed(self._looked)))
        looked, total = _looked_at(placed)
        if total > opened.project.read_limits.total_bytes:  # NOTE: what is over it depends on the order of looking
            placed = opened.checker.place(submission)
            looked, total = _looked_at(placed)
        before, self._looked = self._looked, dict(looked)
        new = [path for path, held in looked.items() if held is not before.get(path)]
        self._young = {path for path in self._young if path in looked}
        self._note_young(new, began)
        return _Listed(placed, Dependencies.of(tracker), total)

    def _updated(self, listed: _Listed, opened: _Opened, paths: Iterable[str], began: int) -> _Listed | None:
        """Return the same files with other bytes at some paths; None where the list has to be made anew."""
        submission, limits = listed.submission, opened.project.read_limits
        files, total = submission.files, listed.total
        assert isinstance(files, Files)
        new: dict[str, Later] = {}
        for path in paths:
            if path in submission.unreadable:
                return None
            if path not in files:
                continue  # NOTE: it is left out; had it come since, its folder would have changed
            try:
                new[path] = pending_file(self._root + path.encode("utf-8", "surrogateescape"))
            except (OSError, NotRegular):
                return None
            total += new[path].size - files.size(path)
            if new[path].size > limits.file_bytes or total > limits.total_bytes:
                return None
        if not new:
            return listed
        self._looked.update(new)
        self._note_young(new, began)
        updated = replace(submission, files=files.updated(new), marked=frozenset())
        return listed._replace(submission=updated.known(submission.paths), total=total)

    def _note_young(self, paths: Iterable[str], began: int) -> None:
        """Note which of some files, looked at since `began`, could change without another stamp."""
        for path in paths:
            held = self._looked[path]
            young = isinstance(held, PendingFile) and is_young(held.stamp, began)
            (self._young.add if young else self._young.discard)(path)

    def _comparison(self, project: Project, since: str, *, refreshed: bool) -> Comparison:
        """Return the comparison with a revision, made anew where the project or what the revision means has changed."""
        known = self._compared
        if known is not None and known[0] is project and not refreshed:
            return known[2]
        commit = base_revision(self._target, since, "HEAD").commit
        if known is None or known[0] is not project or known[1] != commit:
            known = self._compared = (project, commit, project.since(since))
        return known[2]


def _looked_at(placed: Submission) -> tuple[Mapping[str, bytes | Later], int]:
    """Return where the bytes of each file are, after looking at all of them, and how many there are."""
    assert isinstance(placed.files, Files)
    looked = placed.files.everything()
    return looked, sum(held.size if not isinstance(held, bytes) else len(held) for held in looked.values())


def _folders_above(places: Iterable[bytes]) -> set[bytes]:
    """Return the folders that list something else once files come to some places or go: each up to one on disk."""
    result: set[bytes] = set()
    on_disk = Overlay({})
    for place in places:
        folder = os.path.dirname(place)  # noqa: PTH120
        while folder not in result:
            result.add(folder)
            if on_disk.is_folder(folder):
                break
            folder = os.path.dirname(folder)  # noqa: PTH120
    return result
