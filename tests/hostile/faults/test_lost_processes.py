"""Processes that are killed, die, hang or can't be started: what they worked on is undecided, and nothing is left."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from faulty import HANGS, POOLED, RUN, Ended, alive, arguments, awaited, ended, project, ran, started, worker

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are looked up in /proc")
HURRIED = """
made = pool.WorkerPool
pool.WorkerPool = lambda work, codec, failed, jobs, seconds, doing: made(work, codec, failed, jobs, 0.5, doing)
"""
ALL = tuple(f"src/m{number}.py" for number in range(8))


def _searched_but_for(result: Ended, lost: tuple[str, ...], reason: str) -> None:
    """Every file but those lost has its finding; those are told; and that is no pass."""
    report = json.loads(result.out)
    assert [one["path"] for one in report["findings"]] == [path for path in ALL if path not in lost]
    told = {(one["path"], one["message"]) for one in report["notices"]}
    assert told == {(path, reason) for path in lost}
    outcomes = {one["id"]: one["outcome"] for one in report["policies"]}
    assert outcomes == {"no-print": "undecided" if lost == ALL else "fail", "no-eval": "undecided"}
    assert result.status == (2 if lost == ALL else 1)
    assert "Traceback" not in result.err


def test_a_worker_killed_in_the_middle_of_a_file(tmp_path: Path) -> None:
    """The file at which it was is undecided; all others are searched."""
    process = started(project(tmp_path), POOLED + HANGS + RUN, arguments("-f", "json", "-j", "2"))
    os.kill(worker(tmp_path), signal.SIGKILL)
    _searched_but_for(ended(process), ("src/m3.py",), "it took more than 2048 MiB of memory, or its process was killed")


def test_a_worker_that_hangs(tmp_path: Path) -> None:
    """It is killed when its time is over."""
    result = ran(project(tmp_path), POOLED + HANGS + HURRIED + RUN, "-f", "json", "-j", "2")
    _searched_but_for(result, ("src/m3.py",), "it took more than the limit of 0.5 seconds")


def test_workers_that_die_at_their_start(tmp_path: Path) -> None:
    """Nothing could be searched, and the run ends."""
    dying = POOLED + "worker._MAIN = 'import os; os._exit(1)'\n"
    result = ran(project(tmp_path), dying + RUN, "-f", "json", "-j", "2")
    _searched_but_for(result, ALL, "no process could be started to search it: it ended before it began")


def test_no_process_can_be_started(tmp_path: Path) -> None:
    """A system without room for another process is no fault of polcheck's."""
    full = POOLED + "def popen(*_, **__): raise BlockingIOError(11, 'Resource temporarily unavailable')\n"
    result = ran(
        project(tmp_path), full + "import subprocess; subprocess.Popen = popen\n" + RUN, "-f", "json", "-j", "2"
    )
    reason = "no process could be started to search it: resource temporarily unavailable"
    _searched_but_for(result, ALL, reason)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("group", [True, False])
def test_a_run_that_is_stopped(tmp_path: Path, number: int, group: bool) -> None:
    """Ctrl-C or SIGTERM, to the group or the run alone: it ends at once, leaves no process and writes nothing."""
    script = POOLED + HANGS + RUN
    process = started(project(tmp_path), script, arguments("-f", "json", "-o", "report.json", "-j", "2"))
    worker(tmp_path)
    began = time.monotonic()
    (os.killpg if group else os.kill)(process.pid, number)
    result = ended(process)
    assert (result.status, result.out, result.err.strip()) == (2, "", "stopped")
    assert time.monotonic() - began < 2
    awaited(lambda: not alive(process.pid))
    assert [path.name for path in tmp_path.glob("*report*")] == []
    assert list(tmp_path.glob("cache/rows/*")) == []


def test_workers_of_a_run_that_was_killed(tmp_path: Path) -> None:
    """They end when their time is over, though nobody is left to end them, and they never ask."""
    process = started(project(tmp_path), POOLED + HANGS + HURRIED.replace("0.5", "2") + RUN, arguments("-j", "2"))
    worker(tmp_path)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    try:
        awaited(lambda: not alive(process.pid), 15)
    finally:
        for number in alive(process.pid):
            os.kill(number, signal.SIGKILL)
