"""Functions of dates and times. None reads the clock: the day of a run is known to expressions as `today()`.

Those of times have the names and meanings of Kyverno's JMESPath (kyverno/kyverno, pkg/engine/jmespath/time.go). A time
is written as RFC 3339 says, a duration as in Go (`72h`, `1h30m`).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import re2

from polcheck.formats.values import Json
from polcheck.selectors.jmespath.arithmetic import duration_text, parse_duration
from polcheck.selectors.jmespath.signatures import Table
from polcheck.selectors.jmespath.values import Budget, EvaluationError

DATES = Table()
_TIME = re2.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_DAY = re2.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)?")
_ZERO = datetime(1, 1, 1, tzinfo=UTC)


def _time(text: str) -> datetime:
    """Return the time that a string writes. Raises ValueError for anything but RFC 3339."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text[:40]}` is not a time as RFC 3339 writes it (`2026-01-31T12:00:00Z`)")
    zone = UTC if match[4] in "Zz" else _zone(match[4])
    moment = datetime.fromisoformat(f"{match[1]}T{match[2]}").replace(tzinfo=zone)
    return moment + timedelta(microseconds=int((match[3] or "0").ljust(6, "0")[:6]))


def _zone(offset: str) -> timezone:
    return timezone((1 if offset[0] == "+" else -1) * timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6])))


def _text(moment: datetime) -> str:
    """Return a time as RFC 3339 writes it, without fractions of a second."""
    text = moment.replace(microsecond=0).isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def _day(text: str) -> date:
    """Return the day in UTC of a date or a time. Raises ValueError for anything else."""
    match = _DAY.fullmatch(text)
    if match is not None:
        return date.fromisoformat(match[1])
    if _TIME.fullmatch(text) is None:
        raise ValueError(f"`{text[:40]}` is neither a date (`2026-01-31`) nor a time")
    return _time(text).astimezone(UTC).date()


def _duration(text: str) -> timedelta:
    nanoseconds = parse_duration(text)
    if nanoseconds is None:
        raise ValueError(f"`{text[:40]}` is not a duration, as `72h` or `1h30m`")
    return timedelta(microseconds=nanoseconds // 1_000)


@DATES.add("today() -> string", spends=True, own=True)
def _today(budget: Budget) -> Json:
    """Return the day of the run in UTC, as `2026-01-31`; `--today`, or `today` of a test case, sets another."""
    if not budget.today:
        raise EvaluationError("`today()` has no value here: the day of the run isn't known")
    return budget.today


@DATES.add("days_between(start: string, end: string) -> number", own=True)
def _days_between(start: str, end: str) -> Json:
    """Return the days from one date to another, negative where the other is earlier; of times their dates in UTC
    count."""
    return (_day(end) - _day(start)).days


@DATES.add("time_add(time: string, duration: string) -> string", own=True)
def _time_add(time: str, duration: str) -> Json:
    """Return the time so much later, or earlier with `-`."""
    return _text(_time(time) + _duration(duration))


@DATES.add("time_after(time: string, other: string) -> boolean", own=True)
def _time_after(time: str, other: str) -> Json:
    """Return whether the time is after the other."""
    return _time(time) > _time(other)


@DATES.add("time_before(time: string, other: string) -> boolean", own=True)
def _time_before(time: str, other: str) -> Json:
    """Return whether the time is before the other."""
    return _time(time) < _time(other)


@DATES.add("time_between(time: string, start: string, end: string) -> boolean", own=True)
def _time_between(time: str, start: str, end: str) -> Json:
    """Return whether the time is after one time and before another."""
    return _time(start) < _time(time) < _time(end)


@DATES.add("time_diff(start: string, end: string) -> string", own=True)
def _time_diff(start: str, end: str) -> Json:
    """Return the duration from one time to another, as `168h0m0s`."""
    return duration_text((_time(end) - _time(start)) // timedelta(microseconds=1) * 1_000)


@DATES.add("time_truncate(time: string, duration: string) -> string", own=True)
def _time_truncate(time: str, duration: str) -> Json:
    """Return the time rounded down to a multiple of the duration since the year 1; itself for a duration of zero."""
    moment, step = _time(time), _duration(duration)
    return _text(moment - (moment - _ZERO) % step if step > timedelta() else moment)


@DATES.add("time_utc(time: string) -> string", own=True)
def _time_utc(time: str) -> Json:
    """Return the same time in UTC."""
    return _text(_time(time).astimezone(UTC))


@DATES.add("time_to_cron(time: string) -> string", own=True)
def _time_to_cron(time: str) -> Json:
    """Return the time as a schedule of cron: minute, hour, day, month and day of the week."""
    moment = _time(time)
    return f"{moment.minute} {moment.hour} {moment.day} {moment.month} {moment.isoweekday() % 7}"
