"""The pack github-workflows: its cases hold, and what it finds in them stands where zizmor puts it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import polcheck
from pack_files import ROOT
from trees import write
from typed import polcheck as command

PACK = ROOT / "policies" / "github-workflows"
_CASES = [
    (file.stem, case)
    for file in sorted((PACK / "tests").glob("*.yaml"))
    if file.name != "equivalent.yaml"
    for case in yaml.safe_load_all(file.read_text(encoding="utf-8"))
]

# What the two see differently, and why polcheck is right: zizmor looks for a context from where it stands in the value
# on, in the text of the file, which has more characters, so that it can come to an earlier one; a literal in an
# expression for a runner is a runner; a script is given the value of an expression like that of a variable; a comment
# at `with` is one in the step.
_OURS = {
    ("template-injection", ".github/workflows/ci.yml", 25),
    ("self-hosted-runner", ".github/workflows/a.yml", 7),
    ("github-env", ".github/workflows/target.yml", 10),
}
_IGNORED = {("misfeature", ".github/workflows/a.yml", 34)}
# Cases with files that zizmor refuses as a whole, of scripts that it reads with another grammar, and of comments at a
# line of a step where it looks for none.
_APART = {
    "writes that look like others",
    "runners, shells and commands that look like others",
    "comments of zizmor elsewhere in the step",
    "expressions of every shape",
    "caches that look like others",
}
_ELSEWHERE = "other/"  # where zizmor reads an action whatever its name


def test_the_pack_is_in_order() -> None:
    """validate has nothing to say, and its cases hold."""
    assert "no problems found" in command("validate", "--strict", PACK).out
    assert command("test", PACK).status == 0


def test_profiles_say_how_much_is_reported() -> None:
    """What is only a habit is not applicable as the pack is written, and reported by the profile pedantic."""
    files = {".github/workflows/a.yml": "on: push\njobs: {one: {runs-on: ubuntu-latest, steps: [{run: a}]}}\n"}
    report = polcheck.check(files, [str(PACK)])
    assert "anonymous-definition" not in {finding.policy for finding in report.findings}
    report = polcheck.check(files, [str(PACK)], params={"persona": "pedantic"})
    assert "anonymous-definition" in {finding.policy for finding in report.findings}


@pytest.mark.skipif(shutil.which("zizmor") is None, reason="zizmor is not installed: pip install zizmor")
@pytest.mark.parametrize(("name", "case"), [pytest.param(name, case, id=case["case"]) for name, case in _CASES])
def test_each_place_of_a_case_is_one_of_zizmor(name: str, case: dict[str, Any], tmp_path: Path) -> None:
    """Line by line, for each audit that a case names."""
    if case["case"] in _APART:
        pytest.skip("zizmor and polcheck read this case otherwise")
    write(tmp_path, case["files"])
    params = case.get("params", {})
    persona = str(params.get("persona") or case.get("profile") or "regular")
    options = ["--quiet", "--offline", "--no-config", "--no-progress", "--format=json", f"--persona={persona}"]
    kinds = ["--collect=workflows", "--collect=actions", *([] if params.get("ignore_comments") else ["--no-ignores"])]
    ran = subprocess.run(["zizmor", *options, *kinds, tmp_path], capture_output=True, check=False, text=True)
    if not ran.stdout.startswith("["):
        pytest.skip("zizmor reads none of the files of this case")
    theirs = {
        (finding["ident"], _path(place, tmp_path), place["concrete"]["location"]["start_point"]["row"] + 1)
        for finding in json.loads(ran.stdout)
        for place in finding["locations"]
        if place["symbolic"]["kind"] == "Primary"
    }
    ours = {place for policy, expected in case["expect"].items() for place in _places(policy, expected)}
    placed = {policy for policy, expected in case["expect"].items() if expected != "fail"}
    shared = placed & _audits()
    left_out = _OURS | (_IGNORED if params.get("ignore_comments") else set())
    expected = {place for place in theirs if place[0] in shared and not place[1].startswith(_ELSEWHERE)}
    assert {place for place in ours if place[0] in shared} - left_out == expected - left_out


def _path(place: dict[str, Any], root: Path) -> str:
    return Path(place["symbolic"]["key"]["Local"]["verbatim_path"]).relative_to(root).as_posix()


def _places(policy: str, expected: Any) -> list[tuple[str, str, int]]:
    """Return the places that an expectation names, without columns."""
    if not isinstance(expected, dict):
        return []
    listed = expected["at"] if isinstance(expected["at"], list) else [expected["at"]]
    return [(policy, path, int(line)) for path, line, *_ in (entry.split(":") for entry in listed)]


def _audits() -> set[str]:
    """Return the policies that answer to an audit of zizmor."""
    texts = [file.read_text(encoding="utf-8") for file in (PACK / "policies").glob("*.yaml")]
    policies = [policy for text in texts for policy in yaml.safe_load_all(text)]
    return {policy["id"] for policy in policies if "docs.zizmor.sh" in str(policy.get("see"))}
