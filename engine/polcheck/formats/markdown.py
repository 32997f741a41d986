"""Markdown: the front matter of a file and its tables.

The one document is `{"front_matter": …, "tables": […]}`; front matter is an object of YAML (between lines `---`) or
TOML (between `+++`), null without any; a table is `{"heading": …, "rows": […]}` with an object of strings for each row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING

from polcheck.base.spans import Source, Span
from polcheck.formats import toml, yaml
from polcheck.formats.format import Format
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.placed import Placed, placed_array, placed_config, placed_object
from polcheck.formats.values import Config, Json, LimitExceeded, Pointer, Unparsable, Where

if TYPE_CHECKING:
    from markdown_it.token import Token

_Cell = tuple[str, Span]
_FENCES = {"---": ("---", "..."), "+++": ("+++",)}
_BEFORE_ROWS = "> \t*+-0123456789.)"
"""What may stand before a row in a quotation or a list."""
MAX_LENGTH = 500_000
"""Characters of a file whose tables are read."""
_DEEPEST = 20
"""Quotations and lists one inside the other; a table that is deeper isn't one for the parser."""


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the front matter and the tables of a file.

    Raises Unparsable for front matter that is no YAML or TOML, and where a table can't be read because the extra
    `tables` isn't installed; LimitExceeded, and Unreadable when the bytes aren't text.
    """
    text = source.text
    front, value, body = _front_matter(text, limits)
    tables = list(_tables(text, body, limits))
    whole = Span(tables[0].span.start, tables[-1].span.end) if tables else Span(len(text), len(text))
    rest = placed_config([placed_object({"tables": placed_array(tables, whole)}, Span(0, len(text)))])

    def locate(index: int, pointer: Pointer) -> Where:
        """Return the place of the value at `pointer`. Raises KeyError where it doesn't resolve."""
        if index != 0 or not pointer or pointer[0] != "front_matter":
            return rest.locate(index, pointer)
        if front is None:
            if len(pointer) > 1:
                raise KeyError(pointer)
            return Where(Span(0, 0))
        config, start = front
        where = config.locate(0, pointer[1:])
        moved = Span(where.key.start + start, where.key.end + start) if where.key else None
        return Where(Span(where.value.start + start, where.value.end + start), moved)

    moved = [Span(span.start + front[1], span.end + front[1]) for span in front[0].repeated] if front else []
    members = rest.values[0]
    assert isinstance(members, dict)
    return Config(({"front_matter": value, **members},), locate, tuple(moved))


def _front_matter(text: str, limits: DocumentLimits) -> tuple[tuple[Config, int] | None, Json, int]:
    """Return the configuration in front of a text and where it begins, its value, and where the rest begins."""
    lines = _line()
    first = lines.match(text)
    if first is None or first[1].rstrip() not in _FENCES:
        return None, None, 0
    fence, start = first[1].rstrip(), first.end()
    at = start
    while at < len(text) and (line := lines.match(text, at)):
        if line[1].rstrip() in _FENCES[fence]:
            return _read(text[start : line.start()], start, line.end(), fence, limits)
        at = line.end()
    return None, None, 0


def _read(
    inner: str, start: int, body: int, fence: str, limits: DocumentLimits
) -> tuple[tuple[Config, int] | None, Json, int]:
    # NOTE: lines of nothing but a comment in front keep a mark for byte order inside from being taken for one
    source = Source("", ("#\n" + inner).encode("utf-8", "surrogatepass"))
    try:
        config = (yaml.parse if fence == "---" else toml.parse)(source, limits)
    except Unparsable as error:
        kind = LimitExceeded if isinstance(error, LimitExceeded) else Unparsable
        span = Span(error.span.start + start - 2, error.span.end + start - 2) if error.span else Span(0, len(fence))
        raise kind(f"front matter: {error.reason}", Span(max(span.start, 0), max(span.end, 0))) from error
    value = config.values[0] if config.values else None
    if len(config.values) > 1 or not isinstance(value, dict):
        return None, None, 0 if value is not None else body
    return (config, start - 2), value, body


@cache
def _line() -> re.Pattern[str]:
    return re.compile(r"([^\r\n]*+)(?:\r\n?|\n|\Z)")


def _may_hold_table(text: str, start: int) -> bool:
    """Return whether some line of `-`, `:` and `|` only follows one with `|`, as below the header of a table."""
    at, barred = start, False
    while at < len(text) and (line := _line().match(text, at)):
        if barred and "-" in line[1] and not line[1].lstrip(_BEFORE_ROWS).strip("|:- \t"):
            return True
        barred = "|" in line[1]
        at = line.end()
    return False


