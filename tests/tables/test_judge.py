"""`polcheck.tables.Judge`: a table of projects in, a table of outcomes out, whatever the projects are."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from pack_files import ROOT
from polcheck import tables
from polcheck.base.errors import ConfigError, PolcheckError, PolicyError, SubmissionError
from polcheck.tables import Judge
from tables.hanging import Faulty

pa: Any = pytest.importorskip("pyarrow", reason="tables need the extra `parquet`")

GOOD, BAD = {"main.py": "x = 1\n"}, {"main.py": "x = 1\nprint(x)\n"}


def table(*projects: object, **columns: list[Any]) -> Any:
    """A table of projects, of which all but strings, bytes and null are turned into JSON."""
    texts = [one if one is None or isinstance(one, str | bytes) else json.dumps(one) for one in projects]
    return pa.table({"id": [f"s{number}" for number in range(len(texts))], "files": texts, **columns})


def verdicts(outcome: Any) -> dict[str, str]:
    """The verdict of each project."""
    return {row["submission"]: row["verdict"] for row in outcome.to_pylist()}


def judge(pack: Path, **settings: Any) -> Judge:
    """A judge of the column `files`."""
    return Judge(pack, field="files", id="id", **settings)


def test_each_project_has_a_row_a_requirement(pack: Path) -> None:
    """In their order, with the columns of the schema."""
    one = judge(pack)
    outcome = one(table(GOOD, BAD))
    assert outcome.schema == one.schema
    found = [(row["submission"], row["requirement"], row["outcome"], row["findings"]) for row in outcome.to_pylist()]
    assert found == [
        ("s0", "R1", "pass", 0),
        ("s0", "word", "pass", 0),
        ("s1", "R1", "fail", 1),
        ("s1", "word", "pass", 0),
    ]


def test_rows_of_policies(pack: Path) -> None:
    """One a policy, with its requirement and severity."""
    rows = judge(pack, rows="policies")(table(BAD)).to_pylist()
    found = [(row["requirement"], row["policy"], row["severity"], row["outcome"], row["findings"]) for row in rows]
    assert found == [("R1", "print", "error", "fail", 1), ("", "word", "error", "pass", 0)]


def test_rows_of_findings(pack: Path) -> None:
    """One a finding with its place, one for a project without any, one for what is undecided."""
    rows = judge(pack, rows="findings")(table(BAD, GOOD, None)).to_pylist()
    places = [
        (row["submission"], row["policy"], row["outcome"], row["path"], row["line"], row["column"]) for row in rows
    ]
    assert places == [
        ("s0", "print", "fail", "main.py", 2, 1),
        ("s1", "", "pass", "", 0, 0),
        ("s2", "", "undecided", "", 0, 0),
    ]
    assert (rows[0]["end_line"], rows[0]["end_column"], rows[0]["message"]) == (2, 9, "`main.py` prints")
    assert rows[0]["fingerprint"] and rows[0]["remedy"] == "Log it"


def test_a_policy_that_is_undecided_has_a_row_among_findings(pack: Path) -> None:
    """What could not be searched is not left out where only findings have rows."""
    rows = judge(pack, rows="findings")(table({"main.py": "x = 1\n", "b.py": "\0" * 9})).to_pylist()
    found = {(row["policy"], row["outcome"]): row["reason"] for row in rows}
    assert "b.py" in found["print", "undecided"]


KINDS = {
    "text": [json.dumps(GOOD), json.dumps(BAD)],
    "bytes of a bundle": [json.dumps(GOOD).encode(), json.dumps(BAD).encode()],
    "a struct": [GOOD, BAD],
    "a map": "map",
    "an archive": "zip",
}


def column(kind: str) -> Any:
    """The two projects, good and bad, as one kind of column."""
    given = KINDS[kind]
    if given == "map":
        return pa.array([list(GOOD.items()), list(BAD.items())], pa.map_(pa.string(), pa.string()))
    if given == "zip":
        return [_zipped(GOOD), _zipped(BAD)]
    return given


def _zipped(files: dict[str, str]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return data.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_a_project_comes_in_many_kinds_of_columns(pack: Path, kind: str) -> None:
    """The same files have the same verdict."""
    projects = pa.table({"id": ["good", "bad"], "files": column(kind)})
    assert verdicts(judge(pack)(projects)) == {"good": "pass", "bad": "fail"}


def test_each_column_is_a_file_without_a_field(pack: Path) -> None:
    """All but the one of names."""
    assert verdicts(Judge(pack, id="id")(pa.table({"id": ["a"], "main.py": ["print(1)\n"]}))) == {"a": "fail"}


def test_a_project_without_an_id_is_named_by_its_place(pack: Path) -> None:
    """As is each where no column is named; numbers are names, too."""
    projects = pa.table({"id": [7, None], "files": [json.dumps(GOOD)] * 2})
    assert list(verdicts(judge(pack)(projects))) == ["7", "table:2"]
    assert list(verdicts(Judge(pack, field="files")(projects))) == ["table:1", "table:2"]


POISON = {
    "null": (None, "there is no bundle but null"),
    "no JSON": ("{", "is not JSON"),
    "a list": ("[]", "is not an object of strings"),
    "a repeated key": ('{"a.py": "x", "a.py": "print(1)"}', "repeats the key `a.py`"),
    "a null file": ('{"a.py": null}', "`a.py` is null"),
    "a path that leaves": ('{"../a.py": ""}', "leaves the project"),
    "half a character": ('{"a.py": "\\ud800"}', ""),
    "nested deeply": ("[" * 100_000, "nested too deeply"),
    "a number without end": ("9" * 10_000, "an integer of more than 4300 digits"),
    "200 MB in one file": ({"a.py": "x" * 200_000_000}, "over the limit `file_bytes`"),
}


@pytest.mark.heavy
def test_a_broken_project_is_undecided_and_others_are_not(pack: Path) -> None:
    """One row with the reason each, between rows that are as they would be alone."""
    projects = [part for text, _ in POISON.values() for part in (text, BAD)]
    outcome = judge(pack)(table(GOOD, *projects)).to_pylist()
    alone = judge(pack)(table(BAD)).to_pylist()
    for number, (kind, (_, reason)) in enumerate(POISON.items()):
        broken = [row for row in outcome if row["submission"] == f"s{2 * number + 1}"]
        sound = [row for row in outcome if row["submission"] == f"s{2 * number + 2}"]
        assert [{**row, "submission": "s0"} for row in sound] == alone
        if kind != "half a character":  # which is a file's content as any other
            assert [(row["verdict"], row["pack"], row["outcome"]) for row in broken] == [("none", "", "undecided")]
        assert reason in broken[0]["reason"]


def test_a_project_that_hangs_or_kills_its_process_is_undecided(pack: Path) -> None:
    """The others are checked by the next process."""
    one = judge(pack, timeout=2)
    one.work = Faulty(**{name: getattr(one.work, name) for name in one.work.__struct_fields__})
    projects = table(GOOD, {"hang.py": ""}, BAD, {"die.py": ""}, {"grow.py": ""}, GOOD)
    outcome = one(projects).to_pylist()
    reasons = {row["submission"]: row["reason"] for row in outcome}
    assert reasons["s1"] == "it took more than the limit of 2 seconds"
    assert "its process was killed" in reasons["s3"]
    assert "the check failed: MemoryError" in reasons["s4"]
    found = {row["submission"]: row["verdict"] for row in outcome}
    assert found == {"s0": "pass", "s1": "none", "s2": "fail", "s3": "none", "s4": "none", "s5": "pass"}


@pytest.mark.heavy
def test_a_file_that_takes_all_memory_to_parse(pack: Path) -> None:
    """8 KB over which tree-sitter's parser takes gigabytes cost one row."""
    outcome = judge(pack, timeout=20)(table(GOOD, {"main.py": "x", "b.py": "print(" + "/*a" * 2_700}, BAD))
    assert verdicts(outcome) == {"s0": "pass", "s1": "none", "s2": "fail"}
    assert outcome.to_pylist()[2]["reason"]


