from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from polcheck.base.spans import Place, Source, Unreadable
from polcheck.formats.values import Config, Json, Pointer, Unparsable
from polcheck.formats.yaml import parse

Scalars = Callable[[Config], list[tuple[int, Pointer, Json]]]

# Line and paragraph separators are line breaks to the library, as in YAML 1.1.
TEXTS = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp"), exclude_characters="\ufeff")
    | st.sampled_from("\n:#-?'\"&*!|>%@ 0159.e~[]{},"),
    max_size=8,
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def read(text: str) -> Config:
    return parse(Source("a.yaml", text.encode()))


def one(text: str) -> Any:
    (value,) = read(text).values
    return value


def at(text: str, *pointer: str | int) -> str:
    return text[slice(*read(text).locate(0, pointer).value)]


def key_at(text: str, *pointer: str | int) -> str | None:
    span = read(text).locate(0, pointer).key
    return None if span is None else text[slice(*span)]


def same(left: Json, right: Json) -> bool:
    return (left, type(left)) == (right, type(right))


@settings(deadline=None, max_examples=200)
@given(TREES, st.sampled_from([None, True, False]), st.sampled_from([None, "'", '"']), st.booleans())
def test_text_at_every_place_is_its_value(
    scalars: Scalars, tree: Json, flow: bool | None, style: str | None, crlf: bool
) -> None:
    """For every scalar, the text at its place is that scalar, and so is the key before it."""
    text = yaml.dump(tree, default_flow_style=flow, default_style=style, allow_unicode=True, width=20)
    text = text.replace("\n", "\r\n") if crlf else text
    config = read(text)
    for index, pointer, value in scalars(config):
        where = config.locate(index, pointer)
        assert same(one(f"--- {text[slice(*where.value)]}\n"), value)
        if where.key:
            key = one(f"--- {text[slice(*where.key)]}\n")
            assert (key if isinstance(key, str) else json.dumps(key)) == pointer[-1]


@settings(deadline=None)
@given(TREES, st.sampled_from([None, 2]))
def test_json_is_yaml(tree: Json, indent: int | None) -> None:
    """A JSON text means the same as YAML."""
    assert one(json.dumps(tree, indent=indent, ensure_ascii=False)) == tree


@settings(deadline=None)
@given(TREES, st.sampled_from([None, True, False]))
def test_what_the_library_writes_is_read(tree: Json, flow: bool | None) -> None:
    """Quoted and typed, a dumped tree comes back as it was."""
    assert one(yaml.dump(tree, default_flow_style=flow, default_style='"', allow_unicode=True)) == tree


