"""Diagnostics for clients that ask for them: of a document, or of the whole workspace.

They are those that other clients are sent, once every check is done that was asked for before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from lsprotocol import types

from polcheck.servers.lsp.roots import uri_of
from polcheck.servers.lsp.workbench import Workbench


async def of_document(bench: Workbench, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
    """Return the diagnostics of a document, or that they are those that the client has."""
    await bench.settled()
    path = bench.path(params.text_document.uri)
    items = bench.publisher.shown(path) if path is not None else []
    result_id = _id_of(items)
    if params.previous_result_id == result_id:
        return types.RelatedUnchangedDocumentDiagnosticReport(result_id)
    return types.RelatedFullDocumentDiagnosticReport(items, result_id=result_id)


async def of_workspace(bench: Workbench, params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
    """Return the diagnostics of every file that has some, or had some when the client asked before."""
    await bench.settled()
    before = {one.uri: one.value for one in params.previous_result_ids}
    now: dict[str, tuple[int | None, Sequence[types.Diagnostic]]] = dict.fromkeys(before, (None, ()))
    for path, items in bench.publisher.every().items():
        document = bench.documents.get(path)
        uri = document.uri if document else uri_of(path)
        now[uri] = (document.version if document else None, items)
    return types.WorkspaceDiagnosticReport(
        [
            types.WorkspaceUnchangedDocumentDiagnosticReport(uri, result_id, version)
            if before.get(uri) == (result_id := _id_of(items))
            else types.WorkspaceFullDocumentDiagnosticReport(uri, items, version, result_id=result_id)
            for uri, (version, items) in now.items()
        ]
    )


def _id_of(items: Sequence[types.Diagnostic]) -> str:
    """Return a name that is equal for equal diagnostics."""
    return hashlib.blake2b(repr(list(items)).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
