"""Tables in and out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from typed import polcheck

pyarrow = pytest.importorskip("pyarrow", reason="Parquet needs the extra `parquet`")


def table(path: Path, rows: list[dict[str, Any]]) -> Path:
    """A Parquet file of these rows."""
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    return path


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The rows of a Parquet file."""
    from pyarrow import parquet

    found: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    return found


def test_a_table_gives_what_lines_give(pack: Path) -> None:
    """The same submissions have the same rows, from JSONL to JSONL and from Parquet to Parquet."""
    rows = [
        {"id": "a", "word": "load", "code": json.dumps({"main_py": "load(1)\n"})},
        {"id": "b", "word": "save", "code": json.dumps({"main_py": "load(1)\n"})},
        {"id": "c", "word": "load", "code": "no JSON"},
    ]
    source = table(pack.parent / "in.parquet", rows)
    plain = pack.parent / "in.jsonl"
    plain.write_text("".join(json.dumps(row) + "\n" for row in rows))
    fields = ("--field", "code", "--id", "id", "--param-from", "word=word", "--pack", pack)
    polcheck("batch", source, *fields, "--out", pack.parent / "out.parquet")
    polcheck("batch", plain, *fields, "--out", pack.parent / "out.jsonl")
    lines = [json.loads(line) for line in (pack.parent / "out.jsonl").read_text().splitlines()]
    assert rows_of(pack.parent / "out.parquet") == lines
    assert [row["verdict"] for row in lines] == ["pass", "pass", "fail", "fail", "none"]
    assert not (pack.parent / "out.parquet.partial").exists()


def test_a_finished_table_is_not_lost(pack: Path) -> None:
    """A table that is there is neither written over nor gone on with."""
    source = table(pack.parent / "in.parquet", [{"main_py": "load(1)\n"}])
    out = pack.parent / "out.parquet"
    assert polcheck("batch", source, "--pack", pack, "--out", out).status == 0
    before = out.read_bytes()
    assert "is there already" in polcheck("batch", source, "--pack", pack, "--out", out).err
    assert "is finished" in polcheck("batch", source, "--pack", pack, "--out", out, "--resume").err
    assert out.read_bytes() == before


def test_a_table_that_was_stopped_goes_on(pack: Path) -> None:
    """The rows of a run that was stopped are kept beside the table, and become part of it."""
    source = table(pack.parent / "in.parquet", [{"id": f"{n}", "main_py": "load(1)\n"} for n in range(5)])
    out = pack.parent / "out.parquet"
    lines = pack.parent / "out.jsonl"
    for path in (out, lines):
        polcheck("batch", source, "--id", "id", "--pack", pack, "--out", path)
    whole = rows_of(out)
    out.unlink()
    (pack.parent / "out.parquet.partial").write_bytes(lines.read_bytes()[:1000])
    polcheck("batch", source, "--id", "id", "--pack", pack, "--out", out, "--resume")
    assert rows_of(out) == whole


def test_a_table_that_is_none_is_refused(pack: Path) -> None:
    """A file that only has the name of a table is told in words."""
    source = pack.parent / "in.parquet"
    source.write_text("no table")
    ran = polcheck("batch", source, "--pack", pack, "--out", pack.parent / "out.jsonl")
    assert ran.status == 2
    assert "in.parquet` can't be read" in ran.err
