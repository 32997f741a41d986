"""A file that leaves a policy undecided can be accepted, with a reason and until a day."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from typed import polcheck

POLICIES = """
id: host
title: No pod uses the network of its host
forbid: {files: "**/*.yaml", data: spec.hostNetwork}
message: the network of the host
"""


@pytest.fixture
def chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A template that is no YAML, and a pack that asks for it."""
    (tmp_path / "pack" / "policies").mkdir(parents=True)
    (tmp_path / "pack" / "pack.yaml").write_text("name: p\nversion: 1.0.0\n")
    (tmp_path / "pack" / "policies" / "p.yaml").write_text(POLICIES)
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "ok.yaml").write_text("spec: {a: 1}\n")
    (tmp_path / "s" / "template.yaml").write_text("{{- if .Values.x }}\nspec: {hostNetwork: {{ .Values.h }}}\n")
    (tmp_path / "s" / "polcheck.yaml").write_text("packs: [../pack]\n")
    monkeypatch.chdir(tmp_path / "s")
    return tmp_path / "s"


def test_an_undecided_policy_names_its_file_once_and_the_ways_out(chart: Path) -> None:
    """Whoever reads it knows what to do."""
    status, out, _ = polcheck("run", "--no-cache")
    assert (status, out.count("not YAML")) == (2, 1)
    assert "help: leave the file out with `exclude`, or read it as another `language`, or accept it" in out


def test_a_waiver_that_names_the_file_accepts_it(chart: Path) -> None:
    """The run passes, and a notice keeps the file in view."""
    assert polcheck("waive", "host", "template.yaml", "--reason", "a template").status == 0
    status, out, _ = polcheck("run", "--no-cache")
    assert status == 0
    assert "template.yaml: notice: undecided (not YAML" in out
    assert "1 policy: 1 accepted" in out


def test_an_expired_waiver_accepts_nothing(chart: Path) -> None:
    """The file leaves the policy undecided again."""
    waiver = "waivers: [{policy: host, files: template.yaml, reason: a template, expires: 2020-01-01}]\n"
    (chart / "polcheck.yaml").write_text("packs: [../pack]\n" + waiver)
    assert polcheck("run", "--no-cache").status == 2


def test_a_waiver_of_all_files_accepts_no_unread_one(chart: Path) -> None:
    """Whoever wrote it had findings in mind, not files that can't be read."""
    (chart / "polcheck.yaml").write_text("packs: [../pack]\nwaivers: [{policy: host, reason: later}]\n")
    assert polcheck("run", "--no-cache").status == 2


def test_a_finding_elsewhere_still_fails(chart: Path) -> None:
    """Only the file that is named is accepted."""
    polcheck("waive", "host", "template.yaml", "--reason", "a template")
    (chart / "ok.yaml").write_text("spec: {hostNetwork: true}\n")
    assert polcheck("run", "--no-cache").status == 1


def test_a_baseline_records_undecided_files_when_asked(chart: Path) -> None:
    """Other files that leave the policy undecided are new."""
    assert "(--undecided records" in polcheck("baseline").err
    assert polcheck("run", "--no-cache").status == 2
    polcheck("baseline", "--undecided")
    assert polcheck("run", "--no-cache").status == 0
    (chart / "other.yaml").write_text("{{- if .Values.y }}\nspec: {hostNetwork: {{ .Values.h }}}\n")
    assert polcheck("run", "--no-cache").status == 2


def test_the_report_says_what_accepts_a_finding(chart: Path) -> None:
    """A waiver with its reason and last day; policy and requirement count it."""
    (chart / "template.yaml").unlink()
    (chart / "ok.yaml").write_text("spec: {hostNetwork: true}\n")
    polcheck("waive", "host", "ok.yaml", "--reason", "a node agent", "--expires", "2999-01-01")
    status, out, _ = polcheck("run", "--no-cache", "-f", "json")
    report = json.loads(out)
    assert status == 0
    assert report["findings"][0]["accepted"] == {"by": "waiver", "reason": "a node agent", "expires": "2999-01-01"}
    assert [(policy["outcome"], policy["accepted"]) for policy in report["policies"]] == [("pass", 1)]
    assert "1 policy: 1 accepted" in polcheck("run", "--no-cache").out
