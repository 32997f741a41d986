"""Git repositories to try things on."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

Folder = Callable[[Mapping[str, str]], Path]


def git(root: Path, *arguments: str) -> str:
    """Runs git in a folder, as nobody in particular."""
    own = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *own, *arguments], cwd=root, capture_output=True, check=True, text=True)
    return done.stdout
