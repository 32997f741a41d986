"""`polcheck render`: a saved report in any format."""

from __future__ import annotations

from pathlib import Path

import pytest

from pack_files import ROOT
from polcheck.render import output_formats
from typed import polcheck

EXAMPLE = ROOT / "examples" / "not-ready"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of an example, saved as JSON."""
    path = tmp_path_factory.mktemp("saved") / "report.json"
    ran = polcheck("run", "--isolated", "--pack", "airas-base-code", str(EXAMPLE), "-f", f"json={path}")
    assert ran.status == 1
    return path


@pytest.mark.parametrize("name", sorted(set(output_formats()) - {"template"}))
def test_a_saved_report_renders_as_the_run_itself(saved: Path, name: str) -> None:
    """Every format is the same from the saved report as from the run, and so is the exit status."""
    again = polcheck("render", str(saved), "-f", name)
    run = polcheck("run", "--isolated", "--pack", "airas-base-code", str(EXAMPLE), "-f", name)
    assert (again.status, again.out) == (run.status, run.out)
    assert again.status == 1


def test_what_is_no_report_is_refused() -> None:
    """Exit 2, and what a report is."""
    ran = polcheck("render", "-", stdin="{}")
    assert ran.status == 2
    assert "is not a report" in ran.err
