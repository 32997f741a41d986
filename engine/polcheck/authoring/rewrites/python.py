"""Rewrites of Python that keep its syntax tree: quotes, layout, comments and parentheses."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from keyword import iskeyword
from typing import NamedTuple

from polcheck.authoring.rewrites.edit import Edit, Group

_NOTE = "# a remark that says nothing"
_STRING = re.compile(r"(?P<prefix>[A-Za-z]*)(?P<quote>'''|\"\"\"|'|\")(?P<body>.*)(?P=quote)", re.DOTALL)
_OTHER = {"'": '"', '"': "'", "'''": '"""', '"""': "'''"}
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_LAYOUT = frozenset({tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT})
# NOTE: from Python 3.12 on the parts of an f-string are tokens, between these two
_F_START, _F_END = getattr(tokenize, "FSTRING_START", -1), getattr(tokenize, "FSTRING_END", -1)


class Token(NamedTuple):
    """A token with its offsets; `depth` is how many brackets are open before it, an f-string counting as many."""

    kind: int
    text: str
    start: int
    end: int
    depth: int
    in_string: bool


def meaning(text: str) -> str:
    """Return a canonical form of a module's meaning. Raises SyntaxError and ValueError for invalid Python."""
    return ast.dump(_parsed(text))


def quotes(text: str) -> Iterator[Group]:
    """Other quotes round each string that holds neither a quote nor a backslash."""
    for token in tokens(text):
        match = _STRING.fullmatch(token.text) if token.kind == tokenize.STRING and not token.in_string else None
        if match and not re.search(r"['\"\\]", match["body"]):
            other = _OTHER[match["quote"]]
            start, end, size = token.start + len(match["prefix"]), token.end, len(other)
            yield Edit(start, start + size, other), Edit(end - size, end, other)


def prefixes(text: str) -> Iterator[Group]:
    """Yield an `r` before each string that has no prefix and no backslash."""
    for token in tokens(text):
        if token.kind == tokenize.STRING and token.text[0] in "'\"" and "\\" not in token.text and not token.in_string:
            # INVARIANT: the quote is a part of the edit, so that what begins with the string begins with its prefix
            yield (Edit(token.start, token.start + 1, f"r{token.text[0]}"),)


def pieces(text: str) -> Iterator[Group]:
    """Two strings side by side for each of several words that has no prefix, no quote and no backslash in it."""
    for token in tokens(text):
        match = _STRING.fullmatch(token.text) if token.kind == tokenize.STRING and not token.in_string else None
        if match and not match["prefix"] and len(match["quote"]) == 1 and not re.search(r"['\"\\]", match["body"]):
            middle = token.start + match["body"].rfind(" ", 0, -1) + 2
            if middle > token.start + 1:
                yield (Edit(middle, middle, f"{match['quote']} {match['quote']}"),)


def comments(text: str) -> Iterator[Group]:
    """Yield a comment on a line of its own before each statement."""
    for at, margin in _statements(text):
        yield (Edit(at, at, f"{margin}{_NOTE}\n"),)


def blank_lines(text: str) -> Iterator[Group]:
    """Two blank lines before each statement."""
    for at, _ in _statements(text):
        yield (Edit(at, at, "\n\n"),)


def margins(text: str) -> Iterator[Group]:
    """Yield a comment at the end of each line that can carry one and has none."""
    for before, token in pairwise(tokens(text)):
        inside = token.kind == tokenize.NL and token.depth and not token.in_string
        if (token.kind == tokenize.NEWLINE or inside) and before.kind != tokenize.COMMENT:
            yield (Edit(before.end, before.end, f"  {_NOTE}"),)


def breaks(text: str) -> Iterator[Group]:
    """Inside brackets, a line break after each that opens, before each that closes, and after each comma.

    NOTE: lines are indented further than their statement: the grammar of syntax trees takes some others for broken.
    """
    margins = dict(_statements(text))
    margin = ""
    for before, token in pairwise(tokens(text)):
        margin = margins.get(text.rfind("\n", 0, before.start) + 1, margin) if not before.depth else margin
        if token.in_string or before.in_string or {before.kind, token.kind} & _LAYOUT:
            continue
        opens = before.text in _OPENING or (before.text == "," and token.depth > 0)
        closes = token.text in _CLOSING and token.kind == tokenize.OP
        if (closes and before.text not in _OPENING) or (opens and before.kind == tokenize.OP and not closes):
            yield (Edit(before.end, token.start, f"\n{margin}" + "    " * token.depth),)


def joined(text: str) -> Iterator[Group]:
    """Yield the lines inside brackets as one, unless a comment parts them."""
    for (before, token), (_, after) in pairwise(pairwise(tokens(text))):
        if token.kind == tokenize.NL and token.depth and not token.in_string and before.kind != tokenize.COMMENT:
            yield (Edit(token.start, after.start, " " if before.text not in _OPENING else ""),)