@settings(deadline=None)
@given(
    st.lists(st.text(st.sampled_from("ab :#😀"), min_size=1).filter(lambda line: line == line.strip()), min_size=1),
    st.sampled_from("|>"),
    st.sampled_from(["", "-", "+"]),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(0, 3),
)
def test_block_scalars_span_indicator_to_last_line(
    lines: list[str], style: str, chomp: str, line_break: str, blank: int
) -> None:
    """A block scalar goes from its indicator to the end of its last line, before the line break."""
    block = [f"{style}{chomp}", *(f"    {line}" for line in lines), *[""] * blank]
    text = line_break.join(["a:", "  b: " + block[0], *block[1:], "# c", "d: 1", ""])
    config = read(text)
    found = text[slice(*config.locate(0, ("a", "b")).value)]
    assert found == line_break.join(block if chomp == "+" else block[: len(lines) + 1])
    assert one(f"--- {found}{line_break}") == config.values[0]["a"]["b"]  # type: ignore[index, call-overload]
    assert at(text, "a") == f"b: {found}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((word, word) for word in ("on", "off", "yes", "No", "y", "tRUE", "nULL", "2001-12-14", "12:30:45")),
        *((word, word) for word in (".inf", "-.INF", ".nan", "1e999", "1_000", "0b1", "0o8", "-0x1")),
        *((word, word) for word in ("+", "--", ".", "1.2.3", "1e")),
        *((word, True) for word in ("true", "True", "TRUE")),
        *((word, False) for word in ("false", "False", "FALSE")),
        *((word, None) for word in ("null", "Null", "NULL", "~", "")),
        *(("0", 0), ("-12", -12), ("+12", 12), ("0o17", 15), ("0x1F", 31), ("010", 10)),
        *(("1.", 1.0), (".5", 0.5), ("-1.5e3", -1500.0), ("1e3", 1000.0), ("+.5E-1", 0.05)),
    ],
)
def test_plain_scalars_follow_the_core_schema(text: str, value: Json) -> None:
    """Plain scalars mean what YAML 1.2's core schema says; infinities and NaN stay texts."""
    assert same(one(f"- {text}\n")[0], value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!!str 5", "5"),
        ("!!str", ""),
        ("! 5", "5"),
        ('!!int "5"', 5),
        ("!!int 0x10", 16),
        ("!!float 5", 5.0),
        ("!!float .inf", ".inf"),
        ("!!bool 'true'", True),
        ("!!null ''", None),
        ("!!binary aGk=", "aGk="),
        ("!!timestamp 2001-12-14", "2001-12-14"),
        ("!Ref x", {"!Ref": "x"}),
        ("!secret 5", {"!secret": 5}),
        ("!secret '5'", {"!secret": "5"}),
        ("!include {a: 1}", {"!include": {"a": 1}}),
        ("!!set {a, b}", {"a": None, "b": None}),
    ],
)
def test_tags_are_honoured(text: str, value: Json) -> None:
    """Core tags decide on the type, others are the key of what they stand before; the place begins with the tag."""
    assert same(one(f"k: {text}\n")["k"], value)
    assert at(f"k: {text}\n", "k") == text


@pytest.mark.parametrize("text", ["!!int x", "!!int 1.5", "!!bool yes", "!!null x", "!!float x"])
def test_tags_that_contradict_their_text_are_refused(text: str) -> None:
    """A core tag on a text that isn't of its type is refused at its place."""
    with pytest.raises(Unparsable, match="is not what the tag `!!") as caught:
        read(f"k: {text}")
    assert caught.value.span == (3, 3 + len(text))


def test_keys_become_texts() -> None:
    """Keys that aren't texts are written as JSON would; of complex ones, their JSON text."""
    text = 'true: a\n1: b\nnull: c\non: d\n1.50: e\n? [1, {a: "é"}]\n: f\n{x: 1}: g\n"1 ": h\n'
    assert one(text) == {
        "true": "a", "1": "b", "null": "c", "on": "d", "1.5": "e",
        '[1, {"a": "é"}]': "f", '{"x": 1}': "g", "1 ": "h",
    }  # fmt: skip
    assert at(text, "1.5") == "e"
    assert key_at(text, '[1, {"a": "é"}]') == '[1, {a: "é"}]'
    assert key_at(text, "1 ") == '"1 "'


def test_last_of_repeated_keys_wins() -> None:
    """A repeated key means its last value, and each repetition is named."""
    text = "a: 1\nb: {x: 1, 'x': 2}\n'a': 3\n1: x\n\"1\": y\n"
    config = read(text)
    assert config.values == ({"a": 3, "b": {"x": 2}, "1": "y"},)
    assert [text[slice(*span)] for span in config.repeated] == ["'x'", "'a'", '"1"']
    assert at(text, "a") == "3"
    assert at(text, "b", "x") == "2"


def test_aliases_stand_where_they_are_used() -> None:
    """An alias, and all that is reached through it, has the place of use; its value is shared."""
    text = "a: &x {p: [1]}\nb: *x\nc: [*x]\n"
    config = read(text)
    assert config.values == ({"a": {"p": [1]}, "b": {"p": [1]}, "c": [{"p": [1]}]},)
    assert at(text, "b") == at(text, "b", "p", 0) == at(text, "c", 0, "p") == "*x"
    assert key_at(text, "b") == "b"
    assert key_at(text, "b", "p") is None
    assert at(text, "a", "p", 0) == "1"
    value = one(text)
    assert value["a"] is value["b"]


