"""What a regular expression of a pack may be: RE2 matches in linear time, whose factor grows with the expression."""

from __future__ import annotations

MAX_LENGTH = 10_000
MAX_DEPTH = 200


def too_much(regex: str) -> str:
    """Which bound an expression is over; empty when it is within all."""
    if len(regex) > MAX_LENGTH:
        return f"a regular expression of more than {MAX_LENGTH:,} characters"
    if regex.count("(") > MAX_DEPTH and _depth(regex) > MAX_DEPTH:
        return f"a regular expression with parentheses more than {MAX_DEPTH} deep"
    return ""


def _depth(regex: str) -> int:
    """At least how deep the parentheses are; escaped ones and those in sets count, too."""
    depth = most = 0
    for char in regex:
        depth += (char == "(") - (char == ")")
        most = max(most, depth)
    return most
