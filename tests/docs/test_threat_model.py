"""docs/threat-model.md: each thing that somebody could try has the test that shows what stops it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/threat-model.md").read_text("utf-8")
ROWS = [line for line in PAGE.split("\n") if line.startswith("| ") and not line.startswith(("| They try", "| ---"))]
ACTORS = (
    "The author of a project",
    "The author of a pack",
    "Whoever can write the cache",
    "Whoever writes a folder that you open in an editor",
    "The network",
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:40])
def test_each_attempt_has_its_test(row: str) -> None:
    """The last column names a file of tests, or one test in it, that is there."""
    named = row.rstrip(" |").rpartition("| ")[2].strip("` ")
    path, _, name = named.partition("::")
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert name in tests if name else any(test.startswith("test_") for test in tests)


def test_every_actor_has_rows() -> None:
    """Of each, with what is left to whoever runs polcheck."""
    parts = PAGE.split("\n## ")[1:]
    assert tuple(part.partition("\n")[0] for part in parts) == ACTORS
    assert all("| They try to |" in part and "Left to you:" in part for part in parts)
