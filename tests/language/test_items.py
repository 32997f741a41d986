"""What can be said of an item: modifiers, relations, unions, anti-joins."""

from __future__ import annotations

import pytest

from pack_files import judge, outcome, places
from polcheck.base.errors import PolicyError


def test_a_selector_without_files_looks_in_the_subjects_file() -> None:
    """Not in the others."""
    body = 'for: {files: "*.py", pattern: "opened($x)"}\nrequire: {pattern: "closed($x)"}'
    assert outcome(judge(body, {"a.py": "opened(f)\nclosed(f)\n"})) == "pass"
    assert outcome(judge(body, {"a.py": "opened(f)\n", "b.py": "closed(f)\n"})) == "fail"


def test_at_the_top_a_selector_without_files_looks_in_every_file_of_its_language() -> None:
    """Python where nothing says otherwise."""
    assert places(judge('forbid: {pattern: "go()"}', {"a/b.py": "go()\n", "c.txt": "go()\n"})) == ["a/b.py:1:1"]


def test_as_on_files_binds_the_whole_path() -> None:
    """And joins with it."""
    body = 'for: {files: "list.txt", text: "(?P<p>.+)"}\nrequire: {files: "**", as: p}'
    assert outcome(judge(body, {"list.txt": "a/b.py\nlist.txt\n", "a/b.py": ""})) == "pass"
    assert places(judge(body, {"list.txt": "a/b.py\nno.py\n", "a/b.py": ""})) == ["list.txt:2:1"]


def test_a_pattern_that_ends_in_a_slash_matches_folders() -> None:
    """At any depth with `**/`."""
    assert outcome(judge('require: {files: "tests/"}', {"tests/unit/a.py": ""})) == "pass"
    assert outcome(judge('require: {files: "tests/"}', {"test/a.py": "", "tests": ""})) == "fail"
    assert outcome(judge('require: {files: "**/unit/"}', {"tests/unit/a.py": ""})) == "pass"


def test_captures_of_paths_span_one_segment_or_several() -> None:
    """`{name}` and `{name:**}`."""
    body = 'for: {files: "src/{module:**}.py"}\nrequire: {files: "tests/{module:**}_test.py"}'
    assert outcome(judge(body, {"src/a/b.py": "", "tests/a/b_test.py": ""})) == "pass"
    assert outcome(judge(body, {"src/a/b.py": "", "tests/b_test.py": ""})) == "fail"


def test_values_are_equal_when_their_texts_are() -> None:
    """Numbers in shortest form, booleans and null as in JSON."""
    body = 'for: {files: "a.yaml", data: "@[]", as: x}\nrequire: {files: "b.json", data: "@[]", as: x}'
    files = {"a.yaml": "[1.0, true, '2', null, 3e2]\n", "b.json": '["1", "true", 2, 300]'}
    assert outcome(judge(body, files)) == "pass"


def test_several_documents_of_a_yaml_file_are_each_searched() -> None:
    """And each match has its own place."""
    report = judge(
        'forbid: {files: "*.yaml", data: "kind", as: kind}', {"a.yaml": "kind: A\n---\nx: 1\n---\nkind: B\n"}
    )
    assert places(report) == ["a.yaml:1:7", "a.yaml:5:7"]


def test_any_is_a_union_and_its_branches_see_the_row() -> None:
    """One branch that matches is enough."""
    body = """
        for: {files: "a.yaml", data: "names[]", as: name}
        require:
          any:
            - {files: "b.yaml", data: "names[]", as: name}
            - [{files: "c.yaml", data: "rows[].{name: n, kind: k}"}, {where: "kind == 'good'"}]
    """
    files = {"a.yaml": "names: [x, y]\n", "b.yaml": "names: [x]\n", "c.yaml": "rows: [{n: y, k: good}]\n"}
    assert outcome(judge(body, files)) == "pass"
    files["c.yaml"] = "rows: [{n: y, k: bad}]\n"
    assert places(judge(body, files)) == ["a.yaml:1:12"]


