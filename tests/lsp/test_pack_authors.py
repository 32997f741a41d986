"""What authors of packs see in an editor, over a real server's pipes."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from lsp.client import Editor, edited
from lsp.conftest import PACK, POLICIES, write
from polcheck.servers.lsp.code_units import Lines


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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id: a\nti|\n", {"title": "title: "}),
        ("id: a\nfor:\n  files: x\n  pat|\n", {"pattern": "pattern: ", "where": "where: "}),
        ("id: a\nfor: {files: x, pat|\nrequire: {files: y}\n", {"pattern": "pattern: "}),
        ("id: a\nseverity: |\n", {"error": "error", "note": "note"}),
        ("id: a\nfor: {use: |}\n", {"prints": "prints", "python/import": "python/import"}),
        ("id: a\nfor: {use: python/im|}\n", {"python/import": "python/import"}),
        ("id: a\nfor: {files: 'src/{mod}.py', pattern: f($x)}\nforbid: subject\nmessage: 'a {{ |'", {"mod": "mod"}),
        ("id: a\nfor:\n - {data: x, as: key}\n - {where: 'ke|'}\n", {"$key": "$key", "keys": "keys("}),
        ("id: a\nfor: {data: 'values(x)[].ent|'}\n", {"entries": "entries("}),
        ("id: a\nfor:\n  files: '*.py'\n  code: '(cal|'\n", {"call": "call"}),
        ("id: a\nfor:\n  code: |-\n    (call func\0\nforbid: subject\n", {"function": "function: "}),
        ("id: a\nfor:\n  files: '*.toml'\n  code: '(bare_k|'\n", {"bare_key": "bare_key"}),
        ("id: a\nfor: {files: '*.x', language: tom|}\n", {"toml": "toml"}),
        ("id: a\nfor: {data: x, as: jobs}\nrequire: {in: |}\n", {"jobs": "jobs"}),
    ],
)
def test_completion_knows_what_can_stand_at_a_place(
    editor: Editor, project: Path, text: str, words: dict[str, str]
) -> None:
    offered = editor.complete(project / "ours/policies/all.yaml", text)
    assert {label: edit.new_text for label, edit in offered.items() if label in words} == words


def test_what_is_there_already_is_not_offered(editor: Editor, project: Path) -> None:
    offered = editor.complete(project / "ours/policies/all.yaml", "id: a\n|\ntitle: x\n")
    assert "title" not in offered
    assert "message" in offered


def test_a_key_that_the_version_of_the_pack_does_not_have_is_not_offered(editor: Editor, project: Path) -> None:
    editor.open(project / "ours/pack.yaml", PACK + "language: 1\n")
    path = project / "ours/policies/all.yaml"
    assert {"constant", "closure", "pattern"} & editor.complete(path, "for:\n  |\n").keys() == {"pattern"}


def test_completion_takes_the_place_of_what_is_typed(editor: Editor, project: Path) -> None:
    text = "id: a\nfor: {files: '\U0001f600', use: pri|}\n"
    path = project / "ours/policies/all.yaml"
    before, _, after = text.partition("|")
    editor.open(path, before + after)
    position = Lines(before).position(len(before))
    result = editor.call(
        "text_document_completion", types.CompletionParams(types.TextDocumentIdentifier(path.as_uri()), position)
    )
    edit = next(item.text_edit for item in result.items if item.label == "prints")
    assert edited(before + after, [edit]) == text.replace("pri|", "prints")


def test_completion_knows_the_outcomes_and_policies_of_cases(editor: Editor, project: Path) -> None:
    path = project / "ours/tests/a.yaml"
    assert "no-print" in editor.complete(path, "case: a\nfiles: {a: b}\nexpect:\n  |\n")
    assert "undecided" in editor.complete(path, "case: a\nfiles: {a: b}\nexpect: {no-print: |}\n")


def test_completion_knows_the_policies_that_polcheck_yaml_can_name(editor: Editor, project: Path) -> None:
    assert "no-print" in editor.complete(project / "polcheck.yaml", "packs: [./ours]\nwaivers:\n  - policy: no|\n")
    assert "exclude" in editor.complete(project / "polcheck.yaml", "packs: [./ours]\nexc|\n")


def test_a_used_selector_leads_to_where_it_is_defined(editor: Editor, project: Path) -> None:
    text = POLICIES.replace("{use: prints}", "{use: pri|nts}")
    place = editor.define(project / "ours/policies/all.yaml", text)
    assert place is not None
    assert (place.uri, place.range.start) == ((project / "ours/pack.yaml").as_uri(), types.Position(3, 2))


def test_a_selector_of_polcheck_leads_to_its_definition(editor: Editor, project: Path) -> None:
    place = editor.define(project / "ours/policies/all.yaml", "id: a\nforbid: {use: python/imp|ort}\n")
    assert place is not None
    assert place.uri.endswith("polcheck/policy/builtin.yaml")


def test_hovering_a_selector_shows_what_it_matches_in_the_project(editor: Editor, project: Path) -> None:
    write(project / "src/b.py", "print(1)\nprint(2)\n")
    editor.open(project / "src/app.py", "print(3)\n")
    said = editor.hover(project / "ours/policies/all.yaml", POLICIES.replace("{use: prints}", "{u|se: prints}"))
    assert "**3 matches** in 2 files" in said
    assert "src/app.py:1:1" in said


def test_hovering_an_item_that_needs_others_takes_their_rows(editor: Editor, project: Path) -> None:
    subjects = "id: a\ntitle: y\nmessage: x\nfor: {files: config.yaml, data: host, as: it}\n"
    policy = subjects + "require: {in: it, te|xt: '(?P<a>.)'}\n"
    assert "**1 match**" in editor.hover(project / "ours/policies/all.yaml", policy)


def test_hovering_a_key_says_what_it_means(editor: Editor, project: Path) -> None:
    said = editor.hover(project / "ours/policies/all.yaml", POLICIES.replace("severity: warning", "sev|erity: warning"))
    assert "How bad a failure is" in said


def test_hovering_a_function_shows_its_signature(editor: Editor, project: Path) -> None:
    path = project / "ours/policies/all.yaml"
    said = editor.hover(path, POLICIES.replace("data: keys(@)", "data: ke|ys(@)"))
    assert "keys(object: object) -> array" in said
