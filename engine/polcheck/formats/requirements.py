"""Requirements files of pip: a row for each requirement and each option, as pip and `packaging` read them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from polcheck.base.spans import Source, Span
from polcheck.formats.format import Format
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.lines import LogicalLine
from polcheck.formats.placed import Placed, placed_array, placed_config, placed_object, placed_strings
from polcheck.formats.values import Config, LimitExceeded, Unparsable

MAX_LENGTH = 20_000
"""Characters of a logical line: what reads requirements looks at each several times."""
_WITH_VALUE = {
    **{"-i": "--index-url", "--pypi-url": "--index-url", "-f": "--find-links", "-e": "--editable"},
    **{"-r": "--requirement", "-c": "--constraint", "-C": "--config-settings", "--config-setting": "--config-settings"},
    **{name: name for name in ("--index-url", "--extra-index-url", "--find-links", "--editable", "--requirement")},
    **{name: name for name in ("--constraint", "--no-binary", "--only-binary", "--trusted-host", "--use-feature")},
    **{name: name for name in ("--hash", "--global-option", "--config-settings")},
}
_ALONE = frozenset({"--no-index", "--pre", "--prefer-binary", "--require-hashes", "--process-dependency-links"})
_OF_REQUIREMENTS = frozenset({"--hash", "--global-option", "--config-settings"})
_ARCHIVES = (".zip", ".whl", ".tar.bz2", ".tbz", ".tar.gz", ".tgz", ".tar", ".tar.xz", ".txz", ".tlz", ".tar.lz")
_SCHEMES = ("http:", "https:", "file:", "ftp:", "git+", "hg+", "svn+", "bzr+", "ssh:")
_OPERATORS = ("===", "==", "~=", "!=", "<=", ">=", "<", ">")


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the rows of a file.

    Raises Unparsable for what pip refuses, LimitExceeded, and Unreadable when the bytes aren't text.
    """
    rows = list[Placed]()
    count = 1
    for line in _logical_lines(source.text):
        for row in _Row(line).read():
            rows.append(row)
            count += 1 + len(row.members or ()) + sum(len(each.members or ()) for each in (row.members or {}).values())
            if count > limits.values:
                limits.too_many(row.span)
    whole = Span(rows[0].span.start, rows[-1].span.end) if rows else Span(0, 0)
    return placed_config([placed_array(rows, whole)])


def _logical_lines(text: str) -> Iterator[LogicalLine]:
    """Give each line with what continues it, as pip joins them: a comment ends what a backslash continues."""
    at = 0
    line: LogicalLine | None = None
    for physical in text.splitlines(keepends=True):
        start, at = at, at + len(physical)
        content = physical.splitlines()[0]
        line = line or LogicalLine()
        if content.endswith("\\") and _comment(content) < 0:
            inner = content.strip("\\")
            line.add(inner, start + len(content) - len(content.lstrip("\\")))
            continue
        line.add(content, start)
        yield line.close()
        line = None
    if line is not None:
        yield line.close()


def _comment(line: str) -> int:
    """Return where a comment begins in a line, -1 where none does."""
    at = line.find("#")
    while at > 0 and not line[at - 1].isspace():
        at = line.find("#", at + 1)
    return at


class _Token(Struct):
    """A word of an option: what it says, and where it stands in its line."""

    text: str
    start: int
    end: int