def test_an_anchor_may_be_set_again() -> None:
    """An alias means the last node before it that bears its anchor, nested ones too."""
    assert one("[&a 1, *a, &a 2, *a, &b [&b 3, *b], *b]") == [1, 1, 2, 2, [3, 3], 3]


def test_anchors_end_with_their_document() -> None:
    """An alias to an anchor of another document is refused."""
    with pytest.raises(Unparsable, match="no anchor `&a` before `\\*a`"):
        read("--- &a 1\n--- *a\n")


def test_merge_keys_give_what_is_missing() -> None:
    """What `<<` gives yields to own keys, and stands where the alias is used: each use is a place of its own."""
    text = "base: &b {x: 1, y: {z: 2}}\nuse:\n  x: 0\n  <<: *b\n  w: 3\n"
    assert one(text)["use"] == {"x": 0, "y": {"z": 2}, "w": 3}
    assert at(text, "use", "x") == "0"
    assert at(text, "use", "y") == "*b"
    assert at(text, "use", "y", "z") == "*b"
    assert read(text).locate(0, ("use", "y")).key is None
    assert at(text, "base", "y", "z") == "2"


def test_merge_lists_prefer_the_earlier() -> None:
    """In a list under `<<` the earlier mapping wins; written in place it works as well."""
    text = "a: &a {x: 1}\nb: &b {x: 2, y: 2, <<: {v: 4}}\nc:\n  <<: [*a, *b, {y: 3, z: 3}]\n"
    assert one(text)["c"] == {"x": 1, "y": 2, "v": 4, "z": 3}
    assert at(text, "c", "z") == "3"
    assert at(text, "c", "x") == "*a"
    assert at(text, "c", "v") == "*b"


def test_repeated_merge_keys_are_named() -> None:
    """Of two `<<` both give, the later wins, and it counts as a repeated key."""
    text = "- &a {x: 1, y: 1}\n- &b {x: 2}\n- <<: *a\n  <<: *b\n"
    config = read(text)
    assert one(text)[2] == {"x": 2, "y": 1}
    assert [text[slice(*span)] for span in config.repeated] == ["<<"]


def test_a_quoted_merge_key_is_a_key() -> None:
    """Only a plain `<<` merges."""
    assert one('"<<": {x: 1}\n') == {"<<": {"x": 1}}


def test_only_mappings_merge() -> None:
    """Anything else under `<<` is refused."""
    with pytest.raises(Unparsable, match="a merge key takes a mapping or a list of mappings"):
        read("<<: [1]\n")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", ()),
        ("# only\n", ()),
        ("---\n", (None,)),
        ("a: 1\n---\n- b\n...\n---\nc\n", ({"a": 1}, ["b"], "c")),
    ],
)
def test_a_stream_has_any_number_of_documents(text: str, values: tuple[Json, ...]) -> None:
    """Each document is a value; an empty stream has none."""
    config = read(text)
    assert config.values == values
    with pytest.raises(KeyError):
        config.locate(len(values), ())


def test_documents_have_their_own_places() -> None:
    """The same pointer has another place in another document."""
    text = "a: 1\n---\na: 2\n"
    config = read(text)
    assert text[slice(*config.locate(1, ("a",)).value)] == "2"
    assert text[slice(*config.locate(1, ()).value)] == "a: 2"


def test_block_collections_end_with_their_content() -> None:
    """A block mapping or sequence ends where its last content does, not where the next token begins."""
    text = "a:\n- b\n-\n  - c  # d\n\n# e\nf:\n  g: [1,\n    2]\n\nh:\n  i:\n\nj: 0\n"
    assert at(text, "a") == "- b\n-\n  - c"
    assert at(text, "a", 1) == "- c"
    assert at(text, "f") == "g: [1,\n    2]"
    assert at(text, "h") == "i:"
    assert at(text).endswith("j: 0")


