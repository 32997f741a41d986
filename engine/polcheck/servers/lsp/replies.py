"""What the server answers to requests at a place in a document."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types

from polcheck.authoring.reference.policy_text import described
from polcheck.base.errors import PolcheckError
from polcheck.project.config import read_config_in
from polcheck.project.edit import with_waiver
from polcheck.render.escape import fence
from polcheck.servers.lsp import author_help
from polcheck.servers.lsp.authored import AuthoredPack, kind_of
from polcheck.servers.lsp.checked import open_project, project_folders
from polcheck.servers.lsp.code_units import Lines
from polcheck.servers.lsp.completion import PackWords
from polcheck.servers.lsp.diagnostics import SOURCE
from polcheck.servers.lsp.open_documents import Document
from polcheck.servers.lsp.roots import Roots, uri_of
from polcheck.servers.lsp.workbench import Workbench
from polcheck.sources.submission import Submission
from polcheck.sources.target import read_submission

WAIVE = "polcheck.waive"
_CONFIG = "polcheck.yaml"
_MARK = "\ufeff"


async def complete(bench: Workbench, uri: str, position: types.Position) -> types.CompletionList | None:
    """Return what may be written at a position; None outside of what packs and configurations are written in."""
    document = bench.document(uri)
    if document is None:
        return None
    pack = await bench.pack_of(document)
    kind = _kind(document, pack)
    if not kind:
        return None

    def work() -> types.CompletionList:
        words = _config_words(document.path.parent) if kind == "config" else author_help.words_of(pack)
        return author_help.complete(document.lines, position, kind, words)

    with bench.unsaved():
        return await asyncio.to_thread(work)


async def definition(bench: Workbench, uri: str, position: types.Position) -> types.Location | None:
    """Return where the name at a position of a file of a pack is defined."""
    document = bench.document(uri)
    pack = await bench.pack_of(document) if document is not None else None
    if document is None or pack is None:
        return None
    name = document.path.relative_to(pack.folder).as_posix()
    found = await asyncio.to_thread(author_help.definition, pack, name, _offset(document, position))
    return types.Location(uri_of(found.path), found.range) if found is not None else None


async def hover(bench: Workbench, uri: str, position: types.Position) -> types.Hover | None:
    """Return what the policies of the findings at a position ask for, or help for the author of a pack."""
    document = bench.document(uri)
    if document is None:
        return None
    shown = [
        one for one in bench.publisher.shown(document.path) if one.source == SOURCE and _holds(one.range, position)
    ]
    asked = {(Path(one.data["project"]), str(one.code)) for one in shown if isinstance(one.data, dict)}
    pack = await bench.pack_of(document) if not asked else None

    def work() -> str:
        if asked:
            return "\n\n---\n\n".join(_rule(folder, name) for folder, name in sorted(asked))
        kind = _kind(document, pack)
        if pack is None or not kind:
            return ""
        name = document.path.relative_to(pack.folder).as_posix()
        submission = lambda: _submission(pack.folder, bench.roots)  # noqa: E731
        return author_help.hover(pack, name, _offset(document, position), kind, submission)

    with bench.unsaved():
        text = await asyncio.to_thread(work)
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text)) if text else None


def code_actions(bench: Workbench, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Return what can be done about the findings in a range."""
    document = bench.document(params.text_document.uri)
    if document is None:
        return []
    actions: list[types.CodeAction] = []
    for one in params.context.diagnostics:
        data = one.data
        if one.source != SOURCE or not isinstance(data, dict) or Path(str(data.get("project"))) not in bench.projects:
            continue
        where = f" in {data['path']}" if data["path"] else ""
        arguments: list[Any] = [data["project"], data["policy"], data["path"]]
        actions.append(
            types.CodeAction(
                title=f"Waive {data['policy']}{where}, with a reason",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[one],
                command=types.Command("Waive", WAIVE, arguments=arguments),
            )
        )
    return actions


async def waive(bench: Workbench, project: str, policy: str, path: str, reason: str = "") -> types.WorkspaceEdit:
    """Return the edit of a project's configuration that waives a policy in a file, or in all of them, and select the
    place of the reason where none is given.

    Raises PolcheckError where the configuration can't be changed so.
    """
    folder = Path(project)
    if folder not in bench.projects:
        raise PolcheckError(f"{project} is no project of the workspace")
    with bench.unsaved():
        return await asyncio.to_thread(_waiver, folder, policy, path, reason, dict(bench.documents), bench.encoding)


