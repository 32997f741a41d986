"""README.md, CHANGELOG.md and the pages of docs/ against what they speak of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from polcheck.cli.commands import COMMANDS
from polcheck.formats import formats
from polcheck.languages.registry import languages
from typed import polcheck

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)(#[^)\s]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Each link between the pages names a file or folder that is there."""
    text = _CODE.sub("", page.read_text("utf-8"))
    assert [link for link, _ in _LINK.findall(text) if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md"])
def test_every_command_is_named(page: str) -> None:
    """Whoever reads the page learns of each command."""
    words = set(re.findall(r"`(?:polcheck )?([a-z]+)[^`]*`", (ROOT / page).read_text("utf-8")))
    assert set(COMMANDS) - words == set()


def test_the_page_of_the_rubric_says_why_people_decide() -> None:
    """The table has each requirement of airas-base-code that is `decided_by: review`, with the pack's reason."""
    requirements = yaml.safe_load((ROOT / "policies/airas-base-code/pack.yaml").read_text("utf-8"))["requirements"]
    reviewed = [
        f"| {name} | {entry['title']} | {entry['because']} |"
        for name, entry in requirements.items()
        if isinstance(entry, dict) and entry.get("decided_by") == "review"
    ]
    page = (ROOT / "docs/airas-base-code.md").read_text("utf-8")
    lines = page[page.index("## What no policy decides") :].splitlines()
    assert [line for line in lines if re.match(r"\| [CX]\d*\.", line)] == reviewed
    assert f"decide {len(requirements) - len(reviewed)} of the {len(requirements)} requirements" in " ".join(lines)


def test_the_readme_shows_what_the_command_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report on the example, as it is in a terminal of the usual width for code."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "100")
    shown = re.search(r"^```console\n\$ polcheck run (\S+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert shown is not None
    assert polcheck("run", "--no-cache", shown[1]).out == shown[2]


def test_the_readme_counts_languages_and_formats() -> None:
    """As many as are known, with every extra."""
    counted = re.search(r"^\| polcheck \| (\d+) languages .*?\| (\d+) formats", README, re.MULTILINE)
    assert counted is not None
    assert (int(counted[1]), int(counted[2])) == (len(languages()), len(formats()))
