"""What `--since` compares with, what it says of that, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from gits import git
from trees import OURS, write
from typed import Ran, polcheck

PRINTS = "print(1)\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in whose `main` branch one file prints, and from which `topic` has been taken."""
    root = tmp_path / "r"
    write(root, {**OURS, "polcheck.yaml": "packs: [packs/ours]\n", "a.py": PRINTS, "b.py": "x = 1\n"})
    git(root, "init", "-q")
    commit(root)
    git(root, "checkout", "-qb", "topic")
    monkeypatch.chdir(root)
    return root


def commit(root: Path, message: str = "change") -> None:
    """Commits everything that there is."""
    git(root, "add", "-A")
    git(root, "commit", "-qm", message)


def since(revision: str, *arguments: str) -> Ran:
    """Runs polcheck against a revision, as `-q` shows it."""
    return polcheck("run", "-q", "--no-cache", "--since", revision, *arguments)


def test_the_merge_base_counts_and_not_what_the_other_branch_did_since(repository: Path) -> None:
    """What `main` has fixed since isn't new on `topic`; what both have added is."""
    write(repository, {"b.py": "x = 1\nprint(2)\n"})
    commit(repository)
    git(repository, "checkout", "-q", "main")
    write(repository, {"a.py": "x = 2\n", "b.py": "x = 1\nprint(2)\n"})
    commit(repository)
    git(repository, "checkout", "-q", "topic")
    for revision in ("main", "main...HEAD", "main...", "main...topic"):
        ran = since(revision)
        assert (ran.status, ran.out) == (1, "b.py:2:1: error[ours:no-print] it prints\n")


def test_a_revision_is_compared_with_the_revision_that_is_checked(repository: Path) -> None:
    """With `--rev` the merge base is that of both revisions, whatever is checked out."""
    write(repository, {"b.py": PRINTS})
    commit(repository)
    write(repository, {"b.py": "x = 1\nprint(3)\n"})
    git(repository, "checkout", "-qf", "main")
    assert since("main", "--rev", "topic").out == "b.py:1:1: error[ours:no-print] it prints\n"
    assert since("topic", "--rev", "main").status == 0


def test_the_report_says_what_was_compared_with(repository: Path) -> None:
    """It names the commit, and the revision whose merge base it is where that is another one."""
    first = git(repository, "rev-parse", "--short=12", "HEAD").strip()
    assert f"notice: compared with `main` ({first})\n" in polcheck("run", "--since", "main").out
    git(repository, "commit", "-q", "--allow-empty", "-m", "one")
    git(repository, "checkout", "-q", "main")
    git(repository, "commit", "-q", "--allow-empty", "-m", "two")
    wanted = f"notice: compared with {first}, the merge base of `topic` and HEAD\n"
    assert wanted in polcheck("run", "--since", "topic").out


@pytest.mark.parametrize(
    ("revision", "message"),
    [
        ("", "the name of the revision is empty: is a variable empty?"),
        ("origin/", "`origin/` names no branch: is a variable empty?"),
        ("origin/...HEAD", "`origin/...HEAD` names no branch: is a variable empty?"),
        ("0" * 40, "stands for no commit: it is what a push of a new branch has before it"),
        ("main..HEAD", "`main..HEAD` is a range: give the revision `main`, or `main...HEAD`"),
        ("nowhere", "there is no git revision `nowhere`"),
        ("--all", "`--all` is not a git revision"),
        ("other", "`other` and HEAD have no commit in common\n"),
    ],
)
def test_a_base_that_is_none_is_a_clear_message(repository: Path, revision: str, message: str) -> None:
    """An empty variable of CI, a push with no commit before it, a range, and histories that have nothing in common."""
    git(repository, "checkout", "-q", "--orphan", "other")
    git(repository, "commit", "-qm", "apart")
    git(repository, "checkout", "-q", "main")
    ran = since(revision)
    assert ran.status == 2 and message in ran.err


