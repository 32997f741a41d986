"""The GitHub action and the GitLab template: what their steps run, run here."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from pack_files import ROOT

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the steps are written for bash")


def loaded(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text("utf-8"))


def step(name: str) -> Any:
    (found,) = [step for step in loaded("action.yml")["runs"]["steps"] if step.get("name") == name]
    return found


def run_step(name: str, project: Path, environment: dict[str, str], **variables: str) -> tuple[int, str]:
    """The exit status and output of a step of the action; `variables` are those of its `env`."""
    assert set(variables) <= set(step(name)["env"])
    own = {variable: variables.get(variable, "") for variable in step(name)["env"]}
    files = {"GITHUB_OUTPUT": str(project / "output"), "GITHUB_STEP_SUMMARY": str(project / "summary.md")}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step(name)["run"]],
        cwd=project,
        env={**environment, **own, **files},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_action_annotates_summarises_and_writes_sarif(project: Path, environment: dict[str, str]) -> None:
    """The step goes on after a failure, so that the file can be uploaded; the status is an output."""
    status, out = run_step("Check", project, environment, SUBMISSION=".", SARIF="out.sarif")
    assert status == 0 and "::error file=a.py,line=1" in out
    assert (project / "output").read_text() == "status=1\n"
    assert "it prints" in (project / "summary.md").read_text()
    (result,) = json.loads((project / "out.sarif").read_text())["runs"][0]["results"]
    assert result["ruleId"] == "ours:no-print"


def test_the_action_shows_the_report_in_its_log(project: Path, environment: dict[str, str]) -> None:
    """Below the annotations, with excerpts; workflow commands in it are none."""
    _, out = run_step("Check", project, environment, SUBMISSION=".", SARIF="x", REPORT=str(project / "report.txt"))
    assert "a.py:1:1: error[ours:no-print] it prints\n  |\n1 | print" in out


def test_other_actions_are_pinned_by_their_digest() -> None:
    """A tag can be moved; the comment says which one it is."""
    lines = [line for line in (ROOT / "action.yml").read_text("utf-8").splitlines() if "uses:" in line]
    assert lines and all(re.search(r"uses: [\w/-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+$", line) for line in lines)


def test_the_callers_python_stays(project: Path) -> None:
    """polcheck has an environment of its own, and the step that finds a Python changes none."""
    steps = loaded("action.yml")["runs"]["steps"]
    assert steps[0]["with"]["update-environment"] is False
    assert '"$PYTHON" -m venv "$ENVIRONMENT"' in step("Install polcheck")["run"]


def test_the_action_passes_its_inputs_on(project: Path, environment: dict[str, str]) -> None:
    """Packs and options may be several; what looks like a command is none."""
    inputs = {"PACKS": "packs/ours", "OPTIONS": "--fail-on never --ignore no-eval", "SARIF": "$(touch x).sarif"}
    status, _ = run_step("Check", project, environment, SUBMISSION=".", **inputs)
    assert status == 0 and (project / "$(touch x).sarif").exists() and not (project / "x").exists()


def test_the_action_ends_with_polchecks_status(project: Path, environment: dict[str, str]) -> None:
    """Its last step fails when the repository does."""
    assert run_step("Verdict", project, environment, STATUS="1")[0] == 1
    assert run_step("Verdict", project, environment, STATUS="0")[0] == 0


def test_the_action_pastes_no_input_into_a_script() -> None:
    """Whoever can name a branch could run commands otherwise."""
    for each in loaded("action.yml")["runs"]["steps"]:
        assert "${{" not in each.get("run", "")


def test_the_gitlab_job_writes_its_reports(project: Path, environment: dict[str, str]) -> None:
    """The script runs in a shell as it stands, and writes the files that the job keeps."""
    job = loaded("ci/gitlab.yml")["polcheck"]
    done = subprocess.run(
        ["bash", "-ec", "\n".join(job["script"])],
        cwd=project,
        env={**environment, **job["variables"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and "a.py:1:1: error[ours:no-print] it prints" in done.stdout
    reports = job["artifacts"]["reports"]
    assert json.loads((project / reports["codequality"]).read_text())[0]["location"]["path"] == "a.py"
    assert "<testsuites" in (project / reports["junit"]).read_text()