def test_a_judge_is_small_and_the_same_elsewhere(pack: Path) -> None:
    """Pickled it is without the cases of its packs, and gives the same rows."""
    one = judge(pack)
    data = pickle.dumps(one)
    assert len(data) < 5_000
    assert pickle.loads(data)(table(GOOD, BAD, None)) == one(table(GOOD, BAD, None))


def test_another_version_refuses_a_judge(pack: Path) -> None:
    """Machines with several versions would give rows of several."""
    data = pickle.dumps(judge(pack))
    with mock.patch("polcheck.tables.VERSION", "0.0.1"), pytest.raises(ConfigError, match="this process has polcheck"):
        pickle.loads(data)


def test_packs_are_compiled_once_in_a_process(pack: Path) -> None:
    """Whatever number of tables it checks, and however often the judge is unpickled, one process checks them."""
    made: list[Judge] = []
    make = tables.Judge._pool

    def counted(one: Judge) -> tables.Pool:
        made.append(one)
        return make(one)

    with mock.patch.object(tables.Judge, "_pool", counted):
        one = judge(pack, params={"word": "once"})
        for _ in range(3):
            pickle.loads(pickle.dumps(one))(table(GOOD))
    assert len(made) == 1


def test_parameters_for_all_and_from_columns(pack: Path) -> None:
    """A row whose value is no good is undecided, never checked by another value."""
    projects = table(GOOD, GOOD, GOOD, words=["x", "y", None])
    assert verdicts(judge(pack, params={"word": "y"})(projects)) == dict.fromkeys(["s0", "s1", "s2"], "fail")
    outcome = judge(pack, params_from={"word": "words"})(projects)
    assert verdicts(outcome) == {"s0": "pass", "s1": "fail", "s2": "none"}


