"""Git's own configuration format, as `.gitmodules` and `.gitconfig` have it: what `git config --list` reads.

A section with a subsection has the key `remote "origin"`, however its header is written; git takes `[remote.origin]`
for the same one, in lowercase letters. Names of sections and variables are in lowercase letters, as for git.
"""

from __future__ import annotations

from msgspec import Struct, field

from polcheck.base.spans import Source, Span
from polcheck.formats.format import Format
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.values import Config, Json, Pointer, Remark, Unparsable, Where, locate_in_sections

_SPACE = " \t\n\r"  # what git takes for white space
_ESCAPES = {"t": "\t", "b": "\b", "n": "\n", "\\": "\\", '"': '"'}
_INCLUDES = ("include", "includeif")


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the sections of a file, each an object of variable -> string (true for a variable without a value).

    Raises Unparsable for what git refuses, LimitExceeded, and Unreadable when the bytes aren't text.
    """
    scan = _Scan(source.text, limits)
    scan.run()
    values: Json = {
        name: {variable: entry.value for variable, entry in section.variables.items()}
        for name, section in scan.sections.items()
    }
    remarks = tuple(
        Remark(section.key, "git reads other files here, which are not read with this one")
        for name, section in scan.sections.items()
        if name.partition(" ")[0] in _INCLUDES
    )
    return Config((values,), _Places(scan.sections).locate, tuple(scan.repeated), remarks)


class _Variable(Struct):
    """One variable: its value, and where that and its name stand."""

    value: str | bool
    key: Span
    span: Span


class _Section(Struct):
    """One section; `start` and `end` are those of the first stretch that is headed by its name."""

    key: Span
    start: int
    end: int
    variables: dict[str, _Variable] = field(default_factory=dict)


class _Scan:
    """Reads a text from its beginning to its end, as git's own parser does: `run` is called once."""

    def __init__(self, text: str, limits: DocumentLimits) -> None:
        self.sections: dict[str, _Section] = {}
        self.repeated: list[Span] = []
        self._text = text
        self._limits = limits
        self._count = 1
        self._section: _Section | None = None
        self._grows = False  # whether what comes still belongs to the first stretch of the section

    def run(self) -> None:
        """Reads all sections and variables. Raises Unparsable."""
        text, at = self._text, 0
        while at < len(text):
            character = text[at]
            if character in _SPACE:
                at += 1
            elif character in "#;":
                at = self._line_end(at)
            elif character == "[":
                at = self._header(at)
            elif _is_letter(character):
                at = self._variable(at)
            else:
                raise self._unparsable(f"unexpected character `{character}`", at)
            if self._count > self._limits.values:
                self._limits.too_many(Span(at, at))

    def _unparsable(self, reason: str, at: int) -> Unparsable:
        end = len(self._text)
        return Unparsable(reason, Span(min(at, end), min(at + 1, end)))

    def _line_end(self, at: int) -> int:
        end = self._text.find("\n", at)
        return len(self._text) if end < 0 else end

    def _header(self, start: int) -> int:
        """Reads `[section]`, `[section.subsection]` or `[section "subsection"]`; returns where it ends."""
        text, at = self._text, start + 1
        while at < len(text) and (_is_name(text[at]) or text[at] == "."):
            at += 1
        name, rest = text[start + 1 : at].lower(), ""
        if at < len(text) and text[at] in " \t\r":
            while at < len(text) and text[at] in " \t\r" and not text.startswith("\r\n", at):
                at += 1
            rest, at = self._quoted(at)
            rest = f".{rest}"
        if not name or at >= len(text) or text[at] != "]":
            raise self._unparsable("a section's name ends in `]`, and a subsection stands in double quotes", at)
        self._open(name + rest, Span(start + 1, at), start)
        return at + 1

    def _quoted(self, at: int) -> tuple[str, int]:
        """Return the subsection in double quotes that begins at an offset, and where it ends."""
        text, characters = self._text, list[str]()
        if at >= len(text) or text[at] != '"':
            raise self._unparsable("a subsection stands in double quotes", at)
        at += 1
        while at < len(text) and text[at] not in '"\n':
            at += text[at] == "\\"
            if at >= len(text) or text[at] == "\n" or text.startswith("\r\n", at):
                break
            characters.append(text[at])
            at += 1
        if at >= len(text) or text[at] != '"':
            raise self._unparsable("a subsection ends in double quotes on its own line", at)
        return "".join(characters), at + 1

    def _open(self, full: str, key: Span, start: int) -> None:
        section, point, subsection = full.partition(".")
        written = subsection.replace("\\", "\\\\").replace('"', '\\"')
        name = f'{section} "{written}"' if point else section
        if self._section is not None and self._grows:
            self._section.end = max(self._section.end, self._section.key.end + 1)
        self._grows = name not in self.sections
        if self._grows:
            self.sections[name] = _Section(key, start, key.end + 1)
            self._count += 1
        self._section = self.sections[name]

    def _variable(self, start: int) -> int:
        """Reads a variable and its value; returns where they end."""
        text, at = self._text, start
        section = self._section
        if section is None:
            raise self._unparsable("a variable stands before the first section", start)
        while at < len(text) and _is_name(text[at]):
            at += 1
        key = Span(start, at)
        while at < len(text) and text[at] in " \t":
            at += 1
        value: str | bool = True
        span = Span(key.end, key.end)
        if at < len(text) and text[at] != "\n" and not text.startswith("\r\n", at):
            if text[at] != "=":
                raise self._unparsable("a variable is followed by `=` or the end of its line", at)
            value, span, at = self._value(at + 1)
        name = text[key.start : key.end].lower()
        if name in section.variables:
            self.repeated.append(key)
        section.variables[name] = _Variable(value, key, span)
        self._count += 1
        if self._grows:
            section.end = max(key.end, span.end)
        return at

    def _value(self, at: int) -> tuple[str, Span, int]:
        """Return the value that begins at an offset, where it stands, and where its last line ends."""
        text = self._text
        characters: list[str] = []
        start, end, remaining = -1, at, 0  # `kept`: how many characters are no white space at the end
        quoted = False
        while at < len(text) and text[at] != "\n":
            character = text[at]
            if character == "\r" and text.startswith("\r\n", at):
                at += 1
                continue
            if character in _SPACE and not quoted:
                if characters:
                    characters.append(character)
                at += 1
                continue
            if character in "#;" and not quoted:
                at = self._line_end(at)
                break
            start = at if start < 0 else start
            if character == "\\":
                at += 1
                if text.startswith("\r\n", at):
                    at += 1
                escaped = text[at : at + 1]
                if escaped not in ("\n", "") and escaped not in _ESCAPES:
                    raise self._unparsable(f"`\\{escaped}` is no escape of git's", at)
                characters.append(_ESCAPES.get(escaped, ""))
            elif character == '"':
                quoted = not quoted
            else:
                characters.append(character)
            at += 1
            remaining, end = len(characters), min(at, len(text))
        if quoted:
            raise self._unparsable("a value in double quotes ends on its own line", at)
        return "".join(characters[:remaining]), Span(start if start >= 0 else end, end), min(at, len(text))


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _is_name(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "-")


class _Places(Struct, frozen=True):
    """Where sections and variables stand."""

    sections: dict[str, _Section]

    def locate(self, index: int, pointer: Pointer) -> Where:
        """Return the place of the value at `pointer`; raises KeyError where it doesn't resolve."""
        return locate_in_sections(self.sections, index, pointer, _entry)


FORMAT = Format(
    name="gitconfig",
    title="git configuration",
    parse=parse,
    names=(".gitmodules", ".gitconfig", ".lfsconfig"),
    paths=(".git/config", ".config/git/config"),
    scattered=True,
    root="object",
    levels=2,
    comments=("#", ";"),
    escapes=lambda data: True,  # names are in lowercase letters, however they are written
)


def _entry(section: _Section, name: str) -> Where:
    variable = section.variables[name]
    return Where(variable.span, variable.key)
