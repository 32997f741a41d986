"""Files that vanish, change or can't be read once they are listed: undecided, and named."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest

from counted import checker, policies
from faulty import POOLED, arguments, ended, environment, project, started
from polcheck.findings.report import Report
from polcheck.sources.target import read_submission

BODIES = {
    "text": 'forbid: {files: "**/*.py", text: nowhere}',
    "pattern": 'forbid: {files: "**/*.py", pattern: eval(...)}',
    "facts": 'forbid: {files: "**/*.py", where: "file.lines > `7`"}',
    "required": 'for: {files: "**/*.py"}\nrequire: {pattern: print(...)}',
    "absent": 'require: {not: {files: "**/*.py", text: nowhere}}',
}


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _a_link(path: Path) -> None:
    path.rename(path.with_suffix(".txt"))
    path.symlink_to(path.with_suffix(".txt"))


def _a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


MOVES: dict[str, Callable[[Path], object]] = {
    "it vanishes": Path.unlink,
    "it grows": lambda path: path.write_text("print(1)\nprint(2)\n"),
    "it shrinks": lambda path: path.write_text(""),
    "it changes": lambda path: path.write_text("print(2)\n"),
    "it becomes a folder": _a_folder,
    "it becomes a link": _a_link,
    "it becomes a pipe": _a_pipe,
    "its folder is deleted": lambda path: shutil.rmtree(path.parent),
}


def _undecided(report: Report, path: str) -> None:
    assert [policy.outcome for policy in report.policies] == ["undecided"]
    assert (report.verdict, report.exit_status) == ("none", 2)
    assert {notice.location.path for notice in report.notices if notice.location} == {path}


@pytest.mark.parametrize("move", sorted(MOVES))
@pytest.mark.parametrize("kind", sorted(BODIES))
def test_a_file_that_moves_after_it_was_listed(tmp_path: Path, kind: str, move: str) -> None:
    """No policy that looks into it is decided by what isn't there any more."""
    file = tmp_path / "src" / "a.py"
    file.parent.mkdir()
    file.write_text("print(1)\n")
    (tmp_path / "b.py").write_text("print(1)\n")
    judge = checker(policies(BODIES[kind]))
    read = judge.place(read_submission(tmp_path))
    MOVES[move](file)
    _undecided(judge.check(read), "src/a.py")


def test_a_file_that_grows_while_it_is_read(tmp_path: Path) -> None:
    """Half of a file is not the file."""
    file = tmp_path / "a.py"
    file.write_text("print(1)\n")
    read = read_submission(tmp_path)
    whole = os.read

    def reading(number: int, size: int) -> bytes:
        data = whole(number, size)
        with file.open("a") as more:
            more.write("eval(1)\n")
        return data

    with mock.patch("polcheck.base.safe_open.os.read", reading):
        _undecided(checker(policies(BODIES["pattern"])).check(read), "a.py")


def test_a_file_that_moves_once_it_was_searched(tmp_path: Path) -> None:
    """Its findings stand and point at it; only the place in it can't be shown."""
    file = tmp_path / "a.py"
    file.write_text("\neval(1)\n")
    read = read_submission(tmp_path)
    judge = checker(policies(BODIES["pattern"]))
    rows = judge.extract(read)
    (part,) = judge.parts(read, rows)
    file.unlink()
    read._sources.clear()
    from polcheck.evaluate.outcome import evaluate as judged

    report = judge.report(read, rows, [(part, judged(part.context, judge.plan.packs))], "error")
    assert [str(finding.location) for finding in report.findings] == ["a.py"]
    assert report.exit_status == 1


def test_the_submission_is_deleted_during_the_run(tmp_path: Path) -> None:
    """Whatever was read by then, the run passes nothing and ends by itself."""
    root = project(tmp_path)
    script = POOLED + "flow.FileSearch = losing.Deleting\nmain()\n"
    result = ended(started(root, script, arguments("-j", "1")))
    assert result.status in (1, 2)
    assert "m7.py" in result.out
    assert "undecided[ours:no-eval]" in result.out
    assert "Traceback" not in result.err


AS_NOBODY = """
import os, sys
from polcheck.cli import main
try:
    main()  # NOTE: what is imported now can be used by a user who could not read it
except SystemExit:
    pass
sys.stdout.write("\\f")
sys.stdout.flush()
os.setgroups([]); os.setgid(65534); os.setuid(65534)
main()
"""


def _as_nobody(root: Path, *given: str) -> tuple[int, str, str]:
    """How a command ends for a user who owns nothing here."""
    for path in [root, *root.parents][:3]:
        path.chmod(0o755)
    process = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, *given],
        env=environment(root), cwd=root, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return process.returncode, process.stdout.rpartition("\f")[2], process.stderr


needs_root = pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can become another user")


@needs_root
@pytest.mark.parametrize("unread", ["work/src/m3.py", "work/src", "work/src/sub"])
def test_what_the_user_may_not_read(tmp_path: Path, unread: str) -> None:
    """A file or a folder without permission leaves a policy that would look there undecided."""
    root = project(tmp_path)
    (root / "work" / "src" / "sub").mkdir()
    (root / "work" / "src" / "sub" / "x.py").write_text("")
    (root / "work" / "top.py").write_text("")
    (root / unread).chmod(0)
    status, out, err = _as_nobody(root, *arguments("-q", "--no-cache", "--select", "no-eval"))
    assert (status, err) == (2, "")
    assert out.startswith(f"{unread}: undecided[ours:no-eval] Nothing is evaluated: ")
    assert out.endswith("can't be read: permission denied\n")


@needs_root
def test_a_submission_that_the_user_may_not_list(tmp_path: Path) -> None:
    """There is nothing to judge, and that is told."""
    root = project(tmp_path)
    (root / "work").chmod(0)
    assert _as_nobody(root, *arguments("--no-cache")) == (
        2,
        "",
        "the folder `work` can't be read: permission denied\n",
    )


@needs_root
def test_a_cache_and_an_output_of_somebody_else(tmp_path: Path) -> None:
    """A cache that another user can't write to is none; a file that can't be written is told."""
    root = project(tmp_path)
    status, out, err = _as_nobody(root, *arguments("-q"))
    assert (status, len(out.splitlines()), err) == (1, 8, "")
    status, _, err = _as_nobody(root, *arguments("-o", "packs/report.txt"))
    assert (status, err) == (2, "can't write `packs/report.txt`: permission denied\n")


def test_a_file_that_changes_before_it_is_looked_at_is_judged_as_it_is(tmp_path: Path) -> None:
    """Listing a folder looks at no file; what is judged is what lies there once a policy asks for it."""
    file = tmp_path / "a.py"
    file.write_text("print(1)\n")
    read = read_submission(tmp_path)
    file.write_text("eval(1)\n")
    assert [str(found.location) for found in checker(policies(BODIES["pattern"])).check(read).findings] == ["a.py:1:1"]
