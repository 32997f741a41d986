"""The text of a tree-sitter query, read: its patterns, their captures, and the predicates cut out of them.

tree-sitter reads the same text afterwards and is the judge of kinds, fields and structure; this reader knows
just enough to find what tree-sitter's binding gets silently wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct, field

from polcheck.selectors.syntax.problem import SyntaxProblem

_TOKEN = re.compile(
    r"""(?P<space>(?:\s+|;[^\n]*)+)
      | (?P<open>[(\[]) | (?P<close>[)\]])
      | (?P<string>"(?:\\.|[^"\\\n])*")
      | (?P<capture>@[\w.\-]*)
      | (?P<predicate>\#[\w.\-]*[?!]?)
      | (?P<quantifier>[*+?])
      | (?P<field>![\w\-]+|[\w\-]+\s*:)
      | (?P<word>[\w\-]+(?:/[\w\-]+)?)
      | (?P<anchor>\.)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_CLOSING = {"(": ")", "[": "]"}
MOST_CAPTURES = 3  # NOTE: tree-sitter drops the fourth capture of a node without a word


class Token(NamedTuple):
    """One word of the query: its kind, its text, and where it starts."""

    kind: str
    text: str
    start: int


class Element(Struct):
    """A node, group, alternation or literal of a pattern; `parts` are its words and elements in order."""

    form: str  # "node", "group", "alternation" or "leaf"
    start: int
    end: int = 0
    parts: list[str | Element] = field(default_factory=list)
    quantifier: str = ""
    captures: list[Token] = field(default_factory=list)

    @property
    def elements(self) -> list[Element]:
        """The elements directly inside."""
        return [part for part in self.parts if isinstance(part, Element)]

    @property
    def loosely_anchored(self) -> list[Element]:
        """The elements directly inside that need not be there (`?`, `*`) and stand beside an anchor."""
        row = [part for part in self.parts if isinstance(part, Element) or part == "."]
        return [
            part
            for index, part in enumerate(row)
            if isinstance(part, Element)
            and part.quantifier.strip("+")
            and "." in (*row[max(index - 1, 0) : index], *row[index + 1 : index + 2])
        ]

    def walk(self) -> Iterator[Element]:
        """This element and all below it, in the order of the text."""
        yield self
        for element in self.elements:
            yield from element.walk()


class Call(NamedTuple):
    """A predicate as written: its name with `#`, its arguments, and its stretch of the text."""

    name: str
    arguments: tuple[Token, ...]
    start: int
    end: int


class ParsedPattern(Struct):
    """One pattern of a query: its outermost element and its predicates."""

    element: Element
    calls: list[Call] = field(default_factory=list)


def read(text: str) -> list[ParsedPattern]:
    """Return the patterns of the query `text`. Raises SyntaxProblem for what is out of place in it."""
    reader = _Reader(text)
    patterns: list[ParsedPattern] = []
    while reader.peek is not None:
        calls: list[Call] = []
        element = reader.element(calls)
        if element is None:
            call = calls[0]
            raise SyntaxProblem(
                f"`{call.name}` stands outside its pattern's parentheses, so it would filter nothing",
                call.start,
                f"put both into one pair of parentheses: `((…) @x ({call.name} @x …))`",
            )
        patterns.append(ParsedPattern(element, calls))
    if not patterns:
        raise SyntaxProblem("the query is empty", 0, "write a pattern, such as `(call) @call`")
    return patterns


def blanked(text: str, patterns: list[ParsedPattern]) -> bytes:
    """`text` in UTF-8 with spaces for its predicates, so that every other byte stays where it was."""
    pieces: list[bytes] = []
    done = 0
    for call in sorted((call for pattern in patterns for call in pattern.calls), key=lambda call: call.start):
        pieces.append(text[done : call.start].encode())
        pieces.append(re.sub(rb"[^\n]", b" ", text[call.start : call.end].encode()))
        done = call.end
    pieces.append(text[done:].encode())
    return b"".join(pieces)


def unquoted(text: str) -> str:
    """Return the value of a string of a query, or of a bare word: only a quote and a backslash are escaped there."""
    if not text.startswith('"'):
        return text
    return re.sub(r'\\(["\\])', r"\1", text[1:-1])


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [
            Token(str(match.lastgroup), match.group(), match.start())
            for match in _TOKEN.finditer(text)
            if match.lastgroup != "space"
        ]
        self.at = 0
        self.depth = 0

    @property
    def peek(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def element(self, calls: list[Call]) -> Element | None:
        """Return the next element with its captures; None after a predicate, which goes to `calls`."""
        token = self.take()
        if token.kind == "open":
            following = self.peek
            if token.text == "(" and following is not None and following.kind == "predicate":
                calls.append(self._call(token))
                return None
            element = self._bracket(token, calls)
        elif token.kind == "string" or token.text == "_":
            element = Element("leaf", token.start, parts=[token.text])
            element.end = token.start + len(token.text)
        else:
            raise _out_of_place(token)
        self._suffixes(element)
        return element

    def _bracket(self, opening: Token, calls: list[Call]) -> Element:
        self.depth += 1
        if self.depth > 100:
            raise SyntaxProblem("the query is more than 100 brackets deep", opening.start)
        form = "alternation" if opening.text == "[" else "group"
        element = Element(form, opening.start)
        first = self.peek
        if form == "group" and first is not None and first.kind == "word":
            element.form = "node"
            element.parts.append(self.take().text)
            self._missing(element)
        while (token := self.peek) is not None and token.kind != "close":
            if token.kind in ("anchor", "field"):
                element.parts.append(re.sub(r"\s", "", self.take().text))
                continue
            inner = self.element(calls)
            if inner is not None:
                element.parts.append(inner)
            elif form == "alternation":
                call = calls[-1]
                raise SyntaxProblem(
                    f"`{call.name}` stands among alternatives, where it is not bound to one of them",
                    call.start,
                    "put it after the `[…]`, or into parentheses with its alternative",
                )
        self._close(opening, element)
        return element

    def _missing(self, element: Element) -> None:
        token = self.peek
        if element.parts == ["MISSING"] and token is not None and token.kind in ("word", "string"):
            element.parts.append(self.take().text)

    def _close(self, opening: Token, element: Element) -> None:
        token = self.peek
        if token is None or token.text != _CLOSING[opening.text]:
            place = opening.start if token is None else token.start
            wanted = _CLOSING[opening.text]
            raise SyntaxProblem(f"`{opening.text}` is not closed by `{wanted}`", place, f"add `{wanted}`")
        self.take()
        self.depth -= 1
        element.end = token.start + 1

    def _suffixes(self, element: Element) -> None:
        while (token := self.peek) is not None and token.kind in ("quantifier", "capture"):
            self.take()
            if token.kind == "quantifier":
                element.quantifier += token.text
            elif token.text == "@":
                raise SyntaxProblem("a capture needs a name", token.start, "write `@name`")
            else:
                element.captures.append(token)
            element.end = token.start + len(token.text)

    def _call(self, opening: Token) -> Call:
        name = self.take()
        arguments: list[Token] = []
        while (token := self.peek) is not None and token.kind in ("string", "capture", "word"):
            arguments.append(self.take())
        if token is None or token.text != ")":
            place = opening.start if token is None else token.start
            raise SyntaxProblem(
                f"`{name.text}` takes captures and strings only, up to its `)`",
                place,
                "strings are written in double quotes",
            )
        self.take()
        return Call(name.text, tuple(arguments), opening.start, token.start + 1)


def _out_of_place(token: Token) -> SyntaxProblem:
    if token.text == '"':
        return SyntaxProblem("the string is not closed", token.start, 'add `"`')
    if token.kind == "capture":
        return SyntaxProblem(f"`{token.text}` follows no node", token.start, "a capture stands after its node")
    if token.kind == "word":
        return SyntaxProblem(
            f"`{token.text}` stands alone", token.start, f"a node is written in parentheses: `({token.text})`"
        )
    if token.kind == "predicate":
        return SyntaxProblem(
            f"`{token.text}` stands alone",
            token.start,
            f"write `({token.text} …)` inside the pattern's parentheses",
        )
    return SyntaxProblem(f"`{token.text}` is out of place", token.start)
