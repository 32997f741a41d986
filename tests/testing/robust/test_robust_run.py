"""`polcheck test --robust`: what it tells of policies that look at form, and what it lets pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from casepacks import EVAL, EVALUATES, Write
from polcheck.authoring.rewrites.robustness import robustness
from polcheck.authoring.testing.cases import read_cases
from polcheck.authoring.testing.runner import CaseRunner
from polcheck.packs.shipped import schemas
from polcheck.project.packs import read_pack
from typed import polcheck

BY_TEXT = """
    id: no-eval
    title: Nothing is evaluated
    forbid: {files: "src/*.py", text: '\\beval\\('}
    message: it evaluates
"""
AT = """
    case: evaluates twice
    files: {src/a.py: "x = 'é'; eval(\\n  '1')\\n\\neval('2')\\n"}
    expect: {no-eval: {outcome: fail, at: [src/a.py:1, src/a.py:4]}}
"""
ALLOWED = EVALUATES + "    differs: [{rewrite: python-spaces, reason: the text is what counts}]\n"


def ran(folder: Path, *options: object) -> tuple[int, dict[str, Any]]:
    """The exit status of `--robust`, and what it says of the rewrites."""
    found = polcheck("test", folder, "--robust", "-f", "json", *options)
    (pack,) = json.loads(found.out)["packs"]
    return found.status, pack["rewrites"]


def test_a_pattern_is_robust(write: Write) -> None:
    """A policy that a snippet speaks for says the same, at the same places, whatever the layout."""
    status, found = ran(write(EVAL, AT))
    assert (status, found["differences"]) == (0, [])
    assert found["tried"] >= 10


def test_what_begins_with_a_string_begins_with_its_prefix(write: Write) -> None:
    """A finding whose place is a string stays at it when the string gets a prefix."""
    policy = """
    id: no-eval
    title: Nothing is evaluated
    forbid: {files: "src/*.py", pattern: eval($text)}
    at: text
    message: it evaluates
    """
    status, found = ran(write(policy, AT.replace("src/a.py:1,", "src/a.py:2,")))
    assert (status, found["differences"]) == (0, [])


def test_a_text_is_not(write: Write) -> None:
    """What a rewrite changes is told: the case, the policy, the rewrite, the diff, what was said and what is."""
    status, found = ran(write(BY_TEXT, EVALUATES))
    (difference,) = found["differences"]
    assert status == 1
    assert (difference["case"], difference["about"], difference["rewrite"]) == ("evaluates", "no-eval", "python-spaces")
    assert (difference["file"], difference["expected"], difference["got"]) == ("src/a.py", "fail", "pass")
    assert difference["diff"].endswith(
        "-x = eval('1')\n\\ no line break at the end\n+x = eval ( '1' )\n\\ no line break at the end\n"
    )


def test_a_difference_is_shown(write: Write) -> None:
    """People see the place of the expectation, the diff and a line that sums up."""
    folder = write(BY_TEXT, EVALUATES)
    out = polcheck("test", folder, "--robust").out
    assert f"DIFFERS  evaluates\n  --> {folder}/tests/cases.yaml:4\n  no-eval  python-spaces of src/a.py\n" in out
    assert "      +x = eval ( '1' )\n" in out
    assert "1 cases, " in out and " tried, 1 different, 0 excused\n" in out


def test_a_reason_excuses_a_difference(write: Write) -> None:
    """A rewrite that the case lists may change what the policy says, and `-v` tells why."""
    folder = write(BY_TEXT, ALLOWED)
    status, found = ran(folder)
    assert (status, found["differences"]) == (0, [])
    assert found["excused"][0]["reason"] == "the text is what counts"
    assert (
        "excused  no-eval  python-spaces of src/a.py  the text is what counts"
        in polcheck("test", folder, "--robust", "-v").out
    )


@pytest.mark.parametrize("entry", ["rewrite: python-quotes", "rewrite: python-spaces, policy: other"])
def test_a_reason_for_another_excuses_nothing(write: Write, entry: str) -> None:
    """An entry of another rewrite or policy excuses nothing, and must leave the case."""
    folder = write(BY_TEXT, ALLOWED.replace("rewrite: python-spaces", entry))
    status, found = ran(folder)
    assert (status, len(found["differences"]), len(found["unused"])) == (1, 1, 1)


def test_a_reason_that_nothing_needs_is_reported(write: Write) -> None:
    """An entry without a difference makes the exit status 1; with --select nobody knows."""
    folder = write(EVAL, ALLOWED)
    assert (ran(folder)[0], ran(folder, "--select", "no-*")[0]) == (1, 0)
    assert "nothing differs under `python-spaces`" in polcheck("test", folder, "--robust").out


def test_several_rewrites_share_a_reason(write: Write) -> None:
    """Each rewrite of a list is an entry of its own: one that nothing needs is reported."""
    folder = write(BY_TEXT, ALLOWED.replace("python-spaces", "[python-sp*, bom]"))
    status, found = ran(folder)
    assert (status, len(found["excused"]), len(found["unused"])) == (1, 1, 1)


def test_an_entry_needs_a_reason(write: Write) -> None:
    """A case that lists a rewrite without saying why is refused."""
    found = polcheck("test", write(EVAL, ALLOWED.replace(", reason: the text is what counts", "")), "--robust")
    assert (found.status, "reason" in found.err) == (2, True)


def test_a_place_that_stays_behind_is_a_difference(write: Write) -> None:
    """Where a case looks at places they are followed through the rewrite."""
    first = BY_TEXT.replace("\\beval\\(", "\\A(?s:.)")
    places = EVALUATES.replace("fail}", "{outcome: fail, at: src/a.py:1}}")
    _, found = ran(write(first, places))
    wrong = {difference["rewrite"]: (difference["expected"], difference["got"]) for difference in found["differences"]}
    assert wrong["python-comments"] == ("fail at src/a.py:2:1", "fail at src/a.py:1:1")
    assert not {"crlf", "bom", "last-line", "python-quotes"} & wrong.keys()
    assert ran(write(first, EVALUATES))[1]["differences"] == []


def test_the_number_of_findings_counts_where_a_file_is_written_anew(write: Write) -> None:
    """Places of a restyled file are unknown, and one finding fewer is still a difference."""
    policy = "id: p\ntitle: t\nforbid: {files: a.yml, text: '(?m)^b: .'}\nmessage: m\n"
    case = 'case: two\nfiles: {a.yml: "b: 1\\n---\\nb: 2\\n"}\nexpect: {p: {outcome: fail, at: [a.yml:1, a.yml:3]}}\n'
    _, found = ran(write(policy, case))
    assert {d["rewrite"]: d["got"] for d in found["differences"]}["yaml-flow"] == "pass"
    assert "yaml-key-order" not in {d["rewrite"] for d in found["differences"]}


def test_the_verdict_is_the_same(write: Write) -> None:
    """A case that expects a verdict of the whole run is asked for it."""
    case = EVALUATES.replace("expect: {no-eval: fail}", "verdict: fail")
    (difference,) = ran(write(BY_TEXT, case))[1]["differences"]
    assert (difference["about"], difference["expected"], difference["got"]) == ("verdict", "fail", "pass")


def test_nothing_is_rewritten_until_the_cases_pass(write: Write) -> None:
    """A case that fails anyway notices nothing."""
    found = polcheck("test", write(BY_TEXT, EVALUATES.replace("fail", "pass")), "--robust")
    assert (found.status, "nothing was mutated or rewritten" in found.out) == (1, True)


def test_expectations_are_not_updated_meanwhile(write: Write) -> None:
    """`--update` and `--robust` are told apart."""
    assert polcheck("test", write(EVAL, ""), "--update", "--robust").status == 2


def test_only_the_chosen_cases_are_rewritten(write: Write) -> None:
    """`-k` and `--select` choose as they do for the cases themselves."""
    cases = (
        EVALUATES + "    ---\n" + EVALUATES.replace("case: evaluates", "case: another").replace("eval('1')", "eval(1)")
    )
    folder = write(EVAL, cases)
    every, one = ran(folder)[1]["tried"], ran(folder, "-k", "another")[1]["tried"]
    assert 0 < one < every


def test_the_number_of_processes_makes_no_difference(write: Write) -> None:
    """Any number of processes finds the same differences, in the same order."""
    cases = "    ---\n".join(EVALUATES.replace("evaluates", f"no. {number}") for number in range(6))
    folder = write(BY_TEXT, cases)
    assert ran(folder, "-j", 1) == ran(folder, "-j", 2)


@pytest.mark.parametrize("name", ["airas-base-code", "python-project"])
def test_the_shipped_packs_are_robust(name: str) -> None:
    """A sample of the cases of each shipped pack says the same however its files are written."""
    pack = read_pack(name)
    bench = CaseRunner(pack, schemas())
    found = robustness(bench, read_cases(pack, schemas().tests)[::14])
    assert found.tried > 100
    assert [(d.case.name, d.about, d.rewrite, d.expected, d.got) for d in found.differences] == []
    assert found.unused == ()
