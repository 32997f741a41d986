from __future__ import annotations

import json
import random
import time
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polcheck.base.spans import Place, Source, Unreadable
from polcheck.formats.limits import DocumentLimits
from polcheck.formats.toml import parse
from polcheck.formats.values import Config, Json, LimitExceeded, Pointer, Unparsable

Scalars = Callable[[Config], list[tuple[int, Pointer, Json]]]

TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\"'\\\n\t #=.[]{},"), max_size=8)
LEAVES = st.one_of(
    TEXTS, st.booleans(), st.integers(), st.floats(allow_nan=False), st.dates(), st.times(), st.datetimes()
)
TREES = st.dictionaries(
    TEXTS | st.from_regex(r"[A-Za-z0-9_-]+", fullmatch=True),
    st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=10,
    ),
    max_size=4,
)


def read(text: str, limits: DocumentLimits | None = None) -> Config:
    source = Source("a.toml", text.encode())
    return parse(source, limits) if limits else parse(source)


def at(text: str, *pointer: str | int) -> str:
    return text[slice(*read(text).locate(0, pointer).value)]


def key_at(text: str, *pointer: str | int) -> str:
    span = read(text).locate(0, pointer).key
    assert span is not None
    return text[slice(*span)]


class Writer:
    """Writes a tree as TOML, choosing at random between the ways that the language has."""

    def __init__(self, choices: random.Random, dotted: float = 0.3) -> None:
        self.choices = choices
        self.dotted = dotted

    def key(self, key: str) -> str:
        bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
        return key if bare and self.choices.random() < 0.7 else self.text(key, lines=False)

    def text(self, text: str, lines: bool = True) -> str:
        styles = ["basic"]
        if all(char.isprintable() and char != "'" for char in text):
            styles += ["'"] + ["'''"] * lines
        if lines:
            styles.append('"""')
        style = self.choices.choice(styles)
        if style == '"""':
            body = json.dumps(text, ensure_ascii=False)[1:-1].replace("\\n", "\n").replace("\x7f", "\\u007f")
            return f'"""\n{body}"""'
        if style == "basic":
            return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
        return f"{style}{text}{style}"

    def value(self, value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{path} = {text}" for path, text in self.pairs(value)) + "}"
        if isinstance(value, list):
            gap = self.choices.choice(["", " ", "\n  ", " # ]\n"])
            return "[" + gap + ("," + gap).join(self.value(item) for item in value) + gap + "]"
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bool):
            return str(value).lower()
        return repr(value) if isinstance(value, int | float) else str(value.isoformat())

    def pairs(self, table: dict[str, Any]) -> Iterator[tuple[str, str]]:
        for key, value in table.items():
            if isinstance(value, dict) and value and self.choices.random() < self.dotted:
                for path, text in self.pairs(value):
                    yield f"{self.key(key)} . {path}", text
            else:
                yield self.key(key), self.value(value)

    def document(self, table: dict[str, Any], header: str = "") -> str:
        own, below = {}, []
        for key, value in table.items():
            path = f"{header}.{self.key(key)}" if header else self.key(key)
            many = isinstance(value, list) and value and all(isinstance(item, dict) for item in value)
            if many and self.choices.random() < 0.7:
                below += [f"[[ {path} ]] # x\n{self.document(item, path)}" for item in value]
            elif isinstance(value, dict) and self.choices.random() < 0.7:
                below.append(f"[{path}]\n{self.document(value, path)}")
            else:
                own[key] = value
        return "".join(f"{path}={text} # é\n" for path, text in self.pairs(own)) + "\n".join(below)


def same(one: Json, other: Json) -> bool:
    return (one, type(one)) == (other, type(other))


