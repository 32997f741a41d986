"""Escape the workflow commands that CI runners would execute when they occur in a log.

GitHub and Azure Pipelines take `##[…]` and `##vso[…]` for commands anywhere in a line, TeamCity `##teamcity[…]`; GitLab
and Travis fold a log at `section_start:` and `travis_fold:`. `::…` at the beginning of a line is GitHub's, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable

# NOTE: fixed words without a repeat: each is tried once at each place
_MARKED = re.compile(r"#(?=#(?:vso|teamcity)?\[)", re.IGNORECASE)
_FOLDED = re.compile(r"(section_(?:start|end)|travis_(?:fold|time)):", re.IGNORECASE)


def defused(text: str, spell: Callable[[str], str] = lambda char: f"\\x{ord(char):02x}") -> str:
    """Return the text with one character of each command written as `spell` does, `\\x23` for `#` if nothing else.

    Everything else stays as it is. What begins a line is left to `at_line_starts`.
    """
    at = 0
    parts: list[str] = []
    for place in sorted(places(text)):
        parts += (text[at:place], spell(text[place]))
        at = place + 1
    return "".join((*parts, text[at:])) if parts else text


def places(text: str) -> frozenset[int]:
    """Return the offsets of the characters by which a text holds a command: one for each."""
    results: list[int] = []
    if "##" in text:
        results += (match.start() for match in _MARKED.finditer(text))
    if "_" in text and ":" in text:
        results += (match.end() - 1 for match in _FOLDED.finditer(text))
    return frozenset(results)


def at_line_starts(text: str, spell: Callable[[str], str] = lambda char: f"\\x{ord(char):02x}") -> str:
    """Return the text in which no line begins with `::`, but for blanks."""
    if "::" not in text:
        return text
    lines = text.split("\n")
    for number, line in enumerate(lines):
        body = line.lstrip()
        if body.startswith("::"):
            lines[number] = line[: len(line) - len(body)] + spell(":") + body[1:]
    return "\n".join(lines)
