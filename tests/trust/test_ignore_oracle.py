"""What .gitignore files leave out is what `git check-ignore` says, over random sets of rules."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from gits import git
from polcheck.base.errors import SubmissionError
from polcheck.sources.target import read_submission

NAMES = ["a", "b", "ab", "a.log", "x y", "#a", "!a", "é", "[a]", "a\\", "B", "1", "-", "a.b.c", ".hid", "~"]
FOLDERS = ["", "d/", "d/e/", "abc/", "abc/d/", "é1/a1/", "build/", "x z/"]
PIECES = [
    "a", "b", "ab", "d", "e", "é", "build", "x y", "log",
    "*", "**", "?", "/", "/", "/", "**/", "/**", "/**/", ".", "-", "!",
    "\\", "#", "[ab]", "[!a]", "[^b]", "[a-d]", "[[:alpha:]]", "[[:upper:]x]", "[]a]", "[a", "\\*", "\\a", " ", "\\ ",
    "\t",     "*.", ".*", "***", "a**", "**b", "[.-0]", "[--0]", "[b-a]", "{a,b}", "~",
]  # fmt: skip
SAMPLE, WHOLE = 120, 2_000


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of many odd names."""
    root = tmp_path / "r"
    for folder in FOLDERS:
        for name in NAMES:
            place = root / folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                place.write_text("")
    git(root, "init", "-q")
    return root


def rules(draw: random.Random) -> str:
    """A few random lines."""
    lines = ["".join(draw.choices(PIECES, k=draw.randint(1, 5))) for _ in range(draw.randint(1, 6))]
    ends = draw.choice(["\n", "\n", "\r\n"])
    return ends.join(("!" if draw.random() < 0.25 else "") + line for line in lines) + ends


def differences(root: Path, paths: list[str], number: int, seed: int) -> list[str]:
    """The sets of rules, of so many, by which a file is left out that git doesn't ignore, or the other way round."""
    draw = random.Random(seed)
    found: list[str] = []
    for _ in range(number):
        files = {".gitignore": rules(draw), "d/.gitignore": rules(draw) if draw.random() < 0.5 else ""}
        for name, text in files.items():
            (root / name).write_text(text, newline="")
        names = b"\0".join(os.fsencode(path) for path in paths)
        asked = ["git", "check-ignore", "-z", "--stdin"]
        done = subprocess.run(asked, cwd=root, input=names, capture_output=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        expected = set(paths) - {os.fsdecode(name) for name in done.stdout.split(b"\0")}
        try:
            left = set(read_submission(root, project=True).paths)
        except SubmissionError:
            left = set()
        if left != expected:
            found.append(f"{files}: {sorted(left ^ expected)}")
    return found


def every(root: Path) -> list[str]:
    (root / "d/.gitignore").write_text("")
    (root / ".gitignore").write_text("")
    listed = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in listed if path.parts[0] != ".git")


def test_a_sample_is_ignored_as_git_does(repository: Path) -> None:
    """120 sets of rules over more than a hundred paths each."""
    paths = every(repository)
    assert len(paths) > 100 and differences(repository, paths, SAMPLE, 7) == []


@pytest.mark.corpus
def test_all_are_ignored_as_git_does(repository: Path) -> None:
    """2,000 sets of rules."""
    assert differences(repository, every(repository), WHOLE, 11) == []
