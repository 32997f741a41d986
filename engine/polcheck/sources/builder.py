"""What has been read of a submission so far, within its limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct, field

from polcheck.base.errors import SubmissionError
from polcheck.base.tracker import record_unknown_dependency
from polcheck.sources.exclude import Excluded
from polcheck.sources.limits import DEFAULT_READ_LIMITS, ReadLimits
from polcheck.sources.submission import Files, Later, Submission, not_empty

_STEP = 256  # files between two reports of progress
Progress = Callable[[int], None]


class SubmissionBuilder(Struct):
    """The files and the unreadable files of the submission that people call `name`.

    `may_be_empty` says that a submission without files is one, too, as of a revision before there were any.
    """

    name: str
    limits: ReadLimits = DEFAULT_READ_LIMITS
    excluded: Excluded = field(default_factory=Excluded)
    progress: Progress | None = None
    may_be_empty: bool = False
    left_out: int = 0
    git_places: list[str] = field(default_factory=list)
    links: dict[str, bytes] = field(default_factory=dict)
    _files: dict[str, bytes | Later | None] = field(default_factory=dict)
    _unreadable: dict[str, str] = field(default_factory=dict)
    _folders: set[str] = field(default_factory=set)
    _bytes: int = 0

    def wants(self, path: str) -> bool:
        """Return whether the user left `path` in."""
        if self.excluded.has(path):
            self.left_out += 1
            return False
        return True

    def leaves_out_folder(self, path: str) -> bool:
        """Return whether the user left out everything below the folder at `path`."""
        if self.excluded.has_folder(path):
            self.left_out += 1
            return True
        return False

    def leaves_out_git(self, path: str) -> None:
        """Count what has the name of git's own folder and is not at the root."""
        if not self.excluded.has(path):
            self.git_places.append(path)
        self.left_out += 1

    def admits(self, path: str, size: int) -> bool:
        """Return whether the file at `path` may be read; otherwise it's noted with the limit that forbids it."""
        reason = self._over(path, size)
        if reason:
            self.miss(path, reason)
        return not reason

    def admitted(self, path: str, file: Later) -> Later:
        """Return a file that was listed, now that its size is known. Raises OSError with the limit that
        forbids it.
        """
        reason = self._over(path, file.size)
        if reason:
            raise OSError(0, reason)
        self._bytes += file.size
        return file

    def _over(self, path: str, size: int) -> str:
        """Return the limit that a file is over; empty when it's over none."""
        limits = self.limits
        if self.too_long(path):
            return f"its path is over the limit `path_length` of {limits.path_length} bytes"
        if size > limits.file_bytes:
            return f"{size} bytes are over the limit `file_bytes` of {limits.file_bytes}"
        if self._bytes + size > limits.total_bytes:
            return f"with it the project is over the limit `total_bytes` of {limits.total_bytes}"
        return ""

    def too_long(self, path: str) -> bool:
        """Return whether `path` is over the limit for paths."""
        return len(path) * 4 > self.limits.path_length and len(_encoded(path)) > self.limits.path_length

    def take(self, path: str, data: bytes) -> None:
        """Add a file. Raises SubmissionError when there are too many or it is there already."""
        self._check_new(path)
        self._files[path] = data
        self._bytes += len(data)
        if self.progress is not None:
            self.progress(len(self._files))

    def list(self, path: str, file: Later | None = None) -> None:
        """Add a file that is opened and read when it's asked for. Raises SubmissionError as `take` does."""
        self._check_new(path)
        self._files[path] = file
        if self.progress is not None and not len(self._files) % _STEP:
            self.progress(len(self._files))

    def list_all(self, paths: Sequence[str]) -> None:
        """Add files as `list` does, of which none is there twice."""
        before = len(self._files)
        self._files.update(dict.fromkeys(paths))
        if len(self._files) + len(self._unreadable) > self.limits.files:
            raise self.too_many()
        if self.progress is not None:
            for number in range(before - before % _STEP + _STEP, len(self._files) + 1, _STEP):
                self.progress(number)

    @property
    def listed(self) -> tuple[str, ...]:
        """The files so far."""
        return tuple(self._files)

    def miss(self, path: str, reason: str, *, folder: bool = False) -> None:
        """Add a file that can't be read, or what is or may be a `folder`. Raises SubmissionError as `take` does."""
        self._check_new(path)
        record_unknown_dependency()
        self._unreadable[path] = reason
        if folder:
            self._folders.add(path)

    def _check_new(self, path: str) -> None:
        if path in self._files or path in self._unreadable:
            raise SubmissionError(f"`{self.name}` holds the file `{path}` twice")
        if len(self._files) + len(self._unreadable) >= self.limits.files:
            raise self.too_many()

    def too_many(self) -> SubmissionError:
        """Return the error for a submission of too many files."""
        return SubmissionError(f"`{self.name}` holds more files than the limit `files` of {self.limits.files}")

    def submission(self, kind: str, look: Callable[[str], Later] | None = None) -> Submission:
        """Return the submission, in order of path; `look` is for files that were listed.

        Raises SubmissionError when it is empty and may not be.
        """
        if not self.may_be_empty and self.left_out and not self._files and not self._unreadable:
            what = "no file but ignored or excluded ones"
            raise SubmissionError(f"`{self.name}` holds {what}: there is nothing to check")
        files = Files({path: self._files[path] for path in sorted(self._files)}, look)
        unreadable = dict(sorted(self._unreadable.items()))
        places = tuple(sorted(self.git_places))
        folders = frozenset(self._folders)
        result = Submission(
            self.name,
            kind,
            files,
            {},
            unreadable,
            folders,
            left_out=self.left_out,
            git_places=places,
            links=self.links,
        )
        return result if self.may_be_empty else not_empty(result)


def _encoded(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
