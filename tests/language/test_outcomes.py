"""Outcomes: three values, nothing to look at, and never a false pass."""

from __future__ import annotations

import pytest

from pack_files import check, judge, one, outcome, places

BROKEN = "def f(:\n  pass\n"


def test_a_require_that_found_its_match_passes_whatever_could_not_be_read() -> None:
    """A broken file beside the match does not matter."""
    report = judge('require: {files: "*.py", pattern: "go()"}', {"a.py": "go()\n", "b.py": BROKEN + "go(\n"})
    assert outcome(report) == "pass"


def test_a_require_without_its_match_is_undecided_when_a_file_that_could_hold_it_is_broken() -> None:
    """The broken file holds the literal, so it was not searched to its end."""
    report = judge('require: {files: "*.py", pattern: "go()"}', {"a.py": "x()\n", "b.py": BROKEN + "go(\n"})
    assert outcome(report) == "undecided"
    assert report.verdict == "none"
    assert report.policies[0].reasons[0][0] == "b.py"


def test_a_broken_file_without_the_literal_counts_as_searched() -> None:
    """It cannot hold a match."""
    report = judge('require: {files: "*.py", pattern: "go()"}', {"a.py": "x()\n", "b.py": BROKEN})
    assert outcome(report) == "fail"


def test_a_forbid_that_found_a_match_fails_whatever_could_not_be_read() -> None:
    """One match is enough."""
    report = judge('forbid: {files: "*.py", pattern: "go()"}', {"a.py": "go()\n", "b.py": BROKEN + "go(\n"})
    assert outcome(report) == "fail"


def test_a_forbid_without_a_match_is_undecided_when_a_file_is_broken() -> None:
    """What could not be searched might hold one."""
    report = judge('forbid: {files: "*.py", pattern: "go()"}', {"a.py": "x()\n", "b.py": BROKEN + "go(\n"})
    assert outcome(report) == "undecided"


def test_a_config_that_does_not_parse_is_undecided_with_its_line() -> None:
    """The reason names the format and the line."""
    report = judge('forbid: {files: "*.yaml", data: "a.b", as: b}', {"a.yaml": "a: 1\nb: c: d\n"})
    assert outcome(report) == "undecided"
    assert "line 2" in report.policies[0].reasons[0][1]


def test_no_subject_is_not_applicable() -> None:
    """And the run, in which nothing passed, has no verdict."""
    report = judge('for: {files: "*.py", pattern: "go()"}\nrequire: {where: "`false`"}', {"a.py": "x()\n"})
    assert outcome(report) == "not-applicable"
    assert report.verdict == "none"


def test_a_forbid_that_found_no_document_to_look_in_is_not_applicable() -> None:
    """Nothing to look at is not a pass."""
    assert outcome(judge('forbid: {files: "src/*.py", pattern: "go()"}', {"a.py": "go()\n"})) == "not-applicable"


def test_a_forbid_of_files_alone_looks_at_the_listing() -> None:
    """So it passes when no such file is there."""
    assert outcome(judge('forbid: {files: "*.exe"}', {"a.py": ""})) == "pass"


def test_a_require_that_found_no_document_fails_with_no_place() -> None:
    """There is nowhere to point."""
    report = judge('require: {files: "src/*.py", pattern: "go()"}', {"a.md": ""})
    assert outcome(report) == "fail"
    assert places(report) == [""]


UNSURE = """
    forbid:
      - {files: "src/*.py", pattern: "import_plugin($name)"}
      - not: {files: "config/plugins.yaml", data: plugins, as: name}
"""


def test_a_row_that_a_not_kept_because_its_search_was_unfinished_fails_nothing() -> None:
    """The partner may be in the file that does not parse."""
    files = {"src/a.py": "import_plugin('x')\n", "config/plugins.yaml": "plugins: [y\n"}
    assert outcome(judge(UNSURE, files)) == "undecided"


def test_a_certain_row_fails_beside_an_unfinished_search_of_other_files() -> None:
    """Path captures tell which unsearched files could hold the partner."""
    body = """
        forbid:
          - {files: "src/{name}.py", pattern: "go()"}
          - not: {files: "test/{name}.py", pattern: "check()"}
    """
    files = {"src/a.py": "go()\n", "src/b.py": "go()\n", "test/b.py": BROKEN + "check(\n"}
    report = judge(body, files)
    assert outcome(report) == "fail"
    assert places(report) == ["src/a.py:1:1"]


def test_a_jmespath_type_error_makes_the_document_undecided() -> None:
    """With the value that was of the wrong type."""
    report = judge('forbid: {files: "*.yaml", data: "sum(a)", as: s}', {"a.yaml": "a: [x, y]\n"})
    assert outcome(report) == "undecided"
    assert "a.yaml" in report.policies[0].reasons[0][0]


def test_more_rows_than_the_limit_is_undecided() -> None:
    """A limit that was hit means that the search is incomplete."""
    source = "go()\n" * 10_001
    report = judge('require: {files: "*.py", pattern: "go()", count: {max: 20000}}', {"a.py": source})
    assert outcome(report) == "undecided"
    assert "10,000" in report.policies[0].reasons[0][1] or "10000" in report.policies[0].reasons[0][1]


def test_when_decides_whether_a_policy_applies() -> None:
    """A condition on params, a selector that must match, or one that must not."""
    head = "params: {contract: {type: string, default: v1}}\n"
    gated = 'when: {where: "params.contract != \'v1\'"}\nforbid: {files: "*.py"}'
    assert outcome(judge(gated, {"a.py": ""}, head)) == "not-applicable"
    has = 'when: {files: "setup.cfg"}\nforbid: {files: "*.py"}'
    assert outcome(judge(has, {"a.py": ""})) == "not-applicable"
    assert outcome(judge(has, {"a.py": "", "setup.cfg": ""})) == "fail"
    lacks = 'when: {not: {files: "setup.cfg"}}\nforbid: {files: "*.py"}'
    assert outcome(judge(lacks, {"a.py": ""})) == "fail"
    assert outcome(judge(lacks, {"a.py": "", "setup.cfg": ""})) == "not-applicable"


