"""The inputs and outputs of a batch: bundles in JSON lines or Parquet, folders of projects; rows."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from polcheck.base.errors import PolcheckError, SubmissionError
from polcheck.base.safe_open import reason_of
from polcheck.formats.values import Json
from polcheck.sources.bundle import parse_json

_ARCHIVES = (".json", ".zip", ".whl", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
Item = tuple[str, str | None, str, Mapping[str, Json], str]  # name, bundle, path, columns, fault


def entries(inputs: Iterable[str], column: str, name: str) -> Iterator[Item]:
    """Yield every submission of the inputs, in order: (name, bundle as JSON text, path, columns, what is wrong with
    it).

    `column` names the field that holds the bundle (empty: the object itself is one), `name` the one that holds its
    name. Raises SubmissionError for an input that is none.
    """
    for path in inputs:
        if path.endswith((".jsonl", ".ndjson")):
            yield from _lines(path, column, name)
        elif path.endswith(".parquet"):
            yield from _table(path, column, name)
        elif Path(path).is_dir():
            yield from _folder(path)
        elif Path(path).exists():
            yield path, None, path, {}, ""
        else:
            raise SubmissionError(f"there is no file or folder `{path}`")


def _lines(path: str, column: str, name: str) -> Iterator[Item]:
    try:
        with Path(path).open("r", encoding="utf-8", errors="surrogateescape") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _of_line(f"{path}:{number}", line, column, name)
    except OSError as error:
        raise SubmissionError(f"`{path}` can't be read: {reason_of(error)}") from error


def _of_line(place: str, line: str, column: str, name: str) -> Item:
    if not column and not name:
        return place, line, "", {}, ""  # NOTE: parsed where it is judged
    try:
        row = parse_json(line, place)
    except SubmissionError as error:
        return place, None, "", {}, str(error)
    return _of_row(place, row, column, name)


def _of_row(place: str, row: Any, column: str, name: str) -> Item:
    if not isinstance(row, dict) or (column and column not in row):
        return place, None, "", {}, f"there is no field `{column}`"
    called = str(row[name]) if name and row.get(name) is not None else place
    bundle = row[column] if column else {key: value for key, value in row.items() if key != name}
    text = bundle if isinstance(bundle, str) else json.dumps(bundle)
    return called, text, "", {key: value for key, value in row.items() if key != column}, ""


def _table(path: str, column: str, name: str) -> Iterator[Item]:
    parquet = _parquet()
    try:
        file = parquet.ParquetFile(path)
    except (OSError, ValueError) as error:
        raise SubmissionError(f"`{path}` can't be read: {error}") from error
    number = 0
    for batch in file.iter_batches(batch_size=256):
        for row in batch.to_pylist():
            number += 1
            yield _of_row(f"{path}:{number}", row, column, name)


def _folder(path: str) -> Iterator[Item]:
    """Yield each folder, bundle and archive in a folder as a submission."""
    for name in _members(path):
        yield name, None, os.path.join(path, name), {}, ""  # noqa: PTH118


def _members(path: str) -> list[str]:
    try:
        with os.scandir(path) as result:
            names = [each.name for each in result if each.is_dir() or each.name.lower().endswith(_ARCHIVES)]
    except OSError as error:
        raise SubmissionError(f"`{path}` can't be read: {reason_of(error)}") from error
    return sorted(name for name in names if not name.startswith("."))


def number_of(inputs: Iterable[str]) -> int | None:
    """About how many submissions the inputs hold; None when that can't be told."""
    total = 0
    try:
        for path in inputs:
            if path.endswith((".jsonl", ".ndjson")):
                with Path(path).open("rb") as file:
                    while block := file.read(1 << 20):
                        total += block.count(b"\n")
            elif path.endswith(".parquet"):
                total += int(_parquet().ParquetFile(path).metadata.num_rows)
            else:
                total += len(_members(path)) if Path(path).is_dir() else 1
    except (OSError, ValueError, PolcheckError):
        return None
    return total


