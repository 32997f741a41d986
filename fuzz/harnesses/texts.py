"""Regular expressions of `text` and patterns of `files`: compiled or refused, true to what they say."""

from __future__ import annotations

from harnesses.parts import two_parts
from polcheck.selectors.text import TextProblem, TextSearch, compile_text, encodable
from polcheck.sources.path_patterns import FilePatterns, FilesProblem, compile_files, folders_of

_MOST_PATHS = 50


def text(data: bytes) -> str:
    """The occurrences of a regular expression, the first part, in the second."""
    regex, subject = two_parts(data)
    try:
        search = compile_text(regex)
    except TextProblem as problem:
        assert problem.message
        return f"{problem.message} {problem.help}"
    found = search.search(subject)
    for hit in found.matches:
        spans = [hit.span, *(bound.span for _, bound in hit.bindings)]
        assert all(span is not None and 0 <= span.start <= span.end <= len(subject) for span in spans)
        assert {name for name, _ in hit.bindings} <= search.binds
    assert not found.matches or _may_match(search, encodable(subject))
    return str(found)


def _may_match(search: TextSearch, subject: str) -> bool:
    """Whether the text holds what the search says that it needs."""
    return search.needed is None or any(literal in subject for literal in search.needed)


def files(data: bytes) -> str:
    """Which paths, the lines of the second part, path patterns match, the lines of the first."""
    first, second = two_parts(data)
    texts = first.split("\n")
    try:
        patterns = compile_files(texts)
    except FilesProblem as problem:
        assert problem.message
        assert 0 <= problem.offset <= max(map(len, texts)), problem.offset
        return f"{problem.message} {problem.offset} {problem.help}"
    paths = [path for path in second.split("\n") if path and "\0" not in path and "//" not in f"/{path}/"][:_MOST_PATHS]
    return "\n".join(f"{path}: {_matched(patterns, path)}" for path in (*paths, *folders_of(paths)))


def _matched(patterns: FilePatterns, path: str) -> list[dict[str, str]]:
    """The captures of a path, which agree with what the patterns say without it."""
    ways = patterns.match(path)
    assert ways == patterns.match(path)
    if ways:
        assert all(patterns.binds <= way.keys() <= patterns.names for way in ways)
        assert all(value in path for way in ways for value in way.values())
        ends = patterns.suffixes
        assert not ends or encodable(path.rstrip("/")).endswith(tuple(ends)), ends
        for folder in folders_of([path]):
            assert patterns.may_reach(folder.rstrip("/")), folder
    return ways
