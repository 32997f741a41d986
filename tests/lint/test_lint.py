"""Each check of `polcheck validate`: what it tells, and what it leaves alone."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import pytest

from packs import one, schemas
from polcheck.lint import Linted, lint
from polcheck.policy.packfiles import PackFiles

PARAMS = """
params:
  contract: {type: string, allowed: [v1, v2], default: v1}
  deep: {type: boolean, default: false}
  words: {type: list, default: [a]}
"""
TWO = """
id: p
title: the one
{one}
message: no
remedy: do
---
id: q
title: the other
{other}
message: no
remedy: do
"""


def linted(policies: str, head: str = "", files: Mapping[str, str] | None = None) -> Linted:
    """What is found in a pack of these policies."""
    texts = {"pack.yaml": f"name: t\nversion: 1.0.0\n{head}", "policies/p.yaml": policies, **(files or {})}
    return lint([PackFiles("t", {path: textwrap.dedent(text).encode() for path, text in texts.items()})], schemas())


def told(body: str, head: str = "", files: Mapping[str, str] | None = None) -> list[str]:
    """Severity, line and message of each problem of one policy, without those of parts that nobody uses."""
    found = linted(one(body).rstrip() + "\nremedy: do\n", head, files)
    return _lines(found)


def _lines(found: Linted) -> list[str]:
    quiet = ("is never used", "answers to the requirement")
    return [
        f"{problem.severity}:{problem.line}: {problem.message}"
        for problem in found.problems
        if not problem.message.endswith(quiet) or "bound and" in problem.message
        if "answers to the requirement" not in problem.message
    ]


def pair(first: str, second: str, head: str = "") -> list[str]:
    """The same for two policies."""
    return _lines(linted(TWO.format(one=first, other=second).lstrip("\n"), head))


@pytest.mark.parametrize(
    "body",
    [
        'forbid: {files: "src/*.py", pattern: "eval(...)"}',
        'forbid: {files: "src/*.py", pattern: "f($x, ...)"}\nmessage: "{{ x }}"',
        'forbid: {files: "src/*.py", pattern: "f($x, ...)", where: "x != \'a\'"}',
        'forbid: [{files: "src/*.py", pattern: "f($x, ...)"}, {not: {files: "{x}.py"}}]',
        'forbid: [{files: "src/*.py", pattern: "f($x, ...)"}, {in: x, text: a}]',
        'forbid: [{files: "src/*.py", pattern: "f($x, ...)"}, {inside: {pattern: "def $x(...): ..."}}]',
        'for: [{files: "src/*.py", pattern: "f($x, ...)"}, {per: x}]\nrequire: {files: a.py}',
        'for: {files: "*.py", pattern: "f($x, ...)", name: call}\nrequire: {files: a.py}\nmessage: "{{ call.line }}"',
        'forbid: {files: "src/*.py", pattern: "f($_x, ...)"}',
        'forbid: {files: "a.yaml", data: "leaves(@)[?value == \'x\']"}',
        'forbid: {any: [{files: "{x}.py"}, {files: "{x}.txt"}]}\nmessage: "{{ x }}"',
    ],
)
def test_names_that_are_spoken_of_are_left_alone(body: str) -> None:
    """In a message, a condition, a join, a value to look in; so are private ones, and keys of rows."""
    assert told(body) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('forbid: {files: "src/*.py", pattern: "f($x, ...)"}', "`x` is bound and never used"),
        ('forbid: {files: "src/{name}.py", pattern: "f(...)"}', "`name` is bound and never used"),
        ("forbid: {files: a.py, code: '(call function: (_) @f)'}", "`f` is bound and never used"),
        ("forbid: {files: a.py, text: 'a(?P<rest>.)'}", "`rest` is bound and never used"),
        ("forbid: {files: a.yaml, data: keys(@), as: k}", "`k` is bound and never used"),
        ("forbid: {files: a.py, text: a, let: {b: 'lower(`\"A\"`)'}}", "`b` is computed and never used"),
        ('forbid: [{files: "{x}.py"}, {not: {files: "{x}/{y}.py"}}]', "`y` is bound and never used"),
        ('forbid: {any: [{files: "{x}.py"}, {files: "a.txt"}]}', "`x` is bound and never used"),
        ('for: {files: "{x}.py"}\nrequire: {files: "{x}.md", text: "a(?P<y>.)"}', "`y` is bound and never used"),
        ("forbid: {files: a.py, name: it}", "the match is called `it`, and nothing speaks of it"),
    ],
)
def test_a_name_that_nobody_speaks_of_is_told(body: str, message: str) -> None:
    """With its line, as a warning."""
    assert next(line for line in told(body) if message in line).startswith("warning:")


def test_a_name_is_told_where_it_is_written() -> None:
    """The caret stands under the capture."""
    (problem,) = linted(
        one('forbid: {files: a.py, pattern: "f($a, $b, ...)"}\nmessage: "{{ a }}"') + "\nremedy: do"
    ).problems
    assert (problem.line, problem.column) == (3, 39)
    assert problem.excerpt[problem.column - 1 :].startswith("$b")


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ('["src/*.py", "!src/**"]', "error:3: `src/*.py` matches nothing: `!src/**` excludes all of it"),
        ('["src/*.py", "a.py", "!src/**"]', "warning:3: `src/*.py` matches nothing: `!src/**` excludes all of it"),
        ('"src/[!a]*"', "warning:3: `[!a]` stands for itself: there are no sets of characters"),
        ('["src/*.py", "!tests/**"]', "warning:3: `!tests/**` excludes nothing that the others match"),
        ('["{a,b}/*", "!a/*", "!b/*"]', "error:3: all of `{a,b}/*` is excluded"),
    ],
)
def test_patterns_that_exclude_too_much_or_nothing_are_told(files: str, line: str) -> None:
    """An error where nothing is left."""
    assert told(f"forbid: {{files: {files}}}") == [line]


@pytest.mark.parametrize(
    "files", ['["src/*.py", "!src/a.py"]', '["**", "!src/**"]', '"!docs/**"', '["{x:**}.py", "!a/**"]']
)
def test_patterns_that_leave_something_are_left_alone(files: str) -> None:
    """Whatever it is."""
    assert not [line for line in told(f"forbid: {{files: {files}}}") if "excl" in line]


@pytest.mark.parametrize(
    ("item", "line"),
    [
        ('{files: "*.yaml", pattern: "f(...)"}', "error:3: this `pattern` is python, and never looks in `*.yaml`"),
        ("{files: Makefile, code: (call)}", "error:3: this `code` is python, and never looks in `Makefile`"),
        ('{files: ["*.py", "*.md"], code: (call)}', "warning:3: this `code` is python, and never looks in `*.md`"),
        ('{files: ["*.yaml", "*.md"], data: a}', "warning:3: `*.md` is no configuration that `data` could read"),
        ('{files: "docs/", text: a}', "error:3: `text` looks in files, and `docs/` stands for folders"),
        ('{files: "*.toml", data: "[0]"}', "error:3: `[0]` of an object is always null: this never matches"),
        ('{files: "*.{toml,ini}", data: "[?a]"}', "error:3: `[?…]` of an object is always null: this never matches"),
        ('{files: "*.md", language: ini, data: "a.b.c"}', "error:3: `c` is never in an INI file: this never matches"),
    ],
)  # fmt: skip
def test_selectors_that_cannot_match_their_files_are_told(item: str, line: str) -> None:
    """By language, by format, by what a document of the format is."""
    assert told(f"forbid: {item}") == [line]


@pytest.mark.parametrize(
    "item",
    [
        '{files: "*.{py,pyi}", pattern: "f(...)"}',
        '{files: "bin/*", pattern: "f(...)"}',
        '{files: "*.py.in", language: python, pattern: "f(...)"}',
        '{files: "*.yaml", data: "[0]"}',
        '{files: "*.{toml,json}", data: "[0]"}',
        '{files: "*.ini", data: "a.b"}',
        '{files: "*.toml", data: "a.b.c.d[0]"}',
        '{files: "docs/"}',
        '{files: "docs/**", text: a}',
    ],
)
def test_selectors_that_can_match_their_files_are_left_alone(item: str) -> None:
    """Also where the ending leaves that open."""
    assert told(f"forbid: {item}") == []


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("when: {where: \"params.contract == 'v3'\"}", "error:3: the policy `p` never applies"),
        ("when: {where: 'params.deep && !(params.deep)'}", "error:3: the policy `p` never applies"),
        ("when: {any: [{where: \"params.contract == 'v3'\"}]}", "error:3: the policy `p` never applies"),
        ("when: {not: {where: \"params.contract != 'v3'\"}}", "error:3: the policy `p` never applies"),
        ("when: {where: \"params.contract != 'v3'\"}", "warning:3: `params.contract != 'v3'` always holds"),
        ("for: {files: a, where: '`false`'}", "warning:3: `` `false` `` never holds"),
        ("for: {files: a, where: '`1`'}", "warning:3: `` `1` `` always holds"),
    ],
)  # fmt: skip
def test_conditions_that_are_always_the_same_are_told(body: str, line: str) -> None:
    """An error where the policy never applies."""
    assert line in told(f"{body}\nforbid: {{files: a}}", PARAMS)


@pytest.mark.parametrize(
    "condition",
    ["params.contract == 'v2'", "params.deep", "contains(params.words, 'x')", "params.contract != 'v3' && params.deep"],
)
def test_conditions_that_depend_on_parameters_are_left_alone(condition: str) -> None:
    """Also on those whose values are open."""
    assert told(f'when: {{where: "{condition}"}}\nforbid: {{files: a}}', PARAMS) == []


@pytest.mark.parametrize(
    ("one_branch", "other"),
    [
        ('{files: a.py, pattern: "f(...)"}', '{files: a.py, pattern: "f(...)"}'),
        ('{files: "*.py", pattern: "f(...)"}', '{files: a.py, pattern: "f(...)"}'),
        ('{files: a.py, pattern: "f(...)"}', '[{files: a.py, pattern: "f(...)"}, {not: {files: b.py}}]'),
        ("{files: a.py, text: x}", '{files: a.py, text: x, where: "file.lines > `3`"}'),
        ("{files: a.py, text: x}", "{files: a.py, text: x, inside: {pattern: 'def $_(...): ...'}}"),
    ],
)
def test_a_branch_that_another_one_covers_is_told(one_branch: str, other: str) -> None:
    """Wherever it stands."""
    message = "this branch is never needed: the one on line {} matches wherever it does"
    assert told(f"forbid:\n  any:\n    - {one_branch}\n    - {other}") == [f"warning:6: {message.format(5)}"]
    if one_branch != other:
        assert told(f"forbid:\n  any:\n    - {other}\n    - {one_branch}") == [f"warning:5: {message.format(6)}"]


@pytest.mark.parametrize(
    ("one_branch", "other"),
    [
        ('{files: a.py, pattern: "f(...)"}', '{files: a.py, pattern: "g(...)"}'),
        ('{files: "*.py", pattern: "f(...)"}', '{files: "*.pyi", pattern: "f(...)"}'),
        ("{files: a.py, text: x, where: \"file.lines > `3`\"}", "{files: a.py, text: x, where: \"file.size > `3`\"}"),
        ('[{files: a.py}, {not: {files: b.py}}]', '[{files: a.py}, {not: {files: c.py}}]'),
    ],
)  # fmt: skip
def test_branches_that_differ_are_left_alone(one_branch: str, other: str) -> None:
    """Each finds what the other doesn't."""
    assert told(f"forbid:\n  any:\n    - {one_branch}\n    - {other}") == []


