"""The inputs of a batch: bundles in JSON lines or Parquet, folders of projects; local, piped or in an object store."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from polcheck.base.cached import cached_property
from polcheck.base.errors import ConfigError, Problem, SubmissionError
from polcheck.base.safe_open import reason_of
from polcheck.project.batch import BatchChecker, BatchEntry, entry_of, name_of
from polcheck.project.batch_files import (
    COMPRESSED,
    arrow,
    base_name,
    failing,
    file_system,
    is_url,
    open_seekable,
    open_stream,
    size_of,
    unpacked,
)
from polcheck.sources.bundle import decoded, parse_json
from polcheck.sources.limits import DEFAULT_READ_LIMITS

STDIN = "-"
_LINES = (".jsonl", ".ndjson")
_ARCHIVES = (".json", ".zip", ".whl", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_BOM = b"\xef\xbb\xbf"


def is_lines(path: str) -> bool:
    """Return whether a file is JSON lines by its name, compressed or not."""
    name = path.lower()
    for ending in COMPRESSED:
        name = name.removesuffix(ending)
    return name.endswith(_LINES)


def _has_rows(path: str) -> bool:
    """Return whether an input is a table or lines by its name, and not itself a project or a folder of projects."""
    return path == STDIN or is_lines(path) or path.lower().endswith(".parquet")


class BatchInputs:
    """The submissions of some inputs, in order.

    `work` says which fields they have. `shard` is the one that is meant, from 1, and of how many: each takes every n-th
    submission. `duplicates` are the ids that occurred before, with the places of those that are left unchecked.
    """

    def __init__(
        self,
        inputs: Sequence[str],
        work: BatchChecker,
        shard: tuple[int, int] = (1, 1),
        stdin: BinaryIO | None = None,
    ) -> None:
        """Look at every input. Raises ConfigError for one that is there twice and for fields where no input has rows,
        and SubmissionError for one that isn't there.
        """
        for path in inputs:
            if inputs.count(path) > 1:
                raise ConfigError([Problem(f"the input `{path}` is given twice")])
            if not (is_url(path) or path == STDIN or Path(path).exists()):
                raise SubmissionError(f"there is no file or folder `{path}`")
        fields = {"--field": work.field, "--id": work.id, "--param-from": next(iter(work.params_from.values()), "")}
        if not any(_has_rows(path) for path in inputs):
            for option, name in fields.items():
                if name:
                    message = f"`{name}` is a field of rows, and the inputs have none"
                    raise ConfigError([Problem(message, option, help="rows are in .jsonl and .parquet files")])
        self.duplicates: list[tuple[str, str]] = []
        self._inputs = inputs
        self._work = work
        self._shard = shard
        self._stdin = stdin
        self._names: set[bytes] = set()
        self._before = 0  # bytes of the inputs that are done
        self._inside: Any = None  # what tells how far the present one is
        self._id = _id_decoder(work.id) if work.id else None

    def __iter__(self) -> Iterator[BatchEntry]:
        """Yield the submissions of this shard. Raises SubmissionError for an input that can't be read on."""
        number, of = self._shard
        for at, entry in enumerate(self._every()):
            named = self._named(entry)
            if at % of == number - 1:
                yield named

    def _named(self, entry: tuple[BatchEntry, str]) -> BatchEntry:
        """Return the entry under a name that no other has; one whose id another has already is not to be checked."""
        result, place = entry
        if self._is_new(result.name):
            return result
        if self._work.id and result.name != place:
            self.duplicates.append((result.name, place))
            reason = f"its id `{result.name}` is the id of another project before it"
            result = BatchEntry(place, fault=reason)
        name = place
        while not self._is_new(name):
            name += " again"
        return result._replace(name=name)

    def _is_new(self, name: str) -> bool:
        key = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=12).digest()
        if key in self._names:
            return False
        self._names.add(key)
        return True

    def _every(self) -> Iterator[tuple[BatchEntry, str]]:
        """Yield every submission with its place."""
        for path in self._inputs:
            self._inside = None
            if path == STDIN:
                yield from self._lines(path, self._stdin)
            elif is_lines(path):
                yield from self._lines(path, None)
            elif path.lower().endswith(".parquet"):
                yield from self._table(path)
            elif is_url(path):
                yield from self._remote(path)
            elif Path(path).is_dir():
                yield from self._folder(path)
            else:
                yield BatchEntry(path, path=path), path
            self._before += size_of(path) or 0

    def _lines(self, path: str, stdin: BinaryIO | None) -> Iterator[tuple[BatchEntry, str]]:
        shown = "stdin" if path == STDIN else path
        raw = stdin if path == STDIN and stdin is not None else open_stream(path)
        self._inside = raw
        most = DEFAULT_READ_LIMITS.total_bytes
        stream = unpacked(raw, shown)
        number = 0
        try:
            while True:
                with failing(shown):
                    line = stream.readline(most + 1)
                    if len(line) > most and not line.endswith(b"\n"):
                        while (rest := stream.readline(1 << 20)) and not rest.endswith(b"\n"):
                            pass
                if not line:
                    break
                number += 1
                if line.strip():
                    yield self._of_line(f"{shown}:{number}", line)
        finally:
            if path != STDIN:
                raw.close()

    def _of_line(self, place: str, line: bytes) -> tuple[BatchEntry, str]:
        name = self._name(line, place) if self._work.id else place
        most = DEFAULT_READ_LIMITS.total_bytes
        if len(line) > most:
            return BatchEntry(name, fault=f"it is over the limit `total_bytes` of {most}"), place
        return BatchEntry(name, row=line), place  # NOTE: parsed where it is checked, in parallel

    def _name(self, line: bytes, place: str) -> str:
        """Return the id in a line; its place when there is none, or it can't be told."""
        assert self._id is not None
        try:
            raw = self._id.decode(line.removeprefix(_BOM)).id
            return name_of(json.loads(bytes(raw)), place) if raw else place
        except (msgspec.DecodeError, ValueError, RecursionError):
            pass
        try:  # NOTE: what that decoder refuses is not always wrong
            values = parse_json(decoded(line, place), place)
        except SubmissionError:
            return place
        return name_of(values.get(self._work.id), place) if isinstance(values, dict) else place

    def _table(self, path: str) -> Iterator[tuple[BatchEntry, str]]:
        parquet = arrow("parquet", "Parquet")
        with failing(path), open_seekable(path) as opened:
            file = parquet.ParquetFile(opened)
            work, names = self._work, file.schema_arrow.names
            wanted = [name for name in (work.field, work.id, *work.params_from.values()) if name]
            for name in wanted:
                if name not in names:
                    raise SubmissionError(f"`{path}` has no column `{name}`, but {', '.join(names)}")
            columns = list(dict.fromkeys(wanted)) if work.field else None
            total, size, number = file.metadata.num_rows, size_of(path) or 0, 0
            self._inside = _Count()
            for batch in file.iter_batches(batch_size=64, columns=columns):
                for row in batch.to_pylist():
                    number += 1
                    self._inside.done = size * number // max(total, 1)
                    place = f"{path}:{number}"
                    yield entry_of(work, place, row), place

    def _folder(self, path: str) -> Iterator[tuple[BatchEntry, str]]:
        """Yield each folder, bundle and archive in a folder."""
        for name in _members(path):
            place = os.path.join(path, name)  # noqa: PTH118
            yield BatchEntry(name, path=place), place

    def _remote(self, url: str) -> Iterator[tuple[BatchEntry, str]]:
        """Yield the bundle or archive at a URL, or each of those below it."""
        with failing(url):
            system, inner = file_system(url)
            info = system.get_file_info(inner)
            if info.type.name == "NotFound":
                raise SubmissionError(f"there is no `{url}`")
            if info.type.name != "Directory":
                yield self._object(base_name(url), url, system, inner), url
                return
            fs = arrow("fs", f"`{url}`")
            members = sorted(system.get_file_info(fs.FileSelector(inner)), key=lambda member: str(member.path))
        for member in members:
            name = base_name(member.path)
            place = f"{url.rstrip('/')}/{name}"
            if name.startswith("."):
                continue
            if member.type.name == "Directory":
                fault = "folders in object stores can't be read: pack them in archives or bundles"
                yield BatchEntry(name, fault=fault), place
            elif name.lower().endswith(_ARCHIVES):
                yield self._object(name, place, system, member.path), place

    def _object(self, name: str, url: str, system: Any, inner: str) -> BatchEntry:
        most = DEFAULT_READ_LIMITS.total_bytes
        try:
            with failing(url), system.open_input_stream(inner, compression=None) as stream:
                data = bytes(stream.read(most + 1))
        except SubmissionError as error:
            return BatchEntry(name, fault=str(error))
        return BatchEntry(name, bundle=data)

    @cached_property
    def _total(self) -> int:
        """The bytes of all inputs; 0 when they can't be told."""
        if any(path == STDIN or (not is_url(path) and Path(path).is_dir()) for path in self._inputs):
            return 0
        sizes = [size_of(path) for path in self._inputs]
        return 0 if None in sizes else sum(size or 0 for size in sizes)

    @property
    def fraction(self) -> float | None:
        """How much of the inputs has been read, from 0 to 1; None when that can't be told."""
        total = self._total
        if not total:
            return None
        try:
            inside = self._inside.tell() if self._inside is not None else 0
        except (OSError, ValueError):
            inside = 0  # closed by now
        return min((self._before + inside) / total, 1.0)


class _Count:
    """How many bytes of a table its rows so far stand for."""

    done = 0

    def tell(self) -> int:
        """Return them."""
        return self.done


def _id_decoder(id: str) -> Any:
    """Return a decoder of the field `id` of a JSON object that skips the others."""
    row = msgspec.defstruct("Row", [("id", msgspec.Raw, msgspec.field(default=msgspec.Raw(), name=id))])
    return msgspec.json.Decoder(row)


def _members(path: str) -> list[str]:
    try:
        with os.scandir(path) as result:
            names = [each.name for each in result if each.is_dir() or each.name.lower().endswith(_ARCHIVES)]
    except OSError as error:
        raise SubmissionError(f"`{path}` can't be read: {reason_of(error)}") from error
    return sorted(name for name in names if not name.startswith("."))


def number_of_members(inputs: Iterable[str]) -> int | None:
    """Return how many submissions the inputs hold where all of them are folders or single files, else None."""
    total = 0
    for path in inputs:
        if is_url(path) or path == STDIN or is_lines(path) or path.lower().endswith(".parquet"):
            return None
        total += len(_members(path)) if Path(path).is_dir() else 1
    return total
