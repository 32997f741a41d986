"""The place that is reported is the place to edit: what is written there instead is what is found afterwards."""

from __future__ import annotations

import json
import random
import textwrap
from collections import Counter
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counted import checker, policies
from formats.writers import YamlWriter
from polcheck.base.spans import Place
from polcheck.sources.submission import of_files

ASKS = checker(policies('forbid: {files: "a.*", data: leaves(@)}'))
MARK = "edited9"
NEW = {"yaml": f'"{MARK}"', "json": f'"{MARK}"', "toml": f'"{MARK}"', "ini": MARK}


class Leaf(NamedTuple):
    """A scalar that the report names: where it is and what it is."""

    pointer: str
    value: Any
    place: Place


def leaves(path: str, text: str, mark: str = "") -> list[Leaf]:
    """What the report says of every scalar of a file; nothing may be undecided."""
    report = ASKS.check(of_files({path: (mark + text).encode()}))
    assert report.policies[0].outcome in ("fail", "pass"), report.policies[0].reasons
    found = [finding for finding in report.findings if finding.location is not None]
    return [Leaf(str(f.bindings["pointer"]), f.bindings["value"], f.location.place) for f in found if f.location.place]  # type: ignore[union-attr]


def offset(text: str, line: int, column: int) -> int:
    """Lines end in a line feed; columns count characters."""
    return sum(len(before) + 1 for before in text.split("\n")[: line - 1]) + column - 1


def span_of(text: str, place: Place) -> tuple[int, int]:
    return offset(text, place.line, place.column), offset(text, place.end_line, place.end_column)


def holds(path: str, text: str, mark: str = "") -> int:
    """Edits the value at each place that is reported, and holds the report to what must change; how many there were."""
    before = leaves(path, text, mark)
    for place in {leaf.place for leaf in before}:
        start, end = span_of(text, place)
        old = text[start:end]
        if old.startswith("*") and "<<" in text.split("\n")[place.line - 1]:
            continue  # what is merged is a mapping, and no text can take its place
        head = old.split()[0] + " " if old.startswith("&") else ""  # an anchor stays, or what refers to it breaks
        edited = text[:start] + head + NEW[path[2:]] + text[end:]
        after = leaves(path, edited, mark)
        gone = [leaf for leaf in before if leaf.place == place]
        aliases = {leaf.pointer for leaf in before if text.startswith("*", span_of(text, leaf.place)[0])}
        stayed = Counter((leaf.pointer, json.dumps(leaf.value)) for leaf in before if leaf.place != place)
        now = Counter((leaf.pointer, json.dumps(leaf.value)) for leaf in after)
        assert any(leaf.value == MARK for leaf in after), (old, gone)
        lost = [pointer for pointer, _ in (stayed - now) if pointer not in aliases]
        assert not lost, (old, lost)
    return len(before)


