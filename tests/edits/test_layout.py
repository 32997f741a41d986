"""Edits of configuration files look as a person would make them."""

from __future__ import annotations

from typing import Any

import pytest

from polcheck.base.spans import Source
from polcheck.edits import operations
from polcheck.edits.edit import EditRefused, apply


def edited(text: str, format: str, operation: str, *arguments: Any, **options: Any) -> str:
    """The text of a file after an operation."""
    source = Source("file", text.encode())
    edits = getattr(operations, operation)(source, format, *arguments, **options)
    return apply(source.data, edits).decode()


YAML = """\
# head
on: push  # tail

jobs:
  test:
    # where it runs
    runs-on: ubuntu-latest

    env: {A: 1, B: "x"}
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      - run: |
          make
"""

CASES = [
    ("yaml", YAML, "replace", (("on",), "yes"), {}, "on: push ", 'on: "yes" '),
    ("yaml", YAML, "replace", (("jobs", "test", "env", "B"), "y"), {}, '"x"', '"y"'),
    ("yaml", YAML, "insert", (("jobs", "test", "env"), "C", None), {}, '"x"}', '"x", C: null}'),
    (
        *("yaml", YAML, "insert", (("jobs", "test"), "timeout-minutes", 5), {"position": "first"}),
        *("  test:\n", "  test:\n    timeout-minutes: 5\n"),
    ),
    (
        *("yaml", YAML, "delete", (("jobs", "test", "runs-on"),), {}),
        *("    # where it runs\n    runs-on: ubuntu-latest\n\n", ""),
    ),
    ("yaml", YAML, "delete", (("jobs", "test", "steps", 0, "uses"),), {}, "uses: actions/checkout@v4\n        ", ""),
    (
        "yaml",
        YAML,
        "delete",
        (("jobs", "test", "steps", 0, "with", "fetch-depth"),),
        {},
        "\n          fetch-depth: 0",
        " {}",
    ),
    ("yaml", YAML, "rename", (("jobs", "test"), "no"), {}, "  test:", '  "no":'),
    ("yaml", YAML, "append", (("jobs", "test", "steps"), {"run": "a"}), {}, "make\n", "make\n      - run: a\n"),
    ("json", '{\n  "a": 1\n}\n', "insert", ((), "b", [1]), {}, "1\n", '1,\n  "b": [\n    1\n  ]\n'),
    ("json", '{"a":1}', "insert", ((), "b", [1, 2]), {}, "1}", '1,"b":[1,2]}'),
    ("json", '{\r\n\t"a": 1,\r\n\t"b": 2\r\n}', "delete", (("b",),), {}, ',\r\n\t"b": 2', ""),
    ("jsonc", '{\n  "a": 1, // one\n}\n', "insert", ((), "b", 2), {}, "// one\n", '// one\n  "b": 2,\n'),
    ("jsonc", '{\n  "a": 1 // one\n}\n', "insert", ((), "b", 2), {}, "1 // one\n", '1, // one\n  "b": 2\n'),
]


@pytest.mark.parametrize(("format", "text", "operation", "arguments", "options", "before", "after"), CASES)
def test_an_edit_changes_nothing_but_its_place(
    format: str, text: str, operation: str, arguments: Any, options: Any, before: str, after: str
) -> None:
    """Of the file, what stands in `before` is exchanged for `after`."""
    assert text.count(before) == 1
    assert edited(text, format, operation, *arguments, **options) == text.replace(before, after)


def test_a_file_with_a_mark_and_carriage_returns_keeps_them() -> None:
    """A byte-order mark and the ends of lines stay, and new lines end alike."""
    text = "\ufeffa: 1\r\nb: 2"
    assert edited(text, "yaml", "insert", (), "c", [1]) == "\ufeffa: 1\r\nb: 2\r\nc:\r\n  - 1"


@pytest.mark.parametrize(
    ("text", "operation", "arguments", "reason"),
    [
        ("a: &x {k: 1}\nb: *x\n", "replace", (("a", "k"), 2), "alias"),
        ("a: &x {k: 1}\nb: *x\n", "replace", (("b", "k"), 2), "alias"),
        ("a: &x {k: 1}\nb:\n  <<: *x\n", "delete", (("b", "k"),), "merge key"),
        ("a: &x 1\nb: *x\n", "delete", (("a",),), "no anchor"),
        ("a: 1\na: 2\n", "delete", (("a",),), "twice"),
        ("a: 1\n", "insert", ((), "a", 2), "already"),
        ("a: 1\n", "insert", (("a",), "b", 2), "not a mapping"),
        ("a: 1\n", "replace", (("b",), 2), "no `b`"),
        ("a: [\n", "replace", (("a",), 2), "can't be read"),
        ("a: 1\n", "replace", (("a",), float("nan")), "not a value"),
    ],
)
def test_what_cannot_be_edited_exactly_is_refused(text: str, operation: str, arguments: Any, reason: str) -> None:
    """The refusal says why."""
    with pytest.raises(EditRefused, match=reason):
        edited(text, "yaml", operation, *arguments)


def test_a_file_in_another_encoding_is_refused() -> None:
    """Edits are in UTF-8."""
    with pytest.raises(EditRefused, match="UTF-8"):
        operations.replace(Source("file", "a: 1".encode("utf-16")), "yaml", ("a",), 2)
