"""`group` beside `per`: what is computed from all rows of a subject, and when that is uncertain."""

from __future__ import annotations

import pytest

from pack_files import check, judge, one, outcome, warnings_of
from polcheck.base.errors import PolicyError
from polcheck.findings.report import Report

FILES = {
    "k.yaml": "pods:\n  - {app: a, cpu: 600m}\n  - {app: b, cpu: '1'}\n  - {app: a, cpu: '0.5'}\n",
    "limits.yaml": "a: 1\nb: 1\n",
}
ROWS = '{files: k.yaml, data: "pods[].{app: app, cpu: cpu}", let: {cores: "quantity(cpu)"}}'
TOO_MUCH = f"""for:
  - {ROWS}
  - {{per: [app], let: {{cpu_sum: "sum(group[].cores)"}}}}
forbid: [subject, {{where: "cpu_sum > `1`"}}]
message: "{{{{ app }}}} asks for {{{{ cpu_sum }}}}"
"""


def messages(report: Report) -> list[str]:
    """The messages of the findings."""
    return [finding.message for finding in report.findings]


def test_a_name_is_computed_from_all_rows_of_a_subject() -> None:
    """The sum of each application, exact, seen by `forbid` and by the message."""
    assert messages(judge(TOO_MUCH, FILES)) == ["a asks for 1.1"]


@pytest.mark.parametrize(
    ("per", "expected"),
    [
        ('{per: [app], where: "length(group) > `1`"}', ["a"]),
        ('{per: [app], where: "length($group) == `1`"}', ["b"]),
        ('{per: [app], let: {n: "length(group)", twice: "multiply(n, `2`)"}, where: "twice == `4`"}', ["a"]),
        ("{per: [app], where: \"group[?cpu == '1']\"}", ["b"]),
        ("{per: [app], where: \"group[?path == 'k.yaml'] && app == 'b'\"}", ["b"]),
        ('{per: [app], let: {x: "length(params)"}}', ["a", "b"]),
    ],
)
def test_conditions_choose_groups(per: str, expected: list[str]) -> None:
    """`where` beside `per` that reads `group` lets subjects through, not rows."""
    report = judge(f'for: [{ROWS}, {per}]\nforbid: subject\nmessage: "{{{{ app }}}}"\n', FILES)
    assert messages(report) == expected


def test_what_is_computed_joins() -> None:
    """The name is bound like any other."""
    body = f'for: [{ROWS}, {{per: [app], let: {{n: "length(group)"}}}}]\nrequire: {{values: [{{app: a, n: 2}}]}}'
    report = judge(body + '\nmessage: "{{ app }}"\n', FILES)
    assert messages(report) == ["b"]


@pytest.mark.parametrize("body", [TOO_MUCH, TOO_MUCH.replace("> `1`", "> `9`")])
def test_a_group_with_unknown_rows_is_uncertain(body: str) -> None:
    """Where a file can't be read, more rows may belong to a group: no sum is certain, in either direction."""
    files = FILES | {"k2.yaml": "pods: [\n"}
    assert outcome(judge(body.replace("files: k.yaml", 'files: "k*.yaml"'), files)) == "undecided"


def test_what_cannot_be_computed_is_undecided() -> None:
    """A type error in one group leaves the other decided."""
    body = TOO_MUCH.replace("sum(group[].cores)", "sum(group[].quantity(cpu))").replace(
        ', let: {cores: "quantity(cpu)"}', ""
    )
    broken = FILES | {"k.yaml": FILES["k.yaml"].replace("'1'", "one")}
    report = judge(body, broken)
    assert messages(report) == ["a asks for 1.1"] and outcome(report) == "fail"
    fine = FILES | {"k.yaml": FILES["k.yaml"].replace("600m", "1m").replace("'1'", "one")}
    assert outcome(judge(body, fine)) == "undecided"


@pytest.mark.parametrize(
    ("per", "said"),
    [
        ('{per: [app], let: {x: "sum([cores, length(group)])"}}', "`cores` is not one value for a group"),
        ('{per: [app], let: {x: "length(group) == line"}}', "`line` is not one value for a group"),
        ('{per: [app], let: {cores: "length(group)"}}', "`cores` is bound by the rows already"),
        ('{per: [app], let: {x: "length(group)", y: "merge(x, z)"}}', "`z` is never bound"),
        ('{let: {x: "length(group)"}}', "`group` is never bound"),
        ('{per: [app], let: {group: "length(group)"}}', "`group` is reserved"),
    ],
)
def test_what_a_group_has_no_value_for_is_refused(per: str, said: str) -> None:
    """A name of one row, one that is taken, and `group` where nothing is grouped."""
    with pytest.raises(PolicyError, match=said):
        judge(f"for: [{ROWS}, {per}]\nforbid: subject", FILES)


def test_version_1_knows_no_group() -> None:
    """It is refused with the version to set; a name `group` of one's own is one there."""
    rows = 'for: [{files: k.yaml, data: "pods[].{NAME: app}"}, {per: NAME, let: {n: "length(group)"}, where: n}]'
    body = f"{rows}\nforbid: subject"
    with pytest.raises(PolicyError, match="set `language: 2`"):
        judge(body.replace("NAME", "app"), FILES, head="language: 1\n")
    assert check(one(body.replace("NAME", "group")), FILES, "language: 1\n").verdict == "fail"
    with pytest.raises(PolicyError, match="give what is bound another name"):
        judge(body.replace("NAME", "group"), FILES)


def test_names_that_only_a_group_reads_are_used() -> None:
    """Nothing warns of them."""
    assert warnings_of(TOO_MUCH) == []
