"""Writing what polcheck has to say to files, whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from polcheck.base.errors import PolcheckError
from polcheck.base.safe_open import reason_of

if TYPE_CHECKING:  # NOTE: a report that goes to standard output is shown without it
    from pathlib import Path


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
            with open(target, "wb") as file:  # noqa: PTH123
                file.write(data)
    except (OSError, ValueError) as error:
        raise PolcheckError(f"can't write `{path}`: {reason_of(error)}") from error


def append_output(path: str, text: str) -> None:
    """Adds `text` in UTF-8 to the end of the file at `path`. Raises PolcheckError when it can't be written."""
    try:
        with open(path, "ab") as file:  # noqa: PTH123
            file.write(text.encode("utf-8", "backslashreplace"))
    except (OSError, ValueError) as error:
        raise PolcheckError(f"can't write `{path}`: {reason_of(error)}") from error


def _mode(path: str) -> int | None:
    try:
        return os.stat(path).st_mode  # noqa: PTH116
    except FileNotFoundError:
        return None


def _replace(target: str, data: bytes, mode: int | None) -> None:
    from pathlib import Path
    from secrets import token_hex

    # NOTE: beside the target, since a rename is atomic only within one file system.
    folder, name = os.path.split(target)
    temporary = Path(folder) / f".{name[:100]}.{token_hex(8)}"
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


def write_new_files(folder: str, files: Mapping[str, str]) -> list[str]:
    """Writes texts to paths below `folder`, which is made when it isn't there; gives the paths, sorted.

    Raises PolcheckError, and writes nothing, when one of them is there already or can't be written.
    """
    from pathlib import Path

    root = Path(folder)
    taken = sorted(path for path in files if (root / path).exists() or (root / path).is_symlink())
    if taken:
        raise PolcheckError(f"`{root / taken[0]}` is there already, so nothing was written")
    result: list[Path] = []
    try:
        for path, text in sorted(files.items()):
            target = root / path
            _make_folders(target.parent, result)
            with target.open("x", encoding="utf-8", newline="\n") as file:
                result.append(target)
                file.write(text)
    except OSError as error:
        _unmake(result)
        raise PolcheckError(f"can't write below `{folder}`: {reason_of(error)}") from error
    return sorted(str(root / path) for path in files)


def _make_folders(folder: Path, made: list[Path]) -> None:
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    for parent in reversed(missing):
        parent.mkdir()
        made.append(parent)


def _unmake(made: list[Path]) -> None:
    for path in reversed(made):
        with suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            else:
                path.unlink()
