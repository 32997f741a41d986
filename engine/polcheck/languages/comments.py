"""Which stretches of a file are comments, in whatever way its language has them; a `#` in a string is none."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable

from polcheck.base.spans import Source, Span
from polcheck.languages import grammars as syntax
from polcheck.languages import kind_of

CommentAt = Callable[[int], Span | None]

_MARKUP = (".md", ".markdown", ".html", ".htm", ".xml", ".svg", ".vue")
_MARKUP_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FENCE = re.compile(r"(?m)^ {0,3}(`{3,}|~{3,})")
_LEADER = re.compile(r"(?:^|(?<=\s))(?:#|//|--|;|%|/\*|<!--)")
_YAML_LEADER = re.compile(r"(?:^|(?<=\s))#")
_INI_LEADER = re.compile(r"(?<!\S)[#;]")


def comments(source: Source) -> CommentAt:
    """What gives the comment that holds the character at an offset, or None.

    In a file of a language that isn't known, whatever follows a usual leader on its line is a comment. Raises
    Unreadable for bytes that are no text.
    """
    kind = kind_of(source.path)
    if kind == "yaml":
        return _yaml(source)
    if kind == "ini":
        return lambda offset: _on_line(source, offset, _INI_LEADER, only_first=True)
    if source.path.lower().endswith(_MARKUP):
        return _among(_markup(source))
    if kind in syntax.LANGUAGES:
        try:
            return _tree(syntax.parse(source, kind))
        except syntax.UnknownLanguage:
            pass  # NOTE: its grammar isn't installed; the usual leaders are nearer to it than nothing
    return lambda offset: _on_line(source, offset, _LEADER)


def _tree(tree: syntax.Tree) -> CommentAt:
    """Comments are nodes of the syntax tree."""
    source = tree.source

    def at(offset: int) -> Span | None:
        start = len(source.text[:offset].encode("utf-8", "surrogatepass"))
        node = tree.tree.root_node.descendant_for_byte_range(start, start + 1)
        if node is None or "comment" not in node.type:
            return None
        return source.span_of_bytes(node.start_byte, node.end_byte)

    return at


def _on_line(source: Source, offset: int, leader: re.Pattern[str], *, only_first: bool = False) -> Span | None:
    """The comment that a leader before `offset` begins, to the end of the line."""
    start, end = _line(source, offset)
    if offset >= end:
        return None
    found = leader.search(source.text, start, offset + 1)
    if found is None or (only_first and source.text[start : found.start()].strip()):
        return None
    return Span(found.start(), end)


def _line(source: Source, offset: int) -> tuple[int, int]:
    """Where the line of the character at `offset` begins and ends, without its line break."""
    start = source.line_starts[source.line_of(offset) - 1]
    return start, start + len(source.line(source.line_of(offset)))


def _yaml(source: Source) -> CommentAt:
    """A `#` after white space or at the start of a line that no scalar holds begins a comment."""
    scalars = _among(_scalars(source))

    def at(offset: int) -> Span | None:
        start, end = _line(source, offset)
        for found in () if offset >= end else _YAML_LEADER.finditer(source.text, start, offset + 1):
            if scalars(found.start()) is None:
                return Span(found.start(), end)
        return None

    return at


def _scalars(source: Source) -> list[Span]:
    """The scalars of a YAML file, as far as it can be parsed."""
    from yaml._yaml import CParser
    from yaml.error import YAMLError
    from yaml.events import ScalarEvent, StreamEndEvent

    spans: list[Span] = []
    parser = CParser(source.utf8)
    try:
        while not isinstance(event := parser.get_event(), StreamEndEvent):
            if isinstance(event, ScalarEvent) and event.start_mark and event.end_mark:
                spans.append(Span(event.start_mark.index, event.end_mark.index))
    except YAMLError:
        pass  # NOTE: what follows the fault is read as having no scalars; the file's policies are undecided anyway
    return spans


def _markup(source: Source) -> list[Span]:
    """`<!-- … -->`, without those that a fenced block of Markdown shows."""
    text = source.text
    fences: list[Span] = []
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text) if source.path.lower().endswith((".md", ".markdown")) else ():
        if opened is None:
            opened = fence
        elif fence[1].startswith(opened[1]):
            fences.append(Span(opened.start(), fence.end()))
            opened = None
    shown = _among(fences)
    return [Span(*found.span()) for found in _MARKUP_COMMENT.finditer(text) if shown(found.start()) is None]


def _among(spans: list[Span]) -> CommentAt:
    """What gives the one of some spans, in order and apart, that holds an offset."""
    starts = [span.start for span in spans]

    def at(offset: int) -> Span | None:
        index = bisect_right(starts, offset) - 1
        return spans[index] if index >= 0 and offset < spans[index].end else None

    return at
