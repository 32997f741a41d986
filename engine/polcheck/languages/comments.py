"""The comments of a file, in whatever way its language writes them; a `#` in a string is none.

INVARIANT: every scan takes time in proportion to the file, and parsing ends when the time given for it does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, cast

from polcheck.base.cached import cached_property
from polcheck.base.limits import Clock
from polcheck.base.spans import Source, Span
from polcheck.formats import formats, parse_config
from polcheck.formats.values import Config, Json, LimitExceeded, Pointer, Unparsable
from polcheck.languages import grammars as syntax
from polcheck.languages import kind_of
from polcheck.languages.registry import UnknownLanguage, languages

if TYPE_CHECKING:
    from tree_sitter import Parser, Query, Tree

CommentAt = Callable[[int], Span | None]

_SECONDS = 5.0  # for parsing one file
_CHUNK = 1 << 16
_MARKUP = (".md", ".markdown", ".html", ".htm", ".xml", ".svg", ".vue")
_MARKDOWN = (".md", ".markdown")
_LEADERS = ("#", "//", "--", ";", "%", "/*", "<!--")
_FENCE = 3  # characters that open a fenced block of Markdown, at least


class CommentsUnread(Exception):
    """The comments of a file could not be told apart from the rest of it in the time that there was."""


class Comments:
    """The comments of one file, in order and apart from each other."""

    def __init__(self, source: Source, spans: Sequence[Span]) -> None:
        self.source = source
        self.spans = spans

    @cached_property
    def _starts(self) -> list[int]:
        return [span.start for span in self.spans]

    def index(self, offset: int) -> int | None:
        """Return the index of the comment that contains the character at `offset`; None when none does."""
        index = bisect_right(self._starts, offset) - 1
        return index if index >= 0 and offset < self.spans[index].end else None

    def at(self, offset: int) -> Span | None:
        """Return the comment that holds the character at `offset`; None when none does."""
        index = self.index(offset)
        return None if index is None else self.spans[index]

    def lines(self, index: int) -> tuple[int, int]:
        """Return the first and the last line of a comment."""
        span = self.spans[index]
        return self.source.line_of(span.start), self.source.line_of(max(span.end - 1, span.start))

    @cached_property
    def alone(self) -> Sequence[bool]:
        """For each comment, whether nothing else stands on its lines."""
        text, starts, spans = self.source.text, self.source.line_starts, self.spans
        results: list[bool] = []
        for index, span in enumerate(spans):
            first, last = self.lines(index)
            begin = starts[first - 1]
            end = starts[last] if last < len(starts) else len(text)
            # NOTE: with another comment on the line nothing is copied, so that all of a line is looked at twice at most
            before = index and spans[index - 1].end > begin
            after = index + 1 < len(spans) and spans[index + 1].start < end
            around = () if before or after else (text[begin : span.start].strip(), text[span.end : end].strip())
            # NOTE: between the tags of JSX a comment stands in braces, and nowhere else
            results.append(around in (("", ""), ("{", "}")))
        return results

    @cached_property
    def following(self) -> Sequence[int]:
        """For each comment that stands alone, the next line that is no comment; else 0."""
        results = [0] * len(self.spans)
        for index in reversed(range(len(self.spans))):
            if not self.alone[index]:
                continue
            line = self.lines(index)[1] + 1
            after = index + 1
            goes_on = after < len(results) and self.alone[after] and self.lines(after)[0] == line
            results[index] = results[after] if goes_on else line
        return results

    @cached_property
    def leading(self) -> int:
        """The number of comments before anything else in the file.

        A `#!` line, YAML's `---` and `%` directives, and XML's declaration are no content: they can't come later.
        """
        text = self.source.text
        at = text.find("\n") if text.startswith("#!") else 0
        at = len(text) if at < 0 else at
        number = 0
        while True:
            at = _past_blanks(text, at)
            if number < len(self.spans) and self.spans[number].start <= at:
                at = max(at, self.spans[number].end)
                number += 1
            elif (end := _past_beginning(self.source, at)) > at:
                at = end
            else:
                return number


def _past_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _past_beginning(source: Source, at: int) -> int:
    """Return the offset after a document's start marker at `at`; `at` itself when there is none."""
    text = source.text
    if text.startswith("<?xml", at):
        end = text.find("?>", at)
        return at if end < 0 else end + 2
    if kind_of(source.path) != "yaml" or (at and text[at - 1] not in "\r\n"):
        return at
    if text.startswith("---", at) and not text[at + 3 : at + 4].strip():
        return at + 3
    if text.startswith("%", at):
        end = text.find("\n", at)
        return len(text) if end < 0 else end
    return at


