"""`polcheck run --fix`: what is written, and what never is."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from polcheck.base.errors import PolcheckError
from polcheck.base.replace_files import FileChange, read_below, replace_files
from typed import polcheck

POLICIES = """
id: a
title: Nothing is old
forbid: {files: "**/*.txt", text: '(?P<word>old)'}
message: "{{ word }}"
remedy: Say new
fix: {replace: word, with: new, safe: true}
---
id: b
title: Nothing is odd
forbid: {files: "**/*.txt", text: '(?P<word>odd)'}
message: "{{ word }}"
fix: {replace: word, with: even}
"""


def names_in(folder: Path) -> list[str]:
    """The names of what lies in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def project(tmp_path: Path, pack_of: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that trusts a pack of the policies above, which lies beside it."""
    pack_of(POLICIES)
    root = tmp_path / "project"
    root.mkdir()
    (root / "polcheck.yaml").write_text("packs:\n  - {pack: ../pack, fixes: safe}\n")
    (root / "a.txt").write_text("old odd\n")
    monkeypatch.chdir(root)
    return root


def run(*arguments: str) -> int:
    """The exit status of `polcheck run`."""
    ran = polcheck("run", "--no-cache", *arguments)
    sys.stdout.write(ran.out)
    sys.stderr.write(ran.err)
    return ran.status


def test_safe_fixes_are_made_and_the_rest_is_reported(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The status is that of what is left; what was fixed, and could be, is said."""
    assert run("--fix", "-f", "concise") == 1
    assert (project / "a.txt").read_text() == "new odd\n"
    out, err = capsys.readouterr()
    assert "a.txt:1:5" in out
    assert "Nothing is old" not in out
    assert "Fixed 1 finding in 1 file; 1 more can be fixed with --unsafe-fixes." in err
    assert run("--unsafe-fixes") == 0
    assert (project / "a.txt").read_text() == "new even\n"
    assert run("--fix") == 0
    assert "Nothing to fix." in capsys.readouterr().err


def test_quiet_says_what_was_fixed_in_a_line_and_verbose_each(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files that were changed are never changed without a word; where nothing was, quiet says nothing."""
    assert run("--fix", "-q") == 1
    assert capsys.readouterr().err == "Fixed 1 finding in 1 file; 1 more can be fixed with --unsafe-fixes.\n"
    assert run("--fix", "-q") == 1
    assert capsys.readouterr().err == ""
    assert run("--unsafe-fixes", "-v") == 0
    assert "fixed: a.txt:1:5: p:b: odd" in capsys.readouterr().err


def test_a_diff_writes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output is the diff alone, and the status says whether there is one."""
    assert run("--diff") == 1
    out, err = capsys.readouterr()
    assert out == "--- a.txt\n+++ a.txt\n@@ -1 +1 @@\n-old odd\n+new odd\n"
    assert err == "Would fix 1 finding in 1 file; 1 more can be fixed with --diff --unsafe-fixes.\n"
    assert (project / "a.txt").read_text() == "old odd\n"
    (project / "a.txt").write_text("odd")
    assert run("--diff") == 0
    assert capsys.readouterr().out == ""


def test_a_diff_can_be_applied(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`patch` makes of it what --fix does, files without a final newline and new ones included."""
    (project / "a.txt").write_text("x\nold")
    assert run("--diff") == 1
    done = subprocess.run(["patch", "-p0"], input=capsys.readouterr().out, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout
    assert (project / "a.txt").read_text() == "x\nnew"


def test_a_pack_is_safe_only_where_polcheck_yaml_says_so(project: Path) -> None:
    """`safe: true` of a pack that doesn't ship with polcheck is its own word."""
    (project / "polcheck.yaml").write_text("packs: [../pack]\n")
    run("--fix")
    assert (project / "a.txt").read_text() == "old odd\n"
    run("--fix", "--unsafe-fixes")
    assert (project / "a.txt").read_text() == "new even\n"


@pytest.mark.parametrize(
    "arguments",
    [("--isolated", "-p", "../pack"), ("--trusted", "HEAD"), ("--rev", "HEAD"), ("--stdin-filename", "a.txt")],
)
@pytest.mark.parametrize("option", ["--fix", "--unsafe-fixes", "--diff"])
def test_fixing_what_is_not_ones_own_is_a_usage_error(project: Path, option: str, arguments: tuple[str, ...]) -> None:
    """An untrusted project, a revision and standard input are never written."""
    assert run(option, *arguments) == 2
    assert (project / "a.txt").read_text() == "old odd\n"


@pytest.mark.parametrize("arguments", [("-f", "json"), ("-o", "report.txt"), ("--timings",)])
def test_a_report_beside_a_diff_is_a_usage_error(project: Path, arguments: tuple[str, ...]) -> None:
    """Options that say how a report is written would have no effect, and the file that they name would be missing."""
    assert run("--diff", *arguments) == 2
    assert run("--diff") == 1


def test_fixing_a_bundle_is_a_usage_error(project: Path, tmp_path: Path) -> None:
    """Archives and bundles are never written."""
    bundle = tmp_path / "bundle.json"
    bundle.write_text(json.dumps({"a.txt": "old"}))
    assert run("--fix", "-p", "../pack", str(bundle)) == 2
    assert json.loads(bundle.read_text()) == {"a.txt": "old"}


def test_paths_restrict_what_is_fixed(project: Path) -> None:
    """Findings in other files are left alone, and so are these files."""
    (project / "b.txt").write_text("old\n")
    run("--fix", "b.txt")
    assert ((project / "a.txt").read_text(), (project / "b.txt").read_text()) == ("old odd\n", "new\n")


def test_ignored_and_excluded_files_are_left_alone(project: Path) -> None:
    """What isn't checked isn't written."""
    subprocess.run(["git", "init", "-q"], check=True)
    (project / ".gitignore").write_text("ignored.txt\n")
    (project / "ignored.txt").write_text("old\n")
    (project / "excluded.txt").write_text("old\n")
    run("--fix", "--exclude", "excluded.txt")
    assert (project / "ignored.txt").read_text() == (project / "excluded.txt").read_text() == "old\n"
    assert (project / "a.txt").read_text() == "new odd\n"


def test_an_ignored_file_is_not_created(project: Path, pack_of: Callable[[str], Path]) -> None:
    """A new file that wouldn't be checked is refused."""
    subprocess.run(["git", "init", "-q"], check=True)
    (project / ".gitignore").write_text("docs/\n")
    pack_of(
        "id: a\ntitle: t\nforbid: {files: '*.txt', text: '(?P<word>old)'}\nmessage: m\n"
        "fix: [{create: docs/x.md, text: x}, {replace: word, with: new}]\n"
    )
    run("--unsafe-fixes")
    assert not (project / "docs").exists()
    assert (project / "a.txt").read_text() == "old odd\n"


def test_a_link_is_not_written_through(project: Path, tmp_path: Path) -> None:
    """Neither a link to a file nor a file below a linked folder."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.txt").write_text("old\n")
    (project / "x.txt").symlink_to(outside / "x.txt")
    (project / "linked").symlink_to(outside)
    run("--fix")
    assert (outside / "x.txt").read_text() == "old\n"
    assert (project / "x.txt").is_symlink()
    assert (project / "a.txt").read_text() == "new odd\n"


def test_modes_stay(project: Path) -> None:
    """A script stays executable."""
    (project / "a.txt").chmod(0o751)
    run("--fix")
    assert stat.S_IMODE((project / "a.txt").stat().st_mode) == 0o751


def test_a_file_that_changed_meanwhile_keeps_all_as_they_are(tmp_path: Path) -> None:
    """Nothing is written where one file isn't as it was read: not its neighbor either."""
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    with pytest.raises(PolcheckError, match="`b` has changed"):
        replace_files(
            str(tmp_path), [FileChange("a", b"1", b"x"), FileChange("b", b"1", b"x"), FileChange("c/d", None, b"x")]
        )
    assert (tmp_path / "a").read_text() == "1"
    assert names_in(tmp_path) == ["a", "b"]


@pytest.mark.parametrize("path", ["../x", "/x", "a/../../x", "", ".", "linked/x", "linked"])
def test_nothing_is_written_outside(tmp_path: Path, path: str) -> None:
    """Whatever a path says, and whatever links lie in its way."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "linked").symlink_to(outside)
    with pytest.raises(PolcheckError):
        replace_files(str(root), [FileChange(path, None, b"x")])
    assert not list(outside.iterdir())
    assert names_in(tmp_path) == ["outside", "root"]
    assert read_below(str(root), path) is None


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    """A new file is made where there is none, also where one came meanwhile."""
    (tmp_path / "a").write_text("1")
    with pytest.raises(PolcheckError, match="has changed"):
        replace_files(str(tmp_path), [FileChange("a", None, b"x")])
    assert (tmp_path / "a").read_text() == "1"


def test_new_files_and_folders_are_made(tmp_path: Path) -> None:
    """A whole path is made."""
    replace_files(str(tmp_path), [FileChange("a/b/c", None, b"x")])
    assert (tmp_path / "a" / "b" / "c").read_bytes() == b"x"
    assert names_in(tmp_path / "a" / "b") == ["c"]
