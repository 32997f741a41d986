"""Each check of `polcheck validate` on what a policy says: what it tells, and what it leaves alone."""

from __future__ import annotations

import pytest

from lint.linting import PARAMS, linted, told
from pack_files import one


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
        "forbid: {files: a.py, code: '((call function: (_) @f) (#eq? @f \"eval(\"))'}",
        'forbid: {files: a.py, code: \'((call function: (_) @a-b) (#any-of? @a-b "(@" "x"))\'}',
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
        ("forbid: {files: a.py, name: it}", "the match is called `it`, and nothing uses it"),
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
        ('"src/[!a]*"', "warning:3: `[!a]` matches itself: there are no character classes"),
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
        ('{files: "*.ini", pattern: "f(...)"}', "error:3: this `pattern` is python, and never looks in `*.ini`"),
        ("{files: setup.cfg, code: (call)}", "error:3: this `code` is python, and never looks in `setup.cfg`"),
        ('{files: ["*.py", "*.md"], code: (call)}', "warning:3: this `code` is python, and never looks in `*.md`"),
        ('{files: [a.yaml, "*.rst"], data: b}', "warning:3: `*.rst` is not a configuration file that `data` can read"),
        ('{files: "docs/", text: a}', "error:3: `text` looks in files, and `docs/` stands for folders"),
        ('{files: "*.toml", data: "[0]"}', "error:3: `[0]` of an object is always null: this never matches"),
        ("{files: Dockerfile, data: image}", "error:3: `.image` of an array is always null: this never matches"),
        ('{files: "*.{toml,ini}", data: "[?a]"}', "error:3: `[?…]` of an object is always null: this never matches"),
        ('{files: "*.md", language: ini, data: "a.b.c"}', "error:3: `c` is never in INI: this never matches"),
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
        "warning:3: `f(...)` is listed twice"
    ]


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


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (r'text: "\bTODO\b"', "there is a control character here: U+0008"),
        (r"""data: host, as: h, where: "matches(h, '\blocal')" """, "there is a control character here: U+0008"),
        (r"""data: "hosts[?matches(@, '^\fx')]", as: h""", "there is a control character here: U+000C"),
        (
            r"""pattern: f($h), let: {x: "replace(h, '\0', 'y')"}, where: x""",
            "there is a control character here: U+0000",
        ),
        ("data: \"items[?length(@) == '3']\", as: v", "`length(@)` is a number, and `'3'` a string"),
        ("data: \"[a, b][].[c, @][?type(@) == 'string']\", as: v", "`@` is always an array here"),
        ("data: \"items | [?type(@) == 'list']\", as: v", "there is no type `list`"),
        ("data: \"items[].{a: b} | [?type(@) == 'array' && a]\", as: v", "`@` is always an object here"),
    ],
)
def test_what_can_only_be_empty_is_told(item: str, message: str) -> None:
    """A backspace that YAML made of a word boundary, and types that no element has."""
    files = "a.py" if item.startswith("pattern") else "a.yaml"
    shown = "h" if "as: h" in item or "$h" in item else "line"
    body = f'forbid: {{files: {files}, {item}}}\nmessage: "{{{{ {shown} }}}}"'
    assert any(line.startswith("warning:") and message in line for line in told(body)), told(body)


@pytest.mark.parametrize(
    "item",
    [
        r"text: '\bTODO\b'",
        r'text: "^ \t"',
        'data: "items[?size >= `3`]", as: v',
        "data: \"items[?type(@) == 'string']\", as: v",
        "data: \"items[?type(a) == 'null']\", as: v",
        "data: \"leaves(@)[?type(value) == 'number'].key\", as: v",
        "data: \"values(jobs)[].container.[image, @][] | [?type(@) == 'string']\", as: v",
        "data: \"items[?length(@) == `3` || a == 'x']\", as: v",
        'data: "items[?!(a < b)]", as: v',
        "data: \"[].{a: a} | [?a == 'x']\"",
    ],
)
def test_what_can_be_met_is_left_alone(item: str) -> None:
    """Nothing is told of it."""
    shown = "v" if "as: v" in item else "a" if "{a: a}" in item else "line"
    assert told(f'forbid: {{files: a.yaml, {item}}}\nmessage: "{{{{ {shown} }}}}"') == []


GET = 'forbid: [{{files: a.py, pattern: "requests.get(...)"}}, {}]'


