"""Limits for packs and submissions that ask for too much: of evaluation, of findings and of what they show.

What is read is bounded in `disk.limits`, what one document may be in `documents.limits`, what one query finds in
`selectors.syntax.bank`, what one expression does in `selectors.jmes.values`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct


class RunLimits(Struct, frozen=True):
    """Bounds for one run.

    For each policy: `rows` at one step of a conjunction, `pairs` of rows that are looked at to get them, `findings`
    that are made of its failures, and `seconds` for judging it and for its findings. For all policies together:
    `run_seconds`, and `file_seconds` more for each file of the submission. For searching one file: `search_seconds`,
    and `matches` of each selector.
    """

    matches: int = 10_000
    search_seconds: float = 5.0
    rows: int = 100_000
    pairs: int = 3_000_000
    findings: int = 10_000
    seconds: float = 5.0
    run_seconds: float = 10.0
    file_seconds: float = 0.01

    def of_run(self, files: int) -> Clock:
        """Return the clock of one stage of a run over so many files, started."""
        return Clock(self.run_seconds + self.file_seconds * files)


DEFAULT_RUN_LIMITS = RunLimits()
PATIENCE = 6.0  # how many times as long processor time may take by the wall clock


class Clock:
    """Tells whether the time for something is over.

    Time is that of the processor, so that a busy machine changes no outcome; `PATIENCE` times as much by the wall clock
    is the end in any case. Where threads or other processes work as well, the wall clock counts alone if it is slower.
    """

    __slots__ = ("_end", "_last", "_processor_end", "seconds")

    def __init__(self, seconds: float) -> None:
        now = time.monotonic()
        self.seconds = seconds
        self._end = now + seconds
        self._processor_end = time.process_time() + seconds
        self._last = now + seconds * PATIENCE

    @property
    def over(self) -> bool:
        """Whether the time is over."""
        now = time.monotonic()
        return now > self._end and (now > self._last or time.process_time() > self._processor_end)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let nothing count that is done meanwhile; it has a clock of its own."""
        began, processor_began = time.monotonic(), time.process_time()
        try:
            yield
        finally:
            passed = time.monotonic() - began
            self._end += passed
            self._last += passed
            self._processor_end += time.process_time() - processor_began

    def within(self, seconds: float) -> Clock:
        """Return a clock of its own that started now, and ends no later than this one."""
        result = Clock(seconds)
        result._end = min(result._end, self._end)
        result._processor_end = min(result._processor_end, self._processor_end)
        result._last = min(result._last, self._last)
        return result
