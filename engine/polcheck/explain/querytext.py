"""The answer to `polcheck query`, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from polcheck.explain.query import Answer, Match
from polcheck.explain.shown import Look, bindings_text, capped, excerpt, location_plain
from polcheck.render.escape import terminal
from polcheck.render.words import counted

_MOST = 50


def text(answer: Answer, look: Look) -> str:
    """The matches with their source underlined, and a closing line that counts them."""
    blocks = [*(_queries(answer, look) if look.verbose else ())]
    shown = answer.matches if look.all else answer.matches[:_MOST]
    blocks += ["\n".join(_match(match, look)) for match in shown]
    if len(shown) < len(answer.matches):
        blocks += capped([], len(answer.matches) - len(shown), "matches", look)
    return "\n\n".join([*blocks, _closing(answer)]) + "\n"


def plain(answer: Answer) -> dict[str, Any]:
    """The answer as JSON values, every match included."""
    return {
        "matches": [
            {**location_plain(match.location), "bindings": dict(match.bindings), "text": matched(match)}
            for match in answer.matches
        ],
        "queries": list(answer.queries),
        "documents": list(answer.documents),
        "unsearched": [{"path": path, "reason": reason} for path, reason in answer.reasons],
    }


def matched(match: Match) -> str | None:
    """The line on which the match begins, None where it has no place."""
    place, source = match.location.place, match.location.excerpt
    if place is None or source is None:
        return None
    index = place.line - source.first
    return source.lines[index] if 0 <= index < len(source.lines) else None


def _queries(answer: Answer, look: Look) -> Iterator[str]:
    for query in answer.queries:
        lines = [look.ink.dim("tree-sitter query")] + ["  " + terminal(line) for line in query.splitlines()]
        yield "\n".join(lines)


def _match(match: Match, look: Look) -> list[str]:
    names = bindings_text(match.bindings)
    head = look.ink.bold(terminal(str(match.location)))
    return [f"{head}: {names}" if names else head, *excerpt(match.location, look)]


def _closing(answer: Answer) -> str:
    files = len({match.location.path for match in answer.matches})
    found = f"{counted(len(answer.matches), 'match', 'matches')}"
    where = f" in {counted(files, 'file')}" if answer.matches else ""
    looked = f"looked in {counted(len(answer.documents), 'file')}"
    lines = [f"{terminal(path)}: {terminal(reason)}: matches may be missing" for path, reason in answer.reasons]
    return "\n".join([*lines, f"{found}{where}; {looked}"])
