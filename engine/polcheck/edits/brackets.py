"""Edits of a container between brackets, whose entries commas divide: of JSON, YAML in flow style, values of TOML."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from polcheck.edits.document import Change, Layout
from polcheck.edits.edit import EditRefused
from polcheck.edits.whole_lines import cut_lines

Render = Callable[[str | None], str]
"""Writes an entry whose lines are indented by a text, or on one line with None."""
_BLANK = " \t"
_SPACE = " \t\r\n"


class Brackets(Struct, frozen=True):
    """A container: where its brackets stand, where its entries do in their order, and what begins a comment in it.

    `unit` is how much deeper entries on lines of their own stand than the line with the bracket; empty in a file that
    has none. `expands`: whether the first entry gets a line of its own.
    """

    document: Layout
    start: int
    end: int
    entries: Sequence[tuple[int, int]]
    comments: tuple[str, ...]
    unit: str = ""
    expands: bool = False

    def insert(self, number: int, render: Render) -> list[Change]:
        """Return what adds an entry behind the first `number` of them."""
        if not self.entries:
            return self._first(render)
        if number == 0:
            return self._before(render)
        return self._behind(number - 1, render)

    def delete(self, number: int) -> list[Change]:
        """Return what takes an entry out, with its comma and its comments."""
        document = self.document
        start, end = self.entries[number]
        comma = self._comma(number)
        stop = self._line_tail(comma + 1 if comma >= 0 else end)
        last = number == len(self.entries) - 1
        drops = last and comma < 0 and number > 0
        before = self._comma(number - 1) if drops else -1
        changes = [Change(before, before + 1, "")] if drops else []
        if document.begins_line(start) and stop >= 0:
            if len(self.entries) == 1 and not self._has_comments(self.start + 1, start, stop, self.end - 1):
                return [Change(self.start + 1, self.end - 1, "")]
            line = self._own_comments(number)
            closes = document.line_end(stop)
            if closes >= self.end - 1:  # the closing bracket stands on the line of the entry
                previous = self._line_tail(before + 1) if drops else -1
                return [*changes, Change(previous if previous >= 0 else line, stop, "")]
            return [*changes, cut_lines(document, line, stop, first=number == 0, last=last)]
        if not last:
            following = self.entries[number + 1][0]
            between = document.text[end:following]
            if "\n" in between or "\r" in between or self._has_comments(end, following):
                after = comma + 1
                while after < following and document.text[after] in _BLANK:
                    after += 1
                return [Change(start, end, ""), Change(comma, after, "")]
            return [Change(start, following, "")]
        if len(self.entries) == 1:
            if self._has_comments(self.start + 1, start, end, self.end - 1):
                return [Change(start, comma + 1 if comma >= 0 else end, "")]
            return [Change(self.start + 1, self.end - 1, "")]
        if comma >= 0:
            # the comma of the last entry stays that of the one before
            return (
                [Change(self._comma(number - 1) + 1, comma + 1, "")]
                if not self._has_comments(self._comma(number - 1), start)
                else [Change(start, comma + 1, "")]
            )
        if self._has_comments(before, start):
            return [*changes, Change(start, end, "")]
        return [Change(before, end, "")]

    def _first(self, render: Render) -> list[Change]:
        document = self.document
        inner = document.text[self.start + 1 : self.end - 1]
        indent = document.indent_at(self.start)
        if not inner.strip(_SPACE):
            lines = "\n" in inner or "\r" in inner
            if not (self.unit and (self.expands or lines)):
                return [Change(self.start + 1, self.end - 1, render(None))]
            deeper = indent + self.unit
            text = document.newline + deeper + render(deeper) + document.newline + indent
            return [Change(self.start + 1, self.end - 1, text)]
        tail = self.end - 1
        while document.text[tail - 1] in _SPACE:
            tail -= 1
        deeper = document.indent_at(tail) if document.line_start(tail) > self.start else indent + self.unit
        at = document.line_end(tail)
        if at > self.end - 1:
            return [Change(tail, self.end - 1, " " + render(None))]
        return [Change(at, at, document.newline + deeper + render(deeper))]

    def _before(self, render: Render) -> list[Change]:
        document = self.document
        first = self.entries[0][0]
        if document.begins_line(first):
            at = self._line_tail(self.start + 1)
            indent = document.indent_at(first)
            if at >= 0:
                return [Change(at, at, document.newline + indent + render(indent) + ",")]
            return [Change(first, first, render(indent) + "," + document.newline + indent)]
        return [Change(first, first, render(None) + self._divider())]

    def _behind(self, number: int, render: Render) -> list[Change]:
        document = self.document
        start, end = self.entries[number]
        comma = self._comma(number)
        at = self._line_tail(comma + 1 if comma >= 0 else end)
        last = number == len(self.entries) - 1
        if document.begins_line(start) and at >= 0 and not (last and document.line_end(at) >= self.end - 1):
            indent = document.indent_at(start)
            line = document.newline + indent + render(indent)
            if comma >= 0:
                return [Change(at, at, line + ",")]
            return [Change(end, end, ","), Change(at, at, line)]
        if document.begins_line(start) and last and document.line_start(start) > self.start and comma < 0:
            indent = document.indent_at(start)
            return [Change(end, end, "," + document.newline + indent + render(indent))]
        return [Change(end, end, self._divider() + render(None))]

    def _divider(self) -> str:
        """Return what stands between two entries on one line."""
        if len(self.entries) > 1:
            between = self.document.text[self.entries[0][1] : self.entries[1][0]]
            return "," if between == "," else ", "
        return ", " if self.unit or " " in self.document.text[self.start : self.end] else ","

    def _comma(self, number: int) -> int:
        """Return where the comma behind an entry stands, -1 where there is none."""
        at = self.entries[number][1]
        limit = self.entries[number + 1][0] if number + 1 < len(self.entries) else self.end - 1
        text = self.document.text
        while at < limit:
            if text[at] == ",":
                return at
            at = self._comment_end(at, limit) if text[at] not in _SPACE else at + 1
        return -1

    def _comment_end(self, at: int, limit: int) -> int:
        """Return where the comment that begins at `at` ends. Raises EditRefused where none does."""
        text = self.document.text
        for sign in self.comments:
            if text.startswith(sign, at):
                end = text.find("*/", at + 2) + 2 if sign == "/*" else self.document.line_end(at)
                return end if end > at and end <= limit else limit
        raise EditRefused("entries are laid out in a way in which they can't be edited exactly")

    def _line_tail(self, at: int) -> int:
        """Return where the comments end that stand behind `at` in its line, -1 where something else follows there."""
        text, limit = self.document.text, self.end - 1
        end = at
        while at < limit and text[at] not in "\r\n":
            if text[at] in _BLANK:
                at += 1
                continue
            if not any(text.startswith(sign, at) for sign in self.comments):
                return -1
            start = at
            at = end = self._comment_end(at, limit)
            if "\n" in text[start:end] or "\r" in text[start:end]:
                return start  # NOTE: a comment over several lines is not that of an entry
        return end

    def _has_comments(self, *bounds: int) -> bool:
        """Return whether anything but white space and commas stands in one of the stretches."""
        pairs = zip(bounds[::2], bounds[1::2], strict=True)
        return any(self.document.text[start:end].strip(_SPACE + ",") for start, end in pairs)

    def _own_comments(self, number: int) -> int:
        """Return where the lines of an entry begin, with the comments above it that are its own."""
        document = self.document
        start = self.entries[number][0]
        previous = self.entries[number - 1][1] if number else self.start + 1
        following = self.entries[number + 1][0] if number + 1 < len(self.entries) else -1
        return own_comments(document, start, previous, self.entries[number][1], following, self.comments)


def own_comments(document: Layout, start: int, previous: int, end: int, following: int, signs: tuple[str, ...]) -> int:
    """Return where the lines of an entry begin, with the lines of comments right above it that are its own.

    Comments right above an entry are its own unless they may head a group: the next entry stands right below, without
    a comment of its own. Those that begin a file are the file's. `previous` is where the entry before ends,
    `following` where the next one begins, -1 without one.
    """
    line = document.line_start(start)
    indent = document.indent_at(start)
    at = line
    while at > 0:
        above = document.line_start(at - 1 if not document.text.startswith("\r\n", at - 2) else at - 2)
        content = document.text[above:at].strip(_SPACE)
        if above < previous or not content.startswith(signs or ("\0",)) or document.indent_at(above) != indent:
            break
        if "/*" in signs and content.startswith("/*") and not content.endswith("*/"):
            break
        at = above
    if at in (line, 0):
        return line
    if following >= 0:
        between = document.text[document.next_line(end) : document.line_start(following)]
        if not between.strip(" \t") and document.line_start(following) > end:
            return line
    return at
