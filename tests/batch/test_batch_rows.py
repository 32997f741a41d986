"""What `polcheck batch` writes for each submission, whatever it comes from."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from trees import write
from typed import Ran, polcheck

GOOD = {"main_py": "load(1)\n"}
BAD = {"main_py": "print(1)\n"}


def lines(path: Path, rows: Iterable[object]) -> Path:
    """A file with one JSON value a line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def judged(pack: Path, *arguments: object) -> list[dict[str, Any]]:
    """The rows that a batch writes."""
    out = pack.parent / "rows.jsonl"
    out.unlink(missing_ok=True)
    ran = polcheck("batch", *arguments, "--pack", pack, "--out", out)
    assert ran.err == ""
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()]


def brief(rows: Iterable[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Submission, requirement and outcome of each row."""
    return [(Path(row["submission"]).name, row["requirement"], row["outcome"]) for row in rows]


def test_each_submission_has_a_row_a_requirement_in_order(pack: Path) -> None:
    """A line of JSONL is named by its place, and its rows follow those of the line before."""
    rows = judged(pack, lines(pack.parent / "in.jsonl", [GOOD, BAD]))
    assert brief(rows) == [
        ("in.jsonl:1", "R1", "pass"),
        ("in.jsonl:1", "R2", "pass"),
        ("in.jsonl:2", "R1", "fail"),
        ("in.jsonl:2", "R2", "fail"),
    ]
    assert [row["verdict"] for row in rows] == ["pass", "pass", "fail", "fail"]
    assert [row["findings"] for row in rows] == [0, 0, 1, 1]


@pytest.mark.parametrize("jobs", [1, 2])
def test_many_submissions_come_in_the_order_of_the_input(pack: Path, jobs: int) -> None:
    """However many processes judge, and however large some submissions are, the order is the input's."""
    many = [{"main_py": "load(1)\n" * (20_000 if number % 50 == 0 else 1)} for number in range(600)]
    rows = judged(pack, lines(pack.parent / "in.jsonl", many), "--jobs", jobs)
    assert [int(row["submission"].rpartition(":")[2]) for row in rows[::2]] == list(range(1, 601))


def test_an_id_that_occurs_twice_is_an_error(pack: Path) -> None:
    """The second project of one id isn't checked, is named by its place, and fails the run; others are checked."""
    rows = [{"n": "a", **GOOD}, {"n": "b", **BAD}, {"n": "a", **BAD}]
    ran = polcheck("batch", lines(pack.parent / "in.jsonl", rows), "--id", "n", "--pack", pack, "--out", "-")
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert brief(found) == [
        ("a", "R1", "pass"),
        ("a", "R2", "pass"),
        ("b", "R1", "fail"),
        ("b", "R2", "fail"),
        ("in.jsonl:3", "", "undecided"),
    ]
    assert found[-1]["reason"] == "its id `a` is the id of another project before it"
    assert ran.status == 2
    assert f"error: the id `a` occurs twice: `{pack.parent / 'in.jsonl'}:3` was not checked" in ran.err


def test_a_policy_without_a_requirement_has_a_row_of_its_own(pack: Path) -> None:
    """What can fail a submission is among its rows, whether a requirement asks for it or not."""
    with (pack / "policies" / "p.yaml").open("a") as file:
        file.write('---\nid: tidy\ntitle: Tidy\nforbid: {files: "**", text: eval}\nmessage: eval\n')
    rows = judged(pack, lines(pack.parent / "in.jsonl", [{"main_py": "load(eval)\n"}]))
    assert brief(rows)[-1] == ("in.jsonl:1", "tidy", "fail")


def test_a_folder_holds_folders_bundles_and_archives(pack: Path) -> None:
    """Each member of a folder that can be a submission is one, in order of name; others are not."""
    root = pack.parent / "many"
    write(root, {"b/main.py": "load(1)\n", "c.json": json.dumps(BAD), "notes.txt": "no", ".hidden/main.py": "no"})
    with tarfile.open(root / "a.tar.gz", "w:gz") as archive:
        data = b"load(1)\n"
        member = tarfile.TarInfo("main.py")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    verdicts = {row["submission"]: row["verdict"] for row in judged(pack, root)}
    assert list(verdicts.items()) == [("a.tar.gz", "pass"), ("b", "pass"), ("c.json", "fail")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "is not JSON"),
        ("[1]", "is not an object of strings"),
        ('{"main_py": 1}', "`main_py` is a number"),
        ("{}", "holds no file"),
        ('{"../x": "a"}', "leaves the project"),
    ],
)
def test_a_line_that_is_no_submission_is_undecided(pack: Path, line: str, reason: str) -> None:
    """What can't be read has one row that says why, and the rest is judged."""
    source = pack.parent / "in.jsonl"
    source.write_text(f"{line}\n{json.dumps(GOOD)}\n")
    first, *rest = judged(pack, source)
    assert (first["outcome"], first["verdict"], first["requirement"]) == ("undecided", "none", "")
    assert reason in first["reason"]
    assert [row["verdict"] for row in rest] == ["pass", "pass"]


