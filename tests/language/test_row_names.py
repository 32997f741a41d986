"""Names of the row in expressions (`$name`): where they have a value, where they are refused, what depends on them."""

from __future__ import annotations

import pytest

from pack_files import judge, outcome
from polcheck.base.errors import PolicyError
from polcheck.findings.report import Report

MATRIX = {
    "a.yaml": "jobs:\n  - {axis: os, matrix: [{key: os, at: 1}, {key: py}]}\n  - {axis: py, matrix: [{key: os}]}\n"
}
ROWS = 'files: a.yaml, data: "jobs[].{axis: axis, matrix: matrix}"'


def lines(report: Report) -> list[int]:
    """The lines of the findings."""
    return [finding.location.place.line for finding in report.findings if finding.location and finding.location.place]


@pytest.mark.parametrize(
    "require",
    [
        'where: "matrix[?key == $axis]"',
        'where: "length(matrix[?key == $axis]) == `1`"',
        '{let: {same: "matrix[?key == $axis] | length(@)"}, where: "same == `1`"}',
        "{in: matrix, data: '[?key == $axis].key', as: key}",
        "{in: matrix, values: '[?key == $axis].key', as: key}",
        "{any: [{in: matrix, data: '[?key == $axis].key', as: key}]}",
        "[subject, {not: {where: '!(matrix[?key == $axis])'}}]",
    ],
)
def test_a_name_of_the_row_is_seen_inside_projections(require: str) -> None:
    """The first job has its axis, the second doesn't: only that fails, at its own place."""
    body = require if require.startswith(("{", "[")) else f"{{{require}}}"
    report = judge(f"for: {{{ROWS}}}\nrequire: {body}", MATRIX)
    assert lines(report) == [3]


def test_what_is_found_in_a_value_depends_on_the_names_and_has_its_own_place() -> None:
    """One value is searched once for each value of the names, and each finding points at what was found for it."""
    files = {"a.yaml": "want: [y, x]\nall:\n  - x\n  - y\n  - z\n"}
    body = """forbid:
  - {files: a.yaml, data: "{all: all, want: want}"}
  - {in: want, data: "[]", as: wanted}
  - {in: all, data: "[?@ == $wanted]", as: same}
message: "{{ wanted }} {{ same }}"
"""
    report = judge(body, files)
    assert [finding.message for finding in report.findings] == ["y y", "x x"]
    others = [[other.place.line for other in finding.related if other.place] for finding in report.findings]
    assert others == [[4], [3]]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$path == 'a.yaml'", "fail"),
        ("$params.limit == `3`", "fail"),
        ("$file.name == 'a.yaml'", "fail"),
        ("[`1`][?$subject.path == 'a.yaml']", "fail"),
        ("$path == 'b.yaml'", "pass"),
    ],
)
def test_what_polcheck_sets_is_seen_too(expression: str, expected: str) -> None:
    """`$path`, `$params`, `$file` and `$subject` are what they are without the sign."""
    head = "params: {limit: {type: integer, default: 3}}\n"
    body = f'for: {{{ROWS}, where: "axis == \'os\'"}}\nforbid: {{where: "{expression}"}}'
    assert outcome(judge(body, MATRIX, head=head)) == expected


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (f'forbid: {{{ROWS}, where: "matrix[?key == $axes]"}}', "`axes` is never bound"),
        (f'forbid: [{{{ROWS}}}, {{in: matrix, data: "[?key == $axes].key"}}]', "`axes` is never bound"),
        ("forbid: {files: a.yaml, data: 'jobs[?axis == $path].axis'}", "`$path` has no value here"),
        (f"forbid: [{{{ROWS}}}, {{files: a.yaml, data: 'jobs[?axis == $axis].at'}}]", "`$axis` has no value here"),
        ("forbid: {values: 'params.list[?@ == $axis]', as: x}", "`values` sees only `params` and `tables`, not `axis`"),
        (f"forbid: [{{{ROWS}}}, {{in: matrix, values: [1, 2], as: x}}]", "rows that are written out are found in no"),
    ],
)
def test_a_name_without_a_value_is_refused(body: str, said: str) -> None:
    """Nothing that isn't bound is null, and a search of files can't depend on rows."""
    with pytest.raises(PolicyError, match=said.replace("$", r"\$")):
        judge(body, MATRIX)


@pytest.mark.parametrize(
    "body", [f'{{{ROWS}, where: "$axis"}}', f"[{{{ROWS}}}, {{in: matrix, values: '[].key', as: k}}]"]
)
def test_names_of_the_row_need_version_2(body: str) -> None:
    """A pack of version 1 is refused with the version to set."""
    with pytest.raises(PolicyError, match="needs version 2"):
        judge(f"forbid: {body}", MATRIX, head="language: 1\n")


def test_an_element_of_the_wrong_type_leaves_the_others_decided() -> None:
    """What another element shows is a failure or a match; only what the missing rows could still show is open."""
    files = {"a.yaml": "images: [A:1, {no: string}, B]\n"}
    untagged = "forbid: {files: a.yaml, data: \"images[?!contains(split(@, ':'), '1')]\", as: image}"
    report = judge(untagged, files)
    assert outcome(report) == "fail" and lines(report) == [1]
    found = 'require: {files: a.yaml, data: "images[].lower(@)", as: image, where: "image == \'b\'"}'
    assert outcome(judge(found, files)) == "pass"
    missing = found.replace("'b'", "'c'")
    report = judge(missing, files)
    assert outcome(report) == "undecided"
    assert "`lower` wants string" in report.policies[0].reasons[0][1]


def test_strings_have_no_order() -> None:
    """Two versions that are compared as strings decide nothing, and the reason says what to do."""
    files = {"a.yaml": "version: '10'\nleast: '9'\n"}
    report = judge("forbid: {files: a.yaml, data: '{v: version, l: least}', where: 'v < l'}", files)
    assert outcome(report) == "undecided"
    assert "semver_compare" in report.policies[0].reasons[0][1]


@pytest.mark.parametrize(
    "demand", ["require: {where: low}", "forbid: {where: '!low'}", "forbid: {where: low}", "require: {where: '!low'}"]
)
def test_what_rests_on_a_value_that_cannot_be_computed_is_undecided(demand: str) -> None:
    """A `let` that fails is not null: it neither passes nor fails a condition."""
    body = "for: {files: a.yaml, data: 'names[]', as: name, let: {low: 'lower(name)'}}\n"
    assert outcome(judge(body + demand, {"a.yaml": "names: [1]\n"})) == "undecided"
    later = "for: [{files: a.yaml, data: 'names[]', as: name}, {let: {low: 'lower(name)'}}]\n"
    assert outcome(judge(later + demand, {"a.yaml": "names: [1]\n"})) == "undecided"


@pytest.mark.parametrize("item", ["files: '*.py', as: file", "files: a.yaml, data: a, as: params"])
def test_a_name_that_polcheck_sets_is_no_name_of_a_row(item: str) -> None:
    """It would be hidden by what polcheck sets."""
    with pytest.raises(PolicyError, match="is reserved"):
        judge(f"forbid: {{{item}}}", {"a.yaml": "a: 1\n"})
