"""Folders: the files below one, as git would list them, each read once.

Nothing but regular files is opened, links lead no further than the folder itself, and `.git` is never read.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct, field

from polcheck.base.cached import cached_property
from polcheck.base.codec import Codec
from polcheck.base.errors import SubmissionError
from polcheck.base.reader import is_there, status_of
from polcheck.base.safe_open import (
    Entry,
    NotRegular,
    opened_folder,
    pending_file,
    read_regular,
    reason_of,
    scanned,
)
from polcheck.base.store import key_of, store
from polcheck.base.tracker import record_dependency, record_unknown_dependency, tracking
from polcheck.base.validated_cache import load_unchanged, store_unchanged
from polcheck.sources.builder import SubmissionBuilder
from polcheck.sources.git import MAX_POINTER, IgnoreFiles, Repository, content, oversized, repository_of
from polcheck.sources.git_index import Index, index_of
from polcheck.sources.gitignore import MAX_BYTES, IgnoreTimeout, Rules, ignored
from polcheck.sources.submission import Later, Submission
from polcheck.sources.trust import Trust

WORTH = 500  # files: walking through fewer takes no longer than reading the cached walk
_NOT_CHECKED_OUT = "a submodule that isn't checked out: get it with `git submodule update --init`, or leave it out"
_MOST_WALKS = 16
_MOST_BYTES = 64 << 20
_WALK: Codec[tuple[tuple[str, ...], int]] = Codec(tuple[tuple[str, ...], int])


def cached_walk(asked: str, builder: SubmissionBuilder, walk: Callable[[], None]) -> None:
    """List files in `builder` by `walk`, or from the cached walk of an earlier run with the same key `asked`.

    A cached walk is valid while the stamps of all that it depends on are the same: of each folder, and of the files
    that say what is ignored in it. A walk that met a link, or something that couldn't be read, is never cached.
    """
    path = os.path.join(store(), "walks", key_of(asked))  # noqa: PTH118
    known = load_unchanged(path, _WALK)
    if known is not None:
        (paths, left_out), places = known
        for place, stamp in places:
            record_dependency(place, stamp)
        builder.list_all(paths)
        builder.left_out = left_out
        return
    with tracking() as watch:
        walk()
    listed = builder.listed
    if len(listed) >= WORTH:
        store_unchanged(path, (listed, builder.left_out), _WALK, watch, _MOST_WALKS, _MOST_BYTES)


def read_folder(
    folder: str,
    builder: SubmissionBuilder,
    *,
    gitignore: bool = True,
    tracked: bool = False,
    trust: Trust = Trust.UNTRUSTED,
    asked: str = "",
    ignores: IgnoreFiles | None = None,
) -> Submission:
    """Return the submission in `folder`: every file below it that isn't ignored, or every one that git tracks.

    A file is ignored where its .gitignore may say so and git would look at it: in a git work tree, unless git tracks
    the file. `ignores` gives the .gitignore files of the repository where others than those in the folder count.
    `asked` is the key under which the walk is cached; empty: it isn't. Raises SubmissionError when the folder can't be
    listed, holds nothing or too much, or `tracked` is asked for outside a repository, or in an untrusted folder whose
    `.git` leads elsewhere.
    """
    root = os.fsencode(folder)

    def walk() -> None:
        ignoring = gitignore and (trust.may_ignore or ignores is not None)
        repository = repository_of(root) if ignoring or tracked else None
        own = repository is not None and repository.root == repository.folder and ignores is None
        if repository and own and not trust.may_point_elsewhere and repository.leads_elsewhere:
            what = "its `.git` leads out of it, and nothing outside an untrusted project is read"
            raise SubmissionError(f"what git tracks in `{builder.name}` can't be known: {what}")
        result = _Walk(root, builder, repository, trust, ignores)
        if tracked:
            result.run(None, only_tracked=True)
        else:
            result.run(result.outer_rules() if ignoring else None)

    if asked:
        cached_walk(asked, builder, walk)
    else:
        walk()
    return builder.submission("folder", Look(root, builder))


class Look(Struct, frozen=True):
    """Looks at listed files below a folder when somebody asks for them."""

    root: bytes
    builder: SubmissionBuilder

    def __call__(self, path: str) -> Later:
        """The file at `path`. Raises OSError when it can't be read, is no file any more, or is over a limit."""
        full = os.path.join(self.root, path.encode("utf-8", "surrogateescape"))  # noqa: PTH118
        return self.builder.admitted(path, _later(full))


