"""What judging one policy may cost: pairs of rows, and time."""

from __future__ import annotations

from dataclasses import field

from polcheck.limits import DEFAULT, Clock, Limits
from polcheck.records import record

_SELDOM = 256  # pairs between two looks at the clock


class TooMuchWork(Exception):
    """A policy asks for more than a limit allows; the text names the limit."""


@record
class Work:
    """What is left of it for one policy.

    INVARIANT: judge loops over rows only where it spends, so that no policy goes on forever.
    """

    limits: Limits = DEFAULT
    clock: Clock = field(default_factory=lambda: Clock(DEFAULT.seconds))
    pairs: int = 0
    _looked: int = 0

    def spend(self, pairs: int = 1) -> None:
        """Counts pairs of rows. Raises TooMuchWork when there are too many or the time is over."""
        self.pairs += pairs
        if self.pairs > self.limits.pairs:
            raise TooMuchWork(f"judging it takes more than {self.limits.pairs:,} pairs of rows (the limit `pairs`)")
        if self.pairs - self._looked >= _SELDOM:
            self._looked = self.pairs
            self.look()

    def look(self) -> None:
        """Raises TooMuchWork when the time is over."""
        if self.clock.over:
            raise TooMuchWork(f"judging it takes more than {self.clock.seconds:g} seconds (the limit `seconds`)")
