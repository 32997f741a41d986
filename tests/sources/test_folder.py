from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from polcheck.base.errors import ConfigError, SubmissionError
from polcheck.sources.limits import ReadLimits
from polcheck.sources.submission import Submission
from polcheck.sources.target import read_submission as read_any

read_submission = partial(read_any, project=True)

Write = Callable[[Mapping[str, str | bytes]], Path]

NOBODY = 65534


def settled(read: Submission) -> Submission:
    """The submission after a look at each of its files."""
    return read.settled(read.files)


@contextmanager
def nobody() -> Iterator[None]:
    """Whoever runs the tests loses the right to read everything, if they had it."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_every_file_is_read_in_order_of_path(tree: Write) -> None:
    """A folder gives the bytes of each file below it, sorted by path, under the name that was given."""
    root = tree({"b.py": "b", "a/c.py": "c", "a.py": b"\xff\x00", ".hidden/x": ""})
    read = read_submission(root)
    assert list(read.files.items()) == [(".hidden/x", b""), ("a.py", b"\xff\x00"), ("a/c.py", b"c"), ("b.py", b"b")]
    assert (read.kind, read.name, read.unreadable) == ("folder", str(root), {})


def test_the_name_is_as_it_was_written(tree: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder named by a relative path keeps that name."""
    monkeypatch.chdir(tree({"sub/x": ""}))
    assert read_submission("sub/").name == "sub/"
    assert read_submission(".").paths == ("sub/x",)


def test_git_itself_is_never_read(tree: Write) -> None:
    """Nothing called `.git` is read, at any depth, as a folder or a file, even if nothing is ignored."""
    root = tree({"x": "", ".git/config": "", "sub/.git": "gitdir: elsewhere", "sub/y": "", ".github/z": ""})
    assert read_submission(root, gitignore=False).paths == (".github/z", "sub/y", "x")


def test_odd_names_are_kept(tree: Write) -> None:
    """Line breaks, bytes that are not UTF-8, backslashes and drive letters in names of files stay as they are."""
    root = tree({"a\nb": "1", "c:\\d": "2"})
    Path(os.fsdecode(os.fsencode(root) + b"/\xff.py")).write_bytes(b"3")
    assert dict(read_submission(root).files) == {"a\nb": b"1", "c:\\d": b"2", "\udcff.py": b"3"}


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "en_US.ISO-8859-1"])
def test_names_do_not_depend_on_the_locale(tree: Write, locale: str) -> None:
    """A name in UTF-8 is read as such whatever the encoding that the system claims for names."""
    root = tree({"x": ""})
    Path(os.fsdecode(os.fsencode(root) + "/é".encode())).write_bytes(b"")
    code = (
        "import sys; from polcheck.sources.target import read_submission as read; print(ascii(read(sys.argv[1]).paths))"
    )
    environment = {**os.environ, "LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONPATH": os.pathsep.join(_import_path())}
    done = subprocess.run(
        [sys.executable, "-c", code, root], env=environment, capture_output=True, check=True, text=True
    )
    assert done.stdout.strip() == ascii(("x", "é"))


def _import_path() -> list[str]:
    return [path for path in sys.path if path]


def test_a_link_to_a_file_inside_is_read(tree: Write) -> None:
    """A link to a file of the submission is that file under another name, even over several links."""
    root = tree({"real/x.py": "x"})
    (root / "one").symlink_to("real/x.py")
    (root / "two").symlink_to(root / "one")
    assert dict(read_submission(root).files) == {"one": b"x", "real/x.py": b"x", "two": b"x"}


def test_a_link_out_of_the_folder_is_not_followed(tree: Write, tmp_path: Path) -> None:
    """A link to a file or a folder outside is unreadable, also when the outside begins with the folder's name."""
    root = tree({"x": ""})
    outside = tmp_path / "tree-secret"
    outside.mkdir()
    (outside / "key").write_text("secret")
    (root / "file").symlink_to(outside / "key")
    (root / "folder").symlink_to(outside)
    read = read_submission(root)
    assert read.paths == ("file", "folder", "x")
    assert set(read.unreadable.values()) == {"a link that leaves the project"}
    assert set(read.unreadable) == {"file", "folder"}


def test_linked_folders_are_not_walked(tree: Write) -> None:
    """A link to a folder of the submission is passed over, since what is in it is judged in its place."""
    root = tree({"real/x.py": "x"})
    (root / "again").symlink_to("real")
    (root / "real" / "cycle").symlink_to("..")
    assert read_submission(root).paths == ("real/x.py",)


def test_a_link_to_a_folder_that_is_left_out_is_unreadable(tree: Write) -> None:
    """What hides behind a link to an ignored folder isn't judged anywhere, so the link says so."""
    root = tree({".git/HEAD": "", ".gitignore": "build/\n", "build/x.py": "x", "y": ""})
    (root / "src").symlink_to("build")
    assert read_submission(root).unreadable == {"src": "a link to a folder that is left out"}


def test_a_link_into_git_is_not_followed(tree: Write) -> None:
    """`.git` isn't read by way of a link either."""
    root = tree({".git/config": "secret", "x": ""})
    (root / "link").symlink_to(".git/config")
    assert read_submission(root).unreadable == {"link": "a link into `.git`"}


