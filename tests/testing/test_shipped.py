"""The cases of the packs that ship with polcheck."""

from __future__ import annotations

import pytest

from polcheck.packs.shipped import shipped_packs
from typed import polcheck


@pytest.mark.parametrize("name", shipped_packs())
def test_every_case_passes(name: str) -> None:
    """Each shipped pack has cases, and they pass."""
    ran = polcheck("test", name)
    assert ran.status == 0, ran.out + ran.err
