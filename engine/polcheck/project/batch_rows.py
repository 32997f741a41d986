"""The rows that a batch writes: whole or resumable, as JSON lines or Parquet, to a file, a pipe or an object store."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import IO, Any, TextIO

from polcheck.base.errors import PolcheckError
from polcheck.base.safe_open import reason_of
from polcheck.formats.values import Json
from polcheck.project.batch import COLUMNS, BatchEntry, arrow_schema
from polcheck.project.batch_files import arrow, base_name, file_system, is_url, write_whole
from polcheck.project.batch_inputs import is_lines

STDOUT = "-"
_PARTIAL = ".partial"
_TABLE_ROWS = 50_000  # of one row group


def is_output(path: str) -> bool:
    """Return whether rows can be written to a file of this name."""
    return path == STDOUT or is_lines(path) or path.lower().endswith(".parquet")


class RowsOutput:
    """Rows on standard output, or in a file that appears when it is whole.

    Until then they lie beside it in `….partial`, a line each, so that a kill leaves whole submissions and `resume` can
    go on. `done` is the number of submissions that an earlier run has finished.
    """

    def __init__(self, path: str, rows: str, *, resume: bool, stdout: TextIO | None = None) -> None:
        """Prepare the output of such rows. Raises PolcheckError when it can't be written, or an earlier run's rows
        would be lost.
        """
        self.done = 0
        self._path = path
        self._kind = rows
        self._stdout = stdout if path == STDOUT else None
        self._partial = (base_name(path) if is_url(path) else path) + _PARTIAL
        if path.lower().endswith(".parquet"):
            arrow("parquet", "Parquet")
        if path.endswith(".zst"):
            arrow("lib", "Zstandard")
        if path == STDOUT:
            return
        self._check(resume)

    def _check(self, resume: bool) -> None:
        partial, path = Path(self._partial), self._path
        there = self._is_there()
        if partial.exists():
            if not resume and partial.stat().st_size:
                raise PolcheckError(f"`{partial}` is there already: give --resume to go on, or remove it")
            return
        if not there:
            return
        if not resume:
            raise PolcheckError(f"`{path}` is there already: give --resume to go on, or remove it")
        if is_url(path) or not path.lower().endswith((".jsonl", ".ndjson")):
            raise PolcheckError(f"`{path}` is finished: there is nothing to go on with")

    def _is_there(self) -> bool:
        if not is_url(self._path):
            return Path(self._path).is_file() and Path(self._path).stat().st_size > 0
        try:
            system, inner = file_system(self._path)
            return bool(system.get_file_info(inner).type.name == "File")
        except (OSError, ValueError) as error:
            raise PolcheckError(f"`{self._path}` can't be written: {error}") from error

    def open(self, resume: bool, entries: Iterator[BatchEntry], seen: Callable[[list[dict[str, Any]]], None]) -> None:
        """Open the file; with `resume`, take what is finished from `entries` and give its rows to `seen`.

        Raises PolcheckError when the file can't be opened, or isn't an earlier run's over the same inputs.
        """
        if self._stdout is not None:
            return
        try:
            source = next((path for path in (self._partial, self._path) if Path(path).is_file()), None)
            if resume and source is not None:
                keep = self._finished(source, entries, seen)
                if source != self._partial:
                    Path(source).rename(self._partial)
                os.truncate(self._partial, keep)
            self._file: IO[bytes] = Path(self._partial).open("ab")  # noqa: SIM115 closed by `close`
        except OSError as error:
            raise PolcheckError(f"`{self._partial}` can't be written: {reason_of(error)}") from error

    def _finished(
        self, source: str, entries: Iterator[BatchEntry], seen: Callable[[list[dict[str, Any]]], None]
    ) -> int:
        """Read what is whole and return its length; the last submission may have lost rows and is checked again."""
        group: list[dict[str, Any]] = []
        keep = size = 0
        with Path(source).open("rb") as file:
            for line in file:
                row = self._row(line, source) if line.endswith(b"\n") else None
                if row is None:
                    break
                if group and row["submission"] != group[0]["submission"]:
                    self._same(group[0]["submission"], entries, source)
                    seen(group)
                    self.done += 1
                    keep += size
                    group, size = [], 0
                group.append(row)
                size += len(line)
        return keep

    def _same(self, name: str, entries: Iterator[BatchEntry], source: str) -> None:
        entry = next(entries, None)
        if entry is None or entry.name.encode("utf-8", "backslashreplace") != name.encode("utf-8", "backslashreplace"):
            found = "nothing" if entry is None else f"`{entry.name}`"
            text = f"`{source}` was written from other inputs: it has `{name}` where they have {found}"
            raise PolcheckError(f"{text}\nhelp: give the same inputs and options, or remove it")

    def _row(self, line: bytes, source: str) -> dict[str, Any] | None:
        """Return a row of an earlier run; None for a line that the kill has torn. Raises PolcheckError for any
        other.
        """
        try:
            row = json.loads(line)
        except ValueError:
            if not line.strip(b"\0\n"):
                return None  # NOTE: a machine that went down can leave zeros where data was due
            row = None
        if not isinstance(row, dict) or not {"submission", "verdict", "outcome"} <= row.keys():
            raise PolcheckError(f"`{source}` was not written by `polcheck batch`: it can't be gone on with")
        if row.keys() != COLUMNS[self._kind].keys():
            raise PolcheckError(f"`{source}` was written with another --rows: it can't be gone on with")
        return row

    def add(self, rows: Iterable[Mapping[str, Json]]) -> None:
        """Write the rows of one submission. Raises PolcheckError when they can't be."""
        text = "".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows)
        if self._stdout is not None:
            self._stdout.write(text)
            self._stdout.flush()
            return
        try:
            self._file.write(text.encode())
        except OSError as error:
            raise PolcheckError(f"`{self._partial}` can't be written: {reason_of(error)}") from error

    def close(self, *, finished: bool) -> None:
        """Close the file; what is finished gets its name and form. Raises PolcheckError when it can't be written."""
        if self._stdout is not None:
            return
        try:
            self._file.close()
            if finished and self._path.lower().endswith(".parquet"):
                table = f"{self._partial}.table"
                _to_parquet(self._partial, table, self._kind)
                write_whole(table, self._path)
                Path(self._partial).unlink()
            elif finished:
                write_whole(self._partial, self._path)
        except OSError as error:
            raise PolcheckError(f"`{self._path}` can't be written: {reason_of(error)}") from error


def _to_parquet(lines: str, path: str, kind: str) -> None:
    """Write the rows in a file of lines as a table."""
    parquet, table = arrow("parquet", "Parquet"), arrow("lib", "Parquet").Table
    schema = arrow_schema(kind)
    with parquet.ParquetWriter(path, schema) as writer, Path(lines).open("rb") as file:
        while rows := [json.loads(line) for line in islice(file, _TABLE_ROWS)]:
            writer.write_table(table.from_pylist(rows, schema))