def reason_at(edit: types.TextEdit, start: types.Position, encoding: str) -> types.Range | None:
    """Return where an inserted waiver has its empty reason, in the text after the edit."""
    offset = next((edit.new_text.find(text) for text in ('reason: ""', 'reason = ""') if text in edit.new_text), -1)
    if offset < 0:
        return None
    lines = Lines(edit.new_text, encoding)
    place = lines.position(edit.new_text.index('""', offset) + 1)
    column = place.character + (start.character if place.line == 0 else 0)
    position = types.Position(start.line + place.line, column)
    return types.Range(position, position)


def _waiver(
    folder: Path, policy: str, path: str, reason: str, documents: Mapping[Path, Document], encoding: str
) -> types.WorkspaceEdit:
    config = read_config_in(str(folder))
    if config is None:
        raise PolcheckError("there is no polcheck.yaml to write into: `polcheck init` makes one")
    fields: dict[str, Any] = {"policy": policy}
    if path:
        fields["files"] = [open_project(folder).pattern(str(folder / path))]
    edited = with_waiver(config, {**fields, "reason": reason.strip()})
    target = Path(os.path.abspath(config.path))  # noqa: PTH100 - as people see it from the working directory
    document = documents.get(folder / target.name)
    before = document.text if document is not None else config.origin.source.text
    mark = _MARK if before.startswith(_MARK) else ""
    if "\r\n" in before:  # the lines that were added end as the others do
        edited = edited.replace("\r\n", "\n").replace("\n", "\r\n")
    change = _difference(Lines(before, encoding), mark + edited)
    identifier = types.OptionalVersionedTextDocumentIdentifier(
        document.uri if document is not None else uri_of(folder / target.name),
        document.version if document is not None else None,
    )
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(identifier, [change])])


def _difference(before: Lines, after: str) -> types.TextEdit:
    """Return the one edit that makes `after` of a text: what lies between their common beginning and end."""
    text = before.text
    start = _common(text, after)
    rest = _common(text[start:][::-1], after[start:][::-1])
    span = types.Range(before.position(start), before.position(len(text) - rest))
    return types.TextEdit(span, after[start : len(after) - rest])


def _common(one: str, other: str) -> int:
    """Return how many characters two strings begin with alike."""
    return next(
        (index for index, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]),
        min(len(one), len(other)),
    )


def _rule(folder: Path, name: str) -> str:
    """Return what `polcheck rule` says of a policy of a project, in Markdown."""
    project = open_project(folder)
    for policy in project.checker.plan.policies:
        if policy.ref == name:
            files = next(pack for pack in project.packs if pack.name == policy.pack)
            return "\n".join(fence(described(files, policy), "text"))
    return ""


def _config_words(folder: Path) -> PackWords:
    """Return the words of a project's packs, as far as they can be used."""
    try:
        return PackWords(policies=tuple(sorted(open_project(folder).policies)))
    except PolcheckError:
        return PackWords()


def _submission(folder: Path, roots: Roots) -> Submission:
    """Return the files that a selector of the pack in a folder is tried on: those of the project around it, else of the
    workspace folder.
    """
    around = next(iter(project_folders(folder / "x", roots)), None)
    if around is not None and read_config_in(str(around)) is not None:
        return open_project(around).read()
    root = roots.holding(folder)
    return read_submission(str(root or folder), project=True)


def _kind(document: Document, pack: AuthoredPack | None) -> str:
    if document.path.name == _CONFIG:
        return "config"
    return kind_of(document.path, pack.folder) if pack is not None else ""


def _offset(document: Document, position: types.Position) -> int:
    """Return the offset of a position in the text without its byte-order mark."""
    return max(document.lines.offset(position) - document.text.startswith(_MARK), 0)


def _holds(range_: types.Range, position: types.Position) -> bool:
    start, end = range_.start, range_.end
    here = (position.line, position.character)
    return (start.line, start.character) <= here <= (end.line, end.character)
