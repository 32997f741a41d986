"""Fixes of findings as edits of the client's documents: each is tried before, as `polcheck run --fix` does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from lsprotocol import types
from msgspec.structs import replace

from polcheck.base.errors import PolcheckError
from polcheck.base.spans import Source
from polcheck.findings.report import Report
from polcheck.project.fixing import Fixed, Fixing
from polcheck.project.session import Session
from polcheck.servers.lsp.checked import lay_over, open_project
from polcheck.servers.lsp.code_units import Lines
from polcheck.servers.lsp.open_documents import Document, saved_bytes
from polcheck.servers.lsp.roots import uri_of

_MARK = "\ufeff"


class _Chosen:
    """A session whose reports have the fix of one finding only: other findings are as if they had none."""

    def __init__(self, session: Session, fingerprint: str) -> None:
        self._session = session
        self._fingerprint = fingerprint

    def overlay(self, files: Mapping[str, bytes | None]) -> None:
        """Lay files over those of the project."""
        self._session.overlay(files)

    def revert(self, paths: Iterable[str] | None = None) -> None:
        """Take files from the overlay."""
        self._session.revert(paths)

    def check(self, paths: Iterable[str] = ()) -> Report:
        """Return the report on the project with the overlay."""
        report = self._session.check(paths)
        findings = tuple(
            one if one.fingerprint == self._fingerprint else replace(one, fix=None) for one in report.findings
        )
        return replace(report, findings=findings)


def fix_one(folder: Path, fingerprint: str, documents: Mapping[Path, Document], encoding: str) -> types.WorkspaceEdit:
    """Return the edit that fixes one finding of the project in a folder.

    Raises PolcheckError that says why, where the finding is not there any more, or its fix can't be made or would make
    something worse.
    """
    with Session.over(partial(open_project, folder)) as session:
        lay_over(session, folder, documents, {})

        def content(path: str) -> bytes | None:
            document = documents.get(folder / path)
            return document.data if document is not None else saved_bytes(folder / path)

        protected = open_project(folder).protected
        chosen = _Chosen(session, fingerprint)
        fixed = Fixing(chosen, content, unsafe=True, protected=protected, root=str(folder)).run()
    if not fixed.changes:
        reasons = [reason for _, reason in fixed.refused]
        raise PolcheckError(f"not fixed: {reasons[0]}" if reasons else "the finding is not there any more")
    return _edit(fixed, folder, documents, encoding)


def fix_file(folder: Path, path: str, documents: Mapping[Path, Document], encoding: str) -> types.WorkspaceEdit | None:
    """Return the edit that makes every safe fix of the findings in a file of a project; None where there is none."""
    with Session.over(partial(open_project, folder)) as session:
        lay_over(session, folder, documents, {})
        fixed = session.fix([path])
    return _edit(fixed, folder, documents, encoding) if fixed.changes else None


def _edit(fixed: Fixed, folder: Path, documents: Mapping[Path, Document], encoding: str) -> types.WorkspaceEdit:
    """Return the changes of files as edits of the client's documents, which it has with or without saving them."""
    changes: list[types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile] = []
    for change in fixed.changes:
        path = folder / change.path
        document = documents.get(path)
        after = Source(change.path, change.after).text
        if document is not None:
            before = document.text
            after = (_MARK if before.startswith(_MARK) else "") + after
        else:
            before = Source(change.path, change.before).text if change.before is not None else ""
        uri = document.uri if document is not None else uri_of(path)
        if change.before is None and document is None:
            changes.append(types.CreateFile(uri))
        target = types.OptionalVersionedTextDocumentIdentifier(uri, document.version if document is not None else None)
        changes.append(types.TextDocumentEdit(target, [difference(Lines(before, encoding), after)]))
    return types.WorkspaceEdit(document_changes=changes)


def difference(before: Lines, after: str) -> types.TextEdit:
    """Return the one edit that makes `after` of a text: what lies between their common beginning and end."""
    text = before.text
    start = _common(text, after)
    rest = _common(text[start:][::-1], after[start:][::-1])
    span = types.Range(before.position(start), before.position(len(text) - rest))
    # NOTE: a position can't stand between the two characters of a line break
    begin, end = before.offset(span.start), before.offset(span.end)
    return types.TextEdit(span, after[begin : len(after) - (len(text) - end)])


def _common(one: str, other: str) -> int:
    """Return how many characters two strings begin with alike."""
    shorter = min(len(one), len(other))
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (left, right) in pairs if left != right), shorter)