def test_a_requirement_takes_the_worst_of_its_policies() -> None:
    """Fail, undecided, pass, not-applicable."""
    policies = "\n---\n".join(
        [
            one('requirement: R\nrequire: {files: "a.py"}').replace("id: p", "id: a"),
            one('requirement: R\nrequire: {files: "b.py"}').replace("id: p", "id: b"),
        ]
    )
    head = "requirements: {R: it is right}\n"
    assert check(policies, {"a.py": "", "b.py": ""}, head).requirements[0].outcome == "pass"
    assert check(policies, {"a.py": ""}, head).requirements[0].outcome == "fail"


def test_a_requirement_that_people_decide_is_review() -> None:
    """Whatever its policies found."""
    head = "requirements: {R: {title: it is good, decided_by: review, because: taste}}\n"
    report = check(one('requirement: R\nseverity: note\nforbid: {files: "a.py"}'), {"a.py": ""}, head)
    assert report.requirements[0].outcome == "review"


def test_fail_on_names_the_severities_that_fail_the_run() -> None:
    """A warning fails the run only when it is named."""
    policies = (
        one('severity: warning\nforbid: {files: "*.py"}')
        + "---\n"
        + one('require: {files: "*"}').replace("id: p", "id: q")
    )
    assert check(policies, {"a.py": ""}).verdict == "pass"
    assert check(policies, {"a.py": ""}, fail_on="warning").verdict == "fail"
    assert check(policies, {"a.py": ""}, fail_on="never").verdict == "pass"


def test_a_pass_says_how_much_it_looked_at() -> None:
    """Subjects and documents are counted."""
    report = judge(
        'for: {files: "*.py", pattern: "go($x)"}\nrequire: {where: "x == \'1\'"}',
        {"a.py": "go(1)\ngo(1)\n", "b.py": ""},
    )
    assert outcome(report) == "pass"
    assert (report.policies[0].subjects, report.policies[0].documents) == (2, 2)


def test_a_subject_without_a_place_fails_at_the_first_file_that_was_searched() -> None:
    """Rows of `values` lie nowhere, and nothing need be near."""
    body = 'for: {values: [{stream: stderr}]}\nrequire: {files: "src/*.py", text: "(?P<stream>std[a-z]+)[.]log"}'
    assert places(judge(body, {"src/a.py": "x = 1\n", "src/b.py": ""})) == ["src/a.py"]


def test_alternatives_that_bind_less_give_no_second_finding() -> None:
    """Of two alternatives that match at one place, the one that binds more is the finding."""
    source = "import numpy as np\nnp.load('a')\nnp.load()\n"
    report = judge("forbid: {files: '*.py', pattern: ['numpy.load(...)', 'numpy.load($x)']}", {"a.py": source})
    assert [dict(finding.bindings) for finding in report.findings] == [{"x": "a"}, {}]


_BROKEN = "no: [1\nk: x: y\n"
_OF_FOLDER = 'selectors:\n  s: [{files: "{d}/*.yaml", data: "no", as: w}]\n'


@pytest.mark.parametrize("use", ['{files: "{d}/*.yaml", data: "no", as: w}', "{use: s}", "{use: s, as: {d: d}}"])
def test_a_file_that_is_not_parsed_leaves_open_only_what_it_could_answer(use: str) -> None:
    """What is absent from the folder x is absent whatever is in y; used by its name, a search is the same search."""
    body = 'forbid: [{files: "{d}/a.yaml", data: "k", as: v}, {not: [USE]}]'.replace("USE", use)
    elsewhere = judge(body, {"x/a.yaml": "k: 1\n", "y/b.yaml": _BROKEN}, _OF_FOLDER)
    assert (outcome(elsewhere), places(elsewhere)) == ("fail", ["x/a.yaml:1:4"])
    beside = judge(body, {"x/a.yaml": "k: 1\n", "x/b.yaml": _BROKEN}, _OF_FOLDER)
    assert outcome(beside) == "undecided"


def test_a_renamed_capture_of_a_selector_says_which_rows_a_broken_file_leaves_open() -> None:
    """The capture has the name that the selector gives it where it is used."""
    body = 'forbid: [{files: "{e}/a.yaml", data: "k", as: v}, {not: [{use: s, as: {d: e}}]}]'
    assert outcome(judge(body, {"x/a.yaml": "k: 1\n", "y/b.yaml": _BROKEN}, _OF_FOLDER)) == "fail"
    assert outcome(judge(body, {"x/a.yaml": "k: 1\n", "x/b.yaml": _BROKEN}, _OF_FOLDER)) == "undecided"


def test_a_selector_of_several_searches_is_open_for_every_row_that_a_broken_file_may_complete() -> None:
    """The file of one search may be that of another, whose captures are others."""
    head = (
        'selectors:\n  s: [{any: [[{files: "{d}/*.yaml", data: "no", as: w}], [{files: "{d}/*.yml", data: "no",'
        " as: w}]]}]\n"
    )
    body = 'forbid: [{files: "{d}/a.yaml", data: "k", as: v}, {not: [{use: s}]}]'
    assert outcome(judge(body, {"x/a.yaml": "k: 1\n", "x/b.yml": _BROKEN}, head)) == "undecided"