YAML = {
    "anchors": "base: &b 1\nother: *b\nlist: &l [x, *b]\nagain: *l\n",
    "merges": "base: &b {x: 1, y: [a]}\none: {<<: *b, z: 3}\ntwo:\n  <<: [*b, {w: 🦉}]\n  x: own\n",
    "flow": '{a: [1, \'two\', {b: "c\\n", d: }], "e f": ~}\n',
    "blocks": "a: |\n  one\n  two\nb: >-\n  folded\n  text\n\nc: |+\n  kept\n\nd: |2-\n   x\ne: last\n",
    "keys": "'it''s': 1\n\"run\\x5fid\": two\n? [complex, key]\n: 3\n? plain\n: four\n1: five\n",
    "documents": "%YAML 1.2\n---\na: 1\n...\n--- # c\n- b\n- - c\n  - d\n---\nlast\n",
    "tabs": "a:\tone\t# c\nb: [x,\ty]\nc: 'two\tthree'\t\n",
    "wide": "🦉: 🦉🦉 # 🦉\n'é': [\"🦉\", 🦉x, {🦉: y}]\n",
    "lines": "a: one\n  more\nb: 'two\n\n  parts'\nc: \"three\\\n  joined\"\n",
    "tags": "a: !!str 1\nb: !x y\nc: !!int '3'\n",
    "indents": "jobs:\n- steps:\n  - run: |\n      make\n    name: x\n-   - deep\n",
}
TOML = {
    "dotted": "a.b.c = 1\n'x y'.\"z\" = 'two'\n[t]\nu.v = 3\nu.\"w\" = [4]\n",
    "inline": 'a = {b = 1, c = [1, {d = \'e\'}], "f g".h = true}\n[x]\ny = { z = "🦉" } # c\n',
    "arrays": "[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 'x'\n[[a.e]]\nf = 3\n",
    "strings": "a = \"\"\"\none\\\n  two\"\"\"\nb = '''\nx\n'y''''\nc = \"\\u00e9\\U0001F989\\t🦉\"\n",
    "numbers": "a = 0x1F\nb = 1_000\nc = -1.5e+3\nd = inf\ne = 1979-05-27T07:32:00Z\nf = 07:32:00\n",
    "tabs": "[\ta\t]\n\tb\t=\t1\t# c\n\tc = [\t1,\n\t'two',\t]\n",
}
JSON = {
    "nested": '{"a": [1, {"b": null, "c": [true, -2.5e3]}], "d": "e"}',
    "escapes": '{"a\\u0062\\n": "c\\ud83e\\udd89\\"", "\\/": "\\\\"}',
    "tabs": '{\n\t"a":\t"b",\n\t\t"c"\t: [\t1\t]\n}\n',
    "wide": '{"🦉": "🦉", "x": ["é🦉", 1], "🦉🦉": {"y": "z"}}',
}
INI = {"options": "[a]\nx = 1\ny: two\n  more\n[b 🦉]\nZ = 🦉\n"}
WRITTEN = [
    (f"a.{kind}", name, text)
    for kind, texts in (("yaml", YAML), ("toml", TOML), ("json", JSON), ("ini", INI))
    for name, text in texts.items()
]


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "bom"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(("path", "name", "text"), WRITTEN, ids=[f"{path[2:]}-{name}" for path, name, _ in WRITTEN])
def test_an_edit_at_each_place_is_found(path: str, name: str, text: str, end: str, mark: str) -> None:
    """Of every way to write a value, with both kinds of line ends and with a byte-order mark."""
    assert holds(path, text.replace("\n", end), mark)


KEYS = st.sampled_from(["a", "b", "c d", "é", "🦉", "x'y", "1"])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-9, 99)
    | st.sampled_from(["", "a", "b c", "🦉", "x\ny\n", "# no", "'", "1"])
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=40)
@given(st.lists(TREES, min_size=1, max_size=3), st.randoms(use_true_random=False), st.booleans())
def test_an_edit_of_generated_yaml_is_found(trees: list[Any], choices: random.Random, crlf: bool) -> None:
    """In streams of documents that use every style, anchors, aliases and merge keys."""
    text = YamlWriter(choices).stream(trees)
    holds("a.yaml", text.replace("\n", "\r\n") if crlf else text)


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "bom"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_a_match_in_code_is_what_stands_at_its_place(end: str, mark: str) -> None:
    """Behind tabs and characters beyond the basic plane, over several lines."""
    text = end.join(["x = '🦉'; old(1)", "if x:", "\told('é🦉',", "\t\t2); old(3)", ""])
    report = checker(policies("forbid: {files: a.py, pattern: old(...)}")).check(
        of_files({"a.py": (mark + text).encode()})
    )
    spans = [span_of(text, f.location.place) for f in report.findings if f.location and f.location.place]
    assert [text[start:end_] for start, end_ in spans] == ["old(1)", f"old('é🦉',{end}\t\t2)", "old(3)"]


def test_a_match_in_a_value_is_what_stands_at_its_place() -> None:
    """In a block scalar, behind an alias-free key, with carriage returns."""
    body = """
        for: [{files: a.yaml, data: "steps[].run", as: run}, {in: run, text: '--(?P<flag>\\w+)'}]
        forbid: [subject]
    """
    text = "steps:\r\n  - run: |\r\n      go 🦉 --one\r\n      go --two\r\n  - run: '--three'\r\n"
    report = checker(policies(textwrap.dedent(body).strip())).check(of_files({"a.yaml": text}))
    spans = [span_of(text, f.location.place) for f in report.findings if f.location and f.location.place]
    assert [text[start:end] for start, end in spans] == ["--one", "--two", "--three"]