def test_empty_values_stand_behind_their_mark() -> None:
    """An omitted value has an empty place on the line of its key or dash."""
    source = Source("a.yaml", b"a:\nb: {c: , d}\ne:\n  -\n  - \n? f\n? g\n")
    config = parse(source)
    assert config.values == ({"a": None, "b": {"c": None, "d": None}, "e": [None, None], "f": None, "g": None},)
    lines = []
    for pointer in (("a",), ("b", "c"), ("b", "d"), ("e", 0), ("e", 1), ("f",), ("g",)):
        span = config.locate(0, pointer).value
        assert span.start == span.end
        lines.append(source.place(span).line)
    assert lines == [1, 2, 2, 4, 5, 6, 7]


def test_columns_count_characters_beyond_the_bmp() -> None:
    """A character that takes four bytes is one column, after `\\r\\n` and a byte-order mark too."""
    source = Source("a.yaml", '😀: "é"\r\n"é😀": [😀, x]\r\n'.encode("utf-8-sig"))
    config = parse(source)
    assert source.place(config.locate(0, ("é😀", 1)).value) == Place("a.yaml", 2, 11, 2, 12)


@pytest.mark.parametrize(
    ("text", "reason", "line", "column"),
    [
        ("é: é: é", "mapping values are not allowed in this context", 1, 5),
        ("a: [1, 'é'\n", "did not find expected `,` or `]` while parsing a flow sequence", 2, 1),
        ("😀: x\nb: *c", "no anchor `&c` before `*c`", 2, 4),
        ("a: &a\n  - b: *a\n", "`*a` stands inside the value that it names", 2, 8),
        ("é: \x00", "control characters are not allowed", 1, 4),
        ("é: 😀\x07", "control characters are not allowed", 1, 5),
        (
            "a: b\n\tc: d",
            "found a tab character that violates indentation while scanning a plain scalar",
            2,
            1,
        ),
        ("a: !x!y z", "found undefined tag handle while parsing a node", 1, 4),
        ("\ufeff\ufeffa: 1", "a second byte-order mark", 1, 1),
    ],
)
def test_what_is_not_yaml_is_refused(text: str, reason: str, line: int, column: int) -> None:
    """What isn't YAML is refused with a reason and a place."""
    source = Source("a.yaml", text.encode())
    with pytest.raises(Unparsable) as caught:
        parse(source)
    assert caught.value.reason == reason
    assert caught.value.span is not None
    assert source.place(caught.value.span)[1:3] == (line, column)


@pytest.mark.parametrize("pointer", [("b",), ("a", 1), ("a", -1), ("a", "0"), ("a", 0, "x"), (0,), ("m", "<<")])
def test_unresolved_pointers_raise(pointer: Pointer) -> None:
    """A pointer that doesn't resolve raises KeyError."""
    with pytest.raises(KeyError):
        read("a: [x]\nm: {<<: {y: 1}}").locate(0, pointer)


def test_bytes_that_are_no_text_pass_through() -> None:
    """Bytes in no known encoding stay Unreadable."""
    with pytest.raises(Unreadable):
        parse(Source("a.yaml", b"a: \xff"))


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("0644", "420"),
        ("-012", "-10"),
        ("089", "not an integer"),
        ("0", ""),
        ("00", ""),
        ("07", ""),
        ("0o7", ""),
        ("0.5", ""),
        ("1", ""),
    ],
)
def test_an_integer_that_begins_with_a_zero_is_remarked_upon(text: str, other: str) -> None:
    """YAML 1.1 takes it for an octal one, as its reader for Python shows."""
    remarks = parse(Source("a.yaml", f"a: {text}\n".encode())).remarks
    assert [remark.message for remark in remarks] == [
        f"`{text}` is {int(text)} in YAML 1.2, and {other} in YAML 1.1, which Kubernetes, Ansible and Docker Compose "
        "read: write it in decimal, or in quotes"
        for _ in range(bool(other))
    ]
    theirs = yaml.safe_load(text)
    assert not other or (str(theirs) if isinstance(theirs, int) else "not an integer") == other
