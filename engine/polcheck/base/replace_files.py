"""Replacing files of a project, all of them whole, and only if each is still as it was read; never through a link."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from secrets import token_hex
from typing import NamedTuple

from polcheck.base.errors import PolcheckError
from polcheck.base.safe_open import reason_of

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class FileChange(NamedTuple):
    """The content of a file before (None: there is none) and after; `path` is relative to the root, with `/`."""

    path: str
    before: bytes | None
    after: bytes


class _Staged(NamedTuple):
    """A file whose new content lies beside it: the open folder, its name there and the other's."""

    change: FileChange
    folder: int
    name: str
    temporary: str


def replace_files(root: str, changes: Sequence[FileChange]) -> None:
    """Write files below the folder `root`, each by a rename: it holds all of the new content, or what it held before.

    Modes stay. Folders of new files are made. Raises PolcheckError, and writes nothing, where a file isn't as it was
    read, or can't be written; where a rename fails in the midst, the message says what was written before it.
    """
    with ExitStack() as stack:
        staged: list[_Staged] = []
        made: list[tuple[int, str]] = []
        done: list[str] = []
        try:
            top = stack.enter_context(_opened(os.open(root, _FOLDER & ~os.O_NOFOLLOW)))
            for change in changes:
                staged.append(_stage(top, change, stack, made))
            for one in staged:
                _check_unchanged(one.folder, one.name, one.change)
            for one in staged:
                _commit(one)
                done.append(one.change.path)
        except (OSError, ValueError) as error:
            at = changes[len(done)].path if len(staged) == len(changes) else changes[len(staged)].path
            raise PolcheckError(f"can't write `{at}`: {reason_of(error)}{_rest(done)}") from error
        except _Changed as changed:
            help = "run it again: nothing was written" if not done else f"run it again{_rest(done)}"
            raise PolcheckError(f"`{changed}` has changed while polcheck ran\nhelp: {help}") from None
        finally:
            for one in staged:
                with suppress(OSError):
                    os.unlink(one.temporary, dir_fd=one.folder)
            if len(done) < len(changes):
                for folder, name in reversed(made):
                    with suppress(OSError):
                        os.rmdir(name, dir_fd=folder)


def read_below(root: str, path: str) -> bytes | None:
    """Return the bytes of a regular file below the folder `root`; None where there is none, or a link is in the way."""
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(_opened(os.open(root, _FOLDER & ~os.O_NOFOLLOW)))
            *folders, name = path.split("/")
            for part in folders:
                folder = stack.enter_context(_opened(os.open(part, _FOLDER, dir_fd=folder)))
            with open(os.open(name, _READ, dir_fd=folder), "rb") as file:  # noqa: PTH123
                return file.read() if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None
        except (OSError, ValueError):
            return None


class _Changed(Exception):
    """Raised for a file that isn't as it was read; its text is the path."""


def _rest(done: Sequence[str]) -> str:
    return f"; written before: {', '.join(done)}" if done else ""


@contextmanager
def _opened(number: int) -> Iterator[int]:
    try:
        yield number
    finally:
        os.close(number)


def _stage(top: int, change: FileChange, stack: ExitStack, made: list[tuple[int, str]]) -> _Staged:
    """Write the new content of a file beside it."""
    *folders, name = change.path.split("/")
    if not name or any(part in ("", ".", "..") for part in folders) or name in (".", ".."):
        raise ValueError("it lies outside of the project")
    folder = top
    for part in folders:
        try:
            number = os.open(part, _FOLDER, dir_fd=folder)
        except FileNotFoundError:
            if change.before is not None:
                raise _Changed(change.path) from None
            os.mkdir(part, dir_fd=folder)
            made.append((folder, part))
            number = os.open(part, _FOLDER, dir_fd=folder)
        folder = stack.enter_context(_opened(number))
    mode = _check_unchanged(folder, name, change)
    temporary = f".{name[:100]}.{token_hex(8)}"
    number = os.open(temporary, _NEW, 0o666, dir_fd=folder)
    staged = _Staged(change, folder, name, temporary)
    try:
        with open(number, "wb") as file:  # noqa: PTH123
            file.write(change.after)
            if mode is not None:
                os.fchmod(file.fileno(), mode)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
    return staged


def _check_unchanged(folder: int, name: str, change: FileChange) -> int | None:
    """Return the mode of a file that is as it was read; None where it is to be new. Raises _Changed."""
    try:
        number = os.open(name, _READ, dir_fd=folder)
    except FileNotFoundError:
        if change.before is None:
            return None
        raise _Changed(change.path) from None
    except OSError:  # NOTE: a link, a device: it was a regular file
        raise _Changed(change.path) from None
    with open(number, "rb") as file:  # noqa: PTH123
        status = os.fstat(file.fileno())
        if change.before is None or not stat.S_ISREG(status.st_mode) or status.st_size != len(change.before):
            raise _Changed(change.path)
        if file.read(len(change.before) + 1) != change.before:
            raise _Changed(change.path)
    return stat.S_IMODE(status.st_mode)


def _commit(staged: _Staged) -> None:
    """Put the new content in the place of the old one; a new file only where there is none."""
    if staged.change.before is None:
        try:
            os.link(
                staged.temporary, staged.name, src_dir_fd=staged.folder, dst_dir_fd=staged.folder, follow_symlinks=False
            )
        except FileExistsError:
            raise _Changed(staged.change.path) from None
        return
    _check_unchanged(staged.folder, staged.name, staged.change)
    os.rename(staged.temporary, staged.name, src_dir_fd=staged.folder, dst_dir_fd=staged.folder)