def _tokens(text: str, start: int) -> tuple[list[Token], list[int]]:
    """Return the blocks of a text from `start`, and where each line begins. Raises Unparsable and LimitExceeded."""
    if len(text) > MAX_LENGTH:
        raise LimitExceeded(f"a file of tables with more than {MAX_LENGTH} characters")
    try:
        from markdown_it import MarkdownIt
    except ImportError:
        raise Unparsable("the tables of Markdown need the extra `tables`: `pip install 'polcheck[tables]'`") from None
    inner = text[start:].replace("\r\n", " \n").replace("\r", "\n").replace("\0", "\ufffd")
    offsets = [start]
    for line in inner.split("\n"):
        offsets.append(offsets[-1] + len(line) + 1)
    parser = MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).enable("table").disable("inline")
    return parser.parse(inner), offsets


def _tables(text: str, start: int, limits: DocumentLimits) -> Iterator[Placed]:
    """Give the tables of a text from `start`. Raises Unparsable and LimitExceeded."""
    tokens, offsets = _tokens(text, start) if _may_hold_table(text, start) else ([], [])
    heading: Placed | None = None
    header = list[_Cell]()
    rows = list[Placed]()
    count = 0
    for index, token in enumerate(tokens):
        lines = token.map or (0, 0)
        begin, end = offsets[lines[0]], min(offsets[lines[0] + 1] - 1, len(text))
        if token.type == "table_open":
            header, rows = [], []
        elif token.type == "heading_open" and token.level == 0:
            content = tokens[index + 1].content
            at = text.find(content, begin)
            heading = Placed(content, Span(at, at + len(content)) if at >= 0 else Span(begin, end))
        elif token.type == "tr_open":
            row = takewhile(_in_row, (tokens[at] for at in range(index + 1, len(tokens))))
            contents = [cell.content for cell in row if cell.type == "inline"]
            cells = _cells(text, begin, end, contents)
            count += 1 + len(cells)
            if count > limits.values:
                limits.too_many(Span(begin, end))
            if header:
                pairs = zip(header, cells, strict=False)
                fields = {name: Placed(value, where, key) for (name, key), (value, where) in pairs}
                rows.append(placed_object(fields, Span(begin, end)))
            header = header or cells
        elif token.type == "table_close":
            yield _table(heading, header, rows)


def _in_row(token: Token) -> bool:
    return token.type != "tr_close"


def _table(heading: Placed | None, header: list[_Cell], rows: list[Placed]) -> Placed:
    whole = Span(header[0][1].start, rows[-1].span.end if rows else header[-1][1].end)
    above = heading or Placed(None, Span(whole.start, whole.start))
    return placed_object({"heading": above, "rows": placed_array(rows, whole)}, whole)


def _cells(text: str, start: int, end: int, contents: Sequence[str]) -> list[_Cell]:
    """Return the cells of the row on a line; the parser has said what they are. Raises Unparsable."""
    line = text[start:end].rstrip()
    inner = line.lstrip(_BEFORE_ROWS)
    found = list[_Cell]()
    for begin in dict.fromkeys((len(line) - len(line.lstrip("> \t")), len(line) - len(inner))):
        found = _split(line, begin, start)
        if [value for value, _ in found][: len(contents)] == list(contents)[: len(found)]:
            break
    else:
        raise Unparsable("a row of a table whose cells can't be separated", Span(start, end))
    # NOTE: a row has as many cells as the header has: missing ones are empty, further ones are left out
    last = Span(start + len(line), start + len(line))
    return [*found[: len(contents)], *(("", last) for _ in contents[len(found) :])]


def _split(line: str, begin: int, offset: int) -> list[_Cell]:
    """Return the cells of a line from `begin`: a backslash before `|` keeps it in its cell."""
    cells, at = list[_Cell](), begin
    while at <= len(line):
        bar = line.find("|", at)
        while bar > 0 and line[bar - 1] == "\\":
            bar = line.find("|", bar + 1)
        end = bar if bar >= 0 else len(line)
        written = line[at:end]
        left = at + len(written) - len(written.lstrip())
        content = written.strip()
        cells.append((content.replace("\\|", "|"), Span(offset + left, offset + left + len(content))))
        at = end + 1
    if cells and not cells[0][0]:
        cells.pop(0)
    if cells and not cells[-1][0]:
        cells.pop()
    return cells


FORMAT = Format(
    name="markdown",
    title="Markdown",
    parse=parse,
    suffixes=(".md", ".markdown", ".mdx"),
    root="object",
    escapes=lambda data: True,
)
