"""A project on disk, and `polcheck` as a command."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pack_files import ROOT
from trees import OURS, write


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that fails: it prints where its pack forbids to."""
    folder = tmp_path / "project"
    write(folder, {**OURS, "polcheck.yaml": "packs: [packs/ours]\n", "a.py": "print(1)\n"})
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Variables with which a shell finds `polcheck` as this checkout has it."""
    bin = tmp_path / "bin"
    bin.mkdir()
    command = bin / "polcheck"
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT / "engine"}" exec "{sys.executable}" -m polcheck "$@"\n')
    command.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "GITHUB_", "CI"))}
    return {**kept, "PATH": f"{bin}:{os.environ['PATH']}"}
