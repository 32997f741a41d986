"""Each check of `polcheck validate` on policies beside each other and on packs: what it tells, and what it leaves."""

from __future__ import annotations

import textwrap

import pytest

from lint.linting import PARAMS, linted, pair, told
from pack_files import one, schemas
from polcheck.authoring.lint import lint
from polcheck.policy.pack_files import PackFiles


@pytest.mark.parametrize(
    ("requires", "forbids"),
    [
        ("require: {files: a.py}", "forbid: {files: a.py}"),
        ("require: {files: src/a.py}", 'forbid: {files: "src/**"}'),
        ('require: {files: a.py, pattern: "f(...)"}', 'forbid: {files: "*.py", pattern: "f(...)"}'),
        ('require: {files: a.py, pattern: "f(...)", where: "line > `3`"}', 'forbid: {files: a.py, pattern: "f(...)"}'),
        ("for: {files: b.py}\nrequire: {files: a.py}", "for: {files: b.py}\nforbid: {files: a.py}"),
        ("when: {files: b.py}\nrequire: {files: a.py}", "forbid: {files: a.py}"),
    ],
)
def test_policies_that_contradict_each_other_are_told(requires: str, forbids: str) -> None:
    """At the one that forbids, in either order."""
    assert [line.split(": ", 1)[1] for line in pair(requires, forbids)] == ["`q` forbids what `p` requires"]
    assert [line.split(": ", 1)[1] for line in pair(forbids, requires)] == ["`p` forbids what `q` requires"]


@pytest.mark.parametrize(
    ("requires", "forbids"),
    [
        ("require: {files: a.py}", "forbid: {files: b.py}"),
        ('require: {files: "*.py", pattern: "f(...)"}', 'forbid: {files: a.py, pattern: "f(...)"}'),
        ('require: {files: a.py, pattern: "f(...)"}', 'forbid: {files: a.py, pattern: "f(...)", where: "line > `3`"}'),
        ("require: {files: a.py}", "when: {files: b.py}\nforbid: {files: a.py}"),
        ("require: {files: a.py}", "for: {files: b.py}\nforbid: {files: a.py}"),
        ("require: {files: a.py, text: a, count: {max: 3}}", "forbid: {files: a.py, text: a}"),
    ],
)
def test_policies_that_can_both_be_met_are_left_alone(requires: str, forbids: str) -> None:
    """By some submission."""
    assert pair(requires, forbids) == []


def test_policies_that_say_the_same_are_told() -> None:
    """The second one."""
    assert pair("forbid: {files: a.py}", "forbid: {files: a.py}") == ["warning:7: `q` is the same as `p`"]


def test_policies_that_differ_in_when_are_not_the_same() -> None:
    """They apply to other submissions."""
    assert pair("forbid: {files: a.py}", "when: {files: b.py}\nforbid: {files: a.py}") == []


def test_parts_that_nothing_uses_are_told() -> None:
    """Requirements, parameters, selectors, tables, templates, and files that nothing reads."""
    head = (
        PARAMS
        + "requirements: {R.a: Text, R.b: {title: T, decided_by: review, because: b}}\nselectors: {s: {files: a.py}}\n"
    )
    files = {"tables/rows.yaml": "[a]", "templates/i.txt": "x", "stray.yaml": "a", "tests/c.yaml": "case: x"}
    found = linted(one("forbid: {files: a}") + "\nremedy: do\n", head, files)
    assert {problem.severity for problem in found.problems} == {"warning"}
    assert [f"{problem.path}:{problem.line}: {problem.message}" for problem in found.problems] == [
        "t/pack.yaml:5: the parameter `contract` is never used",
        "t/pack.yaml:6: the parameter `deep` is never used",
        "t/pack.yaml:7: the parameter `words` is never used",
        "t/pack.yaml:8: no policy implements the requirement `R.a`",
        "t/pack.yaml:9: the selector `s` is never used",
        "t/stray.yaml:0: `stray.yaml` is not read",
        "t/tables/rows.yaml:0: the table `rows` is never used",
        "t/templates/i.txt:0: the template `templates/i.txt` is never used",
    ]


def test_parts_that_something_uses_are_left_alone() -> None:
    """A message, a condition, a template, another selector: all of these count."""
    head = (
        PARAMS + "requirements: {R.a: Text}\nselectors: {s: {files: '{a}.py'}, r: {use: s}}\n"
        "verdict: {issue: {template: i.txt}}\n"
    )
    files = {"tables/rows.yaml": "[a]", "templates/i.txt": "{% if params.deep %}x{% endif %}"}
    body = """
    requirement: R.a
    when: {where: "params.contract == 'v2'"}
    for: [{use: r}, {values: "tables.rows[?@ != 'b']", as: a}]
    require: {files: "{a}.txt"}
    message: "{{ params['words'] }}"
    """
    assert linted(one(textwrap.dedent(body)) + "\nremedy: do\n", head, files).problems == ()


def test_a_second_document_of_pack_yaml_is_told() -> None:
    """Nothing reads it."""
    found = linted(one("forbid: {files: a}") + "\nremedy: r", "---\nrequirements: {R.a: Text}\n")
    assert [(p.severity, p.line, p.message) for p in found.problems] == [
        ("warning", 4, "what follows `---` is not read")
    ]


