"""The page about testing: what it shows is what the commands print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from pack_files import ROOT
from typed import polcheck

PAGE = (ROOT / "docs" / "testing.md").read_text("utf-8")


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The pack of the page, in the current folder."""
    (tmp_path / "pack.yaml").write_text("name: careful\nversion: 1.0.0\n")
    for path, text in re.findall(r"```yaml\n# (\S+)\n(.*?)```", PAGE, re.DOTALL):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(f"# {path}\n{text}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


SHOWN = re.findall(r"```\n\$ polcheck (.*?)\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("command", "output"), SHOWN)
def test_what_is_shown_is_printed(pack: Path, command: str, output: str) -> None:
    """Each command of the page prints what stands below it."""
    if "FAILED" in output:
        cases = pack / "tests" / "eval.yaml"
        cases.write_text(cases.read_text().replace("main.py:2}", "main.py:3}"))
    assert polcheck(*shlex.split(command)).out == output


def test_the_page_shows_commands() -> None:
    """The page holds the commands that the test above runs."""
    assert len(SHOWN) == 5


def test_the_equivalent_mutant_of_the_page_is_one(pack: Path) -> None:
    """The entry that the page shows excuses a mutant that lives."""
    (entry,) = re.findall(r"```yaml\n(- policy: .*?)```", PAGE, re.DOTALL)
    (pack / "tests" / "equivalent.yaml").write_text(entry)
    assert "2 survived, 1 equivalent" in polcheck("test", "--mutate", "-q").out


def test_the_difference_of_the_page_is_shown(pack: Path) -> None:
    """The policy that the page writes with a text instead of a pattern differs as the page says."""
    (text,) = re.findall(r"`(text: 'eval.*?')`", PAGE)
    (shown,) = re.findall(r"```\n(DIFFERS.*?)```", PAGE, re.DOTALL)
    policy = pack / "policies" / "eval.yaml"
    policy.write_text(re.sub(r"pattern: .*", lambda _: text, policy.read_text()))
    ran = polcheck("test", "--robust")
    assert (ran.status, ran.out.partition("\n\n")[0] + "\n") == (1, shown)


def test_every_option_is_on_the_page() -> None:
    """An option that the page doesn't name fails here."""
    options = set(re.findall(r"(?<![\w-])--[a-z-]+", polcheck("test", "--help").out))
    assert options - {"--help", "--color", "--format", "--output", "--jobs", "--verbose", "--quiet"} <= set(
        re.findall(r"--[a-z-]+", PAGE)
    )
