"""From a place in a config document back to the keys that lead there."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polcheck.base.spans import Source, Span
from polcheck.formats import parse_config
from polcheck.formats.values import Json, Pointer, Pointers

KEYS = st.text(alphabet="abc .-\"'é", min_size=1, max_size=3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


def pointers(value: Json, at: Pointer = ()) -> Iterator[Pointer]:
    yield at
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, entry in members:
        yield from pointers(entry, (*at, step))


@given(VALUES, st.sampled_from([None, 2]), st.sampled_from(["json", "yaml"]))
def test_every_value_is_found_again_by_its_place_and_by_its_keys(value: Json, indent: int | None, name: str) -> None:
    """The place of a value, and that of its key, lead to its pointer."""
    config = parse_config(Source(f"a.{name}", json.dumps(value, indent=indent, ensure_ascii=False).encode()), name)
    found = Pointers(config)
    for pointer in pointers(config.values[0]):
        where = config.locate(0, pointer)
        assert found.around(where.value) == (pointer, True)
        assert where.key is None or found.around(where.key) == (pointer, True)


@pytest.mark.parametrize(
    ("path", "text", "wanted", "expected"),
    [
        ("a.yaml", "a:\n  - b: one two\n", "two", (("a", 0, "b"), False)),
        ("a.yaml", "a: 1\n---\nb: {c: word}\n", "word", (("b", "c"), True)),
        ("a.yaml", "a: 1\n# word\nb: 2\n", "word", ((), False)),
        ("a.toml", "[a]\nx = 1\n[a.b]\nc = 'word'\n", "'word'", (("a", "b", "c"), True)),
        ("a.toml", "a.x = 1\n[[b]]\nc = 1\n[[b]]\nc = 'word'\n", "'word'", (("b", 1, "c"), True)),
        ("a.toml", "[a]\nx = 1\n# word\n[b]\n", "word", ((), False)),
        ("a.toml", "[a]\nx = 'one word'\n[b]\n", "word", (("a", "x"), False)),
        ("a.ini", "[a]\nb = word\n", "word", (("a", "b"), True)),
    ],
)
def test_the_innermost_value_is_found(path: str, text: str, wanted: str, expected: tuple[Pointer, bool]) -> None:
    """In every format; what is no value itself is in the one around it."""
    source = Source(path, text.encode())
    start = text.index(wanted)
    found = Pointers(parse_config(source, path[2:]), path.endswith((".toml", ".ini")))
    assert found.around(Span(start, start + len(wanted))) == expected
