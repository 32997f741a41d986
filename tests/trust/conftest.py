"""A pack, and folders of one's own and of strangers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gits import Folder
from trees import write

POLICY = """\
id: no-eval
title: Nothing is evaluated
forbid: {files: "**/*.py", pattern: eval(...)}
message: it evaluates
"""


@pytest.fixture
def pack(tmp_path: Path) -> str:
    """A pack that forbids `eval`."""
    write(tmp_path / "pack", {"pack.yaml": "name: ours\nversion: 1.0.0\n", "policies/p.yaml": POLICY})
    return str(tmp_path / "pack")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Writes files into a folder."""

    def made(files: Mapping[str, str]) -> Path:
        write(tmp_path / "s", files)
        return tmp_path / "s"

    return made
