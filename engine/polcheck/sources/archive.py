"""Archives: zip and tar, plain or compressed, in memory; nothing is unpacked to disk.

Whatever an archive could mean in two ways is refused: links, devices, a name twice, a file that is also a folder, a
damaged end.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import IO, BinaryIO, Self, cast

from polcheck.base.errors import SubmissionError
from polcheck.sources.builder import SubmissionBuilder
from polcheck.sources.bundle import check_name
from polcheck.sources.submission import Submission
from polcheck.sources.zip_layout import Ambiguous, check_layout, path_of

CHUNK = 1 << 16
_FREE = 16 * 1024 * 1024  # what an archive may always unpack to: blank lines shrink a thousandfold
_XZ_MEMORY = 256 * 1024 * 1024  # `xz -9` takes 65 MiB


class Unpacked:
    """How much an archive of `size` bytes has unpacked to so far."""

    def __init__(self, size: int, builder: SubmissionBuilder) -> None:
        self._size = size
        self._builder = builder
        self._sum = 0

    def grows(self, more: int) -> None:
        """Adds bytes. Raises SubmissionError when the archive unpacks to more than the limits allow."""
        self._sum += more
        limits, name = self._builder.limits, self._builder.name
        if self._sum > limits.total_bytes:
            raise SubmissionError(f"`{name}` unpacks to more than the limit `total_bytes` of {limits.total_bytes}")
        if self._sum > _FREE and self._sum > limits.archive_ratio * self._size:
            ratio = limits.archive_ratio
            raise SubmissionError(f"`{name}` unpacks to more than {ratio} times its size, the limit `archive_ratio`")


class BoundedStream:
    """Chunks as a stream that can only be read on; each is counted."""

    def __init__(self, chunks: Iterable[bytes], unpacked: Unpacked) -> None:
        self._chunks = iter(chunks)
        self._unpacked = unpacked
        self._rest = b""

    def read(self, size: int) -> bytes:
        """Return the next bytes, `size` of them unless the stream ends. Raises SubmissionError when it gives too
        many.
        """
        parts = [self._rest]
        missing = size - len(self._rest)
        while missing > 0 and (chunk := next(self._chunks, b"")):
            self._unpacked.grows(len(chunk))
            parts.append(chunk)
            missing -= len(chunk)
        data = b"".join(parts)
        self._rest = data[size:]
        return data[:size]


class BoundedFile:
    """A file whose single reads are bounded: a zip's list of contents is read in one, however long it says it is."""

    def __init__(self, file: BinaryIO, most: int, error: Callable[[], SubmissionError]) -> None:
        self._file = file
        self._most = most
        self._error = error
        self.seek = file.seek
        self.tell = file.tell
        self.seekable = file.seekable

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes. Raises the given error when more than the bound are asked for or there."""
        if size > self._most:
            raise self._error()
        data = self._file.read(size if size >= 0 else self._most + 1)
        if len(data) > self._most:
            raise self._error()
        return data


def unpacked_xz(file: BinaryIO) -> Iterator[bytes]:
    """Yield the content of an .xz file in chunks, in bounded memory. Raises LZMAError or EOFError when it is broken."""
    decoder = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
    rest = b""
    while True:
        if decoder.eof:
            rest = (decoder.unused_data or file.read(CHUNK)).lstrip(b"\0")  # several may follow each other, padded
            if not rest:
                return
            decoder = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
        data = rest or (file.read(CHUNK) if decoder.needs_input else b"")
        if not data and decoder.needs_input:
            raise EOFError("it ends too early")
        rest = b""
        chunk = decoder.decompress(data, CHUNK)
        if chunk:
            yield chunk


_DIRECTORY_ENTRY = 256  # bytes in a zip's list of contents for a file, generously
_MAX_HEADER = 1 << 20
_LONG = frozenset(
    {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
)
_ENCRYPTED = 1


def read_archive(file: BinaryIO, size: int, kind: str, builder: SubmissionBuilder) -> Submission:
    """Return the submission in an archive of `size` bytes; `kind` is `zip`, `tar`, `gz`, `bz2` or `xz`.

    Raises SubmissionError when it is broken, encrypted, over the limits, empty, or holds a link, a device, a name twice
    or one that leaves the submission.
    """
    try:
        if kind == "zip":
            _zip(file, size, builder)
        else:
            _tar(file, size, kind, builder)
        _check_folders(builder.listed)
    except SubmissionError:
        raise
    except Ambiguous as error:
        help = "two readers could find different files in it, so it is refused: pack it anew"
        raise SubmissionError(f"the archive `{builder.name}` is ambiguous: {error}\nhelp: {help}") from error
    except Exception as error:
        # NOTE: the readers of the standard library raise whatever they stumble upon: struct.error, KeyError,
        # RuntimeError, the compressors' own. On bytes from strangers each of them means the same.
        message = str(error) or type(error).__name__
        raise SubmissionError(f"the archive `{builder.name}` is broken: {message.lower()}") from error
    return builder.submission("archive")


def _check_folders(paths: Iterable[str]) -> None:
    """Raises Ambiguous for a file with files below it: what is unpacked has one or the other."""
    ordered = sorted(paths, key=lambda path: path.replace("/", "\0"))  # so that what is below a path follows it
    for path, following in pairwise(ordered):
        if following.startswith(f"{path}/"):
            raise Ambiguous(f"`{path}` is a file, and the folder of `{following}`")


def _zip(file: BinaryIO, size: int, builder: SubmissionBuilder) -> None:
    longest = max(builder.limits.files * _DIRECTORY_ENTRY, 1 << 20)
    with zipfile.ZipFile(cast(IO[bytes], BoundedFile(file, longest, builder.too_many))) as archive:
        if len(archive.infolist()) > 2 * builder.limits.files:  # folders count, too
            raise builder.too_many()
        wanted = [(path, info) for info in archive.infolist() if (path := _zip_path(info, builder))]
        if len(wanted) > builder.limits.files:
            raise builder.too_many()
        unpacked = Unpacked(size, builder)
        for _, info in wanted:
            unpacked.grows(info.file_size)
        check_layout(file, size, archive)
        for path, info in wanted:
            if builder.admits(path, info.file_size):
                builder.take(path, archive.read(info))


def _zip_path(info: zipfile.ZipInfo, builder: SubmissionBuilder) -> str:
    """Return the path of a file that the user left in, else nothing. Raises SubmissionError for what must not be
    there.
    """
    # NOTE: zipfile cuts `filename` at a NUL, and two names must not become one
    path = _checked(path_of(info), builder)
    mode = stat.S_IFMT(info.external_attr >> 16)
    if mode not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refused(path, "link" if stat.S_ISLNK(mode) else "device", builder)
    if not path or info.is_dir() or not builder.wants(path):
        return ""
    if info.flag_bits & _ENCRYPTED:
        raise SubmissionError(f"`{path}` in the archive `{builder.name}` is encrypted")
    return path


_GNU_TYPES = frozenset({tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.GNUTYPE_SPARSE})


class _Header(tarfile.TarInfo):
    """The description of one member, which doesn't pass over what is broken, or could be read in two ways.

    NOTE: tarfile takes a damaged header, or the end of the file, for the end of the archive: files would be missing
    without a word.
    """

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> _Header:
        """Return the next member. Raises ReadError unless there is one or the archive ends as it should."""
        try:
            return super().fromtarfile(archive)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(f"{error}, where a file or the end should be") from error

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Header:
        """Return the member described by a block. Raises SubmissionError for a longer description than names need."""
        return super().frombuf(buf, encoding, errors)._with_one_reading(buf)

    @classmethod
    def _frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str, **more: bool) -> _Header:
        """As `frombuf`: what tarfile itself asks since its releases that read blocks in two ways (`dircheck`)."""
        header: _Header = super()._frombuf(buf, encoding, errors, **more)  # type: ignore[misc]
        return header._with_one_reading(buf)

    def _with_one_reading(self, block: bytes | bytearray) -> Self:
        if bytes(block[257:263]) != b"ustar\0" and any(block[345:500]) and self.type not in _GNU_TYPES:
            raise Ambiguous(f"`{self.name}` has a second part of its name, or times in its place")
        if self.size < 0 or (self.type in _LONG and self.size > _MAX_HEADER):
            raise tarfile.ReadError(f"a header of {self.size} bytes")
        return self

    def _proc_gnulong(self, archive: tarfile.TarFile) -> _Header:
        """Return the member that has a long name of GNU's kind."""
        member: _Header = super()._proc_gnulong(archive)  # type: ignore[misc]
        member.long_name = True
        return member

    def _proc_pax(self, archive: tarfile.TarFile) -> _Header:
        """Return the member that has a description of the POSIX kind, or comes after one for all members."""
        member: _Header = super()._proc_pax(archive)  # type: ignore[misc]
        member.described = member.described or self.type != tarfile.XGLTYPE
        return member

    long_name = False
    described = False