def test_a_text_that_stands_twice_in_a_list_is_told() -> None:
    """The second one."""
    assert told('forbid: {files: a.py, pattern: ["f(...)", "g(...)", "f(...)"]}') == [
        "warning:3: `f(...)` stands twice in the list"
    ]


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
    assert pair("forbid: {files: a.py}", "forbid: {files: a.py}") == ["warning:7: `q` says the same as `p`"]


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
        "t/pack.yaml:8: no policy answers to the requirement `R.a`",
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


@pytest.mark.parametrize(("regex", "everywhere"), [("a*", True), ("(?:x|)", True), ("^$", False), ("a+", False)])
def test_a_text_that_matches_everywhere_is_told(regex: str, everywhere: bool) -> None:
    """An empty line is a place, the space between two characters is not."""
    line = f"warning:3: `{regex}` matches nothing at all, and so everywhere"
    assert told(f"forbid: {{files: a.md, text: '{regex}'}}") == ([line] if everywhere else [])


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        ("{files: a.yaml, data: keys(@)}", True),
        ("{values: [a, b]}", True),
        ("[{files: a.yaml, data: name, as: name}, {in: name, data: keys(@)}]", True),
        ("{files: a.yaml, data: keys(@), as: k}", False),
        ("{files: a.yaml, text: x}", False),
        ("{values: [{k: a}]}", False),
    ],
)
def test_a_message_that_shows_an_empty_value_is_told(item: str, shown: bool) -> None:
    """`value` is what has no name of its own."""
    lines = told(f'forbid: {item}\nmessage: "{{{{ value }}}}"')
    assert ("warning:4: `value` is always empty here" in lines) == (not shown)


def test_a_require_of_nothing_is_told() -> None:
    """It passes where there is no file to look at."""
    (line,) = told("require: {files: a.py, text: x, count: 0}")
    assert line == "warning:3: a `require` of nothing passes where there is no file, too"


@pytest.mark.parametrize(
    "body",
    [
        "forbid: [{files: a.py, text: x}, {files: a.py, text: y, scope: file}]",
        "for: {files: a.py}\nforbid: {text: y, near: 3}",
        "for: {files: a.py}\nrequire: {any: [{text: y, scope: file}]}",
        "forbid: [{files: a.py, code: (call) @_c}, {files: a.py, pattern: $x = 1}, {inside: x}]",
        "for: {files: a.py, where: file.lines > `3` && file.stem != 'b'}\nrequire: {text: x}",
        "for: {files: a.py}\nrequire: {text: x, where: line > subject.line}",
    ],
)
def test_modifiers_and_facts_that_mean_something_are_left_alone(body: str) -> None:
    """Each has what it speaks of."""
    assert told(body) == []


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