@pytest.mark.parametrize(
    ("body", "warned"),
    [
        (GET.format('{has: {pattern: "requests.get(..., timeout=$_, ...)"}}'), True),
        (GET.format('{not: {has: {pattern: "requests.get(..., timeout=$_, ...)"}}}'), True),
        (GET.format('{any: [{has: {pattern: "requests.get(timeout=$_, ...)"}}, {files: b.py}]}'), True),
        ('for: {files: a.py, pattern: "f(...)"}\nrequire: {has: {pattern: ["f(1, ...)", "f(2, ...)"]}}', True),
        (GET.format('{is: {pattern: "requests.get(..., timeout=$_, ...)"}}'), False),
        (GET.format('{has: {pattern: "requests.post(...)"}}'), False),
        (GET.format('{has: {pattern: ["requests.get(...)", "g(...)"]}}'), False),
        ('forbid: {files: a.py, pattern: "$_(...)", has: {pattern: "$_($_, ...)"}}', False),
        ('forbid: {files: a.py, pattern: "with ...: ...", has: {pattern: "with ...: ..."}}', False),
        ('forbid: {files: a.py, pattern: "f($x, ...)", has: {pattern: "f(1, ...)"}, of: x}', False),
    ],
)
def test_a_target_of_has_that_is_the_match_itself(body: str, warned: bool) -> None:
    """`has` leaves it out: "a call that has the keyword" is a matter of `is`."""
    assert any("`has` leaves the match itself out" in message for message in told(body)) is warned


@pytest.mark.parametrize(
    "body",
    [
        'at: x\nforbid: {files: a.py, pattern: "f($x, ...)"}',
        'forbid: [{files: a.py, pattern: "f($x, ...)"}, {is: {code: (string)}, of: x}]',
        'forbid: [{files: a.py, pattern: "f(...)", name: f}, {files: a.py, pattern: "g(...)", inside: f}]',
    ],
)
def test_names_of_places_are_used(body: str) -> None:
    """By `at`, by `of`, and by a relation to a match."""
    assert told(body) == []


TWICE = 'forbid:\n  - {files: "a/{x}.py", pattern: "f(...)", name: it}\n  - {files: "b/{x}.py", pattern: "g(...)"}\n'


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (TWICE + '  - where: "line > `1` && it.line > `2`"', "line"),
        (TWICE + "  - not: {where: \"path == 'a'\"}\n  - {where: it.path}", "path"),
        (TWICE + '  - let: {c: "column + it.line"}\n  - where: "c > `1`"'.replace(" + it.line", ""), "column"),
        (TWICE.replace("forbid:", "for:") + '  - where: it.line\nrequire: {where: "line > `1`"}', "line"),
    ],
)
def test_a_place_that_may_be_that_of_several_matches_is_told(text: str, name: str) -> None:
    """After two selectors that look in files: they are those of the last one, which nobody sees who reads it."""
    assert any(line.startswith("warning:") and f"`{name}` is that of the last match" in line for line in told(text))


@pytest.mark.parametrize(
    "text",
    [
        TWICE + "  - where: it.line",
        TWICE[:-2] + ", where: \"line > `1` && x != 'a'\"}\n  - where: it.line",
        'forbid:\n  - {files: "a/{x}.py", pattern: "f(...)"}\n  - {files: "{x}.md"}\n  - where: "line > `1`"',
    ],
)
def test_a_place_of_the_one_that_is_meant_is_left_alone(text: str) -> None:
    """One with a name, one beside the selector, and one where but one selector looks in files."""
    assert not [line for line in told(text) if "last match" in line]


ROWS = 'files: a.yaml, data: "{axis: axis, matrix: matrix, banned: banned, fields: fields, key: key}"'


@pytest.mark.parametrize(
    ("where", "name"),
    [
        ("matrix[?id == axis]", "axis"),
        ("length(fields[?includes(banned, @)]) > `0`", "banned"),
        ("fields[?contains(banned.all, name)]", "banned"),
        ("fields[].inner[?axis == id]", "axis"),
        ("map(&join('.', [axis, @][]), fields) && fields[*].contains(banned, id)", "banned"),
        ("max_by(fields, &add(size, axis))", "axis"),
    ],
)
def test_a_bare_name_that_relates_elements_is_told(where: str, name: str) -> None:
    """It is a key of the element, which the row's name is all but surely meant to be compared with."""
    lines = told(f'forbid: {{{ROWS}, where: "{where}"}}\nmessage: "{{{{ axis }}}}{{{{ banned }}}}{{{{ fields }}}}"')
    assert any(line.startswith("warning:3: `" + name + "` in `") for line in lines), lines


@pytest.mark.parametrize(
    "where",
    [
        "matrix[?id == $axis]",
        "matrix[?id == @.axis]",
        "matrix[?axis == 'x']",
        "matrix[?axis]",
        "matrix[?axis == banned]",
        "matrix[?starts_with(axis, 'a') && id == 'x']",
        "matrix[].axis",
        "matrix[].{axis: axis, id: id}",
        "matrix[].{axis: id, id: id} | [?axis == id]",
        "entries(matrix)[?value == key]",
        "axis == key",
    ],
)
def test_keys_of_elements_that_are_called_alike_are_left_alone(where: str) -> None:
    """Alone, with literals, with each other, where the elements are known to have the key, and outside projections."""
    lines = told(f'forbid: {{{ROWS}, where: "{where}"}}\nmessage: "{{{{ axis }}}}{{{{ banned }}}}{{{{ fields }}}}"')
    assert not any("is a key of the element" in line for line in lines), lines
