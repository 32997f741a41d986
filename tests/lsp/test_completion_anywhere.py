"""Completion at any place of what authors write, finished or not."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from pack_files import ROOT
from polcheck.base.spans import Span
from polcheck.servers.lsp.author_help import complete
from polcheck.servers.lsp.code_units import Lines
from polcheck.servers.lsp.completion import PackWords
from polcheck.servers.lsp.cursor import cursor_at

FILES = sorted((ROOT / "policies/python-project/policies").glob("*.yaml"))
WORDS = PackWords(head={"requirements": {"R1": "x"}}, selectors={"prints": {"files": "a"}}, policies=("p",))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.stem))
def test_every_key_that_is_there_would_be_offered_where_it_stands(path: Path) -> None:
    """Each key of each policy, with nothing of it typed but its first letter, is among the words for that place."""
    text = path.read_text()
    lines = text.splitlines(keepends=True)
    offset = checked = 0
    for line in lines:
        key, colon, _ = line.partition(":")
        word = key.lstrip(" -")
        if colon and word.isalpha() and word in KEYS and line.strip() and checked < 40:
            at = offset + len(key) - len(word)
            typed = text[: at + 1] + "\n" + text[offset + len(line) :]
            result = complete(Lines(typed), Lines(typed).position(at + 1), "policy", WORDS)
            assert word in {item.label for item in result.items}, (word, line)
            (edit,) = [item.text_edit for item in result.items if item.label == word]
            assert isinstance(edit, types.TextEdit)
            assert edit.range == Lines(typed).range_of(Span(at, at + 1))
            checked += 1
        offset += len(line)
    assert checked


KEYS = ("title", "severity", "requirement", "for", "require", "forbid", "message", "remedy", "see", "when")


@pytest.mark.parametrize("path", FILES[:3], ids=lambda path: str(path.stem))
def test_no_cursor_in_a_text_that_breaks_off_is_a_fault(path: Path) -> None:
    text = path.read_text()
    for offset in range(0, min(len(text), 3_000), 97):
        for typed in (text, text[:offset], text[:offset] + "\n" + text[offset:]):
            cursor_at(typed, offset)
            complete(Lines(typed), Lines(typed).position(offset), "policy", WORDS)
