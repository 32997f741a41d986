from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Tree = Mapping[str, str | bytes]


@pytest.fixture
def tree(tmp_path: Path) -> Callable[[Tree], Path]:
    """Makes a folder of the given files and gives its path."""

    def tree(files: Tree) -> Path:
        root = tmp_path / "tree"
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return root

    return tree


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bytes]:
    """Runs git in a folder, with nobody's settings but ours, and gives what it prints."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    config = tmp_path / "gitconfig"
    config.write_text("[user]\nname = a\nemail = a@b.invalid\n[init]\ndefaultBranch = main\n")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": str(config), "GIT_CONFIG_NOSYSTEM": "1"}

    def git(folder: Path, *arguments: str | bytes, stdin: bytes = b"") -> bytes:
        return subprocess.run(
            ["git", "-C", folder, *arguments], check=True, capture_output=True, env=environment, input=stdin
        ).stdout

    return git
