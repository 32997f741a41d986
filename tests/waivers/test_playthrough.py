"""An old repository adopted in three commands, and what happens to it afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from trees import OURS, write
from typed import Ran, polcheck

FILES, EACH = 100, 30  # 3,000 findings


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that nobody ever judged: a hundred files that print thirty times each."""
    body = "\n".join(f"print({number})" for number in range(EACH)) + "\n"
    write(tmp_path, {**OURS, **{f"src/m{number}.py": body for number in range(FILES)}})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1781481600")  # 2026-06-15
    return tmp_path


def run(*options: str) -> Ran:
    return polcheck("run", "-q", "-j", "1", *options)


def test_a_repository_with_3000_findings_is_adopted_in_three_commands(old: Path) -> None:
    """It stays green until someone adds a finding: through moved lines, a renamed file, a waiver, and its end."""
    assert run("-p", "packs/ours").status == 1
    assert polcheck("init", "-p", "packs/ours").status == 0
    recorded = polcheck("baseline", "-j", "1")
    assert recorded.status == 0 and "recorded 3,000 findings in polcheck-baseline.json" in recorded.err
    assert run() == Ran(0, "", "")

    moved = old / "src" / "m1.py"
    moved.write_text("import os\n\n\nif os:\n" + "".join(f"    {line}\n" for line in moved.read_text().splitlines()))
    shutil.move(old / "src" / "m2.py", old / "src" / "renamed.py")
    assert run() == Ran(0, "", "")

    new = old / "src" / "m3.py"
    new.write_text("print('new')\n" + new.read_text())
    assert run() == Ran(1, "src/m3.py:1:1: error[ours:no-print] it prints\n", "")

    waived = polcheck("waive", "no-print", "src/m3.py", "--reason", "until the logger is in", "--expires", "2026-06-30")
    assert waived.status == 0 and run().status == 0
    assert "expires in 15 days" in polcheck("run", "-j", "1").out


def test_an_expired_waiver_turns_it_red_again(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finding that is only waived is not in the baseline, so that it comes back when the waiver ends."""
    assert polcheck("init", "-p", "packs/ours").status == 0
    new = old / "src" / "m3.py"
    new.write_text("print('new')\n" + new.read_text())
    assert polcheck("waive", "no-print", "src/m3.py", "--reason", "soon gone", "--expires", "2026-06-30").status == 0
    assert "recorded 2,970 findings" in polcheck("baseline", "-j", "1").err
    assert run().status == 0
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1782864000")  # 2026-07-01
    ran = polcheck("run", "-j", "1")
    assert ran.status == 1 and "expired on 2026-06-30: it has no effect any more" in ran.out
    assert "31 errors (2,970 accepted)" in ran.out


def test_what_is_paid_off_stays_paid_off(old: Path) -> None:
    """Recording again with --ratchet takes it out of the baseline; then it can't come back."""
    assert polcheck("init", "-p", "packs/ours").status == 0 and polcheck("baseline", "-j", "1").status == 0
    cleaned = old / "src" / "m5.py"
    before = cleaned.read_text()
    cleaned.write_text("x = 1\n")
    assert "30 findings are fixed" in polcheck("run", "-j", "1").out
    assert "recorded 2,970 findings" in polcheck("baseline", "--ratchet", "-j", "1").err
    cleaned.write_text(before)
    assert run().out.count("\n") == EACH
    assert polcheck("baseline", "--ratchet", "-j", "1").status == 1
