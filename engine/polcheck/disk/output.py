"""Writing what polcheck has to say to files, whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from polcheck.disk.regular import reason_of
from polcheck.errors import PolcheckError


def write_output(path: str, text: str) -> None:
    """Writes `text` in UTF-8 to `path`, which afterwards holds all of it or what it held before.

    Lone surrogates (from file names that aren't UTF-8) are written as `\\udcff`. A link is written through, a pipe or
    a device directly. Raises PolcheckError when `path` can't be written.
    """
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_bytes(path: str, data: bytes) -> None:
    """Writes `data` to `path` as `write_output` does. Raises PolcheckError when `path` can't be written."""
    try:
        target = os.path.realpath(path)
        mode = _mode(target)
        if mode is None or stat.S_ISREG(mode):
            _replace(target, data, mode)
        else:
            Path(target).write_bytes(data)
    except (OSError, ValueError) as error:
        raise PolcheckError(f"can't write `{path}`: {reason_of(error)}") from error


def append_output(path: str, text: str) -> None:
    """Adds `text` in UTF-8 to the end of the file at `path`. Raises PolcheckError when it can't be written."""
    try:
        with Path(path).open("ab") as file:
            file.write(text.encode("utf-8", "backslashreplace"))
    except (OSError, ValueError) as error:
        raise PolcheckError(f"can't write `{path}`: {reason_of(error)}") from error


def _mode(path: str) -> int | None:
    try:
        return os.stat(path).st_mode  # noqa: PTH116
    except FileNotFoundError:
        return None


def _replace(target: str, data: bytes, mode: int | None) -> None:
    # NOTE: beside the target, since a rename is atomic only within one file system.
    folder, name = os.path.split(target)
    temporary = Path(folder) / f".{name[:100]}.{secrets.token_hex(8)}"
    try:
        with temporary.open("xb") as file:
            file.write(data)
        if mode is not None:
            temporary.chmod(stat.S_IMODE(mode))
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
