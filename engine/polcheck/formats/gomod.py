"""go.mod files, in the shape of `go mod edit -json`; a list that the file doesn't have is empty."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from polcheck.base.spans import Source, Span
from polcheck.formats.format import Format
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.placed import Placed, placed_array, placed_config, placed_object
from polcheck.formats.values import Config, Unparsable

_LISTS = {
    **{"require": "Require", "exclude": "Exclude", "replace": "Replace", "retract": "Retract"},
    **{"tool": "Tool", "ignore": "Ignore", "godebug": "Godebug"},
}
_DIRECTIVES = frozenset({*_LISTS, "module", "go", "toolchain"})
_PUNCTUATION = "()[]{},"


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the one object of a file.

    Raises Unparsable for what the go command refuses, LimitExceeded, and Unreadable when the bytes aren't text.
    """
    return placed_config([_Module(source.text, limits).read()])


class _Token(Struct):
    """A word of a line, without its quotes, and where it stands."""

    text: str
    span: Span


class _Line(Struct):
    """The words of a line, the comments before it, and the one behind it."""

    words: list[_Token]
    comments: list[str]
    suffix: str = ""


class _Module:
    """A file as it is read line by line: `read` is called once."""

    def __init__(self, text: str, limits: DocumentLimits) -> None:
        self._text = text
        self._limits = limits
        self._members: dict[str, Placed] = {}
        self._excluded: set[tuple[str, ...]] = set()
        self._replacements: dict[tuple[str, ...], Placed] = {}
        self._rows: dict[str, list[Placed]] = {name: [] for name in _LISTS}

    def read(self) -> Placed:
        """Return the object. Raises Unparsable and LimitExceeded."""
        block: _Token | None = None
        opened: list[str] = []
        spans = list[Span]()
        for count, line in enumerate(_lines(self._text)):
            words = line.words
            spans.append(Span(words[0].span.start, words[-1].span.end))
            if 6 * count > self._limits.values:
                self._limits.too_many(spans[-1])
            if block is not None and words[0].text == ")":
                if len(words) > 1:
                    raise Unparsable("a line goes on behind `)`", words[1].span)
                block = None
            elif block is not None:
                self._statement(block, words, line, line.comments or opened)
            elif words[0].text not in _DIRECTIVES:
                raise Unparsable(f"unknown directive `{words[0].text[:40]}`", words[0].span)
            elif len(words) == 2 and words[1].text == "(":
                block, opened = words[0], line.comments
            elif len(words) == 3 and words[1].text == "(" and words[2].text == ")":
                continue
            else:
                self._statement(words[0], words[1:], line, line.comments)
        if block is not None:
            raise Unparsable("`(` is not closed", block.span)
        self._rows["replace"] += self._replacements.values()
        whole = Span(spans[0].start, spans[-1].end) if spans else Span(0, 0)
        end = Span(whole.end, whole.end)
        lists = {
            _LISTS[name]: placed_array(rows, Span(rows[0].span.start, rows[-1].span.end) if rows else end)
            for name, rows in self._rows.items()
        }
        return placed_object(self._members | lists, whole)

    def _statement(self, verb: _Token, words: list[_Token], line: _Line, comments: list[str]) -> None:
        span = Span(words[0].span.start, words[-1].span.end) if words else verb.span
        texts = [word.text for word in words]
        if verb.text == "module" and len(words) == 1:
            members = {"Path": _string(words[0])}
            deprecated = _paragraph([*comments, line.suffix], "Deprecated:")
            if deprecated:
                members["Deprecated"] = Placed(deprecated, words[0].span)
            self._once("Module", placed_object(members, span), verb)
        elif verb.text in ("go", "toolchain") and len(words) == 1:
            self._once(verb.text.capitalize(), _string(words[0]), verb)
        elif verb.text in ("require", "exclude") and len(words) == 2:
            row = {"Path": _string(words[0]), "Version": _version(words[1])}
            if verb.text == "require" and _is_indirect(line.suffix):
                row["Indirect"] = Placed(True, span)
            made = placed_object(row, span)
            excluded = tuple(texts) if verb.text == "exclude" else ()
            if not excluded or excluded not in self._excluded:  # of two that are the same the first one counts
                self._rows[verb.text].append(made)
            self._excluded.add(excluded)
        elif verb.text == "replace" and "=>" in texts:
            arrow = texts.index("=>")
            old, new = words[:arrow], words[arrow + 1 :]
            if len(old) not in (1, 2) or len(new) not in (1, 2):
                raise Unparsable("`replace` takes a module, `=>` and its replacement", span)
            row = {"Old": _module(old), "New": _module(new)}
            replaced = tuple(word.text for word in old)
            self._replacements.pop(replaced, None)  # of two for the same the last one counts
            self._replacements[replaced] = placed_object(row, span)
        elif verb.text == "retract" and words:
            self._retract(words, span, _paragraph([*comments, line.suffix], ""))
        elif verb.text in ("tool", "ignore") and len(words) == 1:
            self._rows[verb.text].append(placed_object({"Path": _string(words[0])}, span))
        elif verb.text == "godebug" and len(words) == 1 and "=" in texts[0]:
            key, _, value = texts[0].partition("=")
            row = {"Key": Placed(key, span), "Value": Placed(value, span)}
            self._rows["godebug"].append(placed_object(row, span))
        else:
            raise Unparsable(
                f"unknown or incomplete directive `{verb.text[:40]}`", Span(verb.span.start, verb.span.end)
            )

    def _once(self, name: str, value: Placed, verb: _Token) -> None:
        if name in self._members:
            raise Unparsable(f"`{verb.text}` is repeated", verb.span)
        value.key = verb.span
        self._members[name] = value

    def _retract(self, words: list[_Token], span: Span, rationale: str) -> None:
        texts = [word.text for word in words]
        if len(words) == 1:
            low = high = words[0]
        elif len(words) == 5 and (texts[0], texts[2], texts[4]) == ("[", ",", "]"):
            low, high = words[1], words[3]
        else:
            raise Unparsable("`retract` takes a version, or two in brackets", span)
        row = {"Low": _version(low), "High": _version(high)}
        if rationale:
            row["Rationale"] = Placed(rationale, span)
        self._rows["retract"].append(placed_object(row, span))


