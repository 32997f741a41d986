"""What programs read is valid: the JSON form, SARIF, JUnit XML, GitLab's code quality, GitHub's commands."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import xmlschema
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from polcheck.base.spans import Place
from polcheck.findings.finding import Excerpt, Location
from polcheck.findings.report import Report
from polcheck.render import Options, output_format
from polcheck.render.github import job_summary

_ROOT = Path(__file__).resolve().parents[2]
_GITLAB: dict[str, Any] = {  # what GitLab's documentation demands of an entry
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./)."},
                    "lines": {"required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}},
                },
            },
        },
    },
}


@pytest.fixture(params=["report", "passing", "hostile"])
def each(request: pytest.FixtureRequest) -> Report:
    """Each of the sample reports."""
    found: Report = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def sarif_schema(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The OASIS schema of SARIF 2.1.0 from the npm package that carries it."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("the SARIF schema comes from an npm package, and there is no npm")
    folder = tmp_path_factory.mktemp("sarif")
    command = [npm, "pack", "--silent", "@microsoft/jest-sarif@1.0.0-beta.0"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"the npm package with the SARIF schema can't be had: {error}")
    with tarfile.open(next(folder.glob("*.tgz"))) as package:
        schema = package.extractfile("package/lib/schemas/sarif-2.1.0-rtm.5.json")
        assert schema is not None
        return json.load(schema)


def _sarif(report: Report, kinds: frozenset[str] = frozenset()) -> Any:
    return json.loads(output_format("sarif").render(report, Options(kinds=kinds)))["runs"][0]


def test_json_is_as_its_schema_says(each: Report, plain: Options) -> None:
    """The JSON form has the keys of schemas/report.json, all of them and no others."""
    schema = json.loads((_ROOT / "schemas" / "report.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(output_format("json").render(each, plain)), schema, jsonschema.Draft202012Validator)


def test_the_schema_refuses_what_it_does_not_know(report: Report, plain: Options) -> None:
    """A key more or less, anywhere in a finding, is not valid."""
    schema = json.loads((_ROOT / "schemas" / "report.json").read_text("utf-8"))
    for change in ({"extra": 1}, {"nearest": {"text": "x"}}, {"severity": "fatal"}, {"related": [{"path": "a"}]}):
        data = json.loads(output_format("json").render(report, plain))
        data["findings"][0].update(change)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(data, schema, jsonschema.Draft202012Validator)


@pytest.mark.parametrize("kinds", [(), ("pass", "not-applicable")])
def test_sarif_is_valid(each: Report, kinds: tuple[str, ...], sarif_schema: Any) -> None:
    """The log is valid against the OASIS schema."""
    log = json.loads(output_format("sarif").render(each, Options(kinds=frozenset(kinds))))
    validator = jsonschema.Draft4Validator(sarif_schema)
    assert [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(log)] == []


def test_the_whole_sarif(report: Report, snapshot: SnapshotAssertion) -> None:
    """Policies, findings, other outcomes and notices, as SARIF has them."""
    assert output_format("sarif").render(report, Options(kinds=frozenset({"pass", "not-applicable"}))) == snapshot


def test_sarif_lists_other_outcomes_on_request(report: Report) -> None:
    """Undecided policies are always there, passes and not-applicable ones when asked for."""
    assert {result["kind"] for result in _sarif(report)["results"]} == {"fail", "open"}
    asked = _sarif(report, frozenset({"pass", "not-applicable"}))["results"]
    assert {result["kind"] for result in asked} == {"fail", "open", "pass", "notApplicable"}


def test_sarif_tells_waived_findings_apart(report: Report) -> None:
    """A suppression says where the waiver stands; the baseline's are known from before."""
    results = [result for result in _sarif(report)["results"] if result["suppressions"]]
    told = [(r["suppressions"][0]["kind"], r["suppressions"][0]["justification"], r["baselineState"]) for r in results]
    assert told == [
        ("external", "goes with the old parser", "new"),
        ("inSource", "a test of eval itself", "new"),
        ("external", "in the baseline", "unchanged"),
    ]


def test_sarif_without_waivers_speaks_of_no_suppressions(report: Report) -> None:
    """Where nothing was waived and no baseline used, results claim nothing about either."""
    run = _sarif(replace(report, findings=report.failing))
    assert not [r for r in run["results"] if "suppressions" in r or "baselineState" in r]


