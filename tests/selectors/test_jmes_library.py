"""Functions of version 2: numbers and quantities, dates, paths and patterns, strings, objects."""

from __future__ import annotations

import random
import subprocess
import time
from decimal import Decimal
from pathlib import Path

import pytest

from polcheck.formats.values import Json
from polcheck.selectors.jmespath.arithmetic import duration_text, parse_duration, parse_quantity, quantity_text
from polcheck.selectors.jmespath.expression import compile_expression
from polcheck.selectors.jmespath.functions import FUNCTIONS
from polcheck.selectors.jmespath.values import EvaluationError, ExpressionError

DAY = "2026-11-30"


def _given(expression: str, value: Json = None) -> Json:
    return compile_expression(expression, DAY).evaluate(value)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("add(`0.1`, `0.2`)", 0.3),
        ("add(`1`, `2`)", 3),
        ("add('1Gi', '512Mi')", "1536Mi"),
        ("add('0', '1Gi')", "1Gi"),
        ("add('1500m', '500m')", "2"),
        ("add('1h30m', '45s')", "1h30m45s"),
        ("subtract('10Gi', '1Mi')", "10239Mi"),
        ("subtract('1s', '2s')", "-1s"),
        ("multiply(`1.1`, `1.1`)", 1.21),
        ("multiply('1Ki', `1024`)", "1Mi"),
        ("multiply(`3`, '20m')", "60m"),
        ("divide(`10`, `4`)", 2.5),
        ("divide('1Gi', '256Mi')", 4),
        ("divide('12Ki', `3`)", "4Ki"),
        ("divide('1h', '20s')", 180),
        ("divide('1h', `7`)", "8m34.285714285s"),
        ("modulo(`-7`, `3`)", -1),
        ("modulo('12Ki', '5Ki')", "2Ki"),
        ("round(`2.5`, `0`)", 3),
        ("round(`-1.005`, `2`)", -1.01),
        ("quantity('512Mi')", 536870912),
        ("quantity('100m')", 0.1),
        ("quantity('.5')", 0.5),
        ("quantity('1e3')", 1000),
        ("quantity(`2`)", 2),
        ("quantity('9E') > quantity('8Ei')", False),
        ("sum(@[].quantity(@))", 1),
        ("sum(`[0.1, 0.2]`)", 0.3),
    ],
)
def test_arithmetic_is_exact(expression: str, expected: Json) -> None:
    """Numbers are computed in decimal, quantities and durations as Kubernetes and Go write them."""
    result = _given(expression, ["100m", "0.2", "700m"])
    assert result == expected and type(result) is type(expected)


