"""EditorConfig files: an object of the keys before the first section, and of each section's keys under its glob."""

from __future__ import annotations

from msgspec import Struct, field

from polcheck.base.spans import Source, Span
from polcheck.formats.format import Format
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.values import Config, Json, Pointer, Remark, Unparsable, Where

_INLINE = "some readers end the value before this comment, and for others it is part of the value"


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the keys and sections of a file; keys are in lowercase letters, values strings as they are written.

    Raises Unparsable for a line that is neither, LimitExceeded, and Unreadable when the bytes aren't text.
    """
    scan = _Scan(source.text, limits)
    scan.run()
    values: dict[str, Json] = {key: pair.value for key, pair in scan.preamble.items()}
    for name, section in scan.sections.items():
        if name in values:
            raise Unparsable("a section has the name of a key before it", section.name)
        values[name] = {key: pair.value for key, pair in section.pairs.items()}
    return Config((values,), _Places(scan.preamble, scan.sections).locate, tuple(scan.repeated), tuple(scan.remarks))


class _Pair(Struct, frozen=True):
    """A key and its value, and where they stand."""

    value: str
    key: Span
    span: Span


class _Section(Struct):
    """One section; `end` is that of the first stretch that is headed by its glob."""

    name: Span
    start: int
    end: int
    pairs: dict[str, _Pair] = field(default_factory=dict)


class _Scan:
    """Reads a text line by line: `run` is called once."""

    def __init__(self, text: str, limits: DocumentLimits) -> None:
        self.preamble: dict[str, _Pair] = {}
        self.sections: dict[str, _Section] = {}
        self.repeated: list[Span] = []
        self.remarks: list[Remark] = []
        self._text = text
        self._limits = limits
        self._pairs = self.preamble
        self._grows: _Section | None = None  # the section to whose first stretch the next line belongs
        self._count = 1

    def run(self) -> None:
        """Reads all lines. Raises Unparsable."""
        at = 0
        for line in self._text.replace("\r\n", " \n").replace("\r", "\n").split("\n"):
            content = line.strip()
            if content and not content.startswith(("#", ";")):
                start = at + line.index(content[0])
                self._line(content, start)
            at += len(line) + 1

    def _line(self, content: str, start: int) -> None:
        end = _header_end(content)
        if end:
            self._open(content[1:end], start)
        else:
            self._add(content, start)
        self._count += 1
        if self._count > self._limits.values:
            self._limits.too_many(Span(start, start + len(content)))

    def _open(self, name: str, start: int) -> None:
        self._grows = None
        if name not in self.sections:
            key = Span(start + 1, start + 1 + len(name))
            self.sections[name] = self._grows = _Section(key, start, key.end + 1)
        self._pairs = self.sections[name].pairs

    def _add(self, content: str, start: int) -> None:
        ends = [at for at in (content.find("="), content.find(":")) if at >= 0]
        if not ends or min(ends) == 0:
            raise Unparsable(
                f"`{content[:40]}` is neither `key = value` nor a section", Span(start, start + len(content))
            )
        written = content[: min(ends)].rstrip()
        rest = content[min(ends) + 1 :]
        value = rest.strip()
        begin = start + len(content) - len(rest.lstrip()) if value else start + len(content)
        comment = min((at for at in (value.find(" #"), value.find(" ;")) if at >= 0), default=-1)
        if comment >= 0:
            self.remarks.append(Remark(Span(begin + comment + 1, begin + len(value)), _INLINE))
            value = value[:comment].rstrip()
        key = Span(start, start + len(written))
        pair = _Pair("" if value == '""' else value, key, Span(begin, begin + len(value)))
        if written.lower() in self._pairs:
            self.repeated.append(key)
        self._pairs[written.lower()] = pair
        if self._grows is not None:
            self._grows.end = pair.span.end


def _header_end(content: str) -> int:
    """Where the glob of a section's header ends: at the last `]` before a comment; 0 where the line is no header."""
    if not content.startswith("["):
        return 0
    at, end = 1, 0
    while at < len(content) and content[at] not in "#;":
        if content[at] == "]" and at > 1:
            end = at
        at += 2 if content.startswith(("\\#", "\\;"), at) else 1
    return end


class _Places(Struct, frozen=True):
    """Where keys and sections stand."""

    preamble: dict[str, _Pair]
    sections: dict[str, _Section]

    def locate(self, index: int, pointer: Pointer) -> Where:
        """Return the place of the value at `pointer`; raises KeyError where it doesn't resolve."""
        if index != 0 or len(pointer) > 2 or not all(isinstance(step, str) for step in pointer):
            raise KeyError((index, pointer))
        if not pointer:
            spans = [pair.key for pair in self.preamble.values()] + [pair.span for pair in self.preamble.values()]
            spans += [Span(section.start, section.end) for section in self.sections.values()]
            return Where(Span(min(spans)[0], max(end for _, end in spans)) if spans else Span(0, 0))
        name = str(pointer[0])
        if len(pointer) == 1 and name in self.preamble:
            return Where(self.preamble[name].span, self.preamble[name].key)
        section = self.sections[name]
        if len(pointer) == 1:
            return Where(Span(section.start, section.end), section.name)
        pair = section.pairs[str(pointer[1])]
        return Where(pair.span, pair.key)


FORMAT = Format(
    name="editorconfig",
    title="EditorConfig",
    parse=parse,
    names=(".editorconfig",),
    scattered=True,
    root="object",
    levels=2,
    comments=("#", ";"),
    comments_in_values=True,
    escapes=lambda data: True,  # keys are in lowercase letters, however they are written
)
