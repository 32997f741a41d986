"""docs/limits.md: its numbers are those of the code, and no limit that can be set is missing in it."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest
import yaml

from packs import ROOT
from polcheck import confined, limits
from polcheck.disk import limits as reading
from polcheck.disk.packs import PACK_LIMITS
from polcheck.documents import limits as documents
from polcheck.policy import pack, probes, schema, template
from polcheck.selectors import bounds, files, text
from polcheck.selectors.jmes import syntax as expressions
from polcheck.selectors.jmes import values
from polcheck.selectors.syntax import LIMITS, broken, compiled, patterns

PAGE = (ROOT / "docs" / "limits.md").read_text("utf-8")
SETTABLE = {
    part.name: getattr(default, part.name) for default in (limits.DEFAULT, reading.DEFAULT) for part in fields(default)
}
FIXED = {
    "nesting of YAML, JSON and TOML": documents.DEFAULT.depth,
    "values of a file": documents.DEFAULT.values,
    "values that aliases and merges add": documents.DEFAULT.expanded,
    "levels of a syntax tree": broken.MOST_LEVELS,
    "children of a node with a syntax error": LIMITS.width,
    "matches that tree-sitter keeps in progress": LIMITS.matches,
    "comparisons of a snippet with a file": LIMITS.steps,
    "memory of a search or a template, in MiB": confined.MEMORY >> 20,
    "characters of a JMESPath expression": expressions.MAX_LENGTH,
    "nesting of a JMESPath expression": expressions.MAX_DEPTH,
    "steps of an expression on a document": values.MAX_STEPS,
    "characters of a text that an expression makes": values.MAX_TEXT,
    "seconds of an expression on a document": values.MAX_SECONDS,
    "characters of a template": template.MAX_LENGTH,
    "characters that a template makes": template.MAX_OUTPUT,
    "instructions of a message": template.MESSAGE_FUEL,
    "instructions of a verdict's template": template.TEXT_FUEL,
    "seconds of a template that does more than fill in": confined.SECONDS,
    "files of a pack": PACK_LIMITS.files,
    "MiB of a file of a pack": PACK_LIMITS.file_bytes >> 20,
    "MiB of a pack": PACK_LIMITS.total_bytes >> 20,
    "policies of a pack": pack.MAX_POLICIES,
    "uses of named selectors, those that use others counted each time": probes.MAX_USES,
    "nesting of a policy": schema.MAX_DEPTH,
    "characters of a regular expression": bounds.MAX_LENGTH,
    "nesting of parentheses in one": bounds.MAX_DEPTH,
    "groups of one": text.MAX_GROUPS,
    "characters of a query or snippet": compiled.MAX_LENGTH,
    "quantifiers and alternations in a pattern of a query": patterns.MOST_CHOICES,
    "path patterns of a selector": files.MAX_PATTERNS,
    "characters of a path pattern": files.MAX_LENGTH,
    "wildcards of a path pattern": files.MAX_WILDCARDS,
    "alternatives of a path pattern": files.MAX_ALTERNATIVES,
}


def shown(name: str, value: float) -> str:
    """A limit as the page writes it."""
    if name.endswith("_bytes"):
        return f"{int(value) >> 30} GiB" if value >= 1 << 30 else f"{int(value) >> 20} MiB"
    return f"{value:,g}" if value < 1_000 else f"{int(value):,}"


def test_every_limit_that_can_be_set_is_on_the_page() -> None:
    """Its name and its default."""
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", PAGE, re.MULTILINE)
    assert dict(rows) == {name: shown(name, value) for name, value in SETTABLE.items()}


def test_every_limit_that_can_be_set_has_a_key() -> None:
    """polcheck.yaml takes each of them, and says the default."""
    keys = yaml.safe_load((ROOT / "schemas" / "config.yaml").read_text("utf-8"))["limits"]
    told = {name: rule["meta"]["description"].rpartition("; ")[2] for name, rule in keys.items()}
    assert told == {name: f"{shown(name, value)} when not given" for name, value in SETTABLE.items()}


@pytest.mark.parametrize("name", FIXED)
def test_a_number_is_that_of_the_code(name: str) -> None:
    """What nobody can set is on the page as it is."""
    assert f"\n| {name} | {shown(name, FIXED[name])} |\n" in PAGE


def test_no_other_numbers_are_on_the_page() -> None:
    """Every row of a table is held to the code."""
    assert set(re.findall(r"^\| ([a-zA-Z][^|`]*) \| [\d,]+ \|$", PAGE, re.MULTILINE)) == FIXED.keys()
