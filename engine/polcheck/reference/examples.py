"""Examples from a pack's cases: for a policy a submission that fails it, and one that passes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from polcheck.documents import format_of, language_of
from polcheck.render.escape import code, fence, markdown
from polcheck.render.words import counted
from polcheck.testing.cases import Case, Expected

_MOST_LINES = 25  # of one file
_MOST_FILES = 4


def examples(policy: str, cases: Sequence[Case]) -> Iterator[str]:
    """The lines of a failing and of a passing example, each the smallest of its kind; none without such cases."""
    for outcome, heading in (("fail", "Fails"), ("pass", "Passes")):
        found = [(case, expected) for case in cases for expected in expected_of(case, policy, outcome)]
        if found:
            case, expected = min(found, key=lambda pair: _weight(pair[0]))
            yield from _example(heading, case, expected)


def expected_of(case: Case, policy: str, outcome: str) -> list[Expected]:
    """What a case expects of the policy, when that is this outcome."""
    return [expected for expected in case.expect if (expected.policy, expected.outcome) == (policy, outcome)]


def _weight(case: Case) -> tuple[int, int, int, int, str, int]:
    """Small submissions that speak of few policies, in the pack's own parameters, are the best examples."""
    size = sum(len(data) for data in case.files.values())
    settings = len(case.params) + bool(case.profile)
    return settings, len(case.files), len(case.policies), size, case.path, case.line


def _example(heading: str, case: Case, expected: Expected) -> Iterator[str]:
    places = ", ".join(code(place) for place in expected.at or ())
    with_params = [f"{name} = {value}" for name, value in sorted(case.params.items())]
    given = f" with {', '.join(code(text) for text in with_params)}" if with_params else ""
    yield f"**{heading}**{given}: {markdown(case.name)}{f' (at {places})' if places else ''}"
    yield ""
    for path, data in sorted(case.files.items())[:_MOST_FILES]:
        yield from _file(path, data)
    if len(case.files) > _MOST_FILES:
        yield from (f"… and {counted(len(case.files) - _MOST_FILES, 'more file', 'more files')}.", "")


def _file(path: str, data: bytes) -> Iterator[str]:
    lines = data.decode("utf-8", "replace").splitlines()
    shown = lines[:_MOST_LINES]
    yield f"{code(path)}{':' if lines else ' is empty.'}"
    yield ""
    if lines:
        yield from fence(shown, language_of(path) or format_of(path) or "")
        yield ""
    if len(shown) < len(lines):
        yield from (f"… and {counted(len(lines) - len(shown), 'more line', 'more lines')}.", "")