def test_a_name_used_outside_an_any_must_be_bound_by_each_branch() -> None:
    """Otherwise the policy is refused."""
    body = 'forbid:\n  - any:\n      - {pattern: "a($x)"}\n      - {pattern: "b($y)"}\nmessage: "{{ x }}"'
    with pytest.raises(PolicyError, match="`x` is never bound"):
        judge(body, {"a.py": ""})


def test_let_computes_names_before_the_join() -> None:
    """The computed name joins as any other."""
    body = """
        for: {files: "*.py", code: "(import_statement name: (dotted_name) @m)", let: {top: "split(m, '.')[0]"}}
        require: {values: [{top: os}]}
    """
    assert outcome(judge(body, {"a.py": "import os.path\n"})) == "pass"
    assert outcome(judge(body, {"a.py": "import sys\n"})) == "fail"


def test_where_sees_typed_values_and_every_name_before_it() -> None:
    """A number compares as a number."""
    body = """
        forbid:
          - {files: "a.yaml", data: "rows[].{name: n, size: s}"}
          - {files: "b.yaml", data: "limits[].{name: n, limit: l}"}
          - where: size > limit
    """
    files = {"a.yaml": "rows: [{n: x, s: 10}, {n: y, s: 3}]\n", "b.yaml": "limits: [{n: x, l: 9}, {n: y, l: 9}]\n"}
    assert places(judge(body, files)) == ["a.yaml:1:12"]


def test_where_alone_under_require_is_a_condition_on_the_subject() -> None:
    """Each subject that does not meet it fails."""
    body = 'for: {files: "*.yaml", data: "ports[]", as: port}\nrequire: {where: "port >= `1024`"}'
    assert places(judge(body, {"a.yaml": "ports:\n  - 80\n  - 8080\n"})) == ["a.yaml:2:5"]


def test_facts_of_a_file_are_seen_by_where() -> None:
    """Whether its own parser takes it, how many lines it has."""
    body = 'forbid: {files: "*.py", where: "!(file.parsed)"}\nmessage: "{{ file.error }} in {{ file.name }}"'
    report = judge(body, {"a.py": "def f():\n  return 08\n", "b.py": "x = 1\n"})
    assert places(report) == ["a.py"]
    assert "a.py" in report.findings[0].message
    assert places(judge('forbid: {files: "*", where: "file.lines > `2`"}', {"a": "1\n2\n3\n", "b": "1\n2\n"})) == ["a"]
    assert places(judge('forbid: {files: "*", where: "file.size == `0`"}', {"a": "", "b": "1"})) == ["a"]


INSIDE = """
    forbid:
      - {files: "*.py", pattern: "go()"}
      - not: {inside: {code: (try_statement), until: (function_definition)}}
"""


def test_inside_and_until_relate_a_match_to_what_is_around_it() -> None:
    """A function between the two ends the search."""
    source = "try:\n    go()\nexcept E:\n    pass\ntry:\n    def f():\n        go()\nexcept E:\n    pass\n"
    assert places(judge(INSIDE, {"a.py": source})) == ["a.py:7:9"]


def test_has_and_its_names_join() -> None:
    """A class that holds a method of a given name."""
    body = """
        for: {files: "*.py", code: "(class_definition name: (identifier) @cls) "}
        require: {has: {pattern: "def run(...): ..."}}
        message: "{{ cls }} has no run"
    """
    report = judge(body, {"a.py": "class A:\n    def run(self): pass\nclass B:\n    x = 1\n"})
    assert [finding.message for finding in report.findings] == ["B has no run"]


def test_after_wants_the_other_before_in_the_same_file() -> None:
    """Not behind it."""
    body = 'for: {files: "*.py", pattern: "use($x)"}\nrequire: {after: {pattern: "init($x)"}}'
    assert outcome(judge(body, {"a.py": "init(a)\nuse(a)\n"})) == "pass"
    assert outcome(judge(body, {"a.py": "use(a)\ninit(a)\n"})) == "fail"
    assert outcome(judge(body, {"a.py": "init(b)\nuse(a)\n"})) == "fail"


