"""What the user names as the submission: a folder, a revision of it, a bundle, an archive, or standard input."""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from polcheck.base.errors import PolcheckError, SubmissionError
from polcheck.base.reader import is_folder, open_file, read_bytes, status_of
from polcheck.base.safe_open import reason_of
from polcheck.base.spans import Source
from polcheck.base.tracker import record_unknown_dependency
from polcheck.sources.builder import SubmissionBuilder
from polcheck.sources.bundle import read_bundle
from polcheck.sources.exclude import Excluded
from polcheck.sources.folder import read_folder
from polcheck.sources.git import IgnoreFiles
from polcheck.sources.limits import DEFAULT_READ_LIMITS, ReadLimits
from polcheck.sources.submission import Submission
from polcheck.sources.trust import trust_in

_ENDINGS = {
    ".json": "json",
    ".zip": "zip",
    ".whl": "zip",
    ".tar": "tar",
    ".tar.gz": "gz",
    ".tgz": "gz",
    ".tar.bz2": "bz2",
    ".tar.xz": "xz",
}
_BEGINNINGS = {
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",  # an empty one
    b"\x1f\x8b": "gz",
    b"BZh": "bz2",
    b"\xfd7zXZ\0": "xz",
}
_TAR_MARK = slice(257, 262)


def read_submission(
    target: str | Path,
    *,
    rev: str | None = None,
    stdin: BinaryIO | None = None,
    project: bool = False,
    gitignore: bool = True,
    tracked: bool = False,
    exclude: Sequence[str] = (),
    prefix: str = "",
    limits: ReadLimits = DEFAULT_READ_LIMITS,
    progress: Callable[[int], None] | None = None,
    keep: bool = False,
    ignores: IgnoreFiles | None = None,
    may_be_empty: bool = False,
) -> Submission:
    """Return the submission that `target` names.

    A folder (with `rev`, as it is at that git revision; with `tracked`, only what git tracks in it), a .json file that
    is an object of texts, an archive (.zip, .whl, .tar, .tar.gz, .tgz, .tar.bz2, .tar.xz), or `-` for a bundle or an
    archive on standard input. `project` says that a folder is the caller's own, so that `gitignore` leaves out what
    git ignores in it (by the .gitignore files that `ignores` gives, else those in the folder). `exclude` leaves out
    what its path patterns match in any submission, its own path `prefix` before them; in a bundle they are matched with
    its keys. `progress` is told how many files were read; `keep` keeps what a folder held for the next time.
    `may_be_empty` says that a revision in which the folder holds nothing, or isn't there, is a submission, too.
    Raises SubmissionError when it can't be read, is empty or over the limits, and ConfigError for an unusable pattern.
    """
    builder = SubmissionBuilder(str(target), limits, Excluded.of(exclude, prefix), progress, may_be_empty)
    if str(target) == "-" or rev is not None or not is_folder(target):
        record_unknown_dependency()  # NOTE: what runs once only, or git answers for
    if str(target) == "-":
        _check_folder_only("standard input", rev, tracked=tracked)
        return _read_stream(stdin or sys.stdin.buffer, builder)
    if _is_folder(str(target)):
        if rev is None:
            trust = trust_in("folder", project=project)
            words = (trust, gitignore, tracked, tuple(exclude), prefix, limits)
            requested = repr((os.path.realpath(target), *words)) if keep and ignores is None else ""
            return read_folder(
                str(target),
                builder,
                gitignore=gitignore,
                tracked=tracked,
                trust=trust,
                asked=requested,
                ignores=ignores,
            )
        from polcheck.sources.git import read_revision

        builder.name = rev if str(target) == "." else f"{target}@{rev}"
        return read_revision(str(target), rev, builder)
    _check_folder_only(f"`{target}`", rev, tracked=tracked)
    return _read_file(Path(target), builder)


def _check_folder_only(target: str, rev: str | None, *, tracked: bool) -> None:
    if rev is not None or tracked:
        what = "a git revision is" if rev is not None else "tracked files are"
        raise SubmissionError(f"{what} read from a folder, and {target} is not a folder")


def _is_folder(name: str) -> bool:
    try:
        return stat.S_ISDIR(status_of(name).st_mode)
    except FileNotFoundError as error:
        raise SubmissionError(f"there is no file or folder `{name}`") from error
    except (OSError, ValueError) as error:
        raise SubmissionError(f"`{name}` can't be read: {reason_of(error)}") from error


