"""Dockerfiles: a row for each instruction, split as BuildKit's parser splits it, with its stage.

Follows github.com/moby/buildkit/frontend/dockerfile/parser: continuation lines, the directive `escape`, the JSON form,
flags, here-documents. What follows an instruction is not expanded: `$NAME` stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NoReturn

from msgspec import Struct

from polcheck.base.spans import Source, Span
from polcheck.formats.format import Format
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.lines import LogicalLine
from polcheck.formats.placed import Placed, placed_array, placed_config, placed_object
from polcheck.formats.values import Config, Unparsable

_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_BLANK = "\t\v\f\r "  # what divides arguments
_JSON_OR_STRING = frozenset({"RUN", "CMD", "ENTRYPOINT", "SHELL"})
_JSON_OR_WORDS = frozenset({"ADD", "COPY", "VOLUME"})
_WORDS = frozenset({"FROM", "EXPOSE"})
_STRING = frozenset({"MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR"})
_VARIABLES = frozenset({"ENV", "LABEL", "ARG"})
_WITH_HEREDOCS = frozenset({"ADD", "COPY", "RUN"})
_KNOWN = _JSON_OR_STRING | _JSON_OR_WORDS | _WORDS | _STRING | _VARIABLES | {"HEALTHCHECK", "ONBUILD"}


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the rows of a file.

    Raises Unparsable for what BuildKit refuses or doesn't know, LimitExceeded, and Unreadable when the bytes aren't
    text.
    """
    reader = _Reader(source.text, limits)
    rows = list(reader.rows())
    if not rows:
        raise Unparsable("there is no instruction", Span(0, 0))
    return placed_config([placed_array(rows, _around(rows))])


class _Slice(Struct):
    """A part of a logical line."""

    start: int
    end: int