@pytest.mark.parametrize(
    "expression",
    [
        "divide(`1`, `0`)",
        "modulo(`1`, `0`)",
        "modulo(`1.5`, `1`)",
        "add('1Gi', `1`)",
        "add('1h', '1Gi')",
        "add('x', `1`)",
        "multiply('1Gi', '1Gi')",
        "multiply(`1e308`, `1e308`)",
        "round(`1`, `-1`)",
        "quantity('512MB')",
        "quantity('')",
        "quantity('.')",
        "quantity('1e99999')",
        "days_between('today', '2026-01-01')",
        "days_between('2026-02-30', '2026-01-01')",
        "time_add('2026-01-01', '1h')",
        "time_add('9999-12-31T00:00:00Z', '48h')",
        "time_add('2026-01-01T00:00:00Z', '1d')",
        "semver_compare('1.2', '>=1.0.0')",
        "parse_json('{')",
        "parse_json('[NaN]')",
        "parse_yaml('a: [')",
        "parse_yaml(join(``\n``, ['a', '---', 'b']))",
        "base64_decode('!')",
        "base64_decode('/w==')",
        "to_boolean('yes')",
        "object_from_lists(`[[]]`, `[]`)",
        "pairs(`[[1]]`, '=')",
        'pairs(`[{"a": 1, "b": 2}]`, \'=\')',
        "matches_path('a', @)",
        "matches_docker('a', `[\"!\"]` | [0])",
    ],
)
def test_what_cannot_be_computed_is_an_error(expression: str) -> None:
    """It is never null or false, which could turn a policy green."""
    expression = expression.replace("``", "'")
    with pytest.raises((EvaluationError, ExpressionError)):
        _given(expression, "{a")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("today()", DAY),
        ("days_between('2026-11-01', today())", 29),
        ("days_between(today(), '2026-11-01T10:00:00Z')", -29),
        ("days_between('2026-01-31T23:30:00-05:00', '2026-02-01 08:00:00')", 0),
        ("time_add('2021-01-02T15:04:05-07:00', '3h')", "2021-01-02T18:04:05-07:00"),
        ("time_after('2021-01-02T15:04:05-07:00', '2021-01-02T15:04:05Z')", True),
        ("time_before('2021-01-02T15:04:05-07:00', '2021-01-02T15:04:05Z')", False),
        ("time_between('2021-01-02T00:00:00Z', '2021-01-01T00:00:00Z', '2021-01-03T00:00:00Z')", True),
        ("time_diff('2021-01-02T15:04:05-07:00', '2021-01-10T03:14:05-07:00')", "180h10m0s"),
        ("time_truncate('2021-01-02T15:04:05Z', '2h')", "2021-01-02T14:00:00Z"),
        ("time_utc('2021-01-02T15:04:05-07:00')", "2021-01-02T22:04:05Z"),
        ("time_to_cron('2023-02-05T15:04:05Z')", "4 15 5 2 0"),
    ],
)
def test_dates_and_times(expression: str, expected: Json) -> None:
    """The day is that of the run; everything else is computed from what is given."""
    assert _given(expression) == expected


def test_the_day_is_part_of_an_expression_that_asks_for_it() -> None:
    """So caches keep apart what was found on different days, and nothing else; without a day there is no value."""
    assert compile_expression("today()", DAY).today == DAY
    assert compile_expression("days_between(a, b)", DAY).today == ""
    with pytest.raises(EvaluationError, match="isn't known"):
        compile_expression("today()").evaluate(None)


