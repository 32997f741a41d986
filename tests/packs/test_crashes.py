"""A crash between any two file operations leaves cache and lock usable, and two runs at once don't harm each other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pack_files import ROOT
from packs.conftest import Polcheck
from packs.places import ArchivePlace, GitPlace, pack

CRASHED = 77
DRIVER = Path(__file__).parent / "crashing.py"


def run(left: int, tmp_path: Path, *arguments: str) -> int:
    """The status of a command that is killed at its change of a file number `left`."""
    command = [sys.executable, str(DRIVER), str(left), str(tmp_path / "cache"), str(tmp_path / "project"), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "engine")}
    return subprocess.run(command, env=environment, capture_output=True, check=False, timeout=120).returncode


@pytest.mark.parametrize("command", ["sync", "add"])
def test_killed_at_every_file_operation(command: str, tmp_path: Path, polcheck: Polcheck) -> None:
    """Whenever `sync` or `add` is killed, the same command succeeds afterwards and the run judges as ever."""
    place = ArchivePlace(tmp_path)
    place.publish(pack())
    if command == "sync":
        polcheck("pack", "add", place.source)
        kept = {name: Path(name).read_bytes() for name in ("polcheck.yaml", "polcheck.lock")}
    arguments = ("pack", "sync", "--locked") if command == "sync" else ("pack", "add", place.source)
    crashes = 0
    while True:
        shutil.rmtree(tmp_path / "cache", ignore_errors=True)
        if command == "add":
            Path("polcheck.yaml").unlink(missing_ok=True)
            Path("polcheck.lock").unlink(missing_ok=True)
        status = run(crashes, tmp_path, *arguments)
        if status == 0:
            break
        assert status == CRASHED
        crashes += 1
        for file in (tmp_path / "cache").glob("packs/[!.]*"):
            assert file.name.endswith(".tar") and b"no-print" in file.read_bytes()
        if command == "sync":
            polcheck("run", status=1)
            polcheck("pack", "verify")
            assert all(Path(name).read_bytes() == data for name, data in kept.items())
        elif not Path("polcheck.yaml").exists():
            polcheck("pack", "add", place.source)
        polcheck("run", "--locked", status=1)
    assert crashes > 3


def test_two_runs_at_once(tmp_path: Path, polcheck: Polcheck) -> None:
    """Runs that fill one cache at the same time all succeed, and leave one copy."""
    place = GitPlace(tmp_path / "place")
    place.publish(pack())
    polcheck("pack", "add", place.source)
    shutil.rmtree(tmp_path / "cache")
    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(lambda _: run(10**9, tmp_path, "run", "--locked"), range(4)))
    assert statuses == [1, 1, 1, 1]
    assert [file.suffix for file in (tmp_path / "cache" / "packs").iterdir()] == [".tar"]
    polcheck("pack", "verify")


def test_what_crashed_runs_leave_is_swept(tmp_path: Path, polcheck: Polcheck) -> None:
    """Unfinished files of yesterday go with the next pack that is kept; those of a run that goes on stay."""
    folder = tmp_path / "cache" / "packs"
    folder.mkdir(parents=True)
    old, young = folder / ".unfinished-old", folder / ".unfinished-young"
    for file in (old, young):
        file.write_bytes(b"x")
    os.utime(old, (1, 1))
    place = GitPlace(tmp_path / "place")
    place.publish(pack())
    polcheck("pack", "add", place.source)
    assert (old.exists(), young.exists()) == (False, True)


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path, polcheck: Polcheck) -> None:
    """A cache folder that is a file gives a sentence."""
    place = GitPlace(tmp_path / "place")
    place.publish(pack())
    (tmp_path / "cache").write_text("x")
    assert "the cache" in polcheck("pack", "add", place.source, status=2).err
