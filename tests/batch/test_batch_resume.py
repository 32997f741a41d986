"""A batch that was stopped goes on where it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from typed import Ran, polcheck


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Thirty submissions, of which two beside each other have no name."""
    path = tmp_path / "in.jsonl"
    names = [None if number in (10, 11) else f"s{number}" for number in range(30)]
    path.write_text("".join(json.dumps({"n": name, "main_py": "load(1)\n"}) + "\n" for name in names))
    return path


def batch(pack: Path, source: Path, *arguments: object) -> Ran:
    """A batch into rows.jsonl."""
    return polcheck("batch", source, "--id", "n", "--pack", pack, "--out", out(pack), *arguments)


def out(pack: Path) -> Path:
    """Where the rows go."""
    return pack.parent / "rows.jsonl"


@pytest.mark.parametrize("cut", ["in a line", "between lines", "after a submission", "after one unnamed", "at 0"])
def test_what_was_cut_off_is_judged_again(pack: Path, source: Path, cut: str) -> None:
    """Wherever a kill has left the file, the rows are in the end those of a run that was never stopped."""
    assert batch(pack, source).status == 0
    whole = out(pack).read_bytes()
    rows = whole.splitlines(keepends=True)
    ends = {
        "in a line": len(b"".join(rows[:7])) + 30,
        "between lines": len(b"".join(rows[:7])),
        "after a submission": len(b"".join(rows[:8])),
        "after one unnamed": len(b"".join(rows[:22])),
        "at 0": 0,
    }
    out(pack).write_bytes(whole[: ends[cut]])
    again = batch(pack, source, "--resume")
    assert out(pack).read_bytes() == whole
    assert again.out.splitlines()[-1] == "30 projects: 30 pass"


def test_zeros_at_the_end_are_no_rows(pack: Path, source: Path) -> None:
    """What a machine that went down leaves at a file's end is dropped."""
    batch(pack, source)
    whole = out(pack).read_bytes()
    half = whole[: whole.rindex(b"\n", 0, len(whole) // 2) + 1]
    out(pack).write_bytes(half + b"\0" * 512 + b"\n")
    batch(pack, source, "--resume")
    assert out(pack).read_bytes() == whole


def test_only_what_is_left_is_judged(pack: Path, source: Path) -> None:
    """Submissions that were finished keep the rows they have."""
    batch(pack, source)
    kept = out(pack).read_bytes().replace(b'"verdict": "pass"', b'"verdict": "mark"', 1)
    out(pack).write_bytes(kept[: len(kept) // 2])
    batch(pack, source, "--resume")
    assert out(pack).read_bytes() == kept


def test_rows_that_are_there_are_not_added_to_by_accident(pack: Path, source: Path) -> None:
    """Without --resume a file that holds rows is left alone."""
    batch(pack, source)
    before = out(pack).read_bytes()
    again = batch(pack, source)
    assert again.status == 2
    assert "give --resume to go on" in again.err
    assert out(pack).read_bytes() == before


@pytest.mark.parametrize("text", ['{"a": 1}\n{"a": 2}\n', "hello\nworld\n", "[1]\n[2]\n"])
def test_a_file_of_others_is_not_gone_on_with(pack: Path, source: Path, text: str) -> None:
    """A file that no batch has written stays as it is."""
    out(pack).write_text(text)
    again = batch(pack, source, "--resume")
    assert again.status == 2
    assert "was not written by `polcheck batch`" in again.err
    assert out(pack).read_text() == text


def test_rows_of_other_inputs_are_not_gone_on_with(pack: Path, source: Path) -> None:
    """Rows that belong to other submissions than the inputs have are left alone."""
    batch(pack, source)
    before = out(pack).read_bytes()
    source.write_text(source.read_text().replace('"s3"', '"other"'))
    again = batch(pack, source, "--resume")
    assert again.status == 2
    assert "was written from other inputs: it has `s3` where they have `other`" in again.err
    assert out(pack).read_bytes() == before


def test_a_file_appears_when_it_is_whole(pack: Path, source: Path) -> None:
    """What is not finished lies beside it, and --resume makes it the file."""
    batch(pack, source)
    whole = out(pack).read_bytes()
    out(pack).unlink()
    partial = out(pack).with_name("rows.jsonl.partial")
    partial.write_bytes(whole[:1000])
    assert "`--resume`" not in batch(pack, source).err
    assert not out(pack).exists()
    assert batch(pack, source, "--resume").status == 0
    assert (out(pack).read_bytes(), partial.exists()) == (whole, False)