def mentions_waivers(data: bytes) -> bool:
    """Return whether a file may hold a waiver, or what looks like one, in a comment."""
    return b"olcheck" in data or b"OLCHECK" in data


def comments_of(source: Source, clock: Clock | None = None) -> Comments:
    """Return the comments of a file.

    In a file of a language that isn't known, whatever follows a usual leader on its line is a comment, as are the
    comments of Go and Jinja templates. Raises Unreadable for bytes that are no text, and CommentsUnread when `clock`
    (5 seconds, if there is none) ends first.
    """
    clock = clock or Clock(_SECONDS)
    kind = kind_of(source.path)
    record = formats().get(kind)
    if record is not None and record.scalars is not None:
        spans = list(_yaml(source, record.scalars))
    elif record is not None and record.comments:
        spans = list(_whole_lines(source, record.comments))
        spans = spans if record.comments_in_values else _outside_values(source, kind, spans)
    elif source.path.lower().endswith(_MARKUP):
        spans = list(_markup(source))
    elif kind in languages():
        try:
            spans = _tree(source, kind, clock)
        except UnknownLanguage:
            spans = _usual(source)  # NOTE: its grammar isn't installed; the usual leaders are nearer to it than nothing
    else:
        spans = _usual(source) if record is None else _outside_values(source, kind, _usual(source))
    return Comments(source, spans)


def comments(source: Source) -> CommentAt:
    """Return what gives the comment that holds the character at an offset, or None. Raises as `comments_of` does."""
    return comments_of(source).at


class _BoundedParser:
    """A tree-sitter parser that ends with a clock."""

    def __init__(self, language: str, clock: Clock) -> None:
        self.language = syntax.grammar(language)
        self.clock = clock

    def parse(self, data: bytes | bytearray, old: Tree | None = None) -> Tree:
        """Return the tree of `data`. Raises CommentsUnread when the time is over first."""
        from tree_sitter import Parser

        def read(at: int, _: object) -> bytes:
            return bytes(data[at : at + _CHUNK])

        def over(*_: object) -> bool:
            return self.clock.over

        try:
            # NOTE: a parser that was stopped would go on with its old text, so each text has its own
            parser = Parser(self.language)
            if old is None:
                return parser.parse(read, progress_callback=over)
            return parser.parse(read, old, progress_callback=over)
        except ValueError as error:
            raise CommentsUnread("parsing it takes too long") from error


@cache
def _comment_query(language: str) -> Query:
    """Return the query that matches the comments of a language."""
    from tree_sitter import Query

    kinds = sorted(languages()[language].comments)
    return Query(syntax.grammar(language), " ".join(f"({kind}) @comment" for kind in kinds))


