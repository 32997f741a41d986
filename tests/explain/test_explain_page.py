"""docs/explain.md and docs/writing.md: what they show is what the commands print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from pack_files import ROOT
from typed import polcheck

_FILE = re.compile(r"^`([^`]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[tuple[str, str]]:
    """Each command of a page with the output that the page shows for it."""
    found: list[tuple[str, str]] = []
    for block in _CONSOLE.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


@pytest.mark.parametrize("page", ["explain", "writing"])
def test_the_outputs_of_the_page_are_real(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command of the page, run in order over its files, prints what the page shows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    text = (ROOT / "docs" / f"{page}.md").read_text("utf-8")
    for path, content in _FILE.findall(text):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(content)
    (tmp_path / ".schemas").mkdir()
    assert len(commands(text)) >= 4
    for command, output in commands(text):
        name, *arguments = shlex.split(command)
        assert name == "polcheck"
        ran = polcheck(*arguments)
        assert ran.out + ran.err == output, command