def test_a_relation_by_a_bare_word_speaks_of_an_earlier_capture() -> None:
    """Or of the subject."""
    body = """
        for: {files: "*.py", code: "(for_statement body: (block) @body)"}
        require: [{pattern: "step()", inside: body}]
    """
    assert outcome(judge(body, {"a.py": "for x in y:\n    step()\n"})) == "pass"
    assert outcome(judge(body, {"a.py": "step()\nfor x in y:\n    pass\n"})) == "fail"
    subject = 'for: {files: "*.py", pattern: "with $a: ..."}\nforbid: {pattern: "go()", inside: subject}'
    assert outcome(judge(subject, {"a.py": "with a:\n    go()\n"})) == "fail"
    assert outcome(judge(subject, {"a.py": "with a:\n    pass\ngo()\n"})) == "pass"


def test_scope_keeps_a_match_within_the_subjects_span_or_file() -> None:
    """`subject` and `file`."""
    span = 'for: {files: "*.py", pattern: "def $f(...): ..."}\nrequire: {pattern: "log()", scope: subject}'
    assert places(judge(span, {"a.py": "def f():\n    log()\ndef g():\n    pass\n"})) == ["a.py:3:1"]
    file = 'for: {files: "*.py", pattern: "go()"}\nrequire: {files: "*.py", pattern: "log()", scope: file}'
    assert places(judge(file, {"a.py": "go()\nlog()\n", "b.py": "go()\n"})) == ["b.py:1:1"]


def test_near_keeps_a_match_within_so_many_lines() -> None:
    """Counted from the subject, both ways."""
    body = 'for: {files: "*.py", pattern: "go()"}\nrequire: {text: "# why", near: 1}'
    assert places(judge(body, {"a.py": "# why\ngo()\n\n\ngo()\n"})) == ["a.py:5:1"]


@pytest.mark.parametrize(
    ("count", "calls", "expected"),
    [
        ("2", 2, "pass"),
        ("2", 3, "fail"),
        ("{min: 2}", 3, "pass"),
        ("{min: 2}", 1, "fail"),
        ("{max: 1}", 0, "pass"),
        ("{max: 1}", 2, "fail"),
    ],
)
def test_count_counts_distinct_places_of_the_last_item(count: str, calls: int, expected: str) -> None:
    """A number is exact; min and max are bounds."""
    assert (
        outcome(judge(f'require: {{files: "*.py", pattern: "go()", count: {count}}}', {"a.py": "go()\n" * calls}))
        == expected
    )


def test_a_selector_with_a_name_shows_its_row_in_messages() -> None:
    """`{{ load.path }}` and its bindings."""
    body = """
        forbid:
          - {files: "*.py", pattern: "save($x)"}
          - {files: "*.py", pattern: "load($x)", name: load}
        message: "{{ x }} is loaded at {{ load.path }}:{{ load.line }}"
    """
    report = judge(body, {"a.py": "save(m)\n", "b.py": "\nload(m)\n"})
    assert report.findings[0].message == "m is loaded at b.py:2"


def test_use_renames_what_a_selector_binds_also_where_it_is_an_any() -> None:
    """`as` gives the name under which it joins."""
    head = """
        selectors:
          declared:
            any:
              - {files: a.yaml, data: "names[]", as: dep}
              - {files: b.yaml, data: "names[]", as: dep}
    """
    body = 'for: {files: w.txt, text: "(?P<word>\\\\w+)"}\nrequire: {use: declared, as: word}'
    files = {"w.txt": "x y\n", "a.yaml": "names: [x]\n", "b.yaml": "names: [y]\n"}
    assert outcome(judge(body, files, head)) == "pass"
    assert places(judge(body, {**files, "b.yaml": "names: [z]\n"}, head)) == ["w.txt:1:3"]