def _tar(file: BinaryIO, size: int, kind: str, builder: SubmissionBuilder) -> None:
    flow = BoundedStream(_unpacked(file, kind), Unpacked(size, builder))
    members = 0
    with tarfile.open(
        fileobj=cast(IO[bytes], flow), mode="r|", tarinfo=_Header, encoding="utf-8", errors="surrogateescape"
    ) as archive:
        for member in archive:
            members += 1
            if members > 2 * builder.limits.files:  # folders count, too
                raise builder.too_many()
            if {"path", "linkpath", "size"} & archive.pax_headers.keys():
                raise Ambiguous("it gives one name or size to all files")
            path = _tar_path(member, builder)
            if path and builder.admits(path, member.size):
                content = archive.extractfile(member)
                builder.take(path, content.read() if content else b"")
        # NOTE: a compressed file's checksum stands at its end; some readers stop at a block of zeros, others go on
        rest = cast(BinaryIO, archive.fileobj)
        while chunk := rest.read(CHUNK):
            if chunk.strip(b"\0"):
                raise Ambiguous("it goes on after the block of zeros that ends it")


def _tar_path(member: tarfile.TarInfo, builder: SubmissionBuilder) -> str:
    """Return the path of a file that the user left in, else nothing. Raises SubmissionError for what must not be
    there.
    """
    path = _checked(member.name, builder)
    _check_one_reading(member)
    if member.issym() or member.islnk():
        raise _refused(path, "link", builder)
    if not (member.isreg() or member.isdir()):
        raise _refused(path, "device", builder)
    return path if path and member.isreg() and builder.wants(path) else ""


