"""`polcheck query`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from typed import polcheck


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two Python files and a configuration."""
    (tmp_path / "a.py").write_text("import torch\nm = torch.load('x')\n")
    (tmp_path / "b.py").write_text("from torch import load as l\nl('y')\n")
    (tmp_path / "c.yaml").write_text("runs:\n  - {lr: 0.1}\n  - {lr: 0.2}\n")
    return tmp_path


def matches(*arguments: object) -> list[tuple[str, int, dict[str, object]]]:
    """The matches of a query: path, line, bindings."""
    ran = polcheck("query", *arguments, "-f", "json")
    assert ran.err == ""
    return [(Path(m["path"]).name, m["line"], m["bindings"]) for m in json.loads(ran.out)["matches"]]


def test_a_pattern_follows_imports_in_every_file(folder: Path) -> None:
    """A pattern is searched in each file of its language, names followed."""
    found = matches(folder, "--pattern", "torch.load($x, ...)")
    assert found == [("a.py", 2, {"x": "x"}), ("b.py", 2, {"x": "y"})]


def test_names_are_not_followed_when_asked_not_to(folder: Path) -> None:
    """--no-resolve takes names as they are written."""
    assert [path for path, _, _ in matches(folder, "--pattern", "torch.load($x, ...)", "--no-resolve")] == ["a.py"]


def test_several_of_a_kind_are_a_union(folder: Path) -> None:
    """Two patterns, and two expressions, give the matches of both."""
    assert len(matches(folder, "--pattern", "import torch", "--pattern", "l(...)")) == 2
    found = matches(folder, "--data", "runs[0].lr", "--data", "runs[1].lr", "--as", "rate")
    assert [bindings for _, _, bindings in found] == [{"rate": 0.1}, {"rate": 0.2}]


def test_a_condition_sees_the_bindings(folder: Path) -> None:
    """--where keeps the matches for which it is true."""
    found = matches(folder, "--data", "runs[].lr", "--as", "rate", "--where", "rate > `0.1`")
    assert found == [("c.yaml", 3, {"rate": 0.2})]


def test_a_condition_may_ask_for_lines(folder: Path) -> None:
    """--where knows the line of a match, of data too."""
    assert [line for _, line, _ in matches(folder, "--data", "runs[].lr", "--where", "line == `3`")] == [3]


def test_text_is_searched_in_any_file(folder: Path) -> None:
    """A regular expression looks into files of no known language."""
    (folder / "notes").write_text("todo: a\n")
    assert matches(folder / "notes", "--text", r"todo: (?P<what>\w+)") == [("notes", 1, {"what": "a"})]


def test_matches_are_underlined(folder: Path) -> None:
    """Text shows the line of a match with carets under it, and the bindings."""
    ran = polcheck("query", folder / "a.py", "--pattern", "torch.load($x, ...)")
    assert "2 | m = torch.load('x')\n  |     ^^^^^^^^^^^^^^^\n" in ran.out
    assert "x = `x`" in ran.out


def test_the_query_of_a_pattern_is_shown_on_demand(folder: Path) -> None:
    """-v prints the tree-sitter query that the pattern became."""
    ran = polcheck("query", folder, "--pattern", "torch.load($x, ...)", "-v")
    assert '(#resolves-to? @_name "torch.load")' in ran.out


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["--pattern", "torch.load(...)"], 0), (["--pattern", "torch.save(...)"], 1), (["--pattern", "f("], 2), ([], 2)],
)
def test_the_exit_status_tells_matches_from_none_from_errors(folder: Path, arguments: list[str], status: int) -> None:
    """0 is a match, 1 none, 2 a query that can't be run."""
    assert polcheck("query", folder, *arguments).status == status


def test_nothing_found_in_a_broken_file_is_no_answer(tmp_path: Path) -> None:
    """No match in a file that could not be searched to the end is status 2, and says why."""
    (tmp_path / "a.py").write_text("def f(:\n  eval\n(")
    ran = polcheck("query", tmp_path / "a.py", "--pattern", "eval(...)")
    assert ran.status == 2
    assert "syntax error" in ran.out


