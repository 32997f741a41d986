"""What `use(x)` is called with in small programs, as the policy language sees it: constants, or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pack_files import judge

DYNAMIC = object()
"""What an argument is that is no constant."""


class Program(NamedTuple):
    """A program of one file, or of several by path; the first of them calls `use`, with these values in order."""

    name: str
    files: str | Mapping[str, str]
    values: tuple[Any, ...]


def program(name: str, files: str | Mapping[str, str], *values: object) -> Program:
    """Return a program with a name of its own."""
    return Program(name, files, values)


def uses(files: Mapping[str, str], path: str) -> list[Any]:
    """Return what each `use(x)` of the file at `path` is called with, in order: its value, or DYNAMIC."""
    report = judge(f"forbid: {{files: '{path}', pattern: use($x), constant: x}}", files)
    places: list[tuple[int, int, Any]] = []
    for finding in report.findings:
        assert finding.location is not None
        places.append((finding.location.line or 0, finding.location.column or 0, finding.bindings["x"]))
    for capture in report.policies[0].dynamic:
        assert capture.location is not None
        assert capture.reason
        places.append((capture.location.line or 0, capture.location.column or 0, DYNAMIC))
    return [value for _, _, value in sorted(places, key=lambda place: place[:2])]


def check(program: Program, path: str) -> None:
    """Assert that a program, whose only file or first file is at `path`, has the values that it should have."""
    files = {path: program.files} if isinstance(program.files, str) else program.files
    path = next(iter(files))
    assert "use(" in files[path]
    found = uses(files, path)
    assert [repr(value) for value in found] == [repr(value) for value in program.values]
