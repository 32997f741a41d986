"""`constant`: captures that have to be constants, and what becomes of the places where one isn't."""

from __future__ import annotations

import json

import pytest

from pack_files import check, judge, one, outcome, pack, places, schemas, warnings_of
from polcheck.authoring.lint import lint
from polcheck.base.errors import PolicyError
from polcheck.findings.report_json import report_from_json, report_to_json
from polcheck.policy.pack import compile_packs
from polcheck.policy.params import Settings
from polcheck.project.plan_cache import plan_codec
from polcheck.render import Options, output_format

ENV = ".env.example"
READ = 'files: "*.py", pattern: "getenv($env)", constant: env'
CODE = {"a.py": 'HOST = "H"\ngetenv(HOST)\ngetenv("P")\ngetenv(x)\ngetenv(f())\n', ENV: "H=1\nP=2\n"}


def test_names_of_constants_join_as_literals_do() -> None:
    """And places where it isn't one are counted, and change no outcome."""
    report = judge(f"for: {{{READ}}}\nrequire: {{files: {ENV}, text: '(?P<env>\\w+)='}}", CODE)
    (policy,) = report.policies
    assert (policy.outcome, policy.subjects) == ("pass", 2)
    assert [(capture.name, str(capture.location)) for capture in policy.dynamic] == [
        ("env", "a.py:4:8"),
        ("env", "a.py:5:8"),
    ]
    (notice,) = report.notices
    assert (notice.kind, notice.policies) == ("dynamic", ("t:p",))
    assert notice.message.startswith("2 places where `env` is not a constant, the first because `x` is not bound")


def test_values_keep_their_types() -> None:
    """A condition sees numbers, truth values and null."""
    body = 'forbid: {files: "*.py", pattern: "f($v)", constant: v, where: "type(v) != \'string\'"}'
    report = judge(body, {"a.py": "f(1)\nf('1')\nf(None)\nf(True)\nf(2.5)\n"})
    assert [finding.bindings["v"] for finding in report.findings] == [1, None, True, 2.5]
    assert report.findings[1].bindings["v"] is None and report.findings[2].bindings["v"] is True


def test_null_joins_nothing() -> None:
    """A constant that is null is equal to nothing, as everywhere."""
    body = 'forbid: [{files: "*.py", pattern: "f($v)", constant: v}, {files: "*.py", pattern: "g($v)", constant: v}]'
    assert outcome(judge(body, {"a.py": "f(None)\ng(None)\n"})) == "pass"
    assert outcome(judge(body, {"a.py": "f(1)\ng(1)\n"})) == "fail"


def test_a_require_that_a_dynamic_place_might_meet_is_undecided() -> None:
    """It is neither known to be there nor to be missing."""
    files = {"a.py": "getenv(x)\n", ENV: "H=1\n"}
    report = judge(f"for: {{files: {ENV}, text: '(?P<env>\\w+)='}}\nrequire: {{{READ}}}", files)
    assert outcome(report) == "undecided"
    assert report.policies[0].reasons == (("a.py", "`env` is no constant at line 1: `x` is not bound in this file"),)
    counted = judge(f"for: {{files: {ENV}, text: '(?P<env>\\w+)='}}\nrequire: {{{READ}, dynamic: counted}}", files)
    assert outcome(counted) == "fail"


def test_a_require_that_is_met_passes_whatever_is_dynamic_elsewhere() -> None:
    """A match is enough."""
    body = f"for: {{files: {ENV}, text: '(?P<env>\\w+)='}}\nrequire: {{{READ}}}"
    assert outcome(judge(body, CODE)) == "pass"


def test_a_not_keeps_a_row_uncertain_that_a_dynamic_place_might_rule_out() -> None:
    """So that a `forbid` of what nobody reads is undecided, not failed."""
    body = f"forbid: [{{files: {ENV}, text: '(?P<env>\\w+)='}}, {{not: {{{READ}}}}}]"
    assert outcome(judge(body, {**CODE, ENV: "H=1\nQ=1\n"})) == "undecided"
    assert outcome(judge(body, {"a.py": "getenv('H')\n", ENV: "H=1\nQ=1\n"})) == "fail"
    counted = body.replace("constant: env", "constant: env, dynamic: counted")
    assert places(judge(counted, {**CODE, ENV: "H=1\nQ=1\n"})) == [f"{ENV}:2:1"]


def test_other_captures_of_a_dynamic_place_rule_it_out() -> None:
    """What is known there has to agree."""
    body = (
        'for: {values: [{key: a, env: H}]}\nrequire: {files: "*.py", pattern: "get($key, $env)", constant: [key, env]}'
    )
    assert outcome(judge(body, {"a.py": "get('a', x)\n"})) == "undecided"
    assert outcome(judge(body, {"a.py": "get('b', x)\n"})) == "fail"


def test_dynamic_undecided_makes_a_for_open() -> None:
    """There may be more subjects."""
    body = f"for: {{{READ}, dynamic: undecided}}\nrequire: {{files: {ENV}, text: '(?P<env>\\w+)='}}"
    assert outcome(judge(body, CODE)) == "undecided"


def test_dynamic_ignored_is_for_what_asks_which_names_are_constant() -> None:
    """Nothing is counted."""
    report = judge(f"forbid: {{{READ}, dynamic: ignored}}", CODE)
    assert places(report) == ["a.py:2:1", "a.py:3:1"]
    assert report.policies[0].dynamic == () and not report.notices


