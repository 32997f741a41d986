"""docs/limits.md: its numbers are those of the code, and no limit that can be set is missing in it."""

from __future__ import annotations

import re

import pytest
import yaml

from pack_files import ROOT
from polcheck.base import limits
from polcheck.base import sandbox as confined
from polcheck.formats import limits as documents
from polcheck.formats import markdown, requirements
from polcheck.languages import constant_lookup, constants
from polcheck.languages.grammars import MOST_LEVELS
from polcheck.packs.shipped import PACK_LIMITS
from polcheck.policy import probes, schema
from polcheck.policy import templates as template
from polcheck.policy.pack import MAX_POLICIES
from polcheck.selectors.jmespath import parser as expressions
from polcheck.selectors.jmespath import paths
from polcheck.selectors.jmespath.values import MAX_SECONDS, MAX_STEPS, MAX_TEXT
from polcheck.selectors.syntax import compile as compiled
from polcheck.selectors.syntax.query_patterns import MOST_CHOICES
from polcheck.selectors.syntax.query_set import LIMITS
from polcheck.selectors.text import MAX_DEPTH, MAX_GROUPS, MAX_LENGTH
from polcheck.sources import limits as reading
from polcheck.sources import path_patterns as files

PAGE = (ROOT / "docs" / "limits.md").read_text("utf-8")
SETTABLE = {
    name: getattr(default, name)
    for default in (limits.DEFAULT_RUN_LIMITS, reading.DEFAULT_READ_LIMITS)
    for name in default.__struct_fields__
}
FIXED = {
    "nesting of a configuration file": documents.DEFAULT_DOCUMENT_LIMITS.depth,
    "characters of a Markdown file whose tables are read": markdown.MAX_LENGTH,
    "characters of a line of a requirements file": requirements.MAX_LENGTH,
    "values of a file": documents.DEFAULT_DOCUMENT_LIMITS.values,
    "values that aliases and merges add": documents.DEFAULT_DOCUMENT_LIMITS.expanded,
    "levels of a syntax tree": MOST_LEVELS,
    "children of a node with a syntax error": LIMITS.width,
    "matches that tree-sitter keeps in progress": LIMITS.matches,
    "comparisons of a snippet with a file": LIMITS.steps,
    "names of a file that may be constants": constants.MAX_NAMES,
    "steps from a name to its constant": constant_lookup.MAX_STEPS,
    "parts of a string that constants are put together to": constants.MAX_PARTS,
    "expressions in one another in a constant": constants.MAX_DEPTH,
    "memory of a search or a template, in MiB": confined.MEMORY >> 20,
    "characters of a JMESPath expression": expressions.MAX_LENGTH,
    "nesting of a JMESPath expression": expressions.MAX_DEPTH,
    "steps of an expression on a document": MAX_STEPS,
    "characters of a string that an expression makes": MAX_TEXT,
    "seconds of an expression on a document": MAX_SECONDS,
    "patterns that a function compares a path with": paths.MOST_PATTERNS,
    "characters of these patterns": paths.MOST_CHARACTERS,
    "characters of a path that they are compared with": paths.MOST_OF_A_PATH,
    "characters of a template": template.MAX_LENGTH,
    "characters that a template makes": template.MAX_OUTPUT,
    "instructions of a message": template.MESSAGE_FUEL,
    "instructions of a verdict's template": template.TEXT_FUEL,
    "seconds of a template that does more than fill in": confined.SECONDS,
    "files of a pack": PACK_LIMITS.files,
    "MiB of a file of a pack": PACK_LIMITS.file_bytes >> 20,
    "MiB of a pack": PACK_LIMITS.total_bytes >> 20,
    "policies of a pack": MAX_POLICIES,
    "uses of named selectors, those that use others counted each time": probes.MAX_USES,
    "nesting of a policy": schema.MAX_DEPTH,
    "characters of a regular expression": MAX_LENGTH,
    "nesting of parentheses in one": MAX_DEPTH,
    "groups of one": MAX_GROUPS,
    "characters of a query or snippet": compiled.MAX_LENGTH,
    "quantifiers and alternations in a pattern of a query": MOST_CHOICES,
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
