"""A project on disk, for tests of what polcheck.yaml does: a pack, and files around it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

Tree = Callable[[Mapping[str, str]], Path]

PACK = """\
name: ours
version: 1.0.0
params:
  most: {type: integer, default: 1}
  words: {type: list, default: [a]}
profiles:
  strict: {params: {most: 5, words: [b]}, severities: {no-print: warning, C1: note}}
requirements: {C1: There is no evaluation}
"""
POLICIES = """\
id: no-print
title: Nothing is printed
forbid: {files: "**/*.py", pattern: print(...)}
message: it prints
---
id: no-eval
title: Nothing is evaluated
requirement: C1
forbid: {files: "**/*.py", pattern: eval(...)}
message: it evaluates
"""


def write(root: Path, files: Mapping[str, str]) -> None:
    """Writes files below `root`, folders made as needed."""
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), "utf-8")


OURS = {"packs/ours/pack.yaml": PACK, "packs/ours/policies/p.yaml": POLICIES}
