"""docs/language.md: nothing is missing in it, and its examples are sound."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
import yaml

from pack_files import ROOT, pack, schemas
from polcheck.policy.origin import Problems
from polcheck.policy.pack import compile_packs
from polcheck.policy.pack_files import PackFiles
from polcheck.policy.params import Settings
from polcheck.scan.rows import Facts
from polcheck.selectors.syntax.predicates import KNOWN

PAGE = ROOT / "docs" / "language.md"


@cache
def page() -> str:
    """The page."""
    return PAGE.read_text("utf-8")


def examples() -> list[str]:
    """The YAML of the page."""
    return re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def _keys() -> list[str]:
    named: dict[str, Any] = yaml.safe_load(schemas().text)
    return sorted({key for schema in named.values() for key in schema})


@pytest.mark.parametrize("key", _keys())
def test_every_key_is_described(key: str) -> None:
    """Each stands in the page, in backquotes."""
    assert re.search(rf"`{key}[`:]", page())


@pytest.mark.parametrize("predicate", KNOWN)
def test_every_predicate_is_described(predicate: str) -> None:
    """With its arguments."""
    assert f"`({predicate} " in page()


@pytest.mark.parametrize("fact", Facts.__struct_fields__)
def test_every_fact_of_a_file_is_described(fact: str) -> None:
    """By its whole name."""
    assert f"`file.{fact}`" in page()


@pytest.mark.parametrize("example", examples(), ids=lambda text: text.split("\n", 1)[0])
def test_every_example_is_sound(example: str) -> None:
    """It compiles: as a pack where it is one, else as a policy."""
    document = yaml.safe_load(example)
    problems = Problems()
    if "version" in document:
        policy = "id: no-print\ntitle: t\nrequirement: R1\nforbid: {use: print}\nmessage: m\n"
        made = PackFiles("t", {"pack.yaml": example.encode(), "policies/p.yaml": policy.encode()})
    else:
        given = "" if "id" in document else "id: p\ntitle: t\n"
        made = pack(given + example + ("" if "message" in document else "message: m\n"))
    assert compile_packs([made], Settings(), schemas(), problems).policies
    assert problems.reported == []


def test_there_are_examples_of_every_selector() -> None:
    """And of pack.yaml."""
    shown = "\n".join(examples())
    for selector in ("files", "pattern", "code", "data", "text", "values", "use", "any", "not", "in", "version"):
        assert re.search(rf"\b{selector}:", shown), selector
