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
import sys, os
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
def watch(event, given):
    if event == "open":
        path, mode, flags = given
        writes = flags & WRITES if isinstance(flags, int) else any(char in str(mode) for char in "wax+")
        if not writes or isinstance(path, int):
            return
    elif event.startswith(("socket.", "urllib.", "subprocess.", "ftplib.", "http.", "smtplib.")):
        if event == "socket.__new__":
            return  # a pipe between processes is one of two; whoever is spoken to beyond shows as connected
        path = "!" + event
    elif event in ("os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn"):
        path = "!" + event
    elif event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
                   "os.chown", "os.utime", "shutil.rmtree", "shutil.move", "shutil.copyfile"):
        path = given[-3] if event == "os.rename" else given[0]
    else:
        return
    if isinstance(path, int):
        return
    said = path if str(path).startswith("!") else os.path.abspath(os.fsdecode(path))
    os.write(LOG, (said + chr(10)).encode())
LOG = os.open(os.environ["MARK"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
sys.addaudithook(watch)
"""


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
    assert told["first"].keys() == {"pass", "fail", "undecided", "not-applicable"}
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
    process = started(root, RECORDING + POOLED + "main()\n", arguments(*more, *([] if kept else ["--no-cache"])))
    result = ended(process)
    assert result.status == 1, result.err
    touched = set((root / "mark-").read_text().splitlines())
    cache, out = str(root / "cache"), str(root / "out")
    allowed = {path for path in touched if path.startswith(out + "/") or (kept and path.startswith(cache))}
    assert touched - allowed <= {"/dev/null"} | _shared_memory(touched)
    assert sorted(path.name for path in (root / "work").rglob("*") if "pwned" in path.name) == []
    assert {path.name for path in (root / "out").iterdir()} == {"report.json", "report.html"}


def _shared_memory(touched: set[str]) -> set[str]:
    """What multiprocessing makes of its own to share memory between the processes."""
    return {path for path in touched if "pym-" in path or "pymp-" in path}


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
