"""`text`: a linear-time regular expression over a document's text, every occurrence; named groups bind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from polcheck.limits import Clock
from polcheck.records import record
from polcheck.selectors.bounds import too_much
from polcheck.selectors.found import Bound, Column, Found, Hit, Hits, Spans
from polcheck.selectors.textneeds import needed
from polcheck.source import Span

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


@record(frozen=True)
class TextSearch:
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

    def search(self, text: str, limit: int = MAX_ROWS) -> Found:
        """Every occurrence in `text`, in order; incomplete past `limit` of them."""
        found: list[Any] = []
        incomplete = ""
        clock = Clock(SECONDS)  # NOTE: each match is found in linear time, all of them together are not
        compiled = _compiled(self.regex)
        for match in compiled.finditer(encodable(text)):
            if not len(found) % _SELDOM and clock.over:
                incomplete = f"the search took more than the limit of {clock.seconds:g} seconds"
                break
            if len(found) >= limit:
                incomplete = f"more than {limit:,} matches of `text`"
                break
            found.append(match)
        groups = {name: number for name, number in compiled.groupindex.items() if not name.startswith("_")}
        return Found(_hits(found, groups), incomplete)


def _hits(matches: Sequence[Any], groups: Mapping[str, int]) -> Sequence[Hit]:
    """The matches of a regular expression; a group that took no part in one binds nothing."""
    columns: dict[str, Column] = {}
    for name, number in groups.items():
        values = [match.group(number) for match in matches]
        if None in values:
            return tuple([_hit(match, groups) for match in matches])
        columns[name] = Column(_spans(matches, number), values)
    return Hits(_spans(matches, 0), [0] * len(matches), columns)


def _spans(matches: Iterable[Any], group: int) -> Spans:
    spans = [match.span(group) for match in matches]
    return Spans([start for start, _ in spans], [end for _, end in spans])


def _hit(match: Any, groups: Mapping[str, int]) -> Hit:
    bindings = tuple(
        (name, Bound(value, Span(*match.span(number))))
        for name, number in groups.items()
        if (value := match.group(number)) is not None
    )
    return Hit(Span(*match.span()), bindings)


def compile_text(regex: str) -> TextSearch:
    """The search. Raises TextProblem when RE2 does not take the expression."""
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
    """The text with each half of a surrogate pair, which RE2 can't take, as one replacement character."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
