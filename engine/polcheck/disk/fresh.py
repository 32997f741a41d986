"""Writing files that must not be there yet: all of them or none."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from polcheck.disk.regular import reason_of
from polcheck.errors import PolcheckError


def write_new(folder: str, files: Mapping[str, str]) -> list[str]:
    """Writes texts to paths below `folder`, which is made when it isn't there; gives the paths, sorted.

    Raises PolcheckError, and writes nothing, when one of them is there already or can't be written.
    """
    root = Path(folder)
    taken = sorted(path for path in files if (root / path).exists() or (root / path).is_symlink())
    if taken:
        raise PolcheckError(f"`{root / taken[0]}` is there already, so nothing was written")
    made: list[Path] = []
    try:
        for path, text in sorted(files.items()):
            target = root / path
            _make_folders(target.parent, made)
            with target.open("x", encoding="utf-8", newline="\n") as file:
                made.append(target)
                file.write(text)
    except OSError as error:
        _unmake(made)
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
