"""Broken policies, one a kind of mistake: each gives a problem on the right line that says what would be right.

The first line of each file says on which line the mistake is, and what it is.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from pack_files import ROOT, schemas
from polcheck.authoring.lint import Linted, lint
from polcheck.policy.pack_files import PackFiles

FOLDER = Path(__file__).parent
BROKEN = sorted(FOLDER.glob("*.yaml"))
HEAD = b"""\
name: broken
version: 1.0.0
params:
  contract: {type: string, allowed: [v1, v2], default: v1}
requirements:
  R.loads: Weights are loaded
selectors:
  imports: {files: "src/*.py", use: python/import}
"""
_MARK = re.compile(r"# line (\d+): ")


def linted(path: Path) -> Linted:
    """What is found in a pack of this one file."""
    files = {"pack.yaml": HEAD, "policies/p.yaml": path.read_bytes(), "tables/rows.yaml": b"- {name: a}\n"}
    return lint([PackFiles("", files)], schemas())


def _said(found: Linted) -> list[str]:
    """The problems of the policies, without advice and without what the rest of the pack lacks."""
    return [
        f"{problem.severity}: {problem}"
        for problem in found.problems
        if problem.path == "policies/p.yaml" and problem.severity != "note"
    ]


def test_there_are_forty_kinds_of_mistakes() -> None:
    """The issue asks for that many."""
    assert len(BROKEN) >= 40


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_policy_is_told_as_it_should_be(path: Path, snapshot: SnapshotAssertion) -> None:
    """The whole text is as it was approved."""
    assert "\n\n".join(_said(linted(path))) == snapshot


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_the_first_problem_is_on_the_line_of_the_mistake(path: Path) -> None:
    """Nobody has to search for it."""
    mark = _MARK.match(path.read_text("utf-8"))
    assert mark, "the first line says where the mistake is"
    problems = [problem for problem in linted(path).problems if problem.path == "policies/p.yaml"]
    assert int(mark[1]) == problems[0].line, problems[0]


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_the_first_problem_says_what_would_be_right(path: Path) -> None:
    """In its help, or in the message itself where that says what is expected."""
    first = next(problem for problem in linted(path).problems if problem.path == "policies/p.yaml")
    told = re.search(r"is missing|must be|is empty|not YAML|is repeated|expected|is a mapping", first.message)
    assert first.help or told, first


def test_the_pack_around_them_is_sound() -> None:
    """What is found is wrong with the policy, not with the pack that the tests put it in."""
    sound = b"id: p\ntitle: it is so\nrequirement: R.loads\nrequire: {files: a.py}\nmessage: it is not so\n"
    found = lint([PackFiles("", {"pack.yaml": HEAD, "policies/p.yaml": sound})], schemas())
    assert not found.of("error")


@pytest.mark.parametrize("name", ["airas-base-code", "python-project"])
def test_the_packs_that_ship_have_no_errors(name: str) -> None:
    """They are what authors look at first."""
    folder = ROOT / "policies" / name
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert lint([PackFiles(name, files)], schemas()).of("error") == ()
