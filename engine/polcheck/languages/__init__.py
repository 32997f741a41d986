"""Programming languages: grammars, comments, strings and how names are followed."""

from __future__ import annotations

from polcheck.formats import format_of
from polcheck.languages.registry import language_of


def kind_of(path: str) -> str:
    """Return the format or language that a path's name stands for; empty when it stands for none."""
    return format_of(path) or language_of(path) or ""
