"""A pack of two requirements and submissions for it, for tests of `polcheck batch`."""

from __future__ import annotations

from pathlib import Path

import pytest

from trees import write

PACK = """\
name: b
version: 1.0.0
params:
  word: {type: string, allowed: [load, save], default: load}
requirements:
  R1: It loads
  R2: It says nothing
submission: {main_py: main.py}
"""
POLICIES = """\
id: loads
title: It loads what it is asked to
requirement: R1
require: {files: main.py, text: '(?P<verb>\\w+)\\(', where: verb == params.word}
message: it doesn't
---
id: quiet
title: Nothing is printed
requirement: R2
forbid: {files: "**/*.py", pattern: print(...)}
message: it prints
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """The pack's folder."""
    root = tmp_path / "pack"
    write(root, {"pack.yaml": PACK, "policies/p.yaml": POLICIES})
    return root
