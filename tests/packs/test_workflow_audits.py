"""The example pack of audits of workflows: its cases hold, and each finding stands where zizmor puts it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from pack_files import ROOT
from trees import write
from typed import polcheck

PACK = ROOT / "examples" / "workflow-audits"
WORKFLOW = """\
name: ci
on:
  push:
  pull_request_target:
permissions:
  contents: read
  packages: write
jobs:
  test:
    runs-on: ubuntu-latest
    permissions:
      issues: write
      checks: write  # to say what failed
    container:
      image: example.org/image:1
    steps:
      - name: Check out
        uses: actions/checkout@v6
      - {run: "echo ${{ github.head_ref }}", shell: cmd}
      - uses: actions/github-script@v8
        with:
          script: |
            console.log("a")
            console.log("${{ github.event.issue.title }}")
  call:
    uses: example/repository/.github/workflows/x.yml@main
    secrets: inherit
"""
OURS = frozenset({"unchecked-download"})


def test_the_example_is_in_order() -> None:
    """validate has nothing to say, its cases hold, and each branch is exercised as far as it says."""
    assert "no problems found" in polcheck("validate", "--strict", PACK).out
    assert polcheck("test", PACK).status == 0
    assert "0 different" in polcheck("test", PACK, "--robust").out


@pytest.mark.skipif(shutil.which("zizmor") is None, reason="zizmor is not installed: pip install zizmor")
def test_each_finding_stands_where_zizmor_puts_it(tmp_path: Path) -> None:
    """Line by line, for each audit that both have."""
    write(tmp_path, {".github/workflows/ci.yml": WORKFLOW})
    ran = subprocess.run(
        ["zizmor", "--offline", "--no-progress", "--persona=auditor", "--format=json", tmp_path],
        capture_output=True, check=False, text=True,
    )  # fmt: skip
    theirs = {
        (finding["ident"], place["concrete"]["location"]["start_point"]["row"] + 1)
        for finding in json.loads(ran.stdout)
        for place in finding["locations"]
        if place["symbolic"]["kind"] == "Primary"
    }
    report = json.loads(polcheck("run", "--no-cache", "--isolated", "--pack", PACK, "-f", "json", tmp_path).out)
    ours = {(finding["policy"], finding["line"]) for finding in report["findings"]}
    shared = {policy["id"] for policy in report["policies"]} - OURS
    assert ours - {entry for entry in ours if entry[0] in OURS} == {entry for entry in theirs if entry[0] in shared}
