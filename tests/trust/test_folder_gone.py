"""A working directory that was removed meanwhile is the user's to know, and no fault of polcheck's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = [
    ["run", "--isolated", "--pack", "python-project", "."],
    ["run", "-p", "python-project"],
    ["baseline", "-p", "python-project"],
    ["validate", "."],
    ["config"],
    ["pack", "list"],
    ["init"],
    ["query", "--text", "a", "."],
    ["batch", "-p", "python-project", "-o", "rows.jsonl", "."],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_a_working_directory_that_is_gone_gets_a_plain_message(tmp_path: Path, command: list[str]) -> None:
    """It says what happened and what to do, with the status of a run without a verdict."""
    (tmp_path / "gone").mkdir()
    script = 'cd gone && rmdir ../gone && exec "$0" -m polcheck "$@"'
    done = subprocess.run(
        ["sh", "-c", script, sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "the working directory has been removed" in done.stderr
    assert "internal error" not in done.stderr and "Traceback" not in done.stderr
