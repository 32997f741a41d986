"""The day of a run: what `today()` gives in policies, and everything that depends on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pack_files import check, one, outcome, pack
from polcheck.policy.params import Settings
from polcheck.project.library import checker
from polcheck.sources.submission import of_files
from typed import polcheck

EXPIRED = "forbid: {files: a.yaml, data: 'keys[?days_between(today(), until) < `0`].name', as: name}"
FILES = {"a.yaml": "keys:\n  - {name: old, until: '2026-01-31'}\n  - {name: new, until: '2027-01-31'}\n"}
PACK = "name: t\nversion: 1.0.0\n"
CASES = """
case: one key expired
today: 2026-06-01
files: {a.yaml: "keys: [{name: old, until: '2026-01-31'}]"}
expect: {p: fail}
---
case: none has expired yet
today: 2026-01-31
files: {a.yaml: "keys: [{name: old, until: '2026-01-31'}]"}
expect: {p: pass}
"""


@pytest.mark.parametrize(("day", "expected"), [("2026-01-31", "pass"), ("2026-02-01", "fail"), ("2028-01-01", "fail")])
def test_a_policy_depends_on_the_day_of_the_run(day: str, expected: str) -> None:
    """The report says which day that was."""
    report = check(one(EXPIRED), FILES, settings=Settings(today=day))
    assert outcome(report) == expected
    assert report.today == day


def test_the_day_is_seen_in_every_kind_of_expression() -> None:
    """In `where`, `let`, `values` and in a value, too."""
    settings = Settings(today="2026-06-01")
    for body in (
        "forbid: {files: a.yaml, data: 'keys[].name', as: name, where: \"today() == '2026-06-01'\"}",
        "forbid: {files: a.yaml, data: 'keys[].name', as: name, let: {day: 'today()'}, where: \"day == '2026-06-01'\"}",
        "forbid: {values: 'today()', as: day, where: \"day == '2026-06-01'\"}",
        """forbid:
  - {files: a.yaml, data: 'keys[]', as: key}
  - {in: key, data: '[today()]', as: day, where: "day == '2026-06-01'"}""",
    ):
        assert outcome(check(one(body), FILES, settings=settings)) == "fail", body


def test_compiled_packs_are_those_of_the_day() -> None:
    """Two days don't share what depends on the day, in memory or in the plan cache's key."""
    packs = (pack(one(EXPIRED)),)
    checkers = [checker(packs, Settings(today=day)) for day in ("2026-01-31", "2026-02-01")]
    found = [each.check(of_files({path: text.encode() for path, text in FILES.items()})) for each in checkers]
    assert [report.verdict for report in found] == ["pass", "fail"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a pack, a waiver that expires, and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    (tmp_path / "pack" / "policies").mkdir(parents=True)
    (tmp_path / "pack" / "tests").mkdir()
    (tmp_path / "pack" / "pack.yaml").write_text(PACK, "utf-8")
    (tmp_path / "pack" / "policies" / "p.yaml").write_text(one(EXPIRED), "utf-8")
    (tmp_path / "pack" / "tests" / "p.yaml").write_text(CASES, "utf-8")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.yaml").write_text(FILES["a.yaml"], "utf-8")
    monkeypatch.chdir(folder)
    return folder


def _verdict(*arguments: str) -> tuple[str, str]:
    report = json.loads(polcheck("run", "-f", "json", *arguments).out)
    return report["verdict"], report["today"]


def test_the_option_sets_the_day_and_caches_keep_days_apart(project: Path) -> None:
    """Rows, plans and reports that are kept for one day aren't those of another."""
    arguments = ["--pack", "../pack"]
    for _ in range(2):
        assert _verdict(*arguments, "--today", "2026-01-31") == ("pass", "2026-01-31")
        assert _verdict(*arguments, "--today", "2026-02-01") == ("fail", "2026-02-01")
    result = polcheck("run", *arguments, "--today", "tomorrow")
    assert result.status == 2 and "is not a date" in result.err


def test_waivers_expire_by_the_same_day(project: Path) -> None:
    """On its last day a waiver counts, a day later it doesn't."""
    waiver = "packs: [../pack]\nwaivers: [{policy: p, reason: known, expires: 2026-03-01}]\n"
    (project / "polcheck.yaml").write_text(waiver, "utf-8")
    assert _verdict("--today", "2026-03-01")[0] == "pass"
    assert _verdict("--today", "2026-03-02")[0] == "fail"


def test_cases_set_the_day(project: Path) -> None:
    """Each its own; what isn't a date is refused at its line."""
    assert polcheck("test", "../pack", "--today", "2020-01-01").status == 0
    path = project.parent / "pack" / "tests" / "p.yaml"
    path.write_text(CASES.replace("today: 2026-01-31", "today: soon"), "utf-8")
    refused = polcheck("test", "../pack")
    assert refused.status == 2 and "`soon` is not a date" in refused.err
    path.write_text(CASES.replace("today: 2026-01-31\n", "").replace("today: 2026-06-01\n", ""), "utf-8")
    assert polcheck("test", "../pack", "--today", "2026-06-01").status == 1
