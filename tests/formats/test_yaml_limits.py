from __future__ import annotations

import time

import pytest

from polcheck.base.spans import Source
from polcheck.formats.limits import DocumentLimits
from polcheck.formats.values import Config, LimitExceeded
from polcheck.formats.yaml import parse


def read(text: str, limits: DocumentLimits | None = None) -> Config:
    source = Source("a.yaml", text.encode())
    return parse(source, limits) if limits else parse(source)


def laughs(levels: int) -> str:
    lines = [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, levels)]
    return "\n".join(["a0: &a0 [x, x]", *lines])


BASE = "base: &b {" + ", ".join(f"k{number}: 1" for number in range(20_000)) + "}\n"


@pytest.mark.parametrize(
    "text",
    [
        laughs(30),
        BASE + "uses:\n" + "- <<: *b\n" * 20_000,
        'text: &t "' + "x" * 1_000_000 + '"\nkeys:\n' + "- ? [*t]\n" * 5_000,
        "? {" * 150 + '"a"' + "}\n" * 150,
    ],
    ids=["aliases", "merges", "keys of aliases", "keys in keys"],
)
def test_expansion_is_bounded(text: str) -> None:
    """What aliases, merges and keys made of values expand to is refused within a second of processor time."""
    begin = time.process_time()
    with pytest.raises(LimitExceeded, match="aliases expand to more than 1000000 values"):
        read(text)
    assert time.process_time() - begin < 1


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a": ' * 100_000,
        "- " * 100_000,
        "? " * 100_000,
        "a: &a " + "[" * 150 + "]" * 150 + "\nb: " + "[" * 60 + "*a" + "]" * 60,
    ],
    ids=["flow sequences", "flow mappings", "block sequences", "keys", "through an alias"],
)
def test_deep_nesting_ends_soon(text: str) -> None:
    """Nesting beyond the limit is refused within a second of processor time, also what an alias adds to it."""
    begin = time.process_time()
    with pytest.raises(LimitExceeded, match="nested more than 200 levels deep") as caught:
        read(text)
    assert caught.value.span is not None
    assert time.process_time() - begin < 1


def test_nesting_up_to_the_limit_is_read() -> None:
    """The limit itself is allowed."""
    config = read("[" * 200 + "7" + "]" * 200)
    assert config.locate(0, (0,) * 200).value == (200, 201)


def test_values_are_bounded() -> None:
    """A document with more values than the limit is refused; aliases count by what they stand for."""
    with pytest.raises(LimitExceeded, match="more than 3 values"):
        read("[1, 2, 3]", DocumentLimits(values=3))
    assert read("[&a [1, 2], *a]", DocumentLimits(expanded=3)).values == ([[1, 2], [1, 2]],)
    with pytest.raises(LimitExceeded, match="aliases expand to more than 2 values"):
        read("[&a [1, 2], *a]", DocumentLimits(expanded=2))


@pytest.mark.parametrize("integer", ["9" * 5000, "0x" + "f" * 5000])
def test_endless_integers_are_refused(integer: str) -> None:
    """An integer of more digits than Python writes is a limit, not a crash."""
    with pytest.raises(LimitExceeded, match="an integer of more than"):
        read(f"a: {integer}")
