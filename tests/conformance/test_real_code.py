"""Valid code is read: at most one file in a hundred of Go and JavaScript is undecided, of bash one in fifteen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from polcheck.base.spans import Source, Unreadable
from polcheck.languages.grammars import parse
from polcheck.languages.registry import UnknownLanguage

_ROOTS = (sys.base_prefix, sys.prefix, "/usr/lib", "/usr/share", "/etc")
_SAMPLE = 120
_WHOLE = 4_000
_MOST_BYTES = 200_000


def real_files(endings: tuple[str, ...], most: int) -> Iterator[Path]:
    """Files of this machine with one of these endings, in a fixed order."""
    number = 0
    for root in dict.fromkeys(_ROOTS):
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if name not in ("testdata", "fixtures"))
            for name in sorted(names):
                path = Path(folder, name)
                if name.endswith(endings) and path.is_file() and path.stat().st_size < _MOST_BYTES:
                    if number >= most:
                        return
                    number += 1
                    yield path


def by_program(*command: str) -> Callable[[Path], bool] | None:
    """What says whether a file is valid; None where the program isn't installed."""
    if shutil.which(command[0]) is None:
        return None
    return lambda path: subprocess.run([*command, str(path)], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("most", [_SAMPLE, pytest.param(_WHOLE, marks=pytest.mark.corpus)])
@pytest.mark.parametrize(
    ("language", "endings", "check", "share"),
    [
        ("bash", (".sh", ".bash"), ("bash", "-O", "extglob", "-n"), 0.07),
        ("go", (".go",), ("gofmt", "-e", "-l"), 0.01),
        ("javascript", (".js",), ("node", "--check"), 0.01),
    ],
)
def test_valid_files_are_read(
    language: str, endings: tuple[str, ...], check: tuple[str, ...], share: float, most: int
) -> None:
    """Only what the grammar refuses is given to the language's own program, which says whether the file is valid."""
    valid = by_program(*check)
    if valid is None:
        pytest.skip(f"{check[0]} is not installed")
    files, undecided = 0, list[str]()
    for path in real_files(endings, most):
        files += 1
        try:
            code = parse(Source(path.name, path.read_bytes()), language)
        except Unreadable:
            continue
        except UnknownLanguage:
            pytest.skip(f"the grammar of {language} is not installed")
        if (code.tree.root_node.has_error or code.misread) and valid(path):
            undecided.append(str(path))
    if files < 20:
        pytest.skip(f"there are {files} files of {language} on this machine")
    assert len(undecided) <= max(files * share, 1), undecided