@settings(deadline=None, max_examples=100)
@given(TREES, st.randoms(use_true_random=False), st.booleans())
def test_text_at_every_place_is_its_value(
    scalars: Scalars, tree: dict[str, Any], choices: random.Random, crlf: bool
) -> None:
    """For every scalar, the text at its place is that scalar, and so is the key before it."""
    text = Writer(choices).document(tree)
    text = text.replace("\n", "\r\n") if crlf else text
    config = read(text)
    for index, pointer, value in scalars(config):
        where = config.locate(index, pointer)
        assert same(read(f"x = {text[slice(*where.value)]}").values[0]["x"], value)  # type: ignore[index, call-overload]
        if where.key:
            assert list(tomllib.loads(f"{text[slice(*where.key)]} = 1")) == [pointer[-1]]


@settings(deadline=None)
@given(TREES, st.randoms(use_true_random=False))
def test_every_container_holds_its_members(tree: dict[str, Any], choices: random.Random) -> None:
    """A place within an inline value lies within the place of what holds it."""
    writer = Writer(choices, dotted=0)
    text = "\n".join(f"{writer.key(key)} = {writer.value(item)}" for key, item in tree.items())
    config = read(text)
    for pointer in _containers(config.values[0], ()):
        for length in range(1, len(pointer)):
            outer, inner = config.locate(0, pointer[:length]), config.locate(0, pointer)
            assert outer.value.holds(inner.value)


def _containers(value: Json, pointer: Pointer) -> Iterator[Pointer]:
    members: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in members:
        yield (*pointer, step)
        yield from _containers(item, (*pointer, step))


def test_dates_and_times_become_texts() -> None:
    """Dates and times are strings as they are written; infinities and NaN are kept as written."""
    text = "a = 1979-05-27 07:32:00Z\nb = 1979-05-27\nc = [07:32:00, inf, -nan, 1e999]\n"
    assert read(text).values == (
        {"a": "1979-05-27 07:32:00Z", "b": "1979-05-27", "c": ["07:32:00", "inf", "-nan", "1e999"]},
    )


def test_dotted_keys_have_places() -> None:
    """Each segment of a dotted key is the key of its table, and the table is the whole pair."""
    text = 'x = 0\na."b\\u0063" . d = 1 # c\n'
    assert at(text, "a", "bc") == 'a."b\\u0063" . d = 1'
    assert key_at(text, "a", "bc") == '"b\\u0063"'
    assert key_at(text, "a") == "a"
    assert at(text, "a", "bc", "d") == "1"


def test_tables_span_header_and_pairs() -> None:
    """A table goes from its header to its last value; an implied one is at the first of longer headers."""
    text = "[a.b] # c\nx = 1\n\n# d\n[a]\ny = 2 # e\n\n[c.d]\n"
    assert at(text, "a", "b") == "[a.b] # c\nx = 1"
    assert at(text, "a") == "[a]\ny = 2"
    assert at(text, "c") == "[c.d]"
    assert key_at(text, "c") == "c"


def test_arrays_of_tables_have_places() -> None:
    """Each element is its header and pairs, and a sub-table belongs to the last element before it."""
    text = "[[p]]\nn = 1\n[p.s]\nq = 1\n[[p]]\nn = 2\n[[p.r]]\nz = 3\n[p.s]\nq = 2\n"
    assert at(text, "p", 0) == "[[p]]\nn = 1"
    assert at(text, "p", 0, "s", "q") == "1"
    assert at(text, "p", 1, "s", "q") == "2"
    assert at(text, "p", 1, "r", 0, "z") == "3"
    assert read(text).locate(0, ("p", 1)).key is None
    assert at(text, "p").startswith("[[p]]\nn = 1")


def test_columns_count_characters_beyond_the_bmp() -> None:
    """A character that takes four bytes is one column."""
    source = Source("a.toml", '"😀" = "é"\r\nx = ["é😀", 7]\r\n'.encode())
    assert source.place(parse(source).locate(0, ("x", 1)).value) == Place("a.toml", 2, 12, 2, 13)


