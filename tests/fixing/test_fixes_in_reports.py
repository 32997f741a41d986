"""Fixes in the formats that show them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import validate

from pack_files import ROOT
from polcheck.base.errors import PolcheckError
from polcheck.findings.report import Report
from polcheck.findings.report_json import report_from_json, report_to_json
from polcheck.project.library import check, checker
from polcheck.project.session import Session
from polcheck.render import Options, output_format
from polcheck.sources.submission import of_files

POLICIES = """
    id: a
    title: t
    forbid: {files: "*.py", pattern: "old($x)", name: call}
    message: m
    fix: {replace: call, with: "new({{ x }})", safe: true}
    ---
    id: b
    title: u
    require: {files: README.md}
    message: no README
    fix: {create: README.md, text: "# Read\\n"}
"""
FILES = {"a.py": "x = 1\ny = '😀'; old('é`')  # c\n"}


@pytest.fixture
def report(pack_of: Callable[[str], Path]) -> Report:
    """A report with a fix of a line and a new file."""
    return check(FILES, str(pack_of(POLICIES)))


def shown(report: Report, name: str, **options: object) -> str:
    """The report in a format."""
    return output_format(name).render(report, Options(**options))  # type: ignore[arg-type]


def test_the_json_has_exact_bytes_and_comes_back(report: Report) -> None:
    """It is as its schema says; edits are of the file's bytes, and what is read back is the same report."""
    data = json.loads(json.dumps(report_to_json(report)))
    validate(data, json.loads((ROOT / "schemas" / "report.json").read_text("utf-8")))
    assert report_from_json(data) == report
    fixes = {finding["policy"]: finding["fix"] for finding in data["findings"]}
    (edit,) = fixes["a"]["edits"]
    assert FILES["a.py"].encode()[edit["start"] : edit["end"]] == "old('é`')".encode()
    assert (edit["line"], edit["column"], edit["utf16_columns"]) == (2, 10, [11, 20])
    (created,) = fixes["b"]["edits"]
    assert (created["creates"], created["text"], created["line"]) == (True, "# Read\n", None)


def test_sarif_has_the_replacement(report: Report) -> None:
    """With columns in UTF-16 units, as the run says."""
    results = json.loads(shown(report, "sarif"))["runs"][0]["results"]
    (fix,) = next(result for result in results if result["ruleId"] == "p:a")["fixes"]
    (change,) = fix["artifactChanges"]
    assert change["artifactLocation"]["uri"] == "a.py"
    (replacement,) = change["replacements"]
    assert replacement["deletedRegion"] == {"startLine": 2, "startColumn": 11, "endLine": 2, "endColumn": 20}
    assert replacement["insertedContent"]["text"] == "new('é`')"


def test_a_suggestion_is_the_line_as_it_should_be(report: Report) -> None:
    """A comment on the line; what a suggestion can't do, as a new file, has none."""
    review = json.loads(shown(report, "suggestions"))
    (comment,) = review["comments"]
    assert (comment["path"], comment["line"], comment["side"]) == ("a.py", 2, "RIGHT")
    assert comment["body"].endswith("```suggestion\ny = '😀'; new('é`')  # c\n```")


@pytest.mark.parametrize("name", ["markdown", "html"])
def test_a_diff_is_shown(report: Report, name: str) -> None:
    """The line before and after."""
    text = shown(report, name)
    assert "old(" in text
    assert "new(" in text
    assert "# Read" in text


def test_text_marks_what_is_safe(report: Report) -> None:
    """Only of packs whose word counts."""
    assert "[*]" not in shown(report, "text")
    assert "2 findings can be fixed with `--unsafe-fixes`" in shown(report, "text")
    assert "can be fixed" not in shown(report, "text", fixing=True)


def test_what_changed_since_is_not_written(tmp_path: Path, pack_of: Callable[[str], Path]) -> None:
    """A file that somebody saves while polcheck fixes keeps what they wrote, and so do all others."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "a.py").write_text("old(1)\n")
    (root / "b.py").write_text("old(2)\n")
    with Session(root, str(pack_of(POLICIES))) as session:
        fixed = session.fix(unsafe=True)
    (root / "b.py").write_text("old(3)\n")
    with pytest.raises(PolcheckError, match=r"`b.py` has changed"):
        fixed.write()
    assert ((root / "a.py").read_text(), (root / "b.py").read_text()) == ("old(1)\n", "old(3)\n")
    assert sorted(path.name for path in root.iterdir()) == ["a.py", "b.py"]


def test_what_is_in_memory_is_not_written(pack_of: Callable[[str], Path]) -> None:
    """There is no folder; the session is as it was before."""
    with Session.of(checker(str(pack_of(POLICIES))), of_files(FILES)) as session:
        before = session.check()
        fixed = session.fix(unsafe=True)
        assert session.check() == before
    with pytest.raises(PolcheckError, match="no folder"):
        fixed.write()


def test_unsaved_files_are_fixed_as_they_are(tmp_path: Path, pack_of: Callable[[str], Path]) -> None:
    """What lies over the files on disk counts, and stays."""
    (tmp_path / "a.py").write_text("x = 1\n")
    with Session(tmp_path, str(pack_of(POLICIES)), select=["a"]) as session:
        session.overlay({"a.py": b"old(1)\n"})
        fixed = session.fix(unsafe=True)
        assert [change.after for change in fixed.changes if change.path == "a.py"] == [b"new(1)\n"]
        assert len(session.check().failing) == len(fixed.before.failing)
    with pytest.raises(PolcheckError, match="has changed"):
        fixed.write()