def _string(word: _Token) -> Placed:
    return Placed(word.text, word.span)


def _version(word: _Token) -> Placed:
    """Return a version, as v1.2.3 (golang.org/x/mod/semver). Raises Unparsable for anything else."""
    core, plus, build = word.text.removeprefix("v").partition("+")
    core, dash, before = core.partition("-")
    numbers = core.split(".")
    whole = word.text.startswith("v") and len(numbers) <= 3 and all(map(_is_number, numbers))
    if not whole or ((dash or plus) and len(numbers) < 3) or bool(dash) != bool(before) or bool(plus) != bool(build):
        raise Unparsable(f"`{word.text[:40]}` is not a version such as v1.2.3", word.span)
    return _string(word)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and (text == "0" or not text.startswith("0"))


def _module(words: list[_Token]) -> Placed:
    members = {"Path": _string(words[0])}
    if len(words) == 2:
        members["Version"] = _version(words[1])
    return placed_object(members, Span(words[0].span.start, words[-1].span.end))


def _is_indirect(suffix: str) -> bool:
    words = suffix.split()
    return words[:2] == ["//", "indirect"] if len(words) == 2 else words[:2] == ["//", "indirect;"]


def _paragraph(comments: list[str], start: str) -> str:
    """Return what comments say, or of that the paragraph that begins with `start`, without it."""
    lines = [comment.removeprefix("//").strip() for comment in comments if comment]
    text = "\n".join(lines).strip()
    if not start:
        return text
    paragraph = next((part for part in text.split("\n\n") if part.startswith(start)), "")
    return paragraph.removeprefix(start).strip()


def _lines(text: str) -> Iterator[_Line]:
    """Give each line that has words. Raises Unparsable."""
    at = 0
    comments = list[str]()
    for physical in text.split("\n"):
        line = _words(physical.removesuffix("\r"), at)
        at += len(physical) + 1
        if line.words:
            line.comments = comments
            comments = []
            yield line
        else:
            comments = [*comments, line.suffix] if line.suffix or comments else []
            if not line.suffix:
                comments = []


def _words(line: str, base: int) -> _Line:
    found = _Line([], [])
    at = 0
    while at < len(line):
        mark = line[at]
        if mark in " \t\r":
            at += 1
            continue
        start = at
        if line.startswith("//", at):
            found.suffix = line[at:]
            break
        if line.startswith("=>", at):
            at += 2
        elif mark in _PUNCTUATION:
            at += 1
        elif mark in '"`':
            word, at = _quoted(line, at, base)
            found.words.append(_Token(word, Span(base + start, base + at)))
            continue
        else:
            while at < len(line) and not line[at].isspace() and line[at] not in _PUNCTUATION:
                if line.startswith(("//", "/*"), at):
                    break
                at += 1
        if line.startswith("/*", at):
            raise Unparsable("go.mod has no comments of this kind", Span(base + at, base + at + 2))
        if at == start:
            raise Unparsable(f"unexpected `{mark}`", Span(base + at, base + at + 1))
        found.words.append(_Token(line[start:at], Span(base + start, base + at)))
    return found


def _quoted(line: str, start: int, base: int) -> tuple[str, int]:
    """Return the string of Go that begins at an offset, and where it ends. Raises Unparsable."""
    quote, at = line[start], start + 1
    while at < len(line) and line[at] != quote:
        if line[at] == "\\" and quote == '"':
            raise Unparsable("escapes in paths and versions are not read", Span(base + at, base + at + 1))
        at += 1
    if at == len(line):
        raise Unparsable("a string is not closed", Span(base + start, base + at))
    return line[start + 1 : at], at + 1


FORMAT = Format(
    name="gomod",
    title="go.mod",
    parse=parse,
    names=("go.mod",),
    root="object",
    scattered=True,
    escapes=lambda data: True,  # the keys stand nowhere in the file
)