def commas(text: str) -> Iterator[Group]:
    """Yield a comma behind the last of what a pair of brackets holds, and none where there was one."""
    results = [token for token in tokens(text) if token.kind not in _LAYOUT and not token.in_string]
    for before, token in pairwise(results):
        if token.text not in _CLOSING or token.kind != tokenize.OP or before.text in _OPENING:
            continue
        if before.text == ",":
            yield (Edit(before.start, before.end, ""),)
        else:
            yield (Edit(before.end, before.end, ","),)


def spaces(text: str) -> Iterator[Group]:
    """Yield a space inside of each bracket, and before each comma, bracket of a call, and dot inside brackets."""
    for before, token in pairwise(tokens(text)):
        if token.in_string or before.in_string or {before.kind, token.kind} & _LAYOUT or before.end != token.start:
            continue
        if before.text in _OPENING or token.text in _CLOSING or token.text in {",", "(", "["}:
            yield (Edit(before.end, before.end, " "),)


def tabs(text: str) -> Iterator[Group]:
    """Tabs to indent with, one a level and one a bracket."""
    depth, margins = 0, []
    for before, token in pairwise([Token(tokenize.NEWLINE, "", 0, 0, 0, False), *tokens(text)]):
        if token.kind in (tokenize.INDENT, tokenize.DEDENT):
            depth += 1 if token.kind == tokenize.INDENT else -1
        elif before.kind in (tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT) and not token.in_string:
            start = text.rfind("\n", 0, token.start) + 1
            if token.kind not in _LAYOUT and start < token.start:
                margins.append(Edit(start, token.start, "\t" * (depth + token.depth)))
    if margins:
        yield tuple(margins)


def parentheses(text: str) -> Iterator[Group]:
    """Parentheses round what is assigned, returned, asserted, asked or given to a call, if it has none."""
    offset, grouping = _offsets(text), _grouping(text)
    for node in ast.walk(_parsed(text)):
        for value in _wrapped(node):
            start, end = offset(value.lineno, value.col_offset), offset(value.end_lineno, value.end_col_offset)
            if len(text[:start].rstrip()) - 1 not in grouping:
                yield Edit(start, start, "("), Edit(end, end, ")")


def bare(text: str) -> Iterator[Group]:
    """Yield edits that drop parentheses without meaning."""
    open_at: list[Token] = []
    for token in tokens(text):
        if token.kind == tokenize.OP and not token.in_string:
            if token.text in _OPENING:
                open_at.append(token)
            elif token.text in _CLOSING and open_at:
                opening = open_at.pop()
                if opening.text == "(":
                    yield Edit(opening.start, opening.end, " "), Edit(token.start, token.end, " ")


def tokens(text: str) -> list[Token]:
    """Return the tokens of a text. Raises TokenError, SyntaxError where there are none."""
    starts = [0, *accumulate(len(line) for line in io.StringIO(text))]
    results: list[Token] = []
    depth = strings = 0
    for kind, token, (line, column), (end_line, end_column), _ in tokenize.generate_tokens(io.StringIO(text).readline):
        closes = token in _CLOSING and kind == tokenize.OP
        depth -= closes
        strings -= kind == _F_END
        start, end = starts[min(line, len(starts)) - 1] + column, starts[min(end_line, len(starts)) - 1] + end_column
        results.append(Token(kind, token, min(start, len(text)), min(end, len(text)), depth, strings > 0))
        depth += token in _OPENING and kind == tokenize.OP
        strings += kind == _F_START
    return results


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text.encode())  # NOTE: only bytes may begin with a byte-order mark


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield the offset of the line of each logical line's first token, and its indentation."""
    fresh = True
    for token in tokens(text):
        if token.kind == tokenize.NEWLINE:
            fresh = True
        elif fresh and token.kind not in _LAYOUT and token.kind != tokenize.ENDMARKER:
            start = text.rfind("\n", 0, token.start) + 1
            yield start, text[start : token.start]
            fresh = False


def _wrapped(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Assign(value=value) | ast.keyword(value=value):
            yield value
        case ast.AnnAssign(value=value) | ast.Return(value=value) if value is not None:
            yield value
        case ast.If(test=test) | ast.While(test=test) | ast.Assert(test=test):
            yield test
        case ast.Call(args=arguments):
            yield from (argument for argument in arguments if not isinstance(argument, ast.Starred))


def _grouping(text: str) -> frozenset[int]:
    """Return the offsets of opening parentheses that are neither a call's nor a definition's."""
    results = [token for token in tokens(text) if token.kind not in _LAYOUT]
    return frozenset(
        token.start
        for before, token in pairwise(results)
        if token.text == "("
        and not (before.kind == tokenize.NAME and not iskeyword(before.text))
        and not (before.kind == tokenize.STRING or before.text in _CLOSING)
    )


def _offsets(text: str) -> Callable[[int | None, int | None], int]:
    """From a line and a column in bytes, as syntax trees count, to an offset."""
    lines = list(io.StringIO(text))
    starts: Sequence[int] = [0, *accumulate(len(line) for line in lines)]

    def offset(line: int | None, column: int | None) -> int:
        assert line is not None and column is not None
        return starts[line - 1] + len(lines[line - 1].encode("utf-8")[:column].decode("utf-8", "ignore"))

    return offset
