"""What authors of packs see in an editor, over a real server's pipes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types

from lsp.client import Editor

HEAD = "name: ours\nversion: 1.0.0\nselectors:\n  prints: {files: 'src/*.py', pattern: print(...)}\n"
POLICY = """\
id: no-print
title: Nothing is printed
forbid: {use: prints}
message: "`{{ path }}` prints"
remedy: Use logging
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "ours"
    (folder / "policies").mkdir(parents=True)
    (folder / "pack.yaml").write_text(HEAD)
    (folder / "policies" / "print.yaml").write_text(POLICY)
    return folder


@pytest.fixture
def editor(pack: Path) -> Iterator[Editor]:
    editor = Editor(pack.parent)
    yield editor
    assert editor.quit() == 0


def test_a_problem_stands_at_its_line_in_the_unsaved_text(editor: Editor, pack: Path) -> None:
    path = pack / "policies" / "print.yaml"
    editor.open(path, POLICY.replace("use: prints", "use: print"))
    (problem,) = editor.diagnostics(path)
    assert (problem.range.start, problem.severity) == (types.Position(2, 9), types.DiagnosticSeverity.Error)
    assert problem.message.startswith("there is no selector `print`")
    editor.type(path, POLICY)
    assert editor.diagnostics(path, lambda shown: not shown) == []


def test_a_change_of_pack_yaml_shows_in_the_policies_that_use_it(editor: Editor, pack: Path) -> None:
    editor.open(pack / "pack.yaml", HEAD.replace("prints:", "printing:"))
    assert editor.messages(pack / "policies" / "print.yaml") == ["there is no selector `prints`"]


def test_a_wrong_case_is_shown_in_its_file(editor: Editor, pack: Path) -> None:
    (pack / "tests").mkdir()
    path = pack / "tests" / "print.yaml"
    path.write_text("case: a\nfiles: {src/a.py: print()}\nexpect: {no-print: failed}\n")
    editor.open(path)
    assert editor.messages(path) == ["`failed` is not an outcome"]


def test_what_was_typed_in_pieces_is_put_together_where_the_editor_means_it(editor: Editor, pack: Path) -> None:
    path = pack / "policies" / "print.yaml"
    text = POLICY.replace("Use logging", "'\U0001f600 Use\u2028logging'")  # which ends no line of the protocol
    editor.open(path, text + "# \U0001f600 x\n")
    at = types.Position(5, 6)
    editor.type(path, "\nid: second\n", at=types.Range(types.Position(5, 5), at))
    assert "`id` is repeated" not in editor.messages(path, lambda shown: "the key `id` is repeated" in shown)
