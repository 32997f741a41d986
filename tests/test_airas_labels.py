"""The pack airas-base-code against what a careful reading found in recorded submissions."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from polcheck.findings.report import Report
from polcheck.project.library import check

SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "airas"
LABELS: dict[str, Any] = (
    json.loads((SHARED / "labels.json").read_text("utf-8")) if (SHARED / "labels.json").exists() else {}
)
SCORED = ("pass", "fail")

pytestmark = pytest.mark.skipif(not LABELS, reason="the recorded submissions are not beside this checkout")


@cache
def report(name: str) -> Report:
    return check(SHARED / "dev" / f"{name}.json", "airas-base-code", params={"contract": LABELS[name]["contract"]})


def outcomes(name: str) -> dict[str, str]:
    return {requirement.id: requirement.outcome for requirement in report(name).requirements}


@pytest.mark.parametrize("name", sorted(LABELS))
def test_a_recorded_submission_is_judged_as_it_was_read(name: str) -> None:
    """Each check that a reading calls pass or fail has that outcome."""
    read = {check: label["outcome"] for check, label in LABELS[name]["checks"].items() if label["outcome"] in SCORED}
    found = outcomes(name)
    assert {check: found[check] for check in read} == read


@pytest.mark.parametrize("name", sorted(LABELS))
def test_every_failure_points_into_the_submission(name: str) -> None:
    """A failure has a place, or says that a file is missing."""
    errors = [finding for finding in report(name).findings if finding.severity == "error"]
    assert [finding.policy for finding in errors if finding.location is None] == []


def test_the_seed_is_refused_for_two_reasons() -> None:
    """The recorded call's submission fails for loading and for the scope of placeholders, and for nothing else."""
    fields = report("561e175").fields
    issue = str(fields["base_code_issue"])
    opening, *items, closing = issue.split("\n\n")
    assert fields["is_base_code_ready"] is False
    assert opening.endswith(".") and closing.endswith(".")
    assert [item[:18] for item in items] == ["1. Requirement 1 –", "2. Requirement 2 –"]
    assert "src/train.py:273" in items[0]
    assert "no `torch.load`" in items[0]
    assert "`SPECIFIC_CONFIG_PLACEHOLDER`" in items[1]
    assert "config/full_experiment.yaml:4, 7, 13, 16" in items[1]
    assert "`seed`, `training`" in items[1]
