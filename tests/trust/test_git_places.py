"""What has the name of git's own folder is not passed over in silence, and leads nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from gits import Folder, git
from polcheck.base.errors import SubmissionError
from polcheck.sources.target import read_submission


@pytest.mark.parametrize("project", [False, True])
def test_what_git_did_not_put_there_is_counted(folder: Folder, project: bool) -> None:
    """A file or a folder named .git below the root is left out and named; others are read."""
    root = folder({"sub/.git": "SECRET=abc\n", "deep/er/.git/a.py": "eval(x)\n", "b.txt": "x\n"})
    read = read_submission(root, project=project)
    assert read.paths == ("b.txt",) and read.git_places == ("deep/er/.git", "sub/.git") and read.left_out == 2


def test_the_repositorys_own_goes_without_saying(folder: Folder) -> None:
    """At the root it is git's, in a project also that of a submodule and of a repository within."""
    root = folder({"b.txt": "x\n", "within/a.py": "", "module/a.py": "", "module/.git": "gitdir: ../.git/modules/m\n"})
    git(root, "init", "-q")
    assert read_submission(root).git_places == ("module/.git",)
    git(root / "within", "init", "-q")
    read = read_submission(root, project=True)
    assert read.git_places == () and read.left_out == 0
    assert read_submission(root).git_places == ("module/.git", "within/.git")


def test_what_is_excluded_needs_no_notice(folder: Folder) -> None:
    """Whoever excludes it knows of it."""
    read = read_submission(folder({"sub/.git": "", "b.txt": ""}), exclude=["sub/.git"])
    assert read.git_places == () and read.left_out == 1


@pytest.mark.parametrize("how", ["pointer", "link", "index", "common"])
def test_what_git_tracks_is_not_asked_elsewhere(folder: Folder, tmp_path: Path, how: str) -> None:
    """With `tracked`, an untrusted folder can't have the index of another repository read; a project can."""
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    (other / "b.py").write_text("")
    git(other, "add", "b.py")
    root = folder({"a.py": "eval(x)\n", "b.py": "x = 1\n"})
    if how == "pointer":
        (root / ".git").write_text(f"gitdir: {other / '.git'}\n")
    elif how == "link":
        (root / ".git").symlink_to(other / ".git")
    else:
        git(root, "init", "-q")
        if how == "index":
            (root / ".git/index").symlink_to(other / ".git/index")
        else:
            (root / ".git/commondir").write_text(str(other / ".git"))
    with pytest.raises(SubmissionError, match="leads out of it"):
        read_submission(root, tracked=True)
    assert set(read_submission(root).paths) >= {"a.py", "b.py"}
    if how == "pointer":
        assert read_submission(root, tracked=True, project=True).paths == ("b.py",)
