"""Limits of the evaluation of one policy: pairs of rows, and time."""

from __future__ import annotations

from msgspec import Struct, field

from polcheck.base.limits import DEFAULT_RUN_LIMITS, Clock, RunLimits

_SELDOM = 256  # pairs between two looks at the clock


class BudgetExceeded(Exception):
    """A policy asks for more than a limit allows; the text names the limit."""


class Budget(Struct):
    """The part of the limits that the evaluation of one policy has not used up.

    INVARIANT: evaluation loops over rows only where it spends, so that no policy goes on forever.
    """

    limits: RunLimits = DEFAULT_RUN_LIMITS
    clock: Clock = field(default_factory=lambda: Clock(DEFAULT_RUN_LIMITS.seconds))
    pairs: int = 0
    _checked_at: int = 0

    def spend(self, pairs: int = 1) -> None:
        """Counts pairs of rows. Raises TooMuchWork when there are too many or the time is over."""
        self.pairs += pairs
        if self.pairs > self.limits.pairs:
            raise BudgetExceeded(f"evaluation takes more than {self.limits.pairs:,} pairs of rows (the limit `pairs`)")
        if self.pairs - self._checked_at >= _SELDOM:
            self._checked_at = self.pairs
            self.look()

    def look(self) -> None:
        """Raises TooMuchWork when the time is over."""
        if self.clock.over:
            raise BudgetExceeded(f"evaluation takes more than {self.clock.seconds:g} seconds (the limit `seconds`)")


class ExaminedFiles(Struct):
    """Documents that were searched: whole sets, each stored once, and single ones."""

    _sets: dict[int, frozenset[str]] = field(default_factory=dict)
    _single: set[str] = field(default_factory=set)

    def add(self, documents: frozenset[str], only: str | None = None) -> None:
        """Takes in all of `documents`, or `only` one of them if it is there."""
        if only is None:
            if documents:
                self._sets[id(documents)] = documents  # NOTE: kept alive here, so that its id stays its own
        elif only in documents:
            self._single.add(only)

    @property
    def whole(self) -> frozenset[str]:
        """Return the documents of the sets that were searched as a whole, whatever the subject."""
        return ExaminedFiles(self._sets).all()

    @property
    def single(self) -> frozenset[str]:
        """Return the documents that were searched alone, each for the subjects in it."""
        return frozenset(self._single)

    def all(self, *others: ExaminedFiles) -> frozenset[str]:
        """Return every document of this one and the others, once."""
        sets, single = self._sets, self._single
        for other in others:
            sets = {**sets, **other._sets} if other._sets else sets
            single = single | other._single if other._single else single
        if len(sets) == 1 and not single:
            return next(iter(sets.values()))
        return frozenset(single).union(*sets.values())
