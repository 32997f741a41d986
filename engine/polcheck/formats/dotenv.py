"""Files of environment variables, as `.env`: an object of the variables, each a string, null where it has no `=`.

Reads what `dotenv_values(interpolate=False)` of python-dotenv reads: variables in values stay as they are written.
A line that python-dotenv leaves out with a warning is refused.
"""

from __future__ import annotations

import re
from functools import cache

from polcheck.base.spans import Source, Span
from polcheck.formats.format import Format
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.placed import Placed, placed_config, placed_object
from polcheck.formats.values import Config, Remark, Unparsable

_ESCAPES = {"\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_EXPANDED = "a reader that expands variables has another value; this is the string as it is written"


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the variables of a file.

    Raises Unparsable for a line that is no variable, LimitExceeded, and Unreadable when the bytes aren't text.
    """
    return _Scan(source.text, limits).run()


@cache
def _line_break() -> re.Pattern[str]:
    return re.compile(r"[\r\n]")


class _Scan:
    """Reads a text from its beginning to its end: `run` is called once."""

    def __init__(self, text: str, limits: DocumentLimits) -> None:
        self._text = text
        self._limits = limits
        self._at = 0
        self._variables: dict[str, Placed] = {}
        self._repeated: list[Span] = []
        self._remarks: list[Remark] = []

    def run(self) -> Config:
        """Return what the text says. Raises Unparsable and LimitExceeded."""
        text = self._text
        while True:
            while self._at < len(text) and text[self._at].isspace():
                self._at += 1
            if self._at == len(text):
                break
            self._line()
        spans = [variable.key for variable in self._variables.values() if variable.key]
        ends = [variable.span.end for variable in self._variables.values()]
        whole = Span(min(spans).start, max(ends)) if spans else Span(0, 0)
        return placed_config([placed_object(self._variables, whole)], self._repeated, self._remarks)

    def _line(self) -> None:
        text, start = self._text, self._at
        if text.startswith("export", self._at) and self._at + 6 < len(text) and _is_blank(text[self._at + 6]):
            self._at += 6
            self._blanks()
        key: Span | None = None
        name = ""
        value: tuple[str | None, Span] | None = None
        if self._peek() != "#":
            name, key = self._key(start)
            value = (None, Span(key.end, key.end))
        self._blanks()
        if self._peek() == "=":
            self._at += 1
            begin = self._at
            self._blanks()
            no_value = self._peek() == "#" and self._at > begin  # a comment, which that of `A=#` isn't
            value = ("", Span(begin, begin)) if no_value else self._value(start)
        self._blanks()
        if self._peek() == "#":
            self._to_line_end()
        if self._peek() not in "\r\n":
            raise self._refused(start)
        if key is not None and value is not None:
            if name in self._variables:
                self._repeated.append(key)
            elif len(self._variables) + 1 >= self._limits.values:
                self._limits.too_many(key)
            self._variables[name] = Placed(value[0], value[1], key)
            if value[0] is not None and "${" in value[0]:
                self._remarks.append(Remark(value[1], _EXPANDED))

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _blanks(self) -> None:
        text = self._text
        while self._at < len(text) and _is_blank(text[self._at]):
            self._at += 1

    def _to_line_end(self) -> None:
        found = _line_break().search(self._text, self._at)
        self._at = found.start() if found else len(self._text)

    def _refused(self, start: int) -> Unparsable:
        self._at = start
        self._to_line_end()
        line = self._text[start : min(self._at, start + 40)]
        return Unparsable(f"`{line}` is not `NAME=value`", Span(start, self._at))

    def _key(self, start: int) -> tuple[str, Span]:
        text, at = self._text, self._at
        if self._peek() == "'":
            end = text.find("'", at + 1)
            if end <= at + 1:
                raise self._refused(start)
            self._at = end + 1
            return text[at + 1 : end], Span(at, end + 1)
        end = at
        while end < len(text) and text[end] not in "=#" and not text[end].isspace():
            end += 1
        if end == at:
            raise self._refused(start)
        self._at = end
        return text[at:end], Span(at, end)

    def _value(self, start: int) -> tuple[str, Span]:
        text, at = self._text, self._at
        quote = self._peek()
        if quote and quote in "'\"":
            end = _closing(text, at)
            if end < 0:
                raise Unparsable("a value in quotes has no end", Span(at, at + 1))
            self._at = end + 1
            return _unescaped(text[at + 1 : end], "\\'" if quote == "'" else "".join(_ESCAPES)), Span(at, end + 1)
        self._to_line_end()
        line = text[at : self._at]
        mark = line.find("#", 1)
        while mark > 0 and not line[mark - 1].isspace():
            mark = line.find("#", mark + 1)
        value = (line[:mark] if mark > 0 else line).rstrip()
        return value, Span(at, at + len(value))


def _is_blank(character: str) -> bool:
    return character.isspace() and character not in "\r\n"


def _closing(text: str, at: int) -> int:
    """Return where the quote that opens at `at` is closed, -1 where it isn't; a backslash goes with what follows it."""
    quote, at = text[at], at + 1
    while at < len(text) and text[at] != quote:
        at += 2 if text[at] == "\\" else 1
    return at if at < len(text) else -1


def _unescaped(text: str, escapable: str) -> str:
    """Return a text with its escapes decoded, those of characters in `escapable`."""
    parts = list[str]()
    at = 0
    while (mark := text.find("\\", at)) >= 0:
        escaped = text[mark + 1 : mark + 2]
        known = bool(escaped) and escaped in escapable
        parts += [text[at:mark], _ESCAPES[escaped] if known else text[mark : mark + 1]]
        at = mark + 2 if known else mark + 1
    return "".join([*parts, text[at:]])


FORMAT = Format(
    name="dotenv",
    title="dotenv",
    parse=parse,
    suffixes=(".env",),
    patterns=(".env.*",),
    scattered=True,
    root="object",
    levels=1,
)
