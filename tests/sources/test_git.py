from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from own_processes import children
from polcheck.base.errors import SubmissionError
from polcheck.sources.limits import ReadLimits
from polcheck.sources.target import read_submission

Write = Callable[[Mapping[str, str | bytes]], Path]
Git = Callable[..., bytes]


@pytest.fixture
def repository(tree: Write, git: Git) -> Path:
    """A repository with two commits, the first called `v1`; the work tree differs from both."""
    root = tree({"a.py": "1", "sub/b.py": "b", "sub/deep/c": b"\x00\xff", ".gitignore": "sub/\n", "é\n": ""})
    git(root, "init", "-q")
    git(root, "add", "-f", ".")
    git(root, "commit", "-qm", "one")
    git(root, "tag", "v1")
    (root / "a.py").write_text("2")
    git(root, "commit", "-qam", "two")
    (root / "a.py").write_text("3")
    (root / "new").write_text("")
    return root


def test_a_revision_has_the_files_of_then(repository: Path) -> None:
    """A revision gives the files as they were, ignored ones and odd names included, nothing of the work tree."""
    found = read_submission(repository, rev="v1")
    expected = {".gitignore": b"sub/\n", "a.py": b"1", "sub/b.py": b"b", "sub/deep/c": b"\x00\xff", "é\n": b""}
    assert dict(found.files) == expected
    assert list(found.files) == sorted(expected)
    assert (found.kind, found.unreadable) == ("revision", {})
    assert read_submission(repository, rev="HEAD").files["a.py"] == b"2"
    assert read_submission(repository, rev="HEAD~1").digest == found.digest


def test_only_what_is_below_the_folder(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder inside a repository gives the files below it, relative to it, and is named as it was written."""
    assert dict(read_submission(repository / "sub", rev="v1").files) == {"b.py": b"b", "deep/c": b"\x00\xff"}
    monkeypatch.chdir(repository)
    assert read_submission("sub", rev="v1").name == "sub@v1"
    assert read_submission(".", rev="v1").name == "v1"


def test_folders_with_odd_names(tree: Write, git: Git) -> None:
    """Wildcards, magic and line breaks in the folder's name are just its name."""
    root = tree({"*/x": "star", "y": "", ":(top)/x": "top", "a\nb/x": "line", "é/x": "e"})
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "x")
    for name, content in (("*", b"star"), (":(top)", b"top"), ("a\nb", b"line"), ("é", b"e")):
        assert dict(read_submission(root / name, rev="HEAD").files) == {"x": content}


def test_a_bare_repository_is_read(repository: Path, git: Git, tmp_path: Path) -> None:
    """A repository without a work tree has revisions, too."""
    git(tmp_path, "clone", "-q", "--bare", str(repository), str(tmp_path / "bare.git"))
    assert read_submission(tmp_path / "bare.git", rev="v1").files["a.py"] == b"1"


@pytest.mark.parametrize("rev", ["nothing", "v1..HEAD", "v9^", "a.py", "0" * 40, "v1:a.py", "HEAD HEAD", "\udcff"])
def test_an_unknown_revision_is_an_error(repository: Path, rev: str) -> None:
    """What names no commit or tree is quoted in the error."""
    with pytest.raises(SubmissionError, match="there is no git revision `"):
        read_submission(repository, rev=rev)


@pytest.mark.parametrize("rev", ["", "-h", "--all", "--output=x", "a\0b"])
def test_a_revision_is_no_option(repository: Path, rev: str) -> None:
    """Nothing that git could take for an option reaches it."""
    with pytest.raises(SubmissionError, match="is not a git revision"):
        read_submission(repository, rev=rev)


def test_a_folder_that_was_not_there_is_an_error(repository: Path) -> None:
    """A folder that the revision lacks, or that was a file then, is named."""
    (repository / "later").mkdir()
    (repository / "a.py").unlink()
    (repository / "a.py").mkdir()
    for name in ("later", "a.py"):
        with pytest.raises(SubmissionError, match=f"the git revision `v1` has no folder `{name}`"):
            read_submission(repository / name, rev="v1")


