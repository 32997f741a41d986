from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polcheck.base.errors import SubmissionError
from polcheck.sources.gitignore import MAX_BYTES
from polcheck.sources.limits import ReadLimits
from polcheck.sources.target import read_submission as read_any

read_submission = partial(read_any, project=True)

Write = Callable[[Mapping[str, str | bytes]], Path]
Git = Callable[..., bytes]

NAMES = ["a", "b", "ab", "a.log", "x y", " ", "#a", "!a", "-", "é", "n\nl", "[a]", "a\\", "B", "1"]
PIECES = [
    "a", "b", "ab", "*", "**", "/", "?", "[ab]", "[!a]", "[^b]", "[[:alpha:]]", "[]a]", "[.-0]", "[b-a]", "[--0]",
    "[[:x", "[[:upper:][:digit:]]", "[[:no:]]", "[a-", "[\\]]", "\\", " ", "!", "#", ".log", "**/", "/**", "é", "\\#",
    "\\ ", "\t",
]  # fmt: skip
PATTERN = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join)
LINES = st.lists(st.one_of(PATTERN, PATTERN.map("!{}".format)), max_size=5)


@pytest.fixture
def repository(tree: Write, git: Git) -> Path:
    """A repository of many odd names at several depths."""
    names = NAMES + [f"{above}/{name}" for above in ("d", "d/e", "ab/d", "é/a") for name in NAMES]
    root = tree(dict.fromkeys([name for name in names if name not in ("ab", "é", "d/e")], ""))
    git(root, "init", "-q")
    return root


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, LINES, LINES, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "d", "d/e"]))
def test_ignores_what_git_ignores(
    repository: Path, git: Git, outer: list[str], inner: list[str], exclude: list[str], end: str, below: str
) -> None:
    """For any patterns in .gitignore files and .git/info/exclude, the files are those that git would list."""
    files = {".gitignore": outer, "d/.gitignore": inner, ".git/info/exclude": exclude}
    for name, lines in files.items():
        (repository / name).write_bytes(end.join(lines).encode())
    listed = git(repository / below, "ls-files", "-z", "--others", "--exclude-standard")
    if below and not git(repository, "ls-files", "-z", "--others", "--exclude-standard", "--", below):
        return  # git lists nothing in an ignored folder; polcheck judges it when it's named
    expected = {path.decode() for path in listed.split(b"\0")[:-1]}
    try:
        found = set(read_submission(repository / below).paths)
    except SubmissionError:
        found = set()
    assert found == expected


def test_nothing_is_ignored_without_a_repository(tree: Write) -> None:
    """A .gitignore is git's: outside a work tree it means nothing, as for git and ripgrep."""
    files = {".gitignore": "x\n", "sub/.gitignore": "*.log\n", "sub/a.log": "", "sub/x": ""}
    assert read_submission(tree(files)).paths == tuple(sorted(files))


def test_nothing_is_ignored_in_an_untrusted_folder(tree: Write, git: Git) -> None:
    """What somebody else's folder says of itself hides none of its files, in a work tree or not."""
    root = tree({".gitignore": "x\n", "x": ""})
    git(root, "init", "-q")
    (root / ".git/info/exclude").write_text("x\n")
    assert read_any(root).paths == (".gitignore", "x") and read_submission(root).paths == (".gitignore",)


def test_no_gitignore_reads_everything(tree: Write) -> None:
    """On request, ignored files are read like any others."""
    root = tree({".gitignore": "*.log\n", "a.log": "", ".git/info/exclude": "b\n", "b": ""})
    assert read_submission(root, gitignore=False).paths == (".gitignore", "a.log", "b")


def test_parents_count_up_to_the_repository(tree: Write) -> None:
    """Below a repository's root the .gitignore files above count, the nearest first, and none beyond that root."""
    root = tree(
        {
            ".gitignore": "out\n",
            "repo/.git/HEAD": "",
            "repo/.git/info/exclude": "c\nkept\n",
            "repo/.gitignore": "/sub/a\n*.log\n!kept\n",
            "repo/sub/.gitignore": "!keep.log\n",
            **dict.fromkeys([f"repo/sub/deep/{name}" for name in ("a", "b.log", "keep.log", "c", "kept", "out")], ""),
            "repo/sub/a": "",
        }
    )
    assert read_submission(root / "repo/sub/deep").paths == ("a", "keep.log", "kept", "out")
    below = ("deep/a", "deep/keep.log", "deep/kept", "deep/out")
    assert read_submission(root / "repo/sub").paths == (".gitignore", *below)


