"""What becomes of the exit status when nobody reads the output to its end, or it can't be written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trees import Tree

_POLCHECK = [sys.executable, "-m", "polcheck"]
_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "engine")}
_FULL = Path("/dev/full")


def _closed(*arguments: str) -> tuple[int, str]:
    """The status and the errors of polcheck when its standard output is a pipe that nobody reads."""
    with subprocess.Popen(
        [*_POLCHECK, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_ENVIRONMENT
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
        return process.wait(), errors


@pytest.mark.parametrize(("file", "status"), [("b.py", 0), ("a.py", 1)])
def test_a_closed_pipe_changes_no_verdict(tree: Tree, file: str, status: int) -> None:
    """`polcheck run | head` exits as `polcheck run` does, and says nothing of the pipe."""
    tree({f"tree/{file}": "print(1)\n" if file == "a.py" else "go()\n"})
    assert _closed("run", "--pack", "packs/ours", "tree") == (status, "")


def test_a_closed_pipe_is_not_the_status_of_a_fail(tree: Tree) -> None:
    """Other commands could not say what they had to say: 2, not 1."""
    tree({"a.py": "print(1)\n"})
    assert _closed("query", "--pattern", "print(...)", "a.py") == (2, "")


@pytest.mark.skipif(not _FULL.exists(), reason="there is no /dev/full")
def test_output_that_cannot_be_written_is_told(tree: Tree) -> None:
    """A full disk is no fault of polcheck's, and no verdict."""
    tree({"tree/b.py": "go()\n"})
    with _FULL.open("w") as full:
        ran = subprocess.run(
            [*_POLCHECK, "run", "--pack", "packs/ours", "tree"],
            env=_ENVIRONMENT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (ran.returncode, ran.stderr) == (2, "can't write standard output: no space left on device\n")
