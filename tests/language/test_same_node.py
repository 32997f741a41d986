"""The relation `is`, and relations of a capture, the name of a match, or the subject (`of`)."""

from __future__ import annotations

import pytest
import yaml

from pack_files import check, one, outcome, places
from polcheck.base.errors import PolicyError

GETS = """\
import requests
requests.get(u)
requests.get(u, timeout=3)
(requests.get(requests.get(u, timeout=1)))
"""
RUNS = """\
run(ls)
run("ls")
run(("ls"), "x")
f(run(x))
"""


def policy(body: str) -> str:
    """A policy whose body is written on one line."""
    return one(yaml.safe_dump(yaml.safe_load(body), sort_keys=False, width=1000))


def lines(body: str, text: str, path: str = "a.py") -> list[int]:
    """The lines of the findings of a policy."""
    return [int(place.split(":")[1]) for place in places(check(policy(body), {path: text}))]


def test_a_call_without_a_keyword() -> None:
    """The commonest idiom: the call itself must not have it, whatever calls lie inside of it."""
    body = """
    forbid:
      - {files: "*.py", pattern: requests.get(...)}
      - not: {is: {pattern: "requests.get(..., timeout=$_, ...)"}}
    """
    assert lines(body, GETS) == [2, 4]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("forbid: {files: '*.py', pattern: run(...), is: {code: '(call) @_'}}", [1, 2, 3, 4]),
        ("forbid: {files: '*.py', pattern: run(...), is: {text: 'run\\(\"ls\"\\)'}}", [2]),
        ("forbid: {files: '*.py', pattern: run(...), is: {use: quoted}}", [2]),
        ("forbid: {files: '*.py', pattern: run(...), is: [{use: quoted}, {code: '(call) @_'}]}", [2]),
        ("forbid: [{files: '*.py', pattern: run($a), name: r}, {files: '*.py', pattern: $b(...), is: r}]", [1, 2, 4]),
        ("{for: {files: '*.py', pattern: run(...)}, require: {is: {pattern: run($a)}}}", [3]),
        ("{for: {files: '*.py', pattern: run(...)}, forbid: {is: {pattern: run($a)}}}", [1, 2, 4]),
        ("{for: {files: '*.py', pattern: run(...)}, require: {pattern: run($a), is: subject}}", [3]),
        ("forbid: [{files: '*.py', pattern: run(...)}, {any: [{is: {use: quoted}}, {is: {pattern: run(x)}}]}]", [2, 4]),
        ("forbid: [{files: '*.py', pattern: $f(...)}, {not: {is: {pattern: run(...)}}}]", [4]),
    ],
)
def test_it_takes_every_kind_of_target_and_stands_wherever_a_relation_does(body: str, wanted: list[int]) -> None:
    """`code`, `pattern`, `text`, `use`, a match with a name and the subject; `any`, `not`, `require`, several."""
    head = """
    selectors:
      quoted: {files: "*.py", pattern: 'run("$_")'}
    """
    report = check(policy(body), {"a.py": RUNS}, head)
    assert [int(place.split(":")[1]) for place in places(report)] == wanted


def test_names_of_a_target_join() -> None:
    """A name that both sides bind must be equal, and what the target binds can be read after it."""
    body = """
    forbid: {files: "*.py", pattern: "$_($x)", is: {code: '(call function: (identifier) @name)'}, where: "name == 'f'"}
    message: "{{ name }} {{ x }}"
    """
    report = check(policy(body), {"a.py": "f(1)\ng(2)\n"})
    assert [finding.message for finding in report.findings] == ["f 1"]
    joined = "forbid: {files: '*.py', pattern: f($x), is: {pattern: 'f($x, ...)'}}"
    assert lines(joined, "f(1)\nf(1, 2)\n") == [1]


@pytest.mark.parametrize(
    ("path", "text", "code", "wanted"),
    [
        ("a.py", "await f(1)\nx = await (f(2))\nf(3)\n(await f(4))\n", "(await) @_", [1, 2, 4]),
        ("a.py", "(f(1))\n((f(2)))\n( # why\n f(3))\nf(4)\n", "(parenthesized_expression) @_", [1, 2, 4]),
        ("a.ts", "await f(1)\nawait (f(2))\nf(3)\n", "(await_expression) @_", [1, 2]),
        ("a.go", "package a\nvar x = (f(1))\nvar y = f(2)\n", "(parenthesized_expression) @_", [2]),
        ("a.py", "é = 'ü', (f(1))\n", "(parenthesized_expression) @_", [1]),
    ],
)
def test_parentheses_and_await_do_not_count(path: str, text: str, code: str, wanted: list[int]) -> None:
    """As for patterns: in each language that has them, in either direction, whatever characters stand before."""
    there = f"forbid: {{files: '{path}', pattern: f(...), is: {{code: '{code}'}}}}"
    back = f"forbid: {{files: '{path}', code: '{code}', is: {{pattern: f(...)}}}}"
    assert lines(there, text, path) == wanted
    assert len(lines(back, text, path)) >= len(wanted)


