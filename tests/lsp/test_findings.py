"""Findings in an editor, over a real server's pipes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from lsprotocol import types

from lsp.client import COMMAND, Editor
from lsp.conftest import write


def at(line: int, start: int, end: int) -> types.Range:
    return types.Range(types.Position(line, start), types.Position(line, end))


def test_a_finding_shows_as_it_is_typed_and_goes_again(editor: Editor, project: Path) -> None:
    path = project / "src/app.py"
    editor.open(path)
    editor.type(path, 'cfg["host"]\nprint(1)\n', 2)
    (finding,) = editor.diagnostics(path)
    assert finding.range == at(1, 0, 8)
    assert finding.message == "`src/app.py` prints\nhelp: Use logging"
    assert (finding.severity, finding.code, finding.source) == (
        types.DiagnosticSeverity.Error,
        "ours:no-print",
        "polcheck",
    )
    assert finding.code_description == types.CodeDescription("https://example.org/no-print")
    assert editor.versions[path.as_uri()] == 2
    editor.type(path, 'cfg["host"]\n', 3)
    assert editor.diagnostics(path, lambda shown: not shown) == []


def test_what_is_still_true_is_said_again_after_an_edit(editor: Editor, project: Path) -> None:
    """Clients move what they show with the text: what was deleted and typed again would show nothing."""
    path = project / "src/app.py"
    editor.open(path, "print(1)\n")
    editor.diagnostics(path)
    editor.type(path, "", 2)
    editor.type(path, "print(1)\n", 3)
    editor.until(lambda: editor.versions.get(path.as_uri()) == 3)
    assert editor.messages(path) == ["`src/app.py` prints"]


def test_the_other_side_of_a_join_is_related(editor: Editor, project: Path) -> None:
    path = project / "src/app.py"
    editor.open(path, 'cfg["port"]\n')
    (finding,) = editor.diagnostics(path)
    assert finding.severity == types.DiagnosticSeverity.Warning
    assert finding.related_information is not None
    assert [info.location.uri for info in finding.related_information] == [(project / "config.yaml").as_uri()]


def test_a_client_without_related_places_gets_them_in_the_message(project: Path) -> None:
    editor = Editor(project, related=False)
    editor.open(project / "src/app.py", 'cfg["port"]\n')
    (finding,) = editor.diagnostics(project / "src/app.py")
    assert finding.related_information is None
    assert "looked in: config.yaml" in finding.message
    editor.quit()


def test_an_unsaved_file_on_the_other_side_counts(editor: Editor, project: Path) -> None:
    editor.open(project / "config.yaml", "port: 1\n")
    assert editor.messages(project / "src/app.py") == ["`host` is not set in config.yaml"]
    editor.close(project / "config.yaml")
    assert editor.messages(project / "src/app.py", lambda shown: not shown) == []


def test_a_document_that_is_not_on_disk_yet_is_checked(editor: Editor, project: Path) -> None:
    path = project / "src/new.py"
    editor.open(path, "print(2)\n")
    assert editor.messages(path) == ["`src/new.py` prints"]


@pytest.mark.parametrize(
    ("encodings", "start", "end"), [((), 8, 16), (("utf-8", "utf-16"), 12, 20), (("utf-32", "utf-16"), 6, 14)]
)
def test_places_are_counted_in_the_units_that_were_agreed_on(
    project: Path, encodings: tuple[str, ...], start: int, end: int
) -> None:
    editor = Editor(project, encodings=encodings)
    path = project / "src/app.py"
    editor.open(path, '"\U0001f600\U0001f600"; print(1)\n')
    (finding,) = editor.diagnostics(path)
    assert finding.range == at(0, start, end)
    editor.quit()


def test_carriage_returns_and_a_byte_order_mark_move_no_place(editor: Editor, project: Path) -> None:
    path = write(project / "src/app.py", b"\xef\xbb\xbf# \xc3\xa9\r\n\r\nprint('\xc3\xa9')\r\n")
    editor.changed_on_disk(path)
    assert [finding.range for finding in editor.diagnostics(path)] == [at(2, 0, 10)]
    editor.open(path, "# é\r\n\r\nprint('é')\r\n")  # as editors send it
    editor.type(path, "print('é')\r\n# é\r\n")
    assert editor.diagnostics(path, lambda shown: shown[0].range.start.line == 0)[0].range == at(0, 0, 10)


def test_a_file_that_declares_its_encoding_is_read_in_it(editor: Editor, project: Path) -> None:
    path = write(project / "src/app.py", "# coding: latin-1\nx = 'é'\n".encode("latin-1"))
    editor.open(path, "# coding: latin-1\nx = 'é'; print('é')\n")
    assert [finding.range for finding in editor.diagnostics(path)] == [at(1, 9, 19)]


def test_a_file_that_cannot_be_read_to_its_end_says_so_and_what_it_leaves_open(editor: Editor, project: Path) -> None:
    editor.open(project / "config.yaml", "host: [\n")
    (problem,) = editor.diagnostics(project / "config.yaml")
    assert problem.code == "undecided"
    assert "ours:keys-are-set" in problem.message
    assert problem.severity == types.DiagnosticSeverity.Warning


def test_a_finding_without_a_place_stands_in_the_configuration(editor: Editor, project: Path) -> None:
    policy = (
        "\n---\nid: has-readme\ntitle: It has a README\nrequire: {files: README.md}\nmessage: no README.md\nremedy: x\n"
    )
    path = project / "ours/policies/all.yaml"
    editor.open(path, path.read_text() + policy)
    assert editor.messages(project / "polcheck.yaml") == ["no README.md"]


def test_an_unsaved_policy_counts(editor: Editor, project: Path) -> None:
    path = project / "ours/policies/all.yaml"
    editor.open(path, path.read_text().replace("{use: prints}", "{files: 'src/*.py', pattern: 'cfg[...]'}"))
    assert editor.messages(project / "src/app.py") == ["`src/app.py` prints"]


def test_a_policy_that_changes_on_disk_is_taken_up(editor: Editor, project: Path) -> None:
    path = project / "ours/policies/all.yaml"
    write(path, path.read_text().replace("{use: prints}", "{files: 'src/*.py', pattern: 'cfg[...]'}"))
    editor.changed_on_disk(path)
    assert editor.messages(project / "src/app.py") == ["`src/app.py` prints"]


def test_a_configuration_that_cannot_be_used_is_shown_and_findings_stay(editor: Editor, project: Path) -> None:
    source, config = project / "src/app.py", project / "polcheck.yaml"
    editor.open(source, "print(1)\n")
    editor.messages(source)
    editor.open(config, "packs: [./ours]\nignore: [no-prnt]\n")
    (problem,) = editor.diagnostics(config)
    assert problem.message.startswith("no pack of the run has")
    assert problem.range.start.line == 1
    assert editor.published[source.as_uri()] != []
    editor.type(config, "packs: [./ours]\nignore: [no-print]\n")
    assert editor.diagnostics(config, lambda shown: not shown) == []
    assert editor.messages(source, lambda shown: not shown) == []


def test_several_workspace_folders_are_projects_of_their_own(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write(other / "polcheck.yaml", "packs: [./p]\n")
    write(other / "p/pack.yaml", "name: p\nversion: 1.0.0\n")
    write(other / "p/policies/a.yaml", "id: a\ntitle: t\nforbid: {files: bad.txt}\nmessage: bad\n")
    write(other / "bad.txt", "x")
    write(project / "src/app.py", "print(1)\n")
    editor = Editor(project, other)
    assert editor.messages(other / "bad.txt") == ["bad"]
    assert editor.messages(project / "src/app.py") == ["`src/app.py` prints"]
    editor.quit()


def test_a_folder_that_is_removed_from_the_workspace_shows_nothing_any_more(editor: Editor, project: Path) -> None:
    path = project / "src/app.py"
    editor.open(path, "print(1)\n")
    editor.messages(path)
    folder = types.WorkspaceFolder(project.as_uri(), "shop")
    editor.change_folders(removed=[folder])
    assert editor.diagnostics(path, lambda shown: not shown) == []
    editor.change_folders(added=[folder])
    write(path, "print(1)\n")
    assert editor.messages(path) == ["`src/app.py` prints"]


def test_a_crash_of_one_check_is_logged_and_the_next_one_runs(project: Path) -> None:
    write(project / "sitecustomize.py", CRASH)
    environment = {**os.environ, "PYTHONPATH": str(project)}
    editor = Editor(project, env=environment)
    path = project / "src/app.py"
    editor.open(path, "print(1)  # crash\n")
    editor.until(lambda: any("it crashed" in line for line in editor.log), shown=lambda: editor.published)
    editor.type(path, "print(1)\n")
    assert editor.messages(path) == ["`src/app.py` prints"]
    editor.quit()


CRASH = """\
from polcheck.project.session import Session

check, overlay = Session.check, Session.overlay
texts = []

def overlaying(self, files):
    texts[:] = files.values()
    return overlay(self, files)

def crashing(self, *arguments, **options):
    if any(b"crash" in text for text in texts):
        raise RuntimeError("it crashed")
    return check(self, *arguments, **options)

Session.check, Session.overlay = crashing, overlaying
"""


def test_the_server_ends_when_its_input_ends(project: Path) -> None:
    server = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert server.stdin
    server.stdin.close()
    assert server.wait(30) == 1


def test_the_server_ends_when_its_client_dies(project: Path) -> None:
    client = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    editor = Editor(project, process_id=client.pid)
    client.send_signal(signal.SIGKILL)
    client.wait()
    assert editor.ended() == 1