def test_broken_links_are_unreadable(tree: Write) -> None:
    """A link to nothing and a link to itself are noted, with the reason."""
    root = tree({"x": ""})
    (root / "nothing").symlink_to("nowhere")
    (root / "self").symlink_to("self")
    reasons = read_submission(root).unreadable
    assert reasons["nothing"] == "a link that leads nowhere: no such file or directory"
    assert reasons["self"].startswith("a link that leads nowhere")


def test_what_is_no_file_is_not_opened(tree: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pipes and sockets are noted without being opened: reading one would wait for ever."""
    root = tree({"x": ""})
    os.mkfifo(root / "pipe")
    (root / "link").symlink_to("pipe")
    monkeypatch.chdir(root)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        reasons = read_submission(root).unreadable
    assert reasons == {"pipe": "a named pipe", "link": "a named pipe", "socket": "a socket"}


def test_a_pipe_called_gitignore_ignores_nothing(tree: Write) -> None:
    """What is no file is no .gitignore, and isn't opened."""
    root = tree({"x": ""})
    os.mkfifo(root / ".gitignore")
    read = read_submission(root)
    assert (list(read.files), dict(read.unreadable)) == (["x"], {".gitignore": "a named pipe"})


def test_files_and_folders_without_permission_are_unreadable(tree: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file and a folder that may not be read are noted by their paths; the rest is read."""
    root = tree({"x": "x", "closed.py": "", "shut/y.py": "", "blind/z.py": ""})
    (root / "closed.py").chmod(0)
    (root / "shut").chmod(0)
    (root / "blind").chmod(0o444)  # may be listed, but nothing in it opened
    monkeypatch.chdir(root)
    try:
        with nobody():
            read = settled(read_submission("."))
    finally:
        for name in ("shut", "blind"):
            (root / name).chmod(0o755)
    assert list(read.files) == ["x"]
    assert read.unreadable == {
        "blind/z.py": "it can't be read: permission denied",
        "closed.py": "it can't be read: permission denied",
        "shut": "a folder that can't be read: permission denied",
    }


def test_a_folder_that_cannot_be_listed_is_an_error(tree: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder itself without permission is no submission."""
    root = tree({"x": "x"})
    monkeypatch.chdir(root)
    root.chmod(0o311)
    try:
        with nobody(), pytest.raises(SubmissionError, match="can't be read: permission denied"):
            read_submission(".")
    finally:
        root.chmod(0o755)


@pytest.mark.parametrize("change", ["vanish", "grow", "shrink", "touch", "replace by a link", "replace by a pipe"])
def test_a_file_that_changes_after_it_was_listed_is_not_read(tree: Write, change: str) -> None:
    """A file is judged as it was listed, or not at all; what comes in its place is never read."""
    root = tree({"a": "1234", "b": "kept"})
    path = root / "a"
    read = settled(read_submission(root))
    if change in ("grow", "shrink"):
        os.truncate(path, 9 if change == "grow" else 1)
    elif change == "touch":
        os.utime(path, ns=(1, 1))
    else:
        path.unlink()
        if change == "replace by a link":
            path.symlink_to("/etc/hostname")
        elif change == "replace by a pipe":
            os.mkfifo(path)
    with pytest.raises(OSError, match=r"it changed|named pipe|not a file|[Nn]o such file"):
        _ = read.files["a"]
    assert read.files["b"] == b"kept"


def test_a_folder_that_becomes_a_link_is_not_followed(
    tree: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is replaced by a link out of the submission before it's walked is noted."""
    root = tree({"sub/x": "", "y": ""})
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "key").write_text("secret")
    original = os.open

    def spy(path: bytes, *rest: int, **options: int | None) -> int:
        if path.endswith(b"/sub"):
            (root / "sub").rename(tmp_path / "moved")
            (root / "sub").symlink_to(tmp_path / "outside")
        return original(path, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", spy)
    read = read_submission(root)
    assert list(read.files) == ["y"]
    assert list(read.unreadable) == ["sub"]


def test_big_files_are_unreadable(tree: Write) -> None:
    """A file over the limit is noted with the limit's name, and one of just that size is read."""
    read = settled(read_submission(tree({"big": "12345", "fits": "1234"}), limits=ReadLimits(file_bytes=4)))
    assert list(read.files) == ["fits"]
    assert read.unreadable == {"big": "5 bytes are over the limit `file_bytes` of 4"}


def test_what_exceeds_the_sum_is_unreadable(tree: Write) -> None:
    """Once the sum of sizes is used up, further files are noted with the limit's name; smaller ones still fit."""
    read = settled(read_submission(tree({"a": "1234", "b": "1234", "c": "1"}), limits=ReadLimits(total_bytes=5)))
    assert list(read.files) == ["a", "c"]
    assert "`total_bytes`" in read.unreadable["b"]


def test_a_huge_sparse_file_costs_nothing(tree: Write) -> None:
    """A file of a tebibyte is not read to find out that it's too big."""
    root = tree({"x": ""})
    with (root / "huge").open("wb") as file:
        file.truncate(1 << 40)
    assert "`file_bytes`" in settled(read_submission(root)).unreadable["huge"]


@pytest.mark.parametrize("files", [["a", "b", "c"], ["a/x", "b/x", "c/x"]])
def test_too_many_files_are_an_error(tree: Write, files: list[str]) -> None:
    """More files than the limit, in one folder or over several, are refused; just as many are read."""
    root = tree(dict.fromkeys(files, ""))
    with pytest.raises(SubmissionError, match="more files than the limit `files` of 2"):
        read_submission(root, limits=ReadLimits(files=2))
    assert len(read_submission(root, limits=ReadLimits(files=3)).files) == 3


def test_long_paths_are_unreadable(tree: Write) -> None:
    """A file or folder whose path has more bytes than the limit is noted; characters don't count."""
    root = tree({"éé": "", "ab": "", "x/y/z": ""})
    read = settled(read_submission(root, limits=ReadLimits(path_length=3)))
    assert list(read.files) == ["ab"]
    assert all("`path_length`" in reason for reason in read.unreadable.values())
    assert list(read.unreadable) == ["x/y/z", "éé"]


def test_a_very_deep_tree_ends(tmp_path: Path) -> None:
    """A tree deeper than the system's longest path is read as far as paths go; the rest is noted."""
    root = tmp_path / "deep"
    root.mkdir()
    number = os.open(root, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=number)
        below = os.open("d", os.O_RDONLY, dir_fd=number)
        os.close(number)
        number = below
    os.close(number)
    try:
        read = read_submission(root)
        assert not read.files
        assert len(read.unreadable) == 1
    finally:
        subprocess.run(["rm", "-rf", root], check=True)


def test_an_empty_folder_is_an_error(tree: Write, tmp_path: Path) -> None:
    """A folder without files holds nothing to judge, and one whose files are all ignored says so."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(SubmissionError, match="holds no file: there is nothing to check"):
        read_submission(tmp_path / "empty")
    with pytest.raises(SubmissionError, match="no file but ignored or excluded ones"):
        read_submission(tree({".git/HEAD": "", ".gitignore": "*"}))


@pytest.mark.parametrize(
    ("exclude", "left"),
    [
        (["vendor/**"], ["a.py", "src/vendor/d.py"]),
        (["vendor/"], ["a.py", "src/vendor/d.py"]),
        (["**/vendor/"], ["a.py"]),
        (["vendor/b/*.py"], ["a.py", "src/vendor/d.py", "vendor/keep.py"]),
        (["vendor/**", "!vendor/keep.py"], ["a.py", "src/vendor/d.py", "vendor/keep.py"]),
        (["vendor/", "!vendor/keep.py"], ["a.py", "src/vendor/d.py", "vendor/keep.py"]),
        (["{a,src/**}.py"], ["vendor/b/c.py", "vendor/keep.py"]),
        (["!a.py"], ["a.py", "src/vendor/d.py", "vendor/b/c.py", "vendor/keep.py"]),
    ],
)
def test_excluded_paths_are_left_out(tree: Write, exclude: list[str], left: list[str]) -> None:
    """`exclude` takes path patterns of files and of folders, and `!` keeps what another one leaves out."""
    root = tree(dict.fromkeys(["a.py", "src/vendor/d.py", "vendor/b/c.py", "vendor/keep.py"], ""))
    assert list(read_submission(root, exclude=exclude).files) == left


def test_excluded_folders_are_not_walked(tree: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is excluded as a whole isn't even opened."""
    root = tree({"x": "", "vendor/y": ""})
    opened: list[bytes] = []
    original = os.open

    def spy(path: bytes, *rest: int, **options: int | None) -> int:
        opened.append(path)
        return original(path, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", spy)
    list(read_submission(root, exclude=["vendor/**"]).files.values())
    assert any(path.endswith(b"x") for path in opened)
    assert not any(b"vendor" in path for path in opened)


def test_odd_names_can_be_excluded(tree: Write) -> None:
    """Patterns are matched with names that are not UTF-8, too."""
    root = tree({"x": ""})
    Path(os.fsdecode(os.fsencode(root) + b"/\xff.log")).write_bytes(b"")
    assert read_submission(root, exclude=["*.log"]).paths == ("x",)


def test_a_bad_pattern_is_named(tree: Write) -> None:
    """A path pattern that can't be used is an error that quotes it."""
    with pytest.raises(ConfigError, match=r"`/vendor` under exclude"):
        read_submission(tree({"x": ""}), exclude=["ok", "/vendor"])


def test_progress_counts_the_files(tree: Write) -> None:
    """Whoever wants to know is told now and then how many files there are."""
    seen: list[int] = []
    read_submission(tree({f"{number}": "" for number in range(600)}), progress=seen.append)
    assert seen == [256, 512]


@pytest.mark.parametrize("target", ["nowhere", "nowhere/below", "a\0b"])
def test_a_missing_target_is_an_error(target: str) -> None:
    """What isn't there is named in the error."""
    with pytest.raises(SubmissionError, match=r"nowhere|can't be read"):
        read_submission(target)