def test_what_a_pack_is_for_is_said_in_path_patterns() -> None:
    """One that can't be one is pointed at."""
    found = linted(one("forbid: {files: a}") + "\nremedy: r", 'fits: [a.py, "b/{c"]\n')
    assert [(p.severity, p.column, p.message) for p in found.problems] == [("error", 17, "`{` is never closed")]


def test_files_that_nothing_reads_are_told_beside_errors() -> None:
    """They may be why."""
    files = {"pack.yaml": b"name: t\nversion: 1.0.0\n", "policy/p.yaml": b"id: p\n"}
    found = lint([PackFiles("t", files)], schemas())
    assert [p.message for p in found.problems] == ["the pack has no policy", "`policy/p.yaml` is not read"]


def test_nothing_is_called_unused_while_there_are_errors() -> None:
    """What can't be read may use it."""
    found = linted("id: p\ntitle: [\n", PARAMS)
    assert [problem.severity for problem in found.problems] == ["error"]


def test_policies_are_compared_by_title_and_successor() -> None:
    """Titles by their words, successors by id."""
    found = linted(
        """\
        {id: p, title: The One, forbid: {files: a}, message: m, remedy: r, deprecated: qq}
        ---
        {id: q, title: "the  one", forbid: {files: b}, message: m, deprecated: nobody needs it}
        ---
        {id: r, title: another, forbid: {files: c}, message: m, severity: note, deprecated: q}
        """
    )
    assert [(p.severity, p.line, p.message) for p in found.problems] == [
        ("warning", 1, "there is no other policy `qq`"),
        ("warning", 3, "the policy `p` has the same title"),
        ("note", 3, "the policy `q` has no remedy"),
    ]


def test_profiles_name_what_there_is() -> None:
    """Parameters, their values, policies and requirements."""
    head = PARAMS + (
        "requirements: {R.a: Text}\n"
        "profiles:\n"
        "  good: {params: {contract: v2}, severities: {p: note, 't:p': note, R.a: 'off'}}\n"
        "  bad: {params: {contract: v9, kontract: v1}, severities: {pp: note}}\n"
    )
    found = linted(one("requirement: R.a\nforbid: {files: a}"), head)
    assert [problem.message for problem in found.of("error")] == [
        "the parameter `contract` can't be `v9`: one of `v1`, `v2`",
        "the pack has no parameter `kontract`",
        "the pack has no policy or requirement `pp`",
    ]


def test_problems_are_in_order_errors_first() -> None:
    """Then by path, line and column."""
    found = linted(one('when: {where: "`false`"}\nforbid: {files: a.py, pattern: "f($x)"}'))
    assert [problem.severity for problem in found.problems] == sorted(
        (problem.severity for problem in found.problems), key=["error", "warning", "note"].index
    )


def test_several_packs_are_checked_together() -> None:
    """Each with its own parts."""
    text = (one("forbid: {files: a}") + "\nremedy: do\n").encode()
    packs = [PackFiles(n, {"pack.yaml": f"name: {n}\nversion: '1'\n".encode(), "policies/p.yaml": text}) for n in "ab"]
    found = lint(packs, schemas())
    assert (found.packs, found.problems) == ((("a", "1", 1), ("b", "1", 1)), ())


def test_a_field_of_the_verdict_reads_what_a_report_has() -> None:
    """Anything else would be null for ever."""
    fields = "verdict: {ready: verdct == 'pass', fine: \"verdict == 'pass' && length(findings) == `0`\"}\n"
    found = linted(one("forbid: {files: a}"), fields)
    assert [(p.line, p.message, p.help) for p in found.of("error")] == [
        (3, "a report has no `verdct`", "did you mean `verdict`?")
    ]


def test_a_requirement_for_reviewers_says_why() -> None:
    """Or is told to."""
    head = "requirements: {R.a: {title: T, decided_by: review}, R.b: {title: T, decided_by: review, because: taste}}\n"
    notes = [problem.message for problem in linted(one("forbid: {files: a}") + "\nremedy: r", head).of("note")]
    assert notes == ["the requirement `R.a` is for reviewers, and doesn't say why"]


def test_a_private_name_says_that_any_match_will_do() -> None:
    """A used selector binds what it binds; renamed to `_x`, nobody expects a join."""
    head = "selectors: {calls: {files: '*.py', pattern: 'go($what, ...)'}}\n"
    body = "for: {{files: 'src/{{name}}.py'}}\nrequire: {{use: calls{}}}\nmessage: '{{{{ name }}}}'"
    (told_of,) = told(body.format(""), head)
    assert told_of.startswith("error:4: this can only join on nothing: it binds `what`")
    assert told(body.format(", as: {what: _what}"), head) == []


def test_a_pack_that_another_one_extends_is_left_to_its_authors() -> None:
    """Its errors count, its warnings are not shown."""
    base = {"pack.yaml": b"name: base\nversion: '1'\n", "policies/p.yaml": one('forbid: {files: "{x}.py"}').encode()}
    mine = {
        "pack.yaml": b"name: mine\nversion: '1'\nextends: [base]\n",
        "policies/q.yaml": b"id: q\ntitle: its own\nforbid: {files: a}\nmessage: m\nremedy: r\n",
    }
    packs = [PackFiles("mine", mine, bases={"base": PackFiles("base", base)})]
    found = lint(packs, schemas())
    assert (found.packs, found.problems) == ((("mine", "1", 1),), ())