def test_the_constants_themselves_are_rows() -> None:
    """Of modules and classes; what isn't constant is none, and isn't counted."""
    code = "A = 'a'\nB = f()\nC, D = 1, None\nif x:\n    E = 1\nclass F:\n    G = A\ndef h():\n    I = 1\n"
    report = judge('forbid: {files: "*.py", use: python/constant}', {"a.py": code})
    rows = [(finding.bindings["name"], finding.bindings["value"]) for finding in report.findings]
    assert sorted(rows, key=str) == [("A", "a"), ("C", 1), ("D", None), ("G", "a")]
    assert report.policies[0].dynamic == ()


def test_the_count_is_the_same_in_each_order() -> None:
    """Also where another selector has no match, so that nothing need be looked up."""
    other = f"{{files: {ENV}, text: nothing}}"
    for body in (f"forbid: [{{{READ}}}, {other}]", f"forbid: [{other}, {{{READ}}}]"):
        (policy,) = judge(body, CODE).policies
        assert policy.outcome == "pass"
        assert [str(capture.location) for capture in policy.dynamic] == ["a.py:4:8", "a.py:5:8"]


def test_only_the_files_that_a_policy_looks_in_are_counted() -> None:
    """A selector that keeps to the subject's file counts those of subjects."""
    body = 'for: {files: "a.py", pattern: "subject()"}\nforbid: {pattern: "f($x)", constant: x}'
    report = judge(body, {"a.py": "subject()\nf(y)\n", "b.py": "f(z)\n"})
    assert [str(capture.location) for capture in report.policies[0].dynamic] == ["a.py:2:3"]


def test_constants_are_found_in_code_that_is_a_value() -> None:
    """Names are looked up in that code alone."""
    body = (
        'forbid: [{files: "*.yaml", data: "script", as: script},'
        ' {in: script, language: python, pattern: "f($x)", constant: x}]'
    )
    report = judge(body, {"a.yaml": "script: |\n  X = 'a'\n  f(X)\n  f(y)\n", "X.py": "y = 1\n"})
    assert [finding.bindings["x"] for finding in report.findings] == ["a"]
    assert [capture.name for capture in report.policies[0].dynamic] == ["x"]


def test_targets_of_relations_take_constants() -> None:
    """And their names join."""
    inside = '{code: "(call arguments: (argument_list . (_) @x)) @_c", constant: x}'
    body = f'forbid: {{files: "*.py", pattern: "g()", inside: {inside}, where: "x == \'a\'"}}'
    files = {"a.py": "X = 'a'\nf(X, g())\nf(Y, g())\nf('b', g())\n"}
    assert places(judge(body, files)) == ["a.py:2:6"]


def test_elsewhere_only_literals_are_constants() -> None:
    """`validate` says so, and a name is dynamic."""
    body = 'forbid: {files: "*.sh", code: "(command name: (command_name) argument: (_) @x)", constant: x}'
    report = judge(body, {"a.sh": "run 'a' b $c\n"})
    assert [finding.bindings["x"] for finding in report.findings] == ["a", "b"]
    assert len(report.policies[0].dynamic) == 1
    problems = lint([pack(one(body))], schemas()).of("warning")
    assert any("only literals are constants" in problem.message for problem in problems)


def test_names_of_constant_are_captures() -> None:
    """`dynamic` stands beside it, and both beside code alone."""
    for body, message in (
        ("forbid: {pattern: f($a), constant: b}", "`b` is no capture"),
        ("forbid: {pattern: f($a), dynamic: undecided}", "`dynamic` is about captures"),
        ("forbid: {text: (?P<a>b), constant: a}", "`constant` does not apply here"),
    ):
        with pytest.raises(PolicyError, match=message):
            warnings_of(body)


def test_version_1_knows_no_constants() -> None:
    """It is refused with the version that does."""
    with pytest.raises(PolicyError, match="`constant` needs version 2"):
        check(one("forbid: {pattern: f($a), constant: a}"), {}, "language: 1")
    with pytest.raises(PolicyError, match="`python/constant` needs version 2"):
        check(one("forbid: {use: python/constant}"), {}, "language: 1")


@pytest.mark.parametrize(
    "name", ["text", "concise", "statistics", "json", "junit", "gitlab", "github", "markdown", "sarif", "html"]
)
def test_every_format_shows_what_is_dynamic(name: str) -> None:
    """A reader sees that something was not examined."""
    report = judge(f"forbid: {{{READ}, where: '`false`'}}", CODE)
    assert report.policies[0].outcome == "pass"
    shown = output_format(name).render(report, Options())
    assert "not a constant" in shown


def test_the_json_report_lists_the_places_and_can_be_read_back() -> None:
    """Each with its name, reason and position."""
    report = judge(f"forbid: {{{READ}, where: '`false`'}}", CODE)
    data = json.loads(json.dumps(report_to_json(report)))
    first = data["policies"][0]["dynamic"][0]
    assert (first["name"], first["path"], first["line"], first["column"]) == ("env", "a.py", 4, 8)
    assert report_from_json(data) == report


def test_a_plan_with_constants_is_kept_between_runs() -> None:
    """It is written and read again as it was."""
    plan = compile_packs([pack(one(f"forbid: {{{READ}}}"))], Settings(), schemas())
    again = plan_codec().decode(plan_codec().encode(plan))
    assert again.probes == plan.probes and {probe.kind for probe in again.probes} == {"pattern", "constants"}
