"""Submissions with very many files, and with names that nobody gives."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hostile.bounded import in_time, judged, outcome_of
from pack_files import one, pack, schemas
from polcheck.base.errors import SubmissionError
from polcheck.pipeline import Checker
from polcheck.policy.pack import compile_packs
from polcheck.policy.params import Settings
from polcheck.render import Options, output_format, output_formats
from polcheck.sources.limits import ReadLimits
from polcheck.sources.target import read_submission

EVAL = 'forbid: {files: "**/*.py", pattern: "eval(...)"}'
ODD = ("a\nb.py", "a\x1b[31m.py", "\u202egnp.py", " .py", "-x.py", "a\tb.py", "::error::x.py", "é.py", "e\u0301.py")


@pytest.mark.heavy
def test_many_files_are_judged() -> None:
    """20,000 tiny files are searched in time, and the one that matters is found."""
    files = {f"d{number % 100}/f{number}.py": "eval(1)" if number == 7 else "x = 1" for number in range(20_000)}
    report = judged(EVAL, files)
    assert [str(finding.location) for finding in report.findings] == ["d7/f7.py:1:1"]


def test_long_paths_are_judged() -> None:
    """Paths near the limit of their length are paths."""
    folder = "/".join(["d" * 200] * 19)
    report = judged(EVAL, {f"{folder}/f{number}.py": "eval(1)" for number in range(100)})
    assert len(report.findings) == 100


@pytest.mark.parametrize("name", ODD)
def test_odd_names_are_judged_like_others(name: str) -> None:
    """Whatever is in a name, its file is searched, and the finding has it as it is."""
    report = judged(EVAL, {name: "eval(1)", "A.py": "", "a.py": "eval(2)"})
    assert {finding.location.path for finding in report.findings if finding.location} == {name, "a.py"}


@pytest.mark.skipif(os.name == "nt", reason="names are bytes")
def test_names_that_are_no_text_are_judged_and_shown(tmp_path: Path) -> None:
    """A name of bytes that are no UTF-8 is judged, and every format tells of it in texts that can be written."""
    (tmp_path / "x.txt").write_text("sound")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n.py")).write_text("eval(1)")
    report = Checker(compile_packs([pack(one(EVAL))], Settings(), schemas())).check(read_submission(tmp_path))
    assert report.verdict == "fail"
    for name in set(output_formats()) - {"template"}:
        assert output_format(name).render(report, Options()).encode(), name


def test_a_name_with_a_nul_is_refused() -> None:
    """No file system has such a name, and what reads a report may end at it."""
    with pytest.raises(SubmissionError, match="NUL"):
        judged(EVAL, {"a\x00.py": ""})


def test_a_name_in_two_cases_is_two_files(tmp_path: Path) -> None:
    """Names that differ in case only are judged each by itself where the file system tells them apart."""
    (tmp_path / "a.py").write_text("eval(1)")
    (tmp_path / "A.py").write_text("x = 1")
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("the file system doesn't tell cases apart")
    report = Checker(compile_packs([pack(one(EVAL))], Settings(), schemas())).check(read_submission(tmp_path))
    assert [str(finding.location) for finding in report.findings] == ["a.py:1:1"]


@pytest.mark.parametrize("limits", [ReadLimits(file_bytes=10), ReadLimits(total_bytes=10), ReadLimits(path_length=3)])
def test_what_is_over_a_limit_of_reading_is_undecided(tmp_path: Path, limits: ReadLimits) -> None:
    """A file that isn't read keeps undecided who looks for it, and nobody else."""
    (tmp_path / "long.py").write_text("x = 1  # more than ten bytes")
    (tmp_path / "b.c").write_text("ok")
    policies = one(EVAL) + "\n---\nid: other\ntitle: t\nrequire: {files: b.c, text: ok}\nmessage: m\n"
    with in_time():
        read = read_submission(tmp_path, limits=limits)
        report = Checker(compile_packs([pack(policies)], Settings(), schemas())).check(read)
    assert outcome_of(report) == "undecided"
    assert any("over the limit `" in notice.message for notice in report.notices)
    assert {policy.id: policy.outcome for policy in report.policies}["other"] == "pass"
