"""Every operation on every format does exactly what it says, or is refused."""

from __future__ import annotations

import os
import random
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from edit_laws import Tally, compare, try_file
from edit_layouts import LAYOUTS
from polcheck.edits.editor import OPERATIONS, editors
from polcheck.formats import format_of, formats

FORMATS = sorted(editors())
_LARGEST = 60_000  # bytes of a file
_MOST = 200  # files of a format


def test_every_format_but_one_is_edited() -> None:
    """Templates of Helm are never read."""
    assert set(formats()) - set(FORMATS) == {"helm"}
    assert set(LAYOUTS) == set(FORMATS)


def variants(text: str) -> Iterator[bytes]:
    """A text as it is, and as other editors write it."""
    yield text.encode()
    yield text.replace("\n", "\r\n").encode()
    yield text.removesuffix("\n").encode()
    yield b"\xef\xbb\xbf" + text.encode()


@pytest.mark.parametrize("format", FORMATS)
def test_an_edit_of_a_typical_file_is_exact(format: str) -> None:
    """Comments, blank lines, quotes, brackets over lines; with either end of line, a mark, and without a last one."""
    chance = random.Random(format)
    tally = Tally()
    for text in LAYOUTS[format]:
        for data in variants(text):
            for _ in range(8):
                try_file(chance, format, "file", data, tally)
    assert not tally.wrong, "\n".join([f"{len(tally.wrong)} are wrong", *tally.wrong[:10]])
    for operation in OPERATIONS:
        assert tally.exact[operation] or not editors()[format].supports(operation)
    compare(format, tally)
    assert not tally.wrong, "\n".join([f"{len(tally.wrong)} are wrong", *tally.wrong[:10]])


def real_files(format: str) -> list[Path]:
    """The real files of a format below the folders that POLCHECK_FORMATS_CORPUS names, or on this machine."""
    here = ("/usr/lib/systemd", "/usr/lib/python3", "/usr/share", sysconfig.get_paths()["purelib"])
    found: list[Path] = []
    for root in os.environ.get("POLCHECK_FORMATS_CORPUS", ":".join(here)).split(":"):
        for folder, folders, names in os.walk(root):
            folders.sort()
            for name in sorted(names):
                path = Path(folder, name)
                if format_of(str(path)) == format and path.is_file() and not path.is_symlink():
                    found.append(path)
    return found


@pytest.mark.corpus
@pytest.mark.parametrize("format", FORMATS)
def test_an_edit_of_a_real_file_is_exact(format: str) -> None:
    """Each operation once in each of some hundred files."""
    chance = random.Random(format)
    tally = Tally()
    datas = dict.fromkeys(path.read_bytes() for path in real_files(format) if path.stat().st_size <= _LARGEST)
    some = list(datas) if len(datas) <= _MOST else chance.sample(list(datas), _MOST)
    if not some:
        pytest.skip("there are no such files")
    for data in some:
        try_file(chance, format, "file", data, tally)
    compare(format, tally)
    for operation in OPERATIONS:
        refused = Counter({why: count for (one, why), count in tally.refused.items() if one == operation})
        sys.stdout.write(
            f"{format} {operation}: {tally.files[operation]} files, {tally.exact[operation]} exact, "
            f"{tally.compared[operation]} compared, {refused.total()} refused {refused.most_common(4)}\n"
        )
    assert not tally.wrong, "\n".join([f"{len(tally.wrong)} are wrong", *(line[:600] for line in tally.wrong[:15])])
