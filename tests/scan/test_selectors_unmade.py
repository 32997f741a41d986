"""A selector that is but one search is joined without making all its rows."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from pack_files import judge
from polcheck.evaluate.relations import Matches
from polcheck.evaluate.steps import Evaluator

FILES = {
    "a.py": "save(x, y)\nload(x)\nsave(z, z)\n",
    "b.py": "load(z)\nsave(",
    "w.txt": "x y\nz\n",
    "c.yaml": "names: [x, q]\nmore: [{k: x, v: 1}, {k: z}]\n",
}
SELECTORS = {
    "pattern": '{files: "*.py", pattern: "save($a, $b)"}',
    "renamed": '{files: "*.py", pattern: "save($arg, $b)", as: {arg: a}}',
    "code": '{files: "*.py", code: "(call function: (identifier) @f arguments: (_) @a)"}',
    "text": '{files: "*.txt", text: "(?P<a>[a-z]) (?P<b>[a-z])?"}',
    "value": '{files: c.yaml, data: "names[]", as: a}',
    "rows": '{files: c.yaml, data: "more[].{a: k, b: v}"}',
}
BODIES = [
    'for: {files: w.txt, text: "(?P<w>\\\\w)"}\nrequire: {use: s, as: {a: w}}',
    'for: {files: "*.py", pattern: "load($a)"}\nforbid: {use: s}',
    "forbid: {use: s}",
    'for: {use: s}\nrequire: {files: "*.py", pattern: "load($a)"}',
    "require: {use: s, count: 2}",
    'forbid: [{use: s}, {not: {files: "*.py", pattern: "load($a)"}}]',
    'for: {files: "*.py", pattern: "load($a)"}\nrequire: {any: [{use: s}, {use: s, where: "a == \'z\'"}]}',
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("selector", SELECTORS.values(), ids=list(SELECTORS))
def test_the_report_is_that_of_rows_made_whole(selector: str, body: str) -> None:
    """Outcome, findings and reasons are the same."""
    head = f"selectors:\n  s: {selector}\n"
    report = judge(body, FILES, head)
    with patch.object(Evaluator, "_alias", return_value=None):
        whole = judge(body, FILES, head)
    assert report == whole and report.policies[0].outcome != "not-applicable"


def test_only_rows_that_join_are_made() -> None:
    """Of a thousand names in a file, the one that is asked for."""
    names = "\n".join(f"n{number}" for number in range(1000))
    head = 'selectors:\n  names: {files: a.py, code: "(identifier) @name"}\n'
    made: list[int] = []
    real = Matches.__getitem__

    def counted(self: Matches, index: int) -> object:
        made.append(index)
        return real(self, index)

    with patch.object(Matches, "__getitem__", counted):
        report = judge("for: {values: [{name: n500}]}\nrequire: {use: names}", {"a.py": names}, head)
    assert (report.verdict, made) == ("pass", [500])
