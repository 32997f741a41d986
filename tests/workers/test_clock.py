"""The clock of evaluation: time of the processor, with an end by the wall clock."""

from __future__ import annotations

import pytest

from polcheck.base import limits
from polcheck.base.limits import PATIENCE, Clock


class Times:
    """Stands in for the module `time`: what both clocks show is set by the test."""

    def __init__(self) -> None:
        self.wall = 100.0
        self.processor = 5.0

    def monotonic(self) -> float:
        """Return the wall clock's time."""
        return self.wall

    def process_time(self) -> float:
        """Return the processor time of this process."""
        return self.processor


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> Times:
    """Clocks that stand still until they are set."""
    result = Times()
    monkeypatch.setattr(limits, "time", result)
    return result


def test_waiting_is_not_counted(times: Times) -> None:
    """On a busy machine a second of work takes several."""
    clock = Clock(2)
    times.wall += 2 * PATIENCE - 0.1
    times.processor += 1.9
    assert not clock.over


def test_time_is_over_when_that_of_the_processor_is(times: Times) -> None:
    """Work that takes both clocks' time has no more than its seconds."""
    clock = Clock(2)
    times.wall += 2.1
    times.processor += 2.1
    assert clock.over


def test_other_threads_take_no_time_away(times: Times) -> None:
    """The processor time of a process is that of all its threads, and runs faster than the wall clock where there
    are several.
    """
    clock = Clock(2)
    times.wall += 1
    times.processor += 8
    assert not clock.over


def test_waiting_ends_by_the_wall_clock(times: Times) -> None:
    """What waits for something that never comes ends too."""
    clock = Clock(2)
    times.wall += 2 * PATIENCE + 0.1
    assert clock.over


def test_what_has_a_clock_of_its_own_is_not_counted(times: Times) -> None:
    """Neither by the processor's time nor by the wall's."""
    clock = Clock(2)
    with clock.paused():
        times.wall += 100
        times.processor += 100
    assert not clock.over
    times.wall += 2.1
    times.processor += 2.1
    assert clock.over


def test_a_clock_within_another_ends_no_later(times: Times) -> None:
    """Of both clocks, the one that ends first counts."""
    run = Clock(3)
    times.wall += 2
    times.processor += 2
    policy = run.within(2)
    times.wall += 1.1
    times.processor += 1.1
    assert policy.over
