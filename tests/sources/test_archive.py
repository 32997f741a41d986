from __future__ import annotations

import gzip
import io
import lzma
import os
import shutil
import stat
import struct
import subprocess
import sys
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polcheck.base.errors import SubmissionError
from polcheck.sources.limits import ReadLimits
from polcheck.sources.submission import Submission
from polcheck.sources.target import read_submission

MIB = 1024 * 1024
FILES = {"src/a.py": b"a = 1\n", "b é.txt": b"\xff\x00", "empty": b""}
ENDINGS = {".tar": "w", ".tar.gz": "w:gz", ".tgz": "w:gz", ".tar.bz2": "w:bz2", ".tar.xz": "w:xz"}


def tar_bytes(files: Mapping[str, bytes], mode: str = "w", kind: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar archive of the given files."""
    return tar_of([(member(name, len(data)), data) for name, data in files.items()], mode, kind)


def tar_of(members: list[tuple[tarfile.TarInfo, bytes]], mode: str = "w", kind: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar archive of the given members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=kind) as archive:  # type: ignore[call-overload]
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def member(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    """A description of one tar member."""
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, kind, link
    return info


def zip_bytes(files: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of the given files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def read(data: bytes, limits: ReadLimits | None = None, exclude: tuple[str, ...] = ()) -> Submission:
    """What polcheck makes of an archive on standard input."""
    return read_submission("-", stdin=io.BytesIO(data), limits=limits or ReadLimits(), exclude=exclude)


def refused(data: bytes, *says: str, limits: ReadLimits | None = None) -> None:
    """Checks that the archive is refused with an error that says all of this."""
    with pytest.raises(SubmissionError) as caught:
        read(data, limits)
    for part in says:
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kind", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_tar_archives_are_read(tmp_path: Path, ending: str, kind: int) -> None:
    """The files of each sort of tar archive, by the ending of its name and by its first bytes alike."""
    path = tmp_path / f"x{ending}"
    path.write_bytes(tar_bytes({**FILES, "long/" * 50 + "x": b"long"}, ENDINGS[ending], kind))
    named = read_submission(path)
    assert dict(named.files) == {**FILES, "long/" * 50 + "x": b"long"}
    assert list(named.files) == sorted(named.files)
    assert (named.kind, named.name) == ("archive", str(path))
    assert read(path.read_bytes()).files == named.files
    path.rename(tmp_path / "nameless")
    assert read_submission(tmp_path / "nameless").files == named.files


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("ending", [".zip", ".whl", ".ZIP"])
def test_zip_archives_are_read(tmp_path: Path, compression: int, ending: str) -> None:
    """The files of a zip archive, however they are packed."""
    path = tmp_path / f"x{ending}"
    path.write_bytes(zip_bytes({**FILES, "folder/": b""}, compression))
    assert dict(read_submission(path).files) == FILES
    assert dict(read(path.read_bytes()).files) == FILES


@pytest.mark.skipif(shutil.which("tar") is None, reason="tar is not installed")
@pytest.mark.parametrize("option", ["--format=v7", "--format=ustar", "--format=gnu", "--format=posix", "-S"])
def test_what_tar_makes_is_read(tmp_path: Path, option: str) -> None:
    """An archive of `.`, as the usual tool makes it, has the paths without `./`, holes in files included."""
    (tmp_path / "in" / "src").mkdir(parents=True)
    (tmp_path / "in" / "src" / "a.py").write_bytes(b"a")
    (tmp_path / "in" / "holes").write_bytes(bytes(200_000) + b"x" + bytes(100_000))
    subprocess.run(["tar", option, "-cf", tmp_path / "x.tar", "-C", tmp_path / "in", "."], check=True)
    assert dict(read_submission(tmp_path / "x.tar").files) == {
        "src/a.py": b"a",
        "holes": bytes(200_000) + b"x" + bytes(100_000),
    }


def test_what_git_archive_makes_is_read(tmp_path: Path, git: Callable[..., bytes]) -> None:
    """`git archive` writes a comment ahead of everything; it is no file."""
    (tmp_path / "a.py").write_text("a")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "a.py")
    git(tmp_path, "commit", "-qm", "a")
    assert dict(read(git(tmp_path, "archive", "HEAD")).files) == {"a.py": b"a"}
    assert dict(read(git(tmp_path, "archive", "--format=zip", "HEAD")).files) == {"a.py": b"a"}


@pytest.mark.parametrize("make", [zip_bytes, tar_bytes])
@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "/etc/passwd", "a//b", "a/./b", "C:\\x", "c:x", "a\\..\\x", "..", "//x", "a/.."]
)
def test_paths_that_leave_are_refused(make: Callable[[Mapping[str, bytes]], bytes], path: str) -> None:
    """A member whose path isn't plainly below the root is refused by name."""
    refused(make({"ok": b"", path: b"x"}), path.rstrip("/"), "leaves the project")


@pytest.mark.parametrize("make", [zip_bytes, tar_bytes])
def test_folders_that_leave_are_refused(make: Callable[[Mapping[str, bytes]], bytes]) -> None:
    """A folder outside is refused as well as a file."""
    refused(make({"ok": b"", "../x/": b""}), "`../x`", "leaves the project")


def test_a_name_with_a_nul_is_refused() -> None:
    """zipfile would cut the name, and a.py would be another file than other tools see."""
    data = zip_bytes({"a.py#b": b"x"}).replace(b"a.py#b", b"a.py\0b")
    refused(data, "NUL")


@pytest.mark.parametrize("second", ["a", "./a"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_is_refused(second: str) -> None:
    """Two files of one name would be judged as one of them, and unpacked as the other."""
    refused(tar_of([(member("a"), b""), (member(second), b"")]), "the file `a` twice")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", "1")
        archive.writestr(second, "2")
    refused(out.getvalue(), "the file `a` twice")


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (tarfile.SYMTYPE, "link"),
        (tarfile.LNKTYPE, "link"),
        (tarfile.CHRTYPE, "device"),
        (tarfile.BLKTYPE, "device"),
        (tarfile.FIFOTYPE, "device"),
        (b"V", "device"),
    ],
)
@pytest.mark.parametrize("target", ["a", "/etc/passwd", "../x"])
def test_links_and_devices_in_tar_are_refused(kind: bytes, what: str, target: str) -> None:
    """Whatever is neither a file nor a folder is refused by name, wherever a link leads."""
    refused(tar_of([(member("a"), b""), (member("sub/odd", 0, kind, target), b"")]), f"the {what} `sub/odd`")


@pytest.mark.parametrize(("mode", "what"), [(stat.S_IFLNK, "link"), (stat.S_IFIFO, "device"), (stat.S_IFCHR, "device")])
def test_links_and_devices_in_zip_are_refused(mode: int, what: str) -> None:
    """A zip archive can hold links and pipes, too."""
    info = zipfile.ZipInfo("odd")
    info.create_system, info.external_attr = 3, (mode | 0o777) << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    refused(out.getvalue(), f"the {what} `odd`")


def test_encrypted_files_are_refused() -> None:
    """A file that can't be read without a password is named."""
    data = bytearray(zip_bytes({"secret.py": b"x"}, zipfile.ZIP_STORED))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    refused(bytes(data), "`secret.py`", "encrypted")


@pytest.mark.parametrize("ending", [*ENDINGS, ".zip"])
def test_truncated_archives_are_refused(tmp_path: Path, ending: str) -> None:
    """Cut anywhere that loses content, an archive is broken: its files don't silently become fewer."""
    files = {f"f{i}": os.urandom(300) for i in range(30)}
    data = zip_bytes(files) if ending == ".zip" else tar_bytes(files, ENDINGS[ending])
    path = tmp_path / f"x{ending}"
    content = 1024 * len(files) if ending == ".tar" else len(data) - 1
    cuts = {0, 1, 100, 512, 1024, content - 513, content - 1024, content - 512, content, *range(0, content, 997)}
    for cut in sorted(cuts):
        path.write_bytes(data[:cut])
        with pytest.raises(SubmissionError, match=r"broken|ends"):
            read_submission(path)


@pytest.mark.parametrize("make", [zip_bytes, lambda files: tar_bytes(files, "w:gz")])
def test_damaged_content_is_refused(make: Callable[[Mapping[str, bytes]], bytes]) -> None:
    """Bytes that don't fit their checksum are never judged."""
    files = {"a": os.urandom(4000)}
    data = bytearray(make(files))
    data[len(data) // 2] ^= 0x55
    refused(bytes(data), "broken")


def test_a_damaged_header_is_refused() -> None:
    """A header in the middle that doesn't fit its checksum doesn't end the archive."""
    data = bytearray(tar_bytes({"a": b"1", "b": b"2", "c": b"3"}))
    data[1024 + 3] ^= 0xFF
    refused(bytes(data), "broken")


@pytest.mark.parametrize("ending", [*ENDINGS, ".zip"])
@pytest.mark.parametrize("content", [b"", b"{}", b"\0" * 600, b"no archive" * 100])
def test_what_is_no_archive_is_refused(tmp_path: Path, ending: str, content: bytes) -> None:
    """A file that only is called an archive is broken or holds nothing."""
    path = tmp_path / f"x{ending}"
    path.write_bytes(content)
    with pytest.raises(SubmissionError, match=r"broken|holds no file"):
        read_submission(path)


def test_an_empty_archive_is_an_error() -> None:
    """An archive without files holds nothing to judge."""
    for data in (zip_bytes({}), zip_bytes({"a/": b""}), tar_bytes({}, "w:gz"), tar_bytes({}, "w:xz")):
        refused(data, "holds no file")


def bomb(kind: str, size: int) -> bytes:
    """A small archive of one file of `size` zeros."""
    if kind == "zip":
        return zip_bytes({"zeros": bytes(size)})
    return tar_bytes({"zeros": bytes(size)}, f"w:{kind}")


@pytest.mark.parametrize("kind", ["zip", "gz", "bz2", "xz"])
def test_bombs_are_refused(kind: str) -> None:
    """An archive that unpacks to many times its size is refused, named by its limit, and blank lines are not."""
    refused(bomb(kind, 40 * MIB), "`archive_ratio`")
    assert len(read(bomb(kind, 8 * MIB)).files) == 1
    assert len(read(bomb(kind, 40 * MIB), ReadLimits(archive_ratio=10**6)).files) == 1
    refused(bomb(kind, 100_000), "`total_bytes`", limits=ReadLimits(total_bytes=90_000))


def test_a_bomb_takes_neither_time_nor_memory() -> None:
    """A file said to have four gibibytes of zeros is refused within seconds and in little memory."""
    resource = pytest.importorskip("resource")
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file:
        file.write(member("zeros", 4096 * MIB).tobuf(tarfile.GNU_FORMAT))
        for _ in range(256):
            file.write(bytes(MIB))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    refused(packed.getvalue(), "`archive_ratio`")
    assert time.perf_counter() - start < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024


def test_a_zip_that_lies_about_sizes_is_refused() -> None:
    """A member that unpacks to more than it says isn't read beyond that, and its checksum doesn't fit."""
    data = bytearray(zip_bytes({"a": bytes(30 * MIB)}))
    data[22:26] = struct.pack("<I", 10)
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = struct.pack("<I", 10)
    refused(bytes(data), "broken")


def test_a_zip_that_reads_its_bytes_many_times_is_refused() -> None:
    """Members that share the same packed bytes can't unpack to more than the limits."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = bytes(20 * MIB)
    body = packed.compress(content) + packed.flush()
    fields = (20, 0, 8, 0, 0, zlib.crc32(content), len(body), len(content), 4, 0)
    local = b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", *fields) + b"name" + body
    central = b"".join(
        b"PK\x01\x02" + struct.pack("<HHHHHHIIIHHHHHII", 20, *fields[:9], 0, 0, 0, 0, 0, 0) + b"%04d" % number
        for number in range(500)
    )
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 500, 500, len(central), len(local), 0)
    refused(local + central + end, "limit `")


@pytest.mark.parametrize("make", [zip_bytes, tar_bytes])
def test_too_many_members_are_refused(make: Callable[[Mapping[str, bytes]], bytes]) -> None:
    """More files than the limit are refused, and so are folders without end."""
    limits = ReadLimits(files=3)
    refused(make(dict.fromkeys("abcd", b"")), "`files` of 3", limits=limits)
    assert len(read(make(dict.fromkeys("abc", b"")), limits).files) == 3
    folders = [(member(f"d{number}", 0, tarfile.DIRTYPE), b"") for number in range(7)]
    refused(tar_of([(member("a"), b""), *folders]), "`files` of 3", limits=limits)


def test_a_long_list_of_contents_is_refused() -> None:
    """A zip's list of contents is read in one: it has a bound of its own."""
    names = {f"{'x' * 60_000}{number}": b"" for number in range(30)}
    refused(zip_bytes(names), "`files` of 5", limits=ReadLimits(files=5))


@pytest.mark.parametrize("make", [zip_bytes, tar_bytes])
def test_big_files_in_archives_are_unreadable(make: Callable[[Mapping[str, bytes]], bytes]) -> None:
    """One file over the limit doesn't spoil the rest: it's noted as in a folder."""
    found = read(make({"big": b"12345", "fits": b"1234", "x" * 30: b""}), ReadLimits(file_bytes=4, path_length=20))
    assert dict(found.files) == {"fits": b"1234"}
    assert "`file_bytes`" in found.unreadable["big"]
    assert "`path_length`" in found.unreadable["x" * 30]


def test_huge_headers_are_refused() -> None:
    """A header that says how long the next name is can't fill the memory."""
    header = member("x", 900 * MIB, tarfile.XHDTYPE).tobuf(tarfile.GNU_FORMAT)
    refused(header + bytes(2048), "broken", "a header of 943718400 bytes")


def test_many_headers_are_refused() -> None:
    """Headers upon headers don't overflow the stack."""
    header = member("x", 1, tarfile.XHDTYPE).tobuf(tarfile.USTAR_FORMAT) + b"x".ljust(512, b"\0")
    refused(header * 5000 + bytes(1024), "broken")


def test_an_xz_that_wants_much_memory_is_refused() -> None:
    """A dictionary of a gibibyte isn't allocated on the word of a header."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 20}]
    data = bytearray(lzma.compress(tar_bytes(FILES), filters=filters))
    at = data.index(b"\x21\x01", 12) + 2
    data[at] = 38  # 2 GiB
    crc_at = 12 + (data[12] + 1) * 4 - 4
    data[crc_at : crc_at + 4] = struct.pack("<I", zlib.crc32(data[12:crc_at]))
    refused(bytes(data), "broken", "memory")


def test_several_streams_are_one_archive() -> None:
    """Compressed files may be joined; nothing behind the first is lost."""
    plain = tar_bytes({"a": b"1" * 3000, "b": b"2" * 3000})
    half = len(plain) // 3
    assert list(read(gzip.compress(plain[:half]) + gzip.compress(plain[half:])).files) == ["a", "b"]
    assert list(read(lzma.compress(plain[:half]) + bytes(4) + lzma.compress(plain[half:])).files) == ["a", "b"]
    refused(lzma.compress(plain) + b"rubbish" * 10, "broken")
    refused(gzip.compress(plain) + b"rubbish" * 10, "broken")


def test_names_that_are_not_utf8_are_kept() -> None:
    """A name in a tar archive is bytes, as in a folder."""
    data = tar_bytes({"\udcff.py": b"x"}, kind=tarfile.GNU_FORMAT)
    assert read(data).paths == ("\udcff.py",)


@pytest.mark.parametrize("make", [zip_bytes, tar_bytes])
def test_excluded_members_are_left_out(make: Callable[[Mapping[str, bytes]], bytes]) -> None:
    """`exclude` holds for archives; .gitignore in them is a file like any other."""
    data = make({"vendor/x": b"", ".gitignore": b"*", "y": b""})
    assert read(data, exclude=("vendor/**",)).paths == (".gitignore", "y")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["zip", "tar", "gz", "bz2", "xz"]), st.data())
def test_whatever_is_broken_is_an_error_or_whole(kind: str, data: st.DataObject) -> None:
    """Bytes changed at random give an error of ours, or a submission; nothing else gets out."""
    files = {"a/b.py": b"x = 1\n" * 20, "c": b"", "d.json": b"{}"}
    packed = bytearray(zip_bytes(files) if kind == "zip" else tar_bytes(files, "w" if kind == "tar" else f"w:{kind}"))
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert isinstance(read(bytes(packed)), Submission)
    except SubmissionError as error:
        assert str(error)


def test_nothing_is_written(tmp_path: Path) -> None:
    """Reading an archive creates no file and starts no process."""
    (tmp_path / "x.tar.gz").write_bytes(tar_bytes(FILES, "w:gz"))
    code = """
import sys, polcheck.sources.archive
from polcheck.sources.target import read_submission
def audit(event, args):
    writes = event == "open" and args[1] not in ("r", "rb", None)
    if writes or event in ("subprocess.Popen", "os.mkdir", "tempfile.mkstemp", "socket.connect"):
        raise SystemExit(f"{event} {args}")
sys.addaudithook(audit)
print(len(read_submission(sys.argv[1]).files))
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-B", "-c", code, str(tmp_path / "x.tar.gz")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("3", "")


@pytest.mark.parametrize("make", [tar_bytes, zip_bytes])
@pytest.mark.parametrize("paths", [("src", "src/a.py"), ("src/a.py", "src-b", "src.py", "src"), ("a/b", "a/b/c/d.py")])
def test_a_path_that_is_a_file_and_a_folder_is_refused(
    make: Callable[[Mapping[str, bytes]], bytes], paths: tuple[str, ...]
) -> None:
    """Whoever unpacks it has one or the other, so that a check of both is a check of something else."""
    refused(make(dict.fromkeys(paths, b"x")), "is ambiguous", "is a file, and the folder of")


@pytest.mark.parametrize("make", [tar_bytes, zip_bytes])
def test_names_that_begin_alike_are_no_folders(make: Callable[[Mapping[str, bytes]], bytes]) -> None:
    """`src` and `src-b/a.py` have nothing to do with each other."""
    files = dict.fromkeys(("src", "src-b/a.py", "src.py", "src0/a"), b"x")
    assert set(read(make(files)).files) == set(files)
