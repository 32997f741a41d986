"""Mutations of snippets (`pattern`) and of tree-sitter queries (`code`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from polcheck.authoring.mutants.edits import Variant, halves_or_each, spliced, within
from polcheck.authoring.mutants.regexes import regex_variants
from polcheck.selectors.syntax.problem import SyntaxProblem
from polcheck.selectors.syntax.query import Call, ParsedPattern, read, unquoted

_STRING = re.compile(r"""(?<![\w"'])("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')""")
_HOLE = re.compile(r"\$([A-Za-z]\w*)")
_PARTS = re.compile(
    r"""(?P<skip>"(?:\\.|[^"\\\n])*"|;[^\n]*|@[\w.\-]*|\#[\w.\-]*[?!]?)|(?P<field>![\w\-]+)|(?P<anchor>\.)"""
)
_CAPTURE = re.compile(r"@([A-Za-z][\w.\-]*)")
_ANONYMOUS = "_unjoined"


def pattern_variants(text: str) -> Iterator[Variant]:
    """Yield the snippet with a string loosened, or an argument dropped."""
    for result in _STRING.finditer(text):
        hole = _HOLE.search(result.group())
        content = result.group()[1:-1]
        if hole is None:
            yield spliced("loosen-string", text, *result.span(), "$_")
        elif content != hole.group():
            yield spliced("loosen-string", text, *result.span(), f'"{hole.group()}"')
    for start, end in _arguments(text):
        yield spliced("drop-argument", text, start, end, "")


def holes(text: str) -> list[str]:
    """Return the names that a snippet binds."""
    return list(dict.fromkeys(_HOLE.findall(text)))


def without_hole(text: str, name: str) -> str:
    """Return the snippet that doesn't bind the name any more."""
    return re.sub(rf"\${name}\b", "$_", text)


def captures(text: str) -> list[str]:
    """Return the names that a query binds."""
    return list(dict.fromkeys(result for result in _CAPTURE.findall(text) if result != "here"))


def without_capture(text: str, name: str) -> str:
    """Return the query that doesn't bind the name any more; what its predicates say of it stays."""
    return re.sub(rf"@{re.escape(name)}(?![\w.\-])", f"@{_ANONYMOUS}", text)


def _arguments(text: str) -> Iterator[tuple[int, int]]:
    """Yield the stretch of each argument, with a comma, of each call that may have further ones; `...` apart."""
    stack: list[list[int]] = []
    masked = _STRING.sub(lambda found: "s" * len(found.group()), text)
    for index, char in enumerate(masked):
        if char in "([{":
            stack.append([index])
        elif char == "," and stack:
            stack[-1].append(index)
        elif char in ")]}" and stack:
            marks = [*stack.pop(), index]
            parts = [(first + 1, last) for first, last in pairwise(marks)]
            words = [masked[start:end].strip() for start, end in parts]
            called = masked[marks[0]] == "(" and masked[: marks[0]][-1:].isidentifier()
            if called and words[-1:] == ["..."]:
                for (start, end), word in zip(parts, words, strict=True):
                    if word not in ("...", ""):
                        spaces = masked[start] + masked[end + 1 : end + 2]
                        yield start, end + 1 + (spaces[0] != " " and spaces[1:] == " ")


def code_variants(text: str) -> Iterator[Variant]:
    """Yield the query with a predicate dropped, negated or loosened, an alternative, an anchor or a `!field`
    dropped.
    """
    try:
        patterns = read(text)
    except SyntaxProblem:
        return
    for call in (call for pattern in patterns for call in pattern.calls):
        yield from _predicate(text, call)
    yield from _alternatives(text, patterns)
    for result in _PARTS.finditer(text):
        if result.lastgroup == "anchor":
            yield spliced("drop-query-anchor", text, *result.span(), "")
        elif result.lastgroup == "field":
            yield spliced("drop-absent-field", text, *result.span(), "")


def _predicate(text: str, call: Call) -> Iterator[Variant]:
    yield spliced("drop-predicate", text, call.start, call.end, "")
    name = call.name
    for part in ("#any-not-", "#any-", "#not-"):
        if name.startswith(part) and name != "#any-of?":
            other = {"#any-not-": "#any-", "#any-": "#any-not-", "#not-": "#"}[part] + name.removeprefix(part)
            break
    else:
        other = "#not-" + name.removeprefix("#")
    yield spliced("negate-predicate", text, call.start + 1, call.start + 1 + len(name), other)
    strings = [token for token in call.arguments if token.kind == "string"]
    for first, last in halves_or_each(len(strings)):
        start, end = strings[first].start, strings[last].start + len(strings[last].text)
        yield spliced("drop-string", text, start, end, "")
    if name.endswith("match?"):
        for token in strings:
            inner = regex_variants(unquoted(token.text))
            yield from within(inner, text, token.start + 1, token.start + len(token.text) - 1, "\\")


def _alternatives(text: str, patterns: list[ParsedPattern]) -> Iterator[Variant]:
    if len(patterns) > 1:
        for pattern in patterns:
            yield spliced("drop-alternative", text, pattern.element.start, pattern.element.end, "")
    for pattern in patterns:
        for element in pattern.element.walk():
            if element.form == "alternation" and len(element.elements) > 1:
                for inner in element.elements:
                    yield spliced("drop-alternative", text, inner.start, inner.end, "")
