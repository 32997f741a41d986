"""The tables of docs/patterns.md say what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from polcheck.base.spans import Source
from polcheck.languages.grammars import parse
from polcheck.selectors.syntax.compile import compile_code, compile_pattern
from polcheck.selectors.syntax.nearest import nearest
from polcheck.selectors.syntax.query_set import QuerySet

PAGE = (Path(__file__).parents[2] / "docs" / "patterns.md").read_text(encoding="utf-8")


def rows(header: str) -> list[list[str]]:
    """The cells of the table of docs/patterns.md that begins with a header."""
    table = PAGE.split(f"| {header} |", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def code_of(cell: str) -> str:
    """The lines of code of a cell."""
    return "\n".join(line.strip("`") for line in cell.split("<br>")) + "\n"


NAMES = rows("the file, and last a call")


@pytest.mark.parametrize(("cell", "found", "reason"), NAMES)
def test_a_pattern_finds_the_names_that_the_page_says(cell: str, found: str, reason: str) -> None:
    """`os.system(...)` and the query find the call where the table says yes, and nothing where it says no."""
    code = code_of(cell)
    tree = parse(Source("a.py", code.encode()), "python")
    assert not tree.tree.root_node.has_error
    pattern = compile_pattern(["os.system(...)"], "python")
    query = compile_code(['((call function: (_) @f) @_here (#resolves-to? @f "os.system"))'], "python")
    results = QuerySet([pattern, query]).search(tree)
    assert reason
    assert [len(results[0].matches), len(results[1].matches)] == ([1, 1] if found == "yes" else [0, 0])


@pytest.mark.parametrize(("cell", "found", "reason"), [row for row in NAMES if row[1] == "yes"])
def test_a_file_with_a_match_holds_the_words_by_which_files_are_chosen(cell: str, found: str, reason: str) -> None:
    """However a name is followed, the words without which a file isn't parsed are in it."""
    code = code_of(cell)
    for words in compile_pattern(["os.system(...)"], "python").literals:
        assert any(re.search(rf"\b{re.escape(word)}\b", code) for word in words), (code, words)


@pytest.mark.parametrize(("path", "statement", "names"), rows("file"))
def test_a_relative_import_has_the_names_that_the_page_says(path: str, statement: str, names: str) -> None:
    """Each name finds a call of what the import gives; no longer and no shorter one does."""
    source = Source(path.replace("\\", ""), f"{code_of(statement)}t.f()\n".encode())
    tree = parse(source, "python")
    said = {name.strip(" `") for name in names.split(",")}
    longest = max(said, key=len).split(".")
    for start in range(len(longest)):
        name = ".".join(longest[start:])
        hits = QuerySet([compile_pattern([f"{name}.f(...)"], "python")]).search(tree)[0].matches
        assert bool(hits) == (name in said or name == "t"), name


def test_a_near_miss_says_what_hides_an_import() -> None:
    """Where a parameter has the name of an import, the near miss of a pattern names the scope."""
    tree = parse(Source("a.py", b"import os\n\n\ndef f(os):\n    os.system(1)\n"), "python")
    near = nearest(compile_pattern(["os.system(...)"], "python"), tree)
    assert near is not None
    (failed,) = near.failed
    assert failed.startswith("wants `os.system`, here `os.system`: `os` is bound again in the function of line 5")
