"""Inputs made from those of a corpus by chance, for where no time, or no library, is there to be led by coverage."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

_PIECES = (
    b"\n", b"\r\n", b"\t", b" ", b"\0", b"\x1b[31m", b"\xef\xbb\xbf", b"\xff\xfe", b"\xff", b"\xed\xa0\x80",
    b"\xe2\x80\xae",     "é".encode(), "🦉".encode(), "\u2028".encode(), b"'", b'"', b"'''", b'"""', b"`", b"\\",
    b"\\u", b"\\x", b"(", b")", b"[", b"]",     b"{", b"}", b"{{", b"}}", b"{%", b"%}", b"<", b">", b"</script>",
    b"<!--", b"]]>", b"&", b"*", b"**", b"&a ", b"*a", b"<<: ",     b"!", b"!!str ", b"!!int ", b"|\n", b">-\n",
    b"- ", b": ", b"? ", b"---\n", b"...", b"%%\n", b"#", b"@", b"$x", b"$_", b",",     b".", b"..", b"/", b"|",
    b"||", b"&&", b"==", b"=", b"?", b"+", b"-1", b"0", b"1e999", b"1_0", b"0x1", b"9" * 30, b"nan",     b"null",
    b"true", b"inf", b"(?P<x>", b"(?i)", b"\\b", b"#eq? ", b"@here", b"[[", b"]]", b"::error::",
)  # fmt: skip
_MOST = 6  # changes to one input


def mutants(seeds: Sequence[bytes], count: int, seed: int, longest: int) -> Iterator[bytes]:
    """`count` inputs, none longer than `longest`; the same for the same `seed`."""
    chance = random.Random(seed)
    for _ in range(count):
        yield mutated(chance.choice(seeds), seeds, chance)[:longest]


def mutated(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """The input with one to six changes, some of them pieces of other inputs."""
    for _ in range(chance.randint(1, _MOST)):
        data = chance.choice((_cut, _insert, _insert, _twice, _replace, _splice, _swap))(data, others, chance)
    return data


def _stretch(data: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randint(0, len(data))
    return start, min(len(data), start + chance.choice((1, 1, 2, 5, 20, 80)))


def _cut(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    start, end = _stretch(data, chance)
    return data[:start] + data[end:]


def _insert(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice(_PIECES) * chance.choice((1, 1, 1, 2, 9)) + data[at:]


def _twice(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    start, end = _stretch(data, chance)
    return data[:end] + data[start:end] * chance.choice((1, 1, 5)) + data[end:]


def _replace(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    start, end = _stretch(data, chance)
    return data[:start] + chance.choice(_PIECES) + data[end:]


def _splice(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    other = chance.choice(others)
    start, end = _stretch(other, chance)
    at = chance.randint(0, len(data))
    return data[:at] + other[start:end] + data[at:]


def _swap(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    if len(lines) > 1:
        one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)