def test_sarif_columns_count_utf16_units(report: Report) -> None:
    """A character outside the basic plane before the place counts twice."""
    line = "😀😀 = eval(x)"
    location = Location("a.py", Place("a.py", 7, 6, 7, 10), Excerpt(7, (line,)))
    finding = replace(report.findings[0], location=location)
    region = _sarif(replace(report, findings=(finding,)))["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert (region["startColumn"], region["endColumn"]) == (8, 12)


def test_sarif_results_always_have_a_place(report: Report) -> None:
    """Code scanning refuses results without one: a missing thing is at the submission's root."""
    results = _sarif(report, frozenset({"pass", "not-applicable"}))["results"]
    assert all(result["locations"] for result in results)


def test_a_sarif_message_holds_no_link(hostile: Report) -> None:
    """A text from a pack can't become a link in a viewer."""
    texts = re.findall(r'"message": \{\s+"text": "(.*)"', output_format("sarif").render(hostile, Options()))
    assert texts and not [text for text in texts if re.search(r"\]\(", text)]


def test_junit_is_valid(each: Report, plain: Options) -> None:
    """The XML is as consumers of JUnit reports want it, and its counts are true."""
    text = output_format("junit").render(each, plain)
    xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd")).validate(text)
    root = ElementTree.fromstring(text)
    for element, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        having = [case for case in root.iter("testcase") if case.find(tag) is not None]
        assert int(root.attrib[element]) == len(having)


def test_the_whole_junit(report: Report, plain: Options, snapshot: SnapshotAssertion) -> None:
    """Suites, cases, failures, errors, and waived findings in the output of their case."""
    assert output_format("junit").render(report, plain) == snapshot


def test_gitlab_is_valid(each: Report, plain: Options) -> None:
    """Each entry has what GitLab demands, and no two have the same fingerprint."""
    entries = json.loads(output_format("gitlab").render(each, plain))
    jsonschema.validate(entries, _GITLAB)
    assert len({entry["fingerprint"] for entry in entries}) == len(entries)


def test_gitlab_tells_equal_fingerprints_apart(report: Report, plain: Options) -> None:
    """GitLab shows only the first of several entries with one fingerprint."""
    twice = replace(report, findings=report.findings[:1] * 3)
    marks = [entry["fingerprint"] for entry in json.loads(output_format("gitlab").render(twice, plain))[:3]]
    assert len(set(marks)) == 3 and marks[0] == report.findings[0].fingerprint


def test_gitlab_tells_waived_findings_apart(report: Report, plain: Options) -> None:
    """They are information, and say why they were accepted."""
    entries = json.loads(output_format("gitlab").render(report, plain))
    waived = [entry for entry in entries if entry["description"].startswith("accepted (")]
    assert len(waived) == 3 and {entry["severity"] for entry in waived} == {"info"}


def test_the_whole_github(report: Report, plain: Options, snapshot: SnapshotAssertion) -> None:
    """Annotations, the most severe first, and the summary line."""
    assert output_format("github").render(report, plain) == snapshot


def test_a_message_cannot_issue_a_github_command(hostile: Report, plain: Options) -> None:
    """One line a command, each polcheck's own; line breaks, `%`, `:` and `,` of others are encoded."""
    lines = output_format("github").render(hostile, plain).removesuffix("\n").split("\n")
    *commands, summary = lines
    assert [line.split(" ", 1)[0] for line in commands] == ["::warning", "::error", "::notice"]
    assert not summary.startswith("::")
    properties = commands[0].removeprefix("::warning ").split("::", 1)[0]
    assert [part.split("=", 1)[0] for part in properties.split(",")] == [
        "file", "line", "endLine", "col", "endColumn", "title",
    ]  # fmt: skip
    assert "%250A" in commands[0] and "\r" not in "".join(lines)


def test_github_says_what_it_will_not_show(report: Report, plain: Options) -> None:
    """Past ten annotations of a kind GitHub shows no more; the log and the job's summary say so."""
    many = replace(report, findings=report.findings[1:2] * 37)
    said = "GitHub shows 10 of 37 errors as annotations"
    assert said in output_format("github").render(many, plain).split("\n")
    assert said in job_summary(many)
    assert "GitHub shows" not in output_format("github").render(report, plain)
