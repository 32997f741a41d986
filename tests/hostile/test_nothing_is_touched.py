"""Judging opens no file and no socket, starts no process and runs no code; a whole run writes where it is told to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from faulty import POOLED, arguments, ended, environment, project, started

WATCHED = Path(__file__).with_name("watched.py")
RECORDING = """
import recording
"""
# NOTE: a worker is an interpreter of its own, which has to be watched, too
IN_WORKERS = "worker._MAIN = worker._MAIN.replace('from polcheck', 'import recording; from polcheck')\n"


def test_the_judge_touches_nothing(tmp_path: Path) -> None:
    """Every kind of selector over hostile files and the cases of packs, and every format of the reports."""
    process = subprocess.run(
        [sys.executable, str(WATCHED)],
        cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    told = json.loads(process.stdout)
    assert told["submissions"] > 10
    assert told["touched"].keys() == {"compile"}
    assert told["second"] == told["first"]
    assert told["first"].keys() == {"pass", "fail", "undecided", "not-applicable", "verdict: NoVerdict"}
    assert told["left"] == []


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("kept", [True, False])
def test_a_run_writes_to_its_cache_and_outputs_alone(tmp_path: Path, jobs: str, kept: bool) -> None:
    """Nothing else is opened to be written, made or removed, by the run or its processes, and nothing is fetched."""
    root = project(tmp_path / "project")
    (root / "work" / "polcheck.yaml").write_text("packs: [ours]\nexclude: [nothing/**]\n")
    (root / "work" / "src" / "evil.py").write_text("open('pwned', 'w')\nimport urllib.request\n(\n")
    (root / "work" / "src" / "evil.yaml").write_text("!!python/object/apply:os.system ['touch pwned']\n")
    more = ["-f", "json=out/report.json", "-f", "html=out/report.html", "-f", "text", "-j", jobs]
    (root / "out").mkdir()
    process = started(
        root, RECORDING + POOLED + IN_WORKERS + "main()\n", arguments(*more, *([] if kept else ["--no-cache"]))
    )
    result = ended(process)
    assert result.status == 1, result.err
    touched = set((root / "mark-").read_text().splitlines())
    cache, out = str(root / "cache"), str(root / "out")
    allowed = {path for path in touched if path.startswith(out + "/") or (kept and path.startswith(cache))}
    assert touched - allowed <= {"/dev/null"}
    assert sorted(path.name for path in (root / "work").rglob("*") if "pwned" in path.name) == []
    assert {path.name for path in (root / "out").iterdir()} == {"report.json", "report.html"}


def test_a_syntax_error_opens_no_file(tmp_path: Path) -> None:
    """Python reads the line of an error from the file of that name; here that is a pipe, which would wait forever."""
    (tmp_path / "src").mkdir()
    os.mkfifo(tmp_path / "src" / "a.py")
    script = (
        "from polcheck.languages.supported.python import python_error\nfrom polcheck.base.spans import Source\n"
        "print(python_error(Source('src/a.py', b'def f(:')))\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert process.stdout == "('invalid syntax', 1)\n", process.stderr
