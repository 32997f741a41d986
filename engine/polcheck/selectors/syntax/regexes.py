"""Many regular expressions over one text, in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

import re2

from polcheck.selectors.syntax.predicates import regex

_Item = TypeVar("_Item")
_FEW = 2  # which are searched for one by one
_MEMORY = 16 << 20  # bytes, for one set


class OnePass:
    """Regular expressions of RE2 as one set; `plain`: over bytes as they are, not over UTF-8. `memory` is in bytes."""

    def __init__(self, patterns: Sequence[bytes], memory: int, *, plain: bool = False) -> None:
        self._always = len(patterns)
        self._set = _made(patterns, memory, plain)

    def found(self, text: bytes) -> frozenset[int] | None:
        """The numbers of the patterns that occur in `text`; None when that could not be found out.

        INVARIANT: RE2 gives nothing at all when its memory runs out; the last pattern is found in every text, and one
        in which it isn't was not searched.
        """
        numbers = frozenset(self._set.Match(text) or ()) if self._set is not None else frozenset[int]()
        return numbers - {self._always} if self._always in numbers else None


def _made(patterns: Sequence[bytes], memory: int, plain: bool) -> Any:
    """The set; None when all of them together are too large for it."""
    options = re2.Options()
    if plain:
        options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = memory
    made = re2.Set.SearchSet(options)
    for pattern in (*patterns, b""):
        made.Add(pattern)
    try:
        made.Compile()
    except re2.error:
        return None
    return made


class Regexes(Generic[_Item]):
    """Items, each behind a regular expression (of RE2, as `#match?` takes it) that a text must hold."""

    def __init__(self) -> None:
        self._patterns: dict[str, list[_Item]] = {}

    def add(self, pattern: str, item: _Item) -> None:
        """Puts an item behind a pattern, before anything is looked up."""
        self._patterns.setdefault(pattern, []).append(item)

    def items(self, text: bytes | None) -> Iterator[_Item]:
        """The items whose patterns occur in `text`."""
        numbers = self._set.found(text) if self._set is not None and text is not None else None
        if numbers is not None:
            for number in numbers:
                yield from self._by_number[number]
            return
        for pattern, items in self._patterns.items():
            if regex(pattern).search(text) is not None:
                yield from items

    @cached_property
    def _by_number(self) -> list[list[_Item]]:
        return list(self._patterns.values())

    @cached_property
    def _set(self) -> OnePass | None:
        """All patterns at once; None for a few."""
        if len(self._patterns) <= _FEW:
            return None
        return OnePass([pattern.encode("utf-8", "surrogatepass") for pattern in self._patterns], _MEMORY)
