"""`polcheck languages`, and the page that lists the same."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from polcheck.languages.grammars import grammar
from polcheck.languages.registry import languages
from typed import polcheck

PAGE = Path(__file__).parents[2] / "docs" / "languages.md"


def test_every_language_is_listed_with_its_files_and_grammar() -> None:
    """One line each: name, package and version, names of files."""
    lines = polcheck("languages").out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(languages())
    assert any(line.startswith("rust ") and "tree-sitter-rust " in line and line.endswith("*.rs") for line in lines)


def test_programs_get_json() -> None:
    """With the version of each grammar, and the extra that brings it."""
    rows = {row["name"]: row for row in json.loads(polcheck("languages", "-f", "json").out)["languages"]}
    assert rows.keys() == languages().keys()
    assert rows["java"]["extra"] == "java"
    assert rows["java"]["installed"] == metadata.version("tree-sitter-java")
    assert rows["python"]["extra"] is None
    assert "Dockerfile" in rows["dockerfile"]["file_names"]


def test_what_is_missing_is_listed_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A grammar that isn't installed is named with its extra."""
    monkeypatch.setitem(sys.modules, "tree_sitter_kotlin", None)
    ran = polcheck("languages")
    assert "kotlin             not installed: polcheck[kotlin]" in ran.out
    assert "pip install 'polcheck[kotlin]'" in ran.err


def test_the_page_lists_every_language() -> None:
    """With name, files, extra, package and license as they are."""
    page = PAGE.read_text()
    for one in languages().values():
        package = one.module.replace("_", "-")
        row = next(line for line in page.splitlines() if line.startswith(f"| {one.title} | `{one.name}` |"))
        about = metadata.metadata(package).json
        assert all(f"`*{suffix}`" in row for suffix in one.suffixes)
        assert all(f"`{name}`" in row for name in one.file_names)
        assert (f"`{one.extra}`" if one.extra else "always there") in row
        assert f"{package} " in row
        assert str(about.get("license_expression") or about.get("license") or "") in row


def test_a_run_imports_the_grammars_of_its_files_alone(tmp_path: Path) -> None:
    """A policy about Python over a project of several languages needs one grammar."""
    (tmp_path / "a.py").write_text("eval(x)\n")
    (tmp_path / "b.rs").write_text("fn main() {}\n")
    (tmp_path / "Dockerfile").write_text("FROM a\n")
    code = """
import sys
from pack_files import judge
files = {name: open(name).read() for name in ("a.py", "b.rs", "Dockerfile")}
report = judge('forbid: {files: "*.py", pattern: eval(...)}', files)
grammars = sorted(name for name in sys.modules if name.startswith("tree_sitter_") and "." not in name)
print(bool(report.findings), *grammars)
"""
    tests = Path(__file__).parents[1]
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tests)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split() == ["True", "tree_sitter_python"]


def test_a_grammar_in_the_old_form_is_taken() -> None:
    """One whose function gives a number is made into what tree-sitter takes without a warning."""
    assert grammar("dockerfile").node_kind_count > 0