def _tree(source: Source, language: str, clock: Clock) -> list[Span]:
    """Comments are nodes of the syntax tree."""
    from tree_sitter import QueryCursor

    parser = _BoundedParser(language, clock)
    own = languages()[language].parse
    tree = parser.parse(source.utf8) if own is None else own(source, cast("Parser", parser)).tree
    nodes = QueryCursor(_comment_query(language)).captures(tree.root_node).get("comment", [])
    spans: list[Span] = []
    for start, end in sorted((node.start_byte, node.end_byte) for node in nodes):
        span = source.span_of_bytes(start, end)
        if not spans or span.start >= spans[-1].end:  # a comment in a comment is a part of it
            spans.append(span)
    return spans


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line without its line break, with the offset at which it begins."""
    at = 0
    for line in text.split("\n"):
        yield at, line.rstrip("\r")
        at += len(line) + 1


def _leader_in(line: str, leader: str, start: int = 0) -> int:
    """Return the offset at which a comment leader begins a word of a line, from `start` on; -1 when it never does."""
    at = line.find(leader, start)
    while at > 0 and not line[at - 1].isspace():
        at = line.find(leader, at + 1)
    return at


def _usual(source: Source) -> list[Span]:
    """Return the spans after the usual comment leaders, up to the end of the line, and those of template comments."""
    results = list(_template_comments(source.text))
    blocks = Comments(source, list(results))
    starts = [span.start for span in results]
    for start, line in _lines(source.text):
        at = min((at for leader in _LEADERS if (at := _leader_in(line, leader)) >= 0), default=-1)
        # NOTE: in a Go template only `{{/*` and `{{- /*` begin a comment: `{{ /*` is refused
        if at < 0 or (line.startswith("/*", at) and line[:at].rstrip().endswith(("{{", "{{-"))):
            continue
        if blocks.index(start + at) is None:
            after = bisect_right(starts, start + at)
            end = start + len(line)
            results.append(Span(start + at, min(end, starts[after]) if after < len(starts) else end))
    return sorted(results)


def _template_comments(text: str) -> Iterator[Span]:
    """`{{/* … */}}` and `{{- /* … */ -}}` of Go's templates, and `{# … #}` of Jinja's."""
    closes = {"#}": True, "*/": True}  # whether one may still come: what closes nothing is looked for once
    at = text.find("{")
    while at >= 0:
        opened, closer = (at + 2, "#}") if text.startswith("{#", at) else (_go_comment(text, at), "*/")
        closed = text.find(closer, opened) if opened >= 0 and closes[closer] else -1
        end = at + 1
        if opened >= 0 and closed < 0:
            closes[closer] = False
        elif opened >= 0:
            whole = closed + 2 if closer == "#}" else _go_end(text, closed + 2)
            end = max(whole, closed + 2)
            if whole >= 0:
                yield Span(at, whole)
        at = text.find("{", end)


def _go_comment(text: str, at: int) -> int:
    """Return the offset of the text of a Go template's comment that opens at `at`; -1 when none does."""
    if text.startswith("{{/*", at):
        return at + 4
    if not text.startswith("{{-", at):
        return -1
    past = at + 3
    while past < len(text) and text[past] in " \t\r\n":
        past += 1
    return past + 2 if past > at + 3 and text.startswith("/*", past) else -1


def _go_end(text: str, at: int) -> int:
    """Return the end of a Go template's comment whose `*/` ends at `at`; -1 when it isn't closed there."""
    if text.startswith("}}", at):
        return at + 2
    past = at
    while past < len(text) and text[past] in " \t\r\n":
        past += 1
    return past + 3 if past > at and text.startswith("-}}", past) else -1


def _whole_lines(source: Source, leaders: tuple[str, ...]) -> Iterator[Span]:
    """Yield each line comment: one of the leaders before anything else on its line."""
    for start, line in _lines(source.text):
        text = line.lstrip()
        if text.startswith(leaders):
            yield Span(start + len(line) - len(text), start + len(line))


def _yaml(source: Source, scalars: Callable[[Source], Iterator[Span]]) -> Iterator[Span]:
    """Yield each comment of a YAML text: from a `#` after white space or at the start of a line, outside of scalars."""
    inside = Comments(source, list(scalars(source)))
    # NOTE: a carriage return alone ends a line, too
    for start, line in _lines(source.text.replace("\r\n", " \n").replace("\r", "\n")):
        at = _leader_in(line, "#")
        while at >= 0 and inside.index(start + at) is not None:
            at = _leader_in(line, "#", at + 1)
        if at >= 0:
            yield Span(start + at, start + len(line.rstrip(" ")))