def _later(full: bytes) -> Later:
    try:
        return pending_file(full)
    except NotRegular as error:
        record_unknown_dependency()
        raise OSError(0, str(error)) from error
    except OSError as error:
        record_unknown_dependency()
        raise OSError(0, f"it can't be read: {reason_of(error)}") from error


_IS_UTF8 = sys.getfilesystemencoding() == "utf-8"


class _Folder(NamedTuple):
    """A folder still to be walked; `rules` are None where nothing is ignored, and the innermost comes first."""

    path: bytes
    rules: tuple[Rules, ...] | None
    only_tracked: bool


class _Walk(Struct, dict=True):
    root: bytes
    builder: SubmissionBuilder
    repository: Repository | None
    trust: Trust = Trust.UNTRUSTED
    ignores: IgnoreFiles | None = None
    walked: set[bytes] = field(default_factory=set)
    folder_links: list[tuple[str, bytes]] = field(default_factory=list)
    seconds: float = 0

    def run(self, rules: tuple[Rules, ...] | None, *, only_tracked: bool = False) -> None:
        """Walks the tree, without recursion since it may be thousands of levels deep."""
        if only_tracked:
            self._check_tracked()
        waiting = [_Folder(b"", rules, only_tracked)]
        while waiting:
            waiting += self._folder(waiting.pop())
        for path, target in self.folder_links:
            if target not in self.walked:
                self.builder.miss(path, "a link to a folder that is left out", folder=True)

    @cached_property
    def real_root(self) -> bytes:
        """The root without links."""
        return os.path.realpath(self.root)

    @cached_property
    def tracked(self) -> Index | None:
        """What git tracks; None where its index can't be read."""
        return index_of(self.repository) if self.repository else None

    @cached_property
    def gitlinks(self) -> frozenset[bytes]:
        """The paths at which the repository has submodules, whether they are checked out or not.

        NOTE: asked for where a folder is empty, which git leaves only in place of a submodule.
        """
        repository = self.repository or repository_of(self.root)
        own = repository is not None and repository.root == repository.folder and not repository.leads_elsewhere
        if repository is None or not (own or self.trust.may_point_elsewhere):
            return frozenset()
        index = self.tracked if self.repository else index_of(repository)
        return index.submodules if index else frozenset()

    def _check_tracked(self) -> None:
        """Raises SubmissionError when nobody can say what is tracked."""
        if self.repository is None:
            raise SubmissionError(f"`{self.builder.name}` is not in a git repository")
        if self.tracked is None:
            raise SubmissionError(f"the index of the git repository of `{self.builder.name}` can't be read")

    def _folder(self, folder: _Folder) -> list[_Folder]:
        """Reads the files of a folder; the folders in it that are to be walked."""
        try:
            # NOTE: without the final `/`, with which a link would be followed
            full = self._full(folder.path[:-1])
            record_dependency(full)
            with opened_folder(full, follow=not folder.path) as number:
                entries = self._entries(number, full)
                self.walked.add(folder.path.rstrip(b"/"))
                if folder.path and all(entry.name == ".git" for entry in entries) and folder.path[:-1] in self.gitlinks:
                    self.builder.miss(_text(folder.path[:-1]), _NOT_CHECKED_OUT, folder=True)
                    return []
                return list(self._below(number, self._with_rules(number, folder, entries), entries))
        except OSError as error:
            if not folder.path:
                raise SubmissionError(f"the folder `{self.builder.name}` can't be read: {reason_of(error)}") from error
            reason = f"a folder that can't be read: {reason_of(error)}"
            self.builder.miss(_text(folder.path[:-1]), reason, folder=True)
            return []

    def _entries(self, number: int, full: bytes) -> list[Entry]:
        most = self.builder.limits.files
        entries = scanned(number, full, most)
        if len(entries) > most:
            raise self.builder.too_many()
        return entries

    def _with_rules(self, number: int, folder: _Folder, entries: list[Entry]) -> _Folder:
        """`folder` with its own .gitignore before the others; one that can't be read ignores nothing."""
        if folder.rules is None:
            return folder
        if self.ignores is not None and self.repository:
            data = self.ignores(self.repository.lead(self.repository.root) + folder.path)
        elif ".gitignore" in [entry.name for entry in entries]:
            try:
                data = read_regular(self._full(folder.path) + b".gitignore", lambda size: size <= MAX_BYTES, number)
            except (OSError, NotRegular):
                return folder
            if data is None:
                raise oversized(_text(folder.path) + ".gitignore")
        else:
            return folder
        with self._timed() as seconds:
            own = Rules.of(data, base=folder.path, seconds=seconds) if data else None
        return folder._replace(rules=(own, *folder.rules)) if own else folder

    def _below(self, number: int, folder: _Folder, entries: list[Entry]) -> Iterator[_Folder]:
        """Reads each file in a folder; yields the folders in it that are to be walked."""
        lead = _text(folder.path)
        plain = _IS_UTF8 and not folder.rules and not folder.only_tracked and self.builder.excluded.out is None
        files: list[str] = []
        others: list[Entry] = []
        for entry in entries:
            if entry.name == ".git":
                if folder.path:
                    self._git_place(folder.path + b".git")
                continue
            if plain and entry.is_file(follow_symlinks=False):  # NOTE: as most are; nothing is asked of the system
                files.append(lead + entry.name)
            else:
                others.append(entry)
        self.builder.list_all(files)
        for entry in sorted(others, key=attrgetter("name")):
            path = folder.path + os.fsencode(entry.name)
            try:
                is_folder, is_link = entry.is_dir(follow_symlinks=False), entry.is_symlink()
            except OSError as error:
                self.builder.miss(_text(path), f"it can't be read: {reason_of(error)}", folder=True)
                continue
            wanted, only_tracked = self._wanted(folder, path, is_folder=is_folder)
            if not wanted:
                continue
            if is_folder:
                yield folder._replace(path=path + b"/", only_tracked=only_tracked)
            elif is_link:
                self._link(path)
            else:
                self._file(entry, path)

    def _git_place(self, path: bytes) -> None:
        """Counts what has the name of git's own folder in a folder of the submission.

        In a project a repository may hold another, or a submodule: what git itself put there goes without saying.
        """
        full = self._full(path)
        if self.trust.may_point_elsewhere:
            pointer = content(Path(os.fsdecode(full)), MAX_POINTER)
            if pointer is not None and pointer.startswith(b"gitdir:"):
                return
            head = Path(os.fsdecode(full)) / "HEAD"
            if is_there(head):
                return
        record_unknown_dependency()
        self.builder.leaves_out_git(_text(path))

    def _wanted(self, folder: _Folder, path: bytes, *, is_folder: bool) -> tuple[bool, bool]:
        """Return whether to look at `path`, and whether only for what git tracks in it."""
        text = _text(path)
        if is_folder and self.builder.leaves_out_folder(text):
            return False, False
        only_tracked = folder.only_tracked or self._ignored(folder, path, is_folder=is_folder)
        if only_tracked and self.repository and self.tracked is None:
            reason = "ignored unless git tracks it, and the index of its repository can't be read"
            self.builder.miss(text, reason, folder=is_folder)
            return False, True
        if only_tracked and not (self.tracked and self.tracked.has(path, folder=is_folder)):
            if self.tracked and path in self.tracked.submodules:
                reason = "a submodule: its files are tracked by another repository"
                self.builder.miss(text, reason, folder=True)
            else:
                self.builder.left_out += 1
            return False, True
        if is_folder and self.builder.too_long(text):
            self.builder.miss(text, "a folder whose path is over the limit `path_length`", folder=True)
            return False, only_tracked
        return is_folder or self.builder.wants(text), only_tracked

    def outer_rules(self) -> tuple[Rules, ...] | None:
        """Return the rules of the files outside the folder that may ignore files in it; None outside a repository."""
        if self.repository is None:
            return None
        with self._timed() as seconds:
            return tuple(self.repository.outer_rules(self.ignores, seconds))

    def _ignored(self, folder: _Folder, path: bytes, *, is_folder: bool) -> bool:
        if not folder.rules:
            return False
        with self._timed() as seconds:
            return ignored(folder.rules, path, folder=is_folder, seconds=seconds)

    @contextmanager
    def _timed(self) -> Iterator[float]:
        """Yield the seconds that are left for reading .gitignore files and comparing with them.

        Raises SubmissionError when that takes too long in sum.
        """
        start = time.perf_counter()
        most = self.builder.limits.ignore_seconds
        over = False
        try:
            yield most - self.seconds
        except IgnoreTimeout:
            over = True
        self.seconds += time.perf_counter() - start
        if over or self.seconds > most:
            what = f"comparing `{self.builder.name}` with its .gitignore files takes too long"
            raise SubmissionError(f"{what}: more than the limit `ignore_seconds` of {most}")

    def _file(self, entry: Entry, path: bytes) -> None:
        """Add one file, to be opened when it is asked for; what isn't a regular file is recorded with the reason."""
        text = _text(path)
        try:
            if entry.is_file(follow_symlinks=False):
                self.builder.list(text)
            else:
                self._here(text, self._full(path))
        except OSError as error:
            self.builder.miss(text, f"it can't be read: {reason_of(error)}")

    def _here(self, text: str, full: bytes) -> None:
        """Takes in the file at `full` as the one at `text`, or notes why not."""
        try:
            self.builder.list(text, self.builder.admitted(text, _later(full)))
        except OSError as error:
            self.builder.miss(text, str(error.strerror))

    def _link(self, path: bytes) -> None:
        """Reads the file that a link leads to if it's below the root and not git's own."""
        text = _text(path)
        record_unknown_dependency()
        try:
            self.builder.links[text] = os.readlink(self._full(path))  # noqa: PTH115
            target = os.path.realpath(self._full(path))
            is_folder = stat.S_ISDIR(status_of(target).st_mode)
        except OSError as error:
            reason = f"a link that leads nowhere: {reason_of(error)}"
            # NOTE: outside there may be a folder on another machine; within the submission there is nothing
            outside = _below(self.real_root, os.path.realpath(self._full(path))) is None
            self.builder.miss(text, reason, folder=outside)
            return
        below = _below(self.real_root, target)
        if below is None:
            self.builder.miss(text, "a link that leaves the project", folder=is_folder)
        elif b".git" in below.split(b"/"):
            self.builder.miss(text, "a link into `.git`", folder=is_folder)
        elif is_folder:
            self.folder_links.append((text, below))
        else:
            self._here(text, target)

    def _full(self, path: bytes) -> bytes:
        return os.path.join(self.root, path)  # noqa: PTH118


def _below(root: bytes, path: bytes) -> bytes | None:
    """`path` as seen from `root`; None when it's not below it."""
    prefix = root.rstrip(b"/") + b"/"
    if path == root:
        return b""
    return path.removeprefix(prefix) if path.startswith(prefix) else None


def _text(path: bytes) -> str:
    # NOTE: not os.fsdecode: the report must not depend on the locale.
    return path.decode("utf-8", "surrogateescape")