def test_what_was_known_before_is_told_apart_as_well(tmp_path: object) -> None:
    """A node of another place, of another file, or one around it, is another one."""
    body = "forbid: [{files: '*.py', pattern: f(...)}, {files: '*.py', pattern: g($x)}, {is: {pattern: g(f(...))}}]"
    assert places(check(policy(body), {"a.py": "g(f(1))\n", "b.py": "f(1)\n"})) == ["a.py:1:3", "b.py:1:1"]
    around = "forbid: {files: '*.py', pattern: f(...), is: {code: '(expression_statement (call (call)))'}}"
    assert outcome(check(policy(around), {"a.py": "f(f)(1)\n"})) == "pass"


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("forbid: [{files: '*.py', pattern: 'run($c, ...)'}, {is: {code: (string)}, of: c}]", [2, 3]),
        ("forbid: {files: '*.py', pattern: 'run($c, ...)', is: {code: (string)}, of: c}", [2, 3]),
        ("forbid: [{files: '*.py', pattern: 'run($c, ...)'}, {not: {is: {code: (string)}, of: c}}]", [1, 4]),
        (
            "forbid: [{files: '*.py', pattern: f(...), name: f}, {files: '*.py', pattern: run(x)},"
            " {has: {pattern: run(x)}, is: {code: (call)}, of: f}]",
            [4],
        ),
        ("{for: {files: '*.py', pattern: 'run($c, ...)'}, require: {code: (string) @_, is: c}}", [1, 4]),
        (
            "{for: {files: '*.py', pattern: run(...)},"
            " forbid: [{code: (integer) @_}, {is: {code: (call)}, of: subject}]}",
            [],
        ),
        (
            "{for: {files: '*.py', pattern: run(...)},"
            " forbid: [{code: (string) @_}, {inside: {pattern: f(...)}, of: subject}]}",
            [4],
        ),
    ],
)
def test_a_relation_is_about_a_capture_a_name_or_the_subject(body: str, wanted: list[int]) -> None:
    """`of` stands beside the relations and holds for all of that item."""
    assert lines(body, RUNS) == wanted


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("forbid: [{files: '*.py', pattern: f($x)}, {is: {code: (string)}, of: y}]", "`y` is never bound"),
        ("forbid: [{files: '{x}.py', pattern: f()}, {is: {code: (string)}, of: x}]", "`x` has no place in a text"),
        (
            "forbid: [{files: '*.py', name: f}, {files: '*.py', pattern: g()}, {is: {code: (string)}, of: f}]",
            "`f` has no place in a text",
        ),
        ("forbid: {files: '*.py', pattern: f(), of: subject}", "`of` has nothing to be about"),
        ("forbid: {is: {code: (string)}, of: subject}", "there is no subject here"),
        ("forbid: {files: '*.py', is: {code: (string)}}", "which has no place in a text"),
        ("{for: {files: '*.py'}, forbid: {pattern: f(), is: subject}}", "`is` never holds: the subject is a file"),
        ("{for: {files: '*.py'}, forbid: {pattern: f(), is: {code: (call)}, of: subject}}", "the subject is a file"),
        ("forbid: {files: '*.py', pattern: f(), is: {code: (call), until: (block)}}", "`until` ends nothing"),
        ("{at: y, forbid: {files: '*.py', pattern: f($x)}}", "`y` is never bound"),
        ("{at: x, forbid: {files: '{x}.py', pattern: f()}}", "findings can't point at `x`"),
    ],
)
def test_what_a_relation_can_not_be_about_is_refused(body: str, said: str) -> None:
    """At its key, with what is wrong."""
    with pytest.raises(PolicyError) as error:
        check(policy(body), {"a.py": ""})
    assert said in str(error.value)


@pytest.mark.parametrize(
    "body",
    [
        "forbid: {files: '*.py', pattern: f(), is: {code: (call)}}",
        "forbid: {files: '*.py', pattern: f($x), inside: {code: (call)}, of: x}",
        "{at: x, forbid: {files: '*.py', pattern: f($x)}}",
    ],
)
def test_a_pack_of_version_1_has_none_of_it(body: str) -> None:
    """With the hint to set another version."""
    with pytest.raises(PolicyError) as error:
        check(policy(body), {"a.py": ""}, "language: 1\n")
    assert "set `language: 2` in pack.yaml" in str(error.value)


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("{at: x, forbid: {files: '*.py', pattern: 'f($x, $y)'}}", "a.py:2:3"),
        ("{at: y, forbid: {files: '*.py', pattern: 'f($x, $y)'}}", "a.py:2:6"),
        (
            "{at: g, forbid: [{files: '*.py', pattern: 'f($x, $y)'}, {files: '*.py', pattern: g(), name: g}]}",
            "a.py:3:1",
        ),
        ("{at: y, for: {files: '*.py', pattern: 'f($x, $y)'}, require: {files: '*.py', pattern: h()}}", "a.py:2:6"),
        ("{at: v, forbid: [{files: '*.py', pattern: f(...)}, {files: a.yaml, data: k, as: v}]}", "a.yaml:2:4"),
    ],
)
def test_at_chooses_the_place_of_findings(body: str, wanted: str) -> None:
    """A capture, a match with a name, a value; the other places are related ones."""
    report = check(policy(body), {"a.py": "\nf(1, 2)\ng()\n", "a.yaml": "\nk: v\n"})
    assert places(report) == [wanted]
    (finding,) = report.findings
    assert "a.py:2:1" in [str(place) for place in finding.related]


def test_the_other_rows_of_a_subject_are_shown_at_the_same_name() -> None:
    """With `per`, what `at` names of each row is a place of the finding."""
    body = "{at: y, for: [{files: '*.py', pattern: 'f($x, $y)'}, {per: x}], require: {files: b.py}}"
    (finding,) = check(policy(body), {"a.py": "f(1, 2)\nf(1, 3)\n"}).findings
    assert str(finding.location) == "a.py:1:6"
    assert "a.py:2:6" in [str(place) for place in finding.related]


def test_a_file_that_was_not_searched_leaves_it_open() -> None:
    """A syntax error beside the call: whether it has the keyword isn't known."""
    body = "forbid: [{files: '*.py', pattern: f(...)}, {not: {is: {pattern: 'f(..., k=$_, ...)'}}}]"
    assert outcome(check(policy(body), {"a.py": "f(1, k=2\nf(1)\n"})) == "undecided"