def _outside_values(source: Source, kind: str, spans: Sequence[Span]) -> list[Span]:
    """Return those of `spans` that begin in no value or key of a configuration file; all where it can't be read."""
    try:
        config = parse_config(source, kind)
    except (Unparsable, LimitExceeded):
        return list(spans)
    inside = Comments(source, sorted(_leaves(config)))
    return [span for span in spans if inside.index(span.start) is None]


def _leaves(config: Config) -> Iterator[Span]:
    """Yield the places of the keys of a file, and of the values that hold no others."""
    left: list[tuple[int, Pointer, Json]] = [(number, (), value) for number, value in enumerate(config.values)]
    while left:
        number, pointer, value = left.pop()
        where = config.locate(number, pointer)
        if where.key is not None:
            yield where.key
        if isinstance(value, dict):
            left += ((number, (*pointer, key), item) for key, item in value.items())
        elif isinstance(value, list):
            left += ((number, (*pointer, at), item) for at, item in enumerate(value))
        else:
            yield where.value


def _markup(source: Source) -> Iterator[Span]:
    """Yield `<!-- … -->`, without those that a fenced block or a code span of Markdown shows."""
    text = source.text
    is_markdown = source.path.lower().endswith(_MARKDOWN)
    visible = Comments(source, list(_fences(text) if is_markdown else ()))
    spans = _CodeSpans(text) if is_markdown else None
    at = 0
    while (comment := text.find("<!--", at)) >= 0:
        tick = text.find("`", at, comment) if spans else -1
        if spans and tick >= 0:
            block = visible.index(tick)
            at = spans.end(tick) if block is None else visible.spans[block].end
            continue
        closed = text.find("-->", comment + 4)
        at = len(text) if closed < 0 else closed + 3
        if visible.index(comment) is None:
            yield Span(comment, at)


class _CodeSpans:
    """The code spans of a Markdown text: from a run of backticks to the next as long in one paragraph (CommonMark 6.1).

    NOTE: runs and empty lines are looked up by bisection, so that a text of nothing else takes linear time.
    """

    def __init__(self, text: str) -> None:
        self._length: dict[int, int] = {}  # of each run, by where it begins
        self._runs: dict[int, list[int]] = {}  # where runs begin, by their length
        at = text.find("`")
        while at >= 0:
            end = at + 1
            while text[end : end + 1] == "`":
                end += 1
            self._length[at] = end - at
            self._runs.setdefault(end - at, []).append(at)
            at = text.find("`", end)
        self._empty_lines = [start for start, line in _lines(text) if not line.strip()]

    def end(self, at: int) -> int:
        """Return where the code span ends that begins at `at`; the end of the run where it opens none."""
        length = self._length.get(at, 1)
        runs = self._runs.get(length, [])
        after = bisect_right(runs, at)
        line = bisect_right(self._empty_lines, at)
        most = self._empty_lines[line] if line < len(self._empty_lines) else None
        if after < len(runs) and (most is None or runs[after] < most):
            return runs[after] + length
        return at + length


def _fences(text: str) -> Iterator[Span]:
    """Yield the fenced blocks of a Markdown text; one without an end goes on to that of the text (CommonMark, 4.5)."""
    opened = ""
    begins = 0
    for start, line in _lines(text):
        body = line.lstrip(" ")
        mark = body[:1]
        if len(line) - len(body) > 3 or mark not in ("`", "~"):
            continue
        run = len(body) - len(body.lstrip(mark))
        if run < _FENCE:
            continue
        if not opened:
            opened, begins = mark * run, start
        elif body.startswith(opened):
            yield Span(begins, start + len(line) - len(body) + run)
            opened = ""
    if opened:
        yield Span(begins, len(text))
