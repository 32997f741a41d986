"""A project that stays open: files may lie over those on disk, and each check gives the report of a fresh run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from threading import Event, Lock
from types import TracebackType
from typing import TYPE_CHECKING, Self

from msgspec.structs import replace

from polcheck.base.errors import ConfigError, PolcheckError, Problem, SubmissionError
from polcheck.base.paths import is_folder
from polcheck.findings.accepted import Accept
from polcheck.findings.report import Report
from polcheck.findings.restriction import Restriction
from polcheck.formats.values import Json
from polcheck.pipeline import Checker
from polcheck.policy.pack_files import PackFiles
from polcheck.project.effective import CommandLineOptions
from polcheck.project.incremental import Incremental
from polcheck.project.library import PackLike, check_fail_on, listed, params_by_pack
from polcheck.project.open_folder import OpenFolder, Overlaid
from polcheck.project.project import Project
from polcheck.sources.submission import Submission, check_path, not_empty

if TYPE_CHECKING:
    from polcheck.project.fixing import Fixed

Cancel = Event | Callable[[], bool]


class Cancelled(PolcheckError):
    """A check that was given up because its `cancel` said so."""


class Session:
    """A project that stays open, for editors, agents and fixes: what is asked for again is known already.

    A check gives the report that `polcheck run` would print of the project's folder if the files of the overlay had
    been written there: a .gitignore, a polcheck.yaml, a baseline or a pack of the project in the overlay counts as
    well. Nothing is fetched: packs are those that ship, are installed, lie in folders, or were stored before.

    Sessions may be used from several threads. A context: it is closed at the end.
    """

    def __init__(
        self,
        root: str | Path = ".",
        packs: PackLike | Iterable[PackLike] = (),
        *,
        params: Mapping[str, Json] | None = None,
        select: str | Iterable[str] = (),
        ignore: str | Iterable[str] = (),
        fail_on: str | None = None,
        config: str | Path | None = None,
        project: bool = True,
        since: str | None = None,
    ) -> None:
        """Open the project in the folder `root`; nothing is read before the first check.

        `packs` are those to judge by, in place of those of polcheck.yaml. `params`, `select`, `ignore`, `fail_on` and
        `since` are as for `polcheck.check`; `config` is the file to take in place of the nearest polcheck.yaml. With
        `project=False` the folder is somebody else's, and nothing in it changes which files are read, which policies
        apply or which findings count. Raises SubmissionError when there is no such folder, and ConfigError for a
        `fail_on` that isn't one.
        """
        check_fail_on(fail_on)
        target = str(root)
        if not is_folder(target):
            raise SubmissionError(f"`{target}` is not a folder: `Session.of` is for projects of other kinds")
        many: list[PackLike] = [packs] if isinstance(packs, str | Path | PackFiles) else list(packs)
        options = CommandLineOptions(
            packs=tuple(pack.root if isinstance(pack, PackFiles) else str(pack) for pack in many),
            params=params_by_pack(params or {}),
            select=listed(select),
            ignore=listed(ignore),
            fail_on=fail_on,
            cache=False,
            fetch=False,
        )
        opened = tuple(pack for pack in many if isinstance(pack, PackFiles))
        if opened and len(opened) != len(many):
            raise SubmissionError("give packs by their names, or all of them opened")
        named = str(config) if config is not None else None

        def open_project() -> Project:
            result = Project.at(target, options, named, isolated=not project)
            if not result.effective.packs:
                help = "name them under `packs` in polcheck.yaml, or in the argument `packs`"
                raise ConfigError([Problem("no pack is named", help=help)])
            return replace(result, opened=opened) if opened else result

        self._begin(OpenFolder(target, open_project, since))

    @classmethod
    def of(
        cls, checker: Checker, submission: Submission, fail_on: str = "error", accept: Accept | None = None
    ) -> Session:
        """Return a session over a submission that is in memory, as `checker.check` judges it.

        The files of a bundle are overlaid by the paths that the packs give its fields. Raises SubmissionError for a
        field of a bundle that no pack gives a path.
        """
        self = cls.__new__(cls)
        self._begin(_Memory(checker, submission, fail_on, accept))
        return self

    @classmethod
    def over(cls, open_project: Callable[[], Project], since: str | None = None, target: str | None = None) -> Session:
        """Return a session over the folder of a project, which is opened anew after each change to what it reads.

        `target` is that folder, where it is known: then nothing is read before the first check.
        """
        self = cls.__new__(cls)
        self._begin(OpenFolder(open_project().target if target is None else target, open_project, since))
        return self

    def _begin(self, source: OpenFolder | _Memory) -> None:
        self._source = source
        self._files: Overlaid = {}  # INVARIANT: replaced, never changed
        self._state = Lock()  # INVARIANT: held for moments only, so that an editor never waits for a check
        self._checking = Lock()
        self._closed = self._refreshed = False

    def overlay(self, files: Mapping[str, bytes | None]) -> None:
        """Lay files over those of the project, by their paths from its root, with `/`; None: the file is gone.

        What was laid over a path before is replaced; other files stay. A link is followed as whoever writes to it
        follows it. Raises SubmissionError, and changes nothing, for a path outside the root or in a `.git`, and where
        no file could be written: at a folder, below a file, through a link that leads out. Raises TypeError for a
        content that isn't bytes.
        """
        for path, data in files.items():
            if not isinstance(data, bytes | bytearray | memoryview | None):
                raise TypeError(
                    f"a file's content is bytes, or None for a file that is gone: `{path}` has {data!r:.40}"
                )
            check_path(path)
            if ".git" in path.split("/"):
                raise SubmissionError(f"`{path}` is git's own, and is not read")
        with self._state:
            self._check_open()
            result = self._files
            for path, data in files.items():
                result = self._source.written(result, path, data if data is None else bytes(data))
            self._files = result

    def revert(self, paths: Iterable[str] | None = None) -> None:
        """Take the files at `paths` from the overlay, so that those on disk count again; without `paths`, all."""
        with self._state:
            self._check_open()
            left = () if paths is None else [place for path in paths for place in self._source.places(path)]
            self._files = {} if paths is None else {p: data for p, data in self._files.items() if p not in left}

    def refresh(self) -> None:
        """Look again at what is on disk: files, configuration, packs and git's index; the overlay stays."""
        with self._state:
            self._check_open()
            self._refreshed = True

    def check(self, paths: Iterable[str] = (), cancel: Cancel | None = None) -> Report:
        """Return the report on the project, or on some files and folders of it (paths from its root).

        `cancel` gives the check up: an event that is set, or a function that returns True. Raises Cancelled then,
        ConfigError for a configuration that can't be used, PolicyError for packs that can't be used and SubmissionError
        for a project that can't be read.
        """
        only, proceed = Restriction.of(tuple(paths)), _asking(cancel)
        with self._checking:
            proceed()
            with self._state:
                self._check_open()
                files, refreshed, self._refreshed = self._files, self._refreshed, False
            try:
                return self._source.check(files, only, proceed, refreshed=refreshed)
            except BaseException:
                self._refreshed = self._refreshed or refreshed
                raise

    def fix(
        self,
        paths: Iterable[str] = (),
        *,
        unsafe: bool = False,
        cancel: Cancel | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Fixed:
        """Return what fixing the findings of the project comes to, over the files as the session has them.

        Safe fixes are made, with `unsafe` all; `paths` restrict it to findings in these files and folders, and to
        changes of them. Each fix stays only if its finding is gone then and nothing else got worse. Nothing is written,
        and the overlay stays as it is: see `Fixed.diff` and `Fixed.write`. `progress` is given the number of checks so
        far. Raises SubmissionError for a project that is somebody else's, and what `check` raises.
        """
        from polcheck.project.fixing import Fixing

        with self._state:
            self._check_open()
            files = self._files
        beside = Session.__new__(Session)
        beside._begin(self._source)
        beside._files = files
        beside._checking = self._checking  # INVARIANT: one check at a time, which is what the source can bear
        protected = self._source.protected

        def content(path: str) -> bytes | None:
            for place in self._source.places(path):
                if place in files:
                    return files[place]
            return self._source.content(path)

        proceed = _asking(cancel)

        def before_check(number: int) -> None:
            proceed()
            if progress is not None:
                progress(number)

        return Fixing(beside, content, unsafe, tuple(paths), protected, before_check, self._source.root).run()

    def close(self) -> None:
        """Let go of what is known; the session can't be used any more."""
        with self._state:
            self._closed = True
            self._files = {}
        with self._checking:
            self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise PolcheckError("the session is closed")


def _asking(cancel: Cancel | None) -> Callable[[], None]:
    """Return a function that raises Cancelled once `cancel` says so."""
    asked = cancel.is_set if isinstance(cancel, Event) else cancel

    def check() -> None:
        if asked is not None and asked():
            raise Cancelled("the check was cancelled")

    return check


class _Memory:
    """A submission in memory, and what judges it. Files lie over it by their paths."""

    def __init__(self, checker: Checker, submission: Submission, fail_on: str, accept: Accept | None) -> None:
        self._checker = checker
        self._placed = checker.place(submission)
        self._fail_on = fail_on
        self._accept = accept
        self._incremental = Incremental()

    def close(self) -> None:
        """Let go of everything that is known."""
        self._incremental.close()

    @property
    def root(self) -> str:
        """Empty: there is no folder."""
        return ""

    @property
    def protected(self) -> tuple[str, ...]:
        """Return none: what is in memory is all that is checked."""
        return ()

    def content(self, path: str) -> bytes | None:
        """Return the bytes of the file at `path`; None where there is none."""
        return self._placed.files.get(path)

    def places(self, path: str) -> tuple[bytes, ...]:
        """Return the place of the file at `path`."""
        return (path.encode("utf-8", "surrogateescape"),)

    def written(self, files: Overlaid, path: str, data: bytes | None) -> Overlaid:
        """Return the overlay with one more file, or none, at `path`."""
        return {**files, self.places(path)[0]: data}

    def check(
        self,
        files: Overlaid,
        only: Restriction | None,
        proceed: Callable[[], None],
        *,
        refreshed: bool,
    ) -> Report:
        """Return the report on the submission with these files over it."""
        if refreshed:
            self._incremental.retry()
        over = {place.decode("utf-8", "surrogateescape"): data for place, data in files.items()}
        new = {path: data for path, data in over.items() if data is not None}
        old = self._placed
        left = {path: data for path, data in old.files.items() if path not in over}
        unreadable = {path: why for path, why in old.unreadable.items() if path not in over}
        submission = not_empty(replace(old, files=dict(sorted({**left, **new}.items())), unreadable=unreadable))
        return self._incremental.check(self._checker, submission, self._fail_on, self._accept, only, proceed)
