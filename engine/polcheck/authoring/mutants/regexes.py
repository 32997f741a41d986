"""Mutations of regular expressions: each accepts what the expression rejects, or the reverse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from polcheck.authoring.mutants.edits import Variant, halves_or_each, spliced

_PIECE = re.compile(
    r"""(?P<anchor>\^|\$|\\[bBAz])
      | (?P<escape>\\(?:[pP]\{\^?\w+\}|x\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2}|.))
      | (?P<class>\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])
      | (?P<flags>\(\?[imsU]+(?:-[imsU]+)?\))
      | (?P<open>\((?:\?(?:P?<\w+>|[imsU-]*:))?)
      | (?P<close>\)) | (?P<bar>\|)
      | (?P<repeat>[*+?]\??|\{\d+(?:,\d*)?\}\??)
      | (?P<char>.)""",
    re.VERBOSE | re.DOTALL,
)
_LEAST = 3  # characters that make a word


class _Piece(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


def regex_variants(text: str) -> Iterator[Variant]:
    """Yield the regular expression with an anchor, an alternative or a flag dropped, or its longest word made `.*`."""
    pieces = [_Piece(str(m.lastgroup), m.group(), m.start(), m.end()) for m in _PIECE.finditer(text)]
    for number, piece in enumerate(pieces):
        if piece.kind == "anchor" and not _idle(pieces, number):
            yield spliced("drop-anchor", text, piece.start, piece.end, "")
        elif piece.kind == "flags" and "i" in piece.text:
            rest = piece.text.replace("i", "")
            yield spliced("drop-flag", text, piece.start, piece.end, "" if rest == "(?)" else rest)
    for start, end in _dropped(pieces, text):
        yield spliced("drop-regex-alternative", text, start, end, "")
    word = _longest_word(pieces)
    if word is not None:
        yield spliced("loosen-word", text, *word, ".*")


def name_variants(text: str) -> Iterator[Variant]:
    """Yield the regular expression with one of its named groups unnamed: it joins on nothing any more."""
    for result in re.finditer(r"(?<!\\)\(\?P?<([A-Za-z]\w*)>", text):
        yield spliced("drop-join", text, *result.span(), "(?:")._replace(before=result.group(), after="(?:")


def _idle(pieces: list[_Piece], number: int) -> bool:
    """Return whether an anchor says no more than the `.*` beside it, which reaches the line's end or beginning
    anyway.
    """
    beside = pieces[max(number - 2, 0) : number] if pieces[number].text == "$" else pieces[number + 1 : number + 3]
    texts = [piece.text for piece in beside]
    return pieces[number].text in "^$" and texts in ([".", "*"], ["[^\\n]", "*"])


def _dropped(pieces: list[_Piece], text: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches to drop: each alternative of a group with the `|` that goes with it, of many each half."""
    for starts, end in _groups(pieces, len(text)):
        for first, last in halves_or_each(len(starts)):
            at_end = last == len(starts) - 1
            yield (starts[first] - 1, end) if at_end else (starts[first], starts[last + 1])


def _groups(pieces: list[_Piece], length: int) -> Iterator[tuple[list[int], int]]:
    """Yield the starts of the alternatives and the end of each group, the outermost included."""
    stack: list[list[int]] = [[0]]
    for piece in pieces:
        if piece.kind == "flags" and len(stack) == 1 and stack[0] == [piece.start]:
            stack[0] = [piece.end]
        elif piece.kind == "open":
            stack.append([piece.end])
        elif piece.kind == "bar":
            stack[-1].append(piece.end)
        elif piece.kind == "close" and len(stack) > 1:
            yield stack.pop(), piece.start
    if len(stack) == 1:
        yield stack[0], length


def _longest_word(pieces: list[_Piece]) -> tuple[int, int] | None:
    """Return the span of the longest run of literal characters; a repeated one belongs to no run."""
    best: tuple[int, int] | None = None
    start: int | None = None
    for number, piece in enumerate([*pieces, _Piece("close", "", 0, 0)]):
        repeated = number + 1 < len(pieces) and pieces[number + 1].kind == "repeat"
        if piece.kind == "char" and (piece.text.isalnum() or piece.text in "_- /") and not repeated:
            start = piece.start if start is None else start
            if best is None or piece.end - start > best[1] - best[0]:
                best = (start, piece.end)
        else:
            start = None
    return best if best is not None and best[1] - best[0] >= _LEAST else None