class Rows:
    """Rows in a file, a line each, so that a kill leaves whole submissions; turned into a table at the end if asked.

    `done` is the number of submissions that an earlier run has finished; `seen` is given the rows of each, in order.
    """

    def __init__(self, path: str, *, resume: bool, seen: Callable[[list[dict[str, Any]]], None]) -> None:
        """Opens the file. Raises PolcheckError when it can't be, or would lose what an earlier run has written."""
        self._path = path
        self._lines = path + ".partial" if path.endswith(".parquet") else path
        if path.endswith(".parquet"):
            _parquet()
        self.done = 0
        self._check(resume)
        try:
            if resume and Path(self._lines).exists():
                self._recover(seen)
            self._file: IO[bytes] = Path(self._lines).open("ab")  # noqa: SIM115 closed by `close`
        except OSError as error:
            raise PolcheckError(f"`{self._lines}` can't be written: {reason_of(error)}") from error

    def _check(self, resume: bool) -> None:
        table = self._lines != self._path and Path(self._path).exists()
        if table and resume and not Path(self._lines).exists():
            raise PolcheckError(f"`{self._path}` is finished: there is nothing to go on with")
        for path in (self._lines, self._path):
            if not resume and Path(path).is_file() and Path(path).stat().st_size:
                raise PolcheckError(f"`{path}` is there already: give --resume to go on, or remove it")

    def _recover(self, seen: Callable[[list[dict[str, Any]]], None]) -> None:
        """Reads what is whole; the last submission may have lost rows, so it is judged again."""
        group: list[dict[str, Any]] = []
        keep = size = 0
        with Path(self._lines).open("rb") as file:
            for line in file:
                row = self._row(line) if line.endswith(b"\n") else None
                if row is None:
                    break
                if group and _begins(row, group):
                    seen(group)
                    self.done += 1
                    keep += size
                    group, size = [], 0
                group.append(row)
                size += len(line)
        os.truncate(self._lines, keep)

    def _row(self, line: bytes) -> dict[str, Any] | None:
        """Return a row of an earlier run; None for a line that the kill has torn. Raises PolcheckError for any
        other.
        """
        try:
            row = json.loads(line)
        except ValueError:
            if not line.strip(b"\0\n"):
                return None  # NOTE: a machine that went down can leave zeros where data was due
            row = None
        if not isinstance(row, dict) or not {"submission", "verdict", "pack", "requirement", "outcome"} <= row.keys():
            raise PolcheckError(f"`{self._lines}` was not written by `polcheck batch`: it can't be gone on with")
        return row

    def add(self, rows: Iterable[Mapping[str, Json]]) -> None:
        """Writes the rows of one submission. Raises PolcheckError when they can't be."""
        text = "".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows)
        try:
            self._file.write(text.encode())
        except OSError as error:
            raise PolcheckError(f"`{self._lines}` can't be written: {reason_of(error)}") from error

    def close(self, *, finished: bool) -> None:
        """Closes the file; what is finished becomes a table if asked. Raises PolcheckError when it can't be written."""
        try:
            self._file.close()
            if finished and self._lines != self._path:
                _to_parquet(self._lines, self._path)
        except OSError as error:
            raise PolcheckError(f"`{self._path}` can't be written: {reason_of(error)}") from error


def _begins(row: Mapping[str, Any], group: list[dict[str, Any]]) -> bool:
    """Return whether a row belongs to another submission: another name, or a requirement that the group has already."""
    key = (row["pack"], row["requirement"])
    return row["submission"] != group[0]["submission"] or any(
        (other["pack"], other["requirement"]) == key for other in group
    )


def _to_parquet(lines: str, path: str) -> None:
    import pyarrow

    parquet = _parquet()
    fields = [(name, pyarrow.string()) for name in ("submission", "digest", "verdict", "pack", "requirement")]
    fields += [("outcome", pyarrow.string()), ("findings", pyarrow.int64()), ("reason", pyarrow.string())]
    schema = pyarrow.schema(fields)
    temporary = path + ".new"
    with parquet.ParquetWriter(temporary, schema) as writer, Path(lines).open("rb") as file:
        rows: list[dict[str, Any]] = []
        for line in file:
            rows.append(json.loads(line))
            if len(rows) == 50_000:
                writer.write_table(pyarrow.Table.from_pylist(rows, schema))
                rows = []
        writer.write_table(pyarrow.Table.from_pylist(rows, schema))
    Path(temporary).replace(path)
    Path(lines).unlink()


def _parquet() -> Any:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise PolcheckError("Parquet needs pyarrow: pip install 'polcheck[parquet]'") from error
    return pyarrow.parquet
