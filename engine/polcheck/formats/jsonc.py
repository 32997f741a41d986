"""JSON with comments and trailing commas, as TypeScript, VS Code and development containers read their files."""

from __future__ import annotations

import re
from functools import cache

from polcheck.base.spans import Source, Span
from polcheck.formats.format import Format
from polcheck.formats.json import escapes, parse_text
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.values import Config, Unparsable


@cache
def _tokens() -> re.Pattern[str]:
    """Return what a string, a comment of either kind, a comma and any other mark look like."""
    return re.compile(r'("[^"\\]*+(?:\\.[^"\\]*+)*+"?+)|(//[^\r\n]*+)|(/\*)|(,)|[^ \t\r\n",/]++|/', re.DOTALL)


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the one value of a JSON text that may have comments, and a comma after the last member of a container.

    Raises Unparsable for what is neither JSON nor one of these, LimitExceeded, and Unreadable when the bytes aren't
    text.
    """
    # NOTE: what JSON lacks becomes white space of the same length, so that each place is the same in both
    return parse_text(_strict(source.text), limits)


def _strict(text: str) -> str:
    """Return a text with spaces in place of its comments and trailing commas. Raises Unparsable."""
    removed = list[tuple[int, int]]()
    at = 0
    comma = -1  # where the last comma stands, as long as nothing but comments has followed it
    opened = True  # whether what came last before that comma can have no comma behind it
    while token := _tokens().search(text, at):
        start, at = token.span()
        if token[2] or token[3]:
            at = _comment_end(text, start, at)
            removed.append((start, at))
        elif token[4]:
            comma = start if comma < 0 and not opened else -1
            opened = True
        else:
            if comma >= 0 and token[0][0] in "]}":
                removed.append((comma, comma + 1))
            comma = -1
            opened = token[0][-1] in "[{:"
    parts = list[str]()
    done = 0
    for start, end in sorted(removed):
        parts += [text[done:start], " " * (end - start)]
        done = end
    return "".join([*parts, text[done:]])


def _comment_end(text: str, start: int, end: int) -> int:
    """Return where a comment ends whose first characters, or the whole of it, end at `end`. Raises Unparsable."""
    if text[start + 1] == "*":
        close = text.find("*/", end)
        if close < 0:
            raise Unparsable("a comment has no end", Span(start, end))
        return close + 2
    if "\u2028" in text[start:end] or "\u2029" in text[start:end]:
        raise Unparsable(
            "a separator of lines stands in a comment, which some readers take for its end", Span(start, end)
        )
    return end


FORMAT = Format(
    name="jsonc",
    title="JSON with comments",
    parse=parse,
    suffixes=(".jsonc", ".code-workspace", ".code-snippets"),
    names=(
        *("tsconfig.json", "jsconfig.json", "devcontainer.json", ".devcontainer.json", "tslint.json", "tsdoc.json"),
        *(".eslintrc.json", ".jshintrc", ".swcrc", "api-extractor.json", "typedoc.json", ".markdownlint.json"),
        *("deno.json", "turbo.json", "nx.json", "angular.json", "rush.json", "wrangler.json", "bun.lock"),
        *("appsettings.json", "global.json", "launchSettings.json"),
    ),
    patterns=(
        *(".vscode/*.json", "tsconfig.*.json", "tsconfig-*.json", "jsconfig.*.json", "appsettings.*.json"),
        *("common/config/rush/*.json",),
    ),
    escapes=escapes,
)
