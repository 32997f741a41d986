"""The server on standard input and output: which request is answered by what."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Generator
from typing import Any, BinaryIO, cast

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method

from polcheck.base.confinement import confine
from polcheck.base.errors import PolcheckError
from polcheck.base.version import VERSION
from polcheck.servers.lsp import pulled, replies
from polcheck.servers.lsp.roots import Roots
from polcheck.servers.lsp.workbench import Workbench

_ALIVE_EVERY = 5.0  # seconds between two looks at whether the client is still there
_TRIGGERS = ": ({[.@$#/-"
_LAST = 3.0  # seconds that checks have to end in, once the client is gone


class _Protocol(LanguageServerProtocol):
    """The protocol without pygls' own copy of open documents.

    NOTE: it takes form feeds and other characters for ends of lines, which the protocol doesn't: a change behind one
    would be made in the wrong place.
    """

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Generator[Any, Any, None]:
        """Hand a change to the feature of that name."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE], (params,), None


class Server(LanguageServer):
    """The language server of polcheck, for one client."""

    workbench: Workbench

    def __init__(self) -> None:
        super().__init__(
            "polcheck", VERSION, types.TextDocumentSyncKind.Incremental, protocol_cls=_Protocol, max_workers=4
        )
        self.asked_to_end = False
        self.watching: asyncio.Task[None] | None = None

    def publish(self, uri: str, version: int | None, diagnostics: list[types.Diagnostic]) -> None:
        """Show the diagnostics of a file at the client."""
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics, version))

    def refresh(self) -> None:
        """Have the client ask for diagnostics again."""
        self.workspace_diagnostic_refresh(None)

    def log(self, message: str, kind: types.MessageType) -> None:
        """Write a line into the client's log."""
        self.window_log_message(types.LogMessageParams(kind, message))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Write an error of the server into the client's log, not into a window that pops up while somebody types."""
        self.log(f"{source.__name__}: {error}", types.MessageType.Error)


def make_server() -> Server:
    """Return a server with all that it answers."""
    server = Server()

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        folders = [folder.uri for folder in params.workspace_folders or ()]
        if not folders and (params.root_uri or params.root_path):
            folders = [params.root_uri or f"file://{params.root_path}"]
        document = params.capabilities.text_document
        publishing = document.publish_diagnostics if document else None
        server.workbench = Workbench(
            server,
            Roots.of(folders),
            str(getattr(server.workspace.position_encoding, "value", server.workspace.position_encoding)),
            related=bool(publishing and publishing.related_information),
            pulled=_pulls(params.capabilities),
        )
        if params.process_id is not None and _is_alive(params.process_id):
            server.watching = asyncio.get_running_loop().create_task(_watch(params.process_id))

    @server.feature(types.INITIALIZED)
    async def initialized(_params: types.InitializedParams) -> None:
        server.workbench.begin()
        await _watch_files(server)

    @server.feature(types.SHUTDOWN)
    async def shutdown(_params: None) -> None:
        server.asked_to_end = True
        await server.workbench.end()

    @server.feature(types.EXIT)
    def leave(_params: None) -> None:
        _end_soon()

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        server.workbench.open(document.uri, document.text, document.version)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        document = params.text_document
        server.workbench.change(document.uri, document.version, params.content_changes)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        server.workbench.close(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        server.workbench.files_changed([params.text_document.uri])

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def files_changed(params: types.DidChangeWatchedFilesParams) -> None:
        server.workbench.files_changed(change.uri for change in params.changes)

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders_changed(_params: types.DidChangeWorkspaceFoldersParams) -> None:
        server.workbench.set_folders(Roots.of(folder.uri for folder in server.workspace.folders.values()))

    pulling = types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=True, identifier="polcheck")

    @server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, pulling)
    async def diagnostic(params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        return await pulled.of_document(server.workbench, params)

    @server.feature(types.WORKSPACE_DIAGNOSTIC)
    async def workspace_diagnostic(params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
        return await pulled.of_workspace(server.workbench, params)

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=list(_TRIGGERS)))
    async def completion(params: types.CompletionParams) -> types.CompletionList | None:
        return await replies.complete(server.workbench, params.text_document.uri, params.position)

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    async def definition(params: types.DefinitionParams) -> types.Location | None:
        return await replies.definition(server.workbench, params.text_document.uri, params.position)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(params: types.HoverParams) -> types.Hover | None:
        return await replies.hover(server.workbench, params.text_document.uri, params.position)

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions([types.CodeActionKind.QuickFix, replies.FIX_ALL])
    )
    async def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        return await replies.code_actions(server.workbench, params)

    @server.command(replies.WAIVE)
    async def waive(*arguments: str) -> None:
        await _waive(server, *map(str, [*arguments, "", "", "", ""][:4]))

    @server.command(replies.FIX)
    async def fix(*arguments: str) -> None:
        project, fingerprint, *_ = map(str, [*arguments, "", ""])
        try:
            edit = await replies.fix(server.workbench, project, fingerprint)
        except PolcheckError as error:
            server.window_show_message(types.ShowMessageParams(types.MessageType.Warning, str(error)))
            return
        await _apply(server, edit, "Fix")

    return server