def _read_file(path: Path, builder: SubmissionBuilder) -> Submission:
    """Return the submission in the file at `path`, by the ending of its name, else by its first bytes."""
    try:
        with open_file(path) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return _read_stream(file, builder)
            return _read(file, os.fstat(file.fileno()).st_size, _kind(path, file), builder)
    except OSError as error:
        raise SubmissionError(f"`{builder.name}` can't be read: {reason_of(error)}") from error


def kind_of_file(path: str) -> str:
    """Return the kind of submission that a file is: `json` for a bundle, else that of an archive; empty for neither."""
    try:
        with open_file(Path(path)) as file:
            return _kind(Path(path), file)
    except OSError:
        return ""


def _kind(path: Path, file: BinaryIO) -> str:
    beginning = file.read(_TAR_MARK.stop)
    file.seek(0)
    return _by_ending(path.name) or _by_beginning(beginning)


def _read_stream(stream: BinaryIO, builder: SubmissionBuilder) -> Submission:
    """Return the submission in what a stream gives, by its first bytes."""
    most = builder.limits.total_bytes
    data = stream.read(most + 1)
    if len(data) > most:
        raise SubmissionError(f"`{builder.name}` gives more than the limit `total_bytes` of {most}")
    if not data:
        raise SubmissionError(f"`{builder.name}` gives nothing: a JSON bundle or an archive is expected")
    kind = _by_beginning(data[: _TAR_MARK.stop]) or "json"
    return _read(io.BytesIO(data), len(data), kind, builder)


def _read(file: BinaryIO, size: int, kind: str, builder: SubmissionBuilder) -> Submission:
    if kind == "json":
        most = builder.limits.total_bytes
        data = file.read(most + 1)
        if len(data) > most:
            raise SubmissionError(f"the bundle `{builder.name}` is over the limit `total_bytes` of {most}")
        return read_bundle(data, builder)
    if not kind:
        known = ", ".join(_ENDINGS)
        raise SubmissionError(
            f"`{builder.name}` is neither a folder nor one of {known}: name the folder that holds the files to check"
        )
    from polcheck.sources.archive import read_archive

    return read_archive(file, size, kind, builder)


def read_bundle_or_archive(data: bytes, builder: SubmissionBuilder) -> Submission:
    """Return the submission in the bytes of a bundle or of an archive, whichever the first ones show.

    Raises SubmissionError when it can't be read, is empty or over the limits.
    """
    return _read_stream(io.BytesIO(data), builder)


def read_archive_bytes(data: bytes, builder: SubmissionBuilder) -> Submission:
    """Return the submission in an archive, whose kind its first bytes show. Raises SubmissionError when it is none."""
    kind = _by_beginning(data[: _TAR_MARK.stop])
    if not kind:
        raise SubmissionError(f"`{builder.name}` is not an archive")
    return _read(io.BytesIO(data), len(data), kind, builder)


def _by_ending(name: str) -> str:
    """Return the kind of file that a name promises; empty when it promises none."""
    return next((kind for ending, kind in _ENDINGS.items() if name.lower().endswith(ending)), "")


def _by_beginning(data: bytes) -> str:
    """Return the kind of file that its first bytes show; empty when they show none."""
    if data[_TAR_MARK] == b"ustar":
        return "tar"
    return next((kind for beginning, kind in _BEGINNINGS.items() if data.startswith(beginning)), "")


def read_file(path: str, stdin: BinaryIO | None = None) -> Source:
    """Return the file at `path`, or what standard input gives for `-`, under a path relative to the working
    directory.

    Raises PolcheckError when it can't be read or is over the limit for one file.
    """
    most = DEFAULT_READ_LIMITS.file_bytes
    try:
        if path == "-":
            record_unknown_dependency()
            data = (stdin or sys.stdin.buffer).read(most + 1)
        else:
            data = read_bytes(path, most + 1)
    except (OSError, ValueError) as error:
        raise PolcheckError(f"`{path}` can't be read: {reason_of(error)}") from error
    if len(data) > most:
        raise PolcheckError(f"`{path}` is over the limit `file_bytes` of {most}")
    return Source(_shown(path), data)


def _shown(path: str) -> str:
    """Return the path as it is given where it leads below the working directory, else the file's name."""
    plain = os.path.normpath(path)
    inside = not os.path.isabs(plain) and not plain.startswith("..")  # noqa: PTH117
    return plain.replace(os.sep, "/") if inside else Path(plain).name
