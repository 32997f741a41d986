"""`polcheck run --timings`: where the time went."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from typed import polcheck

POLICIES = """\
id: no-eval
title: Nothing is evaluated
forbid: {files: "*.py", pattern: eval(...)}
message: eval is called
---
id: says-a
title: The configuration says a
require: {files: "*.yaml", data: a}
message: it doesn't
"""
FILES = {"a.py": "eval(1)\neval(2)\n", "b.py": "print(1)\n", "c.yaml": "a: 1\n", "d.txt": "eval(1)\n"}


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words of a run over a small project."""
    files = {f"work/{path}": text for path, text in FILES.items()}
    files |= {"ours/pack.yaml": "name: ours\nversion: 1.0.0\n", "ours/policies/p.yaml": POLICIES}
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    return ["run", "work", "--isolated", "--pack", "./ours", "--no-cache"]


def test_the_measures_are_of_the_run(words: list[str]) -> None:
    """Files, selectors with their files and matches, policies and stages are those of the run."""
    polcheck(*words, "--timings-json", "times.json")
    times = json.loads(Path("times.json").read_text())
    assert list(times["stages"]) == ["start", "list", "search", "judge", "tell"]
    assert times["files"] == {"listed": 4, "asked": 3, "known": 0, "skipped": 1, "parsed": 2}
    selectors = {each["selector"]: (each["files"], each["matches"]) for each in times["selectors"]}
    assert selectors == {"ours:no-eval  pattern: eval(...)": (1, 2), "ours:says-a  data: a": (1, 1)}
    assert {each["policy"] for each in times["policies"]} == {"ours:no-eval", "ours:says-a"}
    every = [*times["stages"].values(), *(each["seconds"] for each in times["selectors"]), times["parsing"]]
    assert min(every) >= 0 < sum(every)


def test_measuring_changes_no_verdict(words: list[str]) -> None:
    """Standard output is that of a run that measures nothing; the table goes to standard error."""
    plain, timed = polcheck(*words), polcheck(*words, "--timings")
    assert (timed.status, timed.out) == (plain.status, plain.out)
    assert plain.err == ""
    assert "where the time went" in timed.err
    assert "2 matches  ours:no-eval  pattern: eval(...)" in timed.err
    assert "1 without the words that a match needs" in timed.err
