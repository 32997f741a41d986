"""What authors of packs see in an editor, over a real server's pipes."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types

from lsp.client import Editor
from lsp.conftest import PACK, POLICIES, write


def test_a_problem_stands_at_its_line_in_the_unsaved_text(editor: Editor, project: Path) -> None:
    path = project / "ours/policies/all.yaml"
    editor.open(path, POLICIES.replace("use: prints", "use: print"))
    (problem,) = editor.diagnostics(path)
    assert (problem.range.start, problem.severity) == (types.Position(2, 9), types.DiagnosticSeverity.Error)
    assert problem.message.startswith("there is no selector `print`")
    editor.type(path, POLICIES)
    assert editor.diagnostics(path, lambda shown: not shown) == []


def test_a_change_of_pack_yaml_shows_in_the_policies_that_use_it(editor: Editor, project: Path) -> None:
    editor.open(project / "ours/pack.yaml", PACK.replace("prints:", "printing:"))
    assert editor.messages(project / "ours/policies/all.yaml") == ["there is no selector `prints`"]


def test_a_wrong_case_is_shown_in_its_file(editor: Editor, project: Path) -> None:
    text = "case: a\nfiles: {src/a.py: print()}\nexpect: {no-print: failed}\n"
    path = write(project / "ours/tests/print.yaml", text)
    editor.open(path)
    assert editor.messages(path) == ["`failed` is not an outcome"]


def test_what_was_typed_in_pieces_is_put_together_where_the_editor_means_it(editor: Editor, project: Path) -> None:
    path = project / "ours/policies/all.yaml"
    text = POLICIES.replace("Set it", "'\U0001f600 Set\u2028it'")  # which ends no line of the protocol
    last = text.count("\n")
    editor.open(path, text + "# \U0001f600 x\n")
    editor.type(path, "\nid: second\n", at=types.Range(types.Position(last, 5), types.Position(last, 6)))
    assert editor.messages(path, lambda shown: "the key `id` is repeated" in shown)