def test_an_ignored_folder_that_is_named_is_judged(tree: Write, git: Git) -> None:
    """Whoever names an ignored folder wants it judged."""
    root = tree({".gitignore": "build/\n", "build/x": ""})
    git(root, "init", "-q")
    assert read_submission(root / "build").paths == ("x",)


def test_the_users_own_ignored_files_do_not_count(
    tree: Write, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A verdict doesn't depend on the global .gitignore of whoever runs polcheck."""
    root = tree({"x": ""})
    git(root, "init", "-q")
    (tmp_path / "config" / "git").mkdir(parents=True)
    (tmp_path / "config" / "git" / "ignore").write_text("*\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert read_submission(root).paths == ("x",)


def test_what_git_tracks_is_never_ignored(tree: Write, git: Git) -> None:
    """A submission can't hide its files from judgement by ignoring them and committing them all the same."""
    root = tree({"src/evil.py": "", "src/new.py": "", "y": ""})
    git(root, "init", "-q")
    git(root, "add", "src/evil.py")
    (root / ".gitignore").write_text("src/\n*.py\n")
    assert read_submission(root).paths == (".gitignore", "src/evil.py", "y")
    assert read_submission(root / "src").paths == ("evil.py",)


def test_work_trees_have_the_repositorys_exclude(tree: Write, git: Git, tmp_path: Path) -> None:
    """In a further work tree, .git/info/exclude of the repository itself counts."""
    root = tree({"x": ""})
    git(root, "init", "-q")
    git(root, "add", "x")
    git(root, "commit", "-qm", "x")
    git(root, "worktree", "add", "-q", str(tmp_path / "other"))
    (root / ".git/info/exclude").write_text("*.log\n")
    (tmp_path / "other" / "a.log").write_text("")
    assert read_submission(tmp_path / "other").paths == ("x",)


def test_tracked_files_only(tree: Write, git: Git) -> None:
    """On request, a folder has no files but those that git tracks, ignored or not, as they are in the folder."""
    root = tree({"a/x": "1", "a/y": "", "b/z": "", "w": "", "gone": ""})
    git(root, "init", "-q")
    git(root, "add", "a/x", "w", "gone")
    (root / "a/x").write_text("2")
    (root / "gone").unlink()
    (root / ".gitignore").write_text("w\n")
    assert dict(read_submission(root, tracked=True).files) == {"a/x": b"2", "w": b""}
    assert read_submission(root / "a", tracked=True).paths == ("x",)
    with pytest.raises(SubmissionError, match="no file but ignored or excluded ones"):
        read_submission(root / "b", tracked=True)


def test_tracked_needs_a_repository(tree: Write) -> None:
    """Tracked files of no repository are an error."""
    with pytest.raises(SubmissionError, match="is not in a git repository"):
        read_submission(tree({"x": ""}), tracked=True)


def test_a_large_file_of_patterns_counts_as_for_git(tree: Write, git: Git) -> None:
    """Ten thousand names, globs, folders and exceptions, half a megabyte: the files are those that git lists."""
    draw = random.Random(7)
    lines = []
    for number in range(10_000):
        name = f"{draw.choice('abc')}{number % 977}"
        shape = draw.choice(["{}", "/{}", "{}/", "/d/{}/", "d/{}", "*{}", "{}*", "d/**/{}", "{}?", "a*{}", "{}.log"])
        lines.append(draw.choice(["", "", "!"]) + shape.format(name) + " " * 40)
    names = [f"{draw.choice('abc')}{draw.randrange(977)}{draw.choice(['', '.log', 'x'])}" for _ in range(300)]
    files = {f"{draw.choice(['', 'd/', 'd/e/'])}{name}": "" for name in names}
    folders = {f"{draw.choice(['', 'd/'])}{draw.choice('abc')}{number}f/x": "" for number in range(100)}
    root = tree({".gitignore": "\n".join(lines), **files, **folders})
    git(root, "init", "-q")
    assert (root / ".gitignore").stat().st_size > 400_000
    listed = git(root, "ls-files", "-z", "--others", "--exclude-standard").split(b"\0")[:-1]
    assert 100 < len(listed) < 390
    assert set(read_submission(root).paths) == {path.decode() for path in listed}


@pytest.mark.parametrize("place", [".gitignore", "sub/.gitignore", ".git/info/exclude"])
def test_a_file_of_patterns_that_is_too_big_is_refused(tree: Write, place: str) -> None:
    """What it ignores can't be known, so there is no verdict, and the error says how to get one."""
    root = tree({".git/HEAD": "", place: b"#" * (MAX_BYTES + 1), "x": "", "sub/y": ""})
    with pytest.raises(SubmissionError, match="larger than 4,194,304 bytes: --no-gitignore"):
        read_submission(root)
    assert "x" in read_submission(root, gitignore=False).paths


def test_a_large_hostile_file_ends_in_time(tree: Write) -> None:
    """Megabytes of patterns that are slow to match end in the error that names the limit."""
    patterns = "\n".join("*a" * 60 + f"{number}?b" for number in range(30_000))
    root = tree({".git/HEAD": "", ".gitignore": patterns, "a" * 250: "", "b" * 250: ""})
    start = time.perf_counter()
    with pytest.raises(SubmissionError, match="limit `ignore_seconds` of 1"):
        read_submission(root, limits=ReadLimits(ignore_seconds=1))
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("content", [b"\xff\xfe*\x00", b"\\\n[\n[[:nope:]]\n"])
def test_what_is_not_understood_ignores_nothing(tree: Write, content: bytes) -> None:
    """A .gitignore that makes no sense hides no file."""
    assert read_submission(tree({".git/HEAD": "", ".gitignore": content, "x": "", "y/z": ""})).paths == (
        ".gitignore",
        "x",
        "y/z",
    )


@pytest.mark.parametrize(
    "lines",
    [
        ["*a" * 100 + "b"] * 5,
        [f"name{i}*x?y[a-z]" for i in range(3500)],
        ["**/a/" * 40 + "x"] * 300,
        ["*a?" * 20_000],
        [" " * 60_000 + "\\"],
        ["[" + "[:" * 30_000 + "x]"],
        ["\\" * 60_001 + " "],
    ],
)
def test_hostile_patterns_take_no_time(tree: Write, lines: list[str]) -> None:
    """Patterns made to be slow are read and matched in linear time."""
    root = tree(
        {
            ".git/HEAD": "",
            ".gitignore": "\n".join(lines),
            "a/" * 100 + "a" * 200: "",
            **{f"f{i}": "" for i in range(500)},
        }
    )
    start = time.perf_counter()
    assert len(read_submission(root).files) == 502
    assert time.perf_counter() - start < 5


def test_patterns_that_take_too_long_are_refused(tree: Write) -> None:
    """Many patterns that are slow to match with many names end in an error that names the limit."""
    draw = random.Random(1)
    names = ["".join(draw.choice("ab") for _ in range(200)) for _ in range(200)]
    patterns = "\n".join("*a" + "?" * (number % 180) + "b" * (number % 3) for number in range(600))
    root = tree({".git/HEAD": "", ".gitignore": patterns, **dict.fromkeys(names, "")})
    with pytest.raises(SubmissionError, match="more than the limit `ignore_seconds` of 1"):
        read_submission(root, limits=ReadLimits(ignore_seconds=1))


def test_names_that_are_not_text_are_ignored(tree: Write) -> None:
    """Patterns are matched with bytes, as git does: `?` is one byte, and a line break is one, too."""
    root = tree({".git/HEAD": "", ".gitignore": b"\xff?\n*.log\n", "a\n.log": "", "x": ""})
    Path(os.fsdecode(os.fsencode(root) + b"/\xff\xfe")).write_bytes(b"")
    assert read_submission(root).paths == (".gitignore", "x")
