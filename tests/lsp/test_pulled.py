"""Diagnostics for clients that ask for them, over a real server's pipes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from lsprotocol import types

from lsp.client import SECONDS, Editor


def ask(editor: Editor, path: Path, known: str | None = None) -> Any:
    """The answer to a request for a document's diagnostics."""
    document = types.TextDocumentIdentifier(path.as_uri())
    params = types.DocumentDiagnosticParams(document, previous_result_id=known)
    return editor.call("text_document_diagnostic", params)


def test_a_document_is_asked_for_after_a_keystroke(editor: Editor, project: Path) -> None:
    """The answer waits for the check of what was typed; the same diagnostics aren't sent twice."""
    path = project / "src/app.py"
    editor.open(path, "print(1)\n")
    report = ask(editor, path)
    assert [one.message.splitlines()[0] for one in report.items] == ["`src/app.py` prints"]
    assert report.items[0].data["policy"] == "ours:no-print"
    assert ask(editor, path, report.result_id).kind == "unchanged"
    editor.type(path, "x = 1\n")
    after = ask(editor, path, report.result_id)
    assert (after.kind, list(after.items)) == ("full", [])


def test_the_workspace_is_asked_for(editor: Editor, project: Path) -> None:
    """Files that aren't open, too; what is right now is sent as empty once."""
    app, config = project / "src/app.py", project / "config.yaml"
    editor.open(config, "port: 1\n")
    report = editor.call("workspace_diagnostic", types.WorkspaceDiagnosticParams([]))
    (one,) = [each for each in report.items if each.uri == app.as_uri()]
    assert [item.code for item in one.items] == ["ours:keys-are-set"]
    known = [types.PreviousResultId(each.uri, each.result_id) for each in report.items]
    again = editor.call("workspace_diagnostic", types.WorkspaceDiagnosticParams(known))
    assert {each.kind for each in again.items} == {"unchanged"}
    editor.type(config, "host: a\n")
    last = editor.call("workspace_diagnostic", types.WorkspaceDiagnosticParams(known))
    assert [list(each.items) for each in last.items if each.uri == app.as_uri()] == [[]]


def test_a_client_that_asks_is_told_to_ask_and_sent_nothing(project: Path) -> None:
    """It would show what it is sent beside what it asked for."""
    editor = Editor(project, pulls=True)
    assert editor.capabilities.diagnostic_provider is not None
    path = project / "src/app.py"
    editor.open(path, "print(1)\n")
    assert len(ask(editor, path).items) == 1
    editor.open(project / "config.yaml", "port: 1\n")
    assert len(ask(editor, path).items) == 1
    deadline = time.monotonic() + SECONDS
    while not editor.refreshed and time.monotonic() < deadline:
        time.sleep(0.02)
    assert editor.refreshed
    assert editor.quit() == 0
    assert editor.published == {}


def test_actions_need_no_data_of_the_diagnostic(editor: Editor, project: Path) -> None:
    """Some clients send diagnostics back without it, or none at all."""
    path = project / "src/app.py"
    editor.open(path, "print(1)\n")
    (one,) = editor.diagnostics(path)
    titles = [action.title for action in editor.actions(path, [one])]
    assert titles
    bare = types.Diagnostic(one.range, one.message, code=one.code, source=one.source)
    assert [action.title for action in editor.actions(path, [bare])] == titles
    document = types.TextDocumentIdentifier(path.as_uri())
    params = types.CodeActionParams(document, one.range, types.CodeActionContext([]))
    assert [action.title for action in editor.call("text_document_code_action", params)] == titles
