"""`limits:` of polcheck.yaml: what they change, who is told of them, and what they may not be."""

from __future__ import annotations

import json

import pytest

from trees import Tree
from typed import polcheck

PACKS = "packs: [packs/ours]\n"
PRINTS = {"a.py": "print(1)\n" * 5, "b.py": "x = 1\n"}


def _report(*arguments: str) -> tuple[int, dict[str, str], str]:
    """The exit status of a run, the outcomes of the policies, and everything that its notices say."""
    ran = polcheck("run", "-f", "json", *arguments)
    data = json.loads(ran.out)
    outcomes = {policy["id"]: policy["outcome"] for policy in data["policies"]}
    return ran.status, outcomes, " ".join(notice["message"] for notice in data["notices"])


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ("matches: 3", "more than 3 matches"),
        ("findings: 3", "2 more findings than reported (the limit `findings`)"),
        ("files: 1", "the limit `files` of 1"),
        ("file_bytes: 10", "over the limit `file_bytes` of 10"),
        ("path_length: 3", "over the limit `path_length` of 3"),
    ],
)
def test_a_limit_that_is_set_is_in_force(tree: Tree, limits: str, says: str) -> None:
    """Each kind reaches the part that it bounds, which says so."""
    tree({**PRINTS, "polcheck.yaml": PACKS})
    assert says not in polcheck("run", "-f", "json").out
    tree({"polcheck.yaml": f"{PACKS}limits: {{{limits}}}\n"})
    ran = polcheck("run", "-f", "json")
    assert says in ran.out + ran.err
    assert ran.status != 0


def test_a_limit_that_was_hit_is_no_pass(tree: Tree) -> None:
    """What isn't read any more keeps undecided who looks for it."""
    tree({"b.py": "x = 1\n", "polcheck.yaml": f"{PACKS}limits: {{file_bytes: 3}}\n"})
    status, outcomes, _ = _report()
    assert (status, outcomes) == (2, {"no-print": "undecided", "no-eval": "undecided"})


def test_rows_of_earlier_runs_are_not_those_of_another_limit(tree: Tree) -> None:
    """What a run keeps for the next one counts for the same limit only."""
    large = {"a.py": "print(1)\n" * 5 + "# " + "x" * 2_100_000 + "\n"}  # NOTE: rows of few bytes are not kept
    tree({**large, "polcheck.yaml": f"{PACKS}limits: {{matches: 3}}\n"})
    assert "more than 3 matches" in _report()[2]
    tree({"polcheck.yaml": f"{PACKS}limits: {{matches: 4}}\n"})
    assert "more than 4 matches" in _report()[2]


def test_config_shows_limits_that_are_set(tree: Tree) -> None:
    """With the line that sets them."""
    tree({"polcheck.yaml": f"{PACKS}limits:\n  search_seconds: 0.5\n  matches: 7\n"})
    values = json.loads(polcheck("config", "-f", "json").out)["values"]
    assert [tuple(row.values()) for row in values if row["key"].startswith("limits.")] == [
        ("limits.search_seconds", 0.5, "polcheck.yaml:3"),
        ("limits.matches", 7, "polcheck.yaml:4"),
    ]


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ("matches: 0", "`matches` is out of range"),
        ("search_seconds: 1000000", "`search_seconds` is out of range"),
        ("rows: 1.5", "`rows` must be a whole number"),
        ("matchs: 5", "did you mean `matches`?"),
    ],
)
def test_limits_that_are_none_are_refused(tree: Tree, limits: str, says: str) -> None:
    """Nothing is unbounded, and a name that nobody knows bounds nothing."""
    tree({**PRINTS, "polcheck.yaml": f"{PACKS}limits: {{{limits}}}\n"})
    ran = polcheck("run")
    assert ran.status == 2
    assert says in ran.err
    assert "polcheck.yaml:2:" in ran.err
