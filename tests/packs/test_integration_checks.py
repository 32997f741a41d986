"""The example pack of checks of integrations: its cases hold, whatever way they are written."""

from __future__ import annotations

from pack_files import ROOT
from typed import polcheck

PACK = ROOT / "examples" / "integration-checks"


def test_the_example_is_in_order() -> None:
    """validate has nothing to say, its cases hold, and rewriting them changes nothing that isn't the order of keys."""
    assert "no problems found" in polcheck("validate", "--strict", PACK).out
    assert polcheck("test", PACK).status == 0
    assert "0 different" in polcheck("test", PACK, "--robust").out
