"""INI documents as setup.cfg, tox.ini, .flake8 and .coveragerc use them.

Reads what `configparser.RawConfigParser(allow_no_value=True, strict=False)` reads, with places, with `DEFAULT` as a
section like any other, and with the names of options as they are written: for configparser `Debug` and `debug` are one
option, for setuptools, iniconfig and systemd they are two. A policy finds either by either name (`Config.respelled`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from msgspec import Struct, field

from polcheck.base.spans import Source, Span
from polcheck.formats.format import Format
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.values import Config, Json, Pointer, Remark, Unparsable, Where, locate_in_sections

_LINE = re.compile(r"([^\r\n]*)(?:\r\n?|\n|\Z)")
_HEADER = re.compile(r"\[(.+)\]")
_DELIMITER = re.compile(r"[=:]")
_DEFAULT = "DEFAULT"
_INHERITED = "configparser gives the options of `[DEFAULT]` to every section; here they are in their own only"
_SHOWN = 40  # characters of a line in an error's text


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the sections of an INI file, each an object of option -> text (null for an option without a value).

    Raises Unparsable for what configparser refuses, LimitExceeded, and Unreadable when the bytes aren't text.
    """
    scan = _Scan(source.text, limits)
    for match in _LINE.finditer(source.text):
        scan.read(match[1], match.start())
    default = scan.sections.get(_DEFAULT)
    remarks = (Remark(default.key, _INHERITED),) if default and default.options and len(scan.sections) > 1 else ()
    return _config(scan.sections, tuple(scan.repeated), remarks)


def _config(
    sections: Mapping[str, _Section], repeated: tuple[Span, ...], remarks: tuple[Remark, ...], spelled: bool = False
) -> Config:
    values: Json = {
        name: {option: entry.value() for option, entry in section.options.items()} for name, section in sections.items()
    }

    def respelled(names: frozenset[str]) -> Config:
        """Return the same file with each option under the name that a policy has for it, where only the case
        differs.
        """
        by_lower: dict[str, str] = {}
        for name in sorted(names):
            by_lower.setdefault(name.lower(), name)
        renamed = {name: section.renamed(by_lower, names) for name, section in sections.items()}
        if all(renamed[name] is section for name, section in sections.items()):
            return config
        return _config(renamed, repeated, remarks, spelled=True)

    config = Config((values,), _Places(sections).locate, repeated, remarks, None if spelled else respelled)
    return config


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

    def renamed(self, by_lower: Mapping[str, str], names: frozenset[str]) -> _Section:
        """Return the section with its options under the names that they have in `names`, where only the case
        differs.
        """
        spellings = Counter(map(str.lower, self.options))
        options = {
            name: name if name in names or spellings[name.lower()] > 1 else by_lower.get(name.lower(), name)
            for name in self.options
        }
        if all(name == new for name, new in options.items()):
            return self
        renamed = {options[name]: option for name, option in self.options.items()}
        return _Section(self.key, self.start, self.end, renamed)


class _Scan:
    """Takes the lines one by one; `sections` and `repeated` are what they say so far."""

    def __init__(self, text: str, limits: DocumentLimits) -> None:
        self.sections: dict[str, _Section] = {}
        self.repeated: list[Span] = []
        self._limits = limits
        self._names: dict[Span, set[str]] = {}  # of the options of each section, in lowercase letters
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
        names = self._names.setdefault(section.key, set())
        if written.lower() in names:
            self.repeated.append(key)
        names.add(written.lower())
        section.options[written] = self._option = option
        self._tally(key)

    def _tally(self, span: Span) -> None:
        self._count += 1
        if self._count > self._limits.values:
            self._limits.too_many(span)


class _Places(Struct, frozen=True):
    """Where sections and options stand."""

    sections: Mapping[str, _Section]

    def locate(self, index: int, pointer: Pointer) -> Where:
        """Return the place of the value at `pointer`; raises KeyError where it doesn't resolve."""
        return locate_in_sections(self.sections, index, pointer, _entry)


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
    comments_in_values=True,
    escapes=lambda data: True,  # a name in uppercase letters is found by one in lowercase letters
)


def _entry(section: _Section, name: str) -> Where:
    option = section.options[name]
    return Where(Span(option.start, option.end), option.key)
