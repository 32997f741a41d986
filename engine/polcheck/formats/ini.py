"""INI documents as setup.cfg, tox.ini, .flake8 and .coveragerc use them.

Reads what `configparser.RawConfigParser(allow_no_value=True, strict=False)` reads, with places, and with
`DEFAULT` as a section like any other.
"""

from __future__ import annotations

import re

from msgspec import Struct, field

from polcheck.base.spans import Source, Span
from polcheck.formats.format import Format
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.values import Config, Json, Pointer, Unparsable, Where

_LINE = re.compile(r"([^\r\n]*)(?:\r\n?|\n|\Z)")
_HEADER = re.compile(r"\[(.+)\]")
_DELIMITER = re.compile(r"[=:]")
_SHOWN = 40  # characters of a line in an error's text


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """The sections of an INI file, each an object of option -> text (null for an option without a value).

    Raises Unparsable for what configparser refuses, LimitExceeded, and Unreadable when the bytes aren't text.
    """
    scan = _Scan(source.text, limits)
    for match in _LINE.finditer(source.text):
        scan.read(match[1], match.start())
    values: Json = {
        name: {option: entry.value() for option, entry in section.options.items()}
        for name, section in scan.sections.items()
    }
    return Config((values,), _Places(scan.sections).locate, tuple(scan.repeated))


class _Option(Struct):
    """One option: `lines` are those of its value so far, None when it has none."""

    key: Span
    lines: list[str] | None
    start: int
    end: int

    def value(self) -> str | None:
        return None if self.lines is None else "\n".join(self.lines).rstrip()


class _Section(Struct):
    """One section; `start` and `end` are those of the first stretch that is headed by its name."""

    key: Span
    start: int
    end: int
    options: dict[str, _Option] = field(default_factory=dict)


class _Scan:
    """Takes the lines one by one; `sections` and `repeated` are what they say so far."""

    def __init__(self, text: str, limits: DocumentLimits) -> None:
        self.sections: dict[str, _Section] = {}
        self.repeated: list[Span] = []
        self._limits = limits
        self._count = 1
        self._section: _Section | None = None
        self._grows = False  # whether what comes still belongs to the first stretch of the section
        self._option: _Option | None = None
        self._indent = 0

    def read(self, line: str, offset: int) -> None:
        """Takes the next line, which begins at `offset`."""
        content = line.strip()
        if not content:
            if self._option and self._option.lines is not None:
                self._option.lines.append("")
            return
        if content.startswith(("#", ";")):
            return
        indent = len(line) - len(line.lstrip())
        span = Span(offset + indent, offset + indent + len(content))
        if self._option and indent > self._indent:
            self._continue(content, span)
        else:
            self._indent = indent
            self._begin(content, span)
        if self._section and self._grows:
            self._section.end = span.end

    def _continue(self, content: str, span: Span) -> None:
        option = self._option
        if option is None or option.lines is None:
            raise Unparsable(f"`{content[:_SHOWN]}` continues an option that has no value", span)
        option.lines.append(content)
        option.end = span.end

    def _begin(self, content: str, span: Span) -> None:
        header = _HEADER.match(content)
        if header:
            self._open(header[1], span.start)
        elif self._section is None:
            raise Unparsable(f"`{content[:_SHOWN]}` stands before the first section header", span)
        else:
            self._set(self._section, content, span)

    def _open(self, name: str, start: int) -> None:
        self._option = None
        self._grows = name not in self.sections
        if self._grows:
            key = Span(start + 1, start + 1 + len(name))
            self.sections[name] = _Section(key, start, key.end + 1)
            self._tally(key)
        self._section = self.sections[name]

    def _set(self, section: _Section, content: str, span: Span) -> None:
        delimiter = _DELIMITER.search(content)
        written = content[: delimiter.start()].rstrip() if delimiter else content
        if not written:
            raise Unparsable(f"`{content[:_SHOWN]}` has no option name", span)
        key = Span(span.start, span.start + len(written))
        if delimiter:
            value = content[delimiter.end() :].strip()
            start = span.end - len(value)
            option = _Option(key, [value], start, span.end)
        else:
            option = _Option(key, None, key.end, key.end)
        name = written.lower()
        if name in section.options:
            self.repeated.append(key)
        section.options[name] = self._option = option
        self._tally(key)

    def _tally(self, span: Span) -> None:
        self._count += 1
        if self._count > self._limits.values:
            self._limits.too_many(span)


class _Places(Struct, frozen=True):
    """Where sections and options stand."""

    sections: dict[str, _Section]

    def locate(self, index: int, pointer: Pointer) -> Where:
        """The place of the value at `pointer`; raises KeyError where it doesn't resolve."""
        if index != 0 or len(pointer) > 2 or not all(isinstance(step, str) for step in pointer):
            raise KeyError((index, pointer))
        if not pointer:
            spans = [(section.start, section.end) for section in self.sections.values()]
            return Where(Span(min(spans)[0], max(end for _, end in spans)) if spans else Span(0, 0))
        section = self.sections[str(pointer[0])]
        if len(pointer) == 1:
            return Where(Span(section.start, section.end), section.key)
        option = section.options[str(pointer[1])]
        return Where(Span(option.start, option.end), option.key)


FORMAT = Format(
    name="ini",
    title="INI",
    parse=parse,
    suffixes=(".ini", ".cfg"),
    names=(".flake8", ".coveragerc", ".pylintrc", "pylintrc"),
    scattered=True,
    root="object",
    levels=2,
    comments=("#", ";"),
    escapes=lambda data: True,  # a name in capital letters is one in small letters
)
