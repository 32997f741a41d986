"""`polcheck docs`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from typed import polcheck


def test_a_shipped_pack_has_a_page_of_its_own_words(tmp_path: Path) -> None:
    """The page of a pack that ships goes to standard output, or whole into a file."""
    ran = polcheck("docs", "airas-base-code")
    assert ran.status == 0
    assert ran.out.startswith("# airas-base-code\n")
    assert "## Traceability" in ran.out
    assert polcheck("docs", "airas-base-code", "-o", tmp_path / "page.md").out == ""
    assert (tmp_path / "page.md").read_text("utf-8") == ran.out


def test_a_pack_that_can_not_be_used_has_none(tmp_path: Path) -> None:
    """A pack with a problem is status 2 and that problem."""
    (tmp_path / "pack.yaml").write_text("name: x\n")
    ran = polcheck("docs", tmp_path)
    assert (ran.status, ran.out) == (2, "")
    assert "`version` is missing" in ran.err


@pytest.mark.parametrize("name", ["policy", "pack", "tests", "polcheck"])
def test_schemas_for_editors_are_printed(name: str) -> None:
    """--schema gives the JSON Schema of a kind of file."""
    ran = polcheck("docs", "--schema", name)
    assert ran.status == 0
    assert json.loads(ran.out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_folder_of_the_output_is_created(tmp_path: Path) -> None:
    """The commands of docs/writing.md work in a fresh repository; what stands in the way is named."""
    assert polcheck("docs", "--schema", "pack", "-o", tmp_path / "new/.schemas/pack.schema.json").status == 0
    assert (tmp_path / "new/.schemas/pack.schema.json").is_file()
    (tmp_path / "file").touch()
    ran = polcheck("docs", "--schema", "pack", "-o", tmp_path / "file/pack.schema.json")
    assert ran.status == 2 and "file/pack.schema.json" in ran.err
