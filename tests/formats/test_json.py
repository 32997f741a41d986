from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polcheck.base.spans import Place, Source, Unreadable
from polcheck.formats.json import parse
from polcheck.formats.limits import DocumentLimits
from polcheck.formats.values import Config, Json, LimitExceeded, Pointer, Unparsable

Scalars = Callable[[Config], list[tuple[int, Pointer, Json]]]

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def read(text: str, limits: DocumentLimits | None = None) -> Config:
    source = Source("a.json", text.encode("utf-8", "surrogatepass"))
    return parse(source, limits) if limits else parse(source)


def at(text: str, *pointer: str | int) -> str:
    start, end = read(text).locate(0, pointer).value
    return text[start:end]


def key_at(text: str, *pointer: str | int) -> str:
    span = read(text).locate(0, pointer).key
    assert span is not None
    return text[span.start : span.end]


@settings(deadline=None)
@given(TREES, st.sampled_from([None, 0, 1, "\t"]), st.booleans(), st.booleans())
def test_text_at_every_place_is_its_value(
    scalars: Scalars, tree: Json, indent: int | str | None, ascii_only: bool, crlf: bool
) -> None:
    """For every scalar, the text at its place is that scalar, and so is the key before it."""
    text = json.dumps(tree, indent=indent, ensure_ascii=ascii_only)
    text = text.replace("\n", "\r\n") if crlf else text
    config = read(text)
    assert config.values == (tree,)
    assert config.repeated == ()
    for index, pointer, value in scalars(config):
        where = config.locate(index, pointer)
        found = json.loads(text[slice(*where.value)])
        assert (found, type(found)) == (value, type(value))
        if where.key:
            assert json.loads(text[slice(*where.key)]) == pointer[-1]


def test_containers_span_their_brackets() -> None:
    """The place of an object or an array is that of its brackets and all between them."""
    text = ' {"a": [1, {"b": 2} ] }\n'
    assert at(text) == '{"a": [1, {"b": 2} ] }'
    assert at(text, "a") == '[1, {"b": 2} ]'
    assert at(text, "a", 1) == '{"b": 2}'


def test_escaped_keys_are_found() -> None:
    """A key written with escapes and surrogate pairs is found by what it means."""
    text = '{"caf\\u00e9 \\ud83d\\ude00": 1, "\\"": 2}'
    assert at(text, "café 😀") == "1"
    assert key_at(text, '"') == '"\\""'


def test_columns_count_characters_beyond_the_bmp() -> None:
    """A character that takes four bytes is one column."""
    source = Source("a.json", '{"😀": "é",\r\n "é😀": 7}'.encode())
    config = parse(source)
    assert source.place(config.locate(0, ("é😀",)).value) == Place("a.json", 2, 8, 2, 9)


def test_utf16_is_read() -> None:
    """A byte-order mark decides on the encoding, and isn't part of any place."""
    source = Source("a.json", '{"a": 1}'.encode("utf-16"))
    config = parse(source)
    assert config.values == ({"a": 1},)
    assert source.text[slice(*config.locate(0, ("a",)).value)] == "1"


def test_exponents_have_places() -> None:
    """Every spelling of a number that JSON knows has a place, `1E+5` too."""
    assert at("[1E+5, -2.5e-3, 0]", 0) == "1E+5"
    assert at("[1E+5, -2.5e-3, 0]", 2) == "0"


def test_last_of_repeated_keys_wins() -> None:
    """A repeated key means its last value, and each repetition is named."""
    text = '{"a": 1, "b": {"x": "a", "x": 2}, "\\u0061": 3, "c": ["a", {"a": 1}]}'
    config = read(text)
    assert config.values == ({"a": 3, "b": {"x": 2}, "c": ["a", {"a": 1}]},)
    assert [text[slice(*span)] for span in config.repeated] == ['"x"', '"\\u0061"']
    assert at(text, "a") == "3"


def test_integers_are_exact() -> None:
    """An integer keeps all its digits."""
    assert read("123456789012345678901234567890").values == (123456789012345678901234567890,)


def test_too_large_a_float_stays_text() -> None:
    """A number that no float holds is kept as it is written."""
    assert read('[1e999, -1e400, 1e10, "1e999"]').values == (["1e999", "-1e400", 1e10, "1e999"],)


@pytest.mark.parametrize("pointer", [("b",), ("a", 1), ("a", -1), ("a", "0"), ("a", 0, "x"), (0,)])
def test_unresolved_pointers_raise(pointer: Pointer) -> None:
    """A pointer that doesn't resolve raises KeyError."""
    with pytest.raises(KeyError):
        read('{"a": ["x"]}').locate(0, pointer)


def test_there_is_one_document() -> None:
    """A second document doesn't exist."""
    with pytest.raises(KeyError):
        read("1").locate(1, ())


@pytest.mark.parametrize(
    ("text", "reason", "start"),
    [
        ("", "expecting value", 0),
        ("[1,,2]", "expecting value", 3),
        ('{"a" 1}', "expecting `:` delimiter", 5),
        ("{a: 1}", "expecting property name enclosed in double quotes", 1),
        ("[1] // no", "extra data", 4),
        ('["NaN", NaN]', "`NaN` is not JSON", 8),
        ("[-Infinity]", "`-Infinity` is not JSON", 1),
        ('"a\nb"', "invalid control character", 2),
        ('"é\\q"', "invalid \\escape: ", 2),
        ("\x00", "expecting value", 0),
    ],
)
def test_what_is_not_json_is_refused(text: str, reason: str, start: int) -> None:
    """What isn't strict JSON is refused with a reason and a place."""
    with pytest.raises(Unparsable) as caught:
        read(text)
    assert not isinstance(caught.value, LimitExceeded)
    assert caught.value.reason.startswith(reason.strip().removesuffix(":"))
    assert caught.value.span is not None
    assert caught.value.span.start == start


def test_bytes_that_are_no_text_pass_through() -> None:
    """Bytes in no known encoding stay Unreadable."""
    with pytest.raises(Unreadable):
        parse(Source("a.json", b'{"a": "\xff"}'))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 201 + "]" * 201])
def test_deep_nesting_ends_soon(text: str) -> None:
    """Nesting beyond the limit is refused within a second, also where it would exhaust the stack."""
    begin = time.monotonic()
    with pytest.raises(LimitExceeded, match="nested more than 200 levels deep"):
        read(text)
    assert time.monotonic() - begin < 1


def test_nesting_up_to_the_limit_is_read() -> None:
    """The limit itself is allowed."""
    assert at("[" * 200 + "7" + "]" * 200, *[0] * 200) == "7"


def test_values_are_bounded() -> None:
    """A document with more values than the limit is refused; strings that look like many aren't."""
    assert read('["[,,,,[[[["]', DocumentLimits(values=2)).values == (["[,,,,[[[["],)
    with pytest.raises(LimitExceeded, match="more than 2 values"):
        read("[1, 2]", DocumentLimits(values=2))


def test_endless_integers_are_refused() -> None:
    """An integer of more digits than Python writes is a limit, not a crash."""
    with pytest.raises(LimitExceeded, match="an integer of more than"):
        read("9" * 5000)
