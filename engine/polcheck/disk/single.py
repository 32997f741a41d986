"""One file by itself, whatever it is: to look at, not to judge."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from polcheck.disk.limits import DEFAULT
from polcheck.disk.regular import reason_of
from polcheck.disk.watch import note, note_blind
from polcheck.errors import PolcheckError
from polcheck.source import Source


def read_file(path: str, stdin: BinaryIO) -> Source:
    """The file at `path`, or what standard input gives for `-`, under a path relative to the working directory.

    Raises PolcheckError when it can't be read or is over the limit for one file.
    """
    most = DEFAULT.file_bytes
    try:
        if path == "-":
            note_blind()
            data = stdin.read(most + 1)
        else:
            note(path)
            with Path(path).open("rb") as file:
                data = file.read(most + 1)
    except (OSError, ValueError) as error:
        raise PolcheckError(f"`{path}` can't be read: {reason_of(error)}") from error
    if len(data) > most:
        raise PolcheckError(f"`{path}` is over the limit `file_bytes` of {most}")
    return Source(_shown(path), data)


def _shown(path: str) -> str:
    """The path as it is given where it leads below the working directory, else the file's name."""
    plain = os.path.normpath(path)
    inside = not os.path.isabs(plain) and not plain.startswith("..")  # noqa: PTH117
    return plain.replace(os.sep, "/") if inside else Path(plain).name