def _check_one_reading(member: tarfile.TarInfo) -> None:
    """Raises Ambiguous for a member that readers take for different files."""
    name, described = member.name, member.pax_headers
    if isinstance(member, _Header) and member.long_name and "path" in described:
        raise Ambiguous(f"`{name}` has two long names")
    if "size" in described:
        raise Ambiguous(f"`{name}` has two sizes")
    if member.issparse() or any(key.startswith("GNU.sparse.") for key in described):
        raise Ambiguous(f"`{name}` is a sparse file")
    if member.isreg() and name.endswith("/"):
        raise Ambiguous(f"`{name}` is a file with the name of a folder")
    if not member.isreg() and member.size:
        raise Ambiguous(f"`{name}` is no file and has a content")


def _checked(name: str, builder: SubmissionBuilder) -> str:
    """Return a member's path, empty for the root itself. Raises SubmissionError when it leaves the submission."""
    path = name.removesuffix("/")
    while path.startswith("./"):
        path = path[2:]
    if path in ("", ".") and not name.startswith("/"):
        return ""
    check_name(path or name, f"the archive `{builder.name}`")
    return path


def _unpacked(file: BinaryIO, kind: str) -> Iterator[bytes]:
    """Return the bytes of the tar archive in a file, in chunks."""
    if kind == "xz":
        return unpacked_xz(file)
    stream: BinaryIO = file
    if kind == "gz":
        stream = cast(BinaryIO, gzip.GzipFile(fileobj=file))
    elif kind == "bz2":
        stream = cast(BinaryIO, bz2.BZ2File(file))
    return iter(lambda: stream.read(CHUNK), b"")


def _refused(path: str, what: str, builder: SubmissionBuilder) -> SubmissionError:
    return SubmissionError(f"the archive `{builder.name}` holds the {what} `{path}`: only files and folders are read")
