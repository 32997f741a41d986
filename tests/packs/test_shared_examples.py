"""Two projects that share a pack with parameters, severities and waivers of their own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pack_files import ROOT
from packs.conftest import Polcheck
from packs.places import GitPlace

EXAMPLES = ROOT / "examples"
PROJECTS = ("project-a", "project-b")


def judged(polcheck: Polcheck, status: int = 0) -> dict[str, Any]:
    """The report on the project in the working directory."""
    report: dict[str, Any] = json.loads(polcheck("run", "--locked", "-f", "json", status=status).out)
    return report


def test_each_project_has_its_own_settings(polcheck: Polcheck, monkeypatch: pytest.MonkeyPatch) -> None:
    """The locks that are in the tree hold, and the pack is the same for both, but for what they set."""
    reports = {}
    for name in PROJECTS:
        monkeypatch.chdir(EXAMPLES / name)
        reports[name] = judged(polcheck)
    a, b = (reports[name] for name in PROJECTS)
    assert [pack["digest"] for pack in a["packs"]] == [pack["digest"] for pack in b["packs"]]
    assert [pack["params"] for pack in a["packs"]] == [{"max_timeout": 10}, {}]
    assert [pack["params"] for pack in b["packs"]] == [{"max_timeout": 120}, {}]
    prints = [{p["id"]: p for p in report["policies"]}["no-print"] for report in (a, b)]
    assert [policy["severity"] for policy in prints] == ["error", "note"]
    waived = [[f["policy"] for f in report["findings"] if f["waived"]] for report in (a, b)]
    assert waived == [["no-print"], ["routes-documented"]]


def test_a_change_of_the_pack_reaches_both_by_update_alone(
    polcheck: Polcheck, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the pack in a repository: nothing changes until `update`, and nothing else is needed."""
    place = GitPlace(tmp_path / "place")
    shared = {
        f"../{path.relative_to(EXAMPLES / 'shared-pack')}": path.read_text("utf-8")
        for path in (EXAMPLES / "shared-pack").rglob("*.yaml")
    }
    place.publish(shared)
    source = f"git+{place.url}@main#subdirectory=services"
    for name in PROJECTS:
        shutil.copytree(EXAMPLES / name, tmp_path / name)
        config = tmp_path / name / "polcheck.yaml"
        config.write_text(config.read_text("utf-8").replace("../shared-pack/services", json.dumps(source)), "utf-8")
        monkeypatch.chdir(tmp_path / name)
        polcheck("pack", "update")
        judged(polcheck)

    policies = "../services/policies/services.yaml"
    place.publish(
        {**shared, policies: shared[policies].replace("seconds <= params", "seconds < `7` && seconds <= params")}
    )
    settings = {name: (tmp_path / name / "polcheck.yaml").read_bytes() for name in PROJECTS}
    for name, status in zip(PROJECTS, (0, 1), strict=True):
        monkeypatch.chdir(tmp_path / name)
        judged(polcheck)
        shown = polcheck("pack", "update", "--diff", "--on", ".", status=1).out
        assert "acme-services:timeout-short" in shown
        assert (".: pass -> fail" in shown) == bool(status)
        polcheck("pack", "update")
        assert judged(polcheck, status)["verdict"] == ("fail" if status else "pass")
        assert Path("polcheck.yaml").read_bytes() == settings[name]


def test_the_shared_packs_pass_their_own_cases(polcheck: Polcheck, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shared is tested and without fault."""
    monkeypatch.chdir(EXAMPLES / "shared-pack")
    polcheck("test", "base", "services")
    polcheck("validate", "--strict", "base", "services")