def _pulls(capabilities: types.ClientCapabilities) -> bool:
    """Return whether a client asks for diagnostics, and can be told when there are others."""
    document, workspace = capabilities.text_document, capabilities.workspace
    asks = document is not None and document.diagnostic is not None
    refreshed = workspace.diagnostics if workspace else None
    return asks and refreshed is not None and bool(refreshed.refresh_support)


async def _apply(server: Server, edit: types.WorkspaceEdit, label: str) -> bool:
    """Have the client make an edit; whether it did. Clients without versions of documents get plain changes."""
    workspace = server.client_capabilities.workspace
    able = workspace.workspace_edit if workspace else None
    changes = edit.document_changes or ()
    edits = [change for change in changes if isinstance(change, types.TextDocumentEdit)]
    if not (able and able.document_changes):
        plain = {
            change.text_document.uri: [one for one in change.edits if isinstance(one, types.TextEdit)]
            for change in edits
        }
        edit = types.WorkspaceEdit(changes=plain)
    elif len(edits) < len(changes) and types.ResourceOperationKind.Create not in (able.resource_operations or ()):
        edit = types.WorkspaceEdit(document_changes=edits)
    result = await server.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit, label))
    return result.applied


async def _waive(server: Server, project: str, policy: str, path: str, reason: str) -> None:
    """Have the client write a waiver into the configuration, and show the place of its reason."""
    try:
        edit = await replies.waive(server.workbench, project, policy, path, reason)
    except PolcheckError as error:
        server.window_show_message(types.ShowMessageParams(types.MessageType.Error, str(error)))
        return
    window = server.client_capabilities.window
    if not await _apply(server, edit, f"Waive {policy}") or not (
        window and window.show_document and window.show_document.support
    ):
        return
    (change,) = edit.document_changes or ()
    if isinstance(change, types.TextDocumentEdit) and isinstance(change.edits[0], types.TextEdit):
        inserted = change.edits[0]
        place = replies.reason_at(inserted, inserted.range.start, server.workbench.encoding)
        show = types.ShowDocumentParams(change.text_document.uri, take_focus=True, selection=place)
        await server.window_show_document_async(show)


async def _watch_files(server: Server) -> None:
    """Ask the client to tell what changes on disk, where it can be asked."""
    workspace = server.client_capabilities.workspace
    watching = workspace.did_change_watched_files if workspace else None
    if not watching or not watching.dynamic_registration:
        return
    options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/*")])
    registration = types.Registration("files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
    await server.client_register_capability_async(types.RegistrationParams([registration]))


async def _watch(client: int) -> None:
    """End this process when the client's is gone without having said so.

    NOTE: one that can't be seen from here, such as outside of this container, is not watched: its input will end.
    """
    while _is_alive(client):
        await asyncio.sleep(_ALIVE_EVERY)
    os._exit(1)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def serve(stdin: BinaryIO, stdout: BinaryIO) -> int:
    """Serve one client until it says goodbye or its input ends; the exit status that the protocol wants.

    It is 0 after `shutdown` and 1 without.
    """
    server = make_server()
    try:
        server.start_io(stdin, stdout)
    finally:
        confine(None)
    return 0 if server.asked_to_end else 1


class _Input:
    """A client's messages; `ended` is called when there are no more."""

    def __init__(self, stream: BinaryIO, ended: Callable[[], None]) -> None:
        self._stream = stream
        self._ended = ended

    def readline(self) -> bytes:
        """Return the next line; empty at the end."""
        return self._seen(self._stream.readline())

    def read(self, count: int) -> bytes:
        """Return so many bytes, or what is left."""
        return self._seen(self._stream.read(count))

    def _seen(self, data: bytes) -> bytes:
        if not data:
            self._ended()
        return data


def run() -> int:
    """Serve the client at standard input and output. Nothing else gets there: what prints, prints to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return serve(cast("BinaryIO", _Input(sys.stdin.buffer, _end_soon)), answers)


def _end_soon() -> None:
    """End the process of a client that is gone, even where a check can't be stopped."""
    timer = threading.Timer(_LAST, os._exit, (1,))
    timer.daemon = True
    timer.start()
