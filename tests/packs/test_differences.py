"""What `pack diff` calls a difference: meaning, not writing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from packs.conftest import Polcheck
from packs.places import write

HEAD = """\
name: acme
version: 1.0.0
params:
  most: {type: integer, default: 3}
requirements:
  R1: Things are well
selectors:
  printing: {pattern: print(...)}
"""
PRINTS = """\
id: no-print
title: Nothing prints
requirement: R1
for: {files: "*.py"}
forbid: {use: printing, scope: file}
message: "{{ path }} prints"
"""
COUNTS = (
    "id: few\ntitle: There are few files\nforbid: {values: tables.names, where: params.most < `1`}\nmessage: many\n"
)
FILES = {"pack.yaml": HEAD, "policies/a.yaml": f"{PRINTS}---\n{COUNTS}", "tables/names.yaml": "- {name: a}\n"}


@pytest.fixture
def differ(polcheck: Polcheck, tmp_path: Path) -> Any:
    """The difference between the pack and one with other files, as JSON."""

    def diff(changed: dict[str, str], *arguments: str, status: int = 1) -> dict[str, Any]:
        old = write(tmp_path / "old", FILES)
        new = write(tmp_path / "new", {**FILES, **changed})
        ran = polcheck("pack", "diff", str(old), str(new), "--format", "json", *arguments, status=status)
        found: dict[str, Any] = json.loads(ran.out)
        return found

    return diff


def test_the_same_is_no_difference(differ: Any) -> None:
    """A pack doesn't differ from itself."""
    found = differ({}, status=0)
    assert all(value == [] for value in found.values())


@pytest.mark.parametrize(
    "changed",
    [
        {"policies/a.yaml": f"# reordered\n{COUNTS}---\n{PRINTS}"},
        {"policies/a.yaml": COUNTS, "policies/b.yaml": PRINTS},
        {"policies/a.yaml": PRINTS.replace('{files: "*.py"}', '\n  - files:\n      - "*.py"') + "---\n" + COUNTS},
        {"policies/a.yaml": PRINTS.replace("title:", "severity: error\ntitle:") + "---\n" + COUNTS},
        {"pack.yaml": HEAD.replace("printing: {pattern: print(...)}", "printing: [{pattern: [print(...)]}]")},
        {"README.md": "more"},
    ],
)
def test_another_way_of_writing_is_no_difference(differ: Any, changed: dict[str, str]) -> None:
    """Order, files, one-element lists, defaults and comments mean nothing."""
    assert differ(changed, status=0)["changed"] == []


def one(found: dict[str, Any]) -> dict[str, Any]:
    """The only changed policy."""
    (change,) = found["changed"]
    result: dict[str, Any] = change
    return result


def test_wording_is_told_apart(differ: Any) -> None:
    """A message that says it better changes no meaning."""
    change = one(differ({"policies/a.yaml": FILES["policies/a.yaml"].replace('prints"', 'prints things"')}))
    assert (change["meaning"], [entry["what"] for entry in change["wording"]]) == (False, ["message"])


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("title: Nothing", "severity: note\ntitle: Nothing", "severity"),
        ('files: "*.py"', 'files: "**/*.py"', "for"),
        ("scope: file}", "scope: file, where: path != 'a'}", "forbid"),
        ("requirement: R1\n", "", "requirement"),
        ("title: Nothing", "deprecated: few\ntitle: Nothing", "deprecated"),
    ],
)
def test_a_change_of_meaning_is_named(differ: Any, old: str, new: str, what: str) -> None:
    """Each fact of a policy that changed is named with its values."""
    change = one(differ({"policies/a.yaml": FILES["policies/a.yaml"].replace(old, new)}))
    assert change["policy"] == "acme:no-print"
    assert (change["meaning"], [entry["what"] for entry in change["changes"]]) == (True, [what])


@pytest.mark.parametrize(
    ("changed", "policy", "through"),
    [
        ({"pack.yaml": HEAD.replace("print(...)", "exit(...)")}, "acme:no-print", "selector printing"),
        ({"pack.yaml": HEAD.replace("default: 3", "default: 0")}, "acme:few", "parameter most"),
        ({"tables/names.yaml": "- {name: b}\n"}, "acme:few", "table names"),
    ],
)
def test_what_a_policy_leans_on_counts(differ: Any, changed: dict[str, str], policy: str, through: str) -> None:
    """A selector, parameter or table that changed changes the policies that use it, and no others."""
    change = one(differ(changed))
    assert (change["policy"], [entry["what"] for entry in change["through"]]) == (policy, [through])


def test_policies_come_and_go(differ: Any) -> None:
    """Added and removed policies are told; a removed one with the successor that it named."""
    found = differ({"policies/a.yaml": PRINTS.replace("no-print", "quiet")})
    assert [entry["policy"] for entry in found["added"]] == ["acme:quiet"]
    assert [entry["policy"] for entry in found["removed"]] == ["acme:few", "acme:no-print"]


def test_packs_themselves_are_compared(differ: Any) -> None:
    """Versions, parameters and requirements are told."""
    found = differ({"pack.yaml": HEAD.replace("1.0.0", "2.0.0").replace("integer", "number").replace("well", "fine")})
    assert [entry["what"] for entry in found["about"]] == ["acme version"]
    assert [entry["what"] for entry in found["params"]] == ["acme:most"]
    assert [entry["what"] for entry in found["requirements"]] == ["acme:R1"]


def test_outcomes_are_compared_on_submissions(differ: Any, polcheck: Polcheck, tmp_path: Path) -> None:
    """Each submission is judged by both, and what comes out differently is named."""
    write(tmp_path / "quiet", {"a.py": "x = 1\n"})
    changed = {"pack.yaml": HEAD.replace("print(...)", "exit(...)")}
    found = differ(changed, "--on", ".", "--on", str(tmp_path / "quiet"))
    loud, quiet = found["submissions"]
    assert (loud["before"], loud["after"]) == ("fail", "pass")
    (policy,) = loud["policies"]
    assert (policy["policy"], policy["before"], policy["after"]) == ("acme:no-print", "fail", "pass")
    assert (quiet["before"], quiet["after"], quiet["policies"]) == ("pass", "pass", [])
    text = polcheck("pack", "diff", str(tmp_path / "old"), str(tmp_path / "new"), "--on", ".", status=1).out
    assert ".: fail -> pass\n  acme:no-print  fail -> pass" in text


def test_an_unusable_pack_has_no_difference(differ: Any, polcheck: Polcheck, tmp_path: Path) -> None:
    """Both packs have to compile."""
    differ({}, status=0)
    write(tmp_path / "new", {**FILES, "policies/a.yaml": "id: x\n"})
    assert "`title` is missing" in polcheck("pack", "diff", "../old", "../new", status=2).err
