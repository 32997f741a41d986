"""docs/configuration-formats.md says which edits each format has."""

from __future__ import annotations

from pathlib import Path

from polcheck.edits.editor import OPERATIONS, editors

PAGE = Path(__file__).parents[2] / "docs" / "configuration-formats.md"


def test_the_documentation_has_the_operations_of_each_format() -> None:
    """One line for each, with `yes` for each operation that it has."""
    _, _, section = PAGE.read_text("utf-8").partition("## Edits")
    rows = [
        [cell.strip(" `") for cell in line.split("|")[1:-1]] for line in section.splitlines() if line.startswith("|")
    ]
    header, _, *body = rows
    assert header[1:-1] == list(OPERATIONS)
    assert {row[0]: [cell == "yes" for cell in row[1:-1]] for row in body} == {
        name: [editor.supports(operation) for operation in OPERATIONS] for name, editor in editors().items()
    }
