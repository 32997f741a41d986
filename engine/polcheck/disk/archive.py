"""Archives: zip and tar, plain or compressed, in memory; nothing is unpacked to disk.

Whatever an archive could mean in two ways is refused: links, devices, a name twice, a damaged end.
"""

from __future__ import annotations

import bz2
import gzip
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from typing import IO, BinaryIO, cast

from polcheck.disk.bounded import CHUNK, Bounded, Flow, Unpacked, unpacked_xz
from polcheck.disk.gathered import Gathered
from polcheck.disk.names import check_name
from polcheck.errors import SubmissionError
from polcheck.submission import Submission

_DIRECTORY_ENTRY = 256  # bytes in a zip's list of contents for a file, generously
_MAX_HEADER = 1 << 20
_LONG = frozenset(
    {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
)
_ENCRYPTED = 1


def read_archive(file: BinaryIO, size: int, kind: str, gathered: Gathered) -> Submission:
    """The submission in an archive of `size` bytes; `kind` is `zip`, `tar`, `gz`, `bz2` or `xz`.

    Raises SubmissionError when it is broken, encrypted, over the limits, empty, or holds a link, a device, a name twice
    or one that leaves the submission.
    """
    try:
        if kind == "zip":
            _zip(file, size, gathered)
        else:
            _tar(file, size, kind, gathered)
    except SubmissionError:
        raise
    except Exception as error:
        # NOTE: the readers of the standard library raise whatever they stumble upon: struct.error, KeyError,
        # RuntimeError, the compressors' own. On bytes from strangers each of them means the same.
        said = str(error) or type(error).__name__
        raise SubmissionError(f"the archive `{gathered.name}` is broken: {said.lower()}") from error
    return gathered.submission("archive")


def _zip(file: BinaryIO, size: int, gathered: Gathered) -> None:
    longest = max(gathered.limits.files * _DIRECTORY_ENTRY, 1 << 20)
    with zipfile.ZipFile(cast(IO[bytes], Bounded(file, longest, gathered.too_many))) as archive:
        wanted = [(path, info) for info in archive.infolist() if (path := _zip_path(info, gathered))]
        if len(wanted) > gathered.limits.files:
            raise gathered.too_many()
        unpacked = Unpacked(size, gathered)
        for _, info in wanted:
            unpacked.grows(info.file_size)
        for path, info in wanted:
            if gathered.admits(path, info.file_size):
                gathered.take(path, archive.read(info))


def _zip_path(info: zipfile.ZipInfo, gathered: Gathered) -> str:
    """The path of a file that the user left in, else nothing. Raises SubmissionError for what must not be there."""
    # NOTE: zipfile cuts `filename` at a NUL, and two names must not become one
    path = _checked(info.orig_filename, gathered)
    mode = stat.S_IFMT(info.external_attr >> 16)
    if mode not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refused(path, "link" if stat.S_ISLNK(mode) else "device", gathered)
    if not path or info.is_dir() or not gathered.wants(path):
        return ""
    if info.flag_bits & _ENCRYPTED:
        raise SubmissionError(f"`{path}` in the archive `{gathered.name}` is encrypted")
    return path


class _Header(tarfile.TarInfo):
    """The description of one member, which doesn't pass over what is broken.

    NOTE: tarfile takes a damaged header, or the end of the file, for the end of the archive: files would be missing
    without a word.
    """

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> _Header:
        """The next member. Raises ReadError unless there is one or the archive ends as it should."""
        try:
            return super().fromtarfile(archive)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(f"{error}, where a file or the end should be") from error

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Header:
        """The member described by a block. Raises SubmissionError for a longer description than names need."""
        header = super().frombuf(buf, encoding, errors)
        if header.size < 0 or (header.type in _LONG and header.size > _MAX_HEADER):
            raise tarfile.ReadError(f"a header of {header.size} bytes")
        return header


def _tar(file: BinaryIO, size: int, kind: str, gathered: Gathered) -> None:
    flow = Flow(_unpacked(file, kind), Unpacked(size, gathered))
    members = 0
    with tarfile.open(
        fileobj=cast(IO[bytes], flow), mode="r|", tarinfo=_Header, encoding="utf-8", errors="surrogateescape"
    ) as archive:
        for member in archive:
            members += 1
            if members > 2 * gathered.limits.files:  # folders count, too
                raise gathered.too_many()
            path = _tar_path(member, gathered)
            if path and gathered.admits(path, member.size):
                content = archive.extractfile(member)
                gathered.take(path, content.read() if content else b"")
    while flow.read(CHUNK):
        pass  # NOTE: a compressed file's checksum stands at its end


def _tar_path(member: tarfile.TarInfo, gathered: Gathered) -> str:
    """The path of a file that the user left in, else nothing. Raises SubmissionError for what must not be there."""
    path = _checked(member.name, gathered)
    if member.issym() or member.islnk():
        raise _refused(path, "link", gathered)
    if not (member.isreg() or member.isdir()):
        raise _refused(path, "device", gathered)
    return path if path and member.isreg() and gathered.wants(path) else ""


def _checked(name: str, gathered: Gathered) -> str:
    """A member's path, empty for the root itself. Raises SubmissionError when it leaves the submission."""
    path = name.removesuffix("/")
    while path.startswith("./"):
        path = path[2:]
    if path in ("", ".") and not name.startswith("/"):
        return ""
    check_name(path or name, f"the archive `{gathered.name}`")
    return path


def _unpacked(file: BinaryIO, kind: str) -> Iterator[bytes]:
    """The bytes of the tar archive in a file, in chunks."""
    if kind == "xz":
        return unpacked_xz(file)
    stream: BinaryIO = file
    if kind == "gz":
        stream = cast(BinaryIO, gzip.GzipFile(fileobj=file))
    elif kind == "bz2":
        stream = cast(BinaryIO, bz2.BZ2File(file))
    return iter(lambda: stream.read(CHUNK), b"")


def _refused(path: str, what: str, gathered: Gathered) -> SubmissionError:
    return SubmissionError(f"the archive `{gathered.name}` holds the {what} `{path}`: only files and folders are read")
