"""What the edits of a `fix` do: each kind, over code and configuration."""

from __future__ import annotations

import pytest

from fixed_results import Fix, changed, reasons

CALLS = """
    id: a
    title: t
    forbid: {files: "*.py", pattern: "old($x)", name: call}
    message: m
    remedy: r
"""


def test_code_is_replaced_with_captures_as_they_are_written(fix: Fix) -> None:
    """A capture of code stands in the new text as it is written: a string keeps its quotes."""
    policies = CALLS + '    fix: {replace: call, with: "new({{ x }}, k=1)"}\n'
    fixed = fix(policies, {"a.py": "old('é')  # c\nold( a + b )\n"})
    assert changed(fixed) == {"a.py": "new('é', k=1)  # c\nnew(a + b, k=1)\n"}
    assert len(fixed.fixed) == 2


def test_a_capture_in_quotes_is_its_value(fix: Fix) -> None:
    """Between quotes of the new code a string stands without its own."""
    fixed = fix(CALLS + "    fix: {replace: call, with: \"new('{{ x }}')\"}\n", {"a.py": 'old("b")\n'})
    assert changed(fixed) == {"a.py": "new('b')\n"}


@pytest.mark.parametrize("value", ["it's", "a\\\\b", "{x}'", "a\\nb"])
def test_a_value_that_would_not_stay_in_its_quotes_is_quoted_or_refused(fix: Fix, value: str) -> None:
    """What is filled in between quotes never ends them, and never means something else there."""
    fixed = fix(CALLS + "    fix: {replace: call, with: \"new('{{ x }}')\"}\n", {"a.py": f'old("{value}")\n'})
    if changed(fixed):
        after = changed(fixed)["a.py"]
        names: dict[str, str] = {}
        exec(after, {"new": lambda text: names.update(text=text)})
        exec(f'names["text2"] = "{value}"', {"names": names})
        assert names["text"] == names["text2"]
    else:
        assert len(reasons(fixed)) == 1


def test_a_value_of_a_configuration_is_no_code(fix: Fix) -> None:
    """A value from elsewhere stands in code as a name or a number, and as nothing else."""
    policies = """
        id: a
        title: t
        for: [{files: "*.py", pattern: "limit = $old"}, {files: c.yaml, data: "{new: limit}"}]
        require: {where: "old == to_string(new)"}
        message: m
        fix: {replace: old, with: "{{ new }}"}
    """
    assert changed(fix(policies, {"a.py": "limit = 3\n", "c.yaml": "limit: 4\n"})) == {"a.py": "limit = 4\n"}
    fixed = fix(policies, {"a.py": "limit = 3\n", "c.yaml": "limit: __import__('os').abort()\n"})
    assert not changed(fixed)
    assert "is not a name or a number" in reasons(fixed)[0]


def test_code_is_not_taken_together_with_what_is_around_it(fix: Fix) -> None:
    """An expression that would bind otherwise in its place is refused."""
    policies = """
        id: a
        title: t
        forbid: {files: "*.py", pattern: "old($x)", name: call}
        message: m
        fix: {replace: call, with: "{{ x }} + 1"}
    """
    fixed = fix(policies, {"a.py": "y = 2 * old(x)\n"})
    assert not changed(fixed)
    assert "parentheses" in reasons(fixed)[0]


def test_a_statement_is_deleted_with_its_line(fix: Fix) -> None:
    """What stands alone on its line goes with it; what doesn't leaves the rest."""
    policies = CALLS + "    fix: {delete: call}\n"
    assert changed(fix(policies, {"a.py": "x = 1\r\n  \r\nold(1)\r\ny = 2\r\n"})) == {
        "a.py": "x = 1\r\n  \r\ny = 2\r\n"
    }


ARGUMENTS = """
    id: a
    title: t
    forbid: {files: "*.py", code: '((keyword_argument name: (identifier) @n) @argument (#eq? @n "verify"))'}
    message: m
    fix: {delete: argument}
"""


def test_an_argument_is_deleted_with_its_comma(fix: Fix) -> None:
    """Each of several in a file, and in one call; fixed files have nothing to fix."""
    calls = "get(url, verify=False)\nget(verify=False)\n"
    code = calls + "get(\n    url,\n    verify=False,  # why\n    x=[y(verify=1, z=2)],\n)\n"
    fixed = fix(ARGUMENTS, {"a.py": code})
    after = "get(url)\nget()\nget(\n    url,\n    x=[y(z=2)],\n)\n"
    assert changed(fixed) == {"a.py": after}
    assert not fix(ARGUMENTS, {"a.py": after}).fixed