@pytest.mark.parametrize(
    ("settings", "error", "reason"),
    [
        ({"params_from": {"wrd": "words"}}, ConfigError, "no pack has the parameter `wrd`"),
        ({"params": {"wrd": 1}}, PolicyError, "wrd"),
        ({"select": ["nothing"]}, PolicyError, "nothing"),
        ({"rows": "lines"}, ConfigError, "`rows` can't be `lines`"),
        ({"fail_on": "never ever"}, ConfigError, "`fail_on` can't be"),
        ({"timeout": 0}, ConfigError, "`timeout` is a number of seconds above 0"),
    ],
)
def test_what_can_not_be_used_is_refused_where_it_is_made(
    pack: Path, settings: dict[str, Any], error: type[Exception], reason: str
) -> None:
    """Before a cluster has begun."""
    with pytest.raises(error, match=reason):
        judge(pack, **settings)


@pytest.mark.parametrize(
    ("given", "error", "reason"),
    [
        (lambda: pa.table({"id": ["a"]}), SubmissionError, "no column `files`, but id"),
        (lambda: pa.Table.from_arrays([["a"]] * 3, ["id", "files", "id"]), SubmissionError, "two columns `id`"),
        (lambda: {"files": ["a"]}, TypeError, 'not builtins.dict .* batch_format="pyarrow"'),
    ],
)
def test_a_table_that_is_none_of_projects_is_refused(
    pack: Path, given: Any, error: type[Exception], reason: str
) -> None:
    """All of it, rather than each of its rows."""
    with pytest.raises(error, match=reason):
        judge(pack)(given())


def test_an_empty_table_has_the_columns(pack: Path) -> None:
    """Also one without columns, as engines give for an empty block."""
    one = judge(pack)
    for given in (table().slice(0), pa.table({})):
        assert (one(given).num_rows, one(given).schema) == (0, one.schema)


