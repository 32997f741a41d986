"""docs/library.md and docs/agents.md: their programs run, and the index of the documentation names every page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("page", ["docs/library.md", "docs/agents.md"])
def test_the_programs_of_the_page_run(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, with their assertions, from the root of the repository."""
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {}
    blocks = re.findall(r"^```python\n(.*?)^```$", (ROOT / page).read_text("utf-8"), re.M | re.S)
    assert blocks
    for block in blocks:
        exec(compile(block, page, "exec"), names)


def test_every_page_is_in_the_index() -> None:
    """Whoever looks for a page finds it."""
    index = (ROOT / "docs/README.md").read_text("utf-8")
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert {name for name in pages if f"({name})" not in index} == set()