def test_two_neighbors_in_a_list_are_deleted_by_one_fix(fix: Fix) -> None:
    """What the first leaves of the list is what the second begins with."""
    policies = """
        id: a
        title: t
        forbid: {files: "*.py", pattern: "f($a, $b)"}
        message: m
        fix: [{delete: a}, {delete: b}]
    """
    assert changed(fix(policies, {"a.py": "f(1, 2)\nf(1, g(2, 3))\n"})) == {"a.py": "f()\nf()\n"}


def test_a_block_is_not_left_without_a_statement(fix: Fix) -> None:
    """A fix after which the file would not parse is not made."""
    fixed = fix(CALLS + "    fix: {delete: call}\n", {"a.py": "if x:\n    old(1)\n"})
    assert not changed(fixed)
    assert "would not parse" in reasons(fixed)[0]


CONFIG = "a: # one\n  - {level: 'old'}\n  - level: old   # two\nb: [1]\n"


def test_values_of_a_configuration_are_replaced_by_values(fix: Fix) -> None:
    """Comments, quotes and layout stay; a template that is one name is the value with its type."""
    policies = """
        id: a
        title: t
        forbid: [{files: c.yaml, data: "a[]", as: item}, {in: item, data: level, as: level}, {where: "level == 'old'"}]
        message: m
        fix: {replace: level, with: new}
    """
    expected = CONFIG.replace("'old'", "'new'").replace("level: old", "level: new")
    assert changed(fix(policies, {"c.yaml": CONFIG})) == {"c.yaml": expected}


def test_entries_are_inserted_renamed_and_deleted(fix: Fix) -> None:
    """Mappings get what they lack, lists what isn't in them, keys another name; entries go with their comments."""
    policies = """
        id: insert
        title: t1
        for: {files: c.yaml, data: "@", as: root}
        require: {where: "contains(root.b, `2`)"}
        message: m
        fix: {insert: {b: [1, 2], c: {d: "{{ root.b | length }}"}}, into: root}
        ---
        id: rename
        title: t2
        forbid: [{files: c.yaml, data: "keys(@)", as: key}, {where: "key == 'a'"}]
        message: m
        fix: {rename: key, to: "{{ key }}a"}
        ---
        id: delete
        title: t3
        forbid: {files: c.yaml, data: "*[?level][]", as: item}
        message: m
        fix: {delete: item}
    """
    fixed = fix(policies, {"c.yaml": "a:\n  - level: 1  # x\n  - 3\nb: [1]\n"})
    assert changed(fixed) == {"c.yaml": 'aa:\n  - 3\nb: [1, 2]\nc:\n  d: "1"\n'}
    assert {finding.policy for finding in fixed.fixed} == {"insert", "rename", "delete"}


@pytest.mark.parametrize(
    ("data", "fixed"),
    [
        ("{old: id}", True),
        ("{old: [id][?@ == 'a'] | [0]}", True),
        ("{old: [id][?@ == 'b'] | [0]}", False),
        ("{old: lower(id)}", False),
    ],
)
def test_what_is_computed_inside_a_value_has_no_place(fix: Fix, data: str, fixed: bool) -> None:
    """What `in` finds in a value can be replaced where it stands there as it is, and not where it was worked out."""
    policies = f"""
        id: a
        title: t
        forbid:
          - {{files: c.yaml, data: "hooks[?id != 'new']", as: hook}}
          - {{in: hook, data: "{data}"}}
        message: m
        fix: {{replace: old, with: new}}
    """
    done = fix(policies, {"c.yaml": f"hooks:\n  - id: {'a' if fixed else 'A'}\n"})
    assert changed(done) == ({"c.yaml": "hooks:\n  - id: new\n"} if fixed else {})
    assert fixed or "was computed, and stands nowhere as it is" in reasons(done)[0]


def test_a_file_is_created(fix: Fix) -> None:
    """With the folders above it, and the names of the policy in its path and text."""
    policies = """
        id: a
        title: t
        for: {files: "src/{name}.py"}
        require: {files: "docs/{name}.md"}
        message: m
        fix: {create: "docs/{{ name }}.md", text: "# {{ name }}\\n"}
    """
    assert changed(fix(policies, {"src/x.py": ""})) == {"docs/x.md": "# x\n"}


