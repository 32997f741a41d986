"""Versions: what a pack needs of polcheck and of the language, and policies that others take the place of."""

from __future__ import annotations

from pathlib import Path

import pytest

from pack_files import check, one, pack
from packs.conftest import Polcheck
from packs.places import pack as files_of
from packs.places import write
from polcheck.base.errors import PolicyError
from polcheck.findings.report import Report

OLD = one("forbid: {files: '*.tmp'}").replace("id: p", "id: old\ndeprecated: SUCCESSOR")


def notices(report: Report) -> list[str]:
    """What a report says of deprecated policies."""
    return [notice.message for notice in report.notices if notice.kind == "deprecated"]


def test_a_deprecated_policy_in_the_run_is_told() -> None:
    """The successor is named, and whether it is in the run."""
    new = one("forbid: {files: '*.tmp'}").replace("id: p", "id: new")
    both = check(f"{OLD.replace('SUCCESSOR', 'new')}---\n{new}", {"a.py": ""})
    assert notices(both) == ["`t:old` is deprecated: `new` takes its place and is in this run"]
    assert notices(check(OLD.replace("SUCCESSOR", "new"), {"a.py": ""})) == ["`t:old` is deprecated: use `new`"]
    assert notices(check(OLD.replace("SUCCESSOR", "nobody needs it"), {"a.py": ""})) == [
        "`t:old` is deprecated: nobody needs it"
    ]


def test_policies_that_are_not_deprecated_are_not_told() -> None:
    """Most runs say nothing of it."""
    assert notices(check(one("forbid: {files: '*.tmp'}"), {"a.py": ""})) == []


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("requires: polcheck>=99", "the pack needs polcheck>=99, and this is polcheck"),
        ("requires: polcheck ~~ 3", "is not a requirement"),
        ("requires: python>=3", "does not name polcheck"),
        ("language: 99", "written in policy language 99, and this polcheck knows 2"),
    ],
)
def test_a_pack_that_does_not_fit_says_so(head: str, said: str) -> None:
    """What a pack needs and this polcheck isn't is told in a sentence, at its line."""
    with pytest.raises(PolicyError) as error:
        check(one("forbid: {files: '*.tmp'}"), {"a.py": ""}, head + "\n")
    assert said in str(error.value) and "pack.yaml:3:" in str(error.value)


def test_the_language_has_a_version_of_its_own() -> None:
    """A pack of language 1 works whatever polcheck's version is."""
    found = check(one("forbid: {files: '*.tmp'}"), {"a.py": ""}, "language: 1\nrequires: polcheck\n")
    assert found.verdict == "pass"
    assert pack(one("forbid: {files: x}")).text_under("version") == "1.0.0"


def test_a_pack_that_does_not_fit_is_not_run(polcheck: Polcheck, tmp_path: Path) -> None:
    """A shared pack that needs a newer polcheck stops the run with status 2."""
    files = files_of()
    write(tmp_path / "acme", {**files, "pack.yaml": files["pack.yaml"] + "requires: polcheck>=99\n"})
    assert "the pack needs polcheck>=99" in polcheck("run", "--pack", "../acme", status=2).err
