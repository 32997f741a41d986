"""Many regular expressions over one text, in one pass."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Generic, TypeVar

import re2

from polcheck.selectors.syntax.predicates import regex

_Item = TypeVar("_Item")
_FEW = 2  # which are searched for one by one
_MEMORY = 16 << 20  # bytes, for one set


class Regexes(Generic[_Item]):
    """Items, each behind a regular expression (of RE2, as `#match?` takes it) that a text must hold."""

    def __init__(self) -> None:
        self._patterns: dict[str, list[_Item]] = {}

    def add(self, pattern: str, item: _Item) -> None:
        """Puts an item behind a pattern, before anything is looked up."""
        self._patterns.setdefault(pattern, []).append(item)

    def items(self, text: bytes | None) -> Iterator[_Item]:
        """The items whose patterns occur in `text`."""
        numbers = self._set.Match(text) if self._set is not None and text is not None else ()
        if numbers and len(self._patterns) in numbers:
            for number in numbers:
                if number < len(self._patterns):
                    yield from self._by_number[number]
            return
        for pattern, items in self._patterns.items():
            if regex(pattern).search(text) is not None:
                yield from items

    @cached_property
    def _by_number(self) -> list[list[_Item]]:
        return list(self._patterns.values())

    @cached_property
    def _set(self) -> Any:
        """All patterns at once; None for a few.

        INVARIANT: RE2 gives nothing at all when its memory runs out; the last pattern is found in every text, and where
        it isn't, the patterns are searched for one by one.
        """
        if len(self._patterns) <= _FEW:
            return None
        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MEMORY
        made = re2.Set.SearchSet(options)
        for pattern in self._patterns:
            made.Add(pattern.encode("utf-8", "surrogatepass"))
        made.Add(b"")
        try:
            made.Compile()
        except re2.error:  # NOTE: together they are too large
            return None
        return made