@pytest.mark.parametrize(
    ("option", "text", "place"),
    [
        ("--data", "runs[", "--data:1:6"),
        ("--where", "nope == 'a'", "--where:1:1"),
        ("--code", "(call) (#eq? @x", "--code:1:"),
        ("--text", "(", "--text:1:1"),
    ],
)
def test_an_error_points_into_the_option(folder: Path, option: str, text: str, place: str) -> None:
    """What is wrong with a selector is shown in the text of its option, with a caret."""
    data = ["--data", "runs", "--as", "all"] if option == "--where" else []
    ran = polcheck("query", folder, option, text, *data)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(place)
    assert "^" in ran.err


def test_a_warning_goes_to_standard_error(folder: Path) -> None:
    """A pattern that a keyword argument defeats is searched, and warned of beside the matches."""
    ran = polcheck("query", folder, "--pattern", "torch.load($x)")
    assert ran.status == 0
    assert "one more keyword argument defeats it" in ran.err


def test_two_kinds_are_refused(folder: Path) -> None:
    """One selector is of one kind."""
    assert "one kind" in polcheck("query", folder, "--data", "x", "--text", "y").err


def test_an_empty_selector_is_refused(folder: Path) -> None:
    """A selector says what to look for."""
    ran = polcheck("query", folder, "--text", "")
    assert ran.status == 2
    assert "--text is empty" in ran.err


def test_a_file_that_is_no_text_is_searched_as_far_as_it_goes(tmp_path: Path) -> None:
    """What can be read of a file in no known encoding is searched, and bound as a whole too."""
    (tmp_path / "a.py").write_bytes(b"todo \xff\n")
    assert "what = `todo`" in polcheck("query", tmp_path, "--text", "todo", "--as", "what").out


def test_text_has_no_language(folder: Path) -> None:
    """A regular expression looks at characters, whatever the language."""
    assert "has no effect" in polcheck("query", folder, "--text", "x", "-l", "yaml").err


def test_a_file_of_no_known_language_asks_for_one(tmp_path: Path) -> None:
    """Where the name doesn't tell the language, the error names the option that does; with it, the file is read."""
    (tmp_path / "Snakefile").write_text("import a\n")
    ran = polcheck("query", tmp_path / "Snakefile", "--pattern", "import $m")
    assert ran.status == 2
    assert "--language" in ran.err
    assert matches(tmp_path / "Snakefile", "--pattern", "import $m", "-l", "python") == [("Snakefile", 1, {"m": "a"})]


def test_standard_input_is_searched() -> None:
    """`-` is what comes on standard input."""
    ran = polcheck("query", "-", "--data", "a", "-l", "yaml", stdin="a: 1\n")
    assert ran.status == 0
    assert "-:1:4: value = `1`" in ran.out


def test_many_matches_are_capped(tmp_path: Path) -> None:
    """Text shows the first of many matches and counts the rest; --all shows them."""
    (tmp_path / "a.py").write_text("f(1)\n" * 60)
    ran = polcheck("query", tmp_path, "--pattern", "f($_)")
    assert "… and 10 more matches; use --all to see them" in ran.out
    assert ran.out.endswith("60 matches in 1 file; searched 1 file\n")
    assert "more matches" not in polcheck("query", tmp_path, "--pattern", "f($_)", "--all").out


def test_a_script_without_an_ending_is_read_by_its_first_line(tmp_path: Path) -> None:
    """Alone, and in a folder; `parse` shows it, too."""
    (tmp_path / "deploy").write_text("#!/bin/sh\ncurl a\n")
    for where in (tmp_path / "deploy", tmp_path):
        status, out, _ = polcheck("query", str(where), "--pattern", "curl $x")
        assert (status, "x = `a`" in out) == (0, True)
    assert polcheck("parse", str(tmp_path / "deploy")).out.startswith("program 1:1")
