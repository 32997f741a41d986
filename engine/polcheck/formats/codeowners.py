"""CODEOWNERS, as GitHub and GitLab read it: a row for each pattern, with its owners and its section."""

from __future__ import annotations

from polcheck.base.spans import Source, Span
from polcheck.formats.format import Format
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.placed import Placed, placed_array, placed_config, placed_object, placed_strings
from polcheck.formats.values import Config, Unparsable

_Words = list[tuple[str, Span]]


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the rows of a file.

    Raises Unparsable for a section whose header is broken, LimitExceeded, and Unreadable when the bytes aren't text.
    """
    rows = list[Placed]()
    section: dict[str, Placed] = {}
    at, count = 0, 1
    for line in source.text.replace("\r\n", " \n").replace("\r", "\n").split("\n"):
        words = _words(line.rstrip(), at)
        at += len(line) + 1
        if not words:
            continue
        whole = Span(words[0][1].start, words[-1][1].end)
        count += 3 + len(words)
        if count > limits.values:
            limits.too_many(whole)
        if words[0][0].startswith(("[", "^[")):
            section = _section(line, whole)
            continue
        pattern, where = words[0]
        row = {"pattern": Placed(pattern, where), "owners": placed_strings(words[1:], _behind(where, whole))}
        if section:
            row["section"] = section["name"]
            if len(words) == 1 and "owners" in section:
                row["owners"] = section["owners"]
        rows.append(placed_object(row, whole))
    whole = Span(rows[0].span.start, rows[-1].span.end) if rows else Span(0, 0)
    return placed_config([placed_array(rows, whole)])


def _behind(first: Span, whole: Span) -> Span:
    return Span(min(first.end + 1, whole.end), whole.end)


def _words(line: str, at: int) -> _Words:
    """Return the words of a line that begins at an offset up to its comment, and where they stand.

    A backslash keeps white space or `#` within a word; it stays, as in .gitignore.
    """
    words = _Words()
    position = 0
    while position < len(line):
        if line[position].isspace():
            position += 1
            continue
        if line[position] == "#":
            break
        start = position
        while position < len(line) and not line[position].isspace():
            position += 2 if line[position] == "\\" else 1
        position = min(position, len(line))
        words.append((line[start:position], Span(at + start, at + position)))
    return words


def _section(line: str, whole: Span) -> dict[str, Placed]:
    """Return the name and default owners of a section of GitLab's: `^[Name][2] @owner`. Raises Unparsable."""
    opening = line.index("[")
    close = line.find("]", opening)
    if close < 0:
        raise Unparsable("a section's name ends in `]`", whole)
    base = whole.start - (len(line) - len(line.lstrip()))
    section = {"name": Placed(line[opening + 1 : close], Span(base + opening + 1, base + close))}
    rest = close + 1
    if line.startswith("[", rest):
        end = line.find("]", rest)
        if end < 0 or not line[rest + 1 : end].strip().isdigit():
            raise Unparsable("the number of approvals of a section stands in brackets", whole)
        rest = end + 1
    owners = _words(line[rest:], base + rest)
    if owners:
        section["owners"] = placed_strings(owners, Span(owners[0][1].start, owners[-1][1].end))
    return section


FORMAT = Format(
    name="codeowners",
    title="CODEOWNERS",
    parse=parse,
    names=("CODEOWNERS",),
    root="array",
    escapes=lambda data: True,  # the keys of rows stand nowhere in the file
)