def test_in_parses_a_text_by_its_language() -> None:
    """A command in a step is bash."""
    body = """
        for:
          - {files: "ci.yml", data: "steps[].run", as: run}
          - {in: run, language: bash, code: '(command name: (command_name) @cmd)'}
        require: {values: [{cmd: make}, {cmd: echo}]}
        message: "{{ cmd }} is not known"
    """
    report = judge(body, {"ci.yml": "steps:\n  - run: make all && curl x | echo\n"})
    assert [finding.message for finding in report.findings] == ["curl is not known"]
    assert places(report) == ["ci.yml:2:22"]


def test_a_capture_that_holds_several_nodes_gives_one_match_a_node() -> None:
    """Quantified captures."""
    body = 'forbid: {files: "*.py", code: "(argument_list (identifier)+ @arg)"}\nmessage: "{{ arg }}"'
    assert sorted(f.message for f in judge(body, {"a.py": "f(a, b)\n"}).findings) == ["a", "b"]


def test_per_makes_rows_that_are_equal_in_these_names_one_subject() -> None:
    """The other places are related ones."""
    body = 'for: [{files: "*.py", pattern: "go($x)"}, {per: [x]}]\nrequire: {where: "`false`"}'
    report = judge(body, {"a.py": "go(a)\ngo(b)\ngo(a)\n"})
    assert places(report) == ["a.py:1:1", "a.py:2:1"]
    assert [str(place) for place in report.findings[0].related] == ["a.py:3:1"]


def test_comments_and_strings_are_text() -> None:
    """`text` looks at what is written, parsed or not."""
    report = judge(
        'forbid: {files: "**", text: "(?P<tag>TODO|FIXME)"}\nmessage: "{{ tag }}"',
        {"a.py": "def (:\n# TODO x\n", "b.md": "FIXME"},
    )
    assert [finding.message for finding in report.findings] == ["TODO", "FIXME"]


def test_the_word_subject_is_the_subject_itself() -> None:
    """With `forbid`, every subject that has no partner is a finding; having no subject is fine elsewhere."""
    body = """
        for: [{files: "*.py", pattern: "go($x)"}, {per: [x]}]
        forbid: [subject, {not: {files: "ok.txt", text: "(?P<x>.+)"}}]
    """
    assert places(judge(body, {"a.py": "go(a)\ngo(b)\ngo(a)\n", "ok.txt": "b\n"})) == ["a.py:1:1"]
    with pytest.raises(PolicyError, match="`subject` needs a `for`"):
        judge("forbid: [subject]", {"a.py": ""})


def test_a_node_is_inside_its_parent_also_where_both_have_one_span() -> None:
    """A block of one statement, a statement of one expression; but nothing is inside of itself."""
    block = 'for: {files: "*.py", pattern: "go()"}\nrequire: {inside: {code: "(block)"}}'
    assert outcome(judge(block, {"a.py": "if x:\n    go()\n"})) == "pass"
    statement = (
        'forbid: [{files: "*.py", code: "(string) @s"}, {not: {inside: {code: "(expression_statement . (string) .)"}}}]'
    )
    assert places(judge(statement, {"a.py": '"""doc"""\nx = "no doc"\n'})) == ["a.py:2:5"]
    itself = 'for: {files: "*.py", pattern: "go()"}\nrequire: {inside: {pattern: "go()"}}'
    assert outcome(judge(itself, {"a.py": "go()\n"})) == "fail"


def test_a_row_of_entries_can_be_renamed() -> None:
    """`value` is a key like any other, and joins under its new name; in a file and in a value."""
    files = {"a.yaml": "x: 1\ny: 2\n"}
    wrong = "require: {values: [{word: 2}]}\nmessage: '{{ word }}'"
    for items in (
        "{files: a.yaml, data: entries(@), as: {value: word}}",
        "[{files: a.yaml, data: '@', as: all}, {in: all, data: entries(@), as: {value: word}}]",
    ):
        report = judge(f"for: {items}\n{wrong}", files)
        assert [finding.message for finding in report.findings] == ["1"]
