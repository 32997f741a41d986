"""Commands, timed: wall time, processor time and peak memory of each run."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Timed:
    """The runs of one command. `work` is processor time, of all processes; `memory` the largest process, in MB."""

    seconds: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)
    memory: float = 0.0

    @property
    def median(self) -> float:
        """The median of the wall times."""
        return statistics.median(self.seconds)

    @property
    def processor(self) -> float:
        """The median of the processor times, which other work on the machine disturbs less."""
        return statistics.median(self.work)

    def add(self, seconds: float, work: float, memory: float) -> None:
        """Takes in one run."""
        self.seconds.append(seconds)
        self.work.append(work)
        self.memory = max(self.memory, memory)


@dataclass(frozen=True)
class Command:
    """What is run, where, and what is done before each run (not timed)."""

    name: str
    words: Sequence[str]
    folder: Path
    before: Callable[[], None] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    statuses: tuple[int, ...] = (0, 1)


def _environment(command: Command) -> dict[str, str]:
    """The environment of a command: as where it is installed, with Python's compiled modules kept."""
    every = {**os.environ, **command.environment}
    return {name: value for name, value in every.items() if name != "PYTHONDONTWRITEBYTECODE"}


def in_turn(commands: Sequence[Command], times: int) -> dict[str, Timed]:
    """Every command run so many times, in turn, after one run of each that isn't counted."""
    found = {command.name: Timed() for command in commands}
    for number in range(times + 1):
        for command in commands:
            run = _once(command)
            if number:
                found[command.name].add(*run)
    return found


def once(command: Command) -> Timed:
    """One run of a command."""
    timed = Timed()
    timed.add(*_once(command))
    return timed


# NOTE: a process is charged with the memory of the one it was forked from, so a small one starts what is measured
_STARTER = """
import json, os, sys, time
out = os.dup(1)
nowhere = os.open(os.devnull, os.O_WRONLY)
os.dup2(nowhere, 1)
start = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - start
found = [os.waitstatus_to_exitcode(status), seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024]
os.write(out, json.dumps(found).encode())
"""


def _once(command: Command) -> tuple[float, float, float]:
    """Wall time and processor time in seconds, and memory in MB."""
    if command.before is not None:
        command.before()
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _STARTER, *command.words],
        cwd=command.folder,
        capture_output=True,
        env=_environment(command),
        check=True,
    )
    status, seconds, work, memory = json.loads(ran.stdout)
    if status not in command.statuses:
        raise RuntimeError(f"{command.name} ended with {status}: {ran.stderr.decode(errors='replace')[-2000:]}")
    return seconds, work, memory


def output(command: Command) -> str:
    """What a command prints."""
    ran = subprocess.run(
        command.words,
        cwd=command.folder,
        capture_output=True,
        env=_environment(command),
        check=False,
    )
    if ran.returncode not in command.statuses:
        raise RuntimeError(f"{command.name} ended with {ran.returncode}: {ran.stderr.decode(errors='replace')[-2000:]}")
    return ran.stdout.decode("utf-8", "replace")
