"""`polcheck parse`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polcheck.authoring.explain.tree import entries, pointer_text
from polcheck.base.spans import Source
from polcheck.formats.values import Json
from typed import polcheck


def test_a_syntax_tree_has_fields_kinds_and_places() -> None:
    """Each node is a line with its field, kind, place and, of a leaf, its text; columns count characters."""
    ran = polcheck("parse", "-", "-l", "python", stdin="é = f(1)\n")
    assert ran.out.splitlines() == [
        "module 1:1-2:1",
        "  expression_statement 1:1-1:9",
        "    assignment 1:1-1:9",
        "      left: identifier 1:1-1:2 `é`",
        "      right: call 1:5-1:9",
        "        function: identifier 1:5-1:6 `f`",
        "        arguments: argument_list 1:6-1:9",
        "          integer 1:7-1:8 `1`",
    ]


def test_tokens_without_a_name_are_shown_on_demand() -> None:
    """-v adds the tokens that a query writes in quotes."""
    ran = polcheck("parse", "-", "-l", "python", "-v", stdin="f()\n")
    assert '"("' in ran.out
    assert '"("' not in polcheck("parse", "-", "-l", "python", stdin="f()\n").out


def test_errors_are_marked() -> None:
    """What the parser could not read is ERROR, what it put in is MISSING."""
    out = polcheck("parse", "-", "-l", "python", stdin="f(1, *, 'a' + 'b')\ndef g(:\n").out
    assert "ERROR 1:7-1:8" in out
    assert 'MISSING ")"' in out


def test_depth_bounds_both_trees() -> None:
    """--depth stops so many levels below the root."""
    assert len(polcheck("parse", "-", "-l", "python", "-d", "1", stdin="f()\ng()\n").out.splitlines()) == 3
    assert len(polcheck("parse", "-", "-l", "yaml", "-d", "1", stdin="a: {b: 1}\nc: 2\n").out.splitlines()) == 3


def test_a_data_tree_has_pointers_values_and_places(tmp_path: Path) -> None:
    """Each value is a line with its RFC 6901 pointer; several documents are told apart."""
    (tmp_path / "a.yaml").write_text('a: 1\nb/c: [x, ~]\n---\n- {y: 2.50, "t~": true}\n')
    assert polcheck("parse", tmp_path / "a.yaml").out.splitlines() == [
        "(root) object of 2 1:1",
        "/a 1 1:4",
        "/b~1c array of 2 2:6",
        '/b~1c/0 "x" 2:7',
        "/b~1c/1 null 2:10",
        "--- document 2",
        "(root) array of 1 4:1",
        "/0 object of 2 4:3",
        "/0/y 2.5 4:7",
        "/0/t~0 true 4:19",
    ]


def test_json_forms_hold_every_node() -> None:
    """`-f json` lists nodes or values in order of place, with positions."""
    nodes = json.loads(polcheck("parse", "-", "-l", "python", "-f", "json", stdin="x\n").out)
    assert [(n["depth"], n["kind"], n["text"]) for n in nodes][-1] == (2, "identifier", "x")
    values = json.loads(polcheck("parse", "-", "-l", "json", "-f", "json", stdin='{"a": [1]}').out)
    assert [(v["pointer"], v["kind"]) for v in values] == [("", "object"), ("/a", "array"), ("/a/0", "number")]


def test_json_has_a_syntax_tree_too() -> None:
    """--syntax shows the tree that `code` sees in JSON and TOML."""
    assert polcheck("parse", "-", "-l", "json", "--syntax", stdin="{}").out.startswith("document 1:1-1:3")


def test_deep_trees_are_shown_and_capped() -> None:
    """A tree tens of thousands of levels deep is walked without recursion, and cut off with a note."""
    ran = polcheck("parse", "-", "-l", "python", stdin="[" * 30_000 + "]" * 30_000)
    assert ran.status == 0
    assert len(ran.out.splitlines()) == 1_001
    assert ran.out.splitlines()[-1].startswith("… and more than 1,000 lines")
    assert (
        len(polcheck("parse", "-", "-l", "python", "--all", stdin="[" * 30_000 + "]" * 30_000).out.splitlines())
        > 30_000
    )


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (["-"], "x", "--language"),
        (["-", "-l", "cobol"], "x", "unknown language `cobol`"),
        (["-", "-l", "json"], '{"a": [1,}', "-:1:10: not JSON"),
        (["no/such.py"], "", "`no/such.py` can't be read"),
    ],
)
def test_what_can_not_be_read_is_said(arguments: list[str], stdin: str, said: str) -> None:
    """A file that can't be read is an error of one line with status 2."""
    ran = polcheck("parse", *arguments, stdin=stdin)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(_JSON)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_pointers_resolve_to_their_values(value: Json) -> None:
    """Every pointer, followed as RFC 6901 says, leads to the value that it stands beside."""
    source = Source("a.json", json.dumps(value).encode())
    for entry in entries(source, "json", None):
        assert resolved(value, entry.pointer) == entry.value
    assert pointer_text(("a/b", 0, "~")) == "/a~1b/0/~0"


def resolved(value: Json, pointer: str) -> Json:
    """The value at a pointer."""
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        value = value[int(key)] if isinstance(value, list) else value[key]  # type: ignore[index]
    return value
