"""Rewrites of YAML that keep its data: other styles of the same documents, comments and markers."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

from msgspec import Struct, field

from polcheck.authoring.rewrites.edit import Edit, Group
from polcheck.base.spans import Source
from polcheck.formats import parse_config
from polcheck.formats.values import Json, Unparsable
from polcheck.formats.yaml import plain

_BARE = re.compile(r"[A-Za-z_$][\w$./@=+-]*(?: [\w$./@=+-]+)*", re.ASCII)
_WIDE = re.compile(r"[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]")
_ESCAPED = re.compile(r'["\\]|[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]')
_NAMED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
_KEY = re.compile(r"(?m)^(?P<margin> *)(?:- +)?[\w'\"][^\n#]*:(?: |$)")
_SHORT = 3  # an anchor for a text of so few characters is nothing that anybody writes


def documents(text: str) -> tuple[Json, ...]:
    """Return the documents of a text. Raises Unparsable when they aren't YAML, or have a repeated key."""
    config = parse_config(Source("", text.encode("utf-8", "surrogatepass")), "yaml")
    if config.repeated:
        raise Unparsable("a key stands there twice", config.repeated[0])
    return config.values


def meaning(text: str) -> str:
    """Return the documents of a text, independent of the order of keys. Raises as `documents` does."""
    return json.dumps(documents(text), sort_keys=True)


class Style(Struct, frozen=True):
    """A style of writing YAML. `quote` is that of strings: empty where they need none."""

    flow: bool = False
    quote: str = ""
    indent: int = 2
    reverse: bool = False
    anchors: bool = False

    def __call__(self, text: str) -> str:
        """The documents of `text` in this style; a text of comments alone stays. Raises Unparsable."""
        if not (values := documents(text)):
            return text
        return "---\n".join(_Writer(self, _repeated(value) if self.anchors else {}).page(value) for value in values)


BLOCK = Style()
FLOW = Style(flow=True)
SINGLE_QUOTES = Style(quote="'")
DOUBLE_QUOTES = Style(quote='"')
INDENTED = Style(indent=4)
REVERSED = Style(reverse=True)
ANCHORS = Style(anchors=True)


class _Writer(Struct):
    """Writes one document; `repeated` are the values (as JSON) that get an anchor when they are first written."""

    style: Style
    repeated: dict[str, str]
    _written: set[str] = field(default_factory=set)

    def page(self, value: Json) -> str:
        """Return the lines of the document."""
        lines = [self._flow(value)] if self.style.flow else self._block(value, 0)
        return "".join(f"{line}\n" for line in lines)

    def _flow(self, value: Json) -> str:
        match value:
            case dict():
                return (
                    "{" + ", ".join(f"{self._text(key)}: {self._flow(member)}" for key, member in value.items()) + "}"
                )
            case list():
                return "[" + ", ".join(map(self._flow, value)) + "]"
            case str():
                return self._text(value)
        return json.dumps(value)

    def _block(self, value: Json, margin: int) -> Iterator[str]:
        """Yield the lines of a value that is alone on its lines."""
        blank = " " * margin
        if isinstance(value, dict) and value:
            for key, member in reversed(value.items()) if self.style.reverse else value.items():
                yield from self._entry(f"{blank}{self._text(key)}:", member, margin + self.style.indent)
        elif isinstance(value, list) and value:
            for member in value:
                yield from self._entry(f"{blank}-", member, margin + self.style.indent)
        else:
            yield blank + self._flow(value)

    def _entry(self, head: str, value: Json, margin: int) -> Iterator[str]:
        """Yield the lines of a key or a dash and what belongs to it."""
        key = json.dumps(value)
        if name := self.repeated.get(key):
            if key in self._written:
                yield f"{head} *{name}"
                return
            self._written.add(key)
            head = f"{head} &{name}"
        if isinstance(value, dict | list) and value:
            lines = list(self._block(value, margin))
            beside = head.endswith("-") and lines[0].startswith(" " * (len(head) + 1))
            yield head + lines[0][len(head) :] if beside else head
            yield from lines[beside:]
        elif isinstance(value, str) and _literal(value) and not self.style.quote:
            yield f"{head} |" + ("" if value.endswith("\n") else "-")
            yield from (" " * margin + line if line else "" for line in value.removesuffix("\n").split("\n"))
        else:
            yield f"{head} {self._flow(value)}"

    def _text(self, text: str) -> str:
        quote = self.style.quote
        if not quote and _BARE.fullmatch(text) and plain(text) == text:
            return text
        if _WIDE.search(text) or "\n" in text or quote == '"':
            return f'"{_ESCAPED.sub(_escape, text)}"'
        return "'" + text.replace("'", "''") + "'"


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    number = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def comments(text: str) -> Iterator[Group]:
    """Yield a comment on a line of its own before each line that begins with a key."""
    for result in _KEY.finditer(text):
        yield (Edit(result.start(), result.start(), f"{result['margin']}# a remark that says nothing\n"),)


def marker(text: str) -> Iterator[Group]:
    """Yield the marker that starts a document before the first, and none where there was one."""
    match = re.match(r"---[ \t]*\n", text)
    yield (Edit(0, match.end() if match else 0, "" if match else "---\n"),)


def _literal(text: str) -> bool:
    """Return whether a text can be a block scalar without a word on its indentation or its last lines."""
    return "\n" in text and text[0] not in " \n" and not text.endswith("\n\n") and not _WIDE.search(text)


def _repeated(value: Json) -> dict[str, str]:
    """Names for the values that a document holds more than once, by their JSON."""
    counts: Counter[str] = Counter()

    def count(value: Json) -> None:
        if isinstance(value, dict | list) and value:
            counts[json.dumps(value)] += 1
            for member in value.values() if isinstance(value, dict) else value:
                count(member)
        elif isinstance(value, str) and len(value) > _SHORT:
            counts[json.dumps(value)] += 1

    count(value)
    twice = [key for key, times in counts.items() if times > 1]
    return {key: f"same{number}" for number, key in enumerate(twice, 1)}
