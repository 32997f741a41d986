"""The documents that a policy looked at, counted without copying the sets that many policies share."""

from __future__ import annotations

from dataclasses import field

from polcheck.records import record


@record
class Looked:
    """Whole sets of documents, each kept once, and single ones."""

    _sets: dict[int, frozenset[str]] = field(default_factory=dict)
    _single: set[str] = field(default_factory=set)

    def add(self, documents: frozenset[str], only: str | None = None) -> None:
        """Takes in all of `documents`, or `only` one of them if it is there."""
        if only is None:
            if documents:
                self._sets[id(documents)] = documents  # NOTE: kept alive here, so that its id stays its own
        elif only in documents:
            self._single.add(only)

    def all(self, *others: Looked) -> frozenset[str]:
        """Every document of this one and the others, once."""
        sets = {number: found for looked in (self, *others) for number, found in looked._sets.items()}
        single: set[str] = set().union(*(looked._single for looked in (self, *others)))
        if len(sets) == 1 and not single:
            return next(iter(sets.values()))
        return frozenset(single).union(*sets.values())