@pytest.mark.parametrize(
    ("version", "bounds", "expected"),
    [
        ("1.8.6", ">1.0.0 <2.0.0", True),
        ("2.1.5", "<2.0.0 || >=3.0.0", False),
        ("4.1.3", ">=4.1.x", True),
        ("4.2.0", "4.1.x", False),
        ("4.2.0", "!4.1.x", True),
        ("4.1.9", ">4.1.x", False),
        ("4.1.9", "<=4.x", True),
        ("1.2.3-rc.2", "<1.2.3-rc.10", True),
        ("1.2.3-rc.1", ">=1.2.3", False),
        ("1.2.3+build", "=1.2.3", True),
        ("v1.2.3", ">= 1.2.0", True),
    ],
)
def test_ranges_of_versions(version: str, bounds: str, expected: bool) -> None:
    """As github.com/blang/semver reads them, which Kyverno uses."""
    assert _given(f"semver_compare('{version}', '{bounds}')") is expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("join_path('docs/a', '../b.md')", "docs/b.md"),
        ("join_path('docs', './x//y/.')", "docs/x/y"),
        ("join_path('', 'a')", "a"),
        ("join_path('docs', '/README.md')", "README.md"),
        ("join_path('/app', '../etc')", "/etc"),
        ("join_path('docs', '..')", ""),
        ("join_path('docs', '../../x')", None),
        ("join_path('/app', '../../x')", None),
        ("path_canonicalize('/var//lib/../x')", "/var/x"),
        ("path_canonicalize('../a/../../b')", "../../b"),
        ("url_decode('a%20b%2Fc+%zz')", "a b/c+%zz"),
        ("url_decode('%C3%A9')", "é"),
        ("matches_path('src/a/b.py', 'src/**/*.py')", True),
        ("matches_path('src/b.js', 'src/*.{py,ts}')", False),
        ('matches_path(\'src/gen/b.py\', `["src/**", "!src/gen/**"]`)', False),
        ("matches_gitignore('a/b/x.o', '*.o')", True),
        ('matches_gitignore(\'docs/keep.md\', `["docs/*", "!docs/keep.md"]`)', False),
        ('matches_gitignore(\'docs/keep.md\', `["docs/", "!docs/keep.md"]`)', True),
        ("matches_gitignore('docs', 'docs/')", False),
        ("matches_gitignore('docs/', 'docs/')", True),
        ("matches_docker('a/b/node_modules/x', '**/node_modules')", True),
        ("matches_docker('a/node_modules', 'node_modules')", False),
        ('matches_docker(\'README.md\', `["*.md", "!README.md"]`)', False),
        ('matches_docker(\'docs/a/b.md\', `["# all", " docs/ ", "!docs/a"]`)', False),
        ("matches_docker('abc', 'abc/**')", False),
        ("matches_docker('x/.foo', '**/.foo')", True),
    ],
)
def test_paths_and_patterns_are_data(expression: str, expected: Json) -> None:
    """Patterns of `files`, .gitignore and .dockerignore; a path above the root is null."""
    assert _given(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("compare('a', 'b')", -1),
        ("equal_fold('Straße', 'STRAßE')", True),
        ("equal_fold('ss', 'ß')", False),
        ("replace_all('a.b.c', '.', '-')", "a-b-c"),
        ("to_upper(to_lower('aB'))", "AB"),
        ("trim('--a-b--', '-')", "a-b"),
        ("trim_prefix('v1.2', 'v')", "1.2"),
        ("truncate('abcdef', `3`)", "abc"),
        ("truncate('abc', `-1`)", ""),
        ("to_boolean('True')", True),
        ("regex_match('^v[0-9]+$', 'v12')", True),
        ("regex_match('^[0-9]+$', `12`)", True),
        ("regex_replace_all('([a-z])-([a-z])', 'a-b c-d', '$2-$1')", "b-a d-c"),
        ("regex_replace_all('(?P<n>[a-z])', 'ab', '${n}$n$$$9.')", "aa$.bb$."),
        ("regex_replace_all_literal('[a-z]', 'ab', '$1')", "$1$1"),
        ("pattern_match('v*.?', 'v10.2')", True),
        ("pattern_match('v?', 'v10')", False),
        ("pattern_match('[a]', 'a')", False),
        ("base64_decode(base64_encode('é'))", "é"),
        ("sha256('')", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("parse_json('{\"a\": [1, null]}')", {"a": [1, None]}),
        ("parse_yaml('a: [1, on]')", {"a": [1, "on"]}),
        ("parse_yaml('')", None),
        ("get(`{\"a\": 1}`, 'a')", 1),
        ("get(`{\"a\": 1}`, 'b')", None),
        ("get(`[1, 2]`, `-1`)", 2),
        ("get(`[1, 2]`, `2`)", None),
        ("lookup(`[1, 2]`, `0`)", 1),
        ("items(`{\"a\": 1}`, 'k', 'v')", [{"k": "a", "v": 1}]),
        ("items(`[\"x\"]`, 'k', 'v')", [{"k": 0, "v": "x"}]),
        ('object_from_lists(`["a", 2]`, `[1]`)', {"a": 1, "2": None}),
        ('label_match(`{"a": "x"}`, `{"a": "x", "b": "y"}`)', True),
        ('label_match(`{"a": 1}`, `{"a": true}`)', False),
    ],
)
def test_strings_and_objects(expression: str, expected: Json) -> None:
    """Each gives what its summary says."""
    result = _given(expression)
    assert result == expected and type(result) is type(expected)


def test_pairs_of_a_mapping_and_of_a_list_are_alike() -> None:
    """`environment` of docker compose in both forms gives the same keys and values, each at its own place."""
    mapping: Json = {"env": {"A": "b=c", "D": None, "N": 1}}
    listed: Json = {"env": ["A=b=c", "D", "N=1"]}
    rows = [
        compile_expression("pairs(env, '=')[].{key: key, value: value}").trace(each).rows for each in (mapping, listed)
    ]
    assert [[(row.value["key"], str(row.value["value"])) for row in each] for each in rows] == [
        [("A", "b=c"), ("D", "None"), ("N", "1")]
    ] * 2
    assert [row.parts["value"][0].pointer for row in rows[0]] == [("env", "A"), ("env", "D"), ("env", "N")]
    assert [row.parts["key"][0].pointer for row in rows[1]] == [("env", 0), ("env", 1), ("env", 2)]


