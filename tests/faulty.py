"""polcheck as a process of its own, with a fault in it, and what is left of it afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from trees import OURS, write

ENGINE = Path(__file__).resolve().parents[1] / "engine"
FILES = {f"src/m{number}.py": f"print({number})\n" for number in range(8)}
POOLED = """
import os, signal, sys
from polcheck import pipeline as flow
from polcheck.base import worker
from polcheck.scan import workers as pool
from polcheck.cli import main
import losing

signal.signal(signal.SIGINT, signal.default_int_handler)  # a process that is started in the background ignores it
pool.PARALLEL_BYTES = flow.CACHE_FROM_BYTES = 0
pool.CHUNK_BYTES = 1
"""
RUN = """
main()
"""
HANGS = """
flow.FileSearch = losing.Hanging
"""


class Ended(NamedTuple):
    """How a process ended."""

    status: int
    out: str
    err: str


def project(root: Path) -> Path:
    """A pack and a submission of which every file holds a finding; gives the folder of both."""
    write(root, OURS)
    write(root / "work", FILES)
    return root


def environment(root: Path, **more: str) -> dict[str, str]:
    """The environment of a process that keeps what it keeps below `root`."""
    return {
        **os.environ,
        "PYTHONPATH": f"{ENGINE}{os.pathsep}{Path(__file__).parent}",
        "POLCHECK_CACHE": str(root / "cache"),
        **more,
    }


def arguments(*more: str) -> list[str]:
    """A run over the submission of `project` by its pack."""
    return ["run", "work", "--isolated", "--pack", "packs/ours", *more]


def started(root: Path, script: str, given: Sequence[str]) -> subprocess.Popen[str]:
    """A process, in a group of its own, that runs a script with these arguments."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *given],
        cwd=root,
        env=environment(root, POLCHECK_MARK=str(root / "mark-")),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def ended(process: subprocess.Popen[str], seconds: float = 30) -> Ended:
    """How the process ends; its whole group is killed when it doesn't."""
    try:
        out, err = process.communicate(timeout=seconds)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    return Ended(process.returncode, out, err)


def ran(root: Path, script: str, *more: str) -> Ended:
    """How a run with a script around it ends."""
    return ended(started(root, script, arguments(*more)))


def command(root: Path, *given: str, **more: str) -> Ended:
    """How a command ends."""
    process = subprocess.run(
        [sys.executable, "-m", "polcheck", *given],
        cwd=root,
        env=environment(root, **more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ended(process.returncode, process.stdout, process.stderr)


def awaited(condition: Callable[[], object], seconds: float = 20) -> None:
    """Waits until something is so. Raises TimeoutError when it doesn't come to be."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.02)


def worker(root: Path) -> int:
    """The process that hangs, once one does."""
    awaited(lambda: list(root.glob("mark-*")))
    (mark,) = root.glob("mark-*")
    return int(mark.name.removeprefix("mark-"))


def alive(group: int) -> list[int]:
    """The processes of a group that are left."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(folder.name))
    return found