class _Reader:
    """Reads a text from its beginning to its end: `rows` is called once."""

    def __init__(self, text: str, limits: DocumentLimits) -> None:
        self._text = text
        self._limits = limits
        self._at = 0
        self._escape = "\\"
        self._directives: set[str] | None = set()  # those before the first line that is none
        self._stage = -1
        self._stage_name: Placed | None = None
        self._count = 0

    def rows(self) -> Iterator[Placed]:
        """Give each instruction. Raises Unparsable and LimitExceeded."""
        while self._at < len(self._text):
            line = self._logical_line()
            if line is not None:
                yield self._row(line)

    def _physical_line(self) -> tuple[str, int]:
        """Return the next line without its line break, and where it begins."""
        start = self._at
        end = self._text.find("\n", start)
        end = len(self._text) if end < 0 else end
        self._at = end + 1
        return self._text[start:end].rstrip("\r"), start

    def _logical_line(self) -> LogicalLine | None:
        """Read the next logical line, None where it is empty or a comment."""
        line, start = self._physical_line()
        content = line.lstrip(_SPACE)
        self._directive(content, start)
        logical = LogicalLine()
        if content.startswith("#"):
            return None
        part, continues = self._part(content)
        logical.add(part, start + len(line) - len(content))
        if not part and not continues:
            return None
        while continues and self._at < len(self._text):
            line, start = self._physical_line()
            content = line.lstrip(_SPACE)
            self._directive(line, start)
            if not content or content.startswith("#"):
                continue
            part, continues = self._part(line)
            logical.add(part, start)
        logical.close()
        return logical

    def _part(self, line: str) -> tuple[str, bool]:
        """Return a line without what continues it, and whether there was that."""
        inner = line.rstrip(" \t")
        if inner.endswith(self._escape) and not inner.endswith(self._escape * 2):
            return inner[:-1], True
        return line, False

    def _directive(self, line: str, start: int) -> None:
        """Note a directive such as `# escape=`; they end with the first line that is none."""
        if self._directives is None:
            return
        name, sign, value = line.removeprefix("#").partition("=")
        name, value = name.strip(_SPACE).lower(), value.strip(_SPACE)
        if not (line.startswith("#") and sign and name.isascii() and name.isalnum() and name[0].isalpha() and value):
            self._directives = None
        elif name in ("escape", "syntax", "check"):
            if name in self._directives:
                raise Unparsable(f"the directive `{name}` is repeated", Span(start, start + len(line)))
            self._directives.add(name)
            if name == "escape":
                if value not in ("`", "\\"):
                    raise Unparsable("the directive `escape` takes a backslash or a backtick", Span(start, start + 1))
                self._escape = value

    # -- rows -------------------------------------------------------------------------------------------------------

    def _row(self, line: LogicalLine) -> Placed:
        text = line.text
        start = len(text) - len(text.lstrip(_SPACE))
        end = max(len(text.rstrip(_SPACE)), start)
        members: dict[str, Placed] = {}
        name = self._command(line, start, end, members, "instruction")
        whole = line.span(start, end)
        here = members["instruction"].span
        if name == "FROM":
            self._stage += 1
            self._stage_name = None
            self._image(members)
        members["stage"] = Placed(self._stage if self._stage >= 0 else None, here)
        if self._stage_name is not None:
            members["stage_name"] = self._stage_name
        trigger = members.get("trigger")
        command = name if trigger is None else trigger.value
        json_form = "form" in members and members["form"].value == "exec"
        if command in _WITH_HEREDOCS and not json_form and "<<" in text:
            whole = self._heredocs(line, members, whole)
        self._count += 3 + sum(1 + len(member.members or ()) for member in members.values())
        if self._count > self._limits.values:
            self._limits.too_many(whole)
        return placed_object(members, whole)

    def _command(self, line: LogicalLine, start: int, end: int, members: dict[str, Placed], key: str) -> str:
        """Read an instruction, its flags and its arguments from a part of a line."""
        at = start
        while at < end and line.text[at] not in _BLANK:
            at += 1
        name = line.text[start:at].upper()
        where = line.span(start, at)
        if name not in _KNOWN:
            raise Unparsable(f"unknown instruction `{name[:40]}`", where)
        members[key] = Placed(name, where)
        while at < end and line.text[at] in _BLANK:
            at += 1
        at, flags = self._flags(line, at, end)
        while at < end and line.text[at] in _SPACE:
            at += 1
        if name == "ONBUILD":
            if key == "trigger":
                raise Unparsable("`ONBUILD` can't trigger another one", where)
            self._command(line, at, end, members, "trigger")
            return name
        members["flags"] = placed_array(flags, line.span(at, at) if not flags else _around(flags))
        self._arguments(line, name, _Slice(at, end), members)
        return name

    def _arguments(self, line: LogicalLine, name: str, rest: _Slice, members: dict[str, Placed]) -> None:
        place = line.span(rest.start, rest.end)
        items: list[Placed] | None = None
        first = list[Placed]()
        if name == "HEALTHCHECK" and rest.end > rest.start:
            at = rest.start
            while at < rest.end and line.text[at] not in _SPACE:
                at += 1
            first = [self._placed(line, _Slice(rest.start, at))]
            if str(first[0].value).upper() not in ("CMD", "NONE"):
                self._refuse(line, _Slice(rest.start, at), "`HEALTHCHECK` takes `CMD` or `NONE`")
            while at < rest.end and line.text[at] in _SPACE:
                at += 1
            rest = _Slice(at, rest.end)
        if name in _JSON_OR_STRING | _JSON_OR_WORDS | {"HEALTHCHECK"}:
            items = self._json(line, rest)
            if name not in _JSON_OR_WORDS and not (first and rest.start == rest.end):
                members["form"] = Placed("exec" if items is not None else "shell", place)
            elif items is not None:
                members["form"] = Placed("exec", place)
        if items is None and name in _VARIABLES:
            items = self._variables(line, name, rest, members)
        elif items is None and name in _WORDS | _JSON_OR_WORDS:
            items = [self._placed(line, word) for word in _split(line.text, rest)]
        elif items is None:
            items = [self._placed(line, rest)] if rest.end > rest.start else []
        members["arguments"] = placed_array([*first, *items], place)

    def _placed(self, line: LogicalLine, part: _Slice) -> Placed:
        return Placed(line.text[part.start : part.end], line.span(part.start, part.end))

    def _json(self, line: LogicalLine, rest: _Slice) -> list[Placed] | None:
        """Read an array of strings in JSON; None where there is none. Raises Unparsable for other arrays."""
        text = line.text[: rest.end]
        if not text.startswith("[", rest.start):
            return None
        try:
            value, _ = json.JSONDecoder(parse_constant=_not_json).raw_decode(text, rest.start)
        except (ValueError, RecursionError):
            return None
        if not all(isinstance(item, str) for item in value):
            self._refuse(line, rest, "an array of arguments holds strings only")
        items, at = list[Placed](), rest.start
        for item in value:
            at = text.index('"', at)
            _, end = json.decoder.scanstring(text, at + 1)  # type: ignore[attr-defined]
            items.append(Placed(item, line.span(at, end)))
            at = end
        return items

    def _refuse(self, line: LogicalLine, part: _Slice, reason: str) -> NoReturn:
        raise Unparsable(reason, line.span(part.start, part.end))

    def _variables(self, line: LogicalLine, name: str, rest: _Slice, members: dict[str, Placed]) -> list[Placed]:
        """Read what `ENV`, `LABEL` or `ARG` sets: arguments as they are written, variables without their quotes."""
        words = list(_words(line.text, rest, self._escape))
        pairs = list[tuple[_Slice, _Slice | None]]()
        for word in words:
            sign = line.text.find("=", word.start, word.end)
            end = sign if sign >= 0 else word.end
            pairs.append((_Slice(word.start, end), _Slice(sign + 1, word.end) if sign >= 0 else None))
        if name != "ARG" and pairs and pairs[0][1] is None:
            words = list(_split(line.text, rest, most=2))
            if len(words) < 2:
                self._refuse(line, rest, f"`{name}` takes a name and a value")
            pairs = [(words[0], words[1])]
        elif name != "ARG" and (bad := next((key for key, value in pairs if value is None), None)):
            self._refuse(line, bad, f"`{name}` takes `name=value`")
        rows = list[Placed]()
        for key, value in pairs:
            named = Placed(self._unquoted(line.text[key.start : key.end]), line.span(key.start, key.end))
            row = {"name": named}
            if value is not None:
                span = line.span(value.start, value.end)
                row["value"] = Placed(self._unquoted(line.text[value.start : value.end]), span)
            rows.append(placed_object(row, Span(named.span.start, list(row.values())[-1].span.end)))
        members["variables"] = placed_array(rows, line.span(rest.start, rest.end))
        return [self._placed(line, word) for word in words]

    def _unquoted(self, word: str) -> str:
        """Return a word without quotes and escapes, as BuildKit has it before variables are replaced."""
        parts, at, quote = list[str](), 0, ""
        while at < len(word):
            mark = word[at]
            following = word[at + 1 : at + 2]
            if quote == "'":
                parts.append("" if mark == "'" else mark)
                quote = "" if mark == "'" else quote
            elif mark == self._escape and (not quote or (following and following in f'"${self._escape}')):
                parts.append(following)
                at += 1
            elif mark == quote or (not quote and mark in "'\""):
                quote = "" if quote else mark
            else:
                parts.append(mark)
            at += 1
        return "".join(parts)

    def _flags(self, line: LogicalLine, at: int, end: int) -> tuple[int, list[Placed]]:
        """Read the flags that begin at `at`; returns where what follows them begins, too."""
        text, flags = line.text, list[Placed]()
        while True:
            while at < end and text[at] in _BLANK:
                at += 1
            if not text.startswith("--", at) or at + 1 >= end:
                return at, flags
            start, word, quote, sign = at, list[str](), "", -1
            while at < end and (quote or text[at] not in _BLANK):
                mark = text[at]
                if mark == "\\":
                    at += 1
                    word.append(text[at] if at < end else "")
                elif quote:
                    quote = "" if mark == quote else quote
                    word.append(mark if quote else "")
                elif mark in "'\"":
                    quote = mark
                else:
                    sign = at if mark == "=" and sign < 0 else sign
                    word.append(mark)
                at += 1
            at = min(at, end)
            name, has_value, value = "".join(word).partition("=")
            if name == "--" and not has_value:
                return at, flags
            stop = sign if sign >= 0 else at
            row = {"name": Placed(name.removeprefix("--"), line.span(start + 2, stop))}
            if has_value:
                row["value"] = Placed(value, line.span(sign + 1, at))
            flags.append(placed_object(row, line.span(start, at)))

    def _image(self, members: dict[str, Placed]) -> None:
        """Note the image of a `FROM` and the name of its stage."""
        arguments = members["arguments"].members or {}
        if arguments:
            members["image"] = arguments[0]
        if len(arguments) == 3 and str(arguments[1].value).lower() == "as":
            self._stage_name = Placed(str(arguments[2].value).lower(), arguments[2].span)

    def _heredocs(self, line: LogicalLine, members: dict[str, Placed], whole: Span) -> Span:
        """Read the here-documents of an instruction, which follow its line; returns where it all stands."""
        found = list[Placed]()
        words = list(_words(line.text, _Slice(0, len(line.text)), "\\"))
        if words and _is_open(line.text[words[-1].start : words[-1].end]):
            self._refuse(line, words[-1], "a quote is not closed in a line with a here-document")
        for word in words:
            written = line.text[word.start : word.end]
            digits = len(written) - len(written.lstrip("0123456789"))
            rest = written[digits:]
            if not rest.startswith("<<"):
                continue
            chomp = rest.startswith("<<-")
            rest = rest[3 if chomp else 2 :]
            name = _Reader("", self._limits)._unquoted(rest)
            if not rest or "<" in rest:
                continue
            begin = self._at
            named = Placed(name, line.span(word.end - len(rest), word.end))
            content = self._content(name, chomp, named.span)
            end = begin + len(content)
            found.append(
                placed_object(
                    {"name": named, "content": Placed(content, Span(begin, end))}, Span(named.span.start, self._at - 1)
                )
            )
            whole = Span(whole.start, min(self._at - 1, len(self._text)))
        if found:
            members["heredocs"] = placed_array(found, Span(found[0].span.start, whole.end))
        return whole

    def _content(self, name: str, chomp: bool, span: Span) -> str:
        """Read up to the line that ends a here-document; returns the lines before it."""
        begin = self._at
        while self._at < len(self._text):
            line, start = self._physical_line()
            if (line.lstrip("\t") if chomp else line) == name:
                return self._text[begin:start]
        raise Unparsable(f"a here-document has no end: expecting `{name}` on a line of its own", span)


