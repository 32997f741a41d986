"""Output that can't be written, whatever the command: told on one line, and the status of no verdict."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TextIO
from unittest import mock

import pytest

from faulty import arguments, environment, project
from polcheck.cli import main
from typed import polcheck

FULL = Path("/dev/full")
RUN = arguments()
COMMANDS = {
    "run": RUN,
    "json": arguments("-f", "json"),
    "github": arguments("-f", "github"),
    "explain": ["explain", "no-print", "work", "-p", "packs/ours", "--isolated"],
    "query": ["query", "--pattern", "print(...)", "work"],
    "parse": ["parse", "work/src/m1.py"],
    "parse json": ["parse", "work/src/m1.py", "-f", "json"],
    "validate": ["validate", "packs/ours"],
    "validate json": ["validate", "packs/ours", "-f", "json"],
    "test": ["test", "packs/ours"],
    "docs": ["docs", "packs/ours"],
    "config": ["config", "work"],
    "cache": ["cache", "info"],
    "pack show": ["pack", "show", "packs/ours"],
    "help": ["--help"],
    "version": ["--version"],
}
SAID = "can't write standard output: no space left on device\n"


def _into(stream: TextIO, given: list[str]) -> tuple[int, str]:
    """The status and the errors of a command whose standard output is a stream."""
    errors = io.StringIO()
    argv = mock.patch.object(sys, "argv", ["polcheck", *given])
    with argv, redirect_stdout(stream), redirect_stderr(errors), pytest.raises(SystemExit) as leave:
        main()
    assert isinstance(leave.value.code, int)
    return leave.value.code, errors.getvalue()


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_standard_output_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """No space for it is no fault of polcheck's, and no success."""
    monkeypatch.chdir(project(tmp_path))
    with FULL.open("w") as full:
        status, errors = _into(full, COMMANDS[name])
    assert status == 2
    assert errors.endswith(SAID)
    assert "fault" not in errors


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - {"run", "json", "github"}))
def test_a_reader_that_has_seen_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """What could not be said is no fail, and nothing is said of the pipe."""
    monkeypatch.chdir(project(tmp_path))
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as pipe:  # noqa: PTH123
        status, errors = _into(pipe, COMMANDS[name])
    assert status == 2
    assert "pipe" not in errors.lower()


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
def test_nothing_is_said_as_the_process_ends(tmp_path: Path) -> None:
    """What is held back for a full disk isn't tried again at exit, where Python would choose the status."""
    with FULL.open("w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "polcheck", *COMMANDS["explain"]],
            cwd=project(tmp_path), env=environment(tmp_path), stdout=full, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert (process.returncode, process.stderr.decode()) == (2, SAID)


@pytest.mark.parametrize("closed", [(1,), (0, 1, 2)])
def test_streams_that_are_closed(tmp_path: Path, closed: tuple[int, ...]) -> None:
    """Without a stream to write to there is a verdict all the same, and no file takes the stream's place."""
    script = 'exec "$@" ' + " ".join(f"{number}>&-" for number in closed)
    process = subprocess.run(
        ["/bin/sh", "-c", script, "sh", sys.executable, "-m", "polcheck", *arguments("-o", "report.txt")],
        cwd=project(tmp_path), env=environment(tmp_path), check=False,
    )  # fmt: skip
    assert process.returncode == 1
    assert "fail: 8 errors · 8 files checked" in (tmp_path / "report.txt").read_text()


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
def test_errors_that_nobody_takes(tmp_path: Path) -> None:
    """An error that can't be told is no fail: the status says that there is no verdict."""
    with FULL.open("w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "polcheck", "run", "nowhere"],
            cwd=project(tmp_path), env=environment(tmp_path), stderr=full, check=False,
        )  # fmt: skip
    assert process.returncode == 2


@pytest.mark.parametrize("given", [["-o", "report.txt"], ["-f", "json=report.txt"]])
def test_a_report_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: list[str]) -> None:
    """The file holds what it held, nothing else is left, and the status is none of a verdict."""
    monkeypatch.chdir(project(tmp_path))
    (tmp_path / "report.txt").write_text("of yesterday")
    before = sorted(tmp_path.iterdir())
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with mock.patch("pathlib.Path.replace", side_effect=full):
        result = polcheck(*arguments("--no-cache", *given))
    assert (result.status, result.err) == (2, "can't write `report.txt`: no space left on device\n")
    assert (tmp_path / "report.txt").read_text() == "of yesterday"
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
def test_a_job_summary_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page of the job is an output as the others are."""
    monkeypatch.chdir(project(tmp_path))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "/dev/full")
    result = polcheck(*arguments("-f", "github"))
    assert (result.status, result.err) == (2, "can't write `/dev/full`: no space left on device\n")


@pytest.mark.parametrize("fault", ["BaseException", "MemoryError", "RecursionError", "OSError"])
def test_a_fault_of_our_own_is_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """Where nothing contains a fault, its status is 2 and not Python's 1."""
    import builtins

    monkeypatch.chdir(project(tmp_path))
    error = getattr(builtins, fault)("x")
    with mock.patch("polcheck.pipeline.Checker.report", side_effect=error):
        result = polcheck(*arguments())
    assert result.status == 2
    assert result.err.startswith(f"internal error: {fault}: x\n")
