"""`text`: a linear-time regular expression over a document's text, every occurrence; named groups bind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct

from polcheck.base.limits import Clock
from polcheck.base.spans import Span
from polcheck.selectors.results import Bound, Match, MatchColumn, MatchTable, SearchResult, Spans

MAX_LENGTH = 10_000
MAX_DEPTH = 200


def too_much(regex: str) -> str:
    """Which bound an expression is over; empty when it is within all."""
    if len(regex) > MAX_LENGTH:
        return f"a regular expression of more than {MAX_LENGTH:,} characters"
    if regex.count("(") > MAX_DEPTH and _depth(regex) > MAX_DEPTH:
        return f"a regular expression with parentheses more than {MAX_DEPTH} deep"
    return ""


def _depth(regex: str) -> int:
    """At least how deep the parentheses are; escaped ones and those in sets count, too."""
    depth = most = 0
    for char in regex:
        depth += (char == "(") - (char == ")")
        most = max(most, depth)
    return most


_TOKEN = re.compile(
    r"""
    \\Q.*?(?:\\E|\Z)                                   # quoted text: rare, so nothing is claimed of it
    | \\[pP](?:\{[^}]*\}|.) | \\x(?:\{[^}]*\}|..) | \\[0-7]{1,3} | \\.   # escapes
    | \[\^?\]?(?:\\.|\[:[^\]]*:\]|[^\]\\])*\]          # classes
    | [*+?]\??  | \{\d*,?\d*\}\??                      # repetitions
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_PLAIN_ESCAPE = re.compile(r"\\[^A-Za-z0-9]", re.DOTALL)
_REPEATED = re.compile(r"[*?]|\{0*[,}]")  # may be left out
_SHORTEST = 3


def needed(regex: str) -> frozenset[str] | None:
    """Literals one of which stands in every text that the expression matches; None when none is known."""
    if re.search(r"\(\?[a-zA-Z]*i", regex):
        return None  # NOTE: letters of either case
    found: list[str] = []
    for branch in _branches(_TOKEN.findall(regex)):
        stretch = max(_stretches(branch), key=len, default="")
        if len(stretch) < _SHORTEST:
            return None
        found.append(stretch)
    return frozenset(found) if found else None


def _branches(tokens: list[str]) -> list[list[str]]:
    """Return the alternatives at the top, each with its groups blanked out."""
    branches: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        if token == "(":
            depth += 1
        elif token == ")":
            depth -= 1
            if depth == 0:
                branches[-1].append("")
        elif depth == 0 and token == "|":
            branches.append([])
        elif depth == 0:
            branches[-1].append(token)
    return branches


def _stretches(tokens: list[str]) -> list[str]:
    """Return the literal stretches of a concatenation."""
    stretches = [""]
    for index, token in enumerate(tokens):
        after = tokens[index + 1] if index + 1 < len(tokens) else ""
        literal = _literal(token)
        if not literal or _REPEATED.match(after):
            stretches.append("")
        else:
            stretches[-1] += literal
            if after[:1] in ("+", "{"):
                stretches.append("")
    return stretches


def _literal(token: str) -> str:
    """Return the character that a token stands for; empty when it stands for anything else."""
    if len(token) == 1:
        return "" if token in ".^$*+?{}[]()|\\" else token
    return token[1:] if len(token) == 2 and _PLAIN_ESCAPE.fullmatch(token) else ""


MAX_ROWS = 10_000
MAX_GROUPS = 100
SECONDS = 5.0
_SELDOM = 16  # matches between two looks at the clock
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_MULTILINE = "(?m)"


class TextProblem(Exception):
    """A regular expression that can't be used; `message` says why, `help` what would be right."""

    def __init__(self, message: str, help: str = "") -> None:
        self.message = message
        self.help = help
        super().__init__(message)


class TextSearch(Struct, frozen=True):
    """A regular expression (RE2 syntax; `^` and `$` are those of a line) ready to search."""

    regex: str
    binds: frozenset[str]

    @property
    def pattern(self) -> str:
        """The expression as RE2 gets it."""
        return _MULTILINE + self.regex

    @property
    def needed(self) -> frozenset[str] | None:
        """Literals one of which stands in every text that has an occurrence; None when none is known."""
        return needed(self.regex)

    def search(self, text: str, limit: int = MAX_ROWS) -> SearchResult:
        """Return every occurrence in `text`, in order; incomplete past `limit` of them."""
        found: list[Any] = []
        incomplete = ""
        clock = Clock(SECONDS)  # NOTE: each match is found in linear time, all of them together are not
        compiled = _compiled(self.regex)
        text = encodable(text)
        # NOTE: over bytes RE2's binding counts no characters, which takes longer than most searches
        for match in compiled.finditer(text.encode() if text.isascii() else text):
            if not len(found) % _SELDOM and clock.over:
                incomplete = f"the search took more than the limit of {clock.seconds:g} seconds"
                break
            if len(found) >= limit:
                incomplete = f"more than {limit:,} matches of `text`"
                break
            found.append(match)
        groups = {name: number for name, number in compiled.groupindex.items() if not name.startswith("_")}
        return SearchResult(_hits(text, found, groups), incomplete)


def _hits(text: str, matches: Sequence[Any], groups: Mapping[str, int]) -> Sequence[Match]:
    """Return the matches of a regular expression in a text; a group that took no part in one binds nothing."""
    if not matches:
        return ()
    columns: dict[str, MatchColumn] = {}
    for name, number in groups.items():
        spans = _spans(matches, number)
        if -1 in spans.starts:
            return tuple([_hit(text, match, groups) for match in matches])
        values = [text[start:end] for start, end in zip(spans.starts, spans.ends, strict=True)]
        columns[name] = MatchColumn(spans, values)
    return MatchTable(_spans(matches, 0), [0] * len(matches), columns)


def _spans(matches: Iterable[Any], group: int) -> Spans:
    spans = [match.span(group) for match in matches]
    return Spans([start for start, _ in spans], [end for _, end in spans])


def _hit(text: str, match: Any, groups: Mapping[str, int]) -> Match:
    spans = ((name, Span(*match.span(number))) for name, number in groups.items())
    bindings = tuple((name, Bound(text[span.start : span.end], span)) for name, span in spans if span.start >= 0)
    return Match(Span(*match.span()), bindings)


def compile_text(regex: str) -> TextSearch:
    """Return the search. Raises TextProblem when RE2 does not take the expression."""
    import re2

    over = too_much(regex)
    if over:
        raise TextProblem(over)
    try:
        compiled = _compiled(regex)
    except re2.error as error:
        reason = str(error.args[0].decode() if isinstance(error.args[0], bytes) else error.args[0])
        hint = "it is RE2's syntax; `\\(` is a parenthesis, and single quotes keep backslashes in YAML"
        if "perl operator" in reason:
            hint = "look-around and back-references are not linear-time: match more, and say the rest in `where`"
        reason = reason.removesuffix(f": {_MULTILINE}{regex}")
        raise TextProblem(f"`{regex}` is not a regular expression: {reason}", hint) from None
    if compiled.groups > MAX_GROUPS:
        raise TextProblem(f"a regular expression of more than {MAX_GROUPS} groups", "`(?:…)` groups without binding")
    return TextSearch(regex, frozenset(n for n in compiled.groupindex if not n.startswith("_")))


@lru_cache(maxsize=4096)
def _compiled(regex: str) -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False
    return re2.compile(_MULTILINE + regex, options)


def encodable(text: str) -> str:
    """Return the text with each half of a surrogate pair, which RE2 can't take, as one replacement character."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