@pytest.mark.parametrize(
    ("text", "reason", "line", "column"),
    [
        ("a = \n", "invalid value", 1, 5),
        ("é = 1\n", "invalid statement", 1, 1),
        ("x = 1\r\n\r\na = 1\r\na = 2\r\n", "cannot overwrite a value", 4, 6),
        ('a = "é', "unterminated string", 1, 7),
        ("a = 1 b\n", "expected newline or end of document after a statement", 1, 7),
        ("a = 1\x00\n", "expected newline or end of document after a statement", 1, 6),
    ],
)
def test_what_is_not_toml_is_refused(text: str, reason: str, line: int, column: int) -> None:
    """What isn't TOML is refused with a reason and a place."""
    source = Source("a.toml", text.encode())
    with pytest.raises(Unparsable) as caught:
        parse(source)
    assert caught.value.reason == reason
    assert caught.value.span is not None
    assert source.place(caught.value.span)[1:3] == (line, column)


@pytest.mark.parametrize("pointer", [("b",), ("a", 1), ("a", -1), ("a", "0"), ("a", 0, "x"), (0,)])
def test_unresolved_pointers_raise(pointer: Pointer) -> None:
    """A pointer that doesn't resolve raises KeyError."""
    with pytest.raises(KeyError):
        read('a = ["x"]').locate(0, pointer)


def test_an_empty_file_is_an_empty_table() -> None:
    """A file without anything is an object without keys."""
    assert read("# nothing\n").values == ({},)


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "{a = " * 100_000,
        ".".join("a" * 100_000) + " = 1",
        "[" + " . ".join(["'a'"] * 100_000) + "]",
        "a = " + "[" * 201 + "]" * 201,
        f"[{'.'.join('a' * 150)}]\n{'.'.join('b' * 150)} = 1",
    ],
)
def test_deep_nesting_ends_soon(text: str) -> None:
    """Nesting beyond the limit is refused within a second, also by dotted keys."""
    begin = time.monotonic()
    with pytest.raises(LimitExceeded, match="nested more than 200 levels deep"):
        read(text)
    assert time.monotonic() - begin < 1


def test_values_are_bounded() -> None:
    """A document with more values than the limit is refused."""
    with pytest.raises(LimitExceeded, match="more than 3 values"):
        read("a = [1, 2]", DocumentLimits(values=3))


@pytest.mark.parametrize("integer", ["9" * 5000, "0x" + "f" * 5000])
def test_endless_integers_are_refused(integer: str) -> None:
    """An integer of more digits than Python writes is a limit, not a crash."""
    with pytest.raises(LimitExceeded, match="an integer of more than"):
        read(f"a = {integer}")


def test_bytes_that_are_no_text_pass_through() -> None:
    """Bytes in no known encoding stay Unreadable."""
    with pytest.raises(Unreadable):
        parse(Source("a.toml", b"a = '\xff'"))


@pytest.mark.parametrize("piece", ['\\"', '"\\', "'", '"', ".", "a.", '"a".', '"a" . ', '\\".'])
def test_what_has_no_end_is_read_in_linear_time(piece: str) -> None:
    """Keys and strings that never close, however many quotes and dots are in them."""
    start = time.process_time()
    with pytest.raises((Unparsable, LimitExceeded)):
        parse(Source("a.toml", ('a = "' + piece * (400_000 // len(piece))).encode()))
    assert time.process_time() - start < 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[a]\n[a]\n", "cannot declare `a` twice"),
        ("[a.'b c']\n[a.'b c']\n", "cannot declare `a.b c` twice"),
        ("[a.b]\n[a]\nb.c = 1\n", "cannot redefine namespace `a.b`"),
    ],
)
def test_a_key_in_a_message_is_as_people_write_it(text: str, reason: str) -> None:
    """Not as the tuple of its parts."""
    with pytest.raises(Unparsable) as caught:
        read(text)
    assert caught.value.reason == reason
