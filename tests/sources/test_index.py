from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polcheck.base.errors import SubmissionError
from polcheck.sources.git import repository_of
from polcheck.sources.git_index import index_of
from polcheck.sources.target import read_submission as read_any

read_submission = partial(read_any, project=True)

Write = Callable[[Mapping[str, str | bytes]], Path]
Git = Callable[..., bytes]

FILES = {f"{folder}{name}": name for folder in ("", "a/", "a/b c/", "é/") for name in ("x", "xy", "n\nl", "long" * 50)}


def tracked(folder: Path) -> set[bytes] | None:
    """What polcheck takes for tracked below a folder."""
    repository = repository_of(bytes(folder))
    index = index_of(repository) if repository else None
    return set(index.files) if index else None


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
@pytest.mark.parametrize("version", ["2", "3", "4", "split", "unhashed", "cached"])
def test_every_form_of_index_is_read(tree: Write, git: Git, version: str, digest: str) -> None:
    """Each version of git's index lists what git lists, in the root and below."""
    root = tree({**FILES, "later/z": "", "untracked": ""})
    git(root, "init", "-q", f"--object-format={digest}")
    if version.isdigit():
        git(root, "config", "index.version", version)
    if version == "unhashed":
        git(root, "config", "index.skipHash", "true")
    git(root, "add", "--", *FILES)
    if version == "split":
        git(root, "config", "splitIndex.maxPercentChange", "100")
        git(root, "update-index", "--split-index")
    git(root, "add", "--intent-to-add", "later/z")
    if version == "cached":
        git(root, "commit", "-qm", "x")  # which adds a cache of trees
        git(root, "update-index", "--untracked-cache")
    for folder in (root, root / "a", root / "é"):
        assert tracked(folder) == set(git(folder, "ls-files", "-z").split(b"\0")[:-1])
    assert tracked(root / "later") == {b"z"}


def test_files_in_conflict_are_tracked(tree: Write, git: Git) -> None:
    """A file that a merge left in several versions is one tracked file."""
    root = tree({"x": "1"})
    git(root, "init", "-q")
    digest = git(root, "hash-object", "-w", "x").decode().strip()
    stages = "".join(f"100644 {digest} {stage}\tx\n" for stage in (1, 2, 3))
    git(root, "update-index", "--index-info", stdin=stages.encode())
    assert read_submission(root, tracked=True).paths == ("x",)


def test_a_repository_without_index_tracks_nothing(tree: Write, git: Git) -> None:
    """Before anything was added there is no index, and nothing is tracked."""
    root = tree({"x": ""})
    git(root, "init", "-q")
    assert tracked(root) == set()


def test_a_damaged_index_is_an_error_when_it_matters(tree: Write, git: Git) -> None:
    """Tracked files can't be told from a damaged index; what is ignored unless it is tracked is not left out unseen."""
    root = tree({"x": "", "y": "", "z/a": "", ".gitignore": "y\nz/\n"})
    git(root, "init", "-q")
    git(root, "add", "x")
    path = root / ".git/index"
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(SubmissionError, match=r"the index of the git repository of `.*` can't be read"):
        read_submission(root, tracked=True)
    read = read_submission(root)
    assert read.listed == (".gitignore", "x", "y")
    assert set(read.unreadable) == {"y", "z"}
    assert set(read.folders) == {"z"}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_hostile_indices_are_read_or_refused(tree: Write, data: st.DataObject) -> None:
    """An index of any bytes, its digest right, gives some files or none, and nothing else gets out."""
    root = tree({".git/HEAD": "", "x": ""})
    version = data.draw(st.integers(2, 4)).to_bytes(4, "big")
    count = data.draw(st.sampled_from([0, 1, 3, 2**32 - 1])).to_bytes(4, "big")
    body = b"DIRC" + version + count + data.draw(st.binary(max_size=300))
    if data.draw(st.booleans()):
        body += b"link" + (20).to_bytes(4, "big") + b"\1" * 20
    (root / ".git/index").write_bytes(body + hashlib.sha1(body, usedforsecurity=False).digest())
    assert isinstance(tracked(root), set | None)


def test_a_split_index_that_holds_itself_ends(tree: Write) -> None:
    """Shared indices that name each other don't go on for ever."""
    root = tree({".git/HEAD": "", "x": ""})
    body = b"DIRC" + (2).to_bytes(4, "big") + bytes(4) + b"link" + (20).to_bytes(4, "big") + b"\1" * 20
    for name in ("index", "sharedindex." + "01" * 20):
        (root / ".git" / name).write_bytes(body + hashlib.sha1(body, usedforsecurity=False).digest())
    assert tracked(root) == set()


def test_a_shared_index_that_is_missing_makes_it_unreadable(tree: Write, git: Git) -> None:
    """Half an index is none."""
    root = tree({"x": ""})
    git(root, "init", "-q")
    git(root, "add", "x")
    git(root, "update-index", "--split-index")
    for path in (root / ".git").glob("sharedindex.*"):
        path.unlink()
    assert tracked(root) is None
