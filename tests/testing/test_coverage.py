"""Coverage: what no case exercises both ways."""

from __future__ import annotations

import json

from casepacks import EVAL, EVALUATES, Write
from typed import polcheck

POLICY = """
    id: p
    title: It is so
    when: {files: pyproject.toml}
    for:
      - any:
          - {files: "src/*.py", pattern: f($x)}
          - {use: calls}
      - not: {files: "{x}.txt"}
      - where: x != 'skip'
    require: {files: "src/*.py", code: (class_definition), has: {pattern: pass}, count: 1}
    message: "{{ x }}"
"""
HEAD = """
    selectors:
      calls:
        any:
          - {files: "src/*.py", pattern: g($x)}
          - {files: "src/*.py", pattern: h($x)}
"""


def unseen(write: Write, cases: str) -> set[tuple[str, str, str]]:
    """The ways that no case goes: owner, part, side."""
    ran = polcheck("test", write(POLICY, cases, HEAD), "--coverage", "-f", "json")
    (pack,) = json.loads(ran.out)["packs"]
    assert pack["failed"] == 0, ran.out
    return {(entry["policy"], entry["part"], entry["side"]) for entry in pack["coverage"]["missing"]}


def case(outcome: str, source: str, *paths: str, project: bool = True) -> str:
    """A case with this source, other empty files, and perhaps a project."""
    files = {"src/a.py": source, **dict.fromkeys(paths, "")} | ({"pyproject.toml": ""} if project else {})
    return f"case: c\nfiles: {json.dumps(files)}\nexpect: {{p: {outcome}}}\n"


def test_one_passing_case_leaves_the_other_ways(write: Write) -> None:
    """Each outcome, branch and condition that went one way alone is named with the other."""
    assert unseen(write, case("pass", "f(one)\nclass A:\n    pass\n")) == {
        ("p", "outcome", "fails"),
        ("p", "when", "does not apply"),
        ("p", "for[0].any[1]", "matches"),
        ("p", "for[1].not", "does not hold"),
        ("p", "for[2].where", "does not hold"),
        ("p", "require", "is not met"),
        ("p", "require.has", "does not hold"),
        ("p", "for[0].any[0]", "does not match"),
        ("selectors.calls", "selectors.calls.any[0]", "matches"),
        ("selectors.calls", "selectors.calls.any[1]", "matches"),
    }


def test_everything_both_ways_is_full_coverage(write: Write) -> None:
    """Cases that go every way leave nothing out."""
    cases = [
        case("pass", "f(one)\nclass A:\n    pass\n"),
        case("fail", "g(one)\nclass A:\n    x = 1\n"),
        case("fail", "h(one)\nf(skip)\n"),
        case("not-applicable", "g(one)", "one.txt"),
        case("not-applicable", "x = 1"),
        case("not-applicable", "f(one)", project=False),
    ]
    assert unseen(write, "\n---\n".join(cases)) == set()


def test_only_named_policies_are_exercised(write: Write) -> None:
    """A policy that a case doesn't name is not exercised by it, whatever the submission holds."""
    other = EVAL.replace("no-eval", "other")
    ran = polcheck("test", write(EVAL + "\n---\n" + other, EVALUATES), "--coverage", "-f", "json")
    missing = json.loads(ran.out)["packs"][0]["coverage"]["missing"]
    assert [(m["policy"], m["side"]) for m in missing] == [
        ("no-eval", "passes"),
        ("other", "passes"),
        ("other", "fails"),
    ]


def test_too_little_fails(write: Write) -> None:
    """`--fail-under` turns too little coverage into exit status 1, and the table names the place."""
    folder = write(EVAL, EVALUATES)
    ran = polcheck("test", folder, "--fail-under", 60)
    assert (ran.status, polcheck("test", folder, "--fail-under", 50).status) == (1, 0)
    assert "coverage of" in ran.out
    assert "policies/p.yaml:2" in ran.out
    assert "1 of 2 branches, 50.0 %" in ran.out
