"""What a client has open, and the checks that follow from it: one for each project and each pack in the workspace."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from lsprotocol import types
from msgspec.structs import replace

from polcheck.base.confinement import confine
from polcheck.base.errors import PolcheckError, internal_error
from polcheck.base.store import store
from polcheck.packs.shipped import data_folder
from polcheck.servers.lsp.authored import AuthoredPack, pack_folder, problems_of
from polcheck.servers.lsp.background import Repeated
from polcheck.servers.lsp.diagnostics import Diagnostics, of_problem
from polcheck.servers.lsp.open_documents import Document
from polcheck.servers.lsp.publisher import Publisher
from polcheck.servers.lsp.roots import Roots, path_of, uri_of

PAUSE = 0.08  # seconds without a keystroke before a check begins


class Client(Protocol):
    """What the workbench tells the editor."""

    def publish(self, uri: str, version: int | None, diagnostics: list[types.Diagnostic]) -> None:
        """Show the diagnostics of a file, which are all that there are."""

    def log(self, message: str, kind: types.MessageType) -> None:
        """Write a line into the editor's log."""


class Workbench:
    """The state of one connection. All of it is used on the event loop; what takes long runs in threads."""

    def __init__(self, client: Client, roots: Roots, encoding: str, *, related: bool) -> None:
        self.client = client
        self.roots = roots
        self.encoding = encoding
        self.related = related
        self.documents: dict[Path, Document] = {}
        self.publisher = Publisher(self._publish)
        self._packs: dict[Path, Repeated] = {}
        self._logged: set[str] = set()
        self._confine()

    def open(self, uri: str, text: str, version: int | None) -> None:
        """Take the text of a document that the editor has opened."""
        path = self._path(uri)
        if path is not None:
            self._changed(Document(uri, path, text, version, self.encoding))

    def change(self, uri: str, version: int | None, changes: Iterable[types.TextDocumentContentChangeEvent]) -> None:
        """Take what was typed into an open document."""
        path = self._path(uri)
        document = self.documents.get(path) if path is not None else None
        if document is None:
            return
        for change in changes:
            document = replace(document, text=_edited(document, change), version=version)
        self._changed(document)

    def close(self, uri: str) -> None:
        """Go back to what is on disk."""
        path = self._path(uri)
        if path is not None and self.documents.pop(path, None) is not None:
            self._request(path)

    def files_changed(self, uris: Iterable[str]) -> None:
        """Take up what has changed on disk."""
        for path in {path for uri in uris if (path := self._path(uri)) is not None}:
            self._request(path)

    def set_folders(self, roots: Roots) -> None:
        """Take another set of workspace folders."""
        self.roots = roots
        self._confine()
        for path in [path for path in self.documents if roots.holding(path) is None]:
            del self.documents[path]
        for folder in [folder for folder in self._packs if roots.holding(folder) is None]:
            asyncio.ensure_future(self._packs.pop(folder).close())  # noqa: RUF006
            self.publisher.drop(("pack", folder))

    async def end(self) -> None:
        """Stop every check."""
        await asyncio.gather(*(repeated.close() for repeated in self._packs.values()))

    def document(self, uri: str) -> Document | None:
        """Return an open document of the workspace."""
        path = self._path(uri)
        return self.documents.get(path) if path is not None else None

    async def pack_of(self, document: Document) -> AuthoredPack | None:
        """Return the pack that a document belongs to, as it is now; None where there is none that can be read."""
        folder = pack_folder(document.path, self.roots)
        if folder is None:
            return None
        try:
            return await asyncio.to_thread(AuthoredPack.read, folder, self.roots, dict(self.documents), self.encoding)
        except PolcheckError:
            return None

    def log(self, message: str, kind: types.MessageType = types.MessageType.Log) -> None:
        """Write a line into the editor's log, unless it is there already."""
        if message not in self._logged:
            self._logged.add(message)
            self.client.log(message, kind)

    def _changed(self, document: Document) -> None:
        self.documents[document.path] = document
        self._request(document.path)

    def _request(self, path: Path) -> None:
        """Have everything checked again that may depend on a file."""
        folder = pack_folder(path, self.roots)
        if folder is not None:
            self._checking(folder).request()

    def _checking(self, folder: Path) -> Repeated:
        """Return the check of the pack in a folder, which begins when it is first asked for."""
        if folder not in self._packs:

            async def work(_cancel: threading.Event) -> None:
                documents = dict(self.documents)
                said = await asyncio.to_thread(_pack_diagnostics, folder, self.roots, documents, self.encoding)
                self.publisher.set(("pack", folder), said)

            self._packs[folder] = Repeated(work, self._failed(f"checking the pack in {folder}"), PAUSE)
        return self._packs[folder]

    def _failed(self, doing: str) -> Callable[[Exception], None]:
        return lambda error: self.client.log(internal_error(doing, error), types.MessageType.Error)

    def _publish(self, path: Path, diagnostics: list[types.Diagnostic]) -> None:
        document = self.documents.get(path)
        self.client.publish(
            document.uri if document else uri_of(path), document.version if document else None, diagnostics
        )

    def _path(self, uri: str) -> Path | None:
        """Return the path of a file of the workspace; None for any other."""
        path = path_of(uri)
        return path if path is not None and self.roots.holding(path) is not None else None

    def _confine(self) -> None:
        # NOTE: beside the workspace, polcheck's own data, its caches, and where Python has installed packs from
        confine([*self.roots.folders, data_folder(), store(), *filter(None, sys.path)])


def _edited(document: Document, change: types.TextDocumentContentChangeEvent) -> str:
    """Return the text after one change: of a range, or of the whole."""
    if isinstance(change, types.TextDocumentContentChangeWholeDocument):
        return change.text
    start, end = (document.lines.offset(place) for place in (change.range.start, change.range.end))
    return document.text[:start] + change.text + document.text[max(start, end) :]


def _pack_diagnostics(folder: Path, roots: Roots, documents: dict[Path, Document], encoding: str) -> Diagnostics:
    try:
        return AuthoredPack.read(folder, roots, documents, encoding).diagnostics()
    except PolcheckError as error:
        head = folder / "pack.yaml"
        return {head: [of_problem(problem, None) for problem in problems_of(error, str(head))]}