class _Row:
    """The rows of one logical line."""

    def __init__(self, line: LogicalLine) -> None:
        self._line = line
        self._text = line.text

    def _refuse(self, reason: str, start: int, end: int) -> Unparsable:
        return Unparsable(reason, self._line.span(start, end))

    def read(self) -> Iterator[Placed]:
        """Give the rows. Raises Unparsable."""
        comment = _comment(self._text)
        inner = self._text[:comment] if comment >= 0 else self._text
        end = len(inner.rstrip())
        start = min(len(inner) - len(inner.lstrip()), end)
        if start == end:
            return
        if end - start > MAX_LENGTH:
            raise LimitExceeded(f"a line of more than {MAX_LENGTH} characters", self._line.span(start, end))
        option = start
        while option < end and not (self._text[option] == "-" and (option == start or self._text[option - 1] == " ")):
            option += 1
        options = list(self._options(option, end))
        if option == start:
            for name, token, value in options:
                if name.text in _OF_REQUIREMENTS:
                    raise self._refuse(f"`{name.text}` belongs to a requirement", token.start, token.end)
                yield self._option(name, token, value)
        else:
            yield self._requirement(start, start + len(self._text[start:option].rstrip()), options)

    def _option(self, name: _Token, token: _Token, value: _Token | None) -> Placed:
        members = {"option": Placed(name.text, self._line.span(name.start, name.end))}
        if value is not None:
            members["value"] = Placed(value.text, self._line.span(value.start, value.end))
        return placed_object(members, self._line.span(token.start, value.end if value else token.end))

    def _options(self, start: int, end: int) -> Iterator[tuple[_Token, _Token, _Token | None]]:
        """Give each option: its name in full, the word that it begins with, and its value."""
        tokens = iter(self._tokens(start, end))
        for token in tokens:
            name, sign, rest = token.text.partition("=")
            short = token.text[:2]
            if name in _WITH_VALUE and (name.startswith("--") or not sign):
                known = _Token(_WITH_VALUE[name], token.start, token.start + len(name))
                value = _Token(rest, token.start + len(name) + 1, token.end) if sign else next(tokens, None)
                if value is None:
                    raise self._refuse(f"`{name}` takes a value", token.start, token.end)
                yield known, token, value
            elif token.text in _ALONE:
                yield token, token, None
            elif short in _WITH_VALUE and not token.text.startswith("--"):
                known = _Token(_WITH_VALUE[short], token.start, token.start + 2)
                yield known, token, _Token(token.text[2:], token.start + 2, token.end)
            else:
                raise self._refuse(f"unknown option `{token.text[:40]}`", token.start, token.end)

    def _tokens(self, start: int, end: int) -> Iterator[_Token]:
        """Give the words from `start` to `end` as a shell divides them. Raises Unparsable."""
        text, at = self._text, start
        while at < end:
            if text[at] in " \t\r\n":
                at += 1
                continue
            begin, quote, parts = at, "", list[str]()
            while at < end and (quote or text[at] not in " \t\r\n"):
                mark = text[at]
                following = text[at + 1 : at + 2] if at + 1 < end else ""
                if quote == "'" or mark != "\\" or (quote == '"' and following not in ('"', "\\")):
                    if mark == quote or (not quote and mark in "'\""):
                        quote = "" if quote else mark
                    else:
                        parts.append(mark)
                elif not following:
                    raise self._refuse("nothing follows a backslash", at, at + 1)
                else:
                    parts.append(following)
                    at += 1
                at += 1
            if quote:
                raise self._refuse("a quote is not closed", begin, end)
            yield _Token("".join(parts), begin, at)

    def _requirement(self, start: int, end: int, options: list[tuple[_Token, _Token, _Token | None]]) -> Placed:
        from packaging.requirements import InvalidRequirement, Requirement

        hashes = list[Placed]()
        last = end
        for name, token, value in options:
            if name.text not in _OF_REQUIREMENTS or value is None:
                raise self._refuse(f"`{name.text}` stands on a line of its own", token.start, token.end)
            last = value.end
            if name.text == "--hash":
                hashes.append(Placed(value.text, self._line.span(value.start, value.end)))
        written = self._text[start:end]
        whole = self._line.span(start, last)
        members: dict[str, Placed]
        try:
            members = self._parts(start, end, Requirement(written))
        except InvalidRequirement as error:
            members = self._location(start, end)
            if not members:
                raise self._refuse(f"not a requirement: {str(error).splitlines()[0]}", start, end) from error
        members["requirement"] = Placed(written, self._line.span(start, end))
        if hashes:
            members["hashes"] = placed_array(hashes, Span(hashes[0].span.start, hashes[-1].span.end))
        return placed_object(members, whole)

    def _location(self, start: int, end: int) -> dict[str, Placed]:
        """Return what a requirement says that is a URL or a path; nothing where it is neither."""
        written = self._text[start:end]
        location = written.partition(" ;")[0].partition("; ")[0].rstrip()
        is_url = written.lower().startswith(_SCHEMES)
        if not is_url and not ("/" in location or location.startswith(".") or location.lower().endswith(_ARCHIVES)):
            return {}
        if not is_url and ("://" in location or " " in location):
            return {}
        key = "url" if is_url else "path"
        return {key: Placed(location, self._line.span(start, start + len(location)))}

    def _parts(self, start: int, end: int, read: object) -> dict[str, Placed]:
        """Return the parts of a requirement that `packaging` has read: it says what they are, the text where."""
        from packaging.requirements import Requirement
        from packaging.utils import canonicalize_name

        assert isinstance(read, Requirement)
        text, line = self._text, self._line
        at = start + len(read.name)
        members = {"name": Placed(str(canonicalize_name(read.name)), line.span(start, at))}
        at = self._after_space(at, end)
        if text.startswith("[", at):
            close = text.index("]", at)
            extras = [_stripped(text, part, stop) for part, stop in _split(text, at + 1, close)]
            named = [(text[part:stop], line.span(part, stop)) for part, stop in extras if stop > part]
            members["extras"] = placed_strings(named, line.span(at, close + 1))
            at = self._after_space(close + 1, end)
        marker = end
        if read.url is not None:
            begin = text.index(read.url, at)
            marker = begin + len(read.url)
            members["url"] = Placed(read.url, line.span(begin, marker))
            marker = text.find(";", marker, end)
        else:
            marker = text.find(";", at, end)
            members |= self._specifiers(at, marker if marker >= 0 else end)
        if read.marker is not None and marker >= 0:
            begin = self._after_space(marker + 1, end)
            members["marker"] = Placed(text[begin:end], line.span(begin, end))
        return members

    def _specifiers(self, start: int, end: int) -> dict[str, Placed]:
        text, line = self._text, self._line
        start, end = _stripped(text, start, end)
        if text.startswith("(", start):
            start, end = _stripped(text, start + 1, text.rindex(")", start, end))
        rows = list[Placed]()
        pinned: Placed | None = None
        for part, stop in _split(text, start, end):
            first, last = _stripped(text, part, stop)
            operator = next((one for one in _OPERATORS if text.startswith(one, first)), "")
            if not operator:
                continue
            begin = self._after_space(first + len(operator), last)
            version = Placed(text[begin:last], line.span(begin, last))
            sign = Placed(operator, line.span(first, first + len(operator)))
            rows.append(placed_object({"operator": sign, "version": version}, line.span(first, last)))
            if operator == "===" or (operator == "==" and not text[begin:last].endswith(".*")):
                pinned = version
        found = {"specifiers": placed_array(rows, line.span(start, end))}
        return found | ({"version": pinned} if pinned is not None else {})

    def _after_space(self, at: int, end: int) -> int:
        while at < end and self._text[at].isspace():
            at += 1
        return at


def _split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Give where the parts of a list stand that commas divide."""
    while (comma := text.find(",", start, end)) >= 0:
        yield start, comma
        start = comma + 1
    yield start, end


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the part of a text from `start` to `end` that has no white space round it."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


FORMAT = Format(
    name="requirements",
    title="a requirements file",
    parse=parse,
    patterns=(
        *("requirements*.txt", "requirements*.in", "constraints*.txt", "*-requirements.txt", "*_requirements.txt"),
        *("requirements/*.txt", "requirements/*.in"),
    ),
    root="array",
    escapes=lambda data: True,  # the keys of rows stand nowhere in the file
)
