"""An archive is read where every reader finds the same in it, and refused where two would differ."""

from __future__ import annotations

import binascii
import gzip
import io
import shutil
import struct
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gits import git
from polcheck.base.errors import SubmissionError
from polcheck.sources.target import read_submission

FILES = {"a.py": b"x = 1\n", "b/c.py": b"y = 2\n" * 500}
Item = tuple["zipfile.ZipInfo | str", bytes]


def zipped(*items: Item, how: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    """A zip archive of these."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, data in items or FILES.items():
            archive.writestr(name, data, compress_type=how)
        archive.comment = comment
    return out.getvalue()


def streamed() -> bytes:
    """A zip archive written to a pipe, so that sizes stand after the files."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: object) -> int:
            raise OSError

        def tell(self) -> int:
            raise OSError

    out = Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
    return out.getvalue()


def large() -> bytes:
    """A zip archive with the fields of archives beyond 4 GB."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in FILES.items():
            with archive.open(name, "w", force_zip64=True) as file:
                file.write(data)
    return out.getvalue()


def second_name(shown: str, other: bytes, crc_of: str = "", version: int = 1) -> zipfile.ZipInfo:
    """A member with a field that says its name in Unicode."""
    info = zipfile.ZipInfo(shown)
    body = struct.pack("<BI", version, binascii.crc32((crc_of or shown).encode())) + other
    info.extra = struct.pack("<HH", 0x7075, len(body)) + body
    return info


def tarred(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.USTAR_FORMAT, **headers: str) -> bytes:
    """A tar archive of these."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form, pax_headers=headers or None) as archive:
        for info, data in members or [(member(name), data) for name, data in FILES.items()]:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, described: Mapping[str, str] | None = None) -> tarfile.TarInfo:
    """What describes one file of a tar archive."""
    info = tarfile.TarInfo(name)
    info.type = kind
    info.pax_headers = dict(described or {})
    return info


def block(info: tarfile.TarInfo, size: int, prefix: bytes = b"", magic: bytes = b"ustar\x0000") -> bytes:
    """The header of a tar member, with another size than its content and something in place of its prefix."""
    info.size = size
    buffer = bytearray(info.tobuf(tarfile.USTAR_FORMAT))
    buffer[257:265] = magic
    buffer[345 : 345 + len(prefix)] = prefix
    buffer[148:156] = b" " * 8
    buffer[148:156] = b"%06o\0 " % sum(buffer)
    return bytes(buffer)


def changed(data: bytes, old: bytes, new: bytes, which: int = 0) -> bytes:
    """The archive with other bytes in one place."""
    at = -1
    for _ in range(which + 1):
        at = data.index(old, at + 1)
    return data[:at] + new + data[at + len(old) :]


