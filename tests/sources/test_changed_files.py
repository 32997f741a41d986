"""Changes between a base and the files as they are: the same as git's, for random changes of a work tree."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from gits import git
from polcheck.project.effective import CommandLineOptions
from polcheck.project.project import Project
from polcheck.sources.changes import KINDS, Changes, changes_between
from polcheck.sources.submission import Base, Submission, of_files

LETTERS = {"A": "added", "M": "modified", "D": "deleted", "R": "renamed", "T": "modified"}
FOLDERS = ["", "a/", "a/b/", "c c/", "ü/"]


def of_project(root: Path) -> Changes:
    """The changes since HEAD, as `--since HEAD` has them."""
    project = Project.at(str(root), CommandLineOptions(packs=("python-project",), cache=False))
    base = project.since("HEAD").base
    return changes_between(base, project.read(), lambda path: True)


def of_git(root: Path) -> dict[str, tuple[str, str]]:
    """The kind and the previous path of every path that git says has changed since HEAD."""
    git(root, "add", "-A")
    fields = iter(git(root, "diff", "--cached", "--name-status", "-z", "-M100%", "HEAD").split("\0")[:-1])
    found: dict[str, tuple[str, str]] = {}
    for status in fields:
        path = next(fields)
        previous, path = (path, next(fields)) if status[0] == "R" else ("", path)
        found[path] = (LETTERS[status[0]], previous)
    return found


def shaken(root: Path, rng: random.Random) -> None:
    """Changes files of a work tree: adds, edits, moves, copies, removes, turns them to links and back."""
    for _ in range(rng.randint(1, 12)):
        files = sorted(path for path in root.rglob("*") if ".git" not in path.parts and not path.is_dir())
        file = rng.choice(files)
        target = root / rng.choice(FOLDERS) / f"{rng.choice('pqrst')}{rng.choice(['.py', '.txt', ''])}"
        if target.exists() or target.is_symlink():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        match rng.randrange(7):
            case 0:
                target.write_text(rng.choice(["", "x\n", "y\r\n", str(rng.random())]))
            case 1 if not file.is_symlink():
                file.write_text(rng.choice([file.read_bytes().decode() + "more\n", "x\n", "x\r\ny\r\n"]))
            case 2 | 3:
                file.rename(target)
            case 4 if not file.is_symlink():
                target.write_bytes(file.read_bytes())
            case 5 if len(files) > 3:
                file.unlink()
            case 6:
                target.symlink_to(rng.choice(["p.py", "nowhere", ".."]))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with files of some contents, some of them alike, links and an empty file."""
    root = tmp_path / "r"
    for number, folder in enumerate(FOLDERS):
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder / "same.py").write_text("same\n")
        (root / folder / "own.txt").write_text(f"own {number}\nand more\n")
        (root / folder / "empty").write_text("")
    (root / "link").symlink_to("own.txt")
    (root / "a" / "folder-link").symlink_to("b")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "base")
    return root


@pytest.mark.parametrize("seed", range(25))
def test_changes_are_those_that_git_sees(repository: Path, seed: int) -> None:
    """Of files that are edited, moved, copied and linked in a work tree, none of it committed, much of it untracked."""
    rng = random.Random(seed)
    shaken(repository, rng)
    ours = of_project(repository)
    assert not ours.unknown
    assert {path: (kind, ours.previous.get(path, "")) for path, kind in ours.kinds.items()} == of_git(repository)


@pytest.mark.parametrize(
    ("attributes", "setting", "converted"),
    [
        ("", "", False),
        ("* text=auto\n", "", True),
        ("*.txt text\n", "", True),
        ("*.txt eol=crlf\n", "", True),
        ("*.txt -text\n", "true", False),
        ("", "true", True),
        ("", "input", True),
    ],
)
def test_line_ends_that_git_converts_are_no_change(
    repository: Path, attributes: str, setting: str, converted: bool
) -> None:
    """As git's settings and attributes say; a filter that they name is not run."""
    (repository / ".gitattributes").write_text(f"{attributes}*.txt filter=evil\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "attributes")
    if setting:
        git(repository, "config", "core.autocrlf", setting)
    git(repository, "config", "filter.evil.clean", "touch ran; cat")
    (repository / "own.txt").write_bytes(b"own 0\r\nand more\r\n")
    assert of_project(repository).kinds == ({} if converted else {"own.txt": "modified"})
    assert not (repository / "ran").exists()


def test_a_pointer_of_git_lfs_is_the_object_that_it_names() -> None:
    """A work tree holds the file where the revision holds the pointer, or the reverse; another object is a change."""
    data = b"large\n"
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(data).hexdigest()}\nsize 6\n"
    one, other = of_files({"f": pointer}), of_files({"f": data})
    assert not changes_between(Base(one), other, bool).kinds
    assert not changes_between(Base(other), one, bool).kinds
    assert changes_between(Base(one), of_files({"f": b"Large\n"}), bool).kinds == {"f": "modified"}


def test_what_cannot_be_read_is_unknown() -> None:
    """On either side, and below a folder that can't be listed; a file that is new or gone is that all the same."""
    whole = of_files({"a": "1", "b": "2", "d/e": "3"})
    torn = Submission(
        "s", "files", {"a": b"1", "n": b""}, unreadable={"b": "why", "d": "closed"}, folders=frozenset("d")
    )
    ours = changes_between(Base(whole), torn, bool)
    assert ours.kinds == {"n": "added"} and ours.unknown == {"b": "why", "d/e": "closed"}
    back = changes_between(Base(torn), whole, bool)
    assert back.kinds == {"d/e": "added", "n": "deleted"} and back.unknown == {"b": "why"}


def test_submodules_are_left_alone() -> None:
    """Their files are another repository's, whether they are there or not."""
    base = Base(of_files({"a": "1"}), submodules=frozenset({"sub"}))
    assert not changes_between(base, of_files({"a": "1", "sub/x": "2"}), bool).kinds


def test_only_files_that_are_asked_for_are_read() -> None:
    """Others are neither compared nor read, but for finding out what was renamed."""

    class Counted(dict[str, bytes]):
        def __getitem__(self, path: str) -> bytes:
            read.append(path)
            return super().__getitem__(path)

    read: list[str] = []
    base, now = ({"a": b"1", "b": b"2", "gone": b"333"}, {"a": b"2", "b": b"3", "new": b"4444"})
    submissions = [Submission("s", "files", Counted(files)) for files in (base, now)]
    found = changes_between(Base(submissions[0]), submissions[1], lambda path: path == "a")
    assert found.kinds == {"a": "modified", "gone": "deleted", "new": "added"}
    assert set(read) <= {"a", "gone", "new"}


def test_every_kind_is_one_of_the_language() -> None:
    """The kinds are what `changed` takes."""
    assert set(LETTERS.values()) == set(KINDS)
