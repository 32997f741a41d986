"""`near`: matches within so many lines of the subject, however many there are in a file."""

from __future__ import annotations

import random

import pytest

from pack_files import check, one, outcome, places


def policy(lines: int) -> str:
    """A policy that wants a reason within so many lines of each call."""
    return one(f'for: {{files: "*.py", pattern: "go(...)"}}\nrequire: {{pattern: "why(...)", near: {lines}}}')


@pytest.mark.parametrize("seed", range(40))
def test_a_call_has_a_reason_where_one_is_that_near(seed: int) -> None:
    """The lines of calls and reasons are compared as written, those of several lines with both of their ends."""
    chance = random.Random(seed)
    most, line = chance.randrange(4), 1
    text, spans = "", list[tuple[str, int, int]]()
    for _ in range(chance.randrange(1, 30)):
        name = chance.choice(["go", "why", "x"])
        inner = chance.choice(["", "\n", "\n\n\n", "why(\n)", "go()\n"])
        written = f"{name}({inner})"
        spans.append((name, line, line + written.count("\n")))
        if "(" in inner:
            spans.append((inner[: inner.index("(")], line, line + inner.partition(")")[0].count("\n")))
        text += written + "\n"
        line += written.count("\n") + 1
    reasons = [(first, last) for name, first, last in spans if name == "why"]
    calls = [(first, last) for name, first, last in spans if name == "go"]
    expected = sorted(
        start
        for start, end in calls
        if not any(first - end <= most and start - last <= most for first, last in reasons)
    )
    found = sorted(int(place.split(":")[1]) for place in places(check(policy(most), {"a.py": text})))
    assert found == expected


def test_it_is_decided_in_a_file_with_thousands_of_both() -> None:
    """Comparing each with each would be sixteen million pairs, more than the limit."""
    count = 4_000
    report = check(policy(0), {"a.py": "go(); why()\n" * count + "go()\n"})
    assert places(report) == [f"a.py:{count + 1}:1"]
    assert outcome(report) == "fail"
