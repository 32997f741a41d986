"""What can be done about a finding in an editor, over a real server's pipes."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from lsp.client import Editor, edited
from lsp.conftest import write

WAIVER = ["waivers:", "  - policy: ours:no-print", "    files:", "      - src/app.py", '    reason: ""', ""]


def waive(editor: Editor, project: Path) -> types.Command:
    """Make a finding in src/app.py and return the command of its action `waive`."""
    path = project / "src/app.py"
    editor.open(path, "print(1)\n")
    diagnostics = editor.diagnostics(path)
    (action,) = [one for one in editor.actions(path, diagnostics) if one.title.startswith("Waive")]
    assert action.title == "Waive ours:no-print in src/app.py, with a reason"
    assert list(action.diagnostics or ()) == diagnostics
    assert action.command is not None
    return action.command


def change(editor: Editor) -> types.TextDocumentEdit:
    """Return the edit of one document that the server asked for."""
    (one,) = editor.applied[-1].edit.document_changes or ()
    assert isinstance(one, types.TextDocumentEdit)
    return one


def test_waiving_asks_for_a_reason_in_the_configuration(editor: Editor, project: Path) -> None:
    editor.run(waive(editor, project))
    done, config = change(editor), project / "polcheck.yaml"
    assert (done.text_document.uri, done.text_document.version) == (config.as_uri(), None)
    text = edited(config.read_text(), done.edits)
    assert text == "packs: [./ours]\n" + "\n".join(WAIVER)
    assert editor.visited[-1].uri == config.as_uri()
    assert editor.visited[-1].selection == types.Range(types.Position(5, 13), types.Position(5, 13))
    editor.open(config, text)
    assert editor.messages(config) == ["`reason` is empty"]
    editor.type(config, text.replace('""', "it is a script"))
    assert editor.messages(project / "src/app.py", lambda shown: not shown) == []


def test_waiving_keeps_what_is_typed_and_not_saved(editor: Editor, project: Path) -> None:
    config = project / "polcheck.yaml"
    editor.open(config, "# mine\r\npacks: [./ours]\r\n", version=7)
    editor.run(waive(editor, project))
    done = change(editor)
    assert done.text_document.version == 7
    before = "# mine\r\npacks: [./ours]\r\n"
    assert edited(before, done.edits) == before + "\r\n".join(WAIVER)


def test_a_reason_that_the_client_gives_is_taken(editor: Editor, project: Path) -> None:
    command = waive(editor, project)
    editor.run(types.Command("Waive", command.command, arguments=[*(command.arguments or ()), "it is a script"]))
    text = edited((project / "polcheck.yaml").read_text(), change(editor).edits)
    assert text.endswith("reason: it is a script\n")


def test_waiving_in_pyproject_toml(editor: Editor, project: Path) -> None:
    (project / "polcheck.yaml").unlink()
    write(project / "pyproject.toml", '[tool.polcheck]\npacks = ["./ours"]\n')
    editor.changed_on_disk(project / "polcheck.yaml", project / "pyproject.toml")
    editor.run(waive(editor, project))
    text = edited((project / "pyproject.toml").read_text(), change(editor).edits)
    assert text.endswith('[[tool.polcheck.waivers]]\npolicy = "ours:no-print"\nfiles = ["src/app.py"]\nreason = ""\n')


def test_hovering_a_finding_says_what_its_policy_asks_for(editor: Editor, project: Path) -> None:
    path = project / "src/app.py"
    editor.open(path, "print(1)\n")
    editor.diagnostics(path)
    said = editor.hover_at(path, types.Position(0, 3))
    assert "ours:no-print (error): Nothing is printed" in said
    assert "polcheck waive no-print" in said
    assert editor.hover_at(path, types.Position(1, 0)) == ""


@pytest.mark.parametrize("project_name", ["/etc", "", "elsewhere"])
def test_a_command_about_a_folder_that_is_not_open_changes_nothing(
    editor: Editor, project: Path, project_name: str
) -> None:
    before = len(editor.applied)
    editor.run(types.Command("Waive", "polcheck.waive", arguments=[project_name, "no-print", ""]))
    assert len(editor.applied) == before


RENAMED = """\
id: old
title: Nothing is old
forbid: {files: 'src/*.py', pattern: old($x), name: it}
message: old
remedy: Call the new one
fix: {replace: it, with: 'new({{ x }})', safe: true}
"""


def fixes(editor: Editor, path: Path, text: str) -> types.Command:
    """Make a finding that can be fixed and return the command of its action."""
    editor.open(path, text)
    diagnostics = editor.diagnostics(path)
    (action,) = [one for one in editor.actions(path, diagnostics) if one.title.startswith("Fix")]
    assert action.is_preferred
    assert action.command is not None
    return action.command


def test_a_finding_is_fixed_in_the_unsaved_text(editor: Editor, project: Path) -> None:
    write(project / "ours/policies/b.yaml", RENAMED)
    text = "# \U0001f600\r\nx = 1; old('\U0001f600'); new(2)\r\n"
    path = project / "src/app.py"
    editor.run(fixes(editor, path, text))
    assert edited(text, change(editor).edits) == text.replace("old(", "new(")
    assert change(editor).text_document.version == 1


def test_one_of_several_findings_is_fixed_alone(editor: Editor, project: Path) -> None:
    write(project / "ours/policies/b.yaml", RENAMED)
    path, text = project / "src/app.py", "old(1)\nold(2)\n"
    editor.open(path, text)
    (_, second) = editor.diagnostics(path, lambda shown: len(shown) == 2)
    (action,) = [one for one in editor.actions(path, [second]) if one.title.startswith("Fix")]
    assert action.command is not None
    editor.run(action.command)
    assert edited(text, change(editor).edits) == "old(1)\nnew(2)\n"


def test_all_that_is_safe_is_fixed_where_the_client_asks_for_that(editor: Editor, project: Path) -> None:
    write(project / "ours/policies/b.yaml", RENAMED)
    write(project / "polcheck.yaml", "packs: [{source: ./ours, fixes: safe}]\n")
    path, text = project / "src/app.py", "old(1)\nold(2)\n"
    editor.open(path, text)
    diagnostics = editor.diagnostics(path, lambda shown: len(shown) == 2)
    (action,) = editor.actions(path, diagnostics, only=["source.fixAll"])
    assert action.edit is not None
    (done,) = action.edit.document_changes or ()
    assert isinstance(done, types.TextDocumentEdit)
    assert edited(text, done.edits) == "new(1)\nnew(2)\n"


def test_a_fix_that_makes_something_worse_is_refused_with_the_reason(editor: Editor, project: Path) -> None:
    write(project / "ours/policies/b.yaml", RENAMED.replace("new(", "print("))
    before = len(editor.applied)
    editor.run(fixes(editor, project / "src/app.py", "old(1)\n"))
    assert len(editor.applied) == before
    editor.until(lambda: any("it brings a new finding of `ours:no-print`" in line for line in editor.windows))


def test_a_fix_creates_a_file(editor: Editor, project: Path) -> None:
    policy = "id: has-readme\ntitle: It has a README\nrequire: {files: README.md}\nmessage: no README.md\nremedy: x\n"
    write(project / "ours/policies/b.yaml", policy + "fix: {create: README.md, text: 'Hello\n'}\n")
    config = project / "polcheck.yaml"
    editor.run(fixes(editor, config, config.read_text()))
    (created, filled) = editor.applied[-1].edit.document_changes or ()
    assert isinstance(created, types.CreateFile)
    assert created.uri == (project / "README.md").as_uri()
    assert isinstance(filled, types.TextDocumentEdit)
    assert edited("", filled.edits) == "Hello "
