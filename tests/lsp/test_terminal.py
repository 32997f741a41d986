"""A server that somebody starts at a terminal says what it waits for."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest


@pytest.mark.parametrize(("command", "page"), [("lsp", "docs/editors.md"), ("mcp", "docs/agents.md")])
def test_a_server_at_a_terminal_says_who_starts_it(command: str, page: str) -> None:
    """It would wait without a word for what nobody types."""
    ours, theirs = pty.openpty()
    arguments = [sys.executable, "-m", "polcheck", command]
    with subprocess.Popen(arguments, stdin=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        try:
            line = process.stderr.readline().decode()
        finally:
            process.kill()
    os.close(ours)
    os.close(theirs)
    assert page in line