def test_a_shallow_clone_is_named_as_the_reason(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the commit that both have in common wasn't fetched, the message says what to do."""
    git(repository, "commit", "-q", "--allow-empty", "-m", "on topic")
    git(repository, "checkout", "-q", "main")
    git(repository, "commit", "-q", "--allow-empty", "-m", "on main")
    git(tmp_path, "clone", "-q", "--depth", "1", "--no-single-branch", repository.as_uri(), "shallow")
    monkeypatch.chdir(tmp_path / "shallow")
    ran = since("origin/topic")
    assert ran.status == 2 and "this clone is shallow, so fetch more of the history (`fetch-depth: 0`)" in ran.err


def test_a_folder_that_was_not_there_before_is_new_as_a_whole(repository: Path) -> None:
    """The revision then holds nothing to compare with, which is no error."""
    write(repository, {"new/c.py": PRINTS})
    ran = since("main", "new")
    assert (ran.status, ran.out) == (1, "new/c.py:1:1: error[ours:no-print] it prints\n")


@pytest.fixture
def with_submodule(repository: Path, tmp_path: Path) -> Path:
    """The repository with a submodule in which a file prints."""
    write(tmp_path / "sub", {"c.py": PRINTS})
    git(tmp_path / "sub", "init", "-q")
    commit(tmp_path / "sub")
    git(repository, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../sub", "sm")
    commit(repository)
    return repository


def test_submodules_are_left_alone(with_submodule: Path) -> None:
    """What is in a submodule that was there before is accepted, with the reason; beside it all is as ever."""
    assert since("HEAD").status == 0
    assert "in the submodule `sm`" in polcheck("run", "-v", "--since", "HEAD").out
    write(with_submodule, {"sma.py": PRINTS})
    assert since("HEAD").out == "sma.py:1:1: error[ours:no-print] it prints\n"


def test_a_submodule_that_was_not_there_before_is_new(with_submodule: Path) -> None:
    """With all that it holds, as a folder of files would be."""
    assert since("main").out == "sm/c.py:1:1: error[ours:no-print] it prints\n"


@pytest.mark.parametrize("options", [(), ("--isolated", "--pack", "packs/ours"), ("--tracked",), ("--rev", "HEAD")])
def test_a_submodule_that_is_not_checked_out_is_not_read(
    with_submodule: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    """So a policy whose files may be in it is undecided, and any other is not."""
    git(tmp_path, "clone", "-q", str(with_submodule), "clone")
    monkeypatch.chdir(tmp_path / "clone")
    write(tmp_path / "clone", {"a.py": "x = 1\n"})
    git(tmp_path / "clone", "-c", "user.name=a", "commit", "-qam", "fixed")
    ran = polcheck("run", "-q", "--no-cache", *options)
    assert ran.status == 2 and ran.out.startswith("sm: undecided: a submodule")
    write(tmp_path / "clone", {"packs/ours/policies/p.yaml": "id: x\ntitle: t\nforbid: {files: b/*.py}\nmessage: m\n"})
    assert polcheck("run", "-q", "--no-cache", *(o for o in options if o not in ("--rev", "HEAD"))).status == 0


def test_a_file_that_a_revision_lacks_is_no_pass(repository: Path) -> None:
    """With `--rev` a named file that isn't in the revision was never read, and that is said."""
    write(repository, {"new.py": PRINTS})
    ran = polcheck("run", "-q", "--rev", "HEAD", "new.py")
    assert (ran.status, ran.out) == (2, "")
    assert "the git revision `HEAD` has no file or folder `new.py`" in ran.err


def test_a_revision_that_a_shallow_clone_lacks_comes_with_the_way_out(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout in CI has one commit, unless it is asked for more."""
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository}", "shallow")
    monkeypatch.chdir(tmp_path / "shallow")
    ran = polcheck("run", "--since", "HEAD~1")
    assert ran.status == 2 and "this clone is shallow, so fetch more of the history" in ran.err
