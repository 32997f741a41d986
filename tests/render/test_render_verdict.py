"""The JSON form and the pack's own fields."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from polcheck.findings.report import Report
from polcheck.findings.report_json import report_from_json
from polcheck.render import Options, output_format
from polcheck.render.verdict import NoVerdict


def test_the_whole_json(report: Report, plain: Options, snapshot: SnapshotAssertion) -> None:
    """Everything of the report, excerpts included, in a fixed order."""
    assert output_format("json").render(report, plain) == snapshot


def test_json_is_read_back_as_the_same_report(report: Report, hostile: Report, plain: Options) -> None:
    """What is saved can be rendered later without loss, whatever texts it holds."""
    for each in (report, hostile):
        assert report_from_json(json.loads(output_format("json").render(each, plain))) == each


def test_json_can_be_written_as_utf8(hostile: Report, plain: Options) -> None:
    """Lone surrogates are escaped; other characters stand as they are."""
    assert output_format("json").render(hostile, plain).encode("utf-8")
    assert "\\ud800" in output_format("json").render(hostile, plain)


def test_numbers_that_json_lacks_become_texts(report: Report, plain: Options) -> None:
    """Infinity from a policy's arithmetic doesn't make the file unreadable for strict parsers."""
    odd = replace(report, fields={"a": [float("inf")], "b": {"c": float("nan")}})
    text = output_format("json").render(odd, plain)
    assert json.loads(text, parse_constant=pytest.fail)["fields"] == {"a": ["inf"], "b": {"c": "nan"}}


def test_verdict_is_the_fields_and_nothing_else(report: Report, plain: Options) -> None:
    """A program that asked for the pack's fields gets them alone."""
    assert json.loads(output_format("verdict").render(report, plain)) == report.fields


def test_a_pack_without_fields_gives_the_verdict(passing: Report, plain: Options) -> None:
    """There is always an answer to print."""
    assert output_format("verdict").render(passing, plain) == '{\n  "verdict": "pass"\n}\n'


def test_without_a_verdict_the_reason_is_raised(report: Report, plain: Options) -> None:
    """The exception names the undecided policy and what could not be read."""
    with pytest.raises(NoVerdict, match=r"web:imports-resolve: src/broken.py: does not parse \(line 4\)"):
        output_format("verdict").render(replace(report, verdict="none", fail_on="warning"), plain)


def test_undecided_policies_below_fail_on_are_not_the_reason(report: Report, plain: Options) -> None:
    """With `--fail-on error` an undecided warning doesn't explain a missing verdict."""
    with pytest.raises(NoVerdict, match="no policy passed"):
        output_format("verdict").render(replace(report, verdict="none"), plain)


def test_a_fault_in_the_fields_is_raised(report: Report, plain: Options) -> None:
    """Half an answer is none."""
    with pytest.raises(NoVerdict, match="out of fuel"):
        output_format("verdict").render(replace(report, fields_fault="out of fuel"), plain)
