"""The inputs and outputs of a batch: bundles a line, tables, folders of submissions; rows a line, or a table."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from polcheck.documents.config import Json
from polcheck.errors import PolcheckError, SubmissionError

_ARCHIVES = (".json", ".zip", ".whl", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
Item = tuple[str, str | None, str, Mapping[str, Json], str]  # name, bundle, path, columns, fault


def entries(inputs: Iterable[str], column: str, name: str) -> Iterator[Item]:
    """Every submission of the inputs, in order: (name, bundle as JSON text, path, columns, what is wrong with it).

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
        raise SubmissionError(f"`{path}` can't be read: {error.strerror}") from error


def _of_line(place: str, line: str, column: str, name: str) -> Item:
    if not column and not name:
        return place, line, "", {}, ""  # NOTE: parsed where it is judged
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return place, None, "", {}, f"not JSON: {error}"
    return _of_row(place, row, column, name)


def _of_row(place: str, row: Any, column: str, name: str) -> Item:
    if not isinstance(row, dict) or (column and column not in row):
        return place, None, "", {}, f"there is no field `{column}`"
    called = str(row[name]) if name and name in row else place
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
    """Each folder and each bundle or archive in a folder is a submission."""
    found = sorted(entry.name for entry in os.scandir(path) if entry.is_dir() or entry.name.lower().endswith(_ARCHIVES))
    for name in found:
        if not name.startswith("."):
            yield name, None, os.path.join(path, name), {}, ""  # noqa: PTH118


class Rows:
    """Rows in a file, a line each, so that a kill leaves whole submissions; turned into a table at the end if asked.

    `done` are the submissions that an earlier run has finished, with their rows' outcomes, in order.
    """

    def __init__(self, path: str, *, resume: bool) -> None:
        self._path = path
        self._lines = path + ".partial" if path.endswith(".parquet") else path
        if path.endswith(".parquet"):
            _parquet()
        self.done: list[list[dict[str, Any]]] = []
        if resume and Path(self._lines).exists():
            self._recover()
        elif not resume and Path(self._lines).exists() and Path(self._lines).stat().st_size:
            raise PolcheckError(f"`{self._lines}` is there already: give --resume to go on, or remove it")
        self._file: IO[bytes] = Path(self._lines).open("ab")  # noqa: SIM115 closed by `close`

    def _recover(self) -> None:
        """Reads what is whole; the last submission may have lost rows, so it is judged again."""
        sizes: list[int] = []
        last = None
        with Path(self._lines).open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                row = json.loads(line)
                if row["submission"] != last:
                    last = row["submission"]
                    self.done.append([])
                    sizes.append(0)
                self.done[-1].append(row)
                sizes[-1] += len(line)
        if self.done:
            self.done.pop()
            sizes.pop()
        os.truncate(self._lines, sum(sizes))

    def add(self, rows: Iterable[Mapping[str, Json]]) -> None:
        """Writes the rows of one submission."""
        text = "".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows)
        self._file.write(text.encode())

    def close(self) -> None:
        """Finishes the file. Raises PolcheckError when it can't be written."""
        self._file.close()
        if self._lines != self._path:
            _to_parquet(self._lines, self._path)


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
