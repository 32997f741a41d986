"""Changes of one text: regular expressions, path patterns, snippets, queries, JMESPath."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from polcheck.authoring.mutants.expressions import expression_variants, negated
from polcheck.authoring.mutants.paths import capture_variants, path_variants
from polcheck.authoring.mutants.regexes import name_variants, regex_variants
from polcheck.authoring.mutants.selectors import Variants
from polcheck.authoring.mutants.snippets import code_variants, pattern_variants, without_capture, without_hole
from polcheck.selectors.jmespath.expression import compile_expression
from polcheck.selectors.jmespath.values import ExpressionError
from polcheck.selectors.syntax.compile import compile_code, compile_pattern
from polcheck.selectors.syntax.problem import SyntaxProblem
from polcheck.sources.path_patterns import FilesProblem, compile_files

REGEXES = {
    "^a$": {"a$", "^a"},
    r"\bword\b": {r"word\b", r"\bword", r"\b.*\b"},
    "(?i)model": {"model", "(?i).*"},
    "(?im)^x": {"(?m)^x", "(?im)x"},
    "a|b": {"b", "a"},
    "x(?:one|two|three)": {"x(?:two|three)", "x(?:one|three)", "x(?:one|two)", "x(?:one|two|.*)"},
    "(a|b|c|d|e|f)": {"(d|e|f)", "(a|b|c)"},
    r"[|^$]\|\^": set(),
    r"(?P<flag>--[\w-]+)": set(),
    "abc+": set(),
    ".*x.*$": set(),
    "^[^\\n]*:": set(),
    r"\w*$": {r"\w*"},
}


@pytest.mark.parametrize(("text", "wanted"), REGEXES.items())
def test_regular_expressions(text: str, wanted: set[str]) -> None:
    """Anchors, flags and alternatives are dropped, the longest word is loosened; classes and escapes are left alone."""
    assert {variant.text for variant in regex_variants(text)} == wanted


def test_named_groups_are_unnamed_one_by_one() -> None:
    """Each named group joins nothing any more in one variant."""
    texts = [variant.text for variant in name_variants(r"(?P<a>x)(?P<b>y)\(?P<c>z\)")]
    assert texts == [r"(?:x)(?P<b>y)\(?P<c>z\)", r"(?P<a>x)(?:y)\(?P<c>z\)"]


PATHS = {
    "src/*.py": {"**/*.py"},
    "config/smoke_test.yaml": {"**/smoke_test.yaml", "config/*.yaml"},
    "README.md": {"*.md"},
    "**/*.py": set(),
    "!vendor/x.py": {"!**/x.py", "!vendor/*.py"},
    "a.{py,pyi}": {"*.{py,pyi}", "a.pyi", "a.py"},
    "src/{a,b,c}.py": {"**/{a,b,c}.py", "src/*.py", "src/{b,c}.py", "src/{a,c}.py", "src/{a,b}.py"},
    "src/{name}.py": {"**/{name}.py"},
    "components/{domain}/manifest.json": {"components/{domain}/*.json"},
}


@pytest.mark.parametrize(("text", "wanted"), PATHS.items())
def test_path_patterns(text: str, wanted: set[str]) -> None:
    """Folders and names are widened, choices dropped; a pattern that is wide already stays."""
    assert {variant.text for variant in path_variants(text)} == wanted


def test_captures_become_wildcards() -> None:
    """A capture of one segment becomes `*`, one of several `**`."""
    assert [v.text for v in capture_variants("a/{x}/{y:**}.py")] == ["a/*/{y:**}.py", "a/{x}/**.py"]


PATTERNS = {
    'open($p, "w", ...)': {"open($p, $_, ...)", 'open("w", ...)', "open($p, ...)"},
    '$_.add_argument("--$flag", ...)': {'$_.add_argument("$flag", ...)', "$_.add_argument(...)"},
    '"$model"': set(),
    "f(a)": set(),
    "f(...)": set(),
    '$d["k"] = $_': {"$d[$_] = $_"},
    "f(g(x, ...), ...)": {"f(g(...), ...)", "f(...)"},
    'f("a, (b", ...)': {"f($_, ...)", "f(...)"},
}


@pytest.mark.parametrize(("text", "wanted"), PATTERNS.items())
def test_patterns(text: str, wanted: set[str]) -> None:
    """Strings are loosened, and arguments dropped where more may follow."""
    assert {variant.text for variant in pattern_variants(text)} == wanted


def test_names_are_taken_from_patterns_and_queries() -> None:
    """A name goes away wherever it stands, and no other one with it."""
    assert without_hole("$a = f($a, $ab)", "a") == "$_ = f($_, $ab)"
    assert without_capture("((x) @a (y) @ab (#eq? @a @ab))", "a") == "((x) @_unjoined (y) @ab (#eq? @_unjoined @ab))"


CODES = {
    '((identifier) @x (#eq? @x "a"))': {
        "((identifier) @x )": "drop-predicate",
        '((identifier) @x (#not-eq? @x "a"))': "negate-predicate",
    },
    '((identifier) @x (#not-any-of? @x "a" "b"))': {
        "((identifier) @x )": "drop-predicate",
        '((identifier) @x (#any-of? @x "a" "b"))': "negate-predicate",
        '((identifier) @x (#not-any-of? @x  "b"))': "drop-string",
        '((identifier) @x (#not-any-of? @x "a" ))': "drop-string",
    },
    '((string) @x (#match? @x "^\\\\d\\"$"))': {
        "((string) @x )": "drop-predicate",
        '((string) @x (#not-match? @x "^\\\\d\\"$"))': "negate-predicate",
        '((string) @x (#match? @x "\\\\d\\"$"))': "drop-anchor",
        '((string) @x (#match? @x "^\\\\d\\""))': "drop-anchor",
    },
    '((identifier) @x (#any-of? @x "a" "b" "c" "d" "e"))': {
        "((identifier) @x )": "drop-predicate",
        '((identifier) @x (#not-any-of? @x "a" "b" "c" "d" "e"))': "negate-predicate",
        '((identifier) @x (#any-of? @x  "c" "d" "e"))': "drop-string",
        '((identifier) @x (#any-of? @x "a" "b" ))': "drop-string",
    },
    "(block . (pass_statement))": {"(block  (pass_statement))": "drop-query-anchor"},
    "(class_definition !superclasses)": {"(class_definition )": "drop-absent-field"},
    "[(list) (tuple)] @x": {"[ (tuple)] @x": "drop-alternative", "[(list) ] @x": "drop-alternative"},
    "(list) (tuple)": {" (tuple)": "drop-alternative", "(list) ": "drop-alternative"},
}


@pytest.mark.parametrize(("text", "wanted"), CODES.items())
def test_queries(text: str, wanted: dict[str, str]) -> None:
    """Predicates are dropped, negated and loosened; alternatives, anchors and absent fields are dropped."""
    assert {variant.text: variant.operator for variant in code_variants(text)} == wanted


EXPRESSIONS = {
    "a[?x == 'y'].b": {"a[*].b": "drop-filter", "a[?x != 'y'].b": "flip-comparison"},
    "a && b": {"a": "drop-condition", "b": "drop-condition"},
    "a || b && c": {
        "a": "drop-condition",
        "b && c": "drop-condition",
        "a || b": "drop-condition",
        "a || c": "drop-condition",
    },
    "x < `3`": {"x <= `3`": "flip-comparison"},
    "lower(x)": {"x": "drop-function"},
    "matches(x, '^a')": {"matches(x, 'a')": "drop-anchor"},
    "length(x)": {},
}


@pytest.mark.parametrize(("text", "wanted"), EXPRESSIONS.items())
def test_expressions(text: str, wanted: dict[str, str]) -> None:
    """Filters, conditions and functions are dropped, comparisons flipped, regular expressions in them loosened."""
    assert {variant.text: variant.operator for variant in expression_variants(text)} == wanted


def test_negating_twice_is_nothing() -> None:
    """A negated condition is negated by taking the sign away."""
    assert negated("a == b") == "!(a == b)"
    assert negated("!(a == b)") == "a == b"
    assert negated("a ==") is None


def test_what_changed_is_shown() -> None:
    """The piece that changed is shown as it was and as it is, long texts cut around it."""
    (variant,) = [v for v in regex_variants("x" * 50 + "+^" + "y" * 50 + "+") if v.operator == "drop-anchor"]
    assert variant.before == "…" + "x" * 19 + "+^" + "y" * 20 + "…"
    assert variant.after == "…" + "x" * 19 + "+" + "y" * 20 + "…"


@given(st.text("abc|()[]^$\\?*+.i:<P>{}1,-", max_size=20))
def test_no_regular_expression_makes_the_operators_fail(text: str) -> None:
    """Whatever stands in a regular expression, each variant is another text; nothing is raised."""
    for variants in (regex_variants, name_variants):
        assert all(variant.text != text for variant in variants(text))


@given(st.text("ab*/{}!,:.\\?", max_size=16))
def test_no_path_pattern_makes_the_operators_fail(text: str) -> None:
    """Each variant of a path pattern is another text; nothing is raised."""
    for variants in (path_variants, capture_variants):
        assert all(variant.text != text for variant in variants(text))


@given(st.text("ab$_\"'().,=[]{} #@!?", max_size=24))
def test_no_snippet_or_query_makes_the_operators_fail(text: str) -> None:
    """Each variant of a snippet or a query is another text; nothing is raised."""
    for variants in (pattern_variants, code_variants):
        assert all(variant.text != text for variant in variants(text))


@given(st.text("ab.[]?|&!=<>@'` ()*,0", max_size=24))
def test_variants_of_an_expression_are_expressions(text: str) -> None:
    """Whatever parses has variants that parse, or that are refused with a reason."""
    for variant in expression_variants(text):
        try:
            compile_expression(variant.text)
        except ExpressionError as error:
            assert error.message


GOOD: list[tuple[Variants, str]] = [
    *((regex_variants, text) for text in REGEXES),
    *((path_variants, text) for text in PATHS),
    *((pattern_variants, text) for text in PATTERNS),
    *((code_variants, text) for text in CODES),
]


@pytest.mark.parametrize(("variants", "text"), GOOD)
def test_most_variants_compile(variants: Variants, text: str) -> None:
    """What the operators make of a good text is good: a mutant that doesn't compile says nothing."""
    for variant in variants(text):
        try:
            if variants is regex_variants:
                re2.compile(variant.text)
            elif variants is path_variants:
                compile_files([variant.text])
            elif variants is pattern_variants:
                compile_pattern([variant.text], "python")
            else:
                compile_code([variant.text], "python")
        except (FilesProblem, SyntaxProblem, re2.error) as error:
            pytest.fail(f"{variant}: {error}")
