"""Where a batch reads from and writes to: pipes, compressed files, object stores; by shards, and in numbers."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest

from polcheck.project.batch_files import write_whole
from trees import write
from typed import Ran, polcheck

pyarrow: Any = pytest.importorskip("pyarrow", reason="compressed and remote files need the extra `parquet`")

ROWS = [{"id": f"s{number}", "code": {"main_py": f"load({number})\n"}} for number in range(40)]
TEXT = "".join(json.dumps(row) + "\n" for row in ROWS)


def zstd(text: str) -> bytes:
    """The text in two frames of Zstandard."""
    data, half = text.encode(), len(text) // 2
    frames = [pyarrow.compress(part, codec="zstd", asbytes=True) for part in (data[:half], data[half:])]
    return b"".join(frames)


def batch(pack: Path, *words: object, stdin: str = "") -> Ran:
    """A batch over rows with a field `code`."""
    return polcheck("batch", *words, "--field", "code", "--id", "id", "--pack", pack, stdin=stdin)


def expected(pack: Path) -> str:
    """The rows of the whole input."""
    source = pack.parent / "whole.jsonl"
    source.write_text(TEXT)
    ran = batch(pack, source, "--out", "-", "-q")
    assert (ran.status, ran.err) == (0, "")
    return ran.out


INPUTS = {
    "in.jsonl": TEXT.encode(),
    "in.jsonl.gz": gzip.compress(TEXT[:900].encode()) + gzip.compress(TEXT[900:].encode()),
    "in.ndjson.zst": zstd(TEXT),
    "named-wrongly.jsonl": gzip.compress(TEXT.encode()),
}


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("place", ["path", "URL"])
def test_lines_are_read_from_all_kinds_of_files(pack: Path, name: str, place: str) -> None:
    """Compressed in parts, in a file or an object store."""
    path = pack.parent / name
    path.write_bytes(INPUTS[name])
    assert batch(pack, path if place == "path" else path.as_uri(), "--out", "-", "-q").out == expected(pack)


def test_lines_are_read_from_standard_input(pack: Path) -> None:
    """A project without a name is named by its place there."""
    assert batch(pack, "-", "--out", "-", "-q", stdin=TEXT).out == expected(pack)
    ran = polcheck("batch", "-", "--pack", pack, "--out", "-", "-q", stdin='\n{"main_py": "load(1)"}\n')
    assert json.loads(ran.out.splitlines()[0])["submission"] == "stdin:2"


@pytest.mark.parametrize("name", ["in.jsonl.gz", "in.jsonl.zst"])
def test_a_file_that_is_cut_off_has_no_whole_output(pack: Path, name: str) -> None:
    """What came before is checked and can be gone on from; the rest is not passed over in silence."""
    path, out = pack.parent / name, pack.parent / "out.jsonl"
    whole = gzip.compress(TEXT.encode()) if name.endswith(".gz") else zstd(TEXT)
    path.write_bytes(whole[:-40])
    ran = batch(pack, path, "--out", out)
    assert (ran.status, out.exists()) == (2, False)
    assert f"`{path}` can't be read" in ran.err
    path.write_bytes(whole)
    assert batch(pack, path, "--out", out, "--resume").status == 0
    assert out.read_text() == expected(pack)


@pytest.mark.parametrize("data", [b"\x1f\x8bno gzip at all", b"\x28\xb5\x2f\xfdno Zstandard at all"])
def test_a_file_that_is_no_compressed_one_is_refused(pack: Path, data: bytes) -> None:
    path = pack.parent / "in.jsonl.gz"
    path.write_bytes(data)
    ran = batch(pack, path, "--out", "-", "-q")
    assert (ran.status, ran.out) == (2, "")
    assert f"`{path}` can't be read" in ran.err


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst", "out.parquet"])
@pytest.mark.parametrize("place", ["path", "URL"])
def test_rows_are_written_to_all_kinds_of_files(
    pack: Path, name: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left beside them."""
    (pack.parent / "store").mkdir()
    monkeypatch.chdir(pack.parent)
    text = expected(pack)
    out = pack.parent / "store" / name
    before = {path.name for path in pack.parent.iterdir()}
    assert batch(pack, "whole.jsonl", "--out", out if place == "path" else out.as_uri(), "-q").status == 0
    data = out.read_bytes()
    if name.endswith(".parquet"):
        from pyarrow import parquet

        rows = parquet.read_table(io.BytesIO(data)).to_pylist()
        assert rows == [json.loads(line) for line in text.splitlines()]
    else:
        stream = pyarrow.input_stream(
            io.BytesIO(data), compression={"gz": "gzip", "zst": "zstd"}.get(name.rpartition(".")[2])
        )
        assert stream.read().decode() == text
    assert [path.name for path in out.parent.iterdir()] == [name]
    assert {path.name for path in pack.parent.iterdir()} == before


