"""Where the conformance suites of the formats lie, beside this repository; without a suite its test is skipped."""

from __future__ import annotations

from pathlib import Path

import pytest

CONFORMANCE = Path(__file__).resolve().parents[2].parent / "shared" / "conformance"


def suite(name: str) -> Path:
    """The folder of a suite; skips the test where it isn't there."""
    path = CONFORMANCE / name
    if not path.is_dir():
        pytest.skip(f"the suite {name} is not beside this repository")
    return path
