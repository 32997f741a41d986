"""An output format is one file: what lists the formats is made from their records, and the docs name each."""

from __future__ import annotations

from pathlib import Path

import pytest

import polcheck.render
from polcheck.render import output_format, output_formats
from typed import polcheck as run_polcheck

ROOT = Path(__file__).resolve().parents[2]


def test_the_formats_are_the_modules_that_have_a_record() -> None:
    """Each module that defines a FORMAT is found, under its own name, and `text` comes first."""
    folder = Path(polcheck.render.__file__).parent
    with_record = {file.stem for file in folder.glob("*.py") if "\nFORMAT = " in file.read_text("utf-8")}
    assert set(output_formats()) == with_record
    assert next(iter(output_formats())) == "text"


@pytest.mark.parametrize("name", ["escape", "wording", "", "no-such", "..cli.main", "__init__"])
def test_a_module_without_a_record_is_no_format(name: str) -> None:
    """Helpers, unknown names and paths to other modules are refused."""
    with pytest.raises(KeyError):
        output_format(name)


def test_help_and_errors_list_every_format() -> None:
    """`-f` says in its help and in its error which formats there are."""
    listed, refused = run_polcheck("run", "--help"), run_polcheck("run", "-f", "no-such")
    assert (listed.status, refused.status) == (0, 2)
    for name in output_formats():
        assert name in listed.out and name in refused.err


def test_the_docs_have_a_row_for_every_format() -> None:
    """docs/formats.md lists the formats that there are, and no other."""
    rows = (line.split("`")[1] for line in (ROOT / "docs" / "formats.md").read_text("utf-8").splitlines()
            if line.startswith("| `"))  # fmt: skip
    assert {row.partition(":")[0] for row in rows} == set(output_formats())