def test_a_store_that_only_fsspec_knows(pack: Path) -> None:
    """As `memory://`; the rows of a run that is stopped lie in the working directory."""
    fsspec: Any = pytest.importorskip("fsspec", reason="not installed: extra `clusters`")
    with fsspec.open("memory://bucket/in.jsonl", "wb") as file:
        file.write(TEXT.encode())
    assert batch(pack, "memory://bucket/in.jsonl", "--out", "memory://bucket/out.jsonl").status == 0
    with fsspec.open("memory://bucket/out.jsonl", "rb") as file:
        assert file.read().decode().replace("memory://bucket/in", "whole") == expected(pack)


def test_a_prefix_of_a_store_holds_bundles_and_archives(pack: Path) -> None:
    """A folder in it is undecided: it is not left out in silence."""
    write(pack.parent / "many", {"a.json": '{"main_py": "load(1)"}', "b/main.py": "load(1)", "notes.txt": ""})
    ran = polcheck("batch", (pack.parent / "many").as_uri(), "--pack", pack, "--out", "-", "-q")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert [(row["submission"], row["verdict"]) for row in rows] == [
        ("a.json", "pass"),
        ("a.json", "pass"),
        ("b", "none"),
    ]
    assert "pack them in archives or bundles" in rows[-1]["reason"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("s3x://bucket/in.jsonl", "--out", "-"), "`s3x://bucket/in.jsonl` can't be read"),
        (("file:///no/such.jsonl", "--out", "-"), "`file:///no/such.jsonl` can't be read"),
        (("-", "--out", "-", "--resume"), "--out - is standard output"),
        (("-", "--out", "-", "--summary", "-"), "can't both be standard output"),
        (("-", "-", "--out", "-"), "the input `-` is given twice"),
        (("-", "--out", "-", "--shard", "4/3"), "`4/3` is not I/N"),
        (("-", "--out", "-", "--shard", "0/3"), "`0/3` is not I/N"),
        (("-", "--out", "-", "--select", "nothing"), "no pack of the run has `nothing`"),
        (("-", "--out", "-", "--param-from", "wrd=id"), "no pack has the parameter `wrd`"),
    ],
)
def test_what_can_not_be_used_is_refused(pack: Path, words: tuple[str, ...], reason: str) -> None:
    """In words, before anything is written."""
    ran = batch(pack, *words)
    assert (ran.status, ran.out) == (2, "")
    assert reason in ran.err


@pytest.mark.parametrize("of", [1, 3, 50])
def test_all_shards_together_are_the_whole(pack: Path, of: int) -> None:
    """Also where an id occurs twice, in two shards, and where a row has no id or can't be read."""
    lines = [*TEXT.splitlines(), "{", json.dumps({**ROWS[3], "id": "s7"}), json.dumps({**ROWS[3], "id": None})]
    source = pack.parent / "in.jsonl"
    source.write_text("".join(f"{line}\n" for line in lines))
    whole = batch(pack, source, "--out", "-", "-q").out.splitlines()
    shards = [
        batch(pack, source, "--out", "-", "-q", "--shard", f"{n}/{of}").out.splitlines() for n in range(1, of + 1)
    ]
    assert sorted(row for shard in shards for row in shard) == sorted(whole)
    assert len(whole) == 2 * 41 + 2


def test_the_numbers_of_a_run(pack: Path) -> None:
    """As JSON, in a file or on standard output."""
    source, file = pack.parent / "in.jsonl", pack.parent / "numbers.json"
    source.write_text('{"main_py": "load(1)"}\n{"main_py": "print(1)"}\n{\n')
    words = ("batch", source, "--pack", pack, "--out", pack.parent / "out.jsonl")
    polcheck(*words, "--summary", file)
    numbers = json.loads(file.read_text())
    assert numbers.pop("seconds") >= 0 and numbers.pop("polcheck")
    assert numbers == {
        "rows": "requirements",
        "resumed": 0,
        "projects": 3,
        "verdicts": {"pass": 1, "fail": 1, "none": 1},
        "outcomes": {
            "b:R1": {"pass": 1, "fail": 1},
            "b:R2": {"pass": 1, "fail": 1},
            "(not checked)": {"undecided": 1},
        },
    }
    again = json.loads(polcheck(*words, "--resume", "--summary", "-").out)
    assert (again["resumed"], again["verdicts"]) == (2, numbers["verdicts"])


def test_rows_of_another_kind_are_not_gone_on_with(pack: Path) -> None:
    """A file has one set of columns."""
    source, out = pack.parent / "in.jsonl", pack.parent / "out.jsonl"
    source.write_text(TEXT)
    batch(pack, source, "--out", out)
    ran = batch(pack, source, "--out", out, "--rows", "findings", "--resume")
    assert (ran.status, "was written with another --rows" in ran.err) == (2, True)


def test_a_target_that_can_not_be_written_keeps_the_rows(tmp_path: Path) -> None:
    """What is finished stays where it is."""
    (tmp_path / "rows").write_text("rows")
    with pytest.raises(Exception, match="can't be written"):
        write_whole(str(tmp_path / "rows"), str(tmp_path / "no" / "rows.jsonl.gz"))
    assert (tmp_path / "rows").read_text() == "rows"