def _is_open(word: str) -> bool:
    """Return whether a quote in a word of a shell is not closed."""
    at, quote = 0, ""
    while at < len(word):
        if word[at] == "\\" and quote != "'":
            at += 1
        elif quote:
            quote = "" if word[at] == quote else quote
        elif word[at] in "'\"":
            quote = word[at]
        at += 1
    return bool(quote)


def _not_json(name: str) -> NoReturn:
    raise ValueError(name)


def _around(items: list[Placed]) -> Span:
    return Span(items[0].span.start, items[-1].span.end)


def _split(text: str, part: _Slice, most: int = 0) -> Iterator[_Slice]:
    """Give the words of a part of a text that white space divides; the last of `most` goes on to the end."""
    at, count = part.start, 0
    while at < part.end:
        start = at
        count += 1
        if count == most:
            yield _Slice(start, part.end)
            return
        while at < part.end and text[at] not in _BLANK:
            at += 1
        yield _Slice(start, at)
        while at < part.end and text[at] in _BLANK:
            at += 1


def _words(text: str, part: _Slice, escape: str) -> Iterator[_Slice]:
    """Give the words of a part of a text; quotes and escapes, which stay, keep white space within a word."""
    at = part.start
    while at < part.end:
        while at < part.end and text[at] in _SPACE:
            at += 1
        start, quote, end = at, "", at
        while at < part.end and (quote or text[at] not in _SPACE):
            mark = text[at]
            if mark == escape and quote != "'":
                if at + 1 == part.end:
                    at += 1
                    break
                at += 1
            elif quote:
                quote = "" if mark == quote else quote
            elif mark in "'\"":
                quote = mark
            at += 1
            end = at
        if end > start:
            yield _Slice(start, end)


FORMAT = Format(
    name="dockerfile",
    title="Dockerfile",
    parse=parse,
    suffixes=(".dockerfile", ".containerfile"),
    names=("Dockerfile", "Containerfile"),
    patterns=("Dockerfile.*", "Dockerfile-*", "Dockerfile_*", "Containerfile.*"),
    root="array",
    comments=("#",),
    comments_in_values=True,
    escapes=lambda data: True,  # the keys of rows stand nowhere in the file
)
