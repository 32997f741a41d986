"""A project on disk to work in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from trees import OURS, Tree, write


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """Writes files into a project that has the pack `ours`, and works there."""

    def made(files: Mapping[str, str]) -> Path:
        write(tmp_path, {**OURS, "polcheck.yaml": "packs: [packs/ours]\n", **files})
        monkeypatch.chdir(tmp_path)
        return tmp_path

    return made
