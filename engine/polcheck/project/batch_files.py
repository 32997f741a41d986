"""The files of a batch: local ones, standard streams and object stores, compressed or not."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

from polcheck.base.errors import PolcheckError, SubmissionError
from polcheck.base.safe_open import reason_of

COMPRESSED = (".gz", ".zst")
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


def is_url(path: str) -> bool:
    """Return whether a path is the URL of an object store, as `s3://bucket/in.jsonl`."""
    return "://" in path


def base_name(path: str) -> str:
    """Return the last part of a path or URL."""
    return path.rstrip("/").rpartition("/")[2]


def file_system(url: str) -> tuple[Any, str]:
    """Return the file system of a URL, as pyarrow has it, and the path in it.

    What pyarrow doesn't know is asked of fsspec. Raises SubmissionError when neither knows it.
    """
    from pyarrow.lib import ArrowException

    fs = arrow("fs", f"`{url}`")
    try:
        result: tuple[Any, str] = fs.FileSystem.from_uri(url)
        return result
    except (ArrowException, OSError, ValueError) as error:
        first = str(error)
    try:
        import fsspec

        system, path = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise SubmissionError(f"`{url}` can't be read: {first}; other stores need fsspec and their own") from error
    except (OSError, ValueError) as error:
        raise SubmissionError(f"`{url}` can't be read: {error}") from error
    return fs.PyFileSystem(fs.FSSpecHandler(system)), path


def arrow(module: str, what: str) -> Any:
    """Return a module of pyarrow. Raises PolcheckError that says what it is for when it isn't installed."""
    try:
        from importlib import import_module

        return import_module(f"pyarrow.{module}")
    except ImportError as error:
        raise PolcheckError(f"{what} needs pyarrow: pip install 'polcheck[parquet]'") from error


@contextmanager
def failing(path: str) -> Iterator[None]:
    """Turn what goes wrong when `path` is read into SubmissionError."""
    try:
        yield
    except EOFError as error:
        raise SubmissionError(f"`{path}` can't be read: it is cut off") from error
    except OSError as error:  # NOTE: those of pyarrow are, too
        reason = reason_of(error) if error.errno else str(error).partition("\n")[0]
        raise SubmissionError(f"`{path}` can't be read: {reason}") from error
    except (ValueError, NotImplementedError, zlib.error) as error:
        raise SubmissionError(f"`{path}` can't be read: {error}") from error


def size_of(path: str) -> int | None:
    """Return the bytes of a file, local or remote; None when nobody says."""
    try:
        if is_url(path):
            system, inner = file_system(path)
            size = system.get_file_info(inner).size
            return int(size) if size is not None else None
        return Path(path).stat().st_size
    except (OSError, ValueError, PolcheckError):
        return None


def open_seekable(path: str) -> Any:
    """Return a file for random access, local or remote. Raises SubmissionError when it can't be opened."""
    with failing(path):
        if is_url(path):
            system, inner = file_system(path)
            return system.open_input_file(inner)
        return Path(path).open("rb")


def open_stream(path: str) -> BinaryIO:
    """Return a file to read once, local or remote. Raises SubmissionError when it can't be opened."""
    with failing(path):
        if is_url(path):
            system, inner = file_system(path)
            remote: Any = system.open_input_stream(inner, compression=None)
            return io.BufferedReader(remote, 1 << 20)
        return Path(path).open("rb")


def unpacked(stream: BinaryIO, path: str) -> BinaryIO:
    """Return what a stream holds, decompressed where its first bytes are those of gzip or Zstandard."""
    buffered: Any = stream if hasattr(stream, "peek") else io.BufferedReader(stream)
    with failing(path):
        first = buffered.peek(4)[:4]
    if first.startswith(_GZIP):
        unzipped: Any = gzip.GzipFile(fileobj=buffered)
        return io.BufferedReader(unzipped, 1 << 20)
    if first.startswith(_ZSTD):
        lib = arrow("lib", "Zstandard")
        compressed = lib.CompressedInputStream(lib.PythonFile(buffered, mode="r"), "zstd")
        return io.BufferedReader(compressed, 1 << 20)
    result: BinaryIO = buffered
    return result


def write_whole(source: str, target: str) -> None:
    """Write what the local file at `source` holds to `target`, compressed as its ending says, whole or not at all.

    A local `source` that needs no change becomes the target. Raises PolcheckError when it can't be written.
    """
    try:
        if is_url(target):
            _upload(source, target)
            return
        packed = target + ".new" if target.endswith(COMPRESSED) else source
        if packed != source:
            with Path(packed).open("wb") as file:
                _pack(source, file, target)
        with Path(packed).open("rb") as done:
            os.fsync(done.fileno())
        Path(packed).replace(target)
        if packed != source:
            Path(source).unlink()
    except (OSError, ValueError) as error:
        reason = reason_of(error) if isinstance(error, OSError) and error.errno else str(error)
        raise PolcheckError(f"`{target}` can't be written: {reason}") from error


def _upload(source: str, target: str) -> None:
    """Write a file to an object store, where it appears when it is whole."""
    system, inner = file_system(target)
    with system.open_output_stream(inner, compression=None) as stream:
        _pack(source, stream, target)
    Path(source).unlink()


def _pack(source: str, target: Any, name: str) -> None:
    with Path(source).open("rb") as file:
        if name.endswith(".gz"):
            with gzip.GzipFile("", "wb", fileobj=target, mtime=0) as packed:
                shutil.copyfileobj(file, packed, 1 << 20)
        elif name.endswith(".zst"):
            lib = arrow("lib", "Zstandard")
            with lib.CompressedOutputStream(lib.PythonFile(_Open(target), mode="w"), "zstd") as stream:
                shutil.copyfileobj(file, stream, 1 << 20)
        else:
            shutil.copyfileobj(file, target, 1 << 20)


class _Open(io.RawIOBase):
    """A file that stays open when what writes to it is closed."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def writable(self) -> bool:
        """Return that it can be written to."""
        return True

    def write(self, data: Any) -> int:
        """Write to the file."""
        return self._file.write(data)
