"""docs/cookbook.md and docs/functions.md: each recipe is a sound policy, and the cases beside it are what it says."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest
import yaml

from pack_files import ROOT
from polcheck.authoring.lint import lint
from polcheck.authoring.testing.cases import read_cases
from polcheck.authoring.testing.runner import CaseRunner
from polcheck.packs.shipped import schemas
from polcheck.policy.pack_files import PackFiles

PAGES = (ROOT / "docs" / "cookbook.md", ROOT / "docs" / "functions.md")


class Recipe(NamedTuple):
    """Policies and the cases that follow them."""

    policies: str
    cases: str

    @property
    def pack(self) -> PackFiles:
        """The pack of the policies, tested by the cases."""
        files = {
            "pack.yaml": "name: cookbook\nversion: 1.0.0\n",
            "policies/p.yaml": self.policies,
            "tests/t.yaml": self.cases,
        }
        return PackFiles("cookbook", {path: text.encode() for path, text in files.items()})


def recipes() -> list[Recipe]:
    """The recipes of the pages, in order: a block of policies, then one of cases."""
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    blocks = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    found = [Recipe(one, other) for one, other in zip(blocks[::2], blocks[1::2], strict=True)]
    assert all(one.policies.startswith("id: ") and one.cases.startswith("case: ") for one in found)
    return found


def names(text: str) -> list[str]:
    """The ids of the policies."""
    return [document["id"] for document in yaml.safe_load_all(text)]


@pytest.mark.parametrize("recipe", recipes(), ids=lambda recipe: names(recipe.policies)[0])
def test_a_recipe_finds_what_its_cases_say(recipe: Recipe) -> None:
    """Every case passes, and each policy has one in which it fails and one in which it doesn't."""
    cases = read_cases(recipe.pack, schemas().tests)
    runner = CaseRunner(recipe.pack, schemas())
    runner.prepare(cases)
    outcomes: dict[str, set[str]] = {}
    for case in cases:
        result = runner.run_case(case)
        assert result.passed, (case.name, result.mismatches)
        for policy, actual in result.actual.items():
            outcomes.setdefault(policy, set()).add(actual.outcome)
    for policy in names(recipe.policies):
        assert "fail" in outcomes[policy] and outcomes[policy] & {"pass", "not-applicable"}, policy


@pytest.mark.parametrize("recipe", recipes(), ids=lambda recipe: names(recipe.policies)[0])
def test_a_recipe_is_sound(recipe: Recipe) -> None:
    """`polcheck validate` has nothing to say of it."""
    problems = lint([recipe.pack], schemas())
    assert not [problem.message for severity in ("error", "warning") for problem in problems.of(severity)]


def test_the_list_names_every_recipe() -> None:
    """Each heading of the page, in order."""
    text = PAGES[0].read_text("utf-8")
    assert re.findall(r"^- \[(.+)\]\(#", text, re.MULTILINE) == re.findall(r"^## (.+)$", text, re.MULTILINE)