_NAMES = ["a", "b", "lib", "x.o", "y.md", ".c", "d e", "é"]
_PATTERNS = [
    "*.o",
    "/a",
    "a/",
    "!a/b",
    "**/b",
    "a/**",
    "lib/*",
    "!*.md",
    "[ab]",
    "d\\ e",
    "#x",
    "",
    "!x.o",
    "a/**/b",
    "?",
    "é",
]


def test_ignored_is_what_git_ignores(tmp_path: Path) -> None:
    """For random lists of patterns and paths, `git check-ignore` says the same."""
    rng = random.Random(11)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    compared = 0
    for _ in range(40):
        lines = [rng.choice(_PATTERNS) for _ in range(rng.randint(1, 5))]
        (tmp_path / ".gitignore").write_text("\n".join(lines) + "\n", "utf-8")
        paths = sorted({"/".join(rng.choice(_NAMES) for _ in range(rng.randint(1, 4))) for _ in range(30)})
        asked = "\0".join(paths).encode() + b"\0"
        git = ["git", "-C", str(tmp_path), "check-ignore", "--no-index", "-z", "--stdin"]
        answer = subprocess.run(git, input=asked, capture_output=True, check=False).stdout
        ignored = set(answer.decode().split("\0")) - {""}
        for path in paths:
            expression = compile_expression("matches_gitignore(path, lines)")
            assert expression.evaluate({"path": path, "lines": list(lines)}) is (path in ignored), (path, lines)
            compared += 1
    assert compared > 800


def test_quantities_and_durations_are_written_as_they_are_read() -> None:
    """A canonical text stands for the same amount, and is its own canonical text."""
    rng = random.Random(3)
    for _ in range(2_000):
        text = f"{rng.choice(['', '-'])}{rng.randint(0, 5000)}{rng.choice(['', '.5', '.125'])}"
        text += rng.choice(["", "m", "k", "M", "G", "Ki", "Mi", "Gi", "Ti", "e3", "u", "n"])
        amount = parse_quantity(text)
        assert amount is not None
        again = parse_quantity(quantity_text(amount.value, amount.notation))
        assert again is not None and again.value == amount.value, text
        assert quantity_text(again.value, amount.notation) == quantity_text(amount.value, amount.notation)
        nanoseconds = rng.randint(-(10**15), 10**15) // 10 ** rng.randint(0, 14)
        assert parse_duration(duration_text(nanoseconds)) == nanoseconds
    assert parse_quantity("0.1n") is not None
    assert parse_quantity("0.1n").value == Decimal("1e-9")  # type: ignore[union-attr]


_HOSTILE: list[Json] = [
    "a" * 200_000,
    "*" * 20_000,
    "a/" * 20_000,
    "1" * 10_000,
    "[" * 5_000,
    "$" * 50_000,
    "(" * 900,
    "%" * 9_999,
]


@pytest.mark.parametrize("name", sorted(name for name, function in FUNCTIONS.items() if function.own))
def test_hostile_arguments_end(name: str) -> None:
    """Whatever strings and lists a function is given, it ends, with a value or an error."""
    function = FUNCTIONS[name]
    began = time.monotonic()
    for value in (*_HOSTILE, list(_HOSTILE), dict.fromkeys(map(str, _HOSTILE), 1), 10**30, -1e308):
        for index in range(len(function.parameters)):
            kinds = [{kind.partition("[")[0] for kind in parameter.kinds} for parameter in function.parameters]
            given = {"string": "a", "number": 1, "array": ["a"], "object": {"a": 1}, "any": "a"}
            arguments = {f"p{place}": given[min(kind)] for place, kind in enumerate(kinds)}
            arguments[f"p{index}"] = value
            text = f"{name}({', '.join(arguments)})"
            try:
                compile_expression(text, DAY).evaluate(arguments)  # type: ignore[arg-type]
            except EvaluationError:
                continue
    assert time.monotonic() - began < 20