def test_edits_of_one_fix_are_made_together(fix: Fix) -> None:
    """Several edits, of several files, are one fix: where one can't be made, none is."""
    policies = """
        id: a
        title: t
        for: [{files: a.json, data: "{x: x}"}, {files: b.json, data: "{y: y}"}]
        require: {where: "x == y"}
        message: m
        fix: [{replace: x, with: "{{ y }}"}, {insert: {seen: true}, into: b.json}]
    """
    files = {"a.json": '{"x": 1}', "b.json": '{"y": 2}'}
    assert changed(fix(policies, files)) == {"a.json": '{"x": 2}', "b.json": '{"y": 2, "seen": true}'}
    files["b.json"] = '{"y": 2, "seen": false}'
    assert not changed(fix(policies, files))


def test_a_second_run_changes_nothing(fix: Fix) -> None:
    """What is fixed has no finding, and so no fix."""
    policies = CALLS + '    fix: {replace: call, with: "new({{ x }})"}\n'
    once = changed(fix(policies, {"a.py": "old(1)\n"}))
    assert not changed(fix(policies, once))


def test_keys_lead_on_from_a_name(fix: Fix) -> None:
    """A key that is there is deleted; where it isn't, there is no fix."""
    policies = """
        id: a
        title: t
        for: {files: c.toml, data: "[tool]", as: tool}
        require: {where: "!(tool.\\"a-b\\")"}
        message: m
        fix: {delete: tool."a-b"}
    """
    assert changed(fix(policies, {"c.toml": "[tool]\na-b = 1 # x\nc = 2\n"})) == {"c.toml": "[tool]\nc = 2\n"}
    other = policies.replace('!(tool.\\"a-b\\")', "tool.d")
    assert reasons(fix(other, {"c.toml": "[tool]\nc = 2\n"})) == ["there is no `tool.a-b`"]


def test_an_entry_of_a_file_has_to_be_there(fix: Fix) -> None:
    """`path#keys` inserts into an entry that the file has, and makes none."""
    policies = """
        id: a
        title: t
        require: {files: c.json, data: "b.c"}
        message: m
        fix: {insert: {c: 1}, into: "c.json#b"}
    """
    assert changed(fix(policies, {"c.json": '{"b": {}}'})) == {"c.json": '{"b": {"c": 1}}'}
    assert reasons(fix(policies, {"c.json": '{"a": {}}'})) == ["there is no `c.json#b`"]


def test_a_value_without_a_name_can_be_named(fix: Fix) -> None:
    """`value` is what a `data` without `as` gives, as in messages."""
    policies = """
        id: a
        title: t
        forbid: {files: c.yaml, data: a.b}
        message: "{{ value }}"
        fix: {delete: value}
    """
    assert changed(fix(policies, {"c.yaml": "a:\n  b: 1\n  c: 2\n"})) == {"c.yaml": "a:\n  c: 2\n"}


def test_a_fix_is_of_all_places_of_a_finding(fix: Fix) -> None:
    """Of rows that are one subject, and of all matches that a subject must not have."""
    policies = """
        id: a
        title: t
        for: [{files: "*.py", pattern: "old.$attribute", name: use}, {per: [attribute]}]
        require: {files: names.txt, text: '(?P<attribute>\\w+)'}
        message: m
        fix: {replace: use, with: "new.{{ attribute }}"}
        ---
        id: b
        title: u
        for: {files: c.toml, data: "[a][?@]", as: a}
        forbid: {in: a, data: "b[?starts_with(@, 'x')]", as: element}
        message: m
        fix: {delete: element}
    """
    files = {"a.py": "old.f\nold.g\n", "b.py": "old.f\n", "names.txt": "g\n", "c.toml": '[a]\nb = ["x1", "y", "x2"]\n'}
    fixed = fix(policies, files)
    assert changed(fixed) == {"a.py": "new.f\nold.g\n", "b.py": "new.f\n", "c.toml": '[a]\nb = ["y"]\n'}
    assert len(fixed.fixed) == 2