def test_batches_give_what_the_table_gives(pack: Path) -> None:
    """One for each, as they come."""
    one, whole = judge(pack), table(GOOD, BAD, None, GOOD)
    found = list(one.batches(iter(whole.to_batches(max_chunksize=3))))
    assert [batch.num_rows for batch in found] == [5, 2]
    assert pa.Table.from_batches(found) == one(whole)


def test_a_frame_gives_what_the_table_gives(pack: Path) -> None:
    """Whatever pandas has for null."""
    pandas: Any = pytest.importorskip("pandas")
    one, whole = judge(pack), table(GOOD, BAD, None)
    frame = pandas.DataFrame({"id": ["s0", "s1", "s2"], "files": [GOOD, json.dumps(BAD), float("nan")]})
    assert one.frame(frame).to_dict("records") == one(whole).to_pylist()
    assert list(one.frame(frame.head(0)).dtypes) == list(one.frame(frame).dtypes)


def test_threads_share_a_judge(pack: Path) -> None:
    """Each call has a process of its own."""
    one, whole = judge(pack), table(GOOD, BAD)
    expected = one(whole)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: one(whole), range(8))) == [expected] * 8
    assert len(tables._idle.pools) <= 4


def test_a_forked_process_has_processes_of_its_own(pack: Path) -> None:
    """As the workers of a server that forks after its first use."""
    one, whole = judge(pack), table(GOOD, BAD)
    expected = one(whole)
    child = os.fork()
    if child == 0:
        os._exit(0 if one(whole) == expected else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert one(whole) == expected


def test_where_the_system_gives_no_process(pack: Path) -> None:
    """The whole table is refused, so that an engine tries it again elsewhere."""
    with (
        mock.patch("subprocess.Popen", side_effect=OSError(11, "Resource temporarily unavailable")),
        pytest.raises(PolcheckError, match="no process could be started to check with"),
    ):
        judge(pack, timeout=7)(table(GOOD))


def test_the_program_of_the_page_runs() -> None:
    """The first one of docs/clusters.md; those for engines run in tests/clusters."""
    program = (ROOT / "docs/clusters.md").read_text("utf-8").partition("```python\n")[2].partition("```")[0]
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("timeout", [0, -1.0, float("nan"), float("inf")])
def test_a_timeout_is_a_number_of_seconds(pack: Path, timeout: float) -> None:
    """Anything else is refused at once: it would end each check as if the check were to blame."""
    with pytest.raises(ConfigError, match="`timeout` is a number of seconds above 0"):
        judge(pack, timeout=timeout)


@pytest.mark.parametrize("today", ["tomorrow", "2026-13-01", "26-1-1"])
def test_the_day_of_the_run_is_a_date(pack: Path, today: str) -> None:
    """A policy would compare days with it, whatever it is."""
    with pytest.raises(ConfigError, match="`today` can't be"):
        judge(pack, today=today)


def test_bytes_in_the_place_of_a_text_are_named(pack: Path) -> None:
    """A column of bytes is no file, and the reason says what to do about it."""
    rows = Judge(pack)(pa.table({"main.py": [b"x = 1\n"]})).to_pylist()
    assert {row["verdict"] for row in rows} == {"none"}
    assert "a file's content is bytes: make it a column of strings" in rows[0]["reason"]


def test_columns_of_a_frame_may_have_numbers_for_names(pack: Path) -> None:
    """As pandas names those of a frame without a header."""
    pandas = pytest.importorskip("pandas", reason="frames need pandas")
    frame = pandas.DataFrame([["x = 1\n"], ["y = 2\n"]])
    named = frame.rename(columns={0: "0"})
    assert Judge(pack).frame(frame).to_dict("records") == Judge(pack).frame(named).to_dict("records") != []


def test_what_is_no_frame_is_refused(pack: Path) -> None:
    """By the name of what it is."""
    pandas = pytest.importorskip("pandas", reason="frames need pandas")
    with pytest.raises(TypeError, match="takes a pandas data frame, not pandas"):
        judge(pack).frame(pandas.Series([1]))
