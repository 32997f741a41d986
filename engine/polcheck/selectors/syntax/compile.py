"""`code` and `pattern` selectors, compiled: checked once, and plain data from then on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from msgspec import Struct

from polcheck.base.spans import Source
from polcheck.languages.grammars import grammar, parse
from polcheck.languages.registry import language as language_called
from polcheck.selectors.syntax.build import build
from polcheck.selectors.syntax.candidate import binds_of, candidates, literals
from polcheck.selectors.syntax.problem import SyntaxProblem
from polcheck.selectors.syntax.query import read
from polcheck.selectors.syntax.query_patterns import PatternProbe, probes
from polcheck.selectors.syntax.selector import Clauses, Syntax, either
from polcheck.selectors.syntax.shape import Shape
from polcheck.selectors.syntax.snippet import Prepared, Quoted, closed_calls, prepare

_WORD = re.compile(r"\b[^\W\d]\w*")
MAX_LENGTH = 10_000


class _Compiled(Struct, frozen=True):
    query: str
    runs: tuple[tuple[PatternProbe, Shape | None], ...]
    always: frozenset[str]
    names: frozenset[str]
    literals: Clauses
    warnings: tuple[tuple[str, int, str], ...] = ()


def compile_code(texts: Sequence[str], language: str) -> Syntax:
    """Return the selector of tree-sitter queries. Raises SyntaxProblem, UnknownLanguage for `language`."""
    grammar(language)
    parts = _each(texts, lambda text: _code(text, language))
    return _joined("code", texts, language, parts)


def compile_pattern(texts: Sequence[str], language: str, resolve: bool = True) -> Syntax:
    """Return the selector of snippets; `resolve` follows names through imports. Raises as `compile_code` does."""
    grammar(language)
    parts = _each(texts, lambda text: _pattern(text, language, resolve))
    return _joined("pattern", texts, language, parts, resolve)


@lru_cache(maxsize=4096)
def _readings(text: str, language: str, resolve: bool) -> tuple[tuple[Shape, Prepared], ...]:
    """Return the shapes that a snippet has in the contexts in which it parses. Raises SyntaxProblem if it has none."""
    found: dict[Shape, Prepared] = {}
    refused: SyntaxProblem | None = None
    for prepared in prepare(text, language):
        try:
            found.setdefault(build(prepared, resolve), prepared)
        except SyntaxProblem as problem:
            refused = refused or problem
    if not found and refused is not None:
        raise refused
    return tuple(found.items())


def _each(texts: Sequence[str], make: Callable[[str], _Compiled]) -> list[_Compiled]:
    compiled: list[_Compiled] = []
    for index, text in enumerate(texts):
        try:
            if len(text) > MAX_LENGTH:
                raise SyntaxProblem(f"more than {MAX_LENGTH:,} characters", 0, "give a list of shorter ones")
            compiled.append(make(text))
        except SyntaxProblem as problem:
            problem.index = index
            raise
    if not compiled:
        raise SyntaxProblem("there is no text to look for")
    return compiled


@lru_cache(maxsize=4096)
def _code(text: str, language: str) -> _Compiled:
    patterns = probes(text, language)
    names = frozenset(name for probe in patterns for _, name in probe.public)
    return _Compiled(
        text,
        tuple((probe, None) for probe in patterns),
        frozenset.intersection(*(probe.always for probe in patterns)),
        names,
        either([_code_literals(probe, language) for probe in patterns]),
        (
            *(_bare_strings(probe, text, language) for probe in patterns if _has_bare_strings(probe, language)),
            *_loose_anchors(text),
        ),
    )


@lru_cache(maxsize=4096)
def _pattern(text: str, language: str, resolve: bool) -> _Compiled:
    readings: list[_Compiled] = []
    refused: SyntaxProblem | None = None
    for shape, prepared in _readings(text, language, resolve):
        try:
            readings.append(_reading(text, shape, prepared, resolve))
        except SyntaxProblem as problem:
            refused = refused or problem
    if not readings and refused is not None:
        raise refused
    return _Compiled(
        "\n".join(one.query for one in readings),
        tuple(run for one in readings for run in one.runs),
        frozenset.intersection(*(one.always for one in readings)),
        frozenset[str]().union(*(one.names for one in readings)),
        either([one.literals for one in readings]),
        readings[0].warnings,
    )


def _reading(text: str, shape: Shape, prepared: Prepared, resolve: bool) -> _Compiled:
    """Return one reading of a snippet. Raises SyntaxProblem when it can't be searched for or doesn't match itself."""
    language = prepared.language
    names = frozenset(binds_of(shape)) - {"here"}
    queries: list[str] = []
    runs: list[tuple[PatternProbe, Shape | None]] = []
    refused: SyntaxProblem | None = None
    for query in candidates(shape, language, resolve):
        try:
            runs += [(probe, shape) for probe in probes(query, language)]
            queries.append(query)
        except SyntaxProblem as problem:
            refused = refused or problem
    if not runs and refused is not None:
        raise SyntaxProblem(
            f"the snippet can't be searched for: {refused.message}", 0, "write a `code` query"
        ) from refused
    warnings = _warnings(shape, prepared)
    reading = _Compiled("\n".join(queries), tuple(runs), names, names, literals(shape, language, resolve), warnings)
    if not _matches_itself(text, prepared, resolve, reading):
        help = "what the snippet means in its place is ambiguous here: write a `code` query"
        raise SyntaxProblem("the snippet doesn't match its own text, so that it would never match", 0, help)
    return reading


def _matches_itself(text: str, prepared: Prepared, resolve: bool, reading: _Compiled) -> bool:
    """Return whether a snippet matches its own text, in which each `$name` and `...` is a word like another."""
    from polcheck.selectors.syntax.query_set import LIMITS, QuerySet

    language = prepared.language
    sample = prepared.source.text.replace(f"${prepared.marks.letter}", "$").replace("$$", "$")
    tree = parse(Source("", sample.encode()), language)
    results = QuerySet([_joined("pattern", [text], language, [reading], resolve)], LIMITS).search(tree)
    return bool(results[0].matches) if 0 in results else False


def _joined(kind: str, texts: Sequence[str], language: str, parts: list[_Compiled], resolve: bool = True) -> Syntax:
    binds = frozenset.intersection(*(part.always for part in parts))
    names = frozenset().union(*(part.names for part in parts))
    return Syntax(
        language=language,
        kind=kind,
        texts=tuple(texts),
        queries=tuple(part.query for part in parts),
        binds=binds,
        some=names - binds,
        literals=either([part.literals for part in parts]),
        warnings=tuple((*warning, index) for index, part in enumerate(parts) for warning in part.warnings),
        resolve=resolve,
        alternatives=tuple(
            (probe, shape, text) for text, part in zip(texts, parts, strict=True) for probe, shape in part.runs
        ),
    )


def _code_literals(probe: PatternProbe, language: str) -> Clauses:
    kinds = dict(probe.kinds)
    clauses: set[frozenset[str]] = set()
    for predicate in probe.predicates:
        name = probe.captures[predicate.capture]
        if predicate.negated or not predicate.values or predicate.test == "match" or name not in probe.certain:
            continue
        kind = kinds.get(predicate.capture, "")
        if language_called(language).split_strings and not kind.endswith(("identifier", "name", "word")):
            continue  # NOTE: other grammars split strings at escapes, so that no word boundary is sure
        if predicate.test == "resolves-to":
            chosen = [[value.split(".")[end] for value in predicate.values] for end in (0, -1)]
        else:
            chosen = [[_literal(value) for value in predicate.values]]
        clauses |= {frozenset(words) for words in chosen if all(words) and "*" not in words}
    return tuple(sorted(clauses, key=sorted))


def _literal(value: str) -> str:
    """Return the longest word of a text that a node has."""
    # NOTE: a part of a string, such as an escape, need not end where a word does
    return "" if "\\" in value else max(_WORD.findall(value), key=len, default="")


def _has_bare_strings(probe: PatternProbe, language: str) -> bool:
    kinds = dict(probe.kinds)
    record = language_called(language)
    return bool(record.string_content) and any(
        kinds.get(predicate.capture) in record.strings
        and predicate.test in ("eq", "any-of")
        and predicate.values
        and not any(value.endswith(('"', "'", "`")) for value in predicate.values)
        for predicate in probe.predicates
    )


def _bare_strings(probe: PatternProbe, text: str, language: str) -> tuple[str, int, str]:
    content = language_called(language).string_content
    return (
        "a predicate compares a string's node with a string that has no quotes",
        max(text.find("(#"), 0),
        f"predicates see the text of a node: capture its `{content}`, or join on the value that it binds",
    )


def _loose_anchors(text: str) -> Iterator[tuple[str, int, str]]:
    """Yield a warning for each step that may be absent and stands beside an anchor.

    NOTE: tree-sitter drops the match or the anchor where such a step is absent, depending on what is around it:
    https://github.com/tree-sitter/tree-sitter/issues/5416.
    """
    for pattern in read(text):
        for element in pattern.element.walk():
            for part in element.loosely_anchored:
                step = text[part.start : part.end]
                yield (
                    f"`.` beside `{step}` isn't reliable: tree-sitter loses matches where nothing is there",
                    part.start,
                    "leave out the anchor or the quantifier: a query for each case, or a predicate",
                )


def _warnings(shape: Shape, prepared: Prepared) -> tuple[tuple[str, int, str], ...]:
    warnings = [
        (
            f"`{call}` doesn't end in `...`: one more keyword argument defeats it",
            offset,
            "end its arguments with `...` unless exactly these are meant",
        )
        for call, offset in closed_calls(prepared)
    ]
    if isinstance(shape, Quoted) and not shape.names and shape.texts == ("...",):
        warnings.append(('`"..."` is a string of three dots', 0, 'any string is `"$_"`'))
    return tuple(warnings)
