"""Source files, snippets and queries: what is found lies within the text, and skipping finds the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Literal

from harnesses.parts import encoded, two_parts
from polcheck.base.spans import Source, Unreadable
from polcheck.languages.comments import comments
from polcheck.languages.constant_lookup import Constants
from polcheck.languages.constants import encoded as encoded_cell
from polcheck.languages.grammars import parse
from polcheck.languages.registry import languages
from polcheck.policy.plan import Probe
from polcheck.scan.extractor import Extractor
from polcheck.selectors.results import SearchResult
from polcheck.selectors.syntax.compile import compile_code, compile_pattern
from polcheck.selectors.syntax.problem import SyntaxProblem
from polcheck.selectors.syntax.selector import Syntax
from polcheck.selectors.text import compile_text

_PATTERNS = (
    "torch.load(...)", "torch.$f(...)", "$x['run_id']", '{"run_id": $_, ...}', "def $f(...): ...", "import torch",
    "class $c(...): ...", "with $a: ...", "assert $_", "$_.add_argument($flag, ...)", "$name = $_",
    "src.train.run(...)",
)  # fmt: skip
_QUERIES = (
    "(call function: (_) @f arguments: (argument_list (_)* @argument))",
    '((call function: (_) @f) (#resolves-to? @f "torch.load" "src.x"))',
    '((identifier) @i (#match? @i "^lo+ad$"))',
    '((comment) @c (#match? @c "TODO|FIXME"))',
    "(import_from_statement module_name: (_) @module) @here",
    "(string) @text",
    "[(global_statement) (lambda)] @here",
)


def python(data: bytes) -> str:
    """What a dozen selectors find in a Python file, its facts and its comments."""
    source = Source("src/a.py", data)
    probes, all_of = _probes(), range(len(_probes()))
    rows = Extractor(probes).extract(source, all_of, facts=True, lines=True)
    everything = Extractor(probes, {}, skips=False).extract(source, all_of, facts=True, lines=True)
    _same(rows.results, everything.results)
    for found in rows.results.values():
        _within(found, source)
    return f"{sorted(rows.results.items())}\n{rows.facts}\n{rows.line_starts}\n{_comments(source)}"


def constants(data: bytes) -> str:
    """What the constants of a file are, read as each language that follows them; and what each of its nodes is."""
    source = Source("src/a", data)
    found: list[object] = []
    for name, one in languages().items():
        rules = one.constants
        try:
            tree = parse(source, name) if rules is not None else None
        except Unreadable as error:
            return str(error)
        if rules is None or tree is None:
            continue
        table = encoded_cell(rules.of(tree).constants())
        known = Constants.of(["src/a"], {"src/a": table}, {"src/a": name}, {})
        found.append(table)
        pending = [tree.tree.root_node]
        while pending:
            node = pending.pop()
            pending += node.named_children
            found.append(known.resolved(encoded_cell(rules.of(tree).cell(node)), "src/a"))
    return repr(found)


def pattern(data: bytes) -> str:
    """What a snippet, the first part, finds in the second, its nearest miss, or why it is refused."""
    return _made(data, "pattern", compile_pattern)


def query(data: bytes) -> str:
    """What a tree-sitter query, the first part, finds in the second, its nearest miss, or why it is refused."""
    return _made(data, "code", compile_code)


def _made(data: bytes, kind: Literal["code", "pattern"], make: Callable[[list[str], str], Syntax]) -> str:
    text, code = two_parts(data)
    try:
        made = make([text], "python")
    except SyntaxProblem as problem:
        return _refused(problem, text)
    return _searched(made, kind, code)


def _refused(problem: SyntaxProblem, text: str) -> str:
    assert problem.message
    assert 0 <= problem.offset <= len(text), problem.offset
    return f"{problem.message} {problem.offset} {problem.help}"


def _searched(made: Syntax, kind: str, code: str) -> str:
    source = Source("src/a.py", encoded(code))
    assert kind in ("code", "pattern")
    probes = [Probe(made, "code" if kind == "code" else "pattern", "python", whole=True)]
    found = Extractor(probes).extract(source, [0]).results
    _same(found, Extractor(probes, {}, skips=False).extract(source, [0]).results)
    for result in found.values():
        _within(result, source)
        assert all(made.binds <= {name for name, _ in hit.bindings} for hit in result.matches)
    near = Extractor(probes).nearest(source, 0) if not found else None
    return f"{found} {near}"


def _same(found: Mapping[int, SearchResult], everything: Mapping[int, SearchResult]) -> None:
    """Whether what was skipped holds nothing; in a file that can't be parsed it counts as searched."""
    assert found == {probe: result for probe, result in everything.items() if probe in found}
    assert not [
        result.matches
        for probe, result in everything.items()
        if probe not in found and result.matches and not result.incomplete
    ]


def _within(found: SearchResult, source: Source) -> None:
    """Whether every hit, binding and point lies in the text; what polcheck itself failed at is a fault."""
    assert "search failed" not in found.incomplete, found.incomplete
    try:
        end = len(source.text)
    except Unreadable:
        return
    for hit in found.matches:
        spans = [hit.span, hit.point, *(bound.span for _, bound in hit.bindings)]
        assert all(span is None or 0 <= span.start <= span.end <= end for span in spans), hit


def _comments(source: Source) -> Sequence[object]:
    try:
        at = comments(source)
    except Unreadable as error:
        return [str(error)]
    return [at(offset) for offset in range(0, len(source.text), 7)]


@cache
def _probes() -> tuple[Probe, ...]:
    return (
        *(Probe(compile_pattern([text], "python"), "pattern", "python", whole=True) for text in _PATTERNS),
        *(Probe(compile_code([text], "python"), "code", "python") for text in _QUERIES),
        Probe(compile_text(r"^import (?P<name>\w+)$"), "text", whole=True),
    )
