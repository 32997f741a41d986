"""Tests of the help for a name that isn't known, wherever a user types one."""

from __future__ import annotations

from pathlib import Path

import pytest

from polcheck.base.similar_names import did_you_mean, one_of
from trees import write
from typed import polcheck

PACK = """\
name: ours
version: 1.0.0
params: {most: {type: integer, default: 1}, least: {type: integer, default: 0}}
profiles: {strict: {params: {most: 0}}, lenient: {params: {most: 9}}}
"""
POLICY = "id: calls-known\ntitle: T\ntags: [imports]\nforbid: {files: '*.py', text: eval}\nmessage: m\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a pack of its own, which is the working directory."""
    files = {"pack/pack.yaml": PACK, "pack/policies/p.yaml": POLICY, "a.py": "x = 1\n"}
    write(tmp_path, {**files, "polcheck.yaml": "packs: [./pack]\n"})
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "help"),
    [
        ("--select calls-knwn", "did you mean `calls-known`?"),
        ("--select CALLS-KNOWN", "did you mean `calls-known`?"),
        ("--select calls", "a prefix is written with a star: `calls*`"),
        ("--select ours:call-known", "did you mean `ours:calls-known`?"),
        ("--select our:calls-known", "did you mean `ours:calls-known`?"),
        ("--ignore inports", "did you mean `imports`?"),
        ("--ignore nothing-alike", "`polcheck list` shows the policies"),
        ("--profile strct", "did you mean `strict`?"),
        ("--profile ours:Strict", "did you mean `strict`?"),
        ("--profile 1", "one of `lenient`, `strict`"),
        ("--profile outs:strict", "did you mean `ours`?"),
        ("--profile x:strict", "there is only `ours`"),
        ("--param mst=1", "did you mean `most`?"),
        ("--param ours:mst=1", "did you mean `most`?"),
        ("--param zzz=1", "one of `least`, `most`"),
        ("--param our:most=1", "did you mean `ours`?"),
        ("--pack python-projct", "did you mean `python-project`?"),
        ("--pack Service", "did you mean `service`?"),
    ],
)
def test_an_unknown_name_is_answered_with_the_one_that_is_meant(project: Path, words: str, help: str) -> None:
    """Each option that takes names of a pack proposes the closest one, else says what there is."""
    ran = polcheck("run", *words.split())
    assert ran.status == 2
    assert ran.err.splitlines()[1:] == [f"help: {help}"]


def test_a_pack_that_is_given_twice_is_refused(project: Path) -> None:
    """On the command line as in polcheck.yaml."""
    ran = polcheck("run", "--pack", "pack", "--pack", "./pack")
    assert (ran.status, ran.err) == (2, "--pack: the pack `ours` is named twice\nhelp: give it once\n")


@pytest.mark.parametrize(
    ("known", "line"),
    [
        ([], ""),
        (["b"], "there is only `b`"),
        (["b", "a"], "one of `a`, `b`"),
        ([f"n{each}" for each in range(10)], "there are `n0`, `n1`, `n2`, `n3`, `n4`, `n5`, `n6`, `n7` and 2 more"),
    ],
)
def test_the_names_that_there_are_stay_one_line(known: list[str], line: str) -> None:
    """A long list is cut."""
    assert one_of(known) == line


def test_names_that_differ_in_case_only_are_one_suggestion() -> None:
    """The known spelling is proposed, not the one that was typed."""
    assert did_you_mean("readme", ["README", "x"]) == "did you mean `README`?"
