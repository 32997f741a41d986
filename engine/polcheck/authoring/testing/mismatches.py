"""The differences between expected and actual results of a test case."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from msgspec import Struct

from polcheck.authoring.testing.cases import Case, Expected
from polcheck.formats.values import Json


class ActualFinding(Struct, frozen=True):
    """One finding as cases see it: `path:line:column` (or the path, or `nowhere`), message, nearest miss."""

    place: str
    message: str
    nearest: str = ""


class ActualResult(Struct, frozen=True):
    """The result of one policy for a submission; `reasons` are why it is undecided."""

    outcome: str
    findings: tuple[ActualFinding, ...] = ()
    reasons: tuple[tuple[str, str], ...] = ()


class Mismatch(Struct, frozen=True):
    """One expectation that was not met: of a policy, or of `verdict` or `fields.NAME`; `notes` show the findings."""

    about: str
    line: int
    expected: str
    got: str
    notes: tuple[str, ...] = ()


_LEFT_OUT = ActualResult("off")


def is_met(expected: Expected, actual: ActualResult | None) -> bool:
    """Return whether a policy said what was expected of it."""
    return mismatch_of(expected, actual) is None


def mismatches_of(
    case: Case,
    actual: Mapping[str, ActualResult],
    verdict: str = "",
    fields: Mapping[str, Json] | None = None,
    mismatch: str = "",
) -> tuple[Mismatch, ...]:
    """Return every expectation of the case that is not met, in the case's order."""
    results = [result for expected in case.expect if (result := mismatch_of(expected, actual.get(expected.policy)))]
    if case.verdict and case.verdict != verdict:
        results.append(Mismatch("verdict", case.line, case.verdict, verdict))
    for name, wanted in case.fields.items():
        about = f"fields.{name}"
        if mismatch or not fields or name not in fields:
            results.append(Mismatch(about, case.line, _plain(wanted), mismatch or "no such field"))
        elif not _holds(fields[name], wanted):
            lacks = [f"lacks     {_plain(part)}" for part in _lacking(fields[name], wanted)]
            results.append(Mismatch(about, case.line, _plain(wanted), _plain(fields[name]), tuple(lacks)))
    return tuple(results)


def mismatch_of(expected: Expected, actual: ActualResult | None) -> Mismatch | None:
    """Return the difference between a policy's result and its expectation; None when there is none."""
    actual = actual or _LEFT_OUT
    if actual.outcome != expected.outcome:
        notes = [f"{visible.place}  {visible.message}" for visible in actual.findings]
        notes += [f"{path}: {why}" if path else why for path, why in actual.reasons]
        return Mismatch(expected.policy, expected.line, _wanted(expected), actual.outcome, tuple(notes))
    notes = [*_places(expected, actual), *_texts("message", expected.message, [s.message for s in actual.findings])]
    notes += _texts("nearest", expected.nearest, [s.nearest for s in actual.findings])
    if not notes:
        return None
    places = ", ".join(visible.place for visible in actual.findings)
    return Mismatch(expected.policy, expected.line, _wanted(expected), f"{actual.outcome} at {places}", tuple(notes))


def covers(place: str, found: str) -> bool:
    """Return whether an expected place means a finding's: the same, or a file or a line for whatever stands in it."""
    numbers = found.removeprefix(f"{place}:")
    return found == place or (numbers != found and numbers.replace(":", "").isdigit())


def _wanted(expected: Expected) -> str:
    return f"{expected.outcome} at {', '.join(expected.at)}" if expected.at else expected.outcome


def _places(expected: Expected, actual: ActualResult) -> Iterable[str]:
    if expected.at is None:
        return
    for place in expected.at:
        if not any(covers(place, visible.place) for visible in actual.findings):
            yield f"missing   {place}"
    for visible in actual.findings:
        if not any(covers(place, visible.place) for place in expected.at):
            yield f"extra     {visible.place}  {visible.message}"


def _texts(what: str, wanted: tuple[str, ...] | None, found: list[str]) -> Iterable[str]:
    if wanted is None:
        return
    for text in wanted:
        if text.strip() not in found:
            yield f"{what} missing  {text.strip()}"
    for text in dict.fromkeys(found):
        if text not in {provided.strip() for provided in wanted}:
            yield f"{what} extra    {text}"


def _holds(value: Json, wanted: Json) -> bool:
    return not _lacking(value, wanted) if isinstance(wanted, list) else value == wanted


def _lacking(value: Json, wanted: Json) -> list[Json]:
    """Return the parts of a list that a field should contain, and doesn't."""
    if not isinstance(wanted, list):
        return []
    if isinstance(value, str):
        return [part for part in wanted if str(part) not in value]
    owned = value if isinstance(value, list) else []
    return [part for part in wanted if part not in owned]


def _plain(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
