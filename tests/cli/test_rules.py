"""The policies in effect, what one of them asks for, and reports of one line a finding."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from typed import polcheck

PACK = "name: p\nversion: 1.0.0\nrequirements: {R1: There is no a}\n"
POLICIES = """
id: no-a
title: There is no a
requirement: R1
description: An `a` breaks the reader of version 1.
forbid: {files: "*.yaml", data: a}
message: there is an a
remedy: |
  Write:
    b: 1
---
id: no-b
title: There is no b
severity: note
forbid: {files: "*.yaml", data: b}
message: there is a b
"""
CASES = """
case: a file without a
files: {x.yaml: "c: 1"}
expect: {no-a: pass}
---
case: a file with a
files: {x.yaml: "a: 1"}
expect: {no-a: fail}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pack with a test, and two files that fail it."""
    for path, text in {
        "pack/pack.yaml": PACK,
        "pack/policies/p.yaml": POLICIES,
        "pack/tests/cases.yaml": CASES,
        "s/x.yaml": "a: 1\nb: 1\n",
        "s/y.yaml": "a: 1\n",
        "s/polcheck.yaml": "packs: [../pack]\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path / "s")
    return tmp_path


def test_the_policies_in_effect_are_listed(folder: Path) -> None:
    """With the severity that the project gives them, without those that it ignores."""
    assert polcheck("list").out == "error    p:no-a  There is no a\nnote     p:no-b  There is no b\n"
    assert polcheck("list", "--ignore", "no-a").out == "note     p:no-b  There is no b\n"
    listed = json.loads(polcheck("list", "-f", "json").out)
    assert [(policy["id"], policy["requirement"]) for policy in listed] == [("no-a", "R1"), ("no-b", None)]


def test_a_policy_is_described(folder: Path) -> None:
    """What and why, the remedy as it is written, the selectors, an example of each kind, and how to waive."""
    described = polcheck("rule", "no-a").out
    assert described.startswith("p:no-a (error): There is no a\n\nAn `a` breaks the reader of version 1.\n")
    assert "remedy:      Write:\n               b: 1\n" in described
    assert "waive:       in a comment: polcheck: ignore[no-a] REASON\n" in described
    assert '    forbid: {files: "*.yaml", data: a}\n' in described
    assert "fails: a file with a\n  x.yaml:\n    a: 1\n\npasses: a file without a\n" in described


def test_a_pack_about_several_folders_is_described_once_with_all_of_them(folder: Path) -> None:
    """Twice only where a policy says something else in one of them."""
    (folder / "s/api").mkdir()
    roots = "{pack: ../pack, root: api}, {pack: ../pack, root: web}"
    (folder / "s/polcheck.yaml").write_text(f"packs: [{roots}]\n")
    described = polcheck("rule", "no-a", "--no-examples").out
    assert described.startswith("p:no-a (error): There is no a\n")
    assert described.count("folders:     `api`, `web`\n") == 1
    (folder / "s/polcheck.yaml").write_text(f"packs: [{roots}]\nseverities: {{'p@web:no-a': warning}}\n")
    described = polcheck("rule", "no-a", "--no-examples").out
    assert [line for line in described.splitlines() if line.startswith(("p:no-a", "folders:"))] == [
        "p:no-a (error): There is no a",
        "folders:     `api`",
        "p:no-a (warning): There is no a",
        "folders:     `web`",
    ]


def test_a_file_that_leaves_many_policies_undecided_is_one_line(folder: Path) -> None:
    """With the reason, their number and the first of them, in quiet and concise output."""
    (folder / "s/x.yaml").write_text("a: [b\n")
    (folder / "s/y.yaml").unlink()
    for words in (("-q",), ("-f", "concise")):
        lines = [line for line in polcheck("run", "--no-cache", *words).out.splitlines() if line.startswith("x.yaml: ")]
        (line,) = lines
        assert line.startswith("x.yaml: undecided: ")
        assert line.endswith(" (2 policies: p:no-a, p:no-b)")


def test_an_unknown_policy_leads_to_one_that_there_is(folder: Path) -> None:
    """By what is spelled alike."""
    status, _, err = polcheck("rule", "noa")
    assert (status, "Did you mean `no-a`" in err) == (2, True)


def test_concise_is_one_line_a_finding_and_one_that_sums_up(folder: Path) -> None:
    """In the shape in which editors and `grep` take places, and in the order of the places."""
    assert polcheck("run", "--no-cache", "-f", "concise").out.splitlines() == [
        "x.yaml:1:4: error[p:no-a] there is an a",
        "x.yaml:2:4: note[p:no-b] there is a b",
        "y.yaml:1:4: error[p:no-a] there is an a",
        "fail: 2 errors, 1 note · 3 files checked · 2 policies: 2 failed",
    ]


def test_a_name_that_a_template_does_not_see_is_refused(folder: Path) -> None:
    """An empty text would look like a project without findings."""
    template = folder / "report.txt"
    template.write_text("{{ fndings }}")
    status, out, err = polcheck("run", "--no-cache", "-f", f"template:{template}")
    assert (status, out) == (2, "")
    assert "`fndings` is never bound; a template sees `findings`, `params`" in err


def test_statistics_count_the_findings_of_each_policy(folder: Path) -> None:
    """The most frequent first; the exit status is that of the run."""
    status, out, _ = polcheck("run", "--no-cache", "--statistics")
    assert status == 1
    assert out.splitlines()[:2] == ["2  error    p:no-a  There is no a", "1  note     p:no-b  There is no b"]


def test_a_run_whose_formats_go_to_files_prints_one_line(folder: Path) -> None:
    """Nobody has to open the file to know; with -q not even that."""
    assert polcheck("run", "--no-cache", "-f", "html=x.html").out.startswith("fail: 2 errors, 1 note · 3 files checked")
    assert polcheck("run", "--no-cache", "-q", "-f", "html=x.html").out == ""


def test_a_note_takes_one_line(folder: Path) -> None:
    """With -v it is shown like the others."""
    assert "note[p:no-b] there is a b\n\n" in polcheck("run", "--no-cache").out
    assert "2 | b: 1" in polcheck("run", "--no-cache", "-v").out


@pytest.mark.parametrize("command", [("run",), ("pack", "add"), ()])
def test_help_is_a_command_too(command: tuple[str, ...]) -> None:
    """`polcheck help X` prints what `polcheck X --help` does."""
    assert polcheck("help", *command).out.split("Options:")[0] == polcheck(*command, "--help").out.split("Options:")[0]


def test_the_version_has_a_short_option() -> None:
    """As other tools have it."""
    assert polcheck("-V").out == polcheck("--version").out