def test_an_archive_that_is_broken_is_undecided(pack: Path) -> None:
    """A bad member of a folder doesn't end the batch."""
    root = pack.parent / "many"
    write(root, {"a.zip": "no archive", "b/main.py": "load(1)\n"})
    rows = judged(pack, root)
    assert [(row["submission"], row["verdict"]) for row in rows] == [("a.zip", "none"), ("b", "pass"), ("b", "pass")]
    assert rows[0]["reason"]


def test_a_field_holds_the_bundle(pack: Path) -> None:
    """--field says which one, as an object or as JSON text; a row without it is undecided."""
    rows = [{"id": "x", "code": GOOD}, {"id": "y", "code": json.dumps(BAD)}, {"id": "z"}]
    found = judged(pack, lines(pack.parent / "in.jsonl", rows), "--field", "code", "--id", "id")
    verdicts = [(Path(row["submission"]).name, row["verdict"]) for row in found[::2]]
    assert verdicts == [("x", "pass"), ("y", "fail"), ("z", "none")]
    assert "there is no field `code`" in found[-1]["reason"]


def test_a_row_without_the_field_of_its_name_is_undecided(pack: Path) -> None:
    """A misspelled --id is said on each row, with the field that is meant; a name of null is one that isn't given."""
    rows = [{"id": "x", "code": GOOD}, {"id": None, "code": GOOD}]
    source = lines(pack.parent / "in.jsonl", rows)
    found = judged(pack, source, "--field", "code", "--id", "idd")
    reason = "there is no field `idd` to name the project by: did you mean `id`?"
    assert [(row["outcome"], row["reason"]) for row in found] == [("undecided", reason)] * 2
    named = judged(pack, source, "--field", "code", "--id", "id")
    assert {row["submission"] for row in named} == {"x", f"{source}:2"}


@pytest.mark.parametrize("words", [("--id", "n"), ("--field", "n"), ("--param-from", "word=n")])
def test_fields_of_inputs_without_rows_are_refused(pack: Path, words: tuple[str, ...]) -> None:
    """A folder of projects has no fields: an option that names one would have no effect."""
    write(pack.parent / "many", {"a/main.py": "load(1)\n"})
    ran = polcheck("batch", pack.parent / "many", *words, "--pack", pack, "--out", "-")
    message = f"{words[0]}: `n` is a field of rows, and the inputs have none"
    assert (ran.status, ran.err.splitlines()[0]) == (2, message)


def test_a_parameter_comes_from_a_field_of_each_row(pack: Path) -> None:
    """--param-from judges each submission by the value that its row gives."""
    rows = [{"word": word, "code": {"main_py": "save(1)\n"}} for word in ("load", "save")]
    found = judged(pack, lines(pack.parent / "in.jsonl", rows), "--field", "code", "--param-from", "word=word")
    assert [row["outcome"] for row in found if row["requirement"] == "R1"] == ["fail", "pass"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"word": "drop", "code": GOOD}, "the parameter `word` can't be `drop`"),
        ({"word": None, "code": GOOD}, "the parameter `word` is of type string"),
        ({"code": GOOD}, "there is no field `word` to take the parameter `word` from"),
    ],
)
def test_a_row_whose_parameter_is_no_good_is_undecided(pack: Path, row: object, reason: str) -> None:
    """A submission is never judged by another value than its own row's."""
    found = judged(pack, lines(pack.parent / "in.jsonl", [row]), "--field", "code", "--param-from", "word=word")
    assert [(each["outcome"], each["verdict"]) for each in found] == [("undecided", "none")]
    assert reason in found[0]["reason"]


