"""Cases judged: what passes, what fails, and what is said of it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from casepacks import EVAL, EVALUATES, Write
from typed import polcheck

TWO = """
    id: no-eval
    title: Nothing is evaluated
    forbid: {files: "src/*.py", pattern: eval($what)}
    message: "evaluates {{ what }}"
"""


def expecting(expectation: str) -> str:
    """A case with two findings on lines 1 and 3, of which this is expected."""
    return f'case: c\nfiles: {{src/a.py: "eval(one)\\n\\neval(two)\\n"}}\nexpect: {{no-eval: {expectation}}}\n'


@pytest.mark.parametrize(
    "expectation",
    [
        "fail",
        "{outcome: fail, at: [src/a.py:1, src/a.py:3]}",
        "{outcome: fail, at: ['src/a.py:1:1', src/a.py:3]}",
        "{outcome: fail, at: src/a.py}",
        "{outcome: fail, message: [evaluates one, evaluates two]}",
    ],
)
def test_what_is_expected_passes(write: Write, expectation: str) -> None:
    """An outcome alone, places as fine as they are written, and all messages."""
    assert polcheck("test", write(TWO, expecting(expectation))).status == 0


@pytest.mark.parametrize(
    ("expectation", "said"),
    [
        ("pass", "expected  pass\n    got       fail\n      src/a.py:1:1  evaluates one"),
        ("{outcome: fail, at: src/a.py:1}", "extra     src/a.py:3:1  evaluates two"),
        ("{outcome: fail, at: [src/a.py:1, src/a.py:3, src/a.py:5]}", "missing   src/a.py:5"),
        ("{outcome: fail, at: ['src/a.py:1:2', src/a.py:3]}", "missing   src/a.py:1:2"),
        ("{outcome: fail, at: [src/a.py:1, src/a.py:33]}", "missing   src/a.py:33"),
        ("{outcome: fail, at: nowhere}", "missing   nowhere"),
        ("{outcome: fail, message: evaluates one}", "message extra    evaluates two"),
        ("{outcome: fail, message: [evaluates one, evaluates two, third]}", "message missing  third"),
        ("{outcome: fail, nearest: there}", "nearest missing  there"),
    ],
)
def test_what_is_not_expected_fails(write: Write, expectation: str, said: str) -> None:
    """Extra findings fail a case as missing ones do, and the difference is shown."""
    ran = polcheck("test", write(TWO, expecting(expectation)))
    assert ran.status == 1
    assert said in ran.out
    assert "FAILED  c" in ran.out
    assert "tests/cases.yaml:1" in ran.out


def test_a_finding_without_a_place_is_nowhere(write: Write) -> None:
    """What is missing from a submission can point nowhere."""
    readme = "id: readme\ntitle: There is one\nrequire: {files: README.md}\nmessage: none\n"
    cases = "case: c\nfiles: {a: ''}\nexpect: {readme: {outcome: fail, at: nowhere, message: none}}\n"
    assert polcheck("test", write(readme, cases)).status == 0


def test_policies_that_are_not_named_are_not_looked_at(write: Write) -> None:
    """A case speaks of the policies that it names alone."""
    readme = "id: readme\ntitle: There is one\nrequire: {files: README.md}\nmessage: none\n"
    assert polcheck("test", write(EVAL + "\n---\n" + readme, EVALUATES)).status == 0


def test_parameters_and_profiles_are_those_of_the_case(write: Write) -> None:
    """A case is judged with its own parameters, and by its own profile."""
    policies = """
        id: long
        title: Files are short
        for: {files: "*.txt", text: '(?s).*', where: file.size > params.most}
        forbid: [subject]
        message: long
    """
    head = """
        params: {most: {type: integer, default: 1}}
        profiles:
          calm: {params: {most: 9}}
          off: {severities: {long: 'off'}}
    """
    cases = """
        case: default
        files: {a.txt: "four"}
        expect: {long: fail}
        ---
        case: more
        files: {a.txt: "four"}
        params: {most: 5}
        expect: {long: not-applicable}
        ---
        case: profile
        files: {a.txt: "four"}
        profile: calm
        expect: {long: not-applicable}
        ---
        case: left out
        files: {a.txt: "four"}
        profile: 'off'
        expect: {long: off}
    """
    ran = polcheck("test", write(policies, cases, head), "-v")
    assert (ran.status, ran.out.count("passed  ")) == (0, 4), ran.out


def test_the_verdict_and_its_fields_can_be_expected(write: Write) -> None:
    """`verdict` is that of the whole run; `fields` are exact, or a list of what they contain."""
    head = "verdict:\n  ready: verdict == 'pass'\n  failed: findings[].policy\n"
    case = "case: c\nfiles: {src/a.py: eval(1)}\nverdict: fail\nfields: {ready: false, failed: [no-eval]}\n"
    assert polcheck("test", write(EVAL, case, head)).status == 0
    wrong = (
        case.replace("ready: false", "ready: true")
        .replace("[no-eval]", "[other]")
        .replace("verdict: fail", "verdict: none")
    )
    ran = polcheck("test", write(EVAL, wrong, head))
    assert ran.status == 1
    assert [line.split()[0] for line in ran.out.splitlines() if "(line" in line] == [
        "verdict",
        "fields.ready",
        "fields.failed",
    ]


def test_no_case_is_no_pass(write: Write) -> None:
    """A pack without cases, and a filter that no case fits, give exit status 2."""
    folder = write(EVAL, "")
    assert polcheck("test", folder).status == 2
    folder = write(EVAL, EVALUATES)
    ran = polcheck("test", folder, "-k", "nothing")
    assert (ran.status, "no case to run" in ran.out) == (2, True)


def test_a_keyword_and_a_policy_choose_cases(write: Write) -> None:
    """`-k` looks at names, places and policies; `--select` leaves expectations of other policies out."""
    readme = "id: readme\ntitle: There is one\nrequire: {files: README.md}\nmessage: none\n"
    cases = f"{EVALUATES}\n---\ncase: both\nfiles: {{src/a.py: ''}}\nexpect: {{no-eval: pass, readme: pass}}\n"
    folder = write(EVAL + "\n---\n" + readme, cases)
    assert polcheck("test", folder).status == 1
    assert "1 passed" in polcheck("test", folder, "-k", "EVALUATES").out
    assert "2 passed" in polcheck("test", folder, "--select", "no-*").out
    assert "1 failed" in polcheck("test", folder, "--select", "readme").out


def test_errors_keep_their_lines_where_policies_are_left_out(write: Write) -> None:
    """A policy that is chosen alone out of a file is refused at the line on which it stands."""
    broken = "id: broken\ntitle: It is\nforbid: {files: '*.py', pattern: 'eval('}\nmessage: no\n"
    folder = write(EVAL + "\n---\n" + broken, "case: c\nfiles: {a.py: ''}\nexpect: {broken: pass}\n")
    ran = polcheck("test", folder, "-k", "c")
    assert ran.status == 2
    assert "p.yaml:10:" in ran.err


def test_policies_of_an_extended_pack_can_be_named(write: Write, tmp_path: Path) -> None:
    """A case speaks of the policies that the pack takes over, too; coverage and mutants are of its own."""
    base = tmp_path / "base"
    (base / "policies").mkdir(parents=True)
    (base / "pack.yaml").write_text("name: base\nversion: '1'\n")
    readme = "id: readme\ntitle: There is one\nrequire: {files: README.md}\nmessage: none\n"
    (base / "policies" / "p.yaml").write_text(readme)
    cases = "case: c\nfiles: {src/a.py: eval(1)}\nexpect: {readme: fail, no-eval: fail}\n"
    folder = write(EVAL, cases, "extends: [../base]\n")
    ran = polcheck("test", folder, "--coverage", "--mutate", "-f", "json")
    (pack,) = json.loads(ran.out)["packs"]
    assert (pack["passed"], pack["failed"]) == (1, 0)
    assert {entry["policy"] for entry in pack["coverage"]["missing"]} == {"no-eval"}
    assert {entry["policy"] for entry in pack["mutants"]["survived"]} == {"no-eval"}


def test_processes_make_no_difference(write: Write) -> None:
    """Any number of processes gives the same output."""
    many = "\n---\n".join(
        EVALUATES.replace("evaluates", f"case {n}").replace("eval(", "eval(" * (n % 2)) for n in range(50)
    )
    folder = write(EVAL, many.replace("('1')", "1)"))
    outputs = {polcheck("test", folder, "-j", jobs, "-v").out for jobs in (1, 2, 3)}
    assert len(outputs) == 1


def test_json_and_junit_say_what_failed(write: Write, tmp_path: Path) -> None:
    """Machines get the same failures as people."""
    folder = write(EVAL, EVALUATES.replace("fail", "pass"))
    ran = polcheck("test", folder, "-f", "json", "--junit", tmp_path / "out.xml")
    (pack,) = json.loads(ran.out)["packs"]
    assert (ran.status, pack["failed"]) == (1, 1)
    assert pack["cases"][0]["faults"][0]["about"] == "no-eval"
    suite = ET.parse(tmp_path / "out.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert "expected pass, got fail" in str(suite[0][0].get("message"))


def test_a_pack_in_the_current_folder_needs_no_name(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a pack the current folder is one, and its paths begin in it."""
    monkeypatch.chdir(write(EVAL, EVALUATES))
    ran = polcheck("test", "-v")
    assert "evaluates  tests/cases.yaml:2" in ran.out
    assert "t: 1 passed" in ran.out
