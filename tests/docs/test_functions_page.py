"""docs/functions.md: every function with its signature, what it gives, and an example that is run."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import NamedTuple

import pytest

from pack_files import ROOT
from polcheck.selectors.jmespath.expression import compile_expression
from polcheck.selectors.jmespath.functions import FUNCTIONS

_CODE = r"(?:`` (?P<{0}_long>.+?) ``|`(?P<{0}>[^`]+)`)"
_ROW = re.compile(
    rf"\| {_CODE.format('signature')}(?P<own> \*)? \| (?P<summary>.+?) \| "
    rf"{_CODE.format('example')} → {_CODE.format('result')} \|"
)
_DAY = "2026-01-31"


class Row(NamedTuple):
    """A line of the page: a function and an example of it."""

    signature: str
    own: bool
    summary: str
    example: str
    result: str


@cache
def rows() -> dict[str, Row]:
    """The lines of the page's tables, by function."""
    lines = (ROOT / "docs" / "functions.md").read_text("utf-8").splitlines()
    made: dict[str, Row] = {}
    for line in lines:
        found = _ROW.fullmatch(line)
        assert found or not line.startswith("| `"), line
        if found:
            texts = [found[name] or found[f"{name}_long"] for name in ("signature", "example", "result")]
            signature, example, result = (text.replace("\\|", "|") for text in texts)
            row = Row(signature, bool(found["own"]), found["summary"], example, result)
            assert signature.partition("(")[0] not in made
            made[signature.partition("(")[0]] = row
    return made


def test_the_page_has_every_function() -> None:
    """Each once, with what it says of itself."""
    assert rows().keys() == FUNCTIONS.keys()
    for name, row in rows().items():
        function = FUNCTIONS[name]
        assert (row.signature, row.own, row.summary) == (function.signature, function.own, function.summary)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_its_example_gives_what_the_page_says(name: str) -> None:
    """On the day that the page names."""
    row = rows()[name]
    assert f"{name}(" in row.example
    assert json.dumps(compile_expression(row.example, _DAY).evaluate(None), ensure_ascii=False) == row.result
