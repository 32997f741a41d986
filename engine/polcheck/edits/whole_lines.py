"""Edits of whole lines: what is between entries, and what stays when some are cut."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from polcheck.edits.document import Change, Layout


def separation(document: Layout, entries: Sequence[tuple[int, int]]) -> str:
    """Return the line break of a blank line if one stands between all neighbors; else nothing.

    One blank line alone, beside a comment, sets off a group: it says nothing of the next entry.
    """
    comments = False
    for (_, end), (start, _) in pairwise(entries):
        at, blank = document.next_line(end), False
        while at < document.line_start(start):
            content = document.text[at : document.line_end(at)].strip(" \t")
            blank, comments = blank or not content, comments or bool(content)
            at = document.next_line(at)
        if not blank:
            return ""
    return document.newline if len(entries) > (2 if comments else 1) else ""


def cut_lines(document: Layout, start: int, end: int, *, first: bool = False, last: bool = False) -> Change:
    """Return what cuts the lines from that of `start` to that of `end`, with a blank line that would be too much.

    That is one of two that would follow each other, one before what is cut if that was the `last` entry of its
    container, and one behind it if that was the `first`.
    """
    begin, stop = document.line_start(start), document.next_line(end)
    above = document.line_start(begin - 1 if not document.text.startswith("\r\n", begin - 2) else begin - 2)
    blank_above = begin > 0 and not document.text[above:begin].strip()
    blank_below = stop < len(document.text) and not document.text[stop : document.line_end(stop)].strip()
    if blank_below and (blank_above or (first and not last) or begin == 0):
        return Change(begin, document.next_line(stop), "")
    if blank_above and last:
        return Change(above, stop, "")
    return Change(begin, stop, "")
