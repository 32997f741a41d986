"""`polcheck explain`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pack_files import ROOT
from polcheck.authoring.explain.policy import explain
from polcheck.project.library import checker
from polcheck.project.packs import read_pack
from polcheck.sources.target import read_submission
from typed import polcheck


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pack and a submission."""
    pack = tmp_path / "pack"
    (pack / "policies").mkdir(parents=True)
    (pack / "pack.yaml").write_text("name: mine\nversion: 1.0.0\nparams: {f: {type: string, default: eval}}\n")
    (pack / "policies/a.yaml").write_text(
        "id: no-eval\ntitle: Nothing is evaluated\nforbid: {pattern: $f(...), where: f == params.f}\nmessage: no\n"
    )
    (tmp_path / "code").mkdir()
    (tmp_path / "code/a.py").write_text("eval('1')\n")
    return tmp_path


def test_a_policy_is_explained_whatever_its_outcome(folder: Path) -> None:
    """Status 0 says that the policy was explained; its outcome is in the text."""
    ran = polcheck("explain", "no-eval", folder / "code", "--pack", folder / "pack")
    assert ran.status == 0
    assert "mine:no-eval: Nothing is evaluated\n" in ran.out
    assert "outcome: fail\n  `forbid` wants no match, and there is 1\n" in ran.out
    assert "\x1b[" not in ran.out


def test_parameters_are_those_of_a_run(folder: Path) -> None:
    """--param sets a parameter, as in `run`."""
    ran = polcheck("explain", "no-eval", folder / "code", "--pack", folder / "pack", "--param", "f=exec")
    assert "outcome: pass" in ran.out


def test_the_project_says_which_packs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --pack the packs are those of polcheck.yaml; what it ignores is explained too, what it waives is said."""
    monkeypatch.chdir(folder)
    (folder / "polcheck.yaml").write_text(
        "packs: [./pack]\nignore: [no-eval]\nwaivers: [{policy: no-eval, reason: an old script}]\n"
    )
    ran = polcheck("explain", "no-eval", "code")
    assert ran.status == 0
    assert "every finding is accepted" in ran.out
    assert "(accepted: an old script)" in ran.out
    ran = polcheck("explain", "no-eval", "code", "--isolated")
    assert ran.status == 2
    assert "give --pack" in ran.err


def test_colours_are_those_that_are_asked_for(folder: Path) -> None:
    """--color always paints."""
    ran = polcheck("explain", "no-eval", folder / "code", "--pack", folder / "pack", "--color", "always")
    assert "\x1b[1;31mfail\x1b[0m" in ran.out


@pytest.mark.parametrize("example", ["ready", "not-ready"])
def test_explanations_agree_with_the_run(example: str) -> None:
    """Each policy of a pack that ships is explained with the outcome that a run gives it."""
    files = read_pack("airas-base-code")
    judge, submission = checker(files), read_submission(ROOT / "examples" / example)
    outcomes = {policy.ref: policy.outcome for policy in judge.check(submission).policies}
    told = {name: explain(judge, name, submission, [files], 2) for name in outcomes}
    assert {name: explanation.outcome for name, explanation in told.items()} == outcomes
    assert all(explanation.because for explanation in told.values())


def test_the_json_form_is_one_object(folder: Path) -> None:
    """-f json gives the steps for programs."""
    ran = polcheck("explain", "mine:no-eval", folder / "code", "--pack", folder / "pack", "-f", "json")
    assert json.loads(ran.out)["parts"][0]["steps"][0]["at"] == "forbid"


def test_a_wrong_name_is_answered_with_the_right_one(folder: Path) -> None:
    """An unknown policy is status 2 and a suggestion."""
    ran = polcheck("explain", "no-evil", folder / "code", "--pack", folder / "pack")
    assert ran.status == 2
    assert "did you mean `no-eval`" in ran.err
