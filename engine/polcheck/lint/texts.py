"""Regular expressions that match everywhere."""

from __future__ import annotations

from polcheck.lint.view import View
from polcheck.selectors.text import TextProblem, compile_text


def check(view: View) -> None:
    """Warns of a `text` that matches nothing at all, between any two characters."""
    for origin, item in view.items:
        if item.text is not None and _is_everywhere(item.text):
            help = "write `+` for `*`, or say what stands around it"
            origin.warning((*item.at, "text"), f"`{item.text}` matches nothing at all, and so everywhere", help)


def _is_everywhere(regex: str) -> bool:
    try:
        found = compile_text(regex).search("0")
    except TextProblem:
        return False  # noted when it was compiled
    return any(hit.span is not None and hit.span.start == hit.span.end for hit in found.hits)
