"""The store of fetched packs, by the digest of their content: written atomically, verified at every read."""

from __future__ import annotations

import io
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from polcheck.base.errors import PolcheckError, SubmissionError
from polcheck.base.reader import read_bytes
from polcheck.base.safe_open import reason_of
from polcheck.base.store import store
from polcheck.packs.shipped import PACK_LIMITS, pack_of
from polcheck.packs.sign import merged
from polcheck.policy.pack_files import PackFiles
from polcheck.sources.builder import SubmissionBuilder

_UNFINISHED = ".unfinished-"
_A_DAY = 24 * 60 * 60.0


class StoreError(PolcheckError):
    """The cache can't be used, or what lies in it isn't what it was."""


class PackStore(Struct, frozen=True):
    """The packs in one folder.

    INVARIANT: a file gets the name by which it's found only when all of it is on the disk, so that a crash leaves
    nothing half-written; and since the name is the content's digest, two runs that write one write the same.
    """

    folder: Path

    @classmethod
    def of_user(cls) -> PackStore:
        """Return the cache that every project of the user shares."""
        return cls(Path(store()) / "packs")

    def get(self, digest: str, name: str, source: str) -> PackFiles | None:
        """Return the pack with this digest, which people call `name`; None when it isn't here.

        Raises CacheError when what is here isn't what it was.
        """
        data = self._data(digest)
        if data is None:
            return None
        from polcheck.sources.archive import read_archive

        help = "help: `polcheck pack sync` fetches it again"
        try:
            result = read_archive(io.BytesIO(data), len(data), "tar", SubmissionBuilder(name, PACK_LIMITS))
            pack = pack_of(source, result, source)
        except PolcheckError as error:
            raise StoreError(f"the copy of `{name}` in the cache is damaged: {error}\n{help}") from error
        if pack.digest != digest:
            raise StoreError(
                f"the copy of `{name}` in the cache is damaged: its digest is {pack.digest}, and not {digest}\n{help}"
            )
        return pack

    def put(self, pack: PackFiles) -> None:
        """Keeps a pack. Raises CacheError when it can't be written, and PolcheckError for names no archive can hold."""
        from polcheck.packs.archive import packed

        data = packed(pack.files, merged(self._signatures(pack.digest), pack.signatures))
        if self._data(pack.digest) == data:
            return
        readable(data, pack)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            self._write(self._path(pack.digest), data)
        except OSError as error:
            raise StoreError(f"can't write to the cache `{self.folder}`: {reason_of(error)}") from error

    def _signatures(self, digest: str) -> bytes:
        """Return those of the copy that is here. NOTE: another project may need one that this source doesn't have."""
        try:
            result = self.get(digest, "", "")
        except StoreError:
            return b""
        return result.signatures if result else b""

    def _path(self, digest: str) -> Path:
        return self.folder / f"{digest.removeprefix('sha256:')}.tar"

    def _data(self, digest: str) -> bytes | None:
        most = 2 * PACK_LIMITS.total_bytes
        try:
            data = read_bytes(self._path(digest), most + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"can't read the cache `{self.folder}`: {reason_of(error)}") from error
        return data if len(data) <= most else b""

    def _write(self, path: Path, data: bytes) -> None:
        temporary = self.folder / f"{_UNFINISHED}{secrets.token_hex(8)}"
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        _fsync_folder(self.folder)

    def _sweep(self) -> None:
        """Removes what crashed runs left; younger files may belong to a run that goes on."""
        for path in self.folder.glob(f"{_UNFINISHED}*"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _A_DAY:
                    path.unlink()


def readable(data: bytes, pack: PackFiles) -> None:
    """Raises PolcheckError when the archive `data` doesn't give the pack back, as with names that it can't hold."""
    from polcheck.sources.archive import read_archive

    try:
        result = pack_of(
            "", read_archive(io.BytesIO(data), len(data), "tar", SubmissionBuilder(pack.root, PACK_LIMITS))
        )
    except SubmissionError as error:
        raise PolcheckError(f"the pack `{pack.root}` can't be an archive: {error}") from error
    if result.digest != pack.digest:
        raise PolcheckError(f"the pack `{pack.root}` can't be an archive: it comes out as {result.digest}")


def _fsync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
