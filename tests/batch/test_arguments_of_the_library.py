"""What a caller of the library gets wrong is told, as the command line tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import polcheck

FILES = {"a.py": "print(1)\n"}


@pytest.fixture
def pack(tmp_path: Path) -> str:
    """A pack of one policy, which the files fail."""
    (tmp_path / "pack/policies").mkdir(parents=True)
    (tmp_path / "pack/pack.yaml").write_text("name: p\nversion: 1.0.0\n")
    (tmp_path / "pack/policies/p.yaml").write_text(
        'id: print\ntitle: t\nforbid: {files: "**/*.py", pattern: print(...)}\nmessage: m\n'
    )
    return str(tmp_path / "pack")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"select": ["print", "zzz"]}, "no pack of the run has `zzz`"),
        ({"select": "zzz"}, "no pack of the run has `zzz`"),
        ({"ignore": ["zzz"]}, "no pack of the run has `zzz`"),
        ({"fail_on": "errors"}, "`fail_on` can't be `errors`"),
        ({"params": {"q": {"x": 1}}}, "the pack `q` is not in the run"),
    ],
)
@pytest.mark.parametrize("project", [False, True])
def test_a_name_that_no_pack_has_is_refused(
    pack: str, tmp_path: Path, arguments: dict[str, Any], message: str, project: bool
) -> None:
    """Never a report on fewer policies than were meant."""
    (tmp_path / "s").mkdir()
    (tmp_path / "s/a.py").write_text(FILES["a.py"])
    with pytest.raises(polcheck.ConfigError) as caught:
        polcheck.check(str(tmp_path / "s") if project else FILES, pack, project=project, **arguments)
    assert message in str(caught.value)


def test_a_single_name_needs_no_list(pack: str) -> None:
    """A string is no list of letters."""
    assert polcheck.check(FILES, pack, select="print").verdict == "fail"


@pytest.mark.parametrize(
    "submission", [{"a.py": 1}, {"a.py": None}, {1: "x"}, {b"a.py": "x"}, [("a.py", "x")], None, 3, 1.5]
)
def test_a_submission_of_another_type_is_refused(pack: str, submission: Any) -> None:
    """As SubmissionError, which callers handle, and never as a fault of polcheck."""
    with pytest.raises(polcheck.SubmissionError):
        polcheck.check(submission, pack)


@pytest.mark.parametrize("arguments", [{"select": ["zzz"]}, {"ignore": "zzz"}, {"fail_on": "errors"}])
def test_a_session_refuses_it_too(pack: str, arguments: dict[str, Any]) -> None:
    """A session takes the same arguments."""
    with pytest.raises(polcheck.ConfigError):
        polcheck.Session(pack, packs=[pack], **arguments).check()
