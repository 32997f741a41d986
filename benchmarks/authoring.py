"""How long an author waits: after an edit of one policy in a pack of a hundred, `validate` and the affected tests.

Run as `python benchmarks/authoring.py [ROUNDS]`. The pack is python-project in a temporary folder. In each round
one policy is edited, then `polcheck validate` and `polcheck test --select POLICY` run as an author runs them, each in a
process of its own: first one after the other, then both at once. Exit status 1 when a median is a second or more.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
PACK = ROOT / "policies" / "python-project"
TARGET = 1.0  # seconds
Command = Sequence[str]


def main(rounds: int) -> int:
    """Prints the figures; 0 when each median is below the target."""
    with tempfile.TemporaryDirectory() as folder:
        pack = Path(folder) / "pack"
        shutil.copytree(PACK, pack)
        policies = _policies(pack)
        chosen = [policies[number * len(policies) // rounds] for number in range(rounds)]
        _timed([_validate(pack)])  # what Python compiles once, and the cache of the file system
        times: dict[str, list[tuple[float, float]]] = {"validate": [], "test": [], "both at once": []}
        for path, policy in chosen:
            _edit(path, policy)
            times["validate"].append(_timed([_validate(pack)]))
            times["test"].append(_timed([_test(pack, policy)]))
            _edit(path, policy)
            times["both at once"].append(_timed([_validate(pack), _test(pack, policy)]))
    print(f"{len(policies)} policies, {rounds} rounds, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name, measured in times.items():
        walls, cores = [wall for wall, _ in measured], [core for _, core in measured]
        print(f"{name:14} median {median(walls):.2f} s, longest {max(walls):.2f} s, processor {median(cores):.2f} s")
    return int(any(median(wall for wall, _ in measured) >= TARGET for measured in times.values()))


def _policies(pack: Path) -> list[tuple[Path, str]]:
    """Each policy's file and id."""
    files = sorted((pack / "policies").glob("*.yaml"))
    ids = re.compile(r"^id: (.+)$", re.MULTILINE)
    return [(path, policy) for path in files for policy in ids.findall(path.read_text("utf-8"))]


def _edit(path: Path, policy: str) -> None:
    """Changes the text of a policy, so that nothing that is kept of it counts, and not what it says."""
    text = path.read_text("utf-8")
    path.write_text(text.replace(f"id: {policy}\n", f"id: {policy}\n# edited at {time.monotonic_ns()}\n", 1), "utf-8")


def _validate(pack: Path) -> Command:
    return [sys.executable, "-m", "polcheck", "validate", str(pack)]


def _test(pack: Path, policy: str) -> Command:
    return [sys.executable, "-m", "polcheck", "test", str(pack), "--select", policy]


def _timed(commands: Sequence[Command]) -> tuple[float, float]:
    """Seconds until all of the commands are done, and of the processor. Raises SystemExit when one fails."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "engine")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for command in commands]
    for command, process in zip(commands, running, strict=True):
        if process.wait() != 0:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