def test_lines_of_new_code_are_indented_and_end_as_those_around_it(fix: Fix) -> None:
    """A statement that becomes several stays in its block, and a file with CRLF has no other line ends."""
    policies = """
        id: a
        title: t
        forbid: {files: "*.py", pattern: "old($x)", name: call}
        message: m
        fix: {replace: call, with: "if {{ x }}:\\n    new({{ x }})"}
    """
    fixed = fix(policies, {"a.py": "def f():\r\n    old(a)\r\n"})
    assert changed(fixed) == {"a.py": "def f():\r\n    if a:\r\n        new(a)\r\n"}


SETTINGS = """
    id: a
    title: t
    forbid: {files: c.yaml, data: "[service][?debug]", as: service}
    message: m
"""


def test_an_entry_is_set_whether_it_is_there_or_not(fix: Fix) -> None:
    """`set` overwrites what stands under a key, adds what doesn't, and leaves the rest of the mapping as it is."""
    policies = SETTINGS + "    fix: {set: {debug: false, level: {of: [1]}}, into: service}\n"
    before = "service:\n  debug: true  # why\n  level: {of: [2, 3], to: 1}\n  port: 1\n"
    after = "service:\n  debug: false  # why\n  level: {of: [1], to: 1}\n  port: 1\n"
    assert changed(fix(policies, {"c.yaml": before})) == {"c.yaml": after}
    after = "service:\n  debug: false\n  level:\n    of:\n      - 1\n"
    assert changed(fix(policies, {"c.yaml": "service:\n  debug: true\n"})) == {"c.yaml": after}


def test_an_insertion_overwrites_nothing(fix: Fix) -> None:
    """Where `set` would give an entry another value, `insert` is refused."""
    fixed = fix(SETTINGS + "    fix: {insert: {debug: false}, into: service}\n", {"c.yaml": "service: {debug: true}\n"})
    assert not changed(fixed)
    assert "is there already, with another value" in reasons(fixed)[0]


def test_a_path_of_a_file_can_be_set_into(fix: Fix) -> None:
    """`into` takes the path of a file, and keys in it, beside `set` as beside `insert`."""
    policies = SETTINGS + '    fix: {set: {debug: "no", of: "{{ service.debug }}"}, into: "c.yaml#service"}\n'
    policies = policies.replace("[?debug]", "[?debug == 'yes']")
    assert changed(fix(policies, {"c.yaml": "service: {debug: 'yes'}\n"})) == {
        "c.yaml": "service: {debug: 'no', of: 'yes'}\n"
    }


CONDITIONAL = """
    id: a
    title: t
    forbid: {files: c.yaml, data: "entries(@)[?value != `0`].{key: key, value: value}"}
    message: m
    fix:
      - {replace: value, with: 0, when: "key != 'c'"}
      - {rename: key, to: "{{ key }}_was", when: "matches(key, '^a')"}
"""


def test_an_edit_is_made_where_its_condition_holds(fix: Fix) -> None:
    """Of each finding those edits are made whose `when` holds; where none does, there is no fix, and no reason why."""
    fixed = fix(CONDITIONAL, {"c.yaml": "a: 1\nb: 2\nc: 3\n"})
    assert changed(fixed) == {"c.yaml": "a_was: 0\nb: 0\nc: 3\n"}
    assert len(fixed.fixed) == 2
    assert not reasons(fixed)


def test_a_condition_that_can_t_be_evaluated_refuses_the_fix(fix: Fix) -> None:
    """A fix isn't made in part where nobody knows whether an edit of it is wanted."""
    policies = CONDITIONAL.replace("matches(key, '^a')", "to_boolean(key)")
    fixed = fix(policies, {"c.yaml": "a: 1\n"})
    assert not changed(fixed)
    assert "`to_boolean(key)` can't be evaluated" in reasons(fixed)[0]


def test_a_condition_is_seen_for_each_row_of_a_subject(fix: Fix) -> None:
    """Where rows are one subject by `per`, an edit is made at those for which its condition holds."""
    policies = """
        id: a
        title: t
        for: [{files: c.yaml, data: "entries(@)[].{key: key, value: value}"}, {let: {kind: "'k'"}}, {per: [kind]}]
        require: {where: "value == `0`"}
        message: m
        fix: {replace: value, with: 0, when: "value > `1`"}
    """
    assert changed(fix(policies, {"c.yaml": "a: 1\nb: 2\nc: 3\n"})) == {"c.yaml": "a: 1\nb: 0\nc: 0\n"}