def ran(pack: Path, source: Path, *arguments: object) -> Ran:
    """A batch over one input."""
    return polcheck("batch", source, "--pack", pack, "--out", pack.parent / "rows.jsonl", *arguments)


def test_the_table_counts_outcomes_and_verdicts(pack: Path) -> None:
    """The summary says of each requirement how often it had which outcome."""
    table = ran(pack, lines(pack.parent / "in.jsonl", [GOOD, BAD, BAD])).out.splitlines()
    assert table[0].split() == ["pass", "fail"]
    assert table[1].split() == ["b:R1", "1", "2"]
    assert table[-1] == "3 projects: 2 fail, 1 pass"


def test_the_exit_status_says_whether_all_have_a_verdict(pack: Path) -> None:
    """0 when each submission passed or failed, 2 when one could not be judged, or there was none."""
    assert ran(pack, lines(pack.parent / "a.jsonl", [GOOD, BAD])).status == 0
    (pack.parent / "rows.jsonl").unlink()
    assert ran(pack, lines(pack.parent / "b.jsonl", [GOOD, 1])).status == 2
    (pack.parent / "rows.jsonl").unlink()
    assert ran(pack, lines(pack.parent / "c.jsonl", [])).status == 2


@pytest.mark.parametrize(
    ("out", "reason"),
    [
        ("rows.csv", "--out is a .jsonl, .jsonl.gz, .jsonl.zst or .parquet file"),
        ("no/rows.jsonl", "can't be written"),
        ("d.jsonl", "can't"),
    ],
)
def test_an_output_that_can_not_be_written_is_refused(pack: Path, out: str, reason: str) -> None:
    """A bad --out is told in words, before anything is judged."""
    (pack.parent / "d.jsonl").mkdir()
    source = lines(pack.parent / "in.jsonl", [GOOD])
    found = polcheck("batch", source, "--pack", pack, "--out", pack.parent / out)
    assert found.status == 2
    assert reason in found.err


def test_an_input_that_is_not_there_is_refused(pack: Path) -> None:
    """A misspelt input is told in words, and leaves no rows in the way of the next run."""
    found = polcheck("batch", pack.parent / "nowhere.jsonl", "--pack", pack, "--out", pack.parent / "none.jsonl")
    assert found.status == 2
    assert f"there is no file or folder `{pack.parent / 'nowhere.jsonl'}`" in found.err
    assert not (pack.parent / "none.jsonl").exists()


@pytest.mark.parametrize("option", ["--out", "--summary"])
def test_no_file_is_read_and_written(pack: Path, option: str) -> None:
    """An input that would be overwritten is named, and stays as it was."""
    source = lines(pack.parent / "in.jsonl", [GOOD])
    others = () if option == "--out" else ("--out", pack.parent / "rows.jsonl")
    ran = polcheck("batch", source, "--pack", pack, *others, option, source)
    assert ran.status == 2 and f"{option} would overwrite the input" in ran.err
    assert json.loads(source.read_text("utf-8")) == GOOD


def test_the_summary_needs_a_file_of_its_own(pack: Path) -> None:
    """It would take the place of the rows."""
    source, out = lines(pack.parent / "in.jsonl", [GOOD]), pack.parent / "rows.jsonl"
    ran = polcheck("batch", source, "--pack", pack, "--out", out, "--summary", out)
    assert ran.status == 2 and "--summary would overwrite --out" in ran.err


def test_a_number_that_is_too_long_is_called_that(pack: Path) -> None:
    """In the words of users, without the name of a function of Python."""
    source = pack.parent / "in.jsonl"
    source.write_text('{"main_py": ' + "9" * 5000 + "}\n", "utf-8")
    (row,) = judged(pack, source)
    assert row["reason"] == f"the bundle `{source}:1` holds an integer of more than 4300 digits"
