"""A folder is walked once, until something in it is listed that wasn't."""

from __future__ import annotations

import hashlib
import marshal
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from polcheck.base import tracker as watch
from polcheck.base.codec import Codec
from polcheck.base.tracker import tracking
from polcheck.sources import folder as walks
from polcheck.sources.folder import _Folder, _Walk
from polcheck.sources.limits import ReadLimits
from polcheck.sources.target import read_submission as read_any

read_submission = partial(read_any, project=True)

Write = Callable[[Mapping[str, str | bytes]], Path]


@pytest.fixture
def walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The folders that were walked since they were asked for, of any size and age."""
    monkeypatch.setenv("POLCHECK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(walks, "WORTH", 0)
    monkeypatch.setattr(watch, "_RACE", 0)
    found: list[bytes] = []
    below = _Walk._folder

    def counted(walk: _Walk, at: _Folder) -> list[_Folder]:
        found.append(at.path)
        return below(walk, at)

    monkeypatch.setattr(_Walk, "_folder", counted)
    return found


@pytest.fixture
def root(tree: Write) -> Path:
    """A project with a file that is ignored."""
    made = tree({"a.py": "1", "sub/b.py": "2", "sub/c.tmp": "3", ".gitignore": "*.tmp\n"})
    (made / ".git").mkdir()
    time.sleep(0.05)  # so that what is written later has another time
    return made


def test_a_folder_is_walked_once(root: Path, walked: list[bytes]) -> None:
    """The second time the same files are listed, and read as they are by then."""
    first = read_submission(root, keep=True).paths
    walked.clear()
    (root / "sub/b.py").write_text("new")
    again = read_submission(root, keep=True)
    assert (again.paths, again.files["sub/b.py"], walked) == (first, b"new", [])


def _linked(root: Path) -> None:
    (root / "a.py").unlink()
    (root / "a.py").symlink_to("sub/b.py")


CHANGES: dict[str, Callable[[Path], object]] = {
    "a new file": lambda root: (root / "sub/d.py").write_text(""),
    "a file less": lambda root: (root / "sub/b.py").unlink(),
    "a link in its place": _linked,
    "what is ignored": lambda root: (root / ".gitignore").write_text(""),
    "what is ignored below": lambda root: (root / "sub/.gitignore").write_text("b.py"),
    "no repository": lambda root: (root / ".git").rmdir(),
}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_a_folder_that_changed_is_walked_again(root: Path, walked: list[bytes], change: str) -> None:
    """What is listed is what a walk that knows nothing lists."""
    read_submission(root, keep=True)
    walked.clear()
    CHANGES[change](root)
    found = read_submission(root, keep=True)
    assert walked
    assert dict(found.files) == dict(read_submission(root).files)


def test_another_question_is_another_walk(root: Path, walked: list[bytes]) -> None:
    """What is left out, and what is too much, decides what is listed."""
    read_submission(root, keep=True)
    assert read_submission(root, keep=True, exclude=["sub/**"]).paths == (".gitignore", "a.py")
    assert "sub/c.tmp" in read_submission(root, keep=True, gitignore=False).paths
    walked.clear()
    assert read_submission(root, keep=True, limits=ReadLimits(files=9)).paths
    assert walked


def test_what_was_kept_and_is_damaged_is_walked_again(root: Path, walked: list[bytes], tmp_path: Path) -> None:
    """A listing that isn't whole is none."""
    expected = read_submission(root, keep=True).paths
    (kept,) = (tmp_path / "cache" / "walks").iterdir()
    kept.write_bytes(kept.read_bytes()[:-1])
    walked.clear()
    assert read_submission(root, keep=True).paths == expected
    assert walked


ANY: Codec[Any] = Codec(Any)
NO_FILES = walks._WALK.encode(((), 0))
STAMPED = [(b"/", (0, 0, 0, 0, 0))]


@pytest.mark.parametrize(
    "foreign",
    [ANY.encode("x"), ANY.encode(([], b"")), ANY.encode(([], NO_FILES)), ANY.encode((STAMPED, NO_FILES)),
     marshal.dumps((((), 0), []))],
    ids=["text", "no value", "no places", "places that have changed", "marshalled"],
)  # fmt: skip
def test_what_was_kept_and_makes_no_sense_is_walked_again(
    root: Path, walked: list[bytes], tmp_path: Path, foreign: bytes
) -> None:
    """Whole bytes of something else are no listing; nor is one that would hold whatever happens, for want of places."""
    expected = read_submission(root, keep=True).paths
    (kept,) = (tmp_path / "cache" / "walks").iterdir()
    kept.write_bytes(hashlib.sha256(foreign).digest() + foreign)
    walked.clear()
    assert read_submission(root, keep=True).paths == expected
    assert walked


def test_whoever_watches_sees_the_same(root: Path, walked: list[bytes]) -> None:
    """The places that a walk looked at are noted although nobody looks there again."""
    with tracking() as first:
        read_submission(root, keep=True)
    with tracking() as second:
        read_submission(root, keep=True)
    assert first.places == second.places
    assert first.settled
    assert second.settled


@pytest.mark.parametrize("kept", [True, False])
def test_small_folders_are_walked(root: Path, walked: list[bytes], monkeypatch: pytest.MonkeyPatch, kept: bool) -> None:
    """To walk through a few files takes no longer than to read what was kept; and nothing is kept unasked."""
    monkeypatch.setattr(walks, "WORTH", 500 if kept else 0)
    for _ in range(2):
        walked.clear()
        read_submission(root, keep=kept)
        assert walked