PLAIN = zipped(("a.py", b"x = 1\n"), ("c.py", b"eval(x)\n"), how=zipfile.ZIP_STORED)
SECOND = PLAIN.index(b"PK\x03\x04", 4)
TAR = tarred()
READ: dict[str, Callable[[], bytes]] = {
    "a zip": zipped,
    "stored": lambda: zipped(how=zipfile.ZIP_STORED),
    "with a comment": lambda: zipped(comment=b"hello"),
    "streamed": streamed,
    "with fields for large archives": large,
    "a name said twice": lambda: zipped((second_name("b.py", b"b.py"), b"1")),
    "a second name that was made for another": lambda: zipped((second_name("b.py", b"a.py", "c.py"), b"1")),
    "a second name of an unknown version": lambda: zipped((second_name("b.py", b"a.py", version=2), b"1")),
    "with a folder": lambda: zipped(("d/", b""), ("d/a.py", b"1")),
    "no file but one": lambda: zipped(("a.py", b"")),
    "a tar": tarred,
    "of GNU": lambda: tarred((member("n" * 150 + ".py"), b"1"), form=tarfile.GNU_FORMAT),
    "of POSIX": lambda: tarred((member("ü" * 150 + ".py"), b"1"), form=tarfile.PAX_FORMAT),
    "of ustar with a long name": lambda: tarred((member("d" * 90 + "/" + "n" * 90), b"1")),
    "with a comment for all": lambda: tarred(form=tarfile.PAX_FORMAT, comment="0123"),
    "with many zeros": lambda: TAR + bytes(20480),
    "with one block of zeros": lambda: TAR[: len(TAR) // 10240 * 0 + TAR.rindex(b"y = 2\n") // 512 * 512 + 512 + 512],
    "compressed in two parts": lambda: gzip.compress(TAR[:1024]) + gzip.compress(TAR[1024:]),
}
REFUSED: dict[str, Callable[[], bytes]] = {
    "another name in Unicode": lambda: zipped((second_name("b.txt", b"a.py"), b"eval(x)")),
    "another name before the file": lambda: changed(PLAIN, b"c.py", b"c.md"),
    "another name in the list": lambda: changed(PLAIN, b"c.py", b"c.md", 1),
    "another name in Unicode before the file": lambda: changed(
        zipped((second_name("b.py", b"b.py"), b"1")), b"b.py", b"a.py", 1
    ),
    "bytes before the first file": lambda: b"#!/bin/sh\n" + PLAIN,
    "a file before the first file": lambda: zipped(("e.py", b"eval(x)"))[:50] + PLAIN,
    "bytes between files": lambda: changed(PLAIN, b"x = 1\n", b"x = 1\nevil"),
    "bytes after the end": lambda: PLAIN + b"evil",
    "an end in the comment": lambda: zipped(comment=b"x" + PLAIN[-22:]),
    "one file less in the count": lambda: changed(PLAIN, b"\2\0\2\0", b"\1\0\1\0"),
    "a file of which only half is listed": lambda: changed(PLAIN, b"\2\0\2\0", b"\1\0\2\0"),
    "another method before the file": lambda: PLAIN[: SECOND + 8] + b"\x08" + PLAIN[SECOND + 9 :],
    "another size before the file": lambda: PLAIN[: SECOND + 22] + b"\x01" + PLAIN[SECOND + 23 :],
    "a folder with a content": lambda: zipped(("d/", b"eval(x)"), ("b.py", b"1")),
    "two archives": lambda: PLAIN + zipped(("d.py", b"1")),
    "one file twice": lambda: changed(PLAIN, b"c.py", b"a.py", 0),
    "more after a block of zeros": lambda: TAR[:1024] + bytes(512) + TAR,
    "more after two blocks of zeros": lambda: TAR[:1024] + bytes(1024) + TAR,
    "more after all blocks of zeros": lambda: TAR + TAR,
    "more after the end, compressed": lambda: gzip.compress(TAR) + gzip.compress(TAR),
    "another name for all": lambda: tarred(form=tarfile.PAX_FORMAT, path="a.py"),
    "two sizes": lambda: tarred((member("a.py", described={"size": "0"}), b"eval(x)"), form=tarfile.PAX_FORMAT),
    "a file with the name of a folder": lambda: block(member("a.py/"), 3) + b"x=1".ljust(512, b"\0") + bytes(1024),
    "a folder of tar with a content": lambda: (
        block(member("d", tarfile.DIRTYPE), 512) + block(member("a.py"), 0) + bytes(1024)
    ),
    "times in place of a prefix": lambda: block(member("a.py"), 0, b"00000000001", b"ustar  \0") + bytes(1024),
    "a prefix without the mark of its format": lambda: block(member("a.py"), 0, b"src", bytes(8)) + bytes(1024),
    "a sparse file": lambda: tarred(
        (member("GNUSparseFile.0/a.py", described={"GNU.sparse.name": "a.py", "GNU.sparse.major": "0"}), b"1"),
        form=tarfile.PAX_FORMAT,
    ),
    "two long names": lambda: (
        tarred((member("n" * 150), b""), form=tarfile.GNU_FORMAT)[:1024]
        + tarred((member("ü" * 150), b"1"), form=tarfile.PAX_FORMAT)
    ),
    "two long names, the other way round": lambda: (
        tarred((member("ü" * 150), b""), form=tarfile.PAX_FORMAT)[:1024]
        + tarred((member("n" * 150), b"1"), form=tarfile.GNU_FORMAT)
    ),
}


def of(data: bytes, tmp_path: Path) -> Path:
    """The archive as a file without a telling name."""
    (tmp_path / "archive").write_bytes(data)
    return tmp_path / "archive"


@pytest.mark.parametrize("name", READ)
def test_what_has_one_reading_is_read(tmp_path: Path, name: str) -> None:
    """What common writers make, and what the formats allow without a doubt."""
    assert read_submission(of(READ[name](), tmp_path)).paths


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_two_readings_is_refused(tmp_path: Path, name: str) -> None:
    """With an error that says what it is, however the file is called."""
    data = REFUSED[name]()
    suffix = ".zip" if b"PK\x05\x06" in data else ".tar.gz" if data[:2] == b"\x1f\x8b" else ".tar"
    (tmp_path / f"a{suffix}").write_bytes(data)
    with pytest.raises(SubmissionError, match=r"ambiguous|broken|twice"):
        read_submission(tmp_path / f"a{suffix}")


@pytest.mark.parametrize("form", ["zip", "tar", "tar.gz"])
def test_what_git_archives_is_read(tmp_path: Path, form: str) -> None:
    """`git archive` names the commit in a comment, which is no file."""
    root = tmp_path / "r"
    (root / "d").mkdir(parents=True)
    (root / "d/a.py").write_text("x = 1\n" * 1000)
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "x")
    git(root, "archive", f"--output={tmp_path / 'a'}.{form}", "HEAD")
    assert read_submission(tmp_path / f"a.{form}").paths == ("d/a.py",)


@pytest.mark.parametrize(
    "command", ["tar -cf a.tar d", "tar --format=posix -czf a.tar.gz d", "zip -qr a.zip d", "bsdtar -acf a.zip d"]
)
def test_what_the_systems_own_writers_make_is_read(tmp_path: Path, command: str) -> None:
    """GNU tar, Info-ZIP and libarchive, with names in other scripts."""
    program, *_, made, _folder = command.split()
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "ü.py").write_text("x = 1\n")
    (tmp_path / "d" / "b.py").write_text("x = 1\n" * 1000)
    subprocess.run(command.split(), cwd=tmp_path, check=True)
    assert sorted(read_submission(tmp_path / made).paths) == ["d/b.py", "d/ü.py"]
