"""A workspace with a project, its pack and an editor that has it open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types

from lsp.client import Editor

PACK = """\
name: ours
version: 1.0.0
selectors:
  prints: {files: 'src/*.py', pattern: print(...)}
"""
POLICIES = """\
id: no-print
title: Nothing is printed
forbid: {use: prints}
message: "`{{ path }}` prints"
remedy: Use logging
see: https://example.org/no-print
---
id: keys-are-set
title: Each key that the code reads is set
severity: warning
for: {files: "src/*.py", pattern: 'cfg["$key"]'}
require: {files: config.yaml, data: keys(@), as: key}
message: "`{{ key }}` is not set in config.yaml"
remedy: Set it
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose pack lies in it, with one file and nothing wrong."""
    root = tmp_path / "shop"
    write(root / "polcheck.yaml", "packs: [./ours]\n")
    write(root / "ours/pack.yaml", PACK)
    write(root / "ours/policies/all.yaml", POLICIES)
    write(root / "src/app.py", 'cfg["host"]\n')
    write(root / "config.yaml", "host: a\n")
    return root


@pytest.fixture(scope="session")
def running() -> Iterator[Editor]:
    """An editor without a folder, for all tests: to start a server takes a second. Its server ends well."""
    editor = Editor()
    yield editor
    assert editor.quit() == 0


@pytest.fixture
def editor(running: Editor, project: Path) -> Iterator[Editor]:
    """The editor with the project open."""
    folder = types.WorkspaceFolder(project.as_uri(), project.name)
    running.change_folders(added=[folder])
    yield running
    running.change_folders(removed=[folder])


def write(path: Path, text: str | bytes) -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path