def test_no_repository_is_an_error(tree: Write) -> None:
    """A folder in no repository has no revisions."""
    with pytest.raises(SubmissionError, match="is not in a git repository"):
        read_submission(tree({"x": ""}), rev="HEAD")


def test_git_that_is_not_installed_is_an_error(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git there's no revision, and the error says so; what is tracked is known all the same."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SubmissionError, match="git is needed"):
        read_submission(repository, rev="HEAD")
    assert "sub/b.py" in read_submission(repository).paths
    assert "new" not in read_submission(repository, tracked=True).paths


def test_an_empty_revision_is_an_error(tree: Write, git: Git) -> None:
    """A commit without files holds nothing to judge."""
    root = tree({"x": ""})
    git(root, "init", "-q")
    git(root, "commit", "-qm", "empty", "--allow-empty")
    with pytest.raises(SubmissionError, match="holds no file"):
        read_submission(root, rev="HEAD")


def test_links_and_submodules_are_unreadable(repository: Path, git: Git) -> None:
    """A link of a revision isn't followed, and the files of a submodule are elsewhere: both are noted."""
    (repository / "link").symlink_to("a.py")
    git(repository, "add", "link")
    head = git(repository, "rev-parse", "HEAD").decode().strip()
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{head},module")
    git(repository, "commit", "-qm", "odd")
    assert read_submission(repository, rev="HEAD").unreadable == {
        "link": "a link, which is not followed in a revision",
        "module": "a submodule: its files are not in this repository",
    }
    (repository / "module").mkdir()
    (repository / "module" / "x").write_text("")
    assert list(read_submission(repository, tracked=True).unreadable) == ["module"]


def test_missing_objects_are_unreadable(repository: Path, git: Git) -> None:
    """A file whose content the repository lacks is noted; the rest is read."""
    digest = git(repository, "rev-parse", "HEAD:sub/b.py").decode().strip()
    (repository / ".git/objects" / digest[:2] / digest[2:]).unlink()
    found = read_submission(repository, rev="HEAD")
    assert found.unreadable == {"sub/b.py": "its content is missing from the repository"}
    assert "a.py" in found.files


def test_a_damaged_object_is_never_read(repository: Path, git: Git) -> None:
    """A file whose stored content is damaged is unreadable, or the revision is refused."""
    digest = git(repository, "rev-parse", "HEAD:sub/b.py").decode().strip()
    path = repository / ".git/objects" / digest[:2] / digest[2:]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\0\0")
    try:
        assert "sub/b.py" in read_submission(repository, rev="HEAD").unreadable
    except SubmissionError as error:
        assert "git" in str(error)


def test_a_missing_tree_is_an_error(repository: Path, git: Git) -> None:
    """A revision of which a whole folder is missing can't be listed."""
    digest = git(repository, "rev-parse", "HEAD:sub/deep").decode().strip()
    (repository / ".git/objects" / digest[:2] / digest[2:]).unlink()
    with pytest.raises(SubmissionError, match="git can't read all of the revision"):
        read_submission(repository, rev="HEAD")


def test_nothing_of_the_repository_is_run(repository: Path, git: Git, tmp_path: Path) -> None:
    """Programs that the repository's configuration names for git to start are not started."""
    witness = tmp_path / "witness"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch '{witness}'\ncat\n")
    program.chmod(0o755)
    for setting in ("core.fsmonitor", "core.pager", "core.sshCommand", "filter.x.smudge", "diff.x.textconv"):
        git(repository, "config", setting, str(program))
    (repository / ".git/hooks").mkdir(exist_ok=True)
    for hook in ("fsmonitor-watchman", "post-checkout", "post-index-change", "query-watchman"):
        (repository / ".git/hooks" / hook).write_text(program.read_text())
        (repository / ".git/hooks" / hook).chmod(0o755)
    (repository / ".gitattributes").write_text("* filter=x diff=x\n")
    assert len(read_submission(repository, rev="HEAD").files) == 5
    assert read_submission(repository, tracked=True).files
    assert read_submission(repository).files
    assert not witness.exists()


def test_nothing_is_fetched(repository: Path, git: Git, tmp_path: Path) -> None:
    """A partial clone is not completed on the fly: what it lacks is unreadable, or the revision is."""
    clone = tmp_path / "clone"
    git(repository, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{repository}", str(clone))
    witness = tmp_path / "witness"
    git(clone, "config", "remote.origin.uploadpack", f"touch '{witness}'; git-upload-pack")
    try:
        found = read_submission(clone, rev="v1")
    except SubmissionError as error:
        assert "a partial clone that lacks files" in str(error)
    else:
        assert set(found.unreadable.values()) == {"its content is missing from the repository"}
        assert not found.files
    assert not witness.exists()


def test_the_environment_leads_nowhere_else(
    repository: Path, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inside a hook, where GIT_DIR and GIT_INDEX_FILE are set, the named folder's repository is read all the same."""
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    git(other, "commit", "-qm", "other", "--allow-empty")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert len(read_submission(repository, rev="v1").files) == 5
    assert "sub/b.py" in read_submission(repository, tracked=True).files


def test_replaced_objects_are_not_swapped(repository: Path, git: Git) -> None:
    """`git replace` doesn't put another content under a commit's name."""
    old = git(repository, "rev-parse", "v1:a.py").decode().strip()
    new = git(repository, "rev-parse", "HEAD:a.py").decode().strip()
    git(repository, "replace", old, new)
    assert read_submission(repository, rev="v1").files["a.py"] == b"1"


def test_limits_hold_for_revisions(repository: Path) -> None:
    """Big files are noted without being read, and too many refused; excluded ones don't count."""
    found = read_submission(repository, rev="v1", limits=ReadLimits(file_bytes=1, path_length=8))
    assert sorted(found.unreadable) == [".gitignore", "sub/deep/c"]
    assert sorted(found.files) == ["a.py", "sub/b.py", "é\n"]
    with pytest.raises(SubmissionError, match="`files` of 4"):
        read_submission(repository, rev="v1", limits=ReadLimits(files=4))
    assert len(read_submission(repository, rev="v1", limits=ReadLimits(files=4), exclude=["sub/"]).files) == 3


def test_a_tree_without_end_is_refused(tree: Write, git: Git) -> None:
    """A few objects that list ten thousand million files are refused within seconds."""
    root = tree({"x": ""})
    git(root, "init", "-q")
    kind, digest = "100644 blob", git(root, "hash-object", "-w", "x").decode().strip()
    for _ in range(10):
        lines = "".join(f"{kind} {digest}\td{number}\n" for number in range(10))
        kind, digest = "040000 tree", git(root, "mktree", stdin=lines.encode()).decode().strip()
    commit = git(root, "commit-tree", "-m", "bomb", digest).decode().strip()
    start = time.perf_counter()
    with pytest.raises(SubmissionError, match="`files`"):
        read_submission(root, rev=commit, limits=ReadLimits(files=10_000))
    assert time.perf_counter() - start < 10


def test_many_files_do_not_block(tree: Write, git: Git) -> None:
    """More files than a pipe takes at once, some of them bigger than it, all arrive."""
    files = {f"d{number % 7}/f{number}": f"{number}\n" * (1 if number % 100 else 30_000) for number in range(2000)}
    root = tree(files)
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "many")
    found = read_submission(root, rev="HEAD")
    assert {path: data.decode() for path, data in found.files.items()} == files


def test_no_git_is_left_running(repository: Path) -> None:
    """When reading stops early, git is ended and waited for."""
    before = children()
    with pytest.raises(SubmissionError):
        read_submission(repository, rev="v1", limits=ReadLimits(files=1))
    assert children() == before
