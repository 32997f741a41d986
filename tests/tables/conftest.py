"""A small pack and tables of projects for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from trees import write

POLICY = """\
id: print
title: Nothing is printed
requirement: R1
forbid: {files: "**/*.py", pattern: print(...)}
message: "`{{ path }}` prints"
remedy: Log it
---
id: word
title: It has the word
require: {files: main.py, text: "(?P<word>\\\\w+)", where: word == params.word}
message: it has not
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """The folder of a pack of two policies, with cases."""
    root = tmp_path / "pack"
    head = "name: p\nversion: 1.0.0\nrequirements: {R1: It says nothing}\nparams: {word: {type: string, default: x}}\n"
    write(root, {"pack.yaml": head, "policies/p.yaml": POLICY, "tests/big.yaml": "# " + "x" * 100_000})
    return root
