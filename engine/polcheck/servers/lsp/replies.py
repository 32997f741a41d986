"""What the server answers to requests at a place in a document."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from lsprotocol import types

from polcheck.authoring.reference.policy_text import described
from polcheck.base.errors import PolcheckError
from polcheck.base.overlay import Overlay, lying_over, overlay
from polcheck.project.config import read_config_in
from polcheck.project.edit import with_waiver
from polcheck.render.escape import fence
from polcheck.servers.lsp import author_help
from polcheck.servers.lsp.authored import AuthoredPack, kind_of
from polcheck.servers.lsp.checked import open_project, project_folders
from polcheck.servers.lsp.code_units import Lines
from polcheck.servers.lsp.completion import PackWords
from polcheck.servers.lsp.diagnostics import SOURCE
from polcheck.servers.lsp.fix_actions import difference, fix_file, fix_one
from polcheck.servers.lsp.open_documents import Document
from polcheck.servers.lsp.roots import Roots, uri_of
from polcheck.servers.lsp.workbench import Workbench
from polcheck.sources.submission import Submission
from polcheck.sources.target import read_submission

FIX, WAIVE = "polcheck.fix", "polcheck.waive"  # commands
FIX_ALL = "source.fixAll.polcheck"  # the kind of the action that makes all safe fixes
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


async def code_actions(bench: Workbench, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Return what can be done about the findings in a range or, where the client asks for that only, in the file."""
    document = bench.document(params.text_document.uri)
    if document is None:
        return []
    only = params.context.only
    actions: list[types.CodeAction] = []
    if only is None or _is_wanted(types.CodeActionKind.QuickFix, only):
        shown = bench.publisher.shown(document.path)
        for one in params.context.diagnostics or [one for one in shown if _touches(one.range, params.range)]:
            actions += _quick_fixes(bench, one if one.data is not None else _as_shown(one, shown))
    if only is not None and _is_wanted(FIX_ALL, only):
        actions += await _fix_all(bench, document)
    return actions


def _as_shown(diagnostic: types.Diagnostic, shown: Sequence[types.Diagnostic]) -> types.Diagnostic:
    """Return the diagnostic as it was sent, for clients that don't send back its data."""
    key = (diagnostic.range, diagnostic.code, diagnostic.message)
    return next((one for one in shown if (one.range, one.code, one.message) == key), diagnostic)


def _touches(one: types.Range, other: types.Range) -> bool:
    """Return whether two ranges have a position in common."""
    return one.start <= other.end and other.start <= one.end


def _is_wanted(kind: str, only: Sequence[str]) -> bool:
    """Return whether a kind of action is one of those that are asked for, or of a kind below one."""
    names = [str(getattr(one, "value", one)) for one in only]
    text = str(getattr(kind, "value", kind))
    return any(text == name or text.startswith(f"{name}.") for name in names)


def _quick_fixes(bench: Workbench, diagnostic: types.Diagnostic) -> Iterator[types.CodeAction]:
    data = diagnostic.data
    if (
        diagnostic.source != SOURCE
        or not isinstance(data, dict)
        or Path(str(data.get("project"))) not in bench.projects
    ):
        return
    where = f" in {data['path']}" if data["path"] else ""
    todo: list[tuple[str, str, list[Any]]] = []
    if data.get("fix"):
        todo.append((f"Fix: {data['fix']}", FIX, [data["project"], data["fingerprint"]]))
    title = f"Waive {data['policy']}{where}, with a reason"
    todo.append((title, WAIVE, [data["project"], data["policy"], data["path"]]))
    for title, command, arguments in todo:
        yield types.CodeAction(
            title=title,
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[diagnostic],
            is_preferred=command == FIX or None,
            command=types.Command(title, command, arguments=arguments),
        )


async def _fix_all(bench: Workbench, document: Document) -> list[types.CodeAction]:
    """Return the action that makes every safe fix in a document; none where there is nothing to fix."""
    actions: list[types.CodeAction] = []
    with bench.unsaved():
        for folder in bench.projects:
            if not document.path.is_relative_to(folder):
                continue
            path = document.path.relative_to(folder).as_posix()
            try:
                edit = await asyncio.to_thread(fix_file, folder, path, dict(bench.documents), bench.encoding)
            except PolcheckError:
                continue  # NOTE: a project that can't be checked shows why
            if edit is not None:
                actions.append(types.CodeAction("Fix all that is safe to fix", kind=FIX_ALL, edit=edit))
    return actions


async def fix(bench: Workbench, project: str, fingerprint: str) -> types.WorkspaceEdit:
    """Return the edit that fixes a finding of a project, tried before. Raises PolcheckError where it isn't fixed."""
    folder = Path(project)
    if folder not in bench.projects:
        raise PolcheckError(f"{project} is no project of the workspace")
    with bench.unsaved():
        return await asyncio.to_thread(fix_one, folder, fingerprint, dict(bench.documents), bench.encoding)


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
    change = difference(Lines(before, encoding), mark + edited)
    identifier = types.OptionalVersionedTextDocumentIdentifier(
        document.uri if document is not None else uri_of(folder / target.name),
        document.version if document is not None else None,
    )
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(identifier, [change])])


def _rule(folder: Path, name: str) -> str:
    """Return what `polcheck rule` says of a policy of a project, in Markdown."""
    project = open_project(folder)
    for policy in project.checker.plan.policies:
        if policy.ref == name:
            files = next(pack for pack in project.packs if pack.name == policy.pack)
            return "\n".join(fence(described(files, policy), "text"))
    return ""


def _config_words(folder: Path) -> PackWords:
    """Return the words of a project's packs: as it is typed or, where that can't be used yet, as it was saved."""
    for files in (overlay(), None):
        with lying_over(files or Overlay({})), suppress(PolcheckError):
            return PackWords(policies=tuple(sorted(open_project(folder).policies)))
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
