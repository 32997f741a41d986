"""What a text must hold for a regular expression to match it: literal stretches, read off the expression.

Sound and simple: where the expression is not plainly literal nothing is claimed.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""
    \\Q.*?(?:\\E|\Z)                                   # quoted text: rare, so nothing is claimed of it
    | \\[pP](?:\{[^}]*\}|.) | \\x(?:\{[^}]*\}|..) | \\[0-7]{1,3} | \\.   # escapes
    | \[\^?\]?(?:\\.|\[:[^\]]*:\]|[^\]\\])*\]          # classes
    | [*+?]\??  | \{\d*,?\d*\}\??                      # repetitions
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_PLAIN_ESCAPE = re.compile(r"\\[^A-Za-z0-9]", re.DOTALL)
_REPEATED = re.compile(r"[*?]|\{0*[,}]")  # may be left out
_SHORTEST = 3


def needed(regex: str) -> frozenset[str] | None:
    """Literals one of which stands in every text that the expression matches; None when none is known."""
    if re.search(r"\(\?[a-zA-Z]*i", regex):
        return None  # NOTE: letters of either case
    found: list[str] = []
    for branch in _branches(_TOKEN.findall(regex)):
        stretch = max(_stretches(branch), key=len, default="")
        if len(stretch) < _SHORTEST:
            return None
        found.append(stretch)
    return frozenset(found) if found else None


def _branches(tokens: list[str]) -> list[list[str]]:
    """The alternatives at the top, each with its groups blanked out."""
    branches: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        if token == "(":
            depth += 1
        elif token == ")":
            depth -= 1
            if depth == 0:
                branches[-1].append("")
        elif depth == 0 and token == "|":
            branches.append([])
        elif depth == 0:
            branches[-1].append(token)
    return branches


def _stretches(tokens: list[str]) -> list[str]:
    """The literal stretches of a concatenation."""
    stretches = [""]
    for index, token in enumerate(tokens):
        after = tokens[index + 1] if index + 1 < len(tokens) else ""
        literal = _literal(token)
        if not literal or _REPEATED.match(after):
            stretches.append("")
        else:
            stretches[-1] += literal
            if after[:1] in ("+", "{"):
                stretches.append("")
    return stretches


def _literal(token: str) -> str:
    """The character that a token stands for; empty when it stands for anything else."""
    if len(token) == 1:
        return "" if token in ".^$*+?{}[]()|\\" else token
    return token[1:] if len(token) == 2 and _PLAIN_ESCAPE.fullmatch(token) else ""
