"""Values of the library can't be changed by accident."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec import Struct

import polcheck


def _values(value: object) -> Iterator[Struct]:
    """Every struct of a report, itself included."""
    if isinstance(value, Struct):
        yield value
        for name in value.__struct_fields__:
            yield from _values(getattr(value, name))
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _values(one)


def test_no_part_of_a_report_can_be_assigned_to() -> None:
    """A caller that writes to a finding, an outcome or the report itself is told so at once."""
    report = polcheck.check({"src/a.py": "eval(input())\n", "README.md": "x\n"}, "python-project")
    assert report.findings
    for value in _values(report):
        for name in value.__struct_fields__:
            with pytest.raises(AttributeError, match="immutable"):
                setattr(value, name, None)
