"""Units of systemd, as systemd.syntax(7) has them: each section is an object of settings, each an array of strings.

A setting may be given several times, and means a list or its last value then, as the setting has it: each of its
values is an item, in their order. An empty value, with which a list begins anew, is an empty string.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from msgspec import Struct, field

from polcheck.base.spans import Source, Span
from polcheck.formats.format import Format
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.lines import LogicalLine
from polcheck.formats.placed import Placed, placed_array, placed_config, placed_object
from polcheck.formats.values import Config, Unparsable

_SPACE = " \t\n\r"
_COMMENT = ("#", ";")


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the sections of a unit.

    Raises Unparsable for a line that systemd passes over with a warning, LimitExceeded, and Unreadable when the bytes
    aren't text.
    """
    sections: dict[str, _Section] = {}
    section: _Section | None = None
    for count, line in enumerate(_logical_lines(source.text), 1):
        start = len(line.text) - len(line.text.lstrip(_SPACE))
        end = len(line.text.rstrip(_SPACE))
        span = line.span(start, end)
        if count >= limits.values:
            limits.too_many(span)
        if line.text[start] == "[":
            if line.text[end - 1] != "]":
                raise Unparsable("a section's name ends in `]`", span)
            name = line.text[start + 1 : end - 1]
            section = sections.setdefault(name, _Section(line.span(start + 1, end - 1), span))
        else:
            _set(section, line, start, end)
    for entry in sections.values():
        for setting in entry.settings.values():
            entry.span = Span(entry.span.start, max(entry.span.end, setting[0][1].end)) if setting else entry.span
    placed = {name: entry.placed() for name, entry in sections.items()}
    spans = [entry.span for entry in placed.values()]
    whole = Span(spans[0].start, max(span.end for span in spans)) if spans else Span(0, 0)
    return placed_config([placed_object(placed, whole)])


@cache
def _line() -> re.Pattern[str]:
    return re.compile(r"([^\r\n]*+)(?:\r\n?|\n|\Z)")


class _Section(Struct):
    """A section: its name's place, the stretch from its header to the end of its first settings, and the settings."""

    key: Span
    span: Span
    settings: dict[str, list[tuple[str, Span, Span]]] = field(default_factory=dict)

    def placed(self) -> Placed:
        """Return the section with its places."""
        members = {name: _setting(given) for name, given in self.settings.items()}
        return placed_object(members, self.span, self.key)


def _setting(given: list[tuple[str, Span, Span]]) -> Placed:
    items = [Placed(value, span, key) for value, span, key in given]
    return placed_array(items, Span(items[0].span.start, items[0].span.end), items[0].key)


def _set(section: _Section | None, line: LogicalLine, start: int, end: int) -> None:
    """Add the setting that stands in a part of a line to its section. Raises Unparsable."""
    content = line.text[start:end]
    name, sign, value = content.partition("=")
    written = name.rstrip(_SPACE)
    if section is None:
        raise Unparsable(f"`{content[:40]}` stands before the first section", line.span(start, end))
    if not sign or not written:
        raise Unparsable(f"`{content[:40]}` is not `Setting=value`", line.span(start, end))
    inner = value.lstrip(_SPACE)
    where = line.span(end - len(inner), end)
    key = line.span(start, start + len(written))
    section.settings.setdefault(written, []).append((inner, where, key))


def _logical_lines(text: str) -> Iterator[LogicalLine]:
    """Give each line that is neither blank nor a comment, with what continues it.

    As systemd's config_parse() does: a comment inside a continued line is passed over, a backslash at the end of a line
    stands for a space.
    """
    at = 0
    line: LogicalLine | None = None
    while at < len(text) and (match := _line().match(text, at)):
        physical, start, at = match[1], at, match.end()
        content = physical.lstrip(_SPACE)
        if content.startswith(_COMMENT) or (line is None and not content):
            continue
        line = line or LogicalLine()
        continues = (len(physical) - len(physical.rstrip("\\"))) % 2 == 1
        line.add(physical[:-1] + " " if continues else physical, start)
        if not continues:
            if line.close().text.strip(_SPACE):
                yield line
            line = None
    if line is not None and line.close().text.strip(_SPACE):
        yield line


FORMAT = Format(
    name="systemd",
    title="a unit of systemd",
    parse=parse,
    suffixes=(
        *(".service", ".socket", ".timer", ".mount", ".automount", ".swap", ".target", ".path", ".slice", ".scope"),
        *(".network", ".netdev", ".link", ".nspawn", ".container", ".volume"),
    ),
    patterns=("system.conf.d/*.conf", ".service.d/*.conf"),
    scattered=True,
    root="object",
    comments=("#", ";"),
)
