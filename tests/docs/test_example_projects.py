"""The examples find what they are there to show, and their own cases pass."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def polcheck(*arguments: str) -> tuple[int, str]:
    """Runs the command line; gives its exit status and what it prints."""
    code = "import sys; from polcheck.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, *arguments]
    ran = subprocess.run(command, cwd=EXAMPLES, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


@pytest.mark.heavy
def test_the_deployment_is_joined_across_formats() -> None:
    """An image's port, a variable of Go and a value of Terraform are wrong in one file each."""
    for grammar in ("tree_sitter_typescript", "tree_sitter_go"):
        pytest.importorskip(grammar)
    status, text = polcheck("run", "--no-cache", "deployment")
    places = [line.split(" ")[0] for line in text.splitlines() if ": error[" in line]
    assert (status, sorted(places)) == (
        1,
        ["deployment/Dockerfile:3:8:", "deployment/infra/production.tfvars:2:1:", "deployment/worker/main.go:6:10:"],
    )
    assert polcheck("test", "deployment/policies")[0] == 0
