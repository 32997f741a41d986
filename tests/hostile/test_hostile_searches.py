"""Searches of a pack that take forever, or find without end, on texts made for it."""

from __future__ import annotations

import re

import pytest

from hostile.bounded import judged, outcome_of, refused, undecided

BOMB = "((a{100}){100}){100}"
SLOW = "(a?){900}a{900}b"  # within what RE2 takes, and slow at each character
PAIR = "(module (expression_statement (identifier) @a) (expression_statement (identifier) @b))"


@pytest.mark.parametrize(
    "body",
    [
        f'forbid: {{files: "*.txt", text: "{BOMB}"}}',
        'forbid: {files: "*.txt", text: "(a{1000}){1000}"}',
        f"forbid: {{files: '*.yaml', data: \"leaves(@)[?matches(value, '{BOMB}')]\"}}",
        f"forbid: {{files: '*.py', code: '((identifier) @a (#match? @a \"{BOMB}\"))'}}",
    ],
)
def test_programs_that_grow_are_refused(body: str) -> None:
    """An expression whose repetitions multiply is refused where it is written."""
    assert "regular expression: invalid repetition size" in refused(body)


@pytest.mark.parametrize("length", [10_001, 100_000])
def test_long_regular_expressions_are_refused(length: int) -> None:
    """The time for a text grows with the expression, so that expressions are bounded."""
    assert refused(f'forbid: {{files: "*.txt", text: "{"a" * length}"}}').startswith("a regular expression of more")


def test_deep_regular_expressions_are_refused() -> None:
    """RE2 reads parentheses by recursion."""
    assert "parentheses more than 200 deep" in refused(f'forbid: {{text: "{"(" * 300}a{")" * 300}", files: x}}')


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("body", "name", "content"),
    [
        (f'forbid: {{files: "h.txt", text: "{SLOW}"}}', "h.txt", "a" * 3_000_000),
        (f"forbid: {{files: h.py, code: '((identifier) @a (#match? @a \"{SLOW}\"))'}}", "h.py", "a" * 300_000 + "\n"),
    ],
    ids=["text", "match"],
)
def test_slow_expressions_run_out_of_time(body: str, name: str, content: str) -> None:
    """A search that is over the time for a file is ended from outside."""
    assert undecided(body, {name: content}, search_seconds=1) == "it took more than the limit of 1 seconds"


def test_occurrences_are_bounded() -> None:
    """An expression that matches everywhere gives as many matches as the limit."""
    report = judged('forbid: {files: h.txt, text: "x*"}', {"h.txt": "a" * 100_000})
    assert "more than 10,000 matches of `text`" in [notice.message for notice in report.notices]


@pytest.mark.heavy
def test_pairs_of_siblings_run_out_of_time() -> None:
    """6,000 flat statements are 18 million pairs: found in a process that is ended."""
    assert undecided(f"forbid: {{files: h.py, code: '{PAIR}'}}", {"h.py": "x\n" * 6_000}, 1).startswith(
        "it took more than"
    )


def test_triples_in_a_small_file_are_searched_aside() -> None:
    """What multiplies most is not searched in this process even where the file is small."""
    code = "(module (_)* @a (_)* @b (_)* @c)"
    report = judged(f"forbid: {{files: h.py, code: '{code}'}}", {"h.py": "f(1)\n" * 60})
    assert outcome_of(report) in ("fail", "undecided")


def test_ways_to_match_arguments_are_bounded() -> None:
    """A snippet with many gaps has more ways to match than the limit."""
    report = judged('forbid: {files: h.py, pattern: "f(..., $x, ..., $y, ...)"}', {"h.py": "f(" + "a," * 900 + ")"})
    assert "more than 10,000 matches" in [notice.message for notice in report.notices]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("(call arguments: (argument_list " * 60 + "(call)" + "))" * 60, "the query is more than 100 brackets deep"),
        ("[" + "(call)" * 5_000 + "]", "more than 10,000 characters"),
        ("(module " + "(_)?" * 200 + ")", "more than 50 quantifiers and alternations in a pattern"),
        ("(module " + "[(_) (call)]" * 60 + ")", "more than 50 quantifiers and alternations in a pattern"),
    ],
)
def test_queries_that_take_long_to_read_are_refused(code: str, says: str) -> None:
    """tree-sitter's analysis of a query grows faster than the query."""
    assert refused(f'forbid: {{files: h.py, code: "{code}"}}') == says


@pytest.mark.parametrize("depth", [300, 1_500])
def test_deep_snippets_are_refused(depth: int) -> None:
    """A snippet is read by recursion."""
    assert refused(f'forbid: {{files: h.py, pattern: "{"f(" * depth}{")" * depth}"}}') == (
        "the snippet is more than 100 levels deep"
    )


JSON = {
    "pipes": ("[@,@]|" * 30 + "[@,@]", '{"a": 1}'),
    "flat pipes": ("[@,@][]|" * 40 + "@", '["a"]'),
    "join": ("join('',[@,@])|" * 40 + "@", '"aaaaaaaaaaaa"'),
    "replace": ("replace(@,'a','aaaaaaaaaaaaaaaa')|" * 10 + "@", '"aaaaaaaaaaaa"'),
    "split": ("split(@, '')", '"' + "a" * 5_000_000 + '"'),
    "split twice": ("split(@, 'a')[].split(@,'b')[]", '"' + "ab" * 2_000_000 + '"'),
    "lines": ("lines(@)[].lines(@)[].lines(@)", '"' + "a\\n" * 1_000_000 + '"'),
    "nodes": ("nodes(@)", "[" * 150 + ",".join(["1"] * 300_000) + "]" * 150),
    "nodes twice": ("nodes(@)[].nodes(value)[]", "[" * 150 + ",".join(["1"] * 30_000) + "]" * 150),
    "versions": ("@[?satisfies(@, `>=1.0`)]", '["' + "1." * 500_000 + '1"]'),
    "specifiers": ("@[?satisfies(`1.0`, @)]", '["' + ">=1.0," * 300_000 + '>1"]'),
}


@pytest.mark.parametrize("name", JSON)
def test_expressions_that_grow_are_undecided(name: str) -> None:
    """The steps and texts of an expression are bounded, whatever it makes them of."""
    expression, text = JSON[name]
    says = undecided(f'forbid: {{files: h.json, data: "{expression}"}}', {"h.json": text})
    assert re.search("takes too many steps|makes a string of more than|more than .* seconds", says)


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("a" + ".a" * 5_000, "the expression is longer than 10,000 characters"),
        ("(" * 3_000 + "a" + ")" * 3_000, "the expression is nested too deeply"),
        ("[?" + "!" * 3_000 + "a]", "the expression is nested too deeply"),
        ("a == `" + "[" * 3_000 + "]" * 3_000 + "`", "the expression is nested too deeply"),
    ],
)
def test_expressions_that_take_long_to_read_are_refused(expression: str, says: str) -> None:
    """An expression is read by recursion."""
    assert refused(f'forbid: {{files: h.json, data: "{expression}"}}') == says


@pytest.mark.heavy
def test_matches_of_data_are_bounded() -> None:
    """Sorting a long list is done, and the matches that it gives are bounded as those of other selectors are."""
    rows = ",".join(f'{{"a":{number * 7919 % 100_003}}}' for number in range(12_000))
    report = judged('forbid: {files: h.json, data: "sort_by(@, &a)"}', {"h.json": f"[{rows}]"})
    assert "more than 10,000 matches of `data`" in [notice.message for notice in report.notices]
