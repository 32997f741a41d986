"""A client of `polcheck lsp` for tests: pygls' own, over the pipes of a real process, without `async`."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from cattrs import Converter
from lsprotocol import types
from pygls.lsp.client import LanguageClient
from pygls.protocol import default_converter

from polcheck.servers.lsp.code_units import Lines

COMMAND = (sys.executable, "-m", "polcheck", "lsp")
SECONDS = 60.0
_Result = TypeVar("_Result")


class Editor:
    """An editor with some folders open. What the server sends is collected."""

    def __init__(
        self,
        *folders: Path,
        encodings: tuple[str, ...] = (),
        related: bool = True,
        pulls: bool = False,
        process_id: int | None = None,
        env: dict[str, str] | None = None,
    ) -> None:
        self.folders = folders
        self.published: dict[str, list[types.Diagnostic]] = {}
        self.versions: dict[str, int | None] = {}
        self.log: list[str] = []
        self.pulls = pulls
        self.refreshed = 0
        self.windows: list[str] = []
        self.applied: list[types.ApplyWorkspaceEditParams] = []
        self.visited: list[types.ShowDocumentParams] = []
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self.client = LanguageClient("tests", "1", converter_factory=_converter)
        self._listen()
        options: dict[str, Any] = {"env": env} if env else {}
        self._wait(self.client.start_io(*COMMAND, **options))
        self.capabilities = self._initialize(encodings, related=related, process_id=process_id).capabilities

    def _listen(self) -> None:
        def publish(params: types.PublishDiagnosticsParams) -> None:
            with self._changed:
                self.published[params.uri] = list(params.diagnostics)
                self.versions[params.uri] = params.version
                self._changed.notify_all()

        def log(params: types.LogMessageParams) -> None:
            with self._changed:
                self.log.append(params.message)
                self._changed.notify_all()

        def window(params: types.ShowMessageParams) -> None:
            with self._changed:
                self.windows.append(params.message)
                self._changed.notify_all()

        def apply(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            self.applied.append(params)
            return types.ApplyWorkspaceEditResult(applied=True)

        def show(params: types.ShowDocumentParams) -> types.ShowDocumentResult:
            self.visited.append(params)
            return types.ShowDocumentResult(success=True)

        def refresh(_params: None) -> None:
            with self._changed:
                self.refreshed += 1
                self._changed.notify_all()

        def register(_params: types.RegistrationParams) -> None:
            return None

        handlers: dict[str, Callable[[Any], object]] = {
            types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: publish,
            types.WINDOW_LOG_MESSAGE: log,
            types.WINDOW_SHOW_MESSAGE: window,
            types.WORKSPACE_APPLY_EDIT: apply,
            types.WINDOW_SHOW_DOCUMENT: show,
            types.CLIENT_REGISTER_CAPABILITY: register,
            types.WORKSPACE_DIAGNOSTIC_REFRESH: refresh,
        }
        for name, handler in handlers.items():
            self.client.feature(name)(handler)

    def _initialize(
        self, encodings: tuple[str, ...], *, related: bool, process_id: int | None
    ) -> types.InitializeResult:
        capabilities = types.ClientCapabilities(
            general=types.GeneralClientCapabilities(position_encodings=[*encodings]) if encodings else None,
            text_document=types.TextDocumentClientCapabilities(
                publish_diagnostics=types.PublishDiagnosticsClientCapabilities(
                    related_information=related, version_support=True
                ),
                code_action=types.CodeActionClientCapabilities(),
                diagnostic=types.DiagnosticClientCapabilities() if self.pulls else None,
            ),
            window=types.WindowClientCapabilities(show_document=types.ShowDocumentClientCapabilities(support=True)),
            workspace=types.WorkspaceClientCapabilities(
                apply_edit=True,
                workspace_edit=types.WorkspaceEditClientCapabilities(
                    document_changes=True, resource_operations=[types.ResourceOperationKind.Create]
                ),
                workspace_folders=True,
                diagnostics=types.DiagnosticWorkspaceClientCapabilities(refresh_support=True) if self.pulls else None,
                did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True),
            ),
        )
        folders = [types.WorkspaceFolder(folder.as_uri(), folder.name) for folder in self.folders]
        params = types.InitializeParams(capabilities, process_id=process_id, workspace_folders=folders)
        result = self._wait(self.client.initialize_async(params))
        self.client.initialized(types.InitializedParams())
        return result

    def call(self, name: str, params: object) -> Any:
        """Return the answer to a request, by the name of pygls' method without `_async`."""
        return self._wait(getattr(self.client, f"{name}_async")(params))

    def complete(self, path: Path, text: str) -> dict[str, types.TextEdit]:
        """Open a document with a `|` where the cursor is, and return what completion writes there, by label."""
        position = self._open_at(path, text)
        result = self.call("text_document_completion", types.CompletionParams(_document(path), position))
        return {item.label: item.text_edit for item in result.items} if result else {}

    def define(self, path: Path, text: str) -> types.Location | None:
        """Open a document with a `|` where the cursor is, and return where what stands there is defined."""
        position = self._open_at(path, text)
        result: types.Location | None = self.call(
            "text_document_definition", types.DefinitionParams(_document(path), position)
        )
        return result

    def hover(self, path: Path, text: str) -> str:
        """Open a document with a `|` where the cursor is, and return what is said there."""
        position = self._open_at(path, text)
        return self.hover_at(path, position)

    def hover_at(self, path: Path, position: types.Position) -> str:
        """Return what is said at a position of an open document."""
        result = self.call("text_document_hover", types.HoverParams(_document(path), position))
        return str(result.contents.value) if result else ""

    def actions(
        self, path: Path, diagnostics: list[types.Diagnostic], only: list[str] | None = None
    ) -> list[types.CodeAction]:
        """Return what can be done about some diagnostics of a document; `only` are the kinds that are asked for."""
        context = types.CodeActionContext(diagnostics, only)
        params = types.CodeActionParams(_document(path), diagnostics[0].range, context)
        return list(self.call("text_document_code_action", params))

    def run(self, command: types.Command) -> None:
        """Run a command of a code action."""
        params = types.ExecuteCommandParams(command.command, command.arguments)
        self.call("workspace_execute_command", params)

    def _open_at(self, path: Path, text: str) -> types.Position:
        before, _, after = text.partition("\0" if "\0" in text else "|")
        self.open(path, before + after)
        return types.Position(before.count("\n"), len(before) - (before.rfind("\n") + 1))

    def open(self, path: Path, text: str | None = None, version: int = 1) -> None:
        """Open a document, with the text on disk unless another is given."""
        shown = path.read_bytes().decode() if text is None else text
        item = types.TextDocumentItem(path.as_uri(), "text", version, shown)
        self._do(lambda: self.client.text_document_did_open(types.DidOpenTextDocumentParams(item)))

    def type(self, path: Path, text: str, version: int = 2, at: types.Range | None = None) -> None:
        """Replace a stretch of a document, or all of it."""
        change: types.TextDocumentContentChangeEvent = (
            types.TextDocumentContentChangePartial(at, text)
            if at
            else types.TextDocumentContentChangeWholeDocument(text)
        )
        item = types.VersionedTextDocumentIdentifier(version, path.as_uri())
        self._do(lambda: self.client.text_document_did_change(types.DidChangeTextDocumentParams(item, [change])))

    def close(self, path: Path) -> None:
        """Close a document."""
        item = types.TextDocumentIdentifier(path.as_uri())
        self._do(lambda: self.client.text_document_did_close(types.DidCloseTextDocumentParams(item)))

    def changed_on_disk(self, *paths: Path) -> None:
        """Tell the server of changes on disk."""
        events = [types.FileEvent(path.as_uri(), types.FileChangeType.Changed) for path in paths]
        self._do(lambda: self.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(events)))

    def change_folders(
        self, added: Sequence[types.WorkspaceFolder] = (), removed: Sequence[types.WorkspaceFolder] = ()
    ) -> None:
        """Add and remove folders of the workspace."""
        event = types.WorkspaceFoldersChangeEvent([*added], [*removed])
        params = types.DidChangeWorkspaceFoldersParams(event)
        self._do(lambda: self.client.workspace_did_change_workspace_folders(params))

    def diagnostics(
        self, path: Path, wanted: Callable[[list[types.Diagnostic]], bool] = bool, seconds: float = SECONDS
    ) -> list[types.Diagnostic]:
        """Return the diagnostics of a file as soon as they are such as are wanted; by default, as there are some."""
        uri = path.as_uri()
        self.until(lambda: uri in self.published and wanted(self.published[uri]), seconds, lambda: self.published)
        return self.published[uri]

    def messages(self, path: Path, wanted: Callable[[list[str]], bool] = bool) -> list[str]:
        """Return the first lines of the diagnostics of a file, as soon as they are such as are wanted."""
        return _firsts(self.diagnostics(path, lambda shown: wanted(_firsts(shown))))

    def until(self, holds: Callable[[], bool], seconds: float = SECONDS, shown: Callable[[], object] = str) -> None:
        """Wait until something holds that depends on what the server sends."""
        end = time.monotonic() + seconds
        with self._changed:
            while not holds():
                left = end - time.monotonic()
                assert left > 0, f"not within {seconds} seconds: {shown()}; log: {self.log}"
                self._changed.wait(left)

    def quit(self) -> int:
        """Say goodbye and return the server's exit status."""
        self._wait(self.client.shutdown_async(None))
        self._do(lambda: self.client.exit(None))
        return self.ended()

    def ended(self) -> int:
        """Return the server's exit status once it has ended."""
        process = self.client._server
        assert process is not None
        status = self._wait(process.wait())
        self._loop.call_soon_threadsafe(self._loop.stop)
        return status

    def _do(self, send: Callable[[], None]) -> None:
        async def sent() -> None:
            send()

        self._wait(sent())

    def _wait(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(SECONDS)


def _converter() -> Converter:
    """Return pygls' converter of messages, with one fault fixed: it takes an action with a command for a command."""
    converter: Converter = default_converter()  # type: ignore[no-untyped-call]
    converter.register_structure_hook(
        types.Command | types.CodeAction,
        lambda value, _: converter.structure(
            value, types.Command if isinstance(value.get("command"), str) else types.CodeAction
        ),
    )
    return converter


def _document(path: Path) -> types.TextDocumentIdentifier:
    return types.TextDocumentIdentifier(path.as_uri())


def edited(text: str, edits: Sequence[Any]) -> str:
    """Return a text after the edits of a client, which counts in UTF-16."""
    lines = Lines(text)
    for edit in sorted(edits, key=lambda edit: (edit.range.start.line, edit.range.start.character), reverse=True):
        start, end = lines.offset(edit.range.start), lines.offset(edit.range.end)
        text = text[:start] + edit.new_text + text[end:]
    return text


def _firsts(diagnostics: list[types.Diagnostic]) -> list[str]:
    return [diagnostic.message.split("\n")[0] for diagnostic in diagnostics]
